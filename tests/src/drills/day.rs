//! A day of visits with photos, recorded out of signal and then synced over a bad link, by real processes.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_sync_server::photo::PhotoFolder;
use jiafang_sync_server::store::{Store, log, photo};
use serde_json::{Value, json};

use super::counted::Count;
use super::county::{DrillCounty, program};
use super::lane::{Carried, LinkTerms};
use super::network::{BadLink, SERVER_IP};
use super::tablet::{Order, TabletProcess};
use crate::fiction::{Fiction, Size};
use crate::kit::person::{PIN, photo_bytes};

/// A drill.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// What the table calls it.
    pub name: &'static str,
    /// The link.
    pub terms: LinkTerms,
    /// Visits, each to a child of its own.
    pub visits: usize,
    /// Photos of each visit.
    pub photos: usize,
    /// The long side of the photos' files before intake, in pixels: some 20 KB at 400, some 100 at 1,000.
    pub photo_side_px: u32,
    /// Somebody taps 同步 again so long after a sync has ended; `None` leaves it to the app's own pace.
    pub tap_ms: Option<u64>,
    /// The day must be on the server within so long.
    pub ms_max: u64,
}

/// How a drill went.
#[derive(Debug, Clone)]
pub struct Report {
    /// The drill.
    pub day: Day,
    /// From the moment of signal until everything was on the server, in milliseconds.
    pub ms: u64,
    /// The changes that were to be sent, as one zstd stream: what any protocol must at least carry.
    pub raw_bytes: u64,
    /// Bytes of the photo files that were to be sent.
    pub file_bytes: u64,
    /// What the device counted.
    pub count: Count,
    /// What went up over the link.
    pub up: Carried,
    /// What came down.
    pub down: Carried,
}

impl Report {
    /// The head of the table.
    pub const HEAD: &'static str = "| drill | visits, photo files | all on the server after | sync requests, parts | bodies \
                                    of syncs | photo bytes | sent twice | cuts | packets' bytes up, down | for a byte of \
                                    payload | packets lost |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// Its line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { day, ms, file_bytes, count, up, down, .. } = self;
        let payload = count.body_bytes + file_bytes;
        format!(
            "| {} | {}, {} | {:.1} s | {}, {} | {} | {file_bytes} | {} | {} | {}, {} | {:.2} | {} of {} |",
            day.name,
            day.visits,
            day.visits * day.photos * 2,
            *ms as f64 / 1_000.0,
            count.syncs,
            count.parts,
            count.body_bytes,
            count.bytes_twice,
            count.cuts,
            up.bytes,
            down.bytes,
            (up.bytes + down.bytes) as f64 / payload.max(1) as f64,
            up.lost + down.lost,
            up.packets + down.packets + up.lost + down.lost,
        )
    }
}

/// Pictures that differ from each other, cut out of a real photo.
///
/// # Panics
/// When the photo cannot be read.
#[must_use]
pub fn pictures(folder: &Path, count: usize, side_px: u32) -> Vec<PathBuf> {
    let whole = image::load_from_memory(&photo_bytes("HMD_Nokia_8.3_5G.jpg")).expect("a photo");
    let edge = whole.width().min(whole.height()) * 3 / 4;
    (0..count)
        .map(|number| {
            let shift = u32::try_from(number).expect("a few") * 7 % (whole.width().min(whole.height()) - edge);
            let cut = whole.crop_imm(shift, shift, edge, edge).thumbnail(side_px, side_px);
            let path = folder.join(format!("{number}.jpg"));
            cut.to_rgb8().save(&path).expect("a picture");
            path
        })
        .collect()
}

/// Records a visit to each of these children, with as many photos each as there are.
///
/// # Panics
/// When the app refuses any of it.
pub fn records_a_day(tablet: &mut TabletProcess, children: &[Value], photos: &[PathBuf]) {
    let each = photos.len().checked_div(children.len()).unwrap_or(0);
    let mut photos = photos.iter();
    for (number, child) in children.iter().enumerate() {
        let draft = tablet.calls("beginVisit", json!({ "documentIds": [child] }));
        for path in photos.by_ref().take(each) {
            let id = serde_json::from_value(draft["draftId"].clone()).expect("a draft's id");
            tablet.does(&Order::Attach { draft: id, path: path.clone() });
        }
        let request = json!({ "draftId": draft["draftId"], "form": filled(&draft["form"], number) });
        let recorded = tablet.calls("recordVisit", request);
        assert_eq!(recorded["photoCount"], each);
    }
}

/// Registers the child of this number.
///
/// # Panics
/// When the app refuses it.
pub fn registers(tablet: &mut TabletProcess, village: &str, number: usize) -> Value {
    tablet.calls("registerChild", child(village, number))["documentId"].clone()
}

/// A request to register the child of this number.
#[must_use]
pub fn child(village: &str, number: usize) -> Value {
    // Ten surnames and ten of each sign: as many names as a drill needs.
    let sign = |of: &str, place: usize| of.chars().nth(number / place % 10).unwrap_or_default();
    let name: String =
        [sign("王李张刘陈杨赵黄周吴", 1), sign("小大春冬明秋海山云志", 10), sign("明红强梅军芳林兰平英", 100)]
            .iter()
            .collect();
    json!({
        "name": name, "sex": "female", "birthDate": format!("20{:02}-05-{:02}", 12 + number % 6, 1 + number % 28),
        "idNumber": "", "village": village, "villageGroup": "3社", "address": "", "class": null,
        "attendanceMode": null, "status": "UNVERIFIED", "flags": [], "guardians": [{ "name": "石大山", "relation": null, "phone": "19900001001" }], "althoughAlike": true,
    })
}

/// A form filled in as teachers do, with 120 characters of one of the invented households.
#[must_use]
pub fn filled(form: &Value, number: usize) -> Value {
    static SITUATIONS: OnceLock<Vec<String>> = OnceLock::new();
    let situations = SITUATIONS.get_or_init(|| {
        let fiction = Fiction::new(3);
        let visits = fiction.visits(&fiction.children(&fiction.county(Size::Township), 300));
        visits.iter().map(|visit| visit.situation().chars().take(120).collect()).collect()
    });
    let mut form = form.clone();
    form["purpose"] = json!("routine");
    form["childSeen"] = json!(true);
    form["householdSituation"] = json!(situations[number % situations.len()]);
    form
}

/// Enrols a new tablet over the link.
///
/// # Panics
/// When that fails five times: an emulated link may lose a handshake, as a real one does.
pub fn enrols(tablet: &mut TabletProcess, code: &str) {
    let order = Order::Call { command: "enrolDevice".to_owned(), request: json!({ "code": code, "pin": PIN }) };
    for _ in 0..5 {
        let answer = tablet.asks(&order).expect("the tablet runs");
        if answer.get("ok").is_some() {
            return;
        }
    }
    panic!("the tablet could not be enrolled");
}

impl Day {
    /// Plays the drill. `Err` with the words to print where this machine cannot emulate a link.
    ///
    /// # Errors
    /// See [`BadLink::or_words`].
    ///
    /// # Panics
    /// When anything is not on the server at its end.
    pub fn play(self, seed: u64, tablet_program: &Path) -> Result<Report, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let county = DrillCounty::new(seed, &folder.path().join("server"), &format!("{SERVER_IP}:8443"));
        let village = county.village(0);
        let code = county.invites("李老师", Role::ClassTeacher, Scope::Place(village.clone()));
        let device = folder.path().join("tablet");
        let children: Vec<Value>;
        {
            // In the office, over a cable: the tablet is enrolled, and goes out.
            let office = BadLink::or_words(LinkTerms::CABLE, seed)?;
            let _server = county.serves(office.server_side.command(program("jiafang-sync-server")));
            let mut tablet = TabletProcess::start(office.tablet_side.command(tablet_program), &device);
            enrols(&mut tablet, &code);
            children = (0..self.visits).map(|number| registers(&mut tablet, village.as_str(), number)).collect();
            let status = tablet.does(&Order::SyncUntilSent { tap_ms: Some(10), ms_max: self.ms_max });
            assert_eq!(status["waitingRecords"], 0, "{status}");
        }
        let raw_bytes;
        {
            // Nobody is there to be reached.
            let pictures = pictures(folder.path(), self.visits * self.photos, self.photo_side_px);
            let mut tablet = TabletProcess::start(std::process::Command::new(tablet_program), &device);
            tablet.calls("unlock", json!({ "pin": PIN }));
            records_a_day(&mut tablet, &children, &pictures);
            raw_bytes = tablet.does(&Order::RawChanges).as_u64().expect("a size");
        }
        let link = BadLink::or_words(self.terms, seed)?;
        let _server = county.serves(link.server_side.command(program("jiafang-sync-server")));
        let mut tablet = TabletProcess::start(link.tablet_side.command(tablet_program), &device);
        let begun = link.now_ms();
        // Unlocking begins a sync by itself, over a cold connection.
        tablet.calls("unlock", json!({ "pin": PIN }));
        let status = tablet.does(&Order::SyncUntilSent { tap_ms: self.tap_ms, ms_max: self.ms_max });
        let ms = link.now_ms().saturating_sub(begun);
        let count: Count = serde_json::from_value(tablet.does(&Order::Count)).expect("a count");
        let (up, down) = link.carried();
        assert_eq!(
            (&status["waitingRecords"], &status["waitingPhotos"]),
            (&json!(0), &json!(0)),
            "{}: {status}",
            self.name
        );
        let deliveries = tablet.calls("listDeliveries", json!({ "offset": 0, "limit": 200 }));
        let file_bytes = self.everything_is_on_the_server(&county.store(), county.data(), &deliveries);
        Ok(Report { day: self, ms, raw_bytes, file_bytes, count, up, down })
    }

    /// Bytes of the photo files.
    fn everything_is_on_the_server(&self, store: &Store, data: &Path, deliveries: &Value) -> u64 {
        // The county's document, and of each child the registration and the visit.
        let records = u64::try_from(1 + self.visits * 2).expect("a few");
        assert_eq!(store.read(log::head).expect("the log").seq, records, "{}: records in the log", self.name);
        let files = PhotoFolder::open(data).expect("the photos");
        let complete = store.read(photo::complete_hashes).expect("the photos");
        let mut bytes = 0;
        let mut seen = 0;
        for row in deliveries["rows"].as_array().expect("rows") {
            assert_eq!(row["whereabouts"]["at"], "server", "{}: {row}", self.name);
            for photo in row["photos"].as_array().expect("photos") {
                assert_eq!(photo["whereabouts"]["at"], "server", "{}: {photo}", self.name);
                for hash in [&photo["photoHash"], &photo["thumbnailHash"]] {
                    let hash = hash.as_str().and_then(Hash32::parse).expect("a hash");
                    assert!(complete.contains(&hash), "{}: the server says that it has {hash}", self.name);
                    let file = std::fs::read(files.path(hash)).expect("the file");
                    assert_eq!(Hash32::of(&file), hash);
                    bytes += u64::try_from(file.len()).expect("a size");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, self.visits * self.photos * 2, "{}: photo files on the server", self.name);
        bytes
    }
}
