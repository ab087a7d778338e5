//! What is taken in, what is given out, and to whom.

use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::place::{Leaves, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::village_work::document_of;
use jiafang_core::protocol::envelope::Envelope;
use jiafang_core::protocol::quarantine::QuarantineReason;
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::protocol::sync::Receipt;

use crate::county::{County, QINGSHI, SHIQIAO, YUNLING};
use crate::device::{Device, documents, receipts, village};

fn quarantined(reason: QuarantineReason) -> Receipt {
    Receipt::Quarantined { reason }
}

fn officer(county: &County) -> Device {
    Device::of(county, "周干事", Role::TownshipOfficer, &format!("place:{QINGSHI}"))
}

#[test]
fn three_visits_are_stored_in_their_order_and_offered_again_they_are_known() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let written = [
        teacher.writes(&mut dossier, "一组3号"),
        teacher.writes(&mut dossier, "一组5号"),
        teacher.writes(&mut dossier, "二组1号"),
    ];
    let request = teacher.request(&written);
    let answer = teacher.asks(&request).unwrap();
    assert_eq!(receipts(&answer), [(1, Receipt::Stored), (2, Receipt::Stored), (3, Receipt::Stored)]);
    assert_eq!(answer.receipts[0].first_seq, 2, "the county's document is the first of the log");

    // The answer was lost on the way: the device offers the same again.
    let again = teacher.asks(&request).unwrap();
    assert_eq!(receipts(&again), [(1, Receipt::Duplicate), (2, Receipt::Duplicate), (3, Receipt::Duplicate)]);
    assert_eq!(again.receipts[0].first_seq, 2);
    assert_eq!(county.log_length(), 4);
}

#[test]
fn a_device_stands_behind_its_own_push_and_does_not_get_it_back() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    teacher.pulls();
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组3号");
    let answer = teacher.syncs(&[visit]);
    assert!(answer.envelopes.is_empty() && !answer.more);
    assert_eq!(answer.cursor.seq, county.log_length());
    assert!(teacher.pulls().is_empty());
}

#[test]
fn two_teachers_of_one_village_get_each_others_visits_and_the_next_village_gets_none() {
    let county = County::served();
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut wang = Device::of_teacher(&county, "王老师", YUNLING);
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    let mut at_li = li.opens(YUNLING);
    let mut at_wang = wang.opens(YUNLING);
    let mut at_chen = chen.opens(SHIQIAO);
    let (one, two, three) =
        (li.writes(&mut at_li, "一组"), wang.writes(&mut at_wang, "二组"), chen.writes(&mut at_chen, "三组"));
    li.syncs(std::slice::from_ref(&one));
    wang.syncs(std::slice::from_ref(&two));
    chen.syncs(std::slice::from_ref(&three));
    assert_eq!(documents(&li.pulls()), [two.body.document]);
    assert_eq!(wang.pulls(), [], "what had come with the push does not come twice");
    assert_eq!(chen.pulls(), []);

    let mut officer = officer(&county);
    let pulled = officer.pulls();
    assert_eq!(documents(&pulled), [one.body.document, two.body.document, three.body.document]);
    assert!(pulled.contains(&one), "an envelope comes as it was signed");
}

#[test]
fn the_places_and_schools_go_to_everybody() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let pulled = teacher.pulls();
    assert_eq!(pulled.iter().map(|one| one.body.kind).collect::<Vec<_>>(), [DocumentKind::County]);
}

#[test]
fn nobody_but_the_administration_writes_places_and_schools() {
    let county = County::served();
    let mut officer = officer(&county);
    let mut document = officer.opens(YUNLING);
    document.kind = DocumentKind::County;
    document.id = officer.pulls()[0].body.document;
    let envelope = officer.writes(&mut document, "不是村委会");
    assert_eq!(receipts(&officer.syncs(&[envelope])), [(1, quarantined(QuarantineReason::NotYours))]);
}

#[test]
fn a_record_of_a_village_that_is_not_the_teachers_waits_apart_and_goes_to_nobody() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut elsewhere = teacher.opens(SHIQIAO);
    let mut own = teacher.opens(YUNLING);
    let written = [
        teacher.writes(&mut elsewhere, "一组"),
        teacher.writes(&mut own, "一组"),
        teacher.writes(&mut elsewhere, "二组"),
    ];
    let answer = teacher.syncs(&written);
    assert_eq!(
        receipts(&answer),
        [
            (1, quarantined(QuarantineReason::NotYours)),
            (2, Receipt::Stored),
            (3, quarantined(QuarantineReason::NotYours))
        ],
        "what waits apart holds up nothing else"
    );
    assert_eq!(receipts(&teacher.syncs(&written))[0], (1, quarantined(QuarantineReason::NotYours)), "said again");
    assert_eq!(documents(&officer(&county).pulls()), [own.id]);
}

#[test]
fn what_is_recorded_of_a_village_is_taken_from_its_teachers_under_its_own_id_alone_and_goes_to_who_answers_for_it() {
    let county = County::served();
    let code = |text: &str| PlaceCode::parse(text).unwrap();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut colleague = Device::of_teacher(&county, "王老师", YUNLING);
    let mut elsewhere = Device::of_teacher(&county, "陈老师", SHIQIAO);
    // Both begin the village's document without knowing of each other.
    let mut own = teacher.opens_place(document_of(&code(YUNLING)), YUNLING);
    let mut same = colleague.opens_place(document_of(&code(YUNLING)), YUNLING);
    let (one, two) = (teacher.records_road(&mut own, 95), colleague.records_road(&mut same, 80));
    assert_eq!(receipts(&teacher.syncs(&[one])), [(1, Receipt::Stored)]);
    assert_eq!(receipts(&colleague.syncs(&[two])), [(1, Receipt::Stored)]);
    // Another village's, by saying so; another village's id under the own leaves; an id that is no village's.
    let mut foreign = elsewhere.opens_place(document_of(&code(YUNLING)), YUNLING);
    let mut disguised = elsewhere.opens_place(document_of(&code(YUNLING)), SHIQIAO);
    let mut nowhere = elsewhere.opens_place(elsewhere.opens(SHIQIAO).id, SHIQIAO);
    let written = [
        elsewhere.records_road(&mut foreign, 1),
        elsewhere.records_road(&mut disguised, 2),
        elsewhere.records_road(&mut nowhere, 3),
    ];
    let refused = quarantined(QuarantineReason::NotYours);
    let answer = elsewhere.syncs(&written);
    assert!(answer.receipts.iter().all(|run| run.receipt == refused), "{:?}", answer.receipts);
    let kinds = |pulled: Vec<Envelope>| pulled.iter().filter(|one| one.body.kind == DocumentKind::Place).count();
    assert_eq!(kinds(elsewhere.pulls()), 0);
    assert_eq!(kinds(officer(&county).pulls()), 2);
}

#[test]
fn a_teacher_cannot_write_a_child_of_another_village_by_saying_that_it_lives_here() {
    let county = County::served();
    let mut chen = Device::of_teacher(&county, "陈老师", SHIQIAO);
    let mut dossier = chen.opens(SHIQIAO);
    let first = chen.writes(&mut dossier, "一组");
    chen.syncs(&[first]);

    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    dossier.leaves = village(YUNLING);
    let forged = li.writes(&mut dossier, "云岭村一组");
    assert_eq!(receipts(&li.syncs(&[forged])), [(1, quarantined(QuarantineReason::NotYours))]);
}

#[test]
fn a_county_lead_looks_and_does_not_write() {
    let county = County::served();
    let mut lead = Device::of(&county, "局长", Role::CountyLead, "place:999999");
    let mut dossier = lead.opens(YUNLING);
    let envelope = lead.writes(&mut dossier, "一组");
    assert_eq!(receipts(&lead.syncs(&[envelope])), [(1, quarantined(QuarantineReason::NotYours))]);
}

#[test]
fn a_dossier_without_a_place_belongs_to_nobody() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    dossier.leaves = Leaves::default();
    let envelope = teacher.writes(&mut dossier, "一组");
    assert_eq!(receipts(&teacher.syncs(&[envelope])), [(1, quarantined(QuarantineReason::NotYours))]);
}

#[test]
fn a_gap_in_the_count_is_waited_for_and_then_filled() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let written = [teacher.writes(&mut dossier, "一组"), teacher.writes(&mut dossier, "二组")];
    let answer = teacher.syncs(&written[1..]);
    assert_eq!(receipts(&answer), [(2, Receipt::NeedsDependencies)]);
    assert_eq!(county.log_length(), 1, "nothing was taken in");
    assert_eq!(receipts(&teacher.syncs(&written)), [(1, Receipt::Stored), (2, Receipt::Stored)]);
}

#[test]
fn a_visit_that_builds_on_what_only_another_tablet_has_is_waited_for() {
    let county = County::served();
    let mut li = Device::of_teacher(&county, "李老师", YUNLING);
    let mut wang = Device::of_teacher(&county, "王老师", YUNLING);
    let mut dossier = li.opens(YUNLING);
    let first = li.writes(&mut dossier, "一组");
    // The two have met and exchanged dossiers by some other way than the server.
    let second = wang.writes(&mut dossier, "二组");
    assert_eq!(receipts(&wang.syncs(std::slice::from_ref(&second))), [(1, Receipt::NeedsDependencies)]);
    li.syncs(&[first]);
    assert_eq!(receipts(&wang.syncs(&[second])), [(1, Receipt::Stored)]);
}

#[test]
fn a_first_copy_in_small_answers_is_whole_and_each_record_comes_once() {
    let county = County::served();
    let mut writer = officer(&county);
    let mut written = Vec::new();
    for number in 0..60 {
        let mut dossier = writer.opens(if number % 3 == 0 { SHIQIAO } else { YUNLING });
        written.push(writer.writes(&mut dossier, &format!("{number}号")));
    }
    writer.syncs(&written);
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    teacher.answer_bytes_max = 2_000;
    let mut answers = 0;
    let mut came = Vec::new();
    loop {
        let answer = teacher.syncs(&[]);
        answers += 1;
        came.extend(documents(&answer.envelopes));
        if !answer.more {
            break;
        }
        assert!(answers < 100, "an answer that brings nothing on");
    }
    let expected: Vec<_> =
        written.iter().filter(|one| one.body.leaves == village(YUNLING)).map(|one| one.body.document).collect();
    assert_eq!(came, expected);
    assert!(answers > 3, "{answers}");
    assert_eq!(teacher.cursor.seq, county.log_length(), "also past what is not for this device");
}

#[test]
fn a_long_register_comes_in_pieces_and_before_the_records_that_it_proves() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.syncs(&[visit]);
    for number in 0..40 {
        county.invites(&format!("老师{number}"), Role::ClassTeacher, "place:999999101002");
    }
    let mut new = Device::of_teacher(&county, "王老师", YUNLING);
    new.answer_bytes_max = 1_024;
    let mut entries = 0;
    let mut answers = 0;
    loop {
        let answer = new.syncs(&[]);
        entries += answer.register.len();
        answers += 1;
        if !documents(&answer.envelopes).is_empty() {
            assert_eq!(entries, 1 + 40 + 4, "the register is whole when the first record comes");
        }
        if !answer.more {
            break;
        }
        assert!(answers < 100, "an answer that brings nothing on");
    }
    assert_eq!(entries, 1 + 40 + 4);
    assert!(answers > 3, "{answers}");
}

#[test]
fn a_tablet_is_told_what_the_desk_holds_once_the_desk_has_said_so() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut officer = officer(&county);
    let mut dossier = teacher.opens(YUNLING);
    let written = [teacher.writes(&mut dossier, "一组"), teacher.writes(&mut dossier, "二组")];
    teacher.undelivered_from = 1;
    assert_eq!(teacher.syncs(&written).delivered, []);
    officer.pulls();
    assert_eq!(teacher.syncs(&[]).delivered, [], "sent to the desk is not yet held by it");
    officer.pulls();
    assert_eq!(teacher.syncs(&[]).delivered, [(1, 2)]);
    teacher.undelivered_from = 0;
    assert_eq!(teacher.syncs(&[]).delivered, [], "nothing is open, nothing is said");
}

#[test]
fn another_teacher_and_a_desk_of_another_village_are_no_desk_for_this_child() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut colleague = Device::of_teacher(&county, "王老师", YUNLING);
    let mut other_desk = Device::of(&county, "吴干事", Role::TownshipOfficer, &format!("place:{SHIQIAO}"));
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.syncs(&[visit]);
    for device in [&mut colleague, &mut other_desk] {
        device.pulls();
        device.pulls();
    }
    teacher.undelivered_from = 1;
    assert_eq!(teacher.syncs(&[]).delivered, []);
}

#[test]
fn a_desk_that_has_just_been_given_a_village_does_not_hold_its_visits_yet() {
    let county = County::served();
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    let mut desk = Device::of(&county, "吴干事", Role::TownshipOfficer, &format!("place:{SHIQIAO}"));
    let mut dossier = teacher.opens(YUNLING);
    let visit = teacher.writes(&mut dossier, "一组");
    teacher.syncs(&[visit]);
    desk.pulls();
    desk.pulls();
    // The desk has looked at the whole log and got nothing of it. Now it answers for the village, too.
    county.registers(RegisterFact::Person {
        person: desk.person,
        name: "吴干事".to_owned(),
        role: Role::TownshipOfficer,
        scopes: vec![Scope::parse(&format!("place:{QINGSHI}")).unwrap()],
    });
    teacher.undelivered_from = 1;
    assert_eq!(teacher.syncs(&[]).delivered, []);
    assert!(desk.syncs(&[]).rights.is_some());
    assert_eq!(teacher.syncs(&[]).delivered, [], "it has heard of its rights and has still to begin again");
    assert_eq!(documents(&desk.pulls()), [dossier.id]);
    desk.pulls();
    assert_eq!(teacher.syncs(&[]).delivered, [(1, 1)]);
}

#[test]
fn a_teacher_who_is_given_another_village_is_told_and_gets_all_of_it() {
    let county = County::served();
    let mut officer = officer(&county);
    let mut dossier = officer.opens(SHIQIAO);
    let visit = officer.writes(&mut dossier, "一组");
    officer.syncs(&[visit]);
    let mut teacher = Device::of_teacher(&county, "李老师", YUNLING);
    assert_eq!(documents(&teacher.pulls()), []);
    county.registers(RegisterFact::Person {
        person: teacher.person,
        name: "李老师".to_owned(),
        role: Role::ClassTeacher,
        scopes: vec![Scope::parse(&format!("place:{SHIQIAO}")).unwrap()],
    });
    let answer = teacher.syncs(&[]);
    assert_eq!(answer.rights.unwrap().scopes, [Scope::parse(&format!("place:{SHIQIAO}")).unwrap()]);
    assert_eq!(documents(&teacher.pulls()), [dossier.id]);
    assert!(teacher.syncs(&[]).rights.is_none(), "said once");
}
