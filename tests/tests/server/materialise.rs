//! Dossiers are materialised apart from intake: one that harms is marked with its reason, and nothing else waits for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::sync::Receipt;
use jiafang_sync_server::county_ledger;
use jiafang_sync_server::materialise::{self, Looker};
use jiafang_sync_server::store::materialised::{self, Trouble};

use crate::county::{County, YUNLING};
use crate::device::{Device, receipts};

fn server_program() -> PathBuf {
    let folder = std::env::var_os("JIAFANG_BIN_DIR").expect("JIAFANG_BIN_DIR names the folder of the programs");
    Path::new(&folder).join("jiafang-sync-server")
}

/// A change one byte of which is another, with its checksum made right again, that no dossier can take.
fn poisoned(good: &[u8]) -> Vec<u8> {
    let fits = |bytes: &[u8]| {
        let mut dossier = doc::empty(DocumentKind::Dossier).unwrap();
        let change = doc::read_change(bytes).unwrap();
        doc::apply(&mut dossier, vec![change]).and_then(|()| doc::check(DocumentKind::Dossier, &dossier)).is_ok()
    };
    (9..good.len())
        .map(|at| {
            let mut bytes = good.to_vec();
            bytes[at] ^= 0x41;
            let checksum = Hash32::of(&bytes[8..]);
            bytes[4..8].copy_from_slice(&checksum.0[..4]);
            bytes
        })
        // What intake asks of a change, this one has.
        .filter(|bytes| {
            let as_was = doc::read_change(good).unwrap();
            doc::read_change(bytes).is_ok_and(|change| {
                (change.seq(), change.deps(), change.actor_id()) == (as_was.seq(), as_was.deps(), as_was.actor_id())
            })
        })
        .find(|bytes| !fits(bytes))
        .expect("something in a change can harm")
}

#[test]
fn a_poisoned_dossier_is_marked_with_its_reason_and_nothing_waits_for_it() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let (mut bad, mut good) = (teacher.opens(YUNLING), teacher.opens(YUNLING));
    let first = teacher.writes(&mut bad, "一组");
    let second = teacher.writes(&mut good, "二组");
    assert!(receipts(&teacher.syncs(&[first, second])).iter().all(|(_, receipt)| *receipt == Receipt::Stored));
    let mut stranger = Device::of_teacher(&county, "陌生人", YUNLING);
    let mut copy = bad.clone();
    copy.document = doc::empty(DocumentKind::Dossier).unwrap();
    let (counter, previous) = (stranger.counter, stranger.previous);
    let poison = poisoned(&stranger.writes(&mut copy, "三组").body.change);
    (stranger.counter, stranger.previous) = (counter, previous);
    let poison = stranger.wraps(&copy, poison);
    let hash = Hash32(doc::read_change(&poison.body.change).unwrap().hash().0);
    assert_eq!(receipts(&stranger.syncs(&[poison])), [(1, Receipt::Stored)], "nobody looks into it as it is taken in");

    let (store, now) = (county.store(), county.environment.now());
    let looker = Looker::own(server_program());
    assert_eq!(materialise::round(&store, &looker, now).unwrap(), 2);
    let found = store.read(materialised::all).unwrap();
    assert_eq!(
        found.iter().map(|one| (one.document, one.trouble)).collect::<Vec<_>>(),
        [(bad.id, Trouble::Unreadable)]
    );
    assert_eq!(found[0].changes.iter().copied().collect::<Vec<_>>(), [hash]);
    assert_eq!(found[0].since, now);
    assert_eq!(materialise::round(&store, &looker, now).unwrap(), 0, "what did not change is not looked at again");

    let ledger = county_ledger::fold(&store).unwrap();
    assert_eq!(ledger.rows.len(), 2, "the ledger passes over the change alone");
    assert_eq!(ledger.damaged, [bad.id]);
    let third = teacher.writes(&mut bad, "四组");
    assert_eq!(receipts(&teacher.syncs(&[third])), [(3, Receipt::Stored)], "and the dossier is written on");
    assert_eq!(materialise::round(&store, &looker, now).unwrap(), 1);
    assert_eq!(store.read(materialised::all).unwrap().len(), 1);
}

#[test]
fn a_dossier_that_never_ends_is_ended_and_named_and_the_next_is_looked_at() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    for _ in 0..2 {
        let mut dossier = teacher.opens(YUNLING);
        let visit = teacher.writes(&mut dossier, "一组");
        teacher.syncs(&[visit]);
    }
    let (store, now) = (county.store(), county.environment.now());
    // A process that never says anything stands for one that loops within Automerge.
    let looker = Looker::with(Path::new("/bin/sleep"), &["600"], Duration::from_millis(100));
    assert_eq!(materialise::round(&store, &looker, now).unwrap(), 2);
    let troubles = store.read(materialised::all).unwrap();
    assert_eq!(troubles.iter().map(|one| one.trouble).collect::<Vec<_>>(), [Trouble::TooSlow; 2]);
    let ledger = county_ledger::fold(&store).unwrap();
    assert!(ledger.rows.is_empty(), "the ledger does not begin what did not end");
    assert_eq!(ledger.damaged.len(), 2);
    let visit = teacher.opens(YUNLING);
    let visit = teacher.wraps(&visit, b"no change at all".to_vec());
    assert_eq!(receipts(&teacher.syncs(&[visit])).len(), 1, "and the server takes in as ever");
}

#[test]
fn a_process_that_dies_is_named_too() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.syncs(&[visit]);
    let store = county.store();
    let looker = Looker::with(Path::new("/bin/false"), &[], Duration::from_secs(30));
    materialise::round(&store, &looker, county.environment.now()).unwrap();
    assert_eq!(store.read(materialised::all).unwrap()[0].trouble, Trouble::Crashed);
}
