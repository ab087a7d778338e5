//! One child: who, how it stands, everything in order, and fields with two values.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::axes::{self, AxesView};
use super::casework::{self, CaseworkView};
use super::children::{self, ChildRow};
use super::evidence::{self, EvidenceView};
use super::plan::{self, PlanView};
use super::timeline::{self, Seen};
pub use super::timeline::{PhotoView, TimelineEntry, TimelineEvent};
use crate::app::device::Device;
use crate::domain::code_list::{ChildFlag, Relation};
use crate::domain::doc::dossier_read;
use crate::domain::dossier::Dossier;
use crate::domain::field::{self, Field, FieldKind, shown};
use crate::domain::identifier::DocumentId;
use crate::domain::place::{ClassId, PlaceCode};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};

/// Names a dossier.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OpenDossier {
    /// The dossier.
    pub document_id: DocumentId,
}

/// A dossier as a person sees it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DossierView {
    /// The row as lists show it.
    pub row: ChildRow,
    /// The fields of the child, in the order of the ledger (handbook 3.4), empty ones too.
    pub fields: Vec<FieldView>,
    /// Guardians.
    pub guardians: Vec<GuardianView>,
    /// Everything that happened, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// Brothers and sisters of the same household who are on this device: one visit can cover them.
    pub siblings: Vec<ChildRow>,
    /// The village that it lies in.
    pub village: Option<PlaceCode>,
    /// The class, for links.
    pub class: Option<ClassId>,
    /// May be changed by this person.
    pub writable: bool,
    /// The child has moved out of the person's scope: the dossier goes from here when all that was recorded is safe.
    pub moved_away: bool,
    /// May be moved to another village or class by this person.
    pub movable: bool,
    /// Where its record is and where the child is.
    pub axes: AxesView,
    /// Its cases.
    pub casework: CaseworkView,
    /// Its plans, home teaching, strengths and results.
    pub plan: PlanView,
    /// Its evidence file.
    pub evidence: EvidenceView,
    /// Who answers for it, on both lines.
    pub duties: super::duty::ChildDuties,
    /// Whether everything of this child is with the server; absent while that is being compared.
    pub delivery: Option<super::delivery::DossierDelivery>,
}

/// A field with its value or values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FieldView {
    /// The key that [`ChangeField`] takes: `profile.name`, `household.address`, `guardians.<id>.phone`.
    pub field: String,
    /// The Chinese label of the ledger.
    pub label_zh: String,
    /// The English label.
    pub label_en: String,
    /// What it holds and how it is entered.
    pub kind: FieldKind,
    /// The value to show; ID numbers are masked.
    pub value: String,
    /// Two or more, when several people changed it without knowing of each other; else empty.
    pub conflict: Vec<ConflictValue>,
}

/// One of the values of a field that has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConflictValue {
    /// Names the value to [`SettleConflict`].
    pub choice: String,
    /// The value to show.
    pub value: String,
    /// Who wrote it.
    pub person_name: String,
    /// When, by that device's clock.
    pub at: Timestamp,
}

/// A guardian.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct GuardianView {
    /// Its key within the dossier.
    pub key: String,
    /// Name, relation and phone, each of which may have two values.
    pub name: FieldView,
    /// Relation to the child.
    pub relation: FieldView,
    /// Phone.
    pub phone: FieldView,
}

/// Changes one field of a child.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangeField {
    /// The dossier.
    pub document_id: DocumentId,
    /// The field, as [`FieldView::field`] names it.
    pub field: String,
    /// The new value; for code lists the key.
    pub value: String,
}

/// Raises and lowers flags of a child.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangeFlags {
    /// The dossier.
    pub document_id: DocumentId,
    /// Those that are to stand.
    pub raised: Vec<ChildFlag>,
    /// Those that are to stand no more.
    pub lowered: Vec<ChildFlag>,
}

/// Chooses among the values of a field.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SettleConflict {
    /// The dossier.
    pub document_id: DocumentId,
    /// The field.
    pub field: String,
    /// [`ConflictValue::choice`].
    pub choice: String,
}

/// Moves a child to another village or class.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MoveChild {
    /// The dossier.
    pub document_id: DocumentId,
    /// The village that the child moves to, or stays in.
    pub village: PlaceCode,
    /// The class that the child goes to; none when it is not known yet.
    pub class: Option<ClassId>,
    /// Why.
    #[serde(default)]
    pub note: String,
}

/// Adds a guardian.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AddGuardian {
    /// The dossier.
    pub document_id: DocumentId,
    /// The name.
    pub name: String,
    /// Relation to the child.
    pub relation: Option<Relation>,
    /// Phone.
    #[serde(default)]
    pub phone: String,
}

/// A dossier as a person sees it.
pub(super) fn view(device: &Device, id: DocumentId) -> Result<DossierView> {
    let reading = device.store.reading();
    let child = reading.child(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "child"))?;
    let dossier = dossier_read::read(&reading.document(id)?)?;
    let seen = Seen::of(device, id)?;
    let timeline = timeline::of(device, id, &seen, &dossier)?;
    let mut fields = Vec::new();
    for field in field::FIELDS {
        fields.push(field_view(&seen, &dossier, field.path, field)?);
    }
    fields.push(status_field(&seen, &dossier)?);
    let mut guardians = Vec::new();
    for key in &dossier.guardians {
        let part = |name: &str| -> Result<FieldView> {
            let field = field::GUARDIAN_FIELDS
                .iter()
                .find(|field| field.path == name)
                .ok_or_else(|| Failure::new(ErrorCode::Internal, "no such part of a guardian"))?;
            field_view(&seen, &dossier, &format!("guardians.{key}.{name}"), field)
        };
        guardians.push(GuardianView {
            key: key.to_string(),
            name: part("name")?,
            relation: part("relation")?,
            phone: part("phone")?,
        });
    }
    let moved_away = reading.has_left(id)?;
    let writable = !moved_away && device.author.may_write(&child.leaves).is_ok();
    Ok(DossierView {
        row: children::one(device, &child),
        fields,
        guardians,
        timeline,
        siblings: children::rows(device, &reading.siblings(id)?),
        writable,
        moved_away,
        movable: writable && device.author.rights.role.moves_children(),
        axes: axes::view(device, id, &dossier)?,
        casework: casework::view(device, id, &child.leaves)?,
        plan: plan::view(device, &seen, &dossier)?,
        evidence: evidence::view(device, &seen, &dossier)?,
        duties: super::duty_pages::of_child(device, id, &child.leaves, &child.village_group)?,
        delivery: super::delivery::of_dossier(device, id)?,
        village: child.leaves.village,
        class: child.leaves.class,
    })
}

/// Fields of a dossier that have two values.
pub(super) fn conflict_views(device: &Device, id: DocumentId) -> Result<Vec<FieldView>> {
    let dossier = dossier_read::read(&device.store.reading().document(id)?)?;
    let seen = Seen::of(device, id)?;
    let mut views = Vec::new();
    for (path, _) in dossier.conflicts() {
        if let Some(field) = field::at(path) {
            views.push(field_view(&seen, &dossier, path, &field)?);
        }
    }
    let status = status_field(&seen, &dossier)?;
    if !status.conflict.is_empty() {
        views.insert(0, status);
    }
    Ok(views)
}

fn field_view(seen: &Seen<'_>, dossier: &Dossier, path: &str, field: &Field) -> Result<FieldView> {
    let kind = field.kind;
    let values = dossier.fields.get(path).map_or(&[][..], Vec::as_slice);
    let mut conflict = Vec::new();
    if values.len() > 1 {
        for written in values {
            conflict.push(ConflictValue {
                choice: written.operation.clone(),
                value: shown(kind, &written.value),
                person_name: seen.person_name(&written.actor)?,
                at: written.at,
            });
        }
    }
    Ok(FieldView {
        field: path.to_owned(),
        label_zh: field.zh.to_owned(),
        label_en: field.en.to_owned(),
        kind,
        value: shown(kind, dossier.value(path)),
        conflict,
    })
}

fn status_field(seen: &Seen<'_>, dossier: &Dossier) -> Result<FieldView> {
    let standing = dossier.standing_statuses();
    let differ = standing.iter().any(|event| Some(event.status) != standing.first().map(|first| first.status));
    let mut conflict = Vec::new();
    if differ {
        for event in standing {
            conflict.push(ConflictValue {
                choice: event.entry.to_string(),
                value: dossier.counts_as(event).key().to_owned(),
                person_name: seen.person_name(&event.actor)?,
                at: event.at,
            });
        }
    }
    Ok(FieldView {
        field: "status".to_owned(),
        label_zh: "就学状态".to_owned(),
        label_en: "Status".to_owned(),
        kind: FieldKind::SchoolingStatus,
        value: dossier.status().key().to_owned(),
        conflict,
    })
}
