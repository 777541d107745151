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
use path::journal::{
    EventRecord, Hash, Head, JournalReader, LeaseToken, ReadError, SnapshotRecord, StreamId,
};
use rusqlite::Connection;

use crate::{
    checkpoint::Checkpoint,
    connection::{Lite, open_reader},
    error::StoreError,
    fault::DbError,
    lease::head_at,
    meta::{read_incarnation, read_installation},
    pg::{DatabaseUrl, PgPool},
    session::{Columns, Session, values},
    snapshot::{self, SnapshotRead},
    sql,
    verify::JournalIndex,
};

/// Connections to a file that wait for the next query; more are opened and closed as needed.
const IDLE_MAX: usize = 4;

struct FilePool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

enum Source {
    File(FilePool),
    Server(PgPool),
}

/// Reads the journal, on either database. Clones share their connections.
#[derive(Clone)]
pub struct Reader(Arc<Source>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({})", self.place())
    }
}

impl Reader {
    pub(crate) fn over(path: PathBuf) -> Self {
        Self(Arc::new(Source::File(FilePool { path, idle: Mutex::new(Vec::new()) })))
    }

    pub(crate) fn on(pool: PgPool) -> Self {
        Self(Arc::new(Source::Server(pool)))
    }

    /// Reads the database file of a desk that may be running, or a copy of one. Takes no lock on
    /// the data folder and changes nothing in the file.
    ///
    /// # Errors
    /// [`ReadError`] when the file is missing or no journal.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let reader = Self::over(path.as_ref().to_owned());
        reader.heads()?;
        Ok(reader)
    }

    /// Reads the journal on a PostgreSQL server beside desks that may be running. Changes nothing.
    ///
    /// # Errors
    /// [`ReadError`] when the server can't be reached or used, or has no journal.
    pub fn open_server(url: &DatabaseUrl) -> Result<Self, ReadError> {
        let found = Self::find_on_server(url).map_err(|error| ReadError(error.to_string()))?;
        found.ok_or_else(|| ReadError(format!("there is no journal in the {url}")))
    }

    /// As [`Reader::open_server`]; `None` when no desk has made its tables yet.
    ///
    /// # Errors
    /// [`StoreError`] when the server can't be reached or must not be used.
    pub fn find_on_server(url: &DatabaseUrl) -> Result<Option<Self>, StoreError> {
        let pool = PgPool::new(url.clone());
        Ok(pool.has_tables()?.then(|| Self::on(pool)))
    }

    /// Where the journal is: a file, or a server without its password.
    #[must_use]
    pub fn place(&self) -> String {
        match &*self.0 {
            Source::File(pool) => pool.path.display().to_string(),
            Source::Server(pool) => pool.url().to_string(),
        }
    }

    pub(crate) fn query<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, ReadError> {
        match &*self.0 {
            Source::File(pool) => pool.query(work),
            Source::Server(pool) => pool.query(work),
        }
        .map_err(|error| ReadError(format!("{}: {}", self.place(), error.text)))
    }

    /// The heads of all streams, by name.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn heads(&self) -> Result<Vec<(String, Head)>, ReadError> {
        self.query(|session| {
            session
                .all(sql::ALL_HEADS, &[], |row| Ok((row.words(0)?.to_string(), head_at(row, 1)?)))
        })
    }

    /// The leases under which records of a stream after a number were written, each once.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn written_under(
        &self,
        stream: &StreamId,
        after: u64,
    ) -> Result<Vec<LeaseToken>, ReadError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.query(|session| {
            session.all(sql::WRITTEN_UNDER, values![stream.as_str(), after], |row| {
                Ok(LeaseToken(row.unsigned(0)?))
            })
        })
    }

    /// The newest usable snapshot of a stream, and what is wrong with newer ones. Damage is not an
    /// error: the caller folds from an older snapshot or from the start.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn read_snapshot(&self, stream: &StreamId) -> Result<SnapshotRead, ReadError> {
        self.query(|session| snapshot::read_newest(session, stream))
    }

    /// The heads of all streams with the identity of the database, to be kept elsewhere. It is not
    /// signed: it proves truncation only as far as its own storage can be trusted.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn export_checkpoint(&self, now_wall: Timestamp) -> Result<Checkpoint, ReadError> {
        let heads = self.heads()?.into_iter().collect();
        let incarnation = self
            .query(|session| Ok(read_incarnation(session)))?
            .map_err(|e| ReadError(e.to_string()))?;
        Ok(Checkpoint::new(self.installation()?, incarnation, now_wall, heads))
    }
}

impl FilePool {
    fn query<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let conn = match waiting {
            Some(conn) => conn,
            None => open_reader(&self.path)?,
        };
        let value = work(&mut Lite(&conn))?;
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        Ok(value)
    }
}

impl JournalReader for Reader {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        self.query(|session| {
            let stream = values![stream.as_str()];
            let head = session.first(sql::STREAM_HEAD, stream, |row| head_at(row, 0))?;
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
        self.query(|session| {
            session.all(sql::READ_EVENTS, values![stream.as_str(), after, limit], event_at)
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

impl JournalIndex for Reader {
    fn installation(&self) -> Result<Option<InstallationId>, ReadError> {
        self.query(|session| read_installation(session))?
            .transpose()
            .map_err(|e| ReadError(e.to_string()))
    }

    fn stream_names(&self) -> Result<Vec<String>, ReadError> {
        self.query(|session| {
            let mut names =
                session.all(sql::ALL_HEADS, &[], |row| Ok(row.words(0)?.to_string()))?;
            let mut last = String::new();
            loop {
                let next = session.first(sql::NEXT_STREAM, values![&*last], |row| row.text(0))?;
                let Some(name) = next.flatten() else { break };
                last = name.to_string();
                names.push(last.clone());
            }
            names.sort_unstable();
            names.dedup();
            Ok(names)
        })
    }
}

fn event_at(row: &dyn Columns) -> Result<EventRecord, DbError> {
    let version = row.number(4)?;
    Ok(EventRecord {
        seq: row.unsigned(0)?,
        at: Timestamp(row.number(1)?),
        wall_at: Timestamp(row.number(2)?),
        kind: row.words(3)?,
        version: u16::try_from(version)
            .map_err(|_| DbError::other(format!("the version {version} is out of range")))?,
        body: row.words(5)?,
        prev: Hash(row.digest(6)?),
        hash: Hash(row.digest(7)?),
    })
}
