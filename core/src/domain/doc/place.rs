//! The document of a village: entries that are only added, all in one root map; what an entry is about stands in it. So what
//! is recorded of a village later needs no other root.

use std::collections::BTreeSet;

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ObjType, ReadDoc};

use super::dossier_read::{entries, time};
use super::dossier_write::root;
use super::{actor_of, damaged};
use crate::domain::identifier::EntryId;
use crate::domain::village_work::{VillageEntry, VillageForm};
use crate::error::{ErrorCode, Failure, Result};

/// Adds an entry, with those that its author had seen.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add(tx: &mut Transaction<'_>, key: EntryId, form: &VillageForm, seen: &BTreeSet<EntryId>) -> Result<()> {
    let map = root(tx, "entries")?;
    let entry = tx.put_object(&map, key.to_string(), ObjType::Map).map_err(damaged)?;
    // One text: an entry is never changed again.
    let json = serde_json::to_string(form);
    let json = json.map_err(|cause| Failure::caused(ErrorCode::Internal, "a form cannot be written", cause))?;
    tx.put(&entry, "form", json).map_err(damaged)?;
    if seen.is_empty() {
        return Ok(());
    }
    let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
    tx.put(&entry, "seen", seen.join(",")).map_err(damaged)
}

/// Reads the entries, in the order of their keys; what this version does not understand is left out.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] when its root map is missing.
pub fn read(doc: &Automerge) -> Result<Vec<VillageEntry>> {
    super::shielded(|| {
        let mut found = Vec::new();
        for (key, entry) in entries(doc, "entries")? {
            let text = |field: &str| -> Result<Option<String>> {
                let value = doc.get(&entry, field).map_err(damaged)?;
                Ok(value.and_then(|(value, _)| value.as_str().map(str::to_owned)))
            };
            let Some(form) = text("form")?.and_then(|form| serde_json::from_str(&form).ok()) else { continue };
            let seen = text("seen")?.unwrap_or_default();
            let seen = seen.split(',').filter_map(EntryId::parse).collect();
            found.push(VillageEntry { entry: key, form, seen, actor: actor_of(&entry), at: time(doc, &entry) });
        }
        Ok(found)
    })
}
