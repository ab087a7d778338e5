//! What a sync does next: a state machine without I/O. Events come in, one effect goes out; whoever drives
//! it talks to the link and the store.
//!
//! The order is fixed: records first and until none waits, then packs of a first copy, then thumbnails, then photos; own
//! ones before those of others. Of a file few bytes are on their way at a time, and a record that was just written goes before
//! the next ones, so that no photo ever delays text. A file that the server refuses is passed over and named.

use std::collections::VecDeque;

use crate::domain::identifier::Hash32;
use crate::protocol::photo::PhotoFile;
use crate::protocol::{PHOTO_PART_BYTES, PHOTO_STREAM_BYTES};

/// A file that goes up or comes down in this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTask {
    /// SHA-256 of the file.
    pub hash: Hash32,
    /// Which file: thumbnails go first.
    pub file: PhotoFile,
    /// Bytes that are over there (going up) or here (coming down) already.
    pub offset: u64,
    /// The file's size.
    pub bytes_total: u64,
    /// Tries in vain before: it goes behind all others.
    pub failures: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session begins.
    Begun,
    /// An exchange was answered and the answer is in the store.
    Exchanged {
        /// There is more to push or to pull.
        again: bool,
        /// Envelopes that came.
        received: u32,
        /// Packs that are awaited, as the store has them now.
        packs: Vec<Hash32>,
        /// Files to send, as the store has them now.
        to_send: Vec<FileTask>,
        /// Files to fetch, as the store has them now.
        to_fetch: Vec<FileTask>,
    },
    /// So much of a pack has come; that is in the store.
    PackPartFetched {
        /// Bytes that came.
        bytes: u64,
        /// It is here whole.
        complete: bool,
        /// A record waits to be sent.
        record_waits: bool,
    },
    /// The server does not have this pack any more: it is asked which others there are.
    PackGone,
    /// The server holds so much of a file now; that is in the store.
    PartSent {
        /// Bytes from the start.
        offset: u64,
        /// It has it whole, and the hash was right.
        complete: bool,
        /// A record waits to be sent.
        record_waits: bool,
    },
    /// So much of a file is here now.
    PartFetched {
        /// Bytes from the start.
        offset: u64,
        /// It is here whole.
        complete: bool,
        /// A record waits to be sent.
        record_waits: bool,
    },
    /// The server does not take or give this file: it is named in the store, and the next one is tried.
    FilePassedOver,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Build a request from the store, exchange it, put the answer into the store.
    Exchange,
    /// Fetch on of a pack.
    FetchPack {
        /// The pack.
        hash: Hash32,
    },
    /// Send a part of a file.
    SendPart {
        /// The file.
        hash: Hash32,
        /// From where.
        offset: u64,
        /// How many bytes at most.
        bytes_max: usize,
    },
    /// Fetch a part of a file.
    FetchPart {
        /// The file.
        hash: Hash32,
        /// Which file.
        file: PhotoFile,
        /// From where.
        offset: u64,
        /// How many bytes at most.
        bytes_max: usize,
    },
    /// Nothing is left to do.
    Finish,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Exchanges made.
    pub exchanges: u32,
    /// Envelopes received.
    pub received: u32,
    /// Bytes of packs received.
    pub pack_bytes: u64,
    /// Files that this session is to carry.
    pub files_total: u32,
    /// Files that it has carried or passed over.
    pub files_done: u32,
    /// Bytes of files that it is to carry.
    pub bytes_total: u64,
    /// Bytes of files that it has carried.
    pub bytes_done: u64,
}

impl Progress {
    /// Something was carried, or said: whoever breaks off after that had signal.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.exchanges > 0 || self.pack_bytes > 0 || self.bytes_done > 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// A session.
#[derive(Debug, Default)]
pub struct Session {
    packs: VecDeque<Hash32>,
    packs_gone: u32,
    queue: VecDeque<(Direction, FileTask)>,
    planned: bool,
    progress: Progress,
}

/// An answer may always say that there is more; a device that is told so for ever gives up after this many.
pub const EXCHANGES_MAX: u32 = 10_000;
/// A server whose packs vanish again and again is left alone with them until the next session.
const PACKS_GONE_MAX: u32 = 8;

impl Session {
    /// Before anything has happened.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes an event in and says what to do next.
    pub fn next(&mut self, event: Event) -> Effect {
        match event {
            Event::Begun => return Effect::Exchange,
            Event::Exchanged { again, received, packs, to_send, to_fetch } => {
                self.progress.exchanges = self.progress.exchanges.saturating_add(1);
                self.progress.received = self.progress.received.saturating_add(received);
                if again && self.progress.exchanges < EXCHANGES_MAX {
                    return Effect::Exchange;
                }
                if self.packs_gone <= PACKS_GONE_MAX {
                    self.packs = packs.into();
                }
                match self.packs.front() {
                    Some(hash) => return Effect::FetchPack { hash: *hash },
                    None => self.plan(to_send, to_fetch),
                }
            }
            Event::PackPartFetched { bytes, complete, record_waits } => {
                self.progress.pack_bytes = self.progress.pack_bytes.saturating_add(bytes);
                if complete {
                    self.packs.pop_front();
                }
                // When the last has come the server hears of it, and photos are asked for that it names.
                return match self.packs.front() {
                    Some(hash) if !record_waits => Effect::FetchPack { hash: *hash },
                    _ => Effect::Exchange,
                };
            }
            Event::PackGone => {
                self.packs.clear();
                self.packs_gone = self.packs_gone.saturating_add(1);
                return Effect::Exchange;
            }
            Event::PartSent { offset, complete, record_waits }
            | Event::PartFetched { offset, complete, record_waits } => {
                if let Some((_, task)) = self.queue.front_mut() {
                    // A server that lost what it had acknowledged is believed: its offset counts.
                    let moved = offset.saturating_sub(task.offset);
                    self.progress.bytes_done = self.progress.bytes_done.saturating_add(moved);
                    task.offset = offset;
                }
                if complete {
                    self.drop_front();
                }
                if record_waits {
                    return Effect::Exchange;
                }
            }
            Event::FilePassedOver => self.drop_front(),
        }
        self.next_part()
    }

    fn drop_front(&mut self) {
        if self.queue.pop_front().is_some() {
            self.progress.files_done = self.progress.files_done.saturating_add(1);
        }
    }

    /// The first plan of a session counts; a later exchange adds files that were attached meanwhile.
    fn plan(&mut self, to_send: Vec<FileTask>, to_fetch: Vec<FileTask>) {
        let first = !self.planned;
        self.planned = true;
        let tasks = to_send
            .into_iter()
            .map(|task| (Direction::Up, task))
            .chain(to_fetch.into_iter().filter(|_| first).map(|task| (Direction::Down, task)));
        for (direction, task) in tasks {
            if self.queue.iter().any(|(_, queued)| queued.hash == task.hash) {
                continue;
            }
            self.progress.files_total = self.progress.files_total.saturating_add(1);
            self.progress.bytes_total =
                self.progress.bytes_total.saturating_add(task.bytes_total.saturating_sub(task.offset));
            self.queue.push_back((direction, task));
        }
        let front = self.queue.front().filter(|(_, task)| task.offset > 0).map(|(_, task)| task.hash);
        // A file that has begun to travel stays in front: its bytes are not to wait behind new ones.
        self.queue.make_contiguous().sort_by_key(|(direction, task)| {
            (task.failures, task.file, Some(task.hash) != front, *direction == Direction::Down)
        });
    }

    fn next_part(&self) -> Effect {
        match self.queue.front() {
            None => Effect::Finish,
            Some((Direction::Up, task)) => {
                Effect::SendPart { hash: task.hash, offset: task.offset, bytes_max: PHOTO_STREAM_BYTES }
            }
            Some((Direction::Down, task)) => Effect::FetchPart {
                hash: task.hash,
                file: task.file,
                offset: task.offset,
                bytes_max: PHOTO_PART_BYTES.saturating_mul(8),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(number: u8, file: PhotoFile, bytes_total: u64) -> FileTask {
        FileTask { hash: Hash32([number; 32]), file, offset: 0, bytes_total, failures: 0 }
    }

    fn exchanged(to_send: Vec<FileTask>, to_fetch: Vec<FileTask>) -> Event {
        Event::Exchanged { again: false, received: 0, packs: vec![], to_send, to_fetch }
    }

    fn hash_of(effect: &Effect) -> Option<u8> {
        match effect {
            Effect::SendPart { hash, .. } | Effect::FetchPart { hash, .. } => Some(hash.0[0]),
            Effect::Exchange | Effect::FetchPack { .. } | Effect::Finish => None,
        }
    }

    #[test]
    fn records_go_until_none_is_left_and_an_idle_sync_is_one_exchange() {
        let mut session = Session::new();
        assert_eq!(session.next(Event::Begun), Effect::Exchange);
        let more = Event::Exchanged { again: true, received: 3, packs: vec![], to_send: vec![], to_fetch: vec![] };
        assert_eq!(session.next(more), Effect::Exchange);
        assert_eq!(session.next(exchanged(vec![], vec![])), Effect::Finish);
        assert_eq!(session.progress().received, 3);
    }

    #[test]
    fn thumbnails_go_before_photos_and_own_files_before_those_of_others() {
        let mut session = Session::new();
        session.next(Event::Begun);
        let mut effect = session.next(exchanged(
            vec![task(1, PhotoFile::Photo, 10), task(2, PhotoFile::Thumbnail, 10)],
            vec![task(3, PhotoFile::Photo, 10), task(4, PhotoFile::Thumbnail, 10)],
        ));
        let mut order = Vec::new();
        while let Some(hash) = hash_of(&effect) {
            order.push(hash);
            effect = session.next(Event::PartSent { offset: 10, complete: true, record_waits: false });
        }
        assert_eq!(order, [2, 4, 1, 3]);
        assert_eq!(session.progress().bytes_done, 40);
    }

    #[test]
    fn a_visit_that_was_just_recorded_goes_between_two_parts_of_a_photo_which_then_goes_on_where_it_was() {
        let mut session = Session::new();
        session.next(Event::Begun);
        session.next(exchanged(vec![task(1, PhotoFile::Photo, 20_000)], vec![]));
        let effect = session.next(Event::PartSent { offset: 8_192, complete: false, record_waits: true });
        assert_eq!(effect, Effect::Exchange);
        let begun = FileTask { offset: 8_192, ..task(1, PhotoFile::Photo, 20_000) };
        let effect = session.next(exchanged(vec![begun, task(2, PhotoFile::Thumbnail, 10)], vec![]));
        assert_eq!(hash_of(&effect), Some(2), "a new thumbnail goes before the rest of the photo");
        let effect = session.next(Event::PartSent { offset: 10, complete: true, record_waits: false });
        assert_eq!(effect, Effect::SendPart { hash: Hash32([1; 32]), offset: 8_192, bytes_max: PHOTO_STREAM_BYTES });
    }

    #[test]
    fn packs_come_after_records_and_before_photos_and_the_server_hears_when_all_are_here() {
        let (first, second) = (Hash32([1; 32]), Hash32([2; 32]));
        let awaited = |packs: &[Hash32]| Event::Exchanged {
            again: false,
            received: 0,
            packs: packs.to_vec(),
            to_send: vec![],
            to_fetch: vec![task(3, PhotoFile::Thumbnail, 10)],
        };
        let part = |complete, record_waits| Event::PackPartFetched { bytes: 8_192, complete, record_waits };
        let mut session = Session::new();
        session.next(Event::Begun);
        assert_eq!(session.next(awaited(&[first, second])), Effect::FetchPack { hash: first });
        assert_eq!(session.next(part(false, false)), Effect::FetchPack { hash: first });
        assert_eq!(session.next(part(false, true)), Effect::Exchange, "a visit that was just recorded goes first");
        assert_eq!(session.next(awaited(&[first, second])), Effect::FetchPack { hash: first });
        assert_eq!(session.next(part(true, false)), Effect::FetchPack { hash: second });
        assert_eq!(session.next(Event::PackGone), Effect::Exchange, "others are asked for");
        assert_eq!(session.next(awaited(&[second])), Effect::FetchPack { hash: second });
        assert_eq!(session.next(part(true, false)), Effect::Exchange);
        assert_eq!(hash_of(&session.next(awaited(&[]))), Some(3), "and photos follow");
        assert_eq!(session.progress().pack_bytes, 4 * 8_192);
    }

    #[test]
    fn a_file_that_was_tried_in_vain_goes_behind_all_others() {
        let mut session = Session::new();
        session.next(Event::Begun);
        let stuck = FileTask { failures: 1, ..task(1, PhotoFile::Thumbnail, 10) };
        let effect = session.next(exchanged(vec![stuck, task(2, PhotoFile::Photo, 10)], vec![]));
        assert_eq!(hash_of(&effect), Some(2));
    }

    #[test]
    fn a_file_that_the_server_refuses_does_not_hold_up_the_next() {
        let mut session = Session::new();
        session.next(Event::Begun);
        session.next(exchanged(vec![task(1, PhotoFile::Photo, 10), task(2, PhotoFile::Photo, 10)], vec![]));
        assert_eq!(hash_of(&session.next(Event::FilePassedOver)), Some(2));
    }
}
