//! Who asked for names: a county lead sees counts, and a list of children only for a reason, which every office of the county
//! can read afterwards.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::actor::{Actor, actor_text};
use super::identifier::EntryId;
use super::place::Scope;
use super::time::Day;

/// Which count of an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OfficeWhat {
    /// All children whom somebody looks for.
    Children,
    /// Missing now.
    Missing,
    /// With an open case.
    Open,
    /// With a step that is overdue.
    Late,
    /// Whose evidence file is not whole.
    Unevidenced,
    /// Without a responsible person on the government line.
    NoGovernment,
    /// Without one on the education line.
    NoEducation,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookForm {
    /// The day.
    pub on: Day,
    /// Of what.
    pub scope: Scope,
    /// Which list.
    pub what: OfficeWhat,
    /// So many names were shown.
    pub children: u32,
    /// Why.
    pub reason: String,
}

/// A record of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Its key.
    pub entry: EntryId,
    /// What.
    pub form: LookForm,
    /// Who.
    #[serde(with = "actor_text")]
    pub actor: Actor,
}
