-- Children who moved away from this device's scope.

-- The place in the log of the envelope that moved the child away; 0: the child is here. Such a dossier is read-only, and
-- is erased when all that was recorded here of it lies in a verified backup.
ALTER TABLE document ADD COLUMN left_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX document_left ON document (left_seq) WHERE left_seq > 0;

-- What is kept of an own envelope whose dossier was erased: a restored server may ask for it once more, and a gap in
-- the count would hold up all that follows. Nothing here shows it.
ALTER TABLE outbox ADD COLUMN kept BLOB NOT NULL DEFAULT x'';
