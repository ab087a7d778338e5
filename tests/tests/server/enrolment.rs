//! Codes, certificates, and who is let in.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::role::Role;
use jiafang_core::protocol::enrol::EnrolRequest;
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::sync::link::{Connector, DeviceIdentity, LinkFailure};
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_client::HttpsConnector;
use jiafang_sync_server::store::register;

use crate::county::{County, YUNLING};
use crate::device::{Device, enrol, refusal};

#[test]
fn a_code_enrols_a_device_which_may_then_sync_and_knows_its_county() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let signer = DeviceSigner::new(&county.environment);
    let answer = enrol(&county, &code, &signer).unwrap();
    assert_eq!((answer.person_name.as_str(), answer.role), ("李老师", Role::ClassTeacher));
    assert_eq!(answer.county_name, "云岭县");

    let mut device = Device::of_teacher(&county, "王老师", YUNLING);
    let answer = device.syncs(&[]);
    assert!(answer.rights.is_none(), "it knows its rights from the enrolment");
    let register: Vec<_> = answer.register.iter().map(|entry| &entry.body.fact).collect();
    assert!(matches!(register[0], RegisterFact::County { name, .. } if name == "云岭县"));
    assert!(register.iter().any(|fact| matches!(fact,
        RegisterFact::Certificate { certificate, .. } if *certificate == device.certificate)));
}

#[test]
fn a_register_is_a_signed_chain_from_its_first_entry_on() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let county_key = enrol(&county, &code, &DeviceSigner::new(&county.environment)).unwrap().county_key;
    let mut device = Device::of_teacher(&county, "王老师", YUNLING);
    let (mut seq, mut hash) = (0, Hash32::ZERO);
    for entry in device.syncs(&[]).register {
        assert!(entry.follows(seq, hash, &county_key), "entry {}", entry.body.seq);
        (seq, hash) = (entry.body.seq, entry.hash());
    }
    assert_eq!(seq, 5, "the county, two people, two devices");
}

#[test]
fn a_used_code_enrols_nobody_else() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    enrol(&county, &code, &DeviceSigner::new(&county.environment)).unwrap();
    let second = enrol(&county, &code, &DeviceSigner::new(&county.environment));
    assert_eq!(refusal(second), RefusalCode::TokenUsed);
}

#[test]
fn a_device_that_lost_the_answer_to_its_enrolment_asks_again_and_gets_the_same_certificate() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let signer = DeviceSigner::new(&county.environment);
    let lost = enrol(&county, &code, &signer).unwrap();
    let again = enrol(&county, &code, &signer).unwrap();
    assert_eq!(again.certificate, lost.certificate);
    assert_eq!(again.person, lost.person);
}

#[test]
fn a_connection_that_breaks_at_the_worst_moment_of_an_enrolment_costs_no_code() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let devices = || {
        let people = county.store().read(register::people).unwrap();
        people.iter().map(|person| person.certificates.len()).sum::<usize>()
    };
    let before = devices();
    let gate = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gate.local_addr().unwrap();
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            // The first connection: all goes to the server, and nothing comes back after the handshake.
            let (mut device, _) = gate.accept().unwrap();
            let mut server = TcpStream::connect(county.address()).unwrap();
            let mut flight = vec![0; 64 * 1024];
            let length = device.read(&mut flight).unwrap();
            server.write_all(&flight[..length]).unwrap();
            let mut back = (device.try_clone().unwrap(), server.try_clone().unwrap());
            let handshake = scope.spawn(move || {
                let length = back.1.read(&mut flight).unwrap();
                back.0.write_all(&flight[..length]).unwrap();
            });
            handshake.join().unwrap();
            device.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            while devices() == before {
                let mut flight = vec![0; 64 * 1024];
                if let Ok(length) = device.read(&mut flight) {
                    server.write_all(&flight[..length]).unwrap();
                }
            }
            drop((device, server));
            // The second one stands.
            let (device, _) = gate.accept().unwrap();
            let server = TcpStream::connect(county.address()).unwrap();
            let (mut from_device, mut to_server) = (device.try_clone().unwrap(), server.try_clone().unwrap());
            scope.spawn(move || {
                let _ = std::io::copy(&mut from_device, &mut to_server);
                let _ = to_server.shutdown(std::net::Shutdown::Both);
            });
            let (mut from_server, mut to_device) = (server, device);
            let _ = std::io::copy(&mut from_server, &mut to_device);
        });
        let request = EnrolRequest::new(*code.token(), &DeviceSigner::new(&county.environment));
        HttpsConnector.enrol(&address.to_string(), code.fingerprint(), &request)
    });
    assert_eq!(answer.unwrap().person_name, "李老师");
    assert_eq!(devices(), before + 1);
}

#[test]
fn a_code_that_was_never_given_out_is_unknown() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let mut token = *code.token();
    token[0] ^= 1;
    let request = EnrolRequest::new(token, &DeviceSigner::new(&county.environment));
    let answer = HttpsConnector.enrol(&county.address().to_string(), code.fingerprint(), &request);
    assert_eq!(refusal(answer), RefusalCode::TokenUnknown);
}

#[test]
fn a_code_works_on_its_last_day_and_not_after() {
    let county = County::served();
    let in_time = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let late = county.invites("王老师", Role::ClassTeacher, "place:999999101001");
    county.days_pass(14);
    enrol(&county, &in_time, &DeviceSigner::new(&county.environment)).unwrap();
    county.days_pass(1);
    assert_eq!(refusal(enrol(&county, &late, &DeviceSigner::new(&county.environment))), RefusalCode::TokenExpired);
}

#[test]
fn a_key_that_the_device_does_not_hold_is_not_enrolled() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let mut request = EnrolRequest::new(*code.token(), &DeviceSigner::new(&county.environment));
    request.public_key = DeviceSigner::new(&county.environment).public_key();
    let answer = HttpsConnector.enrol(&county.address().to_string(), code.fingerprint(), &request);
    assert_eq!(refusal(answer), RefusalCode::Malformed);
    enrol(&county, &code, &DeviceSigner::new(&county.environment)).expect("the code is still good");
}

#[test]
fn a_server_with_another_key_is_told_nothing() {
    let county = County::served();
    let code = county.invites("李老师", Role::ClassTeacher, "place:999999101001");
    let request = EnrolRequest::new(*code.token(), &DeviceSigner::new(&county.environment));
    let address = county.address().to_string();
    let answer = HttpsConnector.enrol(&address, Hash32::of(b"another key"), &request);
    assert!(matches!(answer, Err(LinkFailure::NotTrusted)), "{answer:?}");

    let device = Device::of_teacher(&county, "王老师", YUNLING);
    let mut link = HttpsConnector
        .connect(DeviceIdentity {
            address,
            fingerprint: Hash32::of(b"another key"),
            certificate_der: device.certificate_der.clone(),
            key_pkcs8_der: device.signer.to_pkcs8_der().unwrap().to_vec(),
        })
        .unwrap();
    let answer = link.exchange(Vec::new());
    assert!(matches!(answer, Err(LinkFailure::NotTrusted)), "{answer:?}");
}

#[test]
fn a_server_that_is_gone_is_unreachable() {
    let mut county = County::served();
    let mut device = Device::of_teacher(&county, "王老师", YUNLING);
    device.syncs(&[]);
    county.stops();
    let request = device.request(&[]);
    assert!(matches!(device.asks(&request), Err(LinkFailure::Unreachable(_))));
}

#[test]
fn a_lost_tablet_is_shut_out_at_once_even_on_a_connection_that_stands() {
    let county = County::served();
    let mut tablet = Device::of_teacher(&county, "李老师", YUNLING);
    let mut colleague = Device::of_teacher(&county, "王老师", YUNLING);
    tablet.syncs(&[]);
    county.registers(RegisterFact::Revoked { certificate: tablet.certificate });
    let request = tablet.request(&[]);
    assert_eq!(refusal(tablet.asks(&request)), RefusalCode::CertificateRefused);
    colleague.syncs(&[]);
}

#[test]
fn a_certificate_of_another_county_does_not_get_in() {
    let county = County::served();
    let other = County::served();
    let mut stranger = Device::of_teacher(&other, "赵老师", YUNLING);
    let mut link = HttpsConnector
        .connect(DeviceIdentity {
            address: county.address().to_string(),
            fingerprint: county.fingerprint(),
            certificate_der: stranger.certificate_der.clone(),
            key_pkcs8_der: stranger.signer.to_pkcs8_der().unwrap().to_vec(),
        })
        .unwrap();
    assert!(link.exchange(Vec::new()).is_err());
    stranger.syncs(&[]);
}
