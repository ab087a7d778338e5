//! Drawing text without asking the machine for fonts: an outline font for what is usual, GNU Unifont's bitmaps
//! for what is rare. docs/decisions/strip-font.md says why.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, Point, PxScale, point};

use super::raster::Raster;
use crate::error::{ErrorCode, Failure, Result};

/// Noto Sans SC Medium, the 8,230 characters of `assets/strip-characters.txt` and Latin.
static FONT_FILE: &[u8] = include_bytes!("../../assets/strip-font.ttf");

/// What stands for a character that no font here has: the mark that printers set for a missing piece of type.
const MISSING: char = '〓';

/// Pixels of a cell of Unifont, and how many of them lie above the line that letters stand on.
const UNIFONT_CELL: f32 = 16.0;
const UNIFONT_ABOVE: f32 = 14.0;

/// The font, read when first asked for.
pub(super) struct StripFont {
    outlines: FontRef<'static>,
}

/// How a character is drawn.
enum Drawing {
    Outline(GlyphId),
    Bitmap(&'static unifont::Glyph),
}

/// A colour and how much of it covers what is below, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) colour: [u8; 3],
    pub(super) opacity: f32,
}

impl StripFont {
    /// The font of this program.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`], if the program was built with a font that is none.
    pub(super) fn get() -> Result<&'static Self> {
        static FONT: OnceLock<Option<StripFont>> = OnceLock::new();
        FONT.get_or_init(|| Some(Self { outlines: FontRef::try_from_slice(FONT_FILE).ok()? }))
            .as_ref()
            .ok_or_else(|| Failure::new(ErrorCode::Internal, "the strip's font does not load"))
    }

    fn drawing(&self, character: char) -> Option<Drawing> {
        let outline = self.outlines.glyph_id(character);
        if outline.0 != 0 {
            return Some(Drawing::Outline(outline));
        }
        unifont::get_glyph(character).map(Drawing::Bitmap)
    }

    fn drawing_or_mark(&self, character: char) -> Option<Drawing> {
        self.drawing(character).or_else(|| self.drawing(MISSING))
    }

    /// The scale by which a Chinese character is `em` px wide.
    fn scale(&self, em: f32) -> PxScale {
        let units = self.outlines.units_per_em().unwrap_or(1000.0);
        PxScale::from(em * self.outlines.height_unscaled() / units)
    }

    /// How far `character` moves the pen, in px; a Chinese character moves it by `em`.
    pub(super) fn advance(&self, character: char, em: f32) -> f32 {
        match self.drawing_or_mark(character) {
            Some(Drawing::Outline(glyph)) => {
                self.outlines.h_advance_unscaled(glyph) * em / self.outlines.units_per_em().unwrap_or(1000.0)
            }
            Some(Drawing::Bitmap(glyph)) => {
                if glyph.is_fullwidth() {
                    em
                } else {
                    em / 2.0
                }
            }
            None => 0.0,
        }
    }

    /// The width of `text` in px.
    pub(super) fn width(&self, text: &str, em: f32) -> f32 {
        text.chars().map(|character| self.advance(character, em)).sum()
    }

    /// Draws `text` so that it starts at `pen` and stands on its line; what lies outside is cut off.
    pub(super) fn draw(&self, target: &mut Raster, text: &str, pen: Point, em: f32, paint: Paint) {
        let mut pen = pen;
        for character in text.chars() {
            match self.drawing_or_mark(character) {
                Some(Drawing::Outline(id)) => {
                    let glyph = Glyph { id, scale: self.scale(em), position: pen };
                    if let Some(outline) = self.outlines.outline_glyph(glyph) {
                        let corner = outline.px_bounds().min;
                        outline.draw(|x, y, coverage| {
                            blend(target, moved(corner.x, x), moved(corner.y, y), paint, coverage);
                        });
                    }
                }
                Some(Drawing::Bitmap(glyph)) => draw_bitmap(target, glyph, pen, em, paint),
                None => {}
            }
            pen.x += self.advance(character, em);
        }
    }
}

fn moved(corner: f32, by: u32) -> i64 {
    (corner as i64).saturating_add(i64::from(by))
}

/// Draws a glyph of Unifont enlarged to `em`, its stairs softened by looking at each pixel in sixteen places.
fn draw_bitmap(target: &mut Raster, glyph: &unifont::Glyph, pen: Point, em: f32, paint: Paint) {
    const PLACES: [f32; 4] = [0.125, 0.375, 0.625, 0.875];
    let dot = em / UNIFONT_CELL;
    let corner = point(pen.x.floor(), (pen.y - UNIFONT_ABOVE * dot).floor());
    let side = em.ceil() as u32;
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        let lit = PLACES
            .iter()
            .flat_map(|down| PLACES.iter().map(move |right| (right, down)))
            .filter(|(right, down)| {
                let (column, row) = ((x as f32 + **right) / dot, (y as f32 + **down) / dot);
                column < glyph.get_width() as f32
                    && row < UNIFONT_CELL
                    && glyph.get_pixel(column as usize, row as usize)
            })
            .count();
        if lit > 0 {
            blend(target, moved(corner.x, x), moved(corner.y, y), paint, lit as f32 / 16.0);
        }
    }
}

/// Lays `paint` over a pixel, `coverage` (0 to 1) of it; nothing outside of the picture.
pub(super) fn blend(target: &mut Raster, x: i64, y: i64, paint: Paint, coverage: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
        return;
    };
    if let Some(pixel) = target.pixel_mut(x, y) {
        let share = (paint.opacity * coverage).clamp(0.0, 1.0);
        for (below, above) in pixel.iter_mut().zip(paint.colour) {
            let mixed = f32::from(*below) * (1.0 - share) + f32::from(above) * share;
            *below = mixed.round().clamp(0.0, 255.0) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_characters_are_drawn_as_outlines_and_rare_ones_from_the_bitmaps() {
        let font = StripFont::get().unwrap();
        // Digits, the words of the strip, and characters of names and places that GB/T 2312 lacks.
        for character in "0123456789-: 案号村组垭塝喆垚玥珺璟祎䶮𬭸（）·Aa".chars() {
            assert!(matches!(font.drawing(character), Some(Drawing::Outline(_))), "{character}");
        }
        for character in "龘𠮷犇鱻囍ཀཁ".chars().filter(|character| *character as u32 <= 0xFFFF) {
            assert!(font.drawing(character).is_some(), "{character}");
        }
        assert!(matches!(font.drawing('ཀ'), Some(Drawing::Bitmap(_))), "Tibetan");
        assert!(matches!(font.drawing('龘'), Some(Drawing::Bitmap(_))));
    }

    #[test]
    fn a_character_that_nobody_has_leaves_a_mark_and_not_a_gap() {
        let font = StripFont::get().unwrap();
        assert!(font.drawing('\u{2F81A}').is_none(), "else this test needs a rarer one");
        assert_eq!(font.advance('\u{2F81A}', 30.0), font.advance(MISSING, 30.0));
        assert!(matches!(font.drawing(MISSING), Some(Drawing::Outline(_))));
    }

    #[test]
    fn a_chinese_character_is_as_wide_as_asked() {
        let font = StripFont::get().unwrap();
        assert!((font.width("家访记录", 30.0) - 120.0).abs() < 0.01);
        assert!(font.width("2026", 30.0) < 80.0);
    }
}
