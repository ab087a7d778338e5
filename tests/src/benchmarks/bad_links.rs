//! Figures over emulated links, by real processes: a day of visits over EDGE, and what cuts cost a photo.

use super::{Figure, percentile};
use crate::drills::county::program;
use crate::drills::day::{Day, Report};
use crate::drills::lane::LinkTerms;

/// The day is synced so often, each time with another seed.
const DAYS: u64 = 5;

/// A day of visits over EDGE from a cold connection, and a photo over windows of signal; or why not.
#[must_use]
pub fn edge() -> Vec<Figure> {
    let day = Day {
        name: "a day of 50 visits, signed, on EDGE",
        terms: LinkTerms::EDGE,
        visits: 50,
        photos: 0,
        photo_side_px: 0,
        tap_ms: Some(500),
        ms_max: 300_000,
    };
    let reports: Result<Vec<Report>, String> =
        (1..=DAYS).map(|seed| day.play(seed, &program("drill-tablet"))).collect();
    let reports = match reports {
        Ok(reports) => reports,
        Err(words) => return vec![Figure::new(day.name, "8 s", words, "")],
    };
    let mut seconds: Vec<f64> = reports.iter().map(|report| report.ms as f64 / 1_000.0).collect();
    seconds.sort_by(f64::total_cmp);
    let (mut figures, mut bytes, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for report in &reports {
        bytes.push(report.count.body_bytes as f64);
        limits.push(report.raw_bytes as f64 * 1.1 + 80.0 * day.visits as f64 + 300.0);
    }
    for of in [&mut bytes, &mut limits] {
        of.sort_by(f64::total_cmp);
    }
    figures.push(Figure::new(
        &format!("{}: bodies", day.name),
        &format!("{:.0} bytes (1.1 × raw + 80 each + 300)", percentile(&limits, 0.5)),
        format!(
            "{:.0} bytes in {} requests",
            percentile(&bytes, 0.5),
            reports.iter().map(|one| one.count.syncs).max().unwrap_or(0)
        ),
        "both ways; raw: the changes as one zstd stream",
    ));
    figures.push(Figure::new(
        &format!("{}: from a cold connection until the server has all, median", day.name),
        "8 s",
        format!("{:.1} s (slowest {:.1})", percentile(&seconds, 0.5), percentile(&seconds, 1.0)),
        "60 kbit/s, 1 s round trip, 2 % lost, packet by packet; the unlocking of the app is in it",
    ));
    figures.extend(photo_in_windows());
    figures
}

fn photo_in_windows() -> Option<Figure> {
    let day = Day {
        name: "a photo of some 100 KB over windows of signal",
        terms: LinkTerms::EDGE.in_windows(15_000, 22_000),
        visits: 1,
        photos: 1,
        photo_side_px: 1_000,
        tap_ms: Some(500),
        ms_max: 900_000,
    };
    let report = day.play(1, &program("drill-tablet")).ok()?;
    Some(Figure::new(
        day.name,
        "at most 8 KB sent twice for each cut",
        format!(
            "{} bytes twice in {} cuts ({} bytes of files)",
            report.count.bytes_twice, report.count.cuts, report.file_bytes
        ),
        "15 s of signal, 22 s without, on EDGE; ODK and Avni start again from zero",
    ))
}
