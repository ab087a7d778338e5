-- Projection: the days on which all is there that is asked of a child, by one version of the county's rules or another. A child
-- without a row that holds a day is without whole evidence on it.
CREATE TABLE child_evidence (
    document BLOB NOT NULL,
    from_day TEXT NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (document, from_day)
) STRICT, WITHOUT ROWID;
DROP INDEX child_by_evidence;
ALTER TABLE child DROP COLUMN evidence_until;

-- The county's own rules by which the rows of children are filled, as JSON; empty where it has none.
ALTER TABLE county ADD COLUMN child_rules TEXT NOT NULL DEFAULT '';
