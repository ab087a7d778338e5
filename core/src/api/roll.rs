//! The roll of a class: who is missing today, by taps; and a child's absences.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{self, ChildRow};
use super::saved::Saved;
use crate::app::casework::Casework;
use crate::app::device::Device;
use crate::app::record_absence::{self, roll as roll_of};
use crate::app::record_transition::record_transition;
use crate::app::transition::rules;
use crate::domain::absence::{AbsenceForm, Attendance, HalfDay, Roll, verdict};
use crate::domain::calendar::{CycleDay, DayKind};
use crate::domain::case::{CaseFacts, CasePhase};
use crate::domain::code_list::{AttendanceMark, TransitionEntryKind};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::{ClassId, Leaves, Stage};
use crate::domain::time::{Day, Timestamp};
use crate::domain::transition::{TransitionForm, may_record};
use crate::error::{Failure, Result};
use crate::store::Reading;
use crate::store::children::ChildFilter;

/// Asks for a class's roll of a day.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowRoll {
    /// The class.
    pub class: ClassId,
    /// The day; none: today.
    #[serde(default)]
    pub day: Option<Day>,
}

/// The roll of a class on a day.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RollView {
    /// The class.
    pub class: ClassId,
    /// 三年级(1)班
    pub class_name: String,
    /// The day.
    pub day: Day,
    /// Today.
    pub today: Day,
    /// There is school on it.
    pub is_school_day: bool,
    /// What the day is where it is not as its weekday says: a make-up day, a holiday, closed.
    pub told: Option<DayKind>,
    /// Where it lies in the school's boarding cycle.
    pub cycle: Option<CycleDay>,
    /// The school day before it.
    pub day_before: Day,
    /// The county has told no terms of this school year: days are reckoned by default.
    pub calendar_is_default: bool,
    /// The children, by name.
    pub rows: Vec<RollRow>,
    /// How many of them are missing, with excuse or without.
    pub absent_count: u32,
    /// Whether the class has reported back after the holidays; none in the holidays and later in the term,
    /// when nobody asks any more.
    pub term: Option<TermBackView>,
}

/// A class at the beginning of a term: silence is no return here.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TermBackView {
    /// The first day of the term.
    pub began: Day,
    /// Until when it is to be said.
    pub due_on: Day,
    /// How many of the class are here today, as the roll says.
    pub here: u32,
    /// Who said that all others have come: empty until somebody did.
    pub said: Vec<ClassBackView>,
}

/// Somebody said that the class has come.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ClassBackView {
    /// Who.
    pub person_name: String,
    /// When.
    pub on: Day,
    /// How many had come.
    #[ts(type = "number")]
    pub came: u16,
}

/// A class, and nothing else.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneClass {
    /// The class.
    pub class: ClassId,
}

/// A child on a day.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RollRow {
    /// The child.
    pub child: ChildRow,
    /// Morning.
    pub morning: RollHalf,
    /// Afternoon.
    pub afternoon: RollHalf,
    /// The entry of this day that was recorded last on it, for undoing.
    pub entry_id: Option<EntryId>,
    /// The last day of a leave of several days that this day lies in.
    pub leave_until: Option<Day>,
    /// Counted days without excuse up to today; 0 when there is no open case.
    pub absent_days: u32,
    /// Where the case stands.
    pub phase: Option<CasePhase>,
}

/// Half a day of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RollHalf {
    /// What was recorded; none: nothing, which is at school, or still missing.
    pub mark: Option<AttendanceMark>,
    /// Nothing was recorded, and the child was missing before: still missing.
    pub still_missing: bool,
    /// Two people say different things.
    pub contradicts: bool,
    /// Who recorded it.
    pub person_names: Vec<String>,
}

/// Records an absence, a leave, or that a child is back.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordAbsence {
    /// The dossier.
    pub document_id: DocumentId,
    /// What.
    pub form: AbsenceForm,
    /// The draft that the photographed slip was attached to.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// Withdraws a wrong entry.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WithdrawAbsence {
    /// The dossier.
    pub document_id: DocumentId,
    /// The entry.
    pub entry_id: EntryId,
    /// Why.
    #[serde(default)]
    pub note: String,
}

/// An entry is saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AbsenceSaved {
    /// The entry, for undoing.
    pub entry_id: EntryId,
    /// When it was committed on this device.
    pub saved_at: Timestamp,
}

/// Children of one class that are listed: more than any class has.
const CLASS_SIZE_MAX: u32 = 200;
/// So many days after the beginning of a term a screen asks whether the class has reported back.
const ASKED_DAYS: i32 = 30;

/// The roll of a class.
pub(super) fn view(device: &Device, request: &ShowRoll) -> Result<RollView> {
    let casework = Casework::of(device);
    let today = casework.today();
    let day = request.day.unwrap_or(today).min(today);
    let leaves = Leaves { village: None, class: Some(request.class.clone()) };
    let days = casework.days(&leaves);
    let reading = device.store.reading();
    let filter = ChildFilter { class: Some(request.class.clone()), sort_by: Some("name"), ..ChildFilter::default() };
    let stored = reading.children(&filter, 0, CLASS_SIZE_MAX)?;
    let mut rows = Vec::new();
    for (child, stored) in children::rows(device, &stored).into_iter().zip(&stored) {
        if reading.has_left(stored.document)? {
            continue;
        }
        let facts = reading.case_facts(stored.document)?;
        rows.push(row(&casework, child, &facts, &leaves, day));
    }
    let absent =
        |half: &RollHalf| half.still_missing || half.mark.is_some_and(|mark| verdict(mark) != Attendance::Present);
    let is_absent = |row: &RollRow| absent(&row.morning) || absent(&row.afternoon);
    let here = rows.iter().filter(|row| !is_absent(row)).count();
    let county = device.county();
    Ok(RollView {
        term: term_back(&casework, reading, &request.class, here)?,
        class: request.class.clone(),
        class_name: PlaceNames::of(&county).class(&request.class, today),
        day,
        today,
        is_school_day: days.is_school_day(day),
        told: days.told(day),
        cycle: days.in_cycle(day),
        day_before: (-30..0).rev().map(|days| day.plus_days(days)).find(|day| days.is_school_day(*day)).unwrap_or(day),
        calendar_is_default: days.is_default_on(day),
        absent_count: u32::try_from(rows.iter().filter(|row| absent(&row.morning) || absent(&row.afternoon)).count())
            .unwrap_or(u32::MAX),
        rows,
    })
}

/// Whether the class has reported back, as long as that is asked.
fn term_back(
    casework: &Casework<'_>,
    reading: Reading<'_>,
    class: &ClassId,
    here: usize,
) -> Result<Option<TermBackView>> {
    let days = casework.days(&Leaves { village: None, class: Some(class.clone()) });
    let Some((began, due_on)) = rules()?.term_on(&days, casework.today()) else { return Ok(None) };
    let said = reading.class_back(class, began)?.into_iter().filter_map(|entry| {
        let doer = casework.doer(&entry.actor).filter(|doer| may_record(doer.role, entry.form.kind))?;
        Some(ClassBackView { person_name: doer.name, on: entry.form.on, came: entry.form.came.unwrap_or_default() })
    });
    let said: Vec<ClassBackView> = said.collect();
    // After a month the daily roll has told long since who is there.
    if casework.today() > began.plus_days(ASKED_DAYS) {
        return Ok(None);
    }
    Ok(Some(TermBackView { began, due_on, here: u32::try_from(here).unwrap_or(u32::MAX), said }))
}

/// Says of a class that all who are not missing in today's roll have come back: one entry, in the dossier of the first of them.
pub(super) fn confirm_back(device: &mut Device, request: &OneClass) -> Result<Saved> {
    let roll = view(device, &ShowRoll { class: request.class.clone(), day: None })?;
    let is_here =
        |half: &RollHalf| !half.still_missing && half.mark.is_none_or(|mark| verdict(mark) == Attendance::Present);
    let here = roll.rows.iter().filter(|row| is_here(&row.morning) && is_here(&row.afternoon));
    let here: Vec<DocumentId> = here.map(|row| row.child.document_id).collect();
    let carrier = here.iter().min().copied().ok_or_else(|| Failure::missing("came"))?;
    let today = roll.today;
    let stage = device
        .county()
        .schools
        .iter()
        .flat_map(|school| &school.classes)
        .find(|class| class.id == request.class)
        .map_or(Stage::Primary, |class| class.stage);
    let form = TransitionForm {
        from_class: Some(request.class.clone()),
        came: Some(u16::try_from(here.len()).unwrap_or(u16::MAX)),
        ..TransitionForm::new(TransitionEntryKind::ClassBack, stage, today.school_year_start().0.year(), today)
    };
    let recorded = record_transition(device, &[carrier], &form, None)?;
    Ok(Saved::at(recorded.first().map_or_else(|| device.environment.now(), |one| one.saved_at)))
}

fn row(casework: &Casework<'_>, child: ChildRow, facts: &CaseFacts, leaves: &Leaves, day: Day) -> RollRow {
    let roll: Roll = roll_of(facts);
    let (morning, afternoon) = roll.day(day);
    let case = casework.cases(facts, leaves).pop().filter(|case| case.phase.is_open());
    // What is silent today stands as it stood before: only where the case says that the child is missing.
    let missing = case.as_ref().is_some_and(|case| {
        case.phase.is_missing() && case.absent_from.is_some_and(|from| from < day) && roll.span().is_some()
    });
    let half = |half: Option<&HalfDay>| {
        let entries: Vec<_> = half
            .map(|half| facts.absences.iter().filter(|entry| half.entries.contains(&entry.entry)).collect())
            .unwrap_or_default();
        // Of several marks the one that counts is shown.
        let mark = entries.iter().map(|entry| entry.form.mark).max_by_key(|mark| verdict(*mark));
        let mut person_names: Vec<String> =
            entries.iter().filter_map(|entry| casework.doer(&entry.actor)).map(|doer| doer.name).collect();
        person_names.dedup();
        RollHalf {
            mark: mark.or(half.map(|_| AttendanceMark::Present)),
            still_missing: half.is_none() && missing,
            contradicts: half.is_some_and(|half| half.contradicts),
            person_names,
        }
    };
    let own_day = |entry: &&crate::domain::absence::AbsenceEntry| {
        entry.form.touches(day, day) && entry.form.mark != AttendanceMark::Withdrawn
    };
    let standing: Vec<EntryId> =
        [morning, afternoon].into_iter().flatten().flat_map(|half| half.entries.iter().copied()).collect();
    RollRow {
        morning: half(morning),
        afternoon: half(afternoon),
        entry_id: facts
            .absences
            .iter()
            .filter(own_day)
            .filter(|entry| standing.contains(&entry.entry))
            .max_by_key(|entry| (entry.at, entry.entry))
            .map(|entry| entry.entry),
        leave_until: facts
            .absences
            .iter()
            .filter(|entry| standing.contains(&entry.entry))
            .filter_map(|entry| entry.form.until.filter(|until| *until > entry.form.day))
            .max(),
        absent_days: case.as_ref().map_or(0, |case| case.absent_days),
        phase: case.map(|case| case.phase),
        child,
    }
}

/// Records an absence.
pub(super) fn record(device: &mut Device, request: &RecordAbsence) -> Result<AbsenceSaved> {
    let recorded = record_absence::record_absence(device, request.document_id, &request.form, request.pages)?;
    Ok(AbsenceSaved { entry_id: recorded.entry, saved_at: recorded.saved_at })
}

/// Withdraws a wrong entry.
pub(super) fn withdraw(device: &mut Device, request: &WithdrawAbsence) -> Result<AbsenceSaved> {
    let recorded = record_absence::withdraw_absence(device, request.document_id, request.entry_id, &request.note)?;
    Ok(AbsenceSaved { entry_id: recorded.entry, saved_at: recorded.saved_at })
}
