//! Figures of the wire: a day's push, and an idle sync.

use std::sync::atomic::Ordering;

use jiafang_core::api::commands::Commands;
use jiafang_core::api::state::Nothing;
use jiafang_core::domain::doc;
use jiafang_core::domain::place::Scope;

use super::{Figure, percentile, server, times_ms};
use crate::kit::{Person, Township};

/// A day of twelve visits, and an idle sync, with 45 dossiers held and more; an idle sync only where a whole county is held, as at
/// its office.
#[must_use]
pub fn a_day_and_idle() -> Vec<Figure> {
    let mut figures = Vec::new();
    for held in [45_usize, 500, 3_000, 80_000] {
        let mut township = Township::new(1);
        // The roster is in the server's log before the tablet is enrolled, as in life.
        let children = township.fiction.children(&township.county, held);
        server::fill(&township, &township.county, &children, 1);
        let everywhere = Scope::Place(township.township());
        let teacher = township.teacher("李老师", everywhere);
        teacher.syncs();
        let arrived = teacher.app().with_device(|device| device.store.reading().child_counts());
        assert_eq!(arrived.map(|(children, _)| children).ok(), u32::try_from(held).ok(), "the roster has arrived");
        if held < 80_000 {
            figures.extend(day(&teacher, held));
        }
        let before = counted(&teacher);
        teacher.syncs();
        let after = counted(&teacher);
        figures.push(Figure::new(
            &format!("idle sync at {held} dossiers, warm connection"),
            "1 request, under 1 KB of bodies",
            format!("{} request, {} bytes", after.0 - before.0, after.1 - before.1),
            "Automerge's own: 222 KB each way at 3,000; the CHT: 320 KB at 10,000",
        ));
    }
    figures
}

/// How long after the server has a visit it stands in the ledger of an open desk.
#[must_use]
pub fn real_time() -> Vec<Figure> {
    let mut township = Township::new(1);
    let village = township.village(0);
    let teacher = township.teacher("李老师", Scope::Place(village.clone()));
    let child = teacher.registers("石小雨", "2016-05-04", &village, "19900000001");
    teacher.syncs();
    let desk = township.coordinator("赵敏");
    desk.lets_the_app_sync_by_itself();
    let mut number = 0;
    let mut times = times_ms(20, || {
        teacher.records_visit(child, &[], |_| {});
        teacher.syncs();
        number += 1;
        desk.waits_until("the visit is on the desk", || desk.opens(child).timeline.len() > number);
    });
    times.sort_by(f64::total_cmp);
    vec![Figure::new(
        "a visit, from the teacher's save to the ledger of an open desk (a desk waits for news)",
        "2 s",
        format!("median {:.0} ms, largest {:.0} ms", percentile(&times, 0.5), percentile(&times, 1.0)),
        "both on one machine, the tablet syncs at once; commits of the devices are not synced to the disk",
    )]
}

fn counted(person: &Person) -> (u64, u64) {
    (person.switch.exchanges.load(Ordering::SeqCst), person.switch.body_bytes.load(Ordering::SeqCst))
}

fn day(teacher: &Person, held: usize) -> Option<Figure> {
    teacher.goes_offline();
    let visits = crate::fiction::Fiction::new(3);
    let county = visits.county(crate::fiction::Size::Township);
    let texts = visits.visits(&visits.children(&county, 300));
    let first_counter = standing(teacher);
    for (child, text) in teacher.finds("").iter().zip(&texts).take(12) {
        let situation: String = text.situation().chars().take(120).collect();
        teacher.records_visit(child.document_id, &["DSCN0010.jpg", "portrait_6.jpg"], |form| {
            form.household_situation = situation;
        });
    }
    let raw = raw_changes(teacher, first_counter);
    teacher.gets_signal();
    let before = counted(teacher);
    teacher.syncs();
    let after = counted(teacher);
    assert_eq!(teacher.app().sync_status(Nothing {}).ok()?.waiting_records, 0);
    let limit = raw as f64 * 1.1 + 80.0 * 12.0 + 300.0;
    let bytes = after.1 - before.1;
    Some(Figure::new(
        &format!("a day (12 visits of 120 characters, 2 photos each), {held} dossiers held"),
        &format!("1 request; {limit:.0} bytes (1.1 × {raw} raw + 80 each + 300)"),
        format!("{} request, {bytes} bytes ({:.2} of the goal)", after.0 - before.0, bytes as f64 / limit),
        "bodies both ways, photos left out; automerge-repo: 24 KB at 45 dossiers, 9 changes of direction",
    ))
}

fn standing(teacher: &Person) -> u64 {
    teacher.app().with_device(|device| Ok(device.store.reading().standing()?.counter)).unwrap_or(0)
}

/// The size of the changes since a counter as one zstd stream: what any protocol must at least carry.
fn raw_changes(teacher: &Person, after: u64) -> usize {
    let envelopes =
        teacher.app().with_device(|device| device.store.reading().waiting_envelopes(usize::MAX)).unwrap_or_default();
    let mut raw = Vec::new();
    for envelope in envelopes.iter().filter(|envelope| envelope.body.counter > after) {
        if let Ok(change) = doc::read_change(&envelope.body.change) {
            raw.extend_from_slice(change.raw_bytes());
        }
    }
    zstd::bulk::compress(&raw, 9).map_or(0, |stream| stream.len())
}
