//! Where a child's record is and where the child is: who may say what, what two people say apart, and the list of what does
//! not agree.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::casework::BeginPages;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{SettleConflict, TimelineEvent};
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::roster::OneImport;
use jiafang_core::domain::code_list::{AxisMismatch, SchoolingStatus, Sex};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::registration::RegisterChild;
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Day;
use jiafang_core::error::{ErrorCode, Failure};
use jiafang_tests::kit::person::{photo_bytes, sync_until_quiet};
use jiafang_tests::kit::{Person, Township};

fn says(person: &Person, child: DocumentId, status: SchoolingStatus, note: &str) -> Result<(), Failure> {
    let request = RecordStatus { document_id: child, status, since: None, note: note.to_owned(), pages: None };
    person.app().record_status(request).map(drop)
}

fn mismatches(person: &Person, child: DocumentId) -> Vec<AxisMismatch> {
    person.opens(child).axes.mismatches.into_iter().map(|one| one.kind).collect()
}

#[test]
fn no_writer_makes_a_dropout_or_strikes_a_missing_child_off_past_the_case() {
    let mut township = Township::new(81);
    let village = township.village(0);
    let office = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    sync_until_quiet(&[&li, &office]);
    says(&li, child, SchoolingStatus::SuspectedDropout, "三天未到校").unwrap();
    sync_until_quiet(&[&li, &office]);
    for person in [&li, &office] {
        for (status, reason) in [
            (SchoolingStatus::Dropout, "through_the_case"),
            (SchoolingStatus::Returned, "through_the_case"),
            (SchoolingStatus::EnrolledHere, "through_the_case"),
            (SchoolingStatus::Emigrated, "through_the_case"),
            (SchoolingStatus::Unverified, "not_after"),
        ] {
            let refused = says(person, child, status, "自己改的").unwrap_err();
            assert_eq!((refused.code, refused.facts["reason"].as_str()), (ErrorCode::StatusChangeRefused, reason));
        }
        let offered: Vec<_> = person.opens(child).axes.choices.iter().map(|choice| choice.status).collect();
        assert!(offered.contains(&SchoolingStatus::EnrolledElsewhere), "found elsewhere, with its proof");
        assert!(!offered.contains(&SchoolingStatus::Dropout));
    }
    let opened_as_dropout = RegisterChild {
        name: "石小满".to_owned(),
        sex: Sex::Male,
        birth_date: Day::parse("2015-02-03").unwrap(),
        id_number: String::new(),
        village,
        household_head: String::new(),
        village_group: String::new(),
        address: String::new(),
        class: None,
        status: SchoolingStatus::Dropout,
        attendance_mode: None,
        flags: vec![],
        guardians: vec![],
        although_alike: false,
    };
    let refused = li.app().register_child(opened_as_dropout).unwrap_err();
    assert_eq!(refused.code, ErrorCode::StatusChangeRefused);
    let without_proof = says(&li, child, SchoolingStatus::EnrolledElsewhere, "").unwrap_err();
    assert_eq!(without_proof.facts["field"], "proof");

    // With the photographed proof it is taken, and the photo stands with it.
    let draft = li.app().begin_pages(BeginPages { document_id: child }).unwrap();
    li.app().attach_photo(draft.draft_id, &photo_bytes("portrait_6.jpg")).unwrap();
    let request = RecordStatus {
        document_id: child,
        status: SchoolingStatus::EnrolledElsewhere,
        since: Day::parse("2026-11-02"),
        note: String::new(),
        pages: Some(draft.draft_id),
    };
    li.app().record_status(request).unwrap();
    sync_until_quiet(&[&li, &office]);
    let photos = office.opens(child).timeline.into_iter().find_map(|entry| match entry.event {
        TimelineEvent::Status { status: SchoolingStatus::EnrolledElsewhere, photos, .. } => Some(photos.len()),
        _ => None,
    });
    assert_eq!(photos, Some(1));
    office.assert_projections_rebuild();
    township.assert_same_ledger(&office);
}

#[test]
fn what_two_people_say_of_a_child_apart_both_stands_until_one_of_them_chooses() {
    for li_first in [true, false] {
        let mut township = Township::new(if li_first { 82 } else { 83 });
        let village = township.village(0);
        let li = township.teacher("李老师", Scope::Place(village.clone()));
        let wang = township.teacher("王老师", Scope::Place(village.clone()));
        let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
        sync_until_quiet(&[&li, &wang]);
        li.goes_offline();
        wang.goes_offline();
        says(&li, child, SchoolingStatus::EnrolledElsewhere, "就读证明在班级档案").unwrap();
        says(&wang, child, SchoolingStatus::LostContact, "全家搬走,电话停机").unwrap();
        li.gets_signal();
        wang.gets_signal();
        let (first, second) = if li_first { (&li, &wang) } else { (&wang, &li) };
        first.syncs();
        second.syncs();
        sync_until_quiet(&[&li, &wang]);
        for person in [&li, &wang] {
            let dossier = person.opens(child);
            assert_eq!(dossier.axes.status, SchoolingStatus::LostContact, "the one that keeps people looking");
            let field = dossier.fields.iter().find(|field| field.field == "status").unwrap();
            let mut told: Vec<_> = field.conflict.iter().map(|one| one.person_name.as_str()).collect();
            told.sort_unstable();
            assert_eq!(told, ["李老师", "王老师"]);
        }
        // Neither could have recorded the other's after the own one; choosing between them is another thing.
        let dossier = li.opens(child);
        let field = dossier.fields.iter().find(|field| field.field == "status").unwrap();
        let choice = field.conflict.iter().find(|one| one.value == "ENROLLED_ELSEWHERE").unwrap().choice.clone();
        let settled = SettleConflict { document_id: child, field: "status".to_owned(), choice };
        li.app().settle_conflict(settled).unwrap();
        sync_until_quiet(&[&li, &wang]);
        assert_eq!(wang.opens(child).axes.status, SchoolingStatus::EnrolledElsewhere);
        assert!(wang.opens(child).fields.iter().all(|field| field.conflict.is_empty()));
    }
}

#[test]
fn what_does_not_agree_is_a_list_of_work_with_its_reason_and_its_next_step() {
    let mut township = Township::new(84);
    let village = township.village(0);
    let office = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let rows = format!(
        "姓名,性别,出生日期,村,学籍状态\n石小满,女,2015-02-03,{0},在读\n石大伟,男,2014-02-03,{0},辍学\n",
        village.as_str()
    );
    let preview = office.app().preview_roster("学籍.csv", rows.as_bytes()).unwrap();
    office
        .app()
        .accept_roster_rows(jiafang_core::api::roster::AcceptRosterRows {
            import_id: preview.import_id,
            row_numbers: vec![2, 3],
            accepted: true,
        })
        .unwrap();
    office.app().confirm_roster(OneImport { import_id: preview.import_id }).unwrap();
    sync_until_quiet(&[&office, &li]);
    let (girl, boy) = (li.child("石小满"), li.child("石大伟"));
    assert_eq!(li.opens(boy).axes.status, SchoolingStatus::SuspectedDropout, "a list makes no dropout");
    assert_eq!(mismatches(&li, boy), [AxisMismatch::OutWithoutCase]);
    assert_eq!(mismatches(&li, girl), []);

    says(&li, girl, SchoolingStatus::EnrolledElsewhere, "在广东就读,证明在班级档案").unwrap();
    sync_until_quiet(&[&li, &office]);
    assert_eq!(mismatches(&office, girl), [AxisMismatch::StudiesElsewhere]);
    let cards = li.today().mismatches;
    assert_eq!((cards.len(), cards[0].child.document_id), (1, girl), "the boy has his card already");
    let mismatch = cards[0].mismatch.as_ref().unwrap();
    assert_eq!((mismatch.owner, mismatch.mine), (Role::RecordsClerk, false));
    let row = office.ledger_row_of(LedgerKind::Mismatch, girl).expect("it stands in the ledger");
    assert_eq!((row["mismatch"].as_str(), row["record_state"].as_str()), ("在外就读、学籍未转", "在读"));
    assert!(row["mismatch_next"].contains("就读证明") && row["mismatch_owner"] == "学籍管理员");
    let row = office.ledger_row_of(LedgerKind::Mismatch, boy).expect("and so does he");
    assert_eq!(row["mismatch_next"], "立案，开始劝返");
    office.assert_projections_rebuild();
}

#[test]
fn a_death_hides_the_child_at_once_and_waits_for_a_second_person() {
    let mut township = Township::new(85);
    let village = township.village(0);
    let office = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    says(&li, child, SchoolingStatus::Deceased, "死亡证明在村委会").unwrap();
    sync_until_quiet(&[&li, &office]);
    assert!(li.today().soon.iter().all(|card| card.child.document_id != child), "nobody is sent there");
    assert_eq!(mismatches(&office, child), [AxisMismatch::DeathByOnePerson]);
    says(&li, child, SchoolingStatus::Deceased, "死亡证明在村委会").unwrap();
    sync_until_quiet(&[&li, &office]);
    assert_eq!(mismatches(&office, child), [AxisMismatch::DeathByOnePerson], "twice the same person is one");
    says(&office, child, SchoolingStatus::Deceased, "已核对死亡证明").unwrap();
    sync_until_quiet(&[&li, &office]);
    assert_eq!(mismatches(&li, child), []);
}
