//! An .xlsx is measured and packed anew before it is read.
//!
//! 32 MiB of deflated zeros are 32 GiB, and one attribute (`uniqueCount` of the shared strings) makes calamine
//! reserve as much memory as it names, which aborts the process. So every part is unpacked here within a budget,
//! that attribute is made unknown, and what calamine reads is a plain archive of what was measured.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::refusal::{too_large, unreadable};
use crate::error::Result;

/// The most that all parts may hold together, in bytes. 80,000 children of 45 columns are some 150 MB of XML.
const UNPACKED_BYTES_MAX: u64 = 384 * 1024 * 1024;
/// The most parts.
const PARTS_MAX: usize = 4096;

/// Parts that calamine reads: the rest (pictures, printer settings) is left behind.
const ENDINGS: [&str; 3] = [".xml", ".rels", ".vml"];

/// An .xlsx that was measured.
pub(super) struct Measured {
    /// The parts that are read, without compression.
    pub(super) file: Vec<u8>,
    /// Bytes of the largest part.
    pub(super) part_bytes_max: u64,
}

/// Unpacks within the budget and packs anew, without compression.
pub(super) fn measured(bytes: &[u8]) -> Result<Measured> {
    measured_within(bytes, UNPACKED_BYTES_MAX)
}

fn measured_within(bytes: &[u8], unpacked_bytes_max: u64) -> Result<Measured> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|cause| unreadable("zip", cause))?;
    if archive.len() > PARTS_MAX {
        return Err(too_large("parts"));
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len())));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut left = unpacked_bytes_max;
    let mut part_bytes_max = 0;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|cause| unreadable("zip", cause))?;
        let name = part.name().map_err(|cause| unreadable("zip", cause))?.into_owned();
        let lower = name.to_ascii_lowercase();
        if !ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            continue;
        }
        let mut content = Vec::new();
        let read = (&mut part).take(left.saturating_add(1)).read_to_end(&mut content);
        read.map_err(|cause| unreadable("zip", cause))?;
        left = left.checked_sub(content.len() as u64).ok_or_else(|| too_large("unpacked"))?;
        part_bytes_max = part_bytes_max.max(content.len() as u64);
        if lower.ends_with("sharedstrings.xml") {
            forget_counts(&mut content);
        }
        writer.start_file(name, options).map_err(|cause| unreadable("zip", cause))?;
        writer.write_all(&content).map_err(|cause| unreadable("zip", cause))?;
    }
    let file = writer.finish().map_err(|cause| unreadable("zip", cause))?.into_inner();
    Ok(Measured { file, part_bytes_max })
}

/// Renames the attribute that calamine takes for a promise, in whatever encoding it is written. In text it would
/// be changed, too: nobody's name holds it.
fn forget_counts(content: &mut [u8]) {
    const COUNT: &[u8] = b"uniqueCount";
    let wide: Vec<u8> = COUNT.iter().flat_map(|byte| [*byte, 0]).collect();
    for pattern in [COUNT, &wide] {
        let mut from = 0;
        while let Some(rest) = content.get_mut(from..) {
            let Some(at) = find(rest, pattern) else { break };
            if let Some(first) = rest.get_mut(at) {
                *first = b'x';
            }
            from = from.saturating_add(at).saturating_add(pattern.len());
        }
    }
}

/// Where `pattern` first stands.
fn find(content: &[u8], pattern: &[u8]) -> Option<usize> {
    let first = pattern.first()?;
    let mut from = 0;
    loop {
        let rest = content.get(from..)?;
        let at = from.checked_add(rest.iter().position(|byte| byte == first)?)?;
        if content.get(at..)?.starts_with(pattern) {
            return Some(at);
        }
        from = at.checked_add(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn packed(name: &str, content: &[u8]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(name, options).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_part_that_swells_beyond_the_budget_is_too_large() {
        let bomb = packed("xl/worksheets/sheet1.xml", &vec![0; 8 * 1024 * 1024]);
        assert!(bomb.len() < 16 * 1024, "the file itself is small: {} bytes", bomb.len());
        let budget = 8 * 1024 * 1024;
        assert!(measured_within(&bomb, budget).is_ok());
        assert_eq!(measured_within(&bomb, budget - 1).err().unwrap().code, ErrorCode::SpreadsheetTooLarge);
    }

    #[test]
    fn a_promise_of_many_strings_is_forgotten() {
        let promise = br#"<sst count="9" uniqueCount="999999999999999"><si><t>a</t></si></sst>"#;
        let plain = measured(&packed("xl/SharedStrings.xml", promise)).unwrap().file;
        assert!(find(&plain, b"uniqueCount").is_none() && find(&plain, b"xniqueCount").is_some());
        let wide: Vec<u8> = promise.iter().flat_map(|byte| [*byte, 0]).collect();
        let plain = measured(&packed("xl/sharedStrings.xml", &wide)).unwrap().file;
        assert!(find(&plain, b"u\0n\0i\0q\0u\0e\0C").is_none());
    }

    #[test]
    fn pictures_are_left_behind() {
        let plain = measured(&packed("xl/media/image1.jpeg", b"a picture")).unwrap().file;
        assert!(find(&plain, b"a picture").is_none());
    }
}
