//! Entries of the duty grid as texts: those of the county's document by a key that says where they lie, those of a child in
//! its dossier.

use std::collections::BTreeSet;

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ReadDoc};
use serde::{Deserialize, Serialize};

use super::dossier_write::root;
use super::{actor_of, damaged};
use crate::domain::duty::{DutyEntry, DutyForm, DutyGrid, DutyScope, read_key, write_key};
use crate::domain::identifier::EntryId;
use crate::domain::place::Scope;
use crate::error::{ErrorCode, Failure, Result};

/// Where the settings of the grid stand, beside its entries.
pub(super) const SETTINGS: &str = "settings";
/// How the keys of a child's bindings begin, among what else stands of its placement.
const OF_CHILD: &str = "duty/";

/// An entry as its text holds it: the key tells its id, and the operation its author.
#[derive(Serialize, Deserialize)]
struct StoredDuty {
    #[serde(flatten)]
    form: DutyForm,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    seen: BTreeSet<EntryId>,
}

fn text_of(entry: &DutyEntry) -> Result<String> {
    let stored = StoredDuty { form: entry.form.clone(), seen: entry.seen.clone() };
    serde_json::to_string(&stored).map_err(|cause| Failure::caused(ErrorCode::Internal, "a duty as text", cause))
}

/// Where an entry must lie: what it is about. `known` finds the hand-over that is taken back.
fn lies_at(form: &DutyForm, known: &[DutyEntry]) -> Option<Scope> {
    match form {
        DutyForm::Bind { scope, .. } => scope.register_scope(),
        DutyForm::Handover { within, .. } => Some(within.clone()),
        DutyForm::Undo { of, .. } => {
            let entry = known.iter().find(|entry| entry.entry == *of)?;
            let DutyForm::Handover { within, .. } = &entry.form else { return None };
            Some(within.clone())
        }
    }
}

/// Adds an entry to the grid in the county's document, under a key that nobody has used. `known` are the entries there.
///
/// # Errors
/// [`ErrorCode::ConflictGone`] when what it takes back is not there, [`ErrorCode::DocumentDamaged`].
pub fn add_to_grid(tx: &mut Transaction<'_>, entry: &DutyEntry, known: &[DutyEntry]) -> Result<()> {
    let scope = lies_at(&entry.form, known);
    let scope = scope.ok_or_else(|| Failure::new(ErrorCode::ConflictGone, "a duty that lies nowhere in the county"))?;
    let map = root(tx, "duty_grid")?;
    tx.put(&map, write_key(&scope, entry.entry), text_of(entry)?).map_err(damaged)
}

/// The grid. An entry that lies elsewhere than what it is about is none: its key is what rights were asked of.
pub(super) fn grid(doc: &Automerge) -> Result<DutyGrid> {
    let map = root(doc, "duty_grid")?;
    let mut grid = DutyGrid::default();
    let mut placed = Vec::new();
    for item in doc.map_range(&map, ..) {
        let key = item.key.as_ref();
        let Some((value, operation)) = doc.get(&map, key).map_err(damaged)? else { continue };
        let Some(text) = value.as_str() else { continue };
        if key == SETTINGS {
            grid.settings = serde_json::from_str(text).ok();
        }
        let Some((scope, entry)) = read_key(key) else { continue };
        let Ok(StoredDuty { form, seen }) = serde_json::from_str(text) else { continue };
        placed.push((scope, DutyEntry { entry, form, seen, actor: actor_of(&operation) }));
    }
    let known: Vec<DutyEntry> = placed.iter().map(|(_, entry)| entry.clone()).collect();
    let lies_right = |(scope, entry): &(Scope, DutyEntry)| lies_at(&entry.form, &known).as_ref() == Some(scope);
    grid.entries = placed.into_iter().filter(lies_right).map(|(_, entry)| entry).collect();
    grid.entries.sort_by_key(|entry| entry.entry);
    Ok(grid)
}

/// Adds a binding to the child's own dossier.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_to_child(tx: &mut Transaction<'_>, entry: &DutyEntry) -> Result<()> {
    let placement = root(tx, "placement")?;
    tx.put(&placement, format!("{OF_CHILD}{}", entry.entry), text_of(entry)?).map_err(damaged)
}

/// The bindings that lie in a dossier.
pub(super) fn of_child(doc: &Automerge) -> Result<Vec<DutyEntry>> {
    let placement = root(doc, "placement")?;
    let mut entries = Vec::new();
    for item in doc.map_range(&placement, ..) {
        let key = item.key.as_ref();
        let Some(entry) = key.strip_prefix(OF_CHILD).and_then(EntryId::parse) else { continue };
        let Some((value, operation)) = doc.get(&placement, key).map_err(damaged)? else { continue };
        let read = value.as_str().and_then(|text| serde_json::from_str::<StoredDuty>(text).ok());
        let Some(StoredDuty { form, seen }) = read else { continue };
        if matches!(&form, DutyForm::Bind { scope: DutyScope::Child { .. }, .. }) {
            entries.push(DutyEntry { entry, form, seen, actor: actor_of(&operation) });
        }
    }
    entries.sort_by_key(|entry| entry.entry);
    Ok(entries)
}
