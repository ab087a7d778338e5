//! The duty grid: who answers for whom, on devices that meet in both orders, and a teacher who leaves.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::county_settings::EditCounty;
use jiafang_core::api::duty::{BindDuty, DutyView, HandOver, ListDuties, ListDutyChildren, UndoHandover};
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::county_edit::CountyEdit;
use jiafang_core::domain::duty::{DutyLine, DutyPerson, DutyScope};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::{ClassId, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Day;
use jiafang_core::error::{ErrorCode, Result};
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

struct Cast {
    township: Township,
    section: Person,
    principal: Person,
    lead: Person,
    office: Person,
    li: Person,
    child: DocumentId,
    brother: DocumentId,
    village: PlaceCode,
    class: ClassId,
}

impl Cast {
    fn new(seed: u64) -> Self {
        let mut township = Township::new(seed);
        let village = township.village(0);
        let class = township.county.schools[0].classes[0].id.clone();
        let li = township.teacher("李老师", Scope::Class(class.clone()));
        let office = township.coordinator("赵敏");
        let mut person = |name: &str, role, scope| {
            let code = township.invites(name, role, scope);
            let person = township.somebody(name);
            person.enrols(&code);
            person
        };
        let section = person("陈科员", Role::CountySection, Scope::Place(PlaceCode::parse("999999").unwrap()));
        let principal = person("周校长", Role::Principal, Scope::School(class.school()));
        let lead = person("吴副校长", Role::SchoolLead, Scope::School(class.school()));
        let child = li.registers_pupil("石小雨", &village, &class);
        let brother = li.registers_pupil("石小川", &village, &class);
        let cast = Self { township, section, principal, lead, office, li, child, brother, village, class };
        for person in cast.everybody() {
            person.clock.shows("2026-11-23", 9);
        }
        cast.township.clock.shows("2026-11-23", 9);
        cast.everybody_syncs();
        cast
    }

    fn everybody(&self) -> [&Person; 5] {
        [&self.section, &self.principal, &self.lead, &self.office, &self.li]
    }

    fn everybody_syncs(&self) {
        sync_until_quiet(&self.everybody());
    }

    fn class_scope(&self) -> DutyScope {
        DutyScope::Class { id: self.class.clone() }
    }

    /// Who answers for a child, by line, the same on every device that has the child.
    fn responsible(&self, child: DocumentId) -> (String, String) {
        self.everybody_syncs();
        let told: Vec<(String, String)> = self.everybody().map(|person| responsible_on(person, child)).to_vec();
        assert!(told.iter().all(|one| one == &told[0]), "every device says the same: {told:?}");
        told[0].clone()
    }

    fn school(&self) -> Scope {
        Scope::School(self.class.school())
    }

    fn hand_over(&self, from: &str, to: &str) -> HandOver {
        HandOver {
            from: named(from),
            to: named(to),
            within: self.school(),
            on: Day::parse("2026-11-23").unwrap(),
            reason: "调到县城学校".to_owned(),
        }
    }
}

fn responsible_on(person: &Person, child: DocumentId) -> (String, String) {
    let row = person.opens(child).row;
    (row.responsible.government, row.responsible.education)
}

fn named(name: &str) -> DutyPerson {
    DutyPerson { person: None, name: name.to_owned(), phone: String::new() }
}

fn binds(person: &Person, level: &str, scope: DutyScope, who: Option<&str>) -> Result<()> {
    let request = BindDuty {
        level: level.to_owned(),
        scopes: vec![scope],
        person: who.map(named),
        from: Day::parse("2026-11-23").unwrap(),
    };
    person.app().bind_duty(request).map(drop)
}

fn grid(person: &Person) -> DutyView {
    person.app().duty_grid(Nothing {}).expect("the grid")
}

fn gaps(person: &Person) -> BTreeMap<DutyLine, u32> {
    grid(person).gaps.into_iter().map(|gap| (gap.line, gap.count)).collect()
}

#[test]
fn every_child_shows_both_responsible_persons_the_nearest_first_and_gaps_are_counted() {
    let cast = Cast::new(601);
    assert_eq!(gaps(&cast.office).values().copied().collect::<Vec<_>>(), [2, 2]);
    let village = || DutyScope::Place { code: cast.village.clone() };
    binds(&cast.office, "village_head", village(), Some("孙村长")).unwrap();
    binds(&cast.principal, "teacher", cast.class_scope(), Some("李老师")).unwrap();
    assert_eq!(cast.responsible(cast.child), ("孙村长".to_owned(), "李老师".to_owned()));
    assert_eq!(gaps(&cast.office).values().copied().collect::<Vec<_>>(), [0, 0]);

    let group = DutyScope::Group { village: cast.village.clone(), group: "3社".to_owned() };
    binds(&cast.office, "group_head", group, Some("钱社长")).unwrap();
    binds(&cast.principal, "teacher", DutyScope::Child { document: cast.child }, Some("郑老师")).unwrap();
    assert_eq!(cast.responsible(cast.child), ("钱社长".to_owned(), "郑老师".to_owned()));
    assert_eq!(cast.responsible(cast.brother), ("钱社长".to_owned(), "李老师".to_owned()), "one child only");

    let row = cast.office.ledger_row_of(LedgerKind::SchoolAge, cast.child).unwrap();
    assert_eq!((row["responsible_gov"].as_str(), row["responsible_edu"].as_str()), ("钱社长", "郑老师"));
    let duties = cast.li.opens(cast.child).duties;
    let chain: Vec<&str> = duties.lines[0].chain.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(chain, ["village_head", "group_head"], "from the top");
    binds(&cast.principal, "teacher", DutyScope::Child { document: cast.child }, None).unwrap();
    assert_eq!(cast.responsible(cast.child).1, "李老师", "nobody of its own any more");
}

#[test]
fn a_principal_binds_within_the_school_an_officer_within_the_township_and_a_teacher_nobody() {
    let cast = Cast::new(602);
    let village = || DutyScope::Place { code: cast.village.clone() };
    let refused = |person: &Person, level: &str, scope| binds(person, level, scope, Some("李老师")).unwrap_err().code;
    assert_eq!(refused(&cast.li, "teacher", cast.class_scope()), ErrorCode::NotAllowed);
    assert_eq!(refused(&cast.principal, "village_head", village()), ErrorCode::NotAllowed);
    assert_eq!(refused(&cast.office, "teacher", cast.class_scope()), ErrorCode::NotAllowed);
    assert_eq!(refused(&cast.section, "village_head", cast.class_scope()), ErrorCode::FieldInvalid);
    assert_eq!(refused(&cast.section, "no_such", village()), ErrorCode::FieldInvalid);
    binds(&cast.section, "section", DutyScope::School { code: cast.class.school() }, Some("基教股")).unwrap();
    assert!(!grid(&cast.principal).may_edit_settings && grid(&cast.section).may_edit_settings);
    cast.everybody_syncs();
    assert_eq!(cast.township.kept_apart(), 0, "the server took what was allowed");
}

#[test]
fn two_who_bind_one_class_apart_leave_two_people_until_somebody_decides() {
    for principal_is_first in [true, false] {
        let cast = Cast::new(603);
        let pair = [(&cast.principal, "李老师"), (&cast.lead, "王老师")];
        let order = if principal_is_first { pair } else { [pair[1], pair[0]] };
        for (person, _) in order {
            person.goes_offline();
        }
        for (person, who) in order {
            binds(person, "teacher", cast.class_scope(), Some(who)).unwrap();
        }
        for (person, _) in order {
            person.gets_signal();
            person.syncs();
        }
        let told = cast.responsible(cast.child).1;
        assert!(told == "李老师、王老师" || told == "王老师、李老师", "{told}");
        binds(&cast.lead, "teacher", cast.class_scope(), Some("王老师")).unwrap();
        assert_eq!(cast.responsible(cast.child).1, "王老师");
    }
}

#[test]
fn a_teacher_who_leaves_is_handed_over_at_once_and_the_hand_over_is_taken_back_by_another() {
    let cast = Cast::new(604);
    binds(&cast.principal, "teacher", cast.class_scope(), Some("李老师")).unwrap();
    binds(&cast.principal, "teacher", DutyScope::Child { document: cast.brother }, Some("李老师")).unwrap();
    cast.everybody_syncs();

    let request = cast.hand_over("李老师", "王老师");
    let preview = cast.principal.app().preview_handover(request.clone()).unwrap();
    assert_eq!((preview.bindings.len(), preview.children.total, preview.then), (1, 2, 2));
    assert!(!preview.over && !preview.from_reads && !preview.to_reads, "by name only: the register knows neither");
    assert_eq!(cast.responsible(cast.child).1, "李老师", "looking changes nothing");
    let without = HandOver { reason: String::new(), ..request.clone() };
    assert_eq!(cast.principal.app().hand_over(without).unwrap_err().code, ErrorCode::FieldMissing);
    assert_eq!(cast.li.app().hand_over(request.clone()).unwrap_err().code, ErrorCode::NotAllowed);
    let before = cast.township.log_length();
    cast.principal.app().hand_over(request.clone()).unwrap();
    assert_eq!(cast.responsible(cast.child).1, "王老师");
    assert_eq!(cast.responsible(cast.brother).1, "王老师", "what lies in a dossier, too");
    assert_eq!(cast.township.log_length(), before + 1, "one recorded decision");
    let nothing = cast.principal.app().hand_over(request).unwrap_err();
    assert_eq!((nothing.code, nothing.facts["reason"].as_str()), (ErrorCode::FieldInvalid, "nothing_to_hand_over"));

    let handover = grid(&cast.lead).handovers.remove(0);
    assert_eq!((handover.recorded_by.as_str(), handover.may_undo), ("周校长", true));
    let undo = UndoHandover { entry: handover.entry, reason: "李老师没有调走".to_owned() };
    cast.lead.app().undo_handover(undo.clone()).unwrap();
    assert_eq!(cast.responsible(cast.child).1, "李老师");
    assert_eq!(cast.principal.app().undo_handover(undo).unwrap_err().code, ErrorCode::ConflictGone);
    assert_eq!(grid(&cast.principal).handovers[0].undone.as_ref().unwrap().recorded_by, "吴副校长");
}

#[test]
fn what_somebody_bound_to_who_has_left_goes_to_who_took_over_whichever_came_first() {
    for hand_over_is_first in [true, false] {
        let cast = Cast::new(605);
        binds(&cast.principal, "teacher", cast.class_scope(), Some("李老师")).unwrap();
        cast.everybody_syncs();
        cast.principal.goes_offline();
        cast.lead.goes_offline();
        cast.principal.app().hand_over(cast.hand_over("李老师", "王老师")).unwrap();
        binds(&cast.lead, "teacher", DutyScope::Child { document: cast.brother }, Some("李老师")).unwrap();
        let order = if hand_over_is_first { [&cast.principal, &cast.lead] } else { [&cast.lead, &cast.principal] };
        for person in order {
            person.gets_signal();
            person.syncs();
        }
        assert_eq!(cast.responsible(cast.brother).1, "王老师", "nobody answers to a person who has gone");
        // Back after the holidays: who binds knowing of the hand-over means it.
        binds(&cast.lead, "teacher", cast.class_scope(), Some("李老师")).unwrap();
        assert_eq!(cast.responsible(cast.child).1, "李老师");
    }
}

#[test]
fn a_duty_is_no_right_to_read_and_the_preview_says_so() {
    let cast = Cast::new(606);
    let candidates = cast.principal.app().duty_candidates(Nothing {}).unwrap().people;
    let person = |name: &str| candidates.iter().find(|one| one.person.name == name).unwrap().person.clone();
    let request = BindDuty {
        level: "teacher".to_owned(),
        scopes: vec![cast.class_scope()],
        person: Some(person("赵敏")),
        from: Day::parse("2026-11-23").unwrap(),
    };
    cast.principal.app().bind_duty(request).unwrap();
    let scopes = |person: &Person| person.app().app_state(Nothing {}).unwrap().person.unwrap().scope_names;
    let before = scopes(&cast.office);
    let request = HandOver { from: person("赵敏"), to: person("李老师"), ..cast.hand_over("", "") };
    let preview = cast.principal.app().preview_handover(request.clone()).unwrap();
    assert!(preview.from_reads && preview.to_reads, "the register shows these children to both");
    cast.principal.app().hand_over(request).unwrap();
    assert_eq!(cast.responsible(cast.child).1, "李老师");
    assert_eq!(scopes(&cast.office), before, "what a device shows is the register's");
    assert!(cast.office.opens(cast.child).writable);
}

#[test]
fn more_children_than_the_county_allows_for_one_person_are_pointed_out_with_the_list() {
    let cast = Cast::new(607);
    let mut settings = grid(&cast.section).settings;
    settings.children_per_person_max = 1;
    settings.levels.retain(|level| level.key != "principal");
    let edit = CountyEdit::Duty { settings: settings.clone() };
    assert_eq!(
        cast.principal.app().save_county_edit(EditCounty { edit: edit.clone() }).unwrap_err().code,
        ErrorCode::NotAllowed
    );
    cast.section.app().save_county_edit(EditCounty { edit }).unwrap();
    cast.everybody_syncs();
    binds(&cast.principal, "teacher", cast.class_scope(), Some("李老师")).unwrap();
    cast.everybody_syncs();
    let view = grid(&cast.office);
    assert_eq!((view.overloads, view.people[0].total, view.people[0].over), (1, 2, true));
    let request =
        ListDutyChildren { line: DutyLine::Education, person: Some(view.people[0].key.clone()), offset: 0, limit: 50 };
    let names: Vec<String> =
        cast.office.app().list_duty_children(request).unwrap().rows.into_iter().map(|row| row.name).collect();
    assert!(names.contains(&"石小雨".to_owned()) && names.contains(&"石小川".to_owned()));
    let nobody = ListDutyChildren { line: DutyLine::Government, person: None, offset: 0, limit: 50 };
    assert_eq!(cast.office.app().list_duty_children(nobody).unwrap().total, 2);
    assert_eq!(view.settings.levels.len(), 7, "the levels are the county's to change");

    let request = ListDuties { level: "teacher".to_owned(), only_open: true, limit: 200, ..ListDuties::default() };
    let rows = cast.principal.app().list_duties(request).unwrap();
    assert!(rows.open > 0 && rows.rows.iter().all(|row| row.people.is_empty() && row.may_bind));
    settings.levels.retain(|level| !level.answers_for_children);
    let failure = cast.section.app().save_county_edit(EditCounty { edit: CountyEdit::Duty { settings } }).unwrap_err();
    assert_eq!(failure.facts["reason"], "nobody_answers");
}
