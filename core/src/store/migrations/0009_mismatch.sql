-- Projection: what does not agree between where a child's record is and where the child is.

ALTER TABLE child ADD COLUMN mismatch TEXT NOT NULL DEFAULT '';             -- a key of AxisMismatch; empty for none
CREATE INDEX child_mismatch ON child (sort_key) WHERE mismatch <> '';
