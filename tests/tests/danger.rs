//! Danger to a child: a report reaches the principal and the county, and not a byte of it anybody else's device.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::danger::{DangerView, RecordDangerStep, ReportDanger};
use jiafang_core::api::dossier::OpenDossier;
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::code_list::{DangerKind, DangerStep};
use jiafang_core::domain::danger::{DangerForm, DangerStepForm};
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Clock;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::body;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::sync::link::Connector;
use jiafang_sync_client::HttpsConnector;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

const WORDS: &str = "左臂有新旧瘀伤,孩子说怕回家";

fn form(person: &Person) -> DangerForm {
    DangerForm {
        kinds: vec![DangerKind::Violence],
        now: true,
        seen: WORDS.to_owned(),
        whereabouts: "在教室,王老师陪着".to_owned(),
        on: person.clock.now().day(),
    }
}

fn knows(person: &Person, child: DocumentId) -> DangerView {
    person.app().danger_of(OpenDossier { document_id: child }).unwrap()
}

fn somebody(township: &mut Township, name: &str, role: Role) -> Person {
    let code = township.invites(name, role, Scope::Place(township.township()));
    let person = township.somebody(name);
    person.enrols(&code);
    person
}

fn annexes_held(person: &Person) -> usize {
    person.app().with_device(|device| Ok(device.store.reading().document_ids(DocumentKind::Restricted)?.len())).unwrap()
}

/// All that the server gives a device which asks for everything from the start: the bytes of its answers, and how many
/// envelopes are in them.
fn all_that_the_server_gives(person: &Person) -> (Vec<u8>, usize) {
    let (identity, mut request) = person
        .app()
        .with_device(|device| Ok((device.identity()?, jiafang_core::app::synchronise::build_request(device)?)))
        .unwrap();
    let mut link = HttpsConnector.connect(identity).unwrap();
    request.cursor = Cursor::START;
    request.packs = None;
    let (mut bytes, mut envelopes) = (Vec::new(), 0);
    loop {
        let answer = link.exchange(body::write(&request).unwrap()).unwrap().answer;
        bytes.extend(body::cbor(&answer));
        envelopes += answer.envelopes.len();
        if !answer.more {
            return (bytes, envelopes);
        }
        request.cursor = answer.cursor;
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_report_reaches_the_principal_and_the_county_and_not_a_byte_of_it_anybody_else() {
    let mut township = Township::new(71);
    let village = township.village(0);
    let reporter = township.teacher("李老师", Scope::Place(village.clone()));
    let colleague = township.teacher("王老师", Scope::Place(village.clone()));
    let officer = township.coordinator("赵敏");
    let lead = somebody(&mut township, "钱主任", Role::SchoolLead);
    let principal = somebody(&mut township, "孙校长", Role::Principal);
    let county = somebody(&mut township, "周科长", Role::CountySection);
    let child = reporter.registers("王小明", "2016-05-04", &village, "19900001001");
    let everybody = [&reporter, &colleague, &officer, &lead, &principal, &county];
    sync_until_quiet(&everybody);
    let before: Vec<usize> = everybody.iter().map(|person| all_that_the_server_gives(person).1).collect();

    reporter.goes_offline();
    reporter.app().report_danger(ReportDanger { document_id: child, form: form(&reporter) }).unwrap();
    let receipt = &knows(&reporter, child).receipts[0];
    assert!(!receipt.on_server && receipt.words_here, "without signal it waits here");
    reporter.gets_signal();
    sync_until_quiet(&everybody);

    let annex = principal.app().with_device(|device| device.store.reading().document_ids(DocumentKind::Restricted));
    let annex = annex.unwrap()[0];
    for person in [&principal, &county] {
        let reports = knows(person, child).reports;
        assert_eq!((reports.len(), reports[0].form.seen.as_str()), (1, WORDS));
        assert_eq!(reports[0].person_name, "李老师");
        assert!(reports[0].open && !reports[0].passed_on);
        assert_eq!(person.app().today(Nothing {}).unwrap().open_dangers, 1);
    }
    for (place, person) in everybody.iter().enumerate() {
        let (bytes, envelopes) = all_that_the_server_gives(person);
        let sees = place >= 4;
        assert_eq!(envelopes, before[place] + usize::from(sees), "{}: not even the count", person.name);
        assert_eq!(holds(&bytes, annex.as_bytes()), sees, "{}: not the name of the annex", person.name);
        assert_eq!(holds(&bytes, "瘀伤".as_bytes()), sees, "{}: not a word", person.name);
        if place > 0 && !sees {
            assert_eq!(annexes_held(person), 0);
        }
        if !sees {
            assert_eq!(knows(person, child).reports.len(), 0);
            assert_eq!(person.app().today(Nothing {}).unwrap().open_dangers, 0);
            assert_eq!(person.app().list_dangers(Nothing {}).unwrap().reports.len(), 0);
            let seen = serde_json::to_string(&person.opens(child)).unwrap()
                + &serde_json::to_string(
                    &person.app().show_ledger(ShowLedger { limit: 500, ..ShowLedger::default() }).unwrap(),
                )
                .unwrap()
                + &serde_json::to_string(&person.inbox()).unwrap();
            assert!(!seen.contains("瘀伤") && !seen.contains(&annex.to_string()));
        }
    }
    assert_eq!(
        knows(&colleague, child).receipts.len(),
        0,
        "a colleague of the same class does not learn that there is one"
    );

    // The principal has told the police: that reaches the county, and again nobody else.
    let told = DangerStepForm {
        step: DangerStep::Police,
        on: principal.clock.now().day(),
        note: "派出所张警官,10:20".to_owned(),
    };
    principal.app().record_danger_step(RecordDangerStep { annex_id: annex, form: told }).unwrap();
    sync_until_quiet(&everybody);
    assert!(knows(&county, child).reports[0].passed_on);
    assert_eq!(all_that_the_server_gives(&colleague).1, before[1]);
}

#[test]
fn the_reporters_tablet_gives_the_words_up_when_a_backup_and_the_principal_have_them() {
    let mut township = Township::new(72);
    let village = township.village(0);
    let reporter = township.teacher("李老师", Scope::Place(village.clone()));
    let principal = somebody(&mut township, "孙校长", Role::Principal);
    let child = reporter.registers("王小明", "2016-05-04", &village, "19900001001");
    sync_until_quiet(&[&reporter, &principal]);
    reporter.app().report_danger(ReportDanger { document_id: child, form: form(&reporter) }).unwrap();
    reporter.syncs();
    township.backs_up("first");
    reporter.syncs();
    let receipt = &knows(&reporter, child).receipts[0];
    assert!(receipt.on_server && receipt.words_here && receipt.received_at.is_none(), "nobody has read it yet");
    assert_eq!(annexes_held(&reporter), 1);
    let number = receipt.number.clone();

    sync_until_quiet(&[&principal, &reporter]);
    let view = knows(&reporter, child);
    assert!(view.receipts[0].received_at.is_some() && !view.receipts[0].words_here);
    assert_eq!(view.receipts[0].number, number, "that it was reported stays");
    assert_eq!(annexes_held(&reporter), 0);
    let words = reporter.app().with_device(|device| device.store.reading().keeps_words_of_annexes()).unwrap();
    assert!(!words, "nor in what is kept for a restored server");
    assert_eq!(knows(&principal, child).reports[0].number, number);

    // What the reporter records afterwards goes through.
    reporter.records_visit(child, &[], |_| {});
    sync_until_quiet(&[&reporter, &principal]);
    assert_eq!(reporter.strip().waiting_records, 0);
}

#[test]
fn a_teacher_adds_nothing_to_an_annex_not_even_to_the_own_report() {
    let mut township = Township::new(73);
    let village = township.village(0);
    let reporter = township.teacher("李老师", Scope::Place(village.clone()));
    let principal = somebody(&mut township, "孙校长", Role::Principal);
    let child = reporter.registers("王小明", "2016-05-04", &village, "19900001001");
    reporter.app().report_danger(ReportDanger { document_id: child, form: form(&reporter) }).unwrap();
    sync_until_quiet(&[&reporter, &principal]);
    let annex = knows(&principal, child).reports[0].annex_id;
    let read = DangerStepForm { step: DangerStep::Read, on: reporter.clock.now().day(), note: String::new() };
    let refused = reporter.app().record_danger_step(RecordDangerStep { annex_id: annex, form: read });
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotAllowed);
}
