//! The server as devices meet it: a real server in this process, on a free port, over real TLS, asked by the
//! real client. What a device does with an answer is tested elsewhere; here it is what the server takes in,
//! gives out and refuses.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

mod backup;
mod county;
mod device;
mod enrolment;
#[cfg(target_os = "linux")]
mod full_disk;
mod hostile;
mod materialise;
mod photos;
mod records;
mod repair;
mod wire;
mod written_down;
