//! The marked copy: the photo with a strip along its bottom edge that says when and where it was taken.
//!
//! The strip shows date and time, the village and, where there is one, the case number; never a name, an ID
//! number or coordinates (handbook 5.3). It is made of the app's own capture data, and the unmarked photo is kept.

use ab_glyph::point;

use super::intake::{PHOTO_BYTES_AIM, PHOTO_QUALITIES};
use super::raster::Raster;
use super::strip_text::{Paint, StripFont, blend};
use super::{EncodedPicture, format};
use crate::domain::time::Timestamp;
use crate::error::Result;

/// What stands on the strip, and all that can: there is no field for a name, an ID number or a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    /// When the photo was taken; shown in China's time, to the minute.
    pub date_time: Timestamp,
    /// The village, as people call it.
    pub village: String,
    /// The number of the case, if the visit belongs to one.
    pub case_number: Option<String>,
}

/// What stands before the case number. The strip is evidence in a Chinese file, whatever language the app speaks.
const CASE_NUMBER_LABEL: &str = "案号 ";
/// Longer texts end in `…`: the strip must not swallow the picture.
const TEXT_CHARACTERS_MAX: usize = 40;

const BAND: Paint = Paint { colour: [14, 20, 28], opacity: 0.74 };
const TEXT: Paint = Paint { colour: [255, 255, 255], opacity: 1.0 };
const DIVIDER: Paint = Paint { colour: [255, 255, 255], opacity: 0.45 };

/// A character is this part of the long side wide.
const EMS_ON_LONG_SIDE: f32 = 44.0;
/// At least so many characters go on a line of a narrow picture.
const EMS_ON_LINE_MIN: f32 = 18.0;
/// Below this nobody can read it; a picture so small gets the strip all the same.
const EM_MIN: f32 = 12.0;
/// The strip covers at most this part of the height, if the characters can be made small enough for it.
const BAND_SHARE_MAX: f32 = 0.4;
/// In characters: from the edge to the text, from line to line, and between two texts of one line.
const PADDING: f32 = 0.6;
const LINE: f32 = 1.5;
const GAP: f32 = 1.4;

/// Makes the marked copy of a photo.
///
/// # Errors
/// [`crate::error::ErrorCode::PhotoDamaged`] and its kin if `photo_jpeg` is no whole picture.
pub fn marked_copy(photo_jpeg: &[u8], strip: &Strip) -> Result<EncodedPicture> {
    let font = StripFont::get()?;
    let mut picture = Raster::decode(photo_jpeg, format::recognise(photo_jpeg)?)?.flattened();
    let layout = Layout::of(&strip.texts(), picture.width(), picture.height(), font);
    layout.draw(&mut picture, font);
    picture.to_jpeg(PHOTO_QUALITIES, PHOTO_BYTES_AIM)
}

impl Strip {
    /// The texts of the strip in their order.
    fn texts(&self) -> Vec<String> {
        let case_number = self.case_number.as_deref().map(shown).filter(|text| !text.is_empty());
        [
            self.date_time.to_minute_text(),
            shown(&self.village),
            case_number.map_or_else(String::new, |number| format!("{CASE_NUMBER_LABEL}{number}")),
        ]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect()
    }
}

/// One line of at most [`TEXT_CHARACTERS_MAX`] characters, without what no eye can see.
fn shown(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut visible = text.chars().filter(|character| !character.is_control());
    let mut shown: String = visible.by_ref().take(TEXT_CHARACTERS_MAX).collect();
    if visible.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// A piece of text at its place on a line, in px from the left.
struct Piece {
    left: f32,
    text: String,
    /// It follows another on its line, and a divider stands between them.
    follows: bool,
}

/// Where everything goes.
struct Layout {
    em: f32,
    lines: Vec<Vec<Piece>>,
}

impl Layout {
    fn of(texts: &[String], width: u32, height: u32, font: &StripFont) -> Self {
        let (width, height) = (width as f32, height as f32);
        let mut em = (width.max(height) / EMS_ON_LONG_SIDE).min(width / EMS_ON_LINE_MIN).max(EM_MIN);
        loop {
            let lines = lines(texts, width, em, font);
            let layout = Self { em, lines };
            if layout.band_height() <= height * BAND_SHARE_MAX || em <= EM_MIN {
                return layout;
            }
            em = (em * 0.85).max(EM_MIN);
        }
    }

    fn band_height(&self) -> f32 {
        self.em * (LINE * (self.lines.len() as f32 - 1.0) + 1.0 + 2.0 * PADDING)
    }

    fn draw(&self, picture: &mut Raster, font: &StripFont) {
        let height = picture.height();
        let top = (height as f32 - self.band_height()).floor();
        for y in (top.max(0.0) as i64)..i64::from(height) {
            for x in 0..i64::from(picture.width()) {
                blend(picture, x, y, BAND, 1.0);
            }
        }
        for (index, line) in self.lines.iter().enumerate() {
            let line_top = top + self.em * (PADDING + LINE * index as f32);
            for piece in line {
                if piece.follows {
                    self.draw_divider(picture, piece.left - self.em * GAP / 2.0, line_top);
                }
                // A Chinese character stands with 0.88 of its height above the line that letters stand on.
                font.draw(picture, &piece.text, point(piece.left, line_top + 0.88 * self.em), self.em, TEXT);
            }
        }
    }

    fn draw_divider(&self, picture: &mut Raster, middle: f32, line_top: f32) {
        let thickness = (self.em / 18.0).round().max(1.0);
        let left = (middle - thickness / 2.0).round() as i64;
        let (from, to) = ((line_top + self.em * 0.1) as i64, (line_top + self.em * 0.95) as i64);
        for y in from..to {
            for x in left..left.saturating_add(thickness as i64) {
                blend(picture, x, y, DIVIDER, 1.0);
            }
        }
    }
}

/// Sets texts beside each other as far as the line goes, and breaks a text that is longer than a line:
/// Chinese may break anywhere.
fn lines(texts: &[String], width: f32, em: f32, font: &StripFont) -> Vec<Vec<Piece>> {
    let (left, right) = (em * PADDING, width - em * PADDING);
    let mut lines = vec![Vec::new()];
    let mut pen = left;
    for text in texts {
        let mut follows = false;
        if pen > left {
            if pen + em * GAP + font.width(text, em) <= right {
                pen += em * GAP;
                follows = true;
            } else {
                lines.push(Vec::new());
                pen = left;
            }
        }
        let mut piece = Piece { left: pen, text: String::new(), follows };
        for character in text.chars() {
            let advance = font.advance(character, em);
            if pen + advance > right && !piece.text.is_empty() {
                let full = std::mem::replace(&mut piece, Piece { left, text: String::new(), follows: false });
                put_on_last(&mut lines, full);
                lines.push(Vec::new());
                pen = left;
            }
            piece.text.push(character);
            pen += advance;
        }
        put_on_last(&mut lines, piece);
    }
    lines
}

fn put_on_last(lines: &mut [Vec<Piece>], piece: Piece) {
    if let Some(line) = lines.last_mut() {
        line.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::error::ErrorCode;
    use crate::photo::intake::process_capture;
    use crate::photo::intake::tests::{decoded, has_no_metadata, real};

    fn strip() -> Strip {
        Strip {
            // 2026-11-23 14:02 in China.
            date_time: Timestamp::from_unix_ms(1_795_413_720_000),
            village: "石门镇 云溪村".into(),
            case_number: Some("2026-0012".into()),
        }
    }

    fn plain(width: u32, height: u32, grey: u8) -> Vec<u8> {
        let image = RgbImage::from_pixel(width, height, image::Rgb([grey; 3]));
        let mut bytes = Vec::new();
        image.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95)).unwrap();
        bytes
    }

    fn texts_laid_out(strip: &Strip, width: u32, height: u32) -> Vec<String> {
        let layout = Layout::of(&strip.texts(), width, height, StripFont::get().unwrap());
        layout
            .lines
            .iter()
            .map(|line| line.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("|"))
            .collect()
    }

    #[test]
    fn the_strip_says_when_and_where_and_which_case() {
        assert_eq!(texts_laid_out(&strip(), 1600, 1200), ["2026-11-23 14:02|石门镇 云溪村|案号 2026-0012"]);
        let without_case = Strip { case_number: None, ..strip() };
        assert_eq!(texts_laid_out(&without_case, 1600, 1200), ["2026-11-23 14:02|石门镇 云溪村"]);
        let blank = Strip { case_number: Some("  ".into()), village: "\n".into(), ..strip() };
        assert_eq!(texts_laid_out(&blank, 1600, 1200), ["2026-11-23 14:02"]);
    }

    #[test]
    fn a_narrow_picture_gets_more_lines() {
        assert_eq!(texts_laid_out(&strip(), 686, 1600), ["2026-11-23 14:02|石门镇 云溪村", "案号 2026-0012"]);
        let long = Strip { village: "很长的村名".repeat(7), case_number: None, ..strip() };
        let lines = texts_laid_out(&long, 400, 800);
        assert_eq!(lines[0], "2026-11-23 14:02");
        assert_eq!(lines[1..].concat(), "很长的村名".repeat(7), "nothing is lost in breaking");
        assert!(lines.len() > 2);
    }

    #[test]
    fn a_text_without_end_is_shortened() {
        let endless = Strip { village: "村".repeat(4000), case_number: Some("\u{7}9\u{0}".repeat(500)), ..strip() };
        let texts = endless.texts();
        assert_eq!(texts[1], format!("{}…", "村".repeat(39)));
        assert_eq!(texts[2], format!("案号 {}…", "9".repeat(39)));
    }

    #[test]
    fn the_photo_above_the_strip_stays_as_it_was() {
        let photo = process_capture(&real("DSCN0010.jpg")).unwrap().photo;
        let marked = marked_copy(&photo.bytes, &strip()).unwrap();
        assert_eq!((marked.width, marked.height), (photo.width, photo.height));
        assert_ne!(marked.hash, photo.hash);
        assert!(has_no_metadata(&marked));
        let (before, after) = (decoded(&photo), decoded(&marked));
        let mean_difference = |rows: std::ops::Range<u32>| {
            let differences = rows.clone().flat_map(|y| (0..photo.width).map(move |x| (x, y))).map(|(x, y)| {
                (0..3)
                    .map(|channel| before.get_pixel(x, y).0[channel].abs_diff(after.get_pixel(x, y).0[channel]))
                    .max()
                    .unwrap()
            });
            differences.map(f64::from).sum::<f64>() / f64::from(photo.width * rows.len() as u32)
        };
        assert!(mean_difference(0..photo.height * 9 / 10) < 6.0, "{}", mean_difference(0..photo.height * 9 / 10));
        assert!(mean_difference(photo.height - 24..photo.height) > 40.0);
    }

    #[test]
    fn the_text_can_be_read_on_snow_and_in_the_dark() {
        for grey in [0, 128, 255] {
            let marked = decoded(&marked_copy(&plain(1600, 1200, grey), &strip()).unwrap());
            let band: Vec<u8> = marked.rows().skip(1130).flatten().map(|pixel| pixel.0[1]).collect();
            let light = band.iter().filter(|value| **value > 230).count();
            let dark = band.iter().filter(|value| **value < 110).count();
            assert!(light * 100 > band.len() * 2, "{light} of {} pixels are text on {grey}", band.len());
            assert!(dark * 100 > band.len() * 85, "{dark} of {} pixels are band on {grey}", band.len());
        }
    }

    #[test]
    fn rare_characters_and_those_of_no_font_are_marked_and_harm_nothing() {
        for village in ["龘䶮村", "\u{2F81A}村", "ཀཁག", "🏡", "\u{200F}\u{202E}村", "e\u{301}"] {
            let strip = Strip { village: village.into(), ..strip() };
            assert!(marked_copy(&plain(800, 600, 90), &strip).is_ok(), "{village}");
        }
    }

    #[test]
    fn a_picture_of_any_shape_takes_a_strip() {
        for (width, height) in [(1, 1), (1600, 1), (1, 1600), (40, 40), (1600, 30), (30, 1600)] {
            let marked = marked_copy(&plain(width, height, 200), &strip()).unwrap();
            assert_eq!((marked.width, marked.height), (width, height));
        }
    }

    #[test]
    fn a_damaged_photo_gets_no_strip() {
        let photo = plain(100, 100, 9);
        let failure = marked_copy(&photo[..photo.len() / 2], &strip()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PhotoDamaged);
    }
}
