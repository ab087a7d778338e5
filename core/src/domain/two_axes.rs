//! Where the student record is, and where the child really is: two questions that never share a field (handbook 0.1 fact 1,
//! 3.8). What they say of one child is compared by one table; a mismatch is work for somebody.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::case::CasePhase;
use super::check;
use super::code_list::{AxisMismatch, SchoolingStatus};
use super::dossier::{Dossier, Presence, is_out_of_school, presence};
use super::role::Role;
use super::roster::status::StatedStatus;

/// What the student-record system says of a record (handbook 3.8, A-axis), as the last roster told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RecordState {
    /// No roster has said anything.
    Unknown,
    /// 在读, at a school of this county.
    Active,
    /// At a school elsewhere.
    Elsewhere,
    /// 休学, 延缓入学
    Suspended,
    /// 转出, 转学在途
    Transferring,
    /// 辍学, 失踪, 其他离校, and 退学 or 开除, which compulsory schooling does not know.
    LeftSchool,
    /// 毕业, 死亡, 迁出
    Cancelled,
}

impl RecordState {
    /// From the text of the field `record.state`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        use SchoolingStatus as S;
        let Some(stated) = StatedStatus::read(text) else { return Self::Unknown };
        let Some(status) = stated.status else { return Self::LeftSchool };
        match (status, presence(status)) {
            (S::EnrolledElsewhere | S::EnrolledAbroad, _) => Self::Elsewhere,
            (S::TransferPending, _) => Self::Transferring,
            (S::NotYetAge, _) => Self::Unknown,
            // 其他离校 is a word of the student-record system, 待核实 one of the code list.
            (S::Unverified, _) if text == S::Unverified.zh() => Self::Unknown,
            (S::Unverified, _) | (_, Presence::Out) => Self::LeftSchool,
            (_, Presence::AtSchool | Presence::Unknown) => Self::Active,
            (_, Presence::LawfullyAway) => Self::Suspended,
            (_, Presence::Over) => Self::Cancelled,
        }
    }
}

/// What the status says of the child, as far as the record can agree with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Child {
    /// In a classroom of the county, or taught at home from it.
    Here,
    /// At a school elsewhere.
    Elsewhere,
    /// Lawfully away for a time.
    Away,
    /// Out of school.
    Out,
    /// Nobody looks for the child any more.
    Over,
}

const fn child(status: SchoolingStatus) -> Option<Child> {
    use SchoolingStatus as S;
    match (status, presence(status)) {
        (S::EnrolledElsewhere | S::EnrolledAbroad, _) => Some(Child::Elsewhere),
        // A lawful leave, and schools of their own kind whose records lie where their county keeps them.
        (S::LongLeave | S::ReformSchool | S::VocationalTrack | S::ExemptPhysical | S::NotYetAge, _) => None,
        (_, Presence::AtSchool) => Some(Child::Here),
        (_, Presence::LawfullyAway) => Some(Child::Away),
        (_, Presence::Out) => Some(Child::Out),
        (_, Presence::Over) => Some(Child::Over),
        (_, Presence::Unknown) => None,
    }
}

/// The table: what the record says, what the child's status says, what is wrong. What is not here agrees, or says nothing.
const MISMATCHES: &[(RecordState, Child, AxisMismatch)] = {
    use AxisMismatch as M;
    use RecordState as R;
    &[
        (R::Active, Child::Out, M::RecordWithoutChild),
        (R::Active, Child::Elsewhere, M::StudiesElsewhere),
        (R::Active, Child::Away, M::AwayWithoutPaper),
        (R::Active, Child::Over, M::RecordNotCancelled),
        (R::Elsewhere, Child::Here, M::RecordIsElsewhere),
        (R::Elsewhere, Child::Out, M::RecordWithoutChild),
        (R::Elsewhere, Child::Away, M::AwayWithoutPaper),
        (R::Elsewhere, Child::Over, M::RecordNotCancelled),
        (R::Suspended, Child::Here, M::BackWithoutRecord),
        (R::Suspended, Child::Elsewhere, M::StudiesElsewhere),
        (R::Suspended, Child::Over, M::RecordNotCancelled),
        (R::Transferring, Child::Here, M::RecordIsElsewhere),
        (R::Transferring, Child::Out, M::TransferNotArrived),
        (R::LeftSchool, Child::Here, M::RecordSaysLeft),
        (R::LeftSchool, Child::Elsewhere, M::RecordSaysLeft),
        (R::LeftSchool, Child::Away, M::RecordSaysLeft),
        (R::Cancelled, Child::Here, M::RecordSaysLeft),
        (R::Cancelled, Child::Elsewhere, M::RecordSaysLeft),
        (R::Cancelled, Child::Away, M::RecordSaysLeft),
        (R::Cancelled, Child::Out, M::RecordSaysLeft),
    ]
};

/// What is wrong between the two.
#[must_use]
pub fn between(record: RecordState, status: SchoolingStatus) -> Option<AxisMismatch> {
    let child = child(status)?;
    MISMATCHES.iter().find(|(state, place, _)| *state == record && *place == child).map(|(_, _, mismatch)| *mismatch)
}

/// What is wrong in a dossier, case or no case.
#[must_use]
pub fn of_dossier(dossier: &Dossier) -> Option<AxisMismatch> {
    let status = dossier.status();
    if check::contradicts_status(dossier) {
        // Before all else: somebody stood at the door, and the status does not say so yet.
        return Some(AxisMismatch::FoundOtherwise);
    }
    let told = RecordState::read(dossier.value("record.state"));
    // A number is a record, though no roster said how it stands.
    let has_number = !dossier.value("profile.national_student_no").is_empty();
    let record = if told == RecordState::Unknown && has_number { RecordState::Active } else { told };
    // Found in the field, at school, and no roster and no number says that there is a record.
    let is_unrecorded = record == RecordState::Unknown && !dossier.from_roster && child(status) == Some(Child::Here);
    let differ = || check::differ(&dossier.checks).then_some(AxisMismatch::ChecksDiffer);
    between(record, status).or_else(differ).or(is_unrecorded.then_some(AxisMismatch::ChildWithoutRecord))
}

/// What is wrong between a status and the child's case on a day; `phase` of a case that is open.
#[must_use]
pub fn with_case(status: SchoolingStatus, phase: Option<CasePhase>) -> Option<AxisMismatch> {
    match phase {
        None if is_out_of_school(status) => Some(AxisMismatch::OutWithoutCase),
        Some(CasePhase::Suspected | CasePhase::Dropout) if !is_out_of_school(status) => {
            Some(AxisMismatch::CaseAgainstStatus)
        }
        // Only a decision over the case makes a dropout.
        Some(CasePhase::Suspected | CasePhase::Watch) if status == SchoolingStatus::Dropout => {
            Some(AxisMismatch::CaseAgainstStatus)
        }
        _ => None,
    }
}

impl AxisMismatch {
    /// Whose turn it is to clear it up: the record is the clerk's, the child is the class teacher's, a decision the school's.
    #[must_use]
    pub const fn owner(self) -> Role {
        match self {
            Self::RecordWithoutChild
            | Self::OutWithoutCase
            | Self::TransferNotArrived
            | Self::FoundOtherwise
            | Self::ChecksDiffer => Role::ClassTeacher,
            Self::CaseAgainstStatus | Self::DeathByOnePerson => Role::SchoolLead,
            Self::StudiesElsewhere
            | Self::AwayWithoutPaper
            | Self::RecordNotCancelled
            | Self::RecordIsElsewhere
            | Self::BackWithoutRecord
            | Self::RecordSaysLeft
            | Self::ChildWithoutRecord => Role::RecordsClerk,
        }
    }

    /// What is to be done next, in Chinese and English.
    #[must_use]
    pub const fn next_step(self) -> (&'static str, &'static str) {
        match self {
            Self::RecordWithoutChild => {
                ("上门核实并劝返，按案件的步骤办", "Look for the child; follow the steps of the case")
            }
            Self::StudiesElsewhere => {
                ("取就读证明，催办转学手续", "Get the proof of attendance; press for the transfer of the record")
            }
            Self::AwayWithoutPaper => ("补办休学或延缓入学手续", "Have the suspension or deferral approved"),
            Self::RecordNotCancelled => ("凭证明注销学籍", "Cancel the record on the strength of the proof"),
            Self::RecordIsElsewhere => ("核对转学，把学籍接回来", "Check the transfer; take the record over"),
            Self::BackWithoutRecord => ("办理复学手续", "Register the return with the record"),
            Self::RecordSaysLeft => {
                ("核对学籍系统，改正学籍状态", "Check the record system and have the record set right")
            }
            Self::TransferNotArrived => {
                ("问转入学校到了没有；没到按失联找", "Ask the receiving school; if not arrived, look for the child")
            }
            Self::ChildWithoutRecord => ("查学籍；没有的建籍", "Look the record up; open one if there is none"),
            Self::OutWithoutCase => ("立案，开始劝返", "Open a case and begin to persuade"),
            Self::CaseAgainstStatus => {
                ("记录实际状态，或在案件里申请销号", "Record how the child really stands, or propose closing the case")
            }
            Self::FoundOtherwise => ("核实后记录就学状态", "Find out, then record how the child really stands"),
            Self::ChecksDiffer => ("再核查一次", "Check the household once more"),
            Self::DeathByOnePerson => {
                ("另一个人核对证明后再记录一次", "Another person checks the proof and records it again")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::roster::status::StatedStatus;
    use super::*;
    use SchoolingStatus as S;

    #[test]
    fn a_record_at_school_and_a_child_who_is_not_there_is_work_for_the_class_teacher() {
        let mismatch = between(RecordState::read("在读"), S::SuspectedDropout).unwrap();
        assert_eq!((mismatch, mismatch.owner()), (AxisMismatch::RecordWithoutChild, Role::ClassTeacher));
        assert_eq!(between(RecordState::read("在读"), S::EnrolledElsewhere), Some(AxisMismatch::StudiesElsewhere));
        assert_eq!(between(RecordState::read("转出"), S::EnrolledHere), Some(AxisMismatch::RecordIsElsewhere));
        assert_eq!(between(RecordState::read("休学"), S::EnrolledHere), Some(AxisMismatch::BackWithoutRecord));
        assert_eq!(between(RecordState::read("退学"), S::EnrolledHere), Some(AxisMismatch::RecordSaysLeft));
        assert_eq!(between(RecordState::read("其他离校"), S::HomeTeaching), Some(AxisMismatch::RecordSaysLeft));
        assert_eq!(between(RecordState::read("在读"), S::Deceased), Some(AxisMismatch::RecordNotCancelled));
    }

    #[test]
    fn a_record_and_a_child_that_say_the_same_are_no_work() {
        for status in S::ALL {
            let stated = StatedStatus::read(status.zh()).unwrap();
            let record = RecordState::read(stated.term);
            // A record that says that the child left school says the same as the child's status: the case is the work.
            assert_eq!(between(record, *status), None, "{status:?}");
        }
        for status in [S::EnrolledHere, S::Returned, S::HomeTeaching, S::InclusiveClass, S::LongLeave, S::Unverified] {
            assert_eq!(between(RecordState::Active, status), None, "{status:?}");
            assert_eq!(between(RecordState::Unknown, status), None, "{status:?}");
        }
    }

    #[test]
    fn a_child_found_in_the_field_without_a_number_has_no_record_and_one_from_a_roster_has() {
        let event = super::super::dossier::StatusEvent {
            entry: super::super::identifier::EntryId::from_bytes([1; 16]),
            status: S::EnrolledHere,
            since: None,
            note: String::new(),
            actor: vec![1],
            at: super::super::time::Timestamp::default(),
            from_roster: false,
            seen: std::collections::BTreeSet::new(),
        };
        let mut dossier = Dossier { statuses: vec![event], ..Dossier::default() };
        assert_eq!(of_dossier(&dossier), Some(AxisMismatch::ChildWithoutRecord));
        dossier.from_roster = true;
        assert_eq!(of_dossier(&dossier), None);
    }

    #[test]
    fn a_status_and_a_case_that_do_not_know_of_each_other_are_told() {
        assert_eq!(with_case(S::SuspectedDropout, None), Some(AxisMismatch::OutWithoutCase));
        assert_eq!(with_case(S::EnrolledHere, Some(CasePhase::Suspected)), Some(AxisMismatch::CaseAgainstStatus));
        assert_eq!(with_case(S::Dropout, Some(CasePhase::Suspected)), Some(AxisMismatch::CaseAgainstStatus));
        assert_eq!(with_case(S::EnrolledHere, Some(CasePhase::Watch)), None, "no status before the third day");
        assert_eq!(with_case(S::SuspectedDropout, Some(CasePhase::Suspected)), None);
        assert_eq!(with_case(S::Returned, Some(CasePhase::Settling)), None);
    }

    #[test]
    fn every_mismatch_has_its_next_step_in_both_languages() {
        for mismatch in AxisMismatch::ALL {
            let (zh, en) = mismatch.next_step();
            assert!(!zh.is_empty() && !en.is_empty());
        }
    }
}
