//! Where the student record is and where the child is, beside each other; and children of whom the two do not agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::casework::is_mine;
use crate::app::casework::Casework;
use crate::app::change_child;
use crate::app::device::Device;
use crate::domain::case_fold::open_phase;
use crate::domain::code_list::{AxisMismatch, SchoolingStatus};
use crate::domain::dossier::Dossier;
use crate::domain::identifier::{DocumentId, DraftId};
use crate::domain::role::Role;
use crate::domain::status_change::{self, ProofAsked, StatusForm};
use crate::domain::time::Day;
use crate::domain::two_axes;
use crate::error::Result;
use crate::store::children::StoredChild;

/// Records how a child really stands.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordStatus {
    /// The dossier.
    pub document_id: DocumentId,
    /// The status.
    pub status: SchoolingStatus,
    /// Since when.
    pub since: Option<Day>,
    /// Why, or where the paper lies.
    #[serde(default)]
    pub note: String,
    /// The draft that the photographed papers were attached to.
    #[serde(default)]
    pub pages: Option<DraftId>,
}

/// The two axes of a child.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AxesView {
    /// Where the record is, as the last roster told it; empty where none has.
    pub record_state: String,
    /// There is a student number: a record there is, however it stands.
    pub has_number: bool,
    /// Where the child is.
    pub status: SchoolingStatus,
    /// What does not agree.
    pub mismatches: Vec<MismatchView>,
    /// The statuses that this person may record now.
    pub choices: Vec<StatusChoice>,
}

/// A status that may be recorded.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct StatusChoice {
    /// The status.
    pub status: SchoolingStatus,
    /// What goes with it.
    pub proof: ProofAsked,
}

/// What does not agree, and what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MismatchView {
    /// What.
    pub kind: AxisMismatch,
    /// In Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// What is to be done next.
    pub next_zh: String,
    /// English.
    pub next_en: String,
    /// Whose turn it is.
    pub owner: Role,
    /// It is this person's turn.
    pub mine: bool,
}

/// A mismatch in words.
pub(super) fn mismatch_view(kind: AxisMismatch, role: Role) -> MismatchView {
    let (next_zh, next_en) = kind.next_step();
    let owner = kind.owner();
    MismatchView {
        kind,
        zh: kind.zh().to_owned(),
        en: kind.en().to_owned(),
        next_zh: next_zh.to_owned(),
        next_en: next_en.to_owned(),
        owner,
        // Where a school has no clerk for its records, whoever leads it sees to them.
        mine: is_mine(role, owner)
            || (owner == Role::RecordsClerk && matches!(role, Role::SchoolLead | Role::Principal)),
    }
}

/// The two axes of one child.
pub(super) fn view(device: &Device, id: DocumentId, dossier: &Dossier) -> Result<AxesView> {
    let reading = device.store.reading();
    let role = device.author.rights.role;
    let status = dossier.status();
    let mut mismatches = Vec::new();
    if let Some(child) = reading.child(id)? {
        let casework = Casework::of(device);
        let cases = casework.cases(&reading.case_facts(id)?, &child.leaves);
        mismatches = of_child(&child, open_phase(&cases));
    }
    Ok(AxesView {
        record_state: dossier.value("record.state").to_owned(),
        has_number: !dossier.value("profile.national_student_no").is_empty(),
        status,
        mismatches: mismatches.into_iter().map(|kind| mismatch_view(kind, role)).collect(),
        choices: status_change::choices(role, status)
            .into_iter()
            .map(|(status, proof)| StatusChoice { status, proof })
            .collect(),
    })
}

fn of_child(child: &StoredChild, phase: Option<crate::domain::case::CasePhase>) -> Vec<AxisMismatch> {
    let with_case = two_axes::with_case(child.status, phase);
    child.mismatch.into_iter().chain(with_case).collect()
}

/// Every child of whom something does not agree, with what.
pub(super) fn all(device: &Device) -> Result<BTreeMap<DocumentId, Vec<AxisMismatch>>> {
    let casework = Casework::of(device);
    let reading = device.store.reading();
    let mut found: BTreeMap<DocumentId, Vec<AxisMismatch>> = BTreeMap::new();
    let mut with_facts = std::collections::BTreeSet::new();
    for (child, facts) in reading.all_casework()? {
        with_facts.insert(child.document);
        let mismatches = of_child(&child, open_phase(&casework.cases(&facts, &child.leaves)));
        if !mismatches.is_empty() {
            found.insert(child.document, mismatches);
        }
    }
    for child in reading.children_who_may_not_agree()? {
        if !with_facts.contains(&child.document) {
            let mismatches = of_child(&child, None);
            if !mismatches.is_empty() {
                found.insert(child.document, mismatches);
            }
        }
    }
    Ok(found)
}

/// Records a status.
pub(super) fn record(device: &mut Device, request: RecordStatus) -> Result<super::saved::Saved> {
    let form = StatusForm { status: request.status, since: request.since, note: request.note };
    let saved_at = change_child::record_status(device, request.document_id, &form, request.pages)?;
    Ok(super::saved::Saved::at(saved_at))
}
