//! The server's disk broke, and what serves now is an older backup: devices notice, and offer again what it had
//! acknowledged and lost.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::sync::Whereabouts;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

#[test]
fn what_a_restored_server_has_lost_is_offered_again() {
    let mut township = Township::new(61);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let zhang = township.teacher("张老师", Scope::Place(village.clone()));
    let monday = li.records_visit(child, &[], |form| form.at_home = "周一在家".to_owned()).visits[0].entry_id;
    sync_until_quiet(&[&li, &zhang, &desk]);
    township.backs_up("monday");

    // On Tuesday more is recorded by everybody, and acknowledged.
    let tuesday = li.records_visit(child, &["landscape_6.jpg"], |form| form.at_home = "周二在家".to_owned());
    let tuesday = tuesday.visits[0].entry_id;
    zhang.changes_phone(child, "19900002002").unwrap();
    let found = desk.registers("石小雨", "2015-02-03", &village, "19900003003");
    sync_until_quiet(&[&li, &zhang, &desk]);
    assert_eq!(li.says_of(tuesday), ("desk", vec!["desk"]));
    let log_before = township.log_length();

    // At night the disk breaks. One teacher has recorded more before anybody notices.
    township.is_restored_from("monday");
    assert!(township.log_length() < log_before, "the server has lost something");
    let wednesday = li.records_visit(found, &[], |form| form.at_home = "周三在家".to_owned()).visits[0].entry_id;

    sync_until_quiet(&[&li, &desk, &zhang]);
    assert_eq!(township.log_length(), log_before + 1, "all of Tuesday is back, once, and Wednesday is there");
    assert_eq!(li.says_of(monday).0, "desk");
    assert_eq!(li.says_of(tuesday), ("desk", vec!["desk"]));
    assert_eq!(li.says_of(wednesday).0, "desk");
    for person in [&desk, &li, &zhang] {
        assert_eq!(person.opens(child).guardians[0].phone.value, "19900002002", "{}", person.name);
        assert_eq!(person.finds("").len(), 2, "{}", person.name);
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&desk);
    // The photo is on the server again: a desk that comes new gets it.
    let second_desk = township.coordinator("钱芳");
    sync_until_quiet(&[&second_desk]);
    let photo = li.deliveries().rows.iter().find_map(|row| row.photos.first().cloned()).unwrap();
    assert!(second_desk.app().photo("photo", photo.photo_hash).unwrap().starts_with(&[0xff, 0xd8]));
    township.assert_same_ledger(&second_desk);
}

#[test]
fn people_who_were_enrolled_since_the_backup_are_enrolled_again_and_hold_nobody_up() {
    let mut township = Township::new(63);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    township.backs_up("monday");
    // On Tuesday somebody new comes, and all have heard of it when the disk breaks.
    let lost = township.teacher("李老师", Scope::Place(village.clone()));
    lost.records_visit(child, &[], |form| form.at_home = "周二在家".to_owned());
    sync_until_quiet(&[&lost, &desk]);
    township.is_restored_from("monday");
    assert_eq!(lost.syncs().failure, Some(ErrorCode::DeviceRefused), "the county does not know the tablet any more");

    // They get new codes; the register goes on another way than the desk has seen it.
    let again = township.teacher("李老师", Scope::Place(village.clone()));
    let next = township.teacher("张老师", Scope::Place(village));
    let visit = again.records_visit(child, &[], |form| form.at_home = "周三在家".to_owned()).visits[0].entry_id;
    next.changes_phone(child, "19900002002").unwrap();
    sync_until_quiet(&[&again, &next, &desk]);
    assert_eq!(again.says_of(visit).0, "desk");
    assert_eq!(desk.opens(child).guardians[0].phone.value, "19900002002");
    assert_eq!(desk.ledger_rows()[0].1.visit_count, 2, "the desk still has Tuesday's visit, too");
}

#[test]
fn what_had_been_put_apart_since_the_backup_holds_up_nothing_after_it() {
    let mut township = Township::new(63);
    let (here, there) = (township.village(0), township.village(1));
    let desk = township.coordinator("赵敏");
    let zhang = township.teacher("张老师", Scope::Place(there.clone()));
    sync_until_quiet(&[&zhang, &desk]);
    township.backs_up("monday");
    // One record of a child that is not the teacher's, and one of a child that is.
    let tampered_with = zhang.app().with_device(|device| {
        device.author.rights.scopes.push(Scope::Place(here.clone()));
        Ok(())
    });
    tampered_with.unwrap();
    zhang.registers("王小明", "2016-05-04", &here, "19900001001");
    zhang.registers("石大山", "2016-05-04", &there, "19900001002");
    assert_eq!(zhang.syncs().quarantined_records, 1);

    township.is_restored_from("monday");
    let strip = zhang.syncs();
    assert_eq!((strip.failure, strip.waiting_records, strip.quarantined_records), (None, 0, 1));
    assert_eq!(township.kept_apart(), 1);
    sync_until_quiet(&[&zhang, &desk]);
    assert_eq!(desk.finds("").len(), 1);
    township.assert_same_ledger(&desk);
}

#[test]
fn a_photo_of_a_child_whom_a_restore_lost_goes_up_with_the_child_that_a_colleague_gives_back() {
    let mut township = Township::new(64);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let zhang = township.teacher("张老师", Scope::Place(village.clone()));
    sync_until_quiet(&[&li, &zhang]);
    township.backs_up("monday");
    let child = li.registers("王小明", "2016-05-04", &village, "19900001001");
    sync_until_quiet(&[&li, &zhang]);
    township.is_restored_from("monday");

    // The server does not know the child when the photo comes; the tablet that brings it holds the child's dossier.
    let visit = zhang.records_visit(child, &["portrait_6.jpg"], |_| {}).visits[0].entry_id;
    assert_eq!(zhang.syncs().waiting_records, 0);
    sync_until_quiet(&[&li, &zhang]);
    assert_eq!(zhang.says_of(visit), ("server", vec!["server"]));
}

#[test]
fn a_backup_makes_what_it_holds_durable_and_tablets_say_so() {
    let mut township = Township::new(62);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    li.registers("王小明", "2016-05-04", &village, "19900001001");
    li.syncs();
    let durable =
        |person: &Person| matches!(person.deliveries().rows[0].whereabouts, Whereabouts::Server { durable: true, .. });
    assert!(!durable(&li), "no backup holds it yet");
    township.backs_up("monday");
    li.syncs();
    assert!(durable(&li));
}

/// The text of each visit that a dossier shows, in order.
fn visits(person: &Person, child: DocumentId) -> Vec<String> {
    let mut texts: Vec<String> = person
        .opens(child)
        .timeline
        .into_iter()
        .filter_map(|entry| match entry.event {
            TimelineEvent::Visit { form, .. } => Some(form.at_home),
            _ => None,
        })
        .collect();
    texts.sort_unstable();
    texts
}

#[test]
fn the_visits_of_a_tablet_that_is_lost_come_back_from_a_colleague_and_what_builds_on_them_is_taken_in() {
    let mut township = Township::new(65);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let zhang = township.teacher("张老师", Scope::Place(village.clone()));
    let child = li.registers("王小明", "2016-05-04", &village, "19900001001");
    sync_until_quiet(&[&li, &zhang, &desk]);
    township.backs_up("monday");
    li.records_visit(child, &[], |form| form.at_home = "周二在家".to_owned());
    let found = li.registers("石小雨", "2015-02-03", &village, "19900003003");
    sync_until_quiet(&[&li, &zhang, &desk]);
    let log_before = township.log_length();

    // The same night the disk breaks, and the tablet falls into the river.
    township.is_restored_from("monday");
    zhang.records_visit(child, &[], |form| form.at_home = "周三在家".to_owned());
    zhang.records_visit(found, &[], |form| form.at_home = "新生在家".to_owned());
    sync_until_quiet(&[&zhang, &desk]);
    assert_eq!(township.log_length(), log_before + 2, "all is back, once, and what was built on it is there");
    let new = township.coordinator("钱芳");
    sync_until_quiet(&[&new, &zhang, &desk]);
    for person in [&new, &zhang, &desk] {
        assert_eq!(visits(person, child), ["周三在家", "周二在家"], "{}", person.name);
        assert_eq!(visits(person, found), ["新生在家"], "{}", person.name);
        person.assert_projections_rebuild();
    }
    let author = new.opens(child).timeline.into_iter().find_map(|entry| match entry.event {
        TimelineEvent::Visit { form, .. } if form.at_home == "周二在家" => Some(entry.person_name),
        _ => None,
    });
    assert_eq!(author.as_deref(), Some("李老师"), "under the name of whoever wrote it");
    township.assert_same_ledger(&new);

    // The tablet dries, and goes on where it was.
    li.records_visit(child, &[], |form| form.at_home = "周四在家".to_owned());
    let strip = li.syncs();
    assert_eq!((strip.failure, strip.waiting_records, strip.quarantined_records), (None, 0, 0));
    assert_eq!(township.log_length(), log_before + 3);
    township.assert_same_ledger(&{
        desk.syncs();
        desk
    });
}

#[test]
fn who_was_enrolled_since_the_backup_is_let_in_again_when_a_colleague_who_knows_them_has_synced() {
    let mut township = Township::new(66);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    township.backs_up("monday");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    li.records_visit(child, &[], |form| form.at_home = "周二在家".to_owned());
    sync_until_quiet(&[&li, &desk]);
    township.is_restored_from("monday");
    assert_eq!(li.syncs().failure, Some(ErrorCode::DeviceRefused), "the county does not know the tablet any more");
    // Somebody else is enrolled before anybody notices: the register goes on another way.
    let next = township.teacher("周老师", Scope::Place(village));
    desk.syncs();
    li.records_visit(child, &[], |form| form.at_home = "周三在家".to_owned());
    sync_until_quiet(&[&li, &desk, &next]);
    for person in [&li, &desk, &next] {
        assert_eq!(visits(person, child), ["周三在家", "周二在家"], "{}", person.name);
    }
    township.assert_same_ledger(&desk);
}

#[test]
fn who_was_shut_out_since_the_backup_stays_out_when_a_colleague_who_knows_it_has_synced() {
    let mut township = Township::new(67);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village));
    sync_until_quiet(&[&li, &desk]);
    township.backs_up("monday");
    township.revokes("李老师");
    desk.syncs();
    assert_eq!(li.syncs().failure, Some(ErrorCode::DeviceRefused));
    township.is_restored_from("monday");
    desk.syncs();
    assert_eq!(li.syncs().failure, Some(ErrorCode::DeviceRefused), "a backup lets no lost tablet in again");
}

#[test]
fn what_a_copied_tablet_wrote_and_a_colleague_gives_back_comes_to_the_tablet_that_it_was_copied_from() {
    let mut township = Township::new(68);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    sync_until_quiet(&[&desk, &li]);
    township.backs_up("monday");
    // The copy's visit has the count that the tablet's own next record will have, and the desk holds it when the disk breaks.
    let copy = li.is_copied("李老师的旧平板");
    copy.gets_signal();
    copy.records_visit(child, &[], |form| form.at_home = "旧平板记的".to_owned());
    sync_until_quiet(&[&copy, &desk]);
    township.is_restored_from("monday");
    li.registers("石小雨", "2015-02-03", &village, "19900003003");
    sync_until_quiet(&[&li]);
    sync_until_quiet(&[&desk, &li]);
    assert_eq!(visits(&li, child), ["旧平板记的"]);
    township.assert_same_ledger(&li);

    // What the copy builds on it is judged by a person, as with every copied tablet.
    copy.records_visit(child, &[], |form| form.at_home = "旧平板又记".to_owned());
    sync_until_quiet(&[&copy, &desk, &li]);
    assert_eq!(copy.strip().quarantined_records, 1);
    desk.decides_over("李老师", true, "两台平板都是她的").unwrap();
    sync_until_quiet(&[&desk, &copy, &li]);
    for person in [&desk, &copy, &li] {
        assert_eq!(visits(person, child), ["旧平板又记", "旧平板记的"], "{}", person.name);
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&li);
}
