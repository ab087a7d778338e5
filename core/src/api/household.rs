//! One household of a round (摸排): its children with the checks that stand, and recording how they were found.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::axes::{MismatchView, mismatch_view};
use super::round::{begin, household_row, households, in_village};
use super::saved::Saved;
use super::timeline::Seen;
use crate::app::device::Device;
use crate::app::record_check;
use crate::domain::check::{self, CheckEntry, CheckForm};
use crate::domain::code_list::{SchoolingStatus, Sex};
use crate::domain::doc::dossier_read;
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::ledger::PlaceNames;
use crate::domain::place::PlaceCode;
use crate::domain::round::{HouseholdState, household_state};
use crate::domain::time::{Day, Timestamp};
use crate::domain::two_axes;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::round::RoundRow;

/// Asks for the household of a child.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ShowHousehold {
    /// One of its children.
    pub child: DocumentId,
}

/// A household.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HouseholdView {
    /// The village.
    pub village: PlaceCode,
    /// Its name.
    pub village_name: String,
    /// 社(组)
    pub group: String,
    /// The head.
    pub head: String,
    /// Today.
    pub today: Day,
    /// The day from which checks count.
    pub begins_on: Day,
    /// How far it is.
    pub state: HouseholdState,
    /// Its children of 3 to 18 years.
    pub children: Vec<HouseholdChild>,
    /// A child of the next household in which somebody is still to be asked for; none when all were.
    pub next: Option<DocumentId>,
    /// This person may record here.
    pub may_write: bool,
}

/// A child of a household.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HouseholdChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Sex.
    pub sex: Option<Sex>,
    /// Age in full years today; none where nobody knows the date of birth.
    pub age: Option<u8>,
    /// The school's name and the class's; empty for none.
    pub class_name: String,
    /// The status.
    pub status: SchoolingStatus,
    /// Checks that stand, the one that counts first; more than one when people checked apart.
    pub checks: Vec<CheckView>,
    /// The one that counts is of this round.
    pub is_checked: bool,
    /// What does not agree.
    pub mismatch: Option<MismatchView>,
    /// This person may record of the child.
    pub may_write: bool,
}

/// A check with who made it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CheckView {
    /// Its key.
    pub entry_id: EntryId,
    /// What it says.
    pub form: CheckForm,
    /// Who made it.
    pub person_name: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Records checks of the children of a household.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordChecks {
    /// Each child with how it was found.
    pub checks: Vec<OneCheck>,
}

/// How one child was found.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneCheck {
    /// The dossier.
    pub document_id: DocumentId,
    /// How.
    pub form: CheckForm,
}

/// Checks that were recorded.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChecksSaved {
    /// When.
    pub saved_at: Timestamp,
    /// What takes them back.
    pub entries: Vec<CheckKey>,
}

/// The key of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CheckKey {
    /// The dossier.
    pub document_id: DocumentId,
    /// The entry.
    pub entry_id: EntryId,
}

/// Takes checks back.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WithdrawChecks {
    /// Which.
    pub checks: Vec<CheckKey>,
}

/// Records checks.
pub(super) fn record(device: &mut Device, request: &RecordChecks) -> Result<ChecksSaved> {
    let checks: Vec<_> = request.checks.iter().map(|one| (one.document_id, one.form.clone())).collect();
    let recorded = record_check::record_checks(device, &checks)?;
    let entries =
        recorded.entries.into_iter().map(|(document_id, entry_id)| CheckKey { document_id, entry_id }).collect();
    Ok(ChecksSaved { saved_at: recorded.saved_at, entries })
}

/// Takes checks back.
pub(super) fn withdraw(device: &mut Device, request: &WithdrawChecks) -> Result<Saved> {
    let checks: Vec<_> = request.checks.iter().map(|one| (one.document_id, one.entry_id)).collect();
    record_check::withdraw_checks(device, &checks).map(|recorded| Saved::at(recorded.saved_at))
}

/// The household of a child. Its few dossiers are loaded: it is no list.
///
/// # Errors
/// [`ErrorCode::DocumentNotHere`], the faults of a store.
pub fn household(device: &Device, request: &ShowHousehold) -> Result<HouseholdView> {
    let (begins_on, _) = begin(device);
    let county = device.county();
    let mergers = county.mergers();
    let reading = device.store.reading();
    let not_here = || Failure::new(ErrorCode::DocumentNotHere, "dossier");
    let (lies_in, _) = reading.household_of(request.child)?.ok_or_else(not_here)?;
    let village = mergers.place(&lies_in);
    let households = households(device, &mergers, &village)?;
    let at = households.iter().position(|one| one.iter().any(|row| row.document == request.child));
    let at = at.ok_or_else(not_here)?;
    let rows = households.get(at).ok_or_else(not_here)?;
    let own = household_row(rows, begins_on).ok_or_else(not_here)?;
    let is_open =
        |one: &&Vec<RoundRow>| household_state(one.iter().map(|row| row.check), begins_on) == HouseholdState::Open;
    // Onwards from here, then from the start: so nobody walks back before the end of the village.
    let after = households.iter().skip(at.saturating_add(1)).chain(households.iter().take(at));
    let next = after.filter(is_open).find_map(|one| one.first()).map(|row| row.document);
    let names = PlaceNames::of(&county);
    Ok(HouseholdView {
        village_name: names.place(village.as_str()),
        may_write: device.author.may_write(&in_village(&lies_in)).is_ok(),
        village,
        group: own.group,
        head: own.head,
        today: device.environment.now().day(),
        begins_on,
        state: own.state,
        children: rows.iter().map(|row| child(device, row, &names, begins_on)).collect::<Result<_>>()?,
        next,
    })
}

fn child(device: &Device, row: &RoundRow, names: &PlaceNames<'_>, begins_on: Day) -> Result<HouseholdChild> {
    let today = device.environment.now().day();
    let reading = device.store.reading();
    let document = reading.document_row(row.document)?;
    let document = document.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    let dossier = dossier_read::read(&reading.document(row.document)?)?;
    let seen = Seen::of(device, row.document)?;
    let class = document.leaves.class.as_ref();
    let mut checks: Vec<CheckView> =
        check::standing(&dossier.checks).into_iter().map(|one| check_view(&seen, one)).collect::<Result<_>>()?;
    checks.reverse();
    Ok(HouseholdChild {
        document_id: row.document,
        name: row.name.clone(),
        sex: Sex::from_key(dossier.value("profile.sex")),
        age: row.birth_date.and_then(|birth| birth.full_years_until(today)),
        class_name: class.map(|id| names.school(id) + &names.class(id, today)).unwrap_or_default(),
        status: row.status,
        checks,
        is_checked: row.check.found_since(begins_on).is_some(),
        mismatch: two_axes::of_dossier(&dossier).map(|kind| mismatch_view(kind, device.author.rights.role)),
        may_write: !reading.has_left(row.document)? && device.author.may_write(&document.leaves).is_ok(),
    })
}

fn check_view(seen: &Seen<'_>, entry: &CheckEntry) -> Result<CheckView> {
    Ok(CheckView {
        entry_id: entry.entry,
        form: entry.form.clone(),
        person_name: seen.person_name(&entry.actor)?,
        at: entry.at,
    })
}
