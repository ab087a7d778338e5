//! Changes what a dossier says of a child: a field, a guardian, a status; and settles a field that has two
//! values.

use super::author::FormKind;
use super::device::Device;
use super::pages::{page_count, write_with_pages};
use crate::domain::code_list::{AttendanceMode, ChildFlag, ConfirmMethod, HukouType, IdType, Placement, Relation, Sex};
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::dossier::Dossier;
use crate::domain::field::{self, FieldKind, VALUE_CHARS_MAX};
use crate::domain::form_check::not_after;
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::{DocumentId, DraftId};
use crate::domain::person_name::PersonName;
use crate::domain::phone::Phone;
use crate::domain::status_change::{self, StatusForm};
use crate::domain::time::{Day, Timestamp};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::document::DocumentRow;

fn row(device: &Device, id: DocumentId) -> Result<DocumentRow> {
    device.store.reading().document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))
}

/// Changes a field to a value that its form allows.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], the faults of a
/// store.
pub fn change_field(device: &mut Device, id: DocumentId, path: &str, value: &str) -> Result<Timestamp> {
    let value = match checked(path, value) {
        Err(_) if path == "profile.id_number" && has_other_paper(device, id)? => number_of_other_paper(value)?,
        checked => checked?,
    };
    write(device, id, FormKind::of(DeliveryKind::FieldChanged), |tx| dossier_write::set_field(tx, path, &value))
}

/// Whether the child's number belongs to another paper than the resident identity card (handbook 9.1).
fn has_other_paper(device: &Device, id: DocumentId) -> Result<bool> {
    let dossier = dossier_read::read(&device.store.reading().document(id)?)?;
    let kind = IdType::from_key(dossier.value("profile.id_type"));
    Ok(kind.is_some_and(|kind| kind != IdType::ResidentId))
}

/// The number of a passport or a permit: letters and digits, each office has its own rule.
fn number_of_other_paper(value: &str) -> Result<String> {
    let value = value.trim().to_uppercase();
    let is_number = (5..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_number { Ok(value) } else { Err(Failure::invalid("value", "no_number_of_a_paper")) }
}

/// A value in the form that the dossier holds it in.
fn checked(path: &str, value: &str) -> Result<String> {
    let field = field::at(path).ok_or_else(|| Failure::invalid("field", "unknown"))?;
    let value = value.trim();
    if value.chars().count() > VALUE_CHARS_MAX {
        return Err(Failure::invalid("value", "too_long"));
    }
    if path == "profile.name" {
        return PersonName::parse(value)
            .map(|name| name.written().to_owned())
            .map_err(|problem| Failure::invalid("value", problem.key()));
    }
    if value.is_empty() {
        return Ok(String::new());
    }
    let key = |known: Option<&'static str>| {
        known.map(str::to_owned).ok_or_else(|| Failure::invalid("value", "not_in_the_list"))
    };
    match field.kind {
        FieldKind::Text => Ok(value.to_owned()),
        FieldKind::Day => {
            Day::parse(value).map(|day| day.to_string()).ok_or_else(|| Failure::invalid("value", "no_day"))
        }
        FieldKind::Phone => Phone::parse(value)
            .map(|phone| phone.as_str().to_owned())
            .map_err(|problem| Failure::invalid("value", problem.key())),
        FieldKind::IdNumber if path == "profile.national_student_no" => Ok(value.to_uppercase()),
        FieldKind::IdNumber => IdNumber::parse(value)
            .map(|number| number.in_full().to_owned())
            .map_err(|problem| Failure::invalid("value", problem.key())),
        FieldKind::Sex => key(Sex::from_key(value).map(Sex::key)),
        FieldKind::Relation => key(Relation::from_key(value).map(Relation::key)),
        FieldKind::AttendanceMode => key(AttendanceMode::from_key(value).map(AttendanceMode::key)),
        FieldKind::ConfirmMethod => key(ConfirmMethod::from_key(value).map(ConfirmMethod::key)),
        FieldKind::Placement => key(Placement::from_key(value).map(Placement::key)),
        FieldKind::IdType => key(IdType::from_key(value).map(IdType::key)),
        FieldKind::HukouType => key(HukouType::from_key(value).map(HukouType::key)),
        FieldKind::SchoolingStatus | FieldKind::ReadOnly => Err(Failure::invalid("field", "read_only")),
    }
}

/// Chooses among the values of a field: the chosen one is written anew and replaces all.
///
/// # Errors
/// [`ErrorCode::ConflictGone`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], the faults of a
/// store.
pub fn settle_conflict(device: &mut Device, id: DocumentId, path: &str, choice: &str) -> Result<Timestamp> {
    let dossier = dossier_read::read(&device.store.reading().document(id)?)?;
    if path == "status" {
        let chosen = dossier
            .standing_statuses()
            .into_iter()
            .find(|event| event.entry.to_string() == choice)
            .map(|event| StatusForm { status: dossier.counts_as(event), since: event.since, note: event.note.clone() })
            .ok_or_else(|| Failure::new(ErrorCode::ConflictGone, "the status does not stand any more"))?;
        // What each of them recorded was allowed where it stood: a person says which of the two it is.
        return add_status(device, id, DeliveryKind::ConflictSettled, &dossier, &chosen, None);
    }
    let value = dossier_read::value_of(&dossier, path, choice)?;
    write(device, id, FormKind::of(DeliveryKind::ConflictSettled), |tx| dossier_write::set_field(tx, path, &value))
}

/// Records how the child really stands, as far as one person says it outside of a case ([`status_change`]); `pages` is the
/// draft that the photographed papers were attached to, and goes with them.
///
/// # Errors
/// [`ErrorCode::StatusChangeRefused`], [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`],
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::NotAllowed`], the faults of a store.
pub fn record_status(
    device: &mut Device,
    id: DocumentId,
    form: &StatusForm,
    pages: Option<DraftId>,
) -> Result<Timestamp> {
    if form.note.chars().count() > VALUE_CHARS_MAX {
        return Err(Failure::invalid("note", "too_long"));
    }
    if let Some(since) = form.since {
        not_after(device.environment.now().day(), since, "since")?;
    }
    let dossier = dossier_read::read(&device.store.reading().document(id)?)?;
    let page_count = page_count(device, pages)?;
    status_change::check(device.author.rights.role, dossier.status(), form.status, &form.note, page_count)?;
    add_status(device, id, DeliveryKind::Status, &dossier, form, pages)
}

fn add_status(
    device: &mut Device,
    id: DocumentId,
    what: DeliveryKind,
    dossier: &Dossier,
    form: &StatusForm,
    pages: Option<DraftId>,
) -> Result<Timestamp> {
    let row = row(device, id)?;
    // What stands now is what this event has seen and replaces; what others record meanwhile stands beside it.
    let seen = dossier.known_of_status();
    let now = device.environment.now();
    write_with_pages(device, &row, what, pages, |document, entry, _| {
        dossier_write::add_status(document, entry, form, &seen)
    })?;
    Ok(now)
}

/// Raises and lowers flags. One that stands so already is left alone; where two people differ a raised flag stands
/// (docs/merging.md).
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] for a flag that is reckoned, or is to be both; [`ErrorCode::DocumentNotHere`],
/// [`ErrorCode::NotAllowed`], the faults of a store.
pub fn change_flags(
    device: &mut Device,
    id: DocumentId,
    raised: &[ChildFlag],
    lowered: &[ChildFlag],
) -> Result<Timestamp> {
    let is_wrong =
        |flag: &ChildFlag| *flag == ChildFlag::OverdueVisit || (raised.contains(flag) && lowered.contains(flag));
    if raised.iter().chain(lowered).any(is_wrong) {
        return Err(Failure::invalid("flags", "not_in_the_list"));
    }
    let standing = dossier_read::read(&device.store.reading().document(id)?)?.flags;
    let mut changed: Vec<(ChildFlag, bool)> = Vec::new();
    changed.extend(raised.iter().filter(|flag| !standing.contains(flag)).map(|flag| (*flag, true)));
    changed.extend(lowered.iter().filter(|flag| standing.contains(flag)).map(|flag| (*flag, false)));
    if changed.is_empty() {
        return Ok(device.environment.now());
    }
    write(device, id, FormKind::of(DeliveryKind::FieldChanged), |tx| {
        changed.iter().try_for_each(|(flag, present)| dossier_write::set_flag(tx, *flag, *present))
    })
}

/// Adds a guardian.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`],
/// [`ErrorCode::NotAllowed`], the faults of a store.
pub fn add_guardian(
    device: &mut Device,
    id: DocumentId,
    name: &str,
    relation: Option<Relation>,
    phone: &str,
) -> Result<Timestamp> {
    if name.trim().is_empty() {
        return Err(Failure::missing("name"));
    }
    let phone = match phone.trim() {
        "" => String::new(),
        typed => {
            let phone = Phone::parse(typed).map_err(|problem| Failure::invalid("phone", problem.key()))?;
            phone.as_str().to_owned()
        }
    };
    let key = device.environment.new_entry_id();
    write(device, id, FormKind::of(DeliveryKind::FieldChanged), |tx| {
        dossier_write::add_guardian(tx, key, name, relation.map_or("", Relation::key), &phone)
    })
}

fn write(
    device: &mut Device,
    id: DocumentId,
    kind: FormKind,
    change: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<()>,
) -> Result<Timestamp> {
    let row = row(device, id)?;
    let now = device.environment.now();
    let Device { store, author, .. } = device;
    store.transact(|tx| author.write_form(tx, &row, kind, now, change))?;
    Ok(now)
}
