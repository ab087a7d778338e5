//! An unlocked device: the store, the photo files, and who writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::author::Author;
use super::rebuild_projections;
use crate::domain::county::County;
use crate::domain::identifier::DocumentId;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};
use crate::photo::file_store::PhotoFiles;
use crate::store::device::Enrolment;
use crate::store::{Durability, Store, projection};
use crate::sync::link::DeviceIdentity;
use crate::vault::sealing::DataKey;
use crate::vault::signing::DeviceSigner;

/// The folder of photo files within the app's folder.
const PHOTO_FOLDER: &str = "photos";

/// An unlocked device.
pub struct Device {
    /// The store.
    pub store: Store,
    /// The photo files; they can be worked with while the store is busy.
    pub photos: Arc<PhotoFiles>,
    /// Who writes.
    pub author: Author,
    /// Whose device it is.
    pub enrolment: Enrolment,
    /// Time and randomness.
    pub environment: Environment,
    /// Up to which of its counters the last request asked what became of what waits apart.
    pub(super) asked_up_to: u64,
    /// The place of the last envelope of others that was given back to a restored server.
    pub(super) gave_up_to: i64,
    /// Dossiers whose names were asked for with a recorded reason since the device was unlocked.
    pub shown: BTreeSet<DocumentId>,
    /// The county, once it has come.
    county: Option<Arc<County>>,
    /// Where everything lies.
    pub folder: PathBuf,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Device")
    }
}

impl Device {
    /// Opens an enrolled device with its data key.
    ///
    /// # Errors
    /// [`ErrorCode::NotEnrolled`], the faults of a store.
    pub fn open(folder: &Path, key: &DataKey, environment: &Environment, durability: Durability) -> Result<Self> {
        Self::over(Store::open(folder, key, durability)?, folder, key, environment)
    }

    /// Opens an enrolled device whose store lies in the clear (photo files are sealed all the same).
    ///
    /// # Errors
    /// As [`Device::open`].
    #[cfg(feature = "plain-store-for-benchmarks")]
    pub fn open_in_the_clear(
        folder: &Path,
        key: &DataKey,
        environment: &Environment,
        durability: Durability,
    ) -> Result<Self> {
        Self::over(Store::open_in_the_clear(folder, durability)?, folder, key, environment)
    }

    fn over(mut store: Store, folder: &Path, key: &DataKey, environment: &Environment) -> Result<Self> {
        let enrolment = store
            .reading()
            .enrolment()?
            .ok_or_else(|| Failure::new(ErrorCode::NotEnrolled, "the store holds no enrolment"))?;
        let photos = Arc::new(PhotoFiles::open(&folder.join(PHOTO_FOLDER), key, environment.clone())?);
        if store.reading().projection_version()? != projection::VERSION {
            rebuild_projections::rebuild(&mut store, &mut |_, _| {})?;
        }
        let county = store.reading().county()?.map(Arc::new);
        let author = Author {
            signer: DeviceSigner::from_secret(&enrolment.signing_secret),
            certificate: enrolment.certificate,
            actor: environment.random_bytes(),
            rights: enrolment.rights.clone(),
        };
        Ok(Self {
            store,
            photos,
            author,
            enrolment,
            environment: environment.clone(),
            asked_up_to: 0,
            gave_up_to: 0,
            shown: BTreeSet::new(),
            county,
            folder: folder.to_path_buf(),
        })
    }

    /// The county; before the first sync one without a name and places.
    #[must_use]
    pub fn county(&self) -> Arc<County> {
        self.county.clone().unwrap_or_else(|| {
            Arc::new(County {
                county: crate::domain::place::Place {
                    code: crate::domain::place::PlaceCode::unknown_county(),
                    name: self.enrolment.county_name.clone(),
                    former_names: Vec::new(),
                    merged_into: None,
                    key_area: false,
                },
                places: Vec::new(),
                schools: Vec::new(),
                calendar: crate::domain::calendar::Calendar::default(),
                rules: Vec::new(),
                codes: Vec::new(),
                duty: crate::domain::duty::DutyGrid::default(),
                evidence: Vec::new(),
                home_teaching: Vec::new(),
                looks: Vec::new(),
                method: Vec::new(),
                round_from: None,
            })
        })
    }

    /// Reads again what a sync may have changed.
    ///
    /// # Errors
    /// The faults of a store.
    pub fn refresh(&mut self) -> Result<()> {
        self.county = self.store.reading().county()?.map(Arc::new);
        if let Some(enrolment) = self.store.reading().enrolment()? {
            self.author.rights = enrolment.rights.clone();
            self.enrolment = enrolment;
        }
        Ok(())
    }

    /// What is needed to connect.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when the key cannot be written in its standard form.
    pub fn identity(&self) -> Result<DeviceIdentity> {
        Ok(DeviceIdentity {
            address: self.enrolment.address.clone(),
            fingerprint: self.enrolment.fingerprint,
            certificate_der: self.enrolment.certificate_der.clone(),
            key_pkcs8_der: self.author.signer.to_pkcs8_der()?.to_vec(),
        })
    }
}
