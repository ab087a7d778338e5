//! Which columns a roster has and what it calls them (handbook 3.4, 9.1).

use super::super::SCHOOL_YEAR;
use super::super::draw::Draw;
use super::RosterStyle;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Number,
    Township,
    Village,
    VillageGroup,
    HouseholdHead,
    Name,
    Sex,
    Ethnicity,
    BirthDate,
    IdType,
    IdNumber,
    RegisteredPlaceCode,
    Address,
    SchoolCode,
    SchoolName,
    Grade,
    Class,
    EntryMonth,
    StudentNo,
    AttendanceMode,
    LeftBehind,
    Orphan,
    Disability,
    HouseholdCategory,
    GuardianName,
    GuardianRelation,
    Phone,
    Note,
}

impl Column {
    /// What it is called: the student-record system's own word first, then what clerks write.
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Number => &["序号", "编号"],
            Self::Township => &["乡镇", "乡(镇)"],
            Self::Village => &["村(社区)", "村", "村(居)", "所在村"],
            Self::VillageGroup => &["社(组)", "社", "村民小组", "组别"],
            Self::HouseholdHead => &["户主姓名", "户主"],
            Self::Name => &["姓名", "学生姓名", "儿童姓名", "姓 名"],
            Self::Sex => &["性别", "性 别"],
            Self::Ethnicity => &["民族"],
            Self::BirthDate => &["出生日期", "出生年月日", "出生年月"],
            Self::IdType => &["身份证件类型", "证件类型"],
            Self::IdNumber => &["身份证件号", "身份证号", "身份证号码", "证件号", "公民身份号码"],
            Self::RegisteredPlaceCode => &["户口所在地行政区划码"],
            Self::Address => &["现住址", "家庭住址", "家庭地址"],
            Self::SchoolCode => &["学校标识码"],
            Self::SchoolName => &["学校名称", "就读学校", "学校"],
            Self::Grade => &["年级"],
            Self::Class => &["班级", "班别", "所在班级"],
            Self::EntryMonth => &["入学年月"],
            Self::StudentNo => &["全国学籍号", "学籍号"],
            Self::AttendanceMode => &["就读方式", "走读/住校"],
            Self::LeftBehind => &["是否留守儿童", "留守类型", "留守情况"],
            Self::Orphan => &["是否孤儿"],
            Self::Disability => &["残疾类型", "残疾类别"],
            Self::HouseholdCategory => &["家庭类别", "困难类型"],
            Self::GuardianName => &["成员1姓名", "监护人姓名", "家长姓名", "监护人"],
            Self::GuardianRelation => &["成员1关系", "与学生关系", "监护人关系", "关系"],
            Self::Phone => &["成员1联系电话", "联系电话", "家长电话", "监护人电话", "电话"],
            Self::Note => &["备注"],
        }
    }
}

const SCHOOL_COLUMNS: &[Column] = &[
    Column::SchoolCode,
    Column::SchoolName,
    Column::Name,
    Column::Sex,
    Column::BirthDate,
    Column::Ethnicity,
    Column::IdType,
    Column::IdNumber,
    Column::RegisteredPlaceCode,
    Column::Address,
    Column::StudentNo,
    Column::Grade,
    Column::Class,
    Column::EntryMonth,
    Column::AttendanceMode,
    Column::LeftBehind,
    Column::Orphan,
    Column::Disability,
    Column::GuardianName,
    Column::GuardianRelation,
    Column::Phone,
];

const VILLAGE_COLUMNS: &[Column] = &[
    Column::Number,
    Column::Township,
    Column::Village,
    Column::VillageGroup,
    Column::HouseholdHead,
    Column::Name,
    Column::Sex,
    Column::Ethnicity,
    Column::BirthDate,
    Column::IdNumber,
    Column::SchoolName,
    Column::Class,
    Column::AttendanceMode,
    Column::LeftBehind,
    Column::HouseholdCategory,
    Column::Disability,
    Column::GuardianName,
    Column::GuardianRelation,
    Column::Phone,
    Column::Note,
];

/// The sheet's frame: what stands above, the columns and what they are called, what stands below.
pub(super) struct Layout {
    /// Title rows, each across all columns.
    pub(super) titles: Vec<String>,
    /// The columns with their headers, left to right.
    pub(super) columns: Vec<(Column, &'static str)>,
    /// A last line across all columns.
    pub(super) footer: Option<String>,
}

impl Layout {
    /// The frame of a style: official words in the system's export, drawn ones elsewhere.
    pub(super) fn of(draw: &mut Draw, style: RosterStyle, county_name: &str) -> Self {
        let columns = if style.is_of_a_school() { SCHOOL_COLUMNS } else { VILLAGE_COLUMNS };
        let columns = columns
            .iter()
            .map(|column| {
                let official = column.headers().first().copied().unwrap_or_default();
                let drawn = draw.text(column.headers());
                (*column, if style == RosterStyle::StudentRecordExport { official } else { drawn })
            })
            .collect();
        let titles = match style {
            RosterStyle::StudentRecordExport => vec![format!("{county_name}学生基本信息")],
            RosterStyle::ClerksHand => vec![
                format!("{county_name}{SCHOOL_YEAR}年秋季适龄儿童少年花名册"),
                format!("填报单位:(盖章)    填报日期:{SCHOOL_YEAR}年9月5日"),
            ],
            RosterStyle::GbkCsv => vec![format!("{SCHOOL_YEAR}年秋季学生花名册")],
            RosterStyle::Utf8Csv => Vec::new(),
        };
        let footer = (style == RosterStyle::ClerksHand).then(|| "填表人:        审核人:        联系电话:".to_owned());
        Self { titles, columns, footer }
    }

    /// The number of the header row, from 1.
    pub(super) fn header_row_number(&self) -> u32 {
        u32::try_from(self.titles.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}
