//! Snapshots: folded states that shorten a start.
//!
//! A snapshot is a convenience that must never be believed over the journal. It names the record
//! to which it folds, and it is used only when its own bytes and that record's hash agree. This
//! module must not know what a state holds.

use path::journal::{Hash, Head, SnapshotRecord, StreamId};
use thiserror::Error;

use crate::{
    backend::Backend,
    error::StoreError,
    fault::DbError,
    lease::head_at,
    session::{Columns, Session, values},
    sql,
};

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

/// A stored snapshot, and the hash that the journal has there.
fn stored(row: &dyn Columns, stream: &StreamId) -> Result<(SnapshotRecord, Option<Hash>), DbError> {
    let version = row.number(2)?;
    let record = SnapshotRecord {
        stream: stream.clone(),
        head: head_at(row, 0)?,
        state_version: u16::try_from(version)
            .map_err(|_| DbError::other(format!("the state version {version} is out of range")))?,
        body: row.words(3)?,
        body_hash: Hash(row.digest(4)?),
    };
    Ok((record, row.hash(5)?.map(Hash)))
}

pub(crate) fn read_newest(
    session: &mut dyn Session,
    stream: &StreamId,
) -> Result<SnapshotRead, DbError> {
    let found =
        session.all(sql::READ_SNAPSHOTS, values![stream.as_str()], |row| stored(row, stream))?;
    let mut warnings = Vec::new();
    for (record, history) in found {
        let (stream, seq) = (stream.clone(), record.head.seq);
        if Hash::of(record.body.as_bytes()) != record.body_hash {
            warnings.push(SnapshotWarning::Body { stream, seq });
        } else if history != Some(record.head.hash) {
            warnings.push(SnapshotWarning::History { stream, seq });
        } else {
            return Ok(SnapshotRead { snapshot: Some(record), warnings });
        }
    }
    Ok(SnapshotRead { snapshot: None, warnings })
}

/// Writes snapshots. Reading is in [`crate::Reader`].
#[derive(Debug, Clone)]
pub struct Snapshots(pub(crate) Backend);

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
        self.0.change(stream, |session| {
            let found =
                session.first(sql::EVENT_HASH, values![stream, seq], |row| row.digest(0))?;
            if found.map(|hash| Head { seq: head.seq, hash: Hash(hash) }) != Some(*head) {
                let why = format!("{stream}: the snapshot folds to a record that is not here");
                return Err(StoreError::Refused(why));
            }
            session.execute(
                sql::UPSERT_SNAPSHOT,
                values![stream, seq, &head.hash.0, *state_version, &**body, &body_hash.0],
            )?;
            session.execute(sql::TRIM_SNAPSHOTS, values![stream])?;
            Ok(())
        })
    }
}
