//! The sync server: takes envelopes in, authorises, stores durably, hands out. A thin shell over core's
//! halves of the protocol; as a library so that tests run the real thing in their own process.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod backup;
mod connections;
pub mod county_ledger;
pub mod enrol;
pub mod exchange;
pub mod give_back;
pub mod identity;
pub mod intake;
pub mod invite;
pub mod materialise;
pub mod news;
pub mod packs;
pub mod photo;
mod photo_stream;
pub mod repair;
pub mod requests;
pub mod review;
pub mod serve;
pub mod setup;
pub mod store;

use jiafang_core::error::{ErrorCode, Failure};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};

/// A refusal with its detail for the log.
pub(crate) fn refuse(code: RefusalCode, detail: impl Into<String>) -> Refusal {
    Refusal { code, detail: detail.into() }
}

/// A fault of the server's own, as a client hears of it: what was offered stays offered.
pub(crate) fn fault(failure: Failure) -> Refusal {
    tracing::error!(code = ?failure.code, detail = %failure.detail, cause = ?failure.cause, "a request failed");
    let detail = match failure.code {
        ErrorCode::DiskFull => "the server's disk is full",
        _ => "the server's store",
    };
    refuse(RefusalCode::Fault, detail)
}
