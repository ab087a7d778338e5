//! Resident identity numbers (GB 11643; handbook 10.1).
//!
//! 6 digits of region, 8 of the birth date, 3 of sequence (odd for a male), one check character. What a clerk
//! typed is forgiven its full-width digits, spaces and small `x`; what Excel has rounded is not guessed at.

use jiff::civil::Date;

use super::code_list::Sex;
use super::person_name::half_width;

/// A resident identity number of 18 characters whose date exists and whose check character fits.
///
/// Neither `Debug` nor `Display` shows it: both print it masked. [`Self::in_full`] is for documents, search and
/// exports that need it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber(String);

/// Why a text is no identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdNumberProblem {
    /// Nothing was given: blank, `无`, `-` or `/`.
    Empty,
    /// A spreadsheet took it for a number and rounded it: its tail is lost (handbook 10.3).
    Rounded,
    /// It has neither 18 characters nor 15.
    WrongLength,
    /// The old form of 15 digits: nobody of school age has one.
    FifteenDigits,
    /// It holds what is no digit; `X` may only stand last.
    NotDigits,
    /// The birth date in it does not exist: the check character alone does not notice (handbook 10.1).
    NoSuchDate,
    /// The check character does not fit: a digit is mistyped.
    WrongCheckDigit,
}

impl IdNumberProblem {
    /// The key that presentation tables use.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "id_empty",
            Self::Rounded => "id_rounded",
            Self::WrongLength => "id_wrong_length",
            Self::FifteenDigits => "id_fifteen_digits",
            Self::NotDigits => "id_not_digits",
            Self::NoSuchDate => "id_no_such_date",
            Self::WrongCheckDigit => "id_wrong_check_digit",
        }
    }
}

/// Weights of the first 17 digits (GB 11643).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// The check character for each remainder of the weighted sum by 11.
const CHECK_CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// Birth years that are taken for possible: the living, and some time to come.
const BIRTH_YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

impl IdNumber {
    /// Reads what a clerk typed: spaces are dropped, full width becomes half width, `x` becomes `X`.
    ///
    /// # Errors
    /// What is wrong with it; a number that breaks several rules is told the first, in the order of
    /// [`IdNumberProblem`], with `Rounded` where the tail is `000` and the check character does not fit.
    pub fn parse(typed: &str) -> Result<Self, IdNumberProblem> {
        let text: String = half_width(typed)
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '`' | '\u{200b}'..='\u{200f}' | '\u{feff}'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if super::person_name::says_nothing(&text) {
            return Err(IdNumberProblem::Empty);
        }
        if is_scientific(&text) {
            return Err(IdNumberProblem::Rounded);
        }
        let digits = text.strip_suffix('X').unwrap_or(&text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdNumberProblem::NotDigits);
        }
        match (text.len(), digits.len()) {
            (18, _) => {}
            (15, 15) => return Err(IdNumberProblem::FifteenDigits),
            _ => return Err(IdNumberProblem::WrongLength),
        }
        if date_in(&text).is_none() {
            return Err(IdNumberProblem::NoSuchDate);
        }
        if check_character(&text) != text.chars().last() {
            let tail_is_gone = text.ends_with("000");
            return Err(if tail_is_gone { IdNumberProblem::Rounded } else { IdNumberProblem::WrongCheckDigit });
        }
        Ok(Self(text))
    }

    /// All 18 characters. Never for a log, an error or a file name.
    #[must_use]
    pub fn in_full(&self) -> &str {
        &self.0
    }

    /// The date of birth that it holds.
    #[must_use]
    pub fn birth_date(&self) -> Date {
        // `parse` has seen to it that the date is there.
        date_in(&self.0).unwrap_or_default()
    }

    /// The sex that it holds: an odd 17th digit is a male's.
    #[must_use]
    pub fn sex(&self) -> Sex {
        match self.0.as_bytes().get(16) {
            Some(digit) if digit % 2 == 1 => Sex::Male,
            _ => Sex::Female,
        }
    }

    /// The last four characters, by which people search.
    #[must_use]
    pub fn tail4(&self) -> &str {
        self.0.get(14..).unwrap_or_default()
    }

    /// `9999**********0017`, for screens.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}**********{}", self.0.get(..4).unwrap_or_default(), self.tail4())
    }
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdNumber({})", self.masked())
    }
}

impl std::fmt::Display for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The date that stands in characters 7 to 14.
fn date_in(text: &str) -> Option<Date> {
    let year = text.get(6..10)?.parse().ok()?;
    let month = text.get(10..12)?.parse().ok()?;
    let day = text.get(12..14)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|date| BIRTH_YEARS.contains(&date.year()))
}

/// The check character that the first 17 digits ask for.
fn check_character(text: &str) -> Option<char> {
    let sum: u32 = text
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).unwrap_or_default().saturating_mul(weight))
        .fold(0, u32::saturating_add);
    CHECK_CHARACTERS.get(usize::try_from(sum % 11).ok()?).copied()
}

/// Whether it reads like `9.99999E+17`: a number as a spreadsheet shows it.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once('E') else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    is_number(exponent) && mantissa.split('.').count() <= 2 && mantissa.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn problem(text: &str) -> IdNumberProblem {
        IdNumber::parse(text).expect_err(text)
    }

    #[test]
    fn the_standard_s_own_examples_are_read() {
        for text in ["11010519491231002X", "440524188001010014"] {
            let fits = check_character(text) == text.chars().last();
            assert!(fits, "{text} fits its check character");
        }
        assert_eq!(IdNumber::parse("11010519491231002X").unwrap().birth_date(), date(1949, 12, 31));
        assert_eq!(problem("440524188001010014"), IdNumberProblem::NoSuchDate, "born in 1880: nobody here is");
    }

    #[test]
    fn a_number_tells_birth_date_sex_and_tail() {
        let boy = IdNumber::parse("999999201509010017").unwrap();
        assert_eq!(boy.birth_date(), date(2015, 9, 1));
        assert_eq!(boy.sex(), Sex::Male);
        assert_eq!(boy.tail4(), "0017");
        assert_eq!(boy.masked(), "9999**********0017");
        let girl = IdNumber::parse("999999201508310026").unwrap();
        assert_eq!((girl.birth_date(), girl.sex()), (date(2015, 8, 31), Sex::Female));
        assert_eq!(IdNumber::parse("999999201202290042").unwrap().birth_date(), date(2012, 2, 29));
    }

    #[test]
    fn what_a_clerk_types_is_forgiven_its_width_spaces_and_small_x() {
        for text in [
            " 999999201509010017 ",
            "９９９９９９２０１５０９０１００１７",
            "999999 20150901 0017",
            "'999999201509010017",
            "999999201509010017\u{3000}\u{feff}",
        ] {
            assert_eq!(IdNumber::parse(text).unwrap().in_full(), "999999201509010017", "{text:?}");
        }
        assert_eq!(IdNumber::parse("11010519491231002ｘ").unwrap().in_full(), "11010519491231002X");
    }

    #[test]
    fn a_number_that_excel_has_rounded_is_told_apart_from_a_mistyped_one() {
        for text in ["9.99999E+17", "9.99999201509010E+17", "1E17", "999999201509010000"] {
            assert_eq!(problem(text), IdNumberProblem::Rounded, "{text}");
        }
        assert_eq!(problem("999999201509010018"), IdNumberProblem::WrongCheckDigit);
        assert_eq!(problem("99999920150901001X"), IdNumberProblem::WrongCheckDigit);
    }

    #[test]
    fn each_other_mistake_has_its_own_reason() {
        for (text, expected) in [
            ("", IdNumberProblem::Empty),
            (" \u{3000} ", IdNumberProblem::Empty),
            ("无", IdNumberProblem::Empty),
            ("-", IdNumberProblem::Empty),
            ("／", IdNumberProblem::Empty),
            ("999999150901001", IdNumberProblem::FifteenDigits),
            ("99999920150901001", IdNumberProblem::WrongLength),
            ("9999992015090100171", IdNumberProblem::WrongLength),
            ("X", IdNumberProblem::WrongLength),
            ("99999920150901X017", IdNumberProblem::NotDigits),
            ("办理中", IdNumberProblem::NotDigits),
            ("999999201102290037", IdNumberProblem::NoSuchDate),
            ("999999201513010010", IdNumberProblem::NoSuchDate),
        ] {
            assert_eq!(problem(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_check_character_alone_does_not_notice_a_date_that_never_was() {
        assert_eq!(check_character("999999201102290037"), Some('7'), "29 February 2011 passes the check character");
        assert_eq!(problem("999999201102290037"), IdNumberProblem::NoSuchDate);
    }

    #[test]
    fn neither_debug_nor_display_shows_the_number() {
        let id = IdNumber::parse("999999201509010017").unwrap();
        assert_eq!(format!("{id} {id:?}"), "9999**********0017 IdNumber(9999**********0017)");
    }

    #[test]
    fn every_reason_has_a_key_of_its_own() {
        use IdNumberProblem as P;
        let all =
            [P::Empty, P::Rounded, P::WrongLength, P::FifteenDigits, P::NotDigits, P::NoSuchDate, P::WrongCheckDigit];
        let keys: std::collections::BTreeSet<_> = all.iter().map(|problem| problem.key()).collect();
        assert_eq!(keys.len(), all.len());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_stumble(text in "\\PC{0,24}") {
            let _ = IdNumber::parse(&text);
        }

        #[test]
        fn one_mistyped_digit_is_always_noticed(at in 0_usize..17, other in 0_u32..10) {
            let right = "999999201509010017";
            let typed: String = right
                .chars()
                .enumerate()
                .map(|(i, c)| if i == at { char::from_digit(other, 10).unwrap_or('0') } else { c })
                .collect();
            proptest::prop_assert_eq!(IdNumber::parse(&typed).is_ok(), typed == right);
        }
    }
}
