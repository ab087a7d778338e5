//! The nouns of the work, pure: types, validation and folds. One noun a file.

pub mod absence;
pub mod actor;
pub mod calendar;
pub mod case;
mod case_closing;
pub mod case_fold;
#[cfg(test)]
mod case_fold_tests;
#[cfg(test)]
mod case_ladder_tests;
pub mod case_record;
mod case_steps;
pub mod case_tasks;
pub mod check;
pub mod code_list;
pub mod county;
pub mod county_edit;
pub mod danger;
pub mod doc;
pub mod dossier;
pub mod duty;
pub mod duty_fold;
pub mod evidence;
pub mod evidence_rules;
pub mod evidence_versions;
pub mod field;
pub mod form_check;
pub mod home_teaching;
pub mod id_number;
pub mod identifier;
pub mod ledger;
pub mod look;
pub mod method;
pub mod person_name;
pub mod phone;
pub mod place;
pub mod plan;
pub mod role;
pub mod roster;
pub mod round;
pub mod rule_set;
pub mod setting_mistake;
pub mod status_change;
pub mod time;
pub mod transition;
pub mod transition_balance;
pub mod transition_days;
pub mod transition_rules;
pub mod transition_tasks;
#[cfg(test)]
mod transition_tests;
pub mod two_axes;
pub mod version;
pub mod village_work;
pub mod visit;
