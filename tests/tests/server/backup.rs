//! Copies that are made while the county works, and what happens when one has to be used.

use std::sync::atomic::{AtomicBool, Ordering};

use jiafang_core::domain::role::Role;
use jiafang_core::error::ErrorCode;
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::sync::Receipt;
use jiafang_sync_server::backup::back_up;
use jiafang_sync_server::store::verify_copy;

use crate::county::{County, QINGSHI, YUNLING, copy_folder};
use crate::device::{Device, documents, receipts};

#[test]
fn what_a_verified_backup_holds_is_durable_and_what_came_after_is_not() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let first = teacher.writes(&mut dossier, "一组");
    assert_eq!(teacher.syncs(&[first]).durable_seq, 0);
    let done = back_up(&county.data(), &county.store(), &county.beside("backup")).unwrap();
    assert_eq!(done.seq, 2);
    let second = teacher.writes(&mut dossier, "二组");
    let answer = teacher.syncs(&[second]);
    assert_eq!((answer.durable_seq, answer.cursor.seq), (2, 3));
    assert!(!answer.without_backup);
}

#[test]
fn a_county_that_runs_without_a_backup_says_so() {
    let county = County::served_without_backup();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    let answer = teacher.syncs(&[visit]);
    assert!(answer.without_backup);
    assert_eq!(answer.durable_seq, 2, "the disk of the server is all there is");
}

#[test]
fn a_backup_that_is_made_while_teachers_push_is_whole_and_can_be_served_from() {
    let mut county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let done = AtomicBool::new(false);
    let backed_up = std::thread::scope(|scope| {
        let pushing = scope.spawn(|| {
            let mut pushed = 0_u64;
            while !done.load(Ordering::Relaxed) || pushed < 5 {
                let visit = teacher.writes(&mut dossier, &format!("{pushed}号"));
                assert_eq!(receipts(&teacher.syncs(&[visit]))[0].1, Receipt::Stored);
                pushed += 1;
            }
            pushed
        });
        let mut seqs = Vec::new();
        for _ in 0..3 {
            seqs.push(back_up(&county.data(), &county.store(), &county.beside("backup")).unwrap().seq);
        }
        done.store(true, Ordering::Relaxed);
        assert!(pushing.join().unwrap() >= 5);
        seqs
    });
    assert!(backed_up.is_sorted(), "{backed_up:?}");
    assert_eq!(verify_copy(&county.beside("backup").join("county.db")).unwrap(), backed_up[2]);
    let backup = county.beside("backup");
    county.is_restored_from(&backup);
    assert_eq!(county.log_length(), backed_up[2]);
    let mut colleague = Device::of_teacher(&county, "王老师", YUNLING);
    assert_eq!(colleague.pulls().len() as u64, backed_up[2]);
}

#[test]
fn a_server_that_was_restored_from_an_older_backup_says_so_and_gets_back_what_it_lost() {
    let mut county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let mut written = vec![teacher.writes(&mut dossier, "一组")];
    teacher.syncs(&written);
    let backup = county.beside("backup");
    back_up(&county.data(), &county.store(), &backup).unwrap();
    written.push(teacher.writes(&mut dossier, "二组"));
    teacher.syncs(&written[1..]);

    county.is_restored_from(&backup);
    teacher.connects(&county);
    let third = teacher.writes(&mut dossier, "三组");
    let answer = teacher.syncs(std::slice::from_ref(&third));
    assert!(answer.rewound);
    assert!(answer.receipts.is_empty() && answer.envelopes.is_empty(), "nothing was taken in or given out");
    written.push(third);
    let answer = teacher.syncs(&written);
    assert!(!answer.rewound);
    assert_eq!(receipts(&answer), [(1, Receipt::Duplicate), (2, Receipt::Stored), (3, Receipt::Stored)]);
}

#[test]
fn after_a_restore_a_device_misses_nothing_that_others_wrote_meanwhile() {
    let mut county = County::served();
    let mut officer = Device::of(&county, "周干事", Role::TownshipOfficer, &format!("place:{QINGSHI}"));
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut wang = Device::of_teacher(&county, "王老师", YUNLING);
    let backup = county.beside("backup");
    back_up(&county.data(), &county.store(), &backup).unwrap();
    let mut of_li = li.opens(YUNLING);
    let lost = [li.writes(&mut of_li, "一组"), li.writes(&mut of_li, "二组"), li.writes(&mut of_li, "三组")];
    li.syncs(&lost);
    assert_eq!(documents(&officer.pulls()).len(), 3);
    assert_eq!(officer.cursor.seq, 4);

    county.is_restored_from(&backup);
    for device in [&mut officer, &mut li, &mut wang] {
        device.connects(&county);
    }
    // Wang's record takes a number that the officer believes to have seen, before the officer calls.
    let mut of_wang = wang.opens(YUNLING);
    let visit = wang.writes(&mut of_wang, "四组");
    assert_eq!(receipts(&wang.syncs(&[visit])), [(1, Receipt::Stored)]);
    let answer = officer.syncs(&[]);
    assert!(answer.rewound);
    assert_eq!(documents(&officer.pulls()), [of_wang.id]);
}

#[test]
fn a_cursor_of_another_history_of_the_same_length_is_noticed() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    teacher.pulls();
    teacher.cursor.chain.0[0] ^= 1;
    let answer = teacher.syncs(&[]);
    assert!(answer.rewound);
    assert_eq!(answer.cursor, Cursor::START);
}

#[test]
fn a_restored_server_whose_register_went_another_way_is_noticed_even_when_its_log_did_not() {
    let mut county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let backup = county.beside("backup");
    back_up(&county.data(), &county.store(), &backup).unwrap();
    county.invites("赵老师", Role::ClassTeacher, "place:999999101001");
    teacher.pulls();
    let register_head = teacher.register_head;

    county.is_restored_from(&backup);
    teacher.connects(&county);
    // Two others are invited instead: the numbers of the register have come past those that the teacher knows.
    county.invites("钱老师", Role::ClassTeacher, "place:999999101001");
    county.invites("孙老师", Role::ClassTeacher, "place:999999101001");
    assert!(teacher.syncs(&[]).rewound);
    let register = teacher.syncs(&[]).register;
    assert_eq!(register.len() as u64, register_head + 1);
}

#[test]
fn a_backup_does_not_go_into_the_folder_that_it_is_made_of() {
    let county = County::served();
    for target in [county.data(), county.data().join("photos"), county.data().join("backup")] {
        let failure = back_up(&county.data(), &county.store(), &target).unwrap_err();
        assert_eq!(failure.code, ErrorCode::FieldInvalid, "{}", target.display());
    }
    assert!(!county.data().join("backup").exists());
}

#[test]
fn a_backup_that_somebody_serves_from_is_not_written_over() {
    let county = County::served();
    let target = county.beside("backup");
    back_up(&county.data(), &county.store(), &target).unwrap();
    let served = jiafang_sync_server::store::Store::open(&target).unwrap();
    let failure = back_up(&county.data(), &county.store(), &target).unwrap_err();
    assert_eq!(failure.code, ErrorCode::FieldInvalid);
    drop(served);
    back_up(&county.data(), &county.store(), &target).unwrap();
}

#[test]
fn a_backup_in_which_something_is_damaged_makes_nothing_durable() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let written: Vec<_> = (0..4).map(|number| teacher.writes(&mut dossier, &format!("{number}号"))).collect();
    teacher.syncs(&written);
    let broken = county.beside("broken");
    copy_folder(&county.data(), &broken);
    let connection =
        rusqlite::Connection::open_with_flags(broken.join("county.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
            .unwrap();
    connection.execute("UPDATE log SET hash = zeroblob(32) WHERE seq = 3", []).unwrap();
    drop(connection);
    let store = jiafang_sync_server::store::Store::open(&broken).unwrap();
    let failure = back_up(&broken, &store, &county.beside("backup")).unwrap_err();
    assert_eq!(failure.code, ErrorCode::StoreDamaged);
    assert_eq!(store.read(jiafang_sync_server::store::register::county).unwrap().durable_seq, 0);
    assert!(!county.beside("backup").join("county.db").exists());
}
