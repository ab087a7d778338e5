//! Who gets what, who may write what, and that the server goes by it whatever a tablet claims.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::sync::Whereabouts;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::place::Scope;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::sync::link::{Connector, LinkFailure};
use jiafang_sync_client::HttpsConnector;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

fn dossiers_held(person: &Person) -> usize {
    person.app().with_device(|device| Ok(device.store.reading().document_ids(DocumentKind::Dossier)?.len())).unwrap()
}

#[test]
fn a_teacher_of_another_village_gets_nothing_of_this_one() {
    let mut township = Township::new(41);
    let (here, there) = (township.village(0), township.village(1));
    let li = township.teacher("李老师", Scope::Place(here.clone()));
    let zhang = township.teacher("张老师", Scope::Place(there));
    let child = li.registers("王小明", "2016-05-04", &here, "19900001001");
    li.records_visit(child, &["DSCN0010.jpg"], |_| {});
    sync_until_quiet(&[&li, &zhang]);

    assert_eq!(dossiers_held(&zhang), 0, "no document");
    assert!(zhang.finds("").is_empty(), "no child");

    // Not even somebody who has heard of the photo's hash gets it.
    let photo = li.deliveries().rows.iter().find_map(|row| row.photos.first().cloned()).unwrap();
    let part_for = |person: &Person, hash| {
        let identity = person.app().with_device(|device| device.identity()).unwrap();
        HttpsConnector.connect(identity).unwrap().get_photo_part(hash, 0, 1_000)
    };
    for hash in [photo.photo_hash, photo.thumbnail_hash] {
        assert_eq!(part_for(&li, hash).unwrap().bytes.len(), 1_000, "its own teacher gets it");
        let Err(LinkFailure::Refused(refusal)) = part_for(&zhang, hash) else { panic!("it is refused") };
        assert!(matches!(refusal.code, RefusalCode::NotYours | RefusalCode::PhotoUnknown), "{refusal:?}");
    }
}

#[test]
fn a_write_from_outside_the_scope_is_kept_apart_and_said_so() {
    let mut township = Township::new(42);
    let (here, there) = (township.village(0), township.village(1));
    let desk = township.coordinator("赵敏");
    let zhang = township.teacher("张老师", Scope::Place(there.clone()));
    // The tablet's own check is tampered with.
    let tampered_with = zhang.app().with_device(|device| {
        device.author.rights.scopes.push(Scope::Place(here.clone()));
        Ok(())
    });
    tampered_with.unwrap();
    zhang.registers("王小明", "2016-05-04", &here, "19900001001");
    let strip = zhang.syncs();
    assert_eq!((strip.failure, strip.waiting_records, strip.quarantined_records), (None, 0, 1));
    let whereabouts = &zhang.deliveries().rows[0].whereabouts;
    assert_eq!(*whereabouts, Whereabouts::Quarantined { reason: "not_yours".to_owned() });
    assert_eq!(township.kept_apart(), 1);

    // It reaches nobody, and holds up nothing that is right.
    let own = zhang.registers("石大山", "2016-05-04", &there, "19900001002");
    sync_until_quiet(&[&zhang, &desk]);
    assert_eq!(dossiers_held(&desk), 1);
    assert_eq!(desk.child("石大山"), own);
    assert!(matches!(zhang.deliveries().rows[0].whereabouts, Whereabouts::Desk { .. }));
    township.assert_same_ledger(&desk);
}

#[test]
fn a_revoked_device_is_refused_and_what_it_sent_before_stays() {
    let mut township = Township::new(43);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("王小明", "2016-05-04", &village, "19900001001");
    sync_until_quiet(&[&li, &desk]);

    township.revokes("李老师");
    let visit = li.records_visit(child, &[], |_| {}).visits[0].entry_id;
    let strip = li.syncs();
    assert_eq!((strip.failure, strip.waiting_records), (Some(ErrorCode::DeviceRefused), 1));
    assert_eq!(li.says_of(visit).0, "here");
    assert_eq!(desk.syncs().failure, None);
    assert_eq!(desk.child("王小明"), child);
    assert_eq!(desk.ledger_rows()[0].1.visit_count, 0, "what came after does not arrive");
    township.assert_same_ledger(&desk);
}
