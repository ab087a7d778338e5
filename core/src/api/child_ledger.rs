//! The ledgers that hold children by how they stand and not by a case (handbook 3.7): out of county, key groups, home teaching. Which children stand in one is a condition on the table of children; its own columns are fields of
//! the dossier, and a few that are reckoned.

use super::ledger_kind::LedgerKind;
use super::own_column::{OwnColumn, column};
use crate::domain::calendar::Calendar;
use crate::domain::code_list::{ChildFlag, SchoolingStatus};
use crate::domain::county::County;
use crate::domain::home_teaching::{TaughtAtHome, periods_in_half_year};
use crate::domain::ledger::LedgerRow;
use crate::domain::time::Day;
use crate::store::children::Member;

/// Who stands in the ledger of key groups (handbook 3.3, 3.7 E; single-parent families: the county's own account). What the law protects most is a restricted annex and no flag.
const KEY_GROUPS: &[ChildFlag] = &[
    ChildFlag::LeftBehindOne,
    ChildFlag::LeftBehindBoth,
    ChildFlag::SingleParent,
    ChildFlag::Orphan,
    ChildFlag::NoCarer,
    ChildFlag::Hardship,
    ChildFlag::Disabled,
    ChildFlag::SeriouslyIll,
    ChildFlag::MigrantChild,
    ChildFlag::NoHukou,
];
const OUT_OF_COUNTY: &[SchoolingStatus] = &[SchoolingStatus::EnrolledElsewhere, SchoolingStatus::EnrolledAbroad];
const SPECIAL: &[SchoolingStatus] = &[
    SchoolingStatus::HomeTeaching,
    SchoolingStatus::SpecialSchool,
    SchoolingStatus::InclusiveClass,
    SchoolingStatus::SpecialClass,
];

/// Of children who study out of the county.
pub(super) const OUT_OF_COUNTY_COLUMNS: &[OwnColumn] = &[
    column("host_school", "就读学校(县外)", "School there", false, 20),
    column("host_phone", "该校电话", "Its phone", false, 14),
    column("confirmed_how", "去向确认方式", "Confirmed how", false, 12),
    column("confirmed_on", "去向确认日期", "Confirmed on", false, 12),
    column("recheck_on", "下次复核", "Check again", false, 12),
];
/// Of children in key groups.
pub(super) const KEY_GROUP_COLUMNS: &[OwnColumn] = &[
    column("support_person", "帮扶责任人", "Support person", false, 14),
    column("last_visit", "上次家访", "Last visit", false, 12),
];
/// Of children with a disability, and who are taught at home.
pub(super) const HOME_TEACHING_COLUMNS: &[OwnColumn] = &[
    column("placement", "安置方式", "Placement", false, 14),
    column("expert_opinion", "专家委员会意见", "Experts' opinion", false, 24),
    column("provider_school", "送教学校", "Taught by (school)", false, 18),
    column("home_teacher", "送教教师", "Taught by (teacher)", false, 14),
    column("home_plan", "送教计划", "Plan", false, 24),
    column("home_sessions", "本学年送教次数", "Sessions this year", true, 10),
    column("last_session", "上次送教", "Last session", false, 12),
    column("home_quota", "送教要求", "Quota", false, 22),
    column("home_periods", "本学期课时", "Periods this half-year", false, 12),
    column("home_due", "下次送教", "Next session by", false, 12),
];
/// Who stands in a ledger: those with any of these; none where all do, or where the case decides.
pub(super) fn members(kind: LedgerKind) -> Option<Vec<Member>> {
    let statuses = |list: &[SchoolingStatus]| list.iter().copied().map(Member::Status).collect::<Vec<_>>();
    match kind {
        LedgerKind::SchoolAge
        | LedgerKind::Suspected
        | LedgerKind::Dropout
        | LedgerKind::Mismatch
        | LedgerKind::Transition
        | LedgerKind::Evidence => None,
        LedgerKind::OutOfCounty => Some(statuses(OUT_OF_COUNTY)),
        LedgerKind::KeyGroups => {
            // A child in trouble with the law has no flag that would stay with it: the status says it, as long as it holds.
            let mut members = statuses(&[SchoolingStatus::InCustody]);
            members.extend(KEY_GROUPS.iter().copied().map(Member::Flag));
            Some(members)
        }
        LedgerKind::HomeTeaching => {
            let mut members = statuses(SPECIAL);
            members.push(Member::Flag(ChildFlag::Disabled));
            Some(members)
        }
    }
}

/// A cell of such a ledger: what stands in the row, or is reckoned from it.
pub(super) fn cell(key: &str, row: &LedgerRow, county: &County, today: Day) -> String {
    let stored = |key: &str| row.cells.get(key).cloned().unwrap_or_default();
    let year = today.school_year_start();
    let sessions = || row.home_sessions.iter().filter(|day| **day >= year);
    match key {
        "home_quota" => taught(row).and_then(|_| quota_words(county, today)).unwrap_or_default(),
        "home_periods" => {
            taught(row).map(|taught| periods_in_half_year(&taught.periods, today).to_string()).unwrap_or_default()
        }
        "home_due" => taught(row)
            .and_then(|taught| taught.due(&county.home_teaching_quotas()))
            .map(|day| day.to_string())
            .unwrap_or_default(),
        "recheck_on" => {
            let confirmed = row.cells.get("confirmed_on").and_then(|day| Day::parse(day));
            confirmed.map(|day| next_term(&county.calendar, day).to_string()).unwrap_or_else(|| "未确认".to_owned())
        }
        "last_visit" => row.last_visit_at.map(|at| at.day().to_string()).unwrap_or_default(),
        "home_sessions" => sessions().count().to_string(),
        "last_session" => sessions().max().map(|day| day.to_string()).unwrap_or_default(),
        key => stored(key),
    }
}

const fn taught(row: &LedgerRow) -> Option<&TaughtAtHome> {
    row.taught_at_home.as_ref()
}

/// The quota that holds on a day: 每15天一次,每学期10课时.
fn quota_words(county: &County, on: Day) -> Option<String> {
    let quota = county.home_teaching_quotas().in_force(on)?;
    Some(format!("每{}天一次,每学期{}课时", quota.days_between, quota.periods_per_half_year))
}

/// The first day of the next term: once a term it is asked anew where the child is (handbook 3.7 D).
fn next_term(calendar: &Calendar, after: Day) -> Day {
    let told = calendar.terms.iter().filter(|term| term.school.is_none()).map(|term| term.from);
    let year = after.school_year_start();
    let usual = [0, 366].into_iter().flat_map(|days| {
        let autumn = year.plus_days(days).school_year_start();
        [autumn, autumn.plus_days(172)]
    });
    let next = |days: &mut dyn Iterator<Item = Day>| days.filter(|day| *day > after).min();
    next(&mut told.into_iter()).or_else(|| next(&mut usual.into_iter())).unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::example::{calendar, day};

    #[test]
    fn where_a_child_is_out_of_the_county_is_asked_anew_each_term() {
        assert_eq!(next_term(&calendar(), day("2026-10-12")), day("2027-02-22"), "the county's second term");
        assert_eq!(next_term(&Calendar::default(), day("2026-10-12")), day("2027-02-20"), "by usual terms");
        assert_eq!(next_term(&Calendar::default(), day("2027-03-01")), day("2027-09-01"));
    }
}
