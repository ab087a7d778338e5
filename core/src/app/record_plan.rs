//! Records an entry of a plan, of home teaching, of strengths or results, with its photographed pages: one form, one commit.

use std::collections::BTreeSet;

use super::author::FormKind;
use super::device::Device;
use super::record_visit::{files, records};
use crate::domain::code_list::PlanKind;
use crate::domain::delivery_kind::DeliveryKind;
use crate::domain::doc::{dossier_read, dossier_write};
use crate::domain::identifier::{DocumentId, DraftId, EntryId};
use crate::domain::plan::{ChildPlan, PlanForm};
use crate::domain::time::Timestamp;
use crate::error::{ErrorCode, Failure, Result};
use crate::store::{draft, photo_file};

/// Records an entry. Of what is replaced by a newer one (plans of home teaching, strengths) it stands in the place of all that
/// is known here; a plan, or a review, in that of `of`.
///
/// # Errors
/// [`ErrorCode::FieldMissing`], [`ErrorCode::FieldInvalid`], [`ErrorCode::DocumentNotHere`], [`ErrorCode::DraftNotHere`],
/// [`ErrorCode::NotAllowed`], the faults of a store.
pub fn record_plan(
    device: &mut Device,
    id: DocumentId,
    form: &PlanForm,
    of: Option<EntryId>,
    pages: Option<DraftId>,
) -> Result<Timestamp> {
    let now = device.environment.now();
    form.validate(now.day())?;
    let reading = device.store.reading();
    let photos = pages.map_or_else(|| Ok(Vec::new()), |pages| reading.draft_photos(pages))?;
    let row = reading.document_row(id)?.ok_or_else(|| Failure::new(ErrorCode::DocumentNotHere, "dossier"))?;
    let known = ChildPlan::of(&dossier_read::read(&reading.document(id)?)?);
    let plan = of.filter(|of| known.plans.iter().any(|(plan, _)| plan.entry == *of));
    let seen: BTreeSet<EntryId> = match form.kind {
        PlanKind::Review => BTreeSet::from([plan.ok_or_else(|| Failure::invalid("of", "unknown"))?]),
        PlanKind::Plan => plan.into_iter().collect(),
        PlanKind::HomePlan => known.home_plans.iter().map(|entry| entry.entry).collect(),
        PlanKind::Strengths => known.strengths.iter().map(|entry| entry.entry).collect(),
        PlanKind::Session | PlanKind::Results => BTreeSet::new(),
    };
    let Device { store, author, environment, .. } = device;
    let entry = environment.new_entry_id();
    let kind = FormKind { what: DeliveryKind::Plan, entry: Some(entry) };
    let records = records(&photos, entry, environment, author.actor);
    store.transact(|tx| {
        author.write_form(tx, &row, kind, now, |document| {
            dossier_write::add_plan(document, entry, form, &seen)?;
            records.iter().try_for_each(|photo| dossier_write::add_photo(document, photo))
        })?;
        for (record, photo) in records.iter().zip(&photos) {
            for file in files(row.id, record.entry, photo) {
                photo_file::put(tx, &file)?;
            }
        }
        pages.map_or(Ok(()), |pages| draft::delete(tx, pages))
    })?;
    Ok(now)
}
