//! The dossier says of everything that was recorded here where it is.

// Helpers of a test fail it by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiafang_core::api::axes::RecordStatus;
use jiafang_core::api::commands::Commands;
use jiafang_core::api::dossier::TimelineEvent;
use jiafang_core::api::sync::Whereabouts;
use jiafang_core::domain::code_list::SchoolingStatus;
use jiafang_core::domain::identifier::DocumentId;
use jiafang_core::domain::place::Scope;
use jiafang_tests::kit::{Person, Township};

fn statuses(person: &Person, child: DocumentId) -> Vec<(SchoolingStatus, Whereabouts)> {
    let timeline = person.opens(child).timeline.into_iter();
    let statuses = timeline.filter_map(|entry| match entry.event {
        TimelineEvent::Status { status, .. } => Some((status, entry.whereabouts)),
        _ => None,
    });
    statuses.collect()
}

#[test]
fn a_status_that_was_just_recorded_is_on_this_tablet_and_after_a_sync_on_the_server() {
    let mut township = Township::new(41);
    let village = township.village(0);
    let li = township.teacher("李老师", Scope::Place(village.clone()));
    let wang = township.teacher("王老师", Scope::Place(village.clone()));
    let child = li.registers("石小雨", "2016-05-04", &village, "19900000001");
    li.clock.pass_ms(60_000);
    let request = RecordStatus {
        document_id: child,
        status: SchoolingStatus::SuspectedDropout,
        since: None,
        note: "三天未到校".to_owned(),
        pages: None,
    };
    li.app().record_status(request).unwrap();
    let told = statuses(&li, child);
    assert_eq!(told.len(), 2, "the one that the dossier was opened with, and this one");
    assert!(told.iter().all(|(_, at)| matches!(at, Whereabouts::Here { .. })), "{told:?}");
    li.syncs();
    let told = statuses(&li, child);
    assert!(told.iter().all(|(_, at)| matches!(at, Whereabouts::Server { .. })), "{told:?}");
    wang.syncs();
    let told = statuses(&wang, child);
    assert!(told.iter().all(|(_, at)| matches!(at, Whereabouts::FromServer)), "{told:?}");
}
