//! Sends a photo's bytes and hears, while they go, how many of them the server holds.

use std::collections::VecDeque;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::channel::{Channel, Sender};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::photo::{PhotoHeard, PhotoOffset, PhotoWords};
use jiafang_core::protocol::{PHOTO_PART_BYTES, PHOTO_PIECE_BYTES};
use jiafang_core::sync::link::LinkFailure;
use reqwest::{Body, RequestBuilder};

use crate::{bytes_of, unreachable};

/// As many pieces can be on their way at most.
const PIECES_MAX: usize = PHOTO_PART_BYTES.div_ceil(PHOTO_PIECE_BYTES);

/// Bytes that go out piece by piece, as far as the server keeps up.
struct Outgoing<'b> {
    left: VecDeque<&'b [u8]>,
    /// `None` once all has been handed over, or nothing new is to go out.
    body: Option<Sender<Bytes>>,
    handed_over: u64,
}

impl Outgoing<'_> {
    /// Hands over what may be on its way when the server holds everything up to `held`.
    fn goes_on(&mut self, held: u64) {
        while let (Some(body), Some(piece)) = (&mut self.body, self.left.front()) {
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            let underway = self.handed_over.saturating_sub(held).saturating_add(length);
            if underway > u64::try_from(PHOTO_PART_BYTES).unwrap_or(0)
                || body.try_send(Frame::data(Bytes::copy_from_slice(piece))).is_err()
            {
                return;
            }
            self.handed_over = self.handed_over.saturating_add(length);
            self.left.pop_front();
        }
        self.ends();
    }

    /// Nothing new goes out, and the server is told that this was all.
    fn ends(&mut self) {
        self.body = None;
    }
}

/// Sends bytes from an offset on. `heard` says whether to go on.
pub(crate) async fn send(
    request: RequestBuilder,
    hash: Hash32,
    offset: u64,
    bytes: &[u8],
    heard: &mut dyn FnMut(PhotoOffset) -> bool,
) -> Result<(), LinkFailure> {
    let (sender, body) = Channel::new(PIECES_MAX);
    let mut outgoing =
        Outgoing { left: bytes.chunks(PHOTO_PIECE_BYTES).collect(), body: Some(sender), handed_over: offset };
    outgoing.goes_on(offset);
    let mut response = request.body(Body::wrap(body)).send().await.map_err(|cause| unreachable(&cause))?;
    if !response.status().is_success() {
        return bytes_of(response).await.map(drop);
    }
    let mut words = PhotoWords::default();
    while let Some(said) = response.chunk().await.map_err(|cause| unreachable(&cause))? {
        for word in words.take(&said).map_err(|cause| LinkFailure::Unreadable(cause.to_string()))? {
            match word {
                PhotoHeard::Refused { refusal } => return Err(LinkFailure::Refused(refusal)),
                PhotoHeard::Held { offset: held, complete, head } => {
                    let goes_on = heard(PhotoOffset { hash, offset: held, complete, head });
                    if complete || !goes_on || held > outgoing.handed_over {
                        outgoing.ends();
                    } else {
                        outgoing.goes_on(held);
                    }
                }
            }
        }
    }
    Ok(())
}
