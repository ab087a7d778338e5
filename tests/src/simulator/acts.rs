//! Plays a step: what somebody does on a tablet or in the office, with what befalls it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiafang_core::app::register_child::{Registered, register_child};
use jiafang_core::app::{attach_photo, change_child, drafts, record_visit};
use jiafang_core::domain::code_list::{Relation, SchoolingStatus, Sex, VisitPurpose};
use jiafang_core::domain::doc::dossier_read;
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::PlaceCode;
use jiafang_core::domain::registration::{GuardianForm, RegisterChild};
use jiafang_core::domain::status_change::StatusForm;
use jiafang_core::domain::time::Day;
use jiafang_core::error::{ErrorCode, Failure};
use jiafang_core::photo::PhotoKind;
use jiafang_core::store::draft::DraftPhoto;

use super::holding::all_that_is_held;
use super::plan::{Act, Dice, Plan, Post, Step};
use super::tablet::{Tablet, held};
use super::time::WrongClock;
use super::world::World;
use super::{casework, decisions};

const FIELDS: [&str; 5] =
    ["household.address", "household.caregiver", "household.head_name", "profile.name", "household.parents_work_place"];
const VALUES: [&str; 4] = ["石大山", "王小明", "马秀英", "张桂兰"];
const STATUSES: [SchoolingStatus; 5] = [
    SchoolingStatus::EnrolledHere,
    SchoolingStatus::SuspectedDropout,
    SchoolingStatus::EnrolledElsewhere,
    SchoolingStatus::Suspended,
    SchoolingStatus::LostContact,
];
/// Enrolling more than this takes time and shows nothing new.
const TABLETS_MAX: usize = 260;

/// How something that was done on a tablet ended: in words for the trace, or why not.
pub(super) type Done = Result<String, Option<Failure>>;

/// What a screen may say instead of "saved": nothing is promised then.
fn is_refusal_in_words(code: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        code,
        E::NotAllowed
            | E::FieldInvalid
            | E::FieldMissing
            | E::ConflictGone
            | E::DocumentNotHere
            | E::ChildMovedAway
            | E::StatusChangeRefused
    )
}

pub(super) fn counted<T: Clone>(all: &[T], number: u32) -> Option<T> {
    usize::try_from(number).ok()?.checked_rem(all.len()).and_then(|place| all.get(place)).cloned()
}

impl World {
    /// Enrols everybody, registers the first children, and lets all know of them.
    pub(super) fn begins(&self, plan: &Plan) {
        for post in &plan.people {
            if let Err(cause) = self.enrols(*post) {
                self.finds(format!("an enrolment failed: {cause}"));
            }
        }
        let coordinator = self.tablet(0);
        for number in 0..plan.children {
            let village = held(&self.office).villages.get(usize::try_from(number).unwrap_or(0) % 3).cloned();
            let registered = self.registers(&coordinator, village, number, false);
            self.tells(format!("a child is registered: {registered:?}"));
        }
        if plan.stranger
            && let Ok(tablet) = self.enrols(Post::TeacherOfVillage(0))
        {
            self.takes_apart(&tablet);
        }
        self.everybody_syncs();
        let made = held(&self.office).backs_up();
        self.tells(format!("the first backup: {made:?}"));
        for tablet in self.everybody() {
            self.notes(&tablet);
        }
    }

    /// Plays one step.
    pub(super) fn plays(&self, step: &Step) {
        self.truth.fetch_add(i64::from(step.minutes) * 60_000, Ordering::SeqCst);
        let tablet = self.tablet(step.tablet);
        self.tallies(&format!("{:?}", step.act));
        if let Some(pages) = step.pages_left {
            self.tallies("DiskFull");
            tablet.leaves_pages(Some(pages));
        }
        if let Some(rows) = step.dies_at_write {
            tablet.will_die_at_write(rows);
        }
        let done = self.does(&tablet, step);
        let died = matches!(done, Err(None));
        if died {
            self.tallies("KilledInTheAct");
        }
        if died || step.dies_afterwards {
            if !died {
                self.tallies("KilledAfterwards");
            }
            tablet.dies_and_starts_again();
        } else {
            if step.dies_at_write.is_some() {
                tablet.will_live();
            }
            if step.pages_left.is_some() {
                tablet.leaves_pages(None);
            }
        }
        self.notes(&tablet);
        let ended = match &done {
            Ok(words) => words.clone(),
            Err(None) => "killed".to_owned(),
            Err(Some(failure)) => format!("{:?}", failure.code),
        };
        self.tells(format!("{} tablet {} {:?}: {ended}", step.number, tablet.number, step.act));
        if let Err(Some(failure)) = done {
            self.judges(&tablet, step, &failure);
        }
    }

    /// Whether a failure is one that a screen may show here.
    fn judges(&self, tablet: &Tablet, step: &Step, failure: &Failure) {
        let expected = match failure.code {
            ErrorCode::DiskFull => step.pages_left.is_some(),
            // Syncs have judged theirs.
            _ if matches!(step.act, Act::Sync | Act::EverybodySyncs | Act::Compare { .. }) => true,
            code => is_refusal_in_words(code),
        };
        if !expected {
            self.finds(format!("tablet {}, {:?}: {failure} ({:?})", tablet.number, step.act, failure.cause));
        }
    }

    fn does(&self, tablet: &Arc<Tablet>, step: &Step) -> Done {
        let app = |work: &mut dyn FnMut() -> Result<String, Failure>| self.survives(tablet, work);
        match step.act {
            Act::Visit { child, siblings, photos } => self.visits(tablet, child, siblings, photos, step.number),
            Act::Field { child, field, value } => app(&mut || {
                let Some(child) = counted(&tablet.dossiers(), child) else { return Ok("no child".to_owned()) };
                let field = counted(&FIELDS, u32::from(field)).unwrap_or_default();
                let value = counted(&VALUES, u32::from(value)).unwrap_or_default();
                tablet.with(|device| change_child::change_field(device, child, field, value))?;
                Ok(format!("{child} {field}"))
            }),
            Act::Status { child, status } => app(&mut || {
                let Some(child) = counted(&tablet.dossiers(), child) else { return Ok("no child".to_owned()) };
                let status = counted(&STATUSES, u32::from(status)).unwrap_or(SchoolingStatus::Unverified);
                let note = format!("第{}步", step.number);
                let form = StatusForm { status, since: None, note };
                tablet.with(|device| change_child::record_status(device, child, &form, None))?;
                Ok(format!("{child} {status:?}"))
            }),
            Act::Guardian { child } => app(&mut || {
                let Some(child) = counted(&tablet.dossiers(), child) else { return Ok("no child".to_owned()) };
                tablet.with(|device| {
                    change_child::add_guardian(device, child, "石奶奶", Some(Relation::Mother), "19900001001")
                })?;
                Ok(child.to_string())
            }),
            Act::Register { village } => {
                let village = held(&self.office).villages.get(usize::from(village)).cloned();
                self.registers(tablet, village, step.number.saturating_add(100), true)
            }
            Act::Casework { what, child, village } => {
                let village = held(&self.office).villages.get(usize::from(village)).cloned();
                app(&mut || casework::records(tablet, what, child, village.as_ref(), step.number))
            }
            Act::Settle { child, choice } => app(&mut || settles(tablet, child, choice)),
            Act::Move { child, village } => {
                let village = held(&self.office).villages.get(usize::from(village)).cloned();
                app(&mut || decisions::moves(tablet, child, village.clone()))
            }
            Act::Decide { which, accept } => app(&mut || decisions::decides(tablet, which, accept)),
            Act::OfficeDecides { which, accept } => Ok(held(&self.office).decides(which, accept)),
            Act::HandIn { which } => self.hands_in(tablet, which),
            Act::Compare { broken } => {
                if let Some(child) = broken.and_then(|child| counted(&tablet.dossiers(), child)) {
                    tablet.loses_what_envelopes_hold(child);
                }
                let compared = self.compares_with_server(tablet, &step.calls)?;
                Ok(format!("{compared:?}"))
            }
            Act::Sync => {
                let synced = self.syncs(tablet, &step.calls)?;
                Ok(format!("{:?}", synced.progress))
            }
            Act::EverybodySyncs => {
                self.everybody_syncs();
                Ok("all".to_owned())
            }
            Act::Restart => {
                tablet.restarts();
                Ok("opened".to_owned())
            }
            Act::Clock { days } => {
                tablet.clock.is_ahead_by(i64::from(days) * 86_400_000);
                Ok("set".to_owned())
            }
            Act::Backup | Act::Restore { .. } | Act::ServerDisk { .. } => Ok(self.at_the_server(step.act)),
            Act::Clone => Ok(self.clones(tablet)),
            Act::Revoke | Act::NewPost { .. } | Act::Newcomer { .. } => Ok(self.in_the_register(tablet, step.act)),
            Act::OldRequest { which } => {
                let sent = held(&tablet.sent).clone();
                let Some(request) = counted(&sent, u32::from(which)) else { return Ok("none".to_owned()) };
                let answered = self.arrives(tablet, &request).map(drop).map_err(|refusal| refusal.code);
                Ok(format!("{answered:?}"))
            }
            Act::Hostile { what, at } => Ok(self.stranger_sends(what, at, step.number)),
        }
    }

    fn at_the_server(&self, act: Act) -> String {
        let mut office = held(&self.office);
        match act {
            Act::Backup => format!("{:?}", office.backs_up().map_err(|_| "not made")),
            Act::Restore { age } => format!("log up to {:?}", office.is_restored(age)),
            Act::ServerDisk { pages_left } => {
                office.leaves_pages(pages_left);
                "so it is".to_owned()
            }
            _ => String::new(),
        }
    }

    fn in_the_register(&self, tablet: &Tablet, act: Act) -> String {
        match act {
            // The coordinator's desk stays: a county has somebody who answers for it.
            Act::Revoke if tablet.number != 0 => {
                format!("{}", held(&self.office).revokes(tablet.certificate))
            }
            Act::NewPost { post } if tablet.number != 0 => {
                let given = held(&self.office).gives_post(tablet.person, post);
                if given {
                    for one in self.everybody().iter().filter(|one| one.person == tablet.person) {
                        held(&self.held_before).entry(one.person).or_default().extend(all_that_is_held(one));
                        *held(&one.post) = post;
                    }
                }
                format!("{given}")
            }
            Act::Newcomer { post } if held(&self.tablets).len() < TABLETS_MAX => match self.enrols(post) {
                Ok(newcomer) => format!("tablet {}", newcomer.number),
                // The server's disk is full.
                Err(_) => "not now".to_owned(),
            },
            _ => "left alone".to_owned(),
        }
    }

    fn clones(&self, tablet: &Arc<Tablet>) -> String {
        if tablet.number == 0 || held(&self.tablets).len() >= TABLETS_MAX {
            return "left alone".to_owned();
        }
        let (number, folder) = self.next_tablet();
        let twin = tablet.cloned_to(number, &folder, WrongClock::of(&self.truth));
        held(&self.tablets).push(Arc::new(twin));
        format!("tablet {number}")
    }

    pub(super) fn everybody_syncs(&self) {
        for tablet in self.everybody() {
            if self.syncs(&tablet, &[]).is_err_and(|failure| failure.is_none()) {
                tablet.dies_and_starts_again();
            }
            self.notes(&tablet);
        }
    }

    /// While a sync waits for its answer, the person goes on working.
    pub(super) fn records_meanwhile(&self, tablet: &Arc<Tablet>, child: u32) {
        let number = u32::try_from(held(&self.said).len()).unwrap_or(0).saturating_add(10_000);
        if let Err(Some(failure)) = self.visits(tablet, child, 0, 0, number)
            && !is_refusal_in_words(failure.code)
            && failure.code != ErrorCode::DiskFull
        {
            self.finds(format!("tablet {}, a visit during a sync: {failure}", tablet.number));
        }
    }

    fn visits(&self, tablet: &Arc<Tablet>, child: u32, siblings: u8, photos: u8, number: u32) -> Done {
        let text = format!("第{number}步,第{}台平板:孩子在家", tablet.number);
        self.survives(tablet, || {
            let dossiers = tablet.dossiers();
            let mut children: Vec<DocumentId> =
                (0..=u32::from(siblings)).filter_map(|more| counted(&dossiers, child.wrapping_add(more))).collect();
            children.sort();
            children.dedup();
            if children.is_empty() {
                return Ok("no child".to_owned());
            }
            let draft = tablet.with(|device| drafts::begin_visit(device, &children))?;
            for photo in 0..photos {
                let made = tablet.with(|device| put_photo(device, self.seed, number, photo))?;
                tablet.with(|device| attach_photo::attach(device, draft.id, &made))?;
            }
            let mut form = draft.form.clone();
            form.purpose = Some(VisitPurpose::Routine);
            form.child_seen = Some(true);
            form.at_home.clone_from(&text);
            let recorded = tablet.with(|device| record_visit::record_visit(device, draft.id, &form))?;
            for (_, entry) in &recorded.visits {
                held(&self.texts).insert(*entry, text.clone());
            }
            Ok(format!("{:?}", recorded.visits))
        })
    }

    fn registers(&self, tablet: &Arc<Tablet>, village: Option<PlaceCode>, number: u32, alike: bool) -> Done {
        let Some(village) = village else { return Ok("no village".to_owned()) };
        self.survives(tablet, || {
            let form = RegisterChild {
                name: VALUES.get(usize::try_from(number % 4).unwrap_or(0)).copied().unwrap_or_default().to_owned(),
                sex: Sex::Female,
                birth_date: Day::parse(&format!("2016-05-{:02}", 1 + number % 28)).expect("a day"),
                id_number: String::new(),
                village: village.clone(),
                household_head: String::new(),
                village_group: "3社".to_owned(),
                address: String::new(),
                class: None,
                attendance_mode: None,
                status: SchoolingStatus::Unverified,
                flags: Vec::new(),
                guardians: vec![GuardianForm {
                    name: "石大山".to_owned(),
                    relation: Some(Relation::Father),
                    phone: "19900002002".to_owned(),
                }],
                although_alike: alike,
            };
            Ok(match tablet.with(|device| register_child(device, &form))? {
                Registered::Saved(document) => document.to_string(),
                Registered::Alike(rows) => format!("alike: {}", rows.len()),
            })
        })
    }
}

/// What the camera and the resizing would have made, without either: their bytes mean nothing to a sync.
fn put_photo(
    device: &jiafang_core::app::device::Device,
    seed: u64,
    number: u32,
    photo: u8,
) -> Result<DraftPhoto, Failure> {
    let mut dice = Dice::new(seed ^ (u64::from(number) << 8) ^ u64::from(photo));
    let mut bytes = |least: u32, more: u32| -> Vec<u8> {
        let length = least + dice.below(more);
        (0..length).map(|_| u8::try_from(dice.below(256)).unwrap_or(0)).collect()
    };
    let (thumbnail, photo) = (bytes(500, 3_000), bytes(1_000, 30_000));
    Ok(DraftPhoto {
        capture: Hash32::of(b"capture"),
        photo: device.photos.put(PhotoKind::Photo, &photo)?,
        photo_bytes: u64::try_from(photo.len()).unwrap_or(0),
        thumbnail: device.photos.put(PhotoKind::Thumbnail, &thumbnail)?,
        thumbnail_bytes: u64::try_from(thumbnail.len()).unwrap_or(0),
        placeholder: vec![1; 25],
        taken_at: device.environment.now(),
        position: None,
        width: 1_600,
        height: 1_200,
    })
}

fn settles(tablet: &Tablet, child: u32, choice: u8) -> Result<String, Failure> {
    let with_conflicts = tablet.with(|device| device.store.reading().children_with_conflicts(50))?;
    let Some(child) = counted(&with_conflicts, child) else { return Ok("no conflict".to_owned()) };
    let dossier = tablet.with(|device| dossier_read::read(&device.store.reading().document(child.document)?))?;
    let field = dossier
        .conflicts()
        .next()
        .and_then(|(path, values)| counted(values, u32::from(choice)).map(|value| (path.to_owned(), value.operation)));
    let standing = dossier.standing_statuses();
    let status = counted(&standing, u32::from(choice)).map(|event| ("status".to_owned(), event.entry.to_string()));
    let Some((path, chosen)) = field.or(status) else { return Ok("no conflict".to_owned()) };
    tablet.with(|device| change_child::settle_conflict(device, child.document, &path, &chosen))?;
    Ok(format!("{} {path}", child.document))
}
