//! A desk waits for news: what it asks, and what it hears. When it is to ask is the rule of [`crate::sync::pace`].

use std::time::Duration;

use super::shared_device::{SharedDevice, with};
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::wait::{WaitAnswer, WaitRequest};
use crate::protocol::{self, body};
use crate::sync::link::Link;

/// The longest pause that a server may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(10 * 60);

/// What a desk asks: built from the store, sent without holding the device.
#[derive(Debug)]
pub struct Asked(WaitRequest);

/// What it heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// There is something: a sync fetches it.
    pub news: bool,
    /// How long the server wants to be left in peace.
    pub again_after: Duration,
}

/// What this device would ask now; `None` when it is no desk. `photo_news` is what it heard last.
///
/// # Errors
/// [`ErrorCode::Locked`], the faults of a store.
pub fn request(device: &SharedDevice, photo_news: u64) -> Result<Option<Asked>> {
    with(device, |device| {
        if !device.author.rights.role.is_desk() {
            return Ok(None);
        }
        let standing = device.store.reading().standing()?;
        Ok(Some(Asked(WaitRequest {
            version: protocol::VERSION,
            cursor: standing.cursor,
            rights: device.author.rights.hash(),
            register_head: standing.register_head,
            register_hash: standing.register_hash,
            photo_news,
        })))
    })
}

impl Asked {
    /// Asks, and waits for the answer: up to [`protocol::wait::WAIT_SECONDS_MAX`]. Gives what it heard, and the count of
    /// photo files for the next request.
    ///
    /// # Errors
    /// What the link says.
    pub fn ask(&self, link: &mut dyn Link) -> Result<(Heard, u64)> {
        let answer = link.post(protocol::WAIT_PATH, body::write(&self.0)?)?;
        let answer: WaitAnswer = body::read_within(&answer, protocol::WAIT_BYTES_MAX)
            .map_err(|cause| Failure::caused(ErrorCode::ServerAnswerUnreadable, "the answer to a wait", cause))?;
        let again_after = Duration::from_millis(u64::from(answer.again_after_ms)).min(PAUSE_MAX);
        Ok((Heard { news: answer.news, again_after }, answer.photo_news))
    }
}
