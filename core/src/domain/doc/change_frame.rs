//! Measures a change before automerge reads it.
//!
//! `Change::try_from` walks through all operations of a change, and it inflates a deflated one whole. The columns
//! of a change are run-length encoded: a hundred bytes can claim 2⁶⁰ operations, and half a megabyte can inflate
//! to half a gigabyte. Either would keep whoever reads it busy for ever. So the lengths are added up first, by the
//! published format (automerge.org/automerge-binary-format-spec, "Change chunk"), and what claims more than a form can
//! have is refused.

use std::borrow::Cow;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::CHANGE_BYTES_MAX;

/// Operations of one change, and predecessors of all of them. A finished form has some thirty, the places and
/// schools of a large county some thousands.
const OPERATIONS_MAX: u64 = 200_000;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const PLAIN: u8 = 1;
const DEFLATED: u8 = 2;

/// Whether these bytes are one whole change chunk (type 1, or 2: deflated), with its checksum right, of a size that
/// automerge can be given.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    measure(bytes).is_some()
}

fn measure(bytes: &[u8]) -> Option<()> {
    let mut chunk = Reader(bytes);
    if chunk.take(4)? != MAGIC {
        return None;
    }
    let checksum = chunk.take(4)?;
    let kind = chunk.byte()?;
    let length = chunk.unsigned()?;
    let data = chunk.take(length)?;
    if !chunk.0.is_empty() {
        return None;
    }
    let body = match kind {
        PLAIN => Cow::Borrowed(data),
        DEFLATED => Cow::Owned(inflate(data)?),
        _ => return None,
    };
    // `Change::try_from` does not compare it: a flipped bit would go through as another change.
    if hash_of(&body).get(..4)? != checksum {
        return None;
    }
    measure_body(&body)
}

fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let limit = u64::try_from(CHANGE_BYTES_MAX).ok()?;
    let mut body = Vec::new();
    flate2::read::DeflateDecoder::new(data).take(limit.checked_add(1)?).read_to_end(&mut body).ok()?;
    (body.len() <= CHANGE_BYTES_MAX).then_some(body)
}

/// The hash of a change: over its type, its length and its body, as if it had never been deflated.
fn hash_of(body: &[u8]) -> [u8; 32] {
    let mut head = vec![PLAIN];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7F).unwrap_or(0);
        length >>= 7;
        if length == 0 {
            head.push(low);
            break;
        }
        head.push(low | 0x80);
    }
    Sha256::new().chain_update(head).chain_update(body).finalize().into()
}

fn measure_body(body: &[u8]) -> Option<()> {
    let mut body = Reader(body);
    let dependencies = body.unsigned()?;
    body.take(dependencies.checked_mul(32)?)?;
    body.sized()?; // actor
    body.unsigned()?; // number of the change
    body.unsigned()?; // number of its first operation
    body.signed()?; // time
    body.sized()?; // message
    for _ in 0..body.unsigned()? {
        body.sized()?; // another actor
    }
    let mut columns = Vec::new();
    for _ in 0..body.unsigned()? {
        columns.push((body.unsigned()?, body.unsigned()?));
    }
    for (specification, length) in columns {
        let count = count_of(specification, Reader(body.take(length)?))?;
        if count > OPERATIONS_MAX {
            return None;
        }
    }
    Some(())
}

/// How many values a column claims to have.
fn count_of(specification: u64, column: Reader<'_>) -> Option<u64> {
    match specification & 0b1111 {
        0..=2 | 6 => count_runs(column, |column| column.unsigned().map(drop)),
        3 => count_runs(column, |column| column.signed().map(drop)),
        4 => count_booleans(column),
        5 => count_runs(column, |column| column.sized().map(drop)),
        // The bytes of values, which the column before accounts for.
        7 => Some(0),
        // Columns of a change are never deflated each for itself.
        _ => None,
    }
}

fn count_runs(mut column: Reader<'_>, skip: impl Fn(&mut Reader<'_>) -> Option<()>) -> Option<u64> {
    let mut count = 0_u64;
    while !column.0.is_empty() {
        let run = match column.signed()? {
            0 => column.unsigned()?,
            repeated if repeated > 0 => {
                skip(&mut column)?;
                repeated.unsigned_abs()
            }
            literal => {
                for _ in 0..literal.unsigned_abs() {
                    skip(&mut column)?;
                }
                literal.unsigned_abs()
            }
        };
        count = count.checked_add(run)?;
    }
    Some(count)
}

fn count_booleans(mut column: Reader<'_>) -> Option<u64> {
    let mut count = 0_u64;
    while !column.0.is_empty() {
        count = count.checked_add(column.unsigned()?)?;
    }
    Some(count)
}

/// Reads from the front; `None` when the bytes end before.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.unsigned()?;
        self.take(length)
    }

    /// LEB128.
    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            value |= part.checked_shl(shift).filter(|shifted| shifted.checked_shr(shift) == Some(part))?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// LEB128 with a sign.
    fn signed(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                let above = shift.saturating_add(7);
                let negative = byte & 0x40 != 0 && above < 64;
                return Some(if negative {
                    value | i64::MIN.checked_shr(63_u32.saturating_sub(above))?
                } else {
                    value
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{ActorId, Automerge, Change, ObjType, ROOT, ScalarValue};
    use proptest::prelude::*;

    use super::*;

    /// Makes the checksum right again.
    fn sealed(kind: u8, data: &[u8], body: &[u8]) -> Vec<u8> {
        let mut chunk = MAGIC.to_vec();
        chunk.extend(&hash_of(body)[..4]);
        chunk.push(kind);
        chunk.extend(leb(data.len() as u64));
        chunk.extend(data);
        chunk
    }

    fn leb(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push((value & 0x7F) as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    /// A change of one operation, whose action is said to repeat `count` times.
    fn claiming(count: u64) -> Vec<u8> {
        let mut positive = leb(count);
        if positive.last().unwrap() & 0x40 != 0 {
            // With a sign, the seventh bit would mean a negative number.
            *positive.last_mut().unwrap() |= 0x80;
            positive.push(0);
        }
        let run = |value: &[u8]| [&positive[..], value].concat();
        let columns: [(u64, Vec<u8>); 5] = [
            (0x15, run(&[1, b'k'])), // keys
            (0x34, leb(count)),      // no insertions
            (0x42, run(&[1])),       // put
            (0x56, run(&[0])),       // null
            (0x70, run(&[0])),       // no predecessors
        ];
        let mut body = vec![0, 16];
        body.extend([7; 16]);
        body.extend([1, 1, 0, 0, 0, columns.len() as u8]);
        for (specification, column) in &columns {
            body.extend(leb(*specification));
            body.extend(leb(column.len() as u64));
        }
        for (_, column) in &columns {
            body.extend(column);
        }
        sealed(PLAIN, &body, &body)
    }

    fn change_of(write: impl FnOnce(&mut automerge::transaction::Transaction<'_>)) -> Change {
        let mut doc = Automerge::new().with_actor(ActorId::from([3; 16].as_slice()));
        let mut transaction = doc.transaction();
        write(&mut transaction);
        transaction.commit_with(CommitOptions::default().with_time(1_790_000_000).with_message("家访"));
        doc.get_last_local_change().unwrap()
    }

    #[test]
    fn a_change_that_claims_more_operations_than_anybody_can_walk_through_is_refused() {
        assert!(Change::try_from(&claiming(1_000)[..]).is_ok_and(|change| change.len() == 1_000));
        assert!(is_sound(&claiming(1_000)));
        for count in [OPERATIONS_MAX + 1, 1 << 32, 1 << 40, (1 << 62) + 1] {
            assert!(claiming(count).len() < 150);
            assert!(!is_sound(&claiming(count)), "{count}");
        }
    }

    #[test]
    fn a_deflated_change_is_sound_and_one_that_inflates_without_end_is_not() {
        let mut change = change_of(|tx| {
            for key in 0..200 {
                tx.put(ROOT, format!("字段{key}"), "一样的内容").unwrap();
            }
        });
        let deflated = change.bytes().into_owned();
        assert_eq!(deflated[8], DEFLATED);
        assert!(is_sound(&deflated));

        let zeroes = vec![0; CHANGE_BYTES_MAX + 1];
        let mut bomb = Vec::new();
        flate2::read::DeflateEncoder::new(&zeroes[..], flate2::Compression::best()).read_to_end(&mut bomb).unwrap();
        assert!(bomb.len() < 2_000);
        assert!(!is_sound(&sealed(DEFLATED, &bomb, &zeroes)));
    }

    #[test]
    fn everything_that_a_document_can_hold_is_sound() {
        let change = change_of(|tx| {
            let map = tx.put_object(ROOT, "visits", ObjType::Map).unwrap();
            let list = tx.put_object(&map, "list", ObjType::List).unwrap();
            let text = tx.put_object(&map, "text", ObjType::Text).unwrap();
            tx.splice_text(&text, 0, 0, "走访记录").unwrap();
            tx.splice_text(&text, 1, 2, "").unwrap();
            for (at, value) in [
                ScalarValue::Null,
                ScalarValue::Boolean(true),
                ScalarValue::Int(-7),
                ScalarValue::Uint(7),
                ScalarValue::F64(0.5),
                ScalarValue::Timestamp(-1),
                ScalarValue::counter(3),
                ScalarValue::Bytes(vec![1; 300]),
                ScalarValue::Str("字".into()),
            ]
            .into_iter()
            .enumerate()
            {
                tx.insert(&list, at, value).unwrap();
            }
            tx.delete(&list, 0).unwrap();
            tx.put(ROOT, "deleted", 1).unwrap();
            tx.delete(ROOT, "deleted").unwrap();
        });
        assert!(is_sound(change.raw_bytes()));
        let mut doc = Automerge::new();
        doc.empty_commit(CommitOptions::default());
        assert!(is_sound(doc.get_last_local_change().unwrap().raw_bytes()), "a change without any operation");
    }

    #[test]
    fn signed_numbers_are_read_as_they_are_written() {
        for (bytes, value) in [
            (&[0x00][..], 0),
            (&[0x7F], -1),
            (&[0x3F], 63),
            (&[0xC0, 0x00], 64),
            (&[0x40], -64),
            (&[0x80, 0x7F], -128),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], i64::MAX),
        ] {
            assert_eq!(Reader(bytes).signed(), Some(value), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn real_changes_are_sound_whole_and_not_otherwise(
            fields in prop::collection::vec(("[a-z]{1,8}", "\\PC{0,40}", any::<i64>()), 1..40),
            flipped in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let change = change_of(|tx| {
                for (key, text, number) in &fields {
                    tx.put(ROOT, key, text.as_str()).unwrap();
                    tx.put(ROOT, format!("{key}.n"), *number).unwrap();
                }
            });
            let bytes = change.raw_bytes();
            prop_assert!(is_sound(bytes));
            let mut damaged = bytes.to_vec();
            damaged[flipped.index(bytes.len())] ^= 4;
            prop_assert!(!is_sound(&damaged));
            prop_assert!(!is_sound(&bytes[..cut.index(bytes.len())]));
            prop_assert!(!is_sound(&[bytes, &[0]].concat()));
        }

        #[test]
        fn no_bytes_make_measuring_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            is_sound(&body);
            is_sound(&sealed(PLAIN, &body, &body));
            is_sound(&sealed(DEFLATED, &body, &body));
        }
    }
}
