//! Danger to a child (强制报告, Law on the Protection of Minors, article 11(2); handbook 6.6): a report that a person who works
//! with children must make at once, and what the school does about it.
//!
//! It lies in a document of its own kind, the restricted annex, and in no dossier: few may see it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::Actor;
use super::code_list::{DangerKind, DangerStep};
use super::form_check::{filled, not_after};
use super::identifier::{DocumentId, EntryId};
use super::role::Role;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerForm {
    /// What it looks like.
    pub kinds: Vec<DangerKind>,
    /// The child is in danger now.
    pub now: bool,
    /// What was seen and heard, in the words of those who said it.
    pub seen: String,
    /// Where the child is now and who is with it.
    #[serde(default)]
    pub whereabouts: String,
    /// The day on which it was seen.
    pub on: Day,
}

impl DangerForm {
    /// Checks a report. It asks for little: a report that is put off protects nobody.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day) -> Result<()> {
        if self.kinds.is_empty() {
            return Err(Failure::missing("kinds"));
        }
        filled(&self.seen, "seen")?;
        not_after(today, self.on, "on")?;
        for (field, text) in [("seen", &self.seen), ("whereabouts", &self.whereabouts)] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        Ok(())
    }
}

/// What was done about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerStepForm {
    /// What.
    pub step: DangerStep,
    /// The day.
    pub on: Day,
    /// Who was spoken to; what was agreed; why it is closed.
    #[serde(default)]
    pub note: String,
}

impl DangerStepForm {
    /// Checks a step.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day) -> Result<()> {
        not_after(today, self.on, "on")?;
        if self.note.chars().count() > TEXT_CHARS_MAX {
            return Err(Failure::invalid("note", "too_long"));
        }
        // Whom one spoke to makes it provable; why it is over protects the child from being forgotten.
        if self.step != DangerStep::Read {
            filled(&self.note, "note")?;
        }
        Ok(())
    }
}

/// A step with who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DangerEntry {
    /// Its key.
    pub entry: EntryId,
    /// What.
    pub form: DangerStepForm,
    /// Who.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A restricted annex as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annex {
    /// The dossier of the child.
    pub about: Option<DocumentId>,
    /// What was reported; none where the annex has not come whole.
    pub report: Option<(DangerForm, Actor, Timestamp)>,
    /// What was done, in the order of its keys.
    pub steps: Vec<DangerEntry>,
}

impl Annex {
    /// Whether somebody must act: a report that nobody has closed, or one that was opened again since.
    #[must_use]
    pub fn is_open(&self) -> bool {
        // Two people who closed it and kept it open apart: open, since that keeps people looking.
        let last =
            self.steps.iter().rev().find(|step| matches!(step.form.step, DangerStep::Closed | DangerStep::Reopened));
        last.is_none_or(|step| step.form.step == DangerStep::Reopened)
    }

    /// Whether anybody has told the police or another office.
    #[must_use]
    pub fn is_passed_on(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.form.step, DangerStep::Police | DangerStep::Bureau | DangerStep::CivilAffairs))
    }
}

/// Who sees restricted annexes of the scope: the principal, to whom a report goes (handbook 6.6), and the county's section,
/// which answers when a principal does not. Nobody else, whoever wrote them.
#[must_use]
pub const fn sees(role: Role) -> bool {
    matches!(role, Role::Principal | Role::CountySection)
}

/// Who reports: whoever works with children (article 11(2) names all staff).
#[must_use]
pub const fn reports(role: Role) -> bool {
    role.writes_dossiers()
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::*;

    fn step(number: u8, step: DangerStep) -> DangerEntry {
        let form = DangerStepForm { step, on: day("2026-11-24"), note: "派出所张警官".to_owned() };
        let entry = EntryId::from_bytes([number; 16]);
        DangerEntry { entry, form, actor: vec![1], at: Timestamp::default() }
    }

    #[test]
    fn a_report_needs_only_what_was_seen() {
        let today = day("2026-11-24");
        let form = DangerForm {
            kinds: vec![DangerKind::Violence],
            now: true,
            seen: "手臂有新旧瘀伤,孩子说是摔的".to_owned(),
            whereabouts: String::new(),
            on: today,
        };
        form.validate(today).unwrap();
        let nothing = DangerForm { seen: " ".to_owned(), ..form.clone() };
        assert_eq!(nothing.validate(today).unwrap_err().facts["field"], "seen");
        assert_eq!(DangerForm { kinds: vec![], ..form }.validate(today).unwrap_err().facts["field"], "kinds");
    }

    #[test]
    fn a_report_is_open_until_somebody_closes_it_with_a_reason() {
        let mut annex = Annex::default();
        assert!(annex.is_open() && !annex.is_passed_on());
        annex.steps = vec![step(1, DangerStep::Read), step(2, DangerStep::Police)];
        assert!(annex.is_open() && annex.is_passed_on());
        annex.steps.push(step(3, DangerStep::Closed));
        assert!(!annex.is_open());
        annex.steps.push(step(4, DangerStep::Reopened));
        assert!(annex.is_open());
        let silent = DangerStepForm { step: DangerStep::Closed, on: day("2026-11-24"), note: String::new() };
        assert_eq!(silent.validate(day("2026-11-24")).unwrap_err().facts["field"], "note");
    }

    #[test]
    fn the_principal_and_the_county_see_it_and_nobody_else() {
        let seeing: Vec<Role> = Role::ALL.iter().copied().filter(|role| sees(*role)).collect();
        assert_eq!(seeing, [Role::Principal, Role::CountySection]);
        assert!(reports(Role::VillageCadre) && reports(Role::SubjectTeacher));
    }
}
