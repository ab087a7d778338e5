//! Danger to a child: reporting it, and on the devices of those who may see it, what was reported and done.
//!
//! Nothing here is part of a dossier's view, a list, a ledger or an export.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{self, ChildRow};
use super::saved::Saved;
use crate::app::device::Device;
use crate::app::report_danger::{record_step, report_danger};
use crate::domain::actor::Actor;
use crate::domain::danger::{Annex, DangerForm, DangerStepForm, sees};
use crate::domain::identifier::{DocumentId, EntryId};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};

/// Reports a danger.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReportDanger {
    /// The dossier of the child.
    pub document_id: DocumentId,
    /// What is reported.
    pub form: DangerForm,
}

/// Records what was done about a report.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordDangerStep {
    /// The annex.
    pub annex_id: DocumentId,
    /// What was done.
    pub form: DangerStepForm,
}

/// What this person may know of dangers to one child.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerView {
    /// The child.
    pub child: ChildRow,
    /// May report.
    pub writable: bool,
    /// A report goes to the principal of the child's school. Else, where no school is known, to the county alone.
    pub has_school: bool,
    /// What was reported on this device, by whoever it was; nothing of what.
    pub receipts: Vec<DangerReceiptView>,
    /// Reports, for those who see them; empty for everybody else, whether there are any or not.
    pub reports: Vec<DangerReportView>,
}

/// That something was reported on this device.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerReceiptView {
    /// When.
    pub reported_at: Timestamp,
    /// A short number to name it by, on paper and on the telephone.
    pub number: String,
    /// The server has it.
    pub on_server: bool,
    /// When this device heard that somebody who may see it has it.
    pub received_at: Option<Timestamp>,
    /// Its words have not gone from this device yet.
    pub words_here: bool,
}

/// A report with what was done.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerReportView {
    /// The annex.
    pub annex_id: DocumentId,
    /// The child; none where its dossier is not on this device.
    pub child: Option<ChildRow>,
    /// The number that the reporter was told.
    pub number: String,
    /// What was reported.
    pub form: DangerForm,
    /// Who reported.
    pub person_name: String,
    /// When.
    pub reported_at: Timestamp,
    /// Somebody must act.
    pub open: bool,
    /// The police or another office was told.
    pub passed_on: bool,
    /// What was done, oldest first.
    pub steps: Vec<DangerStepView>,
}

/// What was done.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerStepView {
    /// Its key.
    pub entry_id: EntryId,
    /// What.
    pub form: DangerStepForm,
    /// Who recorded it.
    pub person_name: String,
    /// When.
    pub at: Timestamp,
}

/// Reports on this device.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DangerReports {
    /// Open ones first, newest first.
    pub reports: Vec<DangerReportView>,
}

/// Names an annex to people: the first eight digits of its random id.
fn number(annex: DocumentId) -> String {
    annex.to_string().chars().filter(|digit| *digit != '-').take(8).collect::<String>().to_uppercase()
}

/// Reports a danger.
pub(super) fn report(device: &mut Device, request: &ReportDanger) -> Result<Saved> {
    report_danger(device, request.document_id, &request.form).map(Saved::at)
}

/// Records what was done.
pub(super) fn step(device: &mut Device, request: &RecordDangerStep) -> Result<Saved> {
    record_step(device, request.annex_id, &request.form).map(Saved::at)
}

/// What this person may know of dangers to a child.
pub(super) fn of_child(device: &Device, id: DocumentId) -> Result<DangerView> {
    let reading = device.store.reading();
    let child = reading.child(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "child"))?;
    let receipts = reading.danger_receipts(id)?.into_iter().map(|receipt| DangerReceiptView {
        reported_at: receipt.reported_at,
        number: number(receipt.annex),
        on_server: receipt.on_server,
        received_at: receipt.received_at,
        words_here: receipt.words_here,
    });
    Ok(DangerView {
        child: children::one(device, &child),
        writable: !reading.has_left(id)? && device.author.may_write(&child.leaves).is_ok(),
        has_school: child.leaves.class.is_some(),
        receipts: receipts.collect(),
        reports: reports(device, Some(id))?,
    })
}

/// All reports that this person may see.
pub(super) fn all(device: &Device) -> Result<DangerReports> {
    Ok(DangerReports { reports: reports(device, None)? })
}

fn reports(device: &Device, about: Option<DocumentId>) -> Result<Vec<DangerReportView>> {
    // The rights of this very moment: rows of former ones may wait to be erased.
    if !sees(device.author.rights.role) {
        return Ok(Vec::new());
    }
    let reading = device.store.reading();
    let name = |actor: &Actor| -> Result<String> { Ok(reading.person_name_of_actor(actor)?.unwrap_or_default()) };
    let mut views = Vec::new();
    for (annex_id, about, annex) in reading.annexes(about)? {
        let (open, passed_on) = (annex.is_open(), annex.is_passed_on());
        let Annex { report: Some((form, reporter, reported_at)), steps, .. } = annex else { continue };
        let mut told = Vec::new();
        for step in steps {
            let person_name = name(&step.actor)?;
            told.push(DangerStepView { entry_id: step.entry, form: step.form, person_name, at: step.at });
        }
        views.push(DangerReportView {
            annex_id,
            child: reading.child(about)?.map(|child| children::one(device, &child)),
            number: number(annex_id),
            form,
            person_name: name(&reporter)?,
            reported_at,
            open,
            passed_on,
            steps: told,
        });
    }
    Ok(views)
}
