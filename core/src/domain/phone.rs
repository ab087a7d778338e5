//! Phone numbers: mobiles of 11 digits, and landlines with their area code (handbook 10.3).

use super::person_name::{half_width, says_nothing};

/// A phone number: `19900000001`, or `0827-7000001` for a landline. `Debug` shows its ends only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhoneProblem {
    /// Nothing was given: blank, `无`, `-` or `/`.
    Empty,
    /// It holds what is no digit.
    NotDigits,
    /// Neither a mobile nor a landline is this long.
    WrongLength,
    /// 11 digits that begin with 1, but no mobile begins so.
    NoSuchMobile,
    /// 7 or 8 digits: a landline without its area code.
    AreaCodeMissing,
}

impl PhoneProblem {
    /// The key that presentation tables use.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::NotDigits => "phone_not_digits",
            Self::WrongLength => "phone_wrong_length",
            Self::NoSuchMobile => "phone_no_such_mobile",
            Self::AreaCodeMissing => "phone_area_code_missing",
        }
    }
}

impl Phone {
    /// Reads one number. Spaces, dashes, brackets, full width and the country code are forgiven.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, PhoneProblem> {
        let text = half_width(typed);
        if says_nothing(&text) {
            return Err(PhoneProblem::Empty);
        }
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '—' | '–' | '(' | ')' | '\'' | '.' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'))
            .collect();
        let digits = text.strip_prefix("+86").or_else(|| text.strip_prefix("0086")).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneProblem::NotDigits);
        }
        // `86` without a plus is a country code only before a mobile.
        let digits = digits.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(digits);
        match digits.as_bytes() {
            [b'1', b'3'..=b'9', ..] if digits.len() == 11 => Ok(Self(digits.to_owned())),
            [b'1', ..] if digits.len() == 11 => Err(PhoneProblem::NoSuchMobile),
            [b'0', second, ..] => {
                // 010 and 02x have three digits, all other area codes four.
                let area_length = if matches!(second, b'1' | b'2') { 3 } else { 4 };
                match (digits.get(..area_length), digits.get(area_length..)) {
                    (Some(area), Some(number)) if matches!(number.len(), 7 | 8) && !number.starts_with('0') => {
                        Ok(Self(format!("{area}-{number}")))
                    }
                    _ => Err(PhoneProblem::WrongLength),
                }
            }
            [b'2'..=b'9', ..] if matches!(digits.len(), 7 | 8) => Err(PhoneProblem::AreaCodeMissing),
            _ => Err(PhoneProblem::WrongLength),
        }
    }

    /// Reads a cell that may hold several numbers, as cells do that have room for one: those that are numbers,
    /// and the first problem of those that are not.
    #[must_use]
    pub fn parse_all(typed: &str) -> (Vec<Self>, Option<PhoneProblem>) {
        match Self::parse(typed) {
            Ok(phone) => return (vec![phone], None),
            Err(PhoneProblem::Empty) => return (Vec::new(), None),
            Err(_) => {}
        }
        let mut phones = Vec::new();
        let mut problem = None;
        for part in half_width(typed).split(['/', '、', ',', ';', '\n', '|', '\\', ' ', '或']) {
            match Self::parse(part) {
                Ok(phone) if phones.contains(&phone) => {}
                Ok(phone) => phones.push(phone),
                Err(PhoneProblem::Empty) => {}
                Err(other) => problem = problem.or(Some(other)),
            }
        }
        if phones.is_empty() {
            // Told about the whole cell, not about a piece of it.
            problem = Self::parse(typed).err();
        }
        (phones, problem)
    }

    /// The number. Never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tail = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "Phone({}***{tail})", self.0.get(..3).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_is_read_however_it_is_grouped() {
        for typed in [
            "19900000001",
            " 199 0000 0001 ",
            "199-0000-0001",
            "１９９０００００００１",
            "+86 19900000001",
            "008619900000001",
            "8619900000001",
            "\u{202d}19900000001\u{202c}",
        ] {
            assert_eq!(Phone::parse(typed).unwrap().as_str(), "19900000001", "{typed:?}");
        }
    }

    #[test]
    fn a_landline_keeps_its_area_code_apart() {
        for (typed, expected) in [
            ("0827-7000001", "0827-7000001"),
            ("(0827)7000001", "0827-7000001"),
            ("08277000001", "0827-7000001"),
            ("028 80000001", "028-80000001"),
            ("010-80000001", "010-80000001"),
        ] {
            assert_eq!(Phone::parse(typed).unwrap().as_str(), expected, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_phone_number_has_its_reason() {
        for (typed, expected) in [
            ("", PhoneProblem::Empty),
            ("无", PhoneProblem::Empty),
            ("--", PhoneProblem::Empty),
            ("1990000000", PhoneProblem::WrongLength),
            ("199000000012", PhoneProblem::WrongLength),
            ("12900000001", PhoneProblem::NoSuchMobile),
            ("7000001", PhoneProblem::AreaCodeMissing),
            ("0827", PhoneProblem::WrongLength),
            ("同上", PhoneProblem::NotDigits),
            ("1.99E+10", PhoneProblem::NotDigits),
        ] {
            assert_eq!(Phone::parse(typed).unwrap_err(), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_cell_with_two_numbers_gives_both() {
        let (phones, problem) = Phone::parse_all("19900000001/0827-7000001、19900000001");
        let phones: Vec<_> = phones.iter().map(Phone::as_str).collect();
        assert_eq!((phones.as_slice(), problem), (["19900000001", "0827-7000001"].as_slice(), None));
        let (phones, problem) = Phone::parse_all("19900000001 1990000000");
        assert_eq!((phones.len(), problem), (1, Some(PhoneProblem::WrongLength)));
        assert_eq!(Phone::parse_all("无"), (Vec::new(), None));
        assert_eq!(Phone::parse_all("问村干部"), (Vec::new(), Some(PhoneProblem::NotDigits)));
    }

    #[test]
    fn debug_does_not_show_the_number() {
        assert_eq!(format!("{:?}", Phone::parse("19900000001").unwrap()), "Phone(199***01)");
    }

    proptest::proptest! {
        #[test]
        fn a_number_reads_as_itself(text in "[0-9+() -]{0,20}") {
            if let Ok(phone) = Phone::parse(&text) {
                proptest::prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone.clone()));
            }
        }
    }
}
