//! What the user interface may ask, and what it gets: the list of commands, their request and view types,
//! their handlers, and the TypeScript that is made from them.
//!
//! Views are made for eyes: names beside codes, days already reckoned, nothing left for the user interface
//! to decide.

pub mod apart;
pub mod axes;
pub mod backend;
mod by_itself;
mod bytes_in;
pub mod case_ledger;
pub mod casework;
mod changing;
mod child_ledger;
pub mod children;
pub mod commands;
pub mod completeness;
pub mod county_settings;
pub mod danger;
pub mod delivery;
pub mod dossier;
pub mod duty;
mod duty_pages;
pub mod evidence;
pub mod facet_count;
pub mod half_written;
mod handlers;
mod held;
mod host;
pub mod household;
pub mod inbox;
pub mod ledger;
mod ledger_contents;
pub mod ledger_kind;
pub mod made_file;
pub mod office;
mod out_of_sight;
pub mod own_column;
pub mod page;
pub mod photo;
pub mod plan;
pub mod reminder;
pub mod roll;
pub mod roster;
pub mod round;
mod running_sync;
pub mod saved;
pub mod screen_lock;
pub mod state;
pub mod sync;
pub mod timeline;
pub mod today;
pub mod transition;
pub mod transition_balance;
mod transition_ledger;
pub mod transition_settings;
pub mod version_settings;
pub mod visit;
