-- What the background step has found as it materialised dossiers. All of it can be found again.

CREATE TABLE materialised (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL                        -- up to where the log was looked at
) STRICT;
INSERT INTO materialised (id, seq) VALUES (1, 0);

-- Dossiers of which something cannot be read: what, and since when.
CREATE TABLE poisoned (
    document BLOB NOT NULL PRIMARY KEY,
    trouble TEXT NOT NULL CHECK (trouble IN ('unreadable', 'too_slow', 'crashed')),
    changes BLOB NOT NULL,                      -- the hashes of the changes that are passed over, one after the other
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
