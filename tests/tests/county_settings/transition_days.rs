//! The county sets the days of school transition, year by year and school by school.

use jiafang_core::api::commands::Commands;
use jiafang_core::api::transition::ShowTransition;
use jiafang_core::api::transition_settings::TransitionYearView;
use jiafang_core::domain::calendar::Calendar;
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{ClassId, Scope, Stage};
use jiafang_core::domain::time::Day;
use jiafang_core::domain::transition_days::{OwnTransitionDays, own_days_key};
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::Person;

use super::cast::{Cast, looks_at, saves, settings};

const YEAR: i16 = 2027;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn list_by(into: Stage, text: &str) -> OwnTransitionDays {
    let list_by = Some(day(text));
    OwnTransitionDays { year: YEAR, into, list_by, hand_over_by: None, registration: None, zero_by: None }
}

fn sets(days: OwnTransitionDays) -> CountyEdit {
    CountyEdit::Calendar { put: Calendar { transitions: vec![days], ..Calendar::default() }, remove: vec![] }
}

fn takes_away(days: &OwnTransitionDays) -> CountyEdit {
    CountyEdit::Calendar { put: Calendar::default(), remove: vec![own_days_key(days)] }
}

fn year(person: &Person, into: Stage) -> TransitionYearView {
    settings(person).transitions.into_iter().find(|one| one.year == YEAR && one.into == into).unwrap()
}

/// The class whose children leave for junior school in 2027.
fn leaving(cast: &Cast) -> ClassId {
    let classes = cast.township.county.schools.iter().flat_map(|school| &school.classes);
    classes.clone().find(|class| class.stage == Stage::Primary && class.entry_year == YEAR - 6).unwrap().id.clone()
}

/// Until when the child's next step is due, as its class's list says it.
fn due(person: &Person, class: &ClassId, child: DocumentId) -> Option<Day> {
    let request = ShowTransition {
        into: Stage::Junior,
        year: Some(YEAR),
        class: Some(class.clone()),
        from: None,
        to: None,
        only_breaking: false,
    };
    let list = person.app().show_transition(request).unwrap();
    let row = list.rows.into_iter().find(|row| row.child.document_id == child).expect("the child is on the list");
    row.task.map(|task| task.due_on)
}

#[test]
fn a_county_wants_its_lists_earlier_and_every_teacher_is_asked_by_that_day_until_it_takes_the_entry_away() {
    let mut cast = Cast::new(521);
    let class = leaving(&cast);
    let zhou = cast.township.teacher("周老师", Scope::Class(class.clone()));
    let child = zhou.registers_pupil("石毕业", &cast.village, &class);
    let it_is = |day: &str| {
        cast.it_is(day, 9);
        zhou.clock.shows(day, 9);
    };
    let everybody_syncs = || {
        zhou.syncs();
        cast.everybody_syncs();
        zhou.syncs();
    };
    it_is("2027-05-10");
    everybody_syncs();
    assert_eq!(due(&zhou, &class, child), Some(day("2027-06-30")), "as the app's own rules say");

    let own = list_by(Stage::Junior, "2027-06-01");
    let preview = looks_at(&cast.chen, sets(own.clone()));
    assert_eq!(preview.mistakes, []);
    let [difference] = preview.transitions.as_slice() else { panic!("one year and school changes") };
    assert_eq!((difference.year, difference.into), (YEAR, Stage::Junior));
    assert_eq!((difference.before.list_by, difference.after.list_by), (day("2027-06-30"), day("2027-06-01")));
    assert_eq!((difference.moved, difference.late_before, difference.late_after), (1, 0, 0));
    assert_eq!(year(&cast.chen, Stage::Junior).own, None, "looking changes nothing");

    saves(&cast.chen, sets(own.clone())).unwrap();
    everybody_syncs();
    for person in [&zhou, &cast.luo] {
        assert_eq!(due(person, &class, child), Some(day("2027-06-01")), "on {}'s device", person.name);
        let told = year(person, Stage::Junior);
        assert_eq!((told.holds.list_by, told.usual.list_by), (day("2027-06-01"), day("2027-06-30")));
        assert_eq!(told.own, Some(own.clone()));
        assert_eq!(year(person, Stage::Primary).own, None);
    }

    it_is("2027-06-05");
    let preview = looks_at(&cast.luo, takes_away(&own));
    let [difference] = preview.transitions.as_slice() else { panic!("one year and school changes") };
    assert_eq!((difference.moved, difference.late_before, difference.late_after), (1, 1, 0));
    saves(&cast.luo, takes_away(&own)).unwrap();
    everybody_syncs();
    for person in [&zhou, &cast.chen] {
        assert_eq!(due(person, &class, child), Some(day("2027-06-30")), "on {}'s device", person.name);
        assert_eq!(year(person, Stage::Junior).own, None);
    }
}

#[test]
fn two_clerks_who_set_days_apart_do_not_meet_unless_they_mean_the_same_year_and_school() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(522);
        let (junior, primary) = (list_by(Stage::Junior, "2027-06-01"), list_by(Stage::Primary, "2027-05-20"));
        cast.apart(&cast.chen, sets(junior), &cast.luo, sets(primary));
        for person in [&cast.chen, &cast.luo, &cast.li] {
            assert!(settings(person).contested.is_empty());
            assert_eq!(year(person, Stage::Junior).holds.list_by, day("2027-06-01"));
            assert_eq!(year(person, Stage::Primary).holds.list_by, day("2027-05-20"));
        }
        let (one, other) = (sets(list_by(Stage::Junior, "2027-06-10")), sets(list_by(Stage::Junior, "2027-06-20")));
        if chen_is_first {
            cast.apart(&cast.chen, one, &cast.luo, other);
        } else {
            cast.apart(&cast.luo, other, &cast.chen, one);
        }
        let holds = year(&cast.li, Stage::Junior).holds.list_by;
        for person in [&cast.chen, &cast.luo, &cast.li] {
            assert_eq!(year(person, Stage::Junior).holds.list_by, holds, "on {}'s device", person.name);
            let contested = settings(person).contested;
            assert_eq!(contested.len(), 1, "both stay until somebody chooses");
            assert_eq!(contested[0].values.len(), 2);
        }
    }
}

#[test]
fn nobody_else_sets_the_days_of_transition_and_days_out_of_order_are_refused_by_their_name() {
    let cast = Cast::new(523);
    let edit = sets(list_by(Stage::Junior, "2027-06-01"));
    assert_eq!(saves(&cast.li, edit.clone()).unwrap_err().code, ErrorCode::NotAllowed);
    for (wrong, reason) in [
        (list_by(Stage::Junior, "2027-08-01"), "transition_days_out_of_order"),
        (list_by(Stage::Junior, "2026-06-01"), "transition_day_outside_year"),
        (OwnTransitionDays { list_by: None, ..list_by(Stage::Junior, "2027-06-01") }, "transition_days_empty"),
    ] {
        let failure = saves(&cast.chen, sets(wrong)).unwrap_err();
        assert_eq!((failure.code, failure.facts["reason"].as_str()), (ErrorCode::FieldInvalid, reason));
    }
    assert_eq!(cast.chen.syncs().waiting_records, 0, "nothing was written");

    cast.saves_without_the_right(edit);
    for person in [&cast.luo, &cast.li] {
        assert_eq!(year(person, Stage::Junior).own, None, "on {}'s device", person.name);
    }
}
