//! What no honest device sends: the server names it, keeps it apart, and goes on.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjType, ROOT};
use jiafang_core::domain::doc::CHANGE_BYTES_MAX;
use jiafang_core::domain::doc::{self, dossier_write};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::{ClassId, Leaves};
use jiafang_core::domain::role::Role;
use jiafang_core::protocol::apart::{ApartRequest, Fate};
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::quarantine::QuarantineReason;
use jiafang_core::protocol::sync::Receipt;
use jiafang_sync_server::store::apart;

use crate::county::{County, QINGSHI, SHIQIAO, YUNLING};
use crate::device::{Device, documents, receipts, village};

fn quarantined(reason: QuarantineReason) -> Receipt {
    Receipt::Quarantined { reason }
}

/// The teacher goes on with a visit after all that, and the desk gets that visit and nothing else.
fn all_goes_on(county: &County, teacher: &mut Device) {
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    let counter = visit.body.counter;
    assert_eq!(receipts(&teacher.syncs(&[visit])), [(counter, Receipt::Stored)]);
    let mut officer = Device::of(county, "周干事", Role::TownshipOfficer, &format!("place:{QINGSHI}"));
    assert_eq!(documents(&officer.pulls()).last(), Some(&dossier.id));
}

#[test]
fn a_forged_signature_is_named() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let mut visit = teacher.writes(&mut dossier, "一组");
    let right = visit.clone();
    visit.signature.0[7] ^= 1;
    assert_eq!(receipts(&teacher.syncs(&[visit])), [(1, quarantined(QuarantineReason::SignatureWrong))]);
    assert_eq!(
        receipts(&teacher.syncs(&[right])),
        [(1, Receipt::Stored)],
        "the right one under its number may still come"
    );
    all_goes_on(&county, &mut teacher);
}

#[test]
fn bytes_that_are_no_change_are_named_whatever_they_are() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let good = {
        let mut other = dossier.clone();
        doc::commit(&mut other.document, &[9; 16], county.environment.now(), |tx| {
            dossier_write::set_field(tx, "household.address", "一组")
        })
        .unwrap()
        .unwrap()
        .raw_bytes()
        .to_vec()
    };
    let bundle = [&good[..8], &[3], &good[9..]].concat();
    let document = [&good[..8], &[0], &good[9..]].concat();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let cut = good[..good.len() - 1].to_vec();
    let two = [good.clone(), good.clone()].concat();
    let bad = [vec![], b"\x85\x6f\x4a\x83".to_vec(), bundle, document, flipped, cut, two, vec![0xFF; 300]];
    let written: Vec<Envelope> = bad.iter().map(|bytes| teacher.wraps(&dossier, bytes.clone())).collect();
    for (counter, receipt) in receipts(&teacher.syncs(&written)) {
        assert_eq!(receipt, quarantined(QuarantineReason::ChangeUnreadable), "no. {counter}");
    }
    assert_eq!(county.store().read(apart::all).unwrap().len(), bad.len(), "each is kept for a person to look at");
    dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    assert_eq!(receipts(&teacher.syncs(&[visit]))[0].1, Receipt::Stored);
    all_goes_on(&county, &mut teacher);
}

#[test]
fn a_change_that_unpacks_to_gigabytes_is_refused_before_it_does() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let dossier = teacher.opens(YUNLING);
    let visit = teacher.wraps(&dossier, inflating_change());
    assert!(visit.body.change.len() < CHANGE_BYTES_MAX);
    assert_eq!(receipts(&teacher.syncs(&[visit])), [(1, quarantined(QuarantineReason::ChangeUnreadable))]);
    all_goes_on(&county, &mut teacher);
}

/// A chunk of type 2 (deflated) whose 512 KB unpack to half a gigabyte of zeroes: a block of fixed codes that
/// repeats one byte for ever (RFC 1951, 3.2.6): literal 0, then length 258 at distance 1 again and again.
fn inflating_change() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b011, 3); // last block, fixed codes
    bits.put_code(0b0011_0000, 8); // literal 0
    for _ in 0..2_000_000_u32 {
        bits.put_code(0b1100_0101, 8); // length 258
        bits.put_code(0, 5); // distance 1
    }
    bits.put_code(0, 7); // end
    let mut deflated = bits.bytes;
    deflated.truncate(CHANGE_BYTES_MAX / 2);
    let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2];
    let mut length = deflated.len();
    while length >= 0x80 {
        chunk.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    chunk.push(length as u8);
    chunk.extend(deflated);
    chunk
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = ((value >> at) & 1) as u8;
            *self.bytes.last_mut().unwrap() |= bit << (self.used % 8);
            self.used += 1;
        }
    }

    /// Huffman codes stand with their first bit first.
    fn put_code(&mut self, code: u32, count: u32) {
        for at in (0..count).rev() {
            self.put((code >> at) & 1, 1);
        }
    }
}

#[test]
fn a_form_that_is_too_large_holds_up_only_what_builds_on_it() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let large = teacher.writes(&mut dossier, &"长".repeat(CHANGE_BYTES_MAX / 3 + 1));
    let mut other = teacher.opens(YUNLING);
    let written = [large, teacher.writes(&mut dossier, "一组"), teacher.writes(&mut other, "二组")];
    assert_eq!(
        receipts(&teacher.syncs(&written)),
        [
            (1, quarantined(QuarantineReason::TooLarge)),
            (2, quarantined(QuarantineReason::BuildsOnQuarantined)),
            (3, Receipt::Stored)
        ]
    );
    all_goes_on(&county, &mut teacher);
}

#[test]
fn what_was_written_upon_a_record_that_waits_apart_waits_with_it() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let change = teacher.writes(&mut dossier, "一组").body.change;
    (teacher.counter, teacher.previous) = (0, Hash32::ZERO);
    let broken = teacher.wraps(&dossier, change[..change.len() - 1].to_vec());
    let next = teacher.writes(&mut dossier, "二组");
    assert_eq!(
        receipts(&teacher.syncs(&[broken, next])),
        [(1, quarantined(QuarantineReason::ChangeUnreadable)), (2, quarantined(QuarantineReason::BuildsOnQuarantined))]
    );
    all_goes_on(&county, &mut teacher);
}

#[test]
fn nobody_writes_under_the_actor_of_a_colleague() {
    let county = County::served();
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = li.opens(YUNLING);
    let visit = li.writes(&mut dossier, "一组");
    li.syncs(&[visit]);
    let mut wang = Device::of_teacher(&county, "王老师", YUNLING);
    wang.actor = li.actor;
    let forged = wang.writes(&mut dossier, "二组");
    assert_eq!(receipts(&wang.syncs(&[forged])), [(1, quarantined(QuarantineReason::NotYours))]);

    // The common beginning of all dossiers has an actor, too. Whoever took it would poison them all.
    wang.actor = *doc::GENESIS_ACTOR;
    let mut own = wang.opens(YUNLING);
    let forged = wang.writes(&mut own, "三组");
    assert_eq!(receipts(&wang.syncs(&[forged])), [(2, quarantined(QuarantineReason::NotYours))]);
    wang.actor = [4; 16];
    all_goes_on(&county, &mut wang);
}

#[test]
fn nobody_hears_what_became_of_a_colleagues_records_whose_hashes_he_knows() {
    let county = County::served();
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut elsewhere = li.opens(SHIQIAO);
    let mut own = li.opens(YUNLING);
    let written = [li.writes(&mut own, "一组"), li.writes(&mut elsewhere, "一组")];
    assert_eq!(receipts(&li.syncs(&written)), [(1, Receipt::Stored), (2, quarantined(QuarantineReason::NotYours))]);
    let asks: Vec<_> = written.iter().map(Envelope::hash).chain([Hash32([7; 32])]).collect();
    let fates = |device: &mut Device| {
        let mut request = device.request(&[]);
        request.apart = Some(ApartRequest {
            review: Hash32::ZERO,
            asks: asks.clone(),
            decisions: Vec::new(),
            own_head: None,
            twin_known: false,
            given_back: None,
        });
        let answer = device.asks(&request).unwrap();
        assert_eq!(answer.moves, None);
        answer.apart.unwrap().outcomes.into_iter().map(|told| (told.envelope, told.fate)).collect::<Vec<_>>()
    };
    let mut wang = Device::of_teacher(&county, "王老师", SHIQIAO);
    assert_eq!(fates(&mut wang), asks.iter().map(|hash| (*hash, Fate::Unknown)).collect::<Vec<_>>());
    let [(stored, Fate::Accepted { .. }), (unknown, Fate::Unknown)] = fates(&mut li)[..] else { panic!("of her own") };
    assert_eq!([stored, unknown], [asks[0], asks[2]], "and of what still waits nothing is said");
}

#[test]
fn two_changes_under_one_number_of_an_actor_would_poison_the_dossier_everywhere_and_only_one_gets_in() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let mut twin = dossier.clone();
    let written = [teacher.writes(&mut dossier, "一组"), teacher.writes(&mut twin, "二组")];
    assert_eq!(
        receipts(&teacher.syncs(&written)),
        [(1, Receipt::Stored), (2, quarantined(QuarantineReason::CounterForked))]
    );
    teacher.actor = [5; 16];
    all_goes_on(&county, &mut teacher);
}

#[test]
fn a_change_that_begins_a_dossier_of_its_own_beside_the_common_beginning_is_refused() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let dossier = teacher.opens(YUNLING);
    // It would hide all visits: docs/automerge.md, 5.
    let mut apart = Automerge::new().with_actor(ActorId::from([8; 16].as_slice()));
    let mut transaction = apart.transaction();
    transaction.put_object(ROOT, "visits", ObjType::Map).unwrap();
    transaction.commit_with(CommitOptions::default().with_time(0));
    let change = apart.get_last_local_change().unwrap();
    let visit = teacher.wraps(&dossier, change.raw_bytes().to_vec());
    assert_eq!(receipts(&teacher.syncs(&[visit])), [(1, quarantined(QuarantineReason::ChangeUnreadable))]);
    all_goes_on(&county, &mut teacher);
}

#[test]
fn a_village_that_is_no_village_does_not_hide_a_dossier_from_everybody() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    // 999999101001 with three more signs: within the teacher's scope by its beginning, and no code at all.
    let mut body = visit.body.clone();
    body.leaves.village = Some(minicbor::decode(&minicbor::to_vec("999999101001abc").unwrap()).unwrap());
    let forged = Envelope::sign(body, &teacher.signer);
    teacher.previous = forged.hash();
    assert_eq!(receipts(&teacher.syncs(&[forged])), [(1, quarantined(QuarantineReason::NotYours))]);
    all_goes_on(&county, &mut teacher);
}

#[test]
fn a_class_of_a_school_far_away_gives_no_right_to_a_child_of_the_village() {
    let county = County::served();
    let mut clerk = Device::of(&county, "孙老师", Role::RecordsClerk, "school:9999990001");
    let mut dossier = clerk.opens(YUNLING);
    dossier.leaves = Leaves { class: Some(ClassId("9999990002/J2024/1".to_owned())), ..village(YUNLING) };
    let visit = clerk.writes(&mut dossier, "一组");
    assert_eq!(receipts(&clerk.syncs(&[visit])), [(1, quarantined(QuarantineReason::NotYours))]);
}

#[test]
fn a_cloned_tablet_is_noticed_and_the_first_one_works_on() {
    let county = County::served();
    let mut tablet = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = tablet.opens(YUNLING);
    let first = tablet.writes(&mut dossier, "一组");
    tablet.syncs(std::slice::from_ref(&first));
    let (counter, previous, actor) = (tablet.counter, tablet.previous, tablet.actor);
    let mut of_clone = dossier.clone();

    // The first tablet goes on, and syncs.
    let second = tablet.writes(&mut dossier, "二组");
    assert_eq!(receipts(&tablet.syncs(&[second])), [(2, Receipt::Stored)]);
    let (at_tablet, hash_at_tablet) = (tablet.counter, tablet.previous);

    // Its clone goes on from the same place, under an actor of its own, and is ahead for a while.
    (tablet.counter, tablet.previous, tablet.actor) = (counter, previous, [6; 16]);
    let of_the_clone: Vec<Envelope> =
        (0..3).map(|number| tablet.writes(&mut of_clone, &format!("{number}号"))).collect();
    let forked = quarantined(QuarantineReason::CounterForked);
    assert_eq!(receipts(&tablet.syncs(&of_the_clone)), [(2, forked.clone()), (3, forked.clone()), (4, forked.clone())]);

    // What the clone sent changes nothing for the first tablet.
    (tablet.counter, tablet.previous, tablet.actor) = (at_tablet, hash_at_tablet, actor);
    let third = tablet.writes(&mut dossier, "三组");
    assert_eq!(receipts(&tablet.syncs(&[third])), [(3, Receipt::Stored)]);
    assert_eq!(county.store().read(apart::all).unwrap().len(), 3, "and what the clone sent is not lost");
}

#[test]
fn a_clone_that_syncs_first_does_not_shut_its_own_branch_out_either() {
    let county = County::served();
    let mut tablet = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = tablet.opens(SHIQIAO);
    dossier.leaves = village(YUNLING);
    let mut of_clone = dossier.clone();
    let ahead = [tablet.writes(&mut dossier, "一组"), tablet.writes(&mut dossier, "二组")];
    tablet.syncs(&ahead);
    (tablet.counter, tablet.previous, tablet.actor) = (0, Hash32::ZERO, [6; 16]);
    let late: Vec<Envelope> = (0..4).map(|number| tablet.writes(&mut of_clone, &format!("{number}号"))).collect();
    // One by one, over days: each is told the same, and none waits without an answer.
    for visit in late {
        let counter = visit.body.counter;
        assert_eq!(receipts(&tablet.syncs(&[visit])), [(counter, quarantined(QuarantineReason::CounterForked))]);
    }
}
