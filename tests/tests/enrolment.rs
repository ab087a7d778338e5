//! Enrolling a device, and everything that can be wrong with it: each leaves nothing changed, and can be tried
//! again.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::state::{AppStage, ChangePin, Nothing, Recover};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::recovery::RecoveryRequest;
use jiafang_tests::kit::person::PIN;
use jiafang_tests::kit::{Person, Township};

const DAY_MS: i64 = 86_400_000;

fn code_of<T>(result: Result<T>) -> ErrorCode {
    result.err().expect("it is refused").code
}

fn code_for_a_teacher(township: &Township) -> String {
    township.invites("李老师", Role::ClassTeacher, Scope::Place(township.village(0)))
}

fn teacher(township: &mut Township, name: &str) -> Person {
    let village = township.village(0);
    township.teacher(name, Scope::Place(village))
}

/// After whatever was refused, the same device enrols with a good code.
fn assert_can_still_enrol(township: &Township, newcomer: &Person) {
    assert_eq!(newcomer.state().stage, AppStage::Enrol, "nothing has changed");
    let code = code_for_a_teacher(township);
    let state = newcomer.tries_to_enrol(&code, PIN).unwrap();
    newcomer.waits_for_the_sync();
    assert_eq!(state.stage, AppStage::Open);
    assert_eq!(state.person.unwrap().name, "李老师");
    assert_eq!(newcomer.strip().failure, None);
}

#[test]
fn a_code_that_the_server_does_not_know_is_refused() {
    let mut township = Township::new(21);
    let code = code_for_a_teacher(&township);
    let good = EnrolmentCode::from_text(&code).unwrap();
    let wrong = EnrolmentCode::new(good.address(), good.fingerprint(), [7; 16]).unwrap().to_text();
    let newcomer = township.somebody("李老师");
    assert_eq!(code_of(newcomer.tries_to_enrol(&wrong, PIN)), ErrorCode::EnrolmentCodeWrong);
    assert_can_still_enrol(&township, &newcomer);
}

#[test]
fn a_code_works_once() {
    let mut township = Township::new(22);
    let code = code_for_a_teacher(&township);
    let first = township.somebody("李老师");
    first.tries_to_enrol(&code, PIN).unwrap();
    first.waits_for_the_sync();
    let second = township.somebody("somebody else");
    assert_eq!(code_of(second.tries_to_enrol(&code, PIN)), ErrorCode::EnrolmentCodeUsed);
    assert_can_still_enrol(&township, &second);
    assert_eq!(first.syncs().failure, None);
}

#[test]
fn a_code_expires() {
    let mut township = Township::new(23);
    let code = code_for_a_teacher(&township);
    township.clock.pass_ms(15 * DAY_MS);
    let newcomer = township.somebody("李老师");
    assert_eq!(code_of(newcomer.tries_to_enrol(&code, PIN)), ErrorCode::EnrolmentCodeExpired);
    assert_can_still_enrol(&township, &newcomer);
}

#[test]
fn a_mistyped_code_is_told_before_the_server_is_asked() {
    let mut township = Township::new(24);
    let code = code_for_a_teacher(&township);
    let newcomer = township.somebody("李老师");
    // Not even signal is needed to hear of it, and the code is not used up.
    newcomer.goes_offline();
    for mistyped in ["", "JFEN1.", "这不是邀请码", &code[..code.len() - 1], &swapped(&code)] {
        assert_eq!(code_of(newcomer.tries_to_enrol(mistyped, PIN)), ErrorCode::EnrolmentCodeUnreadable, "{mistyped}");
    }
    newcomer.gets_signal();
    newcomer.tries_to_enrol(&code, PIN).unwrap();
    newcomer.waits_for_the_sync();
    assert_eq!(newcomer.strip().failure, None);
}

/// The code with two different neighbours swapped, as a hasty hand does it.
fn swapped(code: &str) -> String {
    let mut characters: Vec<char> = code.chars().collect();
    let at = (characters.len() / 2..characters.len() - 1)
        .find(|at| {
            let (a, b) = (characters[*at], characters[*at + 1]);
            a != b && a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric()
        })
        .expect("two different neighbours");
    characters.swap(at, at + 1);
    characters.into_iter().collect()
}

#[test]
fn a_server_that_is_gone_uses_up_no_code() {
    let mut township = Township::new(25);
    let code = code_for_a_teacher(&township);
    let newcomer = township.somebody("李老师");
    township.server_stops();
    assert_eq!(code_of(newcomer.tries_to_enrol(&code, PIN)), ErrorCode::ServerUnreachable);
    township.server_starts();
    assert_eq!(newcomer.state().stage, AppStage::Enrol);
    newcomer.tries_to_enrol(&code, PIN).unwrap();
    newcomer.waits_for_the_sync();
    assert_eq!(newcomer.strip().failure, None);
}

#[test]
fn a_server_with_another_key_is_not_trusted() {
    let mut township = Township::new(26);
    let impostor = Township::new(27);
    let code = code_for_a_teacher(&township);
    let good = EnrolmentCode::from_text(&code).unwrap();
    let of_impostor = EnrolmentCode::from_text(&code_for_a_teacher(&impostor)).unwrap();
    // The way to the county's server leads to another one.
    let misled = EnrolmentCode::new(of_impostor.address(), good.fingerprint(), *good.token()).unwrap().to_text();
    let newcomer = township.somebody("李老师");
    assert_eq!(code_of(newcomer.tries_to_enrol(&misled, PIN)), ErrorCode::ServerNotTrusted);
    assert_eq!(newcomer.state().stage, AppStage::Enrol);
    // The token was told to nobody: it is still good.
    newcomer.enrols(&code);
    assert_eq!(newcomer.strip().failure, None);
}

#[test]
fn a_code_for_another_fingerprint_is_not_trusted() {
    let mut township = Township::new(28);
    let code = code_for_a_teacher(&township);
    let good = EnrolmentCode::from_text(&code).unwrap();
    let forged = EnrolmentCode::new(good.address(), Hash32([9; 32]), *good.token()).unwrap().to_text();
    let newcomer = township.somebody("李老师");
    assert_eq!(code_of(newcomer.tries_to_enrol(&forged, PIN)), ErrorCode::ServerNotTrusted);
    newcomer.tries_to_enrol(&code, PIN).unwrap();
}

#[test]
fn a_pin_that_is_easy_to_guess_uses_up_no_code() {
    let mut township = Township::new(29);
    let code = code_for_a_teacher(&township);
    let newcomer = township.somebody("李老师");
    for weak in ["", "1234", "111111", "123456"] {
        assert_eq!(code_of(newcomer.tries_to_enrol(&code, weak)), ErrorCode::PinTooWeak, "{weak}");
    }
    newcomer.tries_to_enrol(&code, PIN).unwrap();
}

#[test]
fn an_enrolled_device_is_not_enrolled_again() {
    let mut township = Township::new(30);
    let teacher = teacher(&mut township, "李老师");
    let code = code_for_a_teacher(&township);
    assert_eq!(code_of(teacher.tries_to_enrol(&code, PIN)), ErrorCode::AlreadyEnrolled);
    assert_eq!(teacher.state().person.unwrap().name, "李老师");
}

#[test]
fn wrong_pins_slow_down_and_the_right_one_opens_in_the_end() {
    let mut township = Township::new(31);
    let teacher = teacher(&mut township, "李老师");
    teacher.locks();
    assert_eq!(teacher.state().stage, AppStage::Locked);
    assert_eq!(code_of(teacher.app().today(Nothing {})), ErrorCode::Locked);
    for _ in 0..3 {
        assert_eq!(code_of(teacher.tries_pin("000001")), ErrorCode::PinWrong);
    }
    let wait_seconds = teacher.state().wait_seconds;
    assert_eq!(wait_seconds, 5);
    let early = teacher.tries_pin(PIN).unwrap_err();
    assert_eq!((early.code, early.facts["wait_seconds"].as_str()), (ErrorCode::PinWait, "5"));
    teacher.clock.pass_ms(5_000);
    assert_eq!(teacher.state().wait_seconds, 0);
    assert_eq!(teacher.tries_pin(PIN).unwrap().stage, AppStage::Open);
    teacher.waits_for_the_sync();
    assert_eq!(teacher.strip().failure, None);
}

#[test]
fn a_changed_pin_opens_and_the_old_one_does_not() {
    let mut township = Township::new(32);
    let teacher = teacher(&mut township, "李老师");
    let change =
        |old: &str, new: &str| teacher.app().change_pin(ChangePin { old_pin: old.to_owned(), new_pin: new.to_owned() });
    assert_eq!(code_of(change("000001", "284615")), ErrorCode::PinWrong);
    change(PIN, "284615").unwrap();
    teacher.locks();
    assert_eq!(code_of(teacher.tries_pin(PIN)), ErrorCode::PinWrong);
    teacher.tries_pin("284615").unwrap();
}

#[test]
fn a_forgotten_pin_loses_no_visit() {
    let mut township = Township::new(33);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.syncs();
    let teacher = teacher(&mut township, "李老师");
    teacher.goes_offline();
    let visit = teacher.records_visit(child, &[], |form| form.at_home = "在家".to_owned()).visits[0].entry_id;
    teacher.locks();

    let shown = teacher.app().recovery_request(Nothing {}).unwrap();
    let arrived = RecoveryRequest::from_text(&shown.text).unwrap();
    assert_eq!(shown.spoken_code, arrived.spoken_code(), "what the teacher reads out is what the office sees");
    let answer = township.answers_recovery(&shown.text);
    let recover =
        |answer: &str, pin: &str| teacher.app().recover(Recover { answer: answer.to_owned(), new_pin: pin.to_owned() });
    assert_eq!(code_of(recover("JFRA1.nonsense", "284615")), ErrorCode::RecoveryAnswerWrong);
    assert_eq!(code_of(recover(&answer, "111111")), ErrorCode::PinTooWeak);
    assert_eq!(teacher.state().stage, AppStage::Locked, "nothing has changed");
    assert_eq!(recover(&answer, "284615").unwrap().stage, AppStage::Open);
    assert_eq!(teacher.says_of(visit).0, "here", "the visit is there");

    teacher.locks();
    assert_eq!(code_of(teacher.tries_pin(PIN)), ErrorCode::PinWrong);
    teacher.gets_signal();
    teacher.tries_pin("284615").unwrap();
    teacher.waits_for_the_sync();
    assert_eq!(teacher.says_of(visit).0, "server");
}

#[test]
fn an_answer_to_another_tablet_recovers_nothing() {
    let mut township = Township::new(34);
    let li = teacher(&mut township, "李老师");
    let zhang = teacher(&mut township, "张老师");
    li.locks();
    zhang.locks();
    let answer = township.answers_recovery(&li.app().recovery_request(Nothing {}).unwrap().text);
    zhang.app().recovery_request(Nothing {}).unwrap();
    let recovered = zhang.app().recover(Recover { answer, new_pin: "284615".to_owned() });
    assert_eq!(code_of(recovered), ErrorCode::RecoveryAnswerWrong);
    zhang.tries_pin(PIN).unwrap();
}
