//! The county's own working method for a round (the seed names it 一查二清三建四严五保) as items of a checklist. What they are the county
//! says, and nobody else: no public definition was found (handbook 3.2, 17.3).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MethodItem {
    /// Its key, by which ticks name it; given when it is saved.
    #[serde(default)]
    pub key: String,
    /// The part of the method: 一查.
    #[serde(default)]
    pub part: String,
    /// What is to be done.
    pub text: String,
    /// Its place among the others.
    #[serde(default)]
    pub position: u32,
}

impl MethodItem {
    /// The key of its entry in the county document.
    #[must_use]
    pub fn entry_key(&self) -> String {
        format!("{METHOD}{}", self.key)
    }
}

/// How the keys of items begin in the county document.
pub const METHOD: &str = "method/";
