//! What the app said is saved is saved: whatever dies, whenever.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::OpenDossier;
use jiafang_core::api::state::{AppStage, Nothing, Unlock};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

/// A township with a desk, a teacher, and a child whom both know.
fn township_with_a_child(seed: u64) -> (Township, Person, Person, DocumentId) {
    let mut township = Township::new(seed);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    let teacher = township.teacher("李老师", Scope::Place(village));
    (township, desk, teacher, child)
}

#[test]
fn a_draft_and_its_photos_outlive_the_app_at_each_pause() {
    let (_township, _desk, mut teacher, child) = township_with_a_child(11);
    teacher.goes_offline();
    let draft = teacher.begins_a_visit(&[child]);
    teacher.app_dies_and_starts_again();
    assert_eq!(teacher.drafts()[0].draft_id, draft.draft_id, "what was begun is there");

    let mut form = draft.form.clone();
    for text in ["奶", "奶奶说", "奶奶说孩子这周一直在家"] {
        form.at_home = text.to_owned();
        teacher.saves(&draft, &form);
        teacher.app_dies_and_starts_again();
        assert_eq!(teacher.drafts()[0].form, form, "what was typed is there");
    }

    let photo = teacher.attaches(&draft, "landscape_6.jpg").unwrap().photos[0].photo_hash;
    teacher.app_dies_and_starts_again();
    let drafts = teacher.drafts();
    assert_eq!((drafts.len(), drafts[0].photos.len()), (1, 1));
    assert!(teacher.app().photo("photo", photo).unwrap().starts_with(&[0xff, 0xd8]), "and can be looked at");
}

#[test]
fn a_sync_in_which_a_library_panics_ends_with_a_reason_and_the_next_one_sends_what_was_recorded() {
    let (_township, _desk, teacher, child) = township_with_a_child(15);
    teacher.goes_offline();
    teacher.records_visit(child, &[], |form| form.at_home = "照看弟弟".to_owned());
    teacher.gets_signal();
    teacher.switch.panic_at_next_answer();
    let status = teacher.syncs();
    assert_eq!((status.failure, status.waiting_records), (Some(ErrorCode::Internal), 1));
    let status = teacher.syncs();
    assert_eq!((status.failure, status.waiting_records), (None, 0));
}

#[test]
fn a_recorded_visit_outlives_the_app_and_is_sent_afterwards() {
    let (township, desk, mut teacher, child) = township_with_a_child(12);
    teacher.goes_offline();
    let recorded = teacher.records_visit(child, &["portrait_6.jpg"], |form| form.at_home = "照看弟弟".to_owned());
    let visit = recorded.visits[0].entry_id;
    teacher.app_dies_and_starts_again();
    assert_eq!(teacher.says_of(visit), ("here", vec!["here"]));
    assert!(teacher.drafts().is_empty(), "a finished draft is no draft");

    teacher.gets_signal();
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(teacher.says_of(visit), ("desk", vec!["desk"]));
    township.assert_same_ledger(&desk);
    teacher.assert_projections_rebuild();
}

#[test]
fn screens_that_nobody_touches_are_covered_and_what_was_begun_goes_on_behind() {
    let (township, desk, teacher, child) = township_with_a_child(17);
    teacher.records_visit(child, &["landscape_6.jpg"], |form| form.at_home = "在家".to_owned());
    let draft = teacher.begins_a_visit(&[child]);
    let mut form = draft.form.clone();
    form.at_home = "奶奶说".to_owned();
    teacher.saves(&draft, &form);

    teacher.clock.pass_ms(15 * 60_000);
    teacher.app().tick().unwrap();
    let state = teacher.app().app_state(Nothing {}).unwrap();
    assert_eq!((state.stage, state.is_covered, state.may_be_recognised), (AppStage::Locked, true, true));
    for refused in [
        teacher.app().open_dossier(OpenDossier { document_id: child }).map(drop),
        teacher.app().list_drafts(Nothing {}).map(drop),
        teacher.app().touched(Nothing {}).and_then(|_| teacher.app().sync_status(Nothing {})).map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code, ErrorCode::Locked);
    }
    let before = township.log_length();
    teacher.app().begin_sync();
    while teacher.app().is_syncing() {
        std::thread::yield_now();
    }
    assert_eq!(township.log_length(), before + 1, "the visit was sent behind the cover");

    let wrong = teacher.app().unlock(Unlock { pin: "314159".to_owned() }).unwrap_err();
    assert_eq!(wrong.code, ErrorCode::PinWrong);
    assert!(teacher.app().app_state(Nothing {}).unwrap().is_covered);
    teacher.unlocks();
    assert_eq!(teacher.drafts()[0].form.at_home, "奶奶说", "and what was written is there");
    sync_until_quiet(&[&teacher, &desk]);
    township.assert_same_ledger(&desk);
}

#[test]
fn an_answer_that_is_lost_on_its_way_makes_nothing_twice() {
    let (township, desk, mut teacher, child) = township_with_a_child(13);
    let before = township.log_length();
    let visit = teacher.records_visit(child, &[], |form| form.at_home = "在家".to_owned()).visits[0].entry_id;
    teacher.switch.lose_next_answer();
    assert_eq!(teacher.syncs().failure, Some(ErrorCode::ServerUnreachable));
    assert_eq!(township.log_length(), before + 1, "the server has taken it in");
    assert_eq!(teacher.says_of(visit).0, "here", "the tablet cannot know, and does not claim to");

    teacher.app_dies_and_starts_again();
    assert_eq!(teacher.syncs().failure, None);
    assert_eq!(teacher.says_of(visit).0, "server");
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(township.log_length(), before + 1, "nothing is there twice");
    assert_eq!(desk.ledger_rows()[0].1.visit_count, 1);
    township.assert_same_ledger(&desk);
}

#[test]
fn a_photo_goes_on_where_the_signal_broke_off() {
    let (township, desk, teacher, child) = township_with_a_child(14);
    let visit = teacher.records_visit(child, &["HMD_Nokia_8.3_5G.jpg"], |_| {}).visits[0].entry_id;
    // The thumbnail and one part of the photo get through.
    teacher.switch.cut_after_parts(2);
    assert_eq!(teacher.syncs().failure, Some(ErrorCode::ServerUnreachable));
    assert_eq!(teacher.says_of(visit), ("server", vec!["here"]), "the text went first");
    assert!(teacher.app().tick().unwrap().as_secs() <= 12, "there was signal: the next try comes soon");
    let left = teacher.strip().waiting_photo_bytes;

    teacher.gets_signal();
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(teacher.says_of(visit), ("desk", vec!["desk"]));
    let sent = teacher.switch.part_bytes.load(std::sync::atomic::Ordering::SeqCst);
    let photo = teacher.deliveries().rows[0].photos[0].clone();
    let whole = [("photo", photo.photo_hash), ("thumbnail", photo.thumbnail_hash)]
        .map(|(kind, hash)| u64::try_from(teacher.app().photo(kind, hash).unwrap().len()).unwrap());
    assert!(left > 0 && left < whole.iter().sum());
    assert_eq!(sent, whole.iter().sum::<u64>(), "no byte went twice");
    township.assert_same_ledger(&desk);
}

#[test]
fn a_server_that_stops_in_between_costs_nothing() {
    let (mut township, desk, teacher, child) = township_with_a_child(15);
    let visit = teacher.records_visit(child, &[], |form| form.at_home = "在家".to_owned()).visits[0].entry_id;
    township.server_stops();
    assert_eq!(teacher.syncs().failure, Some(ErrorCode::ServerUnreachable));
    assert_eq!(teacher.says_of(visit).0, "here");
    township.server_starts();
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(teacher.says_of(visit).0, "desk");
    township.assert_same_ledger(&desk);
}
