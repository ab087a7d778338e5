//! Tests of the clock: the traps of dates, and the ladders of other counties.

use super::case::{Case, CasePhase, StepStanding};
use super::case_fold_tests::{LI, PRINCIPAL, Story};
use super::code_list::CaseRecordKind;
use super::rule_set::RuleSet;

/// The steps that wait for somebody, and by which day.
fn due(case: &Case) -> Vec<(&str, String)> {
    case.steps
        .iter()
        .filter(|step| step.standing == StepStanding::Overdue || step.standing == StepStanding::Due)
        .map(|step| (step.key.as_str(), step.due_on.unwrap().to_string()))
        .collect()
}

#[test]
fn traps_of_dates() {
    // (first day missing, today, counted days): make-up Saturday, holiday week, term start, cut-off, leap day.
    for (from, today, count) in [
        ("2026-09-30", "2026-10-10", 4),
        ("2026-09-30", "2026-10-07", 1),
        ("2026-08-31", "2026-08-31", 0),
        ("2026-08-31", "2026-09-01", 0),
        ("2026-09-01", "2026-09-03", 3),
        ("2027-01-22", "2027-02-22", 2),
        ("2026-11-20", "2026-11-23", 2),
        ("2028-02-28", "2028-03-01", 3),
    ] {
        let mut story = Story::default();
        story.missing(from);
        let counted = story.cases(today).last().map_or(0, |case| case.absent_days);
        assert_eq!(counted, count, "from {from} to {today}");
    }
}

#[test]
fn the_ladders_of_other_counties_are_data() {
    // Each ladder of handbook 4.5: which steps are due by which day for a child who is missing from Monday the 23rd on.
    let ladder = |json: &str| serde_json::from_str::<RuleSet>(json).unwrap();
    let ladders: [(&str, &[(&str, &str)]); 9] = [
        (
            include_str!("rules/others/chongming.json"),
            &[
                ("report_school", "2026-11-23"),
                ("visit_same_day", "2026-11-23"),
                ("joint_visit", "2026-11-24"),
                ("form_up", "2026-11-25"),
            ],
        ),
        (
            include_str!("rules/others/renren-model.json"),
            &[
                ("enter", "2026-11-23"),
                ("group_visit", "2026-11-24"),
                ("form_bureau", "2026-11-25"),
                ("month_table", "2026-11-30"),
            ],
        ),
        (
            include_str!("rules/others/morning-check.json"),
            &[("report_morning", "2026-11-23"), ("grade_head", "2026-11-24"), ("joint_plan", "2026-11-25")],
        ),
        (
            include_str!("rules/others/zhonghe-2013.json"),
            &[("report_hour", "2026-11-23"), ("visit_same_day", "2026-11-23")],
        ),
        (include_str!("rules/others/county-plan-2022.json"), &[("month_report", "2026-11-28")]),
        (include_str!("rules/others/generic-2025.json"), &[("contact", "2026-11-26")]),
        (include_str!("rules/others/guangdong-2009.json"), &[("form", "2026-11-30")]),
        (include_str!("rules/others/liaoning-2017.json"), &[("contact", "2026-11-23"), ("four_weeks", "2026-12-21")]),
        (include_str!("rules/others/moe-2024.json"), &[("month_list", "2026-11-30")]),
    ];
    let mut story = Story::default();
    story.missing("2026-11-23");
    for (json, steps) in ladders {
        let rules = ladder(json);
        assert_eq!(rules.mistakes(), Vec::new());
        let case = story.under(std::slice::from_ref(&rules), "2026-12-21").remove(0);
        let expected: Vec<(&str, String)> = steps.iter().map(|(key, day)| (*key, (*day).to_owned())).collect();
        assert_eq!(due(&case), expected, "{}", rules.id);
        assert_ne!(case.phase, CasePhase::Dropout, "{}", rules.id);
    }
}

#[test]
fn what_is_to_be_done_over_a_dropout_is_due_when_a_person_who_may_has_confirmed_it_and_not_before() {
    let rules = serde_json::from_str::<RuleSet>(include_str!("rules/others/zhonghe-2013.json")).unwrap();
    let rules = std::slice::from_ref(&rules);
    let mut story = Story::default();
    story.missing("2026-11-23");
    let before = [("report_hour", "2026-11-23".to_owned()), ("visit_same_day", "2026-11-23".to_owned())];
    story.does(LI, CaseRecordKind::Dropout, "2026-12-09");
    assert_eq!(due(&story.under(rules, "2026-12-10")[0]), before, "a class teacher decides nothing");
    story.does(PRINCIPAL, CaseRecordKind::Dropout, "2026-12-10");
    let [report, visit] = before;
    let centre = ("report_centre", "2026-12-10".to_owned());
    let township = ("report_week", "2026-12-17".to_owned());
    assert_eq!(due(&story.under(rules, "2026-12-10")[0]), [report, visit, centre, township]);
}
