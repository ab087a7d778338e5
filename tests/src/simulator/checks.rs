//! What must hold at rest: after everything is mended and everybody has synced until nothing moves any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use automerge::Automerge;
use jiafang_core::app::repair::Repaired;
use jiafang_core::domain::doc::{self, DocumentKind, dossier_read};
use jiafang_core::domain::dossier::Dossier;
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32};
use jiafang_core::domain::ledger::LedgerRow;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_sync_server::county_ledger;
use rusqlite::types::Value;

use super::holding::packed;
use super::lost::WithinReach;
use super::tablet::{Tablet, held};
use super::world::{Said, World};

/// Rounds in which everybody syncs, until nothing moves.
const ROUNDS_MAX: usize = 40;

/// What the server holds at rest.
struct Server {
    in_log: BTreeMap<Hash32, u64>,
    apart: BTreeMap<Hash32, String>,
    refused: BTreeSet<Hash32>,
    dossiers: BTreeMap<DocumentId, ServerDossier>,
    damaged: BTreeSet<DocumentId>,
    backed_up: BTreeSet<Hash32>,
    restored: bool,
}

/// A dossier, or the document of a village.
struct ServerDossier {
    kind: DocumentKind,
    placed: jiafang_sync_server::store::log::Placement,
    /// Each with the change in it.
    envelopes: BTreeMap<Hash32, Hash32>,
    loaded: Option<Automerge>,
    row: Option<LedgerRow>,
}

/// What a tablet holds at rest.
struct Rest {
    tablet: Arc<Tablet>,
    let_in: bool,
    envelopes: BTreeMap<DocumentId, BTreeMap<Hash32, CertificateId>>,
    outbox: BTreeMap<u64, OutboxRow>,
    /// What forms say that came back, by their counters.
    returned: BTreeMap<u64, String>,
    durable_seq: u64,
}

struct OutboxRow {
    envelope: Hash32,
    state: String,
    reason: String,
    seq: u64,
    on_desk: bool,
    refused: bool,
    dropped: bool,
}

impl World {
    /// Mends everything and lets everybody sync until nothing moves.
    pub(super) fn comes_to_rest(&self) {
        held(&self.office).leaves_pages(None);
        held(&self.office).server_dies_and_starts_again();
        for tablet in self.everybody() {
            tablet.leaves_pages(None);
            tablet.restarts();
        }
        let mut moving = String::new();
        for _ in 0..ROUNDS_MAX {
            let mut moved = false;
            for tablet in self.everybody() {
                if tablet.is_broken.load(Ordering::SeqCst) {
                    moved = true;
                    drop(self.compares_with_server(&tablet, &[]));
                }
                let before = standing_of(&tablet);
                match self.syncs(&tablet, &[]) {
                    Ok(synced) => {
                        let now = standing_of(&tablet);
                        if synced.progress.received > 0
                            // A photo that is nowhere any more is asked for each time, and that is no movement.
                            || synced.progress.bytes_done > 0
                            || synced.progress.exchanges > 1
                            || now != before
                        {
                            moved = true;
                            moving = format!("tablet {}: {:?}\n{before:?}\n{now:?}", tablet.number, synced.progress);
                        }
                    }
                    Err(Some(_)) => {}
                    Err(None) => moved = true,
                }
            }
            if !moved {
                return;
            }
        }
        self.finds(format!("after {ROUNDS_MAX} rounds something still moves: {moving}"));
    }

    /// Checks all that must hold.
    pub(super) fn checks(&self) {
        let server = self.server_at_rest();
        let rests: Vec<Rest> = self.everybody().into_iter().map(|tablet| self.at_rest(tablet)).collect();
        let let_in = rests.iter().filter(|rest| rest.let_in).map(|rest| rest.tablet.as_ref());
        let reach = WithinReach::of(&held(&self.office).log(), let_in);
        for said in held(&self.said).clone() {
            if let Some(rest) = rests.iter().find(|rest| rest.tablet.number == said.tablet) {
                self.checks_promise(&said, rest, &server, &reach);
                self.checks_text(&said, rest, &server);
            }
        }
        for rest in &rests {
            self.checks_projections(&rest.tablet);
            if rest.let_in {
                self.checks_honesty(rest, &rests, &server);
                self.checks_dossiers(rest, &server, &reach);
                self.checks_photos(rest, &server);
                self.checks_list(&rest.tablet);
            }
        }
        self.checks_screens(&rests);
        // The last: what a comparison finds, it mends.
        for rest in rests.iter().filter(|rest| rest.let_in) {
            self.checks_comparison(&rest.tablet);
        }
        for _ in &server.damaged {
            self.tallies("PoisonPassedOver");
        }
    }

    fn server_at_rest(&self) -> Server {
        let office = held(&self.office);
        let log = office.log();
        let ledger = county_ledger::fold(&office.server().store).expect("the server's ledger");
        let rows: BTreeMap<DocumentId, LedgerRow> = ledger.rows.into_iter().collect();
        let mut dossiers = BTreeMap::new();
        for kind in [DocumentKind::Dossier, DocumentKind::Place] {
            for (id, placed) in office.documents(kind) {
                let of_it: Vec<&Envelope> = log.iter().filter(|envelope| envelope.body.document == id).collect();
                let loaded = load(kind, &of_it);
                let envelopes = of_it.iter().map(|envelope| (envelope.hash(), change_of(envelope))).collect();
                dossiers.insert(id, ServerDossier { kind, placed, envelopes, loaded, row: rows.get(&id).cloned() });
            }
        }
        Server {
            in_log: log.iter().zip(1..).map(|(envelope, seq)| (envelope.hash(), seq)).collect(),
            apart: office.apart().into_iter().collect(),
            refused: office.refused().into_iter().collect(),
            dossiers,
            damaged: ledger.damaged.into_iter().collect(),
            backed_up: office.backups.iter().flat_map(|backup| backup.holds.iter().copied()).collect(),
            restored: office.restored > 0,
        }
    }

    fn at_rest(&self, tablet: Arc<Tablet>) -> Rest {
        let let_in = held(&self.office).lets_in(tablet.certificate);
        let (envelopes, outbox, returned) = tablet.knows(|device| {
            device.store.transact(|tx| {
                let mut envelopes: BTreeMap<DocumentId, BTreeMap<Hash32, CertificateId>> = BTreeMap::new();
                for row in rows(tx, "SELECT document, hash, certificate FROM envelope") {
                    if let [document, hash, certificate] = row.as_slice() {
                        let of_it = envelopes.entry(DocumentId::from_bytes(blob(document))).or_default();
                        of_it.insert(Hash32(blob(hash)), CertificateId::from_bytes(blob(certificate)));
                    }
                }
                let mut outbox = BTreeMap::new();
                for row in rows(
                    tx,
                    "SELECT counter, envelope, state, reason, seq, on_desk_at, refused_at, dropped FROM outbox",
                ) {
                    if let [counter, envelope, state, reason, seq, on_desk_at, refused_at, dropped] = row.as_slice() {
                        let row = OutboxRow {
                            envelope: Hash32(blob(envelope)),
                            state: text(state),
                            reason: text(reason),
                            seq: number(seq),
                            on_desk: number(on_desk_at) > 0,
                            refused: number(refused_at) > 0,
                            dropped: number(dropped) > 0,
                        };
                        outbox.insert(number(counter), row);
                    }
                }
                let mut returned = BTreeMap::new();
                for row in rows(tx, "SELECT counter, words FROM returned_form") {
                    if let [counter, words] = row.as_slice() {
                        returned.insert(number(counter), text(words));
                    }
                }
                Ok((envelopes, outbox, returned))
            })
        });
        let durable_seq = tablet.knows(|device| Ok(device.store.reading().standing()?.durable_seq));
        Rest { tablet, let_in, envelopes, outbox, returned, durable_seq }
    }

    /// Every envelope that was ever said to be saved is on the server, or apart with a reason, and the tablet has it.
    fn checks_promise(&self, said: &Said, rest: &Rest, server: &Server, reach: &WithinReach) {
        let who = format!("tablet {} no. {}", said.tablet, said.counter);
        let kept = rest.envelopes.get(&said.document).is_some_and(|of_it| of_it.contains_key(&said.envelope));
        if !kept && server.refused.contains(&said.envelope) {
            // Its words have come back, and its child has left: what is checked of the words, below, is all that stays.
        } else if !kept && self.was_erased_rightly(said, rest, server) {
            self.tallies("ErasedAfterTheChildLeft");
        } else if !kept {
            self.finds(format!("{who} was called saved, and the tablet has it no more"));
        }
        let Some(row) = rest.outbox.get(&said.counter).filter(|row| row.envelope == said.envelope) else {
            self.finds(format!("{who} was called saved, and is in no list of the tablet any more"));
            return;
        };
        if server.in_log.contains_key(&said.envelope) {
            return;
        }
        if server.apart.contains_key(&said.envelope) {
            if rest.let_in && (row.state != "quarantined" || row.reason.is_empty()) {
                self.finds(format!("{who} is kept apart by the server, and the tablet calls it {}", row.state));
            }
            return;
        }
        if server.refused.contains(&said.envelope) {
            if rest.let_in && !(row.refused && rest.returned.contains_key(&said.counter)) {
                self.finds(format!("{who} was refused, and its author has not got it back ({})", row.state));
            }
            self.tallies("RefusedAndBackWithItsAuthor");
            return;
        }
        if !rest.let_in {
            // The strip says that the office does not let the tablet in any more; what it holds it still shows.
            self.tallies("HeldByTabletThatIsShutOut");
        } else if row.state == "waiting" && server.restored && !reach.can_come(said.envelope) {
            self.tallies("WaitsForWhatARestoreLost");
        } else {
            self.finds(format!("{who} ({}) is neither in the log nor apart", row.state));
        }
    }

    /// A child who has left a tablet's scope is erased there, when all that was recorded of it is in the log and in a
    /// backup; what is no dossier any more is not shown either.
    fn was_erased_rightly(&self, said: &Said, rest: &Rest, server: &Server) -> bool {
        let is_durable = server.in_log.contains_key(&said.envelope) && server.backed_up.contains(&said.envelope);
        let is_gone = rest.tablet.knows(|device| device.store.reading().document_row(said.document)).is_none();
        is_durable && is_gone
    }

    /// No text of a visit is lost that a screen has called saved: on its tablet, and on the server where it is.
    fn checks_text(&self, said: &Said, rest: &Rest, server: &Server) {
        let Some(entry) = said.entry else { return };
        let Some(typed) = held(&self.texts).get(&entry).cloned() else { return };
        let reads = |dossier: &Dossier| dossier.visits.get(&entry).map(|visit| visit.form.at_home.clone());
        let who = format!("tablet {} no. {}", said.tablet, said.counter);
        if !rest.envelopes.contains_key(&said.document) && self.was_erased_rightly(said, rest, server) {
            return;
        }
        if rest.outbox.get(&said.counter).is_some_and(|row| row.dropped) {
            if !rest.returned.get(&said.counter).is_some_and(|words| words.contains(&typed)) {
                self.finds(format!("the text of {who} is in no dossier, and has not come back"));
            }
            return;
        }
        let here = rest.tablet.with(|device| dossier_read::read(&device.store.reading().document(said.document)?));
        match here {
            Ok(dossier) if reads(&dossier).as_ref() == Some(&typed) => {}
            Ok(_) => self.finds(format!("the text of {who} is not in the tablet's dossier any more")),
            Err(failure) => self.finds(format!("the text of {who} cannot be read: {failure}")),
        }
        if server.in_log.contains_key(&said.envelope)
            && let Some(loaded) = server.dossiers.get(&said.document).and_then(|dossier| dossier.loaded.as_ref())
            && dossier_read::read(loaded).ok().and_then(|dossier| reads(&dossier)) != Some(typed)
        {
            self.finds(format!("the text of {who} is in the log, and not in the server's dossier"));
        }
    }

    /// What a tablet says of where its forms are is true.
    fn checks_honesty(&self, rest: &Rest, rests: &[Rest], server: &Server) {
        for (counter, row) in &rest.outbox {
            let who = format!("tablet {} no. {counter}", rest.tablet.number);
            match row.state.as_str() {
                "stored" => {
                    let seq = server.in_log.get(&row.envelope);
                    if seq.is_none() || (row.seq > 0 && seq != Some(&row.seq)) {
                        self.finds(format!("{who} is said to be stored as {}, and is {seq:?} in the log", row.seq));
                    }
                    if row.seq > 0 && row.seq <= rest.durable_seq && !server.backed_up.contains(&row.envelope) {
                        self.finds(format!("{who} is said to be in a backup, and is in none"));
                    }
                    let at_a_desk = rests.iter().any(|other| {
                        other.tablet.person != rest.tablet.person
                            && (other.envelopes.values().any(|of_it| of_it.contains_key(&row.envelope))
                                || has_from_a_pack(other, row.envelope, server))
                    });
                    if row.on_desk && !at_a_desk && self.was_on_a_desk(rest, row.envelope, server) {
                        self.tallies("OnADeskBeforeItsPersonHadAnotherPost");
                    } else if row.on_desk && !at_a_desk {
                        self.finds(format!("{who} is said to be on a desk, and is on none"));
                    }
                }
                "quarantined" if row.refused && !server.refused.contains(&row.envelope) => {
                    self.finds(format!("{who} is said to be refused, and is not"));
                }
                "quarantined" if !row.refused && !server.apart.contains_key(&row.envelope) => {
                    self.finds(format!("{who} is said to be apart ({}), and is not", row.reason));
                }
                _ => {}
            }
        }
    }

    /// Whether somebody else held it on a desk, and has got another post since.
    fn was_on_a_desk(&self, rest: &Rest, envelope: Hash32, server: &Server) -> bool {
        let change = server.dossiers.values().find_map(|dossier| dossier.envelopes.get(&envelope));
        held(&self.held_before).iter().any(|(person, before)| {
            *person != rest.tablet.person
                && (before.contains(&envelope) || change.is_some_and(|change| before.contains(change)))
        })
    }

    /// A tablet holds all of the dossiers that it may see, and nothing that the server lacks without a reason; and what
    /// is equal to the server's log reads as the server reads it (invariant 3).
    fn checks_dossiers(&self, rest: &Rest, server: &Server, reach: &WithinReach) {
        let tablet = &rest.tablet;
        let rights = tablet.knows(|device| Ok(device.author.rights.clone()));
        let nothing = BTreeMap::new();
        for (id, dossier) in &server.dossiers {
            if !rights.scopes.iter().any(|scope| scope.covers(&dossier.placed.leaves)) {
                continue;
            }
            let here = rest.envelopes.get(id).unwrap_or(&nothing);
            // What came in a pack has no envelopes: its changes are in the document.
            let packed = packed(tablet, dossier.kind, *id);
            let lacking = dossier
                .envelopes
                .iter()
                .filter(|(hash, change)| !here.contains_key(hash) && !packed.contains(change))
                .count();
            if lacking > 0 {
                self.finds(format!("tablet {} lacks {lacking} envelopes of {id}", tablet.number));
                continue;
            }
            let dropped: BTreeSet<Hash32> =
                rest.outbox.values().filter(|row| row.dropped).map(|row| row.envelope).collect();
            let more: Vec<(&Hash32, &CertificateId)> = here
                .iter()
                .filter(|(hash, _)| !dossier.envelopes.contains_key(hash) && !dropped.contains(hash))
                .collect();
            for (hash, author) in &more {
                // Of the own each is checked as what a screen has promised.
                let own = **author == tablet.certificate && !tablet.is_cloned();
                if own || server.apart.contains_key(hash) || server.refused.contains(hash) {
                    continue;
                }
                if server.restored && !reach.can_come(**hash) {
                    self.tallies("HeldByOthersAndLostByTheServer");
                } else {
                    self.finds(format!("tablet {} has an envelope of {id} that the log lacks", tablet.number));
                }
            }
            let in_log: BTreeSet<Hash32> = dossier.envelopes.values().copied().collect();
            if !more.is_empty() {
                continue;
            }
            if server.restored && !packed.is_subset(&in_log) {
                // It was in a backup, and an older one was restored.
                self.tallies("HeldFromAPackAndLostByTheServer");
            } else {
                self.compares(tablet, *id, dossier, server);
            }
        }
    }

    fn compares(&self, tablet: &Tablet, id: DocumentId, dossier: &ServerDossier, server: &Server) {
        let here = tablet.with(|device| device.store.reading().document(id)).ok();
        match (&here, &dossier.loaded) {
            (Some(here), Some(there)) => {
                if doc::heads(here) != doc::heads(there) {
                    self.finds(format!("tablet {} has other heads of {id} than the server", tablet.number));
                }
                let row = tablet.knows(|device| device.store.reading().ledger_row(id));
                if row != dossier.row {
                    self.finds(format!(
                        "the ledger of tablet {} differs from the server's for {id}:\n  {row:?}\n  {:?}",
                        tablet.number, dossier.row
                    ));
                }
            }
            (None, None) => {}
            _ => self.finds(format!(
                "{id}: tablet {} reads it: {}, the server: {} (damaged: {})",
                tablet.number,
                here.is_some(),
                dossier.loaded.is_some(),
                server.damaged.contains(&id)
            )),
        }
    }

    /// Projections can be dropped and rebuilt with the same result (invariant 4).
    /// When everybody has synced, device and server hold the same, and a comparison says so.
    fn checks_comparison(&self, tablet: &Arc<Tablet>) {
        match self.compares_with_server(tablet, &[]) {
            Ok(Some(Repaired { mended: 0, fetched: 0, given: 0, waiting, .. })) => {
                self.tallies(if waiting == 0 { "ComparedAndTheSame" } else { "ComparedAndWaitsForOthers" });
            }
            Ok(None) => self.tallies("NotComparedYet"),
            Ok(Some(repaired)) => self.finds(format!("tablet {} compared at rest: {repaired:?}", tablet.number)),
            Err(failure) => self.finds(format!("tablet {} could not compare: {failure:?}", tablet.number)),
        }
    }

    fn checks_projections(&self, tablet: &Tablet) {
        let before = projections(tablet);
        tablet.knows(|device| jiafang_core::app::rebuild_projections::rebuild(&mut device.store, &mut |_, _| {}));
        let after = projections(tablet);
        for (table, rows) in &before {
            let rebuilt = after.get(table);
            if rebuilt != Some(rows) {
                let differing = rows.iter().find(|row| rebuilt.is_none_or(|rebuilt| !rebuilt.contains(row)));
                let new = rebuilt.and_then(|rebuilt| rebuilt.iter().find(|row| !rows.contains(row)));
                self.finds(format!(
                    "tablet {}: the projection {table} is rebuilt otherwise:\n  was {differing:?}\n  is {new:?}",
                    tablet.number
                ));
            }
        }
    }

    /// Devices with equal heads show equal rows (invariant 8).
    fn checks_screens(&self, rests: &[Rest]) {
        type Shown = (usize, Vec<Vec<Value>>);
        let mut shown: BTreeMap<(DocumentId, Vec<Hash32>), Shown> = BTreeMap::new();
        for rest in rests.iter().filter(|rest| rest.let_in) {
            for id in rest.tablet.dossiers() {
                // Of a child who has left the tablet does not know where it lies, and shows the place that it left.
                if rest.tablet.knows(|device| device.store.reading().has_left(id)) {
                    continue;
                }
                let Ok(document) = rest.tablet.with(|device| device.store.reading().document(id)) else { continue };
                let row = rest.tablet.knows(|device| {
                    device.store.transact(|tx| {
                        let hex = data_encoding::HEXUPPER.encode(id.as_bytes());
                        Ok(rows(tx, &format!("SELECT * FROM child WHERE document = x'{hex}'")))
                    })
                });
                let number = rest.tablet.number;
                let (first, same) = shown.entry((id, doc::heads(&document))).or_insert_with(|| (number, row.clone()));
                if *same != row {
                    self.finds(format!(
                        "tablets {first} and {number} have equal heads of {id} and show:\n  {same:?}\n  {row:?}"
                    ));
                }
            }
        }
    }

    /// Photos are on the server whole when their record is. Those of a visit that waits apart come when it is accepted.
    fn checks_photos(&self, rest: &Rest, server: &Server) {
        let number = rest.tablet.number;
        let rights = rest.tablet.knows(|device| Ok(device.author.rights.clone()));
        for (id, dossier) in &server.dossiers {
            let covered = rights.scopes.iter().any(|scope| scope.covers(&dossier.placed.leaves));
            let files = rest.tablet.knows(|device| device.store.reading().files_of(*id));
            let not_sent: Vec<_> =
                files.iter().filter(|file| file.own && covered && file.complete_at.is_none()).collect();
            if not_sent.is_empty() {
                continue;
            }
            let read = dossier.loaded.as_ref().and_then(|loaded| dossier_read::read(loaded).ok());
            let waits_apart = rest.envelopes.get(id).is_some_and(|of_it| {
                of_it.iter().any(|(envelope, by)| *by == rest.tablet.certificate && server.apart.contains_key(envelope))
            });
            for file in not_sent {
                let has_record = read.as_ref().is_none_or(|dossier| dossier.photos.contains_key(&file.entry));
                if has_record || !waits_apart {
                    self.finds(format!("tablet {number}: a photo file of {id} is not sent: '{}'", file.problem));
                } else {
                    self.tallies("PhotoWaitsWithItsVisitThatIsApart");
                }
            }
        }
    }
}

fn change_of(envelope: &Envelope) -> Hash32 {
    doc::read_change(&envelope.body.change).map_or(Hash32::ZERO, |change| Hash32(change.hash().0))
}

/// Whether a tablet has what an envelope of the log carried from a pack.
fn has_from_a_pack(rest: &Rest, envelope: Hash32, server: &Server) -> bool {
    let found =
        server.dossiers.iter().find_map(|(id, dossier)| Some((dossier.kind, *id, *dossier.envelopes.get(&envelope)?)));
    found.is_some_and(|(kind, id, change)| packed(&rest.tablet, kind, id).contains(&change))
}

fn load(kind: DocumentKind, envelopes: &[&Envelope]) -> Option<Automerge> {
    let base = doc::empty(kind).ok()?;
    let changes: Result<Vec<_>, _> = envelopes.iter().map(|envelope| doc::read_change(&envelope.body.change)).collect();
    let changes = changes.ok()?;
    let mut whole = base.clone();
    if doc::apply(&mut whole, changes.clone()).and_then(|()| doc::check(kind, &whole)).is_ok() {
        return Some(whole);
    }
    Some(doc::apply_passing_over(kind, &base, changes).0)
}

fn standing_of(tablet: &Tablet) -> Vec<Vec<Value>> {
    tablet.knows(|device| {
        device.store.transact(|tx| {
            let mut standing = rows(tx, "SELECT state, count(*), sum(on_desk_at > 0) FROM outbox GROUP BY state");
            standing.extend(rows(tx, "SELECT cursor_seq, register_head, durable_seq, photo_mark FROM device"));
            standing.extend(rows(
                tx,
                "SELECT sum(here), sum(offset), sum(complete_at > 0), sum(on_desk_at > 0) FROM photo_file",
            ));
            Ok(standing)
        })
    })
}

fn projections(tablet: &Tablet) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    tablet.knows(|device| {
        device.store.transact(|tx| {
            Ok([
                ("child", rows(tx, "SELECT * FROM child ORDER BY document")),
                ("child_search", rows(tx, "SELECT * FROM child_search ORDER BY document, term, weight")),
                ("child_evidence", rows(tx, "SELECT * FROM child_evidence ORDER BY document, from_day")),
                ("casework", rows(tx, "SELECT * FROM casework ORDER BY document")),
                ("child_duty", rows(tx, "SELECT * FROM child_duty ORDER BY document")),
                ("transition", rows(tx, "SELECT * FROM transition ORDER BY document, stage, year")),
                ("class_back", rows(tx, "SELECT * FROM class_back ORDER BY entry")),
                ("danger", rows(tx, "SELECT * FROM danger ORDER BY annex")),
                ("village_work", rows(tx, "SELECT * FROM village_work ORDER BY document")),
                ("county", rows(tx, "SELECT * FROM county")),
            ]
            .into_iter()
            .collect())
        })
    })
}

fn rows(connection: &rusqlite::Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(sql).expect("the simulator's own statement");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.and_then(Iterator::collect).expect("rows")
}

fn blob<const N: usize>(value: &Value) -> [u8; N] {
    match value {
        Value::Blob(bytes) => bytes.as_slice().try_into().unwrap_or([0; N]),
        _ => [0; N],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

fn number(value: &Value) -> u64 {
    match value {
        Value::Integer(number) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}
