//! tests

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod fiction;
#[allow(clippy::expect_used, clippy::panic)] // the kit fails tests by panicking, and never ships
pub mod kit;
pub mod loopback;
