-- Children who moved: the envelope that moved each, from where to where. Where a dossier lay at a time is told by the
-- first of its moves after that time, and where it lies now by `document`.
CREATE TABLE move (
    seq INTEGER NOT NULL PRIMARY KEY,           -- of the envelope in the log
    document BLOB NOT NULL,
    from_village TEXT NOT NULL,
    from_class TEXT NOT NULL,
    to_village TEXT NOT NULL,
    to_class TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX move_by_document ON move (document, seq);
