-- Projection: the bindings of the duty grid that lie in dossiers: who answers for this very child. Few children have any.
CREATE TABLE child_duty (
    document BLOB NOT NULL PRIMARY KEY,
    entries TEXT NOT NULL                       -- JSON of DutyEntry, in the order of their keys
) STRICT;
