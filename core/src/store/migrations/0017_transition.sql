-- Projection: what the way of a child into the next school is folded from, by the school and the year that it comes to.
CREATE TABLE transition (
    document BLOB NOT NULL,
    stage TEXT NOT NULL,
    year INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (document, stage, year)
) STRICT;
CREATE INDEX transition_by_year ON transition (stage, year);

-- Projection: of which class of which term a teacher said who has reported back; told in the dossier of one of its children.
CREATE TABLE class_back (
    entry BLOB NOT NULL PRIMARY KEY,
    document BLOB NOT NULL,
    class TEXT NOT NULL,
    term TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE INDEX class_back_by_class ON class_back (class, term);
CREATE INDEX class_back_by_document ON class_back (document);
