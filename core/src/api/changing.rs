//! What a command does with the device beside its work: whether names may be given, and who hears that something changed.

use super::backend::Backend;
use super::held::held;
use super::office;
use crate::app::device::Device;
use crate::error::Result;

impl Backend {
    /// Works with the device of somebody who sees names.
    pub(super) fn with_names<T>(&self, work: impl FnOnce(&mut Device) -> Result<T>) -> Result<T> {
        self.with_device(|device| {
            office::names(device)?;
            work(device)
        })
    }

    /// Works with the device; screens ask again, and what is to be sent goes out soon.
    pub(super) fn changing<T>(&self, work: impl FnOnce(&mut Device) -> Result<T>) -> Result<T> {
        let result = self.with_device(work)?;
        self.host.changed();
        self.saved()?;
        Ok(result)
    }

    /// As `changing`, where the work says whether anything changed.
    pub(super) fn changing_if<T>(&self, work: impl FnOnce(&mut Device) -> Result<(T, bool)>) -> Result<T> {
        let (result, changed) = self.with_device(work)?;
        if changed {
            self.host.changed();
            self.saved()?;
        }
        Ok(result)
    }

    /// What is to be sent goes out soon.
    pub(super) fn saved(&self) -> Result<()> {
        if self.with_device(|device| device.store.reading().outbox_counts())?.0 > 0 {
            held(&self.syncing.pace).saved(self.environment.clock.monotonic_ms());
            self.syncing.alarm.ring_for_sync();
        }
        Ok(())
    }
}
