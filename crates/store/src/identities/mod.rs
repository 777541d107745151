//! People, sessions and keys: the store of `identity`, on either database.
//!
//! All work is one transaction under one name, so that no two changes run at once on one database.
//! What was changed is recorded in the same transaction, in a chain of its own: the desk's stream is
//! written by another connection in groups, and a person must not be changed without the record or
//! recorded without the change. This module must not know what the rows allow.

pub(crate) mod record;
mod rows;

use identity::{IdentityError, IdentityStore, Work};
use path::journal::ReadError;
pub use record::RecordReport;

use crate::{
    backend::Backend,
    error::StoreError,
    fault::DbError,
    reader::Reader,
    session::{Session, values},
    sql::identity as sql,
};

/// The name under which changes are made one after another.
pub(crate) const IDENTITY: &str = "identity";
/// The migration that made the record.
const MIGRATION: u64 = 2;
/// Records that are checked at once.
const PAGE: i64 = 1_000;

/// People, sessions and keys of one database. Clones are the same rows.
#[derive(Debug, Clone)]
pub struct Identities(pub(crate) Backend);

/// An error of the work, or of the database around it.
struct Failed(IdentityError);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(told(error))
    }
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self(told(error.into()))
    }
}

fn told(error: StoreError) -> IdentityError {
    IdentityError::Store { code: error.code(), detail: error.to_string() }
}

fn failed(error: DbError) -> IdentityError {
    told(error.into())
}

impl IdentityStore for Identities {
    fn change(&self, work: &mut Work<'_>) -> Result<(), IdentityError> {
        let done = self.0.change(IDENTITY, |session| -> Result<(), Failed> {
            work(&mut rows::Conversation(session)).map_err(Failed)
        });
        done.map_err(|Failed(error)| error)
    }

    fn is_shared(&self) -> bool {
        matches!(self.0, Backend::Postgres(..))
    }
}

impl Identities {
    /// Checks the chain of what was recorded.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn verify_record(&self) -> Result<RecordReport, StoreError> {
        checked(|after| self.0.look(|session| page(session, after)))
    }
}

impl Reader {
    /// Checks the chain of what was changed about people, keys and strategies. A journal of a time before there
    /// were any has none.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails.
    pub fn verify_people(&self) -> Result<RecordReport, ReadError> {
        let numbers = self.query(|session| {
            session.all(crate::sql::READ_MIGRATIONS, &[], |row| row.unsigned(0))
        })?;
        if !numbers.contains(&MIGRATION) {
            return Ok(RecordReport::default());
        }
        checked(|after| self.query(|session| page(session, after)))
    }
}

fn checked<E>(
    mut page: impl FnMut(i64) -> Result<Vec<record::Recorded>, E>,
) -> Result<RecordReport, E> {
    let mut report = RecordReport::default();
    loop {
        let page = page(report.records.cast_signed())?;
        let last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for found in page {
            if !report.take(&found) {
                return Ok(report);
            }
        }
        if last {
            return Ok(report);
        }
    }
}

fn page(session: &mut dyn Session, after: i64) -> Result<Vec<record::Recorded>, DbError> {
    session.all(sql::EVENTS, values![after, PAGE], |row| {
        Ok(record::Recorded {
            seq: row.unsigned(0)?,
            at: row.number(1)?,
            kind: row.words(2)?.to_string(),
            body: row.words(3)?.to_string(),
            prev: row.digest(4)?,
            hash: row.digest(5)?,
        })
    })
}
