//! Documents, and the envelopes that their changes came in.

use std::collections::BTreeSet;

use automerge::{Automerge, Change};
use rusqlite::{OptionalExtension, Transaction, named_params};

use super::device::signed;
use super::{Reading, malformed, sqlite};
use crate::domain::doc;
use crate::domain::doc::DocumentKind;
use crate::domain::identifier::{CertificateId, DocumentId, Hash32};
use crate::domain::place::{ClassId, Leaves, PlaceCode};
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::envelope::Envelope;

/// A document's changes are folded into its snapshot when there are this many of them.
const CHANGES_BESIDE_SNAPSHOT_MAX: i64 = 16;

/// Changes beside a snapshot, by their numbers in the store.
type NumberedChanges = Vec<(i64, Vec<u8>)>;

/// A document's kind and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRow {
    /// The document.
    pub id: DocumentId,
    /// Its kind.
    pub kind: DocumentKind,
    /// Where it lies.
    pub leaves: Leaves,
}

/// Makes a document's row where there is none; a known one keeps its leaves.
///
/// # Errors
/// The faults of a store.
pub fn insert(tx: &Transaction<'_>, row: &DocumentRow) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO document (id, kind, village, class) VALUES (:id, :kind, :village, :class)
         ON CONFLICT (id) DO NOTHING",
    )
    .and_then(|mut statement| {
        statement.execute(named_params! {
            ":id": row.id.as_bytes().as_slice(),
            ":kind": row.kind.number(),
            ":village": row.leaves.village.as_ref().map_or("", PlaceCode::as_str),
            ":class": row.leaves.class.as_ref().map_or("", |class| class.0.as_str()),
        })
    })
    .map_err(sqlite)?;
    Ok(())
}

/// Keeps an envelope and its change. `false` when the envelope was here already.
///
/// # Errors
/// The faults of a store.
pub fn append(tx: &Transaction<'_>, envelope: &Envelope, change: &Change) -> Result<bool> {
    let hash = envelope.hash();
    let is_new = tx
        .prepare_cached(
            "INSERT INTO envelope (hash, document, certificate, counter, bytes)
             VALUES (:hash, :document, :certificate, :counter, :bytes) ON CONFLICT (hash) DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":hash": hash.0.as_slice(),
                ":document": envelope.body.document.as_bytes().as_slice(),
                ":certificate": envelope.body.certificate.as_bytes().as_slice(),
                ":counter": signed(envelope.body.counter),
                ":bytes": envelope.to_bytes(),
            })
        })
        .map_err(sqlite)?
        == 1;
    if is_new {
        append_change(tx, envelope.body.document, change)?;
        // The first envelope that carries an actor binds it; later ones change nothing.
        tx.prepare_cached(
            "INSERT INTO actor (actor, certificate) VALUES (:actor, :certificate) ON CONFLICT (actor) DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":actor": change.actor_id().to_bytes(),
                ":certificate": envelope.body.certificate.as_bytes().as_slice(),
            })
        })
        .map_err(sqlite)?;
    }
    Ok(is_new)
}

/// Keeps a change beside a document's snapshot.
///
/// # Errors
/// The faults of a store.
pub fn append_change(tx: &Transaction<'_>, id: DocumentId, change: &Change) -> Result<()> {
    tx.prepare_cached("INSERT INTO document_change (document, bytes) VALUES (:document, :bytes)")
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":document": id.as_bytes().as_slice(),
                ":bytes": change.raw_bytes(),
            })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// Writes a document anew, as these changes, also such that wait for what is not here.
///
/// # Errors
/// The faults of a store.
pub fn write_changes<'a>(
    tx: &Transaction<'_>,
    id: DocumentId,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Result<()> {
    for sql in ["UPDATE document SET snapshot = x'' WHERE id = :id", "DELETE FROM document_change WHERE document = :id"]
    {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(named_params! { ":id": id.as_bytes().as_slice() }))
            .map_err(sqlite)?;
    }
    let kinds = [DocumentKind::Dossier, DocumentKind::Restricted, DocumentKind::County, DocumentKind::Place];
    let genesis = kinds.map(doc::genesis_hashes).into_iter().collect::<Result<Vec<_>>>()?.concat();
    for change in changes.into_iter().filter(|change| !genesis.contains(&Hash32(change.hash().0))) {
        append_change(tx, id, change)?;
    }
    Ok(())
}

/// Folds a document's changes into its snapshot when there are many.
///
/// # Errors
/// The faults of a store.
pub fn compact(tx: &Transaction<'_>, id: DocumentId, document: &Automerge) -> Result<()> {
    let waiting: i64 = tx
        .prepare_cached("SELECT count(*) FROM document_change WHERE document = :id")
        .and_then(|mut statement| {
            statement.query_row(named_params! { ":id": id.as_bytes().as_slice() }, |row| row.get(0))
        })
        .map_err(sqlite)?;
    // Changes whose dependencies are missing are not in a save: they stay beside it.
    if waiting < CHANGES_BESIDE_SNAPSHOT_MAX || !doc::is_complete(document) {
        return Ok(());
    }
    write_snapshot(tx, id, document)
}

/// Writes a document's snapshot and drops the changes beside it, unless the snapshot does not load.
///
/// # Errors
/// The faults of a store.
pub fn write_snapshot(tx: &Transaction<'_>, id: DocumentId, document: &Automerge) -> Result<()> {
    let id = id.as_bytes().as_slice();
    // A poisoned change that could be applied can make a save that cannot be loaded, or only as what cannot be taken apart again:
    // the changes are then kept beside.
    let comes_back = |loaded: &Automerge| doc::heads(loaded) == doc::heads(document) && doc::changes(loaded).is_ok();
    let snapshot = doc::save(document).and_then(|saved| doc::load(&saved).map(|loaded| (saved, loaded)));
    let Some((snapshot, _)) = snapshot.ok().filter(|(_, loaded)| comes_back(loaded)) else {
        tracing::error!("a document's snapshot does not load, and its changes are kept beside");
        return Ok(());
    };
    tx.prepare_cached("UPDATE document SET snapshot = :snapshot WHERE id = :id")
        .and_then(|mut statement| statement.execute(named_params! { ":snapshot": snapshot, ":id": id }))
        .map_err(sqlite)?;
    tx.prepare_cached("DELETE FROM document_change WHERE document = :id")
        .and_then(|mut statement| statement.execute(named_params! { ":id": id }))
        .map_err(sqlite)?;
    Ok(())
}

/// Takes a snapshot in: what the document has besides, also what waits for it, stays.
///
/// # Errors
/// [`ErrorCode::DocumentDamaged`], the faults of a store.
pub fn take_snapshot(tx: &Transaction<'_>, row: &DocumentRow, snapshot: &Automerge) -> Result<()> {
    insert(tx, row)?;
    let (mut joined, _) = Reading::within(tx).parts_of_document(row.id)?;
    if doc::is_only_genesis(&joined) {
        joined = snapshot.clone();
    } else {
        doc::snapshot::join(&mut joined, snapshot)?;
    }
    let saved = doc::save(&joined)?;
    tx.prepare_cached("UPDATE document SET snapshot = :snapshot WHERE id = :id")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":snapshot": saved, ":id": row.id.as_bytes().as_slice() })
        })
        .map_err(sqlite)?;
    Ok(())
}

/// Marks a document of which something cannot be read, so that nothing else waits for it.
///
/// # Errors
/// The faults of a store.
pub fn mark_damaged(tx: &Transaction<'_>, id: DocumentId) -> Result<()> {
    tx.execute("UPDATE document SET damaged = 1 WHERE id = :id", named_params! { ":id": id.as_bytes().as_slice() })
        .map_err(sqlite)?;
    Ok(())
}

/// Loads a document that does not load as a whole. Changes beside its snapshot that cannot be applied are passed over
/// from now on: their envelopes stay, the document is marked, and everything else of it can be read and written.
///
/// # Errors
/// [`ErrorCode::DocumentNotHere`], [`ErrorCode::DocumentDamaged`] when its snapshot cannot be read, the faults of a store.
pub fn load_passing_over(tx: &Transaction<'_>, row: &DocumentRow) -> Result<Automerge> {
    let (base, beside) = Reading::within(tx).parts_of_document(row.id)?;
    let mut changes = Vec::new();
    let mut passed_over = Vec::new();
    for (number, bytes) in &beside {
        match doc::read_change(bytes) {
            Ok(change) => changes.push(change),
            Err(_) => passed_over.push(*number),
        }
    }
    let (document, unsound) = doc::apply_passing_over(row.kind, &base, changes);
    for (number, bytes) in &beside {
        if doc::read_change(bytes).is_ok_and(|change| unsound.contains(&Hash32(change.hash().0))) {
            passed_over.push(*number);
        }
    }
    if passed_over.is_empty() {
        return Err(Failure::new(ErrorCode::DocumentDamaged, "the snapshot itself"));
    }
    tracing::error!(document = %row.id, changes = passed_over.len(), "changes cannot be applied and are passed over");
    for number in passed_over {
        tx.execute("DELETE FROM document_change WHERE id = :number", named_params! { ":number": number })
            .map_err(sqlite)?;
    }
    mark_damaged(tx, row.id)?;
    Ok(document)
}

impl Reading<'_> {
    /// A document's row; `None` when it is not here.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn document_row(self, id: DocumentId) -> Result<Option<DocumentRow>> {
        self.0
            .prepare_cached("SELECT kind, village, class FROM document WHERE id = :id")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":id": id.as_bytes().as_slice() }, |row| {
                        Ok((
                            row.get::<_, i64>("kind")?,
                            row.get::<_, String>("village")?,
                            row.get::<_, String>("class")?,
                        ))
                    })
                    .optional()
            })
            .map_err(sqlite)?
            .map(|(kind, village, class)| {
                Ok(DocumentRow {
                    id,
                    kind: DocumentKind::from_number(kind).ok_or_else(|| malformed("document kind"))?,
                    leaves: Leaves {
                        village: PlaceCode::parse(&village),
                        class: (!class.is_empty()).then_some(ClassId(class)),
                    },
                })
            })
            .transpose()
    }

    /// Loads a document.
    ///
    /// # Errors
    /// [`ErrorCode::DocumentNotHere`], [`ErrorCode::DocumentDamaged`], the faults of a store.
    pub fn document(self, id: DocumentId) -> Result<Automerge> {
        let (mut document, beside) = self.parts_of_document(id)?;
        let changes = beside.iter().map(|(_, bytes)| doc::read_change(bytes)).collect::<Result<Vec<_>>>()?;
        doc::apply(&mut document, changes)?;
        Ok(document)
    }

    /// A document as its snapshot has it, with the changes beside that, by their numbers.
    fn parts_of_document(self, id: DocumentId) -> Result<(Automerge, NumberedChanges)> {
        let key = id.as_bytes().as_slice();
        let (kind, snapshot): (i64, Vec<u8>) = self
            .0
            .prepare_cached("SELECT kind, snapshot FROM document WHERE id = :id")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":id": key }, |row| Ok((row.get("kind")?, row.get("snapshot")?)))
                    .optional()
            })
            .map_err(sqlite)?
            .ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "document"))?;
        let document = if snapshot.is_empty() {
            doc::empty(DocumentKind::from_number(kind).ok_or_else(|| malformed("document kind"))?)?
        } else {
            doc::load(&snapshot)?
        };
        let changes = self
            .0
            .prepare_cached("SELECT id, bytes FROM document_change WHERE document = :id ORDER BY id")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":id": key }, |row| Ok((row.get("id")?, row.get("bytes")?)))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)?;
        Ok((document, changes))
    }

    /// The changes beside a document's snapshot that can be read.
    ///
    /// # Errors
    /// As [`Reading::document`].
    pub fn changes_beside(self, id: DocumentId) -> Result<Vec<Change>> {
        let (_, beside) = self.parts_of_document(id)?;
        Ok(beside.iter().filter_map(|(_, bytes)| doc::read_change(bytes).ok()).collect())
    }

    /// The changes that a document has taken in, its genesis among them, also where Automerge cannot take the whole apart again:
    /// those of its snapshot, which can be, and those beside it. In no certain order then.
    ///
    /// # Errors
    /// As [`Reading::document`].
    pub fn changes_in(self, id: DocumentId, whole: &Automerge) -> Result<Vec<Change>> {
        if let Ok(changes) = doc::changes(whole) {
            return Ok(changes);
        }
        let (snapshot, beside) = self.parts_of_document(id)?;
        let taken_in: BTreeSet<Hash32> = doc::change_hashes(whole)?.into_iter().collect();
        let mut changes = doc::changes(&snapshot)?;
        changes.extend(beside.iter().filter_map(|(_, bytes)| doc::read_change(bytes).ok()));
        changes.retain(|change| taken_in.contains(&Hash32(change.hash().0)));
        Ok(changes)
    }

    /// The ids of all documents of a kind, in the order of their ids.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn document_ids(self, kind: DocumentKind) -> Result<Vec<DocumentId>> {
        self.0
            .prepare_cached("SELECT id FROM document WHERE kind = :kind ORDER BY id")
            .and_then(|mut statement| {
                statement
                    .query_map(named_params! { ":kind": kind.number() }, |row| {
                        Ok(DocumentId::from_bytes(row.get("id")?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(sqlite)
    }

    /// Whether an envelope is here.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn has_envelope(self, hash: Hash32) -> Result<bool> {
        self.0
            .prepare_cached("SELECT 1 FROM envelope WHERE hash = :hash")
            .and_then(|mut statement| statement.exists(named_params! { ":hash": hash.0.as_slice() }))
            .map_err(sqlite)
    }

    /// The certificate that an actor is bound to.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn certificate_of_actor(self, actor: &[u8]) -> Result<Option<CertificateId>> {
        self.0
            .prepare_cached("SELECT certificate FROM actor WHERE actor = :actor")
            .and_then(|mut statement| {
                statement
                    .query_row(named_params! { ":actor": actor }, |row| {
                        Ok(CertificateId::from_bytes(row.get("certificate")?))
                    })
                    .optional()
            })
            .map_err(sqlite)
    }
}
