-- The whole schema of a device's store, as all migrations together make it: what a new store gets.
-- Not edited by hand: a test of store/schema.rs writes it anew when a migration is added. SQLite puts a column that was
-- added later before the comment of the one that was last; what it is for stands in its migration.

CREATE TABLE actor (
    actor BLOB NOT NULL PRIMARY KEY,
    certificate BLOB NOT NULL
) STRICT;

CREATE TABLE apart (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    review BLOB NOT NULL,                       -- hash of the list
    twin_known INTEGER NOT NULL DEFAULT 0       -- 1: another device writes under this certificate
, recovering INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE case_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    document BLOB NOT NULL,
    noted_at INTEGER NOT NULL,
    change TEXT NOT NULL,                       -- JSON of CaseChange
    looked_at INTEGER NOT NULL DEFAULT 0        -- 1: somebody has seen it
) STRICT;

CREATE TABLE casework (
    document BLOB NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL                         -- JSON of CaseFacts
) STRICT;

CREATE TABLE casework_before (
    document BLOB NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL
) STRICT;

CREATE TABLE certificate (
    id BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    public_key BLOB NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

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
, mismatch TEXT NOT NULL DEFAULT '', plan_due_on TEXT NOT NULL DEFAULT '', head TEXT NOT NULL DEFAULT '', checked_on TEXT NOT NULL DEFAULT '', found TEXT NOT NULL DEFAULT '', opened_on TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE child_duty (
    document BLOB NOT NULL PRIMARY KEY,
    entries TEXT NOT NULL                       -- JSON of DutyEntry, in the order of their keys
) STRICT;

CREATE TABLE child_evidence (
    document BLOB NOT NULL,
    from_day TEXT NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (document, from_day)
) STRICT, WITHOUT ROWID;

CREATE TABLE child_search (
    term TEXT NOT NULL,
    weight INTEGER NOT NULL,                    -- 0: from the name's start; 1: from within
    document BLOB NOT NULL,
    PRIMARY KEY (term, weight, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE class_back (
    entry BLOB NOT NULL PRIMARY KEY,
    document BLOB NOT NULL,
    class TEXT NOT NULL,
    term TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE county (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    document BLOB NOT NULL,
    value TEXT NOT NULL                         -- JSON of County
, child_rules TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE danger (
    annex BLOB NOT NULL PRIMARY KEY,
    about BLOB NOT NULL,                        -- the dossier of the child
    open INTEGER NOT NULL
) STRICT;

CREATE TABLE danger_receipt (
    annex BLOB NOT NULL PRIMARY KEY,
    about BLOB NOT NULL,
    reported_at INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
    envelope BLOB NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL,                        -- CBOR of protocol Decision
    told INTEGER NOT NULL DEFAULT 0             -- 1: the server has it
) STRICT;

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

CREATE TABLE document (
    id BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    village TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    snapshot BLOB NOT NULL DEFAULT x'',         -- empty: the genesis alone
    damaged INTEGER NOT NULL DEFAULT 0          -- 1: could not be read; kept, and passed over
, left_seq INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE document_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    document BLOB NOT NULL REFERENCES document (id),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE draft (
    id BLOB NOT NULL PRIMARY KEY,
    documents TEXT NOT NULL,                    -- JSON list of document ids
    form TEXT NOT NULL,                         -- JSON of VisitForm
    saved_at INTEGER NOT NULL
, is_pages INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE draft_photo (
    draft BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    photo BLOB NOT NULL,
    record TEXT NOT NULL,                       -- JSON of what the dossier will hold
    attached_at INTEGER NOT NULL,
    PRIMARY KEY (draft, photo)
) STRICT, WITHOUT ROWID;

CREATE TABLE envelope (
    hash BLOB NOT NULL PRIMARY KEY,
    document BLOB NOT NULL,
    certificate BLOB NOT NULL,
    counter INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE half_written (
    form TEXT NOT NULL,                         -- HalfWrittenForm
    document BLOB NOT NULL,                     -- the dossier that it is about; empty for none
    place TEXT NOT NULL,                        -- where in the app it stands
    text TEXT NOT NULL,                         -- JSON, as its screen wrote it
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (form, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE lost_register (
    seq INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

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
, kept BLOB NOT NULL DEFAULT x'', refused_at INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE pack (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- in the order in which they are fetched
    hash BLOB NOT NULL UNIQUE,
    bytes_total INTEGER NOT NULL,
    dossiers INTEGER NOT NULL,
    cut_seq INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'awaited' CHECK (state IN ('awaited', 'held', 'refused')),
    head BLOB NOT NULL DEFAULT x'',             -- the section with the signed head, once it has come
    groups_taken INTEGER NOT NULL DEFAULT 0,
    dossiers_taken INTEGER NOT NULL DEFAULT 0,
    bytes_taken INTEGER NOT NULL DEFAULT 0      -- of head and groups that were taken in; what has come since is in parts
) STRICT;

CREATE TABLE pack_document (
    pack BLOB NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (pack, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE pack_part (
    pack BLOB NOT NULL,
    offset INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (pack, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    rights BLOB NOT NULL
) STRICT;

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
    problem TEXT NOT NULL DEFAULT '', wanted INTEGER NOT NULL DEFAULT 0, absent_at INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, complete_head INTEGER NOT NULL DEFAULT 0,           -- why the server does not take it
    PRIMARY KEY (hash, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE register_entry (
    seq INTEGER NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

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

CREATE TABLE review (
    envelope BLOB NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL,                     -- in the list
    item BLOB NOT NULL                          -- CBOR of protocol ReviewItem
) STRICT;

CREATE TABLE transition (
    document BLOB NOT NULL,
    stage TEXT NOT NULL,
    year INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (document, stage, year)
) STRICT;

CREATE TABLE unconfirmed (
    envelope BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE village_work (
    document BLOB NOT NULL PRIMARY KEY,
    village TEXT NOT NULL UNIQUE,
    work TEXT NOT NULL                          -- JSON of VillageWork
) STRICT;

CREATE INDEX case_change_by_document ON case_change (document, id);

CREATE INDEX case_change_new ON case_change (id) WHERE looked_at = 0;

CREATE INDEX child_by_birth_date ON child (birth_date) WHERE birth_date <> '';

CREATE INDEX child_by_class ON child (class, sort_key);

CREATE INDEX child_by_household ON child (household) WHERE household <> '';

CREATE INDEX child_by_id_number ON child (id_number) WHERE id_number <> '';

CREATE INDEX child_by_last_visit ON child (closed, last_visit_at);

CREATE INDEX child_by_next_visit ON child (next_visit_on) WHERE next_visit_on <> '';

CREATE INDEX child_by_plan ON child (plan_due_on) WHERE plan_due_on <> '';

CREATE INDEX child_by_promise ON child (promised_return_on) WHERE promised_return_on <> '';

CREATE INDEX child_by_school ON child (school, sort_key);

CREATE INDEX child_by_sort_key ON child (sort_key);

CREATE INDEX child_by_village ON child (village, sort_key);

CREATE INDEX child_mismatch ON child (sort_key) WHERE mismatch <> '';

CREATE INDEX child_out_of_school ON child (sort_key) WHERE out_of_school = 1;

CREATE INDEX child_round ON child (village, household, birth_date, status, checked_on, found, opened_on, document);

CREATE INDEX child_search_by_document ON child_search (document);

CREATE INDEX child_with_conflicts ON child (sort_key) WHERE conflict_count > 0;

CREATE INDEX class_back_by_class ON class_back (class, term);

CREATE INDEX class_back_by_document ON class_back (document);

CREATE INDEX danger_by_child ON danger (about);

CREATE INDEX danger_receipt_by_child ON danger_receipt (about);

CREATE INDEX decision_untold ON decision (envelope) WHERE told = 0;

CREATE INDEX document_change_by_document ON document_change (document, id);

CREATE INDEX document_left ON document (left_seq) WHERE left_seq > 0;

CREATE INDEX envelope_by_certificate ON envelope (certificate, counter);

CREATE INDEX envelope_by_document ON envelope (document);

CREATE INDEX outbox_by_document ON outbox (document, counter);

CREATE INDEX outbox_by_envelope ON outbox (envelope);

CREATE INDEX outbox_not_on_desk ON outbox (counter) WHERE state <> 'quarantined' AND on_desk_at = 0;

CREATE INDEX outbox_quarantined ON outbox (counter) WHERE state = 'quarantined';

CREATE INDEX outbox_waiting ON outbox (counter) WHERE state = 'waiting';

CREATE INDEX pack_document_by_document ON pack_document (document);

CREATE INDEX photo_file_by_document ON photo_file (document);

CREATE INDEX photo_file_to_fetch ON photo_file (file, wanted, entry) WHERE own = 0 AND here = 0;

CREATE INDEX photo_file_to_send ON photo_file (file, entry) WHERE own = 1 AND complete_at = 0 AND problem = '';

CREATE INDEX review_by_place ON review (place);

CREATE INDEX transition_by_year ON transition (stage, year);

INSERT INTO apart VALUES (1, X'0000000000000000000000000000000000000000000000000000000000000000', 0, 0);
