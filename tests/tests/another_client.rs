//! A client in another language, written from docs/protocol.md (tests/interop), works with the real server and with our
//! own devices: what it writes stands in the coordinator's ledger, and what they write it verifies and reads.
//!
//! Needs the Python packages that `./dev install` brings, and the server's program in `JIAFANG_BIN_DIR`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::round::RecordVillage;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::domain::village_work::{VillageForm, VillageWhat};
use jiafang_core::environment::Clock as _;
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};
use serde_json::Value;

#[test]
fn a_visit_of_another_client_reaches_the_ledger_and_ours_reach_it() {
    let mut township = Township::new(91);
    let village = township.village(0);
    let code = township.invites("孙老师", Role::ClassTeacher, Scope::Place(village.clone()));
    // From here on the server is a process of its own, as it is in a county.
    township.server_stops();
    let server = ServerProcess::starts(&township.data(), EnrolmentCode::from_text(&code).unwrap().address());

    section("the coordinator registers a child, and visits");
    let coordinator = township.coordinator("赵敏");
    let child = coordinator.registers("石小雨", "2016-05-04", &village, "19900001001");
    let ours = coordinator.records_visit(child, &["landscape_6.jpg"], |form| form.at_home = "在家帮奶奶".to_owned());
    let road = VillageForm {
        what: VillageWhat::Road,
        on: coordinator.clock.now().day(),
        walk_minutes: Some(95),
        distance_m: Some(7_500),
        item: String::new(),
        done: false,
        note: "雨天过不了河".to_owned(),
    };
    coordinator.app().record_village(RecordVillage { village: village.clone(), form: road }).unwrap();
    sync_until_quiet(&[&coordinator]);

    section("the other client enrols, pulls, and reads what was written");
    let python = OtherClient::new(&township.beside("python"));
    let enrolled = python.says(&["enrol", &code]);
    assert_eq!(enrolled["name"], "孙老师");
    let pulled = python.says(&["sync"]);
    assert_eq!(pulled["log_chain"], "holds", "it sees the whole log and has computed its chain: {pulled}");
    let dossier = python.reads(child);
    assert_eq!(dossier["content"]["profile"]["name"], "石小雨");
    let our_entry = ours.visits[0].entry_id.to_string();
    assert_eq!(dossier["content"]["visits"][&our_entry]["atHome"], "在家帮奶奶");
    assert_eq!(dossier["visits_by"][&our_entry], "赵敏", "by the verified signature");
    assert_eq!(dossier["content"]["evidence"].as_object().unwrap().len(), 1);

    let told = &python.says(&["villages"])[village.as_str()][0];
    assert_eq!((&told["walkMinutes"], &told["note"]), (&serde_json::json!(95), &serde_json::json!("雨天过不了河")));

    section("it visits twice and pushes");
    let first = python.visits(child, "爷爷在家,父母在浙江", 30 * 60 * 1000);
    python.visits(child, "母亲回来了", 60 * 60 * 1000);
    let pushed = python.says(&["sync"]);
    assert_eq!(pushed["pushed"], serde_json::json!([1, 2]));
    assert_eq!(pushed["receipts"], serde_json::json!(["stored", "stored"]));
    assert_eq!(pushed["log_chain"], "holds", "{pushed}");
    assert_eq!(python.says(&["sync"])["pushed"], serde_json::json!([]), "what has a receipt is not sent again");

    section("the coordinator has both, under the teacher's name, and the ledgers are one");
    sync_until_quiet(&[&coordinator]);
    let seen = visits_of(&coordinator, child);
    assert_eq!(
        seen,
        [
            ("孙老师".to_owned(), "母亲回来了".to_owned()),
            ("孙老师".to_owned(), "爷爷在家,父母在浙江".to_owned()),
            ("赵敏".to_owned(), String::new()),
        ]
    );
    assert_eq!(coordinator.ledger_rows()[0].1.visit_count, 3);
    township.assert_same_ledger(&coordinator);
    coordinator.assert_projections_rebuild();

    section("it hears that a desk holds its visits, and pulls what a tablet writes on top of them");
    let li = township.teacher("李老师", Scope::Place(village));
    let again = li.records_visit(child, &[], |form| form.at_school = "数学进步".to_owned());
    sync_until_quiet(&[&li]);
    let heard = python.says(&["sync"]);
    assert_eq!(heard["delivered"], serde_json::json!([[1, 2]]));
    assert_eq!(heard["log_chain"], "holds", "{heard}");
    let dossier = python.reads(child);
    let again = again.visits[0].entry_id.to_string();
    assert_eq!(dossier["content"]["visits"][&again]["atSchool"], "数学进步");
    assert_eq!(dossier["visits_by"][&again], "李老师");
    assert_eq!(dossier["visits_by"][first["entry"].as_str().unwrap()], "孙老师");
    drop(server);
}

#[test]
fn the_examples_of_the_document_are_read_and_made_again_by_another_client() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let output = python().arg("examples.py").arg(document).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn another_server_than_that_of_the_code_hears_nothing_from_another_client() {
    let (ours, theirs) = (Township::new(92), Township::new(93));
    let village = Scope::Place(ours.village(0));
    let code = EnrolmentCode::from_text(&ours.invites("孙老师", Role::ClassTeacher, village)).unwrap();
    let elsewhere =
        EnrolmentCode::from_text(&theirs.invites("王老师", Role::ClassTeacher, Scope::Place(theirs.village(0))));
    let forged = EnrolmentCode::new(elsewhere.unwrap().address(), code.fingerprint(), *code.token()).unwrap();
    let said = OtherClient::new(&ours.beside("python")).is_refused(&["enrol", &forged.to_text()]);
    assert!(said.contains("another server answers"), "{said}");
}

/// Author and household of each visit, newest first.
fn visits_of(person: &Person, child: DocumentId) -> Vec<(String, String)> {
    let mut visits = Vec::new();
    for entry in person.opens(child).timeline {
        if let TimelineEvent::Visit { form, .. } = entry.event {
            visits.push((entry.person_name, form.household_situation));
        }
    }
    visits
}

fn python() -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    let program = folder.join(".venv/bin/python");
    assert!(program.exists(), "{} is missing: run ./dev install", program.display());
    let mut command = Command::new(program);
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
    command
}

/// The client in Python, with its folder.
struct OtherClient(PathBuf);

impl OtherClient {
    fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        Self(folder.to_path_buf())
    }

    fn runs(&self, arguments: &[&str]) -> std::process::Output {
        python().arg("client.py").arg("--data").arg(&self.0).args(arguments).output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> Value {
        let output = self.runs(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn is_refused(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments);
        assert!(!output.status.success(), "{arguments:?} is refused");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn reads(&self, child: DocumentId) -> Value {
        self.says(&["show"])[child.to_string()].clone()
    }

    /// A visit so many milliseconds after nine in the morning of the tests' day.
    fn visits(&self, child: DocumentId, text: &str, after_ms: i64) -> Value {
        let at_ms = (1_795_395_600_000 + after_ms).to_string();
        self.says(&["visit", &child.to_string(), text, "--at-ms", &at_ms])
    }
}

/// The server's own program, serving a county until it is dropped.
struct ServerProcess(Child);

impl ServerProcess {
    fn starts(data: &Path, address: &str) -> Self {
        let program = program("jiafang-sync-server");
        let mut command = Command::new(&program);
        command.arg("serve").arg("--data").arg(data).args(["--listen", address]).stdout(Stdio::piped());
        let mut process =
            command.spawn().unwrap_or_else(|cause| panic!("{}: {cause}; run ./dev test", program.display()));
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("Serving on"), "the server says: {line}");
        Self(process)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program of the workspace: where `./dev` says, else beside this test.
fn program(name: &str) -> PathBuf {
    std::env::var_os("JIAFANG_BIN_DIR").map_or_else(
        || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join(name),
        |folder| PathBuf::from(folder).join(name),
    )
}
