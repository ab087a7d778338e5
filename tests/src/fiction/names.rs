//! Names of people who do not exist: common and compound surnames, rare characters, names of minorities with
//! and without the middle dot (handbook 10.3, 18).

use jiafang_core::domain::code_list::Sex;
use serde::Serialize;

use super::draw::Draw;

/// An ethnicity, by GB/T 3304 (handbook 9.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ethnicity {
    /// Two digits.
    pub code: &'static str,
    /// Its name with 族, as on the identity card.
    pub zh: &'static str,
}

const HAN: Ethnicity = Ethnicity { code: "01", zh: "汉族" };
/// Minorities whose names are built as those of the Han.
const WITH_CHINESE_NAMES: &[Ethnicity] = &[
    Ethnicity { code: "15", zh: "土家族" },
    Ethnicity { code: "06", zh: "苗族" },
    Ethnicity { code: "33", zh: "羌族" },
    Ethnicity { code: "03", zh: "回族" },
];
const YI: Ethnicity = Ethnicity { code: "07", zh: "彝族" };
const TIBETAN: Ethnicity = Ethnicity { code: "04", zh: "藏族" };
const UYGHUR: Ethnicity = Ethnicity { code: "05", zh: "维吾尔族" };

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾",
    "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴", "夏", "钟", "汪",
    "田", "任", "姜", "范", "方", "石", "姚", "谭", "廖", "邹", "熊", "金", "陆", "郝", "孔", "白", "崔", "康", "毛",
    "邱", "秦", "江", "史", "顾", "侯", "邵", "孟", "龙", "万", "段", "雷", "钱", "汤", "尹", "黎", "易", "常", "武",
    "乔", "贺", "赖", "龚", "文", "苟", "冉", "蒲", "向", "仇", "覃", "区", "乜", "单", "解",
];
const COMPOUND_SURNAMES: &[&str] =
    &["欧阳", "司马", "上官", "诸葛", "令狐", "夏侯", "皇甫", "慕容", "尉迟", "东方", "司徒", "公孙", "轩辕", "长孙"];
/// First characters of given names of two, for boys.
const MALE_FIRST: &[&str] = &[
    "子", "文", "天", "嘉", "承", "俊", "宇", "浩", "志", "建", "国", "家", "明", "永", "世", "泽", "博", "晨", "睿",
    "小", "春", "光", "德", "正", "云", "开", "思", "安", "一", "启",
];
/// Last characters of given names, for boys; also given names by themselves.
const MALE_LAST: &[&str] = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "明", "超", "刚", "平", "辉", "鹏", "华", "飞", "鑫", "波", "斌", "宇",
    "浩", "凯", "健", "俊", "帆", "旭", "宁", "龙", "林", "阳", "亮", "成", "峰", "洪", "恒", "轩", "航", "瑞", "川",
    "松", "柏", "岩", "远", "庆", "山",
];
/// First characters of given names of two, for girls.
const FEMALE_FIRST: &[&str] = &[
    "雅", "欣", "梦", "雨", "思", "佳", "诗", "梓", "紫", "若", "晓", "小", "桂", "素", "春", "秋", "玉", "翠", "婉",
    "月", "红", "可", "一", "语", "静", "心", "海", "美",
];
/// Last characters of given names, for girls; also given names by themselves.
const FEMALE_LAST: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "秀", "英", "玲", "燕", "萍", "梅", "莉", "兰", "洁", "莲", "雪",
    "荣", "香", "莺", "媛", "婷", "琴", "怡", "涵", "萱", "琳", "琪", "瑶", "倩", "颖", "露", "蓉", "菊", "杏", "妍",
    "彤", "薇",
];
/// Characters that fonts, encodings and pinyin tables forget.
const RARE: &[&str] = &["喆", "垚", "犇", "玥", "珺", "璟", "祎", "䶮", "翀", "昱", "堃", "淼", "骉", "赟", "彧", "歆"];

const YI_CLANS: &[&str] =
    &["沙马", "曲比", "勒伍", "马海", "吉木", "阿余", "尔古", "吉力", "阿苏", "俄木", "海来", "莫色"];
const YI_MALE: &[&str] = &["伍呷", "拉且", "木乃", "尔布", "日古", "史布", "伍且", "达铁", "子呷", "木呷"];
const YI_FEMALE: &[&str] = &["阿支莫", "依合", "伍果莫", "阿呷", "史洛莫", "日洗", "尔西", "阿依莫", "拉则", "木果"];
const TIBETAN_FIRST: &[&str] = &["扎西", "次仁", "洛桑", "丹增", "格桑", "仁青", "索朗", "旦增", "贡嘎", "强巴"];
const TIBETAN_MALE: &[&str] = &["顿珠", "多吉", "平措", "朗杰", "旺堆", "罗布", "群培"];
const TIBETAN_FEMALE: &[&str] = &["卓玛", "央宗", "拉姆", "曲珍", "德吉", "白玛", "措姆"];
const UYGHUR_FATHERS: &[&str] = &["麦麦提敏", "吐尔逊", "阿卜杜拉", "艾合买提", "肉孜", "玉素甫", "图尔荪托合提"];
const UYGHUR_MALE: &[&str] = &["阿卜杜热合曼", "艾力", "买买提江", "努尔麦麦提", "伊力亚尔", "阿卜杜外力"];
const UYGHUR_FEMALE: &[&str] = &["阿依努尔", "古丽巴哈尔", "帕提古丽", "热依汗古丽", "迪丽达尔"];

/// What kind of name a family bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// A surname of one character.
    Common,
    /// A surname of two.
    Compound,
    /// A common surname and a rare character in every given name.
    Rare,
    /// 彝: clan and given name.
    Yi,
    /// 藏: two given names, no family name.
    Tibetan,
    /// 维吾尔: given name, dot, father's name; up to thirteen characters.
    Uyghur,
}

/// What the members of a family share in their names.
#[derive(Debug, Clone, Copy)]
pub(super) struct FamilyName {
    pub(super) ethnicity: Ethnicity,
    kind: NameKind,
    shared: &'static str,
    dotted: bool,
}

impl FamilyName {
    /// Some family's name, as they are spread in the mountains.
    pub(super) fn any(draw: &mut Draw) -> Self {
        let kind = match draw.below(100) {
            0..84 => NameKind::Common,
            84..88 => NameKind::Compound,
            88..91 => NameKind::Rare,
            91..95 => NameKind::Yi,
            95..98 => NameKind::Tibetan,
            _ => NameKind::Uyghur,
        };
        Self::of(draw, kind)
    }

    /// A family's name of one kind.
    pub(super) fn of(draw: &mut Draw, kind: NameKind) -> Self {
        let (ethnicity, shared, dotted) = match kind {
            NameKind::Common | NameKind::Rare => {
                let minority = draw.percent(5).then(|| draw.pick(WITH_CHINESE_NAMES).copied()).flatten();
                (minority.unwrap_or(HAN), draw.text(SURNAMES), false)
            }
            NameKind::Compound => (HAN, draw.text(COMPOUND_SURNAMES), false),
            NameKind::Yi => (YI, draw.text(YI_CLANS), draw.percent(60)),
            NameKind::Tibetan => (TIBETAN, "", draw.percent(40)),
            NameKind::Uyghur => (UYGHUR, draw.text(UYGHUR_FATHERS), true),
        };
        Self { ethnicity, kind, shared, dotted }
    }

    /// Writes the middle dot (U+00B7) between the parts of a minority name, whatever was drawn.
    pub(super) fn with_dot(mut self) -> Self {
        self.dotted = !self.shared.is_empty() || self.kind == NameKind::Tibetan;
        self
    }

    /// What the elders of the family share: rare characters are a fashion among the children.
    pub(super) const fn of_elders(self) -> Self {
        match self.kind {
            NameKind::Rare => Self { kind: NameKind::Common, ..self },
            _ => self,
        }
    }

    /// The name of another family that this one marries into.
    pub(super) fn in_laws(&self, draw: &mut Draw) -> Self {
        match self.kind {
            NameKind::Common | NameKind::Compound | NameKind::Rare => Self::of(draw, NameKind::Common),
            minority => Self { dotted: self.dotted, ..Self::of(draw, minority) },
        }
    }

    /// The full name of one more member.
    pub(super) fn member(&self, draw: &mut Draw, sex: Sex) -> String {
        let by_sex = |male: &'static [&'static str], female| if sex == Sex::Male { male } else { female };
        let dot = if self.dotted { "·" } else { "" };
        match self.kind {
            NameKind::Common | NameKind::Compound => format!("{}{}", self.shared, given_name(draw, sex)),
            NameKind::Rare => {
                let rare = draw.text(RARE);
                let beside = if draw.percent(60) { draw.text(by_sex(MALE_FIRST, FEMALE_FIRST)) } else { "" };
                format!("{}{beside}{rare}", self.shared)
            }
            NameKind::Yi => format!("{}{dot}{}", self.shared, draw.text(by_sex(YI_MALE, YI_FEMALE))),
            NameKind::Tibetan => {
                format!("{}{dot}{}", draw.text(TIBETAN_FIRST), draw.text(by_sex(TIBETAN_MALE, TIBETAN_FEMALE)))
            }
            NameKind::Uyghur => format!("{}{dot}{}", draw.text(by_sex(UYGHUR_MALE, UYGHUR_FEMALE)), self.shared),
        }
    }
}

/// A given name of one or two common characters, now and then one character twice.
fn given_name(draw: &mut Draw, sex: Sex) -> String {
    let (first, last) = if sex == Sex::Male { (MALE_FIRST, MALE_LAST) } else { (FEMALE_FIRST, FEMALE_LAST) };
    let last = draw.text(last);
    match draw.below(100) {
        0..20 => last.to_owned(),
        20..23 => format!("{last}{last}"),
        _ => format!("{}{last}", draw.text(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Subject;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_have_two_to_five_characters_and_minority_names_up_to_thirteen() {
        let mut draw = Draw::new(11, Subject::Children);
        let lengths: BTreeSet<usize> =
            (0..5000).map(|_| FamilyName::any(&mut draw).member(&mut draw, Sex::Female).chars().count()).collect();
        assert!((2..=5).all(|length| lengths.contains(&length)), "seed 11: {lengths:?}");
        let longest = lengths.last().copied().unwrap();
        assert!((8..=13).contains(&longest), "seed 11: {longest}");
    }

    #[test]
    fn a_rare_name_holds_a_rare_character_and_a_compound_surname_stays_whole() {
        let mut draw = Draw::new(12, Subject::Children);
        for _ in 0..100 {
            let rare = FamilyName::of(&mut draw, NameKind::Rare).member(&mut draw, Sex::Male);
            assert!(RARE.iter().any(|character| rare.contains(character)), "seed 12: {rare}");
            let compound = FamilyName::of(&mut draw, NameKind::Compound).member(&mut draw, Sex::Male);
            assert!(COMPOUND_SURNAMES.iter().any(|surname| compound.starts_with(surname)), "seed 12: {compound}");
            let dotted = FamilyName::of(&mut draw, NameKind::Yi).with_dot().member(&mut draw, Sex::Female);
            assert_eq!(dotted.matches('·').count(), 1, "seed 12: {dotted}");
        }
    }
}
