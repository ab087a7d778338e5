//! Headers: which column a text names, and where in a sheet the header is.
//!
//! Names come from the ledger (handbook 3.4), from the student-record system in Chinese and by its pinyin keys
//! (handbook 9.1), and from what clerks write.

use std::collections::BTreeSet;

use super::Sheet;
use crate::domain::person_name::half_width;
use crate::domain::roster::column::RosterColumn;

/// How many rows from the top a header is looked for in.
const ROWS_TO_LOOK_AT: usize = 40;

/// A header that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its first row, from 0.
    pub first_row: usize,
    /// How many rows it takes: one, or two with groups above.
    pub row_count: usize,
    /// Its columns, from left to right, those without a text left out.
    pub columns: Vec<HeaderColumn>,
    /// How many different columns were recognised that the dossier has a place for.
    pub score: usize,
}

/// A column of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderColumn {
    /// Where it stands, from 0.
    pub at: usize,
    /// Its text as in the file, line ends left out; of two rows what names it.
    pub header: String,
    /// What it was taken for; `None` where it is not understood.
    pub column: Option<RosterColumn>,
}

/// The best header of a sheet: the one with the most columns, the name among them. `None` where there is none
/// with at least two.
#[must_use]
pub fn find(sheet: &Sheet) -> Option<Header> {
    let rows = sheet.rows.len().min(ROWS_TO_LOOK_AT);
    let mut best: Option<Header> = None;
    for row in 0..rows {
        // Of equals the first: a header is printed anew on every page. Two rows must say more than the second
        // alone, or else the first is a title; and as much as the first alone: the second holds the system's keys.
        let below = row.checked_add(1).and_then(|below| single(sheet, below)).map_or(0, |header| header.score);
        let here = match (single(sheet, row), double(sheet, row)) {
            (one, Some(two)) if two.score >= one.as_ref().map_or(0, |one| one.score) => {
                Some(two).filter(|two| two.score > below)
            }
            (one, _) => one,
        };
        best = match (here, best) {
            (Some(here), best) if here.score > best.as_ref().map_or(1, |best| best.score) => Some(here),
            (_, best) => best,
        };
    }
    best
}

/// The header in one row.
fn single(sheet: &Sheet, row: usize) -> Option<Header> {
    let cells = sheet.rows.get(row)?;
    let texts = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    header(row, 1, texts.map(|(at, cell)| (at, tidy(&cell.text), recognise(&cell.text))).collect())
}

/// The header in two rows: groups above (监护人), names below (姓名, 关系, 电话). A group that is not merged in
/// the file reaches as far as the cells right of it are blank and those below are not.
fn double(sheet: &Sheet, row: usize) -> Option<Header> {
    let (above, below) = (sheet.rows.get(row)?, sheet.rows.get(row.checked_add(1)?)?);
    let mut columns = Vec::new();
    let mut group = String::new();
    let mut has_names_below = false;
    for at in 0..above.len().max(below.len()) {
        let top = tidy(&sheet.cell(row, at).text);
        let bottom = tidy(below.get(at).map_or("", |cell| cell.text.as_str()));
        if !top.is_empty() {
            group.clone_from(&top);
        }
        if bottom.is_empty() || bottom == top {
            if !top.is_empty() {
                columns.push((at, top.clone(), recognise(&top)));
            }
            if bottom.is_empty() {
                group.clone_from(&top);
            }
            continue;
        }
        let joined = format!("{}{bottom}", without_filler(&group));
        if let Some(column) = recognise(&joined) {
            has_names_below = true;
            // As in the file, as long as it says the same without its group.
            let says_it_alone = recognise(&bottom) == Some(column);
            columns.push((at, if says_it_alone { bottom } else { joined }, Some(column)));
        } else if let Some(column) = recognise(&bottom).filter(|_| !speaks_of_a_person(&group)) {
            has_names_below = true;
            columns.push((at, bottom, Some(column)));
        } else {
            // Below a header that stands alone comes a child, and no part of a header.
            columns.push((at, joined, None));
        }
    }
    if has_names_below { header(row, 2, columns) } else { None }
}

fn header(first_row: usize, row_count: usize, found: Vec<(usize, String, Option<RosterColumn>)>) -> Option<Header> {
    let mut seen = BTreeSet::new();
    let mut columns = Vec::new();
    for (at, header, column) in found {
        // Only texts may stand in several columns; a second 姓名 or 身份证号 is another person's.
        let column = column.filter(|column| seen.insert(*column) || may_repeat(*column));
        columns.push(HeaderColumn { at, header, column });
    }
    seen.remove(&RosterColumn::LeftOut);
    let score = seen.len();
    seen.contains(&RosterColumn::Name).then_some(Header { first_row, row_count, columns, score })
}

const fn may_repeat(column: RosterColumn) -> bool {
    matches!(
        column,
        RosterColumn::Address
            | RosterColumn::HukouAddress
            | RosterColumn::HouseholdCategory
            | RosterColumn::SpecialFlags
            | RosterColumn::Note
            | RosterColumn::LeftOut
    )
}

/// Without line ends and outer white space.
fn tidy(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).collect::<String>()
}

/// 监护人信息 groups what 监护人 groups.
fn without_filler(group: &str) -> String {
    let mut bare = group.to_owned();
    for filler in ["基本信息", "基本情况", "信息", "情况", "资料"] {
        bare = bare.replace(filler, "");
    }
    bare
}

/// A group that speaks of somebody else: 姓名 below it is not the child's.
fn speaks_of_a_person(group: &str) -> bool {
    const OTHERS: [&str; 11] = ["监护", "家长", "父", "母", "户主", "成员", "照护", "责任", "教师", "联系人", "班主任"];
    OTHERS.iter().any(|other| group.contains(other))
}

/// What a header names; `None` where it is not understood.
#[must_use]
pub fn recognise(header: &str) -> Option<RosterColumn> {
    let full: String = half_width(header)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '★' | '☆' | ':' | '"' | '\u{200b}' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect();
    let without_brackets = without_brackets(&full);
    [full.as_str(), &without_brackets]
        .into_iter()
        .find_map(|text| alias(text).or_else(|| guardian_alias(text)).or_else(|| adult_alias(text)))
}

/// 出生日期(yyyymmdd) names 出生日期.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth = depth.saturating_add(1),
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// The aliases, by column.
fn alias(text: &str) -> Option<RosterColumn> {
    use RosterColumn as C;
    Some(match text {
        "姓名" | "学生姓名" | "学生" | "学生名字" | "名字" | "儿童姓名" | "孩子姓名" | "儿童少年姓名"
        | "被监护人姓名" | "xm" | "xsxm" | "name" => C::Name,
        "性别" | "性别码" | "学生性别" | "xb" | "xbm" | "sex" => C::Sex,
        "民族" | "民族码" | "mz" | "mzm" => C::Ethnicity,
        "出生日期" | "出生年月日" | "出生年月" | "出生时间" | "生日" | "学生出生日期" | "csrq" | "csny" => {
            C::BirthDate
        }
        "身份证件类型" | "证件类型" | "证件类别" | "身份证件类型码" | "sfzjlx" | "sfzjlxm" => {
            C::IdType
        }
        "身份证件号"
        | "身份证件号码"
        | "证件号"
        | "证件号码"
        | "身份证号"
        | "身份证号码"
        | "身份证"
        | "公民身份号码"
        | "公民身份证号"
        | "公民身份证号码"
        | "居民身份证号"
        | "居民身份证号码"
        | "学生身份证号"
        | "学生身份证号码"
        | "学生身份证件号"
        | "学生证件号码"
        | "身份证件类型/号"
        | "身份证件类型/号码"
        | "sfzjh"
        | "sfzh" => C::IdNumber,
        "全国学籍号" | "全国学籍号码" | "国家学籍号" | "学籍号" | "学籍号码" | "学生学籍号" | "个人标识码"
        | "grbsm" => C::NationalStudentNo,
        "学籍辅号" | "省学籍辅号" | "学籍副号" | "省学籍号" | "xjfh" => C::AuxiliaryRecordNo,
        "乡镇" | "乡(镇)" | "镇" | "乡" | "镇乡" | "镇(乡)" | "街道" | "乡镇街道" | "乡镇/街道" | "乡镇名称"
        | "乡镇代码" | "所属乡镇" | "户籍乡镇" | "户籍所在乡镇" | "户口所在乡镇" => C::Township,
        "村(社区)" | "村社区" | "村/社区" | "村" | "村名" | "村居" | "村(居)" | "村(居)委会" | "行政村" | "社区"
        | "所属村" | "户籍村" | "户籍所在村" | "户口所在村" | "村代码" | "村名称" | "所在村" => {
            C::Village
        }
        "社(组)" | "社组" | "社/组" | "社" | "组" | "村民小组" | "小组" | "组别" | "所属组" | "组(社)" => {
            C::VillageGroup
        }
        "户主姓名" | "户主" | "户主名字" => C::HeadName,
        "户主身份证号" | "户主身份证号码" | "户主身份证件号" | "户主证件号" | "户主证件号码" => {
            C::HeadId
        }
        "与户主关系" | "户主关系" | "与户主的关系" => C::RelationToHead,
        "户籍地址"
        | "户口地址"
        | "户籍所在地"
        | "户口所在地"
        | "户籍详细地址"
        | "户口所在地详细地址"
        | "户口性质/户籍地址"
        | "hkszd"
        | "hkszdm" => C::HukouAddress,
        "现住址" | "家庭地址" | "家庭住址" | "住址" | "居住地址" | "现居住地" | "现居住地址" | "通信地址"
        | "通讯地址" | "xzz" | "txdz" | "jtzz" | "jtdz" => C::Address,
        "家庭类别" | "家庭类型" | "户属性" | "户类型" | "困难类型" | "困难类别" | "贫困类型" | "贫困户类型"
        | "脱贫户属性" => C::HouseholdCategory,
        "联系电话" | "联系电话号码" | "电话" | "电话号码" | "手机" | "手机号" | "手机号码" | "联系方式" | "lxdh" => {
            C::ContactPhone
        }
        "关系" | "与学生关系" | "与儿童关系" | "与孩子关系" | "监护人与学生关系" | "与监护人关系" => {
            C::GuardianRelation(0)
        }
        "监护人姓名/关系/电话" => C::GuardianName(0),
        "父亲姓名" | "父亲" | "父亲名字" | "爸爸姓名" => C::FatherName,
        "母亲姓名" | "母亲" | "母亲名字" | "妈妈姓名" => C::MotherName,
        "实际照护人" | "照护人" | "委托照护人" | "实际照护人姓名" | "委托监护人" | "受委托人" => {
            C::Caregiver
        }
        "父母外出务工地" | "父母务工地" | "父母务工地点" | "务工地" | "务工地点" | "外出务工地" | "父母务工地址" => {
            C::ParentsWorkPlace
        }
        "留守类型" | "是否留守儿童" | "留守儿童" | "是否留守" | "留守" | "留守情况" | "留守儿童类型" | "sflsetm"
        | "sflset" => C::LeftBehind,
        "学段" | "就读学段" | "xd" => C::Stage,
        "年级" | "就读年级" | "所在年级" | "年级名称" | "nj" | "xxnjxxid" => C::Grade,
        "班级"
        | "班别"
        | "班"
        | "就读班级"
        | "所在班级"
        | "班级名称"
        | "年级班级"
        | "年级/班级"
        | "年班"
        | "学段/年级/班级"
        | "bj"
        | "xxbjxxid" => C::Class,
        "就读学校"
        | "学校"
        | "学校名称"
        | "学校全称"
        | "所在学校"
        | "就读学校名称"
        | "就读学校/学校标识码"
        | "xxmc" => C::SchoolName,
        "学校标识码" | "学校代码" | "学校编码" | "lrr" => C::SchoolCode,
        "就读地" | "就读地类型" | "就读区域" | "就读地县内/县外/省外/境外" => C::StudyRegion,
        "就读方式" | "就读方式码" | "就学方式" | "就读方式走读/住校/送教上门" | "jdfs" | "jdfsm" => {
            C::AttendanceMode
        }
        "入学年月" | "入学时间" | "入学日期" | "入校时间" | "rxny" => C::EntryMonth,
        "特殊情况类别" | "特殊情况" | "特殊群体" | "特殊群体类别" | "特殊类型" | "重点关注类型" => {
            C::SpecialFlags
        }
        "是否孤儿" | "孤儿" | "sfge" => C::Orphan,
        "是否事实无人抚养" | "是否事实无人抚养儿童" | "事实无人抚养" | "事实无人抚养儿童" => {
            C::NoCarer
        }
        "残疾类型"
        | "残疾类别"
        | "残疾类别/等级/证号"
        | "残疾类别/等级"
        | "残疾"
        | "是否残疾"
        | "残疾学生"
        | "残疾情况"
        | "是否残疾学生"
        | "残疾人类型"
        | "cjlx"
        | "cjlxm" => C::Disability,
        "是否随迁子女"
        | "随迁子女"
        | "是否随迁"
        | "是否进城务工人员随迁子女"
        | "进城务工人员随迁子女"
        | "sfsqzn"
        | "sfsqznm" => C::MigrantChild,
        "是否脱贫户"
        | "脱贫户"
        | "是否脱贫家庭"
        | "脱贫家庭"
        | "是否建档立卡"
        | "建档立卡"
        | "是否建档立卡户"
        | "是否建档立卡贫困户"
        | "建档立卡贫困户" => C::Lifted,
        "是否监测户" | "监测户" | "是否监测对象" | "监测对象" | "防返贫监测对象" | "是否防返贫监测户" => {
            C::Monitored
        }
        "是否低保" | "低保" | "低保户" | "是否低保户" | "是否低保家庭" | "低保家庭" => {
            C::SubsistenceAllowance
        }
        "是否特困供养" | "特困供养" | "特困" | "是否特困" | "是否特困人员" | "特困人员" => {
            C::DestituteSupport
        }
        "是否住校" | "住校" | "是否寄宿" | "寄宿" | "是否寄宿生" | "寄宿生" | "是否住校生" | "住校生" => {
            C::Boarder
        }
        "备注" | "说明" | "bz" => C::Note,
        // Known, and without a place in the dossier.
        "序号"
        | "编号"
        | "原因"
        | "年龄"
        | "学号"
        | "班内学号"
        | "bnxh"
        | "准考证号"
        | "出生地"
        | "csd"
        | "csdm"
        | "籍贯"
        | "jg"
        | "国籍"
        | "国籍/地区"
        | "国籍地区"
        | "gjdqm"
        | "身份证件有效期"
        | "sfzjyxq"
        | "港澳台侨外"
        | "gatqwm"
        | "政治面貌"
        | "zzmmm"
        | "健康状况"
        | "jkzkm"
        | "照片"
        | "姓名拼音"
        | "xmpy"
        | "曾用名"
        | "cym"
        | "户口性质"
        | "hkxz"
        | "hkxzm"
        | "入学方式"
        | "rxfsm"
        | "学生来源"
        | "xslym"
        | "邮编"
        | "邮政编码"
        | "yzbm"
        | "是否独生子女"
        | "sfdsznm"
        | "是否受过学前教育"
        | "sfsgxqjym"
        | "是否烈士或优抚子女"
        | "sflshyfzn"
        | "随班就读"
        | "sbjdm"
        | "是否由政府购买学位"
        | "sfgmxwm"
        | "是否需要申请资助"
        | "是否享受一补"
        | "sfxsybm"
        | "上下学距离"
        | "sxxjl"
        | "上下学方式"
        | "sxxfsm"
        | "是否需要乘坐校车"
        | "sfczxcm"
        | "主管单位区划"
        | "xxsszgjyxzdm"
        | "就读状态"
        | "jdztm"
        | "就学状态"
        | "状态起始日"
        | "佐证材料编号"
        | "核查方式"
        | "核查方式入户/电话/视频/系统比对"
        | "核查日期"
        | "核查人"
        | "核查日期/核查人"
        | "包保责任人" => C::LeftOut,
        _ => return None,
    })
}

/// 监护人2姓名, 成员1电话, cy1xm, 家长联系电话: which guardian, and what of it.
fn guardian_alias(text: &str) -> Option<RosterColumn> {
    let (index, rest) = match text.strip_prefix("cy") {
        Some(rest) => {
            let index = guardian_index(rest.get(..1)?)?;
            return Some(match rest.get(1..)? {
                "xm" => RosterColumn::GuardianName(index),
                "gx" | "gxm" => RosterColumn::GuardianRelation(index),
                "dh" | "lxdh" => RosterColumn::GuardianPhone(index),
                _ => RosterColumn::LeftOut,
            });
        }
        None => {
            let (ordinal, text) = match text.strip_prefix('第') {
                Some(rest) => (rest.chars().next(), rest.get(rest.chars().next()?.len_utf8()..)?),
                None => (None, text),
            };
            let rest = ["家庭成员", "监护人", "成员", "家长"].iter().find_map(|who| text.strip_prefix(who))?;
            let first = rest.chars().next();
            match ordinal.map(|c| c.to_string()).as_deref().map(guardian_index) {
                Some(index) => (index?, rest),
                None => match first.and_then(|c| guardian_index(c.encode_utf8(&mut [0; 4]))) {
                    Some(index) => (index, rest.get(first?.len_utf8()..)?),
                    None => (0, rest),
                },
            }
        }
    };
    part_of_a_person(
        rest.trim_start_matches(['-', '_', '.']),
        [RosterColumn::GuardianName(index), RosterColumn::GuardianRelation(index), RosterColumn::GuardianPhone(index)],
    )
}

/// 父亲联系电话, 母亲身份证号.
fn adult_alias(text: &str) -> Option<RosterColumn> {
    let (rest, name, phone) = match (text.strip_prefix("父亲"), text.strip_prefix("母亲")) {
        (Some(rest), _) => (rest, RosterColumn::FatherName, RosterColumn::FatherPhone),
        (_, Some(rest)) => (rest, RosterColumn::MotherName, RosterColumn::MotherPhone),
        _ => return None,
    };
    part_of_a_person(rest, [name, RosterColumn::LeftOut, phone])
}

fn guardian_index(text: &str) -> Option<u8> {
    match text {
        "1" | "一" => Some(0),
        "2" | "二" => Some(1),
        "3" | "三" => Some(2),
        _ => None,
    }
}

/// Of name, relation and phone the one that the rest of a header means; what else is known of adults has no place.
fn part_of_a_person(rest: &str, [name, relation, phone]: [RosterColumn; 3]) -> Option<RosterColumn> {
    Some(match rest {
        "" | "姓名" | "名字" => name,
        "关系" | "与学生关系" | "与儿童关系" | "与孩子关系" | "与本人关系" | "称谓" => relation,
        "电话" | "联系电话" | "手机" | "手机号" | "手机号码" | "电话号码" | "联系方式" | "联系电话号码" => {
            phone
        }
        "关系说明" | "现住址" | "户口所在地" | "是否监护人" | "证件类型" | "证件号" | "证件号码" | "身份证号"
        | "身份证号码" | "身份证件类型" | "身份证件号" | "身份证件号码" | "民族" | "工作单位" | "职务" => {
            RosterColumn::LeftOut
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Cell;
    use super::*;
    use RosterColumn as C;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let rows = rows.iter().map(|row| row.iter().map(|text| Cell::text(*text)).collect()).collect();
        Sheet { rows, ..Sheet::default() }
    }

    fn columns(header: &Header) -> Vec<(usize, Option<RosterColumn>)> {
        header.columns.iter().map(|column| (column.at, column.column)).collect()
    }

    #[test]
    fn headers_are_read_in_chinese_by_pinyin_key_and_in_a_clerk_s_words() {
        for (text, expected) in [
            ("姓名", C::Name),
            ("学生姓名", C::Name),
            (" 姓 名 * ", C::Name),
            ("XM", C::Name),
            ("性别码", C::Sex),
            ("xbm", C::Sex),
            ("出生日期（YYYYMMDD）", C::BirthDate),
            ("证件号", C::IdNumber),
            ("身份证号", C::IdNumber),
            ("身份证件号*", C::IdNumber),
            ("sfzjh", C::IdNumber),
            ("省学籍辅号", C::AuxiliaryRecordNo),
            ("班别", C::Class),
            ("家长电话", C::GuardianPhone(0)),
            ("联系电话", C::ContactPhone),
            ("村（社区）", C::Village),
            ("社（组）", C::VillageGroup),
            ("父亲联系电话", C::FatherPhone),
            ("成员2姓名", C::GuardianName(1)),
            ("cy1dh", C::GuardianPhone(0)),
            ("第二监护人姓名", C::GuardianName(1)),
            ("监护人3电话", C::GuardianPhone(2)),
            ("监护人", C::GuardianName(0)),
            ("是否留守儿童(0非1单亲2双亲)", C::LeftBehind),
            ("母亲身份证号", C::LeftOut),
            ("政治面貌", C::LeftOut),
        ] {
            assert_eq!(recognise(text), Some(expected), "{text}");
        }
        for text in ["", "血型", "班主任电话", "父亲年收入", "云雾镇中心小学"] {
            assert_eq!(recognise(text), None, "{text}");
        }
    }

    #[test]
    fn every_header_of_the_ledger_is_recognised() {
        for column in C::EXPECTED {
            assert_eq!(recognise(column.zh()), Some(*column), "{}", column.zh());
        }
        for field in crate::domain::field::FIELDS {
            assert!(recognise(field.zh).is_some_and(|column| column != C::LeftOut), "{}", field.zh);
        }
    }

    #[test]
    fn the_header_is_found_below_title_rows() {
        let sheet = sheet(&[
            &["云雾镇中心小学学生花名册", "云雾镇中心小学学生花名册"],
            &["填表人:", "", "填表日期:2026.9.1"],
            &[],
            &["序号", "姓名", "性别", "血型"],
            &["1", "石小满", "男", "A"],
        ]);
        let header = find(&sheet).unwrap();
        assert_eq!((header.first_row, header.row_count, header.score), (3, 1, 2));
        assert_eq!(columns(&header), [(0, Some(C::LeftOut)), (1, Some(C::Name)), (2, Some(C::Sex)), (3, None)]);
    }

    #[test]
    fn a_header_of_two_lines_is_read_with_its_groups() {
        let merged = sheet(&[
            &["序号", "学生基本信息", "学生基本信息", "监护人信息", "监护人信息", "监护人信息", "备注"],
            &["序号", "姓名", "身份证号", "姓名", "关系", "联系电话", "备注"],
            &["1", "石小满", "999999201709010011", "石大山", "父亲", "19900000001", ""],
        ]);
        let plain = sheet(&[
            &["序号", "学生基本信息", "", "监护人信息", "", "", "备注"],
            &["", "姓名", "身份证号", "姓名", "关系", "联系电话", ""],
            &["1", "石小满", "999999201709010011", "石大山", "父亲", "19900000001", ""],
        ]);
        for sheet in [merged, plain] {
            let header = find(&sheet).unwrap();
            assert_eq!((header.first_row, header.row_count), (0, 2));
            let expected = [
                (0, Some(C::LeftOut)),
                (1, Some(C::Name)),
                (2, Some(C::IdNumber)),
                (3, Some(C::GuardianName(0))),
                (4, Some(C::GuardianRelation(0))),
                (5, Some(C::GuardianPhone(0))),
                (6, Some(C::Note)),
            ];
            assert_eq!(columns(&header), expected);
            assert_eq!(header.columns[3].header, "监护人姓名", "so that it reads alone");
        }
    }

    #[test]
    fn chinese_names_above_pinyin_keys_are_a_header_of_two_lines() {
        let header = find(&sheet(&[&["姓名", "性别", "民族"], &["xm", "xbm", "mzm"], &["石小满", "1", "07"]])).unwrap();
        assert_eq!(header.score, 3);
        assert_eq!(header.first_row + header.row_count, 2, "the child comes after both");
    }

    #[test]
    fn the_first_child_is_no_second_line_of_the_header() {
        let header = find(&sheet(&[&["姓名", "性别", "户主"], &["石小满", "男", "石大山"]])).unwrap();
        assert_eq!((header.first_row, header.row_count), (0, 1));
    }

    #[test]
    fn a_second_name_column_is_another_person_s() {
        let header = find(&sheet(&[&["姓名", "性别", "姓名", "身份证号", "身份证号"]])).unwrap();
        let taken: Vec<_> = header.columns.iter().map(|column| column.column).collect();
        assert_eq!(taken, [Some(C::Name), Some(C::Sex), None, Some(C::IdNumber), None]);
    }

    #[test]
    fn a_sheet_without_a_name_column_has_no_header() {
        assert_eq!(find(&sheet(&[&["年级", "人数"], &["三年级", "40"]])), None);
        assert_eq!(find(&sheet(&[&["姓名"], &["石小满"]])), None, "a list of bare names is no roster");
    }
}
