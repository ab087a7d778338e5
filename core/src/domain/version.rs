//! Rules of which a county adds versions and never changes one: ladders, what evidence asks for, the quota of home teaching.

use std::collections::BTreeSet;

use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;

/// A version of rules.
pub trait Versioned: Sized + PartialEq {
    /// Names the rules: `tongjiang-1357`.
    fn id(&self) -> &str;
    /// Counts up.
    fn number(&self) -> u32;
    /// Tells two versions of one number apart that two people made without knowing of each other: six hex digits, drawn when
    /// the version is made. Empty for what the county began with.
    fn edition(&self) -> &str;
    /// It holds on and after this day.
    fn holds_from(&self) -> Day;
    /// What it says alone: without number, edition, first day and source.
    #[must_use]
    fn bare(&self) -> Self;

    /// The same rules, maybe under another name or from another day: an edit that changes nothing.
    fn says_the_same(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }

    /// Names this version: `tongjiang-1357@1`, or `tongjiang-1357@2-3f2a91` for one that was made by an edit.
    fn version_name(&self) -> String {
        let dash = if self.edition().is_empty() { "" } else { "-" };
        format!("{}@{}{dash}{}", self.id(), self.number(), self.edition())
    }
}

/// Rules whose fields are named as these all are: `id`, `version`, `edition`, `holds_from`, `source`.
macro_rules! versioned {
    ($rules:ty) => {
        impl $crate::domain::version::Versioned for $rules {
            fn id(&self) -> &str {
                &self.id
            }
            fn number(&self) -> u32 {
                self.version
            }
            fn edition(&self) -> &str {
                &self.edition
            }
            fn holds_from(&self) -> $crate::domain::time::Day {
                self.holds_from
            }
            fn bare(&self) -> Self {
                Self {
                    version: 0,
                    edition: String::new(),
                    holds_from: $crate::domain::time::Day::EARLIEST,
                    source: String::new(),
                    ..self.clone()
                }
            }
        }
    };
}
pub(crate) use versioned;

/// What holds over what: the last first day, then the greatest number, id and digits; the same on every device.
fn order<T: Versioned>(version: &T) -> (Day, u32, &str, &str) {
    (version.holds_from(), version.number(), version.id(), version.edition())
}

/// The version that holds on a day: the last that began until then; of none the earliest there is.
#[must_use]
pub fn in_force<T: Versioned>(versions: &[T], on: Day) -> Option<&T> {
    let until = versions.iter().filter(|version| version.holds_from() <= on);
    until.max_by_key(|version| order(*version)).or_else(|| versions.iter().min_by_key(|version| order(*version)))
}

/// The versions that hold at some time, in the order of their first days: of several that begin on one day the one that holds.
#[must_use]
pub fn holding<T: Versioned>(versions: &[T]) -> Vec<&T> {
    let mut sorted: Vec<&T> = versions.iter().collect();
    sorted.sort_by(|one, other| order(*other).cmp(&order(*one)));
    sorted.dedup_by_key(|version| version.holds_from());
    sorted.reverse();
    sorted
}

/// What is wrong with the versions of a county: two under one name.
#[must_use]
pub fn mistakes<T: Versioned>(versions: &[T]) -> Vec<SettingMistake> {
    let mut names = BTreeSet::new();
    let names = versions.iter().map(Versioned::version_name).filter(|name| !names.insert(name.clone()));
    names.map(|name| SettingMistake::new(MistakeCode::RuleSetTwice, name)).collect()
}

/// What is wrong with another version besides what it says: it would have held already, or changes nothing.
#[must_use]
pub fn mistakes_of_next<T: Versioned>(versions: &[T], next: &T, today: Day) -> Vec<SettingMistake> {
    let mut mistakes = Vec::new();
    if next.holds_from() < today {
        mistakes.push(SettingMistake::new(MistakeCode::HoldsFromPast, next.holds_from()));
    }
    if in_force(versions, next.holds_from()).is_some_and(|held| held.says_the_same(next)) {
        mistakes.push(SettingMistake::new(MistakeCode::NothingChanged, next.version_name()));
    }
    mistakes
}

/// The number and the edition of the next version under an id: the first of an id has no edition.
#[must_use]
pub fn next<T: Versioned>(versions: &[T], id: &str, edition: &str) -> (u32, String) {
    let last = versions.iter().filter(|other| other.id() == id).map(Versioned::number).max();
    last.map_or_else(|| (1, String::new()), |last| (last.saturating_add(1), edition.to_owned()))
}
