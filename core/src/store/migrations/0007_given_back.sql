-- What a restored server may have lost and this device holds: it is given back.

-- 0: nothing is open; 1: the log is being looked at again from its start; 2: it has been, and what is left in the tables
-- below the server has not got.
ALTER TABLE apart ADD COLUMN recovering INTEGER NOT NULL DEFAULT 0;

-- Envelopes of others that have not come again since.
CREATE TABLE unconfirmed (
    envelope BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Register entries that have not come again since.
CREATE TABLE lost_register (
    seq INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
