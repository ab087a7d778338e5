//! `kill -9` of tablet and server at moments drawn by chance, while visits are saved and synced: what was said to be
//! saved is there afterwards, and in the end the desk's ledger and the server's are one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiafang_core::api::backend::Host;
use jiafang_core::api::commands;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::ledger::LedgerRow;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_sync_client::HttpsConnector;
use jiafang_sync_server::{county_ledger, store};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::county::{DrillCounty, ServerProcess, program};
use super::day;
use super::tablet::{Order, TabletProcess, backend};
use crate::kit::person::PIN;

/// Children that the visits go to.
const CHILDREN: usize = 5;

/// What was killed, and what had been said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Killed {
    /// Times that the tablet's process was killed.
    pub tablets: u64,
    /// Times that the server's was.
    pub servers: u64,
    /// Visits that were said to be saved.
    pub visits: u64,
    /// Of them, those with a photo.
    pub photos: u64,
    /// Visits that are there although the kill came before the word.
    pub unsaid: u64,
}

struct Silent;

impl Host for Silent {
    fn changed(&self) {}
}

struct Drill<'a> {
    county: &'a DrillCounty,
    device: PathBuf,
    tablet_program: &'a Path,
    pictures: Vec<PathBuf>,
    chance: ChaCha8Rng,
    tablet: TabletProcess,
    server: Option<ServerProcess>,
    /// Visits that were said to be saved, with the number of their photos.
    said: BTreeMap<String, usize>,
    killed: Killed,
}

fn draw(chance: &mut ChaCha8Rng, below: u64) -> u64 {
    u64::from(chance.next_u32()) % below.max(1)
}

fn call(command: &str, request: Value) -> Order {
    Order::Call { command: command.to_owned(), request }
}

impl Drill<'_> {
    fn server_starts(&mut self) {
        self.server = Some(self.county.serves(Command::new(program("jiafang-sync-server"))));
    }

    /// Does what a teacher does, until something is killed under it. Each thing is one step of the app.
    fn works_until_killed(&mut self, children: &[Value], kill_tablet: bool) {
        let wait = Duration::from_millis(draw(&mut self.chance, 250));
        let victim = if kill_tablet { self.tablet.id() } else { self.server.as_ref().map_or(0, ServerProcess::id) };
        let killer = std::thread::spawn(move || {
            std::thread::sleep(wait);
            // Only this very process, which is ours and has not been waited for.
            let _ = Command::new("kill").args(["-9", &victim.to_string()]).status();
        });
        for _ in 0..40 {
            if killer.is_finished() || !self.one_visit(children) {
                break;
            }
        }
        let _ = killer.join();
    }

    /// `false` when the tablet has died over it.
    fn one_visit(&mut self, children: &[Value]) -> bool {
        let Self { tablet, chance, .. } = self;
        let place = usize::try_from(draw(chance, children.len() as u64)).expect("a few");
        let begun = tablet.asks(&call("beginVisit", json!({ "documentIds": [children[place]] })));
        let Some(draft) = begun.as_ref().and_then(|answer| answer.get("ok")).cloned() else { return false };
        let mut photos = 0;
        if draw(chance, 3) == 0 {
            let picture = usize::try_from(draw(chance, self.pictures.len() as u64)).expect("a few");
            let order = Order::Attach {
                draft: serde_json::from_value(draft["draftId"].clone()).expect("an id"),
                path: self.pictures[picture].clone(),
            };
            if tablet.asks(&order).is_none() {
                return false;
            }
            photos = 1;
        }
        let request = json!({ "draftId": draft["draftId"], "form": day::filled(&draft["form"], self.said.len()) });
        let recorded = tablet.asks(&call("recordVisit", request));
        let Some(recorded) = recorded.as_ref().and_then(|answer| answer.get("ok")) else { return false };
        self.said.insert(recorded["visits"][0]["entryId"].as_str().expect("a key").to_owned(), photos);
        // A sync goes on while the next visit is written.
        tablet.asks(&call("syncNow", json!({}))).is_some()
    }

    fn tablet_starts_again(&mut self) {
        self.tablet.dies();
        self.tablet = TabletProcess::start(Command::new(self.tablet_program), &self.device);
        self.tablet.calls("unlock", json!({ "pin": PIN }));
    }

    /// Everything that was ever said is there.
    fn what_was_said_is_there(&mut self) {
        let mut there = BTreeMap::new();
        let mut offset = 0;
        loop {
            let page = self.tablet.calls("listDeliveries", json!({ "offset": offset, "limit": 200 }));
            let rows = page["rows"].as_array().expect("rows").clone();
            offset += rows.len();
            if rows.is_empty() {
                break;
            }
            for row in rows.iter().filter(|row| row["what"] == "visit") {
                let photos = row["photos"].as_array().map(Vec::len).unwrap_or_default();
                there.insert(row["entryId"].as_str().expect("a key").to_owned(), photos);
            }
        }
        for (visit, photos) in &self.said {
            assert_eq!(there.get(visit), Some(photos), "visit {visit} was said to be saved");
        }
        self.killed.unsaid = (there.len() - self.said.len()) as u64;
    }
}

/// Kills so many times, and checks. In the end everything is synced and compared.
///
/// # Panics
/// When anything that was said is not there.
#[must_use]
pub fn play(seed: u64, kills: u64, tablet_program: &Path) -> Killed {
    let folder = tempfile::tempdir().expect("a folder");
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let county = DrillCounty::new(seed, &folder.path().join("server"), &address.to_string());
    let village = county.village(0);
    let code = county.invites("李老师", Role::ClassTeacher, Scope::Place(village.clone()));
    let township = village.parent().expect("a township");
    let desk_code = county.invites("赵敏", Role::TownshipOfficer, Scope::Place(township));
    let device = folder.path().join("tablet");
    let server = Some(county.serves(Command::new(program("jiafang-sync-server"))));
    let mut tablet = TabletProcess::start(Command::new(tablet_program), &device);
    day::enrols(&mut tablet, &code);
    tablet.does(&Order::WaitForSync);
    let children: Vec<Value> =
        (0..CHILDREN).map(|number| day::registers(&mut tablet, village.as_str(), number)).collect();
    let mut drill = Drill {
        county: &county,
        device,
        tablet_program,
        pictures: day::pictures(folder.path(), 12, 300),
        chance: ChaCha8Rng::seed_from_u64(seed),
        tablet,
        server,
        said: BTreeMap::new(),
        killed: Killed::default(),
    };
    for _ in 0..kills {
        let kill_tablet = draw(&mut drill.chance, 3) > 0;
        drill.works_until_killed(&children, kill_tablet);
        if kill_tablet {
            drill.killed.tablets += 1;
            drill.tablet_starts_again();
        } else {
            drill.killed.servers += 1;
            drill.server = None;
            drill.server_starts();
        }
        drill.what_was_said_is_there();
    }
    drill.killed.visits = drill.said.len() as u64;
    drill.killed.photos = drill.said.values().filter(|photos| **photos > 0).count() as u64;
    let status = drill.tablet.does(&Order::SyncUntilSent { tap_ms: Some(100), ms_max: 300_000 });
    assert_eq!((&status["waitingRecords"], &status["waitingPhotos"]), (&json!(0), &json!(0)), "{status}");
    assert_eq!(status["quarantinedRecords"], 0, "{status}");
    drill.what_was_said_is_there();
    let desk_folder = folder.path().join("desk");
    let mut desk = TabletProcess::start(Command::new(tablet_program), &desk_folder);
    day::enrols(&mut desk, &desk_code);
    desk.does(&Order::WaitForSync);
    drop(desk);
    equal_ledgers(&county, &desk_folder, &drill.device, drill.said.len() as u64 + drill.killed.unsaid);
    drill.killed
}

fn equal_ledgers(county: &DrillCounty, desk: &Path, tablet: &Path, visits: u64) {
    let rows_of = |folder: &Path| -> Vec<(DocumentId, LedgerRow)> {
        let app = backend(folder, Arc::new(HttpsConnector), Arc::new(Silent));
        commands::dispatch(&app, "unlock", json!({ "pin": PIN })).expect("the PIN opens");
        while app.is_syncing() {
            std::thread::sleep(Duration::from_millis(5));
        }
        app.with_device(|device| {
            let reading = device.store.reading();
            let ids = reading.document_ids(DocumentKind::Dossier)?;
            ids.into_iter().map(|id| Ok((id, reading.ledger_row(id)?.unwrap_or_default()))).collect()
        })
        .expect("the ledger")
    };
    let server = county_ledger::fold(&county.store()).expect("the server's ledger");
    assert!(server.damaged.is_empty(), "the server reads every dossier");
    assert_eq!(server.rows.len(), CHILDREN);
    let counted: u64 = server.rows.iter().map(|(_, row)| u64::from(row.visit_count)).sum();
    assert_eq!(counted, visits, "each visit once");
    assert_eq!(server.rows, rows_of(desk), "the desk's ledger is the server's");
    assert_eq!(server.rows, rows_of(tablet), "and the tablet's");
    store::verify_copy(&county.data().join(store::FILE_NAME)).expect("the log's chain holds");
    let ids: BTreeSet<DocumentId> = server.rows.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), CHILDREN);
}
