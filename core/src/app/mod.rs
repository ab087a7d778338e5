//! The use cases, one a file. They alone call [`crate::store::Store::transact`]: a use case is what is
//! committed together.

pub mod apart;
pub mod attach_photo;
pub mod author;
mod carry_photos;
pub mod casework;
pub mod change_child;
pub mod county_settings;
pub mod device;
pub mod drafts;
pub mod duty;
pub mod enrol;
pub mod fetch_photo;
pub mod first_copy;
pub mod import_roster;
pub mod move_child;
pub mod note_case_changes;
pub mod office;
pub mod pack_file;
mod pages;
pub mod rebuild_projections;
pub mod record_absence;
pub mod record_case;
pub mod record_check;
pub mod record_evidence;
pub mod record_plan;
pub mod record_village;
pub mod record_visit;
mod recovery;
pub mod register_child;
pub mod repair;
pub mod report_danger;
mod returned;
pub mod straighten_page;
pub mod synchronise;
pub mod tidy_photos;
pub mod wait_for_news;
