//! Desks that wait for news. Who waits stands in memory only; a commit asks each that it concerns to come, by what lies in
//! memory: no waiter costs a look into the store at a commit of others.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::protocol::sync::{Receipt, ReceiptRun, Rights};
use jiafang_core::protocol::wait::WaitRequest;
use tokio::sync::Notify;

use crate::intake;
use crate::store::register::{self, Device};
use crate::store::{Connection, Store, log, photo as photo_store};

/// As many may wait at once; the next ones are asked to come again later.
const WAITERS_MAX: usize = 1_024;
/// How much later.
pub const AGAIN_AFTER_MS: u32 = 60_000;
/// What was taken in last and is remembered: a desk that was away for a moment needs no sync for what concerns others.
const REMEMBERED_MAX: usize = 4_096;

/// What was taken into the log, as far as it decides whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the log.
    pub seq: u64,
    /// Who wrote it: that device needs not hear of it.
    pub certificate: CertificateId,
    /// What kind of document.
    pub kind: DocumentKind,
    /// Where the document lies, and where it lay before when this moved it.
    pub places: Vec<Leaves>,
}

impl Taken {
    fn concerns(&self, device: CertificateId, rights: &Rights) -> bool {
        self.certificate != device && self.places.iter().any(|leaves| intake::may_see(rights, self.kind, leaves))
    }
}

/// A photo file that has come whole.
struct Photo {
    number: u64,
    kind: DocumentKind,
    leaves: Leaves,
}

struct Waiter {
    rights: Rights,
    wakes: Arc<Notify>,
    turn: u64,
}

#[derive(Default)]
struct Board {
    waiters: BTreeMap<CertificateId, Waiter>,
    turns: u64,
    /// In the order of the log, without a gap.
    taken: VecDeque<Taken>,
    photos: VecDeque<Photo>,
    photo_news: u64,
    ended: bool,
}

/// Who waits, and what there is to hear.
#[derive(Default)]
pub struct News(Mutex<Board>);

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("News")
    }
}

/// A place among those who wait; left when it is dropped.
#[derive(Debug)]
pub struct Place<'n> {
    news: &'n News,
    certificate: CertificateId,
    turn: u64,
    wakes: Arc<Notify>,
}

impl Place<'_> {
    /// Ends when there is something, when the same device waits anew, or when the server is about to stop.
    pub async fn called(&self) {
        self.wakes.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut board = self.news.board();
        if board.waiters.get(&self.certificate).is_some_and(|waiter| waiter.turn == self.turn) {
            board.waiters.remove(&self.certificate);
        }
    }
}

impl News {
    /// For a server that starts now. The count of photos begins with the time, so that no number of an earlier run is one of
    /// this run.
    #[must_use]
    pub fn from(now_ms: u64) -> Self {
        Self(Mutex::new(Board { photo_news: now_ms, ..Board::default() }))
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place; `None` when too many wait already. A device has one: an older wait of the same device ends.
    #[must_use]
    pub fn enter(&self, device: &Device) -> Option<Place<'_>> {
        let rights = device.rights.clone()?;
        let mut board = self.board();
        if board.ended || (board.waiters.len() >= WAITERS_MAX && !board.waiters.contains_key(&device.certificate)) {
            return None;
        }
        board.turns = board.turns.wrapping_add(1);
        let (turn, wakes) = (board.turns, Arc::new(Notify::new()));
        let waiter = Waiter { rights, wakes: Arc::clone(&wakes), turn };
        if let Some(before) = board.waiters.insert(device.certificate, waiter) {
            before.wakes.notify_one();
        }
        Some(Place { news: self, certificate: device.certificate, turn, wakes })
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.board().ended
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.board().waiters.len()
    }

    /// The count of photo files, for the next request.
    #[must_use]
    pub fn photo_news(&self) -> u64 {
        self.board().photo_news
    }

    /// Whether what this run has heard of concerns a device that stands at a cursor, when the log ends at `head`. What is
    /// not remembered may concern it.
    fn concern(&self, device: CertificateId, rights: &Rights, request: &WaitRequest, head: u64) -> bool {
        let board = self.board();
        let after = request.cursor.seq;
        let remembered = after >= head
            || (board.taken.front().is_some_and(|first| first.seq <= after.saturating_add(1))
                && board.taken.back().is_some_and(|last| last.seq >= head));
        !remembered
            || board.taken.iter().any(|taken| taken.seq > after && taken.concerns(device, rights))
            || (request.photo_news > 0
                && board.photos.iter().any(|photo| {
                    photo.number > request.photo_news && intake::may_see(rights, photo.kind, &photo.leaves)
                }))
    }

    /// Whether a device is to sync at once: it stands elsewhere than it thinks, or there is something for it already. One
    /// look into the store as a wait begins.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn is_behind(
        &self,
        store: &Store,
        device: &Device,
        request: &WaitRequest,
    ) -> jiafang_core::error::Result<bool> {
        let Some(rights) = &device.rights else { return Ok(false) };
        if rights.hash() != request.rights {
            return Ok(true);
        }
        let head = store.read(|connection| {
            let known = register::knows_entry(connection, request.register_head, request.register_hash)?
                && log::knows_cursor(connection, &request.cursor)?;
            Ok(if known { Some(log::head(connection)?.seq) } else { None })
        })?;
        Ok(head.is_none_or(|head| self.concern(device.certificate, rights, request, head)))
    }

    /// A push was taken in: calls whom it concerns. Looks into the store once, and only while somebody waits.
    pub fn taken_in(&self, store: &Store, receipts: &[ReceiptRun]) {
        let stored = receipts.iter().filter(|run| run.receipt == Receipt::Stored && run.first_seq > 0);
        let Some((first, last)) = stored
            .map(|run| (run.first_seq, run.first_seq.saturating_add(run.count).saturating_sub(1)))
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
        else {
            return;
        };
        if self.waiting() == 0 {
            // Who comes later finds the log longer than it thinks.
            return self.board().taken.clear();
        }
        match store.read(|connection| log::placed_between(connection, first, last)) {
            Ok(taken) => self.call_for(taken),
            Err(failure) => {
                tracing::error!(code = ?failure.code, detail = %failure.detail, "nobody could be called");
                self.call(|_, _| true);
            }
        }
    }

    fn call_for(&self, taken: Vec<Taken>) {
        self.call(|device, rights| taken.iter().any(|one| one.concerns(device, rights)));
        let mut board = self.board();
        // Two commits may come here in the other order: what is remembered has no gap.
        for one in taken {
            match board.taken.back().map(|last| last.seq.saturating_add(1)) {
                Some(next) if next != one.seq => board.taken.clear(),
                _ => {}
            }
            board.taken.push_back(one);
        }
        while board.taken.len() > REMEMBERED_MAX {
            board.taken.pop_front();
        }
    }

    /// A photo file has come whole: calls the desks that may fetch it.
    pub fn photo_is_whole(&self, store: &Store, hash: Hash32) {
        let places = store.read(|connection| places_of_photo(connection, hash)).unwrap_or_default();
        let mut board = self.board();
        for (kind, leaves) in &places {
            board.photo_news = board.photo_news.saturating_add(1);
            let number = board.photo_news;
            board.photos.push_back(Photo { number, kind: *kind, leaves: leaves.clone() });
        }
        while board.photos.len() > REMEMBERED_MAX {
            board.photos.pop_front();
        }
        drop(board);
        self.call(|_, rights| places.iter().any(|(kind, leaves)| intake::may_see(rights, *kind, leaves)));
    }

    fn call(&self, concerns: impl Fn(CertificateId, &Rights) -> bool) {
        for (certificate, waiter) in &self.board().waiters {
            if concerns(*certificate, &waiter.rights) {
                waiter.wakes.notify_one();
            }
        }
    }

    /// Lets everybody go: the server is about to stop.
    pub fn end(&self) {
        self.board().ended = true;
        self.call(|_, _| true);
    }
}

fn places_of_photo(connection: &Connection, hash: Hash32) -> jiafang_core::error::Result<Vec<(DocumentKind, Leaves)>> {
    let mut places = Vec::new();
    for document in photo_store::documents(connection, hash)? {
        if let Some(placed) = log::placement(connection, document)? {
            places.push((placed.kind, placed.leaves));
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use jiafang_core::domain::identifier::PersonId;
    use jiafang_core::domain::place::{PlaceCode, Scope};
    use jiafang_core::domain::role::Role;
    use jiafang_core::protocol::cursor::Cursor;
    use jiafang_core::vault::signing::PublicKey;

    use super::*;

    fn desk(number: u8, scope: &str) -> Device {
        Device {
            certificate: CertificateId::from_bytes([number; 16]),
            person: PersonId::from_bytes([number; 16]),
            public_key: PublicKey([0; 32]),
            rights: Some(Rights { role: Role::RecordsClerk, scopes: vec![Scope::parse(scope).unwrap()] }),
        }
    }

    fn taken(seq: u64, village: &str) -> Taken {
        Taken {
            seq,
            certificate: CertificateId::from_bytes([9; 16]),
            kind: DocumentKind::Dossier,
            places: vec![Leaves { village: PlaceCode::parse(village), class: None }],
        }
    }

    fn at(device: &Device, seq: u64) -> WaitRequest {
        WaitRequest {
            version: 1,
            cursor: Cursor { seq, chain: Hash32::ZERO },
            rights: device.rights.as_ref().unwrap().hash(),
            register_head: 0,
            register_hash: Hash32::ZERO,
            photo_news: 0,
        }
    }

    async fn is_called(place: &Place<'_>) -> bool {
        tokio::time::timeout(std::time::Duration::from_secs(1), place.called()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_calls_the_desks_that_answer_for_the_child_and_nobody_else() {
        let news = News::default();
        let (here, elsewhere, author) =
            (desk(1, "place:999999101"), desk(2, "place:999999102"), desk(9, "place:999999101"));
        let places = [news.enter(&here).unwrap(), news.enter(&elsewhere).unwrap(), news.enter(&author).unwrap()];
        news.call_for(vec![taken(1, "999999101001")]);
        assert!(is_called(&places[0]).await);
        assert!(!is_called(&places[1]).await, "a desk of another township is left in peace");
        assert!(!is_called(&places[2]).await, "who wrote it knows it");
    }

    #[test]
    fn a_desk_that_was_away_for_a_moment_comes_only_for_what_concerns_it() {
        let news = News::default();
        let clerk = desk(1, "place:999999101");
        let rights = clerk.rights.clone().unwrap();
        let concerns = |after, head| news.concern(clerk.certificate, &rights, &at(&clerk, after), head);
        assert!(!concerns(5, 5), "nothing has happened");
        assert!(concerns(5, 6), "what was taken in by an earlier run may concern it");
        news.call_for(vec![taken(6, "999999102001"), taken(7, "999999102001")]);
        assert!(!concerns(5, 7));
        assert!(concerns(4, 7), "number 5 is not remembered");
        assert!(concerns(5, 8), "neither is 8, which another program may have written");
        news.call_for(vec![taken(8, "999999101001")]);
        assert!(concerns(5, 8));
        assert!(!concerns(8, 8));
        news.call_for(vec![taken(10, "999999102001")]);
        assert!(concerns(8, 10), "a gap is noticed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_has_one_place_and_leaves_it_when_its_connection_is_gone() {
        let news = News::default();
        let clerk = desk(1, "place:999999101");
        let first = news.enter(&clerk).unwrap();
        let second = news.enter(&clerk).unwrap();
        assert!(is_called(&first).await, "the older wait of the same device ends");
        drop(first);
        assert_eq!(news.waiting(), 1);
        drop(second);
        assert_eq!(news.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_lets_everybody_go_and_takes_nobody_in() {
        let news = News::default();
        let clerk = desk(1, "place:999999101");
        let place = news.enter(&clerk).unwrap();
        news.end();
        assert!(is_called(&place).await);
        assert!(news.enter(&clerk).is_none());
    }

    #[test]
    fn so_many_may_wait_and_no_more() {
        let news = News::default();
        let mut places = Vec::new();
        for number in 0..WAITERS_MAX {
            let mut one = desk(1, "place:999999101");
            one.certificate = CertificateId::from_bytes(std::array::from_fn(|at| number.to_le_bytes()[at % 8]));
            places.push(news.enter(&one).unwrap());
        }
        assert!(news.enter(&desk(200, "place:999999101")).is_none());
        places.pop();
        assert!(news.enter(&desk(200, "place:999999101")).is_some());
    }
}
