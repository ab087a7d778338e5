//! Photo files: in parts that a lost link may cost, resumed where they stopped, for those who answer for the
//! child and nobody else.

use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::role::Role;
use jiafang_core::protocol::PHOTO_BYTES_MAX;
use jiafang_core::protocol::photo::{PhotoFile, PhotoOffer, PhotoOffset};
use jiafang_core::protocol::refusal::RefusalCode;
use jiafang_core::sync::link::LinkFailure;
use jiafang_sync_server::backup::back_up;

use crate::county::{County, QINGSHI, SHIQIAO, YUNLING};
use crate::device::{Device, refusal};

/// Bytes as a photo has them: no two parts alike.
fn photo_bytes(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = Hash32::of(&[seed]);
    while bytes.len() < length {
        bytes.extend_from_slice(&block.0);
        block = Hash32::of(&block.0);
    }
    bytes.truncate(length);
    bytes
}

fn offer(document: DocumentId, bytes: &[u8]) -> PhotoOffer {
    PhotoOffer { hash: Hash32::of(bytes), document, file: PhotoFile::Photo, bytes_total: bytes.len() as u64 }
}

/// Writes a visit to a new dossier and offers a photo with it.
fn with_photo(device: &mut Device, village: &str, bytes: &[u8]) -> Vec<PhotoOffset> {
    let mut dossier = device.opens(village);
    let visit = device.writes(&mut dossier, "一组");
    device.offers = vec![offer(dossier.id, bytes)];
    let offsets = device.syncs(&[visit]).photo_offsets;
    device.offers.clear();
    offsets
}

fn puts_all(device: &mut Device, bytes: &[u8]) -> Result<PhotoOffset, LinkFailure> {
    let hash = Hash32::of(bytes);
    let mut held = PhotoOffset { hash, offset: 0, complete: false, head: None };
    while !held.complete {
        let start = usize::try_from(held.offset).unwrap();
        let end = bytes.len().min(start + 8 * 1024);
        held = device.sends_photo(hash, held.offset, &bytes[start..end])?;
    }
    Ok(held)
}

fn gets_all(device: &mut Device, hash: Hash32) -> Result<Vec<u8>, LinkFailure> {
    let mut bytes = Vec::new();
    loop {
        let part = device.link().get_photo_part(hash, bytes.len() as u64, 64 * 1024)?;
        bytes.extend(part.bytes);
        if bytes.len() as u64 >= part.bytes_total {
            return Ok(bytes);
        }
    }
}

#[test]
fn a_photo_goes_up_in_parts_and_comes_down_whole_at_the_desk_and_its_author_is_told() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut officer = Device::of(&county, "周干事", Role::TownshipOfficer, &format!("place:{QINGSHI}"));
    let bytes = photo_bytes(1, 200_000);
    let hash = Hash32::of(&bytes);
    assert_eq!(with_photo(&mut teacher, YUNLING, &bytes), [], "nothing of it is here");
    assert_eq!(refusal(gets_all(&mut officer, hash)), RefusalCode::PhotoUnknown, "it has not come whole yet");
    puts_all(&mut teacher, &bytes).unwrap();
    assert!(teacher.syncs(&[]).photos_delivered.is_empty());
    assert_eq!(gets_all(&mut officer, hash).unwrap(), bytes);
    let answer = teacher.syncs(&[]);
    assert_eq!(answer.photos_delivered, [hash]);
    teacher.photo_mark = answer.photo_mark;
    assert!(teacher.syncs(&[]).photos_delivered.is_empty(), "said once");
}

#[test]
fn a_photo_goes_on_where_it_stopped_when_the_connection_and_the_server_were_gone() {
    let mut county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes = photo_bytes(2, 100_000);
    let hash = Hash32::of(&bytes);
    with_photo(&mut teacher, YUNLING, &bytes);
    let held = teacher.sends_photo(hash, 0, &bytes[..8_192]).unwrap();
    assert_eq!((held.offset, held.complete), (8_192, false));
    county.stops();
    assert!(teacher.sends_photo(hash, 8_192, &bytes[8_192..16_384]).is_err());
    county.starts();
    teacher.connects(&county);
    // The device does not know whether its last part had arrived: it is told, and nothing is sent twice.
    let held = teacher.sends_photo(hash, 16_384, &bytes[16_384..24_576]).unwrap();
    assert_eq!(held.offset, 8_192);
    let held = teacher.sends_photo(hash, 8_192, &bytes[8_192..]).unwrap();
    assert!(held.complete);
    let again = teacher.sends_photo(hash, 0, &bytes[..10]).unwrap();
    assert_eq!((again.offset, again.complete), (100_000, true), "what is here whole is not taken again");
}

#[test]
fn an_offset_rides_in_the_answer_when_the_photo_is_offered_again() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes = photo_bytes(3, 20_000);
    let hash = Hash32::of(&bytes);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.offers = vec![offer(dossier.id, &bytes)];
    teacher.syncs(&[visit]);
    teacher.sends_photo(hash, 0, &bytes[..5_000]).unwrap();
    assert_eq!(teacher.syncs(&[]).photo_offsets, [PhotoOffset { hash, offset: 5_000, complete: false, head: None }]);
}

#[test]
fn bytes_that_are_not_the_photo_are_thrown_away_and_it_begins_anew() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes = photo_bytes(4, 20_000);
    let hash = Hash32::of(&bytes);
    with_photo(&mut teacher, YUNLING, &bytes);
    let mut damaged = bytes.clone();
    damaged[777] ^= 1;
    teacher.sends_photo(hash, 0, &damaged[..10_000]).unwrap();
    let answer = teacher.sends_photo(hash, 10_000, &damaged[10_000..]);
    assert_eq!(refusal(answer), RefusalCode::HashWrong);
    assert!(puts_all(&mut teacher, &bytes).unwrap().complete);
}

#[test]
fn more_bytes_than_were_offered_are_refused() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes = photo_bytes(5, 1_000);
    let hash = Hash32::of(&bytes);
    with_photo(&mut teacher, YUNLING, &bytes);
    let long = [bytes.clone(), vec![0]].concat();
    assert_eq!(refusal(teacher.sends_photo(hash, 0, &long)), RefusalCode::TooLarge);
    assert!(puts_all(&mut teacher, &bytes).unwrap().complete);
}

#[test]
fn what_was_not_offered_and_what_is_larger_than_a_photo_is_not_taken() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let bytes = photo_bytes(6, 1_000);
    let hash = Hash32::of(&bytes);
    assert_eq!(refusal(teacher.sends_photo(hash, 0, &bytes)), RefusalCode::PhotoUnknown);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.offers = vec![PhotoOffer { bytes_total: PHOTO_BYTES_MAX + 1, ..offer(dossier.id, &bytes) }];
    teacher.syncs(&[visit]);
    assert_eq!(refusal(teacher.sends_photo(hash, 0, &bytes)), RefusalCode::PhotoUnknown);
}

#[test]
fn a_photo_of_the_next_village_is_not_given_out_to_whoever_knows_its_hash() {
    let county = County::served();
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    let bytes = photo_bytes(7, 30_000);
    let hash = Hash32::of(&bytes);
    with_photo(&mut chen, SHIQIAO, &bytes);
    puts_all(&mut chen, &bytes).unwrap();

    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    for asked in [hash, Hash32::of(b"no photo")] {
        // Whether there is such a photo is not told.
        assert_eq!(refusal(li.link().get_photo_part(asked, 0, 1_000)), RefusalCode::PhotoUnknown);
        assert_eq!(refusal(li.sends_photo(asked, 0, &[0])), RefusalCode::PhotoUnknown);
    }
}

#[test]
fn offering_the_hash_of_a_photo_for_ones_own_dossier_does_not_open_it() {
    let county = County::served();
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    let bytes = photo_bytes(8, 30_000);
    let hash = Hash32::of(&bytes);
    with_photo(&mut chen, SHIQIAO, &bytes);
    puts_all(&mut chen, &bytes).unwrap();

    // Li knows the hash and the size, and has not a byte of it.
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let offsets = with_photo(&mut li, YUNLING, &bytes);
    assert_eq!(offsets, [], "not even that it is here is told");
    assert_eq!(refusal(li.link().get_photo_part(hash, 0, 1_000)), RefusalCode::PhotoUnknown);
    assert_eq!(refusal(li.sends_photo(hash, 0, &[1; 30_000])), RefusalCode::HashWrong);
    assert_eq!(refusal(li.link().get_photo_part(hash, 0, 1_000)), RefusalCode::PhotoUnknown);
    assert_eq!(gets_all(&mut chen, hash).unwrap(), bytes, "and the photo is not touched");
}

#[test]
fn a_hash_that_was_claimed_before_the_photo_came_does_not_open_it_either() {
    let county = County::served();
    let bytes = photo_bytes(9, 30_000);
    let hash = Hash32::of(&bytes);
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    with_photo(&mut li, YUNLING, &bytes);
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    with_photo(&mut chen, SHIQIAO, &bytes);
    assert!(puts_all(&mut chen, &bytes).unwrap().complete);
    assert_eq!(refusal(li.link().get_photo_part(hash, 0, 1_000)), RefusalCode::PhotoUnknown);
}

#[test]
fn a_picture_that_two_villages_really_have_belongs_to_both() {
    let county = County::served();
    let bytes = photo_bytes(10, 30_000);
    let hash = Hash32::of(&bytes);
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    with_photo(&mut li, YUNLING, &bytes);
    with_photo(&mut chen, SHIQIAO, &bytes);
    li.sends_photo(hash, 0, &bytes[..10_000]).unwrap();
    assert!(puts_all(&mut chen, &bytes).unwrap().complete);
    let held = li.sends_photo(hash, 10_000, &bytes[10_000..]).unwrap();
    assert!(held.complete);
    assert_eq!(gets_all(&mut li, hash).unwrap(), bytes);
    assert_eq!(gets_all(&mut chen, hash).unwrap(), bytes);
}

#[test]
fn one_photo_of_two_siblings_goes_up_once() {
    let county = County::served();
    let bytes = photo_bytes(11, 30_000);
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let (mut elder, mut younger) = (teacher.opens(YUNLING), teacher.opens(YUNLING));
    let visits = [teacher.writes(&mut elder, "一组"), teacher.writes(&mut younger, "一组")];
    teacher.offers = vec![offer(elder.id, &bytes)];
    teacher.syncs(&visits);
    puts_all(&mut teacher, &bytes).unwrap();
    teacher.offers = vec![offer(younger.id, &bytes)];
    let offsets = teacher.syncs(&[]).photo_offsets;
    assert_eq!(
        offsets,
        [PhotoOffset { hash: Hash32::of(&bytes), offset: 30_000, complete: true, head: offsets[0].head }]
    );
}

#[test]
fn a_part_beyond_the_end_and_a_strange_range_harm_nobody() {
    let county = County::served();
    let bytes = photo_bytes(12, 1_000);
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    with_photo(&mut teacher, YUNLING, &bytes);
    puts_all(&mut teacher, &bytes).unwrap();
    let hash = Hash32::of(&bytes);
    assert!(teacher.link().get_photo_part(hash, 5_000, 100).unwrap().bytes.is_empty());
    assert!(teacher.link().get_photo_part(hash, u64::MAX, 100).unwrap().bytes.is_empty());
    assert_eq!(teacher.link().get_photo_part(hash, 990, 100).unwrap().bytes, bytes[990..]);
}

#[test]
fn a_backup_holds_the_photos_and_copies_each_once() {
    let mut county = County::served();
    let bytes = photo_bytes(13, 30_000);
    let hash = Hash32::of(&bytes);
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    with_photo(&mut teacher, YUNLING, &bytes);
    puts_all(&mut teacher, &bytes).unwrap();
    let backup = county.beside("backup");
    let first = back_up(&county.data(), &county.store(), &backup).unwrap();
    assert_eq!((first.photos.files, first.photos.files_new), (1, 1));
    let second = back_up(&county.data(), &county.store(), &backup).unwrap();
    assert_eq!((second.photos.files, second.photos.files_new), (1, 0));
    county.is_restored_from(&backup);
    teacher.connects(&county);
    assert_eq!(gets_all(&mut teacher, hash).unwrap(), bytes);
}

#[test]
fn a_photo_that_went_bad_on_the_servers_disk_is_said_and_holds_up_no_backup_of_the_records() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let (good, bad) = (photo_bytes(14, 10_000), photo_bytes(15, 10_000));
    for bytes in [&good, &bad] {
        with_photo(&mut teacher, YUNLING, bytes);
        puts_all(&mut teacher, bytes).unwrap();
    }
    let name = Hash32::of(&bad).to_string();
    let path = county.data().join("photos").join(&name[..2]).join(&name);
    assert_eq!(std::fs::read(&path).unwrap(), bad);
    std::fs::remove_file(&path).unwrap();
    let done = back_up(&county.data(), &county.store(), &county.beside("backup")).unwrap();
    assert_eq!((done.photos.files, done.photos.damaged), (1, 1));
    assert_eq!(teacher.syncs(&[]).durable_seq, county.log_length());
}
