//! The installation's identity, and how it notices that its database went back in time.
//!
//! Client order ids start with the installation and its incarnation. A restored copy would count
//! order numbers again that the venue has seen, so a rewind begins a new incarnation. This module
//! must not decide what a rewind means for trading.

use std::fmt;

use domain::{IdError, InstallationId};
use path::journal::{Hash, Head};

use crate::{
    backend::Backend,
    checkpoint::Checkpoint,
    error::StoreError,
    fault::DbError,
    lease::head_at,
    session::{Session, values},
    sql,
};

const INSTALLATION: &str = "installation";
const INCARNATION: &str = "incarnation";
const TRIAL: &str = "write_trial";
/// Bytes of a row that is written to find out whether one can be written.
const TRIAL_BYTES: usize = 64 * 1024;

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
#[derive(Debug, Clone)]
pub struct Meta(pub(crate) Backend);

impl Meta {
    /// The installation's id, made at random on the first call and never changed.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the system has no randomness.
    pub fn installation(&self) -> Result<InstallationId, StoreError> {
        if let Some(id) = self.0.look(|session| read_installation(session))? {
            return id.map_err(|e| damaged(&e));
        }
        let fresh = random_id()?;
        self.0.change(INSTALLATION, |session| {
            session.execute(sql::INSERT_META, values![INSTALLATION, fresh.as_str()])?;
            match read_installation(session)? {
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
        self.0.look(|session| Ok(read_incarnation(session)))?
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
        self.0.change(INCARNATION, |session| {
            let last = read_incarnation(session)?.max(seen);
            let next = last
                .checked_add(1)
                .ok_or_else(|| StoreError::Refused("no incarnation is left".to_owned()))?;
            session.execute(sql::UPSERT_META, values![INCARNATION, &*next.to_string()])?;
            Ok(next)
        })
    }

    /// Writes a row of 64 KiB that nobody reads, to find out whether the database has room and
    /// takes writes. A row of a few bytes may fit where the next record doesn't.
    ///
    /// # Errors
    /// [`StoreError`] when it doesn't.
    pub fn try_write(&self) -> Result<(), StoreError> {
        let mut text = String::with_capacity(TRIAL_BYTES);
        let mut hash = fresh_hash()?;
        while text.len() < TRIAL_BYTES {
            // Hashes of hashes can't be compressed away.
            text.push_str(&hash.to_string());
            hash = Hash::of(&hash.0);
        }
        self.0.change(TRIAL, |session| {
            session.execute(sql::UPSERT_META, values![TRIAL, &*text])?;
            Ok(())
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
        self.0.look(|session| {
            let mut rewound = Vec::new();
            for (stream, head) in &seen.heads {
                let found = read_head(session, stream)?;
                if head.seq > 0 && hash_at(session, stream, head.seq)? != Some(head.hash.0) {
                    rewound.push(Rewind { stream: stream.clone(), seen: *head, found });
                }
            }
            Ok(rewound)
        })
    }
}

fn read_head(session: &mut dyn Session, stream: &str) -> Result<Head, DbError> {
    let head = session.first(sql::STREAM_HEAD, values![stream], |row| head_at(row, 0))?;
    Ok(head.unwrap_or_default())
}

fn hash_at(session: &mut dyn Session, stream: &str, seq: u64) -> Result<Option<[u8; 32]>, DbError> {
    session.first(sql::EVENT_HASH, values![stream, seq.cast_signed()], |row| row.digest(0))
}

fn read_meta(session: &mut dyn Session, key: &str) -> Result<Option<String>, DbError> {
    session.first(sql::READ_META, values![key], |row| Ok(row.words(0)?.to_string()))
}

/// The stored id, when there is one; the inner error when it is not an id.
pub(crate) fn read_installation(
    session: &mut dyn Session,
) -> Result<Option<Result<InstallationId, IdError>>, DbError> {
    Ok(read_meta(session, INSTALLATION)?.map(InstallationId::new))
}

pub(crate) fn read_incarnation(session: &mut dyn Session) -> Result<u32, StoreError> {
    match read_meta(session, INCARNATION)? {
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

fn fresh_hash() -> Result<Hash, StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| StoreError::Refused(format!("the system has no randomness: {e}")))?;
    Ok(Hash(bytes))
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
