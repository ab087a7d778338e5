//! Clocks of tablets are wrong by years; nothing that matters goes by them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_tests::kit::Township;
use jiafang_tests::kit::person::sync_until_quiet;

const MINUTES_A_YEAR: i32 = 365 * 24 * 60;

fn a_clock_that_is_off_by(years: i32, seed: u64) {
    let mut township = Township::new(seed);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    assert_eq!(desk.state().clock_off_minutes, None, "a clock that is right is not worth a word");

    let code = township.invites("李老师", Role::ClassTeacher, Scope::Place(village));
    let teacher = township.somebody("李老师");
    let off_minutes = years * MINUTES_A_YEAR;
    teacher.clock.pass_ms(i64::from(off_minutes) * 60_000);
    teacher.enrols(&code);
    assert_eq!(teacher.strip().failure, None);
    assert_eq!(teacher.state().clock_off_minutes, Some(off_minutes), "it is said");

    let visit = teacher.records_visit(child, &["DSCN0010.jpg"], |_| {}).visits[0].entry_id;
    teacher.changes_phone(child, "19900002002").unwrap();
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(teacher.says_of(visit), ("desk", vec!["desk"]));

    // The desk changed the number later, whatever the tablet's clock says: that is the number that stands.
    desk.changes_phone(child, "19900003003").unwrap();
    sync_until_quiet(&[&desk, &teacher]);
    for person in [&desk, &teacher] {
        let phone = &person.opens(child).guardians[0].phone;
        assert_eq!((phone.value.as_str(), phone.conflict.len()), ("19900003003", 0), "{}", person.name);
    }
    township.assert_same_ledger(&desk);
    teacher.assert_projections_rebuild();

    // Somebody sets the clock right.
    teacher.clock.pass_ms(-i64::from(off_minutes) * 60_000);
    teacher.syncs();
    assert_eq!(teacher.state().clock_off_minutes, None);
}

#[test]
fn a_tablet_that_lives_years_ahead_enrols_visits_and_syncs() {
    a_clock_that_is_off_by(6, 51);
}

#[test]
fn a_tablet_that_lives_years_behind_enrols_visits_and_syncs() {
    a_clock_that_is_off_by(-6, 52);
}
