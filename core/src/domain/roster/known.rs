//! The children that are known, as the store finds them for the import.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::code_list::{ChildFlag, SchoolingStatus, Sex};
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::place::Leaves;

/// A child that a row may be about. `Debug` shows the dossier's id only.
#[derive(Clone)]
pub struct KnownChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name as it is shown.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// The ID number, where there is one.
    pub id_number: Option<IdNumber>,
    /// Where the dossier lies.
    pub leaves: Leaves,
    /// Values by field path (`domain::field`), name, sex, birth date and ID number among them.
    pub fields: BTreeMap<&'static str, String>,
    /// The schooling status to show.
    pub status: SchoolingStatus,
    /// A person has recorded a status, and not only rosters.
    pub status_is_looked_into: bool,
    /// Flags that are set.
    pub flags: BTreeSet<ChildFlag>,
    /// Guardians.
    pub guardians: Vec<KnownGuardian>,
}

impl std::fmt::Debug for KnownChild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KnownChild({})", self.document_id)
    }
}

/// A guardian of a known child, as the dossier holds it.
#[derive(Clone)]
pub struct KnownGuardian {
    /// Its key in the dossier.
    pub entry: EntryId,
    /// The name.
    pub name: String,
    /// A key of `code_list::Relation`.
    pub relation: String,
    /// The phone number.
    pub phone: String,
}

/// Looks up known children. The store implements it over its indexes.
pub trait KnownChildren {
    /// Those with this ID number.
    fn by_id_number(&self, id: &IdNumber) -> Vec<KnownChild>;

    /// Those with this name, normalised by `person_name::matching`, and this date of birth.
    fn by_name_and_birth(&self, name: &str, birth_date: Date) -> Vec<KnownChild>;
}
