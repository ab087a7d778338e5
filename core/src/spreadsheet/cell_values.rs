//! What coded and text cells of a roster mean: `1` and `男`, `0` and `否`, `52` and `母亲` (handbook 9.1, 9.4).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Cell, CellKind};
use crate::domain::code_list::{AttendanceMode, ChildFlag, HukouType, IdType, Relation, Sex};
use crate::domain::person_name::{half_width, says_nothing};
use crate::domain::time::read_day;

/// A cell's text as codes are compared: half width, without white space. Empty for `无`, `-` and `/`.
pub(super) fn code_text(cell: &Cell) -> String {
    let text: String = half_width(&cell.text).chars().filter(|c| !c.is_whitespace()).collect();
    if cell.kind == CellKind::Error || says_nothing(&text) { String::new() } else { text }
}

/// A cell's text as it is kept: trimmed, line ends and runs of spaces as one space. Empty for `无`, `-` and `/`.
pub(super) fn plain_text(cell: &Cell) -> String {
    let text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if cell.kind == CellKind::Error || says_nothing(&half_width(&text)) { String::new() } else { text }
}

/// 1 男 2 女 (handbook 9.1).
pub(super) fn sex(text: &str) -> Option<Sex> {
    match text {
        "1" | "01" | "男" | "男性" | "男生" | "1男" | "1-男" => Some(Sex::Male),
        "2" | "02" | "女" | "女性" | "女生" | "2女" | "2-女" => Some(Sex::Female),
        _ => None,
    }
}

/// A day: a date cell, a text that clerks write, or the serial number that is left of a date whose format was lost.
pub(super) fn day(cell: &Cell) -> Option<Date> {
    if let CellKind::Date(date) = cell.kind {
        return Some(date);
    }
    if let CellKind::Number(serial) = cell.kind {
        // 1954-10-03 to 2119-01-10: five digits that mean nothing else in a column of birth dates.
        if serial.fract() == 0.0 && (20_000.0..80_000.0).contains(&serial) {
            let moment = calamine::ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false);
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            return Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok();
        }
    }
    let text = half_width(&cell.text);
    let text = text.trim();
    // 2015-09-01 00:00:00, as databases export it.
    let date = text.split_once([' ', 'T']).filter(|(_, time)| time.contains(':')).map_or(text, |(date, _)| date);
    let date: String = date.chars().filter(|c| !c.is_whitespace()).collect();
    read_day(&date)
}

/// Year and month: `202509`, `2025-09`, `2025年9月`, or a whole day.
pub(super) fn year_and_month(cell: &Cell) -> Option<(i16, i8)> {
    if let Some(date) = day(cell) {
        return Some((date.year(), date.month()));
    }
    let text = code_text(cell);
    let (year, month) = match (text.get(..4), text.get(4..)) {
        (Some(year), Some(month)) if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) => (year, month),
        _ => {
            let mut parts = text.split(['-', '/', '.', '年', '月']).filter(|part| !part.is_empty());
            let parts = (parts.next()?, parts.next()?, parts.next());
            if parts.2.is_some() {
                return None;
            }
            (parts.0, parts.1)
        }
    };
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    Date::new(year, month, 1).ok().filter(|_| (2000..2100).contains(&year)).map(|date| (date.year(), date.month()))
}

/// 1 resident ID; 6, 7, 8, 9, A and Z are other papers, or none (handbook 9.1). A word that names several is another one.
pub(super) fn id_type(text: &str) -> Option<IdType> {
    match text {
        "1" | "01" | "身份证" | "居民身份证" | "1居民身份证" | "1-居民身份证" | "户口簿" => {
            Some(IdType::ResidentId)
        }
        "6" => Some(IdType::HongKong),
        "7" => Some(IdType::Macau),
        "8" => Some(IdType::Taiwan),
        "9" => Some(IdType::PermanentResidence),
        "A" | "a" => Some(IdType::Passport),
        "Z" | "z" => Some(IdType::Other),
        _ => {
            let words = [
                ("香港", IdType::HongKong),
                ("澳门", IdType::Macau),
                ("台湾", IdType::Taiwan),
                ("永久居", IdType::PermanentResidence),
                ("护照", IdType::Passport),
            ];
            let named = words.into_iter().find(|(word, _)| text.contains(word)).map(|(_, kind)| kind);
            let is_other = || ["其他", "港", "澳", "台", "通行证"].iter().any(|word| text.contains(word));
            named.or_else(|| is_other().then_some(IdType::Other))
        }
    }
}

/// 1 农业 2 非农业 (handbook 9.1); what the registration has been called since, 居民户口, is neither.
pub(super) fn hukou_type(text: &str) -> Option<HukouType> {
    match text.trim_end_matches("户口").trim_start_matches(['1', '2', '-']) {
        "农业" => Some(HukouType::Agricultural),
        "非农业" | "城镇" => Some(HukouType::NonAgricultural),
        "" if text == "1" => Some(HukouType::Agricultural),
        "" if text == "2" => Some(HukouType::NonAgricultural),
        _ => None,
    }
}

/// 1 走读 2 住校; 送教上门 has no code that is sure.
pub(super) fn attendance_mode(text: &str) -> Option<AttendanceMode> {
    match text {
        "1" | "01" | "走读" | "走读生" | "1走读" | "1-走读" => Some(AttendanceMode::Day),
        "2" | "02" | "住校" | "住校生" | "寄宿" | "寄宿生" | "住宿" | "2住校" | "2-住校" => {
            Some(AttendanceMode::Boarding)
        }
        "送教上门" | "送教" => Some(AttendanceMode::HomeTeaching),
        _ => None,
    }
}

/// Yes or no; `header` and a flag's own name mean yes.
pub(super) fn yes_or_no(text: &str, header: &str, flag: ChildFlag) -> Option<bool> {
    match text {
        "1" | "01" | "是" | "有" | "对" | "Y" | "y" | "YES" | "yes" | "Yes" | "TRUE" | "true" | "√" | "✓" | "✔"
        | "V" | "v" | "1是" | "1-是" => Some(true),
        "0" | "00" | "否" | "非" | "不是" | "N" | "n" | "NO" | "no" | "No" | "FALSE" | "false" | "×" | "X" | "x"
        | "✗" | "0否" | "0-否" => Some(false),
        _ if is_denied(text) => Some(false),
        _ => {
            let header = half_width(header);
            let about = header.trim().trim_start_matches("是否");
            let names_it = |name: &str| !name.is_empty() && (text.contains(name) || name.contains(text));
            (names_it(about) || names_it(flag.zh())).then_some(true)
        }
    }
}

/// 非低保, 不是孤儿.
fn is_denied(text: &str) -> bool {
    ["非", "不", "未", "没"].iter().any(|no| text.starts_with(no))
}

/// 0 非 1 单亲留守 2 双亲留守 (handbook 9.1). A bare yes does not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftBehind {
    No,
    One,
    Both,
    Yes,
}

pub(super) fn left_behind(text: &str) -> Option<LeftBehind> {
    match text {
        "0" | "00" | "否" | "N" | "n" | "×" | "FALSE" | "非留守" | "非留守儿童" => Some(LeftBehind::No),
        "1" | "01" => Some(LeftBehind::One),
        "2" | "02" => Some(LeftBehind::Both),
        "是" | "Y" | "y" | "√" | "✓" | "有" | "TRUE" | "留守" | "留守儿童" => Some(LeftBehind::Yes),
        _ if is_denied(text) => Some(LeftBehind::No),
        _ if text.contains("单") || text.contains("一方") => Some(LeftBehind::One),
        _ if text.contains("双") => Some(LeftBehind::Both),
        _ => None,
    }
}

/// Words of categories and special cases, several in a cell (handbook 3.7, 8.3). The longest come first, so that
/// 脱贫不稳定户 is no 脱贫户 and 残疾人子女 no disabled child.
const CATEGORIES: [(&str, Option<ChildFlag>); 28] = [
    ("脱贫不稳定", Some(ChildFlag::Monitored)),
    ("边缘易致贫", Some(ChildFlag::Monitored)),
    ("突发严重困难", Some(ChildFlag::Monitored)),
    ("事实无人抚养", Some(ChildFlag::NoCarer)),
    ("残疾人子女", None),
    ("低保边缘", None),
    ("一般困难", None),
    ("单亲留守", Some(ChildFlag::LeftBehindOne)),
    ("双亲留守", Some(ChildFlag::LeftBehindBoth)),
    ("建档立卡", Some(ChildFlag::Lifted)),
    ("未脱贫", None),
    ("脱贫", Some(ChildFlag::Lifted)),
    ("监测", Some(ChildFlag::Monitored)),
    ("低保", Some(ChildFlag::SubsistenceAllowance)),
    ("特困", Some(ChildFlag::DestituteSupport)),
    ("孤儿", Some(ChildFlag::Orphan)),
    ("残疾", Some(ChildFlag::Disabled)),
    ("随迁", Some(ChildFlag::MigrantChild)),
    ("住校", Some(ChildFlag::Boarder)),
    ("寄宿", Some(ChildFlag::Boarder)),
    ("一般户", None),
    ("一般农户", None),
    ("普通", None),
    ("正常", None),
    ("单亲", Some(ChildFlag::SingleParent)),
    ("离异", None),
    ("烈士", None),
    ("困难职工", None),
];

/// The flags that a text of categories names, and whether some of it was not understood. 留守 alone says nothing
/// of how many parents are away.
pub(super) fn categories(text: &str) -> (BTreeMap<ChildFlag, bool>, bool) {
    let mut flags = BTreeMap::new();
    let mut has_unknown = false;
    for part in text.split(['、', ',', ';', '/', '|', '+', '\n']).filter(|part| !says_nothing(part) && *part != "否")
    {
        if is_denied(part) && !part.starts_with("未脱贫") {
            continue;
        }
        match CATEGORIES.iter().find(|(word, _)| part.contains(word)) {
            Some((_, Some(flag))) => {
                flags.insert(*flag, true);
            }
            Some((_, None)) => {}
            None if part.contains("留守") => {
                flags.insert(ChildFlag::LeftBehindOne, true);
                has_unknown = true;
            }
            None => has_unknown = true,
        }
    }
    (flags, has_unknown)
}

/// Relation of an adult to the child, by text or by GB/T 4761 (handbook 9.4).
pub(super) fn relation(text: &str) -> Option<Relation> {
    Some(match text {
        "51" | "父" | "父亲" | "爸爸" | "父子" | "父女" | "生父" | "51父亲" => Relation::Father,
        "52" | "母" | "母亲" | "妈妈" | "母子" | "母女" | "生母" | "52母亲" => Relation::Mother,
        "57" | "继父" | "养父" | "继父/养父" | "继父或养父" => Relation::StepFather,
        "58" | "继母" | "养母" | "继母/养母" | "继母或养母" => Relation::StepMother,
        "61" | "祖父" | "爷爷" => Relation::PaternalGrandfather,
        "62" | "祖母" | "奶奶" | "婆婆" => Relation::PaternalGrandmother,
        "63" | "外祖父" | "外公" | "姥爷" | "外爷" => Relation::MaternalGrandfather,
        "64" | "外祖母" | "外婆" | "姥姥" => Relation::MaternalGrandmother,
        "71" | "73" | "兄" | "弟" | "哥哥" | "弟弟" | "兄弟" | "哥" => Relation::Brother,
        "75" | "77" | "姐" | "妹" | "姐姐" | "妹妹" | "姐妹" => Relation::Sister,
        "81"
        | "83"
        | "85"
        | "伯"
        | "伯父"
        | "叔"
        | "叔父"
        | "叔叔"
        | "舅"
        | "舅父"
        | "舅舅"
        | "姑父"
        | "姨父"
        | "大伯"
        | "幺爸"
        | "伯父/叔父/舅父" => Relation::Uncle,
        "姑"
        | "姑母"
        | "姑姑"
        | "姨"
        | "姨母"
        | "姨妈"
        | "婶"
        | "婶母"
        | "婶婶"
        | "舅母"
        | "舅妈"
        | "伯母"
        | "姑母/姨母/婶母" => Relation::Aunt,
        "邻居" => Relation::Neighbour,
        "村干部" => Relation::VillageCadre,
        "99" | "97" | "其他" | "其它" | "亲属" | "亲戚" | "监护人" | "其他亲属" => Relation::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn code_and_text_say_the_same() {
        assert_eq!(
            [sex("1"), sex("男"), sex("2"), sex("女"), sex("0")],
            [Some(Sex::Male), Some(Sex::Male), Some(Sex::Female), Some(Sex::Female), None]
        );
        for relation_text in ["51", "父亲", "爸爸"] {
            assert_eq!(relation(relation_text), Some(Relation::Father));
        }
        assert_eq!(relation("幺爷"), None);
        assert_eq!(
            [id_type("1"), id_type("Z"), id_type("护照"), id_type("?")],
            [Some(IdType::ResidentId), Some(IdType::Other), Some(IdType::Passport), None]
        );
        for kind in IdType::ALL {
            assert_eq!(id_type(kind.zh()), Some(*kind));
        }
        for kind in HukouType::ALL {
            assert_eq!(hukou_type(kind.zh()), Some(*kind));
        }
        assert_eq!(
            [hukou_type("1"), hukou_type("2-非农业户口"), hukou_type("居民户口")],
            [Some(HukouType::Agricultural), Some(HukouType::NonAgricultural), None]
        );
        assert_eq!(
            [attendance_mode("2"), attendance_mode("寄宿生"), attendance_mode("3")],
            [Some(AttendanceMode::Boarding), Some(AttendanceMode::Boarding), None]
        );
        for relation in Relation::ALL.iter().filter(|relation| **relation != Relation::TheChild) {
            assert_eq!(super::relation(relation.zh()), Some(*relation), "{}", relation.zh());
        }
    }

    #[test]
    fn a_day_is_read_from_dates_texts_and_lost_formats() {
        let expected = Some(date(2015, 9, 1));
        for cell in [
            Cell::date(date(2015, 9, 1)),
            Cell::text("2015-09-01 00:00:00"),
            Cell::text("２０１５年９月１日"),
            Cell::number(20_150_901.0),
            Cell::number(42_248.0),
        ] {
            assert_eq!(day(&cell), expected, "{cell:?}");
        }
        for cell in [Cell::text("2015-09"), Cell::number(2015.5), Cell::number(9.0), Cell::text("42248岁")] {
            assert_eq!(day(&cell), None, "{cell:?}");
        }
        for cell in [Cell::text("202509"), Cell::number(202_509.0), Cell::text("2025年9月"), Cell::text("2025-09-01")]
        {
            assert_eq!(year_and_month(&cell), Some((2025, 9)), "{cell:?}");
        }
        assert_eq!(year_and_month(&Cell::text("202513")), None);
    }

    #[test]
    fn yes_and_no_are_said_in_many_ways() {
        let low_income = |text: &str| yes_or_no(text, "是否低保", ChildFlag::SubsistenceAllowance);
        for text in ["1", "是", "√", "低保", "低保户", "TRUE"] {
            assert_eq!(low_income(text), Some(true), "{text}");
        }
        for text in ["0", "否", "非低保", "×", "不是"] {
            assert_eq!(low_income(text), Some(false), "{text}");
        }
        assert_eq!(low_income("待定"), None);
    }

    #[test]
    fn left_behind_is_none_one_or_both() {
        for (text, expected) in [
            ("0", LeftBehind::No),
            ("非留守儿童", LeftBehind::No),
            ("1", LeftBehind::One),
            ("单亲留守", LeftBehind::One),
            ("2", LeftBehind::Both),
            ("双亲留守", LeftBehind::Both),
            ("是", LeftBehind::Yes),
        ] {
            assert_eq!(left_behind(text), Some(expected), "{text}");
        }
        assert_eq!(left_behind("3"), None);
    }

    #[test]
    fn several_categories_stand_in_one_cell() {
        let named = |text: &str| categories(text).0.into_keys().collect::<Vec<_>>();
        assert_eq!(named("脱贫户、低保"), [ChildFlag::Lifted, ChildFlag::SubsistenceAllowance]);
        assert_eq!(named("脱贫不稳定户"), [ChildFlag::Monitored]);
        assert_eq!(named("残疾人子女"), []);
        assert_eq!(named("单亲家庭、孤儿"), [ChildFlag::SingleParent, ChildFlag::Orphan]);
        assert_eq!(named("单亲留守"), [ChildFlag::LeftBehindOne]);
        assert_eq!(named("一般户"), []);
        assert_eq!(named("未脱贫"), []);
        assert!(categories("军属").1, "what is not understood is said");
    }
}
