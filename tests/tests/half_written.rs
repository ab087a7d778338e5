//! A form that somebody fills in is there again when the system has ended the app behind others, and goes when it was sent, was not
//! wanted, or its child has left.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::MoveChild;
use jiafang_core::api::half_written::{HalfWrittenView, KeepHalfWritten, OneHalfWritten};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::half_written::HalfWrittenForm;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

fn keeps(person: &Person, form: HalfWrittenForm, child: Option<DocumentId>, text: &str) -> Result<()> {
    let request =
        KeepHalfWritten { form, document_id: child, place: "/children/register".to_owned(), text: text.to_owned() };
    person.app().keep_half_written(request).map(|_| ())
}

fn kept(person: &Person, form: HalfWrittenForm, child: Option<DocumentId>) -> Option<String> {
    person.app().half_written(OneHalfWritten { form, document_id: child }).unwrap().text
}

fn all(person: &Person) -> Vec<HalfWrittenView> {
    person.app().list_half_written(Nothing {}).unwrap().rows
}

#[test]
fn what_was_typed_is_there_after_the_app_was_ended_and_goes_when_it_was_sent() {
    let mut township = Township::new(71);
    let mut li = township.teacher("李老师", Scope::Place(township.village(0)));
    let child = li.registers("石小雨", "2016-05-04", &township.village(0), "19900000001");
    keeps(&li, HalfWrittenForm::Register, None, r#"{"name":"石大"}"#).unwrap();
    keeps(&li, HalfWrittenForm::Register, None, r#"{"name":"石大川"}"#).unwrap();
    keeps(&li, HalfWrittenForm::Case, Some(child), r#"{"note":"家长说下周"}"#).unwrap();
    li.app_dies_and_starts_again();

    section("behind the lock nobody reads it");
    li.locks();
    let locked = li.app().list_half_written(Nothing {}).unwrap_err();
    assert_eq!(locked.code, ErrorCode::Locked);
    li.unlocks();

    section("the newest of each form, with whom it is about; the day's list counts them");
    let mut told: Vec<_> = all(&li).into_iter().map(|one| (one.form, one.child_name)).collect();
    told.sort_by_key(|(form, _)| form.key());
    let (case, register) = ((HalfWrittenForm::Case, "石小雨".to_owned()), (HalfWrittenForm::Register, String::new()));
    assert_eq!(told, [case, register]);
    assert_eq!(li.app().today(Nothing {}).unwrap().draft_count, 2);
    assert_eq!(kept(&li, HalfWrittenForm::Register, None).unwrap(), r#"{"name":"石大川"}"#);
    assert_eq!(kept(&li, HalfWrittenForm::Plan, Some(child)), None);

    section("sent, or not wanted");
    li.app().let_go_half_written(OneHalfWritten { form: HalfWrittenForm::Register, document_id: None }).unwrap();
    assert_eq!(kept(&li, HalfWrittenForm::Register, None), None);
    assert_eq!(all(&li).len(), 1);
    assert_eq!(li.deliveries().total, 1, "of all that nothing goes to the server but the child");
}

#[test]
fn nothing_of_it_stays_when_the_child_has_left() {
    let mut township = Township::new(72);
    let (old, new) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(old.clone()));
    let child = li.registers("石小雨", "2016-05-04", &old, "19900000001");
    sync_until_quiet(&[&li, &coordinator]);
    keeps(&li, HalfWrittenForm::Household, Some(child), r#"{"found":"away"}"#).unwrap();
    let to = MoveChild { document_id: child, village: new, class: None, note: "随祖父母搬家".to_owned() };
    coordinator.app().move_child(to).unwrap();
    coordinator.syncs();
    township.backs_up("backup");
    li.syncs();
    assert_eq!(all(&li).len(), 0);
    let gone = keeps(&li, HalfWrittenForm::Household, Some(child), "{}").unwrap_err();
    assert_eq!(gone.code, ErrorCode::DocumentNotHere);
}

#[test]
fn what_no_screen_writes_is_refused_and_changes_nothing() {
    let mut township = Township::new(73);
    let li = township.teacher("李老师", Scope::Place(township.village(0)));
    keeps(&li, HalfWrittenForm::Register, None, "{}").unwrap();
    let refused = keeps(&li, HalfWrittenForm::Register, None, &"x".repeat(64 * 1024 + 1)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::FieldInvalid);
    assert_eq!(kept(&li, HalfWrittenForm::Register, None).unwrap(), "{}");
}

#[test]
fn fifty_are_kept_and_the_oldest_goes() {
    let mut township = Township::new(74);
    let li = township.teacher("李老师", Scope::Place(township.village(0)));
    let children: Vec<_> = (0..51)
        .map(|number| {
            let name = format!("石{}", char::from_u32(0x4E00 + number).unwrap());
            li.registers(&name, "2016-05-04", &township.village(0), "19900000001")
        })
        .collect();
    for child in &children {
        keeps(&li, HalfWrittenForm::Case, Some(*child), "{}").unwrap();
        li.clock.pass_ms(1_000);
    }
    let kept_of: Vec<_> = all(&li).into_iter().filter_map(|one| one.document_id).collect();
    assert_eq!(kept_of.len(), 50);
    assert!(!kept_of.contains(&children[0]));
    assert_eq!(kept_of.first(), children.last());
}
