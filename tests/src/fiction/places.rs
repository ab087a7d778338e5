//! An invented county: townships, villages, schools and classes (handbook 10.2, 13, 18).

use std::collections::BTreeSet;
use std::path::Path;

use jiafang_core::domain::calendar::{Calendar, CalendarDay, DayKind, Term};
use jiafang_core::domain::county::County;
use jiafang_core::domain::duty::DutyGrid;
use jiafang_core::domain::place::{Class, ClassId, Place, PlaceCode, School, SchoolCode, Stage};
use jiafang_core::domain::rule_set::RuleSet;
use jiafang_core::domain::time::Day;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::files::write_atomically;
use serde::Serialize;

use super::draw::{Draw, Subject};
use super::identity::REGION;
use super::{Fiction, SCHOOL_YEAR};

/// The county's invented name.
const COUNTY_NAME: &str = "青石县";

/// Stems of township names; none of them is a township of the real county that the handbook describes.
const TOWNSHIP_STEMS: &[&str] = &[
    "青石",
    "云垭",
    "鹿坪",
    "石笋",
    "竹荫",
    "椿坪",
    "柿湾",
    "雾岭",
    "岩泉",
    "杉岭",
    "枫垭",
    "梨坪",
    "茶垭",
    "月亮坪",
    "老鹰岩",
    "凉风垭",
    "桐子坝",
    "马桑坪",
    "响水岩",
    "野猫沟",
    "羊角寨",
    "牛背梁",
    "金竹沟",
    "红椿坝",
    "黑松坡",
    "蕨菜坪",
    "望乡台",
    "落雁滩",
    "磨盘山",
    "葛藤湾",
    "棕树坳",
    "灯盏窝",
    "燕子垭",
    "核桃湾",
    "麦子坪",
    "白果垭",
    "箭竹岭",
    "古柏梁",
    "拐枣坪",
    "花椒沟",
];

/// First parts of village names.
const VILLAGE_FIRST: &[&str] = &[
    "白鹿", "青竹", "古松", "云雾", "月牙", "野茶", "红椿", "黑松", "金桂", "石磨", "木鱼", "鹰嘴", "羊角", "牛背",
    "马蹄", "狮子", "凤尾", "燕窝", "核桃", "板栗", "柿子", "樱桃", "青杠", "麻柳", "桐油", "棕叶", "葛藤", "蕨菜",
    "花椒", "梨花", "枫叶", "箭竹", "七星", "九湾", "双井", "大石", "高桥", "老林", "晒谷", "碾子",
];

/// Last parts of village names.
const VILLAGE_LAST: &[&str] = &[
    "垭", "坪", "湾", "沟", "坝", "岭", "梁", "坡", "坳", "洞", "岩", "塘", "嘴", "槽", "坎", "顶", "垴", "窝", "寨",
    "滩",
];

/// How much of a county is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// One township of six villages with a central primary school, a junior school and a village point.
    Township,
    /// 33 townships of 10 to 14 villages, each with its schools: the size of the county in handbook 13.
    County,
}

impl Size {
    /// How many children make it look lived in: a demonstration's township, or a whole county to plan for
    /// (handbook 13: 80,000).
    #[must_use]
    pub const fn children_count(self) -> usize {
        match self {
            Self::Township => 300,
            Self::County => 80_000,
        }
    }
}

/// What a school offers.
#[derive(Clone, Copy)]
struct Offer {
    stage: Stage,
    grades: u8,
    classes_a_grade: u8,
}

impl Fiction {
    /// The invented county of this seed: region 999999, classes of the school year [`SCHOOL_YEAR`].
    /// A first village `…001` is the community at the township's seat. Some townships carry a former name
    /// and the code that went with it, as two entries of `former_names`.
    #[must_use]
    pub fn county(&self, size: Size) -> County {
        let mut draw = Draw::new(self.seed(), Subject::County);
        let mut township_names = TOWNSHIP_STEMS.to_vec();
        draw.shuffle(&mut township_names);
        let mut village_names = village_names(&mut draw).into_iter();
        let (township_count, towns) = match size {
            Size::Township => (1, 1),
            Size::County => (33, 22),
        };
        let mut places = Vec::new();
        let mut schools = Vec::new();
        for (index, stem) in township_names.into_iter().take(township_count).enumerate() {
            // 镇 count from 101, 乡 from 201, as in the statistical codes.
            let (kind, number) = if index < towns {
                ("镇", index.saturating_add(101))
            } else {
                ("乡", index.saturating_sub(towns).saturating_add(201))
            };
            let Some(code) = PlaceCode::parse(&format!("{REGION}{number}")) else { continue };
            let former_names = if index % 4 == 0 {
                vec![format!("{stem}老街乡"), format!("{REGION}{}", index.saturating_add(301))]
            } else {
                Vec::new()
            };
            let name = format!("{stem}{kind}");
            places.push(Place {
                code: code.clone(),
                name: name.clone(),
                former_names,
                merged_into: None,
                key_area: false,
            });
            let village_count = match size {
                Size::Township => 6,
                Size::County => draw.between(10, 14),
            };
            let mut last_village = String::new();
            for number in 1..=village_count {
                let Some(village) = PlaceCode::parse(&format!("{code}{number:03}")) else { continue };
                let kind = if number == 1 { "社区" } else { "村" };
                last_village = format!("{}{kind}", village_names.next().unwrap_or_default());
                places.push(Place {
                    code: village,
                    name: last_village.clone(),
                    former_names: Vec::new(),
                    merged_into: None,
                    // The village at the end of the valley.
                    key_area: number == village_count,
                });
            }
            add_schools(&mut schools, &code, &name, &last_village, size);
        }
        let county = Place {
            code: PlaceCode::parse(REGION).unwrap_or_else(|| unreachable!("six digits")),
            name: COUNTY_NAME.to_owned(),
            former_names: Vec::new(),
            merged_into: None,
            key_area: false,
        };
        let rules = RuleSet::default_rules().into_iter().collect();
        County {
            county,
            places,
            schools,
            calendar: calendar(),
            rules,
            codes: Vec::new(),
            duty: DutyGrid::default(),
            evidence: Vec::new(),
            home_teaching: Vec::new(),
            looks: Vec::new(),
            method: Vec::new(),
            round_from: None,
        }
    }
}

/// The school year [`SCHOOL_YEAR`] with the public holidays of its autumn, and the days that are made up for them.
fn calendar() -> Calendar {
    let day = |text: &str| Day::parse(text).unwrap_or_else(|| unreachable!("a day"));
    let term = |key: &str, from, to| Term { school: None, key: key.to_owned(), from: day(from), to: day(to) };
    let on =
        |text: &str, kind, reason: &str| CalendarDay { school: None, day: day(text), kind, reason: reason.to_owned() };
    let holidays = |from: &str, count: i32, reason: &'static str| {
        let from = day(from);
        (0..count).map(move |days| CalendarDay {
            school: None,
            day: from.plus_days(days),
            kind: DayKind::Holiday,
            reason: reason.to_owned(),
        })
    };
    let mut days = vec![
        on("2026-09-20", DayKind::MakeUp, "国庆节调休"),
        on("2026-10-10", DayKind::MakeUp, "国庆节调休"),
        on("2027-01-01", DayKind::Holiday, "元旦"),
    ];
    days.extend(holidays("2026-09-25", 3, "中秋节"));
    days.extend(holidays("2026-10-01", 7, "国庆节"));
    days.sort_by_key(|entry| entry.day);
    Calendar {
        transitions: Vec::new(),
        terms: vec![term("2026-2027-1", "2026-09-01", "2027-01-22"), term("2026-2027-2", "2027-02-22", "2027-07-02")],
        days,
        cycles: Vec::new(),
    }
}

/// All village names in a drawn order, none twice.
fn village_names(draw: &mut Draw) -> Vec<String> {
    let mut names: Vec<String> = VILLAGE_FIRST
        .iter()
        .flat_map(|first| VILLAGE_LAST.iter().map(move |last| format!("{first}{last}")))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    draw.shuffle(&mut names);
    names
}

/// The central primary school, the junior school and the point of the farthest village.
fn add_schools(schools: &mut Vec<School>, township: &PlaceCode, name: &str, far_village: &str, size: Size) {
    let (primary, junior) = match size {
        Size::Township => (2, 2),
        Size::County => (5, 5),
    };
    let kinds = [
        (format!("{name}中心小学"), Offer { stage: Stage::Primary, grades: 6, classes_a_grade: primary }),
        (format!("{name}初级中学"), Offer { stage: Stage::Junior, grades: 3, classes_a_grade: junior }),
        (format!("{far_village}教学点"), Offer { stage: Stage::Primary, grades: 3, classes_a_grade: 1 }),
    ];
    for (name, offer) in kinds {
        let code = SchoolCode(format!("{REGION}{:04}", schools.len().saturating_add(1)));
        let classes = classes(&code, offer);
        schools.push(School {
            code,
            name,
            township: township.clone(),
            classes,
            former_names: Vec::new(),
            merged_into: None,
        });
    }
}

/// The classes of a school in this school year, lowest grade first.
fn classes(school: &SchoolCode, offer: Offer) -> Vec<Class> {
    let entry_years = (0..i16::from(offer.grades)).map(|years| SCHOOL_YEAR.saturating_sub(years));
    entry_years
        .flat_map(|entry_year| {
            (1..=offer.classes_a_grade).map(move |number| Class {
                id: ClassId::new(school, offer.stage, entry_year, number),
                stage: offer.stage,
                entry_year,
                number,
            })
        })
        .collect()
}

/// The county as the file that a server's `init --county` reads: JSON, indented, with a last line feed.
///
/// # Errors
/// [`ErrorCode::Internal`] should the county not be serialisable.
pub fn county_file(county: &County) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(county)
        .map_err(|cause| Failure::caused(ErrorCode::Internal, "county file", cause))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes [`county_file`] to `path`, whole or not at all.
///
/// # Errors
/// [`ErrorCode::DiskFull`] or [`ErrorCode::FileWriteFailed`].
pub fn write_county_file(county: &County, path: &Path) -> Result<()> {
    write_atomically(path, &county_file(county)?)
}

#[cfg(test)]
mod tests {
    use super::super::TODAY;
    use super::*;

    /// The townships of the real county that the handbook lists (10.2): none may appear in fiction.
    const REAL_TOWNSHIPS: &[&str] = &[
        "壁州",
        "诺江",
        "民胜",
        "火炬",
        "广纳",
        "铁佛",
        "麻石",
        "至诚",
        "洪口",
        "沙溪",
        "瓦室",
        "永安",
        "铁溪",
        "涪阳",
        "诺水河",
        "毛浴",
        "泥溪",
        "两河口",
        "板桥口",
        "新场",
        "杨柏",
        "三溪",
        "春在",
        "龙凤场",
        "空山",
        "唱歌",
        "陈河",
        "青峪",
        "兴隆",
        "烟溪",
        "长坪",
        "松溪",
        "胜利",
        "通江",
    ];

    #[test]
    fn a_county_of_either_size_has_no_mistakes() {
        for seed in 0..20 {
            let fiction = Fiction::new(seed);
            for (size, townships, schools) in [(Size::Township, 1, 3), (Size::County, 33, 99)] {
                let county = fiction.county(size);
                assert_eq!(county.mistakes(), Vec::new(), "{fiction}");
                let is_township = |place: &&Place| place.code.as_str().len() == 9;
                assert_eq!(county.places.iter().filter(is_township).count(), townships, "{fiction}");
                assert_eq!(county.schools.len(), schools, "{fiction}");
                assert!(county.places.iter().all(|place| place.code.as_str().starts_with(REGION)));
                let names: BTreeSet<&str> = county.places.iter().map(|place| place.name.as_str()).collect();
                assert_eq!(names.len(), county.places.len(), "no name twice: {fiction}");
            }
            assert_eq!(fiction.county(Size::Township).places.len(), 1 + 6);
        }
    }

    #[test]
    fn no_place_is_one_of_the_real_county() {
        let county = Fiction::new(5).county(Size::County);
        let names = county.places.iter().map(|place| &place.name).chain(county.schools.iter().map(|s| &s.name));
        for name in names.chain([&county.county.name]) {
            let real = REAL_TOWNSHIPS.iter().find(|real| name.starts_with(**real));
            assert_eq!(real, None, "{name}");
        }
    }

    #[test]
    fn every_grade_from_one_to_nine_has_a_class_this_year() {
        let county = Fiction::new(6).county(Size::Township);
        let grades: BTreeSet<Option<u8>> =
            county.schools.iter().flat_map(|school| &school.classes).map(|class| class.grade_on(TODAY)).collect();
        assert_eq!(grades, (1..=9).map(Some).collect());
    }

    #[test]
    fn the_county_file_is_read_back_as_it_was() {
        let county = Fiction::new(7).county(Size::County);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("county.json");
        write_county_file(&county, &path).unwrap();
        let read: County = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read, county);
    }

    #[test]
    fn the_sample_county_in_fixtures_is_what_its_seed_gives() {
        let committed = include_str!("../../fixtures/county-qingshi.json");
        let generated = String::from_utf8(county_file(&Fiction::new(1).county(Size::Township)).unwrap()).unwrap();
        assert_eq!(
            committed, generated,
            "run: cargo run -p jiafang-tests --bin fiction -- county --seed 1 --size township \
             --out tests/fixtures/county-qingshi.json"
        );
    }
}
