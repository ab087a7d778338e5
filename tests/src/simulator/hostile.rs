//! Somebody who was enrolled like everybody, has taken the tablet apart, and speaks the protocol by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use automerge::{Automerge, Change};
use jiafang_core::domain::doc::{self, DocumentKind, dossier_write};
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::Leaves;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::protocol::body;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::photo::{PhotoFile, PhotoOffer};
use jiafang_core::protocol::sync::{Push, SyncAnswer, SyncRequest};
use jiafang_core::vault::signing::DeviceSigner;
use jiafang_sync_server::store::device_progress;

use super::link::Answer;
use super::plan::{Dice, HostileAct};
use super::tablet::{Request, Tablet, held};
use super::world::World;

/// The stranger: the tablet's key, and nothing of its app.
pub(super) struct Stranger {
    pub(super) tablet: Arc<Tablet>,
    signer: DeviceSigner,
}

/// A dossier as the stranger has put it together.
struct Known {
    id: DocumentId,
    leaves: Leaves,
    document: Automerge,
    actors: Vec<Vec<u8>>,
}

impl World {
    /// The last tablet that was enrolled is the stranger's from now on.
    pub(super) fn takes_apart(&self, tablet: &Arc<Tablet>) {
        held(&self.tablets).retain(|one| one.number != tablet.number);
        let signer = tablet.knows(|device| Ok(DeviceSigner::from_secret(&device.enrolment.signing_secret)));
        *held(&self.stranger) = Some(Stranger { tablet: Arc::clone(tablet), signer });
    }

    /// The stranger sends something.
    pub(super) fn stranger_sends(&self, what: HostileAct, at: u16, number: u32) -> String {
        let stranger = held(&self.stranger);
        let Some(stranger) = stranger.as_ref() else { return "nobody".to_owned() };
        self.tallies(&format!("{what:?}"));
        let mut dice = Dice::new(self.seed ^ u64::from(at) ^ (u64::from(number) << 16));
        match what {
            HostileAct::Noise => {
                let noise = noise(&mut dice, 400);
                self.answered(stranger, &Request::Sync(noise))
            }
            HostileAct::PhotoParts => self.sends_parts(stranger, &mut dice),
            _ => match self.knows_of(stranger) {
                Some(known) => self.sends_envelopes(stranger, what, &known, &mut dice, number),
                None => "knows of nothing".to_owned(),
            },
        }
    }

    fn answered(&self, stranger: &Stranger, request: &Request) -> String {
        match self.arrives(&stranger.tablet, request) {
            Ok(Answer::Body(bytes)) => match body::read::<SyncAnswer>(&bytes) {
                Ok(answer) => {
                    let receipts: Vec<_> = answer.receipts.iter().map(|run| &run.receipt).collect();
                    format!("{receipts:?}")
                }
                Err(_) => "a body".to_owned(),
            },
            Ok(Answer::Part(_)) => "a part".to_owned(),
            Err(refusal) => format!("{:?}", refusal.code),
        }
    }

    /// Asks for all that the stranger may see, from the start, and takes one dossier of it.
    fn knows_of(&self, stranger: &Stranger) -> Option<Known> {
        let mut cursor = Cursor::START;
        let mut changes: BTreeMap<DocumentId, (Leaves, Vec<Change>)> = BTreeMap::new();
        for _ in 0..50 {
            let asked = body::write(&request(stranger, cursor, None)).ok()?;
            let Ok(Answer::Body(bytes)) = self.arrives(&stranger.tablet, &Request::Sync(asked)) else { return None };
            let answer: SyncAnswer = body::read(&bytes).ok()?;
            for envelope in answer.envelopes.iter().filter(|one| one.body.kind == DocumentKind::Dossier) {
                let known = changes.entry(envelope.body.document);
                let (_, list) = known.or_insert_with(|| (envelope.body.leaves.clone(), Vec::new()));
                list.extend(doc::read_change(&envelope.body.change));
            }
            cursor = answer.cursor;
            if !answer.more {
                break;
            }
        }
        changes.into_iter().find_map(|(id, (leaves, list))| {
            let actors = list.iter().map(|change| change.actor_id().to_bytes().to_vec()).collect();
            let mut document = doc::empty(DocumentKind::Dossier).ok()?;
            doc::apply(&mut document, list).ok()?;
            Some(Known { id, leaves, document, actors })
        })
    }

    fn sends_envelopes(
        &self,
        stranger: &Stranger,
        what: HostileAct,
        known: &Known,
        dice: &mut Dice,
        number: u32,
    ) -> String {
        let mut document = known.document.clone();
        let actor: [u8; 16] = std::array::from_fn(|_| u8::try_from(dice.below(256)).unwrap_or(0));
        let writes = |document: &mut Automerge, actor: &[u8; 16], text: &str| {
            doc::commit(document, actor, Timestamp::from_unix_ms(1_795_395_600_000), |tx| {
                dossier_write::set_field(tx, "household.address", text)
            })
        };
        let text = format!("第{number}步");
        let Ok(Some(change)) = writes(&mut document, &actor, &text) else { return "cannot write".to_owned() };
        let good = change.raw_bytes().to_vec();
        let mut leaves = known.leaves.clone();
        let changes = match what {
            HostileAct::NoChange => vec![noise(dice, 200)],
            HostileAct::Poison => vec![poisoned(&good, dice)],
            HostileAct::Orphan => {
                let Ok(Some(next)) = writes(&mut document, &actor, "又一步") else {
                    return "cannot write".to_owned();
                };
                vec![next.raw_bytes().to_vec()]
            }
            HostileAct::ForeignActor => {
                let foreign = known.actors.first().and_then(|actor| <[u8; 16]>::try_from(actor.as_slice()).ok());
                let mut other = known.document.clone();
                match writes(&mut other, &foreign.unwrap_or(actor), &text) {
                    Ok(Some(change)) => vec![change.raw_bytes().to_vec()],
                    _ => return "cannot write".to_owned(),
                }
            }
            HostileAct::SameNumber => {
                let mut other = known.document.clone();
                match writes(&mut other, &actor, "另一步") {
                    Ok(Some(second)) => vec![good, second.raw_bytes().to_vec()],
                    _ => return "cannot write".to_owned(),
                }
            }
            HostileAct::WrongLeaves => {
                leaves.village = held(&self.office).villages.last().cloned();
                vec![good]
            }
            _ => vec![good],
        };
        let certificate = stranger.tablet.certificate;
        let (head, head_hash) = held(&self.office)
            .server()
            .store
            .read(|connection| device_progress::head(connection, certificate))
            .ok()
            .flatten()
            .unwrap_or((0, Hash32::ZERO));
        let (mut counter, mut previous) = match what {
            HostileAct::Fork => (head.max(1), Hash32::of(b"another past")),
            HostileAct::Gap => (head.saturating_add(5), head_hash),
            _ => (head.saturating_add(1), head_hash),
        };
        let mut envelopes = Vec::new();
        for change in changes {
            let mut envelope = Envelope::sign(
                EnvelopeBody {
                    document: known.id,
                    kind: DocumentKind::Dossier,
                    leaves: leaves.clone(),
                    change,
                    counter,
                    previous,
                    certificate,
                    register_head: 1,
                    cursor_seq: 0,
                },
                &stranger.signer,
            );
            if what == HostileAct::Unsigned {
                envelope.signature.0.reverse();
            }
            counter = counter.saturating_add(1);
            previous = envelope.hash();
            envelopes.push(envelope);
        }
        let Ok(push) = Push::pack(&envelopes) else { return "cannot be packed".to_owned() };
        let Ok(mut bytes) = body::write(&request(stranger, Cursor::START, push)) else {
            return "cannot be written".to_owned();
        };
        if what == HostileAct::TurnedBit {
            let at = usize::try_from(dice.below(u32::try_from(bytes.len()).unwrap_or(1))).unwrap_or(0);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        self.answered(stranger, &Request::Sync(bytes))
    }

    fn sends_parts(&self, stranger: &Stranger, dice: &mut Dice) -> String {
        let bytes = noise(dice, 9_000);
        let hash = Hash32::of(b"another picture");
        let mut said = vec![
            self.answered(stranger, &Request::Put(Hash32::of(&bytes), 0, bytes.clone())),
            self.answered(stranger, &Request::Get(hash, u64::MAX, usize::MAX)),
        ];
        if let Some(known) = self.knows_of(stranger) {
            let mut offering = request(stranger, Cursor::START, None);
            let bytes_total = u64::try_from(bytes.len()).unwrap_or(0);
            offering.photo_offers = vec![PhotoOffer { hash, document: known.id, file: PhotoFile::Photo, bytes_total }];
            if let Ok(offering) = body::write(&offering) {
                said.push(self.answered(stranger, &Request::Sync(offering)));
            }
            said.push(self.answered(stranger, &Request::Put(hash, 77, bytes.clone())));
            said.push(self.answered(stranger, &Request::Put(hash, 0, bytes)));
            said.push(self.answered(stranger, &Request::Put(hash, u64::MAX, vec![1; 10])));
        }
        said.join(", ")
    }
}

fn request(stranger: &Stranger, cursor: Cursor, push: Option<Push>) -> SyncRequest {
    let rights = stranger.tablet.knows(|device| Ok(device.author.rights.hash()));
    SyncRequest {
        version: jiafang_core::protocol::VERSION,
        cursor,
        rights,
        register_head: 0,
        push,
        photo_offers: Vec::new(),
        undelivered_from: 1,
        answer_bytes_max: u32::MAX,
        photo_mark: 0,
        register_hash: Hash32::ZERO,
        apart: None,
        packs: None,
    }
}

fn noise(dice: &mut Dice, length_max: u32) -> Vec<u8> {
    let length = dice.below(length_max);
    (0..length).map(|_| u8::try_from(dice.below(256)).unwrap_or(0)).collect()
}

/// One or two bytes of a change are altered, and its checksum is made right again (docs/automerge.md, 3).
fn poisoned(change: &[u8], dice: &mut Dice) -> Vec<u8> {
    const BODY_FROM: u32 = 10;
    let mut bytes = change.to_vec();
    let length = u32::try_from(bytes.len()).unwrap_or(0);
    for _ in 0..=dice.below(2) {
        let at = BODY_FROM + dice.below(length.saturating_sub(BODY_FROM).max(1));
        if let Some(byte) = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at)) {
            *byte = u8::try_from(dice.below(256)).unwrap_or(0);
        }
    }
    let checksum = Hash32::of(bytes.get(8..).unwrap_or_default());
    for (place, byte) in bytes.iter_mut().skip(4).take(4).zip(checksum.0) {
        *place = byte;
    }
    bytes
}
