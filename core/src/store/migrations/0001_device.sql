-- The store of a device. Truth first, projections after. Frozen once landed: add a migration, never change one.

-- Truth: whose device this is, and where it stands. One row.
CREATE TABLE device (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    address TEXT NOT NULL,                      -- host:port of the server
    fingerprint BLOB NOT NULL,                  -- SHA-256 of the server's public key
    certificate BLOB NOT NULL,
    certificate_der BLOB NOT NULL,
    signing_secret BLOB NOT NULL,
    person BLOB NOT NULL,
    person_name TEXT NOT NULL,
    rights BLOB NOT NULL,                       -- CBOR of protocol Rights
    county_name TEXT NOT NULL,
    county_key BLOB NOT NULL,
    counter INTEGER NOT NULL DEFAULT 0,         -- of the last envelope written here
    previous BLOB NOT NULL,                     -- its hash
    cursor_seq INTEGER NOT NULL DEFAULT 0,
    cursor_chain BLOB NOT NULL,
    register_head INTEGER NOT NULL DEFAULT 0,
    register_hash BLOB NOT NULL,
    durable_seq INTEGER NOT NULL DEFAULT 0,
    photo_mark INTEGER NOT NULL DEFAULT 0,
    last_sync_at INTEGER NOT NULL DEFAULT 0,    -- ms; 0: never
    clock_ahead_ms INTEGER NOT NULL DEFAULT 0,  -- this device's clock minus the server's, when last heard
    without_backup INTEGER NOT NULL DEFAULT 0,
    projection_version INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Truth: documents, as a snapshot and the changes since.
CREATE TABLE document (
    id BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    village TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    snapshot BLOB NOT NULL DEFAULT x'',         -- empty: the genesis alone
    damaged INTEGER NOT NULL DEFAULT 0          -- 1: could not be read; kept, and passed over
) STRICT;

CREATE TABLE document_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    document BLOB NOT NULL REFERENCES document (id),
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX document_change_by_document ON document_change (document, id);

-- Truth: envelopes, own and others'. `counter` is of the certificate that signed it.
CREATE TABLE envelope (
    hash BLOB NOT NULL PRIMARY KEY,
    document BLOB NOT NULL,
    certificate BLOB NOT NULL,
    counter INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX envelope_by_certificate ON envelope (certificate, counter);

-- Truth: which device writes under which actor: bound by the first envelope that carried it.
CREATE TABLE actor (
    actor BLOB NOT NULL PRIMARY KEY,
    certificate BLOB NOT NULL
) STRICT;

-- Truth: what was recorded here and where it is. One row a form and dossier; kept for good.
CREATE TABLE outbox (
    counter INTEGER NOT NULL PRIMARY KEY,
    envelope BLOB NOT NULL,
    document BLOB NOT NULL,
    what TEXT NOT NULL,                         -- DeliveryKind
    entry BLOB NOT NULL DEFAULT x'',            -- the visit, where it is one
    saved_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'quarantined')),
    reason TEXT NOT NULL DEFAULT '',
    seq INTEGER NOT NULL DEFAULT 0,             -- in the server's log
    stored_at INTEGER NOT NULL DEFAULT 0,
    on_desk_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_waiting ON outbox (counter) WHERE state = 'waiting';
CREATE INDEX outbox_not_on_desk ON outbox (counter) WHERE state <> 'quarantined' AND on_desk_at = 0;
CREATE INDEX outbox_quarantined ON outbox (counter) WHERE state = 'quarantined';
CREATE INDEX outbox_by_document ON outbox (document, counter);

-- Truth: the register, replicated read-only.
CREATE TABLE register_entry (
    seq INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    rights BLOB NOT NULL
) STRICT;

CREATE TABLE certificate (
    id BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    public_key BLOB NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Truth: the files of photos: which are here, which are on the server, how far each has come.
CREATE TABLE photo_file (
    hash BLOB NOT NULL,
    document BLOB NOT NULL,
    file INTEGER NOT NULL CHECK (file IN (1, 2)), -- 1 thumbnail, 2 photo
    entry BLOB NOT NULL,
    bytes_total INTEGER NOT NULL,
    own INTEGER NOT NULL,                       -- taken here: goes up; else comes down
    here INTEGER NOT NULL,
    offset INTEGER NOT NULL DEFAULT 0,          -- own: bytes that the server holds
    complete_at INTEGER NOT NULL DEFAULT 0,     -- own: when the server had it whole
    on_desk_at INTEGER NOT NULL DEFAULT 0,      -- own: when this device heard that a desk has it
    problem TEXT NOT NULL DEFAULT '',           -- why the server does not take it
    PRIMARY KEY (hash, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_file_to_send ON photo_file (file, entry) WHERE own = 1 AND complete_at = 0 AND problem = '';
CREATE INDEX photo_file_to_fetch ON photo_file (file, entry) WHERE own = 0 AND here = 0;
CREATE INDEX photo_file_by_document ON photo_file (document);

-- Truth: forms that are being filled in. On this device only.
CREATE TABLE draft (
    id BLOB NOT NULL PRIMARY KEY,
    documents TEXT NOT NULL,                    -- JSON list of document ids
    form TEXT NOT NULL,                         -- JSON of VisitForm
    saved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE draft_photo (
    draft BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    photo BLOB NOT NULL,
    record TEXT NOT NULL,                       -- JSON of what the dossier will hold
    attached_at INTEGER NOT NULL,
    PRIMARY KEY (draft, photo)
) STRICT, WITHOUT ROWID;

-- Projection: children as lists and ledgers show them.
CREATE TABLE child (
    document BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    sex TEXT NOT NULL DEFAULT '',
    birth_date TEXT NOT NULL DEFAULT '',
    id_number TEXT NOT NULL DEFAULT '',
    village TEXT NOT NULL DEFAULT '',
    village_group TEXT NOT NULL DEFAULT '',
    school TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    household TEXT NOT NULL DEFAULT '',         -- equal for children of one household; empty when unknown
    status TEXT NOT NULL DEFAULT '',
    out_of_school INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0,
    flags TEXT NOT NULL DEFAULT '',             -- |key|key|
    last_visit_at INTEGER NOT NULL DEFAULT 0,
    next_visit_on TEXT NOT NULL DEFAULT '',
    promised_return_on TEXT NOT NULL DEFAULT '',
    visit_count INTEGER NOT NULL DEFAULT 0,
    photo_count INTEGER NOT NULL DEFAULT 0,
    conflict_count INTEGER NOT NULL DEFAULT 0,
    conflicts TEXT NOT NULL DEFAULT '',         -- |path|path|
    sort_key TEXT NOT NULL DEFAULT '',          -- village, group, household, name
    cells TEXT NOT NULL DEFAULT '{}'            -- JSON: the ledger's columns by key
) STRICT;
CREATE INDEX child_by_sort_key ON child (sort_key);
CREATE INDEX child_by_village ON child (village, sort_key);
CREATE INDEX child_by_class ON child (class, sort_key);
CREATE INDEX child_by_school ON child (school, sort_key);
CREATE INDEX child_by_id_number ON child (id_number) WHERE id_number <> '';
CREATE INDEX child_by_birth_date ON child (birth_date) WHERE birth_date <> '';
CREATE INDEX child_by_household ON child (household) WHERE household <> '';
CREATE INDEX child_by_next_visit ON child (next_visit_on) WHERE next_visit_on <> '';
CREATE INDEX child_by_promise ON child (promised_return_on) WHERE promised_return_on <> '';
CREATE INDEX child_out_of_school ON child (sort_key) WHERE out_of_school = 1;
CREATE INDEX child_with_conflicts ON child (sort_key) WHERE conflict_count > 0;
CREATE INDEX child_by_last_visit ON child (closed, last_visit_at);

-- Projection: what a child is found by: characters, pinyin, initials, the tail of the ID number.
CREATE TABLE child_search (
    term TEXT NOT NULL,
    weight INTEGER NOT NULL,                    -- 0: from the name's start; 1: from within
    document BLOB NOT NULL,
    PRIMARY KEY (term, weight, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX child_search_by_document ON child_search (document);

-- Projection: the county's places and schools, from the county document.
CREATE TABLE county (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    document BLOB NOT NULL,
    value TEXT NOT NULL                         -- JSON of County
) STRICT;
