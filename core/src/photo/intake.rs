//! Taking in a capture: the photo, the thumbnail and the placeholder that are made of it, and what it tells.

use super::capture_facts::{self, CaptureFacts};
use super::raster::Raster;
use super::{CAPTURE_BYTES_MAX, EncodedPicture, PHOTO_SIDE_MAX, THUMBNAIL_SIDE_MAX, format};
use crate::error::{ErrorCode, Failure, Result};

/// JPEG qualities of a photo, tried in this order until it fits into [`PHOTO_BYTES_AIM`].
pub(super) const PHOTO_QUALITIES: &[u8] = &[80, 70, 60];
/// What a photo should take at most (handbook 5.3: 200 to 400 KB). The most detailed ones may take more: a
/// worse picture than the last quality gives would be no evidence.
pub(super) const PHOTO_BYTES_AIM: usize = 400_000;
const THUMBNAIL_QUALITIES: &[u8] = &[75];
/// The encoder of placeholders takes pictures of at most 100 px.
const PLACEHOLDER_SIDE_MAX: u32 = 100;

/// The files that a photograph has.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessedPicture {
    /// The photo: upright, long side at most 1600 px, without metadata.
    pub photo: EncodedPicture,
    /// The thumbnail: the same at most 320 px long.
    pub thumbnail: EncodedPicture,
    /// The placeholder.
    pub placeholder: Vec<u8>,
}

/// Makes the files of a picture that is upright and no longer than a photo may be.
pub(super) fn processed(photo: &Raster, qualities: &[u8], bytes_aim: usize) -> Result<ProcessedPicture> {
    let thumbnail = photo.shrunk_to(THUMBNAIL_SIDE_MAX)?;
    Ok(ProcessedPicture {
        photo: photo.to_jpeg(qualities, bytes_aim)?,
        placeholder: placeholder(&thumbnail)?,
        thumbnail: thumbnail.to_jpeg(THUMBNAIL_QUALITIES, usize::MAX)?,
    })
}

/// What is made of a capture.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessedCapture {
    /// The photo: upright, long side at most 1600 px, without metadata, on white where it was transparent.
    pub photo: EncodedPicture,
    /// The thumbnail: the same at most 320 px long.
    pub thumbnail: EncodedPicture,
    /// The placeholder (a `ThumbHash`): at most 25 bytes, small enough to lie in the dossier.
    pub placeholder: Vec<u8>,
    /// When and where it was taken.
    pub facts: CaptureFacts,
}

/// Makes photo, thumbnail and placeholder of the camera's file. Asks neither clock nor randomness: the same
/// capture always gives the same files.
///
/// # Errors
/// [`ErrorCode::PhotoTooLarge`] (fact `limit`) for more than 32 MiB or 52 megapixels,
/// [`ErrorCode::PhotoFormatUnsupported`] (fact `format`) for all but JPEG, PNG and WebP,
/// [`ErrorCode::PhotoDamaged`] for what is cut off or does not decode.
pub fn process_capture(capture: &[u8]) -> Result<ProcessedCapture> {
    check_bytes(capture)?;
    let format = format::recognise(capture)?;
    let (facts, orientation) = capture_facts::read(capture);
    // Shrunk first, then turned: turning moves few pixels then.
    let photo = Raster::decode(capture, format)?.shrunk_to(PHOTO_SIDE_MAX)?.flattened().upright(orientation)?;
    let ProcessedPicture { photo, thumbnail, placeholder } = processed(&photo, PHOTO_QUALITIES, PHOTO_BYTES_AIM)?;
    Ok(ProcessedCapture { photo, thumbnail, placeholder, facts })
}

/// Whether a file of the camera is small enough to be looked at.
///
/// # Errors
/// [`ErrorCode::PhotoTooLarge`] with the fact `limit`.
pub(super) fn check_bytes(capture: &[u8]) -> Result<()> {
    if capture.len() > CAPTURE_BYTES_MAX {
        let limit = format!("{} MiB", CAPTURE_BYTES_MAX / 1024 / 1024);
        return Err(Failure::new(ErrorCode::PhotoTooLarge, "too many bytes").fact("limit", limit));
    }
    Ok(())
}

fn placeholder(thumbnail: &Raster) -> Result<Vec<u8>> {
    let tiny = thumbnail.shrunk_to(PLACEHOLDER_SIDE_MAX)?;
    let side = |side: u32| usize::try_from(side).map_err(|cause| Failure::caused(ErrorCode::Internal, "size", cause));
    Ok(thumbhash::rgba_to_thumb_hash(side(tiny.width())?, side(tiny.height())?, &tiny.to_opaque_rgba()))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "of files that are known to be whole")]
pub(super) mod tests {
    use std::io::Cursor;

    use image::metadata::Orientation;
    use image::{DynamicImage, ImageEncoder, ImageFormat, RgbImage, RgbaImage};
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::domain::identifier::Hash32;

    /// One of the real photos in `tests/photos`.
    pub(in crate::photo) fn real(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../tests/photos/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    pub(in crate::photo) fn decoded(picture: &EncodedPicture) -> RgbImage {
        assert_eq!(picture.hash, Hash32::of(&picture.bytes));
        let image = image::load_from_memory_with_format(&picture.bytes, ImageFormat::Jpeg).unwrap().into_rgb8();
        assert_eq!(image.dimensions(), (picture.width, picture.height));
        image
    }

    /// Neither EXIF nor XMP nor a colour profile nor a comment: JFIF and what the pixels need.
    pub(in crate::photo) fn has_no_metadata(picture: &EncodedPicture) -> bool {
        let (header, _) = super::super::raster::split_jpeg_at_scan(&picture.bytes).unwrap();
        let mut rest = &header[2..];
        while !rest.is_empty() {
            let (marker, length) = (rest[1], usize::from(rest[2]) * 256 + usize::from(rest[3]));
            if matches!(marker, 0xE1..=0xEF | 0xFE) {
                return false;
            }
            rest = &rest[2 + length..];
        }
        true
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn progressive(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.set_progressive(true);
        let (width, height) = (image.width() as u16, image.height() as u16);
        encoder.encode(&image.to_rgb8(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    /// Grey, 90 × 60, with one red corner at the top left.
    fn with_red_corner() -> DynamicImage {
        let red_corner = |x: u32, y: u32| if x < 30 && y < 30 { [220, 20, 20] } else { [128, 128, 128] };
        DynamicImage::ImageRgb8(RgbImage::from_fn(90, 60, |x, y| image::Rgb(red_corner(x, y))))
    }

    fn is_red(image: &RgbImage, x: u32, y: u32) -> bool {
        let [red, green, _] = image.get_pixel(x, y).0;
        red > 180 && green < 80
    }

    fn code_of(capture: &[u8]) -> ErrorCode {
        process_capture(capture).unwrap_err().code
    }

    #[test]
    fn a_phones_photo_becomes_small_enough_to_send_and_tells_nothing_it_should_not() {
        for name in ["HMD_Nokia_8.3_5G.jpg", "DSCN0010.jpg", "image00971.jpg"] {
            let processed = process_capture(&real(name)).unwrap();
            let photo = decoded(&processed.photo);
            assert!(photo.width().max(photo.height()) <= PHOTO_SIDE_MAX);
            assert!(processed.photo.bytes.len() <= PHOTO_BYTES_AIM);
            let thumbnail = decoded(&processed.thumbnail);
            assert_eq!(thumbnail.width().max(thumbnail.height()), THUMBNAIL_SIDE_MAX);
            assert!(processed.thumbnail.bytes.len() < 40_000);
            assert!((5..=30).contains(&processed.placeholder.len()));
            assert!(has_no_metadata(&processed.photo) && has_no_metadata(&processed.thumbnail), "{name}");
        }
    }

    #[test]
    fn a_nine_megapixel_photo_keeps_its_shape() {
        let processed = process_capture(&real("HMD_Nokia_8.3_5G.jpg")).unwrap();
        assert_eq!((processed.photo.width, processed.photo.height), (1600, 686));
        assert_eq!((processed.thumbnail.width, processed.thumbnail.height), (320, 137));
        assert!(processed.facts.taken_at.is_some() && processed.facts.position.is_some());
        // The mean colour of the placeholder is that of the photo.
        let mean = |image: &RgbImage, channel: usize| {
            image.pixels().map(|pixel| f32::from(pixel.0[channel])).sum::<f32>()
                / (255 * image.width() * image.height()) as f32
        };
        let thumbnail = decoded(&processed.thumbnail);
        let (red, green, blue, _) = thumbhash::thumb_hash_to_average_rgba(&processed.placeholder).unwrap();
        for (channel, placeholder) in [red, green, blue].into_iter().enumerate() {
            assert!((mean(&thumbnail, channel) - placeholder).abs() < 0.06);
        }
    }

    #[test]
    fn the_same_capture_gives_the_same_files() {
        let capture = real("DSCN0010.jpg");
        assert_eq!(process_capture(&capture).unwrap(), process_capture(&capture).unwrap());
    }

    #[test]
    fn a_small_picture_is_never_enlarged() {
        let processed = process_capture(&encoded(&with_red_corner(), ImageFormat::Png)).unwrap();
        assert_eq!((processed.photo.width, processed.photo.height), (90, 60));
        assert_eq!((processed.thumbnail.width, processed.thumbnail.height), (90, 60));
        let dot = DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, image::Rgb([9, 9, 9])));
        assert_eq!(process_capture(&encoded(&dot, ImageFormat::Png)).unwrap().photo.width, 1);
    }

    #[test]
    fn real_photos_held_on_the_side_stand_upright() {
        // Both were made with the word "top" at the upper edge when upright: portrait is tall, landscape wide.
        let portrait = process_capture(&real("portrait_6.jpg")).unwrap().photo;
        assert_eq!((portrait.width, portrait.height), (450, 600));
        let landscape = process_capture(&real("landscape_6.jpg")).unwrap().photo;
        assert_eq!((landscape.width, landscape.height), (600, 450));
    }

    #[test]
    fn all_eight_ways_to_hold_a_camera_give_the_same_picture() {
        for exif_orientation in 1..=8_u8 {
            // What the sensor saw is the picture turned back.
            let mut sensor = with_red_corner();
            sensor.apply_orientation(match Orientation::from_exif(exif_orientation).unwrap() {
                Orientation::Rotate90 => Orientation::Rotate270,
                Orientation::Rotate270 => Orientation::Rotate90,
                own_inverse => own_inverse,
            });
            let tiff =
                [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[exif_orientation], &[0; 6]].concat();
            let mut jpeg = Vec::new();
            let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95);
            encoder.set_exif_metadata(tiff).unwrap();
            encoder.encode_image(&sensor).unwrap();
            let processed = process_capture(&jpeg).unwrap();
            for picture in [&processed.photo, &processed.thumbnail] {
                let image = decoded(picture);
                assert_eq!(image.dimensions(), (90, 60), "orientation {exif_orientation}");
                assert!(is_red(&image, 10, 10), "orientation {exif_orientation}");
                assert!(!is_red(&image, 80, 10) && !is_red(&image, 10, 50) && !is_red(&image, 80, 50));
            }
        }
    }

    #[test]
    fn png_webp_and_progressive_jpeg_are_taken_too() {
        let whole =
            [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg].map(|format| encoded(&with_red_corner(), format));
        for capture in whole.into_iter().chain([progressive(&with_red_corner())]) {
            let image = decoded(&process_capture(&capture).unwrap().photo);
            assert!(is_red(&image, 10, 10) && !is_red(&image, 80, 50), "{:?}", &capture[..4]);
        }
        let kinds = [
            DynamicImage::ImageLuma8(with_red_corner().into_luma8()),
            DynamicImage::ImageRgb16(with_red_corner().into_rgb16()),
            DynamicImage::ImageLumaA16(with_red_corner().into_luma_alpha16()),
        ];
        for kind in kinds {
            let photo = process_capture(&encoded(&kind, ImageFormat::Png)).unwrap().photo;
            assert_eq!((photo.width, photo.height), (90, 60));
        }
        let grey = DynamicImage::ImageLuma8(with_red_corner().into_luma8());
        assert_eq!(process_capture(&encoded(&grey, ImageFormat::Jpeg)).unwrap().photo.width, 90);
    }

    #[test]
    fn a_screenshot_with_transparency_lies_on_white() {
        let see_through = RgbaImage::from_pixel(1700, 40, image::Rgba([200, 0, 0, 0]));
        let processed = process_capture(&encoded(&see_through.into(), ImageFormat::Png)).unwrap();
        assert_eq!(processed.photo.width, 1600);
        assert!(decoded(&processed.photo).pixels().all(|pixel| pixel.0.iter().all(|channel| *channel > 250)));
    }

    #[test]
    fn heic_is_refused_by_name_so_that_the_visit_can_say_what_to_do() {
        let failure = process_capture(&real("iphone_13_pro_max.HEIC")).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PhotoFormatUnsupported);
        assert_eq!(failure.facts["format"], "HEIC");
    }

    #[test]
    fn a_photo_that_a_bad_card_damaged_is_refused_and_not_filled_with_grey() {
        assert_eq!(code_of(&real("corrupted.jpg")), ErrorCode::PhotoDamaged);
    }

    #[test]
    fn a_picture_with_unusual_metadata_is_taken() {
        assert_eq!(process_capture(&real("image00971.jpg")).unwrap().facts, CaptureFacts::default());
    }

    #[test]
    fn bytes_after_the_end_of_a_photo_do_no_harm() {
        // Phones append the film of a moving photo, or a second picture.
        let capture = [real("DSCN0010.jpg"), b"\0\0\0\x18ftypmp42".to_vec(), vec![7; 5000]].concat();
        assert!(process_capture(&capture).is_ok());
    }

    #[test]
    fn padding_between_the_headers_of_a_photo_does_no_harm() {
        let mut capture = real("DSCN0010.jpg");
        let after_first = 4 + usize::from(capture[4]) * 256 + usize::from(capture[5]);
        capture.splice(after_first..after_first, [0; 12]);
        process_capture(&capture).unwrap();
    }

    #[test]
    fn a_photo_cut_anywhere_is_damaged() {
        let kinds = [
            real("DSCN0010.jpg"),
            real("portrait_6.jpg"),
            progressive(&with_red_corner()),
            encoded(&with_red_corner(), ImageFormat::Png),
            encoded(&with_red_corner(), ImageFormat::WebP),
        ];
        for whole in kinds {
            assert!(process_capture(&whole).is_ok());
            let last = whole.len() - 1;
            for cut in (12..last).step_by(last / 40).chain(last.saturating_sub(3)..=last) {
                // The checksum behind the last pixels of a PNG may be missing: the picture is all there.
                if whole.starts_with(b"\x89PNG") && cut + 16 > whole.len() {
                    continue;
                }
                assert_eq!(code_of(&whole[..cut]), ErrorCode::PhotoDamaged, "{cut} of {} bytes", whole.len());
            }
        }
    }

    #[test]
    fn a_few_kilobytes_that_claim_a_gigantic_picture_are_refused_unread() {
        let mut png = encoded(&with_red_corner(), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(code_of(&png), ErrorCode::PhotoTooLarge);

        let mut jpeg = real("image00971.jpg");
        let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
        let failure = process_capture(&jpeg).unwrap_err();
        assert_eq!((failure.code, failure.facts["limit"].as_str()), (ErrorCode::PhotoTooLarge, "52 MP"));

        let mut webp = Vec::new();
        let header = [0x2F, 0xFE, 0xBF, 0xFF, 0x0F];
        webp.extend(b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0");
        webp.extend(header);
        webp.push(0);
        assert_eq!(code_of(&webp), ErrorCode::PhotoTooLarge, "16383 × 16383");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn more_than_32_mebibytes_are_refused_with_the_limit() {
        let failure = process_capture(&vec![0xFF; CAPTURE_BYTES_MAX + 1]).unwrap_err();
        assert_eq!((failure.code, failure.facts["limit"].as_str()), (ErrorCode::PhotoTooLarge, "32 MiB"));
    }

    /// The cases are drawn from a fixed seed: every run tries the same ones, and a failure prints its own.
    fn always_the_same(cases: u32) -> TestRunner {
        TestRunner::new_with_rng(
            Config { cases, failure_persistence: None, ..Config::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        )
    }

    #[test]
    fn bytes_flipped_anywhere_never_panic_and_never_half_apply() {
        let kinds = [
            encoded(&with_red_corner(), ImageFormat::Jpeg),
            encoded(&with_red_corner(), ImageFormat::Png),
            encoded(&with_red_corner(), ImageFormat::WebP),
            progressive(&with_red_corner()),
            process_capture(&real("portrait_6.jpg")).unwrap().thumbnail.bytes,
            real("portrait_6.jpg")[..4000].to_vec(),
        ];
        let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12);
        always_the_same(800)
            .run(&(0..kinds.len(), flips), |(kind, flips)| {
                let mut capture = kinds[kind].clone();
                for (index, value) in &flips {
                    let at = index.index(capture.len());
                    capture[at] = *value;
                }
                match process_capture(&capture) {
                    Ok(processed) => {
                        decoded(&processed.photo);
                        decoded(&processed.thumbnail);
                    }
                    Err(failure) => prop_assert!(
                        matches!(
                            failure.code,
                            ErrorCode::PhotoDamaged | ErrorCode::PhotoFormatUnsupported | ErrorCode::PhotoTooLarge
                        ),
                        "{failure}"
                    ),
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn pictures_of_any_shape_have_a_placeholder() {
        always_the_same(60)
            .run(&(1..400_u32, 1..400_u32, any::<[u8; 3]>()), |(width, height, colour)| {
                let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb(colour)));
                let processed = process_capture(&encoded(&image, ImageFormat::Png)).unwrap();
                prop_assert!((5..=30).contains(&processed.placeholder.len()));
                prop_assert_eq!((processed.photo.width, processed.photo.height), (width, height));
                Ok(())
            })
            .unwrap();
        let hair = DynamicImage::ImageRgb8(RgbImage::from_pixel(5000, 1, image::Rgb([9, 9, 9])));
        let photo = process_capture(&encoded(&hair, ImageFormat::Png)).unwrap().photo;
        assert_eq!((photo.width, photo.height), (1600, 1));
    }
}
