//! Ethnicities by GB/T 3304 (handbook 9.4): two digits, or the name with or without 族.

use crate::domain::person_name::half_width;

/// An ethnicity of the national list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ethnicity {
    /// Two digits of GB/T 3304.
    pub code: &'static str,
    name: &'static str,
}

/// Code and short name.
const LIST: [(&str, &str); 58] = [
    ("01", "汉"),
    ("02", "蒙古"),
    ("03", "回"),
    ("04", "藏"),
    ("05", "维吾尔"),
    ("06", "苗"),
    ("07", "彝"),
    ("08", "壮"),
    ("09", "布依"),
    ("10", "朝鲜"),
    ("11", "满"),
    ("12", "侗"),
    ("13", "瑶"),
    ("14", "白"),
    ("15", "土家"),
    ("16", "哈尼"),
    ("17", "哈萨克"),
    ("18", "傣"),
    ("19", "黎"),
    ("20", "傈僳"),
    ("21", "佤"),
    ("22", "畲"),
    ("23", "高山"),
    ("24", "拉祜"),
    ("25", "水"),
    ("26", "东乡"),
    ("27", "纳西"),
    ("28", "景颇"),
    ("29", "柯尔克孜"),
    ("30", "土"),
    ("31", "达斡尔"),
    ("32", "仫佬"),
    ("33", "羌"),
    ("34", "布朗"),
    ("35", "撒拉"),
    ("36", "毛南"),
    ("37", "仡佬"),
    ("38", "锡伯"),
    ("39", "阿昌"),
    ("40", "普米"),
    ("41", "塔吉克"),
    ("42", "怒"),
    ("43", "乌孜别克"),
    ("44", "俄罗斯"),
    ("45", "鄂温克"),
    ("46", "德昂"),
    ("47", "保安"),
    ("48", "裕固"),
    ("49", "京"),
    ("50", "塔塔尔"),
    ("51", "独龙"),
    ("52", "鄂伦春"),
    ("53", "赫哲"),
    ("54", "门巴"),
    ("55", "珞巴"),
    ("56", "基诺"),
    ("97", "其他"),
    ("98", "外国血统中国籍"),
];

impl Ethnicity {
    /// Reads `07`, `7` (a spreadsheet drops the zero), `彝`, `彝族` or `07 彝族`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text: String = half_width(text).chars().filter(|c| !c.is_whitespace()).collect();
        let name = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = text.strip_suffix(name).unwrap_or(&text);
        let name = name.trim_start_matches(['-', '.', '、', ':']);
        let short = name.strip_suffix('族').unwrap_or(name);
        LIST.iter()
            .find(|(code, listed)| {
                let code_fits = digits.parse::<u8>().ok() == code.parse::<u8>().ok();
                match (digits.is_empty(), name.is_empty()) {
                    (true, false) => short == *listed,
                    (false, true) => code_fits,
                    (false, false) => code_fits && short == *listed,
                    (true, true) => false,
                }
            })
            .map(|(code, name)| Self { code, name })
    }

    /// `彝族`, as ledgers print it.
    #[must_use]
    pub fn zh(self) -> String {
        if matches!(self.code, "97" | "98") { self.name.to_owned() } else { format!("{}族", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_name_and_both_say_the_same() {
        for text in ["07", "7", "彝", "彝族", " 彝 族 ", "０７", "07彝族", "07-彝"] {
            let ethnicity = Ethnicity::read(text).expect(text);
            assert_eq!((ethnicity.code, ethnicity.zh().as_str()), ("07", "彝族"), "{text:?}");
        }
        assert_eq!(Ethnicity::read("97").unwrap().zh(), "其他");
        assert_eq!(Ethnicity::read("其他").unwrap().code, "97");
    }

    #[test]
    fn what_is_not_in_the_list_is_not_guessed() {
        for text in ["", "57", "99", "07汉族", "族", "中国", "300"] {
            assert_eq!(Ethnicity::read(text), None, "{text:?}");
        }
    }
}
