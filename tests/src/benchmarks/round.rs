//! Figures of the door-to-door check: the households of a village, and the table of all villages.

use jiafang_core::api::round::{self, ShowRoundVillage};
use jiafang_core::app::device::Device;

use super::device::device_with;
use super::{Figure, percentile, times_ms};

/// Dossiers of a coordinator's desk.
const DOSSIERS: usize = 5_000;

/// The largest village of 5,000 dossiers, household by household, and how far all villages are.
#[must_use]
pub fn villages() -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let device = device_with(folder.path(), DOSSIERS, Device::open);
    let view = round::view(&device).expect("the villages");
    let largest = view.villages.iter().max_by_key(|village| village.households).expect("a village");
    let request = ShowRoundVillage { village: largest.village.clone(), search: String::new() };
    let listed = times_ms(30, || {
        let village = round::village(&device, &request).expect("the households");
        assert_eq!(village.village.households, largest.households, "both count the same");
    });
    let summed = times_ms(15, || {
        assert_eq!(round::view(&device).expect("the villages").villages.len(), view.villages.len());
    });
    let text = |times: &[f64]| format!("{:.1} ms (95th {:.1})", percentile(times, 0.5), percentile(times, 0.95));
    vec![
        Figure::new(
            &format!(
                "households of a village ({}, {} children) of 5,000 dossiers",
                largest.households, largest.children
            ),
            "50 ms",
            text(&listed),
            "rows of one index, folded into households",
        ),
        Figure::new("how far all villages are, over 5,000 dossiers", "–", text(&summed), "one statement"),
    ]
}
