//! What can be said about a cell or a row of a roster: a closed list, each with its weight and its words.
//!
//! The words live in core because they also go into files: the spreadsheet of refused rows (handbook 10.3:
//! refuse with a clear message). Each says what is wrong and, where it is not plain, what to do.

use crate::domain::id_number::IdNumberProblem;
use crate::domain::person_name::PersonNameProblem;
use crate::domain::phone::PhoneProblem;

/// How much a reason weighs on its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; the row is taken.
    Note,
    /// A person must decide.
    Doubt,
    /// The row cannot be taken.
    Refusal,
}

macro_rules! row_reasons {
    ($($variant:ident = $key:literal, $weight:ident, $zh:literal, $en:literal;)+) => {
        /// What is wrong with a cell or a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RowReason {
            $(#[doc = $en] $variant,)+
        }

        impl RowReason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The key, which never changes its meaning.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// How much it weighs.
            #[must_use]
            pub const fn weight(self) -> Weight {
                match self { $(Self::$variant => Weight::$weight,)+ }
            }

            /// In Chinese.
            #[must_use]
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// In English.
            #[must_use]
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }
        }
    };
}

row_reasons! {
    NameEmpty = "name_empty", Refusal, "没有填写姓名", "The name is missing.";
    NameTooShort = "name_too_short", Refusal, "姓名只有一个字，请填写户口簿上的全名", "The name has one character only: give the full name.";
    NameTooLong = "name_too_long", Refusal, "姓名超过50个字", "The name has more than 50 characters.";
    NameHasDigits = "name_has_digits", Refusal, "姓名里有数字，可能填错了列", "The name holds digits: perhaps it is in the wrong column.";

    IdRounded = "id_rounded", Doubt, "证件号被表格软件当成数字，末尾几位已丢失；请把该列设为文本格式，重新填写完整号码", "A spreadsheet took the ID number for a number and lost its tail: make the column text and enter it again.";
    IdWrongLength = "id_wrong_length", Doubt, "身份证号不是18位", "The ID number has not 18 characters.";
    IdFifteenDigits = "id_fifteen_digits", Doubt, "这是15位旧身份证号，学生应为18位", "This is an old ID number of 15 digits: a child's has 18.";
    IdNotDigits = "id_not_digits", Doubt, "身份证号里有数字以外的字符", "The ID number holds what is no digit.";
    IdNoSuchDate = "id_no_such_date", Doubt, "身份证号中的出生日期不存在", "The birth date in the ID number does not exist.";
    IdWrongCheckDigit = "id_wrong_check_digit", Doubt, "身份证号校验不对，可能有一位填错", "The check digit does not fit: a digit is mistyped.";
    IdMissing = "id_missing", Note, "没有身份证号", "There is no ID number.";
    IdOtherKind = "id_other_kind", Note, "不是居民身份证，号码未导入；请留存证明材料", "It is no resident ID: the number is left out; keep the proof.";
    IdFromStudentNo = "id_from_student_no", Note, "身份证号取自全国学籍号", "The ID number was taken from the national student number.";
    IdTwiceInFile = "id_twice_in_file", Doubt, "同一身份证号在文件中出现两次", "The same ID number stands twice in the file.";
    BirthDateDisagreesWithId = "birth_date_disagrees_with_id", Doubt, "出生日期与身份证号不一致", "The birth date disagrees with the ID number.";
    SexDisagreesWithId = "sex_disagrees_with_id", Doubt, "性别与身份证号不一致", "The sex disagrees with the ID number.";
    StudentNoDisagreesWithId = "student_no_disagrees_with_id", Doubt, "全国学籍号与身份证号不一致", "The national student number disagrees with the ID number.";
    StudentNoUnreadable = "student_no_unreadable", Note, "全国学籍号应为G加身份证号，或L开头的临时号；未导入", "A national student number is G and the ID number, or a temporary one with L: left out.";

    BirthDateUnreadable = "birth_date_unreadable", Note, "出生日期看不懂，请写成2015-09-01的样子", "The birth date cannot be read: write it like 2015-09-01.";
    BirthDateInFuture = "birth_date_in_future", Doubt, "出生日期在今天之后", "The birth date lies in the future.";
    NothingIdentifies = "nothing_identifies", Refusal, "既没有可用的身份证号，也没有出生日期，无法确认是哪个孩子", "Neither a usable ID number nor a birth date: it cannot be told which child this is.";
    SexUnreadable = "sex_unreadable", Note, "性别看不懂，应为男或女(1或2)", "The sex cannot be read: 男 or 女, 1 or 2.";
    EthnicityUnknown = "ethnicity_unknown", Note, "民族不在国家标准名单中，未导入", "The ethnicity is not in the national list: left out.";
    AgeOutsideSchoolAge = "age_outside_school_age", Note, "年龄不在6至15周岁", "The age is not between 6 and 15.";
    AgeDoesNotFitGrade = "age_does_not_fit_grade", Note, "年龄与年级不相称", "The age does not fit the grade.";

    PlaceMissing = "place_missing", Refusal, "没有可以识别的村，也没有可以识别的班级，不知道归谁负责", "Neither a village nor a class that is known: nobody would answer for the child.";
    OutsideScope = "outside_scope", Refusal, "这个村或班不在您的负责范围", "The village or class lies outside of your scope.";
    MoveLeftOut = "move_left_out", Note, "村或班级与档案不同：转村、转班要另行办理，这次不改", "Village or class differ from the dossier: a move is made elsewhere, and not by this import.";
    TownshipUnknown = "township_unknown", Note, "本县没有这个乡镇", "The county has no such township.";
    VillageUnknown = "village_unknown", Note, "本县没有这个村(社区)", "The county has no such village.";
    VillageAmbiguous = "village_ambiguous", Note, "有几个同名的村，请补上乡镇", "Several villages have this name: add the township.";
    VillageFromText = "village_from_text", Note, "村取自地址或表题", "The village was taken from the address or the title.";
    SchoolUnknown = "school_unknown", Note, "本县没有这所学校", "The county has no such school.";
    SchoolAmbiguous = "school_ambiguous", Note, "有几所学校符合这个名称，请写全称或学校标识码", "Several schools fit this name: give the full name or the code.";
    SchoolFromTitle = "school_from_title", Note, "学校取自表题", "The school was taken from the title.";
    ClassUnreadable = "class_unreadable", Note, "年级或班级看不懂，请写成三年级(1)班的样子", "Grade or class cannot be read: write it like 三年级(1)班.";
    ClassUnknown = "class_unknown", Note, "该校没有这个班", "The school has no such class.";
    ClassAmbiguous = "class_ambiguous", Note, "有几个班符合，请写明学段、年级和班号", "Several classes fit: give stage, grade and number.";
    EntryMonthUnreadable = "entry_month_unreadable", Note, "入学年月看不懂，应为202509的样子", "The month of entry cannot be read: like 202509.";

    NameDiffersFromKnown = "name_differs_from_known", Doubt, "身份证号与系统中一名学生相同，但姓名相差很大", "The ID number is a known child's, but the name is quite another.";
    BirthDateDiffersFromKnown = "birth_date_differs_from_known", Doubt, "身份证号与系统中一名学生相同，但出生日期不同", "The ID number is a known child's, but the birth date is another.";
    SameChildOtherId = "same_child_other_id", Doubt, "姓名、出生日期、住处都与系统中一名学生相同，但身份证号不同", "Name, birth date and place are a known child's, but the ID number is another.";
    SeveralCandidates = "several_candidates", Doubt, "系统中有几名学生都符合，请先核对", "Several known children fit: look first.";
    SameNameElsewhere = "same_name_elsewhere", Doubt, "别处有同名同日出生的学生，请核对是否同一人", "Elsewhere there is a child of this name and birth date: is it the same?";
    StatusDiffersFromKnown = "status_differs_from_known", Doubt, "名单上的就学状态与档案中核实的情况不符，请核对；导入只更新学籍状态，不改档案中核实的就学状态", "The schooling status disagrees with what was found out: please check. Only the state of the record is taken over.";
    StatusAsksForDecision = "status_asks_for_decision", Doubt, "名单上写的是辍学或已结束就学，要由人认定，请核对后再决定是否导入", "It says dropped out, or that schooling is over: a person must decide that.";
    StatusNotAllowed = "status_not_allowed", Doubt, "义务教育阶段不能退学或开除，请核实学生去向；只记入学籍状态", "Compulsory schooling knows no withdrawal and no expulsion: find out where the child is. Only the state of the record is taken over.";
    ChildTwiceInFile = "child_twice_in_file", Doubt, "同一个孩子在文件中出现两次", "The same child stands twice in the file.";

    PhoneNotDigits = "phone_not_digits", Note, "电话里有数字以外的字符，未导入", "The phone number holds what is no digit: left out.";
    PhoneWrongLength = "phone_wrong_length", Note, "电话位数不对，未导入", "The phone number has a wrong length: left out.";
    PhoneNoSuchMobile = "phone_no_such_mobile", Note, "不是有效的手机号，未导入", "No mobile number begins so: left out.";
    PhoneAreaCodeMissing = "phone_area_code_missing", Note, "座机缺少区号，未导入", "The landline lacks its area code: left out.";
    PhoneSecondLeftOut = "phone_second_left_out", Note, "一格里有几个电话，只导入了第一个", "The cell holds several phone numbers: only the first was taken.";
    GuardianPhoneMissing = "guardian_phone_missing", Note, "没有监护人电话", "There is no guardian's phone number.";
    GuardianNameUnreadable = "guardian_name_unreadable", Note, "监护人姓名不像姓名，未导入", "The guardian's name is no name: left out.";
    GuardianLeftOut = "guardian_left_out", Note, "监护人超过三名，多出的未导入", "More than three guardians: the others were left out.";
    RelationUnknown = "relation_unknown", Note, "关系看不懂，已按其他导入", "The relation cannot be read: taken as other.";

    StatusUnknown = "status_unknown", Note, "就学状态看不懂，未导入；请用本校在读、休学、疑似辍学等名称", "The schooling status cannot be read: left out.";
    StatusSinceUnreadable = "status_since_unreadable", Note, "状态起始日看不懂，未导入", "The day since when cannot be read: left out.";
    CodeUnknown = "code_unknown", Note, "填写的内容看不懂，未导入", "The entry cannot be read: left out.";
    LeftBehindKindUnknown = "left_behind_kind_unknown", Note, "只写了是，按单亲留守导入，请核实", "It only says yes: taken as left behind by one parent; please check.";
    NumberRounded = "number_rounded", Note, "号码被表格软件当成数字，末尾已丢失，未导入", "A spreadsheet took it for a number and lost its tail: left out.";
    CellError = "cell_error", Note, "单元格是公式错误，按空白处理", "The cell is a formula's error: taken as blank.";
    TextCut = "text_cut", Note, "文字超过200字，已截短", "The text has more than 200 characters: cut.";
}

impl From<PersonNameProblem> for RowReason {
    fn from(problem: PersonNameProblem) -> Self {
        match problem {
            PersonNameProblem::Empty => Self::NameEmpty,
            PersonNameProblem::TooShort => Self::NameTooShort,
            PersonNameProblem::TooLong => Self::NameTooLong,
            PersonNameProblem::HasDigits => Self::NameHasDigits,
        }
    }
}

impl From<IdNumberProblem> for RowReason {
    fn from(problem: IdNumberProblem) -> Self {
        match problem {
            IdNumberProblem::Empty => Self::IdMissing,
            IdNumberProblem::Rounded => Self::IdRounded,
            IdNumberProblem::WrongLength => Self::IdWrongLength,
            IdNumberProblem::FifteenDigits => Self::IdFifteenDigits,
            IdNumberProblem::NotDigits => Self::IdNotDigits,
            IdNumberProblem::NoSuchDate => Self::IdNoSuchDate,
            IdNumberProblem::WrongCheckDigit => Self::IdWrongCheckDigit,
        }
    }
}

impl From<PhoneProblem> for RowReason {
    fn from(problem: PhoneProblem) -> Self {
        match problem {
            PhoneProblem::Empty => Self::GuardianPhoneMissing,
            PhoneProblem::NotDigits => Self::PhoneNotDigits,
            PhoneProblem::WrongLength => Self::PhoneWrongLength,
            PhoneProblem::NoSuchMobile => Self::PhoneNoSuchMobile,
            PhoneProblem::AreaCodeMissing => Self::PhoneAreaCodeMissing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_key_of_its_own_and_words() {
        let keys: std::collections::BTreeSet<_> = RowReason::ALL.iter().map(|reason| reason.key()).collect();
        assert_eq!(keys.len(), RowReason::ALL.len());
        for reason in RowReason::ALL {
            assert!(!reason.zh().is_empty() && reason.en().ends_with(['.', '?']), "{}", reason.key());
        }
    }

    #[test]
    fn a_reason_from_a_type_keeps_that_type_s_key() {
        assert_eq!(RowReason::from(IdNumberProblem::Rounded).key(), IdNumberProblem::Rounded.key());
        assert_eq!(RowReason::from(PersonNameProblem::HasDigits).key(), PersonNameProblem::HasDigits.key());
        assert_eq!(RowReason::from(PhoneProblem::WrongLength).key(), PhoneProblem::WrongLength.key());
    }
}
