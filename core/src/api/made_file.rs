//! Files that were made and wait to be fetched by the host, once. In memory only: they hold personal data.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;
use ts_rs::TS;

use super::held::held;
use crate::environment::Environment;
use crate::error::{ErrorCode, Failure, Result};

/// A file that was made and waits to be saved where the person wants it.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MadeFile {
    /// Fetches the bytes from the host, once.
    pub file_id: String,
    /// A name for it, without personal data.
    pub file_name: String,
    /// Rows in it.
    pub row_count: u32,
}

/// So many wait at most; the oldest goes.
const FILES_MAX: usize = 4;

/// Files that wait.
#[derive(Default)]
pub(super) struct MadeFiles(Mutex<BTreeMap<String, (String, Vec<u8>)>>);

impl MadeFiles {
    pub(super) fn keep(&self, environment: &Environment, name: &str, bytes: Vec<u8>, row_count: u32) -> MadeFile {
        // An entry's id sorts by age, and its random part cannot be guessed.
        let file_id = environment.new_entry_id().to_string();
        let mut files = held(&self.0);
        files.insert(file_id.clone(), (name.to_owned(), bytes));
        while files.len() > FILES_MAX {
            files.pop_first();
        }
        MadeFile { file_id, file_name: name.to_owned(), row_count }
    }

    pub(super) fn take(&self, file_id: &str) -> Result<(String, Vec<u8>)> {
        held(&self.0)
            .remove(file_id)
            .ok_or_else(|| Failure::new(ErrorCode::ImportNotHere, "the file was fetched or has gone"))
    }

    pub(super) fn clear(&self) {
        held(&self.0).clear();
    }
}
