//! Consistent copies of the database while it is in use.
//!
//! `VACUUM INTO` reads one moment of the database, write-ahead log included, and writes it as one
//! compact file. SQLite does not sync that file, and a name that appears before its content would
//! look like a good backup: so the copy is synced and checked under another name first. This
//! module must not know rows.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde::Serialize;

use crate::{
    connection::{create_private, open_reader, sync_dir_of},
    database::SqliteDatabase,
    error::StoreError,
    reader::Reader,
    verify::{VerifyReport, verify},
};

/// A finished copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What the check of the copy's chains found. A break was in the database already.
    pub verify: VerifyReport,
}

impl SqliteDatabase {
    /// Writes a consistent copy to a new file and checks it. Writers go on meanwhile; the
    /// write-ahead log can't shrink until the copy is done. The copy is a whole database: put in
    /// place of the original, it opens.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the file is there already, [`StoreError::Full`] when it doesn't
    /// fit, [`StoreError::Corrupt`] when the copy is damaged. No file is left behind then.
    pub fn backup_to(&self, path: impl AsRef<Path>) -> Result<BackupReport, StoreError> {
        let path = path.as_ref();
        copy_to(&open_reader(self.path())?, path)?;
        let verify = verify(&Reader::open(path)?, None, &mut |_| {})?;
        let bytes = fs::metadata(path).map_err(StoreError::file("examine", path))?.len();
        Ok(BackupReport { path: path.to_owned(), bytes, verify })
    }
}

/// Copies the database of `conn` to a new private file, durably.
pub(crate) fn copy_to(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Err(StoreError::Exists(path.to_owned()));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let _ = fs::remove_file(&part);
    create_private(&part)?;
    let copied = fill(conn, &part).and_then(|()| publish(&part, path));
    let _ = fs::remove_file(&part);
    copied
}

fn fill(conn: &Connection, part: &Path) -> Result<(), StoreError> {
    let Some(target) = part.to_str() else {
        let why = format!("the name {} is not valid UTF-8", part.display());
        return Err(StoreError::Refused(why));
    };
    conn.execute("VACUUM INTO $1", [target])?;
    File::open(part).and_then(|file| file.sync_all()).map_err(StoreError::file("sync", part))?;
    let copy = open_reader(part)?;
    let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        let what = format!("the copy {}", part.display());
        return Err(StoreError::Corrupt { what, detail: verdict });
    }
    Ok(())
}

/// Gives the copy its name unless somebody took it meanwhile.
fn publish(part: &Path, path: &Path) -> Result<(), StoreError> {
    match fs::hard_link(part, path) {
        Ok(()) => sync_dir_of(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Exists(path.to_owned()))
        }
        // Not every file system has links.
        Err(_) => {
            fs::rename(part, path).map_err(StoreError::file("write", path))?;
            sync_dir_of(path)
        }
    }
}
