//! Reading the journal beside its writer.
//!
//! A reader has connections of its own and sees the last commit; it never waits for the writer nor
//! holds it up for longer than one query. This module must not write.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{InstallationId, Timestamp};
use path::journal::{EventRecord, Hash, Head, JournalReader, ReadError, SnapshotRecord, StreamId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    checkpoint::Checkpoint,
    connection::open_reader,
    lease::unsigned,
    meta::{read_incarnation, read_installation},
    snapshot::{self, SnapshotRead},
    sql,
    verify::JournalIndex,
};

/// Connections that wait for the next query; more are opened and closed as needed.
const IDLE_MAX: usize = 4;

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// Reads the journal. Clones share their connections.
#[derive(Clone)]
pub struct SqliteReader(Arc<Pool>);

impl fmt::Debug for SqliteReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteReader").field(&self.0.path).finish()
    }
}

impl SqliteReader {
    pub(crate) fn over(path: PathBuf) -> Self {
        Self(Arc::new(Pool { path, idle: Mutex::new(Vec::new()) }))
    }

    /// Reads the database file of a desk that may be running, or a copy of one. Takes no lock on
    /// the data folder and changes nothing in the file.
    ///
    /// # Errors
    /// [`ReadError`] when the file is missing or no journal.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let reader = Self::over(path.as_ref().to_owned());
        reader.query(|conn| conn.prepare(sql::ALL_HEADS).map(drop))?;
        Ok(reader)
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn query<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, ReadError> {
        let pool = &self.0;
        let idle = || pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fail = |error: rusqlite::Error| ReadError(format!("{}: {error}", pool.path.display()));
        let waiting = idle().pop();
        let conn = match waiting {
            Some(conn) => conn,
            None => open_reader(&pool.path).map_err(fail)?,
        };
        let value = work(&conn).map_err(fail)?;
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        Ok(value)
    }

    /// The heads of all streams, by name.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn heads(&self) -> Result<Vec<(String, Head)>, ReadError> {
        self.query(|conn| {
            let mut statement = conn.prepare_cached(sql::ALL_HEADS)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, head_at(row, 1)?)))?;
            rows.collect()
        })
    }

    /// The newest usable snapshot of a stream, and what is wrong with newer ones. Damage is not an
    /// error: the caller folds from an older snapshot or from the start.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn read_snapshot(&self, stream: &StreamId) -> Result<SnapshotRead, ReadError> {
        self.query(|conn| snapshot::read_newest(conn, stream))
    }

    /// The heads of all streams with the identity of the database, to be kept elsewhere. It is not
    /// signed: it proves truncation only as far as its own storage can be trusted.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn export_checkpoint(&self, now_wall: Timestamp) -> Result<Checkpoint, ReadError> {
        let heads = self.heads()?.into_iter().collect();
        let incarnation =
            self.query(|conn| Ok(read_incarnation(conn)))?.map_err(|e| ReadError(e.to_string()))?;
        Ok(Checkpoint::new(self.installation()?, incarnation, now_wall, heads))
    }
}

impl JournalReader for SqliteReader {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        self.query(|conn| {
            let mut statement = conn.prepare_cached(sql::STREAM_HEAD)?;
            let head = statement.query_row([stream.as_str()], |row| head_at(row, 0)).optional()?;
            Ok(head.unwrap_or_default())
        })
    }

    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query(|conn| {
            let mut statement = conn.prepare_cached(sql::READ_EVENTS)?;
            let rows = statement.query_map(params![stream.as_str(), after, limit], event_at)?;
            rows.collect()
        })
    }

    fn snapshot(&self, stream: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        let read = self.read_snapshot(stream)?;
        for warning in &read.warnings {
            tracing::warn!(%warning, "a snapshot is not used");
        }
        Ok(read.snapshot)
    }
}

impl JournalIndex for SqliteReader {
    fn installation(&self) -> Result<Option<InstallationId>, ReadError> {
        self.query(read_installation)?.transpose().map_err(|e| ReadError(e.to_string()))
    }

    fn stream_names(&self) -> Result<Vec<String>, ReadError> {
        self.query(|conn| {
            let mut statement = conn.prepare_cached(sql::ALL_HEADS)?;
            let mut names =
                statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            let mut next = conn.prepare_cached(sql::NEXT_STREAM)?;
            let mut last = String::new();
            while let Some(name) = next.query_row([&last], |row| row.get::<_, Option<String>>(0))? {
                names.push(name.clone());
                last = name;
            }
            names.sort_unstable();
            names.dedup();
            Ok(names)
        })
    }
}

pub(crate) fn head_at(row: &Row<'_>, column: usize) -> Result<Head, rusqlite::Error> {
    Ok(Head { seq: unsigned(row, column)?, hash: Hash(row.get(column + 1)?) })
}

fn event_at(row: &Row<'_>) -> Result<EventRecord, rusqlite::Error> {
    Ok(EventRecord {
        seq: unsigned(row, 0)?,
        at: Timestamp(row.get(1)?),
        wall_at: Timestamp(row.get(2)?),
        kind: row.get(3)?,
        version: row.get(4)?,
        body: row.get(5)?,
        prev: Hash(row.get(6)?),
        hash: Hash(row.get(7)?),
    })
}
