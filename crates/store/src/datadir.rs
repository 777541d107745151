//! The data folder: private to its owner, and used by one process at a time.
//!
//! SQLite would let two desks share a folder; leases would then keep the journal consistent, but
//! both would trade. The lock stops the second one before it opens anything. This module must not
//! know what the folder holds.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::{
    connection::{FILE_MODE, tighten},
    error::{Owner, StoreError},
};

/// File name of the lock.
pub const LOCK_FILE: &str = "LOCK";
const DIR_MODE: u32 = 0o700;

/// Permissions that were too loose and were taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The file or folder.
    pub path: PathBuf,
    /// The permission bits that were found.
    pub was: u32,
    /// The permission bits that were set.
    pub now: u32,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, was, now } = self;
        let path = path.display();
        write!(f, "{path} could be read by others (mode {was:04o}); it is now {now:04o}")
    }
}

#[derive(Debug)]
struct Held {
    dir: PathBuf,
    repairs: Vec<Repair>,
    /// The operating system gives the lock back when this is closed, however the process ends.
    _file: File,
}

/// Tenure of a data folder. It ends when the last clone is dropped or the process ends.
#[derive(Debug, Clone)]
pub struct DataDirLock(Arc<Held>);

impl DataDirLock {
    /// Makes the folder if it is missing, makes it private, and takes its lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`] names the process that holds it; [`StoreError::File`] when the
    /// folder can't be made or isn't ours.
    pub fn acquire(dir: impl AsRef<Path>) -> Result<Self, StoreError> {
        let dir = dir.as_ref();
        DirBuilder::new()
            .recursive(true)
            .mode(DIR_MODE)
            .create(dir)
            .map_err(StoreError::file("create", dir))?;
        let dir = fs::canonicalize(dir).map_err(StoreError::file("find", dir))?;
        let mut repairs: Vec<Repair> = tighten(&dir, DIR_MODE)?.into_iter().collect();
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(StoreError::file("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::Locked { dir, owner: read_owner(&mut file) });
            }
            Err(errno) => return Err(StoreError::file("lock", &path)(errno.into())),
        }
        repairs.extend(tighten(&path, FILE_MODE)?);
        // A full disk must not keep the desk from starting: the pid only helps to read a message.
        let _ = write_owner(&mut file);
        Ok(Self(Arc::new(Held { dir, repairs, _file: file })))
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.0.repairs
    }
}

fn write_owner(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

fn read_owner(file: &mut File) -> Owner {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    Owner(read.ok().and_then(|_| text.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_second_user_is_told_who_the_first_is() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("a/b");
        let lock = DataDirLock::acquire(&dir).unwrap();
        let second = lock.clone();
        drop(lock);
        let error = DataDirLock::acquire(&dir).unwrap_err();
        assert_eq!(error.code(), "store_locked");
        let pid = std::process::id();
        assert!(error.to_string().contains(&format!("in use by process {pid};")), "{error}");
        drop(second);
        DataDirLock::acquire(&dir).unwrap();
    }

    #[test]
    fn loose_permissions_are_repaired_and_reported() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("d");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let lock = DataDirLock::acquire(&dir).unwrap();
        assert_eq!(lock.repairs().len(), 1);
        let text = lock.repairs()[0].to_string();
        assert!(text.ends_with("could be read by others (mode 0755); it is now 0700"), "{text}");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(LOCK_FILE))), (0o700, 0o600));
    }
}
