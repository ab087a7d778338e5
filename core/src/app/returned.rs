//! Forms that were refused: taken out of their dossier with what builds on them, and given back to their author in words,
//! visits as drafts, so that nothing that was typed is lost.

use std::collections::BTreeSet;

use automerge::{Automerge, Change};

use super::record_visit;
use crate::domain::doc::{self, DocumentKind, dossier_read};
use crate::domain::dossier::{Dossier, PhotoRecord};
use crate::domain::evidence_versions::EvidenceVersions;
use crate::domain::form_words::{self, FormWords};
use crate::domain::identifier::{DocumentId, DraftId, EntryId, Hash32};
use crate::domain::time::Timestamp;
use crate::environment::Environment;
use crate::error::{ErrorCode, Result};
use crate::store::apart::{self, OwnForm, ReturnedRow};
use crate::store::document::{self, DocumentRow};
use crate::store::draft::{self, DraftPhoto, DraftRow};
use crate::store::{Reading, Transaction, photo_file, projection};

/// Who refused something, when and why.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) by: String,
    pub(super) at: Timestamp,
    pub(super) note: String,
}

/// A form comes back, and with it what was built on it here. `true` when changes were taken out of the document.
///
/// # Errors
/// The faults of a store.
pub(super) fn come_back(
    tx: &Transaction<'_>,
    environment: &Environment,
    form: &OwnForm,
    refusal: &Refusal,
    now: Timestamp,
) -> Result<bool> {
    apart::mark_refused(tx, form.counter, now)?;
    if form.dropped {
        // It came back with what it builds on; now it is known who refused it.
        return put(tx, form, String::new(), &[], None, refusal).map(|()| false);
    }
    let reading = Reading::within(tx);
    let id = form.envelope.body.document;
    let (Some(row), Ok(change)) = (reading.document_row(id)?, doc::read_change(&form.envelope.body.change)) else {
        return put(tx, form, String::new(), &[], None, refusal).map(|()| false);
    };
    let child_name = reading.child(id)?.map(|child| child.name).unwrap_or_default();
    let Parted { document: without, kept, beside, gone } = part(tx, &row, Hash32(change.hash().0))?;
    let mut with_it = without.clone();
    let county = reading.county()?;
    let rules = EvidenceVersions::of(county.as_ref().map_or(&[], |county| county.evidence.as_slice()));
    for own in reading.own_forms(id)? {
        let Ok(change) = doc::read_change(&own.envelope.body.change) else { continue };
        if !gone.contains(&Hash32(change.hash().0)) {
            continue;
        }
        let before = read(&with_it);
        // Each for itself: what cannot be applied takes the words of no other away.
        let mut next = with_it.clone();
        if doc::apply(&mut next, vec![change]).is_ok() {
            with_it = next;
        }
        let after = read(&with_it);
        let words = form_words::between(&before, &after, &rules);
        let draft = own.entry.map(|entry| as_draft(tx, environment, &row, entry, &after, now)).transpose()?.flatten();
        put(tx, &own, child_name.clone(), &words, draft, refusal)?;
        apart::mark_dropped(tx, own.counter, true)?;
    }
    document::write_changes(tx, id, kept.iter().chain(&beside))?;
    projection::project(tx, &row, &without)?;
    document::compact(tx, id, &without)?;
    Ok(true)
}

fn put(
    tx: &Transaction<'_>,
    form: &OwnForm,
    child_name: String,
    words: &[FormWords],
    draft: Option<DraftId>,
    refusal: &Refusal,
) -> Result<()> {
    apart::put_returned(
        tx,
        &ReturnedRow {
            counter: form.counter,
            document: form.envelope.body.document,
            child_name,
            what: form.what.clone(),
            saved_at: form.saved_at,
            words: serde_json::to_string(words).unwrap_or_default(),
            draft,
            refused_by: refusal.by.clone(),
            refused_at: refusal.at,
            note: refusal.note.clone(),
        },
    )
}

fn read(document: &Automerge) -> Dossier {
    dossier_read::read(document).unwrap_or_default()
}

/// A document without a change and what builds on it.
struct Parted {
    document: Automerge,
    kept: Vec<Change>,
    /// Changes that wait for what is not here.
    beside: Vec<Change>,
    /// What was refused, and what builds on it.
    gone: BTreeSet<Hash32>,
}

fn part(tx: &Transaction<'_>, row: &DocumentRow, refused: Hash32) -> Result<Parted> {
    let reading = Reading::within(tx);
    let whole = match reading.document(row.id) {
        Err(failure) if failure.code == ErrorCode::DocumentDamaged => document::load_passing_over(tx, row)?,
        other => other?,
    };
    let applied = reading.changes_in(row.id, &whole)?;
    let known: BTreeSet<Hash32> = applied.iter().map(|change| Hash32(change.hash().0)).collect();
    let waiting = reading.changes_beside(row.id)?;
    let waiting = waiting.into_iter().filter(|change| !known.contains(&Hash32(change.hash().0)));
    let all: Vec<(Change, bool)> =
        applied.into_iter().map(|change| (change, true)).chain(waiting.map(|change| (change, false))).collect();
    let mut gone = BTreeSet::from([refused]);
    loop {
        let before = gone.len();
        for (change, _) in &all {
            if change.deps().iter().any(|dependency| gone.contains(&Hash32(dependency.0))) {
                gone.insert(Hash32(change.hash().0));
            }
        }
        if gone.len() == before {
            break;
        }
    }
    let (mut kept, mut beside) = (Vec::new(), Vec::new());
    for (change, is_applied) in all {
        if gone.contains(&Hash32(change.hash().0)) {
            continue;
        }
        if is_applied { kept.push(change) } else { beside.push(change) }
    }
    let mut document = doc::empty(row.kind)?;
    doc::apply(&mut document, kept.clone())?;
    Ok(Parted { document, kept, beside, gone })
}

/// A visit that came back is a draft again, with its photos; what goes up of those is told by the draft alone.
fn as_draft(
    tx: &Transaction<'_>,
    environment: &Environment,
    row: &DocumentRow,
    entry: EntryId,
    dossier: &Dossier,
    now: Timestamp,
) -> Result<Option<DraftId>> {
    let Some(visit) = dossier.visits.get(&entry) else { return Ok(None) };
    let draft = DraftRow {
        id: environment.new_draft_id(),
        documents: vec![row.id],
        form: visit.form.clone(),
        saved_at: now,
        is_pages: false,
    };
    draft::put(tx, &draft)?;
    for photo in dossier.photos.values().filter(|photo| photo.visit == Some(entry)) {
        draft::attach(tx, draft.id, &of_draft(photo), now)?;
        photo_file::forget(tx, row.id, photo.entry)?;
    }
    Ok(Some(draft.id))
}

fn of_draft(photo: &PhotoRecord) -> DraftPhoto {
    DraftPhoto {
        capture: photo.capture,
        photo: photo.photo,
        photo_bytes: photo.photo_bytes,
        thumbnail: photo.thumbnail,
        thumbnail_bytes: photo.thumbnail_bytes,
        placeholder: photo.placeholder.clone(),
        taken_at: photo.taken_at,
        position: photo.position.clone(),
        width: photo.width,
        height: photo.height,
    }
}

/// A child who had left, and was erased, is here again: so is what was recorded here, of which the bytes were kept. The
/// server does not send a device back what it has just offered.
///
/// # Errors
/// The faults of a store.
pub(super) fn put_kept_back(tx: &Transaction<'_>, id: DocumentId) -> Result<()> {
    for own in Reading::within(tx).own_forms(id)? {
        if let (false, Ok(change)) = (own.dropped, doc::read_change(&own.envelope.body.change)) {
            document::append(tx, &own.envelope, &change)?;
        }
    }
    Ok(())
}

/// A form that was refused once is in the log after all: a restored server judged otherwise. It is in the dossier again.
///
/// # Errors
/// The faults of a store.
pub(super) fn take_back(tx: &Transaction<'_>, form: &OwnForm) -> Result<()> {
    if !form.dropped {
        return Ok(());
    }
    let reading = Reading::within(tx);
    let Some(row) = reading.document_row(form.envelope.body.document)? else { return Ok(()) };
    let change = doc::read_change(&form.envelope.body.change)?;
    document::append_change(tx, row.id, &change)?;
    apart::mark_dropped(tx, form.counter, false)?;
    apart::forget_returned(tx, form.counter)?;
    let loaded = reading.document(row.id)?;
    projection::project(tx, &row, &loaded)?;
    if row.kind == DocumentKind::Dossier {
        for photo in read(&loaded).photos.values().filter(|photo| photo.visit.is_some() && photo.visit == form.entry) {
            for file in record_visit::files(row.id, photo.entry, &of_draft(photo)) {
                photo_file::put(tx, &file)?;
            }
        }
    }
    document::compact(tx, row.id, &loaded)
}
