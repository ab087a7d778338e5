-- Projection: until when all is there that a child's status asks for of proofs. A text that sorts as days do; empty where
-- something was never put on file.
ALTER TABLE child ADD COLUMN evidence_until TEXT NOT NULL DEFAULT '';
CREATE INDEX child_by_evidence ON child (evidence_until);
