//! Looking at what the server holds.

use std::path::Path;

use jiafang_core::domain::ledger::{COLUMNS, PlaceNames, cells};
use jiafang_core::environment::Environment;
use jiafang_core::error::Result;
use jiafang_sync_server::county_ledger;
use jiafang_sync_server::store::{Store, materialised, pack};

use super::console::{say, warn};

pub(super) fn poisoned(data: &Path) -> Result<()> {
    let rows = Store::open(data)?.read(materialised::all)?;
    if rows.is_empty() {
        say("Every dossier that was looked at can be read.");
    }
    for row in rows {
        let changes: Vec<String> = row.changes.iter().map(ToString::to_string).collect();
        let changes = if changes.is_empty() { "all of it".to_owned() } else { changes.join(" ") };
        say(&format!(
            "{}\t{}\tdossier {}\tpassed over: {changes}",
            row.since.to_minute_text(),
            row.trouble.key(),
            row.document
        ));
    }
    Ok(())
}

pub(super) fn ledger(data: &Path, environment: &Environment) -> Result<()> {
    let store = Store::open(data)?;
    let county = county_ledger::county(&store)?;
    let names = PlaceNames::of(&county);
    let county_ledger::CountyLedger { rows, damaged } = county_ledger::fold(&store)?;
    let headers: Vec<&str> = COLUMNS.iter().map(|column| column.zh).collect();
    say(&headers.join("\t"));
    for ((_, row), seq) in rows.iter().zip(1..) {
        say(&cells(row, seq, &names, &county.evidence_versions(), environment.now().day()).join("\t"));
    }
    let unpackable = store.read(pack::unpackable)?;
    if !unpackable.is_empty() {
        warn(&format!(
            "{} dossiers cannot be put into a pack and travel to new tablets record by record; the server's log says why.",
            unpackable.len()
        ));
    }
    if !damaged.is_empty() {
        warn(&format!("In {} dossiers something could not be read and is left out.", damaged.len()));
    }
    Ok(())
}
