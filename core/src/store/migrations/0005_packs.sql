-- Packs of a first copy: which are awaited, how far each has come, which have been taken in.

CREATE TABLE pack (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- in the order in which they are fetched
    hash BLOB NOT NULL UNIQUE,
    bytes_total INTEGER NOT NULL,
    dossiers INTEGER NOT NULL,
    cut_seq INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'awaited' CHECK (state IN ('awaited', 'held', 'refused')),
    head BLOB NOT NULL DEFAULT x'',             -- the section with the signed head, once it has come
    groups_taken INTEGER NOT NULL DEFAULT 0,
    dossiers_taken INTEGER NOT NULL DEFAULT 0,
    bytes_taken INTEGER NOT NULL DEFAULT 0      -- of head and groups that were taken in; what has come since is in parts
) STRICT;

CREATE TABLE pack_part (
    pack BLOB NOT NULL,
    offset INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (pack, offset)
) STRICT, WITHOUT ROWID;

-- Dossiers that were taken in from a pack, which may be forgotten since. A pack of which one has been erased is held no
-- more.
CREATE TABLE pack_document (
    pack BLOB NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (pack, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX pack_document_by_document ON pack_document (document);
