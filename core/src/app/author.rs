//! One finished form becomes one commit, one signed envelope, one row in the outbox and the projections:
//! together or not at all.

use automerge::Change;
pub use automerge::transaction::Transaction as DocumentTransaction;

use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{self, DocumentKind, county_rights};
use crate::domain::identifier::{CertificateId, EntryId};
use crate::domain::place::Leaves;
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::protocol::envelope::{Envelope, EnvelopeBody};
use crate::protocol::sync::Rights;
use crate::store::document::{self, DocumentRow};
use crate::store::{Reading, device, outbox, projection};
use crate::vault::signing::DeviceSigner;

/// Who writes on this device, in this run of the app.
pub struct Author {
    /// The device's key.
    pub signer: DeviceSigner,
    /// Its certificate.
    pub certificate: CertificateId,
    /// Random at each start of the app: a cloned tablet would poison documents otherwise
    /// (docs/automerge.md, 1).
    pub actor: [u8; 16],
    /// What the person may do.
    pub rights: Rights,
}

/// What a form is, for the list of what was recorded here.
#[derive(Debug, Clone, Copy)]
pub struct FormKind {
    /// What.
    pub what: DeliveryKind,
    /// The visit, where it is one.
    pub entry: Option<EntryId>,
}

impl FormKind {
    /// A form that is no visit.
    #[must_use]
    pub const fn of(what: DeliveryKind) -> Self {
        Self { what, entry: None }
    }
}

impl Author {
    /// Whether the person may write a dossier that lies there.
    ///
    /// # Errors
    /// [`ErrorCode::NotAllowed`].
    pub fn may_write(&self, leaves: &Leaves) -> Result<()> {
        if self.rights.role.writes_dossiers() && self.rights.scopes.iter().any(|scope| scope.covers(leaves)) {
            Ok(())
        } else {
            Err(Failure::new(ErrorCode::NotAllowed, "the dossier lies outside of the person's scope"))
        }
    }

    /// Whether the person may write this into the document: into a dossier and an annex by where the child lies, into the
    /// county's by what it is.
    fn may_write_change(&self, row: &DocumentRow, change: &Change) -> Result<()> {
        match row.kind {
            DocumentKind::Dossier | DocumentKind::Restricted | DocumentKind::Place => self.may_write(&row.leaves),
            DocumentKind::County if county_rights::allows(self.rights.role, &self.rights.scopes, change) => Ok(()),
            DocumentKind::County => Err(Failure::new(ErrorCode::NotAllowed, "the role does not write this document")),
        }
    }

    /// Writes one form into one document, within the transaction of its use case. `false` when it changed
    /// nothing.
    ///
    /// # Errors
    /// [`ErrorCode::NotAllowed`], [`ErrorCode::ChildMovedAway`], what `write` says, [`ErrorCode::DocumentDamaged`], the
    /// faults of a store.
    pub fn write_form(
        &self,
        tx: &crate::store::Transaction<'_>,
        row: &DocumentRow,
        kind: FormKind,
        now: Timestamp,
        write: impl FnOnce(&mut DocumentTransaction<'_>) -> Result<()>,
    ) -> Result<bool> {
        if row.kind != DocumentKind::County {
            self.may_write(&row.leaves)?;
        }
        let reading = Reading::within(tx);
        if reading.has_left(row.id)? {
            return Err(Failure::new(ErrorCode::ChildMovedAway, "the dossier has left the person's scope"));
        }
        let mut document = if reading.document_row(row.id)?.is_some() {
            reading.document(row.id)?
        } else {
            document::insert(tx, row)?;
            doc::empty(row.kind)?
        };
        let Some(change) = doc::commit(&mut document, &self.actor, now, write)? else { return Ok(false) };
        self.may_write_change(row, &change)?;
        let mut standing = reading.standing()?;
        let counter = standing
            .counter
            .checked_add(1)
            .ok_or_else(|| Failure::new(ErrorCode::Internal, "the counter has come to its end"))?;
        let envelope = Envelope::sign(
            EnvelopeBody {
                document: row.id,
                kind: row.kind,
                leaves: row.leaves.clone(),
                change: change.raw_bytes().to_vec(),
                counter,
                previous: standing.previous,
                certificate: self.certificate,
                register_head: standing.register_head,
                cursor_seq: standing.cursor.seq,
            },
            &self.signer,
        );
        document::append(tx, &envelope, &change)?;
        outbox::put(tx, &envelope, kind.what.key(), kind.entry, now)?;
        standing.counter = counter;
        standing.previous = envelope.hash();
        device::set_standing(tx, &standing)?;
        projection::project(tx, row, &document)?;
        document::compact(tx, row.id, &document)?;
        Ok(true)
    }
}
