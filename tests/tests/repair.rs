//! Somebody fears that something is missing and lets device and server compare: what was broken on purpose is found, named in
//! numbers, and mended.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy counts the helpers of an integration test as outside of tests"
)]

use jiafang_core::api::commands::Commands;
use jiafang_core::api::completeness::Completeness;
use jiafang_core::api::danger::ReportDanger;
use jiafang_core::api::dossier::{MoveChild, TimelineEvent};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::code_list::DangerKind;
use jiafang_core::domain::danger::DangerForm;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Clock;
use jiafang_core::protocol::repair::{HeldDocument, RepairAnswer, RepairAsk, RepairRequest};
use jiafang_core::protocol::{REPAIR_PATH, VERSION, body};
use jiafang_core::sync::link::Connector;
use jiafang_sync_client::HttpsConnector;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

/// What a comparison came to: records (mended here, fetched, given, waiting).
fn compares(person: &Person) -> (u32, u32, u32, u32) {
    person.app().check_completeness(Nothing {}).unwrap();
    person.waits_for_the_sync();
    match person.app().completeness(Nothing {}).unwrap() {
        Completeness::Ended { compared, mended, fetched, given, waiting, .. } => {
            assert!(compared > 0, "{}", person.name);
            (mended, fetched, given, waiting)
        }
        other => panic!("{}: {other:?}", person.name),
    }
}

const NOTHING: (u32, u32, u32, u32) = (0, 0, 0, 0);

/// Does something to a tablet's store that no program of ours does.
fn breaks(person: &Person, child: DocumentId, sql: &[&str]) {
    let broken = person.app().with_device(|device| {
        device.store.transact(|tx| {
            for line in sql {
                tx.execute(line, [child.as_bytes().as_slice()]).unwrap();
            }
            Ok(())
        })
    });
    broken.unwrap();
}

const FORGET_THE_CHANGES: [&str; 2] =
    ["UPDATE document SET snapshot = x'' WHERE id = ?", "DELETE FROM document_change WHERE document = ?"];
const FORGET_THE_ENVELOPES: &str = "DELETE FROM envelope WHERE document = ?";

fn at_home(person: &Person, child: DocumentId) -> Vec<String> {
    let mut said: Vec<String> = person
        .opens(child)
        .timeline
        .into_iter()
        .filter_map(|entry| match entry.event {
            TimelineEvent::Visit { form, .. } => Some(form.at_home.clone()),
            _ => None,
        })
        .collect();
    said.sort();
    said
}

/// A child of whom two teachers and a coordinator have recorded something, and everybody holds all of it.
struct Together {
    township: Township,
    desk: Person,
    li: Person,
    zhang: Person,
    child: DocumentId,
}

fn together(seed: u64) -> Together {
    let mut township = Township::new(seed);
    let village = township.village(0);
    let desk = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let zhang = township.teacher("张老师", Scope::Place(village.clone()));
    let child = desk.registers("王小明", "2016-05-04", &village, "19900001001");
    desk.registers("石小雨", "2015-05-04", &village, "19900001002");
    sync_until_quiet(&[&desk, &li, &zhang]);
    li.records_visit(child, &[], |form| form.at_home = "李:在家".to_owned());
    sync_until_quiet(&[&li, &zhang]);
    zhang.records_visit(child, &[], |form| form.at_home = "张:在家".to_owned());
    sync_until_quiet(&[&zhang, &li, &desk]);
    Together { township, desk, li, zhang, child }
}

const ALL: [&str; 2] = ["张:在家", "李:在家"];

#[test]
fn who_fears_that_something_is_missing_hears_that_nothing_is_for_a_kilobyte() {
    let Together { township: _township, desk, li, zhang, child, .. } = together(401);
    for person in [&desk, &li, &zhang] {
        assert_eq!(compares(person), NOTHING, "{}", person.name);
        assert_eq!(at_home(person, child), ALL);
    }
    let others = li.switch.others.lock().unwrap();
    let asked: Vec<u64> = others.iter().filter(|(path, _)| *path == REPAIR_PATH).map(|(_, bytes)| *bytes).collect();
    assert!(matches!(asked[..], [bytes] if bytes < 1_024), "one question: {asked:?}");
}

#[test]
fn what_is_not_sent_yet_is_nothing_that_is_missing() {
    let Together { township, li, child, .. } = together(402);
    li.goes_offline();
    li.records_visit(child, &[], |form| form.at_home = "王:在家".to_owned());
    let before = township.log_length();
    li.gets_signal();
    assert_eq!(compares(&li), NOTHING);
    assert_eq!(township.log_length(), before + 1, "it went by the sync that comes first");
}

#[test]
fn without_signal_nothing_is_said_to_be_complete() {
    let Together { township: _township, li, .. } = together(403);
    li.goes_offline();
    li.app().check_completeness(Nothing {}).unwrap();
    li.waits_for_the_sync();
    assert!(matches!(li.app().completeness(Nothing {}).unwrap(), Completeness::Failed { .. }));
}

#[test]
fn a_dossier_that_has_lost_what_its_envelopes_hold_finds_it_again_without_the_server() {
    let Together { township: _township, li, child, .. } = together(404);
    breaks(&li, child, &FORGET_THE_CHANGES);
    let (mended, fetched, given, waiting) = compares(&li);
    assert!(mended >= 3, "the registration and two visits");
    assert_eq!((fetched, given, waiting), (0, 0, 0));
    assert_eq!(at_home(&li, child), ALL);
    li.assert_projections_rebuild();
    assert_eq!(compares(&li), NOTHING);
}

#[test]
fn a_dossier_whose_envelopes_are_gone_too_comes_again_from_the_server_also_what_was_recorded_here() {
    let Together { li, child, zhang, township, .. } = together(405);
    breaks(&li, child, &FORGET_THE_CHANGES);
    breaks(&li, child, &[FORGET_THE_ENVELOPES]);
    let (mended, fetched, given, waiting) = compares(&li);
    assert!(fetched >= 3);
    assert_eq!((mended, given, waiting), (0, 0, 0));
    assert_eq!(at_home(&li, child), ALL);
    li.assert_projections_rebuild();

    section("and work goes on over it");
    li.records_visit(child, &[], |form| form.at_home = "李:又在家".to_owned());
    sync_until_quiet(&[&li, &zhang]);
    assert_eq!(at_home(&zhang, child).len(), 3);
    assert_eq!(township.kept_apart(), 0);
}

#[test]
fn a_dossier_that_is_gone_altogether_comes_again_and_so_does_one_of_which_the_envelopes_alone_are_here() {
    let Together { township: _township, li, zhang, child, .. } = together(406);
    let gone = [
        "DELETE FROM document_change WHERE document = ?",
        "DELETE FROM child WHERE document = ?",
        "DELETE FROM document WHERE id = ?",
    ];
    breaks(&li, child, &gone);
    let (mended, fetched, ..) = compares(&li);
    assert!(mended >= 3 && fetched == 0, "{mended}, {fetched}");
    assert_eq!(at_home(&li, child), ALL);

    breaks(&zhang, child, &gone);
    breaks(&zhang, child, &[FORGET_THE_ENVELOPES]);
    let (mended, fetched, ..) = compares(&zhang);
    assert!(mended == 0 && fetched >= 3, "{mended}, {fetched}");
    assert_eq!(at_home(&zhang, child), ALL);
    for person in [&li, &zhang] {
        person.assert_projections_rebuild();
        assert_eq!(person.finds("王小明").len(), 1);
        assert_eq!(compares(person), NOTHING);
    }
}

#[test]
fn a_dossier_whose_snapshot_rotted_is_put_together_again() {
    let Together { township: _township, li, child, .. } = together(407);
    breaks(
        &li,
        child,
        &[
            "UPDATE document SET snapshot = x'856f4a83ff00ff' WHERE id = ?",
            "DELETE FROM document_change WHERE document = ?",
        ],
    );
    compares(&li);
    assert_eq!(at_home(&li, child), ALL);
    li.assert_projections_rebuild();
    assert_eq!(compares(&li), NOTHING);
}

#[test]
fn a_dossier_that_has_left_and_waits_to_be_erased_is_whole_again_too() {
    let Together { mut township, desk, li, child, .. } = together(413);
    let (to, before) = (township.village(1), at_home(&li, child));
    let _there = township.teacher("孙老师", Scope::Place(to.clone()));
    let moved = MoveChild { document_id: child, village: to, class: None, note: String::new() };
    desk.app().move_child(moved).unwrap();
    sync_until_quiet(&[&desk, &li]);
    breaks(&li, child, &FORGET_THE_CHANGES);
    let (mended, ..) = compares(&li);
    assert!(mended >= 3, "{mended}");
    assert_eq!(at_home(&li, child), before);
    li.assert_projections_rebuild();
}

#[test]
fn what_a_wrong_cursor_passed_over_is_fetched() {
    let Together { township, li, zhang, child, .. } = together(408);
    zhang.records_visit(child, &[], |form| form.at_home = "张:又在家".to_owned());
    zhang.syncs();
    let end = township.store().read(jiafang_sync_server::store::log::head).unwrap();
    let misled = li.app().with_device(|device| {
        device.store.transact(|tx| {
            let mut standing = jiafang_core::store::Reading::within(tx).standing()?;
            standing.cursor = end;
            jiafang_core::store::device::set_standing(tx, &standing)
        })
    });
    misled.unwrap();
    li.syncs();
    assert_eq!(at_home(&li, child), ALL, "no sync looks back");
    assert_eq!(compares(&li), (0, 1, 0, 0));
    assert_eq!(at_home(&li, child).len(), 3);
}

/// The server loses what a device wrote of a child, from the middle of its log.
fn loses(township: &Township, child: DocumentId, counter: u64, author: &Person) -> usize {
    let certificate = author.app().with_device(|device| Ok(device.enrolment.certificate)).unwrap();
    township
        .store()
        .transact(|tx| {
            let gone = tx
                .execute(
                    "DELETE FROM log WHERE document = ? AND certificate = ? AND counter >= ?",
                    rusqlite::params![
                        child.as_bytes().as_slice(),
                        certificate.as_bytes().as_slice(),
                        i64::try_from(counter).unwrap()
                    ],
                )
                .unwrap();
            Ok(gone)
        })
        .unwrap()
}

#[test]
fn what_the_server_has_lost_is_sent_again_by_its_author_and_is_no_copied_tablets_work() {
    let Together { township, li, zhang, child, .. } = together(409);
    let visit = li.deliveries().rows.iter().find_map(|row| row.entry_id).unwrap();
    let later = li.registers("马小兰", "2016-02-03", &township.village(0), "19900001003");
    sync_until_quiet(&[&li, &zhang]);
    let before = township.log_length();
    assert_eq!(loses(&township, child, 1, &li), 1);
    assert_eq!(compares(&li), (0, 0, 1, 0));
    assert_eq!(township.kept_apart(), 0);
    assert_eq!(township.log_length(), before + 1, "under a new number");
    assert_eq!(li.says_of(visit).0, "server");
    assert_eq!(li.strip().waiting_records, 0);
    assert_eq!(compares(&li), NOTHING);

    section("and what its author wrote after it stands");
    li.records_visit(later, &[], |form| form.at_home = "在家".to_owned());
    assert_eq!(li.syncs().failure, None);
    assert_eq!(township.kept_apart(), 0);
}

#[test]
fn what_the_server_has_lost_is_given_back_by_a_colleague_when_its_author_does_not_come() {
    let Together { township, desk, li, zhang, child } = together(410);
    assert_eq!(loses(&township, child, 1, &li), 1);
    drop(li);
    assert_eq!(compares(&zhang), (0, 0, 1, 0));
    assert_eq!(compares(&desk), NOTHING);
    let wang = {
        let mut township = township;
        let village = township.village(0);
        let wang = township.teacher("王老师", Scope::Place(village));
        sync_until_quiet(&[&wang]);
        assert_eq!(at_home(&wang, child), ALL);
        wang
    };
    drop(wang);
}

#[test]
fn dossiers_that_came_in_a_pack_are_compared_without_envelopes_and_what_only_their_author_can_send_is_said_to_wait() {
    let Together { mut township, desk, li, child, .. } = together(411);
    township.backs_up("backup");
    sync_until_quiet(&[&desk, &li]);
    let village = township.village(0);
    let wang = township.teacher("王老师", Scope::Place(village));
    sync_until_quiet(&[&wang]);
    assert_eq!(at_home(&wang, child), ALL);
    assert_eq!(compares(&wang), NOTHING);

    section("the server loses a visit, and who has it holds no envelope of it");
    assert_eq!(loses(&township, child, 1, &li), 1);
    assert_eq!(compares(&wang), (0, 0, 0, 1));
    assert_eq!(compares(&li), (0, 0, 1, 0));
    sync_until_quiet(&[&wang]);
    assert_eq!(compares(&wang), NOTHING);
}

/// A desk moves a child without signal, and meanwhile its person has become the teacher of the new village alone: the move waits
/// apart, and somebody decides.
fn a_move_waits_and_is_decided(seed: u64, accept: bool) {
    let Together { township, desk, zhang, child, .. } = together(seed);
    let (old, new) = (township.village(0), township.village(1));
    desk.goes_offline();
    township.gives("赵敏", Role::ClassTeacher, Scope::Place(new.clone()));
    let request = MoveChild { document_id: child, village: new, class: None, note: "随祖父母搬家".to_owned() };
    desk.app().move_child(request).unwrap();
    desk.gets_signal();
    assert_eq!(desk.syncs().quarantined_records, 1, "the new right does not reach the old village");
    let before = township.log_length();
    for _ in 0..2 {
        let (mended, fetched, given, waiting) = compares(&desk);
        assert_eq!((mended, fetched, given), (0, 0, 0), "the log is whole");
        assert!(waiting >= 3, "the registration and two visits are compared once the move is decided: {waiting}");
    }
    assert_eq!(township.log_length(), before);
    assert_eq!(compares(&zhang), NOTHING);

    section("somebody decides");
    township.gives("张老师", Role::SchoolLead, Scope::Place(old));
    zhang.syncs();
    zhang.decides_over("赵敏", accept, "").unwrap();
    sync_until_quiet(&[&zhang, &desk]);
    assert_eq!((township.kept_apart(), township.log_length()), (0, before + u64::from(accept)));
    assert!(desk.opens(child).moved_away, "neither moves the child, and the desk that believed it is told");
    assert_eq!(compares(&desk), NOTHING);
    assert_eq!(zhang.finds("王小明").len(), 1);
    assert_eq!(compares(&zhang), NOTHING);
}

#[test]
fn what_lies_here_by_a_move_that_waits_is_not_given_over_and_over_and_goes_when_the_move_is_let_in() {
    a_move_waits_and_is_decided(415, true);
}

#[test]
fn what_lies_here_by_a_move_that_waits_is_not_given_over_and_over_and_goes_when_the_move_is_refused() {
    a_move_waits_and_is_decided(416, false);
}

#[test]
fn a_report_of_danger_is_compared_by_those_who_see_it_and_told_to_nobody_else() {
    let Together { mut township, desk, li, zhang, child } = together(412);
    let code = township.invites("孙校长", Role::Principal, Scope::Place(township.township()));
    let principal = township.somebody("孙校长");
    principal.enrols(&code);
    let form = DangerForm {
        kinds: vec![DangerKind::Violence],
        now: true,
        seen: "左臂有瘀伤".to_owned(),
        whereabouts: "在教室".to_owned(),
        on: li.clock.now().day(),
    };
    sync_until_quiet(&[&li, &principal]);
    li.app().report_danger(ReportDanger { document_id: child, form }).unwrap();
    sync_until_quiet(&[&li, &zhang, &principal, &desk]);
    for person in [&li, &zhang, &principal, &desk] {
        assert_eq!(compares(person), NOTHING, "{}", person.name);
    }
    let annex = |person: &Person| {
        person.app().with_device(|device| device.store.reading().document_ids(DocumentKind::Restricted)).unwrap()
    };
    let id = annex(&principal)[0];
    breaks(&principal, id, &FORGET_THE_CHANGES);
    breaks(&principal, id, &[FORGET_THE_ENVELOPES]);
    assert_eq!(compares(&principal), (0, 1, 0, 0), "who sees it gets it again");

    // Whoever knows its id and asks for it by hand hears what everybody hears of an id that does not exist.
    let (identity, cursor, rights) = zhang
        .app()
        .with_device(|device| {
            Ok((device.identity()?, device.store.reading().standing()?.cursor, device.author.rights.hash()))
        })
        .unwrap();
    let mut link = HttpsConnector.connect(identity).unwrap();
    let ask = RepairAsk::Changes { documents: vec![HeldDocument { document: id, changes: vec![] }] };
    let request = RepairRequest { version: VERSION, cursor, rights, ask };
    let answer: RepairAnswer = body::read(&link.post(REPAIR_PATH, body::write(&request).unwrap()).unwrap()).unwrap();
    let RepairAnswer::Changes { documents } = answer else { panic!("{answer:?}") };
    assert!(documents[0].leaves.is_none() && documents[0].envelopes.is_empty());
}
