-- Deciding over what waits apart, and forms of this device that were refused.

-- Truth: what is known of the own certificate, and which list of what waits was received last.
CREATE TABLE apart (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    review BLOB NOT NULL,                       -- hash of the list
    twin_known INTEGER NOT NULL DEFAULT 0       -- 1: another device writes under this certificate
) STRICT;
INSERT INTO apart (id, review) VALUES (1, zeroblob(32));

-- Truth: what waits apart of others and a person here may decide over, as the server sent it.
CREATE TABLE review (
    envelope BLOB NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL,                     -- in the list
    item BLOB NOT NULL                          -- CBOR of protocol ReviewItem
) STRICT;
CREATE INDEX review_by_place ON review (place);

-- Truth: what was decided here; kept for good.
CREATE TABLE decision (
    envelope BLOB NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL,                        -- CBOR of protocol Decision
    told INTEGER NOT NULL DEFAULT 0             -- 1: the server has it
) STRICT;
CREATE INDEX decision_untold ON decision (envelope) WHERE told = 0;

-- An own form that was refused: since when, and whether its change was taken out of the dossier here. A restored server
-- may ask for it again and judge otherwise.
ALTER TABLE outbox ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;

-- Truth: what was refused, and what builds on it, in words, until a person puts it away.
CREATE TABLE returned_form (
    counter INTEGER NOT NULL PRIMARY KEY,
    document BLOB NOT NULL,
    child_name TEXT NOT NULL,
    what TEXT NOT NULL,                         -- DeliveryKind
    saved_at INTEGER NOT NULL,
    words TEXT NOT NULL,                        -- JSON of FormWords
    draft BLOB NOT NULL DEFAULT x'',            -- the visit as a draft
    refused_by TEXT NOT NULL,
    refused_at INTEGER NOT NULL,
    note TEXT NOT NULL,
    put_away_at INTEGER NOT NULL DEFAULT 0
) STRICT;
