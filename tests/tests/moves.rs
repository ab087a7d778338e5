//! Children move, while people who know nothing of it write about them: nothing is lost, everybody has in the end what
//! they answer for, and who answers no more has nothing.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{MoveChild, TimelineEvent};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::error::{ErrorCode, Result};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn moves(person: &Person, child: DocumentId, village: &PlaceCode) -> Result<()> {
    let request =
        MoveChild { document_id: child, village: village.clone(), class: None, note: "随祖父母搬家".to_owned() };
    person.app().move_child(request).map(|_| ())
}

fn visits_of(person: &Person, child: DocumentId) -> Vec<(String, String)> {
    let dossier = person.opens(child);
    let visits = dossier.timeline.into_iter().filter_map(|entry| match entry.event {
        TimelineEvent::Visit { form, .. } => Some((entry.person_name, form.household_situation)),
        _ => None,
    });
    visits.collect()
}

fn villages(person: &Person) -> Vec<String> {
    let mut names: Vec<String> = person.finds("").into_iter().map(|row| row.village_name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn a_child_moves_while_two_teachers_are_offline_and_what_both_wrote_arrives() {
    let mut township = Township::new(31);
    let (old, new) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(old.clone()));
    let wang = township.teacher("王老师", Scope::Place(new.clone()));
    let child = li.registers("石小雨", "2016-05-04", &old, "19900000001");
    let other = li.registers("石大川", "2015-01-09", &old, "19900000002");
    sync_until_quiet(&[&li, &coordinator, &wang]);
    assert!(wang.finds("sxy").is_empty(), "the child lies in another village");

    section("the child moves; the old teacher is in the hills and knows nothing of it");
    li.goes_offline();
    moves(&coordinator, child, &new).unwrap();
    coordinator.syncs();
    li.records_visit(child, &["DSCN0010.jpg"], |form| form.household_situation = "奶奶说要搬到新村去。".to_owned());
    li.changes_phone(child, "19900000003").unwrap();

    section("the new teacher has the whole dossier at the next sync, and works with it");
    wang.syncs();
    assert_eq!(wang.child("石小雨"), child);
    wang.records_visit(child, &[], |form| form.household_situation = "已到新家,次日入学。".to_owned());
    wang.syncs();

    section("the old teacher comes into signal: what was written in time is taken in, with its photo");
    li.gets_signal();
    let status = li.syncs();
    assert_eq!((status.waiting_records, status.quarantined_records, status.waiting_photos), (0, 0, 0));
    sync_until_quiet(&[&li, &wang, &coordinator]);
    for person in [&wang, &coordinator] {
        let visits = visits_of(person, child);
        assert!(
            visits.contains(&("李老师".to_owned(), "奶奶说要搬到新村去。".to_owned())),
            "{}: {visits:?}",
            person.name
        );
        assert!(
            visits.contains(&("王老师".to_owned(), "已到新家,次日入学。".to_owned())),
            "{}: {visits:?}",
            person.name
        );
        assert_eq!(person.opens(child).guardians[0].phone.value, "19900000003");
    }
    let moved = coordinator.opens(child).timeline.into_iter().find_map(|entry| match entry.event {
        TimelineEvent::Moved { note, .. } => Some((entry.person_name, note)),
        _ => None,
    });
    assert_eq!(moved, Some(("赵敏".to_owned(), "随祖父母搬家".to_owned())));

    section("on the old tablet the dossier is read-only until all is in a backup; then it is gone, bytes and photos");
    let dossier = li.opens(child);
    assert!(dossier.moved_away && !dossier.writable);
    let refused = li.changes_phone(child, "19900000004").unwrap_err();
    assert_eq!(refused.code, ErrorCode::ChildMovedAway);
    township.backs_up("backup");
    li.syncs();
    assert!(li.finds("sxy").is_empty());
    assert_eq!(li.child("石大川"), other, "the others stay");
    let photo = coordinator.opens(child).timeline.iter().find_map(|entry| match &entry.event {
        TimelineEvent::Visit { photos, .. } => photos.first().map(|photo| photo.photo_hash),
        _ => None,
    });
    assert!(li.app().photo("photo", photo.unwrap()).is_err(), "the photo is gone from the old tablet");

    township.assert_same_ledger(&coordinator);
    for person in [&coordinator, &li, &wang] {
        person.assert_projections_rebuild();
    }
}

#[test]
fn a_child_who_comes_back_comes_back_whole_also_with_what_the_erased_tablet_wrote() {
    let mut township = Township::new(32);
    let (here, away) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(here.clone()));
    let child = li.registers("石小雨", "2016-05-04", &here, "19900000001");
    li.records_visit(child, &[], |form| form.household_situation = "第一次家访。".to_owned());
    sync_until_quiet(&[&li, &coordinator]);
    moves(&coordinator, child, &away).unwrap();
    coordinator.syncs();
    township.backs_up("backup");
    li.syncs();
    assert!(li.finds("").is_empty());

    moves(&coordinator, child, &here).unwrap();
    sync_until_quiet(&[&coordinator, &li]);
    assert_eq!(visits_of(&li, child), [("李老师".to_owned(), "第一次家访。".to_owned())]);
    li.records_visit(child, &[], |form| form.household_situation = "第二次家访。".to_owned());
    sync_until_quiet(&[&li, &coordinator]);
    assert_eq!(visits_of(&coordinator, child).len(), 2);
    township.assert_same_ledger(&coordinator);
}

#[test]
fn of_two_moves_apart_the_first_that_reaches_the_server_stands_on_every_device() {
    let mut township = Township::new(33);
    let (a, b, c) = (township.village(0), township.village(1), township.village(2));
    let zhao = township.coordinator("赵敏");
    let qian = township.coordinator("钱进");
    let child = zhao.registers("石小雨", "2016-05-04", &a, "19900000001");
    sync_until_quiet(&[&zhao, &qian]);
    zhao.goes_offline();
    moves(&zhao, child, &b).unwrap();
    moves(&qian, child, &c).unwrap();
    qian.syncs();
    zhao.gets_signal();
    sync_until_quiet(&[&zhao, &qian, &zhao]);
    assert_eq!(villages(&zhao), villages(&qian));
    let place_of_c = township.county.places_by_code()[c.as_str()].name.clone();
    assert_eq!(villages(&zhao), [place_of_c]);
    township.assert_same_ledger(&zhao);
    township.assert_same_ledger(&qian);
}

#[test]
fn what_comes_long_after_the_child_has_moved_waits_for_a_person_and_says_so() {
    let mut township = Township::new(34);
    let (old, new) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(old.clone()));
    let child = li.registers("石小雨", "2016-05-04", &old, "19900000001");
    sync_until_quiet(&[&li, &coordinator]);
    li.goes_offline();
    let recorded = li.records_visit(child, &[], |form| form.household_situation = "很久以前的家访。".to_owned());
    moves(&coordinator, child, &new).unwrap();
    coordinator.syncs();
    township.clock.pass_ms(61 * DAY_MS);
    li.clock.pass_ms(61 * DAY_MS);
    li.gets_signal();
    let status = li.syncs();
    assert_eq!((status.waiting_records, status.quarantined_records), (0, 1));
    assert_eq!(li.says_of(recorded.visits[0].entry_id).0, "quarantined");
    assert_eq!(township.kept_apart(), 1);
    township.backs_up("backup");
    li.syncs();
    assert!(li.opens(child).moved_away, "what is not taken in yet is not erased");
}

#[test]
fn a_teacher_does_not_move_children_and_nobody_moves_one_out_of_the_scope() {
    let mut township = Township::new(35);
    let (old, new) = (township.village(0), township.village(1));
    let li = township.teacher("李老师", Scope::Place(old.clone()));
    let child = li.registers("石小雨", "2016-05-04", &old, "19900000001");
    assert_eq!(moves(&li, child, &new).unwrap_err().code, ErrorCode::NotAllowed);
    let coordinator = township.coordinator("赵敏");
    sync_until_quiet(&[&li, &coordinator]);
    let elsewhere = PlaceCode::parse("999902101201").unwrap();
    assert_eq!(moves(&coordinator, child, &elsewhere).unwrap_err().code, ErrorCode::FieldInvalid);
    assert_eq!(moves(&coordinator, child, &old).unwrap_err().code, ErrorCode::FieldInvalid, "the child is there");
}
