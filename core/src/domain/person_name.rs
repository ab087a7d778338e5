//! Names of people: what stands on paper is kept, what is compared is normalised (handbook 10.3).

use icu_normalizer::ComposingNormalizerBorrowed;

/// A name, as it was written and as it is compared. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    written: String,
    matching: String,
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonName({} characters)", self.written.chars().count())
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonNameProblem {
    /// Nothing was given: blank, `无`, `-` or `/`.
    Empty,
    /// One character only.
    TooShort,
    /// More than [`NAME_CHARS_MAX`] characters.
    TooLong,
    /// It holds a digit: a number slipped into the wrong column.
    HasDigits,
}

impl PersonNameProblem {
    /// The key that presentation tables use.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "name_empty",
            Self::TooShort => "name_too_short",
            Self::TooLong => "name_too_long",
            Self::HasDigits => "name_has_digits",
        }
    }
}

/// The shortest name in characters.
pub const NAME_CHARS_MIN: usize = 2;

/// The longest name in characters, long enough for names with several middle dots.
pub const NAME_CHARS_MAX: usize = 50;

/// The middle dot that names are compared with.
pub const MIDDLE_DOT: char = '\u{b7}';

impl PersonName {
    /// Reads a name. The written form keeps the middle dot that was typed and the spaces of Latin names; the
    /// spaces that align two characters with three (`李　明`) are no part of a name and go.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, PersonNameProblem> {
        let written = without_layout(typed);
        if says_nothing(&half_width(&written)) {
            return Err(PersonNameProblem::Empty);
        }
        let matching = matching(&written);
        let length = matching.chars().count();
        // Chinese numerals stand in names; ASCII digits (full width has become ASCII) do not.
        if matching.chars().any(|c| c.is_ascii_digit()) {
            Err(PersonNameProblem::HasDigits)
        } else if length < NAME_CHARS_MIN {
            Err(PersonNameProblem::TooShort)
        } else if length.max(written.chars().count()) > NAME_CHARS_MAX {
            Err(PersonNameProblem::TooLong)
        } else {
            Ok(Self { written, matching })
        }
    }

    /// As it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// As it is compared: see [`matching`].
    #[must_use]
    pub fn matching(&self) -> &str {
        &self.matching
    }
}

/// A name as it is compared: compatibility forms composed (NFKC, so full width becomes half width and a
/// compatibility ideograph its own), every kind of middle dot as U+00B7, no white space, Latin letters small.
#[must_use]
pub fn matching(name: &str) -> String {
    let one_dot = |c: char| if is_middle_dot(c) { MIDDLE_DOT } else { c };
    // Before, because NFKC takes some dots apart; after, because it turns full-width ones into others.
    let dotted: String = name.chars().map(one_dot).collect();
    let bare: String = half_width(&dotted)
        .chars()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c))
        .map(one_dot)
        .flat_map(char::to_lowercase)
        .collect();
    // Marks that a space held apart compose now.
    half_width(&bare)
}

/// The text with its compatibility forms composed: full-width digits and letters become ordinary ones.
#[must_use]
pub fn half_width(text: &str) -> String {
    // Most cells of a roster hold nothing but these, which NFKC leaves alone.
    if text.chars().all(|c| c.is_ascii() || matches!(c, '\u{4e00}'..='\u{9fff}')) {
        return text.to_owned();
    }
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Whether a cell says that there is nothing: blank, `无`, `暂无`, dashes or slashes (handbook 10.3).
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    let text = text.trim();
    matches!(text, "无" | "暂无" | "没有")
        || text.chars().all(|c| matches!(c, '-' | '/' | '\\' | '—' | '–' | '_' | '－'))
}

/// Whether two names may be one name written twice, for a child whose ID number says that it is the same: equal,
/// of one sound (a look-alike or homophone was chosen at the keyboard), a longer form of the same minority name,
/// or one character of three or more mistaken.
#[must_use]
pub fn are_alike(one: &str, other: &str) -> bool {
    if one == other || same_sound(one, other) {
        return true;
    }
    let is_longer_form =
        |short: &str, long: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(MIDDLE_DOT));
    if is_longer_form(one, other) || is_longer_form(other, one) {
        return true;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    one.len() == other.len() && one.len() >= 3 && one.iter().zip(&other).filter(|(a, b)| a != b).count() == 1
}

/// Whether two names have the same pinyin, tones left out.
fn same_sound(one: &str, other: &str) -> bool {
    use pinyin::ToPinyin;
    let sounds = |name: &str| -> Option<Vec<&'static str>> {
        name.chars().map(|c| c.to_pinyin().map(|sound| sound.plain())).collect()
    };
    matches!((sounds(one), sounds(other)), (Some(one), Some(other)) if one == other)
}

/// The dots that keyboards and systems put into minority names.
fn is_middle_dot(c: char) -> bool {
    matches!(
        c,
        MIDDLE_DOT
            | '\u{2022}'
            | '\u{2027}'
            | '\u{2219}'
            | '\u{22c5}'
            | '\u{30fb}'
            | '\u{1427}'
            | '\u{25cf}'
            | '\u{a78f}'
            | '\u{2d9}'
            | '\u{3002}'
            | '.'
            | '*'
    )
}

/// Marks that take no room: they come with what is copied from web pages.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Without what aligns and wraps: outer white space, invisible marks, line ends, and spaces beside a Chinese
/// character; other runs of white space become one space.
fn without_layout(typed: &str) -> String {
    let visible: String =
        typed.chars().filter(|c| !is_invisible(*c) && (!c.is_control() || c.is_whitespace())).collect();
    let mut written = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        let joins_latin = written.chars().last().is_some_and(|c| c.is_ascii_alphabetic())
            && word.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        if joins_latin {
            written.push(' ');
        }
        written.push_str(word);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching_of(text: &str) -> String {
        PersonName::parse(text).expect(text).matching
    }

    #[test]
    fn every_middle_dot_is_one_dot_when_names_are_compared() {
        for dot in ["·", "•", "‧", "∙", "⋅", "・", "･", "ᐧ", "●", ".", "．", "。", "˙", "\u{387}"] {
            let typed = format!("阿依{dot}古丽");
            let name = PersonName::parse(&typed).unwrap();
            assert_eq!(name.matching(), "阿依\u{b7}古丽", "{dot}");
            assert_eq!(name.written(), typed, "what was written is kept");
        }
    }

    #[test]
    fn spaces_that_align_a_name_are_no_part_of_it() {
        for typed in ["李明", " 李明 ", "李　明", "李 明\n", "李\u{200b}明\u{feff}"] {
            let name = PersonName::parse(typed).unwrap();
            assert_eq!((name.written(), name.matching()), ("李明", "李明"), "{typed:?}");
        }
        let latin = PersonName::parse("Anna  Li").unwrap();
        assert_eq!((latin.written(), latin.matching()), ("Anna Li", "annali"));
    }

    #[test]
    fn full_width_and_compatibility_characters_compare_as_their_own() {
        assert_eq!(matching_of("Ａ依古丽"), "a依古丽");
        assert_eq!(matching_of("\u{f90a}小明"), "金小明", "U+F90A is the compatibility form of 金");
    }

    #[test]
    fn rare_characters_and_compound_surnames_are_names() {
        for typed in ["欧阳\u{4dae}", "司马相如", "\u{20bb7}野一", "吉克阿牛·木呷", "爨小满"] {
            assert!(PersonName::parse(typed).is_ok(), "{typed}");
        }
    }

    #[test]
    fn what_is_no_name_has_its_reason() {
        for (typed, expected) in [
            ("", PersonNameProblem::Empty),
            ("　", PersonNameProblem::Empty),
            ("无", PersonNameProblem::Empty),
            ("-", PersonNameProblem::Empty),
            ("—", PersonNameProblem::Empty),
            ("/", PersonNameProblem::Empty),
            ("／", PersonNameProblem::Empty),
            ("李", PersonNameProblem::TooShort),
            ("李明2", PersonNameProblem::HasDigits),
            ("１９９００００００００", PersonNameProblem::HasDigits),
        ] {
            assert_eq!(PersonName::parse(typed).unwrap_err(), expected, "{typed:?}");
        }
        assert_eq!(PersonName::parse(&"长".repeat(51)).unwrap_err(), PersonNameProblem::TooLong);
        assert!(PersonName::parse(&"长".repeat(50)).is_ok());
        assert!(PersonName::parse("七十一").is_ok(), "Chinese numerals stand in names");
    }

    #[test]
    fn one_name_written_twice_is_alike_and_a_brother_s_is_not() {
        for (one, other) in [
            ("张小明", "张晓明"),
            ("李洋", "李阳"),
            ("阿依古丽", "阿依古丽·买买提"),
            ("王建国", "王建过"),
            ("陈大海", "陈太海"),
        ] {
            assert!(are_alike(one, other) && are_alike(other, one), "{one} {other}");
        }
        for (one, other) in [("李明", "李红"), ("张小明", "王小红"), ("张三", "张三丰"), ("李阳", "王强")]
        {
            assert!(!are_alike(one, other) && !are_alike(other, one), "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_compared_name_compares_as_itself(text in "\\PC{0,60}") {
            let once = matching(&text);
            proptest::prop_assert_eq!(matching(&once), once);
        }
    }
}
