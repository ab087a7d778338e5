//! Records what happened on the way of children into the next school. A hand-over moves the dossier to the class that receives it;
//! who has not come begins a case, and who comes after all has a return registered in it: each in the same commit.

use std::collections::BTreeSet;

use super::author::FormKind;
use super::casework::Casework;
use super::device::Device;
use super::record_absence::roll;
use super::record_visit::{files, records};
use crate::domain::absence::AbsenceForm;
use crate::domain::case::CaseFacts;
use crate::domain::case_record::{CaseForm, decides};
use crate::domain::code_list::{
    AttendanceMark, CaseRecordKind, CaseSource, DayPart, SchoolingStatus, TransitionEntryKind,
};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::dossier::Dossier;
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::place::Leaves;
use crate::domain::status_change::{self, StatusForm};
use crate::domain::time::Timestamp;
use crate::domain::transition::{TransitionForm, matter, may_record};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;
use crate::store::{draft, moves, photo_file};

/// An entry that was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionRecorded {
    /// The dossier.
    pub document: DocumentId,
    /// The entry, for undoing.
    pub entry: EntryId,
    /// When it was committed.
    pub saved_at: Timestamp,
}

/// What one dossier gets.
struct Written {
    row: DocumentRow,
    form: TransitionForm,
    seen: BTreeSet<EntryId>,
    absence: Option<(AbsenceForm, BTreeSet<EntryId>)>,
    case: Option<(CaseForm, BTreeSet<EntryId>)>,
    rule: String,
    status: Option<(StatusForm, Vec<EntryId>)>,
    moves: bool,
}

/// Records one form for one child or for many, all or none. Photographed pages (`pages`) go into each of the dossiers.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::NotAllowed`] for a role that does not record this or that
/// does not answer for both schools of a hand-over, [`ErrorCode::DocumentNotHere`], [`ErrorCode::ChildMovedAway`], the faults of a
/// store.
pub fn record_transition(
    device: &mut Device,
    ids: &[DocumentId],
    form: &TransitionForm,
    pages: Option<DraftId>,
) -> Result<Vec<TransitionRecorded>> {
    let now = device.environment.now();
    let reading = device.store.reading();
    let photos = pages.map_or_else(|| Ok(Vec::new()), |pages| reading.draft_photos(pages))?;
    form.validate(now.day(), photos.len())?;
    if !may_record(device.author.rights.role, form.kind) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not record this"));
    }
    fits_county(device, form)?;
    let mut written = Vec::new();
    for id in ids {
        written.push(prepare(device, *id, form)?);
    }
    let Device { store, author, environment, .. } = device;
    let mut saved = Vec::new();
    store.transact(|tx| {
        for one in &written {
            let entry = environment.new_entry_id();
            let kind = FormKind { what: DeliveryKind::Transition, entry: Some(entry) };
            let records = records(&photos, entry, environment, author.actor);
            author.write_form(tx, &one.row, kind, now, |document| {
                dossier_write::add_transition(document, entry, &one.form, &one.seen)?;
                if one.moves {
                    let note = TransitionEntryKind::HandedOver.zh();
                    dossier_write::add_move(document, environment.new_entry_id(), &one.row.leaves, note)?;
                }
                if let Some((absence, seen)) = &one.absence {
                    dossier_write::add_absence(document, environment.new_entry_id(), absence, seen, &one.rule)?;
                }
                if let Some((case, seen)) = &one.case {
                    dossier_write::add_case_record(document, environment.new_entry_id(), case, seen, &one.rule)?;
                }
                if let Some((status, seen)) = &one.status {
                    dossier_write::add_status(document, environment.new_entry_id(), status, seen)?;
                }
                records.iter().try_for_each(|photo| dossier_write::add_photo(document, photo))
            })?;
            if one.moves {
                moves::place(tx, one.row.id, &one.row.leaves)?;
            }
            for (record, photo) in records.iter().zip(&photos) {
                for file in files(one.row.id, record.entry, photo) {
                    photo_file::put(tx, &file)?;
                }
            }
            saved.push(TransitionRecorded { document: one.row.id, entry, saved_at: now });
        }
        pages.map_or(Ok(()), |pages| draft::delete(tx, pages))
    })?;
    Ok(saved)
}

/// Schools and classes that a form names must be the county's, and the class one of the year.
fn fits_county(device: &Device, form: &TransitionForm) -> Result<()> {
    let county = device.county();
    if let Some(school) = &form.school {
        let known = county.schools.iter().find(|known| known.code == *school);
        if known.is_none_or(|known| known.merged_into.is_some()) {
            return Err(Failure::invalid("school", "not_in_the_list"));
        }
    }
    let classes = || county.schools.iter().flat_map(|school| &school.classes);
    if let Some(to) = &form.to_class {
        let fits = |class: &&crate::domain::place::Class| {
            class.id == *to && class.stage == form.into && class.entry_year == form.year
        };
        classes().find(fits).ok_or_else(|| Failure::invalid("toClass", "not_of_the_year"))?;
    }
    if form.kind == TransitionEntryKind::HandedOver && form.to_class.is_none() {
        return Err(Failure::missing("toClass"));
    }
    Ok(())
}

fn prepare(device: &Device, id: DocumentId, form: &TransitionForm) -> Result<Written> {
    use TransitionEntryKind as K;
    let reading = device.store.reading();
    let row = reading.document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    device.author.may_write(&row.leaves)?;
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let mut form = form.clone();
    let of_year = |entry: &&crate::domain::transition::TransitionEntry| {
        entry.form.year == form.year && entry.form.into == form.into
    };
    // All that is known of the matter, and not only what stands: what is withdrawn later must not bring older words back.
    let same = |entry: &&crate::domain::transition::TransitionEntry| matter(entry.form.kind) == matter(form.kind);
    let mut seen: BTreeSet<EntryId> =
        dossier.transition.iter().filter(of_year).filter(same).map(|entry| entry.entry).collect();
    if form.kind == K::Withdrawn {
        seen = withdrawable(device, &dossier, &form)?;
    }
    let comes_from_here = matches!(form.kind, K::Listed | K::HandedOver);
    if comes_from_here && form.from_class.is_none() && form.from_name.is_empty() {
        // The class that it is in now, unless it was handed over before: that is where it comes from.
        let known = dossier.transition.iter().filter(of_year).find_map(|entry| entry.form.from_class.clone());
        form.from_class = known.or_else(|| row.leaves.class.clone());
    }
    let facts = reading.case_facts(id)?;
    let (case, rule) = case_of(device, &dossier, &facts, &row, &form);
    let absence = absence_of(&dossier, &facts, &form);
    let status = case.as_ref().and_then(|(case, _)| status_change::after_record(case, None, None, dossier.status()));
    let given_back = if case.is_some() && form.kind == K::Withdrawn { before_no_show(&dossier, &form) } else { None };
    // Whom nobody had looked for yet is at school now.
    let here = form.kind == K::Arrived && case.is_none() && dossier.status() == SchoolingStatus::Unverified;
    let status = status.or(here.then_some(SchoolingStatus::EnrolledHere));
    let status = status.map(|status| StatusForm { status, since: Some(form.on), note: form.note.clone() });
    let standing = || dossier.standing_statuses().iter().map(|event| event.entry).collect();
    let status = status.or(given_back).map(|status| (status, standing()));
    let mut moved = row.clone();
    if let Some(to) = form.to_class.clone().filter(|_| matches!(form.kind, K::HandedOver | K::Arrived)) {
        moved.leaves = Leaves { village: row.leaves.village.clone(), class: Some(to) };
    }
    let moves = moved.leaves != row.leaves;
    if moves {
        if !device.author.rights.role.moves_children() {
            return Err(Failure::new(ErrorCode::NotAllowed, "the role does not move children"));
        }
        // Both the class that the child leaves and the one that it comes to.
        device.author.may_write(&moved.leaves)?;
    }
    Ok(Written { row: moved, form, seen, absence, case, rule, status, moves })
}

/// What a withdrawal takes back; with it what its case began with, where the withdrawn entry began it.
fn withdrawable(device: &Device, dossier: &Dossier, form: &TransitionForm) -> Result<BTreeSet<EntryId>> {
    let gone = || Failure::new(ErrorCode::ConflictGone, "no such entry");
    let entry = dossier.transition.iter().find(|entry| Some(entry.entry) == form.of).ok_or_else(gone)?;
    let author = device.store.reading().doer_of_actor(&entry.actor)?;
    let own = author.is_some_and(|author| author.person == device.enrolment.person);
    if own || decides(device.author.rights.role) {
        return Ok(BTreeSet::new());
    }
    Err(Failure::new(ErrorCode::NotAllowed, "only its author, or who decides, takes an entry back"))
}

/// The status that stood before an entry that is taken back, where nobody has recorded another one since.
fn before_no_show(dossier: &Dossier, form: &TransitionForm) -> Option<StatusForm> {
    let entry = dossier.transition.iter().find(|entry| Some(entry.entry) == form.of)?;
    let standing = dossier.standing_statuses();
    let made = standing.iter().find(|event| event.at == entry.at && event.actor == entry.actor)?;
    let before = dossier.statuses.iter().rfind(|event| made.seen.contains(&event.entry))?;
    Some(StatusForm {
        status: before.status,
        since: before.since,
        note: TransitionEntryKind::Withdrawn.zh().to_owned(),
    })
}

/// What the child's case gets: a beginning when it has not come, a return when it has after all, and a withdrawal with the entry that
/// began it.
fn case_of(
    device: &Device,
    dossier: &Dossier,
    facts: &CaseFacts,
    row: &DocumentRow,
    form: &TransitionForm,
) -> (Option<(CaseForm, BTreeSet<EntryId>)>, String) {
    use TransitionEntryKind as K;
    let casework = Casework::of(device);
    let cases = casework.cases(facts, &row.leaves);
    let open = cases.last().filter(|case| case.phase.is_open());
    let of_kind = |kind| CaseForm { note: form.note.clone(), ..CaseForm::new(kind, form.on) };
    let case = match form.kind {
        K::NoShow if open.is_none() => {
            let source = Some(CaseSource::NoShow);
            Some((CaseForm { source, ..of_kind(CaseRecordKind::Opened) }, BTreeSet::new()))
        }
        K::Arrived if open.is_some_and(|case| case.phase.is_missing()) => {
            Some((of_kind(CaseRecordKind::Returned), roll(facts).standing(&on_that_day(form, AttendanceMark::Present))))
        }
        K::Withdrawn => {
            let withdrawn = dossier.transition.iter().find(|entry| Some(entry.entry) == form.of);
            let began = withdrawn.filter(|entry| entry.form.kind == K::NoShow).and_then(|entry| {
                facts.records.iter().find(|record| {
                    record.form.kind == CaseRecordKind::Opened && record.at == entry.at && record.actor == entry.actor
                })
            });
            let case = began.map(|record| CaseForm { of: Some(record.entry), ..of_kind(CaseRecordKind::Withdrawn) });
            case.map(|case| (case, BTreeSet::new()))
        }
        _ => None,
    };
    (case, casework.rule_name(&cases, form.on))
}

/// The whole day of a form, in the roll.
fn on_that_day(form: &TransitionForm, mark: AttendanceMark) -> AbsenceForm {
    AbsenceForm { day: form.on, until: None, part: DayPart::Whole, mark, note: form.note.clone() }
}

/// What the roll gets: who has not come is missing from that day on (handbook 4.2: the day of registration is day 1), so that
/// silence after it is no return; and a withdrawal of that absence with the entry that made it.
fn absence_of(dossier: &Dossier, facts: &CaseFacts, form: &TransitionForm) -> Option<(AbsenceForm, BTreeSet<EntryId>)> {
    match form.kind {
        TransitionEntryKind::NoShow => {
            let absence = on_that_day(form, AttendanceMark::Unexcused);
            let seen = roll(facts).standing(&absence);
            Some((absence, seen))
        }
        TransitionEntryKind::Withdrawn => {
            let entry = dossier.transition.iter().find(|entry| Some(entry.entry) == form.of)?;
            let made = facts.absences.iter().find(|absence| absence.at == entry.at && absence.actor == entry.actor)?;
            let mark = AttendanceMark::Withdrawn;
            Some((AbsenceForm { mark, ..made.form.clone() }, BTreeSet::from([made.entry])))
        }
        _ => None,
    }
}
