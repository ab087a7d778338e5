//! Figures of a first copy: by packs, over the real server and the real client.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiafang_core::domain::doc::{self, DocumentKind, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::{Leaves, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::domain::visit::VisitForm;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::pack::PACK_PART_BYTES;
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::store::{log, register};

use super::Figure;
use crate::fiction::{Fiction, FictionalChild};
use crate::kit::{Person, Township};

/// Visits of a dossier: from so many to so many.
const VISITS: std::ops::RangeInclusive<usize> = 10..=29;
/// A teacher's app is started anew, with a fresh actor, after so many forms.
const FORMS_OF_A_START: u64 = 12;
/// EDGE carries so many bytes a second.
const EDGE_BYTES_A_SECOND: f64 = 60_000.0 / 8.0;

/// First copies of a village's worth of dossiers, and of a township's.
#[must_use]
pub fn by_packs() -> Vec<Figure> {
    [(500, "1.6 MB"), (3_000, "9 MB")].into_iter().flat_map(|(count, goal)| first_copy(count, goal)).collect()
}

fn first_copy(count: usize, goal: &str) -> Vec<Figure> {
    let mut township = Township::new(1);
    let children = township.fiction.children(&township.county, count);
    let envelopes = fill(&township, &children);
    let (first, whole) = copied(&mut township, "李老师");
    assert_eq!(first.finds("").len().min(count), count.min(200), "the children have come");
    let (usable, requests, second) = until_twenty(&mut township);
    second.syncs();
    assert!(second.strip().first_copy.is_none(), "it has come whole");
    let parts = second.switch.pack_bytes.load(Ordering::SeqCst);
    let wasted = parts.saturating_sub(first.switch.pack_bytes.load(Ordering::SeqCst));
    let cuts = requests.max(1);
    vec![
        Figure::new(
            &format!("first copy, {count} dossiers of 10 to 29 visits"),
            goal,
            format!("{:.2} MB", mega(whole)),
            &format!("{envelopes} envelopes as packs; all bodies, register and places; the CHT: minutes"),
        ),
        Figure::new(
            &format!("first copy of {count}: until the first 20 dossiers can be worked with"),
            "20 s on EDGE (150 KB)",
            format!("{} KB: {:.1} s at 60 kbit/s", usable / 1000, seconds(usable)),
            "all bodies from the first request on; round trips come besides",
        ),
        Figure::new(
            &format!("first copy of {count}: bytes wasted by a cut"),
            "8 KB",
            format!("{:.1} KB", mega(wasted / cuts) * 1000.0),
            &format!("mean of {cuts} cuts, one after every part"),
        ),
    ]
}

#[allow(clippy::cast_precision_loss)]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[allow(clippy::cast_precision_loss)]
fn seconds(bytes: u64) -> f64 {
    bytes as f64 / EDGE_BYTES_A_SECOND
}

/// A tablet that gets its first copy without a fault, and what that cost.
fn copied(township: &mut Township, name: &str) -> (Person, u64) {
    let tablet = township.teacher(name, Scope::Place(township.township()));
    tablet.syncs();
    let whole = tablet.switch.body_bytes.load(Ordering::SeqCst) + tablet.switch.pack_bytes.load(Ordering::SeqCst);
    (tablet, whole)
}

/// A tablet whose line breaks after every part: bytes until 20 dossiers are there, and the number of cuts.
fn until_twenty(township: &mut Township) -> (u64, u64, Person) {
    let code = township.invites("王老师", Role::ClassTeacher, Scope::Place(township.township()));
    let tablet = township.somebody("王老师");
    tablet.switch.cut_after_parts(0);
    tablet.enrols(&code);
    let mut cuts = 1;
    while tablet.strip().first_copy.is_some_and(|copy| copy.children_here < 20) {
        tablet.switch.cut_after_parts(1);
        tablet.syncs();
        cuts += 1;
    }
    let part = u64::try_from(PACK_PART_BYTES).unwrap_or(0);
    // Each request but the first brought one part that was kept.
    let usable = tablet.switch.body_bytes.load(Ordering::SeqCst) + (cuts - 1) * part;
    (usable, cuts, tablet)
}

struct Writer {
    signer: DeviceSigner,
    actor: [u8; 16],
    counter: u64,
    previous: Hash32,
}

/// Writes dossiers into the log as years of work leave them: opened from a roster, visited ten to twenty-nine times by a
/// teacher whose app was started many times. All of it is in a backup. Gives the number of envelopes.
pub(super) fn fill(township: &Township, children: &[FictionalChild]) -> u64 {
    let (store, identity) = (township.store(), Identity::read(&township.data()).expect("the county's keys"));
    let environment = Environment::of_this_machine();
    let now = environment.now();
    let certificate = CertificateId::from_bytes([9; 16]);
    let person = environment.new_person_id();
    let mut writer =
        Writer { signer: DeviceSigner::new(&environment), actor: [0; 16], counter: 0, previous: Hash32::ZERO };
    let facts = [
        RegisterFact::Person {
            person,
            name: "赵敏".to_owned(),
            role: Role::TownshipOfficer,
            scopes: vec![Scope::Place(township.township())],
        },
        RegisterFact::Certificate { certificate, person, public_key: writer.signer.public_key() },
    ];
    store
        .transact(|tx| facts.into_iter().try_for_each(|fact| register::write(tx, fact, &identity.county, now)))
        .expect("the register");
    let rounds: Vec<BTreeMap<usize, VisitForm>> = (0..*VISITS.end())
        .map(|round| {
            let visits = Fiction::new(100 + u64::try_from(round).unwrap_or(0)).visits(children);
            visits.into_iter().map(|visit| (visit.child, visit.form)).collect()
        })
        .collect();
    let span = VISITS.end() - VISITS.start() + 1;
    let mut documents = Vec::new();
    for (index, child) in children.iter().enumerate() {
        let mut forms: Vec<Option<&VisitForm>> = vec![None];
        let visits = VISITS.start() + index * 7 % span;
        forms.extend(rounds.iter().filter_map(|round| round.get(&index)).take(visits).map(Some));
        documents.push((
            environment.new_document_id(),
            child,
            forms,
            doc::empty(DocumentKind::Dossier).expect("a dossier"),
        ));
    }
    // Round after round, as the log has them; the dossiers stay open meanwhile.
    for round in 0..=*VISITS.end() {
        store
            .transact(|tx| {
                let mut end = log::head(tx)?;
                for (id, child, forms, document) in &mut documents {
                    let Some(form) = forms.get(round) else { continue };
                    if writer.counter.is_multiple_of(FORMS_OF_A_START) {
                        writer.actor = environment.random_bytes();
                    }
                    let leaves = Leaves { village: Some(child.village.clone()), class: child.class.clone() };
                    let at = form.and_then(|form| form.started_at).unwrap_or(now);
                    let change = write(document, &writer.actor, at, child, &leaves, *form, &environment)?;
                    writer.counter += 1;
                    let envelope = Envelope::sign(
                        EnvelopeBody {
                            document: *id,
                            kind: DocumentKind::Dossier,
                            leaves,
                            change: change.raw_bytes().to_vec(),
                            counter: writer.counter,
                            previous: writer.previous,
                            certificate,
                            register_head: 1,
                            cursor_seq: end.seq,
                        },
                        &writer.signer,
                    );
                    writer.previous = envelope.hash();
                    end = log::append(tx, &envelope, &change, end, now)?;
                }
                register::set_durable_seq(tx, end.seq)
            })
            .expect("the log");
    }
    writer.counter
}

fn write(
    document: &mut automerge::Automerge,
    actor: &[u8; 16],
    at: Timestamp,
    child: &FictionalChild,
    leaves: &Leaves,
    form: Option<&VisitForm>,
    environment: &Environment,
) -> jiafang_core::error::Result<automerge::Change> {
    let change = doc::commit(document, actor, at, |tx| {
        if let Some(form) = form {
            return dossier_write::add_visit(tx, environment.new_entry_id(), form);
        }
        dossier_write::open(tx, leaves, true)?;
        for (path, value) in [
            ("profile.name", child.name.as_str()),
            ("profile.sex", child.sex.key()),
            ("profile.birth_date", &child.birth_date.to_string()),
            ("profile.id_number", child.id_number.as_deref().unwrap_or_default()),
            ("household.head_name", &child.household_head),
            ("household.address", &child.address),
            ("household.village_group", &child.village_group),
        ] {
            if !value.is_empty() {
                dossier_write::set_field(tx, path, value)?;
            }
        }
        for guardian in &child.guardians {
            let phone = guardian.phone.as_deref().unwrap_or_default();
            dossier_write::add_guardian(
                tx,
                environment.new_entry_id(),
                &guardian.name,
                guardian.relation.key(),
                phone,
            )?;
        }
        Ok(())
    })?;
    Ok(change.expect("a change"))
}
