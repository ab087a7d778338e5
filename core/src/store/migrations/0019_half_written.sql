-- Truth: forms other than visits that somebody is filling in, on this device only. An older app opens the store no more.
CREATE TABLE half_written (
    form TEXT NOT NULL,                         -- HalfWrittenForm
    document BLOB NOT NULL,                     -- the dossier that it is about; empty for none
    place TEXT NOT NULL,                        -- where in the app it stands
    text TEXT NOT NULL,                         -- JSON, as its screen wrote it
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (form, document)
) STRICT, WITHOUT ROWID;
