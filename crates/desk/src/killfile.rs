//! The kill switch as a file, for when everything else is broken.
//!
//! Its content is `pause`, `halt` or `flatten`; anything else, an unreadable file included, counts
//! as `halt`. It is read before any socket opens, four times a second, and before every entry.
//! Deleting it releases nothing: the level is in the journals by then.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use path::policy::KillLevel;

use crate::error::DeskError;

/// The kill file of a data folder.
#[derive(Debug, Clone)]
pub struct KillFile(PathBuf);

impl KillFile {
    /// The file at this path, which need not exist.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The level that the file asks for; `None` while there is no file.
    #[must_use]
    pub fn level(&self) -> Option<KillLevel> {
        /// More than this is not one of the three words.
        const LENGTH_MAX: usize = 64;
        match fs::read(&self.0) {
            Ok(bytes) => {
                let text =
                    String::from_utf8_lossy(&bytes[..bytes.len().min(LENGTH_MAX)]).into_owned();
                Some(text.trim().parse().unwrap_or(KillLevel::Halt))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(_) => Some(KillLevel::Halt),
        }
    }

    /// Writes the file and syncs it. A higher level that stands there stays.
    ///
    /// # Errors
    /// [`DeskError::File`] when the disk refuses.
    pub fn pull(&self, level: KillLevel) -> Result<(), DeskError> {
        if self.level().is_some_and(|present| present >= level) {
            return Ok(());
        }
        let file = |source| DeskError::File { what: format!("write {}", self.0.display()), source };
        let mut out = fs::File::create(&self.0).map_err(file)?;
        out.write_all(level.to_string().as_bytes()).map_err(file)?;
        out.sync_all().map_err(file)?;
        if let Some(dir) = self.0.parent().and_then(|d| fs::File::open(d).ok()) {
            dir.sync_all().map_err(file)?;
        }
        Ok(())
    }

    /// Removes the file, as part of a release.
    ///
    /// # Errors
    /// [`DeskError::File`] when the disk refuses.
    pub fn remove(&self) -> Result<(), DeskError> {
        match fs::remove_file(&self.0) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => {
                Err(DeskError::File { what: format!("remove {}", self.0.display()), source })
            }
        }
    }
}
