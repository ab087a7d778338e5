-- What cases are folded from, what a merge changed of them, and pages that are photographed for a record.

-- Projection: absences, records and visits of children who were missing or have a record. The case itself depends on
-- the day, and is folded when it is asked for.
CREATE TABLE casework (
    document BLOB NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL                         -- JSON of CaseFacts
) STRICT;

-- Truth: what was known before a sync brought something, until the difference is noted.
CREATE TABLE casework_before (
    document BLOB NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL
) STRICT;

-- Truth: what a sync changed of a case, and why; on this device only.
CREATE TABLE case_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    document BLOB NOT NULL,
    noted_at INTEGER NOT NULL,
    change TEXT NOT NULL,                       -- JSON of CaseChange
    looked_at INTEGER NOT NULL DEFAULT 0        -- 1: somebody has seen it
) STRICT;
CREATE INDEX case_change_by_document ON case_change (document, id);
CREATE INDEX case_change_new ON case_change (id) WHERE looked_at = 0;

-- A draft that only collects photographed pages for a record of a case: no visit that is being written.
ALTER TABLE draft ADD COLUMN is_pages INTEGER NOT NULL DEFAULT 0;
