//! Devices without an app: they speak the protocol over real connections with certificates of their own, as many as a
//! county has.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiafang_core::domain::doc::{self, DocumentKind, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, Hash32, PersonId};
use jiafang_core::domain::place::{Leaves, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::body;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::protocol::sync::{Push, Receipt, Rights, SyncRequest};
use jiafang_core::sync::link::{Connector, DeviceIdentity, Link};
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_client::HttpsConnector;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::store::{Store, log, register};

use super::{Figure, percentile};

/// A device that pushes new dossiers, each in a change of its own, and pulls nothing.
pub(super) struct BareDevice {
    certificate: CertificateId,
    certificate_der: Vec<u8>,
    signer: DeviceSigner,
    rights: Rights,
    fingerprint: Hash32,
    address: String,
    counter: u64,
    previous: Hash32,
    cursor: Cursor,
    register: (u64, Hash32),
    link: Option<Box<dyn Link>>,
}

/// Enters so many teachers of one village into the register, each with a device.
pub(super) fn devices(data: &Path, count: usize, village: &PlaceCode) -> Vec<BareDevice> {
    let environment = Environment::of_this_machine();
    let (store, identity) = (Store::open(data).expect("the store"), Identity::read(data).expect("the keys"));
    let rights = Rights { role: Role::ClassTeacher, scopes: vec![Scope::Place(village.clone())] };
    let made: Vec<(CertificateId, PersonId, DeviceSigner)> = (0..count)
        .map(|_| (environment.new_certificate_id(), environment.new_person_id(), DeviceSigner::new(&environment)))
        .collect();
    store
        .transact(|tx| {
            for (certificate, person, signer) in &made {
                let scopes = rights.scopes.clone();
                let whom =
                    RegisterFact::Person { person: *person, name: "李老师".to_owned(), role: rights.role, scopes };
                let key = signer.public_key();
                let with = RegisterFact::Certificate { certificate: *certificate, person: *person, public_key: key };
                register::write(tx, whom, &identity.county, environment.now())?;
                register::write(tx, with, &identity.county, environment.now())?;
            }
            Ok(())
        })
        .expect("the register");
    let (register, cursor, address) = store
        .read(|connection| {
            Ok((register::head(connection)?, log::head(connection)?, register::county(connection)?.address))
        })
        .expect("where the county stands");
    made.into_iter()
        .map(|(certificate, _, signer)| BareDevice {
            certificate_der: identity.issue(certificate, &signer.public_key()).expect("a certificate"),
            certificate,
            signer,
            rights: rights.clone(),
            fingerprint: identity.fingerprint().expect("the server's key"),
            address: address.clone(),
            counter: 0,
            previous: Hash32::ZERO,
            cursor,
            register,
            link: None,
        })
        .collect()
}

impl BareDevice {
    /// New dossiers with a visit's text in each, one change each.
    pub(super) fn writes(&mut self, count: usize, environment: &Environment) -> Vec<Envelope> {
        let village = self.rights.scopes.iter().find_map(|scope| match scope {
            Scope::Place(code) => Some(code.clone()),
            Scope::School(_) | Scope::Class(_) => None,
        });
        let leaves = Leaves { village, class: None };
        let actor: [u8; 16] = environment.random_bytes();
        (0..count)
            .map(|number| {
                let mut document = doc::empty(DocumentKind::Dossier).expect("a dossier");
                let change = doc::commit(&mut document, &actor, environment.now(), |write| {
                    dossier_write::open(write, &leaves, false)?;
                    dossier_write::set_field(write, "profile.name", "王小明")?;
                    dossier_write::set_field(write, "household.address", &format!("{number}{}", "奶".repeat(100)))
                });
                let change = change.expect("a commit").expect("a change");
                self.counter += 1;
                let body = EnvelopeBody {
                    document: environment.new_document_id(),
                    kind: DocumentKind::Dossier,
                    leaves: leaves.clone(),
                    change: change.raw_bytes().to_vec(),
                    counter: self.counter,
                    previous: self.previous,
                    certificate: self.certificate,
                    register_head: self.register.0,
                    cursor_seq: self.cursor.seq,
                };
                let envelope = Envelope::sign(body, &self.signer);
                self.previous = envelope.hash();
                envelope
            })
            .collect()
    }

    /// The body of a request that pushes these, asking for as little as can be asked for.
    pub(super) fn request(&self, envelopes: &[Envelope]) -> Vec<u8> {
        // An idle request of version 1: what was added to the protocol since, a device may leave out.
        let idle = include_bytes!("../../fixtures/wire/v1/sync_request_idle.cbor");
        let mut request: SyncRequest = minicbor::decode(idle).expect("a request");
        request.cursor = self.cursor;
        request.rights = self.rights.hash();
        (request.register_head, request.register_hash) = self.register;
        request.push = Push::pack(envelopes).expect("consecutive");
        request.answer_bytes_max = 1_024;
        body::write(&request).expect("a body")
    }

    /// Sends a body over this device's connection, which is made when there is none. How many were stored; `None` when it
    /// was refused or broke.
    pub(super) fn syncs(&mut self, body: Vec<u8>) -> Option<u64> {
        if self.link.is_none() {
            let identity = DeviceIdentity {
                address: self.address.clone(),
                fingerprint: self.fingerprint,
                certificate_der: self.certificate_der.clone(),
                key_pkcs8_der: self.signer.to_pkcs8_der().ok()?.to_vec(),
            };
            self.link = Some(HttpsConnector.connect(identity).ok()?);
        }
        let answer = self.link.as_mut()?.exchange(body).ok()?.answer;
        let stored = answer.receipts.iter().filter(|run| run.receipt == Receipt::Stored).map(|run| run.count);
        Some(stored.sum())
    }
}

/// Writes that are prepared, so that what is measured is the server.
const PUSHES_EACH: usize = 6;
/// Forms of a push: what fits into a window of signal.
const FORMS_OF_A_PUSH: usize = 100;
/// Devices that push at once.
const PUSHING: usize = 8;

/// Durable changes a second: devices push at once, each over its own connection, as fast as they are answered.
pub(super) fn durable_changes(data: &Path, village: &PlaceCode) -> Figure {
    let environment = Environment::of_this_machine();
    let prepared: Vec<(BareDevice, Vec<Vec<u8>>)> = devices(data, PUSHING, village)
        .into_iter()
        .map(|mut device| {
            let bodies = (0..PUSHES_EACH)
                .map(|_| {
                    let envelopes = device.writes(FORMS_OF_A_PUSH, &environment);
                    device.request(&envelopes)
                })
                .collect();
            // The connection stands before the clock runs.
            let idle = device.request(&[]);
            assert_eq!(device.syncs(idle), Some(0), "the device is let in");
            (device, bodies)
        })
        .collect();
    let start = Arc::new(Barrier::new(PUSHING + 1));
    let threads: Vec<_> = prepared
        .into_iter()
        .map(|(mut device, bodies)| {
            let start = Arc::clone(&start);
            std::thread::spawn(move || {
                start.wait();
                bodies.into_iter().map(|body| device.syncs(body).expect("a push is answered")).sum::<u64>()
            })
        })
        .collect();
    start.wait();
    let begun = now();
    let stored: u64 = threads.into_iter().map(|thread| thread.join().expect("a device")).sum();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(stored, u64::try_from(PUSHING * PUSHES_EACH * FORMS_OF_A_PUSH).unwrap_or(0), "all were stored");
    Figure::new(
        "server: durable changes a second",
        "2,000",
        format!("{:.0}", stored as f64 / seconds),
        &format!(
            "{PUSHING} devices push {FORMS_OF_A_PUSH} forms at a time over TLS; each answer after fsync; the devices on the same cores"
        ),
    )
}

/// All devices of a county sync within a span: each connects anew, proves its certificate, pushes one form, and asks once
/// more. How long each took from the moment at which it wanted to begin.
pub(super) fn all_sync_within(data: &Path, village: &PlaceCode, count: usize, span: Duration) -> Figure {
    /// Devices that are under way at once at most; more would be a queue of the bench's own.
    const HANDS: usize = 64;
    let environment = Environment::of_this_machine();
    let mut ready: Vec<(BareDevice, Vec<u8>, Duration)> = devices(data, count, village)
        .into_iter()
        .map(|mut device| {
            let envelopes = device.writes(1, &environment);
            let body = device.request(&envelopes);
            let share = f64::from(u32::from_le_bytes(environment.random_bytes())) / f64::from(u32::MAX);
            (device, body, span.mul_f64(share))
        })
        .collect();
    ready.sort_by_key(|(_, _, at)| *at);
    let ready = Mutex::new(ready.into_iter());
    let begun = now();
    let times = Mutex::new(Vec::new());
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                loop {
                    let next = held(&ready).next();
                    let Some((mut device, push, at)) = next else { break };
                    std::thread::sleep(at.saturating_sub(begun.elapsed()));
                    let stored = device.syncs(push);
                    let idle = device.request(&[]);
                    let heard = device.syncs(idle);
                    if (stored, heard) == (Some(1), Some(0)) {
                        held(&times).push((begun.elapsed().saturating_sub(at)).as_secs_f64());
                    } else {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    times.sort_by(f64::total_cmp);
    Figure::new(
        &format!("{count} devices that all sync within {} s", span.as_secs()),
        "none refused, 99th percentile under 2 s",
        format!(
            "{} refused, 99th {:.2} s (median {:.3}, slowest {:.2})",
            refused.load(Ordering::Relaxed),
            percentile(&times, 0.99),
            percentile(&times, 0.5),
            percentile(&times, 1.0)
        ),
        "a new connection with the device's certificate, a push of one form, an idle sync; devices on the same cores",
    )
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Instant {
    #[allow(clippy::disallowed_methods)] // a benchmark reads the clock
    Instant::now()
}
