//! Forms other than visits that somebody is filling in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::device::Device;
use crate::domain::half_written::HalfWrittenForm;
use crate::domain::identifier::DocumentId;
use crate::domain::time::Timestamp;
use crate::error::Result;

/// Keeps a form as it stands.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct KeepHalfWritten {
    /// Which form.
    pub form: HalfWrittenForm,
    /// The dossier that it is about, where it is about one.
    pub document_id: Option<DocumentId>,
    /// Where in the app it stands.
    pub place: String,
    /// JSON, as the screen reads it again.
    pub text: String,
}

/// One form.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OneHalfWritten {
    /// Which form.
    pub form: HalfWrittenForm,
    /// The dossier that it is about, where it is about one.
    pub document_id: Option<DocumentId>,
}

/// What is kept of a form.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct KeptForm {
    /// JSON, as the screen wrote it; none when nothing is kept.
    pub text: Option<String>,
    /// When it was kept.
    pub saved_at: Option<Timestamp>,
}

/// A form that is kept.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HalfWrittenView {
    /// Which form.
    pub form: HalfWrittenForm,
    /// The dossier that it is about.
    pub document_id: Option<DocumentId>,
    /// The child; empty where it is about none.
    pub child_name: String,
    /// Where in the app it stands.
    pub place: String,
    /// When it was kept.
    pub saved_at: Timestamp,
}

/// All forms that are kept.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HalfWrittenForms {
    /// The newest first.
    pub rows: Vec<HalfWrittenView>,
}

pub(super) fn one(device: &Device, request: &OneHalfWritten) -> Result<KeptForm> {
    let kept = device.store.reading().half_written(request.form, request.document_id.as_ref())?;
    let (text, saved_at) = kept.map(|kept| (kept.text, kept.saved_at)).unzip();
    Ok(KeptForm { text, saved_at })
}

pub(super) fn all(device: &Device) -> Result<HalfWrittenForms> {
    let reading = device.store.reading();
    let rows = reading.all_half_written()?.into_iter().map(|kept| {
        let child = kept.document.map(|id| reading.child(id)).transpose()?.flatten();
        Ok(HalfWrittenView {
            form: kept.form,
            document_id: kept.document,
            child_name: child.map(|child| child.name).unwrap_or_default(),
            place: kept.place,
            saved_at: kept.saved_at,
        })
    });
    Ok(HalfWrittenForms { rows: rows.collect::<Result<_>>()? })
}
