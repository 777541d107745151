//! What the tests share: a desk's home on either database, and chains of records.

use std::path::Path;

use domain::{AccountId, Nanos, Timestamp};
use path::journal::{
    AppendError, Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, StreamBatch,
    StreamId,
};
use rusqlite::Connection;
use store::{DataDirLock, Database, JOURNAL_FILE, Reader, SqliteDatabase};
use tempfile::TempDir;

use crate::postgres_server::{Fresh, skipped};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
pub(crate) const MINUTE: Nanos = Nanos::from_secs(60);

pub(crate) fn account(name: &str) -> StreamId {
    StreamId::account(&AccountId::new(name).unwrap())
}

/// A batch of `count` records on `head` whose bodies name `tag`.
pub(crate) fn batch(
    stream: &StreamId,
    head: Head,
    token: u64,
    count: usize,
    tag: &str,
) -> StreamBatch {
    let mut at = head;
    let mut records = Vec::with_capacity(count);
    for number in 0..count {
        let draft = Draft {
            at: Timestamp(number.cast_signed() as i64),
            wall_at: NOW,
            kind: "test".into(),
            version: 3,
            body: format!("{{\"tag\":\"{tag}\",\"n\":{number}}}").into(),
        };
        let record = EventRecord::seal(stream, &at, draft);
        at = record.head();
        records.push(record);
    }
    StreamBatch { stream: stream.clone(), expected: head, token: LeaseToken(token), records }
}

pub(crate) fn last(batch: &StreamBatch) -> Head {
    batch.records.last().map_or(batch.expected, EventRecord::head)
}

/// Runs each behaviour on both databases.
macro_rules! on_both {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $behaviour() {
                super::$behaviour($crate::kit::Kind::Sqlite);
            })*
        }
        mod postgres {
            $(#[test]
            fn $behaviour() {
                if !$crate::postgres_server::skipped() {
                    super::$behaviour($crate::kit::Kind::Postgres);
                }
            })*
        }
    };
}
pub(crate) use on_both;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A desk's folder, and its database on a server when it has one.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) server: Option<Fresh>,
}

impl Home {
    pub(crate) fn new(kind: Kind) -> Self {
        let server = (kind == Kind::Postgres && !skipped()).then(Fresh::new);
        Self { folder: tempfile::tempdir().unwrap(), server }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&self) -> Desk {
        let lock = DataDirLock::acquire(self.path()).unwrap();
        let url = self.server.as_ref().map(Fresh::url);
        let db = Database::open(&lock, url.as_ref()).unwrap();
        Desk { journal: db.journal().unwrap(), db }
    }

    /// A reader that shares nothing with the desk.
    pub(crate) fn reader(&self) -> Reader {
        match &self.server {
            Some(server) => Reader::open_server(&server.url()).unwrap(),
            None => Reader::open(self.path().join(JOURNAL_FILE)).unwrap(),
        }
    }

    /// Runs statements as somebody with full rights would.
    pub(crate) fn script(&self, sql: &str) -> Result<(), String> {
        match &self.server {
            Some(server) => {
                let told = |e: postgres::Error| e.as_db_error().unwrap().message().to_owned();
                server.client().batch_execute(sql).map_err(told)
            }
            None => {
                let conn = Connection::open(self.path().join(JOURNAL_FILE)).unwrap();
                conn.execute_batch(sql).map_err(|e| e.to_string())
            }
        }
    }

    /// Takes the guards off the journal.
    pub(crate) fn unguard(&self) {
        let on = if self.server.is_some() { " ON events" } else { "" };
        for trigger in ["events_are_not_changed", "events_are_not_removed"] {
            self.script(&format!("DROP TRIGGER {trigger}{on}")).unwrap();
        }
    }

    /// Thirty-two zero bytes in the words of the database.
    pub(crate) fn zeros(&self) -> &'static str {
        match self.server {
            Some(_) => "decode(repeat('00', 32), 'hex')",
            None => "zeroblob(32)",
        }
    }
}

/// An open desk.
pub(crate) struct Desk<D = Database> {
    pub(crate) db: D,
    pub(crate) journal: Box<dyn JournalStore + Send>,
}

/// A desk on SQLite, for what only that has.
pub(crate) type FileDesk = Desk<SqliteDatabase>;

impl FileDesk {
    pub(crate) fn open(dir: &Path) -> Self {
        let db = SqliteDatabase::open(&DataDirLock::acquire(dir).unwrap()).unwrap();
        Self { journal: Box::new(db.journal().unwrap()), db }
    }

    pub(crate) fn temp() -> (Self, TempDir) {
        let tmp = tempfile::tempdir().unwrap();
        (Self::open(tmp.path()), tmp)
    }
}

impl Desk {
    pub(crate) fn at(kind: Kind) -> (Self, Home) {
        let home = Home::new(kind);
        (home.open(), home)
    }
}

/// What both have.
pub(crate) trait Reads {
    fn reader(&self) -> Reader;
}

impl Reads for Database {
    fn reader(&self) -> Reader {
        self.reader()
    }
}

impl Reads for SqliteDatabase {
    fn reader(&self) -> Reader {
        self.reader()
    }
}

impl<D: Reads> Desk<D> {
    pub(crate) fn head(&self, stream: &StreamId) -> Head {
        self.db.reader().head(stream).unwrap()
    }

    pub(crate) fn append(&mut self, batch: StreamBatch) -> Result<(), AppendError> {
        self.journal.append(&[batch]).remove(0)
    }

    /// Adds `count` records to the stream's end.
    pub(crate) fn grow(&mut self, stream: &StreamId, count: usize) -> Result<Head, AppendError> {
        let batch = batch(stream, self.head(stream), 0, count, "grow");
        let head = last(&batch);
        self.append(batch).map(|()| head)
    }

    pub(crate) fn read(&self, stream: &StreamId) -> Vec<EventRecord> {
        self.db.reader().read(stream, 0, usize::MAX).unwrap()
    }
}
