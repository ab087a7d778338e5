//! What a comparison of device and server costs: bytes and time, when all is the same and when one dossier differs.

use std::sync::PoisonError;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::completeness::Completeness;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::place::Scope;
use jiafang_core::protocol::REPAIR_PATH;

use super::{Figure, first_copy, times_ms};
use crate::kit::{Person, Township};

/// A comparison at 3,000 dossiers of 10 to 29 visits, which came in packs.
#[must_use]
pub fn compared() -> Vec<Figure> {
    let count = 3_000;
    let mut township = Township::new(1);
    let children = township.fiction.children(&township.county, count);
    let envelopes = first_copy::fill(&township, &children);
    let tablet = township.teacher("李老师", Scope::Place(township.township()));
    tablet.syncs();
    let name = |how: &str| format!("comparison of {count} dossiers of 10 to 29 visits: {how}");
    let (same, came) = compare(&tablet);
    assert_eq!(came, 0, "nothing is missing");
    let child = tablet.finds("").first().expect("a child").document_id;
    let gone =
        tablet.app().with_device(|device| device.store.transact(|tx| jiafang_core::store::moves::erase(tx, child)));
    assert!(gone.is_ok());
    let (differs, came) = compare(&tablet);
    assert!(came >= 11, "a registration and ten visits at least: {came}");
    vec![
        Figure::new(
            &name("all the same"),
            "",
            same,
            &format!("{envelopes} envelopes in the log; bodies of the questions"),
        ),
        Figure::new(&name("one dossier gone"), "", differs, &format!("{came} envelopes fetched")),
    ]
}

/// What a comparison costs, and how many records came.
fn compare(tablet: &Person) -> (String, u32) {
    let others = || tablet.switch.others.lock().unwrap_or_else(PoisonError::into_inner);
    others().clear();
    let times = times_ms(1, || {
        let begun = tablet.app().check_completeness(Nothing {});
        assert!(begun.is_ok());
        tablet.waits_for_the_sync();
    });
    let asked: Vec<u64> = others().iter().filter(|(path, _)| *path == REPAIR_PATH).map(|(_, bytes)| *bytes).collect();
    let came = match tablet.app().completeness(Nothing {}) {
        Ok(Completeness::Ended { fetched, given: 0, .. }) => fetched,
        other => unreachable!("{other:?}"),
    };
    let took = times.first().copied().unwrap_or_default() / 1_000.0;
    (format!("{} bytes in {} requests, {took:.1} s", asked.iter().sum::<u64>(), asked.len()), came)
}
