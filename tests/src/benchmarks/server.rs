//! Figures of the server with a whole county in its store.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use jiafang_core::api::commands::Commands;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::county::County;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::doc::{self, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, Hash32};
use jiafang_core::domain::place::{Leaves, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_server::identity::Identity;
use jiafang_sync_server::serve::Server;
use jiafang_sync_server::store::{log, register};

use super::{Figure, load, percentile, times_ms};
use crate::fiction::{Fiction, FictionalChild, Size};
use crate::kit::Township;

/// How large the county is that the server is measured with.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Children.
    pub dossiers: usize,
    /// Changes in all.
    pub changes: usize,
    /// Devices that all sync.
    pub devices: usize,
    /// Within so many seconds.
    pub span_seconds: u64,
}

impl Extent {
    /// A county: 80,000 children with some 24 visits each, and 3,000 teachers. They sync within a minute and not within five,
    /// so that the bench is done sooner; that is five times as hard.
    pub const COUNTY: Self = Self { dossiers: 80_000, changes: 2_000_000, devices: 3_000, span_seconds: 60 };
    /// To see whether it works.
    pub const SMALL: Self = Self { dossiers: 500, changes: 2_000, devices: 100, span_seconds: 3 };
}

/// Memory, idle syncs, pushes and a rush of a server with a whole county.
#[must_use]
pub fn of_a_county(extent: Extent) -> Vec<Figure> {
    let mut township = Township::new(1);
    let village = township.village(0);
    let teacher = township.teacher("李老师", Scope::Place(village.clone()));
    let fiction = Fiction::new(1);
    let county = fiction.county(Size::County);
    let each = (extent.changes / extent.dossiers).max(1);
    fill(&township, &county, &fiction.children(&county, extent.dossiers), each);
    township.server_stops();
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .arg("--serve")
        .arg(township.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server");
    let mut ready = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    out.read_line(&mut ready).expect("a line");
    // The device looks over the whole log once; from then on it is idle.
    for _ in 0..4 {
        teacher.syncs();
    }
    let times = times_ms(300, || {
        let status = teacher.syncs();
        assert!(status.failure.is_none());
    });
    let pushed = load::durable_changes(&township.data(), &village);
    let span = std::time::Duration::from_secs(extent.span_seconds);
    let rush = load::all_sync_within(&township.data(), &village, extent.devices, span);
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned();
    drop(child.stdin.take());
    let _ = child.wait();
    let _ = teacher.app().sync_status(Nothing {});
    let size = format!("server, {} dossiers and {} changes in SQLite", extent.dossiers, extent.changes);
    vec![
        Figure::new(
            &format!("{size}: memory"),
            "256 MB",
            format!("{peak} (peak)"),
            "after all that stands below; automerge-repo's server keeps documents in memory: 61 KB each, 4.9 GB for 80,000",
        ),
        Figure::new(
            &format!("{size}: idle sync, 99th percentile"),
            "10 ms",
            format!("{:.1} ms (median {:.1})", percentile(&times, 0.99), percentile(&times, 0.5)),
            "whole sync as the device sees it, TLS and its own store included",
        ),
        pushed,
        rush,
    ]
}

/// Writes a county's dossiers into the log, so many envelopes each, the first as a clerk of the county has brought it in.
pub(super) fn fill(township: &Township, county: &County, children: &[FictionalChild], changes_each: usize) {
    let (store, identity) = (township.store(), Identity::read(&township.data()).expect("the county's keys"));
    let environment = Environment::of_this_machine();
    let signer = DeviceSigner::new(&environment);
    let certificate = CertificateId::from_bytes([9; 16]);
    let actor: [u8; 16] = environment.random_bytes();
    let now = environment.now();
    let person = environment.new_person_id();
    let scopes = vec![Scope::Place(county.county.code.clone())];
    let facts = [
        RegisterFact::Person { person, name: "赵敏".to_owned(), role: Role::CountySection, scopes },
        RegisterFact::Certificate { certificate, person, public_key: signer.public_key() },
    ];
    store
        .transact(|tx| facts.into_iter().try_for_each(|fact| register::write(tx, fact, &identity.county, now)))
        .expect("the register");
    let mut counter = 0_u64;
    let mut previous = Hash32::ZERO;
    for batch in children.chunks(5_000) {
        store
            .transact(|tx| {
                let mut end = log::head(tx)?;
                for child in batch {
                    let leaves = Leaves { village: Some(child.village.clone()), class: child.class.clone() };
                    let mut document = doc::empty(DocumentKind::Dossier)?;
                    let change = doc::commit(&mut document, &actor, now, |write| {
                        dossier_write::open(write, &leaves, true)?;
                        dossier_write::set_field(write, "profile.name", &child.name)?;
                        dossier_write::set_field(write, "profile.birth_date", &child.birth_date.to_string())
                    })?
                    .expect("a change");
                    let id = environment.new_document_id();
                    let later = (1..changes_each).map(|number| {
                        let text = format!("第{number}次家访,{}", "奶".repeat(60));
                        doc::commit(&mut document, &actor, now, |write| {
                            dossier_write::set_field(write, "household.address", &text)
                        })
                    });
                    let later = later.collect::<jiafang_core::error::Result<Vec<_>>>()?;
                    for change in std::iter::once(change).chain(later.into_iter().flatten()) {
                        counter += 1;
                        let body = EnvelopeBody {
                            document: id,
                            kind: DocumentKind::Dossier,
                            leaves: leaves.clone(),
                            change: change.raw_bytes().to_vec(),
                            counter,
                            previous,
                            certificate,
                            register_head: 1,
                            cursor_seq: 0,
                        };
                        let envelope = Envelope::sign(body, &signer);
                        previous = envelope.hash();
                        end = log::append(tx, &envelope, &change, end, now)?;
                    }
                }
                Ok(())
            })
            .expect("the log");
    }
}

/// Serves a data folder until the standard input ends: the bench's own server process.
pub fn serve_until_input_ends(data: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::open(data, Environment::of_this_machine()).expect("the county");
        let address = {
            let county = server.store.read(register::county).expect("the county");
            county.address.parse().expect("an address")
        };
        let running = server.start(address).await.expect("the server");
        let _ = writeln!(std::io::stdout(), "ready");
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let _ = ended.await;
        running.stop().await;
    });
}
