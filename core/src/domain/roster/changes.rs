//! What a row would change in the child that it is about.

use super::known::{KnownChild, KnownGuardian};
use super::{FieldChange, RosterGuardian, RosterRow, status};
use crate::domain::county::Mergers;
use crate::domain::person_name::matching;
use crate::domain::place::Leaves;

/// What the row would change. A blank cell changes nothing: a roster that does not know is no reason to forget.
pub(super) fn changes(row: &RosterRow, leaves: &Leaves, child: &KnownChild, mergers: &Mergers) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let mut change = |field: String, old: &str, new: &str| {
        if !new.is_empty() && matching(old) != matching(new) {
            changes.push(FieldChange { field, old: old.to_owned(), new: new.to_owned() });
        }
    };
    for (path, new) in row.fields() {
        change(path.to_owned(), child.fields.get(path).map_or("", String::as_str), &new);
    }
    // A child who lies under the old code of the same place has not moved.
    let lies = mergers.leaves(&child.leaves);
    for (field, old, new) in [
        (
            "placement.village",
            lies.village.as_ref().map(|code| code.as_str()),
            leaves.village.as_ref().map(|code| code.as_str()),
        ),
        (
            "placement.class",
            child.leaves.class.as_ref().map(|id| id.0.as_str()),
            leaves.class.as_ref().map(|id| id.0.as_str()),
        ),
    ] {
        change(field.to_owned(), old.unwrap_or_default(), new.unwrap_or_default());
    }
    for (flag, set) in &row.flags {
        let text = |set: bool| if set { "true" } else { "false" };
        change(format!("flags.{}", flag.key()), text(child.flags.contains(flag)), text(*set));
    }
    if let Some(status) = status::change(row, child) {
        change("status".to_owned(), child.status.zh(), status.zh());
    }
    for (at, guardian) in row.guardians.iter().enumerate() {
        change_guardian(at, guardian, child, &mut change);
    }
    changes
}

/// A guardian is known by the name, or where the row gives none by the phone number.
fn change_guardian(
    at: usize,
    guardian: &RosterGuardian,
    child: &KnownChild,
    change: &mut impl FnMut(String, &str, &str),
) {
    let name = guardian.name.as_ref();
    let phone = guardian.phone.as_ref().map_or("", |phone| phone.as_str());
    let relation = guardian.relation.map_or("", |relation| relation.key());
    let is_same = |other: &&KnownGuardian| match name {
        Some(name) => matching(&other.name) == name.matching(),
        None => other.phone == phone,
    };
    match child.guardians.iter().find(is_same) {
        Some(other) => {
            change(format!("guardians.{}.phone", other.entry), &other.phone, phone);
            change(format!("guardians.{}.relation", other.entry), &other.relation, relation);
        }
        None => {
            let shown = [name.map_or("", |name| name.written()), guardian.relation.map_or("", |r| r.zh()), phone];
            let shown: Vec<&str> = shown.into_iter().filter(|part| !part.is_empty()).collect();
            change(format!("guardians.new.{at}"), "", &shown.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::ethnicity::Ethnicity;
    use super::super::example::row;
    use super::super::status::StatedStatus;
    use crate::domain::code_list::{AttendanceMode, HukouType, IdType};
    use crate::domain::field::{self, FIELDS};

    #[test]
    fn every_field_of_a_row_is_a_field_of_the_dossier() {
        let mut full = row(1);
        for text in [
            &mut full.national_student_no,
            &mut full.auxiliary_record_no,
            &mut full.village_group,
            &mut full.head_name,
            &mut full.relation_to_head,
            &mut full.hukou_address,
            &mut full.caregiver,
            &mut full.parents_work_place,
            &mut full.study_region,
            &mut full.disability,
            &mut full.note,
        ] {
            *text = "某".to_owned();
        }
        full.head_id = full.id_number.clone();
        full.ethnicity = Ethnicity::read("07");
        (full.id_type, full.hukou_type) = (Some(IdType::ResidentId), Some(HukouType::Agricultural));
        full.attendance_mode = Some(AttendanceMode::Boarding);
        full.record_state = StatedStatus::read("在读");
        let given: BTreeSet<_> = full.fields().into_keys().collect();
        // What the smaller ledgers hold no roster tells.
        let asked: BTreeSet<_> =
            FIELDS.iter().map(|field| field.path).filter(|path| !field::is_of_small_ledgers(path)).collect();
        assert_eq!(given, asked);
    }
}
