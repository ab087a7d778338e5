//! Pixels in memory: decoding hostile bytes within limits, shrinking, and encoding as JPEG.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::format::{PictureFormat, unsupported};
use super::{CAPTURE_PIXELS_MAX, EncodedPicture};
use crate::domain::identifier::Hash32;
use crate::error::{ErrorCode, Failure, Result};

/// A progressive JPEG is read once over for every scan: real ones have some ten.
const SCANS_MAX: usize = 32;
/// What a PNG or WebP decoder may ask of the memory: four bytes for each pixel and some room of its own.
const DECODER_BYTES_MAX: u64 = CAPTURE_PIXELS_MAX * 4 + 16 * 1024 * 1024;

/// Rows of pixels without padding, from top to bottom, in sRGB as far as anybody knows.
#[derive(Debug)]
pub(super) struct Raster {
    /// 3 or 4 bytes a pixel.
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    /// The fourth byte of a pixel is there: how opaque it is.
    alpha: bool,
}

impl Raster {
    /// Decodes a picture.
    ///
    /// # Errors
    /// [`ErrorCode::PhotoTooLarge`], asked of the header before anything is decoded;
    /// [`ErrorCode::PhotoDamaged`] for what is cut off or does not decode to its end;
    /// [`ErrorCode::PhotoFormatUnsupported`] for the kinds of JPEG that no camera makes (arithmetic, lossless).
    pub(super) fn decode(bytes: &[u8], format: PictureFormat) -> Result<Self> {
        damaged_if_it_panics(|| match format {
            PictureFormat::Jpeg => Self::decode_jpeg(bytes),
            PictureFormat::Png => Self::decode_by_image(bytes, ImageFormat::Png),
            PictureFormat::WebP => Self::decode_by_image(bytes, ImageFormat::WebP),
        })
    }

    fn decode_jpeg(bytes: &[u8]) -> Result<Self> {
        let lenient = DecoderOptions::default()
            .set_max_width(usize::from(u16::MAX))
            .set_max_height(usize::from(u16::MAX))
            .jpeg_set_max_scans(SCANS_MAX)
            .jpeg_set_out_colorspace(ColorSpace::RGB)
            .set_strict_mode(false);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
        decoder.decode_headers().map_err(jpeg_failure)?;
        let (width, height) =
            decoder.dimensions().ok_or_else(|| Failure::new(ErrorCode::PhotoDamaged, "a JPEG without a size"))?;
        let (width, height) = (saturating(width), saturating(height));
        check_size(width, height)?;
        // Cameras are careless with headers, and that harms no pixel. The pixels must all be there: what a
        // lenient decoder fills with grey would pass for evidence.
        decoder.set_options(lenient.set_strict_mode(true));
        let pixels = decoder.decode().map_err(jpeg_failure)?;
        if !jpeg_is_whole(bytes) {
            return Err(Failure::new(ErrorCode::PhotoDamaged, "a JPEG without its end"));
        }
        Self::from_rgb(pixels, width, height).ok_or_else(|| unsupported("JPEG"))
    }

    fn decode_by_image(bytes: &[u8], format: ImageFormat) -> Result<Self> {
        let mut limits = Limits::default();
        limits.max_alloc = Some(DECODER_BYTES_MAX);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        let decoder = reader.into_decoder().map_err(image_failure)?;
        let (width, height) = decoder.dimensions();
        check_size(width, height)?;
        if decoder.total_bytes() > DECODER_BYTES_MAX {
            return Err(too_many_pixels());
        }
        let decoded = DynamicImage::from_decoder(decoder).map_err(image_failure)?;
        let alpha = decoded.color().has_alpha();
        let pixels = if alpha { decoded.into_rgba8().into_raw() } else { decoded.into_rgb8().into_raw() };
        Ok(Self { pixels, width, height, alpha })
    }

    /// From pixels of three bytes; nothing if they are not as many as width and height say.
    fn from_rgb(pixels: Vec<u8>, width: u32, height: u32) -> Option<Self> {
        let bytes = u64::from(width).checked_mul(u64::from(height))?.checked_mul(3)?;
        (u64::try_from(pixels.len()).ok()? == bytes && bytes > 0).then_some(Self {
            pixels,
            width,
            height,
            alpha: false,
        })
    }

    /// From a picture of the `image` crate; nothing if it has no pixels.
    pub(super) fn of_rgb(picture: RgbImage) -> Option<Self> {
        let (width, height) = picture.dimensions();
        Self::from_rgb(picture.into_raw(), width, height)
    }

    /// As a picture of the `image` crate; nothing for one with transparency.
    pub(super) fn into_rgb(self) -> Option<RgbImage> {
        if self.alpha { None } else { RgbImage::from_raw(self.width, self.height, self.pixels) }
    }

    /// Width in px.
    pub(super) const fn width(&self) -> u32 {
        self.width
    }

    /// Height in px.
    pub(super) const fn height(&self) -> u32 {
        self.height
    }

    /// The same picture with its long side at most `side_max` px; never enlarged.
    pub(super) fn shrunk_to(&self, side_max: u32) -> Result<Self> {
        let long_side = self.width.max(self.height);
        let (width, height) = if long_side <= side_max {
            (self.width, self.height)
        } else {
            (shrunk_side(self.width, long_side, side_max), shrunk_side(self.height, long_side, side_max))
        };
        if (width, height) == (self.width, self.height) {
            return Ok(Self { pixels: self.pixels.clone(), ..*self });
        }
        let pixel_type = if self.alpha { PixelType::U8x4 } else { PixelType::U8x3 };
        let fault = |cause| Failure::caused(ErrorCode::Internal, "resizing a picture", cause);
        let source =
            ImageRef::new(self.width, self.height, &self.pixels, pixel_type).map_err(|cause| fault(cause.into()))?;
        let mut target = Image::new(width, height, pixel_type);
        Resizer::new()
            .resize(
                &source,
                &mut target,
                &ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)),
            )
            .map_err(|cause| fault(Box::<dyn std::error::Error + Send + Sync>::from(cause)))?;
        Ok(Self { pixels: target.into_vec(), width, height, alpha: self.alpha })
    }

    /// The picture on white paper, where it was transparent.
    pub(super) fn flattened(self) -> Self {
        if !self.alpha {
            return self;
        }
        let on_white = |colour: u8, opacity: u8| {
            let (colour, opacity) = (u32::from(colour), u32::from(opacity));
            // Both are at most 255: the sum is at most 255 * 255 + 127.
            u8::try_from(
                colour
                    .saturating_mul(opacity)
                    .saturating_add(255_u32.saturating_mul(255_u32.saturating_sub(opacity)))
                    .saturating_add(127)
                    / 255,
            )
            .unwrap_or(u8::MAX)
        };
        let pixels = self
            .pixels
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|&[red, green, blue, opacity]| [red, green, blue].map(|colour| on_white(colour, opacity)))
            .collect();
        Self { pixels, alpha: false, ..self }
    }

    /// The picture turned as the EXIF orientation says (1 to 8); unchanged for any other number.
    /// Only for pictures without transparency.
    pub(super) fn upright(self, exif_orientation: u32) -> Result<Self> {
        let orientation = u8::try_from(exif_orientation).ok().and_then(Orientation::from_exif);
        let Some(orientation) = orientation.filter(|orientation| *orientation != Orientation::NoTransforms) else {
            return Ok(self);
        };
        let picture = RgbImage::from_raw(self.width, self.height, self.pixels)
            .ok_or_else(|| Failure::new(ErrorCode::Internal, "turning a picture"))?;
        let mut picture = DynamicImage::ImageRgb8(picture);
        picture.apply_orientation(orientation);
        let (width, height) = (picture.width(), picture.height());
        Ok(Self { pixels: picture.into_rgb8().into_raw(), width, height, alpha: false })
    }

    /// The pixel at column `x` of row `y`, to be painted over; nothing outside of the picture.
    pub(super) fn pixel_mut(&mut self, x: u32, y: u32) -> Option<&mut [u8; 3]> {
        if self.alpha || x >= self.width || y >= self.height {
            return None;
        }
        let index = u64::from(y).checked_mul(u64::from(self.width))?.checked_add(u64::from(x))?;
        self.pixels.as_chunks_mut::<3>().0.get_mut(usize::try_from(index).ok()?)
    }

    /// The picture as four bytes a pixel, all opaque.
    pub(super) fn to_opaque_rgba(&self) -> Vec<u8> {
        self.pixels.as_chunks::<3>().0.iter().flat_map(|&[red, green, blue]| [red, green, blue, u8::MAX]).collect()
    }

    /// How bright each pixel is, a byte each (ITU-R BT.601, in 256ths). Only for pictures without transparency.
    pub(super) fn to_luma(&self) -> Vec<u8> {
        let bright = |&[red, green, blue]: &[u8; 3]| {
            let sum = u32::from(red).saturating_mul(77).saturating_add(u32::from(green).saturating_mul(150));
            let sum = sum.saturating_add(u32::from(blue).saturating_mul(29));
            u8::try_from(sum >> 8).unwrap_or(u8::MAX)
        };
        self.pixels.as_chunks::<3>().0.iter().map(bright).collect()
    }

    /// The picture as a JPEG without any metadata: the first of `qualities` (1 to 100) by which it takes at most
    /// `bytes_max` bytes, else the last. Only for pictures without transparency.
    pub(super) fn to_jpeg(&self, qualities: &[u8], bytes_max: usize) -> Result<EncodedPicture> {
        let fault = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Failure::caused(ErrorCode::Internal, "encoding a picture", cause)
        };
        let width = u16::try_from(self.width).map_err(|cause| fault(cause.into()))?;
        let height = u16::try_from(self.height).map_err(|cause| fault(cause.into()))?;
        let mut bytes = Vec::new();
        for quality in qualities {
            bytes.clear();
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, *quality);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
            encoder
                .encode(&self.pixels, width, height, jpeg_encoder::ColorType::Rgb)
                .map_err(|cause| fault(cause.into()))?;
            if bytes.len() <= bytes_max {
                break;
            }
        }
        Ok(EncodedPicture { hash: Hash32::of(&bytes), bytes, width: self.width, height: self.height })
    }
}

/// zune-jpeg 0.5.15 is known to panic on some progressive JPEGs that a fuzzer made
/// (etemesi254/zune-image, issue 409): such a picture counts as damaged, and the visit stays.
fn damaged_if_it_panics(decode: impl FnOnce() -> Result<Raster>) -> Result<Raster> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Failure::new(ErrorCode::PhotoDamaged, "the decoder gave up")))
}

fn saturating(side: usize) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}

/// `side` scaled by `side_max / long_side`, rounded, at least one pixel.
fn shrunk_side(side: u32, long_side: u32, side_max: u32) -> u32 {
    let (side, long_side) = (u64::from(side), u64::from(long_side).max(1));
    let scaled = side.saturating_mul(u64::from(side_max)).saturating_add(long_side / 2).checked_div(long_side);
    scaled.and_then(|scaled| u32::try_from(scaled).ok()).unwrap_or(side_max).clamp(1, side_max)
}

fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Failure::new(ErrorCode::PhotoDamaged, "a picture without pixels"));
    }
    match u64::from(width).checked_mul(u64::from(height)) {
        Some(pixels) if pixels <= CAPTURE_PIXELS_MAX => Ok(()),
        _ => Err(too_many_pixels()),
    }
}

fn too_many_pixels() -> Failure {
    let limit = format!("{} MP", CAPTURE_PIXELS_MAX / 1_000_000);
    Failure::new(ErrorCode::PhotoTooLarge, "too many pixels").fact("limit", limit)
}

fn jpeg_failure(cause: DecodeErrors) -> Failure {
    match cause {
        DecodeErrors::Unsupported(_) => unsupported("JPEG"),
        // The decoder's own words may hold bytes of the file, but nothing that a person wrote.
        cause => Failure::caused(ErrorCode::PhotoDamaged, "decoding a JPEG", cause),
    }
}

fn image_failure(cause: ImageError) -> Failure {
    match cause {
        ImageError::Limits(_) => too_many_pixels(),
        cause => Failure::caused(ErrorCode::PhotoDamaged, "decoding a picture", cause),
    }
}

/// What stands before the first scan of a JPEG, the scan's own header included, and what stands after;
/// nothing if there is no scan.
pub(super) fn split_jpeg_at_scan(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    /// Markers without a length: TEM, RST0 to RST7, SOI, EOI; and the zero and the 0xFF that are no markers.
    const ALONE: &[u8] = &[0x00, 0x01, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xFF];
    const START_OF_SCAN: u8 = 0xDA;
    let mut at = 0_usize;
    loop {
        // Careless cameras pad between segments; a decoder skips that, and so does this.
        at = at
            .checked_add(bytes.get(at..)?.windows(2).position(|pair| matches!(pair, [0xFF, next] if *next != 0xFF))?)?;
        let marker = *bytes.get(at.checked_add(1)?)?;
        at = at.checked_add(2)?;
        if ALONE.contains(&marker) {
            continue;
        }
        let &[high, low] = bytes.get(at..)?.first_chunk::<2>()?;
        at = at.checked_add(usize::from(u16::from_be_bytes([high, low])))?;
        if marker == START_OF_SCAN {
            return bytes.split_at_checked(at);
        }
    }
}

/// Whether the end marker stands after the first scan: a file that was cut off has none there, because inside
/// of a scan a byte 0xFF is never followed by 0xD9 (ITU-T T.81, B.1.1.5).
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    split_jpeg_at_scan(bytes).is_some_and(|(_, scan)| scan.windows(2).rev().any(|pair| pair == [0xFF, 0xD9]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_side_becomes_the_limit_and_a_hair_stays_a_pixel_wide() {
        assert_eq!(shrunk_side(4608, 4608, 1600), 1600);
        assert_eq!(shrunk_side(1976, 4608, 1600), 686);
        assert_eq!(shrunk_side(1, 65_535, 1600), 1);
    }

    #[test]
    fn transparent_pixels_lie_on_white_paper() {
        let raster =
            Raster { pixels: vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128], width: 3, height: 1, alpha: true };
        assert_eq!(raster.flattened().pixels, [10, 20, 30, 255, 255, 255, 127, 127, 127]);
    }

    #[test]
    fn a_decoder_that_gives_up_costs_the_picture_and_not_the_app() {
        let failure = damaged_if_it_panics(|| panic!("index out of bounds")).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PhotoDamaged);
    }

    #[test]
    fn a_picture_that_claims_more_than_fits_is_told_the_limit() {
        assert!(check_size(8160, 6144).is_ok(), "a phone's 50 megapixels");
        let failure = check_size(65_535, 65_535).unwrap_err();
        assert_eq!(failure.code, ErrorCode::PhotoTooLarge);
        assert_eq!(failure.facts["limit"], "52 MP");
        assert_eq!(check_size(0, 10).unwrap_err().code, ErrorCode::PhotoDamaged);
    }

    #[test]
    fn a_detailed_picture_is_compressed_harder_until_it_fits() {
        // Noise is the most detailed picture of all.
        let mut state = 1_u32;
        let pixels = (0..400 * 400 * 3)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        let raster = Raster::from_rgb(pixels, 400, 400).unwrap();
        let fine = raster.to_jpeg(&[80], usize::MAX).unwrap().bytes.len();
        let harder = raster.to_jpeg(&[80, 50], fine - 1).unwrap().bytes.len();
        assert!(harder < fine);
        assert_eq!(raster.to_jpeg(&[80, 50], fine).unwrap().bytes.len(), fine);
    }
}
