//! The journal's form: hash-chained records, and the trait that a database implements.
//!
//! The journal is audit log and write-ahead log in one. This module exists so that the chain is
//! computed in one place for every database. It must not know SQL, files, or what a record means.

use std::{fmt, sync::Arc};

use domain::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use crate::hash::Hash;

/// The domain tag of record hashes; another format would get another tag.
const HASH_TAG: &[u8] = b"cofferdam/journal/1";

/// One sequence of records: `desk`, or `account/<id>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The stream of the whole desk.
    #[must_use]
    pub fn desk() -> Self {
        Self(Arc::from("desk"))
    }

    /// The stream of one account.
    #[must_use]
    pub fn account(id: &AccountId) -> Self {
        Self(Arc::from(format!("account/{id}")))
    }

    /// The stream with this name, when the name has one of the two forms.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "desk" {
            return Some(Self::desk());
        }
        let account = AccountId::new(text.strip_prefix("account/")?).ok()?;
        Some(Self::account(&account))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The last record of a stream: its number and hash. An empty stream's head is number 0 and the
/// zero hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Number of the last record; the first record has number 1.
    pub seq: u64,
    /// Hash of the last record.
    pub hash: Hash,
}

/// One record as it is stored. The body is hashed as the bytes that are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// Position in the stream, from 1, without gaps.
    pub seq: u64,
    /// The desk's clock, which a replay drives.
    pub at: Timestamp,
    /// The wall clock.
    pub wall_at: Timestamp,
    /// What kind of event it is.
    pub kind: Arc<str>,
    /// The version of the body's form.
    pub version: u16,
    /// JSON text.
    pub body: Arc<str>,
    /// Hash of the record before.
    pub prev: Hash,
    /// Hash over all of the above.
    pub hash: Hash,
}

/// What a record is made from.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The desk's clock.
    pub at: Timestamp,
    /// The wall clock.
    pub wall_at: Timestamp,
    /// What kind of event it is.
    pub kind: Arc<str>,
    /// The version of the body's form.
    pub version: u16,
    /// JSON text.
    pub body: Arc<str>,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChainError {
    /// A number is missing or repeated.
    #[error(
        "{stream}: record {found} stands where {expected} belongs: a record is missing or repeated"
    )]
    Sequence {
        /// The stream.
        stream: StreamId,
        /// The number that belongs there.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// The record before was changed, or this one was inserted.
    #[error("{stream}: record {seq} does not continue the record before it")]
    Previous {
        /// The stream.
        stream: StreamId,
        /// The record.
        seq: u64,
    },
    /// The record's content was changed.
    #[error("{stream}: record {seq} was altered: its content does not give its hash")]
    Content {
        /// The stream.
        stream: StreamId,
        /// The record.
        seq: u64,
    },
}

fn digest(stream: &StreamId, seq: u64, draft: &Draft, prev: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    field(HASH_TAG);
    field(stream.as_str().as_bytes());
    field(&seq.to_be_bytes());
    field(&draft.at.0.to_be_bytes());
    field(&draft.wall_at.0.to_be_bytes());
    field(draft.kind.as_bytes());
    field(&draft.version.to_be_bytes());
    field(draft.body.as_bytes());
    field(&prev.0);
    Hash(hasher.finalize().into())
}

impl EventRecord {
    /// Makes the record that follows `head`.
    #[must_use]
    pub fn seal(stream: &StreamId, head: &Head, draft: Draft) -> Self {
        let seq = head.seq + 1;
        let hash = digest(stream, seq, &draft, &head.hash);
        let Draft { at, wall_at, kind, version, body } = draft;
        Self { seq, at, wall_at, kind, version, body, prev: head.hash, hash }
    }

    /// The head of the stream after this record.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// Checks that this record follows `head` and is unaltered; returns the new head.
    ///
    /// # Errors
    /// [`ChainError`] names the first record that breaks the chain.
    pub fn verify(&self, stream: &StreamId, head: &Head) -> Result<Head, ChainError> {
        let stream_name = || stream.clone();
        if self.seq != head.seq + 1 {
            let (expected, found) = (head.seq + 1, self.seq);
            return Err(ChainError::Sequence { stream: stream_name(), expected, found });
        }
        if self.prev != head.hash {
            return Err(ChainError::Previous { stream: stream_name(), seq: self.seq });
        }
        let draft = Draft {
            at: self.at,
            wall_at: self.wall_at,
            kind: self.kind.clone(),
            version: self.version,
            body: self.body.clone(),
        };
        if digest(stream, self.seq, &draft, &self.prev) != self.hash {
            return Err(ChainError::Content { stream: stream_name(), seq: self.seq });
        }
        Ok(self.head())
    }
}

/// Proof of tenure over a stream. It grows by one with every new holder.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LeaseToken(pub u64);

/// Records that one writer wants to add to one stream, all or none.
#[derive(Debug, Clone)]
pub struct StreamBatch {
    /// The stream.
    pub stream: StreamId,
    /// The head on which the records were built; another head is a conflict.
    pub expected: Head,
    /// The writer's lease; a newer one in the store fences the writer off.
    pub token: LeaseToken,
    /// The records, in order.
    pub records: Vec<EventRecord>,
}

/// Why records were not added. Nothing of the batch is in the journal then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendError {
    /// Somebody else wrote to the stream.
    #[error("the stream's head is {found}, not {expected}: another writer is active")]
    Conflict {
        /// The head on which the batch was built.
        expected: u64,
        /// The head in the store.
        found: u64,
    },
    /// A newer lease exists.
    #[error("lease {held} was taken over by lease {current}")]
    Fenced {
        /// The writer's lease.
        held: u64,
        /// The lease in the store.
        current: u64,
    },
    /// No room on the disk. The store can go on once there is room.
    #[error("no room on the journal's disk")]
    Full,
    /// The disk or database failed; what was written before is safe, this was not. After a failed
    /// sync the store refuses everything until it is opened anew.
    #[error("the journal can't be written: {0}")]
    Io(String),
    /// An earlier write failed and the store waits to be opened anew.
    #[error("the journal is closed after an earlier failure; restart to recover")]
    Dead,
}

impl AppendError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "journal_conflict",
            Self::Fenced { .. } => "journal_fenced",
            Self::Full => "journal_full",
            Self::Io(_) => "journal_io",
            Self::Dead => "journal_dead",
        }
    }
}

/// Where records become durable.
pub trait JournalStore {
    /// Adds batches of several streams in one durable write (group commit) and answers for each.
    /// A batch with a conflict is left out; the others still go in. When the write or its sync
    /// fails, every batch fails and none is in the journal.
    ///
    /// When this returns `Ok` for a batch, its records survive a crash of machine and program.
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>>;
}

/// A state stored so that a start needs not fold the whole stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// The stream.
    pub stream: StreamId,
    /// The head to which the state was folded.
    pub head: Head,
    /// The version of the state's form; another version is not read.
    pub state_version: u16,
    /// The state as JSON text.
    pub body: Arc<str>,
    /// Hash of the body's bytes.
    pub body_hash: Hash,
}

/// A failed read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the journal can't be read: {0}")]
pub struct ReadError(pub String);

/// Reading what is durable.
pub trait JournalReader {
    /// The stream's head.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError>;

    /// Up to `limit` records after number `after`, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError>;

    /// The newest snapshot of the stream.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    fn snapshot(&self, stream: &StreamId) -> Result<Option<SnapshotRecord>, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(body: &str) -> Draft {
        let at = Timestamp::from_secs(1);
        Draft { at, wall_at: at, kind: "test".into(), version: 1, body: body.into() }
    }

    #[test]
    fn a_chain_shows_every_change() {
        let stream = StreamId::desk();
        let first = EventRecord::seal(&stream, &Head::default(), draft("{\"a\":1}"));
        let second = EventRecord::seal(&stream, &first.head(), draft("{}"));
        let head = first.verify(&stream, &Head::default()).unwrap();
        assert_eq!(second.verify(&stream, &head).unwrap(), second.head());

        let mut altered = first.clone();
        altered.body = "{\"a\":2}".into();
        assert!(matches!(
            altered.verify(&stream, &Head::default()),
            Err(ChainError::Content { seq: 1, .. })
        ));
        assert!(matches!(
            second.verify(&stream, &Head::default()),
            Err(ChainError::Sequence { expected: 1, found: 2, .. })
        ));
        let forged = EventRecord::seal(&stream, &Head { seq: 1, hash: Hash([9; 32]) }, draft("{}"));
        assert!(matches!(forged.verify(&stream, &head), Err(ChainError::Previous { seq: 2, .. })));
        let other = StreamId::account(&AccountId::new("main").unwrap());
        assert!(
            first.verify(&other, &Head::default()).is_err(),
            "records do not move between streams"
        );
    }

    /// The hash of a fixed record never changes: journals of old versions stay verifiable.
    #[test]
    fn the_hash_format_is_frozen() {
        let record = EventRecord::seal(&StreamId::desk(), &Head::default(), draft("{}"));
        let expected = include_str!("../golden/record-1.sha256").trim();
        assert_eq!(record.hash.to_string(), expected);
    }
}
