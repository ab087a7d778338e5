//! A tablet has the thumbnails of what colleagues photographed, and the photo when somebody asks for it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::sync::atomic::Ordering;

use jiafang_core::api::photo::PhotoState;
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::Scope;
use jiafang_core::environment::Clock;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

const PHOTO: &str = "HMD_Nokia_8.3_5G.jpg";

struct Visited {
    township: Township,
    li: Person,
    wang: Person,
    child: DocumentId,
}

/// Two teachers of one village; one has photographed a porch and not synced yet.
fn li_has_photographed(seed: u64) -> Visited {
    let mut township = Township::new(seed);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let child = li.registers("石小满", "2016-05-04", &village, "19900000001");
    li.records_visit(child, &[PHOTO], |_| {});
    Visited { township, li, wang, child }
}

fn bytes(person: &Person, photo: Hash32) -> Result<Vec<u8>, ErrorCode> {
    person.app().photo("photo", photo).map_err(|failure| failure.code)
}

#[test]
fn a_teacher_who_taps_a_colleagues_photo_gets_it_with_the_next_signal_and_where_the_line_broke() {
    let Visited { township: _township, li, wang, child } = li_has_photographed(81);
    sync_until_quiet(&[&li, &wang]);
    let photo = wang.photos_of(child)[0].clone();
    assert!(photo.thumbnail_here && !photo.photo_here);
    assert_eq!(photo.photo_state, PhotoState::Away, "a tablet does not spend its traffic on it");
    assert_eq!(bytes(&wang, photo.photo_hash), Err(ErrorCode::PhotoNotHere));

    section("without signal the wish is kept, over a restart too");
    let whole = bytes(&li, photo.photo_hash).unwrap();
    let bytes_total = u64::try_from(whole.len()).unwrap();
    let mut wang = wang;
    wang.goes_offline();
    assert_eq!(wang.asks_for(photo.photo_hash).unwrap(), PhotoState::Wanted { bytes_here: 0, bytes_total });
    wang.app_dies_and_starts_again();
    assert_eq!(wang.photos_of(child)[0].photo_state, PhotoState::Wanted { bytes_here: 0, bytes_total });

    section("the line breaks after two parts; the rest comes later, and nothing twice");
    wang.gets_signal();
    let before = wang.switch.fetched_bytes.load(Ordering::SeqCst);
    wang.switch.cut_after_parts(2);
    assert!(wang.syncs().failure.is_some());
    let PhotoState::Wanted { bytes_here, .. } = wang.photos_of(child)[0].photo_state else { panic!("on its way") };
    assert!(bytes_here > 0 && bytes_here < bytes_total, "{bytes_here} of {bytes_total}");
    assert_eq!(wang.syncs().failure, None);
    assert_eq!(wang.photos_of(child)[0].photo_state, PhotoState::Here);
    assert_eq!(bytes(&wang, photo.photo_hash).unwrap(), whole);
    assert_eq!(wang.switch.fetched_bytes.load(Ordering::SeqCst) - before, bytes_total);
}

#[test]
fn a_photo_that_its_teacher_has_not_sent_yet_is_said_to_be_not_on_the_server_and_comes_later_by_itself() {
    let Visited { township: _township, li, wang, child } = li_has_photographed(82);
    section("the record and the thumbnail go up, and the line breaks within the photo");
    li.switch.cut_after_parts(4);
    assert!(li.syncs().failure.is_some());
    assert_eq!(wang.syncs().failure, None);
    let photo = wang.photos_of(child)[0].clone();
    assert!(photo.thumbnail_here);
    assert!(matches!(wang.asks_for(photo.photo_hash), Ok(PhotoState::Wanted { .. })));
    let since = Clock::now(&*wang.clock);
    assert_eq!(wang.photos_of(child)[0].photo_state, PhotoState::NotOnServer { since });

    section("the photo goes up; nobody has to ask again");
    sync_until_quiet(&[&li, &wang]);
    assert_eq!(wang.photos_of(child)[0].photo_state, PhotoState::Here);
    assert_eq!(bytes(&wang, photo.photo_hash).unwrap(), bytes(&li, photo.photo_hash).unwrap());
}

#[test]
fn a_coordinators_desk_fetches_every_photo_by_itself() {
    let Visited { mut township, li, wang: _wang, child } = li_has_photographed(83);
    let desk = township.coordinator("赵敏");
    sync_until_quiet(&[&li, &desk]);
    let photo = desk.photos_of(child)[0].clone();
    assert_eq!(photo.photo_state, PhotoState::Here);
    assert_eq!(bytes(&desk, photo.photo_hash).unwrap(), bytes(&li, photo.photo_hash).unwrap());
}

#[test]
fn a_photo_of_no_dossier_here_cannot_be_asked_for() {
    let Visited { township: _township, li, wang, .. } = li_has_photographed(84);
    let failure = wang.asks_for(Hash32([9; 32])).unwrap_err();
    assert_eq!(failure.code, ErrorCode::PhotoNotHere);
    let own = li.deliveries().rows.iter().find_map(|row| row.photos.first().cloned()).unwrap();
    assert_eq!(li.asks_for(own.photo_hash).unwrap(), PhotoState::Here, "one's own is here");
}
