//! tests

pub mod fiction;
