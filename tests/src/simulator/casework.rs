//! What people record besides visits: absences, the records of a case, how a child was found from door to door, the way to a
//! village, a danger. Documents of every kind come into the log by these.

use jiafang_core::app::record_absence::record_absence;
use jiafang_core::app::record_case::record_case;
use jiafang_core::app::record_check::record_checks;
use jiafang_core::app::record_village::record_village;
use jiafang_core::app::report_danger::report_danger;
use jiafang_core::domain::absence::AbsenceForm;
use jiafang_core::domain::case_record::CaseForm;
use jiafang_core::domain::check::CheckForm;
use jiafang_core::domain::code_list::{
    AttendanceMark, CaseOutcome, CaseRecordKind, CaseSource, CheckFound, DangerKind, DayPart, DropoutDestination,
    VerifyMethod,
};
use jiafang_core::domain::danger::DangerForm;
use jiafang_core::domain::identifier::{DocumentId, EntryId};
use jiafang_core::domain::place::PlaceCode;
use jiafang_core::domain::village_work::{VillageForm, VillageWhat};
use jiafang_core::error::Failure;

use super::acts::counted;
use super::plan::CaseworkAct;
use super::tablet::Tablet;

const MARKS: [AttendanceMark; 4] =
    [AttendanceMark::Unexcused, AttendanceMark::Unknown, AttendanceMark::Sick, AttendanceMark::Present];
const RECORDS: [CaseRecordKind; 7] = [
    CaseRecordKind::Opened,
    CaseRecordKind::Assignment,
    CaseRecordKind::Returned,
    CaseRecordKind::Dropout,
    CaseRecordKind::ClosingProposed,
    CaseRecordKind::ClosingConfirmed,
    CaseRecordKind::ClosingRefused,
];
const FOUND: [CheckFound; 4] = [CheckFound::AtSchool, CheckFound::AtHome, CheckFound::NotInSchool, CheckFound::Unknown];

/// Records it on a tablet; `number` is the step's, and stands in what is written.
pub(super) fn records(
    tablet: &Tablet,
    act: CaseworkAct,
    child: u32,
    village: Option<&PlaceCode>,
    number: u32,
) -> Result<String, Failure> {
    let note = format!("第{number}步");
    if let CaseworkAct::Road { walk_minutes } = act {
        let Some(village) = village else { return Ok("no village".to_owned()) };
        return road(tablet, village, walk_minutes, note);
    }
    let Some(child) = counted(&tablet.dossiers(), child) else { return Ok("no child".to_owned()) };
    match act {
        CaseworkAct::Absence { mark } => {
            let mark = counted(&MARKS, u32::from(mark)).unwrap_or(AttendanceMark::Unexcused);
            tablet.with(|device| {
                let day = device.environment.now().day();
                let form = AbsenceForm { day, until: None, part: DayPart::Whole, mark, note: note.clone() };
                record_absence(device, child, &form, None)
            })?;
        }
        CaseworkAct::Record { kind } => {
            let kind = counted(&RECORDS, u32::from(kind)).unwrap_or(CaseRecordKind::Opened);
            record(tablet, child, kind, &note)?;
        }
        CaseworkAct::Check { found } => {
            let found = counted(&FOUND, u32::from(found));
            tablet.with(|device| {
                let form = CheckForm {
                    on: device.environment.now().day(),
                    found,
                    how: Some(VerifyMethod::Household),
                    region: None,
                    place: String::new(),
                    note: note.clone(),
                    withdraws: None,
                };
                record_checks(device, &[(child, form)])
            })?;
        }
        CaseworkAct::Danger => {
            tablet.with(|device| {
                let on = device.environment.now().day();
                let (seen, whereabouts) = (note.clone(), String::new());
                report_danger(
                    device,
                    child,
                    &DangerForm { kinds: vec![DangerKind::Neglect], now: true, seen, whereabouts, on },
                )
            })?;
        }
        CaseworkAct::Road { .. } => {}
    }
    Ok(format!("{child}"))
}

fn record(tablet: &Tablet, child: DocumentId, kind: CaseRecordKind, note: &str) -> Result<(), Failure> {
    tablet.with(|device| {
        let proposed = device.store.reading().case_facts(child)?.records.into_iter().rev();
        let of: Option<EntryId> =
            proposed.filter(|record| record.form.kind == CaseRecordKind::ClosingProposed).map(|one| one.entry).next();
        let form = CaseForm {
            note: note.to_owned(),
            source: Some(CaseSource::Platform),
            person: "王老师".to_owned(),
            outcome: Some(CaseOutcome::Returned),
            destination: Some(DropoutDestination::AtHome),
            of,
            ..CaseForm::new(kind, device.environment.now().day())
        };
        record_case(device, child, &form, None).map(drop)
    })
}

fn road(tablet: &Tablet, village: &PlaceCode, walk_minutes: u8, note: String) -> Result<String, Failure> {
    tablet.with(|device| {
        let form = VillageForm {
            what: VillageWhat::Road,
            on: device.environment.now().day(),
            walk_minutes: Some(u32::from(walk_minutes).saturating_add(1)),
            distance_m: None,
            item: String::new(),
            done: false,
            note: note.clone(),
        };
        record_village(device, village, &form)
    })?;
    Ok(format!("the way to {village}"))
}
