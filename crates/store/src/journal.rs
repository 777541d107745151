//! The writer of the journal on SQLite.
//!
//! One call is one transaction with one sync, however many streams it carries. Head, lease and
//! records are compared and moved inside that transaction, so a writer that lost its lease a
//! moment ago can't add to the stream. This module must not know what a record means.

use std::{fmt, sync::Arc};

use path::journal::{AppendError, Head, JournalStore, StreamBatch};
use rusqlite::{Connection, TransactionBehavior};

use crate::{
    connection::{Lite, Sync, checkpoint, open_writer},
    database::Shared,
    error::StoreError,
    fault::{DbError, Fault},
    lease::StreamState,
    session::{Session, values},
    sql,
};

/// Roughly how large the write-ahead log grows before it is moved into the database.
const CHECKPOINT_AFTER_BYTES: u64 = 8 * 1024 * 1024;
/// What a batch costs in the log beyond its text: the pages that it touches.
const BATCH_LOG_BYTES: u64 = 12 * 1024;
/// What a record costs in the log beyond its body.
const RECORD_LOG_BYTES: u64 = 300;

/// The journal's writer. See [`JournalStore::append`] for what it promises.
///
/// - A full disk answers [`AppendError::Full`] for every batch, changes nothing, and the next call
///   tries again.
/// - A batch that isn't a chain from its own head is refused with [`AppendError::Io`] alone; the
///   others go in.
/// - When another connection holds the database for more than five seconds the answer is
///   [`AppendError::Io`] and the store stays alive: nothing was begun.
/// - Any other failure answers [`AppendError::Io`] once and [`AppendError::Dead`] from then on.
///   After a failed *sync* nobody can know whether the disk has the batch; the next opening
///   decides, so the caller reads the heads again then.
///
/// The lease of a stream is the lease with the stream's name. Where such a lease was ever taken,
/// only its current token may write, and none after its release; before that, a token must not be
/// older than the last one that wrote.
pub struct SqliteJournal {
    conn: Connection,
    shared: Arc<Shared>,
    /// Estimate of the log's size since the last checkpoint that moved everything.
    log_bytes: u64,
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal")
            .field("path", &self.shared.path())
            .field("dead", &self.is_dead())
            .finish_non_exhaustive()
    }
}

impl SqliteJournal {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let conn = open_writer(shared.path(), Sync::Full)?;
        Ok(Self { conn, shared, log_bytes: 0 })
    }

    /// True after a failure that only opening the database anew can mend.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.shared.is_dead()
    }

    fn commit(&mut self, batches: &[StreamBatch]) -> Result<Vec<Result<(), AppendError>>, DbError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(batches.len());
        let mut wrote = false;
        for batch in batches {
            let outcome = append_one(&mut Lite(&tx), batch)?;
            wrote |= outcome.is_ok() && !batch.records.is_empty();
            outcomes.push(outcome);
        }
        if wrote {
            tx.commit()?;
        } else {
            tx.rollback()?;
        }
        Ok(outcomes)
    }

    fn fail(&self, error: DbError) -> AppendError {
        match error.fault_at(self.shared.dir()) {
            Fault::Full => AppendError::Full,
            Fault::Busy => AppendError::Io(format!("another connection holds it: {}", error.text)),
            Fault::MaybeFull | Fault::Lost | Fault::Io => {
                self.shared.kill();
                AppendError::Io(error.text)
            }
        }
    }

    fn settle(&self) -> Result<(), AppendError> {
        self.shared.settle(&self.conn).map_err(|error| match error {
            StoreError::Full(_) => AppendError::Full,
            StoreError::Busy(_) => AppendError::Io(error.to_string()),
            _ => {
                self.shared.kill();
                AppendError::Io(error.to_string())
            }
        })
    }

    /// Keeps the log short. The records are durable already, so a failure here can only matter
    /// for what comes next.
    fn checkpoint_when_due(&mut self, batches: &[StreamBatch]) {
        for batch in batches {
            let bodies: u64 =
                batch.records.iter().map(|r| r.body.len() as u64 + RECORD_LOG_BYTES).sum();
            self.log_bytes += BATCH_LOG_BYTES + bodies;
        }
        if self.log_bytes < CHECKPOINT_AFTER_BYTES {
            return;
        }
        match checkpoint(&self.conn) {
            Ok(done) if done.moved == done.in_log => self.log_bytes = 0,
            // A reader still needs the older part: look again soon.
            Ok(_) => self.log_bytes = CHECKPOINT_AFTER_BYTES / 2,
            Err(error) => {
                self.log_bytes = CHECKPOINT_AFTER_BYTES / 2;
                let fault = DbError::from(error).fault_at(self.shared.dir());
                if !matches!(fault, Fault::Full | Fault::Busy) {
                    tracing::error!(?fault, "the journal's checkpoint failed; the journal closes");
                    self.shared.kill();
                }
            }
        }
    }
}

impl JournalStore for SqliteJournal {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        if batches.is_empty() {
            return Vec::new();
        }
        if self.is_dead() {
            return vec![Err(AppendError::Dead); batches.len()];
        }
        if let Err(error) = self.settle() {
            return vec![Err(error); batches.len()];
        }
        match self.commit(batches) {
            Ok(outcomes) => {
                self.checkpoint_when_due(batches);
                outcomes
            }
            Err(error) => vec![Err(self.fail(error)); batches.len()],
        }
    }
}

/// Adds one batch inside the transaction. The outer error ends the transaction, the inner one
/// concerns this batch only and then nothing of it was written.
fn append_one(
    session: &mut dyn Session,
    batch: &StreamBatch,
) -> Result<Result<(), AppendError>, DbError> {
    let stream = batch.stream.as_str();
    let (head, token) = match admit(&StreamState::read(session, stream)?, batch) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(Err(error)),
    };
    for record in &batch.records {
        session.execute(
            sql::INSERT_EVENT,
            values![
                stream,
                record.seq.cast_signed(),
                record.at.0,
                record.wall_at.0,
                &*record.kind,
                record.version,
                &*record.body,
                &record.prev.0,
                &record.hash.0,
                token,
            ],
        )?;
    }
    if !batch.records.is_empty() {
        let head = values![stream, head.seq.cast_signed(), &head.hash.0, token];
        session.execute(sql::UPSERT_STREAM, head)?;
    }
    Ok(Ok(()))
}

/// Checks lease, head and chain. Answers the head after the batch, and its token as the database
/// keeps it.
pub(crate) fn admit(state: &StreamState, batch: &StreamBatch) -> Result<(Head, i64), AppendError> {
    state.fence(batch.token)?;
    follows(&state.head, &batch.expected)?;
    continues(batch)
}

fn follows(found: &Head, expected: &Head) -> Result<(), AppendError> {
    if found == expected {
        return Ok(());
    }
    Err(AppendError::Conflict { expected: expected.seq, found: found.seq })
}

/// Checks that the records are a chain from the batch's head, so that no error of a caller can
/// break the journal for good. Returns the new head, and the token as the database keeps it.
fn continues(batch: &StreamBatch) -> Result<(Head, i64), AppendError> {
    let refuse = |why: String| AppendError::Io(format!("the batch was refused: {why}"));
    let mut head = batch.expected;
    for record in &batch.records {
        head = record.verify(&batch.stream, &head).map_err(|e| refuse(e.to_string()))?;
    }
    let token = i64::try_from(batch.token.0)
        .map_err(|_| refuse(format!("lease token {} is out of range", batch.token.0)))?;
    Ok((head, token))
}
