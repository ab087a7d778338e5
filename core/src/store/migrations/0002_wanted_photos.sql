-- A tablet holds thumbnails of photos that others took, and a photo only when somebody asked for it.

ALTER TABLE photo_file ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;    -- somebody asked for it here: the next sync fetches it
ALTER TABLE photo_file ADD COLUMN absent_at INTEGER NOT NULL DEFAULT 0; -- when the server was asked last and had not got it

DROP INDEX photo_file_to_fetch;
CREATE INDEX photo_file_to_fetch ON photo_file (file, wanted, entry) WHERE own = 0 AND here = 0;
