//! Guardians out of a row: columns of their own, father and mother, one cell that holds all three parts, and the
//! phone number that belongs to nobody in particular.

use super::cell_values::{code_text, relation};
use super::row_cells::RowCells;
use crate::domain::code_list::Relation;
use crate::domain::person_name::{PersonName, PersonNameProblem};
use crate::domain::phone::Phone;
use crate::domain::roster::column::{GUARDIANS_MAX, RosterColumn};
use crate::domain::roster::reason::RowReason;
use crate::domain::roster::{CellProblem, RosterGuardian};

/// What may stand between the parts in one cell: 石大山/父亲/19900000001, 石大山(父亲)19900000001.
const SEPARATORS: [char; 12] = ['/', '、', ',', '，', ';', '；', '(', ')', '（', '）', ':', '：'];

/// Reads the row's guardians, at most [`GUARDIANS_MAX`].
pub(super) fn read(cells: RowCells<'_>, problems: &mut Vec<CellProblem>) -> Vec<RosterGuardian> {
    let mut guardians: Vec<RosterGuardian> = Vec::new();
    let mut people = Vec::new();
    for index in 0..3 {
        people.push((RosterColumn::GuardianName(index), RosterColumn::GuardianPhone(index), None, Some(index)));
    }
    people.push((RosterColumn::FatherName, RosterColumn::FatherPhone, Some(Relation::Father), None));
    people.push((RosterColumn::MotherName, RosterColumn::MotherPhone, Some(Relation::Mother), None));
    for (name_column, phone_column, parent, index) in people {
        let mut guardian = read_name(cells, name_column, problems);
        if let Some(phone) = read_phone(cells, phone_column, problems) {
            guardian.phone = Some(phone);
        }
        if let Some(column) = index.map(RosterColumn::GuardianRelation) {
            let said = cells.code(column);
            if !said.is_empty() {
                guardian.relation = relation(&said).or_else(|| {
                    problems.push(cells.problem(column, RowReason::RelationUnknown));
                    Some(Relation::Other)
                });
            }
        }
        guardian.relation = guardian.relation.or(parent);
        if guardian.name.is_none() && guardian.phone.is_none() {
            continue;
        }
        let is_full = guardians.len() == GUARDIANS_MAX;
        let same =
            guardians.iter_mut().find(|other| guardian.name.is_some() && is_named(other, guardian.name.as_ref()));
        match same {
            // 监护人 and 父亲 are one man.
            Some(other) => {
                other.relation = other.relation.or(guardian.relation);
                other.phone = other.phone.take().or(guardian.phone);
            }
            None if is_full => {
                problems.push(cells.problem(name_column, RowReason::GuardianLeftOut));
            }
            None => guardians.push(guardian),
        }
    }
    give_contact_phone(cells, &mut guardians, problems);
    guardians
}

fn is_named(guardian: &RosterGuardian, name: Option<&PersonName>) -> bool {
    guardian.name.as_ref().map(PersonName::matching) == name.map(PersonName::matching)
}

/// A name, or all three parts in its cell.
fn read_name(cells: RowCells<'_>, column: RosterColumn, problems: &mut Vec<CellProblem>) -> RosterGuardian {
    let cell = cells.cell(column);
    if code_text(cell).is_empty() {
        return RosterGuardian::default();
    }
    let name = PersonName::parse(&cell.text);
    let in_pieces = cell.text.contains(SEPARATORS) || name == Err(PersonNameProblem::HasDigits);
    if !in_pieces {
        if name.is_err() {
            problems.push(cells.problem(column, RowReason::GuardianNameUnreadable));
        }
        return RosterGuardian { name: name.ok(), ..RosterGuardian::default() };
    }
    let mut guardian = RosterGuardian::default();
    for piece in pieces(&cell.text) {
        if let Some(relation) = relation(&piece) {
            guardian.relation = guardian.relation.or(Some(relation));
        } else if let Ok(phone) = Phone::parse(&piece) {
            guardian.phone = guardian.phone.take().or(Some(phone));
        } else if let Ok(name) = PersonName::parse(&piece) {
            guardian.name = guardian.name.take().or(Some(name));
        } else {
            problems.push(cells.problem(column, RowReason::GuardianNameUnreadable));
        }
    }
    guardian
}

/// Cut at separators and white space, and where a number begins or ends.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        let is_number = |c: char| c.is_ascii_digit() || c == '-';
        let turns = piece.chars().last().is_some_and(|last| is_number(last) != is_number(c));
        if turns || c.is_whitespace() || SEPARATORS.contains(&c) {
            pieces.push(std::mem::take(&mut piece));
        }
        if !c.is_whitespace() && !SEPARATORS.contains(&c) {
            piece.push(c);
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn read_phone(cells: RowCells<'_>, column: RosterColumn, problems: &mut Vec<CellProblem>) -> Option<Phone> {
    if code_text(cells.cell(column)).is_empty() {
        return None;
    }
    let (mut phones, problem) = Phone::parse_all(&cells.cell(column).text);
    if let Some(problem) = problem {
        problems.push(cells.problem(column, problem.into()));
    }
    if phones.len() > 1 {
        problems.push(cells.problem(column, RowReason::PhoneSecondLeftOut));
    }
    phones.drain(..).next()
}

/// The contact number is the first guardian's who has none, or somebody's whose name is not given.
fn give_contact_phone(cells: RowCells<'_>, guardians: &mut Vec<RosterGuardian>, problems: &mut Vec<CellProblem>) {
    let Some(phone) = read_phone(cells, RosterColumn::ContactPhone, problems) else { return };
    if guardians.iter().any(|guardian| guardian.phone.as_ref() == Some(&phone)) {
        return;
    }
    let has_room = guardians.len() < GUARDIANS_MAX;
    match guardians.first_mut().filter(|first| first.phone.is_none()) {
        Some(first) => first.phone = Some(phone),
        None if has_room => {
            guardians.push(RosterGuardian { phone: Some(phone), ..RosterGuardian::default() });
        }
        None => problems.push(cells.problem(RosterColumn::ContactPhone, RowReason::GuardianLeftOut)),
    }
}
