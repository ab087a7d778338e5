//! Power loss, which a kill does not show: what was written and not synced may be lost, torn, or on the disk before what
//! was written earlier.
//!
//! The real programs run with a small shim before the C library that records every write, sync and rename below their
//! data folder, and what they say (`recorder.c`). From the record, [`replay`] builds the disks that a power loss could
//! leave at any of its moments; the real stores open them.

pub mod check;
pub mod recording;
pub mod replay;
pub mod story;
