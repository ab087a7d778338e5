//! The app dies while photos are made, attached, thrown away or fetched: what nothing names goes with the next
//! unlocking, and what a draft or a record names never does.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::sync::Arc;

use jiafang_core::domain::code_list::VisitPurpose;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::Scope;
use jiafang_core::files::write_atomically;
use jiafang_core::photo::PhotoKind;
use jiafang_core::photo::file_store::PhotoFiles;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

fn files(person: &Person) -> Arc<PhotoFiles> {
    person.app().with_device(|device| Ok(Arc::clone(&device.photos))).unwrap()
}

#[test]
fn what_a_crash_left_behind_goes_and_what_a_draft_or_a_record_names_stays() {
    let mut township = Township::new(91);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let mut wang = township.teacher("王老师", Scope::Place(village.clone()));
    let child = wang.registers("石小满", "2016-05-04", &village, "19900000001");
    sync_until_quiet(&[&wang, &li]);
    li.records_visit(child, &["HMD_Nokia_8.3_5G.jpg"], |_| {});
    sync_until_quiet(&[&li, &wang]);

    section("without signal: a record, a draft, and a colleague's photo half fetched");
    wang.switch.cut_after_parts(2);
    let of_li = wang.photos_of(child)[0].clone();
    wang.asks_for(of_li.photo_hash).unwrap();
    let half = files(&wang).arrived_so_far(of_li.photo_hash).unwrap();
    assert!(half > 0);
    wang.goes_offline();
    wang.records_visit(child, &["DSCN0010.jpg"], |_| {});
    let draft = wang.begins_a_visit(&[child]);
    let draft = wang.attaches(&draft, "portrait_6.jpg").unwrap();
    let of_draft = draft.photos[0].clone();
    let own = wang.photos_of(child)[0].clone();

    section("the app dies at four bad moments");
    let photos = files(&wang);
    let capture = photos.put(PhotoKind::Capture, b"a camera's file whose photo was never made").unwrap();
    let never_attached = photos.put(PhotoKind::Photo, b"a photo whose row was never committed").unwrap();
    let never_attached_small = photos.put(PhotoKind::Thumbnail, b"and its thumbnail").unwrap();
    let not_wanted = Hash32::of(b"a photo of a dossier that is not here");
    photos.append_arrival(not_wanted, 0, b"a photo of").unwrap();
    let half_written = format!("photos/photo/{}.partial", Hash32::of(b"half"));
    write_atomically(&wang.folder.join(&half_written), b"half").unwrap();
    drop(photos);

    let kept = |person: &Person| {
        let photos = files(person);
        for photo in [&of_draft, &own] {
            assert!(photos.get(PhotoKind::Photo, photo.photo_hash).is_ok());
            assert!(photos.get(PhotoKind::Thumbnail, photo.thumbnail_hash).is_ok());
        }
        assert!(photos.get(PhotoKind::Thumbnail, of_li.thumbnail_hash).is_ok());
        assert_eq!(photos.arrived_so_far(of_li.photo_hash).unwrap(), half, "what has arrived is not fetched twice");
    };
    kept(&wang);
    wang.app_dies_and_starts_again();
    kept(&wang);
    let photos = files(&wang);
    assert!(photos.was_tidied());
    assert!(!photos.has(PhotoKind::Capture, capture), "it holds a position, and nobody needs it");
    assert!(!photos.has(PhotoKind::Photo, never_attached));
    assert!(!photos.has(PhotoKind::Thumbnail, never_attached_small));
    assert_eq!(photos.arrived_so_far(not_wanted).unwrap(), 0);
    assert!(!wang.folder.join(&half_written).exists());

    section("and everything reaches its end");
    wang.gets_signal();
    let mut form = draft.form.clone();
    form.purpose = Some(VisitPurpose::Routine);
    form.child_seen = Some(true);
    wang.finishes(&draft, form).unwrap();
    sync_until_quiet(&[&wang, &li]);
    for photo in wang.photos_of(child) {
        assert!(photo.photo_here && photo.thumbnail_here);
    }
    assert_eq!(wang.photos_of(child).len(), 3);
}

#[test]
fn a_photo_that_is_just_being_attached_is_not_taken_for_one_left_behind() {
    let mut township = Township::new(92);
    let village = township.village(0);
    let wang = township.teacher("王老师", Scope::Place(village));
    let photos = files(&wang);
    let just_made = photos.put(PhotoKind::Photo, b"its row comes in a moment").unwrap();
    let removed =
        photos.remove_left_behind([(PhotoKind::Photo, just_made)].into_iter(), &std::collections::BTreeSet::new());
    assert_eq!(removed.unwrap(), 0);
    assert!(photos.has(PhotoKind::Photo, just_made));
}
