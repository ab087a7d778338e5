-- Projection: when a plan is to be looked at again, or home teaching is due; empty for neither.
ALTER TABLE child ADD COLUMN plan_due_on TEXT NOT NULL DEFAULT '';
CREATE INDEX child_by_plan ON child (plan_due_on) WHERE plan_due_on <> '';
