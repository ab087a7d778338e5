//! No file may hold a number that could be a person's.

use crate::finding::Finding;

/// The region of all invented ID numbers (handbook 18): no place has it.
const NOWHERE: &str = "999999";

/// The two numbers that the standard itself prints as its examples (GB 11643-1999, annex): nobody's.
const PRINTED_IN_THE_STANDARD: &[&str] = &["11010519491231002X", "440524188001010014"];

/// Runs of 18 signs that have the form, the day and the check digit of an ID number, but not of region 999999.
pub(crate) fn id_numbers_that_may_be_somebodys(files: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            for word in line.split(|sign: char| !sign.is_ascii_alphanumeric()) {
                let word = word.to_ascii_uppercase();
                if is_id_number(&word)
                    && !word.starts_with(NOWHERE)
                    && !PRINTED_IN_THE_STANDARD.contains(&word.as_str())
                {
                    // The number itself is not repeated: logs travel further than files.
                    findings.push(Finding::at(path, number + 1, "an ID number that may be somebody's"));
                }
            }
        }
    }
    findings
}

fn is_id_number(word: &str) -> bool {
    let signs = word.as_bytes();
    if signs.len() != 18 || !signs[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |from: usize, to: usize| word[from..to].parse::<u32>().unwrap_or(0);
    let is_day = (1850..=2100).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14));
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = signs.iter().zip(weights).map(|(sign, weight)| usize::from(sign - b'0') * weight).sum();
    is_day && signs[17] == b"10X98765432"[sum % 11]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::places;

    fn found(text: &str) -> Vec<String> {
        places(&id_numbers_that_may_be_somebodys(&[("a.rs".to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_number_that_may_be_somebodys_is_found_and_not_repeated() {
        // Put together here, so that this file does not hold it.
        let number = format!("{}{}", "110105194912310", "11X");
        let fitting = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "X"]
            .map(|check| format!("{}{check}", &number[..17]))
            .into_iter()
            .find(|number| is_id_number(number))
            .unwrap();
        let text = format!("let a = 1;\nlet id = \"{}\";", fitting.to_lowercase());
        assert_eq!(found(&text), ["a.rs:2"]);
        let findings = id_numbers_that_may_be_somebodys(&[("a.rs".to_owned(), text)]);
        assert!(!findings[0].to_string().contains(&fitting), "the finding repeats the number");
    }

    #[test]
    fn invented_numbers_and_the_standards_own_are_fine() {
        assert!(is_id_number(PRINTED_IN_THE_STANDARD[0]) && is_id_number(PRINTED_IN_THE_STANDARD[1]));
        assert_eq!(found("11010519491231002x 440524188001010014"), Vec::<String>::new());
        assert_eq!(found("999999201509010014 and a hash 123456789012345678"), Vec::<String>::new());
    }
}
