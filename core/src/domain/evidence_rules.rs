//! Which proofs a schooling status asks for: the "1" and the "X" (就读佐证 1+X, handbook 3.11), as versioned data. No public
//! definition of the two was found: the county may have others.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::code_list::{ChildFlag, SchoolingStatus};
use super::time::Day;

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRules {
    /// Names the rules: `evidence-1x`.
    pub id: String,
    /// Raised whenever something in them changes.
    pub version: u32,
    /// The name, in Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// From when they hold.
    pub holds_from: Day,
    /// Where they come from.
    pub source: String,
    /// The kinds of proof.
    pub kinds: Vec<ProofKind>,
    /// What each status asks for. A status that stands in none asks for nothing.
    pub groups: Vec<AskingGroup>,
    /// What a child is asked for besides.
    #[serde(default)]
    pub also: Vec<Supplement>,
}

/// A kind of proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofKind {
    /// Names it for good: entries refer to it.
    pub key: String,
    /// Chinese, as it stands on a cover sheet.
    pub zh: String,
    /// English.
    pub en: String,
    /// How long it holds where no day stands on it.
    pub holds: Holds,
    /// A last day must stand with it: an approval for a time.
    #[serde(default)]
    pub dated: bool,
}

/// How long a proof holds where no day stands on it (handbook 3.8, "re-check").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// To the end of the term.
    Term,
    /// To the end of the school year.
    SchoolYear,
    /// For good; also in later school years.
    Lasting,
}

/// What a group of statuses asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskingGroup {
    /// The statuses.
    pub statuses: Vec<SchoolingStatus>,
    /// One of these kinds is the "1".
    pub one: Vec<String>,
    /// The "X".
    pub x: Vec<AskedExtra>,
    /// So many days before its end a proof counts as expiring.
    pub warn_days: u16,
}

/// Some proofs out of several kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedExtra {
    /// The kinds.
    pub kinds: Vec<String>,
    /// How many of them.
    pub asked: u8,
}

/// What is asked for besides, of some children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplement {
    /// Of whom.
    pub when: Condition,
    /// With which statuses.
    pub statuses: Vec<SchoolingStatus>,
    /// What.
    pub x: Vec<AskedExtra>,
}

/// Of whom more is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on")]
pub enum Condition {
    /// A child with a flag.
    Flag {
        /// The flag.
        flag: ChildFlag,
    },
    /// A child of whom no ID number is known ("Z 其他", handbook 3.4).
    NoIdNumber,
}

/// What is known of a child that decides what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceOf {
    /// The schooling status that is shown.
    pub status: SchoolingStatus,
    /// Flags.
    pub flags: BTreeSet<ChildFlag>,
    /// An ID number is known.
    pub has_id_number: bool,
}

/// One proof that is asked for: of any of these kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The kinds, the usual one first.
    pub kinds: &'a [String],
    /// It is the "1".
    pub is_one: bool,
}

static DEFAULT: LazyLock<Option<EvidenceRules>> =
    LazyLock::new(|| serde_json::from_str(include_str!("rules/evidence-1x.json")).ok());

/// Rules that ask for nothing: what is left of rules that cannot be read, which a test rules out.
static NONE: EvidenceRules = EvidenceRules {
    id: String::new(),
    version: 0,
    zh: String::new(),
    en: String::new(),
    holds_from: Day::EARLIEST,
    source: String::new(),
    kinds: Vec::new(),
    groups: Vec::new(),
    also: Vec::new(),
};

impl EvidenceRules {
    /// The rules that hold where the county has none of its own.
    #[must_use]
    pub fn default_rules() -> &'static Self {
        DEFAULT.as_ref().unwrap_or(&NONE)
    }

    /// A kind by its key.
    #[must_use]
    pub fn kind(&self, key: &str) -> Option<&ProofKind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    /// What is asked of a child, the "1" first; empty where its status asks for nothing.
    #[must_use]
    pub fn asked(&self, child: &EvidenceOf) -> Vec<Asked<'_>> {
        let Some(group) = self.group(child.status) else { return Vec::new() };
        let supplements = self.also.iter().filter(|more| {
            more.statuses.contains(&child.status)
                && match more.when {
                    Condition::Flag { flag } => child.flags.contains(&flag),
                    Condition::NoIdNumber => !child.has_id_number,
                }
        });
        let extras = group.x.iter().chain(supplements.flat_map(|more| &more.x));
        let one = Asked { kinds: &group.one, is_one: true };
        let x = extras.flat_map(|extra| {
            std::iter::repeat_n(Asked { kinds: &extra.kinds, is_one: false }, usize::from(extra.asked))
        });
        std::iter::once(one).chain(x).collect()
    }

    /// So many days before its end a proof of such a child counts as expiring.
    #[must_use]
    pub fn warn_days(&self, status: SchoolingStatus) -> u16 {
        self.group(status).map_or(0, |group| group.warn_days)
    }

    fn group(&self, status: SchoolingStatus) -> Option<&AskingGroup> {
        self.groups.iter().find(|group| group.statuses.contains(&status))
    }

    /// What makes the rules unusable, in words; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut keys = BTreeSet::new();
        for kind in &self.kinds {
            if !keys.insert(kind.key.as_str()) {
                mistakes.push(format!("kind {} stands twice", kind.key));
            }
        }
        let mut statuses = BTreeSet::new();
        for group in &self.groups {
            for status in &group.statuses {
                if !statuses.insert(*status) {
                    mistakes.push(format!("{} stands in two groups", status.key()));
                }
            }
            if group.one.is_empty() {
                mistakes.push("a group without a \"1\"".to_owned());
            }
        }
        let extras = self.groups.iter().flat_map(|group| &group.x).chain(self.also.iter().flat_map(|more| &more.x));
        let named = self.groups.iter().flat_map(|group| &group.one).chain(extras.flat_map(|extra| &extra.kinds));
        for kind in named {
            if !keys.contains(kind.as_str()) {
                mistakes.push(format!("{kind} is no kind"));
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(status: SchoolingStatus) -> EvidenceOf {
        EvidenceOf { status, flags: BTreeSet::new(), has_id_number: true }
    }

    #[test]
    fn the_rules_of_the_handbook_can_be_read_and_name_only_what_they_know() {
        let rules = EvidenceRules::default_rules();
        assert_eq!((rules.id.as_str(), rules.version), ("evidence-1x", 1));
        assert_eq!(rules.mistakes(), Vec::<String>::new());
    }

    #[test]
    fn each_status_asks_for_its_one_and_its_x() {
        let rules = EvidenceRules::default_rules();
        for (status, one, count) in [
            (SchoolingStatus::EnrolledHere, "record_screenshot", 2),
            (SchoolingStatus::EnrolledElsewhere, "attendance_certificate", 2),
            (SchoolingStatus::HomeTeaching, "teaching_plan", 3),
            (SchoolingStatus::Suspended, "suspension_paper", 2),
            (SchoolingStatus::DeferredEntry, "deferral_form", 2),
            (SchoolingStatus::Deceased, "death_certificate", 1),
        ] {
            let asked = rules.asked(&child(status));
            assert!(asked[0].is_one && asked[0].kinds[0] == one, "{status:?}");
            assert_eq!(asked.len(), count, "{status:?}");
        }
    }

    #[test]
    fn a_child_out_of_school_is_asked_for_no_proof_of_attendance() {
        for status in [SchoolingStatus::Dropout, SchoolingStatus::NeverEnrolled, SchoolingStatus::Unverified] {
            assert_eq!(EvidenceRules::default_rules().asked(&child(status)), []);
        }
    }

    #[test]
    fn a_disabled_child_without_an_id_number_is_asked_for_more() {
        let flags = BTreeSet::from([ChildFlag::Disabled]);
        let child = EvidenceOf { status: SchoolingStatus::EnrolledHere, flags, has_id_number: false };
        assert_eq!(EvidenceRules::default_rules().asked(&child).len(), 4);
    }
}
