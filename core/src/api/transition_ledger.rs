//! The ledger of the way from primary to junior school (小升初衔接台账, handbook 7.2): a live view, folded from what people recorded.

use std::collections::BTreeMap;

use super::own_column::{OwnColumn, column};
use super::transition::{comes_from, from_name, naming_day, school_name, signers, to_name};
use crate::app::device::Device;
use crate::app::transition::{OnTheWay, Transitions};
use crate::domain::code_list::{TransitionDestination, TransitionEntryKind};
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::PlaceNames;
use crate::domain::place::Stage;
use crate::domain::transition::{Standing, TransitionState};
use crate::error::Result;

/// Its own columns, beside those of the master ledger.
pub(super) const COLUMNS: &[OwnColumn] = &[
    column("sending_class", "毕业学校班级", "Comes from", false, 22),
    column("destination_kind", "去向类别", "Kind", false, 12),
    column("target_school", "升入学校(分配)", "Assigned to", false, 18),
    column("intended_school", "意向学校", "Intends", false, 18),
    column("handed_over_on", "移交日期", "Handed over", false, 12),
    column("signers", "移交签字人(双方)", "Signed by", false, 18),
    column("transition_state", "衔接状态", "State", false, 14),
    column("went_to", "实际就读学校", "Is at", false, 18),
    column("registered_on", "报到日期", "Registered", false, 12),
    column("registration_confirmed_by", "报到确认人", "Confirmed by", false, 12),
    column("record_moved_on", "学籍转接日期", "Record moved", false, 12),
    column("no_show", "未报到", "No-show", false, 8),
    column("no_show_reason", "未报到原因", "Why", false, 18),
    column("tracker_primary", "小学包核人", "Primary verifies", false, 12),
    column("tracker_junior", "初中包劝人", "Junior persuades", false, 12),
    column("receiving_proof", "接收证明", "Proof", false, 18),
    column("transition_closed_on", "衔接销号日期", "Closed", false, 12),
];

/// The children of the year's list, each with its cells.
pub(super) fn rows(device: &Device) -> Result<BTreeMap<DocumentId, Vec<String>>> {
    let transitions = Transitions::of(device, Stage::Junior, None)?;
    let county = device.county();
    let names = PlaceNames::of(&county);
    let all = transitions.all()?;
    Ok(all.iter().map(|one| (one.child.document, cells(device, one, &names, transitions.year))).collect())
}

/// Where a child stands, as it stands on paper.
const fn state_zh(state: TransitionState) -> &'static str {
    match state {
        TransitionState::NotListed => "未列入名单",
        TransitionState::Undecided => "去向未定",
        TransitionState::Listed => "已列名单",
        TransitionState::HandedOver => "已移交",
        TransitionState::Arrived => "已报到",
        TransitionState::Elsewhere => "他处就读",
        TransitionState::Approved => "休学/特教等",
        TransitionState::NoShow => "未报到",
        TransitionState::Contradicts => "两种说法，待核实",
    }
}

fn cells(device: &Device, one: &OnTheWay, names: &PlaceNames<'_>, year: i16) -> Vec<String> {
    let way = &one.way;
    let list = way.list();
    let told = |kind: TransitionEntryKind| way.whereabouts.iter().filter(move |it| it.entry.form.kind == kind);
    let first_on = |all: &[Standing]| all.first().map(|it| it.entry.form.on.to_string()).unwrap_or_default();
    let arrived = told(TransitionEntryKind::Arrived).next();
    let missed = told(TransitionEntryKind::NoShow).next_back();
    let tracker = |junior: bool| {
        let name = |it: &Standing| {
            if junior { it.entry.form.tracker_junior.clone() } else { it.entry.form.tracker_primary.clone() }
        };
        way.trackers.iter().rev().map(name).find(|name| !name.is_empty()).unwrap_or_default()
    };
    let proof = way
        .whereabouts
        .iter()
        .find(|it| matches!(it.entry.form.kind, TransitionEntryKind::Elsewhere | TransitionEntryKind::Approved));
    let proof = proof.map(|it| match (it.entry.has_pages, it.entry.form.note.trim()) {
        (true, "") => "有照片".to_owned(),
        (true, note) => format!("有照片；{note}"),
        (false, note) => note.to_owned(),
    });
    let assigned = list.map(|form| match &form.school {
        Some(code) => school_name(device, code),
        None => form.school_name.clone(),
    });
    vec![
        from_name(&comes_from(one, names), names, naming_day(year)),
        list.and_then(|form| form.destination).map_or("", TransitionDestination::zh).to_owned(),
        assigned.unwrap_or_default(),
        list.map(|form| form.intended.clone()).unwrap_or_default(),
        first_on(&way.handed_over),
        signers(one),
        state_zh(way.state).to_owned(),
        if matches!(way.state, TransitionState::Arrived | TransitionState::Elsewhere) {
            to_name(device, one)
        } else {
            String::new()
        },
        way.returned_on
            .map(|day| day.to_string())
            .or_else(|| arrived.map(|it| it.entry.form.on.to_string()))
            .unwrap_or_default(),
        arrived.map(|it| it.doer.name.clone()).unwrap_or_default(),
        first_on(&way.record_moved),
        if way.state == TransitionState::NoShow { "是".to_owned() } else { String::new() },
        missed.map(|it| it.entry.form.note.clone()).unwrap_or_default(),
        tracker(false),
        tracker(true),
        proof.unwrap_or_default(),
        way.closed_on.map(|day| day.to_string()).unwrap_or_default(),
    ]
}
