//! The administrator's commands as they are typed: what they leave on the disk, and that every error is a sentence
//! with what to do.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use jiafang_core::environment::Environment;
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::key_file::KeyFile;
use jiafang_core::vault::pin_key::Argon2Cost;
use jiafang_core::vault::recovery_key::RecoverySecretKey;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::store::Store;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_jiafang-sync-server");

const COUNTY: &str = r#"{
    "county": { "code": "999999", "name": "云岭县" },
    "places": [
        { "code": "999999101", "name": "青石乡" },
        { "code": "999999101001", "name": "云岭村" }
    ],
    "schools": [
        { "code": "9999990001", "name": "青石小学", "township": "999999101", "classes": [] }
    ]
}"#;

/// An administrator at a machine, with a folder for everything.
struct Administrator {
    folder: TempDir,
}

/// What a command said.
struct Said {
    success: bool,
    out: String,
    error: String,
}

impl Said {
    /// It failed with one sentence for people that holds all of `words`, and no trace of the program.
    fn failed_with(&self, words: &[&str]) {
        assert!(!self.success, "{}", self.out);
        for word in words {
            assert!(self.error.contains(word), "{word}: {}", self.error);
        }
        assert!(!self.error.contains("panicked") && !self.error.contains("Failure"), "{}", self.error);
    }

    fn succeeded(self) -> String {
        assert!(self.success, "{}", self.error);
        self.out
    }
}

impl Administrator {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let administrator = Self { folder };
        jiafang_core::files::write_atomically(&administrator.path("county.json"), COUNTY.as_bytes()).unwrap();
        administrator
    }

    /// With a county that is set up.
    fn with_county() -> Self {
        let administrator = Self::new();
        administrator.inits("data").succeeded();
        administrator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn types(&self, line: &str) -> Said {
        let words = line.split(' ').map(|word| word.replace('~', self.folder.path().to_str().unwrap()));
        let output = Command::new(PROGRAM).args(words).env("JIAFANG_LOG", "off").output().unwrap();
        Said {
            success: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn inits(&self, data: &str) -> Said {
        self.types(&format!(
            "init --data ~/{data} --county ~/county.json --address 127.0.0.1:8443 --recovery-key ~/recovery.txt"
        ))
    }

    fn invites(&self) -> Said {
        self.types("invite --data ~/data --role class_teacher --scope place:999999101001 --name 李老师")
    }

    fn serves(&self) -> Serving {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data", self.path("data").to_str().unwrap()])
            .env("JIAFANG_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.split("Serving on ").nth(1).expect("it says where").split(". ").next().unwrap().to_owned();
        Serving { child, address }
    }
}

/// A server that runs; it ends with the test.
struct Serving {
    child: Child,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn code_in(out: &str) -> EnrolmentCode {
    EnrolmentCode::from_text(out.lines().find(|line| line.starts_with("JF1-")).expect("a code")).unwrap()
}

#[test]
fn a_county_is_set_up_with_a_recovery_key_outside_and_keys_that_nobody_else_may_read() {
    let administrator = Administrator::new();
    let out = administrator.inits("data").succeeded();
    assert!(out.contains("云岭县") && out.contains("lock the stick away"), "{out}");
    let recovery = std::fs::read_to_string(administrator.path("recovery.txt")).unwrap();
    assert!(RecoverySecretKey::from_text(recovery.trim()).is_some());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let keys = std::fs::read_dir(administrator.path("data/keys")).unwrap().map(|entry| entry.unwrap().path());
        for file in keys.chain([administrator.path("recovery.txt")]) {
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }
}

#[test]
fn a_second_init_changes_nothing() {
    let administrator = Administrator::with_county();
    let before = Identity::read(&administrator.path("data")).unwrap().fingerprint().unwrap();
    let again = "init --data ~/data --county ~/county.json --address 127.0.0.1:8443 --recovery-key ~/other.txt";
    administrator.types(again).failed_with(&["holds a county already", "nothing was changed"]);
    assert_eq!(Identity::read(&administrator.path("data")).unwrap().fingerprint().unwrap(), before);
    assert!(!administrator.path("other.txt").exists(), "no key without a county");
}

#[test]
fn keys_of_a_county_whose_store_is_gone_are_not_written_over() {
    let administrator = Administrator::with_county();
    std::fs::remove_file(administrator.path("data/county.db")).unwrap();
    std::fs::remove_file(administrator.path("recovery.txt")).unwrap();
    let before = Identity::read(&administrator.path("data")).unwrap().fingerprint().unwrap();
    administrator.inits("data").failed_with(&["a part of a county", "restore its backup to a new folder"]);
    assert_eq!(Identity::read(&administrator.path("data")).unwrap().fingerprint().unwrap(), before);
}

#[test]
fn an_init_that_was_interrupted_is_named_and_not_gone_on_with() {
    let administrator = Administrator::new();
    let identity = Identity::create("127.0.0.1", &Environment::of_this_machine()).unwrap();
    std::fs::create_dir(administrator.path("data")).unwrap();
    identity.write(&administrator.path("data")).unwrap();
    drop(Store::create(&administrator.path("data")).unwrap());
    administrator.inits("data").failed_with(&["a part of a county", "name another folder"]);
    administrator.types("serve --data ~/data").failed_with(&["holds no county"]);
    administrator.inits("other").succeeded();
}

#[test]
fn a_county_file_with_mistakes_is_refused_with_each_of_them_and_leaves_nothing() {
    let administrator = Administrator::new();
    let text = COUNTY.replace("\"999999101001\"", "\"888888101001\"").replace("9999990001\", \"name", "1\", \"name");
    let text = text.replace("\"township\": \"999999101\"", "\"township\": \"999999109\"");
    jiafang_core::files::write_atomically(&administrator.path("county.json"), text.as_bytes()).unwrap();
    administrator.inits("data").failed_with(&["outside_county: 888888101001", "township_unknown: 1.", "Correct it"]);
    assert!(!administrator.path("data").exists() && !administrator.path("recovery.txt").exists());

    jiafang_core::files::write_atomically(&administrator.path("county.json"), b"{").unwrap();
    administrator.inits("data").failed_with(&["the county file cannot be read"]);
    std::fs::remove_file(administrator.path("county.json")).unwrap();
    administrator.inits("data").failed_with(&["could not be read", "Check the path"]);
}

#[test]
fn a_recovery_key_does_not_lie_on_the_server_and_is_never_written_over() {
    let administrator = Administrator::new();
    administrator
        .types("init --data ~/data --county ~/county.json --address 127.0.0.1:8443 --recovery-key ~/data/keys/r.txt")
        .failed_with(&["must not lie on the server"]);
    assert!(!administrator.path("data").exists());
    administrator.inits("data").succeeded();
    administrator.inits("second").failed_with(&["never overwritten"]);
}

#[test]
fn an_address_that_no_tablet_could_call_is_refused_before_there_is_a_county() {
    let administrator = Administrator::new();
    for address in
        ["jiafang.example.cn", "jiafang.example.cn:0", ":8443", "https://jiafang.example.cn:8443", "1.2.3:80"]
    {
        administrator
            .types(&format!(
                "init --data ~/data --county ~/county.json --address {address} --recovery-key ~/recovery.txt"
            ))
            .failed_with(&["host:port"]);
    }
    assert!(!administrator.path("data").exists());
    administrator
        .types("init --data ~/data --county ~/county.json --address [::1]:8443 --recovery-key ~/recovery.txt")
        .succeeded();
}

#[test]
fn an_own_certificate_must_go_with_its_key() {
    let administrator = Administrator::new();
    let environment = Environment::of_this_machine();
    let (one, other) =
        (Identity::create("one", &environment).unwrap(), Identity::create("other", &environment).unwrap());
    for (name, text) in [
        ("one.crt", &one.server_certificate_pem),
        ("one.key", &one.server_key_pem),
        ("other.key", &other.server_key_pem),
    ] {
        jiafang_core::files::write_atomically(&administrator.path(name), text.as_bytes()).unwrap();
    }
    let line = "init --data ~/data --county ~/county.json --address 127.0.0.1:8443 --recovery-key ~/recovery.txt \
                --tls-certificate ~/one.crt --tls-key ~/";
    administrator.types(&format!("{line}other.key")).failed_with(&["--tls-certificate and --tls-key"]);
    administrator.types(&format!("{line}county.json")).failed_with(&["--tls-certificate and --tls-key"]);
    administrator.types(&format!("{line}one.key")).succeeded();
    let made = Identity::read(&administrator.path("data")).unwrap();
    assert_eq!(made.fingerprint().unwrap(), one.fingerprint().unwrap());
}

#[test]
fn an_invitation_is_a_code_for_the_screen_the_paper_and_the_ear() {
    let administrator = Administrator::with_county();
    let said = administrator
        .types("invite --data ~/data --role class_teacher --scope place:999999101001 --name 李老师 --png ~/李老师.png");
    let out = said.succeeded();
    let code = code_in(&out);
    assert_eq!(code.address(), "127.0.0.1:8443");
    assert_eq!(code.fingerprint(), Identity::read(&administrator.path("data")).unwrap().fingerprint().unwrap());
    assert!(out.contains('█') || out.contains('▀'), "a QR to be scanned from the screen");
    assert!(out.contains("14 days"), "{out}");
    let picture = std::fs::read(administrator.path("李老师.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn a_slip_in_an_invitation_is_named() {
    let administrator = Administrator::with_county();
    let line = "invite --data ~/data --name 李老师";
    administrator.types(&format!("{line} --role teacher --scope place:999999101001")).failed_with(&["class_teacher"]);
    administrator.types(&format!("{line} --role class_teacher --scope 云岭村")).failed_with(&["place:CODE"]);
    administrator
        .types(&format!("{line} --role class_teacher --scope place:999999101002"))
        .failed_with(&["place:999999101002", "no such place"]);
    administrator
        .types(&format!("{line} --role class_teacher --scope class:9999990009/P2024/1"))
        .failed_with(&["no such place or school"]);
    administrator
        .types(&format!("{line} --role class_teacher --scope place:999999101001 --person 1"))
        .failed_with(&["--person", "`people` lists"]);
    let nobody = "00000000-0000-4000-8000-000000000000";
    administrator
        .types(&format!("{line} --role class_teacher --scope place:999999101001 --person {nobody}"))
        .failed_with(&["nobody has that id"]);
    administrator.types("people --data ~/data").succeeded();
    assert_eq!(administrator.types("people --data ~/data").succeeded(), "", "nobody was written down");
}

#[test]
fn a_colleague_gets_another_tablet_and_stays_one_person() {
    let administrator = Administrator::with_county();
    administrator.invites().succeeded();
    let people = administrator.types("people --data ~/data").succeeded();
    let id = people.trim().rsplit("person ").next().unwrap().to_owned();
    administrator
        .types(&format!(
            "invite --data ~/data --role township_officer --scope place:999999101 --name 李老师 --person {id}"
        ))
        .succeeded();
    let people = administrator.types("people --data ~/data").succeeded();
    assert_eq!(people.trim(), format!("李老师\ttownship_officer\tplace:999999101\tperson {id}"));
}

#[test]
fn people_are_invited_and_the_county_is_backed_up_while_it_is_served() {
    let administrator = Administrator::with_county();
    let serving = administrator.serves();
    administrator.invites().succeeded();
    let out = administrator.types("backup --data ~/data --to ~/backup").succeeded();
    assert!(out.contains("1 records") && out.contains("checked"), "{out}");
    assert_eq!(
        administrator.types("people --data ~/backup").succeeded(),
        administrator.types("people --data ~/data").succeeded(),
        "a backup is a data folder"
    );
    administrator
        .types(&format!("serve --data ~/data --listen {}", serving.address))
        .failed_with(&["cannot listen there", "--listen"]);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_stops_in_order() {
    let administrator = Administrator::with_county();
    let mut serving = administrator.serves();
    let told = Command::new("kill").args(["-TERM", &serving.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(serving.child.wait().unwrap().success());
    assert!(!administrator.path("data/county.db-wal").exists(), "the store was closed");
}

#[test]
fn a_folder_that_is_none_and_one_of_a_newer_version_are_named() {
    let administrator = Administrator::with_county();
    for line in ["serve", "people", "quarantine list", "ledger", "backup --to ~/b"] {
        administrator.types(&format!("{line} --data ~/nothing")).failed_with(&["could not be opened", "--data"]);
    }
    let store = Store::open(&administrator.path("data")).unwrap();
    store
        .transact(|tx| {
            tx.pragma_update(None, "user_version", 1_000).unwrap();
            Ok(())
        })
        .unwrap();
    drop(store);
    administrator.types("serve --data ~/data").failed_with(&["newer version", "nothing was changed"]);
}

#[test]
fn a_key_file_that_is_gone_is_named() {
    let administrator = Administrator::with_county();
    std::fs::remove_file(administrator.path("data/keys/county.key")).unwrap();
    administrator.types("serve --data ~/data").failed_with(&["county.key", "Restore the last backup"]);
    administrator.invites().failed_with(&["county.key"]);
}

#[test]
fn a_device_that_is_not_there_cannot_be_shut_out() {
    let administrator = Administrator::with_county();
    administrator.types("revoke --data ~/data --certificate 李老师").failed_with(&["`people` lists them"]);
    administrator
        .types("revoke --data ~/data --certificate 00000000-0000-4000-8000-000000000000")
        .failed_with(&["no such device"]);
}

#[test]
fn two_people_on_the_telephone_compare_the_same_twelve_digits_before_a_forgotten_pin_is_answered() {
    let administrator = Administrator::with_county();
    let recovery = std::fs::read_to_string(administrator.path("recovery.txt")).unwrap();
    let public = RecoverySecretKey::from_text(recovery.trim()).unwrap().public();
    let environment = Environment::of_this_machine();
    std::fs::create_dir(administrator.path("tablet")).unwrap();
    let tablet = KeyFile::in_folder(&administrator.path("tablet")).with_cost(Argon2Cost::for_tests());
    let key = tablet.create("739524", &public, &environment).unwrap();
    let request = tablet.recovery_request(&environment).unwrap();

    let line = format!("recover --recovery-key ~/recovery.txt {}", request.to_text());
    let said = administrator.types(&line).succeeded();
    let spoken = request.spoken_code();
    assert_eq!(spoken.chars().filter(char::is_ascii_digit).count(), 12);
    assert!(said.contains(&format!("It must be {spoken}.")), "{said}");
    let answer = said.lines().find(|line| line.starts_with("JFRA1.")).expect("an answer after the digits");
    assert_eq!(tablet.recover(answer, "112358", &environment).unwrap().as_bytes(), key.as_bytes());
}

#[test]
fn a_recovery_request_that_was_mistyped_is_named() {
    let administrator = Administrator::with_county();
    administrator.types("recover --recovery-key ~/recovery.txt ABCD-EFGH").failed_with(&["mistyped"]);
    administrator.types("recover --recovery-key ~/county.json ABCD").failed_with(&["holds no recovery key"]);
}

#[test]
fn nothing_waits_and_no_child_is_there_at_first() {
    let administrator = Administrator::with_county();
    assert_eq!(administrator.types("quarantine list --data ~/data").succeeded(), "Nothing waits.\n");
    assert_eq!(administrator.types("ledger --data ~/data").succeeded().lines().count(), 1, "the headers");
}
