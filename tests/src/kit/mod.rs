//! The kit: a cast of people with devices of their own around one real server, and verbs for what they do.
//!
//! Everything is real: the server in this process on a free port, TLS, stores in temporary folders. Handed in
//! are the clock, the randomness (its seed is printed) and a link that can be cut.

pub mod casework;
pub mod field_clock;
pub mod person;
#[cfg(target_os = "linux")]
pub mod small_disk;
pub mod switched_link;
pub mod township;

pub use person::Person;
pub use township::Township;

/// A heading in the output of a test, so that a failure can be placed in its story.
pub fn section(title: &str) {
    tracing::info!("== {title}");
}
