//! After the power loss: the real stores open the disk that it left, and what had been said is looked for.

use std::path::Path;
use std::sync::Arc;

use jiafang_core::api::backend::{Backend, Host};
use jiafang_core::api::commands;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::Result;
use jiafang_sync_client::HttpsConnector;
use jiafang_sync_server::county_ledger;
use jiafang_sync_server::photo::PhotoFolder;
use jiafang_sync_server::store::{self, Store, photo};
use serde_json::{Value, json};

use super::recording::{Deed, Step};
use super::replay::{Disk, Loss};
use super::story::{APP, Promised, SERVER, Story, TABLET};
use crate::drills::tablet;
use crate::kit::person::PIN;

struct Silent;

impl Host for Silent {
    fn changed(&self) {}
}

/// Disks that were tried, by kind of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// Moments at which a tablet lost its power.
    pub tablet_disks: u64,
    /// Moments at which the server did.
    pub server_disks: u64,
}

/// Lets the power go at moments of a story, at every `every`-th step that wrote something, with each kind of loss in turn.
/// Gives what was broken, in words.
///
/// # Panics
/// When a folder cannot be written.
#[must_use]
pub fn all(story: &Story, seed: u64, every: usize) -> (Tried, Vec<String>) {
    let mut tried = Tried::default();
    let mut broken = Vec::new();
    for who in [TABLET, SERVER] {
        let mut disk = if who == TABLET { story.tablet.clone() } else { story.server.clone() };
        let mut said = 0;
        let mut moment = 0;
        for (number, step) in story.steps.iter().enumerate() {
            disk.take(step);
            if step.who == TABLET && matches!(step.deed, Deed::Said(_)) {
                said += 1;
            }
            if step.who != who && !matches!(step.deed, Deed::Said(_)) {
                continue;
            }
            moment += 1;
            if moment % every != 0 {
                continue;
            }
            let turn = moment / every;
            let loss = Loss::ALL[turn % Loss::ALL.len()];
            let next = story.promised.get(said + 1).unwrap_or(&story.promised[said]);
            let found = lose(&disk, who, loss, seed.wrapping_add(number as u64), &story.promised[said], next);
            if who == TABLET {
                tried.tablet_disks += 1;
            } else {
                tried.server_disks += 1;
            }
            if let Err(what) = found {
                let device = if who == TABLET { "tablet" } else { "server" };
                broken.push(format!("{device}, step {number} ({}), {loss:?}: {what}", words(step)));
            }
        }
    }
    (tried, broken)
}

fn words(step: &Step) -> String {
    match &step.deed {
        Deed::Write { offset, bytes, .. } => format!("wrote {} bytes at {offset}", bytes.len()),
        Deed::Said(_) => "said something".to_owned(),
        other => format!("{other:?}").replace('\n', " "),
    }
}

fn lose(
    disk: &Disk,
    who: u8,
    loss: Loss,
    seed: u64,
    promised: &Promised,
    next: &Promised,
) -> std::result::Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    disk.loses_power(loss, seed, folder.path());
    if who == TABLET {
        tablet_keeps(&folder.path().join(APP), promised, next)
    } else {
        server_keeps(folder.path(), promised)
    }
}

fn holds(what: bool, otherwise: impl FnOnce() -> String) -> std::result::Result<(), String> {
    if what { Ok(()) } else { Err(otherwise()) }
}

/// What the app says there is, by its own commands.
struct Reopened(Backend);

impl Reopened {
    fn calls(&self, command: &str, request: Value) -> std::result::Result<Value, String> {
        commands::dispatch(&self.0, command, request).map_err(|failure| format!("{command}: {failure}"))
    }

    fn photo(&self, hash: &str) -> std::result::Result<(), String> {
        let hash = Hash32::parse(hash).expect("a hash");
        self.0.photo("photo", hash).map_err(|failure| format!("photo: {failure}"))?;
        Ok(())
    }
}

impl Drop for Reopened {
    fn drop(&mut self) {
        while self.0.is_syncing() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

fn tablet_keeps(folder: &Path, promised: &Promised, next: &Promised) -> std::result::Result<(), String> {
    let app = Reopened(tablet::backend(folder, Arc::new(HttpsConnector), Arc::new(Silent)));
    let stage = app.calls("appState", json!({}))?["stage"].clone();
    if stage == "enrol" && !promised.enrolled {
        return Ok(());
    }
    holds(stage != "enrol", || "the tablet was enrolled and does not know it".to_owned())?;
    app.calls("unlock", json!({ "pin": PIN }))?;
    let deliveries = app.calls("listDeliveries", json!({ "offset": 0, "limit": 200 }))?;
    let rows = deliveries["rows"].as_array().cloned().unwrap_or_default();
    let visits: Vec<&Value> = rows.iter().filter(|row| row["what"] == "visit").collect();
    for (entry, photos) in &promised.visits {
        let row = visits.iter().find(|row| row["entryId"] == entry.as_str());
        let row = row.ok_or_else(|| format!("visit {entry} was saved and is gone"))?;
        let kept = row["photos"].as_array().map(Vec::len).unwrap_or_default();
        holds(kept == photos.len(), || format!("visit {entry} has {kept} photos of {}", photos.len()))?;
    }
    let children = rows.iter().filter(|row| row["what"] == "registered").count();
    holds(children >= promised.children, || format!("{children} children of {}", promised.children))?;
    let drafts = app.calls("listDrafts", json!({}))?;
    let drafts = drafts["drafts"].as_array().cloned().unwrap_or_default();
    if let Some((id, text, photos)) = &promised.draft {
        match drafts.iter().find(|draft| draft["draftId"] == id.as_str()) {
            None => holds(visits.len() > promised.visits.len(), || format!("draft {id} was saved and is gone"))?,
            Some(draft) => {
                let now = draft["form"]["atHome"].as_str().unwrap_or_default();
                let saved_since = next.draft.as_ref().map(|(_, text, _)| text.as_str());
                holds(now == text || Some(now) == saved_since, || format!("the draft says {now} instead of {text}"))?;
                let kept = draft["photos"].as_array().cloned().unwrap_or_default();
                for photo in photos {
                    let there = kept.iter().any(|one| one["photoHash"] == photo.as_str());
                    holds(there, || format!("photo {photo} was attached and is gone"))?;
                }
            }
        }
    }
    // What the store names is there, whether it was promised or not: the files come before the row.
    for photo in
        visits.iter().copied().chain(drafts.iter()).flat_map(|one| one["photos"].as_array().into_iter().flatten())
    {
        app.photo(photo["photoHash"].as_str().unwrap_or_default())?;
    }
    projections_rebuild(&app.0).map_err(|failure| failure.to_string())?
}

fn projections_rebuild(app: &Backend) -> Result<std::result::Result<(), String>> {
    app.with_device(|device| {
        let ids = device.store.reading().document_ids(DocumentKind::Dossier)?;
        let rows = |device: &jiafang_core::app::device::Device| {
            ids.iter().map(|id| device.store.reading().ledger_row(*id)).collect::<Result<Vec<_>>>()
        };
        let before = rows(device)?;
        jiafang_core::app::rebuild_projections::rebuild(&mut device.store, &mut |_, _| {})?;
        let after = rows(device)?;
        Ok(holds(before == after, || "projections rebuild to something else".to_owned()))
    })
}

fn server_keeps(data: &Path, promised: &Promised) -> std::result::Result<(), String> {
    let words = |failure: jiafang_core::error::Failure| failure.to_string();
    let open = Store::open(data).map_err(words)?;
    // SQLite's own check, and the log's chain.
    let head = store::verify_copy(&data.join(store::FILE_NAME)).map_err(words)?;
    // The county's own document is the first.
    let least = promised.records_on_server + 1;
    holds(head >= least, || format!("{head} records of {least}"))?;
    let ledger = county_ledger::fold(&open).map_err(words)?;
    holds(ledger.damaged.is_empty(), || format!("{} dossiers cannot be read", ledger.damaged.len()))?;
    let files = PhotoFolder::open(data).map_err(words)?;
    let complete = open.read(photo::complete_hashes).map_err(words)?;
    for hash in &promised.files_on_server {
        holds(complete.iter().any(|one| one.to_string() == *hash), || format!("file {hash} was there and is gone"))?;
    }
    for hash in complete {
        let bytes =
            std::fs::read(files.path(hash)).map_err(|cause| format!("file {hash}, said to be whole: {cause}"))?;
        holds(Hash32::of(&bytes) == hash, || format!("file {hash} is not what it was"))?;
    }
    Ok(())
}
