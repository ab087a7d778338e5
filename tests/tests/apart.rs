//! What the server does not take in by itself waits apart, and people decide: who answers for the child, by what it says.
//! What they accept stands under its author's name; what they refuse its author has again, word for word.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use automerge::{Automerge, Change};
use jiafang_core::api::apart::PutAwayReturned;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::{MoveChild, TimelineEvent};
use jiafang_core::domain::doc::{self, DocumentKind, dossier_write};
use jiafang_core::domain::form_words::FormWords;
use jiafang_core::domain::identifier::{DocumentId, Hash32};
use jiafang_core::domain::place::{PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Timestamp;
use jiafang_core::error::ErrorCode;
use jiafang_core::store::document;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township, section};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn moves(person: &Person, child: DocumentId, village: &PlaceCode) {
    let request =
        MoveChild { document_id: child, village: village.clone(), class: None, note: "随祖父母搬家".to_owned() };
    person.app().move_child(request).unwrap();
}

/// Author and text of each visit that a dossier shows, newest first.
fn visits(person: &Person, child: DocumentId) -> Vec<(String, String)> {
    let timeline = person.opens(child).timeline;
    let visits = timeline.into_iter().filter_map(|entry| match entry.event {
        TimelineEvent::Visit { form, .. } => Some((entry.person_name, form.household_situation)),
        _ => None,
    });
    visits.collect()
}

fn visit_in(words: &[FormWords]) -> (String, u32) {
    let visit = words.iter().find_map(|word| match word {
        FormWords::Visit { form, photo_count } => Some((form.household_situation.clone(), *photo_count)),
        _ => None,
    });
    visit.expect("a visit is told in words")
}

const LATE_TEXT: &str = "很久以前的家访:奶奶在家。";

/// A child who moved two months ago, and a visit of the old teacher that comes only now.
struct Late {
    township: Township,
    coordinator: Person,
    li: Person,
    wang: Person,
    child: DocumentId,
}

fn a_visit_that_comes_too_late(seed: u64, photos: &[&str]) -> Late {
    let mut township = Township::new(seed);
    let (old, new) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(old.clone()));
    let wang = township.teacher("王老师", Scope::Place(new.clone()));
    let child = li.registers("石小雨", "2016-05-04", &old, "19900000001");
    sync_until_quiet(&[&li, &coordinator, &wang]);
    li.goes_offline();
    li.records_visit(child, photos, |form| form.household_situation = LATE_TEXT.to_owned());
    li.changes_phone(child, "19900000009").unwrap();
    moves(&coordinator, child, &new);
    coordinator.syncs();
    for person in [&coordinator, &li, &wang] {
        person.clock.pass_ms(61 * DAY_MS);
    }
    township.clock.pass_ms(61 * DAY_MS);
    li.gets_signal();
    let status = li.syncs();
    assert_eq!((status.waiting_records, status.quarantined_records), (0, 2));
    Late { township, coordinator, li, wang, child }
}

#[test]
fn the_new_teacher_reads_what_came_too_late_and_lets_it_in_under_its_authors_name() {
    let Late { township, coordinator, li, wang, child } = a_visit_that_comes_too_late(41, &["DSCN0010.jpg"]);

    section("the new teacher sees who wrote it, when, what it says, and why it waits");
    assert_eq!(wang.syncs().review_count, 2);
    let waiting = wang.inbox().waiting;
    assert_eq!(waiting.len(), 1, "what one tablet wrote of one child is one case");
    let case = &waiting[0];
    assert_eq!((case.person_name.as_str(), case.acceptable), ("李老师", true));
    assert_eq!(case.child.as_ref().map(|child| child.name.as_str()), Some("石小雨"));
    assert_eq!(case.forms.iter().map(|form| form.reason.as_str()).collect::<Vec<_>>(), ["late", "late"]);
    assert_eq!(visit_in(&case.forms[0].words), (LATE_TEXT.to_owned(), 1));
    assert!(case.forms[0].at.unwrap() < case.forms[0].since, "written before it waited");
    let phone = case.forms[1].words.iter().any(
        |word| matches!(word, FormWords::Field { before, after, .. } if before == "19900000001" && after == "19900000009"),
    );
    assert!(phone, "a field is told with what stood before: {:?}", case.forms[1].words);

    section("the new teacher decides without signal, and it is sent later");
    wang.goes_offline();
    wang.decides_over("李老师", true, "").unwrap();
    assert!(wang.inbox().waiting.is_empty(), "what is decided is off the list");
    assert_eq!(township.kept_apart(), 2);
    wang.gets_signal();
    wang.syncs();
    assert_eq!(township.kept_apart(), 0);

    section("it is in the log, under its author's name, on every device that answers for the child");
    li.syncs();
    sync_until_quiet(&[&wang, &coordinator]);
    for person in [&wang, &coordinator] {
        assert_eq!(visits(person, child), [("李老师".to_owned(), LATE_TEXT.to_owned())], "{}", person.name);
        assert_eq!(person.opens(child).guardians[0].phone.value, "19900000009");
        person.assert_projections_rebuild();
    }
    assert_eq!(coordinator.photos_of(child).len(), 1);
    assert_eq!(li.strip().quarantined_records, 0);
    let here = li.deliveries().rows;
    assert!(
        here.iter().all(|row| matches!(
            row.whereabouts,
            jiafang_core::api::sync::Whereabouts::Server { .. } | jiafang_core::api::sync::Whereabouts::Desk { .. }
        )),
        "{here:?}"
    );
    township.assert_same_ledger(&coordinator);
}

#[test]
fn what_is_refused_comes_back_to_its_author_word_for_word_with_its_photo_and_its_reason() {
    let Late { township, coordinator, li, wang, child } = a_visit_that_comes_too_late(42, &["DSCN0010.jpg"]);
    wang.syncs();
    wang.decides_over("李老师", false, "这次家访已由我重新做过").unwrap();
    wang.syncs();
    assert_eq!(township.kept_apart(), 0);

    section("the author reads it again, and who refused it and why");
    let status = li.syncs();
    assert_eq!((status.quarantined_records, status.returned_count), (0, 2));
    let returned = li.inbox().returned;
    let visit = returned.iter().find(|form| form.draft_id.is_some()).expect("the visit is a draft again");
    assert_eq!(visit_in(&visit.words), (LATE_TEXT.to_owned(), 1));
    for form in &returned {
        assert_eq!((form.child_name.as_str(), form.refused_by.as_str()), ("石小雨", "王老师"));
        assert_eq!(form.note, "这次家访已由我重新做过");
    }
    let draft = li.drafts().into_iter().find(|draft| Some(draft.draft_id) == visit.draft_id).unwrap();
    assert_eq!(draft.form.household_situation, LATE_TEXT);
    assert_eq!(draft.photos.len(), 1);
    assert!(li.app().photo("photo", draft.photos[0].photo_hash).is_ok(), "with its photo");

    section("the dossier does not say it any more, here or anywhere");
    assert!(visits(&li, child).is_empty());
    assert_eq!(li.opens(child).guardians[0].phone.value, "19900000001");
    li.assert_projections_rebuild();
    assert!(visits(&coordinator, child).is_empty());
    township.assert_same_ledger(&coordinator);

    section("put away, it is off the list, and a second sync brings nothing back");
    for form in returned {
        li.app().put_away_returned(PutAwayReturned { counter: form.counter }).unwrap();
    }
    assert_eq!(li.syncs().returned_count, 0);
    assert_eq!(li.drafts().len(), 1, "the draft stays until it is finished or thrown away");
}

/// A colleague's change that Automerge takes, and of which it cannot give the document's changes again.
fn one_that_cannot_be_given_again(whole: &Automerge) -> Change {
    let at = Timestamp::from_unix_ms(1_795_395_600_000);
    let good = doc::commit(&mut whole.clone(), &[9; 16], at, |tx| {
        dossier_write::set_field(tx, "household.address", "一组3号")
    });
    let good = good.unwrap().unwrap();
    let harms = |change: &Change| {
        let mut next = whole.clone();
        doc::apply(&mut next, vec![change.clone()]).and_then(|()| doc::check(DocumentKind::Dossier, &next)).is_ok()
            && doc::changes(&next).is_err()
    };
    (9..good.raw_bytes().len())
        .filter_map(|place| {
            let mut bytes = good.raw_bytes().to_vec();
            bytes[place] ^= 0x41;
            let checksum = Hash32::of(&bytes[8..]);
            bytes[4..8].copy_from_slice(&checksum.0[..4]);
            doc::read_change(&bytes).ok()
        })
        .find(harms)
        .expect("something in a change can harm so")
}

#[test]
fn what_is_refused_comes_back_also_where_a_colleagues_change_harms_the_dossier() {
    let Late { township, li, wang, child, .. } = a_visit_that_comes_too_late(48, &[]);
    let harmed = li.app().with_device(|device| {
        let poison = one_that_cannot_be_given_again(&device.store.reading().document(child)?);
        device.store.transact(|tx| document::append_change(tx, child, &poison))
    });
    harmed.unwrap();
    wang.syncs();
    wang.decides_over("李老师", false, "这次家访已由我重新做过").unwrap();
    wang.syncs();
    assert_eq!(township.kept_apart(), 0);
    let status = li.syncs();
    assert_eq!((status.quarantined_records, status.returned_count), (0, 2));
    assert!(visits(&li, child).is_empty());
    li.assert_projections_rebuild();
}

#[test]
fn of_two_decisions_the_first_that_reaches_the_server_stands() {
    let Late { township, coordinator, li, wang, child } = a_visit_that_comes_too_late(43, &[]);
    wang.syncs();
    coordinator.syncs();
    wang.goes_offline();
    wang.decides_over("李老师", false, "不收").unwrap();
    coordinator.decides_over("李老师", true, "").unwrap();
    coordinator.syncs();
    wang.gets_signal();
    sync_until_quiet(&[&wang, &li, &coordinator]);
    assert_eq!(visits(&wang, child).len(), 1, "it was let in before");
    assert_eq!((li.strip().returned_count, township.kept_apart()), (0, 0));
    assert!(wang.inbox().waiting.is_empty());
    assert_eq!(
        wang.app()
            .decide_apart(jiafang_core::api::apart::DecideApart {
                envelopes: vec![Hash32::ZERO],
                accept: true,
                note: String::new()
            })
            .unwrap_err()
            .code,
        ErrorCode::ConflictGone
    );
}

#[test]
fn nobody_decides_over_what_they_wrote_themselves_or_of_children_of_others() {
    let Late { mut township, li, wang, .. } = a_visit_that_comes_too_late(44, &[]);
    let elsewhere = township.village(2);
    let zhou = township.teacher("周老师", Scope::Place(elsewhere));
    let new = township.village(1);
    let code = township.invites("村干部", Role::VillageCadre, Scope::Place(new));
    let cadre = township.somebody("村干部");
    cadre.enrols(&code);
    for person in [&li, &zhou, &cadre] {
        person.syncs();
        assert!(person.inbox().waiting.is_empty(), "{}", person.name);
    }
    wang.syncs();
    assert_eq!(wang.inbox().waiting.len(), 1);
}

/// Recording of a child whom the office has given to nobody here: the tablet was told otherwise.
fn registers_elsewhere(person: &Person, name: &str, village: &PlaceCode) -> DocumentId {
    let widened = person.app().with_device(|device| {
        device.author.rights.scopes.push(Scope::Place(village.clone()));
        Ok(())
    });
    widened.unwrap();
    person.registers(name, "2016-05-04", village, "19900001001")
}

#[test]
fn a_child_found_in_the_next_village_is_let_in_by_its_teacher_and_a_refused_one_leaves_no_empty_row() {
    let mut township = Township::new(45);
    let (here, there) = (township.village(0), township.village(1));
    let coordinator = township.coordinator("赵敏");
    let zhang = township.teacher("张老师", Scope::Place(there.clone()));
    let li = township.teacher("李老师", Scope::Place(here.clone()));
    sync_until_quiet(&[&zhang, &li, &coordinator]);

    let child = registers_elsewhere(&zhang, "王小明", &here);
    zhang.records_visit(child, &["portrait_6.jpg"], |form| form.household_situation = "在路上遇到。".to_owned());
    assert_eq!(zhang.syncs().quarantined_records, 2);
    li.syncs();
    let case = &li.inbox().waiting[0];
    assert!(case.child.is_none() && !case.place.is_empty(), "the dossier is not here yet, the village is told");
    assert!(case.forms[0].words.iter().any(|word| matches!(word, FormWords::Registered { .. })));
    li.decides_over("张老师", true, "").unwrap();
    li.syncs();
    assert_eq!(visits(&li, child), [("张老师".to_owned(), "在路上遇到。".to_owned())]);

    section("another one is refused: its author has the words, and no empty child in the list");
    let second = registers_elsewhere(&zhang, "石大川", &township.village(2));
    zhang.records_visit(second, &["portrait_6.jpg"], |form| form.household_situation = "认错了人。".to_owned());
    zhang.syncs();
    coordinator.syncs();
    coordinator.decides_over("张老师", false, "已在别处建档").unwrap();
    coordinator.syncs();
    zhang.syncs();
    assert!(zhang.finds("").iter().all(|row| row.document_id != second));
    zhang.assert_projections_rebuild();
    let returned = zhang.inbox().returned;
    assert_eq!(returned.len(), 2);
    assert!(returned.iter().any(|form| visit_words(&form.words) == Some("认错了人。".to_owned())));
    let draft = zhang.drafts().into_iter().find(|draft| draft.form.household_situation == "认错了人。").unwrap();
    assert_eq!(draft.photos.len(), 1);
}

fn visit_words(words: &[FormWords]) -> Option<String> {
    words.iter().find_map(|word| match word {
        FormWords::Visit { form, .. } => Some(form.household_situation.clone()),
        _ => None,
    })
}

#[test]
fn what_a_copied_tablet_wrote_reaches_the_log_and_each_copy_gets_what_the_other_wrote() {
    let mut township = Township::new(46);
    let village = township.village(0);
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    sync_until_quiet(&[&li, &coordinator]);

    section("the tablet is copied, and both go on");
    let copy = li.is_copied("李老师的旧平板");
    li.records_visit(child, &[], |form| form.household_situation = "新平板上记的。".to_owned());
    copy.records_visit(child, &[], |form| form.household_situation = "旧平板上记的。".to_owned());
    li.syncs();
    copy.gets_signal();
    let status = copy.syncs();
    assert_eq!((status.failure, status.quarantined_records), (None, 1));
    assert_eq!(visits(&copy, child).len(), 2, "what the other wrote has come");

    section("the coordinator lets it in, and what follows of the copy is taken in by itself");
    coordinator.syncs();
    assert_eq!(coordinator.inbox().waiting[0].forms[0].reason, "counter_forked");
    coordinator.decides_over("李老师", true, "").unwrap();
    coordinator.syncs();
    copy.records_visit(child, &[], |form| form.household_situation = "接着记。".to_owned());
    let status = copy.syncs();
    assert_eq!((status.waiting_records, status.quarantined_records), (0, 0));
    li.records_visit(child, &[], |form| form.household_situation = "也接着记。".to_owned());
    sync_until_quiet(&[&li, &copy, &coordinator]);
    for person in [&li, &copy, &coordinator] {
        assert_eq!(visits(person, child).len(), 4, "{}", person.name);
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&coordinator);
}

#[test]
fn what_a_copied_tablet_wrote_and_was_refused_is_handed_in_again_and_taken() {
    let mut township = Township::new(47);
    let village = township.village(0);
    let coordinator = township.coordinator("赵敏");
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    sync_until_quiet(&[&li, &coordinator]);
    let copy = li.is_copied("李老师的旧平板");
    li.records_visit(child, &[], |form| form.household_situation = "新平板上记的。".to_owned());
    copy.records_visit(child, &["portrait_6.jpg"], |form| form.household_situation = "旧平板上记的。".to_owned());
    li.syncs();
    copy.gets_signal();
    copy.syncs();
    coordinator.syncs();
    coordinator.decides_over("李老师", false, "请核对后再交").unwrap();
    coordinator.syncs();
    copy.syncs();
    let returned = copy.inbox().returned;
    assert_eq!(returned.len(), 1);
    let draft = copy.drafts().into_iter().find(|draft| Some(draft.draft_id) == returned[0].draft_id).unwrap();
    assert_eq!(draft.photos.len(), 1);
    copy.finishes(&draft, draft.form.clone()).unwrap();
    copy.syncs();
    coordinator.syncs();
    coordinator.decides_over("李老师", true, "").unwrap();
    sync_until_quiet(&[&coordinator, &copy, &li, &coordinator]);
    assert_eq!(visits(&coordinator, child).len(), 2);
    assert_eq!(coordinator.photos_of(child).len(), 1);
    assert_eq!(visits(&copy, child).len(), 2, "once, and not twice");
    for person in [&li, &copy, &coordinator] {
        person.assert_projections_rebuild();
    }
    township.assert_same_ledger(&coordinator);
}

#[test]
fn a_decision_survives_a_restore_because_who_decided_tells_it_again() {
    let Late { mut township, coordinator, li, wang, child } = a_visit_that_comes_too_late(48, &[]);
    township.backs_up("before");
    wang.syncs();
    wang.decides_over("李老师", true, "").unwrap();
    wang.syncs();
    coordinator.records_visit(child, &[], |form| form.household_situation = "之后的家访。".to_owned());
    sync_until_quiet(&[&coordinator, &li, &wang]);
    township.is_restored_from("before");
    sync_until_quiet(&[&coordinator, &wang, &li, &wang, &coordinator]);
    assert_eq!(township.kept_apart(), 0, "nobody has to decide twice");
    assert_eq!(visits(&coordinator, child).len(), 2);
    assert_eq!(li.strip().quarantined_records, 0);
    township.assert_same_ledger(&coordinator);
}
