//! The verdict engine: what each row means for the children that are known.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::changes::changes;
use super::column::RosterColumn;
use super::identity::{Found, find};
use super::known::{KnownChild, KnownChildren};
use super::location::CountyIndex;
use super::reason::{RowReason, Weight};
use super::{CellProblem, RosterRow, RowVerdict, Verdict, school_year, status};
use crate::domain::county::County;
use crate::domain::id_number::{IdNumber, IdNumberProblem};
use crate::domain::identifier::DocumentId;
use crate::domain::place::Leaves;

/// Judges all rows of a file, in their order.
///
/// Rules (handbook 3.2, 10.3, 16): the ID number says who a child is; without one, name, birth date and place
/// together do, and never the name alone. What contradicts itself is doubtful and a person decides. Refused is
/// what names nobody, or nobody who would answer for the child.
#[must_use]
pub fn judge(rows: &[RosterRow], known: &dyn KnownChildren, county: &County, today: Date) -> Vec<RowVerdict> {
    let index = CountyIndex::new(county);
    let mut seen = SeenRows::default();
    rows.iter().map(|row| judge_row(row, known, &index, today, &mut seen)).collect()
}

/// What earlier rows of the file were about.
#[derive(Default)]
struct SeenRows<'r> {
    by_id: BTreeMap<&'r IdNumber, u32>,
    by_name: BTreeMap<(&'r str, Date, Leaves), u32>,
    by_child: BTreeMap<DocumentId, u32>,
}

fn judge_row<'r>(
    row: &'r RosterRow,
    known: &dyn KnownChildren,
    index: &CountyIndex<'_>,
    today: Date,
    seen: &mut SeenRows<'r>,
) -> RowVerdict {
    let mut problems = row.problems.clone();
    let located = index.locate(row, today, &mut problems);
    check_what_is_there(row, &located.leaves, &mut problems);
    check_against_id(row, &mut problems);
    check_age(row, located.grade, today, &mut problems);

    let is_refused = |problems: &[CellProblem]| problems.iter().any(|p| p.reason.weight() == Weight::Refusal);
    let found = if is_refused(&problems) {
        Found::default()
    } else {
        find(row, &located.leaves, known, index.mergers(), &mut problems)
    };
    status::check(row, found.matched.as_ref(), &mut problems);
    check_twice_in_file(row, &located.leaves, found.matched.as_ref(), seen, &mut problems);

    let changes =
        found.matched.as_ref().map(|child| changes(row, &located.leaves, child, index.mergers())).unwrap_or_default();
    let mut verdict = RowVerdict {
        row_number: row.row_number,
        verdict: Verdict::New,
        problems,
        matched: found.matched.map(|child| child.document_id),
        candidates: found.candidates,
        changes,
        leaves: located.leaves,
    };
    verdict.verdict = match verdict.weight() {
        Weight::Refusal => Verdict::Refused,
        Weight::Doubt => Verdict::Doubtful,
        Weight::Note if verdict.matched.is_none() => Verdict::New,
        Weight::Note if verdict.changes.is_empty() => Verdict::Same,
        Weight::Note => Verdict::Changed,
    };
    verdict
}

/// A row must say who it is about, and where; the rest is worth a note.
fn check_what_is_there(row: &RosterRow, leaves: &Leaves, problems: &mut Vec<CellProblem>) {
    let names_nobody = problems.iter().any(|p| p.reason.weight() == Weight::Refusal);
    if row.name.is_none() && !names_nobody {
        problems.push(row.problem(RosterColumn::Name, RowReason::NameEmpty));
    }
    if row.born().is_none() {
        // The ID number's own mistake stands beside it, in its cell's terms.
        let column = if row.id_text.is_empty() { RosterColumn::BirthDate } else { RosterColumn::IdNumber };
        problems.push(row.problem(column, RowReason::NothingIdentifies));
    }
    if leaves.village.is_none() && leaves.class.is_none() {
        let column = if row.village.is_empty() { RosterColumn::Class } else { RosterColumn::Village };
        problems.push(row.problem(column, RowReason::PlaceMissing));
    }
    let id_is_missing = matches!(row.id_problem, None | Some(IdNumberProblem::Empty)) && row.id_number.is_none();
    if id_is_missing && !problems.iter().any(|p| p.reason == RowReason::IdOtherKind) {
        problems.push(row.problem(RosterColumn::IdNumber, RowReason::IdMissing));
    }
    if row.guardians.iter().all(|guardian| guardian.phone.is_none()) {
        problems.push(row.problem(RosterColumn::GuardianPhone(0), RowReason::GuardianPhoneMissing));
    }
}

/// Sex, birth date and student number must agree with the ID number (handbook 10.1, 16.15, 9.2).
fn check_against_id(row: &RosterRow, problems: &mut Vec<CellProblem>) {
    let Some(id) = &row.id_number else { return };
    if row.birth_date.is_some_and(|date| date != id.birth_date()) {
        problems.push(row.problem(RosterColumn::BirthDate, RowReason::BirthDateDisagreesWithId));
    }
    if row.sex.is_some_and(|sex| sex != id.sex()) {
        problems.push(row.problem(RosterColumn::Sex, RowReason::SexDisagreesWithId));
    }
    if row.national_student_no.strip_prefix('G').is_some_and(|number| number != id.in_full()) {
        problems.push(row.problem(RosterColumn::NationalStudentNo, RowReason::StudentNoDisagreesWithId));
    }
}

/// Age against grade, as a note (handbook 16.1): a cohort of grade `g` in the school year of `y` was born from
/// 1 September of `y - g - 6` to 31 August of `y - g - 5` (handbook 3.1). Repeaters and late starters are not
/// rare in the mountains, so only three years too old is remarked; too young is remarked at once.
fn check_age(row: &RosterRow, grade: Option<u8>, today: Date, problems: &mut Vec<CellProblem>) {
    let Some(born) = row.born() else { return };
    if born > today {
        problems.push(row.problem(RosterColumn::BirthDate, RowReason::BirthDateInFuture));
        return;
    }
    let column = if row.birth_date.is_some() { RosterColumn::BirthDate } else { RosterColumn::IdNumber };
    // The year whose 31 August closes the cohort that the child belongs to.
    let cohort = if born.month() >= 9 { born.year().saturating_add(1) } else { born.year() };
    let years_in_school = school_year(today).saturating_sub(cohort);
    match grade {
        Some(grade) => {
            let expected = i16::from(grade).saturating_add(5);
            let too_old = years_in_school.saturating_sub(expected);
            if !(0..3).contains(&too_old) {
                problems.push(row.problem(column, RowReason::AgeDoesNotFitGrade));
            }
        }
        None if !(6..=15).contains(&age_on(born, today)) => {
            problems.push(row.problem(column, RowReason::AgeOutsideSchoolAge));
        }
        None => {}
    }
}

/// Age in full years.
fn age_on(born: Date, today: Date) -> i16 {
    let years = today.year().saturating_sub(born.year());
    if (today.month(), today.day()) < (born.month(), born.day()) { years.saturating_sub(1) } else { years }
}

/// The second row about one child is for a person to look at.
fn check_twice_in_file<'r>(
    row: &'r RosterRow,
    leaves: &Leaves,
    matched: Option<&KnownChild>,
    seen: &mut SeenRows<'r>,
    problems: &mut Vec<CellProblem>,
) {
    let number = row.row_number;
    let by_id = row.id_number.as_ref().and_then(|id| earlier(&mut seen.by_id, id, number));
    let by_name = row.name.as_ref().zip(row.born()).and_then(|(name, born)| {
        // Two rows with different ID numbers are two children.
        let first = earlier(&mut seen.by_name, (name.matching(), born, leaves.clone()), number);
        first.filter(|_| row.id_number.is_none())
    });
    let by_child = matched.and_then(|child| earlier(&mut seen.by_child, child.document_id, number));
    let twice = by_id.map(|first| (RosterColumn::IdNumber, RowReason::IdTwiceInFile, first));
    let twice =
        twice.or_else(|| by_name.or(by_child).map(|first| (RosterColumn::Name, RowReason::ChildTwiceInFile, first)));
    if let Some((column, reason, first)) = twice {
        problems.push(CellProblem { other_row: Some(first), ..row.problem(column, reason) });
    }
}

/// The earlier row with this key, or else this row becomes the first.
fn earlier<K: Ord>(seen: &mut BTreeMap<K, u32>, key: K, row_number: u32) -> Option<u32> {
    let first = *seen.entry(key).or_insert(row_number);
    (first != row_number).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::RosterGuardian;
    use super::super::example::{KnownList, QINGGANG, THREE_ONE, TODAY, county, document, id_number, known_as, row};
    use super::*;
    use crate::domain::code_list::{ChildFlag, Relation, Sex};
    use crate::domain::person_name::PersonName;
    use crate::domain::phone::Phone;
    use jiff::civil::date;

    fn judged(rows: &[RosterRow], known: &KnownList) -> Vec<RowVerdict> {
        judge(rows, known, &county(), TODAY)
    }

    fn one(row: RosterRow, known: &KnownList) -> RowVerdict {
        judged(&[row], known).remove(0)
    }

    fn reasons(verdict: &RowVerdict) -> Vec<RowReason> {
        verdict.problems.iter().map(|problem| problem.reason).collect()
    }

    fn without_id(row: RosterRow) -> RosterRow {
        RosterRow { id_number: None, id_text: String::new(), id_problem: Some(IdNumberProblem::Empty), ..row }
    }

    /// The row as the reader gives it when Excel has rounded the ID number.
    fn with_rounded_id(row: RosterRow) -> RosterRow {
        let problem = CellProblem::new("身份证号", "999999201709010000", RowReason::IdRounded);
        RosterRow {
            id_number: None,
            id_text: "999999201709010000".to_owned(),
            id_problem: Some(IdNumberProblem::Rounded),
            problems: vec![problem],
            ..row
        }
    }

    #[test]
    fn a_child_that_nobody_knows_is_new_and_lies_in_its_village_and_class() {
        let verdict = one(row(5), &KnownList::default());
        assert_eq!((verdict.verdict, verdict.row_number, verdict.matched), (Verdict::New, 5, None));
        assert_eq!(reasons(&verdict), []);
        assert_eq!(verdict.leaves.village.unwrap().as_str(), QINGGANG);
        assert_eq!(verdict.leaves.class.unwrap().0, THREE_ONE);
    }

    #[test]
    fn a_child_that_is_known_by_its_id_number_is_the_same_when_nothing_differs() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let verdict = one(row(2), &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Same, Some(document(1))));
        assert_eq!(verdict.changes, []);
    }

    #[test]
    fn what_differs_is_listed_field_by_field_and_blank_cells_change_nothing() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let mut changed = row(2);
        changed.address = "青杠村5组".to_owned();
        changed.class = "三年级(2)班".to_owned();
        changed.flags.insert(ChildFlag::LeftBehindBoth, true);
        changed.guardians = vec![
            RosterGuardian { phone: Phone::parse("19900000002").ok(), ..changed.guardians[0].clone() },
            RosterGuardian {
                name: PersonName::parse("王桂花").ok(),
                relation: Some(Relation::PaternalGrandmother),
                phone: None,
            },
        ];
        changed.village_group = String::new();
        let verdict = one(changed, &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Changed, Some(document(1))));
        let changes: Vec<_> =
            verdict.changes.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
        let phone = format!("guardians.{}.phone", crate::domain::identifier::EntryId::from_bytes([9; 16]));
        assert_eq!(
            changes,
            [
                ("household.address", "青杠村3组", "青杠村5组"),
                ("placement.class", THREE_ONE, "9999990001/P2024/2"),
                ("flags.left_behind_both", "false", "true"),
                (phone.as_str(), "19900000001", "19900000002"),
                ("guardians.new.1", "", "王桂花 祖母"),
            ]
        );
        for change in &verdict.changes {
            let is_field = crate::domain::field::at(&change.field).is_some();
            let is_other = ["placement.", "flags.", "guardians.new."].iter().any(|p| change.field.starts_with(p));
            assert!(is_field || is_other, "{}", change.field);
        }
    }

    #[test]
    fn without_an_id_number_name_birth_date_and_village_say_who_it_is() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let verdict = one(without_id(row(2)), &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Same, Some(document(1))));
        assert_eq!(reasons(&verdict), [RowReason::IdMissing], "worth a note, and no more");
    }

    #[test]
    fn the_name_alone_never_says_who_it_is() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let other_birthday = RosterRow { birth_date: Some(date(2016, 9, 1)), ..without_id(row(2)) };
        let verdict = one(other_birthday, &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::New, None));
    }

    #[test]
    fn a_namesake_of_the_same_day_in_another_village_is_left_to_a_person() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let moved = RosterRow { village: "白岩村".to_owned(), ..without_id(row(2)) };
        let verdict = one(moved.clone(), &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Doubtful, None));
        assert_eq!(verdict.candidates, [document(1)]);
        assert!(reasons(&verdict).contains(&RowReason::SameNameElsewhere));

        let other_child = RosterRow { id_number: Some(id_number("99999920170901", 3)), ..moved };
        assert_eq!(one(other_child, &known).verdict, Verdict::New, "two ID numbers are two children");
    }

    #[test]
    fn the_same_child_with_another_id_number_is_doubtful() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let other_id = RosterRow { id_number: Some(id_number("99999920170901", 3)), ..row(2) };
        let verdict = one(other_id, &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Doubtful, Some(document(1))));
        assert!(reasons(&verdict).contains(&RowReason::SameChildOtherId));
    }

    #[test]
    fn two_known_children_who_fit_are_left_to_a_person() {
        let twice = KnownList::of([known_as(&row(2), 1), known_as(&row(2), 2)]);
        for row in [row(2), without_id(row(2))] {
            let verdict = one(row, &twice);
            assert_eq!((verdict.verdict, verdict.matched), (Verdict::Doubtful, None));
            assert_eq!(verdict.candidates, [document(1), document(2)]);
            assert!(reasons(&verdict).contains(&RowReason::SeveralCandidates));
        }
    }

    #[test]
    fn an_id_number_with_quite_another_name_is_doubtful_and_a_homophone_is_a_change() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let named = |name: &str| one(RosterRow { name: PersonName::parse(name).ok(), ..row(2) }, &known);
        let verdict = named("石大勇");
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Doubtful, Some(document(1))));
        assert!(reasons(&verdict).contains(&RowReason::NameDiffersFromKnown));
        assert_eq!(named("石晓满").verdict, Verdict::Changed);
        assert_eq!(named("石　小满").verdict, Verdict::Same, "spaces align columns");
    }

    #[test]
    fn a_row_that_contradicts_its_id_number_is_doubtful() {
        let known = KnownList::default();
        let other_sex = one(RosterRow { sex: Some(Sex::Female), ..row(2) }, &known);
        assert_eq!((other_sex.verdict, reasons(&other_sex)), (Verdict::Doubtful, vec![RowReason::SexDisagreesWithId]));
        let other_day = one(RosterRow { birth_date: Some(date(2017, 9, 2)), ..row(2) }, &known);
        assert!(reasons(&other_day).contains(&RowReason::BirthDateDisagreesWithId));
        assert_eq!(other_day.verdict, Verdict::Doubtful);
        let other_number = RosterRow { national_student_no: "G999999201508310026".to_owned(), ..row(2) };
        let other_number = one(other_number, &known);
        assert_eq!(reasons(&other_number), [RowReason::StudentNoDisagreesWithId]);
    }

    #[test]
    fn a_rounded_id_number_is_doubtful_where_the_rest_says_who_it_is() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let verdict = one(with_rounded_id(row(2)), &known);
        assert_eq!((verdict.verdict, verdict.matched), (Verdict::Doubtful, Some(document(1))));
        assert_eq!(verdict.changes, [], "the rounded number replaces nothing");
        let unknown = one(with_rounded_id(row(2)), &KnownList::default());
        assert_eq!((unknown.verdict, unknown.matched), (Verdict::Doubtful, None));
    }

    #[test]
    fn a_rounded_id_number_is_refused_with_its_reason_where_nothing_else_says_who_it_is() {
        let nameless = RosterRow { birth_date: None, ..with_rounded_id(row(2)) };
        let verdict = one(nameless, &KnownList::default());
        assert_eq!(verdict.verdict, Verdict::Refused);
        assert_eq!(reasons(&verdict), [RowReason::IdRounded, RowReason::NothingIdentifies]);
        assert_eq!(verdict.problems[0].cell, "999999201709010000", "in the cell's own terms");
    }

    #[test]
    fn a_row_without_name_or_place_is_refused() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let nameless = one(RosterRow { name: None, ..row(2) }, &known);
        assert_eq!((nameless.verdict, reasons(&nameless)), (Verdict::Refused, vec![RowReason::NameEmpty]));
        assert_eq!(nameless.matched, None);
        let nowhere = RosterRow { village: "金竹村".to_owned(), school: "高山小学".to_owned(), ..row(2) };
        let nowhere = one(nowhere, &known);
        assert_eq!(nowhere.verdict, Verdict::Refused);
        assert_eq!(
            reasons(&nowhere),
            [RowReason::VillageUnknown, RowReason::SchoolUnknown, RowReason::PlaceMissing],
            "what was looked for and not found is said"
        );
    }

    #[test]
    fn a_class_without_a_village_is_place_enough() {
        let pupil = RosterRow { village: String::new(), township: String::new(), address: String::new(), ..row(2) };
        let verdict = one(pupil, &KnownList::default());
        assert_eq!((verdict.verdict, verdict.leaves.village), (Verdict::New, None));
    }

    #[test]
    fn the_second_row_about_one_child_is_doubtful_and_names_the_first() {
        let known = KnownList::default();
        let verdicts = judged(&[row(5), RosterRow { name: PersonName::parse("石大满").ok(), ..row(9) }], &known);
        assert_eq!([verdicts[0].verdict, verdicts[1].verdict], [Verdict::New, Verdict::Doubtful]);
        let problem = &verdicts[1].problems[0];
        assert_eq!((problem.reason, problem.other_row), (RowReason::IdTwiceInFile, Some(5)));
        assert_eq!(problem.text_zh(), "同一身份证号在文件中出现两次(第5行)");

        let verdicts = judged(&[row(5), without_id(row(9))], &known);
        assert_eq!(verdicts[1].verdict, Verdict::Doubtful);
        assert!(reasons(&verdicts[1]).contains(&RowReason::ChildTwiceInFile));
    }

    #[test]
    fn twins_share_all_but_name_and_number_and_are_two_children() {
        let twin = RosterRow {
            name: PersonName::parse("石小圆").ok(),
            id_number: Some(id_number("99999920170901", 3)),
            ..row(6)
        };
        let verdicts = judged(&[row(5), twin], &KnownList::default());
        assert_eq!([verdicts[0].verdict, verdicts[1].verdict], [Verdict::New, Verdict::New]);
    }

    #[test]
    fn two_rows_that_mean_one_known_child_are_noticed_although_one_has_no_id_number() {
        let known = KnownList::of([known_as(&row(2), 1)]);
        let other_class = RosterRow { class: "三年级(2)班".to_owned(), ..without_id(row(9)) };
        let verdicts = judged(&[row(5), other_class], &known);
        assert_eq!([verdicts[0].verdict, verdicts[1].verdict], [Verdict::Same, Verdict::Doubtful]);
        assert_eq!(verdicts[1].problems.last().unwrap().other_row, Some(5));
    }

    #[test]
    fn an_age_that_does_not_fit_the_grade_is_a_note_only() {
        let aged = |year: i16, month: i8| {
            let born = date(year, month, 1);
            let id = id_number(&format!("999999{year}{month:02}01"), 1);
            one(RosterRow { birth_date: Some(born), id_number: Some(id), ..row(2) }, &KnownList::default())
        };
        for (year, month, fits) in [
            (2018, 8, true),
            (2017, 9, true),
            (2018, 9, false),
            (2016, 1, true),
            (2015, 9, true),
            (2015, 8, false),
            (2010, 1, false),
        ] {
            let verdict = aged(year, month);
            assert_eq!(verdict.verdict, Verdict::New);
            assert_eq!(reasons(&verdict).is_empty(), fits, "{year}-{month} in grade 3: {:?}", reasons(&verdict));
        }
    }

    #[test]
    fn a_birth_date_to_come_is_doubtful() {
        let row = RosterRow { birth_date: Some(date(2027, 1, 1)), ..without_id(row(2)) };
        assert!(reasons(&one(row, &KnownList::default())).contains(&RowReason::BirthDateInFuture));
    }

    #[test]
    fn a_row_without_any_phone_is_taken_with_a_note() {
        let verdict = one(RosterRow { guardians: Vec::new(), ..row(2) }, &KnownList::default());
        assert_eq!((verdict.verdict, reasons(&verdict)), (Verdict::New, vec![RowReason::GuardianPhoneMissing]));
    }

    #[test]
    fn debug_shows_neither_names_nor_numbers() {
        let mut known = known_as(&row(2), 1);
        known.fields.insert("household.address", "青杠村9组".to_owned());
        let verdict = one(with_rounded_id(row(2)), &KnownList::of([known.clone()]));
        assert!(!verdict.changes.is_empty() && !verdict.problems.is_empty());
        let shown = format!("{:?} {:?} {known:?} {:?}", row(2), verdict, row(2).guardians);
        for secret in ["石小满", "石大山", "99999920170901", "19900000001", "青杠村"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn verdicts_travel_by_their_keys() {
        for verdict in [Verdict::New, Verdict::Same, Verdict::Changed, Verdict::Doubtful, Verdict::Refused] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.key());
        }
    }
}
