//! Identity numbers and telephone numbers that belong to nobody (handbook 10.1, 18).

use std::collections::BTreeMap;

use jiafang_core::domain::code_list::Sex;
use jiff::civil::Date;

use super::draw::Draw;

/// The region code of all fictional identity numbers: no county has it.
pub const REGION: &str = "999999";

/// The check character of the first 17 digits of an identity number (GB 11643: weighted sum modulo 11).
/// Written apart from `core`, so that generated numbers test its check. Characters that are no digits count
/// as nought.
#[must_use]
pub fn check_digit(first_17: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum = first_17
        .chars()
        .zip(WEIGHTS)
        .fold(0_u32, |sum, (digit, weight)| sum.saturating_add(digit.to_digit(10).unwrap_or(0).saturating_mul(weight)));
    "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('0')
}

/// An identity number with its check character. `birth` is text, so that days that never were can be written.
pub(super) fn id_number(birth_yyyymmdd: &str, sequence: u16) -> String {
    let first_17 = format!("{REGION}{birth_yyyymmdd}{sequence:03}");
    let check = check_digit(&first_17);
    first_17 + &check.to_string()
}

/// The same number with a check character that is wrong.
pub(super) fn with_wrong_checksum(id_number: &str) -> String {
    let mut characters: Vec<char> = id_number.chars().collect();
    if let Some(check) = characters.pop() {
        characters.push(if check == '3' { '7' } else { '3' });
    }
    characters.into_iter().collect()
}

/// Gives out identity numbers, each once: up to 499 for one day and sex, after which they repeat.
#[derive(Default)]
pub(super) struct IdIssuer {
    issued: BTreeMap<(Date, Sex), u16>,
}

impl IdIssuer {
    /// The next number of a birthday and sex: odd sequence numbers are male, even ones female.
    pub(super) fn issue(&mut self, birth: Date, sex: Sex) -> String {
        let count = self.issued.entry((birth, sex)).or_insert(0);
        let pair = (*count % 499).saturating_mul(2);
        *count = count.saturating_add(1);
        let sequence = match sex {
            Sex::Male => pair.saturating_add(1),
            Sex::Female => pair.saturating_add(2),
        };
        id_number(&birth.strftime("%Y%m%d").to_string(), sequence)
    }
}

/// Gives out telephone numbers 199-0000-xxxx: ten thousand different ones, after which they repeat.
pub(super) struct PhoneIssuer {
    next: usize,
}

impl PhoneIssuer {
    pub(super) fn new(draw: &mut Draw) -> Self {
        Self { next: draw.below(10_000) }
    }

    /// The next number, eleven digits.
    pub(super) fn issue(&mut self) -> String {
        // 7919 is prime to 10,000, so every number comes before the first comes again.
        self.next = self.next.saturating_add(7919) % 10_000;
        format!("1990000{:04}", self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    #[test]
    fn the_examples_of_the_standard_and_the_handbook_come_out() {
        assert_eq!(check_digit("11010519491231002"), 'X');
        assert_eq!(check_digit("44052418800101001"), '4');
        assert_eq!(id_number("20150901", 1), "999999201509010017");
        assert_eq!(id_number("20150831", 2), "999999201508310026");
        assert_eq!(id_number("20120229", 4), "999999201202290042");
    }

    #[test]
    fn a_birthday_shared_by_many_gives_each_a_number_of_their_own() {
        let mut issuer = IdIssuer::default();
        let day = date(2012, 2, 29);
        let numbers: BTreeSet<String> =
            (0..400).flat_map(|_| [Sex::Male, Sex::Female]).map(|sex| issuer.issue(day, sex)).collect();
        assert_eq!(numbers.len(), 800);
        assert!(numbers.iter().all(|number| number.len() == 18 && number.starts_with("99999920120229")));
    }

    #[test]
    fn a_wrong_checksum_is_wrong() {
        for sequence in 1..=200 {
            let number = id_number("20150901", sequence);
            let wrong = with_wrong_checksum(&number);
            assert_eq!(wrong.len(), 18);
            assert_ne!(wrong.chars().last(), Some(check_digit(&wrong)), "{wrong}");
        }
    }

    #[test]
    fn ten_thousand_families_have_ten_thousand_numbers() {
        let mut phones = PhoneIssuer::new(&mut Draw::new(3, super::super::draw::Subject::Children));
        let numbers: BTreeSet<String> = (0..10_000).map(|_| phones.issue()).collect();
        assert_eq!(numbers.len(), 10_000);
        assert!(numbers.iter().all(|number| number.len() == 11 && number.starts_with("1990000")));
    }
}
