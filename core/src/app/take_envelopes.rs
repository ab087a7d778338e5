//! Envelopes of the log come into the store: each verified, each dossier's rows written anew once.

use std::collections::BTreeMap;

use automerge::Change;

use super::project::project;
use super::returned;
use crate::domain::doc::{self, DocumentKind};
use crate::domain::identifier::DocumentId;
use crate::domain::place::Leaves;
use crate::domain::village_work::document_of;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::envelope::Envelope;
use crate::store::county_authors::CountyAuthors;
use crate::store::document::{self, DocumentRow};
use crate::store::{Reading, Transaction, recovery};

/// Takes envelopes of the log in, with their documents' rows; what is here already is passed over.
///
/// # Errors
/// [`ErrorCode::ServerAnswerUnreadable`] when a signature does not fit, the faults of a store.
pub(super) fn take_envelopes(tx: &Transaction<'_>, envelopes: Vec<Envelope>) -> Result<()> {
    let reading = Reading::within(tx);
    let mut by_document: BTreeMap<DocumentId, (DocumentRow, Vec<Change>)> = BTreeMap::new();
    let has_county = envelopes.iter().any(|envelope| envelope.body.kind == DocumentKind::County);
    let county_authors = if has_county { reading.county_authors()? } else { CountyAuthors::default() };
    for envelope in envelopes {
        let hash = envelope.hash();
        if reading.has_envelope(hash)? {
            recovery::confirm(tx, hash)?;
            continue;
        }
        let key = reading.public_key(envelope.body.certificate)?;
        if !key.is_some_and(|key| envelope.is_signed_by(&key)) {
            return Err(Failure::new(ErrorCode::ServerAnswerUnreadable, "an envelope's signature does not fit"));
        }
        let change = doc::read_change(&envelope.body.change)?;
        if envelope.body.kind == DocumentKind::County && !county_authors.may_have_written(&envelope, &change) {
            tracing::warn!(%hash, "a change of the county's settings by somebody who may not is passed over");
            continue;
        }
        if envelope.body.kind == DocumentKind::Place && !lies_in_its_village(&envelope) {
            tracing::warn!(%hash, "a document of a village under another id than the village's is passed over");
            continue;
        }
        let row =
            DocumentRow { id: envelope.body.document, kind: envelope.body.kind, leaves: envelope.body.leaves.clone() };
        if reading.document_row(row.id)?.is_none() {
            document::insert(tx, &row)?;
            returned::put_kept_back(tx, row.id)?;
        }
        document::append(tx, &envelope, &change)?;
        by_document.entry(row.id).or_insert_with(|| (row, Vec::new())).1.push(change);
    }
    for (id, (row, _)) in by_document {
        project(tx, &reading.document_row(id)?.unwrap_or(row))?;
    }
    Ok(())
}

/// Whether a document of a village has the id that is made from the village's code.
fn lies_in_its_village(envelope: &Envelope) -> bool {
    let Leaves { village, class } = &envelope.body.leaves;
    class.is_none() && village.as_ref().is_some_and(|village| document_of(village) == envelope.body.document)
}
