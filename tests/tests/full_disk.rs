//! A full disk: saving says so, and what was there stays.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]
#![cfg(target_os = "linux")]

use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::Township;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::small_disk::SmallDisk;

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let Some(disk) = SmallDisk::mounted(8) else { return };
    let mut township = Township::new(71);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    let code = township.invites("李老师", Role::ClassTeacher, Scope::Place(village));
    let teacher = township.somebody_on("李老师", &disk.path().join("app"));
    teacher.enrols(&code);
    let draft = teacher.begins_a_visit(&[child]);
    let mut form = draft.form.clone();
    form.at_home = "奶奶说孩子这周一直在家".to_owned();
    teacher.saves(&draft, &form);

    // While the disk is full, whatever does not fit is refused by name, until it is tidied up.
    disk.fills_up();
    let long = "很长的一段话。".repeat(250);
    let mut refused = None;
    for attempt in 0..200 {
        let mut longer = form.clone();
        longer.circumstances = format!("{attempt}{long}");
        let request = jiafang_core::api::visit::SaveDraft { draft_id: draft.draft_id, form: longer.clone() };
        match jiafang_core::api::commands::Commands::save_draft(teacher.app(), request) {
            Ok(_) => form = longer,
            Err(failure) => {
                refused = Some(failure.code);
                break;
            }
        }
    }
    assert_eq!(refused, Some(ErrorCode::DiskFull));
    assert_eq!(teacher.drafts()[0].form, form, "the draft is as it was last saved");
    assert_eq!(teacher.attaches(&draft, "DSCN0010.jpg").unwrap_err().code, ErrorCode::DiskFull);
    form.purpose = Some(jiafang_core::domain::code_list::VisitPurpose::Routine);
    form.child_seen = Some(true);
    assert_eq!(teacher.finishes(&draft, form.clone()).unwrap_err().code, ErrorCode::DiskFull);
    assert_eq!(teacher.drafts().len(), 1, "the draft stays");

    disk.is_tidied_up();
    teacher.attaches(&draft, "DSCN0010.jpg").unwrap();
    let visit = teacher.finishes(&draft, form).unwrap().visits[0].entry_id;
    sync_until_quiet(&[&teacher, &desk]);
    assert_eq!(teacher.says_of(visit), ("desk", vec!["desk"]));
    township.assert_same_ledger(&desk);
}
