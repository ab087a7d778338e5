//! Children who are moved, what people decide over what waits apart, and forms that are handed in again.

use std::sync::Arc;

use jiafang_core::app::{apart, move_child, record_visit};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::{Leaves, PlaceCode};
use jiafang_core::error::Failure;
use jiafang_core::protocol::apart::{Decision, DecisionBody, Verdict, review_hash};
use jiafang_sync_server::review;
use jiafang_sync_server::store::{apart as kept_apart, register};

use super::acts::{Done, counted};
use super::office::Office;
use super::tablet::{Tablet, held};
use super::world::World;

fn verdict(accept: bool) -> Verdict {
    if accept { Verdict::Accept } else { Verdict::Refuse }
}

/// A child is moved to another village.
pub(super) fn moves(tablet: &Tablet, child: u32, village: Option<PlaceCode>) -> Result<String, Failure> {
    let Some(child) = counted(&tablet.dossiers(), child) else { return Ok("no child".to_owned()) };
    let to = Leaves { village, class: None };
    tablet.with(|device| move_child::move_child(device, child, to.clone(), "随家人搬迁"))?;
    Ok(format!("{child} {to:?}"))
}

/// The person decides over a case: what one device wrote of one child.
pub(super) fn decides(tablet: &Tablet, which: u8, accept: bool) -> Result<String, Failure> {
    let waiting = tablet.with(|device| device.store.reading().review())?;
    let Some(one) = counted(&waiting, u32::from(which)) else { return Ok("nothing waits".to_owned()) };
    let of_case = waiting.iter().filter(|item| (item.certificate, item.document) == (one.certificate, one.document));
    let envelopes: Vec<Hash32> = of_case.map(|item| item.envelope).collect();
    tablet.with(|device| apart::decide(device, &envelopes, verdict(accept), ""))?;
    Ok(format!("{} of {}", envelopes.len(), one.document))
}

impl World {
    /// A visit that came back, and is a draft again, is finished once more.
    pub(super) fn hands_in(&self, tablet: &Arc<Tablet>, which: u8) -> Done {
        self.survives(tablet, || {
            let returned = tablet.with(|device| device.store.reading().returned_forms())?;
            let drafts = tablet.with(|device| device.store.reading().drafts())?;
            let open: Vec<_> =
                drafts.into_iter().filter(|draft| returned.iter().any(|form| form.draft == Some(draft.id))).collect();
            let Some(draft) = counted(&open, u32::from(which)) else { return Ok("no draft came back".to_owned()) };
            let recorded = tablet.with(|device| record_visit::record_visit(device, draft.id, &draft.form))?;
            for (_, entry) in &recorded.visits {
                held(&self.texts).insert(*entry, draft.form.at_home.clone());
            }
            Ok(format!("{:?}", recorded.visits))
        })
    }
}

impl World {
    /// Who may decide over what waits has it on the list, and nothing else.
    pub(super) fn checks_list(&self, tablet: &Tablet) {
        let list = {
            let office = held(&self.office);
            let list = office.server().store.read(|connection| {
                let device = register::device(connection, tablet.certificate)?;
                device.map_or(Ok(Vec::new()), |device| review::list_for(connection, &device))
            });
            list.expect("a list")
        };
        if tablet.knows(|device| device.store.reading().review_hash()) != review_hash(&list) {
            self.finds(format!(
                "tablet {} has not the list of the {} envelopes that wait for it",
                tablet.number,
                list.len()
            ));
        }
    }
}

impl Office {
    /// The administration decides over something that waits, at its command line.
    pub(super) fn decides(&mut self, which: u8, accept: bool) -> String {
        let now = self.environment().now();
        let server = self.server();
        let waiting = server.store.read(|connection| kept_apart::waiting(connection, 1_000)).expect("what waits");
        let Some(row) = counted(&waiting, u32::from(which)) else { return "nothing waits".to_owned() };
        let body = DecisionBody { envelope: row.hash, verdict: verdict(accept), note: String::new(), at: now };
        let decision = Decision::sign(body, &server.identity.administration);
        let decided = server.store.transact(|tx| {
            let county = register::county(tx)?;
            let decider = register::holder(tx, county.certificate)?.expect("the administration");
            let decided = review::decide(tx, &decider, &decision, now)?;
            review::release(tx, &county, now)?;
            Ok(decided)
        });
        // The disk may be full.
        format!("{} {:?}", row.hash, decided.map_err(|failure| failure.code))
    }

    /// Hashes of what was refused.
    pub(super) fn refused(&self) -> Vec<Hash32> {
        let rows = self.server().store.read(kept_apart::refused).expect("what was refused");
        rows.into_iter().map(|row| row.hash).collect()
    }
}
