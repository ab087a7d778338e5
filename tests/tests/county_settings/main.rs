//! The county changes its settings while people work, with a real server and devices that meet in both orders.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cast;
mod evidence;
mod home_teaching;
mod transition_days;

use cast::{Cast, class_of, looks_at, saves, settings};
use jiafang_core::api::children::ListChildren;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::county_settings::{OneRuleSet, ReadRuleSet, SettleCounty};
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::state::Nothing;
use jiafang_core::api::version_settings::RuleStanding;
use jiafang_core::domain::calendar::{Calendar, CalendarDay, DayKind, term_key};
use jiafang_core::domain::code_list::{AttendanceMark, CodeWording, DayPart};
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::place::{Place, PlaceCode};
use jiafang_core::domain::rule_set::{RuleSet, Trigger};
use jiafang_core::domain::setting_mistake::MistakeCode;
use jiafang_core::domain::time::Day;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::Person;

fn ladder(person: &Person) -> RuleSet {
    settings(person).rules.into_iter().find(|rules| rules.standing == RuleStanding::Holds).unwrap().rules
}

/// The school names a person on the second day already.
fn stricter(person: &Person, holds_from: &str) -> CountyEdit {
    let mut set = ladder(person);
    set.holds_from = Day::parse(holds_from).unwrap();
    set.steps[1].trigger = Trigger::AbsentDays { count: 2 };
    CountyEdit::RuleSet { set }
}

fn snow(day: &str) -> CountyEdit {
    let day = Day::parse(day).unwrap();
    let entry = CalendarDay { school: None, day, kind: DayKind::SchoolClosed, reason: "大雪停课".to_owned() };
    CountyEdit::Calendar { put: Calendar { days: vec![entry], ..Calendar::default() }, remove: vec![] }
}

#[test]
fn a_case_keeps_the_ladder_that_it_began_under_when_the_county_makes_another() {
    let cast = Cast::new(501);
    cast.li.marks(cast.child, AttendanceMark::Unexcused, DayPart::Whole);
    cast.everybody_syncs();
    let old = cast.li.case(cast.child).rule;

    let edit = stricter(&cast.chen, "2026-11-23");
    let preview = looks_at(&cast.chen, edit.clone());
    assert_eq!(preview.mistakes, []);
    assert_eq!((preview.open_cases, preview.moved_cases), (1, 0), "the open case goes on as it began");
    assert_eq!(preview.held_until.as_deref(), Some(old.as_str()));
    assert_eq!(preview.steps.len(), 1, "and one step is another");
    saves(&cast.chen, edit).unwrap();
    cast.everybody_syncs();

    for person in [&cast.chen, &cast.luo, &cast.li] {
        assert_eq!(person.case(cast.child).rule, old, "on {}'s device", person.name);
        let settings = settings(person);
        let open = |name: &str| settings.open_cases.get(name).copied().unwrap_or_default();
        let under: Vec<_> = settings.rules.iter().map(|rules| (rules.standing, open(&rules.name))).collect();
        assert_eq!(under, [(RuleStanding::Holds, 0), (RuleStanding::Held, 1)]);
    }
    // A child who goes missing tomorrow begins under the new one.
    cast.it_is("2026-11-24", 9);
    let other = cast.li.registers_pupil("石大川", &cast.village, &class_of(&cast));
    cast.li.marks(other, AttendanceMark::Unexcused, DayPart::Whole);
    cast.everybody_syncs();
    let case = cast.luo.case(other);
    assert!(case.rule.starts_with("tongjiang-1357@2-"), "{}", case.rule);
}

#[test]
fn two_clerks_who_change_the_ladder_apart_make_two_versions_and_every_device_takes_the_same() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(502);
        let mut later = ladder(&cast.luo);
        later.holds_from = Day::parse("2026-12-01").unwrap();
        later.suspected_at = 2;
        let (one, other) = (stricter(&cast.chen, "2026-12-01"), CountyEdit::RuleSet { set: later });
        if chen_is_first {
            cast.apart(&cast.chen, one, &cast.luo, other);
        } else {
            cast.apart(&cast.luo, other, &cast.chen, one);
        }
        let all: Vec<_> = [&cast.chen, &cast.luo, &cast.li]
            .map(|person| settings(person).rules.into_iter().map(|rules| (rules.name, rules.standing)).collect())
            .to_vec();
        let told: &Vec<(String, RuleStanding)> = &all[0];
        assert!(all.iter().all(|other| other == told), "every device says the same");
        let standings: Vec<_> = told.iter().map(|(_, standing)| *standing).collect();
        assert_eq!(standings, [RuleStanding::WillHold, RuleStanding::Superseded, RuleStanding::Holds]);
        assert!(settings(&cast.li).contested.is_empty(), "two versions are no two values");
    }
}

#[test]
fn two_names_for_one_village_are_both_shown_until_a_clerk_chooses() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(503);
        let old = cast.place();
        let renamed = |name: &str| CountyEdit::Place { place: Place { name: name.to_owned(), ..old.clone() } };
        if chen_is_first {
            cast.apart(&cast.chen, renamed("新桥村"), &cast.luo, renamed("新街村"));
        } else {
            cast.apart(&cast.luo, renamed("新街村"), &cast.chen, renamed("新桥村"));
        }
        let name = cast.place().name;
        for person in [&cast.chen, &cast.luo, &cast.li] {
            let settings = settings(person);
            let [contested] = settings.contested.as_slice() else { panic!("one setting is contested") };
            let names: Vec<_> = contested.values.iter().map(|value| value.fields["name"].as_str()).collect();
            assert_eq!(names.len(), 2);
            assert!(names.contains(&"新桥村") && names.contains(&"新街村"));
            assert!(contested.values[0].holds && names[0] == name, "the same one holds on {}'s device", person.name);
            let people: Vec<_> = contested.values.iter().map(|value| value.person_name.as_str()).collect();
            assert!(people.contains(&"陈科员") && people.contains(&"罗科员"), "{people:?}");
        }
        let contested = settings(&cast.luo).contested.remove(0);
        let json = contested.values[1].json.clone();
        let choice = SettleCounty { root: contested.root, key: contested.key, json };
        assert_eq!(cast.li.app().settle_county(choice.clone()).unwrap_err().code, ErrorCode::NotAllowed);
        cast.luo.app().settle_county(choice).unwrap();
        cast.everybody_syncs();
        assert!(settings(&cast.li).contested.is_empty());
        assert_eq!(cast.place().name, contested.values[1].fields["name"]);
    }
}

#[test]
fn a_day_without_school_is_looked_at_before_it_is_saved_and_two_days_of_two_clerks_do_not_meet() {
    let cast = Cast::new(504);
    cast.li.marks(cast.child, AttendanceMark::Unexcused, DayPart::Whole);
    cast.it_is("2026-11-25", 9);
    cast.everybody_syncs();
    assert_eq!(cast.li.case(cast.child).absent_days, 3);
    let preview = looks_at(&cast.chen, snow("2026-11-24"));
    assert_eq!((preview.open_cases, preview.moved_cases), (1, 1));
    assert_eq!((preview.moved[0].before.absent_days, preview.moved[0].after.absent_days), (3, 2));
    assert_eq!(preview.days_removed, [Day::parse("2026-11-24").unwrap()]);
    assert_eq!(cast.chen.case(cast.child).absent_days, 3, "looking changes nothing");

    cast.apart(&cast.chen, snow("2026-11-24"), &cast.luo, snow("2026-11-25"));
    for person in [&cast.chen, &cast.luo, &cast.li] {
        assert_eq!(person.case(cast.child).absent_days, 1, "on {}'s device", person.name);
        assert!(settings(person).contested.is_empty());
    }
}

#[test]
fn what_would_make_the_county_unusable_is_refused_by_its_name() {
    let cast = Cast::new(505);
    let terms = settings(&cast.chen).county.calendar.terms;
    let none = CountyEdit::Calendar { put: Calendar::default(), remove: terms.iter().map(term_key).collect() };
    assert_eq!(looks_at(&cast.chen, none.clone()).mistakes[0].code, MistakeCode::NoTerms);
    let failure = saves(&cast.chen, none).unwrap_err();
    assert_eq!((failure.code, failure.facts["reason"].as_str()), (ErrorCode::FieldInvalid, "no_terms"));

    let mut set = ladder(&cast.chen);
    set.steps[0].trigger = Trigger::AbsentDays { count: 4 };
    let failure = saves(&cast.chen, CountyEdit::RuleSet { set }).unwrap_err();
    assert_eq!(failure.facts["reason"], "steps_out_of_order");
    assert_eq!(cast.chen.syncs().waiting_records, 0, "nothing was written");
}

#[test]
fn a_village_that_became_a_part_of_another_is_found_under_both_names_and_by_its_old_code() {
    let cast = Cast::new(506);
    let old = cast.place();
    let into = cast.township.village(1);
    let into_name = cast.township.county.places.iter().find(|place| place.code == into).unwrap().name.clone();
    saves(&cast.chen, CountyEdit::Place { place: Place { merged_into: Some(into.clone()), ..old.clone() } }).unwrap();
    cast.everybody_syncs();

    let found = |typed: &str, village: Option<&PlaceCode>| {
        let request =
            ListChildren { search: typed.to_owned(), village: village.cloned(), limit: 100, ..ListChildren::default() };
        let page = cast.chen.app().list_children(request).unwrap();
        page.rows.into_iter().find(|row| row.document_id == cast.child)
    };
    for (typed, village) in
        [(old.name.as_str(), None), (into_name.as_str(), None), ("", Some(&into)), (old.code.as_str(), None)]
    {
        let row = found(typed, village).unwrap_or_else(|| panic!("found by {typed:?} in {village:?}"));
        assert_eq!(row.village_name, format!("{into_name}(原{})", old.name));
    }
    let places = cast.li.app().places(Nothing {}).unwrap();
    let offered: Vec<_> = places.townships.iter().flat_map(|one| &one.villages).map(|village| &village.code).collect();
    assert!(offered.contains(&&into) && !offered.contains(&&old.code), "nothing new is put there");

    // A roster of before the merger: the child lies where the roster says.
    let roster =
        format!("姓名,性别,出生日期,乡镇,村,社\n石小雨,女,2014-05-04,{},{},3社\n", township_name(&cast), old.name);
    let preview = cast.chen.app().preview_roster("名册.csv", roster.as_bytes()).unwrap();
    assert_eq!((preview.counts.new, preview.counts.refused), (0, 0), "{:?}", preview.counts);
    let circle = CountyEdit::Place {
        place: Place {
            merged_into: Some(old.code.clone()),
            ..cast.township.county.places.iter().find(|place| place.code == into).unwrap().clone()
        },
    };
    assert_eq!(saves(&cast.luo, circle).unwrap_err().facts["reason"], "merged_into_itself");
}

fn township_name(cast: &Cast) -> String {
    let code = cast.township.township();
    cast.township.county.places.iter().find(|place| place.code == code).unwrap().name.clone()
}

#[test]
fn two_villages_that_were_each_made_a_part_of_the_other_are_one_on_every_device() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(507);
        let (one, other) = (cast.township.village(0), cast.township.village(1));
        let merged = |from: &PlaceCode, into: &PlaceCode| {
            let place = cast.township.county.places.iter().find(|place| place.code == *from).unwrap();
            CountyEdit::Place { place: Place { merged_into: Some(into.clone()), ..place.clone() } }
        };
        if chen_is_first {
            cast.apart(&cast.chen, merged(&one, &other), &cast.luo, merged(&other, &one));
        } else {
            cast.apart(&cast.luo, merged(&other, &one), &cast.chen, merged(&one, &other));
        }
        for person in [&cast.chen, &cast.luo, &cast.li] {
            let mergers = settings(person).county.mergers();
            assert_eq!((mergers.place(&one), mergers.place(&other)), (one.clone(), one.clone()));
        }
    }
}

#[test]
fn nobody_else_writes_the_settings_neither_here_nor_at_the_server() {
    let cast = Cast::new(508);
    assert!(!settings(&cast.li).may_edit && settings(&cast.chen).may_edit);
    assert_eq!(saves(&cast.li, snow("2026-12-01")).unwrap_err().code, ErrorCode::NotAllowed);

    cast.saves_without_the_right(snow("2026-12-01"));
    let day = Day::parse("2026-12-01").unwrap();
    for person in [&cast.luo, &cast.li] {
        assert!(!settings(person).county.calendar.days.iter().any(|entry| entry.day == day));
    }
    assert!(!settings(&cast.chen).may_edit);
}

#[test]
fn a_ladder_goes_out_as_a_file_and_comes_back_as_another_version() {
    let cast = Cast::new(509);
    let name = ladder(&cast.chen).name();
    let made = cast.chen.app().export_rule_set(OneRuleSet { name }).unwrap();
    let (file_name, bytes) = cast.chen.app().take_file(&made.file_id).unwrap();
    assert_eq!(file_name, "rules-tongjiang-1357-1.json");
    let text = String::from_utf8(bytes).unwrap().replace("\"suspected_at\": 3", "\"suspected_at\": 2");
    let read = cast.luo.app().read_rule_set(ReadRuleSet { text }).unwrap().set;
    assert_eq!(read.holds_from, Day::parse("2026-11-23").unwrap(), "from today at the earliest");
    saves(&cast.luo, CountyEdit::RuleSet { set: read }).unwrap();
    cast.everybody_syncs();
    assert_eq!(ladder(&cast.li).suspected_at, 2);
    for text in ["", "{}", "[1,2]", "{\"id\": \"x\"}"] {
        let failure = cast.luo.app().read_rule_set(ReadRuleSet { text: text.to_owned() }).unwrap_err();
        assert_eq!((failure.code, failure.facts["reason"].as_str()), (ErrorCode::FieldInvalid, "no_rule_set"));
    }
}

#[test]
fn the_countys_words_stand_on_forms_and_what_it_does_not_use_is_not_offered() {
    let cast = Cast::new(510);
    let code = |key: &str, zh: &str, hidden| CountyEdit::Code {
        code: CodeWording { list: "absence_reason".into(), key: key.into(), zh: zh.into(), en: String::new(), hidden },
    };
    saves(&cast.chen, code("seasonal", "挖药材、采茶", false)).unwrap();
    saves(&cast.chen, code("religion", "", true)).unwrap();
    let unknown = looks_at(&cast.chen, code("NO_SUCH", "", true));
    assert_eq!(unknown.mistakes[0].code, MistakeCode::CodeUnknown);
    cast.everybody_syncs();
    let reasons = cast.li.app().code_lists(Nothing {}).unwrap().absence_reason;
    let of = |key: &str| reasons.iter().find(|code| code.key == key).unwrap();
    assert_eq!((of("seasonal").zh.as_str(), of("seasonal").hidden), ("挖药材、采茶", false));
    assert!(of("religion").hidden && of("religion").zh == "因信教");
}

#[test]
fn a_village_that_the_county_marks_as_a_key_area_is_marked_in_rounds_and_ledgers_narrow_to_it() {
    let cast = Cast::new(508);
    let narrowed = |person: &Person| {
        let request = ShowLedger { only_key_areas: true, limit: 100, ..ShowLedger::default() };
        let page = person.app().show_ledger(request).unwrap();
        page.rows.into_iter().map(|row| row.document_id).collect::<Vec<_>>()
    };
    assert_eq!(narrowed(&cast.chen), [], "nobody has marked the child's village");
    let marked = CountyEdit::Place { place: Place { key_area: true, ..cast.place() } };
    assert_eq!(saves(&cast.li, marked.clone()).unwrap_err().code, ErrorCode::NotAllowed);
    saves(&cast.chen, marked).unwrap();
    cast.everybody_syncs();
    for person in [&cast.chen, &cast.luo, &cast.li] {
        assert_eq!(narrowed(person), [cast.child], "{}", person.name);
        let round = person.app().show_round(Nothing {}).unwrap();
        assert!(round.villages.iter().find(|one| one.village == cast.village).unwrap().key_area);
    }
    saves(&cast.luo, CountyEdit::Place { place: Place { key_area: false, ..cast.place() } }).unwrap();
    cast.everybody_syncs();
    assert_eq!(narrowed(&cast.li), []);

    // A mark of the township is one of all its villages.
    let code = cast.township.township();
    let township = cast.township.county.places.iter().find(|place| place.code == code).unwrap();
    saves(&cast.chen, CountyEdit::Place { place: Place { key_area: true, ..township.clone() } }).unwrap();
    cast.everybody_syncs();
    assert_eq!(narrowed(&cast.li), [cast.child]);
}
