//! Writes into a dossier, field by field. Never by reconciling a whole: that erases conflicts
//! (docs/automerge.md, 4).

use std::collections::BTreeSet;

use automerge::transaction::{Transactable, Transaction};
use automerge::{ObjId as ExId, ObjType, ROOT, ReadDoc, ScalarValue};

use super::damaged;
use crate::domain::absence::AbsenceForm;
use crate::domain::case_record::CaseForm;
use crate::domain::check::CheckForm;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::dossier::PhotoRecord;
use crate::domain::evidence::EvidenceForm;
use crate::domain::identifier::EntryId;
use crate::domain::place::Leaves;
use crate::domain::plan::PlanForm;
use crate::domain::status_change::StatusForm;
use crate::domain::time::Day;
use crate::domain::transition::TransitionForm;
use crate::domain::visit::VisitForm;
use crate::error::{ErrorCode, Failure, Result};

/// The root map of a name. It is there since the genesis.
pub(super) fn root(doc: &impl ReadDoc, name: &str) -> Result<ExId> {
    match doc.get(ROOT, name).map_err(damaged)? {
        Some((automerge::Value::Object(ObjType::Map), id)) => Ok(id),
        _ => Err(Failure::new(ErrorCode::DocumentDamaged, format!("the root map {name} is missing"))),
    }
}

fn put(tx: &mut Transaction<'_>, map: &ExId, key: &str, value: impl Into<ScalarValue>) -> Result<()> {
    tx.put(map, key, value).map_err(damaged)
}

fn put_text(tx: &mut Transaction<'_>, map: &ExId, key: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() { Ok(()) } else { put(tx, map, key, value.trim()) }
}

/// The `source` of a status event that came with a roster.
pub(super) const FROM_ROSTER: &str = "roster";

/// Sets a field by its path: `profile.name` or `guardians.<key>.phone`. Writing replaces all values that
/// this document holds of it, which is also how a conflict is settled.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] for a path that is no field.
pub fn set_field(tx: &mut Transaction<'_>, path: &str, value: &str) -> Result<()> {
    let unknown = || Failure::invalid("field", "unknown");
    let (root_name, rest) = path.split_once('.').ok_or_else(unknown)?;
    crate::domain::field::at(path).ok_or_else(unknown)?;
    let map = root(tx, root_name)?;
    if root_name != "guardians" {
        return put(tx, &map, rest, value.trim());
    }
    let (key, part) = rest.split_once('.').ok_or_else(unknown)?;
    match tx.get(&map, key).map_err(damaged)? {
        Some((automerge::Value::Object(ObjType::Map), guardian)) => put(tx, &guardian, part, value.trim()),
        _ => Err(unknown()),
    }
}

/// Where the dossier lies, and how it was opened: the first commit of a new dossier.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn open(tx: &mut Transaction<'_>, leaves: &Leaves, from_roster: bool) -> Result<()> {
    let placement = root(tx, "placement")?;
    if let Some(village) = &leaves.village {
        put(tx, &placement, "village", village.as_str())?;
    }
    if let Some(class) = &leaves.class {
        put(tx, &placement, "class", class.0.as_str())?;
    }
    let record = root(tx, "record")?;
    put(tx, &record, "opened_from", if from_roster { "roster" } else { "field" })
}

/// Records that the child moves: beside where it was opened, so that everything which was there stays to be read.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_move(tx: &mut Transaction<'_>, key: EntryId, to: &Leaves, note: &str) -> Result<()> {
    let placement = root(tx, "placement")?;
    let entry = tx.put_object(&placement, key.to_string(), ObjType::Map).map_err(damaged)?;
    put_text(tx, &entry, "village", to.village.as_ref().map_or("", |village| village.as_str()))?;
    put_text(tx, &entry, "class", to.class.as_ref().map_or("", |class| class.0.as_str()))?;
    put_text(tx, &entry, "note", note)
}

/// Adds a guardian under a key of its own.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_guardian(tx: &mut Transaction<'_>, key: EntryId, name: &str, relation: &str, phone: &str) -> Result<()> {
    let guardians = root(tx, "guardians")?;
    let guardian = tx.put_object(&guardians, key.to_string(), ObjType::Map).map_err(damaged)?;
    put_text(tx, &guardian, "name", name)?;
    put_text(tx, &guardian, "relation", relation)?;
    put_text(tx, &guardian, "phone", phone)
}

/// Sets or takes away a flag.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn set_flag(tx: &mut Transaction<'_>, flag: ChildFlag, present: bool) -> Result<()> {
    let flags = root(tx, "flags")?;
    put(tx, &flags, flag.key(), present)
}

/// Appends a status event.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_status(tx: &mut Transaction<'_>, key: EntryId, form: &StatusForm, seen: &[EntryId]) -> Result<()> {
    let statuses = root(tx, "status")?;
    let event = tx.put_object(&statuses, key.to_string(), ObjType::Map).map_err(damaged)?;
    put(tx, &event, "status", form.status.key())?;
    if let Some(since) = form.since {
        put(tx, &event, "since", since.to_string())?;
    }
    put_text(tx, &event, "note", &form.note)?;
    let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
    put_text(tx, &event, "seen", &seen.join(","))
}

/// Appends the status event that a roster gives: nobody has looked.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_status_of_roster(
    tx: &mut Transaction<'_>,
    key: EntryId,
    status: SchoolingStatus,
    since: Option<Day>,
    seen: &[EntryId],
) -> Result<()> {
    add_status(tx, key, &StatusForm { status, since, note: String::new() }, seen)?;
    let statuses = root(tx, "status")?;
    match tx.get(&statuses, key.to_string()).map_err(damaged)? {
        Some((_, event)) => put(tx, &event, "source", FROM_ROSTER),
        None => Err(Failure::new(ErrorCode::Internal, "the status event was just written")),
    }
}

/// Adds a visit.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_visit(tx: &mut Transaction<'_>, key: EntryId, form: &VisitForm) -> Result<()> {
    add_form(tx, "visits", key, form).map(drop)
}

/// Adds an absence, with the entries that its author saw for these half days, and the rule set that holds.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_absence(
    tx: &mut Transaction<'_>,
    key: EntryId,
    form: &AbsenceForm,
    seen: &BTreeSet<EntryId>,
    rule: &str,
) -> Result<()> {
    let entry = add_form(tx, "absences", key, form)?;
    put_seen(tx, &entry, seen, rule)
}

/// Adds a record of a case, with what its author had seen where it decides over that, and the rule set of the case.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_case_record(
    tx: &mut Transaction<'_>,
    key: EntryId,
    form: &CaseForm,
    seen: &BTreeSet<EntryId>,
    rule: &str,
) -> Result<()> {
    let entry = add_form(tx, "cases", key, form)?;
    put_seen(tx, &entry, seen, rule)
}

/// Adds a proof to the evidence file, or a withdrawal, with the entries in whose place it stands.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_evidence(
    tx: &mut Transaction<'_>,
    key: EntryId,
    form: &EvidenceForm,
    replaces: &BTreeSet<EntryId>,
) -> Result<()> {
    let entry = add_form(tx, "evidence", key, form)?;
    put_seen(tx, &entry, replaces, "")
}

/// Adds an entry of a plan, with the entries of its subject that its author had seen.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_plan(tx: &mut Transaction<'_>, key: EntryId, form: &PlanForm, seen: &BTreeSet<EntryId>) -> Result<()> {
    let entry = add_form(tx, "plan", key, form)?;
    put_seen(tx, &entry, seen, "")
}

/// Adds a door-to-door check, or the withdrawal of one, with the checks that its author had seen.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_check(tx: &mut Transaction<'_>, key: EntryId, form: &CheckForm, seen: &BTreeSet<EntryId>) -> Result<()> {
    let entry = add_form(tx, "household", key, form)?;
    put_seen(tx, &entry, seen, "")
}

/// Adds an entry of the way into the next school, with the entries of its matter that its author had seen.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_transition(
    tx: &mut Transaction<'_>,
    key: EntryId,
    form: &TransitionForm,
    seen: &BTreeSet<EntryId>,
) -> Result<()> {
    let entry = add_form(tx, "transition", key, form)?;
    put_seen(tx, &entry, seen, "")
}

fn put_seen(tx: &mut Transaction<'_>, entry: &ExId, seen: &BTreeSet<EntryId>, rule: &str) -> Result<()> {
    let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
    put_text(tx, entry, "seen", &seen.join(","))?;
    put_text(tx, entry, "rule", rule)
}

/// Adds a form as an entry of a root map. Empty fields are left out; what belongs together as one (companions,
/// signatures) is one JSON text, since a record is never changed again.
fn add_form(tx: &mut Transaction<'_>, root_name: &str, key: EntryId, form: &impl serde::Serialize) -> Result<ExId> {
    let map = root(tx, root_name)?;
    let entry = tx.put_object(&map, key.to_string(), ObjType::Map).map_err(damaged)?;
    let serde_json::Value::Object(fields) = serde_json::to_value(form).map_err(unwritable)? else {
        return Err(Failure::new(ErrorCode::Internal, "a form is an object"));
    };
    for (name, value) in fields {
        match value {
            serde_json::Value::String(text) => put_text(tx, &entry, &name, &text)?,
            serde_json::Value::Bool(answer) => put(tx, &entry, &name, answer)?,
            serde_json::Value::Number(number) => {
                if let Some(number) = number.as_i64() {
                    put(tx, &entry, &name, ScalarValue::Timestamp(number))?;
                }
            }
            serde_json::Value::Array(list) if !list.is_empty() => {
                put(tx, &entry, &name, serde_json::to_string(&list).map_err(unwritable)?)?;
            }
            serde_json::Value::Object(_) if value != serde_json::json!({"relation": null, "name": ""}) => {
                put(tx, &entry, &name, serde_json::to_string(&value).map_err(unwritable)?)?;
            }
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {}
        }
    }
    Ok(entry)
}

fn unwritable(cause: serde_json::Error) -> Failure {
    Failure::caused(ErrorCode::Internal, "a form cannot be written", cause)
}

/// Adds a photo's record. The bytes go their own way.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`].
pub fn add_photo(tx: &mut Transaction<'_>, photo: &PhotoRecord) -> Result<()> {
    let evidence = root(tx, "evidence")?;
    let entry = tx.put_object(&evidence, photo.entry.to_string(), ObjType::Map).map_err(damaged)?;
    if let Some(visit) = photo.visit {
        put(tx, &entry, "visit", visit.to_string())?;
    }
    let number = |number: u64| ScalarValue::Uint(number);
    put(tx, &entry, "capture", ScalarValue::Bytes(photo.capture.0.to_vec()))?;
    put(tx, &entry, "photo", ScalarValue::Bytes(photo.photo.0.to_vec()))?;
    put(tx, &entry, "photo_bytes", number(photo.photo_bytes))?;
    put(tx, &entry, "thumbnail", ScalarValue::Bytes(photo.thumbnail.0.to_vec()))?;
    put(tx, &entry, "thumbnail_bytes", number(photo.thumbnail_bytes))?;
    put(tx, &entry, "placeholder", ScalarValue::Bytes(photo.placeholder.clone()))?;
    put(tx, &entry, "taken_at", ScalarValue::Timestamp(photo.taken_at.unix_ms()))?;
    if let Some(position) = &photo.position {
        put(tx, &entry, "position", position.as_str())?;
    }
    put(tx, &entry, "width", number(photo.width.into()))?;
    put(tx, &entry, "height", number(photo.height.into()))
}
