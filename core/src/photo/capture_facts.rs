//! When and where a capture was taken, as the camera wrote it down in EXIF (CIPA DC-008).

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use exif::{Context, Exif, Field, In, Reader, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::raster::split_jpeg_at_scan;
use crate::domain::time::Timestamp;

/// What the camera wrote down of a capture. It never stands in the files that are made of the capture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CaptureFacts {
    /// When it was taken: `DateTimeOriginal`, in the zone of `OffsetTimeOriginal`, else in China's.
    pub taken_at: Option<Timestamp>,
    /// Where it was taken, if the camera knew.
    pub position: Option<Position>,
}

/// A point on the earth, WGS 84, as satellites give it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Degrees, north positive, -90 to 90.
    pub latitude: f64,
    /// Degrees, east positive, -180 to 180.
    pub longitude: f64,
}

/// What EXIF says of a capture, with how it must be turned to be upright (1 to 8; 1 when nothing is said).
/// Whatever is missing or makes no sense counts as not said: no capture is refused for its metadata.
pub(super) fn read(capture: &[u8]) -> (CaptureFacts, u32) {
    // As with the decoders: a reader that gave up would mean that nothing is said.
    let exif = catch_unwind(AssertUnwindSafe(|| read_exif(capture))).unwrap_or_default();
    exif.map_or((CaptureFacts::default(), 1), |exif| {
        let facts = CaptureFacts { taken_at: taken_at(&exif), position: position(&exif) };
        let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
        (facts, orientation.unwrap_or(1))
    })
}

fn read_exif(capture: &[u8]) -> Option<Exif> {
    // The reader would search the whole scan of a JPEG for more segments.
    let header = split_jpeg_at_scan(capture).filter(|_| capture.starts_with(&[0xFF, 0xD8]));
    let source = header.map_or(capture, |(header, _)| header);
    // Cameras write broken fields beside good ones: the good ones are taken.
    Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(source))
        .or_else(|failure| failure.distill_partial_result(|_| ()))
        .ok()
}

fn taken_at(exif: &Exif) -> Option<Timestamp> {
    let text = ascii(exif.get_field(Tag::DateTimeOriginal, In::PRIMARY)?)?;
    let mut moment = exif::DateTime::from_ascii(text).ok()?;
    if let Some(zone) = exif.get_field(Tag::OffsetTimeOriginal, In::PRIMARY).and_then(ascii) {
        // A zone that cannot be read counts as not said.
        let _ = moment.parse_offset(zone);
    }
    let offset = match moment.offset {
        Some(minutes) => Offset::from_seconds(i32::from(minutes).checked_mul(60)?).ok()?,
        None => Offset::constant(8),
    };
    let civil = DateTime::new(
        i16::try_from(moment.year).ok()?,
        i8::try_from(moment.month).ok()?,
        i8::try_from(moment.day).ok()?,
        i8::try_from(moment.hour).ok()?,
        i8::try_from(moment.minute).ok()?,
        i8::try_from(moment.second).ok()?,
        0,
    )
    .ok()?;
    Some(Timestamp::from_unix_ms(offset.to_timestamp(civil).ok()?.as_millisecond()))
}

fn position(exif: &Exif) -> Option<Position> {
    // `V` (void) is what a receiver writes that has lost its satellites.
    let status = exif.get_field(Tag::GPSStatus, In::PRIMARY).and_then(ascii);
    if status.is_some_and(|status| status.starts_with(b"V")) {
        return None;
    }
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'N', b'S', 90.0)?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'E', b'W', 180.0)?;
    // Zero and zero is what a camera writes that never had a position; the place is in the Atlantic.
    (latitude != 0.0 || longitude != 0.0).then_some(Position { latitude, longitude })
}

/// Signed degrees of three rationals (degrees, minutes, seconds) and a letter.
fn degrees(exif: &Exif, tag: Tag, letter: Tag, positive: u8, negative: u8, degrees_max: f64) -> Option<f64> {
    debug_assert!(tag.context() == Context::Gps);
    let parts: Vec<f64> = match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(parts) => parts.iter().map(exif::Rational::to_f64).collect(),
        // Not what the standard says, and what some phones write.
        Value::SRational(parts) => parts.iter().map(exif::SRational::to_f64).collect(),
        _ => return None,
    };
    let mut degrees = 0.0;
    for (part, divisor) in parts.iter().zip([1.0, 60.0, 3600.0]) {
        degrees += part / divisor;
    }
    let sign = match ascii(exif.get_field(letter, In::PRIMARY)?)?.first()? {
        letter if *letter == positive => 1.0,
        letter if *letter == negative => -1.0,
        _ => return None,
    };
    // A rational over zero is no number, and lies in no range.
    (!parts.is_empty() && (0.0..=degrees_max).contains(&degrees)).then_some(degrees * sign)
}

fn ascii(field: &Field) -> Option<&[u8]> {
    match &field.value {
        Value::Ascii(parts) => parts.first().map(Vec::as_slice),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "of a few bytes that the test itself made")]
mod tests {
    use super::*;
    use crate::photo::intake::tests::real;

    fn near(position: Option<Position>, latitude: f64, longitude: f64) -> bool {
        position
            .is_some_and(|found| (found.latitude - latitude).abs() < 1e-6 && (found.longitude - longitude).abs() < 1e-6)
    }

    #[test]
    fn a_phone_tells_when_and_where_in_its_own_zone() {
        let (facts, orientation) = read(&real("HMD_Nokia_8.3_5G.jpg"));
        // 2022-08-14 14:12:31 +03:00
        assert_eq!(facts.taken_at, Some(Timestamp::from_unix_ms(1_660_475_551_000)));
        assert!(near(facts.position, 60.0 + 8.0 / 60.0 + 48.14 / 3600.0, 24.0 + 54.0 / 60.0 + 24.38 / 3600.0));
        assert_eq!(orientation, 1);
    }

    #[test]
    fn a_camera_without_a_zone_is_taken_to_be_in_china() {
        let (facts, _) = read(&real("DSCN0010.jpg"));
        assert_eq!(facts.taken_at.unwrap().to_minute_text(), "2008-10-22 16:28");
        assert!(near(facts.position, 43.467_448_333, 11.885_126_664));
    }

    #[test]
    fn a_photo_held_on_its_side_says_so() {
        for name in ["landscape_6.jpg", "portrait_6.jpg"] {
            let (facts, orientation) = read(&real(name));
            assert_eq!(orientation, 6, "{name}");
            assert_eq!(facts, CaptureFacts::default(), "{name}");
        }
    }

    #[test]
    fn a_picture_without_exif_says_nothing() {
        assert_eq!(read(&real("image00971.jpg")), (CaptureFacts::default(), 1));
        assert_eq!(read(b""), (CaptureFacts::default(), 1));
    }

    /// A big-endian TIFF block as it stands in EXIF: one field for each of `fields` in the EXIF or GPS directory.
    struct Block {
        pointer: u16,
        fields: Vec<(u16, u16, u32, Vec<u8>)>,
    }

    impl Block {
        fn read(&self) -> CaptureFacts {
            let mut bytes = b"MM\0*\0\0\0\x08\0\x01".to_vec();
            bytes.extend(self.pointer.to_be_bytes());
            bytes.extend([0, 4, 0, 0, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0]);
            bytes.extend((self.fields.len() as u16).to_be_bytes());
            let mut data_at = 26 + 2 + self.fields.len() * 12 + 4;
            let mut data: Vec<u8> = Vec::new();
            for (tag, kind, count, value) in &self.fields {
                bytes.extend(tag.to_be_bytes());
                bytes.extend(kind.to_be_bytes());
                bytes.extend(count.to_be_bytes());
                if value.len() <= 4 {
                    bytes.extend(value.iter().copied().chain([0; 4]).take(4));
                } else {
                    bytes.extend((data_at as u32).to_be_bytes());
                    data_at += value.len();
                    data.extend(value);
                }
            }
            bytes.extend([0; 4]);
            bytes.extend(data);
            let exif = Reader::new().read_raw(bytes).unwrap();
            CaptureFacts { taken_at: taken_at(&exif), position: position(&exif) }
        }
    }

    fn taken(texts: &[(u16, &str)]) -> Option<Timestamp> {
        let fields = texts
            .iter()
            .map(|(tag, text)| (*tag, 2, text.len() as u32 + 1, format!("{text}\0").into_bytes()))
            .collect();
        Block { pointer: 0x8769, fields }.read().taken_at
    }

    fn taken_near(
        north: char,
        latitude: [u32; 6],
        east: char,
        longitude: [u32; 6],
        status: Option<&str>,
    ) -> Option<Position> {
        let letter = |letter: char| vec![letter as u8, 0];
        let rationals = |parts: [u32; 6]| parts.iter().flat_map(|part| part.to_be_bytes()).collect::<Vec<u8>>();
        let mut fields = vec![
            (1, 2, 2, letter(north)),
            (2, 5, 3, rationals(latitude)),
            (3, 2, 2, letter(east)),
            (4, 5, 3, rationals(longitude)),
        ];
        fields.extend(status.map(|status| (9, 2, 2, format!("{status}\0").into_bytes())));
        Block { pointer: 0x8825, fields }.read().position
    }

    #[test]
    fn a_moment_that_cannot_be_is_no_moment() {
        let china = taken(&[(0x9003, "2026:11:23 14:02:00")]).unwrap();
        assert_eq!(china.to_minute_text(), "2026-11-23 14:02");
        let greenwich = taken(&[(0x9003, "2026:11:23 06:02:00"), (0x9011, "+00:00")]);
        assert_eq!(greenwich, Some(china));
        let zone_unreadable = taken(&[(0x9003, "2026:11:23 14:02:00"), (0x9011, "here")]);
        assert_eq!(zone_unreadable, Some(china));
        for text in ["0000:00:00 00:00:00", "    :  :     :  :  ", "2026:02:30 10:00:00", "2026-11-23", ""] {
            assert_eq!(taken(&[(0x9003, text)]), None, "{text}");
        }
    }

    #[test]
    fn south_and_west_are_negative_and_a_lost_satellite_is_no_place() {
        let minus = taken_near('S', [33, 1, 30, 1, 0, 1], 'W', [70, 1, 15, 1, 0, 1], None).unwrap();
        assert_eq!((minus.latitude, minus.longitude), (-33.5, -70.25));
        assert!(taken_near('N', [31, 1, 54, 1, 0, 1], 'E', [107, 1, 14, 1, 0, 1], Some("A")).is_some());
        let nowhere = [
            taken_near('N', [31, 1, 54, 1, 0, 1], 'E', [107, 1, 14, 1, 0, 1], Some("V")),
            taken_near('N', [0, 1, 0, 1, 0, 1], 'E', [0, 1, 0, 1, 0, 1], None),
            taken_near('N', [31, 0, 54, 1, 0, 1], 'E', [107, 1, 14, 1, 0, 1], None),
            taken_near('N', [0, 0, 0, 0, 0, 0], 'E', [0, 0, 0, 0, 0, 0], None),
            taken_near('N', [91, 1, 0, 1, 0, 1], 'E', [107, 1, 14, 1, 0, 1], None),
            taken_near('?', [31, 1, 54, 1, 0, 1], 'E', [107, 1, 14, 1, 0, 1], None),
        ];
        assert_eq!(nowhere, [None; 6]);
    }
}
