//! Which column a header names.
//!
//! Names come from the ledger (handbook 3.4), from the student-record system in Chinese and by its pinyin keys
//! (handbook 9.1), and from what clerks write.

use crate::domain::field;
use crate::domain::person_name::half_width;
use crate::domain::roster::column::RosterColumn;

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
        | "户口所在地行政区划码"
        | "户口所在地代码"
        | "户口所在地区划码"
        | "hkszd"
        | "hkszdm" => C::HukouAddress,
        "户口性质" | "户口类型" | "户籍类型" | "户籍性质" | "hkxz" | "hkxzm" => C::HukouType,
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
        "就读方式"
        | "就读方式码"
        | "就学方式"
        | "就读方式走读/住校/送教上门"
        | "走读/住校"
        | "走读住校"
        | "jdfs"
        | "jdfsm" => C::AttendanceMode,
        "就学状态" | "就学状态名称" | "学生状态" | "就学情况" | "schooling_status" => {
            C::SchoolingStatus
        }
        "就读状态" | "就读状态码" | "学籍状态" | "学生当前状态" | "jdzt" | "jdztm" => C::RecordState,
        "状态起始日" | "状态起始日期" | "状态起始时间" | "status_since" => C::StatusSince,
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
        | "佐证材料编号"
        | "核查方式"
        | "核查方式入户/电话/视频/系统比对"
        | "核查日期"
        | "核查人"
        | "核查日期/核查人"
        | "包保责任人" => C::LeftOut,
        _ if is_of_a_small_ledger(text) => C::LeftOut,
        _ => return None,
    })
}

/// Columns of the smaller ledgers (handbook 3.7) are exported and not taken in again: 就读学校(县外) is not the school here.
fn is_of_a_small_ledger(text: &str) -> bool {
    field::FIELDS.iter().any(|field| field.zh == text && field::is_of_small_ledgers(field.path))
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
    use super::*;
    use RosterColumn as C;

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
            ("户口所在地行政区划码", C::HukouAddress),
            ("走读/住校", C::AttendanceMode),
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
    fn every_header_of_the_handbook_is_recognised() {
        // 3.4, as the ledger prints them.
        let ledger = "序号|乡镇|村(社区)|社(组)|户主姓名|户主身份证号|与户主关系|学生姓名|性别|民族|出生日期|身份证件类型/号\
            |户口性质 / 户籍地址|现住址|家庭类别|监护人姓名/关系/电话|实际照护人(委托照护)|父母外出务工地|留守类型\
            |学段/年级/班级|就读学校 / 学校标识码|就读地 (县内/县外/省外/境外)|全国学籍号|就读方式 走读/住校/送教上门\
            |就学状态|状态起始日|特殊情况类别|残疾类别/等级/证号|佐证材料编号|核查方式 入户/电话/视频/系统比对\
            |核查日期 / 核查人|包保责任人 (村/校)|备注";
        // 9.1, in Chinese and by key.
        let record_system = "姓名|性别|出生日期|出生地|籍贯|民族|国籍/地区|身份证件类型|身份证件号|身份证件有效期|港澳台侨外\
            |政治面貌|健康状况|照片|姓名拼音|曾用名|户口所在地|户口性质|学籍辅号|班内学号|年级|班级|入学年月|入学方式\
            |就读方式|学生来源|现住址|通信地址|家庭地址|联系电话|邮编|是否独生子女|是否受过学前教育|是否留守儿童\
            |是否进城务工人员随迁子女|是否孤儿|是否烈士或优抚子女|随班就读|残疾类型|是否由政府购买学位|是否需要申请资助\
            |是否享受一补|上下学距离(km)|上下学方式|是否需要乘坐校车|成员1姓名|成员1关系|成员1关系说明|成员2现住址\
            |成员2户口所在地|成员2电话|成员2是否监护人|全国学籍号|学校标识码|主管单位区划|就读状态|xm|xbm|csrq|csdm|jg|mzm\
            |gjdqm|sfzjlxm|sfzjh|sfzjyxq|gatqwm|zzmmm|jkzkm|xmpy|cym|hkszdm|hkxzm|xjfh|bnxh|xxNjxxId|xxBjxxId|rxny|rxfsm\
            |jdfsm|xslym|xzz|txdz|jtzz|lxdh|yzbm|sfdsznm|sfsgxqjym|sflsetm|sfsqznm|sfge|sflshyfzn|sbjdm|cjlxm|sfgmxwm\
            |sfxsybm|sxxjl|sxxfsm|sfczxcm|cy1xm|cy1gx|grbsm|lrr|xxsszgjyxzdm|jdztm";
        for header in ledger.split('|').chain(record_system.split('|')) {
            assert!(recognise(header).is_some(), "{header}");
        }
    }

    #[test]
    fn every_field_of_the_dossier_is_recognised_by_its_header() {
        for column in C::EXPECTED {
            assert_eq!(recognise(column.zh()), Some(*column), "{}", column.zh());
        }
        for field in field::FIELDS {
            let left_out = field::is_of_small_ledgers(field.path);
            assert!(recognise(field.zh).is_some_and(|column| (column == C::LeftOut) == left_out), "{}", field.zh);
        }
    }
}
