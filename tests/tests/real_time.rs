//! A coordinator's open desk hears of a visit within moments, and a tablet on a bad link has nothing to carry for it.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::WAIT_PATH;
use jiafang_tests::kit::{Person, Township, section};

/// Generous: what is measured is some hundredths of it.
const MS_MAX: u64 = 2_000;

fn visits(person: &Person, child: DocumentId) -> usize {
    let timeline = person.opens(child).timeline;
    timeline.iter().filter(|entry| matches!(entry.event, TimelineEvent::Visit { .. })).count()
}

fn waits(person: &Person) -> Vec<u64> {
    let others = person.switch.others.lock().unwrap_or_else(PoisonError::into_inner);
    others.iter().filter(|(path, _)| *path == WAIT_PATH).map(|(_, bytes)| *bytes).collect()
}

#[test]
fn a_visit_is_on_the_coordinators_open_desk_two_seconds_after_the_server_has_it() {
    let mut township = Township::new(71);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.syncs();
    let coordinator = township.coordinator("赵敏");
    assert_eq!(visits(&coordinator, child), 0);
    coordinator.lets_the_app_sync_by_itself();
    let clock = Environment::of_this_machine().clock;
    for number in 1..=5 {
        section("a visit is saved and sent; nobody touches the desk");
        li.records_visit(child, &[], |_| {});
        assert_eq!(li.syncs().failure, None);
        let sent_at_ms = clock.monotonic_ms();
        coordinator.waits_until("the visit is on the desk", || visits(&coordinator, child) == number);
        let took_ms = clock.monotonic_ms() - sent_at_ms;
        tracing::info!("visit {number} was on the desk {took_ms} ms after the tablet heard that it was stored");
        assert!(took_ms < MS_MAX, "{took_ms} ms");
    }
    section("its photo comes after it, by itself as well");
    li.records_visit(child, &["DSCN0010.jpg"], |_| {});
    li.syncs();
    let has_photo = || coordinator.photos_of(child).iter().any(|photo| photo.photo_here && photo.thumbnail_here);
    coordinator.waits_until("the photo is on the desk", has_photo);
    let waits = waits(&coordinator);
    assert!(!waits.is_empty() && waits.iter().all(|bytes| *bytes < 250), "a wait costs next to nothing: {waits:?}");
}

#[test]
fn a_tablet_waits_for_no_news_and_sends_by_itself_what_was_saved() {
    let mut township = Township::new(72);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    li.lets_the_app_sync_by_itself();
    let before = li.switch.exchanges.load(Ordering::SeqCst);
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    let draft = li.begins_a_visit(&[child]);
    for text in ["奶奶", "奶奶一人", "奶奶一人带两个孩子"] {
        let mut form = draft.form.clone();
        form.household_situation = text.to_owned();
        li.saves(&draft, &form);
    }
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before, "nothing goes at each pause of typing");
    li.clock.pass_ms(3_000);
    li.waits_until("the record has gone out", || li.strip().waiting_records == 0);
    li.waits_for_the_sync();
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before + 1, "in one request");
    assert!(waits(&li).is_empty(), "a tablet waits for no news");

    section("five minutes later it asks again, with next to nothing");
    let bytes = li.switch.body_bytes.load(Ordering::SeqCst);
    li.clock.pass_ms(10 * 60 * 1_000);
    assert!(li.app().tick().unwrap().as_secs() <= 30);
    li.waits_for_the_sync();
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before + 2);
    assert!(li.switch.body_bytes.load(Ordering::SeqCst) - bytes < 1_024);
}

#[test]
fn who_asks_for_a_sync_while_one_runs_gets_what_the_server_has_by_then() {
    let mut township = Township::new(75);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();

    section("the answer is on its way when a colleague sends a child, and somebody presses");
    wang.registers("石小雨", "2016-05-04", &village, "19900000001");
    wang.syncs();
    assert!(li.app().is_syncing());
    li.app().sync_now(Nothing {}).unwrap();
    gate.wait();
    li.waits_for_the_sync();
    assert_eq!(li.finds("").len(), 1, "the sync that ran was past it, and another followed");

    section("and one that nobody asked for does not follow");
    let before = li.switch.exchanges.load(Ordering::SeqCst);
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().begin_sync();
    gate.wait();
    li.waits_for_the_sync();
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before + 1);
}

#[test]
fn a_window_that_stays_open_over_midnight_is_told_of_the_new_day() {
    let mut township = Township::new(74);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village));
    li.goes_offline();
    li.clock.shows("2026-11-23", 23);
    li.clock.pass_ms(59 * 60_000 + 59_000);
    li.app().tick().unwrap();
    li.waits_for_the_sync();
    let before = li.told_of_changes();
    li.clock.pass_ms(900);
    li.app().tick().unwrap();
    assert_eq!(li.told_of_changes(), before, "nothing is due, and it is the same day");
    assert_eq!(li.state().today.to_string(), "2026-11-23");
    li.clock.pass_ms(100);
    li.app().tick().unwrap();
    assert_eq!(li.told_of_changes(), before + 1, "no sync was due: the day is what is told");
    assert_eq!(li.state().today.to_string(), "2026-11-24", "forms begin with the new day");
}

#[test]
fn a_desk_on_a_bad_link_or_out_of_sight_does_not_wait() {
    let mut township = Township::new(73);
    let coordinator = township.coordinator("赵敏");
    coordinator.app().shown(false);
    coordinator.lets_the_app_sync_by_itself();
    coordinator.syncs();
    coordinator.goes_offline();
    assert!(coordinator.syncs().failure.is_some());
    coordinator.app().shown(true);
    assert!(waits(&coordinator).is_empty());
}

#[test]
fn a_server_that_stops_does_not_wait_for_desks_that_wait() {
    let mut township = Township::new(74);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let coordinator = township.coordinator("赵敏");
    coordinator.lets_the_app_sync_by_itself();
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.syncs();
    coordinator.waits_until("the child is on the desk", || coordinator.finds("").len() == 1);
    let clock = Environment::of_this_machine().clock;
    let begun = clock.monotonic_ms();
    township.server_stops();
    assert!(clock.monotonic_ms() - begun < 9_000, "the desk was let go");
    township.server_starts();
    assert_eq!(coordinator.syncs().failure, None);
    li.records_visit(child, &[], |_| {});
    li.syncs();
    coordinator.waits_until("the visit is on the desk", || visits(&coordinator, child) == 1);
}
