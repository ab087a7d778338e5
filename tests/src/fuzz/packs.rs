//! A pack: its head and its groups as they come, and whatever in them, signed as the county would; taken in by a real
//! tablet in small parts.

use jiafang_core::app::device::Device;
use jiafang_core::app::first_copy::take_part;
use jiafang_core::domain::doc::{self, DocumentKind, dossier_write, snapshot};
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::{Leaves, PlaceCode};
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::body::cbor;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::pack::{
    HEAD_LENGTH_BYTES, PACK_VERSION, PackCell, PackGroup, PackHead, PackOffer, PackedActor, PackedDossier, PackedGroup,
    SignedPackHead,
};
use jiafang_core::store::{Durability, pack};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::documents::with_checksum;
use super::tablet::{copied, seen, tablet};
use super::wire;
use crate::kit::field_clock::{FieldClock, environment};
use crate::memory_folder::folder_in_memory;

/// A pack before it is compressed, hashed and signed: what somebody with the county's key could put together.
#[derive(Encode, Decode)]
struct Unsigned {
    #[n(0)]
    cell: PackCell,
    #[n(1)]
    cut: Cursor,
    /// Each group's CBOR.
    #[n(2)]
    groups: Vec<ByteVec>,
    /// The pack comes in parts of so many bytes.
    #[n(3)]
    part_bytes: u16,
}

pub(super) fn pack(bytes: &[u8]) {
    as_they_come(bytes);
    let Ok(unsigned) = minicbor::decode::<Unsigned>(bytes) else { return };
    if unsigned.groups.len() <= 8 {
        taken_in(&unsigned);
    }
}

/// Bytes as a head section and as a frame: refused, or read as what encodes to the same.
fn as_they_come(bytes: &[u8]) {
    let key = wire::signer().public_key();
    let compressed = zstd::bulk::compress(bytes, 1).expect("a frame");
    let cell = PackCell::Village(PlaceCode::parse("999999101001").expect("a village"));
    for section in [bytes, &compressed] {
        if let Ok(signed) = SignedPackHead::read(section, None, &key) {
            let again = signed.to_section().expect("a section");
            let read = SignedPackHead::read(&again[HEAD_LENGTH_BYTES..], Some(signed.hash()), &key);
            assert_eq!(read.expect("what was read is read again"), signed);
        }
        let documents = minicbor::decode::<PackGroup>(bytes)
            .map(|group| group.dossiers.iter().map(|dossier| dossier.document).collect())
            .unwrap_or_default();
        let announced = PackedGroup { hash: Hash32::of(section), bytes: 1, documents };
        drop(PackGroup::read(section, &announced, &cell));
    }
}

fn taken_in(unsigned: &Unsigned) {
    let tablet = tablet();
    let mut frames = Vec::new();
    let mut groups = Vec::new();
    for group in &unsigned.groups {
        let (group, documents) = mended(group);
        let frame = zstd::bulk::compress(&group, 1).expect("a frame");
        groups.push(PackedGroup {
            hash: Hash32::of(&frame),
            bytes: u32::try_from(frame.len()).unwrap_or(u32::MAX),
            documents,
        });
        frames.extend_from_slice(&frame);
    }
    let head = PackHead { version: PACK_VERSION, cell: unsigned.cell.clone(), cut: unsigned.cut, groups };
    let signed = SignedPackHead::sign(head, &tablet.county);
    let Ok(mut file) = signed.to_section() else { return };
    file.append(&mut frames);
    let folder = folder_in_memory();
    copied(tablet.folder.path(), folder.path());
    let environment = environment(&FieldClock::new(), 1);
    let open = || Device::open(folder.path(), &tablet.key, &environment, Durability::ForFixtures);
    let mut device = open().expect("a tablet");
    let offer = PackOffer {
        hash: signed.hash(),
        bytes_total: u64::try_from(file.len()).unwrap_or(u64::MAX),
        dossiers: u32::try_from(signed.head.documents().count()).unwrap_or(u32::MAX),
        cut_seq: unsigned.cut.seq,
    };
    device.store.transact(|tx| pack::await_all(tx, &[offer])).expect("it is awaited");
    let mut at = 0_u64;
    for part in file.chunks(usize::from(unsigned.part_bytes.max(64))) {
        let before = seen(&device);
        match take_part(&mut device, signed.hash(), at, part) {
            Ok(taken) if taken.dossiers == 0 => assert_eq!(seen(&device), before, "half a group changes nothing"),
            Ok(_) => {}
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::PackDamaged, "{failure}");
                assert_eq!(seen(&device), before, "a part that is refused changes nothing");
                break;
            }
        }
        at += u64::try_from(part.len()).unwrap_or(0);
    }
    seen(&device);
    drop(device);
    seen(&open().expect("the app starts again"));
}

/// A group whose snapshots have right checksums, and the dossiers in it: what cannot be read stays, under another's name.
fn mended(bytes: &[u8]) -> (Vec<u8>, Vec<DocumentId>) {
    let Ok(mut group) = minicbor::decode::<PackGroup>(bytes) else {
        return (bytes.to_vec(), vec![DocumentId::from_bytes([0xD9; 16])]);
    };
    for dossier in &mut group.dossiers {
        dossier.snapshot = with_checksum(&dossier.snapshot);
    }
    (cbor(&group), group.dossiers.iter().map(|dossier| dossier.document).collect())
}

fn dossier(number: u8, name: &str) -> PackedDossier {
    let mut document = doc::empty(DocumentKind::Dossier).expect("a dossier");
    for (actor, value) in [(1, name), (2, "石大川")] {
        doc::commit(&mut document, &[actor; 16], wire::AT, |tx| dossier_write::set_field(tx, "profile.name", value))
            .expect("a change");
    }
    PackedDossier {
        document: DocumentId::from_bytes([number; 16]),
        kind: DocumentKind::Dossier,
        leaves: Leaves { village: Some(tablet().village.clone()), class: None },
        snapshot: snapshot::write_snapshot(DocumentKind::Dossier, &document).expect("a snapshot"),
    }
}

fn group(numbers: std::ops::Range<u8>) -> ByteVec {
    let group = PackGroup {
        dossiers: numbers.map(|number| dossier(number, "石小雨")).collect(),
        certificates: vec![tablet().colleague],
        actors: [1, 2].map(|actor| PackedActor { actor: vec![actor; 16], certificate: 0 }).to_vec(),
    };
    cbor(&group).into()
}

pub(super) fn packs() -> Vec<Vec<u8>> {
    let cell = PackCell::Village(tablet().village.clone());
    let cut = Cursor { seq: 7, chain: Hash32([5; 32]) };
    let of = |groups, part_bytes| Unsigned { cell: cell.clone(), cut, groups, part_bytes };
    let signed = SignedPackHead::sign(
        PackHead { version: PACK_VERSION, cell: cell.clone(), cut, groups: Vec::new() },
        &wire::signer(),
    );
    vec![
        cbor(&of(vec![group(1..4)], 500)),
        cbor(&of(vec![group(1..3), group(3..4)], 64)),
        cbor(&of(vec![], 500)),
        cbor(&signed),
        group(1..2).into(),
    ]
}
