//! Figures of the way into the next school: the balance of a county and one class's list, from projections.

use jiafang_core::api::transition::{self, ShowTransition};
use jiafang_core::api::transition_balance::{self, ShowTransitionBalance};
use jiafang_core::app::device::Device;
use jiafang_core::app::record_transition::record_transition;
use jiafang_core::domain::code_list::{TransitionDestination, TransitionEntryKind};
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::{PlaceCode, SchoolCode, Scope, Stage};
use jiafang_core::domain::role::Role;
use jiafang_core::domain::transition::TransitionForm;
use jiafang_core::domain::transition_rules::TransitionRules;
use jiafang_core::protocol::register::{RegisterEntry, RegisterEntryBody, RegisterFact};
use jiafang_core::store::children::ChildFilter;
use jiafang_core::store::register;

use super::device::device_with;
use super::{Figure, percentile, times_ms};

/// Dossiers of a county.
const COUNTY_DOSSIERS: usize = 80_000;
/// Children who go from primary to junior school in a year (the county's own account).
const ON_THE_WAY: u32 = 6_293;

/// The balance and a list of a county with 80,000 dossiers, 6,293 of them on their way, each listed and arrived.
#[must_use]
pub fn balance_of_a_county() -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut device = device_with(folder.path(), COUNTY_DOSSIERS, Device::open);
    is_known_to_the_register(&mut device);
    let children = device.store.reading().children(&ChildFilter::default(), 0, ON_THE_WAY).expect("children");
    let ids: Vec<DocumentId> = children.iter().map(|child| child.document).collect();
    let today = device.environment.now().day();
    let year = TransitionRules::default_rules().expect("rules").year_on(today);
    let form = |kind| TransitionForm::new(kind, Stage::Junior, year, today);
    let listed = TransitionForm {
        destination: Some(TransitionDestination::OutOfCounty),
        school_name: "某某中学".to_owned(),
        signers: "家长".to_owned(),
        ..form(TransitionEntryKind::Listed)
    };
    for batch in ids.chunks(500) {
        record_transition(&mut device, batch, &listed, None).expect("listed");
        record_transition(&mut device, batch, &form(TransitionEntryKind::Arrived), None).expect("arrived");
    }
    let request = ShowTransitionBalance { into: Stage::Junior, year: None };
    let balance = transition_balance::view(&device, &request).expect("the balance");
    assert_eq!((balance.total.sent, balance.total.arrived), (ON_THE_WAY, ON_THE_WAY));
    let balanced = times_ms(15, || drop(transition_balance::view(&device, &request).expect("the balance")));
    let first = balance.rows.first().expect("a row");
    let of_row = ShowTransition {
        into: Stage::Junior,
        year: None,
        class: None,
        from: Some(first.from.clone()),
        to: Some(SchoolCode(String::new())),
        only_breaking: false,
    };
    let listed = times_ms(15, || drop(transition::view(&device, &of_row).expect("a list")));
    let spread = |times: &[f64]| format!("{:.0} ms (95th {:.0})", percentile(times, 0.5), percentile(times, 0.95));
    vec![
        Figure::new(
            "the balance of a county with 80,000 dossiers, 6,293 on their way",
            "1 s",
            spread(&balanced),
            "read, folded and counted by class and school; no document is loaded",
        ),
        Figure::new("the children of one row of that balance", "1 s", spread(&listed), "as above, with their rows"),
    ]
}

/// Entries count when the register knows who wrote them.
fn is_known_to_the_register(device: &mut Device) {
    let (person, certificate) = (PersonId::from_bytes([1; 16]), CertificateId::from_bytes([1; 16]));
    let scopes = vec![Scope::Place(PlaceCode::parse("999999").expect("a code"))];
    let public_key = device.author.signer.public_key();
    let facts = [
        RegisterFact::Person { person, name: "赵敏".to_owned(), role: Role::TownshipOfficer, scopes },
        RegisterFact::Certificate { certificate, person, public_key },
    ];
    let mut previous = Hash32::ZERO;
    for (seq, fact) in (1..).zip(facts) {
        let body = RegisterEntryBody { seq, previous, at: device.environment.now(), fact };
        let entry = RegisterEntry::sign(body, &device.author.signer);
        previous = entry.hash();
        device.store.transact(|tx| register::append(tx, &entry)).expect("a register entry");
    }
}
