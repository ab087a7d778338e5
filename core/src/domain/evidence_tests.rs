use super::super::code_list::SchoolingStatus;
use super::*;
use crate::domain::calendar::example::day;

fn key(number: u8) -> EntryId {
    EntryId::from_bytes([number; 16])
}

fn proof(number: u8, kind: &str, until: Option<&str>) -> StandingProof {
    StandingProof {
        entry: key(number),
        proof: kind.to_owned(),
        school_year: 2026,
        issued_by: String::new(),
        number: String::new(),
        valid_until: until.map(day),
    }
}

fn pupil(status: SchoolingStatus) -> EvidenceOf {
    EvidenceOf { status, flags: BTreeSet::new(), has_id_number: true }
}

fn form(kind: &str) -> EvidenceForm {
    EvidenceForm {
        proof: kind.to_owned(),
        school_year: 2026,
        issued_by: String::new(),
        number: String::new(),
        valid_until: None,
        note: String::new(),
        withdrawn: false,
    }
}

#[test]
fn a_child_elsewhere_is_complete_only_with_the_certificate_and_another_proof() {
    let rules = EvidenceRules::default_rules();
    let child = pupil(SchoolingStatus::EnrolledElsewhere);
    let today = day("2026-11-24");
    let certificate = proof(1, "attendance_certificate", Some("2027-02-28"));
    let file = fold(rules, &child, std::slice::from_ref(&certificate));
    assert_eq!(file.state(today), EvidenceState::Missing);
    assert_eq!(file.complete_until(), None);
    assert_eq!(file.asked[0].state(today, file.warn_days), EvidenceState::Complete);
    let call = proof(2, "video_call", Some("2027-02-28"));
    let file = fold(rules, &child, &[certificate, call]);
    assert_eq!(file.state(today), EvidenceState::Complete);
    assert_eq!(file.complete_until(), Some(day("2027-02-28")));
    assert_eq!(file.state(day("2027-02-10")), EvidenceState::Expiring);
    assert_eq!(file.state(day("2027-03-01")), EvidenceState::Expired);
}

#[test]
fn one_paper_answers_for_one_thing_that_is_asked_for() {
    // A platform print may be the "1" or an "X", and is not both.
    let child = pupil(SchoolingStatus::EnrolledElsewhere);
    let file = fold(EvidenceRules::default_rules(), &child, &[proof(1, "platform_print", Some("2027-02-28"))]);
    assert_eq!(file.asked.iter().filter(|asked| asked.line.is_some()).count(), 1);
}

#[test]
fn the_same_certificate_put_on_file_by_two_is_one_line_with_the_earlier_end() {
    let rules = EvidenceRules::default_rules();
    let mut by_li = proof(1, "attendance_certificate", Some("2027-02-28"));
    by_li.number = "就字[2026] 17号".to_owned();
    let mut by_wang = proof(2, "attendance_certificate", Some("2027-01-31"));
    by_wang.number = "就字〔2026〕17号".to_owned();
    by_wang.issued_by = "石桥小学".to_owned();
    for standing in [[by_li.clone(), by_wang.clone()], [by_wang.clone(), by_li.clone()]] {
        let file = fold(rules, &pupil(SchoolingStatus::EnrolledElsewhere), &standing);
        assert_eq!(file.lines.len(), 1);
        assert_eq!(file.lines[0].entries.len(), 2, "both are kept");
        assert_eq!(file.lines[0].holds_until, day("2027-01-31"));
        assert_eq!(file.lines[0].issued_by, "石桥小学");
    }
    by_wang.number = "就字〔2026〕18号".to_owned();
    let file = fold(rules, &pupil(SchoolingStatus::EnrolledElsewhere), &[by_li, by_wang]);
    assert_eq!(file.lines.len(), 2, "another number is another paper");
}

#[test]
fn two_people_who_put_the_same_paper_on_file_apart_and_one_withdrawal_come_out_alike_in_any_order() {
    use crate::domain::doc::{DocumentKind, apply, commit, dossier_read, dossier_write, empty};
    let at = Timestamp::from_unix_ms(1_795_400_000_000);
    let nothing = BTreeSet::new();
    let write = |actor: u8, number: u8, form: &EvidenceForm, replaces: &BTreeSet<EntryId>, known: &[_]| {
        let mut doc = empty(DocumentKind::Dossier).unwrap();
        apply(&mut doc, known.to_vec()).unwrap();
        commit(&mut doc, &[actor; 16], at, |tx| dossier_write::add_evidence(tx, key(number), form, replaces))
            .unwrap()
            .unwrap()
    };
    let by_li = write(1, 1, &form("record_screenshot"), &nothing, &[]);
    let by_wang =
        write(2, 2, &EvidenceForm { number: "[2026]17".to_owned(), ..form("record_screenshot") }, &nothing, &[]);
    // Li withdraws the own one, not knowing of the other: that one stands.
    let withdrawal = EvidenceForm { withdrawn: true, note: "拍糊了".to_owned(), ..form("record_screenshot") };
    let withdrawn = write(1, 3, &withdrawal, &BTreeSet::from([key(1)]), std::slice::from_ref(&by_li));
    let come_out = |changes: &[_]| {
        let mut doc = empty(DocumentKind::Dossier).unwrap();
        changes.iter().for_each(|change: &automerge::Change| apply(&mut doc, vec![change.clone()]).unwrap());
        dossier_read::read(&doc).unwrap()
    };
    let one = come_out(&[by_li.clone(), by_wang.clone()]);
    let other = come_out(&[by_wang.clone(), by_li.clone()]);
    assert_eq!(one, other);
    let lines = lines(EvidenceRules::default_rules(), &standing(&one));
    assert_eq!((lines.len(), lines[0].entries.len()), (1, 2), "both kept, shown once");
    for changes in [[&by_li, &withdrawn, &by_wang], [&by_wang, &by_li, &withdrawn], [&by_li, &by_wang, &withdrawn]] {
        let dossier = come_out(&changes.map(Clone::clone));
        assert_eq!(dossier.evidence.len(), 3, "nothing is lost");
        assert_eq!(standing(&dossier).iter().map(|proof| proof.entry).collect::<Vec<_>>(), [key(2)]);
    }
}

#[test]
fn a_new_school_year_asks_anew_but_a_disability_card_goes_on() {
    let child = pupil(SchoolingStatus::InclusiveClass);
    // Somebody wrote a day far ahead: a screenshot still speaks of its own school year only.
    let papers = [proof(1, "record_screenshot", Some("2030-01-01")), proof(2, "disability_card", None)];
    let file = fold(EvidenceRules::default_rules(), &child, &papers);
    assert_eq!(file.state(day("2027-06-01")), EvidenceState::Complete);
    let next = day("2027-09-01");
    assert_eq!(file.state(next), EvidenceState::Expired);
    assert_eq!(file.asked[1].state(next, file.warn_days), EvidenceState::Complete);
}

#[test]
fn an_approved_suspension_goes_over_the_end_of_the_school_year_and_warns_fifteen_days_before() {
    let papers = [proof(1, "suspension_paper", Some("2027-10-31")), proof(2, "diagnosis", None)];
    let mut papers = papers.to_vec();
    papers[1].school_year = 2027;
    let file = fold(EvidenceRules::default_rules(), &pupil(SchoolingStatus::Suspended), &papers);
    assert_eq!(file.state(day("2027-10-16")), EvidenceState::Complete);
    assert_eq!(file.state(day("2027-10-17")), EvidenceState::Expiring);
}

#[test]
fn the_twenty_ninth_of_february_is_still_valid() {
    let mut screenshot = proof(1, "record_screenshot", Some("2028-02-29"));
    screenshot.school_year = 2027;
    let mut roll = proof(2, "class_roll", Some("2028-02-29"));
    roll.school_year = 2027;
    let file = fold(EvidenceRules::default_rules(), &pupil(SchoolingStatus::EnrolledHere), &[screenshot, roll]);
    assert_eq!(file.state(day("2028-02-29")), EvidenceState::Expiring);
    assert_eq!(file.state(day("2028-03-01")), EvidenceState::Expired);
}

#[test]
fn a_paper_without_its_picture_or_without_its_last_day_is_not_put_on_file() {
    let today = day("2026-11-24");
    let rules = &EvidenceVersions::of(&[]);
    let field = |form: &EvidenceForm, pages| form.validate(rules, today, pages, 0).unwrap_err().facts["field"].clone();
    assert_eq!(field(&form("record_screenshot"), 0), "page");
    form("record_screenshot").validate(rules, today, 1, 0).unwrap();
    assert_eq!(field(&form("suspension_paper"), 1), "validUntil");
    let old = EvidenceForm { valid_until: Some(day("2026-11-23")), ..form("suspension_paper") };
    assert_eq!(field(&old, 1), "validUntil");
    assert_eq!(field(&EvidenceForm { school_year: 2027, ..form("class_roll") }, 1), "schoolYear");
    assert_eq!(field(&form("selfie"), 1), "proof");
}

#[test]
fn nothing_is_withdrawn_without_a_reason() {
    let today = day("2026-11-24");
    let rules = &EvidenceVersions::of(&[]);
    let withdrawal = EvidenceForm { withdrawn: true, ..form("class_roll") };
    assert_eq!(withdrawal.validate(rules, today, 0, 1).unwrap_err().facts["field"], "note");
    let withdrawal = EvidenceForm { note: "拍错了人".to_owned(), ..withdrawal };
    withdrawal.validate(rules, today, 0, 1).unwrap();
    assert_eq!(withdrawal.validate(rules, today, 0, 0).unwrap_err().facts["field"], "proof");
}

#[test]
fn what_is_put_on_file_in_the_autumn_holds_over_the_winter_holidays() {
    let rules = EvidenceRules::default_rules();
    let end = |kind: &str| usual_end(rules.kind(kind).unwrap(), day("2026-11-24"));
    assert_eq!(end("record_screenshot"), Some(day("2027-02-28")));
    assert_eq!(end("admission_letter"), Some(day("2027-08-31")));
    assert_eq!(end("disability_card"), None);
    assert_eq!(end("suspension_paper"), None, "that stands on the paper");
}
