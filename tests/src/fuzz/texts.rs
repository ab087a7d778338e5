//! What people type, scan and hand over: enrolment codes, recovery requests, keys, and the county's file.

use std::sync::OnceLock;

use data_encoding::Encoding;
use jiafang_core::domain::county::County;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::recovery::{RecoveryRequest, answer_recovery};
use jiafang_core::vault::recovery_key::{RecoveryPublicKey, RecoverySecretKey};

use crate::fiction::{Fiction, Size};
use crate::kit::field_clock::{FieldClock, environment};

const PREFIXES: [&str; 4] = ["JF1-", "JFRQ1.", "JFRA1.", "JFRS1."];

/// A text as it was typed; or, after a byte below 4, the content of one, with its checksum made right.
pub(super) fn typed_text(bytes: &[u8]) {
    match bytes.split_first() {
        Some((kind, content)) if usize::from(*kind) < PREFIXES.len() => reads(&with_checksum(*kind, content)),
        _ => reads(&String::from_utf8_lossy(bytes)),
    }
}

fn reads(text: &str) {
    if let Ok(code) = EnrolmentCode::from_text(text) {
        let again = EnrolmentCode::from_text(&code.to_text()).expect("what we write, we read");
        assert_eq!(again, code);
        assert!(EnrolmentCode::new(code.address(), code.fingerprint(), *code.token()).is_ok(), "an address like any");
    }
    if let Ok(request) = RecoveryRequest::from_text(text) {
        assert_eq!(RecoveryRequest::from_text(&request.to_text()).expect("what we write, we read"), request);
        assert_eq!(request.spoken_code().len(), 14);
        let environment = environment(&FieldClock::new(), 1);
        assert!(answer_recovery(secret(), text, &environment).is_err(), "nobody here has sealed anything");
    }
    if let Some(key) = RecoveryPublicKey::from_text(text) {
        assert_eq!(RecoveryPublicKey::from_text(&key.to_text()), Some(key));
    }
    let _ = RecoverySecretKey::from_text(text);
}

fn secret() -> &'static RecoverySecretKey {
    static SECRET: OnceLock<RecoverySecretKey> = OnceLock::new();
    SECRET.get_or_init(|| {
        let pair = jiafang_core::vault::recovery_key::RecoveryKeyPair::generate(&environment(&FieldClock::new(), 2));
        pair.secret
    })
}

fn with_checksum(kind: u8, content: &[u8]) -> String {
    let prefix = PREFIXES[usize::from(kind)];
    let sum = Hash32::of(&[b"jiafang/v1/typed-text\0", prefix.as_bytes(), b"\0", content].concat());
    let crockford: Encoding = {
        let mut specification = data_encoding::Specification::new();
        specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
        specification.encoding().expect("an alphabet")
    };
    format!("{prefix}{}", crockford.encode(&[content, &sum.0[..4]].concat()))
}

pub(super) fn typed_texts() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for address in ["127.0.0.1:8443", "[::1]:8443", "jiafang.example.cn:8443"] {
        let code = EnrolmentCode::new(address, Hash32([0xF1; 32]), [0x70; 16]).expect("a code");
        texts.push(code.to_text().into_bytes());
    }
    let token_and_fingerprint = [[0x70; 16].as_slice(), &[0xF1; 32]].concat();
    texts.push([&[0], token_and_fingerprint.as_slice(), &[4, 0x20, 0xFB, 127, 0, 0, 1]].concat());
    texts.push([&[0], token_and_fingerprint.as_slice(), &[0, 0x20, 0xFB], b"jiafang.example.cn"].concat());
    texts.push([vec![1], vec![0x42; 112]].concat());
    texts.push([vec![2], vec![0x42; 80]].concat());
    let pair = jiafang_core::vault::recovery_key::RecoveryKeyPair::generate(&environment(&FieldClock::new(), 2));
    texts.push(pair.public.to_text().into_bytes());
    texts.push(pair.secret.to_text().as_bytes().to_vec());
    texts
}

pub(super) fn county_file(bytes: &[u8]) {
    let Ok(county) = serde_json::from_slice::<County>(bytes) else { return };
    let mistakes = county.mistakes();
    let again = serde_json::to_vec(&county).expect("a county as JSON");
    assert_eq!(serde_json::from_slice::<County>(&again).expect("what we write, we read"), county);
    assert_eq!(county.mistakes(), mistakes);
}

pub(super) fn county_files() -> Vec<Vec<u8>> {
    let mut county = Fiction::new(1).county(Size::Township);
    county.places.truncate(4);
    county.schools.truncate(1);
    for school in &mut county.schools {
        school.classes.truncate(2);
    }
    vec![serde_json::to_vec(&county).expect("a county as JSON")]
}
