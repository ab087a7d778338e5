//! Figures of casework: the day's list over open cases, and folding the cases of a county.

use jiafang_core::api::today;
use jiafang_core::app::casework::Casework;
use jiafang_core::app::device::Device;
use jiafang_core::app::record_absence::record_absence;
use jiafang_core::domain::absence::AbsenceForm;
use jiafang_core::domain::code_list::{AttendanceMark, DayPart};
use jiafang_core::domain::time::Day;
use jiafang_core::store::children::ChildFilter;

use super::device::device_with;
use super::{Figure, percentile, times_ms};

/// Dossiers of a tablet.
const DOSSIERS: usize = 500;
/// Dossiers of a county.
const COUNTY_DOSSIERS: usize = 80_000;

/// The day's list of 500 dossiers, all of them with an open case, and folding as many cases as a county has dossiers.
#[must_use]
pub fn days_list_and_county() -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut device = device_with(folder.path(), DOSSIERS, Device::open);
    let limit = u32::try_from(DOSSIERS).unwrap_or(u32::MAX);
    let children = device.store.reading().children(&ChildFilter::default(), 0, limit).expect("children");
    let today = device.environment.now().day();
    for child in &children {
        // Missing, back, missing again, ill, and missing since.
        for (days_ago, mark) in [
            (40, AttendanceMark::Unexcused),
            (36, AttendanceMark::Present),
            (24, AttendanceMark::Unexcused),
            (22, AttendanceMark::Sick),
            (21, AttendanceMark::Present),
            (9, AttendanceMark::Unexcused),
        ] {
            let form = AbsenceForm {
                day: school_day(&device, today.plus_days(-days_ago)),
                until: None,
                part: DayPart::Whole,
                mark,
                note: String::new(),
            };
            record_absence(&mut device, child.document, &form, None).expect("recorded");
        }
    }
    let listed = times_ms(15, || {
        let view = today::view(&device).expect("the day's list");
        assert!(view.overdue.len() + view.due_today.len() + view.soon.len() + view.waiting.len() >= DOSSIERS);
    });
    let all = device.store.reading().all_casework().expect("casework");
    let folded = times_ms(1, || {
        let casework = Casework::of(&device);
        for (child, facts) in all.iter().cycle().take(COUNTY_DOSSIERS) {
            assert!(!casework.cases(facts, &child.leaves).is_empty());
        }
    });
    vec![
        Figure::new(
            "the day's list over 500 dossiers, each with an open case",
            "50 ms",
            format!("{:.1} ms (95th {:.1})", percentile(&listed, 0.5), percentile(&listed, 0.95)),
            "read, folded for today, sorted into cards",
        ),
        Figure::new(
            "folding 80,000 cases anew",
            "60 s on two cores",
            format!("{:.1} s", percentile(&folded, 0.5) / 1000.0),
            "one core; six entries a case; reading left out",
        ),
    ]
}

fn school_day(device: &Device, day: Day) -> Day {
    Casework::of(device).days(&jiafang_core::domain::place::Leaves::default()).school_day_from(day)
}
