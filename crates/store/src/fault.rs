//! Which failures of the database leave the disk trustworthy.
//!
//! A full disk is an ordinary condition: nothing was committed and the next attempt may succeed.
//! A failed sync is not: the kernel may have dropped the pages and report success the next time,
//! so nothing that this process believes about the file can be trusted. This module must not know
//! what was being written.

use std::path::Path;

use postgres::error::SqlState;
use rusqlite::{Error, ErrorCode, ffi};

use crate::error::StoreError;

/// What a database error says about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No room; nothing was committed.
    Full,
    /// A write failed for a reason that SQLite doesn't tell; full when the disk has no room.
    MaybeFull,
    /// Another connection holds the lock; nothing was begun.
    Busy,
    /// The connection to the database's server broke. What was not committed is not in it.
    Lost,
    /// Everything else, a failed sync above all.
    Io,
}

/// A database's failure, in the words of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DbError {
    pub(crate) fault: Fault,
    pub(crate) text: String,
}

impl DbError {
    pub(crate) fn new(fault: Fault, text: impl Into<String>) -> Self {
        Self { fault, text: text.into() }
    }

    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::new(Fault::Io, text)
    }

    /// The fault, with the file system asked where SQLite hides the reason.
    pub(crate) fn fault_at(&self, dir: &Path) -> Fault {
        match self.fault {
            Fault::MaybeFull if has_no_room(dir) => Fault::Full,
            Fault::MaybeFull => Fault::Io,
            fault => fault,
        }
    }
}

impl From<StoreError> for DbError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(text) => Self::new(Fault::Full, text),
            StoreError::Busy(text) => Self::new(Fault::Busy, text),
            StoreError::Lost(text) => Self::new(Fault::Lost, text),
            StoreError::Sql(text) => Self::other(text),
            other => Self::other(other.to_string()),
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        Self::new(classify(&error), error.to_string())
    }
}

impl From<postgres::Error> for DbError {
    fn from(error: postgres::Error) -> Self {
        Self::new(classify_postgres(&error), words(&error))
    }
}

/// A server's failure with its cause: the driver's own words leave the cause out.
pub(crate) fn words(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(told) => format!("{} [{}]", told.message(), told.code().code()),
        None => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
            format!("{error}{}", cause.unwrap_or_default())
        }
    }
}

fn classify_postgres(error: &postgres::Error) -> Fault {
    let Some(told) = error.as_db_error() else {
        // The driver refuses values before it sends anything; all else is the connection.
        let local = error.to_string().starts_with("error serializing")
            || error.to_string().starts_with("error deserializing");
        return if local { Fault::Io } else { Fault::Lost };
    };
    let code = told.code();
    if *code == SqlState::DISK_FULL {
        return Fault::Full;
    }
    let busy = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::QUERY_CANCELED,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    if busy.contains(code) {
        return Fault::Busy;
    }
    let lost = ["08", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04"];
    if lost.iter().any(|class| code.code().starts_with(class)) { Fault::Lost } else { Fault::Io }
}

pub(crate) fn classify(error: &Error) -> Fault {
    let Error::SqliteFailure(failure, _) = error else { return Fault::Io };
    match failure.code {
        ErrorCode::DiskFull => Fault::Full,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Busy,
        ErrorCode::SystemIoFailure => match failure.extended_code {
            ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE => {
                Fault::MaybeFull
            }
            _ => Fault::Io,
        },
        _ => Fault::Io,
    }
}

/// Less than this many free bytes count as none: the index of the write-ahead log grows in steps
/// of 32 KiB.
const ROOM_MIN: u64 = 64 * 1024;

fn has_no_room(dir: &Path) -> bool {
    rustix::fs::statvfs(dir)
        .is_ok_and(|stat| stat.f_bavail.saturating_mul(stat.f_frsize) < ROOM_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(extended: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(extended), None)
    }

    #[test]
    fn a_failed_sync_is_never_taken_for_a_full_disk() {
        assert_eq!(classify(&failure(ffi::SQLITE_FULL)), Fault::Full);
        assert_eq!(classify(&failure(ffi::SQLITE_BUSY)), Fault::Busy);
        assert_eq!(classify(&failure(ffi::SQLITE_IOERR_WRITE)), Fault::MaybeFull);
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR] {
            assert_eq!(classify(&failure(code)), Fault::Io);
        }
        let dir = std::env::temp_dir();
        let write = DbError::from(failure(ffi::SQLITE_IOERR_WRITE));
        assert_eq!(write.fault_at(&dir), Fault::Io);
    }
}
