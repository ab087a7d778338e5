//! What is recorded of a village and of no child: how far it is, and the county's working method (一查二清三建四严五保) as a
//! checklist, whose items the county fills in (handbook 3.2, 17.3).
//!
//! It lies in a document of the village (kind `place`), which those who answer for the village write, also offline. Entries
//! are only added.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::form_check::not_after;
use super::identifier::{DocumentId, EntryId, Hash32};
use super::place::PlaceCode;
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 300;
/// The longest walk that is believed, in minutes: two days.
const WALK_MINUTES_MAX: u32 = 2 * 24 * 60;
/// The longest way that is believed, in metres: across the largest county and back.
const DISTANCE_M_MAX: u32 = 500_000;

/// What is told apart of all documents of villages: never changed, since ids are made from it.
const ID_PREFIX: &str = "jiafang place 1 ";

/// The document of a village: the same id everywhere, so that two tablets without signal write one document. It is made from the
/// code, which is public, and tells of no person.
#[must_use]
pub fn document_of(village: &PlaceCode) -> DocumentId {
    let hash = Hash32::of(format!("{ID_PREFIX}{village}").as_bytes());
    let mut bytes = [0_u8; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(hash.0) {
        *byte = of_hash;
    }
    DocumentId::from_bytes(bytes)
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum VillageWhat {
    /// How far the village is.
    Road,
    /// An item of the checklist.
    Item,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VillageForm {
    /// What it is about.
    pub what: VillageWhat,
    /// The day.
    pub on: Day,
    /// On foot from the school or the township's seat, in minutes.
    #[serde(default)]
    pub walk_minutes: Option<u32>,
    /// By the road, in metres.
    #[serde(default)]
    pub distance_m: Option<u32>,
    /// The key of the item.
    #[serde(default)]
    pub item: String,
    /// It is done; else it is not, or not any more.
    #[serde(default)]
    pub done: bool,
    /// What there is to say: of the road, of how it was done.
    #[serde(default)]
    pub note: String,
}

impl VillageForm {
    /// Checks a form; `items` are the keys of the county's items.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, today: Day, items: &BTreeSet<&str>) -> Result<()> {
        not_after(today, self.on, "on")?;
        match self.what {
            VillageWhat::Road => {
                if self.walk_minutes.is_none() && self.distance_m.is_none() && self.note.trim().is_empty() {
                    return Err(Failure::missing("walkMinutes"));
                }
                if self.walk_minutes.is_some_and(|minutes| minutes > WALK_MINUTES_MAX) {
                    return Err(Failure::invalid("walkMinutes", "out_of_range"));
                }
                if self.distance_m.is_some_and(|metres| metres > DISTANCE_M_MAX) {
                    return Err(Failure::invalid("distanceM", "out_of_range"));
                }
            }
            VillageWhat::Item => {
                if !items.contains(self.item.as_str()) {
                    return Err(Failure::invalid("item", "unknown"));
                }
            }
        }
        if self.note.chars().count() > NOTE_CHARS_MAX {
            return Err(Failure::invalid("note", "too_long"));
        }
        Ok(())
    }

    /// What the entry stands beside: the road, or one item.
    fn subject(&self) -> Option<&str> {
        match self.what {
            VillageWhat::Road => None,
            VillageWhat::Item => Some(&self.item),
        }
    }
}

/// An entry with who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VillageEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: VillageForm,
    /// Entries of its subject that its author had seen: it stands in their place.
    pub seen: BTreeSet<EntryId>,
    /// Who.
    #[serde(with = "actor_text")]
    pub actor: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What stands of a village.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VillageWork {
    /// How far it is: what counts first; more than one when people wrote apart.
    pub road: Vec<VillageEntry>,
    /// By item.
    pub items: BTreeMap<String, Vec<VillageEntry>>,
}

impl VillageWork {
    /// Folds entries: of each subject those that none which knew them has replaced, the latest day first, then the greater key.
    #[must_use]
    pub fn of(entries: Vec<VillageEntry>) -> Self {
        let replaced: BTreeSet<EntryId> = entries.iter().flat_map(|entry| entry.seen.iter().copied()).collect();
        let mut work = Self::default();
        for entry in entries {
            if replaced.contains(&entry.entry) {
                continue;
            }
            match entry.form.subject() {
                None => work.road.push(entry),
                Some(item) => work.items.entry(item.to_owned()).or_default().push(entry),
            }
        }
        for standing in std::iter::once(&mut work.road).chain(work.items.values_mut()) {
            standing.sort_by_key(|entry| std::cmp::Reverse((entry.form.on, entry.entry)));
        }
        work
    }

    /// What stands of a subject.
    #[must_use]
    pub fn standing(&self, form: &VillageForm) -> BTreeSet<EntryId> {
        let entries = match form.subject() {
            None => &self.road,
            Some(item) => return self.item(item).iter().map(|entry| entry.entry).collect(),
        };
        entries.iter().map(|entry| entry.entry).collect()
    }

    /// What stands of an item.
    #[must_use]
    pub fn item(&self, key: &str) -> &[VillageEntry] {
        self.items.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether an item is done: while people differ it is not, which keeps somebody at it.
    #[must_use]
    pub fn is_done(&self, key: &str) -> bool {
        let standing = self.item(key);
        !standing.is_empty() && standing.iter().all(|entry| entry.form.done)
    }

    /// Whether people who did not know of each other say different things of an item.
    #[must_use]
    pub fn differs(&self, key: &str) -> bool {
        let standing = self.item(key);
        standing.iter().any(|entry| entry.form.done) && standing.iter().any(|entry| !entry.form.done)
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::example::day;
    use super::*;

    fn key(number: u8) -> EntryId {
        EntryId::from_bytes([number; 16])
    }

    fn tick(number: u8, on: &str, done: bool, seen: &[u8]) -> VillageEntry {
        let form = VillageForm {
            what: VillageWhat::Item,
            on: day(on),
            walk_minutes: None,
            distance_m: None,
            item: "a".to_owned(),
            done,
            note: String::new(),
        };
        let seen = seen.iter().copied().map(key).collect();
        VillageEntry { entry: key(number), form, seen, actor: vec![number], at: Timestamp::default() }
    }

    #[test]
    fn the_document_of_a_village_is_the_same_on_every_tablet_and_may_never_change() {
        let village = PlaceCode::parse("999999101001").unwrap();
        assert_eq!(document_of(&village).to_string(), "a61bb24c-c42b-9fa5-77e5-ada447e48a9e");
        assert_ne!(document_of(&village), document_of(&PlaceCode::parse("999999101002").unwrap()));
    }

    #[test]
    fn an_item_is_done_when_whoever_knew_all_says_so_and_undone_again_likewise() {
        let entries = vec![tick(1, "2026-11-20", true, &[])];
        assert!(VillageWork::of(entries.clone()).is_done("a"));
        let undone = vec![entries[0].clone(), tick(2, "2026-11-21", false, &[1])];
        let work = VillageWork::of(undone);
        assert!(!work.is_done("a") && !work.differs("a"));
        assert!(!VillageWork::default().is_done("a"));
    }

    #[test]
    fn two_who_say_different_things_of_an_item_both_stand_and_it_is_not_done_in_any_order() {
        let entries =
            [tick(1, "2026-11-20", true, &[]), tick(2, "2026-11-21", false, &[]), tick(3, "2026-11-19", true, &[])];
        for turn in 0..3 {
            let mut turned = entries.to_vec();
            turned.rotate_left(turn);
            let work = VillageWork::of(turned);
            assert!(work.differs("a") && !work.is_done("a"));
            let order: Vec<EntryId> = work.item("a").iter().map(|entry| entry.entry).collect();
            assert_eq!(order, [key(2), key(1), key(3)]);
        }
    }

    #[test]
    fn a_tick_of_no_item_and_a_road_of_nothing_are_refused() {
        let today = day("2026-11-24");
        let items = BTreeSet::from(["a"]);
        let form = tick(1, "2026-11-24", true, &[]).form;
        form.validate(today, &items).unwrap();
        let field = |form: VillageForm| form.validate(today, &items).unwrap_err().facts["field"].clone();
        assert_eq!(field(VillageForm { item: "b".to_owned(), ..form.clone() }), "item");
        assert_eq!(field(VillageForm { on: day("2026-11-25"), ..form.clone() }), "on");
        assert_eq!(field(VillageForm { note: "长".repeat(301), ..form.clone() }), "note");
        let road = VillageForm { what: VillageWhat::Road, item: String::new(), ..form };
        assert_eq!(field(road.clone()), "walkMinutes");
        assert_eq!(field(VillageForm { walk_minutes: Some(9_999), ..road.clone() }), "walkMinutes");
        assert_eq!(field(VillageForm { distance_m: Some(999_999), ..road.clone() }), "distanceM");
        VillageForm { walk_minutes: Some(95), distance_m: Some(7_500), ..road }.validate(today, &items).unwrap();
    }
}
