//! What people do about a child who is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiafang_core::api::casework::{BeginPages, CaseView, CaseworkView, RecordCase};
use jiafang_core::api::children::ChildRegistered;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::evidence::RecordEvidence;
use jiafang_core::api::ledger::ShowLedger;
use jiafang_core::api::ledger_kind::LedgerKind;
use jiafang_core::api::roll::{AbsenceSaved, RecordAbsence, RollView, ShowRoll, WithdrawAbsence};
use jiafang_core::api::state::Nothing;
use jiafang_core::api::today::TodayView;
use jiafang_core::domain::absence::AbsenceForm;
use jiafang_core::domain::case_record::CaseForm;
use jiafang_core::domain::code_list::{AttendanceMark, CaseRecordKind, DayPart, Relation, SchoolingStatus, Sex};
use jiafang_core::domain::evidence::EvidenceForm;
use jiafang_core::domain::identifier::{DocumentId, EntryId};
use jiafang_core::domain::place::{ClassId, PlaceCode};
use jiafang_core::domain::registration::{GuardianForm, RegisterChild};
use jiafang_core::domain::time::Day;
use jiafang_core::environment::Clock;
use jiafang_core::error::{Failure, Result};

use super::field_clock::FieldClock;
use super::person::{Person, photo_bytes};

impl FieldClock {
    /// Moves the clock to this hour of a day in China.
    pub fn shows(self: &Arc<Self>, day: &str, hour: i64) {
        let start = Day::parse(day).expect("a day").start();
        self.pass_ms(
            start.unix_ms().saturating_add(hour.saturating_mul(3_600_000)).saturating_sub(self.now().unix_ms()),
        );
    }
}

impl Person {
    /// Registers a child of a class, at school as far as anybody knows.
    pub fn registers_pupil(&self, name: &str, village: &PlaceCode, class: &ClassId) -> DocumentId {
        let guardian = GuardianForm {
            name: "石大山".to_owned(),
            relation: Some(Relation::Father),
            phone: "19900000001".to_owned(),
        };
        let request = RegisterChild {
            name: name.to_owned(),
            sex: Sex::Female,
            birth_date: Day::parse("2014-05-04").expect("a day"),
            id_number: String::new(),
            village: village.clone(),
            household_head: String::new(),
            village_group: "3社".to_owned(),
            address: String::new(),
            class: Some(class.clone()),
            attendance_mode: None,
            status: SchoolingStatus::EnrolledHere,
            flags: Vec::new(),
            guardians: vec![guardian],
            although_alike: true,
        };
        match self.app().register_child(request).expect("the child is registered") {
            ChildRegistered::Saved { document_id } => document_id,
            ChildRegistered::Alike { rows } => panic!("alike: {} children", rows.len()),
        }
    }

    /// Marks a child in today's roll.
    pub fn marks(&self, child: DocumentId, mark: AttendanceMark, part: DayPart) -> AbsenceSaved {
        let form = AbsenceForm { day: self.clock.now().day(), until: None, part, mark, note: String::new() };
        self.records_absence(child, form).expect("the mark is saved")
    }

    /// Records an absence or a leave.
    ///
    /// # Errors
    /// What the app says.
    pub fn records_absence(&self, child: DocumentId, form: AbsenceForm) -> Result<AbsenceSaved> {
        self.app().record_absence(RecordAbsence { document_id: child, form, pages: None })
    }

    /// Withdraws an entry of the roll.
    pub fn withdraws(&self, child: DocumentId, entry: EntryId) {
        let request = WithdrawAbsence { document_id: child, entry_id: entry, note: String::new() };
        self.app().withdraw_absence(request).expect("the entry is withdrawn");
    }

    /// The roll of a class today.
    #[must_use]
    pub fn roll(&self, class: &ClassId) -> RollView {
        self.app().show_roll(ShowRoll { class: class.clone(), day: None }).expect("the roll")
    }

    /// A form of this kind, done today.
    #[must_use]
    pub fn case_form(&self, kind: CaseRecordKind) -> CaseForm {
        CaseForm::new(kind, self.clock.now().day())
    }

    /// Records a step of a case, with photographed pages.
    ///
    /// # Errors
    /// What the app says.
    pub fn records_case(&self, child: DocumentId, form: CaseForm, pages: &[&str]) -> std::result::Result<(), Failure> {
        let draft = (!pages.is_empty()).then(|| {
            let draft = self.app().begin_pages(BeginPages { document_id: child }).expect("a draft for pages");
            for page in pages {
                self.app().attach_photo(draft.draft_id, &photo_bytes(page)).expect("the page is photographed");
            }
            draft.draft_id
        });
        self.app().record_case(RecordCase { document_id: child, form, pages: draft }).map(drop)
    }

    /// Puts a photographed proof on file that speaks of a school year.
    ///
    /// # Errors
    /// What the app says.
    pub fn files_proof(&self, child: DocumentId, proof: &str, school_year: i16) -> std::result::Result<(), Failure> {
        let pages = self.app().begin_pages(BeginPages { document_id: child }).expect("a draft for pages");
        self.app().attach_photo(pages.draft_id, &photo_bytes("portrait_6.jpg")).expect("the page is photographed");
        let form = EvidenceForm {
            proof: proof.to_owned(),
            school_year,
            issued_by: String::new(),
            number: String::new(),
            valid_until: None,
            note: String::new(),
            withdrawn: false,
        };
        let pages = Some(pages.draft_id);
        let request = RecordEvidence { document_id: child, form, replaces: Vec::new(), pages };
        self.app().record_evidence(request).map(drop)
    }

    /// What the dossier says of a child's cases.
    #[must_use]
    pub fn casework(&self, child: DocumentId) -> CaseworkView {
        self.opens(child).casework
    }

    /// The child's newest case.
    #[must_use]
    pub fn case(&self, child: DocumentId) -> CaseView {
        self.casework(child).cases.into_iter().next().expect("a case")
    }

    /// The row of a child in a ledger, by column; `None` when it does not stand there.
    #[must_use]
    pub fn ledger_row_of(&self, kind: LedgerKind, child: DocumentId) -> Option<BTreeMap<String, String>> {
        let request = ShowLedger { kind, limit: 500, ..ShowLedger::default() };
        let page = self.app().show_ledger(request).expect("the ledger");
        let keys: Vec<String> = page.columns.iter().map(|column| column.key.clone()).collect();
        let row = page.rows.into_iter().find(|row| row.document_id == child)?;
        Some(keys.into_iter().zip(row.cells).collect())
    }

    /// The day's cards.
    #[must_use]
    pub fn today(&self) -> TodayView {
        self.app().today(Nothing {}).expect("today")
    }
}
