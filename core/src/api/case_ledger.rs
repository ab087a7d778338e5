//! The ledgers of suspected dropouts and of dropouts (handbook 3.5, 3.6): live views over the cases, with the columns of the
//! master ledger before their own. A case that was closed in this school year stays in its ledger with its closing.

use std::collections::BTreeMap;

use super::ledger_kind::LedgerKind;
use super::own_column::{OwnColumn, column};
use crate::app::casework::Casework;
use crate::app::device::Device;
use crate::domain::actor::Actor;
use crate::domain::case::{Case, CaseFacts, CasePhase, Contact};
use crate::domain::case_record::{CaseRecord, decides};
use crate::domain::code_list::{
    AbsenceReason, AttendanceMark, CaseRecordKind, CaseSource, ChildFlag, DropoutDestination, ParentPosition,
    SchoolingStatus, VisitMode, VisitPurpose,
};
use crate::domain::identifier::DocumentId;
use crate::domain::ledger::PlaceNames;
use crate::error::Result;
use crate::store::children::StoredChild;

/// Of suspected dropouts (handbook 3.5).
pub(super) const SUSPECTED: &[OwnColumn] = &[
    column("case_phase", "案件状态", "Case", false, 12),
    column("absent_from", "未到校起始日期", "Missing since", false, 12),
    column("absent_days", "连续未到校天数(上课日)", "School days missing", true, 10),
    column("absence_kind", "缺勤性质", "Kind of absence", false, 12),
    column("case_source", "来源", "Source", false, 12),
    column("reason_code", "初步原因", "Reason", false, 16),
    column("first_contact", "首次联系时间/方式/结果", "First contact", false, 24),
    column("persuasions", "劝返记录", "Persuasions", false, 40),
    column("reports", "报告", "Reports", false, 24),
    column("step", "当前步骤", "Step", false, 22),
    column("due_at", "到期时间", "Due", false, 12),
    column("outcome", "结果", "Outcome", false, 12),
    column("closed_on", "销号日期", "Closed on", false, 12),
    column("closed_by", "审核人", "Confirmed by", false, 10),
];

/// Of dropouts, besides (handbook 3.6).
pub(super) const DROPOUT: &[OwnColumn] = &[
    column("dropout_on", "辍学时间", "Dropout since", false, 12),
    column("dropout_class", "辍学时年级", "Class then", false, 14),
    column("dropout_destination", "辍学去向", "Where to", false, 20),
    column("poverty_household", "是否脱贫户/监测户", "Lifted or monitored household", false, 12),
    column("plan", "一人一案", "Plan", false, 24),
    column("notice_number", "通知书文号", "Notice", false, 20),
    column("served_on", "送达日", "Served on", false, 12),
    column("deadline", "限期", "Deadline", false, 12),
    column("measures", "责令/处罚/起诉", "Measures", false, 30),
    column("returned_on", "复学日期", "Returned on", false, 12),
    column("return_placement", "复学安置方式", "Placed at return", false, 14),
    column("follow_ups", "巩固期回访", "Follow-ups", false, 20),
    column("relapses", "反弹次数", "Relapses", true, 8),
];

/// The rows of a ledger of cases: which children stand in it, and the cells of its own columns.
pub(super) fn rows(device: &Device, kind: LedgerKind) -> Result<BTreeMap<DocumentId, Vec<String>>> {
    let casework = Casework::of(device);
    let county = device.county();
    let names = PlaceNames::of(&county);
    let mut rows = BTreeMap::new();
    for (child, facts) in device.store.reading().all_casework()? {
        let Some(case) = casework.cases(&facts, &child.leaves).pop() else { continue };
        if stands_in(kind, &case, &facts, &child, &casework) {
            let cells = Cells { casework: &casework, names: &names, child: &child, facts: &facts, case: &case };
            rows.insert(child.document, kind.columns().iter().map(|column| cells.cell(column.key)).collect());
        }
    }
    // A status that a person recorded without any case stands in its ledger, too.
    let status = match kind {
        LedgerKind::Dropout => SchoolingStatus::Dropout,
        _ => SchoolingStatus::SuspectedDropout,
    };
    for child in device.store.reading().children_of_status(status)? {
        rows.entry(child).or_insert_with(|| vec![String::new(); kind.columns().len()]);
    }
    if kind == LedgerKind::Dropout {
        for (child, cells) in &mut rows {
            let Some(row) = device.store.reading().ledger_row(*child)? else { continue };
            for (column, cell) in kind.columns().iter().zip(cells) {
                match column.key {
                    "plan" => *cell = row.cells.get("plan").cloned().unwrap_or_default(),
                    "poverty_household" => *cell = poverty(&row.flags),
                    _ => {}
                }
            }
        }
    }
    Ok(rows)
}

/// 脱贫户, 监测户 or both; 否 where it is neither (handbook 3.6).
fn poverty(flags: &[String]) -> String {
    let of = [ChildFlag::Lifted, ChildFlag::Monitored];
    let words: Vec<&str> =
        of.into_iter().filter(|flag| flags.iter().any(|key| key == flag.key())).map(ChildFlag::zh).collect();
    if words.is_empty() { "否".to_owned() } else { words.join("、") }
}

fn stands_in(kind: LedgerKind, case: &Case, facts: &CaseFacts, child: &StoredChild, casework: &Casework<'_>) -> bool {
    let decided = of_case(facts, case, CaseRecordKind::Dropout)
        .any(|record| casework.doer(&record.actor).is_some_and(|doer| decides(doer.role)));
    let is_dropout = case.phase == CasePhase::Dropout || (decided && case.phase != CasePhase::Suspected);
    let this_year = casework.today().school_year_start();
    let closed_on = case.closing.as_ref().and_then(|closing| closing.confirmed.as_ref()).map(|(on, _)| *on);
    let is_listed = match case.phase {
        CasePhase::Watch | CasePhase::Ended => false,
        CasePhase::Closed => closed_on.is_some_and(|on| on >= this_year),
        CasePhase::Dropout | CasePhase::Suspected | CasePhase::InReview | CasePhase::Settling => true,
    };
    match kind {
        LedgerKind::Dropout => is_listed && is_dropout,
        _ => is_listed && !is_dropout && child.status != SchoolingStatus::Dropout,
    }
}

fn of_case<'a>(facts: &'a CaseFacts, case: &'a Case, kind: CaseRecordKind) -> impl Iterator<Item = &'a CaseRecord> {
    facts.records.iter().filter(move |record| record.form.kind == kind && record.form.on >= case.opened_on)
}

struct Cells<'a> {
    casework: &'a Casework<'a>,
    names: &'a PlaceNames<'a>,
    child: &'a StoredChild,
    facts: &'a CaseFacts,
    case: &'a Case,
}

impl Cells<'_> {
    fn cell(&self, key: &str) -> String {
        let case = self.case;
        let day = |day: Option<crate::domain::time::Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let last = |kind| of_case(self.facts, case, kind).max_by_key(|record| (record.form.on, record.entry));
        match key {
            "case_phase" => phase_zh(case.phase).to_owned(),
            "absent_from" => day(case.absent_from),
            "absent_days" => case.absent_days.to_string(),
            "absence_kind" => self.absence_kind().to_owned(),
            "case_source" => case.source.map_or("班主任", CaseSource::zh).to_owned(),
            "reason_code" => self.reasons(),
            "first_contact" => self.contacts().next().map(|contact| self.told(contact)).unwrap_or_default(),
            "persuasions" => {
                let told: Vec<String> = self.persuasions().map(|contact| self.told(contact)).collect();
                if told.is_empty() { String::new() } else { format!("{}次: {}", told.len(), told.join("; ")) }
            }
            "reports" => self.listed(CaseRecordKind::Report),
            "step" => {
                let rules = self.casework.rule_set(&case.rule);
                let step = case.next_step().and_then(|step| rules?.step(&step.key));
                step.filter(|_| case.phase.is_open()).map(|step| step.zh.clone()).unwrap_or_default()
            }
            "due_at" => day(case.next_step().filter(|_| case.phase.is_open()).and_then(|step| step.due_on)),
            "outcome" => {
                let outcome = case.closing.as_ref().and_then(|closing| closing.outcome);
                outcome.map(|outcome| outcome.zh().to_owned()).unwrap_or_default()
            }
            "closed_on" => day(case.closing.as_ref().and_then(|one| one.confirmed.as_ref()).map(|(on, _)| *on)),
            "closed_by" => {
                let confirmed = case.closing.as_ref().and_then(|one| one.confirmed.as_ref());
                confirmed.map(|(_, actor)| self.name(actor)).unwrap_or_default()
            }
            "dropout_on" => day(last(CaseRecordKind::Dropout).map(|record| record.form.on)),
            "dropout_class" => {
                let decided = last(CaseRecordKind::Dropout).map(|record| record.form.on);
                let class = self.child.leaves.class.as_ref();
                decided.zip(class).map(|(on, class)| self.names.class(class, on)).unwrap_or_default()
            }
            "dropout_destination" => {
                let decided = last(CaseRecordKind::Dropout).map(|record| &record.form);
                let code = decided.and_then(|form| form.destination).map_or("", DropoutDestination::zh);
                let place = decided.map_or("", |form| form.place.as_str());
                [code, place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            "notice_number" => {
                last(CaseRecordKind::Notice).map(|record| record.form.number.clone()).unwrap_or_default()
            }
            "served_on" => day(last(CaseRecordKind::Service).map(|record| record.form.on)),
            "deadline" => day(case.deadline),
            "measures" => self.listed(CaseRecordKind::Escalation),
            "returned_on" => day(case.returned_on),
            "return_placement" => {
                let placement = last(CaseRecordKind::Returned).and_then(|record| record.form.placement);
                placement.map(|placement| placement.zh().to_owned()).unwrap_or_default()
            }
            "follow_ups" => {
                let after = |contact: &&Contact| case.returned_on.is_some_and(|returned| contact.on > returned);
                let days: Vec<String> = self.contacts().filter(after).map(|contact| contact.on.to_string()).collect();
                days.join("、")
            }
            "relapses" => case.relapses.to_string(),
            _ => String::new(),
        }
    }

    fn name(&self, actor: &Actor) -> String {
        self.casework.doer(actor).map(|doer| doer.name).unwrap_or_default()
    }

    /// Contacts of the case, in the order in which they were made.
    fn contacts(&self) -> impl Iterator<Item = &Contact> {
        let mut contacts: Vec<&Contact> =
            self.facts.contacts.iter().filter(|contact| contact.on >= self.case.opened_on).collect();
        contacts.sort_by_key(|contact| (contact.on, contact.entry));
        contacts.into_iter()
    }

    fn persuasions(&self) -> impl Iterator<Item = &Contact> {
        self.contacts().filter(|contact| contact.purpose == Some(VisitPurpose::Persuasion))
    }

    /// 2026-11-24 李老师 入户 同意返校(有日期)
    fn told(&self, contact: &Contact) -> String {
        let parts = [
            contact.on.to_string(),
            self.name(&contact.actor),
            contact.mode.map_or("", VisitMode::zh).to_owned(),
            contact.parent_position.map_or("", ParentPosition::zh).to_owned(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn listed(&self, kind: CaseRecordKind) -> String {
        let told: Vec<String> = of_case(self.facts, self.case, kind)
            .map(|record| {
                let parts = [
                    record.form.on.to_string(),
                    self.name(&record.actor),
                    record.form.office.clone(),
                    record.form.number.clone(),
                ];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            })
            .collect();
        told.join("; ")
    }

    /// 未报到, 原因待查 or 无故 (handbook 3.5).
    fn absence_kind(&self) -> &'static str {
        let unknown = |entry: &crate::domain::absence::AbsenceEntry| {
            entry.form.day >= self.case.opened_on && entry.form.mark == AttendanceMark::Unknown
        };
        match self.case.source {
            Some(CaseSource::NoShow) => "未报到",
            _ if self.facts.absences.iter().any(unknown) => "原因待查",
            _ => "无故",
        }
    }

    fn reasons(&self) -> String {
        let mut reasons: Vec<AbsenceReason> =
            self.contacts().flat_map(|contact| contact.reasons.iter().copied()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons.iter().map(|reason| reason.zh()).collect::<Vec<_>>().join("、")
    }
}

const fn phase_zh(phase: CasePhase) -> &'static str {
    match phase {
        CasePhase::Dropout => "辍学",
        CasePhase::Suspected => "疑似辍学",
        CasePhase::Watch => "关注",
        CasePhase::InReview => "销号待判断",
        CasePhase::Settling => "巩固期",
        CasePhase::Ended => "已返校",
        CasePhase::Closed => "已销号",
    }
}
