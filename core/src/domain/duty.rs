//! The duty grid (双线八包, handbook 2): who answers for which place, class and child, on two lines. Lines, levels and names
//! are the county's to change: six heads here are seven there, eight bindings three (handbook 2.2).
//!
//! **A duty is no right to read.** Who may see and write what is the register's; a binding names who is answerable, with or
//! without a device. Entries are only ever added: a binding names those that its author knew and replaces, a person who
//! leaves is handed over by one entry, and that is taken back by another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::identifier::{DocumentId, EntryId, PersonId};
use super::place::{ClassId, PlaceCode, SchoolCode, Scope};
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;

/// One of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DutyLine {
    /// 政府线
    Government,
    /// 教育线
    Education,
}

impl DutyLine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Government, Self::Education];
}

/// What a level binds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DutyReach {
    /// A township, or on the education line a school zone: the schools of a township.
    Township,
    /// A village.
    Village,
    /// A villager group (社).
    Group,
    /// A school.
    School,
    /// A class; a child of it may have another person.
    Class,
}

/// A level of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DutyLevel {
    /// Names it for good: bindings refer to it.
    pub key: String,
    /// On which line.
    pub line: DutyLine,
    /// Who: 村长.
    pub who_zh: String,
    /// Who, in English.
    pub who_en: String,
    /// For what: 包社.
    pub what_zh: String,
    /// For what, in English.
    pub what_en: String,
    /// What is bound.
    pub reach: DutyReach,
    /// Who is bound here answers for each child: shown with the child, the nearest first, and missed where nobody is.
    pub answers_for_children: bool,
}

/// How the grid is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DutySettings {
    /// The levels of both lines, each line from the top.
    pub levels: Vec<DutyLevel>,
    /// More children than this for one person are pointed out.
    pub children_per_person_max: u32,
}

/// The county of the seed: eight bindings (handbook 2.1).
const DEFAULT_SETTINGS: &str = include_str!("rules/duty-eight.json");

impl DutySettings {
    /// What holds where the county has none.
    #[must_use]
    pub fn default_settings() -> Option<Self> {
        serde_json::from_str(DEFAULT_SETTINGS).ok()
    }

    /// A level by its key.
    #[must_use]
    pub fn level(&self, key: &str) -> Option<&DutyLevel> {
        self.levels.iter().find(|level| level.key == key)
    }

    /// The levels whose people answer for children, the nearest to the child first.
    pub fn answering(&self, line: DutyLine) -> impl Iterator<Item = &DutyLevel> {
        self.levels.iter().rev().filter(move |level| level.line == line && level.answers_for_children)
    }

    /// What makes it unusable; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        for (place, level) in self.levels.iter().enumerate() {
            if level.key.trim().is_empty() || level.who_zh.trim().is_empty() {
                mistakes.push(SettingMistake::new(MistakeCode::NameMissing, &level.key));
            }
            if self.levels.iter().take(place).any(|other| other.key == level.key) {
                mistakes.push(SettingMistake::new(MistakeCode::LevelTwice, &level.key));
            }
        }
        for line in DutyLine::ALL {
            if self.answering(line).next().is_none() {
                let at = serde_json::to_value(line).unwrap_or_default();
                mistakes.push(SettingMistake::new(MistakeCode::NobodyAnswers, at.as_str().unwrap_or_default()));
            }
        }
        if self.children_per_person_max == 0 {
            mistakes.push(SettingMistake::new(MistakeCode::CountZero, "children_per_person_max"));
        }
        mistakes
    }
}

/// A person who answers: with a device, as the register knows, or without one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DutyPerson {
    /// As the register knows the person; none: known by the name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The name.
    pub name: String,
    /// A phone number; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

impl DutyPerson {
    /// What tells this person from another: the register's id, or the name with the phone.
    #[must_use]
    pub fn key(&self) -> String {
        self.person.map_or_else(|| format!("{}/{}", self.name.trim(), self.phone.trim()), |id| id.to_string())
    }
}

/// What is bound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[ts(export)]
pub enum DutyScope {
    /// A township or a village.
    Place {
        /// Its code.
        code: PlaceCode,
    },
    /// A villager group.
    Group {
        /// Its village.
        village: PlaceCode,
        /// 3社
        group: String,
    },
    /// A school.
    School {
        /// Its code.
        code: SchoolCode,
    },
    /// A class.
    Class {
        /// Its id.
        id: ClassId,
    },
    /// One child: such a binding lies in the child's dossier and moves with it.
    Child {
        /// The dossier.
        document: DocumentId,
    },
}

impl DutyScope {
    /// The scope by which the register says who may write it; none for a child, whose dossier has rights of its own.
    #[must_use]
    pub fn register_scope(&self) -> Option<Scope> {
        match self {
            Self::Place { code } | Self::Group { village: code, .. } => Some(Scope::Place(code.clone())),
            Self::School { code } => Some(Scope::School(code.clone())),
            Self::Class { id } => Some(Scope::Class(id.clone())),
            Self::Child { .. } => None,
        }
    }
}

/// What an entry of the grid says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DutyForm {
    /// Somebody answers for something from a day on, or nobody any more.
    Bind {
        /// The level.
        level: String,
        /// What.
        scope: DutyScope,
        /// Who; none: nobody.
        person: Option<DutyPerson>,
        /// From this day on.
        from: Day,
    },
    /// All that one person answers for within a scope goes to another.
    Handover {
        /// Who leaves.
        from: DutyPerson,
        /// Who takes over.
        to: DutyPerson,
        /// Within this scope of the register.
        within: Scope,
        /// From this day on.
        on: Day,
        /// Why.
        reason: String,
    },
    /// A hand-over is taken back.
    Undo {
        /// It.
        of: EntryId,
        /// Why.
        reason: String,
    },
}

/// An entry with what its author knew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyEntry {
    /// Its key.
    pub entry: EntryId,
    /// What it says.
    pub form: DutyForm,
    /// Entries that its author knew: a binding replaces the bindings among them, and a hand-over among them passes it by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub seen: BTreeSet<EntryId>,
    /// Who wrote it.
    #[serde(with = "actor_text", default, skip_serializing_if = "Vec::is_empty")]
    pub actor: Actor,
}

/// The grid as the county document holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DutyGrid {
    /// How it is made; none: the default holds.
    pub settings: Option<DutySettings>,
    /// Its entries.
    pub entries: Vec<DutyEntry>,
}

impl DutyGrid {
    /// Whether nothing has been written into it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_none() && self.entries.is_empty()
    }

    /// How it is made.
    #[must_use]
    pub fn settings(&self) -> DutySettings {
        let nothing = || DutySettings { levels: Vec::new(), children_per_person_max: 1 };
        self.settings.clone().or_else(DutySettings::default_settings).unwrap_or_else(nothing)
    }
}

/// The scope and the entry that the key of an entry in the county document names: `school:9999990001|<entry>`. Who may write
/// there is asked of the key alone, so that the server need not load the document.
#[must_use]
pub fn read_key(key: &str) -> Option<(Scope, EntryId)> {
    let (scope, entry) = key.split_once('|')?;
    let parsed = (Scope::parse(scope)?, EntryId::parse(entry)?);
    (write_key(&parsed.0, parsed.1) == key).then_some(parsed)
}

/// The key of an entry.
#[must_use]
pub fn write_key(scope: &Scope, entry: EntryId) -> String {
    format!("{scope}|{entry}")
}

/// Whether one scope of the register lies in another, as far as codes tell.
#[must_use]
pub fn lies_in(inner: &Scope, outer: &Scope) -> bool {
    match (outer, inner) {
        (Scope::Place(outer), Scope::Place(inner)) => outer.holds(inner),
        (Scope::School(outer), Scope::School(inner)) => outer == inner,
        (Scope::School(outer), Scope::Class(inner)) => inner.school() == *outer,
        (Scope::Class(outer), Scope::Class(inner)) => outer == inner,
        (Scope::Place(_), Scope::School(_) | Scope::Class(_))
        | (Scope::School(_) | Scope::Class(_), Scope::Place(_))
        | (Scope::Class(_), Scope::School(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_grid_has_two_lines_and_eight_bindings() {
        let settings = DutySettings::default_settings().unwrap();
        assert_eq!(settings.mistakes(), []);
        for line in DutyLine::ALL {
            assert_eq!(settings.levels.iter().filter(|level| level.line == line).count(), 4);
        }
        let nearest: Vec<&str> = settings.answering(DutyLine::Government).map(|level| level.key.as_str()).collect();
        assert_eq!(nearest, ["group_head", "village_head"], "who is nearest to the child comes first");
    }

    #[test]
    fn a_line_on_which_nobody_answers_for_children_is_refused() {
        let mut settings = DutySettings::default_settings().unwrap();
        for level in &mut settings.levels {
            level.answers_for_children = level.line == DutyLine::Government;
        }
        assert_eq!(settings.mistakes(), [SettingMistake::new(MistakeCode::NobodyAnswers, "education")]);
    }

    #[test]
    fn the_key_of_an_entry_says_where_it_lies_and_nothing_else_is_read() {
        let entry = EntryId::from_bytes([7; 16]);
        for text in ["place:999999101", "school:9999990001", "class:9999990001/P2024/1"] {
            let scope = Scope::parse(text).unwrap();
            assert_eq!(read_key(&write_key(&scope, entry)), Some((scope, entry)));
        }
        for wrong in
            ["settings", "place:999999101", "place:1|x", "place: 999999101|07070707-0707-0707-0707-070707070707"]
        {
            assert_eq!(read_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_school_lies_in_no_village_and_its_classes_lie_in_it() {
        let scope = |text: &str| Scope::parse(text).unwrap();
        assert!(lies_in(&scope("class:9999990001/P2024/1"), &scope("school:9999990001")));
        assert!(lies_in(&scope("place:999999101001"), &scope("place:999999101")));
        assert!(!lies_in(&scope("school:9999990001"), &scope("class:9999990001/P2024/1")));
        assert!(!lies_in(&scope("school:9999990001"), &scope("place:999999101")));
    }
}
