//! Which children stand in a roster, in which order, and what is done to whom.

use std::collections::BTreeSet;

use super::super::child::FictionalChild;
use super::super::draw::Draw;
use super::super::identity::PhoneIssuer;
use super::super::scenario::Scenario;
use super::trap::Trap;
use super::{RosterStyle, Verdict};

/// One row to be.
#[derive(Debug, Clone)]
pub(super) struct PlannedRow {
    pub(super) child: usize,
    pub(super) trap: Option<Trap>,
    pub(super) verdict: Verdict,
    /// Another telephone number than the child's, because it has changed since.
    pub(super) new_phone: Option<String>,
}

/// How many rows there are to each that a drawn trap is laid in, beyond one of every kind.
const ROWS_A_TRAP: usize = 50;

/// Plans the first roster.
pub(super) fn first(draw: &mut Draw, children: &[FictionalChild], style: RosterStyle) -> Vec<PlannedRow> {
    let mut order = in_order(children, style);
    let traps = lay_traps(draw, children, &order, style);
    let mut on_record = BTreeSet::new();
    let mut rows = Vec::with_capacity(order.len());
    for child in order.drain(..) {
        let Some(known) = children.get(child) else { continue };
        let trap = match known.scenario {
            Some(Scenario::ExcelBrokenId) => Some(Trap::RoundedId),
            _ => traps.get(child).copied().flatten(),
        };
        let is_second_record = known.id_number.as_ref().is_some_and(|number| !on_record.insert(number));
        let verdict = match (known.scenario, trap) {
            (Some(Scenario::WrongChecksum), _) => Verdict::Doubtful,
            _ if is_second_record => Verdict::Doubtful,
            (_, Some(Trap::RepeatedRow)) | (_, None) => Verdict::New,
            (_, Some(trap)) => trap.verdict(),
        };
        let row = PlannedRow { child, trap, verdict, new_phone: None };
        if trap == Some(Trap::RepeatedRow) {
            rows.push(PlannedRow { trap: None, ..row.clone() });
            rows.push(PlannedRow { verdict: Trap::RepeatedRow.verdict(), ..row });
        } else {
            rows.push(row);
        }
    }
    rows
}

/// Plans the roster after: what was new before is the same or changed, who came since is new.
pub(super) fn next(
    draw: &mut Draw,
    children: &[FictionalChild],
    known: usize,
    first: &[PlannedRow],
    style: RosterStyle,
) -> Vec<PlannedRow> {
    let mut phones = PhoneIssuer::new(draw);
    let stayed = first.iter().filter(|row| row.verdict == Verdict::New).map(|row| {
        // A row without a telephone says nothing about it, so nothing there can differ.
        let may_change = row.trap != Some(Trap::WordsForNothing);
        let old_phone = children.get(row.child).and_then(FictionalChild::phone);
        let new_phone = (may_change && draw.percent(10)).then(|| another_phone(&mut phones, old_phone));
        let verdict = if new_phone.is_some() { Verdict::Changed } else { Verdict::Same };
        PlannedRow { child: row.child, trap: row.trap, verdict, new_phone }
    });
    let mut rows: Vec<PlannedRow> = stayed.collect();
    let newcomers = in_order(children, style).into_iter().filter(|child| *child >= known);
    let mut on_record: BTreeSet<&String> =
        children.iter().take(known).filter_map(|child| child.id_number.as_ref()).collect();
    for child in newcomers {
        let Some(newcomer) = children.get(child) else { continue };
        // The odd ones among them were tried by the first roster; here they would only blur the picture.
        let is_plain = newcomer.scenario.is_none();
        if is_plain && newcomer.id_number.as_ref().is_some_and(|number| on_record.insert(number)) {
            rows.push(PlannedRow { child, trap: None, verdict: Verdict::New, new_phone: None });
        }
    }
    rows
}

fn another_phone(phones: &mut PhoneIssuer, old: Option<&str>) -> String {
    let mut phone = phones.issue();
    while Some(phone.as_str()) == old {
        phone = phones.issue();
    }
    phone
}

/// A school's list goes by class, a village's by village and group.
fn in_order(children: &[FictionalChild], style: RosterStyle) -> Vec<usize> {
    let mut listed: Vec<(usize, &FictionalChild)> =
        children.iter().enumerate().filter(|(_, child)| !style.is_of_a_school() || child.class.is_some()).collect();
    if style.is_of_a_school() {
        listed.sort_by(|(_, a), (_, b)| a.class.cmp(&b.class));
    } else {
        listed.sort_by(|(_, a), (_, b)| (&a.village, &a.village_group).cmp(&(&b.village, &b.village_group)));
    }
    listed.into_iter().map(|(index, _)| index).collect()
}

/// Lays one trap of every kind (in at most every third row of a short list), then drawn ones. The answer has
/// a place for every child.
fn lay_traps(draw: &mut Draw, children: &[FictionalChild], listed: &[usize], style: RosterStyle) -> Vec<Option<Trap>> {
    let mut laid: Vec<Option<Trap>> = vec![None; children.len()];
    let mut shuffled = listed.to_vec();
    draw.shuffle(&mut shuffled);
    let mut due: Vec<Trap> = Trap::ALL.to_vec();
    let mut room = listed.len().div_ceil(3);
    for index in shuffled {
        let (Some(child), Some(place)) = (children.get(index), laid.get_mut(index)) else { continue };
        if room == 0 {
            break;
        }
        // The pickiest stand last in the list and are tried first.
        if let Some(at) = due.iter().rposition(|trap| trap.fits(child, style)) {
            *place = Some(due.remove(at));
            room = room.saturating_sub(1);
        } else if draw.below(ROWS_A_TRAP) == 0 {
            *place = draw.pick(Trap::ALL).copied().filter(|trap| trap.fits(child, style));
        }
    }
    laid
}
