//! What crosses a crate border: the kit with its cast, fictional data, the loopback host, the demonstration, the simulator, the
//! drills, the benchmarks and the fuzz targets. It never ships.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

#[allow(clippy::expect_used, clippy::arithmetic_side_effects, clippy::cast_precision_loss)] // never ships
pub mod benchmarks;
pub mod demo_story;
#[cfg(target_os = "linux")]
#[allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss
)] // as the kit
pub mod drills;
pub mod fiction;
#[allow(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)] // as the kit
pub mod fuzz;
#[allow(clippy::expect_used, clippy::panic)] // the kit fails tests by panicking, and never ships
pub mod kit;
pub mod loopback;
#[allow(clippy::expect_used)] // as the kit
mod memory_folder;
#[allow(clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects)] // never ships
pub mod simulator;
