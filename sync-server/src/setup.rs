//! Makes a county: keys, store, register, and the county document with its places and schools.

use std::path::Path;

use jiafang_core::domain::county::County;
use jiafang_core::domain::doc;
use jiafang_core::domain::doc::DocumentKind;
use jiafang_core::domain::identifier::Hash32;
use jiafang_core::domain::place::Leaves;
use jiafang_core::environment::Environment;
use jiafang_core::error::{ErrorCode, Failure, Result};
use jiafang_core::protocol::cursor::Cursor;
use jiafang_core::protocol::envelope::{Envelope, EnvelopeBody};
use jiafang_core::protocol::register::RegisterFact;
use jiafang_core::vault::recovery_key::RecoveryPublicKey;

use crate::identity::{self, Identity};
use crate::store::register::{self, CountyRow};
use crate::store::{FILE_NAME, Store, device_progress, log};

/// How a county is set up.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Places and schools.
    pub county: &'a County,
    /// `host:port` that devices are told.
    pub address: &'a str,
    /// The public half of the recovery key.
    pub recovery: &'a RecoveryPublicKey,
    /// Run without a backup: chosen, and said to people.
    pub without_backup: bool,
}

/// Keys that tablets have pinned cannot be made again, so nothing is ever written over: neither a county nor what an
/// interrupted `init`, or a loss, has left of one.
fn refuse_unless_empty(data: &Path) -> Result<()> {
    let store_is_there = data.join(FILE_NAME).exists();
    if store_is_there && Store::open(data)?.read(register::county).is_ok() {
        return Err(Failure::new(ErrorCode::AlreadyEnrolled, "the data folder holds a county already"));
    }
    if store_is_there || data.join(identity::FOLDER_NAME).exists() {
        let detail = "--data: the folder holds a part of a county only. If tablets were enrolled with it, restore its \
                      backup to a new folder; if an `init` was interrupted, name another folder";
        return Err(Failure::new(ErrorCode::FieldInvalid, detail).fact("field", "data").fact("reason", "in_part"));
    }
    Ok(())
}

/// Makes a county in an empty data folder.
///
/// # Errors
/// [`ErrorCode::AlreadyEnrolled`] when the folder holds a county, [`ErrorCode::FieldInvalid`] when it holds a part of
/// one and for a county file with mistakes, the faults of a store.
pub fn create(data: &Path, setup: &Setup<'_>, identity: &Identity, environment: &Environment) -> Result<Store> {
    refuse_unless_empty(data)?;
    if let Some(mistake) = setup.county.mistakes().into_iter().next() {
        return Err(Failure::new(ErrorCode::FieldInvalid, mistake.to_string())
            .fact("field", "county")
            .fact("reason", "file"));
    }
    jiafang_core::files::create_folders(data)?;
    identity.write(data)?;
    let store = Store::create(data)?;
    let now = environment.now();
    let certificate = environment.new_certificate_id();
    let document = environment.new_document_id();
    let mut county_document = doc::empty(DocumentKind::County)?;
    let change =
        doc::commit(&mut county_document, &environment.random_bytes(), now, |tx| doc::county::write(tx, setup.county))?
            .ok_or_else(|| Failure::new(ErrorCode::Internal, "the county document is empty"))?;
    store.transact(|tx| {
        register::create_county(
            tx,
            &CountyRow {
                name: setup.county.county.name.clone(),
                address: setup.address.to_owned(),
                certificate,
                document,
                recovery_public_key: *setup.recovery.as_bytes(),
                without_backup: setup.without_backup,
                durable_seq: 0,
            },
        )?;
        let fact = RegisterFact::County {
            name: setup.county.county.name.clone(),
            document,
            certificate,
            public_key: identity.administration.public_key(),
        };
        register::write(tx, fact, &identity.county, now)?;
        let envelope = Envelope::sign(
            EnvelopeBody {
                document,
                kind: DocumentKind::County,
                leaves: Leaves::default(),
                change: change.raw_bytes().to_vec(),
                counter: 1,
                previous: Hash32::ZERO,
                certificate,
                register_head: 1,
                cursor_seq: 0,
            },
            &identity.administration,
        );
        log::append(tx, &envelope, &change, Cursor::START, now)?;
        device_progress::set_head(tx, certificate, 1, envelope.hash())
    })?;
    Ok(store)
}
