//! After a sync: notes of which children it changed where the case stands or what comes next, and why, so that nobody finds
//! another step than yesterday without a word.

use super::casework::Casework;
use super::device::Device;
use crate::domain::actor::Actor;
use crate::domain::case::{Case, CaseFacts};
use crate::domain::code_list::VisitPurpose;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::time::Day;
use crate::error::Result;
use crate::store::casework::{self, CaseChange, CaseLine, ChangeCause};

/// Notes what the last sync changed.
///
/// # Errors
/// The faults of a store.
pub fn note_case_changes(device: &mut Device) -> Result<()> {
    let before = device.store.reading().casework_before()?;
    if before.is_empty() {
        return Ok(());
    }
    let now = device.environment.now();
    let mut noted: Vec<(DocumentId, Option<CaseChange>)> = Vec::new();
    {
        let casework = Casework::of(device);
        let reading = device.store.reading();
        for (document, before) in &before {
            let leaves = reading.document_row(*document)?.map(|row| row.leaves).unwrap_or_default();
            let after = reading.case_facts(*document)?;
            let lines = (line(&casework.cases(before, &leaves)), line(&casework.cases(&after, &leaves)));
            // The count of a day that a colleague recorded as well is no news; another step or another standing is.
            let is_news =
                (lines.0.phase, &lines.0.step, lines.0.due_on) != (lines.1.phase, &lines.1.step, lines.1.due_on);
            let change = || CaseChange { because: causes(before, &after), before: lines.0, after: lines.1 };
            noted.push((*document, is_news.then(change)));
        }
    }
    device.store.transact(|tx| {
        noted.iter().try_for_each(|(document, change)| casework::note(tx, *document, change.as_ref(), now))
    })
}

/// A child's cases in one line.
pub(super) fn line(cases: &[Case]) -> CaseLine {
    let last = cases.last();
    let next = last.filter(|case| case.phase.is_open()).and_then(Case::next_step);
    CaseLine {
        phase: last.map(|case| case.phase),
        step: next.map(|step| step.key.clone()).unwrap_or_default(),
        due_on: next.and_then(|step| step.due_on),
        owner: next.map(|step| step.owner),
        absent_days: last.map_or(0, |case| case.absent_days),
    }
}

/// What is there now and was not before.
fn causes(before: &CaseFacts, after: &CaseFacts) -> Vec<ChangeCause> {
    let cause = |entry: EntryId, what: &str, on: Day, actor: &Actor| ChangeCause {
        entry,
        what: what.to_owned(),
        on,
        actor: actor.clone(),
    };
    let absences = after.absences.iter().filter(|new| !before.absences.iter().any(|old| old.entry == new.entry));
    let records = after.records.iter().filter(|new| !before.records.iter().any(|old| old.entry == new.entry));
    let contacts = after.contacts.iter().filter(|new| !before.contacts.iter().any(|old| old.entry == new.entry));
    absences
        .map(|new| cause(new.entry, new.form.mark.key(), new.form.day, &new.actor))
        .chain(records.map(|new| cause(new.entry, new.form.kind.key(), new.form.on, &new.actor)))
        .chain(contacts.map(|new| {
            let purpose = new.purpose.unwrap_or(VisitPurpose::Routine);
            cause(new.entry, purpose.key(), new.on, &new.actor)
        }))
        .collect()
}

/// Somebody has seen what changed of a child.
///
/// # Errors
/// The faults of a store.
pub fn mark_looked_at(device: &mut Device, document: DocumentId) -> Result<()> {
    device.store.transact(|tx| casework::mark_looked_at(tx, document))
}
