//! The story of the demonstration, told unattended: what the issue of this product is, in two minutes.

use jiafang_core::api::commands::Commands;
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::roster::OneImport;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::error::{ErrorCode, Failure, Result};

use crate::fiction::RosterStyle;
use crate::kit::person::sync_until_quiet;
use crate::kit::{Person, Township};

/// Columns of the ledger that fit on a screen.
const SHOWN: &[&str] =
    &["village", "name", "class", "guardian", "schooling_status", "verified_on", "verified_by", "visit_count"];

/// A township whose people have met in one dossier, and have not settled yet what they found there.
pub struct Met {
    township: Township,
    coordinator: Person,
    li: Person,
    wang: Person,
    village: PlaceCode,
    child: DocumentId,
    /// The name of the child whom both teachers visited.
    pub child_name: String,
}

/// Tells the story in this township up to the moment when all field work has reached the desk; `say` hears each line.
///
/// # Errors
/// What the app says; a step that the kit asserts fails by panicking.
pub fn tell_the_field_work(mut township: Township, say: &mut dyn FnMut(&str)) -> Result<Met> {
    say("1. A county is set up, and its server serves.");
    let village = township.village(0);
    say("2. The coordinator 赵敏 brings in a roster.");
    let coordinator = township.coordinator("赵敏");
    let children = township.fiction.children(&township.county, 300);
    let roster = township
        .fiction
        .roster_workbook(&children, &township.county, RosterStyle::ClerksHand)
        .map_err(|cause| Failure::caused(ErrorCode::Internal, "the roster", cause))?;
    let preview = coordinator.app().preview_roster(&roster.file_name, &roster.bytes)?;
    say(&format!(
        "   {} rows: {} new, {} doubtful, {} refused.",
        preview.row_count, preview.counts.new, preview.counts.doubtful, preview.counts.refused
    ));
    let imported = coordinator.app().confirm_roster(OneImport { import_id: preview.import_id })?;
    coordinator.syncs();
    say(&format!("   {} dossiers opened.", imported.created));
    say("3. Two teachers enrol their tablets; the children of their village arrive.");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let here = li.finds("");
    say(&format!("   {} children on each tablet.", here.len()));
    let child = here
        .iter()
        .find(|row| !li.opens(row.document_id).guardians.is_empty())
        .ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "a child with a guardian"))?
        .clone();
    say("4. Both go offline and visit the same child, with photos; both change one phone number.");
    li.goes_offline();
    wang.goes_offline();
    for (teacher, photo, phone) in
        [(&li, "HMD_Nokia_8.3_5G.jpg", "19900001111"), (&wang, "DSCN0010.jpg", "19900002222")]
    {
        teacher.records_visit(child.document_id, &[photo], |form| {
            form.household_situation = "奶奶一人带孩子,父母在外务工。".to_owned();
        });
        teacher.changes_phone(child.document_id, phone)?;
        say(&format!("   {}: {} records wait on the tablet.", teacher.name, teacher.deliveries().rows.len()));
    }
    say("5. They get signal: one request pushes and pulls, then the photos follow.");
    li.gets_signal();
    wang.gets_signal();
    sync_until_quiet(&[&li, &wang, &coordinator, &li, &wang]);
    Ok(Met { township, coordinator, li, wang, village, child: child.document_id, child_name: child.name })
}

/// Tells how the coordinator merges, and prints the ledger; `say` hears each line.
///
/// # Errors
/// As [`tell_the_field_work`].
pub fn tell_the_desk_work(met: Met, say: &mut dyn FnMut(&str)) -> Result<()> {
    let Met { township, coordinator, li, wang, village, child, .. } = met;
    say("6. The coordinator sees both visits, and one field with two values; a click settles it.");
    let dossier = coordinator.opens(child);
    for guardian in &dossier.guardians {
        for value in &guardian.phone.conflict {
            say(&format!("   电话 {} — {}", value.value, value.person_name));
        }
    }
    coordinator.settles(child, "19900002222");
    sync_until_quiet(&[&coordinator, &li, &wang]);
    township.assert_same_ledger(&coordinator);
    let ledger =
        coordinator.app().show_ledger(ShowLedger { place: Some(village), limit: 500, ..ShowLedger::default() })?;
    say(&format!("\n适龄儿童台账 ({} rows; the same on the server and on the desk)", ledger.total));
    let places: Vec<usize> =
        SHOWN.iter().filter_map(|key| ledger.columns.iter().position(|column| column.key == *key)).collect();
    let line = |cells: &[String]| {
        let shown: Vec<&str> = places.iter().filter_map(|place| cells.get(*place)).map(String::as_str).collect();
        shown.join("\t")
    };
    say(&line(&ledger.columns.iter().map(|column| column.header.clone()).collect::<Vec<_>>()));
    for row in &ledger.rows {
        say(&line(&row.cells));
    }
    Ok(())
}
