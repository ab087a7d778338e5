//! Packs: the first copy of many dossiers at once, made by the server, signed by the county, immutable.
//!
//! A pack holds dossiers of one cell: of one village, or of one class. Whatever a person answers for, in either tree, is
//! a number of whole cells, so nobody is ever given a pack with a child in it whom they may not see. It lies at a **cut**
//! of the log, at or below what a verified backup holds: each of its dossiers is in it with all envelopes up to there.
//!
//! A pack is a head and groups of some twenty dossiers. Each group is a zstd frame of its own whose hash stands in the
//! signed head: it can be used as soon as it has come, before the rest. What is named by its hash is the head.

use minicbor::{Decode, Encode};

use super::body::cbor;
use super::cursor::Cursor;
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::domain::place::{ClassId, Leaves, PlaceCode, Scope};
use crate::error::{ErrorCode, Failure};
use crate::vault::signing::{DeviceSigner, PublicKey, Signature, verify};

/// The version of the format.
pub const PACK_VERSION: u16 = 1;
/// Dossiers of one group: usable together within 20 seconds at 60 kbit/s.
pub const GROUP_DOSSIERS_MAX: usize = 20;
/// Bytes of snapshots of one group; one dossier of any size goes through.
pub const GROUP_SNAPSHOT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The largest snapshot: 4 MiB. A larger dossier travels as envelopes.
pub const SNAPSHOT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Dossiers of one pack; a larger cell has several.
pub const PACK_DOSSIERS_MAX: usize = 400;
/// The most actors of one group.
const ACTORS_MAX: usize = 65_536;
/// The largest head section.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The largest group as it travels.
pub const GROUP_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The largest group after decompression.
const GROUP_INFLATED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The length of the head section stands before it, big-endian.
pub const HEAD_LENGTH_BYTES: usize = 4;
/// What a cut line wastes at most: what has come is committed this often.
pub const PACK_PART_BYTES: usize = 8_000;

const SIGNED_AS: &str = "pack";
/// A device may be waiting while its pack is made: the highest levels take several times as long for little.
const LEVEL: i32 = 12;

/// What a pack holds the dossiers of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum PackCell {
    /// Children who live in a village (or of whom no more than this code is known).
    #[n(0)]
    Village(#[n(0)] PlaceCode),
    /// Children of a class.
    #[n(1)]
    Class(#[n(0)] ClassId),
}

impl PackCell {
    /// Whether a dossier that lies there is of the cell.
    #[must_use]
    pub fn holds(&self, leaves: &Leaves) -> bool {
        match self {
            Self::Village(village) => leaves.village.as_ref() == Some(village),
            Self::Class(class) => leaves.class.as_ref() == Some(class),
        }
    }

    /// Whether a scope covers all that can lie in the cell.
    #[must_use]
    pub fn lies_within(&self, scope: &Scope) -> bool {
        match self {
            Self::Village(village) => scope.covers(&Leaves { village: Some(village.clone()), class: None }),
            Self::Class(class) => scope.covers(&Leaves { village: None, class: Some(class.clone()) }),
        }
    }
}

/// A group, as the head announces it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedGroup {
    /// SHA-256 of its frame.
    #[n(0)]
    pub hash: Hash32,
    /// The frame's size.
    #[n(1)]
    pub bytes: u32,
    /// The dossiers in it, in their order.
    #[cbor(n(2), decode_with = "super::bounded::decode")]
    pub documents: Vec<DocumentId>,
}

/// What is signed of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackHead {
    /// [`PACK_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Whose dossiers.
    #[n(1)]
    pub cell: PackCell,
    /// Up to where in the log.
    #[n(2)]
    pub cut: Cursor,
    /// The groups, in the order in which their frames follow the head.
    #[cbor(n(3), decode_with = "super::bounded::decode")]
    pub groups: Vec<PackedGroup>,
}

/// A head with the county's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedPackHead {
    /// What is signed.
    #[n(0)]
    pub head: PackHead,
    /// By the county's key.
    #[n(1)]
    pub signature: Signature,
}

/// A dossier in a group.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedDossier {
    /// The dossier.
    #[n(0)]
    pub document: DocumentId,
    /// Its kind: a dossier, in this version.
    #[n(1)]
    pub kind: DocumentKind,
    /// Where it lay at the cut.
    #[n(2)]
    pub leaves: Leaves,
    /// The document with its whole history, as automerge saves it uncompressed: the group's frame compresses better.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub snapshot: Vec<u8>,
}

/// Which certificate writes under an actor: bound by the first envelope that carried it, as the server verified it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedActor {
    /// The actor.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub actor: Vec<u8>,
    /// The place of its certificate in [`PackGroup::certificates`].
    #[n(1)]
    pub certificate: u32,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackGroup {
    /// The dossiers.
    #[cbor(n(0), decode_with = "super::bounded::decode")]
    pub dossiers: Vec<PackedDossier>,
    /// Certificates of those who wrote in them.
    #[cbor(n(1), decode_with = "super::bounded::decode")]
    pub certificates: Vec<CertificateId>,
    /// The actors of these dossiers but the genesis', each with its certificate.
    #[cbor(n(2), decode_with = "super::bounded::decode")]
    pub actors: Vec<PackedActor>,
}

/// What a device says of packs in its request; a device that says nothing gets envelopes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct PackRequest {
    /// Packs that were named and have not come whole.
    #[cbor(n(0), decode_with = "super::bounded::decode")]
    pub awaited: Vec<Hash32>,
    /// Packs that were taken in, and of which every dossier is here still.
    #[cbor(n(1), decode_with = "super::bounded::decode")]
    pub held: Vec<Hash32>,
    /// The device holds no dossier at all.
    #[n(2)]
    pub fresh: bool,
    /// Packs that could not be taken in here: their dossiers are to come as envelopes.
    #[cbor(n(3), decode_with = "super::bounded::decode")]
    pub refused: Vec<Hash32>,
}

/// A pack that the server has for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct PackOffer {
    /// SHA-256 of its [`SignedPackHead`].
    #[n(0)]
    pub hash: Hash32,
    /// The size of the whole.
    #[n(1)]
    pub bytes_total: u64,
    /// How many dossiers are in it.
    #[n(2)]
    pub dossiers: u32,
    /// Its cut's sequence number.
    #[n(3)]
    pub cut_seq: u64,
}

/// What the server says of packs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackAnswer {
    /// Packs to fetch, in this order.
    #[cbor(n(0), decode_with = "super::bounded::decode")]
    pub packs: Vec<PackOffer>,
    /// More of them are being made: fetch these and ask again. The cursor has not moved then.
    #[n(1)]
    pub pending: bool,
}

/// Why bytes are no pack that may be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It cannot be inflated within its limits.
    #[error("a part of a pack cannot be inflated")]
    Compression,
    /// It is not the CBOR of a pack.
    #[error("a part of a pack is not its CBOR")]
    Encoding,
    /// Another version of the format.
    #[error("a pack of another version")]
    Version,
    /// It has another hash than it was named by.
    #[error("a part of a pack has another hash")]
    Hash,
    /// The county's key has not signed it.
    #[error("the county has not signed this pack")]
    NotSigned,
    /// Its tables do not hold together.
    #[error("the tables of a pack do not fit together")]
    Tables,
}

impl From<PackError> for Failure {
    fn from(cause: PackError) -> Self {
        Self::caused(ErrorCode::PackDamaged, "a pack", cause)
    }
}

impl SignedPackHead {
    /// Signs a head.
    #[must_use]
    pub fn sign(head: PackHead, county: &DeviceSigner) -> Self {
        let signature = county.sign(SIGNED_AS, &cbor(&head));
        Self { head, signature }
    }

    /// What names the pack.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&cbor(self))
    }

    /// The head section as it stands at the beginning of a pack, with its length before it.
    ///
    /// # Errors
    /// [`PackError::Tables`] when it is larger than a head may be.
    pub fn to_section(&self) -> Result<Vec<u8>, PackError> {
        let frame = zstd::bulk::compress(&cbor(self), LEVEL).map_err(|_| PackError::Compression)?;
        if frame.len() > HEAD_BYTES_MAX {
            return Err(PackError::Tables);
        }
        let length = u32::try_from(frame.len()).map_err(|_| PackError::Tables)?;
        Ok([length.to_be_bytes().as_slice(), &frame].concat())
    }

    /// Reads a head section (without its length), and asks whether the county has signed it and whether it has the hash
    /// that it was named by.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn read(section: &[u8], named: Option<Hash32>, county_key: &PublicKey) -> Result<Self, PackError> {
        if section.len() > HEAD_BYTES_MAX {
            return Err(PackError::Tables);
        }
        let bytes = zstd::bulk::decompress(section, HEAD_BYTES_MAX).map_err(|_| PackError::Compression)?;
        let signed: Self = minicbor::decode(&bytes).map_err(|_| PackError::Encoding)?;
        if signed.head.version != PACK_VERSION {
            return Err(PackError::Version);
        }
        // One encoding: the hash names exactly one head.
        if cbor(&signed) != bytes || named.is_some_and(|named| named != Hash32::of(&bytes)) {
            return Err(PackError::Hash);
        }
        if !verify(county_key, SIGNED_AS, &cbor(&signed.head), &signed.signature) {
            return Err(PackError::NotSigned);
        }
        signed.head.check_tables()?;
        Ok(signed)
    }
}

impl PackHead {
    fn check_tables(&self) -> Result<(), PackError> {
        let mut documents: Vec<DocumentId> = self.documents().collect();
        let count = documents.len();
        documents.sort_unstable();
        documents.dedup();
        let groups_fit = self.groups.iter().all(|group| {
            let bytes = usize::try_from(group.bytes).unwrap_or(usize::MAX);
            bytes > 0
                && bytes <= GROUP_BYTES_MAX
                && !group.documents.is_empty()
                && group.documents.len() <= GROUP_DOSSIERS_MAX
        });
        if !groups_fit || documents.len() != count || count > PACK_DOSSIERS_MAX {
            return Err(PackError::Tables);
        }
        Ok(())
    }

    /// All its dossiers.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> + '_ {
        self.groups.iter().flat_map(|group| group.documents.iter().copied())
    }

    /// Bytes of all group frames.
    #[must_use]
    pub fn group_bytes(&self) -> u64 {
        self.groups.iter().fold(0, |sum, group| sum.saturating_add(u64::from(group.bytes)))
    }
}

impl PackGroup {
    /// The group's frame.
    ///
    /// # Errors
    /// [`PackError::Tables`] when it is larger than a group may be.
    pub fn to_frame(&self) -> Result<Vec<u8>, PackError> {
        let bytes = cbor(self);
        let frame = zstd::bulk::compress(&bytes, LEVEL).map_err(|_| PackError::Compression)?;
        if frame.len() > GROUP_BYTES_MAX || bytes.len() > GROUP_INFLATED_BYTES_MAX {
            return Err(PackError::Tables);
        }
        Ok(frame)
    }

    /// Reads a frame, which must be the one that the head announces, with these dossiers of this cell.
    ///
    /// # Errors
    /// [`PackError`].
    pub fn read(frame: &[u8], announced: &PackedGroup, cell: &PackCell) -> Result<Self, PackError> {
        if Hash32::of(frame) != announced.hash {
            return Err(PackError::Hash);
        }
        let bytes = zstd::bulk::decompress(frame, GROUP_INFLATED_BYTES_MAX).map_err(|_| PackError::Compression)?;
        let group: Self = minicbor::decode(&bytes).map_err(|_| PackError::Encoding)?;
        let are_announced =
            group.dossiers.iter().map(|dossier| dossier.document).eq(announced.documents.iter().copied());
        let are_of_the_cell =
            group.dossiers.iter().all(|dossier| dossier.kind == DocumentKind::Dossier && cell.holds(&dossier.leaves));
        let are_small = group.dossiers.iter().all(|dossier| dossier.snapshot.len() <= SNAPSHOT_BYTES_MAX);
        let actors_fit = group.actors.len() <= ACTORS_MAX
            && group.actors.iter().all(|actor| group.certificate_of(actor).is_some() && actor.actor.len() <= 64);
        if !(are_announced && are_of_the_cell && are_small && actors_fit) {
            return Err(PackError::Tables);
        }
        Ok(group)
    }

    /// The certificate of an actor of the table.
    #[must_use]
    pub fn certificate_of(&self, actor: &PackedActor) -> Option<CertificateId> {
        self.certificates.get(usize::try_from(actor.certificate).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn county() -> DeviceSigner {
        DeviceSigner::from_secret(&[7; 32])
    }

    fn village() -> PackCell {
        PackCell::Village(PlaceCode::parse("999999101001").unwrap())
    }

    fn leaves(village: &str) -> Leaves {
        Leaves { village: PlaceCode::parse(village), class: None }
    }

    fn group() -> PackGroup {
        PackGroup {
            dossiers: (1..=3)
                .map(|number| PackedDossier {
                    document: DocumentId::from_bytes([number; 16]),
                    kind: DocumentKind::Dossier,
                    leaves: leaves("999999101001"),
                    snapshot: vec![number; 500],
                })
                .collect(),
            certificates: vec![CertificateId::from_bytes([9; 16])],
            actors: vec![PackedActor { actor: vec![1; 16], certificate: 0 }],
        }
    }

    fn announced(group: &PackGroup, frame: &[u8]) -> PackedGroup {
        PackedGroup {
            hash: Hash32::of(frame),
            bytes: u32::try_from(frame.len()).unwrap(),
            documents: group.dossiers.iter().map(|dossier| dossier.document).collect(),
        }
    }

    fn head_of(groups: Vec<PackedGroup>) -> PackHead {
        let cut = Cursor { seq: 7, chain: Hash32([5; 32]) };
        PackHead { version: PACK_VERSION, cell: village(), cut, groups }
    }

    fn section(signed: &SignedPackHead) -> Vec<u8> {
        signed.to_section().unwrap().split_off(HEAD_LENGTH_BYTES)
    }

    #[test]
    fn a_pack_reads_back_as_it_was_signed_and_only_under_its_hash_and_the_countys_key() {
        let group = group();
        let frame = group.to_frame().unwrap();
        let signed = SignedPackHead::sign(head_of(vec![announced(&group, &frame)]), &county());
        let bytes = section(&signed);
        let key = county().public_key();
        let read = SignedPackHead::read(&bytes, Some(signed.hash()), &key).unwrap();
        assert_eq!(read, signed);
        assert_eq!(PackGroup::read(&frame, &read.head.groups[0], &village()).unwrap(), group);
        assert_eq!(SignedPackHead::read(&bytes, Some(Hash32([1; 32])), &key).unwrap_err(), PackError::Hash);
        let other = DeviceSigner::from_secret(&[8; 32]).public_key();
        assert_eq!(SignedPackHead::read(&bytes, None, &other).unwrap_err(), PackError::NotSigned);
    }

    #[test]
    fn a_frame_that_is_not_the_announced_one_is_refused_before_it_is_inflated() {
        let group = group();
        let mut frame = group.to_frame().unwrap();
        let announced = announced(&group, &frame);
        let place = frame.len() / 2;
        frame[place] ^= 1;
        assert_eq!(PackGroup::read(&frame, &announced, &village()).unwrap_err(), PackError::Hash);
    }

    #[test]
    fn a_child_of_another_village_or_one_who_was_not_announced_is_refused() {
        let mut foreign = group();
        foreign.dossiers[1].leaves = leaves("999999101002");
        let frame = foreign.to_frame().unwrap();
        let told = announced(&foreign, &frame);
        assert_eq!(PackGroup::read(&frame, &told, &village()).unwrap_err(), PackError::Tables);
        let frame = group().to_frame().unwrap();
        let mut told = announced(&group(), &frame);
        told.documents.pop();
        assert_eq!(PackGroup::read(&frame, &told, &village()).unwrap_err(), PackError::Tables);
    }

    #[test]
    fn a_bomb_of_zeroes_is_refused_within_its_limit() {
        let bomb = zstd::bulk::compress(&vec![0; GROUP_INFLATED_BYTES_MAX + 1], 9).unwrap();
        assert!(bomb.len() < 16 * 1024, "it comes small");
        let told = PackedGroup { hash: Hash32::of(&bomb), bytes: 1, documents: vec![DocumentId::from_bytes([1; 16])] };
        assert_eq!(PackGroup::read(&bomb, &told, &village()).unwrap_err(), PackError::Compression);
        let head = zstd::bulk::compress(&vec![0; HEAD_BYTES_MAX + 1], 9).unwrap();
        let key = county().public_key();
        assert_eq!(SignedPackHead::read(&head, None, &key).unwrap_err(), PackError::Compression);
    }

    #[test]
    fn a_table_that_is_too_long_or_names_a_child_twice_is_refused_although_it_is_signed() {
        let of = |documents: Vec<u8>| PackedGroup {
            hash: Hash32::ZERO,
            bytes: 1,
            documents: documents.into_iter().map(|number| DocumentId::from_bytes([number; 16])).collect(),
        };
        let key = county().public_key();
        for groups in [
            vec![of((0..21).collect())],
            vec![of(vec![1, 2]), of(vec![2])],
            vec![of(vec![])],
            vec![PackedGroup { bytes: 0, ..of(vec![1]) }],
            vec![PackedGroup { bytes: u32::MAX, ..of(vec![1]) }],
        ] {
            let signed = SignedPackHead::sign(head_of(groups), &county());
            assert_eq!(SignedPackHead::read(&section(&signed), None, &key).unwrap_err(), PackError::Tables);
        }
    }

    #[test]
    fn a_cell_lies_within_the_scopes_that_cover_all_of_it() {
        let class = PackCell::Class(ClassId("9999990001/P2024/1".to_owned()));
        assert!(village().lies_within(&Scope::parse("place:999999101").unwrap()));
        assert!(!village().lies_within(&Scope::parse("place:999999101002").unwrap()));
        assert!(!village().lies_within(&Scope::parse("school:9999990001").unwrap()));
        assert!(class.lies_within(&Scope::parse("school:9999990001").unwrap()));
        assert!(class.lies_within(&Scope::parse("class:9999990001/P2024/1").unwrap()));
        assert!(!class.lies_within(&Scope::parse("place:999999").unwrap()));
    }
}
