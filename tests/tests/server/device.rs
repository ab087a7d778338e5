//! A device that keeps just enough to talk to the server: its key, its counter, its cursor. What it writes are
//! real Automerge changes in real envelopes; what it sends is what it is told to, also what no honest device
//! would send.

use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::doc::{self, dossier_write};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::{Leaves, PlaceCode};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::village_work::{VillageForm, VillageWhat};
use jiafang_core::environment::Environment;
use jiafang_core::protocol::VERSION;
use jiafang_core::protocol::body;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::enrol::{EnrolAnswer, EnrolRequest};
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::photo::{PhotoOffer, PhotoOffset};
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::protocol::sync::{Push, Receipt, SyncAnswer, SyncRequest};
use jiafang_core::sync::link::{Connector, DeviceIdentity, Link, LinkFailure};
use jiafang_core::vault::enrolment_code::EnrolmentCode;
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_client::HttpsConnector;

use crate::county::County;

/// A dossier as its author has it.
#[derive(Clone)]
pub(crate) struct Dossier {
    pub(crate) id: DocumentId,
    pub(crate) kind: DocumentKind,
    pub(crate) leaves: Leaves,
    pub(crate) document: automerge::Automerge,
}

/// A device.
pub(crate) struct Device {
    pub(crate) signer: DeviceSigner,
    pub(crate) certificate: CertificateId,
    pub(crate) person: PersonId,
    pub(crate) certificate_der: Vec<u8>,
    fingerprint: Hash32,
    environment: Environment,
    /// The counter and the hash of its last envelope.
    pub(crate) counter: u64,
    pub(crate) previous: Hash32,
    pub(crate) cursor: Cursor,
    pub(crate) register_head: u64,
    pub(crate) register_hash: Hash32,
    pub(crate) rights: Hash32,
    pub(crate) photo_mark: u64,
    pub(crate) undelivered_from: u64,
    pub(crate) offers: Vec<PhotoOffer>,
    pub(crate) answer_bytes_max: u32,
    /// What it writes under; another one at each start of the app.
    pub(crate) actor: [u8; 16],
    link: Box<dyn Link>,
}

/// Enrols with a code at the server's present address.
pub(crate) fn enrol(county: &County, code: &EnrolmentCode, signer: &DeviceSigner) -> Result<EnrolAnswer, LinkFailure> {
    HttpsConnector.enrol(&county.address().to_string(), code.fingerprint(), &EnrolRequest::new(*code.token(), signer))
}

/// What a server said when it refused.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, LinkFailure>) -> RefusalCode {
    match result {
        Err(LinkFailure::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// A village without a class.
pub(crate) fn village(code: &str) -> Leaves {
    Leaves { village: PlaceCode::parse(code), class: None }
}

impl Device {
    /// Somebody is invited and enrols a device.
    pub(crate) fn of(county: &County, name: &str, role: Role, scope: &str) -> Self {
        Self::enrolled(county, &county.invites(name, role, scope))
    }

    /// A teacher who answers for a village.
    pub(crate) fn of_teacher(county: &County, name: &str, village: &str) -> Self {
        Self::of(county, name, Role::ClassTeacher, &format!("place:{village}"))
    }

    /// Enrols a device with a code.
    pub(crate) fn enrolled(county: &County, code: &EnrolmentCode) -> Self {
        let environment = county.environment.clone();
        let signer = DeviceSigner::new(&environment);
        let answer = enrol(county, code, &signer).unwrap();
        let rights = jiafang_core::protocol::sync::Rights { role: answer.role, scopes: answer.scopes.clone() };
        let mut device = Self {
            certificate: answer.certificate,
            person: answer.person,
            certificate_der: answer.certificate_der,
            fingerprint: code.fingerprint(),
            counter: 0,
            previous: Hash32::ZERO,
            cursor: Cursor::START,
            register_head: 0,
            register_hash: Hash32::ZERO,
            rights: rights.hash(),
            photo_mark: 0,
            undelivered_from: 0,
            offers: Vec::new(),
            answer_bytes_max: 512 * 1024,
            actor: environment.random_bytes(),
            link: Box::new(Nowhere),
            signer,
            environment,
        };
        device.connects(county);
        device
    }

    /// Connects to where the server is now.
    pub(crate) fn connects(&mut self, county: &County) {
        self.link = HttpsConnector
            .connect(DeviceIdentity {
                address: county.address().to_string(),
                fingerprint: self.fingerprint,
                certificate_der: self.certificate_der.clone(),
                key_pkcs8_der: self.signer.to_pkcs8_der().unwrap().to_vec(),
            })
            .unwrap();
    }

    /// The connection.
    pub(crate) fn link(&mut self) -> &mut dyn Link {
        self.link.as_mut()
    }

    /// Sends bytes of a photo; gives what the server said last.
    pub(crate) fn sends_photo(&mut self, hash: Hash32, offset: u64, bytes: &[u8]) -> Result<PhotoOffset, LinkFailure> {
        let mut last = None;
        self.link.send_photo(hash, offset, bytes, &mut |held| {
            last = Some(held);
            true
        })?;
        last.ok_or_else(|| LinkFailure::Unreadable("no word".to_owned()))
    }

    /// Opens a dossier in a village, without writing yet.
    pub(crate) fn opens(&self, village_code: &str) -> Dossier {
        Dossier {
            id: self.environment.new_document_id(),
            kind: DocumentKind::Dossier,
            leaves: village(village_code),
            document: doc::empty(DocumentKind::Dossier).unwrap(),
        }
    }

    /// The document of a village under an id, without writing yet.
    pub(crate) fn opens_place(&self, id: DocumentId, village_code: &str) -> Dossier {
        let document = doc::empty(DocumentKind::Place).unwrap();
        Dossier { id, kind: DocumentKind::Place, leaves: village(village_code), document }
    }

    /// Records of a village how long the way is on foot.
    pub(crate) fn records_road(&mut self, place: &mut Dossier, minutes: u32) -> Envelope {
        let now = self.environment.now();
        let form = VillageForm {
            what: VillageWhat::Road,
            on: now.day(),
            walk_minutes: Some(minutes),
            distance_m: None,
            item: String::new(),
            done: false,
            note: String::new(),
        };
        let key = self.environment.new_entry_id();
        let change = doc::commit(&mut place.document, &self.actor, now, |tx| {
            doc::place::add(tx, key, &form, &std::collections::BTreeSet::new())
        });
        let change = change.unwrap().expect("the form changes something");
        self.wraps(place, change.raw_bytes().to_vec())
    }

    /// Finishes a form: one change in one envelope, signed, the next of this device.
    pub(crate) fn writes(&mut self, dossier: &mut Dossier, address: &str) -> Envelope {
        let now = self.environment.now();
        let change = doc::commit(&mut dossier.document, &self.actor, now, |tx| {
            dossier_write::set_field(tx, "household.address", address)
        });
        let change = change.unwrap().expect("the form changes something");
        self.wraps(dossier, change.raw_bytes().to_vec())
    }

    /// Puts any bytes into the next envelope of this device.
    pub(crate) fn wraps(&mut self, dossier: &Dossier, change: Vec<u8>) -> Envelope {
        let envelope = Envelope::sign(
            EnvelopeBody {
                document: dossier.id,
                kind: dossier.kind,
                leaves: dossier.leaves.clone(),
                change,
                counter: self.counter + 1,
                previous: self.previous,
                certificate: self.certificate,
                register_head: self.register_head,
                cursor_seq: self.cursor.seq,
            },
            &self.signer,
        );
        self.counter += 1;
        self.previous = envelope.hash();
        envelope
    }

    /// The request that it would send now.
    pub(crate) fn request(&self, envelopes: &[Envelope]) -> SyncRequest {
        SyncRequest {
            version: VERSION,
            cursor: self.cursor,
            rights: self.rights,
            register_head: self.register_head,
            push: Push::pack(envelopes).unwrap(),
            photo_offers: self.offers.clone(),
            undelivered_from: self.undelivered_from,
            answer_bytes_max: self.answer_bytes_max,
            photo_mark: self.photo_mark,
            register_hash: self.register_hash,
            apart: None,
            packs: None,
        }
    }

    /// Sends a request and keeps nothing of the answer: as if the link had broken before it came.
    pub(crate) fn asks(&mut self, request: &SyncRequest) -> Result<SyncAnswer, LinkFailure> {
        self.link.exchange(body::write(request).unwrap()).map(|exchanged| exchanged.answer)
    }

    /// Pushes, pulls, and goes on from where the answer says.
    pub(crate) fn syncs(&mut self, envelopes: &[Envelope]) -> SyncAnswer {
        let request = self.request(envelopes);
        let answer = self.asks(&request).unwrap();
        self.cursor = answer.cursor;
        if answer.rewound {
            (self.register_head, self.register_hash) = (0, Hash32::ZERO);
        }
        if let Some(rights) = &answer.rights {
            self.rights = rights.hash();
            self.cursor = Cursor::START;
        }
        if let Some(last) = answer.register.last() {
            self.register_head = last.body.seq;
            self.register_hash = last.hash();
        }
        answer
    }

    /// Pulls until there is no more; what came, in order.
    pub(crate) fn pulls(&mut self) -> Vec<Envelope> {
        let mut all = Vec::new();
        loop {
            let answer = self.syncs(&[]);
            all.extend(answer.envelopes);
            if !answer.more && answer.rights.is_none() {
                return all;
            }
        }
    }
}

/// The receipts of an answer, one a counter.
pub(crate) fn receipts(answer: &SyncAnswer) -> Vec<(u64, Receipt)> {
    answer
        .receipts
        .iter()
        .flat_map(|run| (0..run.count).map(|step| (run.first_counter + step, run.receipt.clone())))
        .collect()
}

/// The documents of envelopes, in order.
pub(crate) fn documents(envelopes: &[Envelope]) -> Vec<DocumentId> {
    envelopes.iter().filter(|one| one.body.kind == DocumentKind::Dossier).map(|one| one.body.document).collect()
}

/// Before there is a connection.
struct Nowhere;

impl Link for Nowhere {
    fn exchange(&mut self, _: Vec<u8>) -> Result<jiafang_core::sync::link::Exchanged, LinkFailure> {
        Err(LinkFailure::Unreachable("not connected".to_owned()))
    }

    fn post(&mut self, _: &'static str, _: Vec<u8>) -> Result<Vec<u8>, LinkFailure> {
        Err(LinkFailure::Unreachable("not connected".to_owned()))
    }

    fn send_photo(
        &mut self,
        _: Hash32,
        _: u64,
        _: &[u8],
        _: &mut dyn FnMut(PhotoOffset) -> bool,
    ) -> Result<(), LinkFailure> {
        Err(LinkFailure::Unreachable("not connected".to_owned()))
    }

    fn get_photo_part(
        &mut self,
        _: Hash32,
        _: u64,
        _: usize,
    ) -> Result<jiafang_core::sync::link::PhotoPart, LinkFailure> {
        Err(LinkFailure::Unreachable("not connected".to_owned()))
    }

    fn get_pack(
        &mut self,
        _: Hash32,
        _: u64,
        _: usize,
        _: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), LinkFailure> {
        Err(LinkFailure::Unreachable("not connected".to_owned()))
    }
}
