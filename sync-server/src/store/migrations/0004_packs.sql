-- Packs that were made for first copies. Their bytes lie in the folder beside; all of it can be made again.
CREATE TABLE pack (
    hash BLOB NOT NULL PRIMARY KEY,
    cell_kind INTEGER NOT NULL CHECK (cell_kind IN (0, 1)), -- 0 a village, 1 a class
    cell TEXT NOT NULL,
    cut_seq INTEGER NOT NULL,
    cut_chain BLOB NOT NULL,
    bytes_total INTEGER NOT NULL,
    file_hash BLOB NOT NULL,                    -- of all its bytes: a file that rots is made again
    is_here INTEGER NOT NULL DEFAULT 1,         -- 0: its bytes are gone; devices that hold it may still name it
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pack_by_cell ON pack (cell_kind, cell);

CREATE TABLE pack_document (
    pack BLOB NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (pack, document)
) STRICT, WITHOUT ROWID;

-- Dossiers that could not be put into a pack, with the last envelope that they had then: they travel as envelopes.
CREATE TABLE unpackable (
    document BLOB NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX document_by_village ON document (kind, village);
CREATE INDEX document_by_class ON document (kind, class);
