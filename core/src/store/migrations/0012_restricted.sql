-- Restricted annexes: danger to a child.

-- Projection: annexes, on the devices of those who may see them.
CREATE TABLE danger (
    annex BLOB NOT NULL PRIMARY KEY,
    about BLOB NOT NULL,                        -- the dossier of the child
    open INTEGER NOT NULL
) STRICT;
CREATE INDEX danger_by_child ON danger (about);

-- Truth: that somebody reported here, when and of whom; nothing of what. On this device only.
CREATE TABLE danger_receipt (
    annex BLOB NOT NULL PRIMARY KEY,
    about BLOB NOT NULL,
    reported_at INTEGER NOT NULL
) STRICT;
CREATE INDEX danger_receipt_by_child ON danger_receipt (about);
