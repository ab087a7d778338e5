//! What a roster says of a child's schooling (handbook 3.8, 9.1, 9.3).
//!
//! A roster tells what the record says; whether the child sits in a classroom, only somebody who looked can tell
//! (handbook 0.1, fact 1). So what it says is kept on the record's axis, and on the other it speaks only as long as
//! nobody has looked.

use super::column::RosterColumn;
use super::known::KnownChild;
use super::reason::RowReason;
use super::{CellProblem, RosterRow};
use crate::domain::code_list::SchoolingStatus;
use crate::domain::dossier::{Presence, presence};

/// A schooling status as a roster states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedStatus {
    /// As the record's axis keeps it: 在读, 休学, or a term of the code list.
    pub term: &'static str,
    /// What it means for the child; `None` for 退学 and 开除, which compulsory schooling does not know.
    pub status: Option<SchoolingStatus>,
}

/// Words of the student-record system and of clerks that are no term of the code list.
const WORDS: &[(&str, &str, Option<SchoolingStatus>)] = {
    use SchoolingStatus as S;
    &[
        ("在读", "在读", Some(S::EnrolledHere)),
        ("在校", "在读", Some(S::EnrolledHere)),
        ("在籍在校", "在读", Some(S::EnrolledHere)),
        ("在籍", "在读", Some(S::EnrolledHere)),
        ("就读", "在读", Some(S::EnrolledHere)),
        ("正常", "在读", Some(S::EnrolledHere)),
        ("正常在读", "在读", Some(S::EnrolledHere)),
        ("在校就读", "在读", Some(S::EnrolledHere)),
        ("县内就读", "县内他校在读", Some(S::EnrolledCounty)),
        ("县内在读", "县内他校在读", Some(S::EnrolledCounty)),
        ("他校在读", "县内他校在读", Some(S::EnrolledCounty)),
        ("县外在读", "县外/省外在读", Some(S::EnrolledElsewhere)),
        ("县外就读", "县外/省外在读", Some(S::EnrolledElsewhere)),
        ("省外在读", "县外/省外在读", Some(S::EnrolledElsewhere)),
        ("省外就读", "县外/省外在读", Some(S::EnrolledElsewhere)),
        ("异地就读", "县外/省外在读", Some(S::EnrolledElsewhere)),
        ("出国", "境外就读", Some(S::EnrolledAbroad)),
        ("境外在读", "境外就读", Some(S::EnrolledAbroad)),
        ("特殊学校", "特教学校就读", Some(S::SpecialSchool)),
        ("特殊学校就读", "特教学校就读", Some(S::SpecialSchool)),
        ("特殊教育学校", "特教学校就读", Some(S::SpecialSchool)),
        ("特教学校", "特教学校就读", Some(S::SpecialSchool)),
        ("送教", "送教上门", Some(S::HomeTeaching)),
        ("职校就读", "普职融合/职校就读", Some(S::VocationalTrack)),
        ("职校在读", "普职融合/职校就读", Some(S::VocationalTrack)),
        ("普职融合", "普职融合/职校就读", Some(S::VocationalTrack)),
        ("工读学校", "专门学校", Some(S::ReformSchool)),
        ("缓学", "延缓入学", Some(S::DeferredEntry)),
        ("因病休学", "休学", Some(S::Suspended)),
        ("免学", "身体原因不具备学习条件", Some(S::ExemptPhysical)),
        ("转学", "转出", Some(S::TransferPending)),
        ("转出", "转出", Some(S::TransferPending)),
        ("转学(转出)", "转出", Some(S::TransferPending)),
        ("已转学", "转出", Some(S::TransferPending)),
        ("请假", "长期请假", Some(S::LongLeave)),
        ("未入学", "失学", Some(S::NeverEnrolled)),
        ("从未入学", "失学", Some(S::NeverEnrolled)),
        ("失学(从未入学)", "失学", Some(S::NeverEnrolled)),
        ("未到年龄", "未到入学年龄", Some(S::NotYetAge)),
        ("未到校", "无故缺勤", Some(S::AbsentUnexcused)),
        ("缺勤", "无故缺勤", Some(S::AbsentUnexcused)),
        ("疑似失学", "疑似辍学", Some(S::SuspectedDropout)),
        ("已辍学", "辍学", Some(S::Dropout)),
        ("失学辍学", "辍学", Some(S::Dropout)),
        ("复学", "劝返复学", Some(S::Returned)),
        ("已复学", "劝返复学", Some(S::Returned)),
        ("劝返", "劝返复学", Some(S::Returned)),
        ("失踪", "失联", Some(S::LostContact)),
        ("去向不明", "失联", Some(S::LostContact)),
        ("失联/去向不明", "失联", Some(S::LostContact)),
        ("其他离校", "其他离校", Some(S::Unverified)),
        ("离校", "其他离校", Some(S::Unverified)),
        ("未核实", "待核实", Some(S::Unverified)),
        ("毕业", "初中毕业", Some(S::GraduatedG9)),
        ("已毕业", "初中毕业", Some(S::GraduatedG9)),
        ("死亡注销", "死亡", Some(S::Deceased)),
        ("迁出注销", "迁出", Some(S::Emigrated)),
        ("户籍迁出", "迁出", Some(S::Emigrated)),
        ("退学", "退学", None),
        ("开除", "开除", None),
    ]
};

impl StatedStatus {
    /// From a cell: a term of the code list or its key (handbook 3.8), or a word of the student-record system. Its
    /// numeric codes are not published (9.1), so none is guessed.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some(status) = SchoolingStatus::from_zh(text).or_else(|| SchoolingStatus::from_key(text)) {
            return Some(Self { term: status.zh(), status: Some(status) });
        }
        let word = WORDS.iter().find(|(word, ..)| *word == text);
        word.map(|(_, term, status)| Self { term, status: *status })
    }

    /// What it says of the child: a dropout is decided over a case by a person who looked (handbook 3.9), so a list that
    /// says so makes the child a suspected one, for whom a case is opened.
    #[must_use]
    pub fn for_child(self) -> Option<SchoolingStatus> {
        self.status.map(|status| match status {
            SchoolingStatus::Dropout => SchoolingStatus::SuspectedDropout,
            other => other,
        })
    }

    /// Whether it says the same as `known`. That a child is on a school's roll says that it goes to school, and
    /// not to which.
    fn agrees_with(self, known: SchoolingStatus) -> bool {
        match self.status {
            Some(SchoolingStatus::EnrolledHere) => presence(known) == Presence::AtSchool,
            Some(status) => status == known,
            None => false,
        }
    }

    /// Whether both cannot be true. What is not known yet contradicts nothing.
    fn contradicts(self, known: SchoolingStatus) -> bool {
        let Some(status) = self.status else { return false };
        let (stated, known) = (presence(status), presence(known));
        stated != known && stated != Presence::Unknown && known != Presence::Unknown
    }

    /// Only a person decides that a child has dropped out (handbook 3.9), and nobody looks any more for one whose
    /// schooling is over.
    fn asks_for_a_decision(self) -> bool {
        let Some(status) = self.status else { return false };
        status == SchoolingStatus::Dropout || presence(status) == Presence::Over
    }
}

/// What the row's status means for its child.
pub(super) fn check(row: &RosterRow, matched: Option<&KnownChild>, problems: &mut Vec<CellProblem>) {
    let Some(stated) = row.status else { return };
    let column = if row.status_text.is_empty() { RosterColumn::RecordState } else { RosterColumn::SchoolingStatus };
    let known = matched.map(|child| child.status);
    let reason = match matched {
        _ if stated.status.is_none() => RowReason::StatusNotAllowed,
        Some(child) if child.status_is_looked_into && stated.contradicts(child.status) => {
            RowReason::StatusDiffersFromKnown
        }
        _ if stated.asks_for_a_decision() && known != stated.status => RowReason::StatusAsksForDecision,
        _ => return,
    };
    problems.push(row.problem(column, reason));
}

/// The status that the row gives its child: of a known one only where nobody has looked yet.
pub(super) fn change(row: &RosterRow, child: &KnownChild) -> Option<SchoolingStatus> {
    let stated = row.status.filter(|stated| !child.status_is_looked_into && !stated.agrees_with(child.status))?;
    stated.for_child().filter(|status| *status != child.status)
}

#[cfg(test)]
mod tests {
    use super::super::example::{KnownList, TODAY, county, known_as, row};
    use super::super::{RowVerdict, Verdict, judge};
    use super::*;
    use SchoolingStatus as S;

    fn says(text: &str) -> RosterRow {
        let stated = StatedStatus::read(text);
        RosterRow { status: stated, record_state: stated, status_text: text.to_owned(), ..row(2) }
    }

    fn known_to_be(status: S, status_is_looked_into: bool) -> KnownList {
        KnownList::of([KnownChild { status, status_is_looked_into, ..known_as(&row(2), 1) }])
    }

    fn one(row: RosterRow, known: &KnownList) -> (Verdict, Vec<RowReason>, Vec<(String, String)>) {
        let RowVerdict { verdict, problems, changes, .. } = judge(&[row], known, &county(), TODAY).remove(0);
        let changes = changes.into_iter().map(|change| (change.field, change.new)).collect();
        (verdict, problems.iter().map(|problem| problem.reason).collect(), changes)
    }

    fn change(field: &str, new: &str) -> (String, String) {
        (field.to_owned(), new.to_owned())
    }

    #[test]
    fn a_status_is_read_by_its_term_its_key_and_the_record_system_s_words() {
        for status in S::ALL {
            for text in [status.zh(), status.key()] {
                assert_eq!(StatedStatus::read(text).unwrap().status, Some(*status), "{text}");
            }
        }
        for (text, expected) in [
            ("在读", Some(S::EnrolledHere)),
            ("转学(转出)", Some(S::TransferPending)),
            ("失踪", Some(S::LostContact)),
            ("毕业", Some(S::GraduatedG9)),
            ("退学", None),
        ] {
            assert_eq!(StatedStatus::read(text).unwrap().status, expected, "{text}");
        }
        for text in ["", "3Z", "1", "未知", "优秀"] {
            assert_eq!(StatedStatus::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_child_on_the_roll_whom_a_teacher_knows_to_be_away_is_for_a_person_to_look_at() {
        for away in [S::SuspectedDropout, S::Dropout, S::LostContact, S::Suspended] {
            let (verdict, reasons, changes) = one(says("在读"), &known_to_be(away, true));
            assert_eq!((verdict, reasons), (Verdict::Doubtful, vec![RowReason::StatusDiffersFromKnown]), "{away:?}");
            assert_eq!(changes, [change("record.state", "在读")], "the record is noted, what was seen stands");
        }
    }

    #[test]
    fn a_roll_that_says_what_is_known_changes_only_the_record() {
        for at_school in [S::EnrolledHere, S::EnrolledElsewhere, S::Returned, S::HomeTeaching] {
            let (verdict, reasons, changes) = one(says("在读"), &known_to_be(at_school, true));
            assert_eq!((verdict, reasons), (Verdict::Changed, vec![]), "{at_school:?}");
            assert_eq!(changes, [change("record.state", "在读")]);
        }
        assert_eq!(one(says("在读"), &known_to_be(S::Unverified, true)).0, Verdict::Changed);
    }

    #[test]
    fn as_long_as_nobody_has_looked_a_newer_roster_says_how_the_child_stands() {
        let (verdict, reasons, changes) = one(says("休学"), &known_to_be(S::EnrolledHere, false));
        assert_eq!((verdict, reasons), (Verdict::Changed, vec![]));
        assert_eq!(changes, [change("record.state", "休学"), change("status", "休学")]);
    }

    #[test]
    fn no_roster_makes_a_child_a_dropout_or_closes_a_dossier_without_a_person() {
        for text in ["辍学", "死亡", "毕业"] {
            for known in [KnownList::default(), known_to_be(S::EnrolledHere, false)] {
                let (verdict, reasons, _) = one(says(text), &known);
                assert_eq!((verdict, reasons), (Verdict::Doubtful, vec![RowReason::StatusAsksForDecision]), "{text}");
            }
        }
        assert_eq!(one(says("辍学"), &known_to_be(S::Dropout, true)).0, Verdict::Changed, "it was decided already");
    }

    #[test]
    fn expelled_or_withdrawn_is_doubtful_since_compulsory_schooling_knows_neither() {
        let (verdict, reasons, changes) = one(says("退学"), &known_to_be(S::EnrolledHere, false));
        assert_eq!((verdict, reasons), (Verdict::Doubtful, vec![RowReason::StatusNotAllowed]));
        assert_eq!(changes, [change("record.state", "退学")]);
    }
}
