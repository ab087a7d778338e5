//! Figures of one device: opening, searching, saving, photos.

use std::path::Path;

use jiafang_core::app::author::FormKind;
use jiafang_core::app::device::Device;
use jiafang_core::app::{attach_photo, drafts, record_visit};
use jiafang_core::domain::code_list::VisitPurpose;
use jiafang_core::domain::delivery_kind::DeliveryKind;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::doc::dossier_write;
use jiafang_core::domain::identifier::{CertificateId, DocumentId, Hash32, PersonId};
use jiafang_core::domain::place::{Leaves, PlaceCode, Scope};
use jiafang_core::domain::role::Role;
use jiafang_core::environment::Environment;
use jiafang_core::files::write_atomically;
use jiafang_core::photo::PhotoKind;
use jiafang_core::photo::intake::process_capture;
use jiafang_core::protocol::sync::Rights;
use jiafang_core::store::child_search::TermRange;
use jiafang_core::store::children::ChildFilter;
use jiafang_core::store::device::{self, Enrolment};
use jiafang_core::store::document::DocumentRow;
use jiafang_core::store::{Durability, Store, projection};
use jiafang_core::vault::sealing::DataKey;
use jiafang_core::vault::signing::DeviceSigner;

use super::{Figure, percentile, times_ms};
use crate::fiction::{Fiction, FictionalChild, Size};
use crate::kit::person::photo_bytes;

const KEY: [u8; 32] = [42; 32];

/// A new store of the kind that `open` opens.
fn new_store(folder: &Path, key: &DataKey, open: Opening) -> Store {
    #[cfg(feature = "plain-store")]
    if !std::ptr::fn_addr_eq(open, Device::open as Opening) {
        return Store::open_in_the_clear(folder, Durability::ForFixtures).expect("a store");
    }
    let _ = open;
    Store::open(folder, key, Durability::ForFixtures).expect("a store")
}

/// A device with so many children, as a coordinator's would be.
pub(super) fn device_with(folder: &Path, count: usize, open: Opening) -> Device {
    let environment = Environment::of_this_machine();
    let fiction = Fiction::new(1);
    let county = fiction.county(Size::Township);
    let children = fiction.children(&county, count);
    let signer = DeviceSigner::new(&environment);
    let key = DataKey::from_bytes(KEY);
    new_store(folder, &key, open)
        .transact(|tx| {
            device::enrol(
                tx,
                &Enrolment {
                    address: "127.0.0.1:1".to_owned(),
                    fingerprint: Hash32::ZERO,
                    certificate: CertificateId::from_bytes([1; 16]),
                    certificate_der: Vec::new(),
                    signing_secret: *signer.secret(),
                    person: PersonId::from_bytes([1; 16]),
                    person_name: "赵敏".to_owned(),
                    rights: Rights {
                        role: Role::TownshipOfficer,
                        scopes: vec![Scope::Place(PlaceCode::parse("999999").expect("a code"))],
                    },
                    county_name: "青石县".to_owned(),
                    county_key: signer.public_key(),
                },
            )?;
            projection::set_version(tx, projection::VERSION)
        })
        .expect("an enrolment");
    let mut device = open(folder, &key, &environment, Durability::ForFixtures).expect("the device opens");
    for batch in children.chunks(1_000) {
        let now = environment.now();
        let Device { store, author, environment, .. } = &mut device;
        store
            .transact(|tx| {
                for child in batch {
                    let row = DocumentRow {
                        id: environment.new_document_id(),
                        kind: DocumentKind::Dossier,
                        leaves: Leaves { village: Some(child.village.clone()), class: child.class.clone() },
                    };
                    author.write_form(tx, &row, FormKind::of(DeliveryKind::Roster), now, |document| {
                        write_child(document, &row, child, environment)
                    })?;
                }
                Ok(())
            })
            .expect("children are written");
    }
    device
}

fn write_child(
    document: &mut jiafang_core::app::author::DocumentTransaction<'_>,
    row: &DocumentRow,
    child: &FictionalChild,
    environment: &Environment,
) -> jiafang_core::error::Result<()> {
    dossier_write::open(document, &row.leaves, true)?;
    dossier_write::set_field(document, "profile.name", &child.name)?;
    dossier_write::set_field(document, "profile.birth_date", &child.birth_date.to_string())?;
    if let Some(number) = &child.id_number {
        dossier_write::set_field(document, "profile.id_number", number)?;
    }
    dossier_write::set_field(document, "household.village_group", &child.village_group)?;
    for guardian in &child.guardians {
        let phone = guardian.phone.as_deref().unwrap_or_default();
        dossier_write::add_guardian(document, environment.new_entry_id(), &guardian.name, "", phone)?;
    }
    Ok(())
}

/// How a device's store is opened.
pub(super) type Opening = fn(&Path, &DataKey, &Environment, Durability) -> jiafang_core::error::Result<Device>;

/// The opening of a store in the clear, where this build has it.
const IN_THE_CLEAR: Option<Opening> = {
    #[cfg(feature = "plain-store")]
    {
        Some(Device::open_in_the_clear)
    }
    #[cfg(not(feature = "plain-store"))]
    {
        None
    }
};

/// 5,000 dossiers: from the key to the first page; and saving a visit with two photos.
#[must_use]
pub fn first_page_and_visit() -> Vec<Figure> {
    let (opened, saved) = open_and_save(Device::open);
    let plain = IN_THE_CLEAR.map(open_and_save);
    let median = |times: &[f64]| format!("{:.1} ms (median)", percentile(times, 0.5));
    let spread = |times: &[f64]| format!("{:.1} ms (95th {:.1})", percentile(times, 0.5), percentile(times, 0.95));
    vec![
        Figure::new(
            "5,000 dossiers: from the right PIN's key to the first page of the list",
            "50 ms",
            median(&opened),
            "60 rows; FHIR Core takes 22 s to show its register",
        )
        .beside(plain.as_ref().map(|(opened, _)| median(opened))),
        Figure::new(
            "record a visit with two photos attached, until \"saved\", median",
            "15 ms",
            spread(&saved),
            "synchronous=FULL; FHIR Core: 45 s to save a household",
        )
        .beside(plain.as_ref().map(|(_, saved)| spread(saved))),
    ]
}

/// The times of opening and of saving, in milliseconds, sorted.
fn open_and_save(open: Opening) -> (Vec<f64>, Vec<f64>) {
    let folder = tempfile::tempdir().expect("a folder");
    drop(device_with(folder.path(), 5_000, open));
    let environment = Environment::of_this_machine();
    let key = DataKey::from_bytes(KEY);
    let opened = times_ms(15, || {
        let device = open(folder.path(), &key, &environment, Durability::Full).expect("it opens");
        let page = device.store.reading().children(&ChildFilter::default(), 0, 60).expect("a page");
        assert_eq!(page.len(), 60);
    });
    let mut device = open(folder.path(), &key, &environment, Durability::Full).expect("it opens");
    let children: Vec<DocumentId> = device
        .store
        .reading()
        .children(&ChildFilter::default(), 0, 60)
        .expect("a page")
        .iter()
        .map(|child| child.document)
        .collect();
    let photos = [photo_bytes("DSCN0010.jpg"), photo_bytes("portrait_6.jpg")]
        .map(|bytes| attach_photo::make_photo(&device.photos, &environment, &bytes).expect("a photo"));
    let mut prepared = Vec::new();
    for child in &children {
        let draft = drafts::begin_visit(&mut device, &[*child]).expect("a draft");
        for photo in &photos {
            attach_photo::attach(&mut device, draft.id, photo).expect("attached");
        }
        prepared.push(draft);
    }
    let mut next = prepared.into_iter();
    let saved = times_ms(children.len(), || {
        let mut draft = next.next().expect("a draft");
        draft.form.purpose = Some(VisitPurpose::Routine);
        draft.form.child_seen = Some(true);
        draft.form.household_situation = "奶".repeat(120);
        record_visit::record_visit(&mut device, draft.id, &draft.form).expect("recorded");
    });
    (opened, saved)
}

/// Search by pinyin initials over 50,000 names.
#[must_use]
pub fn search() -> Vec<Figure> {
    let times = type_names(Device::open);
    let plain = IN_THE_CLEAR.map(type_names);
    let spread = |times: &[f64]| format!("{:.1} ms (median {:.1})", percentile(times, 0.95), percentile(times, 0.5));
    let figure = Figure::new(
        "search by pinyin initials over 50,000 names, 95th percentile",
        "20 ms",
        spread(&times),
        "page of 60 and the count, typed letter by letter; FHIR Core: 28 s by name",
    );
    vec![figure.beside(plain.as_deref().map(spread))]
}

/// The times of a search for each letter that is typed, in milliseconds, sorted.
fn type_names(open: Opening) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let device = device_with(folder.path(), 50_000, open);
    let reading = device.store.reading();
    let names = reading.children(&ChildFilter::default(), 0, 400).expect("names");
    let mut typed: Vec<String> = Vec::new();
    for child in &names {
        let initials = jiafang_core::store::child_search::initials(&child.name);
        // As it is typed: letter by letter.
        for length in 1..=initials.len() {
            typed.extend(initials.get(..length).map(str::to_owned));
        }
    }
    let mut next = typed.iter().cycle();
    times_ms(typed.len(), || {
        let terms = TermRange::of(next.next().expect("a text"));
        let filter = ChildFilter { terms, ..ChildFilter::default() };
        let found = reading.children(&filter, 0, 60).expect("found");
        assert!(!found.is_empty());
        let _ = reading.count_children(&filter).expect("counted");
    })
}

/// A 9 megapixel JPEG to stored photo, thumbnail and placeholder.
#[must_use]
pub fn photo() -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let device = device_with(folder.path(), 1, Device::open);
    let capture = photo_bytes("HMD_Nokia_8.3_5G.jpg");
    // Each run puts what no run has put before: a file that is there already is not written again.
    let made = times_ms(15, || {
        let made = attach_photo::make_photo(&device.photos, &device.environment, &capture).expect("a photo");
        device.photos.remove(PhotoKind::Photo, made.photo).expect("removed");
        device.photos.remove(PhotoKind::Thumbnail, made.thumbnail).expect("removed");
    });
    let processed = times_ms(15, || drop(process_capture(&capture).expect("a photo")));
    // What `make_photo` does, without sealing.
    let plain = times_ms(15, || {
        let path = |name: &str| folder.path().join(name);
        write_atomically(&path("capture"), &capture).expect("written");
        let made = process_capture(&capture).expect("a photo");
        write_atomically(&path("photo"), &made.photo.bytes).expect("written");
        write_atomically(&path("thumbnail"), &made.thumbnail.bytes).expect("written");
        for name in ["capture", "photo", "thumbnail"] {
            std::fs::remove_file(path(name)).expect("removed");
        }
    });
    let figure = Figure::new(
        "a 9 megapixel JPEG to stored photo, thumbnail and placeholder",
        "200 ms on one core",
        format!("{:.0} ms (image work {:.0})", percentile(&made, 0.5), percentile(&processed, 0.5)),
        "one thread, fsynced; libvips needs 100 ms for the resize alone",
    );
    vec![figure.beside(Some(format!("{:.0} ms", percentile(&plain, 0.5))))]
}
