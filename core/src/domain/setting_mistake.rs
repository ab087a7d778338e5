//! What is wrong with a setting of the county: a closed list, each with a sentence in the user interface, so that the person
//! who edits a ladder or a calendar is told where and why.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MistakeCode {
    /// A rule set without an id, or with an `@` in it.
    RuleIdWrong,
    /// A name is missing: of a rule set, a place, a school, a level.
    NameMissing,
    /// A ladder without steps does nothing for a child.
    NoSteps,
    /// A child cannot be a suspected dropout before anything happened.
    SuspectedTooEarly,
    /// Two steps have one key: records could not tell which they do.
    StepTwice,
    /// A step without a key or without words.
    StepWithoutWords,
    /// A step waits for one that does not stand before it.
    StepWaitsForLater,
    /// A step that is due on an earlier day of absence stands after a later one.
    StepsOutOfOrder,
    /// The first day of absence is 1.
    CountZero,
    /// A day of the month is 1 to 31.
    MonthDayWrong,
    /// A new version holds from today at the earliest: what has begun goes on as it began.
    HoldsFromPast,
    /// This name of a rule set is taken.
    RuleSetTwice,
    /// Nothing is different from what holds.
    NothingChanged,
    /// A calendar without a term of the county would be reckoned by defaults.
    NoTerms,
    /// A term without a key.
    TermWithoutKey,
    /// A term ends before it begins.
    TermEndsBeforeItBegins,
    /// Two terms have one key.
    TermTwice,
    /// Two terms of one school, or of the county, overlap.
    TermsOverlap,
    /// A make-up day is a Saturday or a Sunday.
    MakeUpOnWeekday,
    /// A boarding cycle has days at school and days at home, and an end.
    CycleEmpty,
    /// Two boarding cycles of one school overlap.
    CyclesOverlap,
    /// An entry of own days of school transition that sets none.
    TransitionDaysEmpty,
    /// A day of school transition lies before its list is opened, or after the next year's is.
    TransitionDayOutsideYear,
    /// A list is made, handed over, registered by and closed, in this order.
    TransitionDaysOutOfOrder,
    /// Two entries are for one year and stage.
    TransitionDaysTwice,
    /// The school is not in the county.
    SchoolUnknown,
    /// A place code has 6, 9 or 12 digits, and this one's place does not lie in the county.
    OutsideCounty,
    /// Two places have one code.
    PlaceTwice,
    /// Another place of this township has this name.
    NameTaken,
    /// The township is not in the county.
    TownshipUnknown,
    /// A place or school cannot become a part of itself, by any way round.
    MergedIntoItself,
    /// What it is merged into is not in the county, or is of another level.
    MergedIntoUnknown,
    /// A school's code is not empty and has no slash.
    SchoolCodeWrong,
    /// Two schools have one code.
    SchoolTwice,
    /// A class's id says its school, stage, year and number.
    ClassIdWrong,
    /// Two classes have one id.
    ClassTwice,
    /// The county's own entry has another code than 6 digits.
    CountyCodeWrong,
    /// No such list, or no such value in it.
    CodeUnknown,
    /// Two levels of the duty grid have one key.
    LevelTwice,
    /// A line of the duty grid on which nobody answers for children.
    NobodyAnswers,
    /// Rules of evidence that ask for nothing of anybody.
    NothingAsked,
    /// A group that asks something of no status.
    GroupWithoutStatus,
    /// A status stands in two groups: nobody could say what is asked.
    StatusTwice,
    /// A status that asks for proofs without saying which is the "1".
    OneMissing,
    /// Further proofs of no kind.
    ProofsMissing,
    /// Two kinds of proof have one key.
    KindTwice,
    /// A proof stands twice in one list.
    ProofTwice,
    /// A proof that is asked for is no kind.
    KindUnknown,
    /// Further proofs: at least one, and no more than there are kinds to choose from.
    AskedWrong,
    /// A quota of home teaching with a number of nothing.
    QuotaZero,
    /// More than can be meant: half a year between sessions, eight periods a session, three hours a period.
    QuotaTooLarge,
    /// Half a year asks for fewer periods than one session has.
    QuotaContradicts,
    /// A proof cannot count as expiring more than half a year before its end: it would as soon as it is there.
    WarnedTooEarly,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SettingMistake {
    /// What.
    pub code: MistakeCode,
    /// The step, term, day, place or school that it is about: its key.
    pub at: String,
}

impl SettingMistake {
    /// A mistake at a key.
    #[must_use]
    pub fn new(code: MistakeCode, at: impl ToString) -> Self {
        Self { code, at: at.to_string() }
    }
}

impl std::fmt::Display for SettingMistake {
    /// `steps_out_of_order: name_person`, as the command line tells it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = serde_json::to_value(self.code).unwrap_or_default();
        write!(f, "{}: {}", code.as_str().unwrap_or_default(), self.at)
    }
}
