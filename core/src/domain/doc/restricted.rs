//! The restricted annex: a document of its own about one child, for few. One report makes one annex, so that people who report
//! need not know of each other, nor of what is there.

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ObjType, ReadDoc, Value};

use super::dossier_read::{entries, time};
use super::dossier_write::root;
use super::{actor_of, damaged};
use crate::domain::danger::{Annex, DangerEntry, DangerForm, DangerStepForm};
use crate::domain::identifier::{DocumentId, EntryId};
use crate::error::{ErrorCode, Failure, Result};

/// Writes what is reported: the first commit of an annex.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn report(tx: &mut Transaction<'_>, about: DocumentId, form: &DangerForm) -> Result<()> {
    let map = root(tx, "report")?;
    tx.put(&map, "about", about.to_string()).map_err(damaged)?;
    // One text: a report is never changed again.
    tx.put(&map, "form", json(form)?).map_err(damaged)
}

/// Adds what was done.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_step(tx: &mut Transaction<'_>, key: EntryId, form: &DangerStepForm) -> Result<()> {
    let map = root(tx, "steps")?;
    let entry = tx.put_object(&map, key.to_string(), ObjType::Map).map_err(damaged)?;
    tx.put(&entry, "form", json(form)?).map_err(damaged)
}

/// Reads an annex; what this version does not understand is left out.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`] when its root maps are missing.
pub fn read(doc: &Automerge) -> Result<Annex> {
    super::shielded(|| {
        let mut annex = Annex::default();
        let map = root(doc, "report")?;
        annex.about = text(doc, &map, "about")?.and_then(|id| DocumentId::parse(&id));
        if let Some((value, operation)) = doc.get(&map, "form").map_err(damaged)?
            && let Some(form) = value.as_str().and_then(|form| serde_json::from_str(form).ok())
        {
            annex.report = Some((form, actor_of(&operation), time(doc, &operation)));
        }
        for (entry, map) in entries(doc, "steps")? {
            if let Some(form) = text(doc, &map, "form")?.and_then(|form| serde_json::from_str(&form).ok()) {
                annex.steps.push(DangerEntry { entry, form, actor: actor_of(&map), at: time(doc, &map) });
            }
        }
        Ok(annex)
    })
}

fn text(doc: &Automerge, map: &automerge::ObjId, key: &str) -> Result<Option<String>> {
    match doc.get(map, key).map_err(damaged)? {
        Some((Value::Scalar(scalar), _)) => Ok(scalar.as_str().map(str::to_owned)),
        Some((Value::Object(_), _)) | None => Ok(None),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|cause| Failure::caused(ErrorCode::Internal, "annex", cause))
}
