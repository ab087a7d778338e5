//! What each ledger holds: its own columns, and which children stand in it with which cells.

use std::collections::BTreeMap;

use super::ledger_kind::LedgerKind;
use super::own_column::{OwnColumn, column};
use super::{axes, case_ledger, child_ledger, evidence, transition_ledger};
use crate::app::device::Device;
use crate::domain::identifier::DocumentId;
use crate::error::Result;

impl LedgerKind {
    /// Its own columns.
    #[must_use]
    pub fn columns(self) -> Vec<OwnColumn> {
        match self {
            Self::SchoolAge => Vec::new(),
            Self::Suspected => case_ledger::SUSPECTED.to_vec(),
            Self::Dropout => case_ledger::SUSPECTED.iter().chain(case_ledger::DROPOUT).copied().collect(),
            Self::OutOfCounty => child_ledger::OUT_OF_COUNTY_COLUMNS.to_vec(),
            Self::KeyGroups => child_ledger::KEY_GROUP_COLUMNS.to_vec(),
            Self::HomeTeaching => child_ledger::HOME_TEACHING_COLUMNS.to_vec(),
            Self::Transition => transition_ledger::COLUMNS.to_vec(),
            Self::Mismatch => MISMATCH.to_vec(),
            Self::Evidence => EVIDENCE.to_vec(),
        }
    }

    /// The children who stand in a ledger of cases, with the cells of its own columns; none for the others.
    pub(super) fn rows(self, device: &Device) -> Result<Option<BTreeMap<DocumentId, Vec<String>>>> {
        match self {
            Self::SchoolAge | Self::OutOfCounty | Self::KeyGroups | Self::HomeTeaching => Ok(None),
            Self::Transition => transition_ledger::rows(device).map(Some),
            Self::Suspected | Self::Dropout => case_ledger::rows(device, self).map(Some),
            Self::Mismatch => mismatches(device).map(Some),
            Self::Evidence => evidence::ledger_rows(device).map(Some),
        }
    }
}

const EVIDENCE: &[OwnColumn] = &[
    column("evidence_gaps", "所缺佐证", "Missing", false, 40),
    column("evidence_held", "已有/应有", "Held of asked", false, 10),
    column("evidence_lapsed", "过期日", "Lapsed on", false, 12),
];

const MISMATCH: &[OwnColumn] = &[
    column("mismatch", "不一致之处", "What does not agree", false, 28),
    column("mismatch_next", "下一步", "Next step", false, 30),
    column("mismatch_owner", "由谁办", "Whose turn", false, 12),
];

fn mismatches(device: &Device) -> Result<BTreeMap<DocumentId, Vec<String>>> {
    let all = axes::all(device)?;
    let told = all.into_iter().map(|(child, mismatches)| {
        let told = |text: &dyn Fn(&crate::domain::code_list::AxisMismatch) -> &'static str| {
            let mut texts: Vec<&str> = mismatches.iter().map(text).collect();
            texts.dedup();
            texts.join("；")
        };
        let cells = vec![told(&|one| one.zh()), told(&|one| one.next_step().0), told(&|one| one.owner().zh())];
        (child, cells)
    });
    Ok(told.collect())
}
