//! tests

pub mod fiction;
pub mod loopback;
