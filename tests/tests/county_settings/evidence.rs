//! The county says which proofs evidence asks for.

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::evidence::ListEvidenceGaps;
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::version_settings::RuleStanding;
use jiafang_core::domain::code_list::SchoolingStatus;
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::evidence::EvidenceState;
use jiafang_core::domain::evidence_rules::EvidenceRules;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::time::Day;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::Person;

use super::cast::{Cast, class_of, looks_at, saves, settings};

/// From a day on a pupil elsewhere needs a video call and nothing else.
fn other_proofs(person: &Person, holds_from: &str) -> CountyEdit {
    let held = settings(person).evidence.into_iter().find(|version| version.standing == RuleStanding::Holds).unwrap();
    let mut rules = EvidenceRules { holds_from: Day::parse(holds_from).unwrap(), ..held.rules };
    let group = rules.groups.iter_mut().find(|group| group.statuses == [SchoolingStatus::EnrolledElsewhere]).unwrap();
    group.one = vec!["video_call".to_owned()];
    group.x.clear();
    CountyEdit::Evidence { rules }
}

fn studies_elsewhere(person: &Person, child: DocumentId) {
    let status = SchoolingStatus::EnrolledElsewhere;
    let note = "电话核实".to_owned();
    person.app().record_status(RecordStatus { document_id: child, status, since: None, note, pages: None }).unwrap();
}

fn without_evidence(person: &Person) -> Vec<String> {
    let request = ListEvidenceGaps { limit: 100, ..ListEvidenceGaps::default() };
    let gaps = person.app().list_evidence_gaps(request).unwrap();
    assert_eq!(gaps.total as usize, gaps.rows.len());
    assert_eq!(person.today().without_evidence, gaps.total, "the day's card says the same");
    gaps.rows.into_iter().map(|row| format!("{}:{}", row.child.name, row.gaps[0].zh)).collect()
}

#[test]
fn the_county_asks_for_other_proofs_and_whoever_had_all_need_not_hand_in_again_this_school_year() {
    let cast = Cast::new(511);
    let whole = cast.li.registers_pupil("石齐全", &cast.village, &class_of(&cast));
    for child in [cast.child, whole] {
        studies_elsewhere(&cast.li, child);
        cast.li.files_proof(child, "birth_certificate", 2026).unwrap();
    }
    for proof in ["attendance_certificate", "report_card"] {
        cast.li.files_proof(whole, proof, 2026).unwrap();
    }
    cast.everybody_syncs();
    assert_eq!(without_evidence(&cast.li), ["石小雨:就读证明(盖章)等"]);

    let edit = other_proofs(&cast.chen, "2026-12-01");
    let preview = looks_at(&cast.chen, edit.clone());
    assert_eq!(preview.mistakes, []);
    assert_eq!(preview.held_until.as_deref(), Some("evidence-1x@1"));
    let difference = preview.evidence.unwrap();
    assert_eq!(difference.statuses, [SchoolingStatus::EnrolledElsewhere]);
    assert_eq!((difference.lacking_before, difference.lacking_after, difference.kept), (1, 1, 1));
    saves(&cast.chen, edit).unwrap();
    cast.everybody_syncs();
    assert_eq!(without_evidence(&cast.li), ["石小雨:就读证明(盖章)等"], "not before its day");

    cast.it_is("2026-12-01", 9);
    assert_eq!(without_evidence(&cast.li), ["石小雨:视频核实记录"]);
    let kept = cast.li.opens(whole).evidence;
    assert_eq!((kept.state, kept.by_older_until), (EvidenceState::Complete, Day::parse("2027-08-31")));
    assert_eq!(cast.li.opens(cast.child).evidence.asked.len(), 2, "the call, and what stands in for the ID number");
    cast.li.files_proof(cast.child, "video_call", 2026).unwrap();
    assert_eq!(without_evidence(&cast.li), Vec::<String>::new());
    cast.everybody_syncs();
    for person in [&cast.li, &cast.chen, &cast.luo] {
        let words = person.ledger_row_of(LedgerKind::OutOfCounty, whole).unwrap()["evidence"].clone();
        assert_eq!(words, "3件", "on {}'s device", person.name);
        assert_eq!(without_evidence(person), Vec::<String>::new());
        person.assert_projections_rebuild();
        assert_eq!(without_evidence(person), Vec::<String>::new(), "and after a rebuild");
    }
    cast.it_is("2027-09-01", 9);
    let mut asked = without_evidence(&cast.li);
    asked.sort();
    assert_eq!(
        asked,
        ["石小雨:视频核实记录", "石齐全:视频核实记录"],
        "a new school year goes by the new version alone"
    );
}

#[test]
fn two_clerks_who_change_the_evidence_apart_make_two_versions_and_every_device_asks_for_the_same() {
    for chen_is_first in [true, false] {
        let cast = Cast::new(512);
        studies_elsewhere(&cast.li, cast.child);
        cast.everybody_syncs();
        let one = other_proofs(&cast.chen, "2026-11-23");
        let CountyEdit::Evidence { mut rules } = one.clone() else { panic!("an edit of the evidence") };
        rules.groups.iter_mut().for_each(|group| group.one = vec!["platform_print".to_owned()]);
        let other = CountyEdit::Evidence { rules };
        if chen_is_first {
            cast.apart(&cast.chen, one, &cast.luo, other);
        } else {
            cast.apart(&cast.luo, other, &cast.chen, one);
        }
        let told = without_evidence(&cast.li);
        assert_eq!(told.len(), 1);
        for person in [&cast.chen, &cast.luo] {
            assert_eq!(without_evidence(person), told, "on {}'s device", person.name);
            let standings: Vec<_> = settings(person).evidence.iter().map(|version| version.standing).collect();
            assert_eq!(standings.len(), 3);
            assert_eq!(standings.iter().filter(|standing| **standing == RuleStanding::Holds).count(), 1);
            assert!(settings(person).contested.is_empty());
        }
    }
}

#[test]
fn nobody_else_says_which_proofs_are_asked_for_and_what_makes_no_sense_is_refused_by_its_name() {
    let cast = Cast::new(513);
    studies_elsewhere(&cast.li, cast.child);
    let edit = other_proofs(&cast.li, "2026-11-23");
    assert_eq!(saves(&cast.li, edit.clone()).unwrap_err().code, ErrorCode::NotAllowed);
    let CountyEdit::Evidence { mut rules } = edit.clone() else { panic!("an edit of the evidence") };
    rules.groups[0].one.clear();
    let failure = saves(&cast.chen, CountyEdit::Evidence { rules }).unwrap_err();
    assert_eq!((failure.code, failure.facts["reason"].as_str()), (ErrorCode::FieldInvalid, "one_missing"));

    cast.saves_without_the_right(edit);
    for person in [&cast.luo, &cast.li] {
        assert_eq!(without_evidence(person), ["石小雨:就读证明(盖章)等"], "on {}'s device", person.name);
    }
}
