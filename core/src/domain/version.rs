//! Rules of which a county adds versions and never changes one: ladders, what evidence asks for, the quota of home teaching.

use super::time::Day;

/// A version of rules.
pub trait Versioned {
    /// Names the rules: `tongjiang-1357`.
    fn id(&self) -> &str;
    /// Counts up.
    fn number(&self) -> u32;
    /// Tells two versions of one number apart that two people made without knowing of each other: six hex digits, drawn when
    /// the version is made. Empty for what the county began with.
    fn edition(&self) -> &str;
    /// It holds on and after this day.
    fn holds_from(&self) -> Day;

    /// Names this version: `tongjiang-1357@1`, or `tongjiang-1357@2-3f2a91` for one that was made by an edit.
    fn version_name(&self) -> String {
        let dash = if self.edition().is_empty() { "" } else { "-" };
        format!("{}@{}{dash}{}", self.id(), self.number(), self.edition())
    }
}

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

/// The number and the edition of the next version under an id: the first of an id has no edition.
#[must_use]
pub fn next<T: Versioned>(versions: &[T], id: &str, edition: &str) -> (u32, String) {
    let last = versions.iter().filter(|other| other.id() == id).map(Versioned::number).max();
    last.map_or_else(|| (1, String::new()), |last| (last.saturating_add(1), edition.to_owned()))
}
