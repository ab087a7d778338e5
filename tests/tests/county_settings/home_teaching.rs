//! The county says how much home teaching there must be at least.

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::plan::RecordPlan;
use jiafang_core::api::version_settings::RuleStanding;
use jiafang_core::domain::code_list::{PlanKind, SchoolingStatus};
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::home_teaching::HomeTeachingQuota;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::plan::PlanForm;
use jiafang_core::domain::time::Day;
use jiafang_core::environment::Clock as _;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::Person;

use super::cast::{Cast, looks_at, saves, settings};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn is_taught_at_home(person: &Person, child: DocumentId) {
    let status = SchoolingStatus::HomeTeaching;
    let note = "重度残疾，送教上门".to_owned();
    person.app().record_status(RecordStatus { document_id: child, status, since: None, note, pages: None }).unwrap();
}

/// Two periods today.
fn teaches(person: &Person, child: DocumentId) {
    let form = PlanForm {
        kind: PlanKind::Session,
        on: person.clock.now().day(),
        goal: "认数到十".to_owned(),
        measures: String::new(),
        person: String::new(),
        until: None,
        review_on: None,
        periods: Some(2),
        strengths: String::new(),
        interests: String::new(),
        clubs: String::new(),
        results: String::new(),
        trend: None,
        ends: false,
    };
    person.app().record_plan(RecordPlan { document_id: child, form, of: None, pages: None }).unwrap();
}

/// From a day on somebody comes so many days after the last time, and for 20 periods in half a year.
fn every(person: &Person, days: u16, holds_from: &str) -> CountyEdit {
    let held = settings(person).home_teaching.into_iter().find(|one| one.standing == RuleStanding::Holds).unwrap();
    let quota =
        HomeTeachingQuota { holds_from: day(holds_from), days_between: days, periods_per_half_year: 20, ..held.rules };
    CountyEdit::HomeTeaching { quota }
}

/// When the next session is due, and what the quota is: as the dossier says it, and as ledger G.
fn told(person: &Person, child: DocumentId) -> (Option<Day>, String) {
    let plan = person.opens(child).plan.home.expect("the child is taught at home");
    let quota = plan.quota.expect("a quota");
    let row = person.ledger_row_of(LedgerKind::HomeTeaching, child).expect("the child stands in ledger G");
    assert_eq!(row["home_due"], plan.session_due.map(|day| day.to_string()).unwrap_or_default());
    assert_eq!(row["home_periods"], plan.periods.to_string());
    let words = format!("每{}天一次,每学期{}课时", quota.days_between, quota.periods_per_half_year);
    assert_eq!(row["home_quota"], words);
    (plan.session_due, words)
}

/// Children whom the day's list names because of their plan, with the day.
fn on_the_list(person: &Person) -> Vec<(String, Option<Day>)> {
    let today = person.today();
    let cards = today.overdue.iter().chain(&today.due_today).chain(&today.soon);
    let planned = cards.filter(|card| card.reason == jiafang_core::api::today::TodayReason::PlanDue);
    planned.map(|card| (card.child.name.clone(), card.due_on)).collect()
}

#[test]
fn the_county_asks_for_home_teaching_every_week_and_nobody_is_late_by_it_before_its_day() {
    let cast = Cast::new(531);
    is_taught_at_home(&cast.li, cast.child);
    teaches(&cast.li, cast.child);
    cast.everybody_syncs();
    let old = "每15天一次,每学期10课时".to_owned();
    assert_eq!(told(&cast.li, cast.child), (Some(day("2026-12-08")), old.clone()));

    let edit = every(&cast.chen, 7, "2026-12-03");
    let preview = looks_at(&cast.chen, edit.clone());
    assert_eq!(preview.mistakes, []);
    assert_eq!(preview.held_until.as_deref(), Some("home-teaching@1"));
    let difference = preview.home_teaching.unwrap();
    assert_eq!((difference.taught, difference.due_before, difference.due_after), (1, 0, 1));
    saves(&cast.chen, edit).unwrap();
    cast.everybody_syncs();

    for person in [&cast.li, &cast.chen, &cast.luo] {
        assert_eq!(told(person, cast.child), (Some(day("2026-12-03")), old.clone()), "on {}'s device", person.name);
        let standings: Vec<_> = settings(person).home_teaching.iter().map(|one| one.standing).collect();
        assert_eq!(standings, [RuleStanding::WillHold, RuleStanding::Holds]);
    }
    cast.it_is("2026-12-03", 9);
    let new = "每7天一次,每学期20课时".to_owned();
    for person in [&cast.li, &cast.luo] {
        assert_eq!(told(person, cast.child), (Some(day("2026-12-03")), new.clone()));
        let card = vec![("石小雨".to_owned(), Some(day("2026-12-03")))];
        assert_eq!(on_the_list(person), card, "the day's list goes by it, too");
        person.assert_projections_rebuild();
        assert_eq!(on_the_list(person), card, "and after a rebuild");
    }
    teaches(&cast.li, cast.child);
    assert_eq!(told(&cast.li, cast.child).0, Some(day("2026-12-10")));
}

#[test]
fn two_clerks_who_change_the_quota_apart_make_two_versions_and_the_same_one_holds_everywhere() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(532);
        is_taught_at_home(&cast.li, cast.child);
        cast.everybody_syncs();
        let (one, other) = (every(&cast.chen, 7, "2026-11-23"), every(&cast.luo, 10, "2026-11-23"));
        if chen_is_first {
            cast.apart(&cast.chen, one, &cast.luo, other);
        } else {
            cast.apart(&cast.luo, other, &cast.chen, one);
        }
        let held = told(&cast.li, cast.child);
        for person in [&cast.chen, &cast.luo] {
            assert_eq!(told(person, cast.child), held, "on {}'s device", person.name);
            let all = settings(person).home_teaching;
            let holds = all.iter().filter(|one| one.standing == RuleStanding::Holds).count();
            assert_eq!((all.len(), holds), (3, 1), "the default, and both");
            assert!(settings(person).contested.is_empty());
            assert_eq!(settings(person).rules.len(), 1, "ladders are read without them, as by older apps");
        }
    }
}

#[test]
fn nobody_else_changes_the_quota_and_what_makes_no_sense_is_refused_by_its_name() {
    let cast = Cast::new(533);
    is_taught_at_home(&cast.li, cast.child);
    let edit = every(&cast.li, 7, "2026-11-23");
    assert_eq!(saves(&cast.li, edit.clone()).unwrap_err().code, ErrorCode::NotAllowed);
    for (wrong, reason) in [
        (every(&cast.chen, 0, "2026-11-23"), "quota_zero"),
        (every(&cast.chen, 181, "2026-11-23"), "quota_too_large"),
        (every(&cast.chen, 7, "2026-11-22"), "holds_from_past"),
    ] {
        let failure = saves(&cast.chen, wrong).unwrap_err();
        assert_eq!((failure.code, failure.facts["reason"].as_str()), (ErrorCode::FieldInvalid, reason));
    }
    let CountyEdit::HomeTeaching { mut quota } = edit.clone() else { panic!("an edit of the quota") };
    quota.periods_per_half_year = 1;
    quota.periods_per_session = 2;
    let failure = saves(&cast.chen, CountyEdit::HomeTeaching { quota }).unwrap_err();
    assert_eq!(failure.facts["reason"], "quota_contradicts");

    cast.saves_without_the_right(edit);
    for person in [&cast.luo, &cast.li] {
        assert_eq!(settings(person).home_teaching.len(), 1, "on {}'s device", person.name);
        assert_eq!(told(person, cast.child).1, "每15天一次,每学期10课时");
    }
}
