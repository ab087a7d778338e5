//! Reads a QR code out of a photograph: of a screen, of paper, askew, in poor light.
//!
//! No part of the system is asked for it: the usual ones come with Google's services, which many tablets here have not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rqrr::PreparedImage;

use super::format::recognise;
use super::intake::check_bytes;
use super::raster::Raster;
use crate::error::{ErrorCode, Failure, Result};

/// Long sides in px at which a code is looked for, one after the other. A code that fills the picture is found in the
/// small ones, where noise and the moiré of a screen are gone; one far away only in the large one.
const SIDES: [u32; 4] = [1_000, 600, 2_000, 4_000];

/// The text of the first code in `picture` (JPEG, PNG or WebP, at most [`super::CAPTURE_BYTES_MAX`] bytes) that `wanted` takes;
/// other codes in it are passed over.
///
/// # Errors
/// [`ErrorCode::QrCodeNotFound`]; those of a picture that cannot be read: [`ErrorCode::PhotoFormatUnsupported`],
/// [`ErrorCode::PhotoDamaged`], [`ErrorCode::PhotoTooLarge`].
pub fn find<T>(picture: &[u8], wanted: impl Fn(&str) -> Option<T>) -> Result<T> {
    check_bytes(picture)?;
    let raster = Raster::decode(picture, recognise(picture)?)?.flattened();
    for side in SIDES {
        let smaller = raster.shrunk_to(side)?;
        let found = texts(&smaller).iter().find_map(|text| wanted(text));
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(Failure::new(ErrorCode::QrCodeNotFound, "no code that fits in the picture"))
}

/// All texts that stand in codes of the picture. A picture that the library gives up on has none.
fn texts(raster: &Raster) -> Vec<String> {
    let luma = raster.to_luma();
    let (Ok(width), Ok(height)) = (usize::try_from(raster.width()), usize::try_from(raster.height())) else {
        return Vec::new();
    };
    let look = || {
        let at = |x: usize, y: usize| {
            y.checked_mul(width).and_then(|row| luma.get(row.saturating_add(x))).copied().unwrap_or(u8::MAX)
        };
        let mut prepared = PreparedImage::prepare_from_greyscale(width, height, at);
        prepared.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
    };
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma};

    use super::super::CAPTURE_BYTES_MAX;
    use super::*;

    const TEXT: &str = "JF1-E1R7-0W3G-E1R7-0W3G-E1R7-0W3G-E3RZ-3WFH-Y7RZ-3WFH-Y7RZ-3WFH-Y7RZ-3WFH-Y7RZ-3WFH-Y7RZ-3WFH-\
                        Y7RZ-2110-ZDZG-0001-CAGS-1A8";

    /// A code as a screen shows it, `module` px a module, with a quiet zone, somewhere on a grey table.
    fn photographed(text: &str, module: u32, table: (u32, u32)) -> GrayImage {
        let code = qrcode::QrCode::new(text).unwrap();
        let side = u32::try_from(code.width()).unwrap();
        let colours = code.to_colors();
        GrayImage::from_fn(table.0, table.1, |x, y| {
            let (column, row) = ((x / module).wrapping_sub(7), (y / module).wrapping_sub(5));
            let on_paper = (x / module) < side + 11 && (y / module) < side + 9;
            let dark = column < side && row < side && {
                colours[usize::try_from(row * side + column).unwrap()] == qrcode::Color::Dark
            };
            Luma([if dark {
                40
            } else if on_paper {
                225
            } else {
                150
            }])
        })
    }

    fn as_file(picture: GrayImage) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(DynamicImage::ImageLuma8(picture).into_rgb8())
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    fn code(text: &str) -> Option<String> {
        text.starts_with("JF1-").then(|| text.to_owned())
    }

    #[test]
    fn a_code_is_read_from_near_and_from_far() {
        for (module, table) in [(12, (1_200, 1_600)), (4, (3_000, 2_250)), (6, (900, 700))] {
            let picture = as_file(photographed(TEXT, module, table));
            assert_eq!(find(&picture, code).ok().as_deref(), Some(TEXT), "{module} px a module");
        }
    }

    #[test]
    fn a_code_is_read_however_the_tablet_was_held() {
        let upright = photographed(TEXT, 8, (1_000, 1_000));
        for turned in [image::imageops::rotate90(&upright), image::imageops::rotate180(&upright)] {
            assert_eq!(find(&as_file(turned), code).unwrap(), TEXT);
        }
    }

    #[test]
    fn another_code_on_the_same_paper_is_passed_over() {
        let picture = as_file(photographed("https://example.org", 12, (900, 900)));
        assert_eq!(find(&picture, code).unwrap_err().code, ErrorCode::QrCodeNotFound);
    }

    #[test]
    fn a_picture_without_a_code_says_so_and_a_damaged_one_says_that() {
        let table = as_file(GrayImage::from_pixel(800, 600, Luma([150])));
        assert_eq!(find(&table, code).unwrap_err().code, ErrorCode::QrCodeNotFound);
        assert_eq!(find(&table[..table.len() / 2], code).unwrap_err().code, ErrorCode::PhotoDamaged);
        assert_eq!(find(b"JF1-", code).unwrap_err().code, ErrorCode::PhotoFormatUnsupported);
        let too_many = vec![0xFF; CAPTURE_BYTES_MAX + 1];
        assert_eq!(find(&too_many, code).unwrap_err().code, ErrorCode::PhotoTooLarge);
    }
}
