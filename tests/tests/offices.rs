//! Offices above the school: what they see of their level, and a lead who sees counts until a reason is recorded.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::children::ListChildren;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::OpenDossier;
use jiafang_core::api::duty::{BindDuty, ListDutyChildren};
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::office::{ListOfficeChildren, OfficeCounts, OfficeView, ShowOffice};
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::code_list::{AttendanceMark, DayPart};
use jiafang_core::domain::duty::{DutyLine, DutyPerson, DutyScope};
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::look::OfficeWhat;
use jiafang_core::domain::place::{ClassId, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::time::Day;
use jiafang_core::error::ErrorCode;
use jiafang_tests::kit::person::sync_until_quiet;
use jiafang_tests::kit::{Person, Township};

struct Cast {
    township: Township,
    li: Person,
    office: Person,
    section: Person,
    lead: Person,
    child: DocumentId,
    village: PlaceCode,
    class: ClassId,
}

impl Cast {
    fn new(seed: u64) -> Self {
        let mut township = Township::new(seed);
        let village = township.village(0);
        let class = township.county.schools[0].classes[0].id.clone();
        let county = || Scope::Place(PlaceCode::parse("999999").unwrap());
        let li = township.teacher("李老师", Scope::Class(class.clone()));
        let office = township.coordinator("赵敏");
        let mut person = |name: &str, role| {
            let code = township.invites(name, role, county());
            let person = township.somebody(name);
            person.enrols(&code);
            person
        };
        let section = person("陈科员", Role::CountySection);
        let lead = person("何副县长", Role::CountyLead);
        let child = li.registers_pupil("石小雨", &village, &class);
        li.registers_pupil("石小川", &village, &class);
        let cast = Self { township, li, office, section, lead, child, village, class };
        cast.it_is("2026-11-23");
        cast.li.marks(cast.child, AttendanceMark::Unexcused, DayPart::Whole);
        cast.it_is("2026-11-25");
        cast.everybody_syncs();
        cast
    }

    fn everybody_syncs(&self) {
        sync_until_quiet(&[&self.li, &self.office, &self.section, &self.lead]);
    }

    fn it_is(&self, day: &str) {
        for person in [&self.li, &self.office, &self.section, &self.lead] {
            person.clock.shows(day, 9);
        }
        self.township.clock.shows(day, 9);
    }
}

fn shows(person: &Person, scope: Option<Scope>, by_school: bool) -> OfficeView {
    person.app().show_office(ShowOffice { scope, by_school }).expect("the office's level")
}

fn asks(what: OfficeWhat, reason: &str) -> ListOfficeChildren {
    let scope = Scope::Place(PlaceCode::parse("999999").unwrap());
    ListOfficeChildren { scope, what, reason: reason.to_owned() }
}

#[test]
fn an_office_sees_what_is_open_late_and_without_anybody_down_to_the_child() {
    let cast = Cast::new(701);
    let expected =
        OfficeCounts { children: 2, missing: 1, open: 1, late: 1, unevidenced: 2, no_government: 2, no_education: 2 };
    let county = shows(&cast.section, None, false);
    assert_eq!(county.total, expected);
    assert!(!county.names_need_reason && county.both_ways);
    let [row] = county.rows.as_slice() else { panic!("one township") };
    assert_eq!((&row.scope, row.counts), (&Scope::Place(cast.township.township()), expected));
    let township = shows(&cast.section, Some(row.scope.clone()), false);
    assert_eq!(township.path.len(), 2);
    let of_village = township.rows.iter().find(|row| row.scope == Scope::Place(cast.village.clone())).unwrap();
    assert_eq!(of_village.counts, expected);
    assert!(township.rows.len() > 1, "an empty village is listed as well");
    assert_eq!(shows(&cast.office, None, false).total, expected, "the township's own desk says the same");
    let schools = shows(&cast.office, None, true);
    let school = schools.rows.iter().find(|row| row.scope == Scope::School(cast.class.school())).unwrap();
    assert_eq!(school.counts.late, 1);
    let classes = shows(&cast.office, Some(school.scope.clone()), false);
    assert_eq!(classes.rows.iter().map(|row| row.counts.children).sum::<u32>(), 2);
    assert!(classes.rows.iter().any(|row| row.scope == Scope::Class(cast.class.clone())));

    let late = cast.section.app().list_office_children(asks(OfficeWhat::Late, "")).unwrap();
    assert_eq!((late.total, late.rows[0].child.name.as_str(), late.rows[0].late_days), (1, "石小雨", 2));
    let foreign = ShowOffice { scope: Some(Scope::Place(PlaceCode::parse("999999").unwrap())), by_school: false };
    assert_eq!(cast.office.app().show_office(foreign).unwrap_err().code, ErrorCode::NotAllowed);

    let person = Some(DutyPerson { person: None, name: "李老师".to_owned(), phone: String::new() });
    let from = Day::parse("2026-11-25").unwrap();
    let scopes = vec![DutyScope::Class { id: cast.class.clone() }];
    cast.section.app().bind_duty(BindDuty { level: "teacher".to_owned(), scopes, person, from }).unwrap();
    assert_eq!(shows(&cast.section, None, false).total, OfficeCounts { no_education: 0, ..expected });
}

#[test]
fn a_lead_sees_counts_and_names_only_for_a_reason_that_everybody_can_read_afterwards() {
    let cast = Cast::new(702);
    let state = cast.lead.app().app_state(Nothing {}).unwrap().person.unwrap();
    assert!(state.is_desk && !state.sees_names);
    let view = shows(&cast.lead, None, false);
    assert_eq!((view.total.missing, view.names_need_reason), (1, true));

    let app = cast.lead.app();
    let open = || app.open_dossier(OpenDossier { document_id: cast.child }).map(|dossier| dossier.row.name);
    let refused = [
        app.list_children(ListChildren { limit: 10, ..ListChildren::default() }).unwrap_err().code,
        app.show_ledger(ShowLedger { limit: 10, ..ShowLedger::default() }).unwrap_err().code,
        app.export_ledger(ShowLedger { limit: 10, ..ShowLedger::default() }).unwrap_err().code,
        app.today(Nothing {}).unwrap_err().code,
        app.inbox(Nothing {}).unwrap_err().code,
        app.list_duty_children(ListDutyChildren { line: DutyLine::Education, person: None, offset: 0, limit: 10 })
            .unwrap_err()
            .code,
        open().unwrap_err().code,
    ];
    assert!(refused.iter().all(|code| *code == ErrorCode::NotAllowed), "{refused:?}");

    let without = app.list_office_children(asks(OfficeWhat::Missing, "  ")).unwrap_err();
    assert_eq!((without.code, without.facts["field"].as_str()), (ErrorCode::FieldMissing, "reason"));
    assert_eq!(shows(&cast.lead, None, false).looks.len(), 0, "nothing was shown, and nothing recorded");
    let shown = app.list_office_children(asks(OfficeWhat::Missing, "周例会核对")).unwrap();
    assert_eq!((shown.total, shown.rows[0].child.name.as_str()), (1, "石小雨"));
    assert_eq!(open().unwrap(), "石小雨", "a child of that list");
    cast.everybody_syncs();
    assert_eq!(cast.township.kept_apart(), 0, "the server took the record");
    let looks = shows(&cast.section, None, false).looks;
    let [look] = looks.as_slice() else { panic!("one record") };
    assert_eq!((look.person_name.as_str(), look.reason.as_str(), look.children), ("何副县长", "周例会核对", 1));
    assert_eq!(look.what, OfficeWhat::Missing);
    assert!(shows(&cast.office, None, false).looks.is_empty(), "a township has no list of them on its screen");

    let app = cast.lead.app();
    app.lock(Nothing {}).unwrap();
    cast.lead.unlocks();
    let after = cast.lead.app().open_dossier(OpenDossier { document_id: cast.child }).unwrap_err().code;
    assert_eq!(after, ErrorCode::NotAllowed, "what was shown is not kept");
}
