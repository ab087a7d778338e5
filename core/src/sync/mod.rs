//! The session of a sync: what to do next, without doing any of it; and when a device syncs by itself.

pub mod link;
pub mod pace;
pub mod session;
