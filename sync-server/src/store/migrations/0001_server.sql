-- The server's store. Frozen once landed: add a migration, never change one.

CREATE TABLE county (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    address TEXT NOT NULL,                      -- host:port that devices are told
    certificate BLOB NOT NULL,                  -- of the county's administration
    document BLOB NOT NULL,                     -- places and schools
    recovery_public_key BLOB NOT NULL,
    durability TEXT NOT NULL CHECK (durability IN ('backup', 'local')),
    durable_seq INTEGER NOT NULL DEFAULT 0      -- highest seq in a verified backup
) STRICT;

-- The log: every envelope that was taken in, in one order, chained by hash.
CREATE TABLE log (
    seq INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    document BLOB NOT NULL,
    certificate BLOB NOT NULL,
    counter INTEGER NOT NULL,
    chain BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX log_by_certificate ON log (certificate, counter);
CREATE INDEX log_by_document ON log (document, seq);

-- Where each document lies: the placement that rights are judged by.
CREATE TABLE document (
    id BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    village TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT ''
) STRICT;

-- Changes in the log, by their Automerge hash: what a later change may build on. Two dossiers can have one and the
-- same change. An actor's changes of a dossier have numbers; two under one number would poison it everywhere.
CREATE TABLE change (
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    actor BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (document, hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX change_by_number ON change (document, actor, number);

-- Which certificate writes under which actor: bound by the first envelope that carried it.
CREATE TABLE actor (
    actor BLOB NOT NULL PRIMARY KEY,
    certificate BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The last envelope of each device, in the log or apart.
CREATE TABLE device_head (
    certificate BLOB NOT NULL PRIMARY KEY,
    counter INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where each device has said that it holds the log.
CREATE TABLE device_cursor (
    certificate BLOB NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Envelopes that wait for a person.
CREATE TABLE quarantine (
    hash BLOB NOT NULL PRIMARY KEY,
    certificate BLOB NOT NULL,
    counter INTEGER NOT NULL,
    document BLOB NOT NULL,
    change_hash BLOB NOT NULL DEFAULT x'',
    reason TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX quarantine_by_certificate ON quarantine (certificate, document, counter);
CREATE INDEX quarantine_by_change ON quarantine (document, change_hash);

-- The register, and what it says now.
CREATE TABLE register_entry (
    seq INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    rights BLOB NOT NULL,                       -- CBOR of protocol Rights
    is_desk INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    id BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    public_key BLOB NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_by_person ON certificate (person);

-- Enrolment codes: the hash of the token, never the token.
CREATE TABLE invitation (
    token_hash BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What devices say that they have and could put up. Saying so gives no right to a file.
CREATE TABLE photo_offer (
    hash BLOB NOT NULL,
    certificate BLOB NOT NULL,
    document BLOB NOT NULL,
    file INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    PRIMARY KEY (hash, certificate, document)
) STRICT, WITHOUT ROWID;

-- Photo files that are here whole: their bytes lie in the folder beside.
CREATE TABLE photo (
    hash BLOB NOT NULL PRIMARY KEY,
    file INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    uploader BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The documents that a file belongs to, whose rights are its rights: said by who had all its bytes, or could fetch
-- them.
CREATE TABLE photo_document (
    hash BLOB NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (hash, document)
) STRICT, WITHOUT ROWID;

-- Photos that a desk has fetched whole, for those who put them up.
CREATE TABLE photo_delivery (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    uploader BLOB NOT NULL
) STRICT;
CREATE INDEX photo_delivery_by_uploader ON photo_delivery (uploader, id);
