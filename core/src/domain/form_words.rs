//! What a form says, in words: read from what a dossier says before it and after it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::absence::AbsenceForm;
use super::case_record::CaseForm;
use super::check::CheckForm;
use super::code_list::{ChildFlag, SchoolingStatus};
use super::dossier::Dossier;
use super::evidence::EvidenceForm;
use super::evidence_versions::EvidenceVersions;
use super::field::{self, FieldKind, shown};
use super::place::Leaves;
use super::plan::PlanForm;
use super::time::Day;
use super::transition::TransitionForm;
use super::visit::VisitForm;

/// One thing that a form says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[ts(export)]
pub enum FormWords {
    /// A home visit.
    Visit {
        /// The record.
        form: Box<VisitForm>,
        /// Photos that came with it.
        #[serde(rename = "photoCount")]
        photo_count: u32,
    },
    /// The dossier was opened.
    Registered {
        /// Where the child lay.
        leaves: Leaves,
    },
    /// A field was changed.
    Field {
        /// Its label.
        #[serde(rename = "labelZh")]
        label_zh: String,
        /// Its label in English.
        #[serde(rename = "labelEn")]
        label_en: String,
        /// How its value is shown.
        #[serde(rename = "valueKind")]
        value_kind: FieldKind,
        /// What stood there; empty for nothing.
        before: String,
        /// What stands there now.
        after: String,
    },
    /// A flag was raised or taken away.
    Flag {
        /// Which.
        flag: ChildFlag,
        /// Raised.
        raised: bool,
    },
    /// A schooling status was recorded.
    Status {
        /// Which.
        status: SchoolingStatus,
        /// Since when.
        since: Option<Day>,
        /// Why.
        note: String,
    },
    /// An entry of the roll.
    Absence {
        /// What it says.
        form: AbsenceForm,
    },
    /// A record of a case.
    Case {
        /// What it says.
        form: Box<CaseForm>,
        /// Pages that came with it.
        #[serde(rename = "photoCount")]
        photo_count: u32,
    },
    /// A proof, or its withdrawal.
    Evidence {
        /// What it says.
        form: EvidenceForm,
        /// The kind of proof, in Chinese.
        #[serde(rename = "proofZh")]
        proof_zh: String,
        /// English.
        #[serde(rename = "proofEn")]
        proof_en: String,
        /// Pages that came with it.
        #[serde(rename = "photoCount")]
        photo_count: u32,
    },
    /// An entry of a plan.
    Plan {
        /// What it says.
        form: Box<PlanForm>,
    },
    /// A door-to-door check, or its withdrawal.
    Check {
        /// What it says.
        form: CheckForm,
    },
    /// Something happened on the way into the next school.
    Transition {
        /// What it says.
        form: Box<TransitionForm>,
    },
    /// The child was moved.
    Moved {
        /// Where to.
        to: Leaves,
        /// Why.
        note: String,
    },
}

/// What was said between two states of a dossier.
#[must_use]
pub fn between(before: &Dossier, after: &Dossier, rules: &EvidenceVersions<'_>) -> Vec<FormWords> {
    let mut words = Vec::new();
    if before.opened.is_none() && after.opened.is_some() {
        words.push(FormWords::Registered { leaves: after.leaves.clone() });
    }
    for (entry, visit) in &after.visits {
        if before.visits.contains_key(entry) {
            continue;
        }
        let photos = after.photos.values().filter(|photo| photo.visit == Some(*entry)).count();
        words.push(FormWords::Visit {
            form: Box::new(visit.form.clone()),
            photo_count: u32::try_from(photos).unwrap_or(u32::MAX),
        });
    }
    for new in after.absences.iter().filter(|new| !before.absences.iter().any(|known| known.entry == new.entry)) {
        words.push(FormWords::Absence { form: new.form.clone() });
    }
    for new in after.case_records.iter().filter(|new| !before.case_records.iter().any(|known| known.entry == new.entry))
    {
        let photos = after.photos.values().filter(|photo| photo.visit == Some(new.entry)).count();
        words.push(FormWords::Case {
            form: Box::new(new.form.clone()),
            photo_count: u32::try_from(photos).unwrap_or(u32::MAX),
        });
    }
    for new in after.evidence.iter().filter(|new| !before.evidence.iter().any(|known| known.entry == new.entry)) {
        let photos = after.photos.values().filter(|photo| photo.visit == Some(new.entry)).count();
        let kind = rules.kind(&new.form.proof, new.at.day());
        words.push(FormWords::Evidence {
            form: new.form.clone(),
            proof_zh: kind.map_or_else(|| new.form.proof.clone(), |kind| kind.zh.clone()),
            proof_en: kind.map_or_else(|| new.form.proof.clone(), |kind| kind.en.clone()),
            photo_count: u32::try_from(photos).unwrap_or(u32::MAX),
        });
    }
    for new in after.plan.iter().filter(|new| !before.plan.iter().any(|known| known.entry == new.entry)) {
        words.push(FormWords::Plan { form: Box::new(new.form.clone()) });
    }
    for new in after.checks.iter().filter(|new| !before.checks.iter().any(|known| known.entry == new.entry)) {
        words.push(FormWords::Check { form: new.form.clone() });
    }
    for new in after.transition.iter().filter(|new| !before.transition.iter().any(|known| known.entry == new.entry)) {
        words.push(FormWords::Transition { form: Box::new(new.form.clone()) });
    }
    for event in after.statuses.iter().filter(|event| !before.statuses.iter().any(|known| known.entry == event.entry)) {
        words.push(FormWords::Status { status: event.status, since: event.since, note: event.note.clone() });
    }
    for event in after.moves.iter().filter(|event| !before.moves.iter().any(|known| known.entry == event.entry)) {
        words.push(FormWords::Moved { to: event.to.clone(), note: event.note.clone() });
    }
    for (path, values) in &after.fields {
        let known = before.fields.get(path).map_or(&[][..], Vec::as_slice);
        let Some(form) = field::at(path) else { continue };
        let new = values.iter().filter(|value| !known.iter().any(|one| one.operation == value.operation));
        for value in new {
            let kind = form.kind;
            words.push(FormWords::Field {
                label_zh: form.zh.to_owned(),
                label_en: form.en.to_owned(),
                value_kind: kind,
                before: shown(kind, before.value(path)),
                after: shown(kind, &value.value),
            });
        }
    }
    for flag in after.flags.symmetric_difference(&before.flags) {
        words.push(FormWords::Flag { flag: *flag, raised: after.flags.contains(flag) });
    }
    words
}
