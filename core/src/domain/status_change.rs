//! Which schooling status may follow which, by whose word, and with what proof (handbook 3.8, "Allowed transitions"; 3.9): one
//! table. Merges are not asked: what two people recorded apart was allowed where each stood, and both stand until a person
//! chooses.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::case::CasePhase;
use super::case_record::{CaseForm, decides};
use super::code_list::{CaseOutcome, CaseRecordKind, CaseSource, SchoolingStatus as S};
use super::dossier::is_out_of_school;
use super::role::Role;
use super::time::Day;
use crate::error::{ErrorCode, Failure, Result};

/// A schooling status that somebody records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusForm {
    /// The status.
    pub status: S,
    /// Since when.
    pub since: Option<Day>,
    /// Why, or where the paper lies.
    pub note: String,
}

/// By whose word a status follows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whoever writes dossiers and has looked.
    Anybody,
    /// Whoever decides over cases: a mistake of others is mended there.
    Decider,
    /// Only together with a record of the child's case: the decision 认定辍学, the registered return, a closing by two.
    Case,
}

/// What goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ProofAsked {
    /// Nothing.
    Nothing,
    /// Why, in words.
    Reason,
    /// A photographed page, or in words where the paper lies (handbook 3.8, column "needs evidence").
    Paper,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// From one of these.
    pub from: &'static [S],
    /// To one of these.
    pub to: &'static [S],
    /// By whose word.
    pub way: Way,
    /// With what.
    pub proof: ProofAsked,
}

const fn row(from: &'static [S], to: &'static [S], way: Way, proof: ProofAsked) -> StatusChange {
    StatusChange { from, to, way, proof }
}

/// In a classroom of the county.
const HERE: &[S] = &[S::EnrolledHere, S::EnrolledCounty, S::InclusiveClass, S::SpecialClass];
/// Elsewhere, otherwise or lawfully away: what a paper proves.
const BY_PAPER: &[S] = &[
    S::EnrolledElsewhere,
    S::EnrolledAbroad,
    S::SpecialSchool,
    S::HomeTeaching,
    S::VocationalTrack,
    S::ReformSchool,
    S::Suspended,
    S::DeferredEntry,
    S::ExemptPhysical,
    S::LongLeave,
    S::InCustody,
];
/// Nobody misses the child.
const CALM: &[S] = &[
    S::EnrolledHere,
    S::EnrolledCounty,
    S::InclusiveClass,
    S::SpecialClass,
    S::EnrolledElsewhere,
    S::EnrolledAbroad,
    S::SpecialSchool,
    S::HomeTeaching,
    S::VocationalTrack,
    S::ReformSchool,
    S::Suspended,
    S::DeferredEntry,
    S::ExemptPhysical,
    S::LongLeave,
    S::InCustody,
    S::TransferPending,
    S::NotYetAge,
    S::Unverified,
];
/// Not known yet, or not yet of age.
const OPEN: &[S] = &[S::Unverified, S::NotYetAge, S::TransferPending];
/// Missing, and not decided over.
const MISSING: &[S] = &[S::NeverEnrolled, S::AbsentUnexcused, S::SuspectedDropout, S::LostContact];
/// Out of school, by whatever name.
const OUT: &[S] = &[S::NeverEnrolled, S::AbsentUnexcused, S::SuspectedDropout, S::LostContact, S::Dropout];
/// Nobody looks for the child any more.
const OVER: &[S] = &[S::GraduatedG9, S::Deceased, S::Emigrated, S::OverageClosed];
/// Over, besides a death: a child who is missing is not struck off by one person.
const LEFT: &[S] = &[S::GraduatedG9, S::Emigrated, S::OverageClosed];

/// The table. The first row that has both holds.
pub const STATUS_CHANGES: &[StatusChange] = &[
    // A child who is known to be well goes on, or goes elsewhere by paper.
    row(CALM, HERE, Way::Anybody, ProofAsked::Nothing),
    row(CALM, BY_PAPER, Way::Anybody, ProofAsked::Paper),
    row(CALM, OPEN, Way::Anybody, ProofAsked::Nothing),
    row(CALM, LEFT, Way::Anybody, ProofAsked::Paper),
    // Missing: whoever finds it says so, and what was found.
    row(CALM, MISSING, Way::Anybody, ProofAsked::Reason),
    row(&[S::Returned], &[S::AbsentUnexcused, S::SuspectedDropout, S::LostContact], Way::Anybody, ProofAsked::Reason),
    row(MISSING, MISSING, Way::Anybody, ProofAsked::Reason),
    // An absence that nobody suspected anything of ends by itself, and who never went to school is enrolled.
    row(&[S::AbsentUnexcused, S::NeverEnrolled], HERE, Way::Anybody, ProofAsked::Reason),
    // "Found": from any of them directly, with evidence.
    row(OUT, BY_PAPER, Way::Anybody, ProofAsked::Paper),
    row(&[S::Returned], BY_PAPER, Way::Anybody, ProofAsked::Paper),
    // A dropout is a decision over a case, a return is registered, and a case is closed by two.
    row(CALM, &[S::Dropout], Way::Case, ProofAsked::Reason),
    row(MISSING, &[S::Dropout], Way::Case, ProofAsked::Reason),
    row(&[S::Returned], &[S::Dropout], Way::Case, ProofAsked::Reason),
    row(OVER, &[S::Dropout], Way::Case, ProofAsked::Reason),
    row(OUT, &[S::Returned], Way::Case, ProofAsked::Nothing),
    row(OUT, HERE, Way::Case, ProofAsked::Paper),
    row(&[S::Returned], HERE, Way::Case, ProofAsked::Paper),
    row(OUT, LEFT, Way::Case, ProofAsked::Paper),
    row(&[S::Returned], LEFT, Way::Case, ProofAsked::Paper),
    row(OVER, &[S::SuspectedDropout], Way::Case, ProofAsked::Reason),
    // From any; the second person is asked for afterwards (handbook 16, rule 5), for nobody calls such a family.
    row(CALM, &[S::Deceased], Way::Anybody, ProofAsked::Paper),
    row(OUT, &[S::Deceased], Way::Anybody, ProofAsked::Paper),
    row(&[S::Returned], &[S::Deceased], Way::Anybody, ProofAsked::Paper),
    row(OVER, &[S::Deceased], Way::Anybody, ProofAsked::Paper),
    // What was struck off by mistake.
    row(OVER, HERE, Way::Decider, ProofAsked::Reason),
    row(OVER, BY_PAPER, Way::Decider, ProofAsked::Paper),
    row(OVER, OPEN, Way::Decider, ProofAsked::Reason),
    row(OVER, LEFT, Way::Decider, ProofAsked::Paper),
];

/// The row for a change; `None`: it is no change that there is.
#[must_use]
pub fn change(from: S, to: S) -> Option<&'static StatusChange> {
    STATUS_CHANGES.iter().find(|row| row.from.contains(&from) && row.to.contains(&to))
}

/// Checks a status that a person records, outside of a case.
///
/// # Errors
/// [`ErrorCode::StatusChangeRefused`] with the reason `through_the_case`, `decided_above` or `not_after`;
/// [`ErrorCode::FieldMissing`] for `note` or `proof`.
pub fn check(role: Role, from: S, to: S, note: &str, page_count: usize) -> Result<()> {
    let refused = |reason: &'static str| {
        Failure::new(ErrorCode::StatusChangeRefused, "a status that does not follow")
            .fact("from", from.key())
            .fact("to", to.key())
            .fact("reason", reason)
    };
    let row = change(from, to).ok_or_else(|| refused("not_after"))?;
    match row.way {
        Way::Case => return Err(refused("through_the_case")),
        Way::Decider if !decides(role) => return Err(refused("decided_above")),
        Way::Decider | Way::Anybody => {}
    }
    match row.proof {
        ProofAsked::Reason if note.trim().is_empty() => Err(Failure::missing("note")),
        ProofAsked::Paper if note.trim().is_empty() && page_count == 0 => Err(Failure::missing("proof")),
        ProofAsked::Nothing | ProofAsked::Reason | ProofAsked::Paper => Ok(()),
    }
}

/// The statuses that a person may record after `from`, with what goes with each; of `from` itself, its confirmation.
#[must_use]
pub fn choices(role: Role, from: S) -> Vec<(S, ProofAsked)> {
    S::ALL
        .iter()
        .filter_map(|to| {
            let row = change(from, *to)?;
            let may = row.way == Way::Anybody || (row.way == Way::Decider && decides(role));
            may.then_some((*to, row.proof))
        })
        .collect()
}

/// Whether a dossier may be opened with it: a dropout, a return and an ending have something before them.
#[must_use]
pub fn begins_with(status: S) -> bool {
    CALM.contains(&status) || MISSING.contains(&status)
}

/// The schooling status that a person records together with a record of a case: where the child really is. Where the student
/// record is stays untouched by it. `closes` is the proposal that a confirmation answers.
#[must_use]
pub fn after_record(form: &CaseForm, closes: Option<&CaseForm>, phase: Option<CasePhase>, now: S) -> Option<S> {
    use CaseRecordKind as K;
    let suspected = (!is_out_of_school(now)).then_some(S::SuspectedDropout);
    match form.kind {
        K::Opened if form.source == Some(CaseSource::Tendency) => None,
        K::Opened | K::Reopened => suspected,
        // What a school does before the third day, by its own care, does not make the child suspected (handbook 3.9).
        K::Assignment | K::Report if phase == Some(CasePhase::Watch) => None,
        K::Assignment | K::Report if now == S::AbsentUnexcused => Some(S::SuspectedDropout),
        K::Assignment | K::Report => suspected,
        K::Dropout => (now != S::Dropout).then_some(S::Dropout),
        K::Returned => is_out_of_school(now).then_some(S::Returned),
        K::ClosingConfirmed => {
            let status = match closes?.outcome? {
                CaseOutcome::Returned | CaseOutcome::FalseAlarm => S::EnrolledHere,
                // Which school, which paper: that is told by the status that a person records with its evidence.
                CaseOutcome::Found | CaseOutcome::Lawful => return None,
                CaseOutcome::Deceased => S::Deceased,
                CaseOutcome::Emigrated => S::Emigrated,
                CaseOutcome::OverAge => S::OverageClosed,
            };
            (now != status).then_some(status)
        }
        K::Notice
        | K::Service
        | K::Escalation
        | K::ClosingProposed
        | K::ClosingRefused
        | K::KeptClosed
        | K::Withdrawn => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::super::dossier::{Presence, presence};
    use super::*;

    fn way(from: S, to: S) -> Option<Way> {
        change(from, to).map(|row| row.way)
    }

    #[test]
    fn the_handbook_s_way_out_of_school_and_back_is_in_the_table() {
        let steps = [
            (S::EnrolledHere, S::AbsentUnexcused, Way::Anybody),
            (S::AbsentUnexcused, S::SuspectedDropout, Way::Anybody),
            (S::SuspectedDropout, S::Dropout, Way::Case),
            (S::Dropout, S::Returned, Way::Case),
            (S::Returned, S::EnrolledHere, Way::Case),
            (S::Returned, S::SuspectedDropout, Way::Anybody),
        ];
        for (from, to, expected) in steps {
            assert_eq!(way(from, to), Some(expected), "{from:?} to {to:?}");
        }
        for from in OUT {
            let found = change(*from, S::EnrolledElsewhere).unwrap();
            assert_eq!((found.way, found.proof), (Way::Anybody, ProofAsked::Paper), "found, from {from:?}");
        }
        for from in S::ALL {
            let row = change(*from, S::Deceased).unwrap();
            assert_eq!(row.proof, ProofAsked::Paper, "from {from:?}");
        }
    }

    #[test]
    fn whoever_writes_alone_makes_no_dropout_and_strikes_no_missing_child_off() {
        for from in S::ALL {
            for to in S::ALL {
                let Some(row) = change(*from, *to) else { continue };
                if row.way != Way::Anybody {
                    continue;
                }
                assert!(!matches!(*to, S::Dropout | S::Returned), "{from:?} to {to:?}");
                let asked_for = [S::SuspectedDropout, S::Dropout, S::LostContact, S::Returned].contains(from);
                let is_calm_without_paper = row.proof != ProofAsked::Paper && presence(*to) != Presence::Out;
                assert!(!asked_for || !is_calm_without_paper, "{from:?} to {to:?}");
                if is_out_of_school(*to) {
                    assert_eq!(row.proof, ProofAsked::Reason, "{from:?} to {to:?}: what was found is said");
                }
            }
        }
    }

    #[test]
    fn every_status_can_be_left_and_reached_and_none_stands_in_two_groups() {
        for status in S::ALL {
            assert!(S::ALL.iter().any(|to| to != status && change(*status, *to).is_some()), "{status:?} is a dead end");
            assert!(S::ALL.iter().any(|from| from != status && change(*from, *status).is_some()), "{status:?}");
            let groups = [CALM, OUT, OVER, &[S::Returned]];
            assert_eq!(groups.iter().filter(|group| group.contains(status)).count(), 1, "{status:?}");
            assert_eq!(OVER.contains(status), presence(*status) == Presence::Over);
            assert_eq!(OUT.contains(status), presence(*status) == Presence::Out);
        }
    }

    #[test]
    fn what_a_record_of_a_case_sets_is_a_change_of_the_table() {
        for kind in CaseRecordKind::ALL {
            for outcome in CaseOutcome::ALL {
                let form = CaseForm::new(*kind, day("2026-11-27"));
                let closes = CaseForm { outcome: Some(*outcome), ..form.clone() };
                for now in S::ALL {
                    let Some(status) = after_record(&form, Some(&closes), Some(CasePhase::Suspected), *now) else {
                        continue;
                    };
                    assert!(change(*now, status).is_some(), "{kind:?}, {outcome:?}: {now:?} to {status:?}");
                }
            }
        }
    }

    #[test]
    fn a_refused_change_says_why_and_what_would_do_it() {
        let teacher = Role::ClassTeacher;
        let reason = |from, to| check(teacher, from, to, "见学籍系统", 0).unwrap_err().facts["reason"].clone();
        assert_eq!(reason(S::SuspectedDropout, S::Dropout), "through_the_case");
        assert_eq!(reason(S::SuspectedDropout, S::EnrolledHere), "through_the_case");
        assert_eq!(reason(S::SuspectedDropout, S::Unverified), "not_after");
        assert_eq!(reason(S::Emigrated, S::EnrolledHere), "decided_above");
        check(Role::Principal, S::Emigrated, S::EnrolledHere, "迁出是误登", 0).unwrap();
        let missing = check(teacher, S::SuspectedDropout, S::EnrolledElsewhere, " ", 0).unwrap_err();
        assert_eq!(missing.facts["field"], "proof");
        check(teacher, S::SuspectedDropout, S::EnrolledElsewhere, "", 1).unwrap();
        assert_eq!(check(teacher, S::EnrolledHere, S::LostContact, "", 1).unwrap_err().facts["field"], "note");
        assert!(!begins_with(S::Dropout) && !begins_with(S::Deceased) && begins_with(S::NeverEnrolled));
    }
}
