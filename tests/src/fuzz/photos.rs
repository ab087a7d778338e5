//! A camera's file, as it is taken in.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbaImage};
use jiafang_core::error::ErrorCode;
use jiafang_core::photo::intake::process_capture;
use jiafang_core::photo::{PHOTO_SIDE_MAX, THUMBNAIL_SIDE_MAX};

pub(super) fn capture(bytes: &[u8]) {
    match process_capture(bytes) {
        Ok(made) => {
            assert!(made.photo.width.max(made.photo.height) <= PHOTO_SIDE_MAX);
            assert!(made.thumbnail.width.max(made.thumbnail.height) <= THUMBNAIL_SIDE_MAX);
            assert!(made.placeholder.len() <= 25, "it lies in the dossier");
            if let Some(position) = &made.facts.position {
                assert!(position.latitude.abs() <= 90.0 && position.longitude.abs() <= 180.0);
            }
            // What was made of it is a picture like any other: the server and the other devices read it.
            process_capture(&made.photo.bytes).expect("our own photo");
            process_capture(&made.thumbnail.bytes).expect("our own thumbnail");
        }
        Err(failure) => assert!(
            matches!(
                failure.code,
                ErrorCode::PhotoDamaged | ErrorCode::PhotoFormatUnsupported | ErrorCode::PhotoTooLarge
            ),
            "{failure:?}"
        ),
    }
}

/// Pictures of a few pixels in each format, one with EXIF, and one that promises four thousand million pixels.
pub(super) fn captures() -> Vec<Vec<u8>> {
    let picture = DynamicImage::ImageRgba8(RgbaImage::from_fn(24, 17, |x, y| {
        let (x, y) = (u8::try_from(x).unwrap_or(0), u8::try_from(y).unwrap_or(0));
        image::Rgba([x.wrapping_mul(10), y.wrapping_mul(15), x ^ y, 255 - x])
    }));
    let encoded = |format| {
        let mut bytes = Cursor::new(Vec::new());
        let picture =
            if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(picture.to_rgb8()) } else { picture.clone() };
        picture.write_to(&mut bytes, format).expect("an encoder");
        bytes.into_inner()
    };
    let (jpeg, png, webp) = (encoded(ImageFormat::Jpeg), encoded(ImageFormat::Png), encoded(ImageFormat::WebP));
    let with_exif = [&jpeg[..2], &exif(), &jpeg[2..]].concat();
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    vec![jpeg, png, webp, with_exif, huge]
}

/// An APP1 segment: turned by a quarter, taken on a day, at a place.
fn exif() -> Vec<u8> {
    let mut tiff = Vec::new();
    tiff.extend(b"II*\0\x08\0\0\0");
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [tag.to_le_bytes().as_slice(), &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    // IFD0 at 8 with three entries ends at 50; what they point to lies behind.
    tiff.extend(3_u16.to_le_bytes());
    tiff.extend(entry(0x0112, 3, 1, 6));
    tiff.extend(entry(0x0132, 2, 20, 50));
    tiff.extend(entry(0x8825, 4, 1, 70));
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(b"2026:11:23 09:00:00\0");
    tiff.extend(4_u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, u32::from(b'N')));
    tiff.extend(entry(2, 5, 3, 124));
    tiff.extend(entry(3, 2, 2, u32::from(b'E')));
    tiff.extend(entry(4, 5, 3, 148));
    tiff.extend(0_u32.to_le_bytes());
    for (above, below) in [(27_u32, 1_u32), (30, 1), (0, 1), (103, 1), (15, 1), (0, 1)] {
        tiff.extend(above.to_le_bytes());
        tiff.extend(below.to_le_bytes());
    }
    let length = u16::try_from(tiff.len() + 8).expect("a short segment");
    [&[0xFF, 0xE1], length.to_be_bytes().as_slice(), b"Exif\0\0", &tiff].concat()
}
