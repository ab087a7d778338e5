//! The first copy of many dossiers: by packs, in parts that a cut line does not waste, usable before all has come.

// Helpers of a test fail it by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{MoveChild, TimelineEvent};
use jiafang_core::api::sync::FirstCopyView;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Clock;
use jiafang_core::error::ErrorCode;
use jiafang_sync_server::store::materialised::{self, Poisoned, Trouble};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

/// A village with so many children, each with visits, in the log and in a backup.
fn a_village(township: &mut Township, children: usize) -> (Person, PlaceCode) {
    let village = township.village(0);
    let coordinator = township.coordinator("赵敏");
    for number in 0..children {
        let child = registers(&coordinator, number, &village);
        coordinator.records_visit(child, &[], |form| form.household_situation = situation(number));
    }
    assert_eq!(
        coordinator.syncs().waiting_records,
        0,
        "a sync ends when nothing waits, also what several pushes carry"
    );
    township.backs_up("backup");
    coordinator.syncs();
    (coordinator, village)
}

/// A long text of the `number`-th household, in which nothing repeats.
fn situation(number: usize) -> String {
    let characters = (0..500_u32).map(|place| {
        let drawn = (u32::try_from(number).unwrap() * 500 + place).wrapping_mul(2_654_435_761) >> 18;
        char::from_u32(0x4E00 + drawn).unwrap()
    });
    format!("第{number}户:{}", characters.collect::<String>())
}

fn registers(person: &Person, number: usize, village: &PlaceCode) -> DocumentId {
    const CHARACTERS: [char; 10] = ['春', '夏', '秋', '冬', '梅', '兰', '竹', '菊', '松', '柏'];
    let name = format!("石{}{}", CHARACTERS[number / 10 % 10], CHARACTERS[number % 10]);
    person.registers(&name, "2016-05-04", village, &format!("199{number:08}"))
}

/// A teacher whose tablet is enrolled, and whose line breaks after so many parts of 8 KiB of the first copy.
fn enrolled_on_a_bad_line(township: &mut Township, name: &str, scope: Scope, parts: u64) -> Person {
    let code = township.invites(name, Role::ClassTeacher, scope);
    let teacher = township.somebody(name);
    teacher.switch.cut_after_parts(parts);
    teacher.enrols(&code);
    teacher
}

fn envelopes_held(person: &Person, child: DocumentId) -> i64 {
    person
        .app()
        .with_device(|device| {
            device.store.transact(|tx| {
                let count =
                    tx.query_row("SELECT count(*) FROM envelope WHERE document = ?", [child.as_bytes()], |row| {
                        row.get(0)
                    });
                Ok(count.unwrap())
            })
        })
        .unwrap()
}

fn visits_of(person: &Person, child: DocumentId) -> Vec<(String, String)> {
    let visits = person.opens(child).timeline.into_iter().filter_map(|entry| match entry.event {
        TimelineEvent::Visit { form, .. } => Some((entry.person_name, form.household_situation)),
        _ => None,
    });
    visits.collect()
}

#[test]
fn a_new_tablet_gets_its_first_copy_by_packs_can_search_before_all_is_there_and_loses_little_to_a_cut_line() {
    let mut township = Township::new(41);
    let (coordinator, village) = a_village(&mut township, 50);
    let recorded_since = coordinator.child("石春夏");
    coordinator.records_visit(recorded_since, &[], |form| form.household_situation = "备份以后的家访。".to_owned());
    coordinator.syncs();

    section("the line breaks when the first group is there: what has come can be searched");
    let li = enrolled_on_a_bad_line(&mut township, "李老师", Scope::Place(village.clone()), 4);
    assert_eq!(li.strip().failure, Some(ErrorCode::ServerUnreachable));
    let FirstCopyView { children_here, children_total } = li.strip().first_copy.expect("a first copy is going on");
    assert_eq!((children_here, children_total), (20, 50));
    assert_eq!(li.finds("").len(), 20);
    let found = li.finds("s")[0].document_id;
    assert_eq!(envelopes_held(&li, found), 0, "it came by a pack");
    assert_eq!(visits_of(&li, found)[0].0, "赵敏", "who wrote is known by the pack's signed binding");
    assert!(visits_of(&li, found)[0].1.starts_with('第'));
    let before = li.switch.pack_bytes.load(Ordering::SeqCst);

    section("a visit on what is there is recorded and reaches the desk, and the rest comes");
    li.records_visit(found, &[], |form| form.household_situation = "第一户就去过了。".to_owned());
    let status = li.syncs();
    assert_eq!((status.failure, status.waiting_records), (None, 0));
    assert!(status.first_copy.is_none());
    assert_eq!(li.finds("").len(), 50);
    let total = pack_bytes(&township);
    let fetched = li.switch.pack_bytes.load(Ordering::SeqCst);
    assert!(fetched <= total + 8 * 1024, "{fetched} of {total} bytes; {before} before the cut");
    assert!(visits_of(&li, recorded_since).iter().any(|(_, text)| text == "备份以后的家访。"), "what came since");
    sync_until_quiet(&[&li, &coordinator]);
    assert!(visits_of(&coordinator, found).contains(&("李老师".to_owned(), "第一户就去过了。".to_owned())));
    township.assert_same_ledger(&coordinator);
    township.assert_same_ledger(&li);
    li.assert_projections_rebuild();

    section("nothing is fetched twice");
    li.syncs();
    assert_eq!(li.switch.pack_bytes.load(Ordering::SeqCst), fetched);
}

/// The bytes of all packs on the server's shelf.
fn pack_bytes(township: &Township) -> u64 {
    let shelves = std::fs::read_dir(township.data().join("packs")).unwrap();
    shelves
        .flat_map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap())
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

#[test]
fn what_nobody_has_looked_at_yet_and_what_is_poisoned_travels_as_envelopes_and_holds_up_no_pack() {
    let mut township = Township::new(45);
    let (coordinator, village) = a_village(&mut township, 25);
    township.server_packs_after_looks();
    let invited =
        |name: &str, township: &Township| township.invites(name, Role::ClassTeacher, Scope::Place(village.clone()));
    let (li_code, wang_code) = (invited("李老师", &township), invited("王老师", &township));
    let (li, wang) = (township.somebody("李老师"), township.somebody("王老师"));
    let by_envelopes = |person: &Person| {
        let children = coordinator.finds("").into_iter().map(|row| row.document_id);
        let held: Vec<DocumentId> = children.filter(|child| envelopes_held(person, *child) > 0).collect();
        assert_eq!(person.finds("").len(), 25, "all children are here, however they came");
        held
    };

    section("the step has not looked at anything yet");
    li.enrols(&li_code);
    sync_until_quiet(&[&li]);
    assert_eq!(by_envelopes(&li).len(), 25);
    township.assert_same_ledger(&li);
    assert_eq!(pack_bytes(&township), 0, "nothing was packed");

    section("it has looked at all, and named one dossier");
    let poisoned = coordinator.finds("")[3].document_id;
    let since = coordinator.clock.now();
    let marked = township.store().transact(|tx| {
        let trouble = Trouble::TooSlow;
        materialised::mark(tx, &Poisoned { document: poisoned, trouble, changes: BTreeSet::new(), since })?;
        materialised::set_looked_up_to(tx, township.log_length())
    });
    marked.unwrap();
    wang.enrols(&wang_code);
    sync_until_quiet(&[&wang]);
    assert_eq!(by_envelopes(&wang), [poisoned]);
    assert!(pack_bytes(&township) > 0);
}

#[test]
fn a_pack_with_a_child_who_has_moved_away_is_not_given_any_more_and_nothing_is_lost() {
    let mut township = Township::new(42);
    let (coordinator, village) = a_village(&mut township, 50);
    let elsewhere = township.village(1);
    let li = enrolled_on_a_bad_line(&mut township, "李老师", Scope::Place(village.clone()), 4);
    assert_eq!(li.finds("").len(), 20);
    let here: Vec<DocumentId> = li.finds("").into_iter().map(|row| row.document_id).collect();
    let not_here = coordinator.finds("").into_iter().map(|row| row.document_id).find(|id| !here.contains(id)).unwrap();
    for child in [here[0], not_here] {
        let request = MoveChild { document_id: child, village: elsewhere.clone(), class: None, note: String::new() };
        coordinator.app().move_child(request).unwrap();
    }
    coordinator.syncs();
    let status = li.syncs();
    assert_eq!(status.failure, None);
    township.backs_up("backup");
    sync_until_quiet(&[&li, &coordinator]);
    let children: Vec<DocumentId> = li.finds("").into_iter().map(|row| row.document_id).collect();
    assert_eq!(children.len(), 48);
    assert!(!children.contains(&here[0]) && !children.contains(&not_here), "who has left is erased, or never came");
    li.assert_projections_rebuild();
}

/// Turns a bit of every pack on the server's shelf, in its last group.
fn packs_rot(township: &Township) {
    for shelf in std::fs::read_dir(township.data().join("packs")).unwrap() {
        for file in std::fs::read_dir(shelf.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let place = bytes.len() - 100;
            bytes[place] ^= 1;
            jiafang_core::files::write_atomically(&path, &bytes).unwrap();
        }
    }
}

#[test]
fn a_pack_that_rots_on_the_servers_disk_is_named_half_applied_by_no_group_and_its_children_come_all_the_same() {
    let mut township = Township::new(43);
    let (coordinator, village) = a_village(&mut township, 50);
    let li = enrolled_on_a_bad_line(&mut township, "李老师", Scope::Place(village.clone()), 4);
    packs_rot(&township);
    let status = li.syncs();
    assert_eq!(status.failure, Some(ErrorCode::PackDamaged));
    assert_eq!(li.finds("").len(), 40, "whole groups stay, of the bad one nothing");
    let status = li.syncs();
    assert_eq!(status.failure, None);
    assert_eq!(li.finds("").len(), 50);
    sync_until_quiet(&[&li, &coordinator]);
    township.assert_same_ledger(&li);
}

#[test]
fn a_pack_that_has_gone_from_the_server_is_made_again_and_what_was_there_is_not_fetched_twice() {
    let mut township = Township::new(44);
    let (coordinator, village) = a_village(&mut township, 50);
    let li = enrolled_on_a_bad_line(&mut township, "李老师", Scope::Place(village.clone()), 4);
    std::fs::remove_dir_all(township.data().join("packs")).unwrap();
    let before = li.switch.pack_bytes.load(Ordering::SeqCst);
    assert_eq!(li.syncs().failure, None);
    assert_eq!(li.finds("").len(), 50);
    let fetched = li.switch.pack_bytes.load(Ordering::SeqCst) - before;
    assert!(fetched < pack_bytes(&township), "{fetched} bytes: the first group was here");
    sync_until_quiet(&[&li, &coordinator]);
    township.assert_same_ledger(&li);
}

#[test]
fn nobody_gets_a_pack_of_children_for_whom_they_do_not_answer_by_knowing_its_hash() {
    use jiafang_core::sync::link::{Connector, LinkFailure};
    let mut township = Township::new(45);
    let (_, village) = a_village(&mut township, 3);
    let li = township.teacher("李老师", Scope::Place(village));
    let hash = li.app().with_device(|device| device.store.reading().packs_held()).unwrap()[0];
    let fetches = |person: &Person| {
        let identity = person.app().with_device(|device| device.identity()).unwrap();
        let mut bytes = 0;
        let fetched =
            jiafang_sync_client::HttpsConnector.connect(identity).unwrap().get_pack(hash, 0, 100, &mut |_, piece| {
                bytes += piece.len();
                true
            });
        (fetched, bytes)
    };
    let (fetched, bytes) = fetches(&li);
    assert!(fetched.is_ok() && bytes == 100, "{fetched:?}");
    let elsewhere = township.village(1);
    let wang = township.teacher("王老师", Scope::Place(elsewhere));
    let (fetched, bytes) = fetches(&wang);
    assert!(matches!(fetched, Err(LinkFailure::Refused(_))) && bytes == 0, "{fetched:?}");
}

#[test]
fn a_desk_takes_first_copies_to_where_there_is_no_signal_and_each_tablet_takes_in_its_own_children() {
    let mut township = Township::new(46);
    let (coordinator, village) = a_village(&mut township, 30);
    let elsewhere = township.village(1);
    let other = registers(&coordinator, 77, &elsewhere);
    coordinator.syncs();
    township.backs_up("backup");
    coordinator.syncs();

    section("the desk makes a sealed file");
    let made = coordinator.app().export_packs(jiafang_core::api::state::Nothing {}).unwrap();
    assert_eq!(made.child_count, 31);
    let (name, file) = coordinator.app().take_file(&made.file.file_id).unwrap();
    assert!(name.ends_with(".jfpacks"));
    assert!(!file.windows(6).any(|bytes| bytes == "石春".as_bytes()), "it tells nothing");

    section("a tablet that was enrolled and has lost the signal since takes its children in");
    let li = enrolled_on_a_bad_line(&mut township, "李老师", Scope::Place(village.clone()), 0);
    li.goes_offline();
    assert_eq!(li.finds("").len(), 0);
    let wrong = made.code.replace(made.code.chars().last().unwrap(), "~");
    assert_eq!(li.app().import_packs(&wrong, &file).unwrap_err().code, ErrorCode::TransferCodeWrong);
    let mut cut = file.clone();
    cut.truncate(file.len() - 200);
    assert_eq!(li.app().import_packs(&made.code, &cut).unwrap_err().code, ErrorCode::PackDamaged);
    let mut turned = file.clone();
    let place = file.len() / 2;
    turned[place] ^= 1;
    assert!(li.app().import_packs(&made.code, &turned).is_err());
    assert_eq!(li.finds("").len(), 0, "nothing half applied");
    let taken = li.app().import_packs(&made.code, &file).unwrap();
    assert_eq!((taken.child_count, taken.packs_of_others), (30, 1));
    assert_eq!(li.finds("").len(), 30);
    assert!(li.finds("").iter().all(|row| row.document_id != other));
    let child = li.finds("")[0].document_id;
    assert_eq!(visits_of(&li, child)[0].0, "赵敏");
    li.records_visit(child, &[], |form| form.household_situation = "山里的家访。".to_owned());

    section("with signal again nothing is fetched that came by the file, and what was recorded goes up");
    li.gets_signal();
    let before = li.switch.pack_bytes.load(Ordering::SeqCst);
    assert_eq!(li.syncs().failure, None);
    assert_eq!(li.switch.pack_bytes.load(Ordering::SeqCst), before);
    sync_until_quiet(&[&li, &coordinator]);
    assert!(visits_of(&coordinator, child).contains(&("李老师".to_owned(), "山里的家访。".to_owned())));
    li.assert_projections_rebuild();

    section("a teacher's tablet hands nothing out");
    let refused = li.app().export_packs(jiafang_core::api::state::Nothing {}).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
}

#[test]
fn a_file_whose_children_have_moved_since_leaves_no_child_with_somebody_who_does_not_answer_for_it() {
    let mut township = Township::new(47);
    let (coordinator, village) = a_village(&mut township, 5);
    let elsewhere = township.village(1);
    let made = coordinator.app().export_packs(jiafang_core::api::state::Nothing {}).unwrap();
    let (_, file) = coordinator.app().take_file(&made.file.file_id).unwrap();
    let moved = coordinator.finds("")[0].document_id;
    let request = MoveChild { document_id: moved, village: elsewhere, class: None, note: String::new() };
    coordinator.app().move_child(request).unwrap();
    coordinator.syncs();
    township.backs_up("backup");
    let li = township.teacher("李老师", Scope::Place(village));
    assert_eq!(li.finds("").len(), 4);
    li.app().import_packs(&made.code, &file).unwrap();
    sync_until_quiet(&[&li, &coordinator]);
    let children: Vec<DocumentId> = li.finds("").into_iter().map(|row| row.document_id).collect();
    assert_eq!(children.len(), 4);
    assert!(!children.contains(&moved));
}
