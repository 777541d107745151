//! Files that appear whole or not at all, one writer at a time.
//!
//! This module must not know what is in a file.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::Write,
    path::Path,
    thread,
    time::Duration,
};

use super::error::StoreError;

const LOCK_NAME: &str = ".lock";
const TEMP_PREFIX: &str = ".tmp-";
const LOCK_TRIES_MAX: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// The right to write, until dropped.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Waits up to ten seconds for other writers.
    pub(crate) fn take(root: &Path) -> Result<Self, StoreError> {
        let path = root.join(LOCK_NAME);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io(&path, "open the lock file"))?;
        for _ in 0..LOCK_TRIES_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io(&path, "lock the file")(error));
                }
            }
        }
        Err(StoreError::Busy { path })
    }

    /// Makes a folder below `root` that survives a power cut, and clears it of what an
    /// interrupted writer has left.
    pub(crate) fn prepare_folder(&self, root: &Path, folder: &Path) -> Result<(), StoreError> {
        fs::create_dir_all(folder).map_err(StoreError::io(folder, "make the folder"))?;
        for parent in folder
            .ancestors()
            .skip(1)
            .take_while(|parent| parent.starts_with(root))
            .chain(root.parent())
        {
            sync_folder(parent)?;
        }
        let entries = fs::read_dir(folder).map_err(StoreError::io(folder, "list the folder"))?;
        for entry in entries {
            let entry = entry.map_err(StoreError::io(folder, "list the folder"))?;
            if is_temporary(&entry.file_name()) {
                let path = entry.path();
                fs::remove_file(&path).map_err(StoreError::io(&path, "remove the file"))?;
            }
        }
        Ok(())
    }

    /// Writes a file such that a reader, also after a power cut, finds the old one or the new.
    pub(crate) fn replace(&self, path: &Path, content: &[u8]) -> Result<(), StoreError> {
        let error = |action| StoreError::io(path, action);
        let folder = path.parent().unwrap_or(path);
        let mut file = tempfile::Builder::new()
            .prefix(TEMP_PREFIX)
            .tempfile_in(folder)
            .map_err(StoreError::io(folder, "make a file"))?;
        file.write_all(content).map_err(error("write the file"))?;
        file.as_file().sync_all().map_err(error("flush the file to disk"))?;
        file.persist(path).map_err(|failed| error("rename the file")(failed.error))?;
        sync_folder(folder)
    }
}

fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(TEMP_PREFIX))
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::io(folder, "flush the folder to disk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_leftovers_are_cleared() {
        let root = tempfile::tempdir().unwrap();
        let lock = WriteLock::take(root.path()).unwrap();
        let folder = root.path().join("a/b");
        lock.prepare_folder(root.path(), &folder).unwrap();
        fs::write(folder.join(".tmp-dead"), "half").unwrap();
        lock.prepare_folder(root.path(), &folder).unwrap();
        lock.replace(&folder.join("x"), b"one").unwrap();
        lock.replace(&folder.join("x"), b"two").unwrap();
        let names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["x"]);
        assert_eq!(fs::read(folder.join("x")).unwrap(), b"two");
        let path = root.path().to_owned();
        let waiting = thread::spawn(move || WriteLock::take(&path).map(|_| ()));
        thread::sleep(Duration::from_millis(150));
        drop(lock);
        waiting.join().unwrap().unwrap();
    }
}
