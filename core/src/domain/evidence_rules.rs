//! Which proofs a schooling status asks for: the "1" and the "X" (就读佐证 1+X, handbook 3.11), as versioned data. No public
//! definition of the two was found: the county may have others, as versions in its document
//! ([`super::evidence_versions`] says which of them counts when).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::code_list::{ChildFlag, SchoolingStatus};
use super::setting_mistake::{MistakeCode, SettingMistake};
use super::time::Day;
use super::version::{Versioned, versioned};

/// Half a year: what is asked for once a term holds no longer.
const WARN_DAYS_MAX: u16 = 180;

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EvidenceRules {
    /// Names the rules: `evidence-1x`.
    pub id: String,
    /// Raised whenever something in them changes.
    pub version: u32,
    /// Tells two versions of one number apart ([`Versioned::edition`]).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edition: String,
    /// The name, in Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// From when they hold.
    pub holds_from: Day,
    /// Where they come from.
    #[serde(default)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Holds {
    /// To the end of the term.
    Term,
    /// To the end of the school year.
    SchoolYear,
    /// For good; also in later school years.
    Lasting,
}

/// What a group of statuses asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AskedExtra {
    /// The kinds.
    pub kinds: Vec<String>,
    /// How many of them.
    pub asked: u8,
}

/// What is asked for besides, of some children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Supplement {
    /// Of whom.
    pub when: Condition,
    /// With which statuses.
    pub statuses: Vec<SchoolingStatus>,
    /// What.
    pub x: Vec<AskedExtra>,
}

/// Of whom more is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "on")]
#[ts(export)]
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
    edition: String::new(),
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

    /// Gives kinds that are new a key that nobody else gives: `new_1` becomes `own-3f2a91-1`, wherever it is named.
    pub(super) fn name_new_kinds(&mut self, edition: &str) {
        let named = |key: &mut String| {
            if let Some(number) = key.strip_prefix("new_") {
                *key = format!("own-{edition}-{number}");
            }
        };
        self.kinds.iter_mut().for_each(|kind| named(&mut kind.key));
        for group in &mut self.groups {
            group.one.iter_mut().for_each(named);
            group.x.iter_mut().flat_map(|extra| &mut extra.kinds).for_each(named);
        }
        self.also.iter_mut().flat_map(|more| &mut more.x).flat_map(|extra| &mut extra.kinds).for_each(named);
    }

    /// Statuses that ask for something else than under other rules.
    #[must_use]
    pub fn asks_otherwise(&self, other: &Self) -> Vec<SchoolingStatus> {
        let asks = |rules: &Self, status: SchoolingStatus| {
            let group = rules.group(status).map(|group| (group.one.clone(), group.x.clone(), group.warn_days));
            let also: Vec<_> = rules.also.iter().filter(|more| more.statuses.contains(&status)).cloned().collect();
            let more: Vec<_> = also.into_iter().map(|more| (more.when, more.x)).collect();
            (group, more)
        };
        SchoolingStatus::ALL.iter().copied().filter(|status| asks(self, *status) != asks(other, *status)).collect()
    }

    /// What makes the rules unusable; empty when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        let mut add = |code, at: &str| mistakes.push(SettingMistake::new(code, at));
        let name = self.version_name();
        if self.id.trim().is_empty() || self.id.contains(['@', '/']) {
            add(MistakeCode::RuleIdWrong, &name);
        }
        if self.zh.trim().is_empty() {
            add(MistakeCode::NameMissing, &name);
        }
        if self.groups.is_empty() {
            add(MistakeCode::NothingAsked, &name);
        }
        let mut kinds = BTreeSet::new();
        for kind in &self.kinds {
            if kind.key.trim().is_empty() || kind.zh.trim().is_empty() {
                add(MistakeCode::NameMissing, &kind.key);
            }
            if !kinds.insert(kind.key.as_str()) {
                add(MistakeCode::KindTwice, &kind.key);
            }
        }
        let mut statuses = BTreeSet::new();
        for group in &self.groups {
            let at = group.statuses.first().map_or("", |status| status.key());
            if group.statuses.is_empty() {
                add(MistakeCode::GroupWithoutStatus, group.one.first().map_or("", String::as_str));
            }
            for status in group.statuses.iter().filter(|status| !statuses.insert(**status)) {
                add(MistakeCode::StatusTwice, status.key());
            }
            if group.one.is_empty() {
                add(MistakeCode::OneMissing, at);
            }
            if group.warn_days > WARN_DAYS_MAX {
                add(MistakeCode::WarnedTooEarly, at);
            }
        }
        let of_groups = self.groups.iter().map(|group| (&group.statuses, &group.x));
        let extras = of_groups.chain(self.also.iter().map(|more| (&more.statuses, &more.x)));
        for (statuses, extra) in extras.flat_map(|(statuses, x)| x.iter().map(move |extra| (statuses, extra))) {
            let at = statuses.first().map_or("", |status| status.key());
            if extra.kinds.is_empty() {
                add(MistakeCode::ProofsMissing, at);
            } else if extra.asked == 0 || usize::from(extra.asked) > extra.kinds.len() {
                add(MistakeCode::AskedWrong, at);
            }
        }
        let extras = self.groups.iter().flat_map(|group| &group.x).chain(self.also.iter().flat_map(|more| &more.x));
        for list in self.groups.iter().map(|group| &group.one).chain(extras.map(|extra| &extra.kinds)) {
            let mut here = BTreeSet::new();
            for kind in list {
                if !kinds.contains(kind.as_str()) {
                    add(MistakeCode::KindUnknown, kind);
                }
                if !here.insert(kind) {
                    add(MistakeCode::ProofTwice, kind);
                }
            }
        }
        mistakes
    }
}

versioned!(EvidenceRules);

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
        assert_eq!(rules.mistakes(), Vec::new());
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

    fn codes(change: impl FnOnce(&mut EvidenceRules)) -> Vec<String> {
        let mut rules = EvidenceRules::default_rules().clone();
        change(&mut rules);
        rules.mistakes().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_county_that_forgets_the_one_or_asks_for_a_proof_twice_is_told_where() {
        assert_eq!(codes(|rules| rules.groups.clear()), ["nothing_asked: evidence-1x@1"]);
        assert_eq!(codes(|rules| rules.groups[0].one.clear()), ["one_missing: ENROLLED_HERE"]);
        assert_eq!(codes(|rules| rules.groups[0].statuses.clear()), ["group_without_status: record_screenshot"]);
        assert_eq!(
            codes(|rules| rules.groups[1].one.push("record_screenshot".into())),
            ["proof_twice: record_screenshot"]
        );
        assert_eq!(codes(|rules| rules.groups[0].x[0].kinds.clear()), ["proofs_missing: ENROLLED_HERE"]);
        for asked in [0, 5] {
            assert_eq!(codes(|rules| rules.groups[0].x[0].asked = asked), ["asked_wrong: ENROLLED_HERE"]);
        }
        assert_eq!(codes(|rules| rules.groups[0].one = vec!["letter".into()]), ["kind_unknown: letter"]);
        assert_eq!(codes(|rules| rules.groups[0].warn_days = 181), ["warned_too_early: ENROLLED_HERE"]);
        let twice = codes(|rules| rules.groups[1].statuses.push(SchoolingStatus::EnrolledHere));
        assert_eq!(twice, ["status_twice: ENROLLED_HERE"]);
        assert_eq!(codes(|rules| rules.kinds.push(rules.kinds[0].clone())), ["kind_twice: record_screenshot"]);
        assert_eq!(codes(|rules| rules.kinds[0].zh.clear()), ["name_missing: record_screenshot"]);
    }

    #[test]
    fn what_an_edit_asks_otherwise_is_told_by_status() {
        let rules = EvidenceRules::default_rules();
        let mut other = rules.clone();
        other.groups[0].one.push("class_roll".into());
        other.also[1].x[0].asked = 2;
        let statuses = other.asks_otherwise(rules);
        assert!(statuses.contains(&SchoolingStatus::EnrolledHere) && statuses.contains(&SchoolingStatus::HomeTeaching));
        assert!(!statuses.contains(&SchoolingStatus::Suspended) && rules.asks_otherwise(rules).is_empty());
    }
}
