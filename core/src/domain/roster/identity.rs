//! Who a row is about: the ID number first, then name, birth date and place, never the name alone (handbook 3.2).

use super::column::RosterColumn;
use super::known::{KnownChild, KnownChildren};
use super::reason::RowReason;
use super::{CellProblem, RosterRow};
use crate::domain::county::Mergers;
use crate::domain::id_number::IdNumber;
use crate::domain::identifier::DocumentId;
use crate::domain::person_name::{are_alike, matching};
use crate::domain::place::Leaves;

/// Whom a row was taken for.
#[derive(Default)]
pub(super) struct Found {
    pub(super) matched: Option<KnownChild>,
    pub(super) candidates: Vec<DocumentId>,
}

/// Looks for the child: by the ID number first, then by name, birth date and place (handbook 3.2).
pub(super) fn find(
    row: &RosterRow,
    leaves: &Leaves,
    known: &dyn KnownChildren,
    mergers: &Mergers,
    problems: &mut Vec<CellProblem>,
) -> Found {
    if let Some(id) = &row.id_number {
        let mut holders = known.by_id_number(id);
        if holders.len() > 1 {
            problems.push(row.problem(RosterColumn::IdNumber, RowReason::SeveralCandidates));
            return Found { matched: None, candidates: holders.iter().map(|child| child.document_id).collect() };
        }
        if let Some(child) = holders.pop() {
            check_holder(row, id, &child, problems);
            return Found { matched: Some(child), candidates: Vec::new() };
        }
    }
    let (Some(name), Some(born)) = (&row.name, row.born()) else { return Found::default() };
    let namesakes = known.by_name_and_birth(name.matching(), born);
    find_namesake(row, leaves, namesakes, mergers, problems)
}

/// The ID number is this child's: name and birth date should be, too.
fn check_holder(row: &RosterRow, id: &IdNumber, child: &KnownChild, problems: &mut Vec<CellProblem>) {
    if row.name.as_ref().is_some_and(|name| !are_alike(name.matching(), &matching(&child.name))) {
        problems.push(row.problem(RosterColumn::Name, RowReason::NameDiffersFromKnown));
    }
    if child.birth_date.is_some_and(|date| date != id.birth_date()) {
        problems.push(row.problem(RosterColumn::BirthDate, RowReason::BirthDateDiffersFromKnown));
    }
}

/// Nobody has the ID number: name, birth date and place say who it is, or leave it to a person.
fn find_namesake(
    row: &RosterRow,
    leaves: &Leaves,
    namesakes: Vec<KnownChild>,
    mergers: &Mergers,
    problems: &mut Vec<CellProblem>,
) -> Found {
    let other_id = |child: &KnownChild| matches!((&row.id_number, &child.id_number), (Some(a), Some(b)) if a != b);
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        namesakes.into_iter().partition(|child| same_place(leaves, &mergers.leaves(&child.leaves)));
    let candidates: Vec<DocumentId> = here.iter().map(|child| child.document_id).collect();
    match <[KnownChild; 1]>::try_from(here) {
        Ok([child]) => {
            if other_id(&child) {
                problems.push(row.problem(RosterColumn::IdNumber, RowReason::SameChildOtherId));
            }
            Found { matched: Some(child), candidates: Vec::new() }
        }
        Err(several) if !several.is_empty() => {
            problems.push(row.problem(RosterColumn::Name, RowReason::SeveralCandidates));
            Found { matched: None, candidates }
        }
        // Two ID numbers in two places are two children; where one has none it may be the same child, moved.
        Err(_) => {
            let candidates: Vec<_> =
                elsewhere.iter().filter(|child| !other_id(child)).map(|child| child.document_id).collect();
            if !candidates.is_empty() {
                problems.push(row.problem(RosterColumn::Name, RowReason::SameNameElsewhere));
            }
            Found { matched: None, candidates }
        }
    }
}

/// The same village, or the same class where one of both has no village.
fn same_place(one: &Leaves, other: &Leaves) -> bool {
    match (&one.village, &other.village) {
        (Some(one), Some(other)) => one == other,
        _ => one.class.is_some() && one.class == other.class,
    }
}
