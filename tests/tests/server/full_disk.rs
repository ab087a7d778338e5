//! A full disk of the server: nothing is half taken in, nothing is said to be there that is not, and when there is room
//! again all goes on.

use jiafang_core::domain::identifier::Hash32;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::photo::{PhotoFile, PhotoOffer};
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::protocol::sync::Receipt;
use jiafang_sync_server::backup::back_up;
use jiafang_tests::kit::small_disk::SmallDisk;

use crate::county::{County, YUNLING};
use crate::device::{Device, documents, receipts, refusal};

#[test]
fn a_push_that_meets_a_full_disk_is_not_taken_in_and_is_offered_again() {
    let Some(disk) = SmallDisk::mounted(16) else { return };
    let county = County::served_on(disk.path());
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut colleague = Device::of_teacher(&county, "王老师", YUNLING);
    teacher.pulls();
    disk.fills_up();
    // Forms of 30 KB: what the store has kept free within itself is used up soon.
    let mut refused = None;
    let mut stored = Vec::new();
    for number in 0..100 {
        let mut dossier = teacher.opens(YUNLING);
        let visit = teacher.writes(&mut dossier, &format!("{number}{}", "长".repeat(10_000)));
        let request = teacher.request(std::slice::from_ref(&visit));
        match teacher.asks(&request) {
            Ok(answer) => {
                assert_eq!(receipts(&answer), [(visit.body.counter, Receipt::Stored)]);
                stored.push(dossier.id);
            }
            failed => {
                refused = Some((refusal(failed), visit, dossier.id));
                break;
            }
        }
    }
    let (code, visit, dossier) = refused.expect("the disk is full");
    assert_eq!(code, RefusalCode::Fault);
    assert_eq!(county.log_length() as usize, 1 + stored.len(), "what was refused is not there");
    assert_eq!(documents(&colleague.pulls()), stored, "who only pulls is served all the same");

    disk.is_tidied_up();
    assert_eq!(receipts(&teacher.syncs(&[visit]))[0].1, Receipt::Stored);
    assert_eq!(documents(&colleague.pulls()), [dossier]);
}

#[test]
fn a_photo_part_that_meets_a_full_disk_is_not_counted_and_the_photo_is_whole_in_the_end() {
    let Some(disk) = SmallDisk::mounted(16) else { return };
    let county = County::served_on(disk.path());
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let hash = Hash32::of(&bytes);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.offers =
        vec![PhotoOffer { hash, document: dossier.id, file: PhotoFile::Photo, bytes_total: bytes.len() as u64 }];
    teacher.syncs(&[visit]);
    let first = teacher.sends_photo(hash, 0, &bytes[..100_000]).unwrap();
    assert_eq!(first.offset, 100_000);
    disk.fills_up();
    let part = teacher.sends_photo(hash, 100_000, &bytes[100_000..400_000]);
    assert_eq!(refusal(part), RefusalCode::Fault);
    disk.is_tidied_up();
    let held = usize::try_from(teacher.syncs(&[]).photo_offsets[0].offset).unwrap();
    assert!((100_000..108_192).contains(&held), "no piece that did not fit is counted: {held}");
    for (start, end) in [(held, 400_000), (400_000, 800_000)] {
        let held = teacher.sends_photo(hash, start as u64, &bytes[start..end]);
        assert_eq!(held.unwrap().offset, end as u64);
    }
    let part = teacher.link().get_photo_part(hash, 799_990, 100).unwrap();
    assert_eq!(part.bytes, bytes[799_990..]);
}

#[test]
fn a_backup_that_does_not_fit_leaves_the_one_before_and_makes_nothing_durable() {
    let Some(disk) = SmallDisk::mounted(4) else { return };
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let target = disk.path().join("backup");
    back_up(&county.data(), &county.store(), &target).unwrap();
    let before = std::fs::read(target.join("county.db")).unwrap();
    disk.fills_up();
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, &"长".repeat(100_000));
    teacher.syncs(&[visit]);
    let failure = back_up(&county.data(), &county.store(), &target).unwrap_err();
    assert_eq!(failure.code, ErrorCode::DiskFull, "{failure}");
    assert_eq!(teacher.syncs(&[]).durable_seq, 1);
    assert!(std::fs::read(target.join("county.db")).unwrap() == before, "the backup before is untouched");
    disk.is_tidied_up();
    back_up(&county.data(), &county.store(), &target).unwrap();
    assert_eq!(teacher.syncs(&[]).durable_seq, 2);
}
