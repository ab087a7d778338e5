-- What is known of a photo file's way: tries in vain, so that one that cannot be taken holds up no other; and when it is in a
-- backup.

ALTER TABLE photo_file ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;      -- tries in vain in a row, up or down
ALTER TABLE photo_file ADD COLUMN complete_head INTEGER NOT NULL DEFAULT 0; -- own: the end of the server's log when it had it whole
