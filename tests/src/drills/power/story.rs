//! A story that is recorded: a tablet is enrolled, visits with photos are drafted, recorded and synced, and it and the
//! server are killed once in between. With it, what had been promised after each thing that the tablet said.

use std::path::{Path, PathBuf};

use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use serde_json::{Value, json};

use super::recording::{Deed, Recorder, Step};
use super::replay::Disk;
use crate::drills::county::{DrillCounty, program};
use crate::drills::day;
use crate::drills::tablet::{Order, TabletProcess};
use crate::kit::person::PIN;

/// The number of the tablet in the record.
pub const TABLET: u8 = 1;
/// The number of the server.
pub const SERVER: u8 = 2;

/// The app's folder on the tablet's disk: the app makes it.
pub const APP: &str = "app";

/// What the tablet has said up to some moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promised {
    /// The device is enrolled.
    pub enrolled: bool,
    /// Children that were registered.
    pub children: usize,
    /// Visits that were recorded: the key, and the hashes of their photos.
    pub visits: Vec<(String, Vec<String>)>,
    /// The draft that is open: its id, the text that was saved last, its photos.
    pub draft: Option<(String, String, Vec<String>)>,
    /// Records that the tablet has shown as being on the server.
    pub records_on_server: u64,
    /// Photo files that it has shown as being there.
    pub files_on_server: Vec<String>,
}

/// A story with its record.
#[derive(Debug)]
pub struct Story {
    /// What both programs did and said, in order.
    pub steps: Vec<Step>,
    /// What had been promised after each thing that the tablet said; the first is before it said anything.
    pub promised: Vec<Promised>,
    /// The tablet's disk at the beginning.
    pub tablet: Disk,
    /// The server's.
    pub server: Disk,
}

struct Teller<'a> {
    recorder: &'a Recorder,
    tablet_program: &'a Path,
    device: PathBuf,
    tablet: TabletProcess,
    promised: Vec<Promised>,
}

impl Teller<'_> {
    fn start(recorder: &Recorder, tablet_program: &Path, device: &Path) -> TabletProcess {
        let disk = device.parent().expect("its disk");
        TabletProcess::start(recorder.command(TABLET, tablet_program, disk), device)
    }

    /// An order, and what its answer has promised.
    fn tells(&mut self, order: &Order, promise: impl FnOnce(&mut Promised, &Value)) -> Value {
        let value = self.tablet.does(order);
        let mut now = self.promised.last().expect("the first").clone();
        promise(&mut now, &value);
        self.promised.push(now);
        value
    }

    fn calls(&mut self, command: &str, request: Value, promise: impl FnOnce(&mut Promised, &Value)) -> Value {
        self.tells(&Order::Call { command: command.to_owned(), request }, promise)
    }

    fn restarts(&mut self) {
        self.tablet.dies();
        self.tablet = Self::start(self.recorder, self.tablet_program, &self.device);
        // It has said that it is ready, which promises nothing new.
        self.promised.push(self.promised.last().expect("the first").clone());
        self.calls("unlock", json!({ "pin": PIN }), |_, _| {});
    }

    fn drafts_a_visit(&mut self, child: &Value, number: usize, picture: &Path) -> Value {
        let draft = self.calls("beginVisit", json!({ "documentIds": [child] }), |_, _| {});
        let id = draft["draftId"].clone();
        for part in ["门", "门口的路", "门口的路修好了"] {
            let mut form = draft["form"].clone();
            form["atHome"] = json!(part);
            self.calls("saveDraft", json!({ "draftId": id, "form": form }), |promised, _| {
                let photos = promised.draft.take().map(|(_, _, photos)| photos).unwrap_or_default();
                promised.draft = Some((text(&id), part.to_owned(), photos));
            });
        }
        let order =
            Order::Attach { draft: serde_json::from_value(id.clone()).expect("an id"), path: picture.to_path_buf() };
        self.tells(&order, |promised, value| {
            if let Some((_, _, photos)) = &mut promised.draft {
                *photos = hashes(&value["photos"]);
            }
        });
        let mut form = day::filled(&draft["form"], number);
        form["atHome"] = json!("门口的路修好了");
        json!({ "draftId": id, "form": form })
    }

    fn records(&mut self, request: Value) {
        self.calls("recordVisit", request, |promised, value| {
            let (_, _, photos) = promised.draft.take().expect("a draft");
            promised.visits.push((text(&value["visits"][0]["entryId"]), photos));
        });
    }

    fn syncs(&mut self) {
        self.calls("syncNow", json!({}), |_, _| {});
        self.tells(&Order::WaitForSync, |_, _| {});
        self.calls("listDeliveries", json!({ "offset": 0, "limit": 200 }), |promised, value| {
            let rows = value["rows"].as_array().expect("rows");
            let there = |row: &Value| row["whereabouts"]["at"] == "server";
            let photos = rows.iter().flat_map(|row| row["photos"].as_array().expect("photos")).filter(|row| there(row));
            promised.files_on_server =
                photos.flat_map(|row| [text(&row["photoHash"]), text(&row["thumbnailHash"])]).collect();
            promised.records_on_server = u64::try_from(rows.iter().filter(|row| there(row)).count()).expect("a few");
        });
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn hashes(photos: &Value) -> Vec<String> {
    photos.as_array().expect("photos").iter().map(|photo| text(&photo["photoHash"])).collect()
}

/// Plays the story of so many visits in a folder and gives its record. `Err` with the words to print where nothing can
/// be recorded.
///
/// # Errors
/// See [`Recorder::new`].
///
/// # Panics
/// When anything in it goes wrong.
pub fn play(seed: u64, visits: usize, folder: &Path, tablet_program: &Path) -> Result<Story, String> {
    let recorder = Recorder::new(folder)?;
    // The port is chosen first: the enrolment code carries it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let county = DrillCounty::new(seed, &folder.join("server"), &port.to_string());
    let village = county.village(0);
    let code = county.invites("李老师", Role::ClassTeacher, Scope::Place(village.clone()));
    let disk = folder.join("tablet");
    std::fs::create_dir(&disk).expect("a folder");
    let device = disk.join(APP);
    let (tablet_disk, server_disk) = (Disk::before(TABLET, &disk), Disk::before(SERVER, county.data()));
    let server_program = || recorder.command(SERVER, &program("jiafang-sync-server"), county.data());
    let mut server = county.serves(server_program());
    let tablet = Teller::start(&recorder, tablet_program, &device);
    let promised = vec![Promised::default(), Promised::default()];
    let mut teller = Teller { recorder: &recorder, tablet_program, device, tablet, promised };
    teller.calls("enrolDevice", json!({ "code": code, "pin": PIN }), |promised, _| promised.enrolled = true);
    teller.tells(&Order::WaitForSync, |_, _| {});
    let pictures = day::pictures(folder, visits, 300);
    for (number, picture) in pictures.iter().enumerate() {
        let order = Order::Call { command: "registerChild".to_owned(), request: day::child(village.as_str(), number) };
        let child = teller.tells(&order, |promised, _| promised.children += 1)["documentId"].clone();
        let request = teller.drafts_a_visit(&child, number, picture);
        match number % 3 {
            1 => teller.restarts(),
            2 => {
                // Locked and opened: the store is closed in order, and its log of changes goes.
                teller.calls("lock", json!({}), |_, _| {});
                teller.calls("unlock", json!({ "pin": PIN }), |_, _| {});
            }
            _ => {}
        }
        teller.records(request);
        if number % 3 == 1 {
            drop(server);
            server = county.serves(server_program());
        }
        teller.syncs();
    }
    drop(teller.tablet);
    drop(server);
    let steps = recorder.steps();
    let said = steps.iter().filter(|step| step.who == TABLET && matches!(step.deed, Deed::Said(_))).count();
    assert_eq!(said + 1, teller.promised.len(), "each thing that the tablet said stands in the record, once");
    Ok(Story { steps, promised: teller.promised, tablet: tablet_disk, server: server_disk })
}
