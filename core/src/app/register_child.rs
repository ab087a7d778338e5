//! Registers a child that no roster had: a new dossier under a random id.

use super::author::FormKind;
use super::device::Device;
use crate::domain::code_list::SchoolingStatus;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::DocumentKind;
use crate::domain::doc::dossier_write;
use crate::domain::form_check::not_after;
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::DocumentId;
use crate::domain::person_name::{self, PersonName};
use crate::domain::phone::Phone;
use crate::domain::place::Leaves;
use crate::domain::registration::RegisterChild;
use crate::domain::status_change::{self, StatusForm};
use crate::error::{ErrorCode, Failure, Result};
use crate::store::children::StoredChild;
use crate::store::document::DocumentRow;

/// What became of it.
#[derive(Debug)]
pub enum Registered {
    /// It is saved.
    Saved(DocumentId),
    /// Children who may be the same one: nothing was saved.
    Alike(Vec<StoredChild>),
}

/// Registers a child. A child with the same ID number, or the same name and birth date, is shown first: two
/// dossiers of one child are joined by people, later and with effort (architecture: documents).
///
/// # Errors
/// [`crate::error::ErrorCode::FieldInvalid`], [`crate::error::ErrorCode::NotAllowed`], the faults of a store.
pub fn register_child(device: &mut Device, form: &RegisterChild) -> Result<Registered> {
    let now = device.environment.now();
    let name = PersonName::parse(&form.name).map_err(|problem| Failure::invalid("name", problem.key()))?;
    not_after(now.day(), form.birth_date, "birthDate")?;
    let id_number = match form.id_number.trim() {
        "" => None,
        typed => {
            let id_number = IdNumber::parse(typed).map_err(|problem| Failure::invalid("idNumber", problem.key()))?;
            if id_number.birth_date() != form.birth_date.0 {
                return Err(Failure::invalid("idNumber", "birth_date_differs"));
            }
            if id_number.sex() != form.sex {
                return Err(Failure::invalid("idNumber", "sex_differs"));
            }
            Some(id_number)
        }
    };
    let guardians = form
        .guardians
        .iter()
        .filter(|guardian| !guardian.name.trim().is_empty() || !guardian.phone.trim().is_empty())
        .map(|guardian| {
            let phone = match guardian.phone.trim() {
                "" => String::new(),
                typed => Phone::parse(typed)
                    .map_err(|problem| Failure::invalid("guardianPhone", problem.key()))?
                    .as_str()
                    .to_owned(),
            };
            Ok((guardian.name.trim().to_owned(), guardian.relation.map_or("", |code| code.key()), phone))
        })
        .collect::<Result<Vec<_>>>()?;
    // A dropout, a return, an ending: there is a case, or a paper, before it.
    if !status_change::begins_with(form.status) {
        return Err(Failure::new(ErrorCode::StatusChangeRefused, "no status to begin with")
            .fact("from", SchoolingStatus::Unverified.key())
            .fact("to", form.status.key())
            .fact("reason", "through_the_case"));
    }
    let leaves = Leaves { village: Some(form.village.clone()), class: form.class.clone() };
    if !form.village.is_village() {
        return Err(Failure::invalid("village", "no_village"));
    }
    device.author.may_write(&leaves)?;
    if !form.although_alike {
        let alike = alike(device, name.written(), id_number.as_ref(), form)?;
        if !alike.is_empty() {
            return Ok(Registered::Alike(alike));
        }
    }
    let row = DocumentRow { id: device.environment.new_document_id(), kind: DocumentKind::Dossier, leaves };
    let Device { store, author, environment, .. } = device;
    store.transact(|tx| {
        author.write_form(tx, &row, FormKind::of(DeliveryKind::Registered), now, |document| {
            dossier_write::open(document, &row.leaves, false)?;
            for (path, value) in [
                ("profile.name", name.written()),
                ("profile.sex", form.sex.key()),
                ("profile.birth_date", form.birth_date.to_string().as_str()),
                ("profile.id_number", id_number.as_ref().map_or("", IdNumber::in_full)),
                ("household.village_group", form.village_group.trim()),
                ("household.head_name", form.household_head.trim()),
                ("household.address", form.address.trim()),
                ("record.attendance_mode", form.attendance_mode.map_or("", |mode| mode.key())),
            ] {
                if !value.is_empty() {
                    dossier_write::set_field(document, path, value)?;
                }
            }
            for flag in &form.flags {
                dossier_write::set_flag(document, *flag, true)?;
            }
            for (name, relation, phone) in &guardians {
                dossier_write::add_guardian(document, environment.new_entry_id(), name, relation, phone)?;
            }
            let status = StatusForm { status: form.status, since: Some(now.day()), note: String::new() };
            dossier_write::add_status(document, environment.new_entry_id(), &status, &[])
        })
    })?;
    Ok(Registered::Saved(row.id))
}

fn alike(device: &Device, name: &str, id_number: Option<&IdNumber>, form: &RegisterChild) -> Result<Vec<StoredChild>> {
    let reading = device.store.reading();
    let mut alike = match id_number {
        Some(id_number) => reading.children_by_id_number(id_number.in_full())?,
        None => Vec::new(),
    };
    let wanted = person_name::matching(name);
    for child in reading.children_by_birth_date(form.birth_date)? {
        let known = alike.iter().any(|other| other.document == child.document);
        if !known && person_name::matching(&child.name) == wanted {
            alike.push(child);
        }
    }
    Ok(alike)
}
