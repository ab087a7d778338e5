//! The home visit record (家访记录, handbook 5.1): what a finished form holds, and what makes it unusable.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::code_list::{
    AbsenceReason, ChildPosition, InformedTopic, ParentPosition, Relation, SignerRole, VisitMode, VisitPurpose,
};
use super::time::{Day, Timestamp};
use crate::error::{Failure, Result};

/// The longest text of one field, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// The most numbers in all strokes of one signature: some four kilobytes in the document.
pub const SIGNATURE_NUMBERS_MAX: usize = 2_000;

/// What a teacher fills in. A draft holds it half done; a finished form is validated and never changed again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct VisitForm {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// 形式
    pub mode: Option<VisitMode>,
    /// 家访目的
    pub purpose: Option<VisitPurpose>,
    /// 地点, as people say it.
    pub place: String,
    /// 同行人员, besides the one who records.
    pub companions: Vec<Companion>,
    /// 接待人
    pub received_by: ReceivedBy,
    /// 是否见到学生本人
    pub child_seen: Option<bool>,
    /// 家庭成员及务工情况
    pub household_situation: String,
    /// 经济/住房/健康
    pub circumstances: String,
    /// 在校表现
    pub at_school: String,
    /// 在家表现
    pub at_home: String,
    /// 未到校原因: what the parent says.
    pub reasons_parent: Vec<AbsenceReason>,
    /// What the child says.
    pub reasons_child: Vec<AbsenceReason>,
    /// What the teacher thinks.
    pub reasons_teacher: Vec<AbsenceReason>,
    /// More about the reasons.
    pub reasons_note: String,
    /// 宣传内容
    pub informed_topics: Vec<InformedTopic>,
    /// 家长态度
    pub parent_position: Option<ParentPosition>,
    /// 承诺返校日期
    pub promised_return_on: Option<Day>,
    /// What else the family promised: a paper, a call, to come to school.
    pub promise: String,
    /// Until when.
    pub promised_until: Option<Day>,
    /// 家长意见与承诺, in words.
    pub parent_words: String,
    /// 学生意愿
    pub child_position: Option<ChildPosition>,
    /// 问题与措施
    pub actions: String,
    /// 下次家访
    pub next_visit_on: Option<Day>,
    /// 签字
    pub signatures: Vec<SignatureMark>,
    /// 拒签原因; empty when nobody refused.
    pub refusal_reason: String,
    /// 见证人 of a refusal.
    pub refusal_witness: String,
}

/// Somebody who went along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct Companion {
    /// The name.
    pub name: String,
    /// 职务
    pub duty: String,
}

/// Who received the visitors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(export)]
pub struct ReceivedBy {
    /// Relation to the child.
    pub relation: Option<Relation>,
    /// The name.
    pub name: String,
}

/// A signature made with a finger: lines on a field of 1000 by 400.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SignatureMark {
    /// Who signed.
    pub signer: SignerRole,
    /// The name in print.
    #[serde(default)]
    pub name: String,
    /// Each stroke as x0, y0, x1, y1, … with x from 0 to 1000 and y from 0 to 400.
    pub strokes: Vec<Vec<u16>>,
}

impl VisitForm {
    /// Checks a form that is to be recorded.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::FieldMissing`] or [`crate::error::ErrorCode::FieldInvalid`], with the field.
    pub fn validate(&self, now: Timestamp) -> Result<()> {
        let started_at = self.started_at.ok_or_else(|| Failure::missing("startedAt"))?;
        self.mode.ok_or_else(|| Failure::missing("mode"))?;
        let purpose = self.purpose.ok_or_else(|| Failure::missing("purpose"))?;
        self.child_seen.ok_or_else(|| Failure::missing("childSeen"))?;
        if self.ended_at.is_some_and(|ended_at| ended_at < started_at) {
            return Err(Failure::invalid("endedAt", "before_start"));
        }
        // A tablet's clock may be wrong, but both moments come from it.
        if started_at > now.plus_ms(60 * 60 * 1000) {
            return Err(Failure::invalid("startedAt", "in_the_future"));
        }
        if self.next_visit_on.is_some_and(|day| day < started_at.day()) {
            return Err(Failure::invalid("nextVisitOn", "before_start"));
        }
        if self.promised_return_on.is_some_and(|day| day < started_at.day()) {
            return Err(Failure::invalid("promisedReturnOn", "before_start"));
        }
        match (self.promise.trim().is_empty(), self.promised_until) {
            (true, Some(_)) => return Err(Failure::missing("promise")),
            (false, None) => return Err(Failure::missing("promisedUntil")),
            (false, Some(day)) if day < started_at.day() => {
                return Err(Failure::invalid("promisedUntil", "before_start"));
            }
            (true, None) | (false, Some(_)) => {}
        }
        if purpose == VisitPurpose::Persuasion {
            let position = self.parent_position.ok_or_else(|| Failure::missing("parentPosition"))?;
            if position == ParentPosition::AgreesDate && self.promised_return_on.is_none() {
                return Err(Failure::missing("promisedReturnOn"));
            }
            if self.reasons_parent.is_empty() && self.reasons_child.is_empty() && self.reasons_teacher.is_empty() {
                return Err(Failure::missing("reasonsParent"));
            }
        }
        for (field, text) in [
            ("place", &self.place),
            ("householdSituation", &self.household_situation),
            ("circumstances", &self.circumstances),
            ("atSchool", &self.at_school),
            ("atHome", &self.at_home),
            ("reasonsNote", &self.reasons_note),
            ("promise", &self.promise),
            ("parentWords", &self.parent_words),
            ("actions", &self.actions),
            ("refusalReason", &self.refusal_reason),
            ("refusalWitness", &self.refusal_witness),
            ("receivedBy", &self.received_by.name),
        ] {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(Failure::invalid(field, "too_long"));
            }
        }
        if self.companions.len() > 20 || self.signatures.len() > 8 {
            return Err(Failure::invalid("signatures", "too_many"));
        }
        for mark in &self.signatures {
            let numbers: usize = mark.strokes.iter().map(Vec::len).sum();
            let on_the_field = mark.strokes.iter().all(|stroke| {
                stroke.len() % 2 == 0
                    && stroke.iter().step_by(2).all(|x| *x <= 1000)
                    && stroke.iter().skip(1).step_by(2).all(|y| *y <= 400)
            });
            if numbers == 0 || numbers > SIGNATURE_NUMBERS_MAX || !on_the_field {
                return Err(Failure::invalid("signatures", "unreadable"));
            }
        }
        Ok(())
    }

    /// What an inspector would miss (handbook 5.1, column R), by field; it does not keep a tired teacher
    /// from saving.
    #[must_use]
    pub fn incomplete(&self) -> Vec<String> {
        let at_home = self.mode == Some(VisitMode::AtHome);
        let signed_by = |role| self.signatures.iter().any(|mark| mark.signer == role);
        let refused = !self.refusal_reason.trim().is_empty();
        let mut fields = Vec::new();
        let mut miss = |missing: bool, field: &str| {
            if missing {
                fields.push(field.to_owned());
            }
        };
        miss(self.received_by.relation.is_none(), "receivedBy");
        miss(self.place.trim().is_empty() && at_home, "place");
        miss(at_home && !signed_by(SignerRole::Parent) && !refused, "signatureParent");
        miss(at_home && !signed_by(SignerRole::Teacher), "signatureTeacher");
        miss(refused && self.refusal_witness.trim().is_empty(), "refusalWitness");
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn form() -> VisitForm {
        VisitForm {
            started_at: Some(Timestamp::from_unix_ms(1_795_400_000_000)),
            mode: Some(VisitMode::AtHome),
            purpose: Some(VisitPurpose::Routine),
            child_seen: Some(true),
            ..VisitForm::default()
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_ms(1_795_400_600_000)
    }

    #[test]
    fn four_answers_are_enough_to_save_a_visit_in_twenty_seconds() {
        form().validate(now()).unwrap();
    }

    #[test]
    fn a_persuasion_needs_a_position_and_a_reason() {
        let mut form = form();
        form.purpose = Some(VisitPurpose::Persuasion);
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "parentPosition");
        form.parent_position = Some(ParentPosition::AgreesDate);
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "promisedReturnOn");
        form.promised_return_on = Some(now().day().plus_days(2));
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "reasonsParent");
        form.reasons_teacher = vec![AbsenceReason::SchoolAversion];
        form.validate(now()).unwrap();
    }

    #[test]
    fn a_promise_says_what_and_until_when() {
        let mut form = form();
        form.promise = "交县医院诊断证明".to_owned();
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "promisedUntil");
        form.promised_until = Some(now().day().plus_days(-1));
        assert_eq!(form.validate(now()).unwrap_err().facts["reason"], "before_start");
        form.promised_until = Some(now().day().plus_days(3));
        form.validate(now()).unwrap();
        form.promise = " ".to_owned();
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "promise");
    }

    #[test]
    fn a_next_visit_cannot_lie_before_this_one() {
        let mut form = form();
        form.next_visit_on = Some(now().day().plus_days(-1));
        let failure = form.validate(now()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::FieldInvalid);
        assert_eq!(failure.facts["field"], "nextVisitOn");
    }

    #[test]
    fn a_signature_off_its_field_is_refused() {
        let mut form = form();
        form.signatures =
            vec![SignatureMark { signer: SignerRole::Parent, name: String::new(), strokes: vec![vec![0, 0, 1001, 0]] }];
        assert_eq!(form.validate(now()).unwrap_err().facts["field"], "signatures");
    }

    #[test]
    fn a_visit_without_signatures_is_saved_and_named_incomplete() {
        assert_eq!(form().incomplete(), ["receivedBy", "place", "signatureParent", "signatureTeacher"]);
    }
}
