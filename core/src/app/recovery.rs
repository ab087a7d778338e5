//! Gives back to a restored server what it has lost and this device holds of others. Own records are offered again as
//! always ([`super::synchronise`]).

use super::device::Device;
use crate::error::Result;
use crate::protocol::apart::{GivenBack, TakenBack};
use crate::store::recovery::{self, Recovery};
use crate::store::{Reading, Transaction};

/// Bytes of envelopes of others in one request.
const BYTES_MAX: usize = 64 * 1024;
/// Register entries in one request.
const ENTRIES_MAX: u32 = 200;

/// What a request gives back; `None` when there is nothing to give.
///
/// # Errors
/// The faults of a store.
pub(super) fn request(device: &Device) -> Result<Option<GivenBack>> {
    let reading = device.store.reading();
    if reading.recovery()? != Recovery::Giving {
        return Ok(None);
    }
    let register = reading.entries_to_give_back(ENTRIES_MAX)?;
    let (envelopes, _) = reading.to_give_back(device.gave_up_to, BYTES_MAX)?;
    Ok((!register.is_empty() || !envelopes.is_empty()).then_some(GivenBack { register, envelopes }))
}

/// Takes in what the server says of it. `true` when there is more to give at once.
///
/// # Errors
/// The faults of a store.
pub(super) fn take_in(tx: &Transaction<'_>, given: Option<&GivenBack>, taken: Option<&TakenBack>) -> Result<bool> {
    let (Some(given), Some(taken)) = (given, taken) else { return Ok(false) };
    for entry in &given.register {
        if taken.register.contains(&entry.hash()) {
            recovery::confirm_entry(tx, entry)?;
        }
    }
    for envelope in &taken.envelopes {
        recovery::confirm(tx, *envelope)?;
    }
    Ok(!taken.register.is_empty() || !taken.envelopes.is_empty())
}

/// Where the next request goes on: after the last that this one gave; from the start when there was none left, in a later
/// session. What the server could not take in yet waits for somebody else's.
///
/// # Errors
/// The faults of a store.
pub(super) fn gave_up_to(reading: Reading<'_>, before: i64, given: Option<&GivenBack>) -> Result<i64> {
    if given.is_none_or(|given| given.envelopes.is_empty()) {
        return Ok(0);
    }
    Ok(reading.to_give_back(before, BYTES_MAX)?.1)
}
