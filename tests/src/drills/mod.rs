//! Drills: the real programs over bad links, killed, and without power (docs/drills.md).
//!
//! The tablet is a process that runs the app's backend over the real connection, the server is the program that counties
//! run. Between them lies a link emulator that moves whole IP packets. Linux only, like the shims of this kind.

pub mod counted;
pub mod county;
pub mod day;
pub mod kills;
pub mod lane;
pub mod network;
pub mod power;
pub mod tablet;
