//! The ledgers (台账, handbook 3.3 to 3.7): live views over one table of children, each with columns of its own beside those of
//! the master ledger.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

    /// It is folded when it is asked for, and its rows are sorted by its own columns here and not by the store.
    #[must_use]
    pub const fn is_of_cases(self) -> bool {
        matches!(self, Self::Suspected | Self::Dropout | Self::Mismatch | Self::Evidence | Self::Transition)
    }
}
