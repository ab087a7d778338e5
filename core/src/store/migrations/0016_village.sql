-- Projection: what stands of villages, from their documents.
CREATE TABLE village_work (
    document BLOB NOT NULL PRIMARY KEY,
    village TEXT NOT NULL UNIQUE,
    work TEXT NOT NULL                          -- JSON of VillageWork
) STRICT;
