//! Records of a case: what a person did or decided, as entries that are only ever added (handbook 3.5, 4.6, 6).
//!
//! The case itself is nowhere written: it is folded from these, the absences and the visits ([`super::case`]).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::code_list::{
    CaseOutcome, CaseRecordKind, CaseSource, DropoutDestination, Relation, ReturnPlacement, ServiceMethod,
};
use super::form_check::{filled, not_after};
use super::identifier::EntryId;
use super::role::Role;
use super::rule_set::StepRecord;
use super::time::{Day, Timestamp};
use super::visit::Companion;
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 1_000;
/// People in one list.
const PEOPLE_MAX: usize = 10;

/// What is filled in; which fields a record needs, [`CaseForm::validate`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CaseForm {
    /// What it is.
    pub kind: CaseRecordKind,
    /// The day on which it was done.
    pub on: Day,
    /// Why, or how; needed where it is recorded later than it was done.
    #[serde(default)]
    pub note: String,
    /// How the case came to be known.
    #[serde(default)]
    pub source: Option<CaseSource>,
    /// Who was named to persuade; who received a report; to whom a notice is addressed; who received it.
    #[serde(default)]
    pub person: String,
    /// The one who received a notice is to the child.
    #[serde(default)]
    pub relation: Option<Relation>,
    /// The number of a report or a notice, as its office gave it.
    #[serde(default)]
    pub number: String,
    /// The office that issued a notice, or that a report goes to.
    #[serde(default)]
    pub office: String,
    /// How a notice was served.
    #[serde(default)]
    pub method: Option<ServiceMethod>,
    /// Who served it, two at least.
    #[serde(default)]
    pub servers: Vec<Companion>,
    /// Who witnessed a refusal.
    #[serde(default)]
    pub witnesses: Vec<Companion>,
    /// Why the notice was not accepted; empty when it was.
    #[serde(default)]
    pub refusal: String,
    /// How the case came out.
    #[serde(default)]
    pub outcome: Option<CaseOutcome>,
    /// 辍学去向: where the child is, where it is decided that it dropped out.
    #[serde(default)]
    pub destination: Option<DropoutDestination>,
    /// 复学安置方式: how a child who returned is placed.
    #[serde(default)]
    pub placement: Option<ReturnPlacement>,
    /// The place and the employer or household, in words.
    #[serde(default)]
    pub place: String,
    /// The step that it does, by its key; empty for the first that such a record does.
    #[serde(default)]
    pub step: String,
    /// The record that this one answers: the notice that was served, the proposal that is confirmed, the record that is
    /// withdrawn.
    #[serde(default)]
    pub of: Option<EntryId>,
}

impl CaseForm {
    /// A form of a kind with nothing else in it.
    #[must_use]
    pub const fn new(kind: CaseRecordKind, on: Day) -> Self {
        Self {
            kind,
            on,
            note: String::new(),
            source: None,
            person: String::new(),
            relation: None,
            number: String::new(),
            office: String::new(),
            method: None,
            servers: Vec::new(),
            witnesses: Vec::new(),
            refusal: String::new(),
            outcome: None,
            destination: None,
            placement: None,
            place: String::new(),
            step: String::new(),
            of: None,
        }
    }

    /// Checks a form that is to be recorded with so many photographed pages.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day, page_count: usize) -> Result<()> {
        use CaseRecordKind as K;
        not_after(today, self.on, "on")?;
        match self.kind {
            K::Opened => {
                self.source.ok_or_else(|| Failure::missing("source"))?;
                filled(&self.note, "note")?;
            }
            K::Assignment => filled(&self.person, "person")?,
            K::Report => filled(&self.office, "office")?,
            // A number is given by the township's office and never invented here (handbook 15).
            K::Notice => {
                filled(&self.number, "number")?;
                filled(&self.office, "office")?;
                filled(&self.person, "person")?;
            }
            K::Service => self.validate_service(page_count)?,
            K::Dropout => {
                self.destination.ok_or_else(|| Failure::missing("destination"))?;
                filled(&self.note, "note")?;
            }
            K::Escalation | K::ClosingRefused | K::Reopened | K::KeptClosed => filled(&self.note, "note")?,
            K::ClosingProposed => {
                self.outcome.ok_or_else(|| Failure::missing("outcome"))?;
                // Evidence: a page, or in words where it lies (handbook 16, rule 7).
                if page_count == 0 {
                    filled(&self.note, "note")?;
                }
            }
            K::Returned | K::ClosingConfirmed | K::Withdrawn => {}
        }
        if matches!(self.kind, K::Service | K::ClosingConfirmed | K::ClosingRefused | K::Withdrawn) {
            self.of.ok_or_else(|| Failure::missing("of"))?;
        }
        // Nothing is dated back without a reason (handbook 4.4).
        if self.on < today.plus_days(-1) {
            filled(&self.note, "note")?;
        }
        for (field, text) in [
            ("note", &self.note),
            ("person", &self.person),
            ("number", &self.number),
            ("office", &self.office),
            ("refusal", &self.refusal),
            ("place", &self.place),
        ] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        if self.servers.len() > PEOPLE_MAX || self.witnesses.len() > PEOPLE_MAX {
            return Err(Failure::invalid("servers", "too_many"));
        }
        Ok(())
    }

    /// Service starts the deadline, and must be provable: signed for, refused before witnesses, or left and photographed
    /// (handbook 0.1 fact 5, 6.4).
    fn validate_service(&self, page_count: usize) -> Result<()> {
        let method = self.method.ok_or_else(|| Failure::missing("method"))?;
        let named = |people: &[Companion]| people.iter().filter(|one| !one.name.trim().is_empty()).count();
        if named(&self.servers) < 2 {
            return Err(Failure::invalid("servers", "two_needed"));
        }
        let refused = !self.refusal.trim().is_empty();
        match method {
            ServiceMethod::Left if page_count == 0 && named(&self.witnesses) < 2 => {
                Err(Failure::invalid("witnesses", "two_or_a_photo"))
            }
            ServiceMethod::Left | ServiceMethod::PublicNotice => Ok(()),
            ServiceMethod::InPerson | ServiceMethod::FamilyMember if refused => {
                Err(Failure::invalid("method", "refused_is_left"))
            }
            ServiceMethod::InPerson | ServiceMethod::FamilyMember | ServiceMethod::Post | ServiceMethod::Electronic => {
                if self.person.trim().is_empty() {
                    return Err(Failure::missing("person"));
                }
                if page_count == 0 {
                    return Err(Failure::missing("page"));
                }
                Ok(())
            }
        }
    }

    /// The step that such a record does.
    #[must_use]
    pub const fn does(&self) -> Option<StepRecord> {
        use CaseRecordKind as K;
        match self.kind {
            K::Assignment => Some(StepRecord::Assignment),
            K::Report => Some(StepRecord::Report),
            K::Notice => Some(StepRecord::Notice),
            K::Service => Some(StepRecord::Service),
            K::Escalation => Some(StepRecord::Escalation),
            K::Returned => Some(StepRecord::Return),
            K::Opened
            | K::Dropout
            | K::ClosingProposed
            | K::ClosingConfirmed
            | K::ClosingRefused
            | K::Reopened
            | K::KeptClosed
            | K::Withdrawn => None,
        }
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: CaseForm,
    /// Absences and visits of the case that its author had seen, where it decides over them.
    pub seen: BTreeSet<EntryId>,
    /// The rule set of the case where it was recorded: `tongjiang-1357@1`.
    pub rule: String,
    /// Who recorded it.
    #[serde(with = "actor_text")]
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Who may record what (handbook 2.3, 3.9, 4.6): a class reports, a school names and reports, an office issues and serves;
/// what is decided over a child is decided above the class.
#[must_use]
pub const fn may_record(role: Role, kind: CaseRecordKind) -> bool {
    use CaseRecordKind as K;
    match kind {
        K::Opened | K::Returned | K::Withdrawn => role.writes_dossiers(),
        K::Assignment
        | K::Report
        | K::Dropout
        | K::ClosingConfirmed
        | K::ClosingRefused
        | K::Reopened
        | K::KeptClosed => decides(role),
        K::Notice | K::Escalation => matches!(role, Role::TownshipOfficer | Role::CountySection),
        // Teachers and cadres go along and serve; the office's number stands on it.
        K::Service | K::ClosingProposed => role.writes_dossiers(),
    }
}

/// Decides over cases: a school's leaders and the offices above.
#[must_use]
pub const fn decides(role: Role) -> bool {
    matches!(role, Role::SchoolLead | Role::Principal | Role::TownshipOfficer | Role::CountySection)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::*;

    fn people(names: &[&str]) -> Vec<Companion> {
        names.iter().map(|name| Companion { name: (*name).to_owned(), duty: String::new() }).collect()
    }

    #[test]
    fn service_that_nobody_can_prove_is_refused() {
        let today = day("2026-11-27");
        let mut form = CaseForm {
            method: Some(ServiceMethod::InPerson),
            person: "石大山".to_owned(),
            servers: people(&["赵敏", "孙干部"]),
            of: Some(EntryId::from_bytes([1; 16])),
            ..CaseForm::new(CaseRecordKind::Service, today)
        };
        assert_eq!(form.validate(today, 0).unwrap_err().facts["field"], "page");
        form.validate(today, 1).unwrap();
        form.refusal = "不签字".to_owned();
        assert_eq!(form.validate(today, 1).unwrap_err().facts["reason"], "refused_is_left");
        form.method = Some(ServiceMethod::Left);
        assert_eq!(form.validate(today, 0).unwrap_err().facts["field"], "witnesses");
        form.witnesses = people(&["钱邻居", "孙干部"]);
        form.validate(today, 0).unwrap();
        form.servers = people(&["赵敏", " "]);
        assert_eq!(form.validate(today, 0).unwrap_err().facts["reason"], "two_needed");
    }

    #[test]
    fn a_step_is_not_dated_back_without_a_reason() {
        let today = day("2026-11-27");
        let form =
            CaseForm { person: "王老师".to_owned(), ..CaseForm::new(CaseRecordKind::Assignment, day("2026-11-25")) };
        assert_eq!(form.validate(today, 0).unwrap_err().facts["field"], "note");
        CaseForm { note: "山里没有信号,当天口头指派".to_owned(), ..form }.validate(today, 0).unwrap();
    }

    #[test]
    fn a_class_teacher_decides_over_no_dropout_and_closes_nothing() {
        assert!(!may_record(Role::ClassTeacher, CaseRecordKind::Dropout));
        assert!(!may_record(Role::ClassTeacher, CaseRecordKind::ClosingConfirmed));
        assert!(may_record(Role::ClassTeacher, CaseRecordKind::ClosingProposed));
        assert!(may_record(Role::Principal, CaseRecordKind::Report));
        assert!(!may_record(Role::Principal, CaseRecordKind::Notice), "the township issues it");
        assert!(!may_record(Role::CountyLead, CaseRecordKind::Returned));
    }
}
