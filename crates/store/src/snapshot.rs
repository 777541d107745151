//! Snapshots: folded states that shorten a start.
//!
//! A snapshot is a convenience that must never be believed over the journal. It names the record
//! to which it folds, and it is used only when its own bytes and that record's hash agree. This
//! module must not know what a state holds.

use std::{fmt, sync::Arc};

use path::journal::{Hash, Head, SnapshotRecord, StreamId};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use thiserror::Error;

use crate::{database::Shared, error::StoreError, reader::head_at, sql};

/// Why a stored snapshot is not used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotWarning {
    /// The body was altered or cut.
    #[error("{stream}: the snapshot at record {seq} is damaged: its body does not give its hash")]
    Body {
        /// The stream.
        stream: StreamId,
        /// The record to which it folds.
        seq: u64,
    },
    /// The journal has another record there, or none.
    #[error("{stream}: the snapshot at record {seq} folds another history than the journal's")]
    History {
        /// The stream.
        stream: StreamId,
        /// The record to which it folds.
        seq: u64,
    },
}

impl SnapshotWarning {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Body { .. } => "snapshot_damaged",
            Self::History { .. } => "snapshot_other_history",
        }
    }
}

/// The outcome of looking for a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotRead {
    /// The newest snapshot that can be believed.
    pub snapshot: Option<SnapshotRecord>,
    /// What is wrong with newer ones, newest first.
    pub warnings: Vec<SnapshotWarning>,
}

pub(crate) fn read_newest(
    conn: &Connection,
    stream: &StreamId,
) -> Result<SnapshotRead, rusqlite::Error> {
    let mut statement = conn.prepare_cached(sql::READ_SNAPSHOTS)?;
    let mut rows = statement.query([stream.as_str()])?;
    let mut warnings = Vec::new();
    while let Some(row) = rows.next()? {
        let head = head_at(row, 0)?;
        let body: Arc<str> = row.get(3)?;
        let body_hash = Hash(row.get(4)?);
        let record_hash = row.get::<_, Option<[u8; 32]>>(5)?.map(Hash);
        let (stream, seq) = (stream.clone(), head.seq);
        if Hash::of(body.as_bytes()) != body_hash {
            warnings.push(SnapshotWarning::Body { stream, seq });
        } else if record_hash != Some(head.hash) {
            warnings.push(SnapshotWarning::History { stream, seq });
        } else {
            let state_version = row.get(2)?;
            let record = SnapshotRecord { stream, head, state_version, body, body_hash };
            return Ok(SnapshotRead { snapshot: Some(record), warnings });
        }
    }
    Ok(SnapshotRead { snapshot: None, warnings })
}

/// Writes snapshots. Reading is in [`crate::SqliteReader`].
#[derive(Clone)]
pub struct Snapshots(pub(crate) Arc<Shared>);

impl fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshots").field(&self.0.path()).finish()
    }
}

impl Snapshots {
    /// Stores a snapshot durably and drops all but the newest two of its stream.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the body doesn't give its hash or the journal has no such
    /// record; [`StoreError::Full`] and [`StoreError::Busy`] leave the stored ones as they were.
    pub fn save_snapshot(&self, snapshot: &SnapshotRecord) -> Result<(), StoreError> {
        let SnapshotRecord { stream, head, state_version, body, body_hash } = snapshot;
        if Hash::of(body.as_bytes()) != *body_hash {
            return Err(StoreError::Refused("the snapshot's body does not give its hash".into()));
        }
        let stream = stream.as_str();
        let seq = i64::try_from(head.seq)
            .map_err(|_| StoreError::Refused(format!("record {} is out of range", head.seq)))?;
        self.0.side(|conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let found = tx
                .query_row(sql::EVENT_HASH, params![stream, seq], |row| row.get::<_, [u8; 32]>(0))
                .optional()?;
            if found.map(|hash| Head { seq: head.seq, hash: Hash(hash) }) != Some(*head) {
                let why = format!("{stream}: the snapshot folds to a record that is not here");
                return Err(StoreError::Refused(why));
            }
            let values = params![stream, seq, head.hash.0, state_version, &**body, body_hash.0];
            tx.execute(sql::UPSERT_SNAPSHOT, values)?;
            tx.execute(sql::TRIM_SNAPSHOTS, [stream])?;
            Ok(tx.commit()?)
        })
    }
}
