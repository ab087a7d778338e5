-- Projection: the door-to-door check that counts of a child, and what a round through a village asks for.
ALTER TABLE child ADD COLUMN head TEXT NOT NULL DEFAULT '';                 -- of the household
ALTER TABLE child ADD COLUMN checked_on TEXT NOT NULL DEFAULT '';
ALTER TABLE child ADD COLUMN found TEXT NOT NULL DEFAULT '';                -- a key of CheckFound
ALTER TABLE child ADD COLUMN opened_on TEXT NOT NULL DEFAULT '';            -- of a child whom no roster had
CREATE INDEX child_round ON child (village, household, birth_date, status, checked_on, found, opened_on, document);
