//! Everything of Jiafang that must behave the same on a tablet, a desktop and the server.
//!
//! The modules stand in the order in which a visit travels (ARCHITECTURE.md tells the way):
//! [`api`] takes the form, [`app`] runs the use case, [`domain`] validates and makes one Automerge change,
//! [`store`] commits it with its signed envelope, [`sync`] and [`protocol`] carry it to the server and on
//! to the coordinator. [`photo`], [`spreadsheet`] and [`vault`] serve them.
//!
//! This crate knows no runtime, no network and no shell, and reads neither clock nor randomness but through
//! [`environment`].

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod api;
pub mod app;
pub mod domain;
pub mod environment;
pub mod error;
pub mod files;
pub mod photo;
pub mod protocol;
pub mod spreadsheet;
pub mod store;
pub mod sync;
pub mod vault;
