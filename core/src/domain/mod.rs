//! The nouns of the work, pure: types, validation and folds. One noun a file.

pub mod code_list;
pub mod doc;
pub mod dossier;
pub mod field;
pub mod id_number;
pub mod identifier;
pub mod ledger;
pub mod person_name;
pub mod phone;
pub mod place;
pub mod role;
pub mod roster;
pub mod time;
pub mod visit;
