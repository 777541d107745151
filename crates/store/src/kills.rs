//! The kill switch over all desks that share a database.
//!
//! A pull is a number that grows. Every desk looks for a newer one, acts on it, and confirms the
//! number; who pulled waits until all that may still send have confirmed. This module must not
//! know what a level does.

use domain::Timestamp;

use crate::{
    backend::Backend,
    error::StoreError,
    session::{Session, values},
    sql,
};

/// The name under which changes are made one after another.
const SWITCH: &str = "kills";

/// What stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Grows with every pull and release; 0 before the first.
    pub epoch: u64,
    /// The level as text; `None` when nothing stands.
    pub level: Option<String>,
    /// Who pulled or released, as the caller wrote it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A desk that holds accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// When its last lease ends unless it is renewed.
    pub until: Timestamp,
    /// The last number that it has confirmed.
    pub confirmed: u64,
}

/// The shared switch of one database.
#[derive(Debug, Clone)]
pub struct Kills(pub(crate) Backend);

fn read(session: &mut dyn Session) -> Result<Standing, crate::fault::DbError> {
    let found = session.first(sql::PG_KILL, &[], |row| {
        Ok(Standing {
            epoch: row.unsigned(0)?,
            level: row.text(1)?.filter(|level| !level.is_empty()).map(|level| level.to_string()),
            by: row.words(2)?.to_string(),
            reason: row.words(3)?.to_string(),
        })
    })?;
    Ok(found.unwrap_or_default())
}

impl Kills {
    /// What stands now.
    ///
    /// # Errors
    /// [`StoreError`] when the server can't be asked.
    pub fn standing(&self) -> Result<Standing, StoreError> {
        self.0.look(read)
    }

    /// Replaces what stands, and answers its number. `decide` is told what stands and answers the
    /// new level.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Lost`] nobody knows whether it was replaced.
    pub fn replace(
        &self,
        by: &str,
        reason: &str,
        decide: impl FnOnce(&Standing) -> Option<String>,
    ) -> Result<u64, StoreError> {
        self.0.change(SWITCH, |session| {
            let before = read(session)?;
            let (epoch, level) = (before.epoch + 1, decide(&before).unwrap_or_default());
            session.execute(sql::PG_SET_KILL, values![epoch.cast_signed(), &*level, by, reason])?;
            Ok(epoch)
        })
    }

    /// Notes that a desk has acted on everything up to a number.
    ///
    /// # Errors
    /// [`StoreError`] when the server fails.
    pub fn confirm(&self, holder: &str, epoch: u64) -> Result<(), StoreError> {
        self.0.change(SWITCH, |session| {
            session.execute(sql::PG_CONFIRM_KILL, values![holder, epoch.cast_signed()])?;
            Ok(())
        })
    }

    /// Every desk that took a lease of an account and did not give it back, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the server can't be asked.
    pub fn holders(&self) -> Result<Vec<Holder>, StoreError> {
        self.0.look(|session| {
            session.all(sql::PG_KILL_HOLDERS, &[], |row| {
                Ok(Holder {
                    name: row.words(0)?.to_string(),
                    until: Timestamp(row.number(1)?),
                    confirmed: row.unsigned(2)?,
                })
            })
        })
    }
}
