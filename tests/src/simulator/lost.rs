//! What a restore lost, and whether it can still come: somebody who is let in holds it, with all that it builds on.

use std::collections::{BTreeMap, BTreeSet};

use jiafang_core::domain::doc::{self, DocumentKind};
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::protocol::envelope::Envelope;

use super::tablet::Tablet;

/// Changes that are on the server or with somebody who is let in, with what each builds on.
pub(super) struct WithinReach {
    in_log: BTreeSet<Hash32>,
    held: BTreeMap<Hash32, Vec<Hash32>>,
    /// The change of each envelope.
    changes: BTreeMap<Hash32, Hash32>,
}

impl WithinReach {
    pub(super) fn of<'a>(log: &[Envelope], tablets: impl Iterator<Item = &'a Tablet>) -> Self {
        let mut reach = Self {
            in_log: doc::genesis_hashes(DocumentKind::Dossier).expect("the genesis").into_iter().collect(),
            held: BTreeMap::new(),
            changes: BTreeMap::new(),
        };
        reach.in_log.extend(
            log.iter().filter_map(|envelope| {
                doc::read_change(&envelope.body.change).ok().map(|change| Hash32(change.hash().0))
            }),
        );
        for tablet in tablets {
            for envelope in envelopes_of(tablet) {
                let Ok(change) = doc::read_change(&envelope.body.change) else { continue };
                let hash = Hash32(change.hash().0);
                reach.changes.insert(envelope.hash(), hash);
                reach.held.insert(hash, change.deps().iter().map(|hash| Hash32(hash.0)).collect());
            }
        }
        reach
    }

    /// Whether nothing that an envelope builds on is lost.
    pub(super) fn can_come(&self, envelope: Hash32) -> bool {
        let Some(change) = self.changes.get(&envelope) else { return false };
        let mut open = vec![*change];
        let mut seen = BTreeSet::new();
        while let Some(change) = open.pop() {
            if self.in_log.contains(&change) || !seen.insert(change) {
                continue;
            }
            match self.held.get(&change) {
                Some(builds_on) => open.extend(builds_on),
                None => return false,
            }
        }
        true
    }
}

fn envelopes_of(tablet: &Tablet) -> Vec<Envelope> {
    tablet.knows(|device| {
        device.store.transact(|tx| {
            let mut statement = tx.prepare("SELECT bytes FROM envelope").expect("the envelopes");
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("the envelopes");
            Ok(rows.map(|bytes| Envelope::from_bytes(&bytes.expect("a row")).expect("an envelope")).collect())
        })
    })
}
