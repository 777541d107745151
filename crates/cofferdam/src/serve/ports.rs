//! The desk's ports, filled with the store; the simulated venue's rows, kept in its own file.
//!
//! Nothing is decided here: each type only says the same thing in the other crate's words.

use std::path::{Path, PathBuf};

use desk::{Emergency, EmergencyRecord};
use path::journal::{AppendError, Head, JournalStore, ReadError, StreamBatch, StreamId};
use store::{Database, EmergencyEntry, EmergencyJournal, KvLog};
use venue_sim::{JsonRows, RowBatch, SimStorageError};

/// The store's emergency journal as the desk's port.
#[derive(Debug)]
pub(super) struct EmergencyPort(pub(super) EmergencyJournal);

impl JournalStore for EmergencyPort {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        self.0.append(batches)
    }
}

impl Emergency for EmergencyPort {
    fn begin(&mut self, stream: &StreamId, head: Head) -> Result<(), AppendError> {
        self.0.begin(stream, head)
    }

    fn records(&self) -> Result<Vec<EmergencyRecord>, ReadError> {
        let entries = self.0.entries().map_err(|e| ReadError(e.to_string()))?;
        let record = |EmergencyEntry { stream, token, record, .. }| EmergencyRecord {
            stream,
            token,
            record,
        };
        Ok(entries.entries.into_iter().map(record).collect())
    }

    fn set_aside(&mut self, records: &[EmergencyRecord]) -> Result<(), ReadError> {
        let told = records.iter().map(|r| (&r.stream, r.token, &r.record));
        let path = self.0.set_aside(told).map_err(|e| ReadError(e.to_string()))?;
        tracing::error!(count = records.len(), file = %path.display(), "emergency records set aside");
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.0.generation()
    }

    fn clear(&mut self) -> Result<(), ReadError> {
        self.0.clear().map_err(|e| ReadError(e.to_string()))
    }
}

/// The simulated venue's rows in a file or schema of its own, which the desk never reads.
#[derive(Debug)]
pub(super) struct VenueRows(pub(super) KvLog);

fn storage(error: &store::StoreError) -> SimStorageError {
    SimStorageError::Io(error.to_string())
}

impl JsonRows for VenueRows {
    fn begin(&mut self) -> Result<bool, SimStorageError> {
        self.0.begin().map_err(|e| storage(&e))
    }

    fn end(&mut self) {
        self.0.end();
    }

    fn apply(&mut self, batch: &RowBatch) -> Result<(), SimStorageError> {
        let puts: Vec<_> =
            batch.puts.iter().map(|p| (p.table, p.key.as_str(), p.json.as_str())).collect();
        let deletes: Vec<_> = batch.deletes.iter().map(|d| (d.table, d.key.as_str())).collect();
        self.0.commit(&puts, &deletes).map_err(|e| storage(&e))
    }

    fn get(&mut self, table: &'static str, key: &str) -> Result<Option<String>, SimStorageError> {
        self.0.get(table, key).map_err(|e| storage(&e))
    }

    fn range(
        &mut self,
        table: &'static str,
        from: &str,
        until: &str,
    ) -> Result<Vec<(String, String)>, SimStorageError> {
        self.0.range(table, from, until).map_err(|e| storage(&e))
    }
}

/// Room that the journal's disk must have before it is written again after it was full.
const FREE_MIN_BYTES: u64 = 16 * 1024 * 1024;

/// Tells whether the database takes writes again: it is tried. The disk of the data folder only
/// counts where the database is in it. After a failed sync nothing is tried: only a restart mends it.
pub(super) fn write_trial(
    database: &Database,
    dir: &Path,
) -> std::sync::Arc<dyn Fn() -> bool + Send + Sync> {
    let (shared, meta, dir) = (database.is_shared(), database.meta(), PathBuf::from(dir));
    let database = database.clone();
    let has_room = move || {
        rustix::fs::statvfs(&dir)
            .is_ok_and(|fs| fs.f_bavail.saturating_mul(fs.f_frsize) >= FREE_MIN_BYTES)
    };
    std::sync::Arc::new(move || {
        !database.is_dead()
            && (shared || has_room())
            && meta
                .try_write()
                .inspect_err(|error| tracing::warn!(%error, "the database takes no write yet"))
                .is_ok()
    })
}
