//! A teacher puts the tablet away while it syncs: the app asks the system to let it run until that has ended, and not for longer
//! (docs/decisions/out-of-sight.md).

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::atomic::Ordering;

use jiafang_core::api::state::AppStage;
use jiafang_core::domain::place::Scope;
use jiafang_tests::kit::{Person, Township, section};

/// A teacher who has sent everything, with one child.
fn teacher(seed: u64) -> (Township, Person) {
    let mut township = Township::new(seed);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.syncs();
    (township, li)
}

#[test]
fn a_sync_that_runs_when_the_tablet_is_put_away_is_ended_and_then_the_app_may_go() {
    let (_township, li) = teacher(81);
    li.records_visit(li.child("石小雨"), &[], |_| {});
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    assert!(li.told_the_system().is_empty(), "nothing is asked for while somebody looks");
    li.app().shown(false);
    assert_eq!(li.told_the_system(), [true]);
    li.app().shown(false);
    assert_eq!(li.told_the_system(), [true], "the system is asked once");
    gate.wait();
    li.waits_until("the system is told that it has ended", || li.told_the_system() == [true, false]);
    assert_eq!(li.strip().waiting_records, 0);
}

#[test]
fn a_sync_that_does_not_come_to_its_end_lets_the_app_go_all_the_same() {
    let (_township, li) = teacher(82);
    li.records_visit(li.child("石小雨"), &[], |_| {});
    let gate = li.switch.hold_next_answer();
    li.switch.lose_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().shown(false);
    li.goes_offline();
    gate.wait();
    li.waits_until("the system is told", || li.told_the_system() == [true, false]);
    assert_eq!(li.strip().waiting_records, 1, "the record waits for the next sync");
}

#[test]
fn a_line_that_breaks_among_the_photos_is_tried_once_more_before_the_app_may_go() {
    let (_township, li) = teacher(83);
    li.records_visit(li.child("石小雨"), &["DSCN0010.jpg"], |_| {});
    li.switch.cut_after_parts(1);
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().shown(false);
    gate.wait();
    li.waits_for_the_sync();
    assert!(li.strip().waiting_photos > 0, "the line broke");
    assert_eq!(li.told_the_system(), [true], "the signal was there a moment ago");
    li.switch.cut_after_parts(1_000);
    li.clock.pass_ms(15_000);
    li.app().tick().unwrap();
    li.waits_until("the photo has gone", || li.told_the_system() == [true, false]);
    assert_eq!(li.strip().waiting_photos, 0);

    section("where the line stays broken, it is not waited for");
    li.records_visit(li.child("石小雨"), &["DSCN0010.jpg"], |_| {});
    li.switch.cut_after_parts(1);
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().shown(true);
    li.app().shown(false);
    gate.wait();
    li.waits_for_the_sync();
    li.goes_offline();
    li.clock.pass_ms(30_000);
    li.app().tick().unwrap();
    li.waits_until("the system is told", || li.told_the_system() == [true, false, true, false]);
}

#[test]
fn a_lock_lets_the_app_go_at_once_and_what_was_on_its_way_finds_no_key() {
    let (_township, li) = teacher(84);
    li.records_visit(li.child("石小雨"), &[], |_| {});
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().shown(false);
    li.locks();
    assert_eq!(li.told_the_system(), [true, false], "before the answer that is on its way is there");
    gate.wait();
    li.waits_for_the_sync();
    assert_eq!(li.state().stage, AppStage::Locked);
    li.app().shown(true);
    li.app().shown(false);
    assert_eq!(li.told_the_system(), [true, false], "a locked app has nothing to end");
    li.unlocks();
    assert_eq!(li.syncs().waiting_records, 0, "and nothing was lost");
}

#[test]
fn a_visit_that_was_saved_a_moment_before_goes_out_at_once() {
    let (_township, li) = teacher(85);
    li.lets_the_app_sync_by_itself();
    let before = li.switch.exchanges.load(Ordering::SeqCst);
    li.records_visit(li.child("石小雨"), &[], |_| {});
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before, "siblings are waited for");
    li.app().shown(false);
    li.waits_until("the visit is sent, though no clock has moved", || li.told_the_system() == [true, false]);
    assert_eq!(li.strip().waiting_records, 0);
    assert_eq!(li.switch.exchanges.load(Ordering::SeqCst), before + 1);
}

#[test]
fn who_comes_back_needs_no_leave_and_an_idle_app_asks_for_none() {
    let (_township, li) = teacher(86);
    li.app().shown(false);
    assert!(li.told_the_system().is_empty(), "everything is sent");
    li.syncs();
    assert!(li.told_the_system().is_empty(), "what begins out of sight asks for nothing");
    li.app().shown(true);
    let gate = li.switch.hold_next_answer();
    li.app().begin_sync();
    gate.wait();
    li.app().shown(false);
    li.app().shown(true);
    assert_eq!(li.told_the_system(), [true, false], "somebody looks again");
    gate.wait();
    li.waits_for_the_sync();
    assert_eq!(li.told_the_system(), [true, false]);
}
