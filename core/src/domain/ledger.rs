//! The ledger of school-age children (适龄儿童台账, handbook 3.4): its columns, and the fold of a dossier
//! into a row. The same fold runs on a tablet, on a desk and on the server (invariant 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::check::{self, CheckEntry};
use super::code_list::{
    AttendanceMode, CheckFound, ChildFlag, ConfirmMethod, HukouType, IdType, Placement, Relation, SchoolingStatus, Sex,
    VerifyMethod, VisitMode,
};
use super::county::{County, Mergers};
use super::dossier::{Dossier, is_closed, is_out_of_school};
use super::evidence::{self, AskedProof, EvidenceFile, EvidenceState, StandingProof};
use super::evidence_rules::EvidenceOf;
use super::evidence_versions::EvidenceVersions;
use super::field::{self, FieldKind};
use super::home_teaching::{HomeTeachingQuotas, TaughtAtHome};
use super::place::{ClassId, Leaves, PlaceCode, SchoolCode, Stage};
use super::plan::ChildPlan;
use super::time::{Day, Timestamp};

/// A column of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The handbook's key.
    pub key: &'static str,
    /// The handbook's Chinese header.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
    /// Its width in a spreadsheet, in characters of Latin script.
    pub width_chars: u8,
    /// Shown unless the person chooses otherwise.
    pub shown: bool,
    /// The field whose conflict shows in this column.
    pub path: &'static str,
}

const fn column(
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    width_chars: u8,
    shown: bool,
    path: &'static str,
) -> Column {
    Column { key, zh, en, width_chars, shown, path }
}

/// The columns, in the handbook's order.
pub const COLUMNS: &[Column] = &[
    column("seq", "序号", "No.", 6, true, ""),
    column("township", "乡镇", "Township", 12, false, ""),
    column("village", "村(社区)", "Village", 14, true, ""),
    column("village_group", "社(组)", "Group", 8, true, "household.village_group"),
    column("household_head_name", "户主姓名", "Household head", 12, true, "household.head_name"),
    column("household_head_id", "户主身份证号", "Head's ID number", 22, false, "household.head_id"),
    column("relation_to_head", "与户主关系", "Relation to head", 12, false, "household.relation_to_head"),
    column("name", "学生姓名", "Name", 14, true, "profile.name"),
    column("sex", "性别", "Sex", 6, true, "profile.sex"),
    column("ethnicity", "民族", "Ethnicity", 8, false, "profile.ethnicity"),
    column("birth_date", "出生日期", "Date of birth", 12, true, "profile.birth_date"),
    column("id_type", "身份证件类型", "Kind of ID", 12, false, "profile.id_type"),
    column("id_number", "身份证件号", "ID number", 22, false, "profile.id_number"),
    column("hukou_type", "户口性质", "Kind of registration", 10, false, "household.hukou_type"),
    column("hukou_address", "户籍地址", "Registered address", 24, false, "household.hukou_address"),
    column("current_address", "现住址", "Address", 24, false, "household.address"),
    column("household_category", "家庭类别", "Household category", 16, false, ""),
    column("guardian", "监护人姓名/关系/电话", "Guardian", 30, true, "guardians"),
    column("caregiver", "实际照护人(委托照护)", "Caregiver", 14, false, "household.caregiver"),
    column("parents_work_place", "父母外出务工地", "Parents work at", 16, false, "household.parents_work_place"),
    column("left_behind", "留守类型", "Left behind", 10, true, ""),
    column("class", "学段/年级/班级", "Class", 20, true, ""),
    column("school_name", "就读学校", "School", 18, true, ""),
    column("school_code", "学校标识码", "School code", 14, false, ""),
    column("study_region", "就读地", "Studies at", 10, false, "record.study_region"),
    column("national_student_no", "全国学籍号", "National student no.", 24, false, "profile.national_student_no"),
    column("record_state", "学籍状态", "State of the record", 12, false, "record.state"),
    column("attendance_mode", "就读方式", "Attendance", 10, false, "record.attendance_mode"),
    column("schooling_status", "就学状态", "Status", 14, true, "status"),
    column("status_since", "状态起始日", "Since", 12, true, ""),
    column("special_flags", "特殊情况类别", "Special flags", 18, true, ""),
    column("disability", "残疾类别/等级/证号", "Disability", 18, false, "profile.disability"),
    column("evidence", "佐证材料编号", "Evidence", 16, true, ""),
    column("verify_method", "核查方式", "Verified how", 10, true, ""),
    column("verified_on", "核查日期", "Verified on", 12, true, ""),
    column("verified_by", "核查人", "Verified by", 10, true, ""),
    column("check_found", "摸排情况", "Found at the check", 12, false, ""),
    column("visit_count", "家访次数", "Visits", 8, true, ""),
    column("responsible_gov", "包保责任人(村)", "Responsible (village)", 12, false, ""),
    column("responsible_edu", "包保责任人(校)", "Responsible (school)", 12, false, ""),
    column("note", "备注", "Note", 20, false, "profile.note"),
];

/// A row as it is stored: what does not depend on today. Names of places are put in when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Where the dossier lies.
    pub leaves: Leaves,
    /// The cells by column key, besides those that [`cells`] computes.
    pub cells: BTreeMap<String, String>,
    /// Schooling status.
    pub status: String,
    /// Flags by key.
    pub flags: Vec<String>,
    /// Visits in all.
    pub visit_count: u32,
    /// Photos in all.
    pub photo_count: u32,
    /// The last visit's start.
    pub last_visit_at: Option<Timestamp>,
    /// The next visit that was agreed, by the last visit that agreed one.
    pub next_visit_on: Option<Day>,
    /// The promised return, by the last visit; none once the child is back.
    pub promised_return_on: Option<Day>,
    /// Days on which the child was taught at home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub home_sessions: Vec<Day>,
    /// Paths of fields where two values stand; `status` where two statuses stand.
    pub conflicts: Vec<String>,
    /// When a plan is to be looked at again.
    #[serde(default)]
    pub review_due: Option<Day>,
    /// What the quota of home teaching is held against; none of a child who is not taught at home.
    #[serde(default)]
    pub taught_at_home: Option<TaughtAtHome>,
    /// The proofs on file that nothing has replaced.
    #[serde(default)]
    pub proofs: Vec<StandingProof>,
}

/// Folds a dossier into its row. `person_name` tells who wrote under an actor, by the verified envelope.
#[must_use]
pub fn fold(dossier: &Dossier, leaves: &Leaves, person_name: &dyn Fn(&Actor) -> Option<String>) -> LedgerRow {
    let status = dossier.status();
    let mut cells: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        if !value.is_empty() {
            cells.insert(key.to_owned(), value);
        }
    };
    for column in COLUMNS {
        if column.path.contains('.') {
            set(column.key, dossier.value(column.path).to_owned());
        }
    }
    // The fields of the smaller ledgers, by the last part of their path; codes in words.
    for field in field::FIELDS {
        let Some((_, key)) = field.path.split_once('.').filter(|_| field::is_of_small_ledgers(field.path)) else {
            continue;
        };
        let value = dossier.value(field.path);
        let text = match field.kind {
            FieldKind::ConfirmMethod => ConfirmMethod::from_key(value).map_or(value, |code| code.zh()),
            FieldKind::Placement => Placement::from_key(value).map_or(value, |code| code.zh()),
            _ => value,
        };
        set(key, text.to_owned());
    }
    set("sex", Sex::from_key(dossier.value("profile.sex")).map_or("", Sex::zh).to_owned());
    set(
        "attendance_mode",
        AttendanceMode::from_key(dossier.value("record.attendance_mode")).map_or("", AttendanceMode::zh).to_owned(),
    );
    set("id_type", IdType::from_key(dossier.value("profile.id_type")).map_or("", IdType::zh).to_owned());
    set("hukou_type", HukouType::from_key(dossier.value("household.hukou_type")).map_or("", HukouType::zh).to_owned());
    set("guardian", guardians(dossier));
    set("household_category", flags_text(dossier, true));
    set("special_flags", flags_text(dossier, false));
    set("left_behind", left_behind(dossier).to_owned());
    set("schooling_status", status.zh().to_owned());
    set("status_since", dossier.status_since().map(|day| day.to_string()).unwrap_or_default());
    set("visit_count", dossier.visits.len().to_string());
    let last_visit = dossier.last_visit();
    // Whichever came last: a visit, or a check from door to door.
    let visited_on = last_visit.and_then(|visit| visit.form.started_at).map(Timestamp::day);
    let check = check::last(&dossier.checks).filter(|check| visited_on.is_none_or(|day| check.form.on >= day));
    if let Some(check) = check {
        set("verify_method", check.form.how.map_or("", VerifyMethod::zh).to_owned());
        set("verified_on", check.form.on.to_string());
        set("verified_by", person_name(&check.actor).unwrap_or_default());
    } else if let Some(visit) = last_visit {
        set("verify_method", visit.form.mode.map_or("", VisitMode::zh).to_owned());
        set("verified_on", visited_on.map(|day| day.to_string()).unwrap_or_default());
        set("verified_by", person_name(&visit.actor).unwrap_or_default());
    }
    if let Some(check) = check::last(&dossier.checks) {
        set("check_found", found_text(check));
    }
    let mut conflicts: Vec<String> = dossier.conflicts().map(|(path, _)| path.to_owned()).collect();
    let mut standing: Vec<SchoolingStatus> =
        dossier.standing_statuses().iter().map(|event| dossier.counts_as(event)).collect();
    standing.sort_unstable();
    standing.dedup();
    if standing.len() > 1 {
        conflicts.push("status".to_owned());
    }
    // The visits in the order in which they happened; the last word counts.
    let mut visits: Vec<_> = dossier.visits.values().collect();
    visits.sort_by_key(|visit| (visit.form.started_at, visit.entry));
    let plan = ChildPlan::of(dossier);
    let goals: Vec<&str> = plan.plans.iter().map(|(entry, _)| entry.form.goal.as_str()).collect();
    if !goals.is_empty() {
        cells.insert("plan".to_owned(), goals.join("; "));
    }
    LedgerRow {
        leaves: leaves.clone(),
        status: status.key().to_owned(),
        flags: dossier.flags.iter().map(|flag| flag.key().to_owned()).collect(),
        visit_count: u32::try_from(dossier.visits.len()).unwrap_or(u32::MAX),
        photo_count: u32::try_from(dossier.photos.len()).unwrap_or(u32::MAX),
        last_visit_at: last_visit.and_then(|visit| visit.form.started_at),
        next_visit_on: next_visit_on(&visits),
        promised_return_on: visits
            .last()
            .and_then(|visit| visit.form.promised_return_on)
            .filter(|_| is_out_of_school(status) || status == SchoolingStatus::Unverified),
        home_sessions: plan.taught_on(),
        conflicts,
        cells,
        review_due: plan.review_due(),
        taught_at_home: plan.taught_at_home(status, dossier.status_since()),
        proofs: evidence::standing(dossier),
    }
}

impl LedgerRow {
    /// When a plan is to be looked at again, or home teaching is due, whichever comes first.
    #[must_use]
    pub fn plan_due(&self, quotas: &HomeTeachingQuotas<'_>) -> Option<Day> {
        let session = self.taught_at_home.as_ref().and_then(|taught| taught.due(quotas));
        self.review_due.into_iter().chain(session).min()
    }

    /// The child's evidence file on a day.
    #[must_use]
    pub fn evidence<'a>(&self, versions: &EvidenceVersions<'a>, on: Day) -> EvidenceFile<'a> {
        versions.file(&self.evidence_of(), &self.proofs, on)
    }

    /// The days on which all is there that is asked of the child ([`EvidenceVersions::whole_days`]).
    #[must_use]
    pub fn whole_days(&self, versions: &EvidenceVersions<'_>) -> Vec<(Day, Day)> {
        versions.whole_days(&self.evidence_of(), &self.proofs)
    }

    fn evidence_of(&self) -> EvidenceOf {
        EvidenceOf {
            status: SchoolingStatus::from_key(&self.status).unwrap_or(SchoolingStatus::Unverified),
            flags: self.flags.iter().filter_map(|flag| ChildFlag::from_key(flag)).collect(),
            has_id_number: self.cells.contains_key("id_number"),
        }
    }
}

/// The next visit that was agreed, unless a visit has been made on or after that day since.
fn next_visit_on(visits: &[&super::dossier::VisitRecord]) -> Option<Day> {
    let last_started = visits.last()?.form.started_at?;
    let agreed = visits.iter().rev().find_map(|visit| visit.form.next_visit_on)?;
    (last_started.day() < agreed).then_some(agreed)
}

/// 外出(省外) 东莞, as the ledger shows it.
fn found_text(check: &CheckEntry) -> String {
    let found = check.form.found.map_or("", CheckFound::zh);
    let region = check.form.region.map(|region| format!("({})", region.zh())).unwrap_or_default();
    format!("{found}{region} {}", check.form.place).trim().to_owned()
}

fn guardians(dossier: &Dossier) -> String {
    let texts: Vec<String> = dossier
        .guardians
        .iter()
        .map(|key| {
            let part = |name: &str| dossier.value(&format!("guardians.{key}.{name}")).to_owned();
            let relation = Relation::from_key(&part("relation")).map_or(String::new(), |code| code.zh().to_owned());
            let parts: Vec<String> =
                [part("name"), relation, part("phone")].into_iter().filter(|text| !text.is_empty()).collect();
            parts.join("/")
        })
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(";")
}

const HOUSEHOLD_CATEGORIES: &[ChildFlag] =
    &[ChildFlag::Lifted, ChildFlag::Monitored, ChildFlag::SubsistenceAllowance, ChildFlag::DestituteSupport];

fn flags_text(dossier: &Dossier, household: bool) -> String {
    let texts: Vec<&str> = dossier
        .flags
        .iter()
        .filter(|flag| HOUSEHOLD_CATEGORIES.contains(flag) == household)
        .filter(|flag| !matches!(flag, ChildFlag::LeftBehindOne | ChildFlag::LeftBehindBoth | ChildFlag::Boarder))
        .map(|flag| flag.zh())
        .collect();
    texts.join("、")
}

fn left_behind(dossier: &Dossier) -> &'static str {
    if dossier.flags.contains(&ChildFlag::LeftBehindBoth) {
        ChildFlag::LeftBehindBoth.zh()
    } else if dossier.flags.contains(&ChildFlag::LeftBehindOne) {
        ChildFlag::LeftBehindOne.zh()
    } else {
        ""
    }
}

/// What is on file, and what is not: `2件;缺就读证明(盖章)`.
fn evidence_words(row: &LedgerRow, evidence: &EvidenceVersions<'_>, today: Day) -> String {
    let file = row.evidence(evidence, today);
    let held = file.lines.iter().filter(|line| line.holds_until >= today).count();
    let mut parts = if held > 0 { vec![format!("{held}件")] } else { Vec::new() };
    parts.extend(evidence_gaps(&file, today));
    parts.join(";")
}

/// What is missing, has ended or will end of what is asked for, each in Chinese words.
#[must_use]
pub fn evidence_gaps(file: &EvidenceFile<'_>, today: Day) -> Vec<String> {
    let words = |asked: &AskedProof<'_>| {
        let held = asked.line.and_then(|place| file.lines.get(place)).map(|line| line.proof.as_str());
        let key = held.or_else(|| asked.kinds.first().map(String::as_str)).unwrap_or_default();
        let name = file.rules.kind(key).map_or("", |kind| kind.zh.as_str());
        let more = if held.is_none() && asked.kinds.len() > 1 { "等" } else { "" };
        match asked.state(today, file.warn_days) {
            EvidenceState::NotAsked | EvidenceState::Complete => None,
            EvidenceState::Expiring => {
                asked.holds_until.map(|until| format!("{name}{}月{}日到期", until.0.month(), until.0.day()))
            }
            EvidenceState::Expired => Some(format!("{name}已过期")),
            EvidenceState::Missing => Some(format!("缺{name}{more}")),
        }
    };
    file.asked.iter().filter_map(words).collect()
}

/// The cells of a row in the order of [`COLUMNS`], with the names and rules that depend on the county and on today.
#[must_use]
pub fn cells(
    row: &LedgerRow,
    seq: u32,
    county: &PlaceNames<'_>,
    evidence: &EvidenceVersions<'_>,
    today: Day,
) -> Vec<String> {
    COLUMNS
        .iter()
        .map(|column| match column.key {
            "seq" => seq.to_string(),
            "township" => county.township(&row.leaves),
            "village" => county.village(&row.leaves),
            "class" => row.leaves.class.as_ref().map(|id| county.class(id, today)).unwrap_or_default(),
            "school_name" => row.leaves.class.as_ref().map(|id| county.school(id)).unwrap_or_default(),
            "school_code" => row.leaves.class.as_ref().map(|id| id.school().0).unwrap_or_default(),
            "evidence" => evidence_words(row, evidence, today),
            key => row.cells.get(key).cloned().unwrap_or_default(),
        })
        .collect()
}

/// Names of places, schools and classes by their codes.
#[derive(Debug)]
pub struct PlaceNames<'a> {
    places: BTreeMap<&'a str, &'a str>,
    schools: BTreeMap<&'a str, &'a str>,
    mergers: Mergers,
    classes: BTreeMap<&'a str, &'a super::place::Class>,
}

impl<'a> PlaceNames<'a> {
    /// Of a county.
    #[must_use]
    pub fn of(county: &'a County) -> Self {
        Self {
            places: county.places_by_code().into_iter().map(|(code, place)| (code, place.name.as_str())).collect(),
            schools: county.schools.iter().map(|school| (school.code.0.as_str(), school.name.as_str())).collect(),
            mergers: county.mergers(),
            classes: county
                .schools
                .iter()
                .flat_map(|school| &school.classes)
                .map(|class| (class.id.0.as_str(), class))
                .collect(),
        }
    }

    /// A place's name; its code where the county has no name for it. What is a part of another now has both:
    /// 新桥村(原白岩村).
    #[must_use]
    pub fn place(&self, code: &str) -> String {
        let name = |code: &str| self.places.get(code).map_or(code, |name| *name).to_owned();
        let now = PlaceCode::parse(code).map(|code| self.mergers.place(&code));
        match now.filter(|now| now.as_str() != code) {
            Some(now) => format!("{}(原{})", name(now.as_str()), name(code)),
            None => name(code),
        }
    }

    /// The village that a dossier lies in.
    #[must_use]
    pub fn village(&self, leaves: &Leaves) -> String {
        leaves.village.as_ref().map(|village| self.place(village.as_str())).unwrap_or_default()
    }

    /// The township that a dossier lies in.
    #[must_use]
    pub fn township(&self, leaves: &Leaves) -> String {
        let township = leaves.village.as_ref().and_then(PlaceCode::parent);
        township.map(|code| self.place(code.as_str())).unwrap_or_default()
    }

    /// The school of a class.
    #[must_use]
    pub fn school(&self, class: &ClassId) -> String {
        let code = class.school();
        let name =
            |code: &SchoolCode| self.schools.get(code.0.as_str()).map_or(code.0.as_str(), |name| *name).to_owned();
        let now = self.mergers.school(&code);
        if now == code { name(&code) } else { format!("{}(原{})", name(&now), name(&code)) }
    }

    /// 三年级(1)班, by the grade that the class has on `today`; without a grade its entry year.
    #[must_use]
    pub fn class(&self, id: &ClassId, today: Day) -> String {
        let Some(class) = self.classes.get(id.0.as_str()) else { return id.0.clone() };
        match class.grade_on(today.0) {
            Some(grade) => format!("{}({})班", grade_name(grade), class.number),
            None => {
                let stage = match class.stage {
                    Stage::Primary => "小学",
                    Stage::Junior => "初中",
                };
                format!("{stage}{}级({})班", class.entry_year, class.number)
            }
        }
    }
}

/// 一年级 to 九年级.
#[must_use]
pub fn grade_name(grade: u8) -> String {
    let numeral = match grade {
        1 => "一",
        2 => "二",
        3 => "三",
        4 => "四",
        5 => "五",
        6 => "六",
        7 => "七",
        8 => "八",
        _ => "九",
    };
    format!("{numeral}年级")
}

/// Whether a row's status says that nobody looks for the child any more.
#[must_use]
pub fn row_is_closed(row: &LedgerRow) -> bool {
    SchoolingStatus::from_key(&row.status).is_some_and(is_closed)
}

/// Whether a row's status says that the child is out of school.
#[must_use]
pub fn row_is_out_of_school(row: &LedgerRow) -> bool {
    SchoolingStatus::from_key(&row.status).is_some_and(is_out_of_school)
}
