//! The record of changes: what a record's hash covers, and whether a chain is whole.
//!
//! Strategies are recorded in the same chain, so that one check covers all that is changed beside
//! the journal. This module must not know what a change means.

use identity::Event;
use path::journal::Hash;
use serde::Serialize;
use serde_json::json;

use crate::{
    fault::DbError,
    session::{Session, values},
    sql::identity as sql,
};

/// A record as it is stored.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) prev: [u8; 32],
    pub(super) hash: [u8; 32],
}

/// The hash of a record. Lengths stand before texts, so that no text can run into the next.
pub(super) fn hash_of(prev: &[u8; 32], seq: u64, at: i64, kind: &str, body: &str) -> [u8; 32] {
    let mut bytes = prev.to_vec();
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&at.to_be_bytes());
    for text in [kind, body] {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    Hash::of(&bytes).0
}

/// Adds a change to the record, in the transaction of the change. The caller holds the name under
/// which the record grows, [`super::IDENTITY`].
pub(crate) fn append(session: &mut dyn Session, event: &Event) -> Result<(), DbError> {
    let last = session.first(sql::LAST_EVENT, &[], |row| Ok((row.unsigned(0)?, row.digest(1)?)))?;
    let (seq, prev) = last.unwrap_or((0, [0; 32]));
    let seq = seq + 1;
    let body = json!({"by": event.by, "subject": event.subject, "detail": event.detail});
    let body = body.to_string();
    let hash = hash_of(&prev, seq, event.at.0, event.kind, &body);
    let put = values![seq.cast_signed(), event.at.0, event.kind, &*body, &prev, &hash];
    session.execute(sql::PUT_EVENT, put).map(drop)
}

/// What a check of the record found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordReport {
    /// Records that are sound.
    pub records: u64,
    /// The hash of the last sound one.
    pub head: Hash,
    /// The number of the first that is not.
    pub broken: Option<u64>,
}

impl Default for RecordReport {
    fn default() -> Self {
        Self { records: 0, head: Hash([0; 32]), broken: None }
    }
}

impl RecordReport {
    /// True when every record is.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.broken.is_none()
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let broken = self.broken?;
        Some(format!(
            "people, keys and strategies: record {broken} of their changes was changed or removed"
        ))
    }

    /// Takes the next record in; false when it is not sound.
    pub(super) fn take(&mut self, found: &Recorded) -> bool {
        let next = self.records + 1;
        let hash = hash_of(&found.prev, found.seq, found.at, &found.kind, &found.body);
        if found.seq != next || found.prev != self.head.0 || found.hash != hash {
            self.broken = Some(next);
            return false;
        }
        (self.records, self.head) = (next, Hash(hash));
        true
    }
}
