//! The ladder (1357 and its relatives, handbook 4) as data: which step falls to whom when, and what proves it.
//!
//! A rule set is an entry of the county document. A version that a case began under is never changed: a county that
//! changes its ladder adds a version with the day from which it holds.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::SchoolDays;
use super::role::Role;
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::version::{self, Versioned, versioned};

/// A rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleSet {
    /// `tongjiang-1357`
    pub id: String,
    /// Counts up.
    pub version: u32,
    /// Tells two versions of one number apart that two people made without knowing of each other: six hex digits, drawn when
    /// the version is made. Empty for what the county began with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edition: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// Cases that begin on or after this day begin under it.
    pub holds_from: Day,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// How days are counted.
    pub counting: Counting,
    /// From so many counted days on a child is a suspected dropout (handbook 3.9).
    pub suspected_at: u32,
    /// After so many calendar days a person is asked to decide whether this is a dropout; never more than asked.
    #[serde(default)]
    pub dropout_asked_after_days: Option<u32>,
    /// Calendar days that a child who is back is watched (巩固期, handbook 4.6).
    pub settling_days: u32,
    /// The steps, in the order in which screens show them.
    pub steps: Vec<RuleStep>,
}

/// How days are counted (handbook 4.2, each question a switch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Counting {
    /// School days or calendar days.
    pub unit: DayUnit,
    /// A half day without excuse counts as one.
    #[serde(default)]
    pub half_days_count: bool,
    /// A whole day back begins the count anew.
    #[serde(default = "yes")]
    pub resets_on_return: bool,
    /// What a school day means of which nobody recorded anything, while a child is missing.
    #[serde(default)]
    pub silent_day: SilentDay,
    /// So many days back the days without excuse are counted together, resets or not.
    #[serde(default = "thirty")]
    pub window_days: u32,
    /// So many of them are pointed out.
    #[serde(default = "five")]
    pub window_flag_at: u32,
}

const fn yes() -> bool {
    true
}
const fn thirty() -> u32 {
    30
}
const fn five() -> u32 {
    5
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DayUnit {
    /// 上课日, of the child's school.
    SchoolDays,
    /// 工作日
    WorkingDays,
    /// 自然日
    CalendarDays,
}

/// A day of which nobody recorded anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SilentDay {
    /// A child who is missing stays missing until somebody records the return: a forgotten roll hides nobody.
    #[default]
    StillAbsent,
    /// Only days on which an absence was recorded count.
    Present,
}

/// A step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleStep {
    /// Names it for good: records refer to it.
    pub key: String,
    /// What is to be done, in Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// Whose turn it is.
    pub owner: Role,
    /// What makes it due.
    pub trigger: Trigger,
    /// How long there is time from the trigger's day.
    pub within: Within,
    /// What record does it.
    pub done_by: StepRecord,
    /// What an inspector asks for.
    #[serde(default)]
    pub evidence: Vec<EvidenceAsked>,
}

/// What makes a step due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "on")]
#[ts(export)]
pub enum Trigger {
    /// The n-th counted day of absence.
    AbsentDays {
        /// n
        count: u32,
    },
    /// So many calendar days after the child went missing.
    CaseAge {
        /// Days.
        days: u32,
    },
    /// The next such day of a month, the last of a shorter one: a monthly list.
    MonthDay {
        /// 1 to 31.
        day: u8,
    },
    /// Another step has been done.
    StepDone {
        /// Its key.
        step: String,
    },
    /// A person who may has decided that the child has dropped out.
    DropoutConfirmed,
    /// The notice was served: the deadline is for the family, and what follows it for the owner.
    NoticeServed,
    /// The child is back, so many calendar days ago.
    AfterReturn {
        /// Days.
        days: u32,
    },
}

/// How long there is time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Within {
    /// Days after the trigger's day, which is not counted; 0: on that very day.
    pub days: u32,
    /// Of this kind.
    pub unit: DayUnit,
    /// A last day on which offices are closed moves to the next working day (handbook 4.2).
    #[serde(default)]
    pub rolls: bool,
}

impl Within {
    /// The last day.
    #[must_use]
    pub fn due(self, from: Day, days: &SchoolDays) -> Day {
        let last = match self.unit {
            DayUnit::SchoolDays => days.plus_school_days(from, self.days),
            DayUnit::WorkingDays => days.plus_working_days(from, self.days),
            DayUnit::CalendarDays => from.plus_days(i32::try_from(self.days).unwrap_or(i32::MAX)),
        };
        if self.rolls { days.working_day_from(last) } else { last }
    }
}

/// What record does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum StepRecord {
    /// A contact with the family: a visit or a call.
    Contact,
    /// Who was named to persuade.
    Assignment,
    /// The written report.
    Report,
    /// The return notice.
    Notice,
    /// Its service.
    Service,
    /// What was done after the deadline had passed: an order, a lawsuit.
    Escalation,
    /// The registration of the return.
    Return,
}

/// What an inspector asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EvidenceAsked {
    /// The log of a call or a visit.
    ContactLog,
    /// Who was named, and when.
    Assignment,
    /// The report with date, sender and receiver.
    WrittenReport,
    /// The notice with its number and date.
    Letter,
    /// The receipt: signed, or refused before witnesses.
    ServiceReceipt,
    /// The photographed page.
    Page,
    /// The registration with the class.
    ReturnRegistration,
}

/// The ladder of the county of the seed, with the handbook's defaults (4.2): what holds where a county has none.
const DEFAULT_RULES: &str = include_str!("rules/tongjiang-1357.json");

impl RuleSet {
    /// The rule set that holds where the county has none.
    #[must_use]
    pub fn default_rules() -> Option<Self> {
        serde_json::from_str(DEFAULT_RULES).ok()
    }

    /// Names this version: `tongjiang-1357@1`, or `tongjiang-1357@2-3f2a91` for one that was made by an edit.
    #[must_use]
    pub fn name(&self) -> String {
        self.version_name()
    }

    /// A step by its key.
    #[must_use]
    pub fn step(&self, key: &str) -> Option<&RuleStep> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// What makes it unusable; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let mut add = |code, at: &str| mistakes.push(SettingMistake::new(code, at));
        let name = self.name();
        if self.id.trim().is_empty() || self.id.contains('@') {
            add(MistakeCode::RuleIdWrong, &name);
        }
        if self.zh.trim().is_empty() {
            add(MistakeCode::NameMissing, &name);
        }
        if self.suspected_at == 0 {
            add(MistakeCode::SuspectedTooEarly, &name);
        }
        if self.steps.is_empty() {
            add(MistakeCode::NoSteps, &name);
        }
        let mut absent_days = 0;
        for (place, step) in self.steps.iter().enumerate() {
            if step.key.trim().is_empty() || step.zh.trim().is_empty() {
                add(MistakeCode::StepWithoutWords, &step.key);
            }
            if self.steps.iter().take(place).any(|other| other.key == step.key) {
                add(MistakeCode::StepTwice, &step.key);
            }
            match &step.trigger {
                Trigger::AbsentDays { count: 0 } => add(MistakeCode::CountZero, &step.key),
                Trigger::AbsentDays { count } if *count < absent_days => add(MistakeCode::StepsOutOfOrder, &step.key),
                Trigger::AbsentDays { count } => absent_days = *count,
                // A step may only wait for one that stands before it: so none waits for itself.
                Trigger::StepDone { step: other } => {
                    if !self.steps.iter().take(place).any(|before| before.key == *other) {
                        add(MistakeCode::StepWaitsForLater, &step.key);
                    }
                }
                Trigger::MonthDay { day } if !(1..=31).contains(day) => add(MistakeCode::MonthDayWrong, &step.key),
                Trigger::MonthDay { .. }
                | Trigger::CaseAge { .. }
                | Trigger::DropoutConfirmed
                | Trigger::NoticeServed
                | Trigger::AfterReturn { .. } => {}
            }
        }
        mistakes
    }
}

versioned!(RuleSet);

/// The rule set for a case that began on `opened`: the last that held on that day; of none the earliest there is.
#[must_use]
pub fn in_force(rules: &[RuleSet], opened: Day) -> Option<&RuleSet> {
    version::in_force(rules, opened)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::{calendar, day};
    use super::*;

    #[test]
    fn the_default_ladder_is_that_of_the_seed() {
        let rules = RuleSet::default_rules().unwrap();
        assert_eq!(rules.mistakes(), Vec::new());
        let days: Vec<(&str, u32, Role)> = rules
            .steps
            .iter()
            .filter_map(|step| match step.trigger {
                Trigger::AbsentDays { count } => Some((step.key.as_str(), count, step.owner)),
                _ => None,
            })
            .collect();
        assert_eq!(
            days,
            [
                ("persuade", 1, Role::ClassTeacher),
                ("name_person", 3, Role::SchoolLead),
                ("report_township", 5, Role::Principal)
            ]
        );
        assert_eq!(rules.suspected_at, 3);
        assert_eq!(rules.settling_days, 30);
    }

    #[test]
    fn the_seven_are_calendar_days_after_service_and_roll_over_a_holiday() {
        let days = calendar().of_school(None);
        let within = RuleSet::default_rules().unwrap().step("return_deadline").unwrap().within;
        assert_eq!(within.due(day("2026-11-30"), &days), day("2026-12-07"), "the day after service is day 1");
        assert_eq!(within.due(day("2026-09-24"), &days), day("2026-10-08"), "1 October is a holiday");
        assert_eq!(within.due(day("2026-10-03"), &days), day("2026-10-10"), "the Saturday is made up for");
    }

    #[test]
    fn a_case_begins_under_what_held_on_its_day() {
        let old = RuleSet::default_rules().unwrap();
        let new = RuleSet { version: 2, holds_from: day("2026-11-01"), ..old.clone() };
        let rules = [new.clone(), old.clone()];
        assert_eq!(in_force(&rules, day("2026-10-31")).unwrap().version, 1);
        assert_eq!(in_force(&rules, day("2026-11-01")).unwrap().version, 2);
        assert_eq!(in_force(&rules, day("1999-01-01")).unwrap().version, 1, "rather the earliest than none");
    }

    #[test]
    fn a_step_that_waits_for_itself_is_refused() {
        let mut rules = RuleSet::default_rules().unwrap();
        rules.steps[0].trigger = Trigger::StepDone { step: rules.steps[0].key.clone() };
        assert_eq!(rules.mistakes(), [SettingMistake::new(MistakeCode::StepWaitsForLater, "persuade")]);
    }

    #[test]
    fn a_ladder_whose_steps_are_out_of_order_is_refused_with_the_step_named() {
        let mut rules = RuleSet::default_rules().unwrap();
        rules.steps[0].trigger = Trigger::AbsentDays { count: 4 };
        assert_eq!(rules.mistakes(), [SettingMistake::new(MistakeCode::StepsOutOfOrder, "name_person")]);
        rules.steps.clear();
        assert_eq!(rules.mistakes()[0].code, MistakeCode::NoSteps);
    }

    #[test]
    fn two_versions_of_one_number_have_names_of_their_own() {
        let old = RuleSet::default_rules().unwrap();
        let edited = |edition: &str| RuleSet { version: 2, edition: edition.to_owned(), ..old.clone() };
        assert_eq!(old.name(), "tongjiang-1357@1");
        assert_ne!(edited("3f2a91").name(), edited("b00c11").name());
        assert!(edited("3f2a91").says_the_same(&old));
    }
}
