//! The cells of one row, by what their columns mean.

use std::collections::BTreeMap;

use super::cell_values::{code_text, plain_text};
use super::{Cell, CellKind, EMPTY, Sheet, header_names};
use crate::domain::field::VALUE_CHARS_MAX;
use crate::domain::roster::CellProblem;
use crate::domain::roster::RosterContext;
use crate::domain::roster::column::RosterColumn;
use crate::domain::roster::reason::RowReason;

/// Where each column stands; several may mean the same.
pub(super) type Places = BTreeMap<RosterColumn, Vec<usize>>;

/// A row with the meaning of its columns.
#[derive(Clone, Copy)]
pub(super) struct RowCells<'s> {
    pub(super) sheet: &'s Sheet,
    pub(super) row: usize,
    pub(super) places: &'s Places,
    pub(super) context: &'s RosterContext,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Child,
    Nothing,
    Other,
}

/// How footers begin.
const FOOTERS: [&str; 11] = ["合计", "总计", "小计", "共计", "填表", "制表", "审核", "填报", "说明", "注:", "校长"];
/// What a form says in the place of a name.
const HINTS: [&str; 5] = ["必填", "填写", "示例", "例如", "例:"];

impl<'s> RowCells<'s> {
    /// The cell of a column; of several columns that mean the same, the first that holds something.
    pub(super) fn cell(&self, column: RosterColumn) -> &'s Cell {
        let places = self.places.get(&column).map(Vec::as_slice).unwrap_or_default();
        let mut cells = places.iter().map(|at| self.sheet.cell(self.row, *at));
        cells.find(|cell| !cell.is_empty()).unwrap_or(&EMPTY)
    }

    /// The cell as codes are compared.
    pub(super) fn code(&self, column: RosterColumn) -> String {
        code_text(self.cell(column))
    }

    /// The header of a column, as in the file.
    pub(super) fn header(&self, column: RosterColumn) -> &'s str {
        self.context.headers.get(&column).map_or(column.zh(), String::as_str)
    }

    /// The cell as a line of text that the dossier can hold.
    pub(super) fn line(&self, column: RosterColumn, problems: &mut Vec<CellProblem>) -> String {
        let text = plain_text(self.cell(column));
        if text.chars().count() <= VALUE_CHARS_MAX {
            return text;
        }
        problems.push(self.problem(column, RowReason::TextCut));
        text.chars().take(VALUE_CHARS_MAX).collect()
    }

    /// What is wrong with a cell.
    pub(super) fn problem(&self, column: RosterColumn, reason: RowReason) -> CellProblem {
        CellProblem::new(self.header(column), self.cell(column).text.trim(), reason)
    }

    /// The cells that are a formula's error.
    pub(super) fn errors(&self) -> Vec<CellProblem> {
        let is_error = |at: &usize| self.sheet.cell(self.row, *at).kind == CellKind::Error;
        let columns = self.places.iter().filter(|(_, places)| places.iter().any(is_error));
        columns.map(|(column, _)| self.problem(*column, RowReason::CellError)).collect()
    }

    /// Whether the row is about a child, or a total, a footer, a hint, the header printed again.
    pub(super) fn subject(&self) -> Subject {
        let all = self.sheet.rows.get(self.row).map(Vec::as_slice).unwrap_or_default();
        let mut filled = all.iter().filter(|cell| !cell.is_empty()).peekable();
        let Some(first) = filled.next() else { return Subject::Nothing };
        // A footer that is merged over the whole width stands in every cell.
        let is_one_text = filled.peek().is_some() && filled.all(|cell| cell.text == first.text);
        // Forms are numbered in advance: a row that holds its number only is an empty line.
        let is_blank = self.places.values().flatten().all(|at| self.sheet.cell(self.row, *at).is_empty());
        let name = self.cell(RosterColumn::Name);
        let is_header_again = header_names::recognise(&name.text) == Some(RosterColumn::Name);
        let is_hint = HINTS.iter().any(|hint| name.text.contains(hint));
        let begin = code_text(first);
        let has_identity = [RosterColumn::IdNumber, RosterColumn::BirthDate, RosterColumn::Sex]
            .iter()
            .any(|column| !self.cell(*column).is_empty());
        let is_footer = !has_identity && FOOTERS.iter().any(|footer| begin.starts_with(footer));
        if is_one_text || is_blank || is_header_again || is_hint || is_footer { Subject::Other } else { Subject::Child }
    }
}
