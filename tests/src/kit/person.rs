//! A person with a device, and what people do with it: through the very commands that the screens call.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use jiafang_core::api::apart::DecideApart;
use jiafang_core::api::backend::{Backend, Host};
use jiafang_core::api::children::{ChildRegistered, ChildRow, ListChildren};
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{ChangeField, DossierView, OpenDossier, PhotoView, SettleConflict, TimelineEvent};
use jiafang_core::api::inbox::Inbox;
use jiafang_core::api::photo::{FetchPhoto, PhotoState};
use jiafang_core::api::state::{AppStage, AppState, EnrolDevice, Nothing, Unlock};
use jiafang_core::api::sync::{Deliveries, ListDeliveries, SyncStatus, Whereabouts};
use jiafang_core::api::visit::{BeginVisit, DraftView, RecordVisit, SaveDraft, VisitRecorded};
use jiafang_core::domain::code_list::{Relation, SchoolingStatus, Sex, VisitPurpose};
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{DocumentId, EntryId, Hash32};
use jiafang_core::domain::ledger::LedgerRow;
use jiafang_core::domain::place::PlaceCode;
use jiafang_core::domain::registration::RegisterChild;
use jiafang_core::domain::time::{Day, Timestamp};
use jiafang_core::domain::visit::VisitForm;
use jiafang_core::environment::Clock as _;
use jiafang_core::error::{Failure, Result};
use jiafang_core::store::Durability;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_core::vault::pin_key::Argon2Cost;

use super::field_clock::{FieldClock, environment};
use super::switched_link::{Switch, SwitchedConnector};
use super::township::copy_folder;

/// The PIN of everybody in the cast.
pub const PIN: &str = "271828";

/// A person with a device.
pub struct Person {
    /// The name.
    pub name: String,
    /// The device's clock.
    pub clock: Arc<FieldClock>,
    /// The device's signal.
    pub switch: Arc<Switch>,
    /// The device's folder.
    pub folder: PathBuf,
    backend: Option<Arc<Backend>>,
    durability: Durability,
    ear: Arc<Ear>,
    seed: u64,
}

/// Hears changes, so that a test can wait for a sync without sleeping.
#[derive(Default)]
struct Ear {
    heard: Mutex<u64>,
    woken: Condvar,
    needed: Mutex<Vec<bool>>,
}

impl Host for Ear {
    fn changed(&self) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = heard.saturating_add(1);
        self.woken.notify_all();
    }

    fn needed(&self, is_needed: bool) {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner).push(is_needed);
    }
}

impl Person {
    pub(super) fn with_new_device(name: &str, folder: &Path, seed: u64, now: Timestamp) -> Self {
        std::fs::create_dir_all(folder).expect("a device's folder");
        let mut person = Self {
            name: name.to_owned(),
            clock: FieldClock::at(now),
            switch: Arc::default(),
            folder: folder.to_path_buf(),
            backend: None,
            durability: Durability::ForFixtures,
            ear: Arc::default(),
            seed,
        };
        person.starts_the_app();
        person
    }

    /// The backend behind this person's screens.
    #[must_use]
    pub fn app(&self) -> &Backend {
        self.backend.as_deref().expect("the app runs")
    }

    /// Starts the app, as after a reboot: locked, with a fresh actor.
    pub fn starts_the_app(&mut self) {
        self.seed = self.seed.wrapping_add(1_000_003);
        let keys = KeyFile::in_folder(&self.folder).with_cost(Argon2Cost::for_tests());
        self.backend = Some(Arc::new(Backend::new(
            &self.folder,
            keys,
            environment(&self.clock, self.seed),
            Arc::new(SwitchedConnector(Arc::clone(&self.switch))),
            Arc::clone(&self.ear) as Arc<dyn Host>,
            self.durability,
        )));
    }

    /// From now on the app syncs by itself, as it does for everybody who is no test.
    pub fn lets_the_app_sync_by_itself(&self) {
        self.backend.as_ref().expect("the app runs").keep_synchronised();
    }

    /// Waits until something holds, asking again whenever the app says that something changed. Fails after a minute.
    pub fn waits_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let mut heard = self.ear.heard.lock().unwrap_or_else(PoisonError::into_inner);
        while !holds() {
            let before = *heard;
            let rested = self.ear.woken.wait_timeout_while(heard, Duration::from_secs(60), |now| *now == before);
            let (next, waited) = rested.unwrap_or_else(PoisonError::into_inner);
            assert!(!waited.timed_out(), "a minute has gone, and not yet: {what}");
            heard = next;
        }
    }

    /// How often the app has told its screens to ask again.
    #[must_use]
    pub fn told_of_changes(&self) -> u64 {
        *self.ear.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the app has told its system so far: that it is needed out of sight, and that it no longer is.
    #[must_use]
    pub fn told_the_system(&self) -> Vec<bool> {
        self.ear.needed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts the app anew as it is shipped: each commit is on the disk before it is said to be. Benchmarks ask for
    /// it; tests are faster without.
    pub fn starts_the_app_as_shipped(&mut self) {
        self.durability = Durability::Full;
        self.backend = None;
        self.starts_the_app();
        self.unlocks();
    }

    /// The app is killed, this moment, and is started and unlocked again: what it had only in memory is gone, and
    /// what stays is what lay on the disk, byte for byte.
    pub fn app_dies_and_starts_again(&mut self) {
        // The copy is taken while everything is still open: closing would tidy up what a kill leaves behind.
        let killed = self.folder.clone();
        let mut copy = killed.clone().into_os_string();
        copy.push("+");
        self.folder = copy.into();
        copy_folder(&killed, &self.folder);
        self.backend = None;
        self.starts_the_app();
        self.unlocks();
    }

    /// Enrols the device and waits for the first sync.
    pub fn enrols(&self, code: &str) {
        let state = self.tries_to_enrol(code, PIN).expect("the code enrols");
        assert_eq!(state.stage, AppStage::Open);
        self.waits_for_the_sync();
    }

    /// Tries to enrol.
    ///
    /// # Errors
    /// What the app says.
    pub fn tries_to_enrol(&self, code: &str, pin: &str) -> Result<AppState> {
        self.app().enrol_device(EnrolDevice { code: code.to_owned(), pin: pin.to_owned() })
    }

    /// Unlocks the app and waits for the sync that this begins.
    pub fn unlocks(&self) {
        self.app().unlock(Unlock { pin: PIN.to_owned() }).expect("the PIN opens");
        self.waits_for_the_sync();
    }

    /// Walks out of the signal.
    pub fn goes_offline(&self) {
        self.switch.set_signal(false);
    }

    /// Gets signal again.
    pub fn gets_signal(&self) {
        self.switch.set_signal(true);
    }

    /// Syncs to the end, and says how it stands.
    pub fn syncs(&self) -> SyncStatus {
        self.waits_for_the_sync();
        self.app().sync_now(Nothing {}).expect("a sync begins");
        self.waits_for_the_sync();
        self.app().sync_status(Nothing {}).expect("the strip")
    }

    /// How it stands, without a sync.
    #[must_use]
    pub fn strip(&self) -> SyncStatus {
        self.app().sync_status(Nothing {}).expect("the strip")
    }

    /// Waits until no sync runs.
    pub fn waits_for_the_sync(&self) {
        let mut heard = self.ear.heard.lock().unwrap_or_else(PoisonError::into_inner);
        while self.app().is_syncing() {
            heard = self.ear.woken.wait(heard).unwrap_or_else(PoisonError::into_inner);
        }
        drop(heard);
    }

    /// Finds children by what is typed.
    #[must_use]
    pub fn finds(&self, typed: &str) -> Vec<ChildRow> {
        let request = ListChildren { search: typed.to_owned(), limit: 200, ..ListChildren::default() };
        self.app().list_children(request).expect("a list").rows
    }

    /// The one child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> DocumentId {
        let found = self.finds(name);
        let mut same = found.iter().filter(|row| row.name == name);
        let row = same.next().expect("the child is on the device");
        assert!(same.next().is_none(), "one child of this name");
        row.document_id
    }

    /// Registers a child that no roster had.
    pub fn registers(&self, name: &str, birth_date: &str, village: &PlaceCode, phone: &str) -> DocumentId {
        let request = RegisterChild {
            name: name.to_owned(),
            sex: Sex::Female,
            birth_date: Day::parse(birth_date).expect("a day"),
            id_number: String::new(),
            village: village.clone(),
            household_head: String::new(),
            village_group: "3社".to_owned(),
            address: String::new(),
            class: None,
            attendance_mode: None,
            status: SchoolingStatus::Unverified,
            flags: Vec::new(),
            guardians: vec![jiafang_core::domain::registration::GuardianForm {
                name: "石大山".to_owned(),
                relation: Some(Relation::Father),
                phone: phone.to_owned(),
            }],
            although_alike: false,
        };
        match self.app().register_child(request).expect("the child is registered") {
            ChildRegistered::Saved { document_id } => document_id,
            ChildRegistered::Alike { rows } => panic!("alike: {} children", rows.len()),
        }
    }

    /// Begins a visit.
    #[must_use]
    pub fn begins_a_visit(&self, children: &[DocumentId]) -> DraftView {
        self.app().begin_visit(BeginVisit { document_ids: children.to_vec() }).expect("a draft")
    }

    /// Saves a draft.
    pub fn saves(&self, draft: &DraftView, form: &VisitForm) {
        self.app().save_draft(SaveDraft { draft_id: draft.draft_id, form: form.clone() }).expect("the draft is saved");
    }

    /// Attaches one of the real photos to a draft.
    ///
    /// # Errors
    /// What the app says of the picture.
    pub fn attaches(&self, draft: &DraftView, photo: &str) -> Result<DraftView> {
        self.app().attach_photo(draft.draft_id, &photo_bytes(photo))
    }

    /// Records a visit to a child with photos; `fill` fills the form in.
    pub fn records_visit(
        &self,
        child: DocumentId,
        photos: &[&str],
        fill: impl FnOnce(&mut VisitForm),
    ) -> VisitRecorded {
        let draft = self.begins_a_visit(&[child]);
        for photo in photos {
            self.attaches(&draft, photo).expect("the photo is taken");
        }
        let mut form = draft.form.clone();
        form.purpose = Some(VisitPurpose::Routine);
        form.child_seen = Some(true);
        fill(&mut form);
        self.finishes(&draft, form).expect("the visit is recorded")
    }

    /// Finishes a visit.
    ///
    /// # Errors
    /// What the app says of the form.
    pub fn finishes(&self, draft: &DraftView, form: VisitForm) -> Result<VisitRecorded> {
        self.app().record_visit(RecordVisit { draft_id: draft.draft_id, form })
    }

    /// Opens a dossier.
    #[must_use]
    pub fn opens(&self, child: DocumentId) -> DossierView {
        self.app().open_dossier(OpenDossier { document_id: child }).expect("the dossier opens")
    }

    /// Changes the first guardian's phone number.
    ///
    /// # Errors
    /// What the app says.
    pub fn changes_phone(&self, child: DocumentId, phone: &str) -> std::result::Result<(), Failure> {
        let field = self.opens(child).guardians.first().map(|guardian| guardian.phone.field.clone());
        let request = ChangeField { document_id: child, field: field.expect("a guardian"), value: phone.to_owned() };
        self.app().change_field(request).map(|_| ())
    }

    /// Chooses the value that somebody wrote.
    pub fn settles(&self, child: DocumentId, value: &str) {
        let phone = self.opens(child).guardians.first().map(|guardian| guardian.phone.clone()).expect("a guardian");
        let choice = phone.conflict.iter().find(|one| one.value == value).expect("the value stands").choice.clone();
        self.app()
            .settle_conflict(SettleConflict { document_id: child, field: phone.field, choice })
            .expect("the field is settled");
    }

    /// The photos of a child's visits, of the newest first.
    #[must_use]
    pub fn photos_of(&self, child: DocumentId) -> Vec<PhotoView> {
        let visits = self.opens(child).timeline.into_iter().filter_map(|entry| match entry.event {
            TimelineEvent::Visit { photos, .. } => Some(photos),
            _ => None,
        });
        visits.flatten().collect()
    }

    /// Asks for a photo that somebody else took, and waits for the sync that this begins.
    ///
    /// # Errors
    /// What the app says.
    pub fn asks_for(&self, photo: Hash32) -> Result<PhotoState> {
        let state = self.app().fetch_photo(FetchPhoto { photo_hash: photo });
        self.waits_for_the_sync();
        state
    }

    /// What this device recorded, newest first.
    #[must_use]
    pub fn deliveries(&self) -> Deliveries {
        self.app().list_deliveries(ListDeliveries { offset: 0, limit: 200 }).expect("deliveries")
    }

    /// Where a visit of this device is, and each of its photos: `here`, `server`, `desk`, `quarantined`.
    #[must_use]
    pub fn says_of(&self, visit: EntryId) -> (&'static str, Vec<&'static str>) {
        let rows = self.deliveries().rows;
        let delivery = rows.iter().find(|row| row.entry_id == Some(visit)).expect("this device recorded the visit");
        (word(&delivery.whereabouts), delivery.photos.iter().map(|photo| word(&photo.whereabouts)).collect())
    }

    /// What needs a decision.
    #[must_use]
    pub fn inbox(&self) -> Inbox {
        self.app().inbox(Nothing {}).expect("the inbox")
    }

    /// Decides over all that waits in the inbox of what somebody wrote.
    ///
    /// # Errors
    /// What the app says.
    pub fn decides_over(&self, author: &str, accept: bool, note: &str) -> Result<()> {
        let waiting = self.inbox().waiting;
        let of_author = waiting.iter().filter(|case| case.person_name == author).flat_map(|case| &case.forms);
        let envelopes: Vec<Hash32> = of_author.map(|form| form.envelope).collect();
        assert!(!envelopes.is_empty(), "something of {author} waits for {}", self.name);
        self.app().decide_apart(DecideApart { envelopes, accept, note: note.to_owned() }).map(|_| ())
    }

    /// Somebody copies the device's folder to another tablet, which is unlocked and goes on by itself.
    #[must_use]
    pub fn is_copied(&self, name: &str) -> Self {
        let mut folder = self.folder.clone().into_os_string();
        folder.push("-copy");
        let folder = PathBuf::from(folder);
        copy_folder(&self.folder, &folder);
        let mut copy = Self {
            name: name.to_owned(),
            clock: FieldClock::at(self.clock.now()),
            switch: Arc::default(),
            folder,
            backend: None,
            durability: self.durability,
            ear: Arc::default(),
            seed: self.seed.wrapping_mul(31),
        };
        copy.switch.set_signal(false);
        copy.starts_the_app();
        copy.unlocks();
        copy
    }

    /// The drafts that wait to be finished.
    #[must_use]
    pub fn drafts(&self) -> Vec<DraftView> {
        self.app().list_drafts(Nothing {}).expect("drafts").drafts
    }

    /// Where the app stands.
    #[must_use]
    pub fn state(&self) -> AppState {
        self.app().app_state(Nothing {}).expect("a state")
    }

    /// Locks the app.
    pub fn locks(&self) {
        self.app().lock(Nothing {}).expect("it locks");
    }

    /// Tries a PIN.
    ///
    /// # Errors
    /// What the app says.
    pub fn tries_pin(&self, pin: &str) -> Result<AppState> {
        self.app().unlock(Unlock { pin: pin.to_owned() })
    }

    /// The stored ledger rows of this device, in the order of the dossiers' ids.
    #[must_use]
    pub fn ledger_rows(&self) -> Vec<(DocumentId, LedgerRow)> {
        self.app()
            .with_device(|device| {
                let reading = device.store.reading();
                let mut rows = Vec::new();
                for id in reading.document_ids(DocumentKind::Dossier)? {
                    rows.push((id, reading.ledger_row(id)?.unwrap_or_default()));
                }
                Ok(rows)
            })
            .expect("the ledger")
    }

    /// Fails unless the projections, dropped and rebuilt from the documents, are what they were (invariant 4).
    pub fn assert_projections_rebuild(&self) {
        let before = self.ledger_rows();
        let found = self.finds("");
        self.app()
            .with_device(|device| {
                jiafang_core::app::rebuild_projections::rebuild(&mut device.store, &mut |_, _| {})?;
                device.refresh()
            })
            .expect("a rebuild");
        assert_eq!(before, self.ledger_rows());
        assert_eq!(found, self.finds(""));
    }
}

fn word(whereabouts: &Whereabouts) -> &'static str {
    match whereabouts {
        Whereabouts::Here { .. } => "here",
        Whereabouts::Server { .. } => "server",
        Whereabouts::Desk { .. } => "desk",
        Whereabouts::Quarantined { .. } => "quarantined",
        Whereabouts::Returned { .. } => "returned",
        Whereabouts::FromServer => "from server",
    }
}

/// The bytes of one of the real photos in `tests/photos`.
#[must_use]
pub fn photo_bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("photos").join(name);
    std::fs::read(path).expect("a photo of tests/photos")
}

/// Lets everybody sync until nobody has anything left to send and nothing new comes.
pub fn sync_until_quiet(everybody: &[&Person]) {
    // Twice round carries everything to everybody; the third hears of it.
    for _ in 0..3 {
        for person in everybody {
            let status = person.syncs();
            assert_eq!(status.failure, None, "{}'s sync", person.name);
        }
    }
    for person in everybody {
        let status = person.app().sync_status(Nothing {}).expect("the strip");
        assert_eq!((status.waiting_records, status.waiting_photos), (0, 0), "{} has sent everything", person.name);
    }
}
