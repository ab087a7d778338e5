//! Which proofs the county asks for (1+X, handbook 3.11): its versions, and what another one would change.

use serde::Serialize;
use ts_rs::TS;

use super::county_settings::{RuleStanding, standing};
use crate::domain::code_list::SchoolingStatus;
use crate::domain::county::County;
use crate::domain::evidence_rules::EvidenceRules;
use crate::domain::time::Day;
use crate::domain::version::Versioned;

/// A version and how it stands.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceRulesView {
    /// It.
    pub rules: EvidenceRules,
    /// Its name: `evidence-1x@2-3f2a91`.
    pub name: String,
    /// How it stands.
    pub standing: RuleStanding,
    /// The last day on which it holds; none: no other follows.
    pub holds_until: Option<Day>,
    /// The county has none of its own: this is the default.
    pub is_default: bool,
}

/// What another version would change, on its first day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EvidenceDifference {
    /// Statuses that would ask for something else.
    pub statuses: Vec<SchoolingStatus>,
    /// Children on this device without whole evidence as it is.
    pub lacking_before: u32,
    /// As it would be.
    pub lacking_after: u32,
    /// Children whose evidence is whole and would not be by the new version alone: they keep the old one for the school year.
    pub kept: u32,
}

/// The versions, newest first.
pub(super) fn versions(county: &County, today: Day) -> Vec<EvidenceRulesView> {
    let known = county.evidence_rules();
    let views = known.iter().map(|rules| {
        let (standing, holds_until) = standing(&known, rules, today);
        EvidenceRulesView {
            name: rules.version_name(),
            standing,
            holds_until,
            is_default: county.evidence.is_empty(),
            rules: rules.clone(),
        }
    });
    let mut views: Vec<_> = views.collect();
    views.sort_by(|one, other| (other.rules.holds_from, &other.name).cmp(&(one.rules.holds_from, &one.name)));
    views
}
