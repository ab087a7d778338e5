//! Figures of a roster: 10,000 rows from a clerk's workbook to dossiers that are saved.

use jiafang_core::api::commands::Commands;
use jiafang_core::api::roster::OneImport;

use super::{Figure, times_ms};
use crate::fiction::RosterStyle;
use crate::kit::Township;

/// Rows of the roster.
const ROWS: usize = 10_000;

/// A coordinator brings a roster in, and brings it in again.
#[must_use]
pub fn import() -> Vec<Figure> {
    let mut township = Township::new(1);
    let mut coordinator = township.coordinator("赵敏");
    coordinator.starts_the_app_as_shipped();
    coordinator.goes_offline();
    let children = township.fiction.children(&township.county, ROWS);
    let roster = township.fiction.roster_workbook(&children, &township.county, RosterStyle::ClerksHand);
    let roster = roster.expect("a roster");
    let mut previews = Vec::new();
    let mut preview = || {
        let time = times_ms(1, || {
            let preview = coordinator.app().preview_roster(&roster.file_name, &roster.bytes).expect("a preview");
            previews.push(preview);
        });
        (time.first().copied().unwrap_or_default() / 1000.0, previews.last().cloned().expect("a preview"))
    };
    let (judged, first) = preview();
    let mut created = 0;
    let written = times_ms(1, || {
        let import = OneImport { import_id: first.import_id };
        created = coordinator.app().confirm_roster(import).expect("it is written").created;
    });
    let written = written.first().copied().unwrap_or_default() / 1000.0;
    let (judged_again, _) = preview();
    vec![
        Figure::new(
            "roster of 10,000 rows (.xlsx): read, judged, written",
            "10 s",
            format!("{:.1} s (read and judged {judged:.1}, written {written:.1})", judged + written),
            &format!(
                "{} rows, {created} dossiers opened in one transaction, encrypted, synchronous=FULL",
                first.row_count
            ),
        ),
        Figure::new(
            "the same roster again, all its children known: read, judged",
            "–",
            format!("{judged_again:.1} s"),
            "every known dossier is opened and compared",
        ),
    ]
}
