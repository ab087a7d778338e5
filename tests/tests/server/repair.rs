//! Comparing: a device hears of what it may see, of nothing else, and no request makes much work.

use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::role::Role;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::protocol::repair::{
    BUCKETS, CHANGES_MAX, DOCUMENTS_MAX, Difference, HeldDocument, RepairAnswer, RepairAsk, RepairRequest, bucket_of,
    change_id, root,
};
use jiafang_core::protocol::sync::Receipt;
use jiafang_core::protocol::{REPAIR_PATH, VERSION, body};
use jiafang_core::sync::link::LinkFailure;

use crate::county::{County, SHIQIAO, YUNLING};
use crate::device::{Device, receipts, refusal, village};

fn asks(device: &mut Device, ask: RepairAsk) -> Result<RepairAnswer, LinkFailure> {
    let request = RepairRequest { version: VERSION, cursor: device.cursor, rights: device.rights, ask };
    let answer = device.link().post(REPAIR_PATH, body::write(&request).unwrap())?;
    Ok(body::read(&answer).unwrap())
}

fn buckets(device: &mut Device) -> Vec<u64> {
    match asks(device, RepairAsk::Buckets { root: Hash32::ZERO, from: 0 }).unwrap() {
        RepairAnswer::Buckets { digests } => digests,
        other => panic!("{other:?}"),
    }
}

fn differences(device: &mut Device, documents: Vec<HeldDocument>) -> Vec<Difference> {
    match asks(device, RepairAsk::Changes { documents }).unwrap() {
        RepairAnswer::Changes { documents } => documents,
        other => panic!("{other:?}"),
    }
}

/// A teacher with a dossier of two records.
fn teacher_with_a_dossier(county: &County, name: &str, village: &str) -> (Device, DocumentId, Vec<u64>) {
    let mut teacher = Device::of_teacher(county, name, village);
    let mut dossier = teacher.opens(village);
    let written = [teacher.writes(&mut dossier, "一组"), teacher.writes(&mut dossier, "二组")];
    let changes = written
        .iter()
        .map(|envelope| {
            let change = jiafang_core::domain::doc::read_change(&envelope.body.change).unwrap();
            change_id(Hash32(change.hash().0))
        })
        .collect();
    teacher.syncs(&written);
    (teacher, dossier.id, changes)
}

#[test]
fn what_a_device_lacks_is_given_also_its_own_and_what_the_log_lacks_is_named() {
    let county = County::served();
    let (mut teacher, dossier, changes) = teacher_with_a_dossier(&county, "李老师", YUNLING);
    let held = |changes: &[u64]| vec![HeldDocument { document: dossier, changes: changes.to_vec() }];
    let all = differences(&mut teacher, held(&changes));
    assert!(matches!(&all[..], [Difference { leaves: Some(_), envelopes, more: false, lacking, .. }]
        if envelopes.is_empty() && lacking.is_empty()));
    let one = differences(&mut teacher, held(&changes[..1]));
    assert_eq!(one[0].envelopes.iter().map(|envelope| envelope.body.counter).collect::<Vec<_>>(), [2]);
    let more = differences(&mut teacher, held(&[changes[0], changes[1], 7]));
    assert_eq!(more[0].lacking, [7]);

    // What is above the cursor comes by a sync, and is not counted as missing.
    teacher.cursor = Cursor::START;
    assert!(differences(&mut teacher, held(&[]))[0].envelopes.is_empty());
}

#[test]
fn what_the_server_keeps_apart_is_nothing_that_it_lacks() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let first = teacher.writes(&mut dossier, "一组");
    dossier.leaves = village(SHIQIAO);
    let elsewhere = teacher.writes(&mut dossier, "二组");
    let answer = teacher.syncs(&[first, elsewhere.clone()]);
    assert!(matches!(receipts(&answer)[1].1, Receipt::Quarantined { .. }));
    let change = jiafang_core::domain::doc::read_change(&elsewhere.body.change).unwrap();
    let named = HeldDocument { document: dossier.id, changes: vec![change_id(Hash32(change.hash().0)), 7] };
    assert_eq!(differences(&mut teacher, vec![named])[0].lacking, [7]);
}

#[test]
fn equal_digests_are_said_to_be_equal_and_the_bucket_that_differs_is_the_dossiers() {
    let county = County::served();
    let (mut teacher, dossier, _) = teacher_with_a_dossier(&county, "李老师", YUNLING);
    let before = buckets(&mut teacher);
    assert_eq!(before.len(), usize::from(BUCKETS));
    let same = asks(&mut teacher, RepairAsk::Buckets { root: root(&before), from: 0 }).unwrap();
    assert_eq!(same, RepairAnswer::Same);
    assert_ne!(before[usize::from(bucket_of(dossier))], 0);
    let bucket = u16::from(bucket_of(dossier));
    let RepairAnswer::Documents { buckets: 1, documents } =
        asks(&mut teacher, RepairAsk::Documents { buckets: vec![bucket] }).unwrap()
    else {
        panic!("the documents of one bucket")
    };
    assert!(documents.iter().any(|one| one.document == dossier));
}

#[test]
fn of_children_of_somebody_else_a_device_hears_nothing_whatever_it_names() {
    let county = County::served();
    let (mut li, _, _) = teacher_with_a_dossier(&county, "李老师", YUNLING);
    let before = buckets(&mut li);
    let (_, of_others, changes) = teacher_with_a_dossier(&county, "王老师", SHIQIAO);
    assert_eq!(buckets(&mut li), before, "no digest tells of them");
    let every: Vec<u16> = (0..BUCKETS).collect();
    let RepairAnswer::Documents { documents, .. } = asks(&mut li, RepairAsk::Documents { buckets: every }).unwrap()
    else {
        panic!("documents")
    };
    assert!(documents.iter().all(|one| one.document != of_others));
    // A dossier of somebody else and one that does not exist get the same answer.
    let unknown = DocumentId::from_bytes([0xAA; 16]);
    for named in [vec![], vec![changes[0], 9]] {
        let told: Vec<Difference> = [of_others, unknown]
            .into_iter()
            .flat_map(|document| differences(&mut li, vec![HeldDocument { document, changes: named.clone() }]))
            .collect();
        for one in &told {
            assert_eq!((&one.leaves, one.envelopes.len(), one.more), (&None, 0, false));
            assert_eq!(one.lacking, named);
        }
    }
}

#[test]
fn who_stands_elsewhere_syncs_first_and_who_may_not_sync_may_not_compare() {
    let county = County::served();
    let (mut li, _, _) = teacher_with_a_dossier(&county, "李老师", YUNLING);
    let ask = || RepairAsk::Buckets { root: Hash32::ZERO, from: 0 };
    let (cursor, rights) = (li.cursor, li.rights);
    li.cursor = Cursor { seq: cursor.seq, chain: Hash32([9; 32]) };
    assert_eq!(asks(&mut li, ask()).unwrap(), RepairAnswer::SyncFirst);
    li.cursor = cursor;
    li.rights = Hash32::ZERO;
    assert_eq!(asks(&mut li, ask()).unwrap(), RepairAnswer::SyncFirst);
    li.rights = rights;
    county.registers(RegisterFact::Revoked { certificate: li.certificate });
    assert_eq!(refusal(asks(&mut li, ask())), RefusalCode::CertificateRefused);
}

#[test]
fn a_request_for_very_much_is_refused_and_one_for_nothing_is_answered() {
    let county = County::served();
    let mut clerk = Device::of(&county, "赵敏", Role::TownshipOfficer, "place:999999101");
    clerk.pulls();
    let one = |changes| HeldDocument { document: DocumentId::from_bytes([1; 16]), changes };
    let many = vec![one(vec![]); DOCUMENTS_MAX + 1];
    assert_eq!(refusal(asks(&mut clerk, RepairAsk::Changes { documents: many })), RefusalCode::TooLarge);
    let much = vec![one(vec![0; CHANGES_MAX + 1])];
    assert_eq!(refusal(asks(&mut clerk, RepairAsk::Changes { documents: much })), RefusalCode::TooLarge);
    assert_eq!(differences(&mut clerk, vec![]), []);
    let past_the_end = asks(&mut clerk, RepairAsk::Buckets { root: Hash32::ZERO, from: 9_999 }).unwrap();
    assert_eq!(past_the_end, RepairAnswer::Buckets { digests: vec![] });
    let odd = asks(&mut clerk, RepairAsk::Documents { buckets: vec![999, 999] }).unwrap();
    assert_eq!(odd, RepairAnswer::Documents { buckets: 2, documents: vec![] });
}
