//! Checkpoints: the heads of all streams at one moment, to be kept where the journal's host can't
//! reach them.
//!
//! A hash chain shows every change but not a cut end: who can write the database can drop the last
//! records and the head with them. A head that was copied elsewhere shows that. For now a
//! checkpoint is plain JSON without a signature, so it is worth as much as the place where it is
//! kept. This module must not know databases.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

use domain::{InstallationId, Timestamp};
use path::journal::Head;
use serde::{Deserialize, Serialize};

use crate::{
    connection::{create_private, sync_dir_of},
    error::StoreError,
};

/// The form of the file.
const FORMAT: u16 = 1;
/// A file larger than this is no checkpoint: 64 MiB hold half a million streams.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The heads of all streams at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The version of the file's form.
    pub format: u16,
    /// Whose journal it is; absent when the database had no identity yet.
    pub installation: Option<InstallationId>,
    /// The incarnation at that moment.
    pub incarnation: u32,
    /// When it was made, by the wall clock.
    pub created_at: Timestamp,
    /// The head of each stream, by name.
    pub heads: BTreeMap<String, Head>,
}

impl Checkpoint {
    pub(crate) fn new(
        installation: Option<InstallationId>,
        incarnation: u32,
        created_at: Timestamp,
        heads: BTreeMap<String, Head>,
    ) -> Self {
        Self { format: FORMAT, installation, incarnation, created_at, heads }
    }

    pub(crate) fn foreign(&self, expected: &InstallationId) -> StoreError {
        StoreError::OtherInstallation {
            what: "the checkpoint".to_owned(),
            found: self.installation.as_ref().map_or("unknown", |id| id.as_str()).to_owned(),
            expected: expected.to_string(),
        }
    }

    /// Writes the checkpoint durably as JSON, replacing an older one in one step.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; an older one is then untouched.
    pub fn write_to(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref();
        let json = serde_json::to_vec_pretty(self)
            .map_err(|e| StoreError::Refused(format!("the checkpoint can't be written: {e}")))?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = Path::new(&name);
        let _ = fs::remove_file(new);
        create_private(new)?;
        let written = File::options().write(true).open(new).and_then(|mut file| {
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(new, path)
        });
        if let Err(error) = written {
            let _ = fs::remove_file(new);
            return Err(StoreError::file("write", path)(error));
        }
        sync_dir_of(path)
    }

    /// Reads a checkpoint file.
    ///
    /// # Errors
    /// [`StoreError::File`] when it can't be read, [`StoreError::Corrupt`] when it is no
    /// checkpoint of a known form.
    pub fn read_from(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let mut json = Vec::new();
        File::open(path)
            .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut json))
            .map_err(StoreError::file("read", path))?;
        let corrupt = |detail: String| StoreError::Corrupt {
            what: format!("the checkpoint {}", path.display()),
            detail,
        };
        let checkpoint: Self = serde_json::from_slice(&json).map_err(|e| corrupt(e.to_string()))?;
        if checkpoint.format != FORMAT {
            return Err(corrupt(format!("its form {} is not known", checkpoint.format)));
        }
        Ok(checkpoint)
    }
}
