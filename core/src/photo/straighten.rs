//! A photographed paper made straight: the person points at its four corners, and a page without desk and slant is made of
//! what lies between them.

use image::{GrayImage, Luma, Rgb, RgbImage};
use imageproc::contrast::otsu_level;
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into};
use imageproc::region_labelling::{Connectivity, connected_components};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::format::PictureFormat;
use super::intake::{PHOTO_BYTES_AIM, PHOTO_QUALITIES, ProcessedPicture, processed};
use super::raster::Raster;
use super::{PHOTO_SIDE_MAX, THUMBNAIL_SIDE_MAX};
use crate::error::{ErrorCode, Failure, Result};

/// A corner of a page in a picture, in parts of its width and its height: from 0, left and top, to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Corner {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// The four corners of a page: upper left, upper right, lower right, lower left, as the page is read.
pub type Corners = [Corner; 4];

/// A page covers at least this part of the picture: what is smaller was pointed at by accident.
const AREA_MIN: f32 = 0.01;
/// A page is taken for one where a bright area covers at least this part of the picture,
const PROPOSED_AREA_MIN: f32 = 0.2;
/// and its four outermost points span hardly more, or less, than the area itself: it has four corners then.
const PROPOSED_FILL: std::ops::RangeInclusive<f32> = 0.9..=1.08;
/// Of two sides that face each other the shorter is at least this part of the longer: paper is photographed from above, and not
/// from beside.
const PROPOSED_SIDES_MIN: f32 = 0.55;
/// The shortest side of a page in px.
const SIDE_MIN: f32 = 16.0;

/// The whole picture.
#[must_use]
pub const fn whole() -> Corners {
    [Corner { x: 0.0, y: 0.0 }, Corner { x: 1.0, y: 0.0 }, Corner { x: 1.0, y: 1.0 }, Corner { x: 0.0, y: 1.0 }]
}

/// Where the corners of a bright page on a darker ground probably are; the whole picture when that is not plain. Looks at a
/// thumbnail: some milliseconds.
///
/// # Errors
/// [`ErrorCode::PhotoDamaged`].
pub fn propose(photo: &[u8]) -> Result<Corners> {
    let small = Raster::decode(photo, PictureFormat::Jpeg)?.shrunk_to(THUMBNAIL_SIDE_MAX)?;
    let (width, height) = (small.width(), small.height());
    let luma = GrayImage::from_raw(width, height, small.to_luma())
        .ok_or_else(|| Failure::new(ErrorCode::Internal, "a picture of another size"))?;
    Ok(bright_page(&luma).unwrap_or_else(whole))
}

fn bright_page(luma: &GrayImage) -> Option<Corners> {
    let level = otsu_level(luma);
    let bright = GrayImage::from_fn(luma.width(), luma.height(), |x, y| {
        Luma([u8::from(luma.get_pixel_checked(x, y).is_some_and(|pixel| pixel.0 > [level]))])
    });
    let areas = connected_components(&bright, Connectivity::Four, Luma([0]));
    let mut sizes: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    for label in areas.pixels().map(|pixel| pixel.0).filter(|label| *label != [0]).flatten() {
        let size = sizes.entry(label).or_default();
        *size = size.saturating_add(1);
    }
    let (largest, size) = sizes.into_iter().max_by_key(|(label, size)| (*size, std::cmp::Reverse(*label)))?;
    let mut outermost: Option<[(u32, u32); 4]> = None;
    for (x, y, pixel) in areas.enumerate_pixels() {
        if pixel.0 != [largest] {
            continue;
        }
        let found = outermost.get_or_insert([(x, y); 4]);
        let sum = |(x, y): (u32, u32)| i64::from(x).saturating_add(i64::from(y));
        let difference = |(x, y): (u32, u32)| i64::from(x).saturating_sub(i64::from(y));
        let [upper_left, upper_right, lower_right, lower_left] = found;
        if sum((x, y)) < sum(*upper_left) {
            *upper_left = (x, y);
        }
        if difference((x, y)) > difference(*upper_right) {
            *upper_right = (x, y);
        }
        if sum((x, y)) > sum(*lower_right) {
            *lower_right = (x, y);
        }
        if difference((x, y)) < difference(*lower_left) {
            *lower_left = (x, y);
        }
    }
    let (width, height) = (luma.width().max(2) as f32, luma.height().max(2) as f32);
    let corners = outermost?.map(|(x, y)| Corner { x: x as f32 / (width - 1.0), y: y as f32 / (height - 1.0) });
    let covered = size as f32 / (width * height);
    let spanned = area(&corners);
    let is_page = covered >= PROPOSED_AREA_MIN
        && spanned > 0.0
        && PROPOSED_FILL.contains(&(covered / spanned))
        && is_convex(&corners)
        && is_seen_from_above(&corners, width / height);
    is_page.then_some(corners)
}

fn is_seen_from_above([a, b, c, d]: &Corners, across_to_down: f32) -> bool {
    let length = |p: &Corner, q: &Corner| ((p.x - q.x) * across_to_down).hypot(p.y - q.y);
    let alike = |one: f32, other: f32| one.min(other) >= PROPOSED_SIDES_MIN * one.max(other);
    alike(length(a, b), length(d, c)) && alike(length(a, d), length(b, c))
}

/// Makes a straight page of what lies between four corners of a photo.
///
/// # Errors
/// [`ErrorCode::FieldInvalid`] (field `corners`) when they are no page; [`ErrorCode::PhotoDamaged`].
pub fn straighten(photo: &[u8], corners: &Corners) -> Result<ProcessedPicture> {
    let raster = Raster::decode(photo, PictureFormat::Jpeg)?;
    let inside = corners.iter().all(|corner| (0.0..=1.0).contains(&corner.x) && (0.0..=1.0).contains(&corner.y));
    if !inside || !is_convex(corners) || area(corners) < AREA_MIN {
        return Err(Failure::invalid("corners", "no_page"));
    }
    let (width, height) = (raster.width() as f32, raster.height() as f32);
    let from = corners.map(|corner| (corner.x * width, corner.y * height));
    let [upper_left, upper_right, lower_right, lower_left] = from;
    let apart = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).hypot(a.1 - b.1);
    let across = apart(upper_left, upper_right).max(apart(lower_left, lower_right));
    let down = apart(upper_left, lower_left).max(apart(upper_right, lower_right));
    // Never enlarged, and no longer than a photo: a slanting line across a photo is longer than its side.
    let scale = (PHOTO_SIDE_MAX as f32 / across.max(down)).min(1.0);
    let side = |length: f32| (length * scale).round().clamp(SIDE_MIN, PHOTO_SIDE_MAX as f32);
    let (page_width, page_height) = (side(across), side(down));
    let to = [(0.0, 0.0), (page_width, 0.0), (page_width, page_height), (0.0, page_height)];
    let projection = Projection::from_control_points(from, to).ok_or_else(|| Failure::invalid("corners", "no_page"))?;
    let source = raster.into_rgb().ok_or_else(|| Failure::new(ErrorCode::Internal, "a picture of another size"))?;
    // Both are between 16 and 1600.
    let mut page = RgbImage::new(page_width as u32, page_height as u32);
    warp_into(&source, projection, Interpolation::Bilinear, Border::Constant(Rgb([255; 3])), &mut page);
    let page = Raster::of_rgb(page).ok_or_else(|| Failure::new(ErrorCode::Internal, "a page without pixels"))?;
    processed(&page, PHOTO_QUALITIES, PHOTO_BYTES_AIM)
}

/// The part of the picture that lies between the corners.
fn area(corners: &Corners) -> f32 {
    let [a, b, c, d] = corners;
    let cross = |p: &Corner, q: &Corner| p.x.mul_add(q.y, -(q.x * p.y));
    (cross(a, b) + cross(b, c) + cross(c, d) + cross(d, a)).abs() / 2.0
}

/// Whether one walks around the corners clockwise and turns right at each: crossed over, or with one corner inside of the
/// other three, they are no page.
fn is_convex(corners: &Corners) -> bool {
    let [a, b, c, d] = corners;
    let turn = |p: &Corner, q: &Corner, r: &Corner| (q.x - p.x).mul_add(r.y - q.y, -((q.y - p.y) * (r.x - q.x)));
    [turn(a, b, c), turn(b, c, d), turn(c, d, a), turn(d, a, b)].iter().all(|turn| *turn > 1e-4)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "of pictures that the test makes")]
mod tests {
    use super::super::intake::tests::{decoded, has_no_metadata, real};
    use super::*;

    /// A white page with a red, a green, a blue and a black quarter, photographed askew on a dark desk.
    fn page_on_a_desk(corners: &Corners) -> Vec<u8> {
        let quarter = |x: u32, y: u32| match (x < 100, y < 150) {
            (true, true) => [230, 150, 150],
            (false, true) => [150, 230, 150],
            (false, false) => [150, 150, 230],
            (true, false) => [235, 235, 235],
        };
        let page = RgbImage::from_fn(200, 300, |x, y| Rgb(quarter(x, y)));
        let mut photo = RgbImage::from_pixel(800, 600, Rgb([50, 45, 40]));
        let to = corners.map(|corner| (corner.x * 800.0, corner.y * 600.0));
        let from = [(0.0, 0.0), (200.0, 0.0), (200.0, 300.0), (0.0, 300.0)];
        let askew = Projection::from_control_points(from, to).unwrap();
        warp_into(&page, askew, Interpolation::Bilinear, Border::Constant(Rgb([50, 45, 40])), &mut photo);
        let raster = Raster::of_rgb(photo).unwrap();
        raster.to_jpeg(&[90], usize::MAX).unwrap().bytes
    }

    fn corners(points: [(f32, f32); 4]) -> Corners {
        points.map(|(x, y)| Corner { x, y })
    }

    #[test]
    fn a_paper_photographed_askew_becomes_a_straight_page() {
        let askew = corners([(0.25, 0.1), (0.72, 0.18), (0.8, 0.9), (0.15, 0.85)]);
        let page = straighten(&page_on_a_desk(&askew), &askew).unwrap();
        let picture = decoded(&page.photo);
        assert!(picture.height() > 300 && picture.width() > 300, "{:?}", picture.dimensions());
        let (right, bottom) = (picture.width() - 12, picture.height() - 12);
        for (x, y, strongest) in [(12, 12, 0), (right, 12, 1), (right, bottom, 2)] {
            let pixel = picture.get_pixel(x, y).0;
            assert!((0..3).all(|channel| pixel[channel] <= pixel[strongest]), "{x} {y} {pixel:?}");
            assert!(pixel[strongest] > 200, "no desk at {x} {y}: {pixel:?}");
        }
        assert!(has_no_metadata(&page.photo) && has_no_metadata(&page.thumbnail));
        assert!((5..=30).contains(&page.placeholder.len()));
    }

    #[test]
    fn the_corners_of_a_bright_paper_on_a_dark_desk_are_found() {
        let askew = corners([(0.25, 0.1), (0.72, 0.18), (0.8, 0.9), (0.15, 0.85)]);
        for (found, real) in propose(&page_on_a_desk(&askew)).unwrap().iter().zip(&askew) {
            assert!((found.x - real.x).abs() < 0.02 && (found.y - real.y).abs() < 0.02, "{found:?} for {real:?}");
        }
    }

    #[test]
    fn where_no_page_is_plain_the_whole_picture_is_proposed() {
        for name in ["DSCN0010.jpg", "image00971.jpg", "portrait_6.jpg"] {
            let photo = super::super::intake::process_capture(&real(name)).unwrap().photo;
            assert_eq!(propose(&photo.bytes).unwrap(), whole(), "{name}");
        }
    }

    #[test]
    fn the_whole_picture_stays_as_large_as_it_is() {
        let photo = super::super::intake::process_capture(&real("portrait_6.jpg")).unwrap().photo;
        let page = straighten(&photo.bytes, &whole()).unwrap().photo;
        assert_eq!((page.width, page.height), (photo.width, photo.height));
    }

    #[test]
    fn corners_that_cross_over_or_lie_in_a_point_are_no_page() {
        let photo = page_on_a_desk(&whole());
        for points in [
            [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)],
            [(0.5, 0.5), (0.51, 0.5), (0.51, 0.51), (0.5, 0.51)],
            [(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)],
            [(-0.1, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)],
            [(f32::NAN, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)],
        ] {
            assert_eq!(straighten(&photo, &corners(points)).unwrap_err().code, ErrorCode::FieldInvalid, "{points:?}");
        }
    }
}
