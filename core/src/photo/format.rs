//! Which format a capture has, by its first bytes: names of files and what a browser says of them are not asked.

use crate::error::{ErrorCode, Failure, Result};

/// A format that can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PictureFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

/// Recognises the format of `capture`.
///
/// # Errors
/// [`ErrorCode::PhotoFormatUnsupported`] with the fact `format` (`HEIC`, `AVIF`, `GIF`, `TIFF`, `BMP`, `JPEG XL`,
/// `JPEG 2000`, `PDF`, `MP4`, or `unknown`); [`ErrorCode::PhotoDamaged`] for an empty file and for one that
/// begins with zeroes, which is what a power cut leaves of a file.
pub(super) fn recognise(capture: &[u8]) -> Result<PictureFormat> {
    if capture.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Ok(PictureFormat::Jpeg);
    }
    if capture.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(PictureFormat::Png);
    }
    if capture.starts_with(b"RIFF") && capture.get(8..12) == Some(b"WEBP") {
        return Ok(PictureFormat::WebP);
    }
    if capture.iter().take(16).all(|byte| *byte == 0) {
        return Err(Failure::new(ErrorCode::PhotoDamaged, "the capture is empty or begins with zeroes"));
    }
    Err(unsupported(name_of_foreign(capture)))
}

/// The format is one that cannot be read here.
pub(super) fn unsupported(format: &'static str) -> Failure {
    Failure::new(ErrorCode::PhotoFormatUnsupported, format!("format {format}")).fact("format", format)
}

fn name_of_foreign(capture: &[u8]) -> &'static str {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"GIF8", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"BM", "BMP"),
        (b"%PDF", "PDF"),
        (b"\xFF\x0A", "JPEG XL"),
        (b"\0\0\0\x0CJXL ", "JPEG XL"),
        (b"\0\0\0\x0CjP  ", "JPEG 2000"),
    ];
    // ISO base media files name their brand after the size of the first box (ISO/IEC 14496-12, 4.3).
    if capture.get(4..8) == Some(b"ftyp") {
        return match capture.get(8..12).unwrap_or_default() {
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => "HEIC",
            b"avif" | b"avis" => "AVIF",
            _ => "MP4",
        };
    }
    BEGINNINGS.iter().find(|(beginning, _)| capture.starts_with(beginning)).map_or("unknown", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_as(capture: &[u8]) -> String {
        let failure = recognise(capture).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PhotoFormatUnsupported);
        failure.facts["format"].clone()
    }

    #[test]
    fn a_picture_that_cannot_be_read_is_called_by_its_name() {
        assert_eq!(refused_as(b"\0\0\0\x18ftypheic\0\0\0\0"), "HEIC");
        assert_eq!(refused_as(b"\0\0\0\x18ftypmif1\0\0\0\0"), "HEIC");
        assert_eq!(refused_as(b"\0\0\0\x18ftypavif\0\0\0\0"), "AVIF");
        assert_eq!(refused_as(b"\0\0\0\x18ftypisom\0\0\0\0"), "MP4");
        assert_eq!(refused_as(b"GIF89a\x01\0\x01\0"), "GIF");
        assert_eq!(refused_as(b"II*\0\x08\0\0\0"), "TIFF");
        assert_eq!(refused_as(b"MM\0*\0\0\0\x08"), "TIFF");
        assert_eq!(refused_as(b"BM\x46\0\0\0"), "BMP");
        assert_eq!(refused_as(b"%PDF-1.7"), "PDF");
        assert_eq!(refused_as("家访记录".as_bytes()), "unknown");
    }

    #[test]
    fn a_file_that_a_power_cut_emptied_is_damaged_and_not_of_a_foreign_format() {
        assert_eq!(recognise(b"").unwrap_err().code, ErrorCode::PhotoDamaged);
        assert_eq!(recognise(&[0; 4096]).unwrap_err().code, ErrorCode::PhotoDamaged);
    }

    #[test]
    fn the_readable_formats_are_told_by_their_first_bytes() {
        assert_eq!(recognise(b"\xFF\xD8\xFF\xE1").unwrap(), PictureFormat::Jpeg);
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\n").unwrap(), PictureFormat::Png);
        assert_eq!(recognise(b"RIFF\x10\0\0\0WEBPVP8 ").unwrap(), PictureFormat::WebP);
    }
}
