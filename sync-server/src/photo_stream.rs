//! Photo files as they come: each piece is kept when it is here, and the device hears of it while the next is on its way. So a
//! link with a long round trip is used, and one that breaks costs no more than what was on its way.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::body;
use jiafang_core::protocol::photo::PhotoHeard;

use crate::serve::{Server, at_work};
use crate::store::register::Device;

/// A device that sends nothing for so long in the middle of a file is let go; it gives up before.
const SILENCE_TIME_MAX: Duration = Duration::from_secs(3 * 60);
/// What is written at once at most, when more has come than a disk could keep up with.
const WRITE_BYTES_MAX: usize = 64 * 1024;
/// Words that may wait for a device that does not read them.
const WORDS_MAX: usize = 4;

/// Keeps the bytes of a file as they come, and answers at once.
pub(crate) fn taken_as_it_comes(
    server: Arc<Server>,
    device: Device,
    hash: Hash32,
    offset: u64,
    bytes: Body,
) -> Response {
    let (said, answer) = Channel::new(WORDS_MAX);
    tokio::spawn(keep(server, device, hash, offset, bytes, said));
    ([(header::CONTENT_TYPE, "application/cbor-seq")], Body::new(answer)).into_response()
}

async fn keep(
    server: Arc<Server>,
    device: Device,
    hash: Hash32,
    mut offset: u64,
    mut bytes: Body,
    mut said: Sender<Bytes>,
) {
    // Who vanishes in the middle has what has come, and asks again another day.
    while let Ok(Some(piece)) = tokio::time::timeout(SILENCE_TIME_MAX, next_piece(&mut bytes)).await {
        let end = offset.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let device = device.clone();
        let kept = at_work(Arc::clone(&server), move |server| server.append_photo(&device, hash, offset, &piece)).await;
        let (word, goes_on) = match kept {
            Ok(held) => {
                let word = PhotoHeard::Held { offset: held.offset, complete: held.complete, head: held.head };
                (word, !held.complete && held.offset == end)
            }
            Err(refusal) => (PhotoHeard::Refused { refusal }, false),
        };
        offset = end;
        if said.send_data(body::cbor(&word).into()).await.is_err() || !goes_on {
            return;
        }
    }
}

/// What has come, at least something; `None` at the end, or when the line broke.
async fn next_piece(bytes: &mut Body) -> Option<Vec<u8>> {
    let mut piece = Vec::new();
    while piece.len() < WRITE_BYTES_MAX {
        let frame = if piece.is_empty() {
            bytes.frame().await
        } else {
            tokio::select! {
                biased;
                frame = bytes.frame() => frame,
                () = std::future::ready(()) => break,
            }
        };
        match frame {
            Some(Ok(frame)) => piece.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref())),
            Some(Err(_)) | None => break,
        }
    }
    (!piece.is_empty()).then_some(piece)
}
