//! The installation's identity, and how it notices that its database went back in time.
//!
//! Client order ids start with the installation and its incarnation. A restored copy would count
//! order numbers again that the venue has seen, so a rewind begins a new incarnation. This module
//! must not decide what a rewind means for trading.

use std::{fmt, sync::Arc};

use domain::{IdError, InstallationId};
use path::journal::Head;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::{checkpoint::Checkpoint, database::Shared, error::StoreError, sql};

const INSTALLATION: &str = "installation";
const INCARNATION: &str = "incarnation";

/// A stream whose stored head lies before one that was seen earlier, or on another history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewind {
    /// The stream.
    pub stream: String,
    /// The head that was seen.
    pub seen: Head,
    /// The head now; number 0 when the stream is gone.
    pub found: Head,
}

/// Identity rows of one database.
#[derive(Clone)]
pub struct Meta(pub(crate) Arc<Shared>);

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meta").field(&self.0.path()).finish()
    }
}

impl Meta {
    /// The installation's id, made at random on the first call and never changed.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the system has no randomness.
    pub fn installation(&self) -> Result<InstallationId, StoreError> {
        self.0.side(|conn| {
            if let Some(id) = read_installation(conn)? {
                return id.map_err(|e| damaged(&e));
            }
            let fresh = random_id()?;
            conn.execute(sql::INSERT_META, [INSTALLATION, &fresh])?;
            match read_installation(conn)? {
                Some(id) => id.map_err(|e| damaged(&e)),
                None => Err(StoreError::Sql("a written row can't be read".to_owned())),
            }
        })
    }

    /// The current incarnation; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn incarnation(&self) -> Result<u32, StoreError> {
        self.0.side(|conn| read_incarnation(conn))
    }

    /// Begins the next incarnation durably and returns it. The first is 1.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn next_incarnation(&self) -> Result<u32, StoreError> {
        self.next_incarnation_after(0)
    }

    /// Begins an incarnation that is later than both the stored one and `seen`, the last one that
    /// is known from elsewhere: a restored database doesn't know the incarnations after its copy.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the numbers are used up.
    pub fn next_incarnation_after(&self, seen: u32) -> Result<u32, StoreError> {
        self.0.side(|conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let last = read_incarnation(&tx)?.max(seen);
            let next = last
                .checked_add(1)
                .ok_or_else(|| StoreError::Refused("no incarnation is left".to_owned()))?;
            tx.execute(sql::UPSERT_META, [INCARNATION, &next.to_string()])?;
            tx.commit()?;
            Ok(next)
        })
    }

    /// The streams that went back in time since `seen` was exported from this installation, for
    /// example because the file was replaced by an older copy. Empty when all continued.
    ///
    /// # Errors
    /// [`StoreError::OtherInstallation`] when `seen` is not from here, or when the database fails.
    pub fn rewound_since(&self, seen: &Checkpoint) -> Result<Vec<Rewind>, StoreError> {
        let here = self.installation()?;
        if seen.installation.as_ref().is_some_and(|id| *id != here) {
            return Err(seen.foreign(&here));
        }
        self.0.side(|conn| {
            let mut rewound = Vec::new();
            for (stream, head) in &seen.heads {
                let found = read_head(conn, stream)?;
                if head.seq > 0 && hash_at(conn, stream, head.seq)? != Some(head.hash.0) {
                    rewound.push(Rewind { stream: stream.clone(), seen: *head, found });
                }
            }
            Ok(rewound)
        })
    }
}

fn read_head(conn: &Connection, stream: &str) -> Result<Head, StoreError> {
    let head = conn
        .query_row(sql::STREAM_HEAD, [stream], |row| crate::reader::head_at(row, 0))
        .optional()?;
    Ok(head.unwrap_or_default())
}

fn hash_at(conn: &Connection, stream: &str, seq: u64) -> Result<Option<[u8; 32]>, StoreError> {
    let seq = seq.cast_signed();
    Ok(conn.query_row(sql::EVENT_HASH, rusqlite::params![stream, seq], |r| r.get(0)).optional()?)
}

fn read_meta(conn: &Connection, key: &str) -> Result<Option<String>, rusqlite::Error> {
    conn.query_row(sql::READ_META, [key], |row| row.get(0)).optional()
}

/// The stored id, when there is one; the inner error when it is not an id.
pub(crate) fn read_installation(
    conn: &Connection,
) -> Result<Option<Result<InstallationId, IdError>>, rusqlite::Error> {
    Ok(read_meta(conn, INSTALLATION)?.map(InstallationId::new))
}

pub(crate) fn read_incarnation(conn: &Connection) -> Result<u32, StoreError> {
    match read_meta(conn, INCARNATION)? {
        Some(text) => text.parse().map_err(|e| damaged(&e)),
        None => Ok(0),
    }
}

fn damaged(error: &dyn fmt::Display) -> StoreError {
    StoreError::Corrupt { what: "the installation's identity".into(), detail: error.to_string() }
}

/// Six characters of `a-z0-9`, each equally likely.
fn random_id() -> Result<String, StoreError> {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    /// The largest multiple of the alphabet's size that fits a byte.
    const FAIR: u8 = 252;
    let mut id = String::with_capacity(6);
    while id.len() < 6 {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|e| StoreError::Refused(format!("the system has no randomness: {e}")))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        id.extend(fair.take(6 - id.len()).map(|b| char::from(ALPHABET[usize::from(b % 36)])));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_six_letters_or_digits_and_differ() {
        let ids: std::collections::BTreeSet<_> = (0..200).map(|_| random_id().unwrap()).collect();
        assert!(ids.len() >= 199);
        for id in &ids {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id}");
            InstallationId::new(id).unwrap();
            assert_eq!(id.len(), 6);
        }
    }
}
