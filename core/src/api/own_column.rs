//! The columns that a ledger has of its own.

/// A column of a ledger, besides those of the master ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnColumn {
    /// The handbook's key.
    pub key: &'static str,
    /// The handbook's Chinese header.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
    /// Numbers stand right.
    pub numeric: bool,
    /// Its width in a spreadsheet, in characters of Latin script.
    pub width_chars: u8,
}

pub(super) const fn column(
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    numeric: bool,
    width_chars: u8,
) -> OwnColumn {
    OwnColumn { key, zh, en, numeric, width_chars }
}
