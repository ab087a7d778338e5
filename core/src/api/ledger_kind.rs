//! The ledgers (台账, handbook 3.3 to 3.7): live views over one table of children, each with columns of its own beside those of
//! the master ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::own_column::{OwnColumn, column};
use super::{axes, case_ledger, child_ledger, evidence, transition_ledger};
use crate::app::device::Device;
use crate::domain::identifier::DocumentId;
use crate::error::Result;

/// Which ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LedgerKind {
    /// 适龄儿童台账
    #[default]
    SchoolAge,
    /// 疑似辍学台账
    Suspected,
    /// 辍学台账
    Dropout,
    /// 县外就读
    OutOfCounty,
    /// 特殊群体
    KeyGroups,
    /// 残疾儿童与送教上门
    HomeTeaching,
    /// 小升初衔接
    Transition,
    /// 人籍核对: where the record is and where the child is do not agree.
    Mismatch,
    /// 无有效佐证学生名单 (handbook 3.11)
    Evidence,
}

impl LedgerKind {
    /// Its name, as it stands on paper.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::SchoolAge => "适龄儿童台账",
            Self::Suspected => "疑似辍学台账",
            Self::Dropout => "辍学台账",
            Self::OutOfCounty => "县外就读台账",
            Self::KeyGroups => "特殊群体台账",
            Self::HomeTeaching => "残疾儿童与送教上门台账",
            Self::Transition => "小升初衔接台账",
            Self::Mismatch => "人籍核对台账",
            Self::Evidence => "无有效佐证学生名单",
        }
    }

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

    /// It is folded when it is asked for, and its rows are sorted by its own columns here and not by the store.
    #[must_use]
    pub const fn is_of_cases(self) -> bool {
        matches!(self, Self::Suspected | Self::Dropout | Self::Mismatch | Self::Evidence | Self::Transition)
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
