//! The main job, end to end: a visit recorded without coverage reaches the coordinator's ledger. The first test
//! to read.

#![allow(clippy::indexing_slicing)] // a helper beside the test

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::roster::OneImport;
use jiafang_core::api::state::Nothing;
use jiafang_core::api::sync::Whereabouts;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_tests::fiction::RosterStyle;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Township, section};

#[test]
fn a_visit_recorded_without_coverage_reaches_the_coordinators_ledger() {
    let mut township = Township::new(1);
    let village = township.village(0);

    section("a coordinator brings in the roster");
    let coordinator = township.coordinator("赵敏");
    let children = township.fiction.children(&township.county, 300);
    let roster = township.fiction.roster_workbook(&children, &township.county, RosterStyle::ClerksHand).unwrap();
    let preview = coordinator.app().preview_roster(&roster.file_name, &roster.bytes).unwrap();
    assert!(preview.counts.new > 250, "most rows are new");
    assert!(preview.counts.doubtful > 0 && preview.counts.refused > 0, "and the traps are seen");
    let imported = coordinator.app().confirm_roster(OneImport { import_id: preview.import_id }).unwrap();
    assert_eq!(imported.created, preview.counts.new);
    coordinator.syncs();

    section("two teachers enrol: the children of their village arrive, and no others");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let of_village = coordinator.finds("").iter().filter(|row| row.village_name == village_name(&township)).count();
    let here = li.finds("");
    assert_eq!(here.len(), of_village);
    assert!(here.iter().all(|row| row.village_name == village_name(&township)));

    section("both go offline and visit; one child is the same");
    let child = here.iter().find(|row| !li.opens(row.document_id).guardians.is_empty()).unwrap().clone();
    let (li_only, wang_only) = (here[1].document_id, here[2].document_id);
    li.goes_offline();
    wang.goes_offline();
    let recorded = li.records_visit(child.document_id, &["HMD_Nokia_8.3_5G.jpg"], |form| {
        form.household_situation = "奶奶一人带两个孩子,父母在外务工。".to_owned();
    });
    assert_eq!(recorded.photo_count, 1);
    li.changes_phone(child.document_id, "19900001111").unwrap();
    wang.clock.pass_ms(60 * 60 * 1000);
    wang.records_visit(child.document_id, &["DSCN0010.jpg"], |form| {
        form.household_situation = "父亲上月回家,想让孩子去浙江读书。".to_owned();
    });
    wang.changes_phone(child.document_id, "19900002222").unwrap();
    li.records_visit(li_only, &[], |_| {});
    wang.records_visit(wang_only, &[], |_| {});
    let found_in_the_field = li.registers("石小雨", "2016-05-04", &village, "19900003333");
    let status = li.syncs();
    assert!(status.failure.is_some(), "without signal nothing goes");
    assert_eq!(status.waiting_records, 4);
    let delivery = li.deliveries().rows.into_iter().find(|row| !row.photos.is_empty()).unwrap();
    assert!(matches!(delivery.whereabouts, Whereabouts::Here { .. }));
    assert!(matches!(delivery.photos[0].whereabouts, Whereabouts::Here { .. }));

    section("they get signal");
    li.gets_signal();
    wang.gets_signal();
    assert_eq!(li.syncs().waiting_records, 0);
    let delivery = li.deliveries().rows.into_iter().find(|row| !row.photos.is_empty()).unwrap();
    assert!(matches!(delivery.whereabouts, Whereabouts::Server { .. }), "on the server, not on a desk yet");
    assert!(matches!(delivery.photos[0].whereabouts, Whereabouts::Server { .. }));
    sync_until_quiet(&[&wang, &coordinator, &li, &wang, &coordinator]);
    let delivery = li.deliveries().rows.into_iter().find(|row| !row.photos.is_empty()).unwrap();
    assert!(matches!(delivery.whereabouts, Whereabouts::Desk { .. }), "{:?}", delivery.whereabouts);
    assert!(matches!(delivery.photos[0].whereabouts, Whereabouts::Desk { .. }));

    section("the coordinator merges");
    let dossier = coordinator.opens(child.document_id);
    let visits: Vec<_> = dossier
        .timeline
        .iter()
        .filter_map(|entry| match &entry.event {
            TimelineEvent::Visit { photos, .. } => Some((entry.person_name.as_str(), photos)),
            _ => None,
        })
        .collect();
    assert_eq!(visits.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["王老师", "李老师"], "newest first");
    for (_, photos) in &visits {
        assert!(photos[0].photo_here && photos[0].thumbnail_here, "the desk has both photos");
        let marked = coordinator.app().photo("marked_copy", photos[0].photo_hash).unwrap();
        let plain = coordinator.app().photo("photo", photos[0].photo_hash).unwrap();
        assert_ne!(marked, plain, "the strip is on the marked copy only");
    }
    let inbox = coordinator.app().inbox(Nothing {}).unwrap();
    assert_eq!(inbox.conflicts.len(), 1);
    let mut values: Vec<_> =
        inbox.conflicts[0].field.conflict.iter().map(|one| (one.person_name.as_str(), one.value.as_str())).collect();
    values.sort_unstable();
    assert_eq!(values, [("李老师", "19900001111"), ("王老师", "19900002222")]);
    coordinator.settles(child.document_id, "19900002222");
    sync_until_quiet(&[&coordinator, &li, &wang]);
    for person in [&coordinator, &li, &wang] {
        let dossier = person.opens(child.document_id);
        assert_eq!(dossier.guardians[0].phone.value, "19900002222");
        assert!(dossier.guardians[0].phone.conflict.is_empty());
    }

    section("the ledger fills, and is the same everywhere");
    let ledger = coordinator
        .app()
        .show_ledger(ShowLedger { place: Some(village.clone()), limit: 500, ..ShowLedger::default() })
        .unwrap();
    assert_eq!(usize::try_from(ledger.total).unwrap(), of_village + 1, "with the child who was found in the field");
    let row = ledger.rows.iter().find(|row| row.document_id == found_in_the_field).unwrap();
    assert!(row.cells.contains(&"石小雨".to_owned()));
    township.assert_same_ledger(&coordinator);
    for person in [&coordinator, &li, &wang] {
        person.assert_projections_rebuild();
    }
    let export = coordinator.app().export_ledger(ShowLedger::default()).unwrap();
    assert_eq!(export.row_count, imported.created + 1);
    let (_, bytes) = coordinator.app().take_file(&export.file_id).unwrap();
    assert!(bytes.starts_with(b"PK"), "an .xlsx");
}

fn village_name(township: &Township) -> String {
    let code = township.village(0);
    township.county.places_by_code()[code.as_str()].name.clone()
}

#[test]
fn a_newcomers_first_visit_has_their_name_before_the_register_has_come() {
    let mut township = Township::new(9);
    let village = township.village(0);
    let code = township.invites("李老师", Role::ClassTeacher, Scope::Place(village.clone()));
    let li = township.somebody("李老师");
    li.enrols(&code);
    let child = li.registers("石小雨", "2016-05-04", &village, "19900003333");
    li.records_visit(child, &[], |_| {});
    assert_eq!(li.ledger_rows()[0].1.cells["verified_by"], "李老师");
    li.assert_projections_rebuild();
    sync_until_quiet(&[&li]);
    assert_eq!(li.ledger_rows()[0].1.cells["verified_by"], "李老师");
    township.assert_same_ledger(&li);
}

#[test]
fn who_gets_another_name_in_the_register_has_it_in_what_they_recorded_before() {
    let mut township = Township::new(10);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900003333");
    li.records_visit(child, &[], |_| {});
    sync_until_quiet(&[&li, &desk]);
    township.renames("李老师", "李秀兰");
    sync_until_quiet(&[&li, &desk]);
    for person in [&li, &desk] {
        assert_eq!(person.ledger_rows()[0].1.cells["verified_by"], "李秀兰", "{}", person.name);
        person.assert_projections_rebuild();
        township.assert_same_ledger(person);
    }
}
