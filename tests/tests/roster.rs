//! A roster says what the record says; what a teacher found out at the door stands beside it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::roster::{AcceptRosterRows, OneImport, RosterPreview, RosterRowView, ShowRosterRows};
use jiafang_core::domain::code_list::SchoolingStatus;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};
use rust_xlsxwriter::Workbook;

/// A village's roster with one child, as its clerk writes it.
fn roster(village: &str, status: &str) -> Vec<u8> {
    format!("姓名,性别,出生日期,村,就学状态,监护人姓名,监护人电话\n石小满,女,2016-05-04,{village},{status},石大山,19900000001\n")
        .into_bytes()
}

fn brings_in(desk: &Person, village: &str, status: &str) -> RosterPreview {
    desk.app().preview_roster("名单.csv", &roster(village, status)).unwrap()
}

fn row_of(desk: &Person, preview: &RosterPreview) -> RosterRowView {
    let request = ShowRosterRows { import_id: preview.import_id, verdict: None, offset: 0, limit: 10 };
    desk.app().show_roster_rows(request).unwrap().rows.remove(0)
}

fn confirms(desk: &Person, preview: &RosterPreview) {
    desk.app().confirm_roster(OneImport { import_id: preview.import_id }).unwrap();
}

/// How the child stands, and how the record stands.
fn stands(person: &Person, child: DocumentId) -> (String, String) {
    let dossier = person.opens(child);
    let value = |field: &str| dossier.fields.iter().find(|view| view.field == field).unwrap().value.clone();
    (value("status"), value("record.state"))
}

fn both(status: SchoolingStatus, record: &str) -> (String, String) {
    (status.key().to_owned(), record.to_owned())
}

#[test]
fn a_roster_that_has_a_child_on_the_roll_does_not_undo_what_a_teacher_found_at_the_door() {
    let mut township = Township::new(71);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));

    section("the first roster is all that is known, and a newer one is followed");
    let first = brings_in(&desk, village.as_str(), "休学");
    assert_eq!(first.counts.new, 1);
    confirms(&desk, &first);
    let child = desk.child("石小满");
    assert_eq!(stands(&desk, child), both(SchoolingStatus::Suspended, "休学"));
    let again = brings_in(&desk, village.as_str(), "县外就读");
    assert_eq!(row_of(&desk, &again).changes.len(), 2, "the record, and how the child stands");
    confirms(&desk, &again);
    assert_eq!(stands(&desk, child), both(SchoolingStatus::EnrolledElsewhere, "县外/省外在读"));

    section("a teacher finds the child at home");
    sync_until_quiet(&[&desk, &li]);
    li.app()
        .record_status(RecordStatus {
            document_id: child,
            status: SchoolingStatus::SuspectedDropout,
            since: None,
            note: "在家带弟弟,学校没有这个人".to_owned(),
            pages: None,
        })
        .unwrap();
    sync_until_quiet(&[&li, &desk]);

    section("the next roster has the child on the roll: a person must look");
    let next = brings_in(&desk, village.as_str(), "在读");
    assert_eq!(next.counts.doubtful, 1);
    let row = row_of(&desk, &next);
    assert!(row.problems.iter().any(|problem| problem.column == "就学状态" && problem.cell == "在读"));
    let request = AcceptRosterRows { import_id: next.import_id, row_numbers: vec![row.row_number], accepted: true };
    desk.app().accept_roster_rows(request).unwrap();
    confirms(&desk, &next);
    sync_until_quiet(&[&desk, &li]);
    for person in [&desk, &li] {
        assert_eq!(stands(person, child), both(SchoolingStatus::SuspectedDropout, "在读"));
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&desk);
}

#[test]
fn a_clerk_who_brings_in_a_workbook_with_a_sheet_for_each_class_is_told_which_sheets_were_not_read() {
    let mut township = Township::new(72);
    let desk = township.coordinator("赵敏");
    let mut workbook = Workbook::new();
    for name in ["一班", "二班", "三班"] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        sheet.write_string(0, 0, "姓名").unwrap().write_string(0, 1, "性别").unwrap();
        sheet.write_string(1, 0, "石小满").unwrap().write_string(1, 1, "女").unwrap();
    }
    workbook.add_worksheet().set_name("填表说明").unwrap().write_string(0, 0, "请于九月十日前交回").unwrap();
    let preview = desk.app().preview_roster("三年级.xlsx", &workbook.save_to_buffer().unwrap()).unwrap();
    assert_eq!((preview.sheet_name.as_str(), preview.row_count), ("一班", 1));
    assert_eq!(preview.other_sheets, ["二班", "三班"], "and not the sheet that holds no table");
}
