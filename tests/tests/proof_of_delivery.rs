//! At the end of a sync the device knows of each dossier whether the server has it, and says in true numbers what it has
//! not; a photo that the server cannot take is named with its reason, stays, and holds up nothing.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::PoisonError;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::delivery::DeliveryOverview;
use jiafang_core::api::state::Nothing;
use jiafang_core::api::sync::Whereabouts;
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::Scope;
use jiafang_core::error::ErrorCode;
use jiafang_core::files::write_atomically;
use jiafang_core::photo::PhotoKind;
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

fn overview(person: &Person) -> DeliveryOverview {
    person.app().delivery_overview(Nothing {}).unwrap()
}

fn all_at_server(person: &Person, child: DocumentId) -> bool {
    person.opens(child).delivery.unwrap().all_at_server
}

/// The photos of this child, by what is said of each.
fn said_of_photos(person: &Person, child: DocumentId) -> Vec<(Hash32, String)> {
    let photos = person.photos_of(child).into_iter().map(|photo| {
        let said = match photo.whereabouts {
            Whereabouts::Quarantined { reason } => reason,
            Whereabouts::Here { .. } => "here".to_owned(),
            Whereabouts::Server { durable: false, .. } => "server".to_owned(),
            Whereabouts::Server { durable: true, .. } => "backed up".to_owned(),
            Whereabouts::Desk { .. } => "desk".to_owned(),
            Whereabouts::Returned { .. } => "returned".to_owned(),
            Whereabouts::FromServer => "from server".to_owned(),
        };
        (photo.photo_hash, said)
    });
    photos.collect()
}

#[test]
fn every_step_of_a_visit_and_its_photo_is_said_and_never_more_than_is_true() {
    let mut township = Township::new(81);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let coordinator = township.coordinator("赵敏");
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.syncs();

    section("saved here");
    li.goes_offline();
    li.records_visit(child, &["DSCN0010.jpg"], |_| {});
    let told = overview(&li);
    assert_eq!((told.records.total, told.records.here, told.records.server), (2, 1, 1));
    assert_eq!((told.photos.total, told.photos.here), (1, 1));
    assert_eq!((told.dossier_count, told.incomplete_count), (1, 1));
    assert_eq!(told.incomplete[0].child_name, "石小雨");
    assert_eq!((told.incomplete[0].records_here, told.incomplete[0].photos_here), (1, 1));
    assert!(!all_at_server(&li, child));

    section("the record is there, and of the photo a part");
    li.gets_signal();
    li.switch.cut_after_parts(3);
    assert!(li.syncs().failure.is_some());
    let told = overview(&li);
    assert_eq!(
        (told.records.here, told.photos.here, told.incomplete_count),
        (0, 1, 1),
        "a part of a photo is not a photo"
    );
    assert!(!all_at_server(&li, child));

    section("both are at the server");
    assert_eq!(li.syncs().failure, None);
    let told = overview(&li);
    assert_eq!((told.records.server, told.photos.server, told.incomplete_count), (2, 1, 0));
    let of_child = li.opens(child).delivery.unwrap();
    assert!(of_child.all_at_server && !of_child.all_backed_up);

    section("a backup is made before anything else has come: of the photo that is not certain yet");
    township.backs_up("tonight");
    li.syncs();
    assert_eq!(overview(&li).records.backed_up, 2);
    li.registers("石小满", "2017-05-04", &village, "19900000002");
    li.syncs();
    township.backs_up("tonight");
    li.syncs();
    let told = overview(&li);
    assert_eq!((told.records.backed_up, told.photos.backed_up), (3, 1));
    assert_eq!(said_of_photos(&li, child)[0].1, "backed up");
    assert!(li.opens(child).delivery.unwrap().all_backed_up);

    section("and on the coordinator's device");
    sync_until_quiet(&[&coordinator, &li]);
    let told = overview(&li);
    assert_eq!((told.records.desk, told.photos.desk), (3, 1));
    assert!(all_at_server(&coordinator, child), "who recorded nothing has nothing to send");
    assert_eq!(overview(&coordinator).records.total, 0);
}

#[test]
fn a_photo_that_the_server_cannot_take_is_named_stays_on_the_tablet_and_holds_up_nothing() {
    for (code, reason, syncs) in [
        (RefusalCode::TooLarge, "photo_too_large", 1),
        (RefusalCode::NotYours, "photo_not_yours", 1),
        (RefusalCode::PhotoUnknown, "photo_not_taken", 1),
        (RefusalCode::HashWrong, "photo_damaged_on_way", 3),
    ] {
        section(reason);
        let mut township = Township::new(82);
        let village = township.village(0);
        let li = township.teacher("李老师", Scope::Place(village.clone()));
        let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
        li.goes_offline();
        li.records_visit(child, &["DSCN0010.jpg"], |_| {});
        let stuck = li.photos_of(child)[0].photo_hash;
        li.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner).insert(stuck, code);
        li.records_visit(child, &["portrait_6.jpg"], |_| {});
        li.gets_signal();
        for _ in 0..syncs {
            assert_eq!(li.syncs().failure, None, "the sync comes to its end");
        }
        let said = said_of_photos(&li, child);
        assert!(said.contains(&(stuck, reason.to_owned())), "{said:?}");
        assert!(
            said.iter().any(|(hash, said)| *hash != stuck && said == "server"),
            "the other photo has gone: {said:?}"
        );
        let told = overview(&li);
        assert_eq!((told.records.server, told.photos.apart, told.photos.server), (3, 1, 1));
        assert_eq!((told.incomplete_count, told.incomplete[0].photos_apart), (1, 1));
        assert!(!all_at_server(&li, child), "and nobody is told that all is safe");
        assert_eq!((li.strip().waiting_photos, li.strip().untaken_photos), (0, 1), "nothing is tried in vain any more");
        let photos = li.app().with_device(|device| Ok(std::sync::Arc::clone(&device.photos))).unwrap();
        assert!(photos.get(PhotoKind::Photo, stuck).is_ok(), "it stays on the tablet");
    }
}

#[test]
fn a_photo_that_arrived_damaged_three_times_is_sent_once_more_when_somebody_asks_for_a_sync() {
    let mut township = Township::new(85);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.goes_offline();
    li.records_visit(child, &["DSCN0010.jpg"], |_| {});
    let stuck = li.photos_of(child)[0].photo_hash;
    let refused = || li.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner);
    refused().insert(stuck, RefusalCode::HashWrong);
    li.gets_signal();
    for _ in 0..3 {
        li.syncs();
    }
    assert_eq!(said_of_photos(&li, child)[0].1, "photo_damaged_on_way");
    li.syncs();
    assert_eq!(said_of_photos(&li, child)[0].1, "photo_damaged_on_way", "in vain, and said so at once");
    refused().clear();
    li.syncs();
    assert_eq!(said_of_photos(&li, child)[0].1, "server");
    assert_eq!((li.strip().waiting_photos, li.strip().untaken_photos), (0, 0));
}

#[test]
fn a_photo_whose_file_is_lost_or_damaged_on_the_tablet_is_named_and_the_others_go() {
    let mut township = Township::new(83);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.goes_offline();
    for photo in ["DSCN0010.jpg", "portrait_6.jpg", "landscape_6.jpg"] {
        li.records_visit(child, &[photo], |_| {});
    }
    let hashes: Vec<Hash32> = li.photos_of(child).iter().map(|photo| photo.photo_hash).collect();
    let path = |hash: Hash32| li.folder.join("photos/photo").join(hash.to_string());
    std::fs::remove_file(path(hashes[0])).unwrap();
    let mut bytes = std::fs::read(path(hashes[1])).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    write_atomically(&path(hashes[1]), &bytes).unwrap();
    li.gets_signal();
    assert_eq!(li.syncs().failure, None);
    let said = said_of_photos(&li, child);
    let named = |hash: Hash32| said.iter().find(|(other, _)| *other == hash).unwrap().1.clone();
    assert_eq!(named(hashes[0]), "photo_not_here");
    assert_eq!(named(hashes[1]), "photo_not_here");
    assert_eq!(named(hashes[2]), "server");
    assert_eq!(overview(&li).photos.apart, 2);
}

#[test]
fn a_photo_that_the_server_has_a_fault_with_goes_behind_the_others() {
    let mut township = Township::new(84);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.goes_offline();
    for photo in ["DSCN0010.jpg", "portrait_6.jpg"] {
        li.records_visit(child, &[photo], |_| {});
    }
    let photos = li.photos_of(child);
    let first = photos.last().unwrap().clone();
    for hash in [first.photo_hash, first.thumbnail_hash] {
        li.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, RefusalCode::Fault);
    }
    li.gets_signal();
    assert_eq!(li.syncs().failure, None);
    assert_eq!(overview(&li).photos.server, 1, "the other one has gone");
    assert_eq!(li.strip().waiting_photos, 2, "and this one waits, and is counted");

    section("the server's disk is full: the sync gives up soon, and says so");
    for photo in ["landscape_6.jpg", "HMD_Nokia_8.3_5G.jpg"] {
        li.records_visit(child, &[photo], |_| {});
    }
    for photo in li.photos_of(child) {
        for hash in [photo.photo_hash, photo.thumbnail_hash] {
            li.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, RefusalCode::Fault);
        }
    }
    assert_eq!(li.syncs().failure, Some(ErrorCode::ServerFault));
    assert_eq!(overview(&li).records.here, 0, "the records are there all the same");

    section("it has room again");
    li.switch.refused_files.lock().unwrap_or_else(PoisonError::into_inner).clear();
    assert_eq!(li.syncs().failure, None);
    assert_eq!(overview(&li).incomplete_count, 0);
}
