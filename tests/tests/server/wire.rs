//! The server spoken to without our client: with no certificate, with bytes that are nothing, with paths that
//! are not there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::body;
use jiafang_core::protocol::photo::{PhotoFile, PhotoHeard, PhotoOffer};
use jiafang_core::protocol::refusal::{Refusal, RefusalCode};
use jiafang_core::sync::link::LinkFailure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

use crate::county::{County, YUNLING};
use crate::device::{Device, refusal};

/// Trusts whoever answers: these tests send nothing that matters.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

struct Spoken {
    status: u16,
    body: Vec<u8>,
}

impl Spoken {
    fn refusal(&self) -> RefusalCode {
        let refusal: Refusal = minicbor::decode(&self.body).expect("every refusal is a refusal of the protocol");
        refusal.code
    }
}

fn connected(county: &County, device: Option<&Device>) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody));
    let config = match device {
        None => builder.with_no_client_auth(),
        Some(device) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from(device.certificate_der.clone())],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(device.signer.to_pkcs8_der().unwrap().to_vec())),
            )
            .unwrap(),
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(county.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(connection, stream)
}

/// Sends one request of HTTP/1.1 and reads the answer.
fn says(county: &County, device: Option<&Device>, request_line: &str, headers: &str, sent: &[u8]) -> Spoken {
    let mut stream = connected(county, device);
    let head = format!("{request_line} HTTP/1.1\r\nHost: county\r\nConnection: close\r\n{headers}\r\n");
    // A server that has refused need not read the rest.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent)).and_then(|()| stream.flush());
    let mut answer = Vec::new();
    if let Err(cause) = stream.read_to_end(&mut answer) {
        assert!(!answer.is_empty(), "no answer: {cause}");
    }
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer of HTTP");
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    Spoken { status, body: answer[end + 4..].to_vec() }
}

fn posts(county: &County, device: Option<&Device>, path: &str, sent: &[u8]) -> Spoken {
    says(county, device, &format!("POST {path}"), &format!("Content-Length: {}\r\n", sent.len()), sent)
}

#[test]
fn without_a_certificate_there_is_nothing_but_enrolment() {
    let county = County::served();
    for (request_line, headers) in [
        ("POST /v1/sync", "Content-Length: 3\r\n"),
        ("GET /v1/photo/00", ""),
        ("PUT /v1/photo/00?offset=0", "Content-Length: 3\r\n"),
        ("GET /", ""),
    ] {
        let spoken = says(&county, None, request_line, headers, b"abc");
        assert_eq!((spoken.status, spoken.refusal()), (401, RefusalCode::CertificateRefused), "{request_line}");
    }
    let spoken = posts(&county, None, "/v1/enrol", b"abc");
    assert_eq!((spoken.status, spoken.refusal()), (400, RefusalCode::Malformed));
}

#[test]
fn who_may_not_speak_is_refused_before_sending_megabytes() {
    let county = County::served();
    // The rest of the body never comes: an answer that waited for it would not come either.
    let spoken = says(&county, None, "POST /v1/sync", "Content-Length: 4000000\r\n", b"abc");
    assert_eq!(spoken.refusal(), RefusalCode::CertificateRefused);
}

#[test]
fn bytes_that_are_no_request_are_refused_in_words() {
    let county = County::served();
    let device = Device::of_teacher(&county, "李老师", YUNLING);
    let not_ours = zstd::bulk::compress(b"\x9f\x9f\x9f", 1).unwrap();
    let bomb = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 1).unwrap();
    for sent in [b"".as_slice(), b"abc", &not_ours, &bomb] {
        let spoken = posts(&county, Some(&device), "/v1/sync", sent);
        assert_eq!((spoken.status, spoken.refusal()), (400, RefusalCode::Malformed));
        let spoken = posts(&county, None, "/v1/enrol", sent);
        assert_eq!((spoken.status, spoken.refusal()), (400, RefusalCode::Malformed));
    }
}

#[test]
fn a_request_that_is_too_large_is_refused_in_words() {
    let county = County::served();
    let device = Device::of_teacher(&county, "李老师", YUNLING);
    let spoken = posts(&county, Some(&device), "/v1/sync", &vec![0; 4 * 1024 * 1024 + 1]);
    assert_eq!((spoken.status, spoken.refusal()), (413, RefusalCode::TooLarge));
    let spoken = posts(&county, None, "/v1/enrol", &vec![0; 5_000]);
    assert_eq!((spoken.status, spoken.refusal()), (413, RefusalCode::TooLarge), "nobody needs that to enrol");
}

#[test]
fn a_path_that_is_not_there_and_a_verb_that_is_not_meant_are_refused_in_words() {
    let county = County::served();
    let device = Device::of_teacher(&county, "李老师", YUNLING);
    for request_line in [
        "GET /",
        "GET /v1/sync",
        "DELETE /v1/photo/00",
        "GET /v1/photo/zz",
        "PUT /v1/photo/00",
        "PUT /v1/photo/00?offset=-1",
        "GET /v2/sync",
    ] {
        let spoken = says(&county, Some(&device), request_line, "", b"");
        assert_eq!((spoken.status, spoken.refusal()), (400, RefusalCode::Malformed), "{request_line}");
    }
}

#[test]
fn an_app_of_another_version_is_told_so() {
    let county = County::served();
    let mut device = Device::of_teacher(&county, "李老师", YUNLING);
    let mut request = device.request(&[]);
    request.version = 2;
    assert_eq!(refusal(device.asks(&request)), RefusalCode::VersionNotSpoken);
}

#[test]
fn tables_of_a_push_that_do_not_fit_together_are_refused_and_nothing_is_taken_in() {
    let county = County::served();
    let mut device = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = device.opens(YUNLING);
    let visit = device.writes(&mut dossier, "一组");
    let good = device.request(&[visit]);
    let mut without_signature = good.clone();
    without_signature.push.as_mut().unwrap().signatures.clear();
    let mut without_document = good.clone();
    without_document.push.as_mut().unwrap().documents.clear();
    let mut counted_to_the_end = good;
    counted_to_the_end.push.as_mut().unwrap().first_counter = u64::MAX;
    for request in [without_signature, without_document, counted_to_the_end] {
        assert_eq!(refusal(device.asks(&request)), RefusalCode::Malformed);
    }
    assert_eq!(county.log_length(), 1);
}

#[test]
fn a_request_cut_anywhere_is_refused_and_takes_nothing_in() {
    let county = County::served();
    let mut device = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = device.opens(YUNLING);
    let visit = device.writes(&mut dossier, "一组");
    let whole = body::cbor(&device.request(&[visit]));
    for length in (0..whole.len()).step_by(7) {
        let cut = zstd::bulk::compress(&whole[..length], 1).unwrap();
        match device.link().exchange(cut) {
            Err(LinkFailure::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::Malformed, "{length} bytes"),
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    assert_eq!(county.log_length(), 1);
}

#[test]
fn of_a_photo_whose_line_breaks_in_the_middle_all_is_kept_that_had_come_and_is_told_while_it_comes() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes: Vec<u8> = (0..25_000_u32).flat_map(u32::to_le_bytes).collect();
    let hash = Hash32::of(&bytes);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.offers = vec![PhotoOffer { hash, document: dossier.id, file: PhotoFile::Photo, bytes_total: 100_000 }];
    teacher.syncs(&[visit]);

    let mut stream = connected(&county, Some(&teacher));
    let head = format!("POST /v1/photo/{hash}?offset=0 HTTP/1.1\r\nHost: county\r\nContent-Length: 100000\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes[..30_000])).unwrap();
    stream.flush().unwrap();
    let told = body::cbor(&PhotoHeard::Held { offset: 30_000, complete: false, head: None });
    let mut answer = Vec::new();
    while !answer.windows(told.len()).any(|window| window == told) {
        let mut piece = [0; 1_024];
        let read = stream.read(&mut piece).expect("it is told while the body is not at its end");
        assert!(read > 0, "the answer goes on");
        answer.extend_from_slice(&piece[..read]);
    }
    drop(stream);
    assert_eq!(teacher.syncs(&[]).photo_offsets[0].offset, 30_000);

    // One part, as a client that does not read while it writes sends it.
    let part = &bytes[30_000..40_000];
    let length = format!("Content-Length: {}\r\n", part.len());
    let put = says(&county, Some(&teacher), &format!("PUT /v1/photo/{hash}?offset=30000"), &length, part);
    assert_eq!(put.status, 200);
    assert_eq!(teacher.syncs(&[]).photo_offsets[0].offset, 40_000);
    assert!(teacher.sends_photo(hash, 40_000, &bytes[40_000..]).unwrap().complete);
}
