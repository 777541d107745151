//! How a connection to an SQLite file is opened: pragmas, file modes, the first checkpoint.
//!
//! Durability is decided here, so that no other module can open a file in a weaker way by
//! mistake. This module must not know tables.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags, Row, ToSql, config::DbConfig, params_from_iter, types::ToSqlOutput,
};

use crate::{
    datadir::Repair,
    error::StoreError,
    fault::DbError,
    session::{Columns, OnRow, Param, Session},
};

/// The mode of every file that the store makes.
pub(crate) const FILE_MODE: u32 = 0o600;
/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut to this many bytes when it starts over.
const WAL_KEEP_BYTES: u32 = 32 * 1024 * 1024;
/// Statements kept ready per connection; more than there are in `sql`.
const STATEMENTS_MAX: usize = 96;

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// When it has reached the disk.
    Full,
    /// When it is in the log; a power cut may lose the newest commits, never their order.
    Normal,
}

/// Opens a database for writing, and makes the file when it is missing. Checkpoints happen only
/// where the caller asks, so that their failures are seen.
pub(crate) fn open_writer(path: &Path, sync: Sync) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let detail = format!("its file system allows only the journal mode `{mode}`, not WAL");
        return Err(StoreError::Refused(format!("{}: {detail}", path.display())));
    }
    let level = match sync {
        Sync::Full => "FULL",
        Sync::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", level)?;
    let _: i64 = conn.query_row("PRAGMA wal_autocheckpoint = 0", [], |row| row.get(0))?;
    let size = format!("PRAGMA journal_size_limit = {WAL_KEEP_BYTES}");
    let _: i64 = conn.query_row(&size, [], |row| row.get(0))?;
    Ok(conn)
}

/// Opens a database for reading. The file must exist.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(conn)
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Int(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

impl Columns for Row<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        Ok(self.get(column)?)
    }

    fn text(&self, column: usize) -> Result<Option<Arc<str>>, DbError> {
        Ok(self.get(column)?)
    }

    fn hash(&self, column: usize) -> Result<Option<[u8; 32]>, DbError> {
        Ok(self.get(column)?)
    }
}

/// A connection to a file as a [`Session`].
pub(crate) struct Lite<'c>(pub(crate) &'c Connection);

impl Session for Lite<'_> {
    fn execute(&mut self, sql: &'static str, values: &[Param<'_>]) -> Result<u64, DbError> {
        let changed = self.0.prepare_cached(sql)?.execute(params_from_iter(values))?;
        Ok(changed as u64)
    }

    fn each(
        &mut self,
        sql: &'static str,
        values: &[Param<'_>],
        on_row: &mut OnRow<'_>,
    ) -> Result<(), DbError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            on_row(row)?;
        }
        Ok(())
    }
}

/// What a checkpoint did, in pages of the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpointed {
    pub(crate) in_log: i64,
    pub(crate) moved: i64,
}

/// Moves what nobody reads any more from the log into the database, and syncs both.
pub(crate) fn checkpoint(conn: &Connection) -> Result<Checkpointed, rusqlite::Error> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(Checkpointed { in_log: row.get(1)?, moved: row.get(2)? })
    })
}

/// Empties the log into the database.
///
/// After a failed sync the kernel may show pages that the disk never got. Commits that follow such
/// a page in the log would be lost with it in a power cut. Copying the log into the database and
/// syncing that makes the old log irrelevant, so it is done before the first new commit.
pub(crate) fn empty_log(conn: &Connection) -> Result<(), StoreError> {
    let (busy, in_log, moved): (i64, i64, i64) =
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    if busy != 0 && in_log != moved {
        return Err(StoreError::Busy(
            "another program reads the database; close it and start again".to_owned(),
        ));
    }
    Ok(())
}

/// Makes an empty private file unless it exists; true when it was made.
pub(crate) fn create_private(path: &Path) -> Result<bool, StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::file("create", path)(error)),
    }
}

/// Takes rights away from group and others; tells when it had to.
pub(crate) fn tighten(path: &Path, mode: u32) -> Result<Option<Repair>, StoreError> {
    let meta = fs::metadata(path).map_err(StoreError::file("examine", path))?;
    let was = meta.permissions().mode() & 0o777;
    if was & 0o077 == 0 {
        return Ok(None);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(StoreError::file("restrict the permissions of", path))?;
    Ok(Some(Repair { path: path.to_owned(), was, now: mode }))
}

/// The database with its log and index files.
pub(crate) fn family(path: &Path) -> [PathBuf; 3] {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    [path.to_owned(), with("-wal"), with("-shm")]
}

/// Makes the database file or tightens the modes of the existing one. Returns repairs, and whether
/// the file holds anything.
pub(crate) fn prepare(path: &Path) -> Result<(Vec<Repair>, bool), StoreError> {
    if create_private(path)? {
        sync_dir_of(path)?;
        return Ok((Vec::new(), false));
    }
    let mut repairs = Vec::new();
    for file in family(path) {
        if file.exists() {
            repairs.extend(tighten(&file, FILE_MODE)?);
        }
    }
    let bytes = fs::metadata(path).map_err(StoreError::file("examine", path))?.len();
    Ok((repairs, bytes > 0))
}

/// Makes a new name in a folder durable.
pub(crate) fn sync_dir_of(path: &Path) -> Result<(), StoreError> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::file("sync", dir))
}
