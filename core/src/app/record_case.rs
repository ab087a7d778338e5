//! Records a step of a case or a decision over it, with its photographed pages, and the schooling status that follows from
//! it: one form, one commit.

use std::collections::BTreeSet;

use super::casework::Casework;
use super::device::Device;
use super::pages::{page_count, write_with_pages};
use super::record_absence::roll;
use crate::domain::absence::AbsenceForm;
use crate::domain::case::{Case, CaseFacts, CasePhase};
use crate::domain::case_record::{CaseForm, may_record};
use crate::domain::code_list::{AttendanceMark, CaseOutcome, CaseRecordKind, DayPart};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::status_change::{self, StatusForm};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};

/// A record that was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseRecorded {
    /// The record.
    pub entry: EntryId,
    /// When it was committed.
    pub saved_at: Timestamp,
}

/// Records a step or a decision. `pages` is the draft that the photographed pages were attached to; it goes with them.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::NotAllowed`] for a role that does not decide this,
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::DraftNotHere`], the faults of a store.
pub fn record_case(
    device: &mut Device,
    id: DocumentId,
    form: &CaseForm,
    pages: Option<DraftId>,
) -> Result<CaseRecorded> {
    let now = device.environment.now();
    let reading = device.store.reading();
    form.validate(now.day(), page_count(device, pages)?)?;
    if !may_record(device.author.rights.role, form.kind) {
        return Err(Failure::new(ErrorCode::NotAllowed, "the role does not record this"));
    }
    let row = reading.document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    let facts = reading.case_facts(id)?;
    let (rule, seen, phase) = {
        let casework = Casework::of(device);
        let cases = casework.cases(&facts, &row.leaves);
        fits(device, &facts, cases.last(), form)?;
        let phase = cases.last().map(|case| case.phase);
        (casework.rule_name(&cases, form.on), seen(&facts, cases.last(), form), phase)
    };
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let closes = facts.records.iter().find(|record| Some(record.entry) == form.of).map(|record| &record.form);
    let status = status_change::after_record(form, closes, phase, dossier.status());
    let statuses_seen = dossier.known_of_status();
    let entry = write_with_pages(device, &row, DeliveryKind::Case, pages, |document, entry, environment| {
        dossier_write::add_case_record(document, entry, form, &seen, &rule)?;
        let Some(status) = status else { return Ok(()) };
        let status = StatusForm { status, since: Some(form.on), note: form.note.clone() };
        dossier_write::add_status(document, environment.new_entry_id(), &status, &statuses_seen)
    })?;
    Ok(CaseRecorded { entry, saved_at: now })
}

/// Whether a record fits to where the case stands.
fn fits(device: &Device, facts: &CaseFacts, case: Option<&Case>, form: &CaseForm) -> Result<()> {
    use CaseRecordKind as K;
    let open = case.filter(|case| case.phase.is_open());
    let record_of =
        |kind| facts.records.iter().find(|record| Some(record.entry) == form.of && record.form.kind == kind);
    match form.kind {
        K::Opened | K::Withdrawn => Ok(()),
        K::Assignment | K::Report | K::Escalation | K::Returned | K::ClosingProposed if open.is_none() => {
            Err(Failure::invalid("kind", "no_case"))
        }
        K::Dropout if !open.is_some_and(|case| case.phase.is_missing()) => Err(Failure::invalid("kind", "no_case")),
        // Before the school has reported no letter goes out (handbook 16, rule 10).
        K::Notice if !facts.records.iter().any(|record| record.form.kind == K::Report) => {
            Err(Failure::invalid("kind", "report_first"))
        }
        K::Service => match record_of(K::Notice) {
            None => Err(Failure::invalid("of", "unknown")),
            // Handbook 16, rule 11.
            Some(notice) if form.on < notice.form.on => Err(Failure::invalid("on", "before_notice")),
            Some(_) => Ok(()),
        },
        K::ClosingProposed if form.outcome == Some(CaseOutcome::Returned) => {
            let is_back = open.is_some_and(|case| case.phase == CasePhase::Settling);
            if is_back { Ok(()) } else { Err(Failure::invalid("outcome", "not_back")) }
        }
        K::ClosingConfirmed | K::ClosingRefused => {
            let closing = open.and_then(|case| case.closing.as_ref()).filter(|one| Some(one.proposal) == form.of);
            let Some(closing) = closing else { return Err(Failure::new(ErrorCode::ConflictGone, "no such proposal")) };
            let proposer = device.store.reading().doer_of_actor(&closing.proposed_by)?;
            let own = proposer.is_none_or(|proposer| proposer.person == device.enrolment.person);
            // Closing takes two people (handbook 16, rule 7).
            if own && form.kind == K::ClosingConfirmed { Err(Failure::invalid("of", "own_proposal")) } else { Ok(()) }
        }
        K::Reopened if !case.is_some_and(|case| matches!(case.phase, CasePhase::Closed | CasePhase::InReview)) => {
            Err(Failure::invalid("kind", "not_closed"))
        }
        K::KeptClosed if case.is_none_or(|case| case.phase != CasePhase::InReview) => {
            Err(Failure::invalid("kind", "not_closed"))
        }
        K::Assignment
        | K::Report
        | K::Notice
        | K::Escalation
        | K::Returned
        | K::Dropout
        | K::ClosingProposed
        | K::Reopened
        | K::KeptClosed => Ok(()),
    }
}

/// What a record stands over: a decision over what is known here of the case, a return over the roll of its day.
fn seen(facts: &CaseFacts, case: Option<&Case>, form: &CaseForm) -> BTreeSet<EntryId> {
    use CaseRecordKind as K;
    match form.kind {
        K::Returned => {
            let mark = AttendanceMark::Present;
            let day = AbsenceForm { day: form.on, until: None, part: DayPart::Whole, mark, note: String::new() };
            roll(facts).standing(&day)
        }
        K::ClosingConfirmed | K::Reopened | K::KeptClosed => {
            let Some(case) = case else { return BTreeSet::new() };
            let absences = facts.absences.iter().filter(|entry| entry.form.last_day() >= case.opened_on);
            let contacts = facts.contacts.iter().filter(|contact| contact.on >= case.opened_on);
            absences.map(|entry| entry.entry).chain(contacts.map(|contact| contact.entry)).collect()
        }
        _ => BTreeSet::new(),
    }
}
