//! Bytes as text that people type, photograph and send on: a prefix that says what it is, groups of four, an
//! alphabet without look-alikes (Crockford's base32, all of it in a QR code's compact alphanumeric mode), and a
//! checksum that tells a typing error from a wrong code.

use data_encoding::Encoding;
use data_encoding_macro::new_encoding;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::pin::plain_character;

const CROCKFORD: Encoding = new_encoding! {
    symbols: "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
};
const GROUP_CHARACTERS: usize = 4;
/// One typing error in four thousand million goes unnoticed.
const CHECKSUM_BYTES: usize = 4;
/// No text of ours is longer; what is longer is not read to its end.
const CHARACTERS_MAX: usize = 1000;

/// The text of `bytes`: `JF1-4Z0K-…` for the prefix `JF1-`.
pub(super) fn to_typed_text(prefix: &'static str, bytes: &[u8]) -> String {
    let mut checked = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(CHECKSUM_BYTES)));
    checked.extend_from_slice(bytes);
    checked.extend_from_slice(&checksum(prefix, bytes));
    let symbols = Zeroizing::new(CROCKFORD.encode(&checked));
    let mut text = String::with_capacity(prefix.len().saturating_add(symbols.len().saturating_mul(2)));
    text.push_str(prefix);
    for (at, symbol) in symbols.chars().enumerate() {
        if at > 0 && at.is_multiple_of(GROUP_CHARACTERS) {
            text.push('-');
        }
        text.push(symbol);
    }
    text
}

/// The bytes of a text with this prefix, unless it holds a typing error. Lower case, full-width characters,
/// missing or strange dashes, spaces and line breaks, `O` for `0`, and `I` or `L` for `1` are no errors.
pub(super) fn from_typed_text(prefix: &'static str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let symbols = plain_symbols(text)?;
    let symbols = symbols.strip_prefix(plain_symbols(prefix)?.as_str())?;
    let checked = Zeroizing::new(CROCKFORD.decode(symbols.as_bytes()).ok()?);
    let (bytes, sum) = checked.split_at_checked(checked.len().checked_sub(CHECKSUM_BYTES)?)?;
    (checksum(prefix, bytes).as_slice() == sum).then(|| Zeroizing::new(bytes.to_vec()))
}

fn plain_symbols(text: &str) -> Option<Zeroizing<String>> {
    let mut symbols = Zeroizing::new(String::with_capacity(CHARACTERS_MAX));
    for (at, character) in text.chars().map(plain_character).enumerate() {
        if at >= CHARACTERS_MAX {
            return None;
        }
        match character.to_ascii_uppercase() {
            // Dashes and dots of all kinds, and what chat programs put between characters.
            '-'
            | '.'
            | '_'
            | '\u{2010}'..='\u{2015}'
            | '\u{2212}'
            | '\u{30FC}'
            | '。'
            | '·'
            | '\u{200B}'..='\u{200F}'
            | '\u{FEFF}' => {}
            space if space.is_whitespace() => {}
            'O' => symbols.push('0'),
            'I' | 'L' => symbols.push('1'),
            symbol if symbol.is_ascii_alphanumeric() => symbols.push(symbol),
            _ => return None,
        }
    }
    Some(symbols)
}

fn checksum(prefix: &str, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = Sha256::new();
    for part in [b"jiafang/v1/typed-text\0", prefix.as_bytes(), b"\0", bytes] {
        hash.update(part);
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"\x00\x01\x02 any bytes \xff";

    fn reads(text: &str) -> bool {
        from_typed_text("JF1-", text).is_some_and(|bytes| bytes.as_slice() == BYTES)
    }

    #[test]
    fn a_code_is_read_however_it_was_copied() {
        let text = to_typed_text("JF1-", BYTES);
        assert!(text.starts_with("JF1-"), "{text}");
        assert!(text.bytes().all(|byte| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ-".contains(&byte)), "{text}");
        assert!(text.contains('0') && text.contains('1'), "{text}");
        assert!(reads(&text));
        assert!(reads(&text.to_lowercase()));
        assert!(reads(&text.replace('-', "")));
        assert!(reads(&text.replace('-', " – ")));
        assert!(reads(&text.replace('-', "\r\n")));
        assert!(reads(&text.replace('0', "O").replace('1', "l")));
        assert!(reads(&text.replace('0', "o").replace('1', "I")));
        assert!(reads(&format!("\u{FEFF}\u{200B} {text}\n")));
        let full_width: String =
            text.chars().map(|character| char::from_u32(u32::from(character) + 0xFEE0).unwrap()).collect();
        assert!(reads(&full_width), "{full_width}");
    }

    #[test]
    fn every_single_typing_error_and_every_swap_of_neighbours_is_noticed() {
        let text: Vec<char> = to_typed_text("JF1-", BYTES).replace('-', "").chars().collect();
        for at in 0..text.len() {
            for wrong in "0123456789ABCDEFGHJKMNPQRSTUVWXYZ".chars().filter(|&wrong| wrong != text[at]) {
                let mut typed = text.clone();
                typed[at] = wrong;
                assert_eq!(from_typed_text("JF1-", &typed.iter().collect::<String>()), None, "{wrong} at {at}");
            }
            let mut shorter = text.clone();
            shorter.remove(at);
            assert_eq!(from_typed_text("JF1-", &shorter.iter().collect::<String>()), None, "none at {at}");
            if at + 1 < text.len() && text[at] != text[at + 1] {
                let mut swapped = text.clone();
                swapped.swap(at, at + 1);
                assert_eq!(from_typed_text("JF1-", &swapped.iter().collect::<String>()), None, "swapped at {at}");
            }
        }
    }

    #[test]
    fn a_text_of_one_kind_is_not_taken_for_another() {
        let text = to_typed_text("JFRQ1.", BYTES);
        assert!(from_typed_text("JFRQ1.", &text).is_some());
        assert_eq!(from_typed_text("JFRA1.", &text), None);
        assert_eq!(from_typed_text("JFRA1.", &text.replace("JFRQ1.", "JFRA1.")), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_bytes_there_are_come_back(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let text = to_typed_text("JFRQ1.", &bytes);
            let back = from_typed_text("JFRQ1.", &text).unwrap();
            proptest::prop_assert_eq!(back.as_slice(), bytes.as_slice());
        }

        #[test]
        fn garbage_is_refused(text in "\\PC*") {
            proptest::prop_assert_eq!(from_typed_text("JF1-", &text), None);
            proptest::prop_assert_eq!(from_typed_text("JF1-", &format!("JF1-{text}")), None);
        }
    }
}
