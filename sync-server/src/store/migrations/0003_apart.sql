-- Deciding over what waits apart, and devices that were copied.

ALTER TABLE quarantine ADD COLUMN verdict INTEGER NOT NULL DEFAULT 0;    -- 0: waits for a person; 1: accepted, waits for what it builds on; 2: refused
ALTER TABLE quarantine ADD COLUMN decision BLOB NOT NULL DEFAULT x'';    -- the envelope whose decision it follows
ALTER TABLE quarantine ADD COLUMN fork BLOB NOT NULL DEFAULT x'';        -- of a fork: the first envelope of it
ALTER TABLE quarantine ADD COLUMN acceptable INTEGER NOT NULL DEFAULT 1; -- 0: it can only be put away
CREATE INDEX quarantine_waiting ON quarantine (received_at, certificate, counter) WHERE verdict = 0;
CREATE INDEX quarantine_accepted ON quarantine (certificate, counter) WHERE verdict = 1;

-- What people decided, as they signed it: kept for good. Of two decisions the first stands. One may come before its
-- envelope does, after a restore.
CREATE TABLE decision (
    envelope BLOB NOT NULL PRIMARY KEY,
    verdict INTEGER NOT NULL CHECK (verdict IN (1, 2)),
    note TEXT NOT NULL,
    at INTEGER NOT NULL,                        -- by the clock of who decided
    certificate BLOB NOT NULL,                  -- who decided
    signature BLOB NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Chains of devices beside the one that the server knew first: a tablet was copied, or put back from a copy.
CREATE TABLE fork (
    first BLOB NOT NULL PRIMARY KEY,            -- its first envelope
    certificate BLOB NOT NULL,
    counter INTEGER NOT NULL,                   -- of its last envelope
    head BLOB NOT NULL,                         -- and that one's hash
    let_in INTEGER NOT NULL DEFAULT 0           -- 1: a person has accepted of it; what follows is judged like all else
) STRICT, WITHOUT ROWID;
CREATE INDEX fork_by_head ON fork (certificate, head);

INSERT INTO fork (first, certificate, counter, head)
    SELECT hash, certificate, counter, hash FROM quarantine WHERE reason = 'counter_forked';
UPDATE quarantine SET fork = hash WHERE reason = 'counter_forked';
