//! The journal's database as a whole: opened once per process, handed out in parts.
//!
//! Opening checks permissions, copies the file before it migrates, and empties the write-ahead log
//! into the database, so that every part starts from what the disk really holds. This module must
//! not know rows.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::Connection;

use crate::{
    JOURNAL_FILE,
    backend::Backend,
    backup::copy_to,
    connection::{Sync, empty_log, open_writer, prepare},
    datadir::{DataDirLock, Repair},
    error::StoreError,
    identities::Identities,
    journal::SqliteJournal,
    lease::Leases,
    meta::Meta,
    migrate::{self, JOURNAL, Migration},
    reader::Reader,
    snapshot::Snapshots,
};

/// What all parts of one opened database share.
pub(crate) struct Shared {
    path: PathBuf,
    lock: DataDirLock,
    /// For everything that is written besides the journal: leases, snapshots, meta.
    side: Mutex<Connection>,
    /// Set when a write to the journal failed in a way after which the file can't be trusted.
    dead: AtomicBool,
    /// The log that an earlier process left is in the database.
    settled: AtomicBool,
    repairs: Vec<Repair>,
    migration_backup: Option<PathBuf>,
}

impl Shared {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn dir(&self) -> &Path {
        self.lock.dir()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::Release);
    }

    /// Does what opening could not do on a full disk. Nothing may be written before.
    pub(crate) fn settle(&self, conn: &Connection) -> Result<(), StoreError> {
        if !self.settled.load(Ordering::Acquire) {
            empty_log(conn)?;
            self.settled.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Runs `work` on the side connection.
    pub(crate) fn side<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // A transaction rolls back when it is dropped, so a poisoned connection is still usable.
        let mut conn = self.side.lock().unwrap_or_else(PoisonError::into_inner);
        self.settle(&conn)?;
        work(&mut conn)
    }
}

/// The open database of one data folder. Clones are the same database.
#[derive(Clone)]
pub struct SqliteDatabase(pub(crate) Arc<Shared>);

impl fmt::Debug for SqliteDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteDatabase")
            .field("path", &self.0.path)
            .field("dead", &self.0.is_dead())
            .finish_non_exhaustive()
    }
}

impl SqliteDatabase {
    /// Opens or makes the database of a locked data folder and brings its schema up to date. An
    /// existing database is copied beside itself before it is migrated.
    ///
    /// On a full disk an existing database still opens; writes then answer that there is no room
    /// until there is.
    ///
    /// # Errors
    /// [`StoreError`] when the file is damaged, foreign, newer than the program, or unreadable, or
    /// when another program reads it while an earlier run's log is taken over.
    pub fn open(lock: &DataDirLock) -> Result<Self, StoreError> {
        Self::open_with(lock, JOURNAL)
    }

    fn open_with(lock: &DataDirLock, migrations: &[Migration]) -> Result<Self, StoreError> {
        let path = lock.dir().join(JOURNAL_FILE);
        let (repairs, existed) = prepare(&path)?;
        let mut conn = open_writer(&path, Sync::Full)?;
        let settled = match empty_log(&conn) {
            Ok(()) => true,
            Err(StoreError::Full(_)) => false,
            Err(error) => return Err(error),
        };
        let pending = migrate::pending(&conn, &path, migrations)?;
        let mut migration_backup = None;
        if let Some(first) = pending.first() {
            if !settled {
                return Err(StoreError::Full("a migration".to_owned()));
            }
            if existed {
                migration_backup = Some(copy_before(&conn, &path, first.number)?);
            }
            migrate::apply(&mut conn, pending)?;
        }
        Ok(Self(Arc::new(Shared {
            path,
            lock: lock.clone(),
            side: Mutex::new(conn),
            dead: AtomicBool::new(false),
            settled: AtomicBool::new(settled),
            repairs,
            migration_backup,
        })))
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.0.repairs
    }

    /// The copy that was made before this start's migrations.
    #[must_use]
    pub fn migration_backup(&self) -> Option<&Path> {
        self.0.migration_backup.as_deref()
    }

    /// True after a failure that only opening anew can mend.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.is_dead()
    }

    /// The writer of the journal. A process needs one: group commit lives in it. More of them
    /// wait for each other and stay correct.
    ///
    /// # Errors
    /// [`StoreError::Dead`] after a failure, or when the file can't be opened.
    pub fn journal(&self) -> Result<SqliteJournal, StoreError> {
        if self.is_dead() {
            return Err(StoreError::Dead);
        }
        SqliteJournal::open(self.0.clone())
    }

    /// A reader of the journal, with connections of its own.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::over(self.0.path.clone())
    }

    /// The leases in this database.
    #[must_use]
    pub fn leases(&self) -> Leases {
        Leases(Backend::Sqlite(self.0.clone()))
    }

    /// The snapshots in this database, for writing.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots(Backend::Sqlite(self.0.clone()))
    }

    /// People, sessions and keys in this database.
    #[must_use]
    pub fn identities(&self) -> Identities {
        Identities(Backend::Sqlite(self.0.clone()))
    }

    /// The installation's identity in this database.
    #[must_use]
    pub fn meta(&self) -> Meta {
        Meta(Backend::Sqlite(self.0.clone()))
    }
}

fn copy_before(conn: &Connection, path: &Path, number: u32) -> Result<PathBuf, StoreError> {
    for attempt in 1..=u32::MAX {
        let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".before-{number:04}{suffix}"));
        let target = PathBuf::from(name);
        match copy_to(conn, &target) {
            Ok(()) => return Ok(target),
            Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Exists(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    const EXTRA: Migration = Migration {
        number: 5,
        name: "extra",
        sql: "CREATE TABLE extra (x INTEGER) STRICT",
        postgres: "",
    };

    #[test]
    fn an_existing_database_is_copied_before_it_is_migrated() {
        let tmp = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(tmp.path()).unwrap();
        let first = SqliteDatabase::open(&lock).unwrap();
        assert_eq!(first.migration_backup(), None, "a new database needs no copy");
        let installation = first.meta().installation().unwrap();
        drop(first);
        assert_eq!(SqliteDatabase::open(&lock).unwrap().migration_backup(), None);

        let more = [JOURNAL, &[EXTRA]].concat();
        let second = SqliteDatabase::open_with(&lock, &more).unwrap();
        let copy = second.migration_backup().unwrap().to_owned();
        assert!(copy.ends_with("cofferdam.sqlite.before-0005"), "{}", copy.display());
        assert_eq!(second.meta().installation().unwrap(), installation);
        drop(second);

        let error = SqliteDatabase::open(&lock).unwrap_err();
        assert_eq!(error.code(), "store_too_new");
        fs::rename(&copy, lock.dir().join(JOURNAL_FILE)).unwrap();
        let restored = SqliteDatabase::open(&lock).unwrap();
        assert_eq!(restored.meta().installation().unwrap(), installation);
    }

    #[test]
    fn a_copy_that_exists_is_kept() {
        let tmp = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(tmp.path()).unwrap();
        drop(SqliteDatabase::open(&lock).unwrap());
        let taken = lock.dir().join("cofferdam.sqlite.before-0005");
        fs::write(&taken, "precious").unwrap();
        let db = SqliteDatabase::open_with(&lock, &[JOURNAL, &[EXTRA]].concat()).unwrap();
        assert!(db.migration_backup().unwrap().ends_with("cofferdam.sqlite.before-0005-2"));
        assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
    }

    #[test]
    fn database_files_are_private() {
        let tmp = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(tmp.path()).unwrap();
        let db = SqliteDatabase::open(&lock).unwrap();
        assert!(db.repairs().is_empty());
        for file in crate::connection::family(db.path()) {
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
        let path = db.path().to_owned();
        drop(db);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let db = SqliteDatabase::open(&lock).unwrap();
        assert_eq!(db.repairs()[0].was, 0o644);
    }
}
