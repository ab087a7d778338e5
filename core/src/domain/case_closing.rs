//! Closing takes two people: what became of each proposal; and which records stand at all.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{CaseFacts, Closing};
use super::case_clock::Clock;
use super::case_record::{CaseRecord, decides};
use super::code_list::CaseRecordKind;
use super::identifier::EntryId;

/// Records that nobody withdrew: the one who wrote it, or somebody who decides over cases, may.
pub(super) fn standing_records<'a>(facts: &'a CaseFacts, clock: &Clock<'_>) -> Vec<&'a CaseRecord> {
    let withdrawn: BTreeSet<EntryId> = facts
        .records
        .iter()
        .filter(|record| record.form.kind == CaseRecordKind::Withdrawn)
        .filter(|record| {
            let target = facts.records.iter().find(|other| Some(other.entry) == record.form.of);
            let (by, of) = ((clock.doer)(&record.actor), target.and_then(|target| (clock.doer)(&target.actor)));
            by.is_some_and(|by| decides(by.role) || of.is_some_and(|of| of.person == by.person))
        })
        .filter_map(|record| record.form.of)
        .collect();
    facts
        .records
        .iter()
        .filter(|record| record.form.kind != CaseRecordKind::Withdrawn && !withdrawn.contains(&record.entry))
        .collect()
}

/// What became of each proposal to close.
#[derive(Debug, Clone)]
pub(super) enum Answer<'a> {
    /// Another person who decides confirmed it.
    Confirmed(&'a CaseRecord),
    /// Somebody who decides refused it; that holds against a confirmation, too.
    Refused,
    /// The one who proposed it tried to confirm it.
    BySamePerson,
}

pub(super) fn closings<'a>(records: &[&'a CaseRecord], clock: &Clock<'_>) -> BTreeMap<EntryId, Answer<'a>> {
    let mut answers: BTreeMap<EntryId, Answer<'a>> = BTreeMap::new();
    let by_kind = |kind| records.iter().copied().filter(move |record| record.form.kind == kind);
    let decider = |record: &CaseRecord| (clock.doer)(&record.actor).filter(|doer| decides(doer.role));
    for proposal in by_kind(CaseRecordKind::ClosingProposed) {
        let answering = |record: &&CaseRecord| record.form.of == Some(proposal.entry);
        if by_kind(CaseRecordKind::ClosingRefused).filter(answering).any(|record| decider(record).is_some()) {
            answers.insert(proposal.entry, Answer::Refused);
            continue;
        }
        let proposer = (clock.doer)(&proposal.actor);
        let confirmations = by_kind(CaseRecordKind::ClosingConfirmed).filter(answering);
        let (mut confirmed, mut by_same) = (None::<&CaseRecord>, false);
        for record in confirmations {
            let Some(doer) = decider(record) else { continue };
            if proposer.as_ref().is_none_or(|proposer| proposer.person == doer.person) {
                by_same = true;
            } else if confirmed.is_none_or(|other| (record.form.on, record.entry) < (other.form.on, other.entry)) {
                confirmed = Some(record);
            }
        }
        match (confirmed, by_same) {
            (Some(record), _) => {
                answers.insert(proposal.entry, Answer::Confirmed(record));
            }
            (None, true) => {
                answers.insert(proposal.entry, Answer::BySamePerson);
            }
            (None, false) => {}
        }
    }
    answers
}

pub(super) fn closing(proposal: &CaseRecord, answer: Option<&Answer<'_>>) -> Closing {
    Closing {
        proposal: proposal.entry,
        proposed_on: proposal.form.on,
        proposed_by: proposal.actor.clone(),
        outcome: proposal.form.outcome,
        confirmed: match answer {
            Some(Answer::Confirmed(record)) => Some((record.form.on, record.actor.clone())),
            _ => None,
        },
        needs_another_person: matches!(answer, Some(Answer::BySamePerson)),
    }
}
