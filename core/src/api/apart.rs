//! What waits apart: what others wrote and a person here decides over, and own forms that came back.

use std::collections::BTreeMap;

use automerge::Automerge;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::children::{self, ChildRow};
use crate::app::device::Device;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{self, DocumentKind, dossier_read};
use crate::domain::dossier::Dossier;
use crate::domain::evidence_versions::EvidenceVersions;
use crate::domain::form_words::{self, FormWords};
use crate::domain::identifier::{CertificateId, DocumentId, DraftId, Hash32};
use crate::domain::ledger::PlaceNames;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::protocol::apart::ReviewItem;

/// What one device wrote of one child and waits apart: it is decided over together, because one form builds on another.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ApartCase {
    /// The dossier.
    pub document_id: DocumentId,
    /// The child, where the dossier is here.
    pub child: Option<ChildRow>,
    /// Where its author saw the child, in words.
    pub place: String,
    /// Who wrote it.
    pub person_name: String,
    /// The forms, oldest first.
    pub forms: Vec<ApartForm>,
    /// All of them can be accepted; else they can only be put away.
    pub acceptable: bool,
}

/// A form that waits.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ApartForm {
    /// Its envelope: what a decision names.
    pub envelope: Hash32,
    /// What it says; empty where that cannot be read here.
    pub words: Vec<FormWords>,
    /// When it was written, by that device's clock; `None` where that cannot be read.
    pub at: Option<Timestamp>,
    /// Since when it waits.
    pub since: Timestamp,
    /// Why: a key of the presentation table.
    pub reason: String,
}

/// Decides over what waits.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DecideApart {
    /// The envelopes.
    pub envelopes: Vec<Hash32>,
    /// Into the log; else back to its author.
    pub accept: bool,
    /// Why, for its author.
    pub note: String,
}

/// An own form that was refused and has come back.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReturnedForm {
    /// Names it.
    #[ts(type = "number")]
    pub counter: u64,
    /// The dossier.
    pub document_id: DocumentId,
    /// The child's name.
    pub child_name: String,
    /// The child is in the lists of this device.
    pub child_here: bool,
    /// What was recorded.
    pub what: DeliveryKind,
    /// When it was saved here.
    pub saved_at: Timestamp,
    /// What it says.
    pub words: Vec<FormWords>,
    /// The draft that it is again, as long as that is there.
    pub draft_id: Option<DraftId>,
    /// Who refused it.
    pub refused_by: String,
    /// When.
    pub refused_at: Timestamp,
    /// Why.
    pub note: String,
}

/// Puts a form away that came back.
#[derive(Debug, Clone, Copy, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PutAwayReturned {
    /// [`ReturnedForm::counter`].
    #[ts(type = "number")]
    pub counter: u64,
}

/// What waits for a decision here, oldest first.
pub(super) fn cases(device: &Device) -> Result<Vec<ApartCase>> {
    let mut order: Vec<(CertificateId, DocumentId)> = Vec::new();
    let mut together: BTreeMap<(CertificateId, DocumentId), Vec<ReviewItem>> = BTreeMap::new();
    for item in device.store.reading().review()? {
        let key = (item.certificate, item.document);
        if !order.contains(&key) {
            order.push(key);
        }
        together.entry(key).or_default().push(item);
    }
    let mut cases = Vec::new();
    for key in order {
        if let Some(items) = together.remove(&key) {
            cases.push(case(device, key, items)?);
        }
    }
    Ok(cases)
}

fn case(device: &Device, key: (CertificateId, DocumentId), mut items: Vec<ReviewItem>) -> Result<ApartCase> {
    let (certificate, document_id) = key;
    items.sort_by_key(|item| item.counter);
    let reading = device.store.reading();
    let child = reading.child(document_id)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let today = device.environment.now().day();
    let place = items.first().map_or_else(String::new, |item| {
        let class = item.leaves.class.as_ref().map(|class| names.school(class) + &names.class(class, today));
        let parts = [Some(names.village(&item.leaves)), class].into_iter().flatten().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" · ")
    });
    // What cannot be read here is read as empty: the words then say all that the forms write.
    let mut document = match reading.document(document_id) {
        Ok(document) => document,
        Err(_) => doc::empty(DocumentKind::Dossier)?,
    };
    let mut forms = Vec::new();
    for item in &items {
        let (words, at) = said(&mut document, item, &county.evidence_versions());
        forms.push(ApartForm {
            envelope: item.envelope,
            words,
            at,
            since: item.since,
            reason: item.reason.key().to_owned(),
        });
    }
    Ok(ApartCase {
        document_id,
        child: child.and_then(|child| children::rows(device, &[child]).into_iter().next()),
        place,
        person_name: reading.person_name_of_certificate(certificate)?.unwrap_or_default(),
        acceptable: items.iter().all(|item| item.acceptable),
        forms,
    })
}

/// What a form says against the dossier as it is here, with what the same device wrote before; shielded, as its bytes have
/// been let in by nobody.
fn said(
    document: &mut Automerge,
    item: &ReviewItem,
    rules: &EvidenceVersions<'_>,
) -> (Vec<FormWords>, Option<Timestamp>) {
    let Ok(change) = doc::read_change(&item.change) else { return (Vec::new(), None) };
    let at = Timestamp::from_unix_ms(change.timestamp().saturating_mul(1_000));
    let before: Dossier = dossier_read::read(document).unwrap_or_default();
    let mut next = document.clone();
    if doc::apply(&mut next, vec![change]).is_err() {
        return (Vec::new(), Some(at));
    }
    let Ok(after) = dossier_read::read(&next) else { return (Vec::new(), Some(at)) };
    *document = next;
    (form_words::between(&before, &after, rules), Some(at))
}

/// Own forms that came back, newest first.
pub(super) fn returned(device: &Device) -> Result<Vec<ReturnedForm>> {
    let reading = device.store.reading();
    let drafts: Vec<DraftId> = reading.drafts()?.into_iter().map(|draft| draft.id).collect();
    let mut forms = Vec::new();
    for row in reading.returned_forms()? {
        forms.push(ReturnedForm {
            counter: row.counter,
            document_id: row.document,
            child_here: reading.child(row.document)?.is_some(),
            child_name: row.child_name,
            what: DeliveryKind::from_key(&row.what),
            saved_at: row.saved_at,
            words: serde_json::from_str(&row.words).unwrap_or_default(),
            draft_id: row.draft.filter(|draft| drafts.contains(draft)),
            refused_by: row.refused_by,
            refused_at: row.refused_at,
            note: row.note,
        });
    }
    Ok(forms)
}
