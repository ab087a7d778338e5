//! The way into the next school over histories: the fold, whose turn it is, and the balance.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::actor::Actor;
use super::calendar::Calendar;
use super::calendar::example::day;
use super::case::Doer;
use super::code_list::{TransitionDestination, TransitionEntryKind as K};
use super::identifier::{EntryId, PersonId};
use super::place::{ClassId, SchoolCode, Stage};
use super::role::Role;
use super::time::{Day, Timestamp};
use super::transition::{
    RegisteredReturn, Transition, TransitionEntry, TransitionFacts, TransitionForm, TransitionState as S, fold,
};
use super::transition_balance::{Balance, BalanceKey, From, balance};
use super::transition_rules::{TransitionDates, TransitionRules};
use super::transition_tasks::{Side, TransitionTaskKind, next_task};

/// The primary's class teacher.
const LI: u8 = 1;
/// The junior's class teacher.
const WANG: u8 = 2;
/// The township's officer.
const ZHAO: u8 = 3;
/// A village cadre.
const SHI: u8 = 4;

fn doer(actor: &Actor) -> Option<Doer> {
    let number = *actor.first()?;
    let role = match number {
        LI | WANG => Role::ClassTeacher,
        ZHAO => Role::TownshipOfficer,
        SHI => Role::VillageCadre,
        _ => return None,
    };
    Some(Doer { person: PersonId::from_bytes([number; 16]), name: format!("{number}"), role })
}

fn key(number: u8) -> EntryId {
    EntryId::from_bytes([number; 16])
}

fn form(kind: K, on: &str) -> TransitionForm {
    TransitionForm::new(kind, Stage::Junior, 2026, day(on))
}

fn entry(number: u8, who: u8, form: TransitionForm, seen: &[u8]) -> TransitionEntry {
    TransitionEntry {
        entry: key(number),
        form,
        seen: seen.iter().map(|number| key(*number)).collect(),
        has_pages: false,
        actor: vec![who],
        at: Timestamp::default(),
    }
}

fn listed(number: u8, school: &str, seen: &[u8]) -> TransitionEntry {
    let form = TransitionForm {
        destination: Some(TransitionDestination::CountyPublic),
        school: Some(SchoolCode(school.to_owned())),
        from_class: Some(ClassId("9999990001/P2020/1".to_owned())),
        ..form(K::Listed, "2026-06-10")
    };
    TransitionEntry { has_pages: true, ..entry(number, LI, form, seen) }
}

fn handed_over(number: u8, seen: &[u8]) -> TransitionEntry {
    let form = TransitionForm {
        to_class: Some(ClassId("9999990002/J2026/1".to_owned())),
        signers: "李老师、王老师".to_owned(),
        ..form(K::HandedOver, "2026-07-05")
    };
    entry(number, ZHAO, form, seen)
}

fn way(entries: &[TransitionEntry]) -> Transition {
    fold(&TransitionFacts { entries: entries.to_vec(), returns: Vec::new() }, &doer)
}

/// In both orders of arrival.
fn both(entries: &[TransitionEntry]) -> Transition {
    let mut backwards = entries.to_vec();
    backwards.reverse();
    let found = way(entries);
    assert_eq!(found, way(&backwards), "in both orders of arrival");
    found
}

fn dates() -> TransitionDates {
    TransitionRules::default_rules().unwrap().dates(&Calendar::default(), Stage::Junior, 2026)
}

fn turn(entries: &[TransitionEntry], on: &str) -> Option<(TransitionTaskKind, Side)> {
    next_task(Stage::Junior, &way(entries), &dates(), day(on)).map(|task| (task.kind, task.side))
}

#[test]
fn it_is_the_primary_s_turn_until_the_hand_over_and_the_junior_s_until_the_child_is_there() {
    use TransitionTaskKind as T;
    let mut known = Vec::new();
    assert_eq!(turn(&known, "2026-02-20"), None, "the list is not opened yet");
    assert_eq!(turn(&known, "2026-05-10"), Some((T::List, Side::From)));
    let unsigned = TransitionEntry { has_pages: false, ..listed(1, "9999990002", &[]) };
    assert_eq!(turn(&[unsigned], "2026-06-12"), Some((T::Decide, Side::From)), "without the parent's signature");
    known.push(listed(1, "9999990002", &[]));
    assert_eq!(turn(&known, "2026-06-12"), Some((T::HandOver, Side::From)));
    known.push(handed_over(2, &[]));
    assert_eq!(turn(&known, "2026-08-30"), None, "before the day of registration nobody can come");
    assert_eq!(turn(&known, "2026-09-01"), Some((T::Register, Side::To)));
    let missed = TransitionForm { note: "家里说去了广东".to_owned(), ..form(K::NoShow, "2026-09-03") };
    known.push(entry(3, WANG, missed, &[]));
    assert_eq!(turn(&known, "2026-09-03"), Some((T::Persuade, Side::To)));
    known.push(entry(4, WANG, form(K::Arrived, "2026-09-08"), &[3]));
    assert_eq!(turn(&known, "2026-09-08"), Some((T::MoveRecord, Side::To)));
    known.push(entry(5, ZHAO, form(K::RecordMoved, "2026-09-10"), &[]));
    assert_eq!(turn(&known, "2026-09-10"), None);
    assert_eq!(both(&known).closed_on, Some(day("2026-09-10")));
}

#[test]
fn the_junior_registers_a_child_whom_the_primary_records_elsewhere_and_a_person_must_judge() {
    let elsewhere = TransitionForm {
        school_name: "东莞市某中学".to_owned(),
        note: "家长电话".to_owned(),
        ..form(K::Elsewhere, "2026-09-02")
    };
    let mut known = vec![
        listed(1, "9999990002", &[]),
        handed_over(2, &[]),
        entry(3, WANG, form(K::Arrived, "2026-09-01"), &[]),
        entry(4, LI, elsewhere, &[]),
    ];
    let found = both(&known);
    assert_eq!((found.state, found.waits_for_a_person()), (S::Contradicts, true));
    assert_eq!(turn(&known, "2026-09-02"), Some((TransitionTaskKind::Settle, Side::From)));
    known.push(entry(5, LI, form(K::Arrived, "2026-09-04"), &[3, 4]));
    assert_eq!(both(&known).state, S::Arrived, "who saw both has said which it is");
}

#[test]
fn an_arrival_and_a_no_show_told_apart_wait_for_a_person_and_an_arrival_that_knew_counts() {
    let missed = TransitionForm { note: "没有来".to_owned(), ..form(K::NoShow, "2026-09-01") };
    let no_show = entry(3, WANG, missed, &[]);
    let apart = [no_show.clone(), entry(4, WANG, form(K::Arrived, "2026-09-01"), &[])];
    assert_eq!(both(&apart).state, S::Contradicts);
    assert_eq!(both(&[no_show, entry(4, WANG, form(K::Arrived, "2026-09-03"), &[3])]).state, S::Arrived);
}

#[test]
fn a_hand_over_that_is_recorded_twice_is_one_by_the_earlier_day_with_both_signatures() {
    let later = TransitionEntry {
        form: TransitionForm { on: day("2026-07-06"), signers: "校长".to_owned(), ..handed_over(3, &[]).form },
        ..handed_over(3, &[])
    };
    let found = both(&[listed(1, "9999990002", &[]), later, handed_over(2, &[])]);
    assert_eq!((found.state, found.handed_over.len(), found.waits_for_a_person()), (S::HandedOver, 2, false));
    assert_eq!(found.hand_over().unwrap().entry.form.on, day("2026-07-05"));
}

#[test]
fn two_lists_with_two_schools_are_no_decision() {
    let found = both(&[listed(1, "9999990002", &[]), listed(2, "9999990003", &[])]);
    assert_eq!((found.state, found.waits_for_a_person()), (S::Undecided, true));
    let same = both(&[listed(1, "9999990002", &[]), listed(2, "9999990002", &[])]);
    assert_eq!((same.state, same.waits_for_a_person()), (S::Listed, false));
}

#[test]
fn what_a_village_cadre_or_nobody_wrote_counts_for_nothing_and_a_teacher_hands_nobody_over() {
    let cadre = entry(3, SHI, form(K::Arrived, "2026-09-01"), &[]);
    let nobody = entry(4, 9, form(K::Arrived, "2026-09-01"), &[]);
    let teacher = TransitionEntry { actor: vec![LI], ..handed_over(2, &[]) };
    assert_eq!(both(&[listed(1, "9999990002", &[]), teacher, cadre, nobody]).state, S::Listed);
}

#[test]
fn an_entry_that_is_taken_back_leaves_what_stood_before_it() {
    let missed = TransitionForm { note: "没有来".to_owned(), ..form(K::NoShow, "2026-09-01") };
    let arrived = entry(4, WANG, form(K::Arrived, "2026-09-02"), &[3]);
    let undo = |who: u8| entry(5, who, TransitionForm { of: Some(key(4)), ..form(K::Withdrawn, "2026-09-02") }, &[]);
    let known = [entry(3, WANG, missed, &[]), arrived];
    let with = |one: TransitionEntry| both(&[known[0].clone(), known[1].clone(), one]).state;
    assert_eq!(with(undo(WANG)), S::NoShow, "by its author");
    assert_eq!(with(undo(ZHAO)), S::NoShow, "by who decides");
    assert_eq!(with(undo(LI)), S::Arrived, "by nobody else");
}

#[test]
fn a_return_that_was_registered_in_the_case_says_that_the_child_has_come() {
    let missed = TransitionForm { note: "没有来".to_owned(), ..form(K::NoShow, "2026-09-01") };
    let back = RegisteredReturn { entry: key(9), on: day("2026-09-08"), actor: vec![WANG] };
    let facts = TransitionFacts { entries: vec![entry(3, WANG, missed, &[])], returns: vec![back] };
    let found = fold(&facts, &doer);
    assert_eq!((found.state, found.returned_on), (S::Arrived, Some(day("2026-09-08"))));
}

#[test]
fn the_balance_comes_out_when_everybody_is_in_an_account_and_is_red_when_not_on_its_day() {
    let elsewhere = TransitionForm { school_name: "某校".to_owned(), ..form(K::Elsewhere, "2026-09-02") };
    let approved = form(K::Approved, "2026-09-01");
    let missed = TransitionForm { note: "没有来".to_owned(), ..form(K::NoShow, "2026-09-03") };
    let sent = || vec![listed(1, "9999990002", &[]), handed_over(2, &[])];
    let with = |one: TransitionEntry| way(&[sent(), vec![one]].concat());
    let mut children = vec![
        with(entry(3, WANG, form(K::Arrived, "2026-09-01"), &[])),
        with(entry(3, LI, elsewhere, &[])),
        with(entry(3, LI, approved, &[])),
        with(entry(3, WANG, missed, &[])),
        way(&sent()),
    ];
    let count = |children: &[Transition]| -> Balance {
        let keyed = children.iter().map(|child| {
            (BalanceKey { from: From::Class(child.from_class().unwrap().clone()), to: child.school() }, child)
        });
        balance(keyed).into_values().fold(Balance::default(), Balance::plus)
    };
    let found = count(&children);
    assert_eq!((found.sent, found.arrived, found.elsewhere, found.approved, found.no_show), (5, 1, 1, 1, 1));
    assert_eq!(found.difference(), 1);
    assert!(!found.is_red(&dates(), day("2026-09-02")), "until the third school day nobody need have said anything");
    assert!(found.is_red(&dates(), day("2026-09-03")));
    children.pop();
    assert!(!count(&children).is_red(&dates(), day("2026-09-30")));
}

/// A form of a random kind of a random day in September.
fn any_form() -> impl Strategy<Value = TransitionForm> {
    let kinds = prop::sample::select(K::ALL.to_vec());
    (kinds, 1..30_u8, 0..12_u8).prop_map(|(kind, on, of)| TransitionForm {
        destination: Some(TransitionDestination::CountyPublic),
        school: Some(SchoolCode(if of % 2 == 0 { "9999990002" } else { "9999990003" }.to_owned())),
        of: (kind == K::Withdrawn).then(|| key(of)),
        ..form(kind, &format!("2026-09-{on:02}"))
    })
}

proptest! {
    #[test]
    fn the_way_is_the_same_in_any_order_of_arrival_and_in_one_account_of_the_balance(
        forms in prop::collection::vec((any_form(), 1..6_u8, prop::collection::btree_set(0..12_u8, 0..4)), 0..12),
        order in prop::collection::vec(any::<u32>(), 12),
        today in 1..30_u8,
    ) {
        let entries: Vec<TransitionEntry> = forms
            .into_iter()
            .enumerate()
            .map(|(number, (form, who, seen))| {
                // Who has seen something has seen what was written before.
                let number = u8::try_from(number).unwrap();
                let seen: Vec<u8> = seen.into_iter().filter(|seen| *seen < number).collect();
                entry(number, who, form, &seen)
            })
            .collect();
        let found = way(&entries);
        let mut shuffled: Vec<_> = entries.iter().cloned().zip(order).collect();
        shuffled.sort_by_key(|(_, place)| *place);
        let shuffled: Vec<TransitionEntry> = shuffled.into_iter().map(|(entry, _)| entry).collect();
        prop_assert_eq!(&found, &way(&shuffled));
        // What came twice is one.
        prop_assert_eq!(&found, &way(&[entries.clone(), entries].concat()));

        let from = From::Named("某村".to_owned());
        let counted: BTreeMap<BalanceKey, Balance> =
            balance(std::iter::once((BalanceKey { from, to: found.school() }, &found)));
        let counted = counted.into_values().next().unwrap();
        let accounts = counted.arrived + counted.elsewhere + counted.approved + counted.no_show;
        let open = counted.silent + counted.contradicts;
        prop_assert_eq!(counted.sent + counted.not_listed, 1);
        prop_assert_eq!(counted.sent, accounts + open);
        prop_assert_eq!(counted.difference(), open);
        // Nobody is forgotten: who is in no account and not at the end has somebody whose turn it is, once registration has come.
        let today: Day = day(&format!("2026-09-{today:02}"));
        let open = !matches!(found.state, S::Elsewhere | S::Approved) && found.closed_on.is_none();
        prop_assert_eq!(next_task(Stage::Junior, &found, &dates(), today).is_some(), open);
    }
}

#[test]
fn a_child_who_was_listed_for_two_years_has_two_ways() {
    let mut dossier = super::dossier::Dossier::default();
    let first = TransitionForm { year: 2020, into: Stage::Primary, ..form(K::Listed, "2020-06-10") };
    dossier.transition = vec![entry(1, LI, first, &[]), listed(2, "9999990002", &[])];
    let years: BTreeSet<_> =
        super::transition::facts_of(&dossier).into_iter().map(|((stage, year), _)| (stage, year)).collect();
    assert_eq!(years, BTreeSet::from([(Stage::Primary, 2020), (Stage::Junior, 2026)]));
}
