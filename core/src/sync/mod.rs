//! The session of a sync: what to do next, without doing any of it.

pub mod link;
pub mod session;
