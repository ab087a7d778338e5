//! What may be chosen as a PIN, and how one that is typed is read.

use zeroize::Zeroizing;

use crate::error::{ErrorCode, Failure, Result};

/// The fewest digits of a PIN.
pub const DIGITS_MIN: usize = 6;
/// The most digits of a PIN. More are no PIN but an ID or phone number, which others know.
pub const DIGITS_MAX: usize = 12;
/// The least weight of a passphrase: a Chinese character weighs two, any other character one.
pub const PASSPHRASE_WEIGHT_MIN: usize = 8;
/// The most characters of a passphrase.
pub const PASSPHRASE_CHARACTERS_MAX: usize = 64;
/// A block shorter than this, written again and again, is no stronger than the block alone.
const REPEATED_BLOCK_MIN: usize = 6;

/// A PIN or passphrase as a person typed it: wiped when dropped, never shown.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Reads what was typed: full-width characters, as a Chinese keyboard writes them, count as their plain
    /// ones, and space around it counts for nothing. Whether it is strong is not asked: that was asked when it
    /// was chosen, perhaps by older rules.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let mut plain = Zeroizing::new(String::with_capacity(text.len()));
        plain.extend(text.chars().map(plain_character));
        Self(Zeroizing::new(plain.trim().to_owned()))
    }

    /// Takes a PIN that a person chooses, if it is not too easy to guess: 6 to 12 digits, or a passphrase of
    /// 8 characters or 4 Chinese ones at least; not one character again and again, no straight run
    /// (123456, 654321, 890123), no short block repeated (121212, 583583). Dates are allowed: they are weak, but
    /// people who may not use one write the PIN on the tablet instead.
    ///
    /// # Errors
    /// [`ErrorCode::PinTooWeak`] with the fact `reason`: `too_short`, `too_long`, `all_equal`, `straight_run` or
    /// `short_repeat`.
    pub fn chosen(text: &str) -> Result<Self> {
        let pin = Self::typed(text);
        match pin.weakness() {
            None => Ok(pin),
            Some(reason) => Err(Failure::new(ErrorCode::PinTooWeak, format!("PIN: {reason}")).fact("reason", reason)),
        }
    }

    /// Its bytes, for the key derivation.
    #[must_use]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn weakness(&self) -> Option<&'static str> {
        let characters: Zeroizing<Vec<char>> = Zeroizing::new(self.0.chars().collect());
        let digits_only = characters.iter().all(char::is_ascii_digit);
        let (size, size_min, size_max) = if digits_only {
            (characters.len(), DIGITS_MIN, DIGITS_MAX)
        } else {
            (weight(&characters), PASSPHRASE_WEIGHT_MIN, usize::MAX)
        };
        if size < size_min {
            Some("too_short")
        } else if size > size_max || characters.len() > PASSPHRASE_CHARACTERS_MAX {
            Some("too_long")
        } else if repeats_a_block_of(&characters, 1) {
            Some("all_equal")
        } else if is_straight_run(&characters, digits_only) {
            Some("straight_run")
        } else if (2..REPEATED_BLOCK_MIN).any(|block| repeats_a_block_of(&characters, block)) {
            Some("short_repeat")
        } else {
            None
        }
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin")
    }
}

/// The plain form of a full-width character (`６` is `6`), and the character itself if it has none.
pub(super) fn plain_character(character: char) -> char {
    const FULL_WIDTH_OFFSET: u32 = 0xFEE0;
    match character {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(character).checked_sub(FULL_WIDTH_OFFSET).and_then(char::from_u32).unwrap_or(character)
        }
        other => other,
    }
}

fn weight(characters: &[char]) -> usize {
    let wide = characters.iter().filter(|&&character| character >= '\u{2E80}').count();
    characters.len().saturating_add(wide)
}

/// Whether it is a block of this length, again and again, at least twice; the last one may be cut off.
fn repeats_a_block_of(characters: &[char], block: usize) -> bool {
    characters.len() >= block.saturating_mul(2)
        && characters.iter().zip(characters.iter().skip(block)).all(|(earlier, later)| earlier == later)
}

/// Whether each character is the one after, or each the one before; among digits 0 is beside 9, as on keyboards.
fn is_straight_run(characters: &[char], digits_only: bool) -> bool {
    let step_is = |wanted: i64| {
        characters.iter().zip(characters.iter().skip(1)).all(|(&earlier, &later)| {
            let step = i64::from(u32::from(later)).wrapping_sub(i64::from(u32::from(earlier)));
            step == wanted || (digits_only && step.rem_euclid(10) == wanted.rem_euclid(10))
        })
    };
    step_is(1) || step_is(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        match Pin::chosen(text) {
            Ok(_) => "taken".to_owned(),
            Err(failure) => {
                assert_eq!(failure.code, ErrorCode::PinTooWeak);
                failure.facts["reason"].clone()
            }
        }
    }

    #[test]
    fn a_pin_that_anybody_would_try_first_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", "too_short"),
            ("73952", "too_short"),
            ("1380013800138", "too_long"),
            ("000000", "all_equal"),
            ("88888888", "all_equal"),
            ("123456", "straight_run"),
            ("654321", "straight_run"),
            ("345678", "straight_run"),
            ("7890123", "straight_run"),
            ("3210987", "straight_run"),
            ("121212", "short_repeat"),
            ("1212121", "short_repeat"),
            ("583583", "short_repeat"),
            ("5839258392", "short_repeat"),
            ("goatpen", "too_short"),
            ("aaaaaaaa", "all_equal"),
            ("abcdefgh", "straight_run"),
            ("abcabcabc", "short_repeat"),
            ("山高水", "too_short"),
        ] {
            assert_eq!(reason(text), expected, "{text}");
        }
        assert_eq!(reason(&"山高水长".repeat(17)), "too_long");
    }

    #[test]
    fn a_pin_that_needs_guessing_is_taken() {
        for text in
            ["739524", "112358", "19870412", "20110203", "583925839250", "583926583926", "山高水长", "two old goats"]
        {
            assert_eq!(reason(text), "taken", "{text}");
        }
    }

    #[test]
    fn a_pin_typed_with_full_width_digits_is_the_same_pin() {
        assert_eq!(Pin::typed("７３９５２４").as_bytes(), b"739524");
        assert_eq!(Pin::typed(" 739524\u{3000}").as_bytes(), b"739524");
        assert_eq!(Pin::typed("山高 水长").as_bytes(), "山高 水长".as_bytes());
        assert_eq!(reason("１２３４５６"), "straight_run");
    }

    #[test]
    fn a_pin_shows_itself_to_no_log() {
        assert_eq!(format!("{:?}", Pin::typed("739524")), "Pin");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_judged(text in "\\PC*") {
            let _ = Pin::chosen(&text);
        }
    }
}
