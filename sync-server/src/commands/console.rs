//! What the command line says.

use std::io::Write;
use std::path::Path;

use jiafang_core::error::{ErrorCode, Failure, Result};

/// Says something to the person. A pipe that was closed hears nothing, which changes nothing.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says what went wrong.
pub(super) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a QR as a picture with a quiet zone, large enough to be scanned from a screen or paper.
pub(super) fn write_qr_png(qr: &qrcode::QrCode, path: &Path) -> Result<()> {
    const MODULE_PX: u32 = 8;
    const QUIET_MODULES: u32 = 4;
    let width = u32::try_from(qr.width()).unwrap_or(0);
    let side = width.saturating_add(QUIET_MODULES.saturating_mul(2)).saturating_mul(MODULE_PX);
    let colors = qr.to_colors();
    let mut picture = image::GrayImage::from_pixel(side, side, image::Luma([255]));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let module = |at: u32| at.checked_div(MODULE_PX).and_then(|at| at.checked_sub(QUIET_MODULES));
        let (Some(column), Some(row)) = (module(x), module(y)) else { continue };
        if column >= width || row >= width {
            continue;
        }
        let place = usize::try_from(row.saturating_mul(width).saturating_add(column)).unwrap_or(usize::MAX);
        if colors.get(place) == Some(&qrcode::Color::Dark) {
            *pixel = image::Luma([0]);
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .map_err(|cause| Failure::caused(ErrorCode::FileWriteFailed, "the QR's picture", cause))?;
    jiafang_core::files::write_atomically(path, &bytes.into_inner())
}
