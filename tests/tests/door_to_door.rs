//! The door-to-door check: two teachers in one village without signal, a desk, a real server. What they find of children comes
//! together, feeds the ledgers and the list of what does not agree, and makes nobody a dropout.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::children::ChildRegistered;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::county_settings::EditCounty;
use jiafang_core::api::household::{
    CheckKey, ChecksSaved, HouseholdView, OneCheck, RecordChecks, ShowHousehold, WithdrawChecks,
};
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::round::{RecordVillage, RoundVillage, RoundVillageView, ShowRoundVillage};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::check::CheckForm;
use jiafang_core::domain::code_list::{AxisMismatch, CheckFound, SchoolingStatus, Sex, StudyRegion, VerifyMethod};
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::identifier::{DocumentId, EntryId};
use jiafang_core::domain::method::MethodItem;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::registration::RegisterChild;
use jiafang_core::domain::role::Role;
use jiafang_core::domain::round::{HouseholdState, RoundBegin};
use jiafang_core::domain::time::Day;
use jiafang_core::domain::village_work::{VillageForm, VillageWhat};
use jiafang_core::environment::Clock;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

fn registers(
    person: &Person,
    name: &str,
    birth: &str,
    village: &PlaceCode,
    head: &str,
    status: SchoolingStatus,
) -> DocumentId {
    let request = RegisterChild {
        name: name.to_owned(),
        sex: Sex::Female,
        birth_date: Day::parse(birth).unwrap(),
        id_number: String::new(),
        village: village.clone(),
        village_group: "2社".to_owned(),
        household_head: head.to_owned(),
        address: String::new(),
        class: None,
        attendance_mode: None,
        status,
        flags: Vec::new(),
        guardians: Vec::new(),
        although_alike: false,
    };
    match person.app().register_child(request).unwrap() {
        ChildRegistered::Saved { document_id } => document_id,
        ChildRegistered::Alike { rows } => panic!("alike: {}", rows.len()),
    }
}

fn form(person: &Person, found: CheckFound) -> CheckForm {
    CheckForm {
        on: person.clock.now().day(),
        found: Some(found),
        how: Some(VerifyMethod::Household),
        region: (found == CheckFound::Away).then_some(StudyRegion::Country),
        place: String::new(),
        note: String::new(),
        withdraws: None,
    }
}

fn checks(person: &Person, found: &[(DocumentId, CheckFound)]) -> Result<ChecksSaved> {
    let one = |(document_id, found): &(DocumentId, CheckFound)| OneCheck {
        document_id: *document_id,
        form: form(person, *found),
    };
    person.app().record_checks(RecordChecks { checks: found.iter().map(one).collect() })
}

fn village_of(person: &Person, village: &PlaceCode) -> RoundVillage {
    let view = person.app().show_round(Nothing {}).unwrap();
    view.villages.into_iter().find(|one| one.village == *village).unwrap()
}

fn households(person: &Person, village: &PlaceCode, search: &str) -> RoundVillageView {
    person.app().show_round_village(ShowRoundVillage { village: village.clone(), search: search.to_owned() }).unwrap()
}

fn household(person: &Person, child: DocumentId) -> HouseholdView {
    person.app().show_household(ShowHousehold { child }).unwrap()
}

fn mismatches(person: &Person, child: DocumentId) -> Vec<AxisMismatch> {
    person.opens(child).axes.mismatches.into_iter().map(|one| one.kind).collect()
}

#[test]
fn a_household_is_checked_without_signal_and_stands_in_the_desks_table_and_ledger() {
    let mut township = Township::new(401);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let (here, studying) = (SchoolingStatus::EnrolledCounty, SchoolingStatus::NotYetAge);
    let rain = registers(&li, "石小雨", "2016-05-04", &village, "石大山", here);
    let small = registers(&li, "石小满", "2022-02-03", &village, "石大山", studying);
    let grown = registers(&li, "石长顺", "2005-01-01", &village, "石大山", SchoolingStatus::Unverified);
    let other = registers(&li, "王小明", "2014-09-09", &village, "王有才", here);
    sync_until_quiet(&[&li, &desk]);

    li.goes_offline();
    let before = households(&li, &village, "");
    assert_eq!((before.village.households, before.village.children), (2, 3), "nobody asks for a man of 21");
    assert!(before.households.iter().all(|row| row.state == HouseholdState::Open && !row.children.contains(&grown)));
    let view = household(&li, rain);
    assert_eq!(view.children.iter().map(|one| one.age).collect::<Vec<_>>(), [Some(4), Some(10)]);
    assert_eq!(view.next, Some(other));
    let saved = checks(&li, &[(rain, CheckFound::AtSchool), (small, CheckFound::AtHome)]).unwrap();
    assert_eq!(saved.entries.len(), 2);
    assert_eq!(household(&li, rain).state, HouseholdState::Done);
    let after = households(&li, &village, "");
    assert_eq!(after.households[0].head, "王有才", "who is still to be asked for stands first");
    assert_eq!(households(&li, &village, "sdas").households.len(), 0);
    assert_eq!(households(&li, &village, "sxy").households[0].head, "石大山", "by a child's initials");
    assert_eq!(households(&li, &village, "王有").households[0].head, "王有才", "by the head");

    li.gets_signal();
    sync_until_quiet(&[&li, &desk]);
    let counts = village_of(&desk, &village);
    assert_eq!((counts.households, counts.households_asked, counts.households_done), (2, 1, 1));
    assert_eq!((counts.children, counts.checked, counts.unknown, counts.found_anew), (3, 2, 0, 3));
    let row = desk.ledger_rows().into_iter().find(|(id, _)| *id == rain).unwrap().1;
    let today = li.clock.now().day().to_string();
    let cell = |key: &str| row.cells.get(key).map_or("", String::as_str);
    assert_eq!((cell("verify_method"), cell("verified_on"), cell("verified_by")), ("入户", today.as_str(), "李老师"));
    assert_eq!(cell("check_found"), "在校");
    township.assert_same_ledger(&desk);
    desk.assert_projections_rebuild();
    let ledger = |household: Option<String>| {
        let request = ShowLedger { place: Some(village.clone()), household, limit: 50, ..ShowLedger::default() };
        desk.app().show_ledger(request).unwrap()
    };
    let offered = ledger(None).by_household;
    assert_eq!(
        offered.iter().map(|one| (one.name.as_str(), one.count)).collect::<Vec<_>>(),
        [("王有才 2社", 1), ("石大山 2社", 3)]
    );
    assert_eq!(ledger(Some(offered[0].key.clone())).rows[0].document_id, other, "the ledger of one household");

    // Undone by another entry, and nothing is lost.
    li.app().withdraw_checks(WithdrawChecks { checks: saved.entries }).unwrap();
    assert_eq!(household(&li, rain).state, HouseholdState::Open);
    sync_until_quiet(&[&li, &desk]);
    assert_eq!(village_of(&desk, &village).checked, 0);
}

#[test]
fn a_child_found_otherwise_is_work_and_no_dropout_until_somebody_records_the_status() {
    let mut township = Township::new(402);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = registers(&li, "石小雨", "2016-05-04", &village, "石大山", SchoolingStatus::EnrolledCounty);
    sync_until_quiet(&[&li, &desk]);
    checks(&li, &[(child, CheckFound::NotInSchool)]).unwrap();
    sync_until_quiet(&[&li, &desk]);
    for person in [&li, &desk] {
        assert_eq!(person.opens(child).axes.status, SchoolingStatus::EnrolledCounty);
        assert!(mismatches(person, child).contains(&AxisMismatch::FoundOtherwise));
        let today = person.app().today(Nothing {}).unwrap();
        assert!(today.mismatches.iter().any(|card| card.child.document_id == child), "it is in the list of work");
    }
    // The existing way of recording how the child stands answers the check.
    let request = RecordStatus {
        document_id: child,
        status: SchoolingStatus::SuspectedDropout,
        since: None,
        note: "摸排时家长说不读了".to_owned(),
        pages: None,
    };
    li.app().record_status(request).unwrap();
    sync_until_quiet(&[&li, &desk]);
    assert!(!mismatches(&desk, child).contains(&AxisMismatch::FoundOtherwise));
    assert_eq!(household(&desk, child).children[0].status, SchoolingStatus::SuspectedDropout);
}

#[test]
fn two_teachers_check_one_household_differently_and_both_stand_in_either_order_of_arrival() {
    for first_is_li in [true, false] {
        let mut township = Township::new(403);
        let village = township.village(0);
        let desk = township.coordinator("赵敏");
        let li = township.teacher("李老师", Scope::Place(village.clone()));
        let wang = township.teacher("王老师", Scope::Place(village.clone()));
        let child = registers(&li, "石小雨", "2016-05-04", &village, "石大山", SchoolingStatus::EnrolledCounty);
        sync_until_quiet(&[&li, &wang, &desk]);
        li.goes_offline();
        wang.goes_offline();
        checks(&li, &[(child, CheckFound::AtHome)]).unwrap();
        let yesterday = CheckForm { on: wang.clock.now().day().plus_days(-1), ..form(&wang, CheckFound::AtSchool) };
        let request = RecordChecks { checks: vec![OneCheck { document_id: child, form: yesterday }] };
        wang.app().record_checks(request).unwrap();
        let order = if first_is_li { [&li, &wang] } else { [&wang, &li] };
        for person in order {
            person.gets_signal();
            sync_until_quiet(&[person, &desk]);
        }
        sync_until_quiet(&[&li, &wang, &desk]);
        for person in [&li, &wang, &desk] {
            let view = household(person, child);
            let one = &view.children[0];
            let stand: Vec<_> =
                one.checks.iter().map(|check| (check.person_name.as_str(), check.form.found.unwrap())).collect();
            assert_eq!(
                stand,
                [("李老师", CheckFound::AtHome), ("王老师", CheckFound::AtSchool)],
                "both stand, and the latest day counts"
            );
            assert_eq!(one.mismatch.as_ref().map(|one| one.kind), Some(AxisMismatch::ChecksDiffer));
        }
        checks(&wang, &[(child, CheckFound::AtHome)]).unwrap();
        sync_until_quiet(&[&li, &wang, &desk]);
        let view = household(&li, child);
        assert_eq!(view.children[0].checks.len(), 1, "who has seen both decides");
        assert_ne!(view.children[0].mismatch.as_ref().map(|one| one.kind), Some(AxisMismatch::ChecksDiffer));
        township.assert_same_ledger(&desk);
    }
}

#[test]
fn a_child_found_anew_is_registered_into_its_household_and_the_guard_against_twins_stays() {
    let mut township = Township::new(404);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = registers(&li, "石小雨", "2016-05-04", &village, "石大山", SchoolingStatus::EnrolledCounty);
    let found = registers(&li, "石小满", "2013-02-03", &village, "石大山", SchoolingStatus::Unverified);
    let view = household(&li, child);
    let names: Vec<_> = view.children.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((view.head.as_str(), names), ("石大山", vec!["石小满", "石小雨"]));
    let again = RegisterChild {
        name: "石小满".to_owned(),
        sex: Sex::Female,
        birth_date: Day::parse("2013-02-03").unwrap(),
        id_number: String::new(),
        village: village.clone(),
        village_group: String::new(),
        household_head: String::new(),
        address: String::new(),
        class: None,
        attendance_mode: None,
        status: SchoolingStatus::Unverified,
        flags: Vec::new(),
        guardians: Vec::new(),
        although_alike: false,
    };
    assert!(matches!(li.app().register_child(again).unwrap(), ChildRegistered::Alike { .. }));
    checks(&li, &[(found, CheckFound::Unknown)]).unwrap();
    sync_until_quiet(&[&li, &desk]);
    let counts = village_of(&desk, &village);
    assert_eq!((counts.found_anew, counts.unknown, counts.households_asked), (2, 1, 0));
}

fn edits(person: &Person, edit: CountyEdit) {
    person.app().save_county_edit(EditCounty { edit }).unwrap();
}

fn item(part: &str, text: &str, position: u32) -> MethodItem {
    MethodItem { key: String::new(), part: part.to_owned(), text: text.to_owned(), position }
}

fn of_item(person: &Person, key: &str, done: bool) -> VillageForm {
    VillageForm {
        what: VillageWhat::Item,
        on: person.clock.now().day(),
        walk_minutes: None,
        distance_m: None,
        item: key.to_owned(),
        done,
        note: String::new(),
    }
}

fn records(person: &Person, village: &PlaceCode, form: VillageForm) -> Result<()> {
    person.app().record_village(RecordVillage { village: village.clone(), form }).map(drop)
}

#[test]
fn two_tablets_without_signal_tick_the_countys_checklist_and_record_the_way_and_both_come_together() {
    let mut township = Township::new(406);
    let (village, elsewhere) = (township.village(0), township.village(1));
    let code = township.invites("县局", Role::CountySection, Scope::Place(township.county.county.code.clone()));
    let section = township.somebody("县局");
    section.enrols(&code);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let chen = township.teacher("陈老师", Scope::Place(elsewhere.clone()));
    sync_until_quiet(&[&section, &li, &wang, &chen]);
    assert!(households(&li, &village, "").checklist.is_empty(), "nobody invents the county's items");
    let put = vec![item("一查", "县里写的第一项", 1), item("二清", "县里写的第二项", 2)];
    edits(&section, CountyEdit::Method { put, remove: vec![] });
    edits(&section, CountyEdit::Round { from: section.clock.now().day() });
    sync_until_quiet(&[&section, &li, &wang, &chen]);
    let view = households(&li, &village, "");
    let keys: Vec<String> = view.checklist.iter().map(|one| one.item.key.clone()).collect();
    assert_eq!(view.checklist[0].item.text, "县里写的第一项");
    assert_eq!(li.app().show_round(Nothing {}).unwrap().begin, RoundBegin::County);

    // A teacher of another village is refused on the tablet already.
    let refused = records(&chen, &village, of_item(&chen, &keys[0], true)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    let unknown = records(&li, &village, of_item(&li, "nothing", true)).unwrap_err();
    assert_eq!(unknown.facts["field"], "item");

    li.goes_offline();
    wang.goes_offline();
    records(&li, &village, of_item(&li, &keys[0], true)).unwrap();
    records(&li, &village, of_item(&li, &keys[1], true)).unwrap();
    records(&wang, &village, of_item(&wang, &keys[1], false)).unwrap();
    let road = VillageForm {
        what: VillageWhat::Road,
        walk_minutes: Some(95),
        distance_m: Some(7_500),
        note: "雨天过不了河".to_owned(),
        ..of_item(&wang, "", false)
    };
    records(&wang, &village, road.clone()).unwrap();
    for person in [&wang, &li] {
        person.gets_signal();
        sync_until_quiet(&[person, &section]);
    }
    sync_until_quiet(&[&section, &li, &wang, &chen]);
    for person in [&section, &li, &wang] {
        let view = households(person, &village, "");
        assert_eq!((view.village.items_done, view.village.items, view.village.items_differ), (1, 2, 1));
        assert_eq!(view.village.road[0].form, road);
        assert_eq!(view.checklist[1].entries.len(), 2, "both stand, and it is not done");
        let shown = view.checklist[0].entries[0].person_name.as_str();
        assert_eq!((view.checklist[0].done, shown), (true, "李老师"), "who, by the verified envelope");
        person.assert_projections_rebuild();
    }
    let hidden = households(&chen, &village, "").village;
    assert_eq!((hidden.road.len(), hidden.items_done), (0, 0), "nothing of it is on another village's tablet");
    records(&wang, &village, of_item(&wang, &keys[1], true)).unwrap();
    sync_until_quiet(&[&wang, &section]);
    assert_eq!(households(&section, &village, "").village.items_done, 2, "who has seen both settles it");
    // A tablet that comes later has it all.
    let late = township.teacher("新老师", Scope::Place(village.clone()));
    sync_until_quiet(&[&late]);
    assert_eq!(households(&late, &village, "").village.items_done, 2);
}

#[test]
fn a_check_of_a_day_to_come_of_a_stranger_or_by_a_teacher_of_another_village_is_refused() {
    let mut township = Township::new(405);
    let (village, elsewhere) = (township.village(0), township.village(1));
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(elsewhere));
    let child = registers(&li, "石小雨", "2016-05-04", &village, "石大山", SchoolingStatus::EnrolledCounty);
    sync_until_quiet(&[&li, &wang, &desk]);
    let unknown = checks(&wang, &[(child, CheckFound::AtHome)]).unwrap_err();
    assert_eq!(unknown.code, ErrorCode::DocumentNotHere, "the dossier is not on that tablet");
    let tomorrow = CheckForm { on: li.clock.now().day().plus_days(1), ..form(&li, CheckFound::AtHome) };
    let request = RecordChecks { checks: vec![OneCheck { document_id: child, form: tomorrow }] };
    assert_eq!(li.app().record_checks(request).unwrap_err().code, ErrorCode::FieldInvalid);
    let nothing = CheckKey { document_id: child, entry_id: EntryId::from_bytes([7; 16]) };
    let refused = li.app().withdraw_checks(WithdrawChecks { checks: vec![nothing] }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::FieldInvalid);
    let view = desk.app().show_round(Nothing {}).unwrap();
    assert!(view.villages.iter().any(|one| one.village == village && one.may_write), "the officer answers for it");
    let own = wang.app().show_round(Nothing {}).unwrap();
    assert!(own.villages.iter().all(|one| one.village != village), "another village is not the teacher's");
}
