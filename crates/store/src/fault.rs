//! Which failures of the database leave the disk trustworthy.
//!
//! A full disk is an ordinary condition: nothing was committed and the next attempt may succeed.
//! A failed sync is not: the kernel may have dropped the pages and report success the next time,
//! so nothing that this process believes about the file can be trusted. This module must not know
//! what was being written.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

/// What a database error says about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No room; nothing was committed.
    Full,
    /// A write failed for a reason that SQLite doesn't tell; full when the disk has no room.
    MaybeFull,
    /// Another connection holds the lock; nothing was begun.
    Busy,
    /// Everything else, a failed sync above all.
    Io,
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

/// [`classify`], with the file system asked where SQLite hides the reason.
pub(crate) fn classify_at(error: &Error, dir: &Path) -> Fault {
    match classify(error) {
        Fault::MaybeFull if has_no_room(dir) => Fault::Full,
        Fault::MaybeFull => Fault::Io,
        fault => fault,
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
        assert_eq!(classify_at(&failure(ffi::SQLITE_IOERR_WRITE), &dir), Fault::Io);
    }
}
