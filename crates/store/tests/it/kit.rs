//! What the tests share: a desk's folder, and chains of records.

use std::path::Path;

use domain::{AccountId, Nanos, Timestamp};
use path::journal::{
    AppendError, Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, StreamBatch,
    StreamId,
};
use store::{DataDirLock, SqliteDatabase, SqliteJournal};
use tempfile::TempDir;

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

pub(crate) struct Desk {
    pub(crate) db: SqliteDatabase,
    pub(crate) journal: SqliteJournal,
}

impl Desk {
    pub(crate) fn open(dir: &Path) -> Self {
        let db = SqliteDatabase::open(&DataDirLock::acquire(dir).unwrap()).unwrap();
        Self { journal: db.journal().unwrap(), db }
    }

    pub(crate) fn temp() -> (Self, TempDir) {
        let tmp = tempfile::tempdir().unwrap();
        (Self::open(tmp.path()), tmp)
    }

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
