//! The record of changes: what a record's hash covers, and whether a chain is whole.
//!
//! It must not know the database.

use path::journal::Hash;
use serde::Serialize;

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
        Some(format!("people and keys: record {broken} of their changes was changed or removed"))
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
