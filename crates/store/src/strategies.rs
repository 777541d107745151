//! Strategies as text, with the number of their last change.
//!
//! Whoever changes one shows the revision that was read, so that nobody overwrites what somebody
//! else has written meanwhile. Each belongs to an owner, and is there for nobody else. Each change is recorded in its own transaction, in the chain that
//! people and keys have. This module must not know what a strategy means.

use domain::Timestamp;
use identity::{Event, Owner, Reach};
use serde_json::json;
use thiserror::Error;

use crate::{
    backend::Backend,
    error::StoreError,
    fault::DbError,
    identities::{IDENTITY, record::append},
    owned::{owner, reached},
    session::{Columns, Session, values},
    sql::research as sql,
};

/// Strategies that one database keeps.
pub const STRATEGIES_MAX: u64 = 500;
/// Strategies that it keeps of one owner, so that nobody alone takes all the room.
pub const STRATEGIES_OF_ONE_MAX: u64 = 400;

/// A strategy without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRow {
    /// Never changes.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What it trades; no symbol has a comma.
    pub symbols: Vec<String>,
    /// The bars on which it decides.
    pub timeframe: String,
    /// Of its text.
    pub hash: String,
    /// From 1; each change adds one.
    pub revision: u64,
    /// When it was last changed, by the wall clock.
    pub changed_at: Timestamp,
    /// Who changed it last.
    pub changed_by: String,
    /// Whose it is; a change leaves that as it is.
    pub owner: Owner,
}

/// Why a strategy was not read or changed.
#[derive(Debug, Error)]
pub enum StrategiesError {
    /// There is none with this id.
    #[error("there is no strategy `{0}`")]
    Unknown(String),
    /// Somebody has changed it meanwhile.
    #[error("strategy `{id}` is at revision {current}, not {shown}: somebody changed it meanwhile")]
    Revision {
        /// Which.
        id: String,
        /// The revision that was shown.
        shown: u64,
        /// The revision that is there.
        current: u64,
    },
    /// There are as many as may be.
    #[error("there are {STRATEGIES_MAX} strategies, which is the most")]
    TooMany,
    /// One owner has as many as one may have.
    #[error("you have {STRATEGIES_OF_ONE_MAX} strategies, which is the most for one")]
    TooManyOfOne,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StrategiesError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "strategy_unknown",
            Self::Revision { .. } => "revision_conflict",
            Self::TooMany | Self::TooManyOfOne => "too_many_strategies",
            Self::Store(error) => error.code(),
        }
    }
}

impl From<DbError> for StrategiesError {
    fn from(error: DbError) -> Self {
        Self::Store(error.into())
    }
}

/// The strategies of one database. Clones are the same rows.
#[derive(Debug, Clone)]
pub struct Strategies(pub(crate) Backend);

fn row(columns: &dyn Columns) -> Result<StrategyRow, DbError> {
    let text = |at| columns.words(at).map(|text| text.to_string());
    Ok(StrategyRow {
        id: text(0)?,
        name: text(1)?,
        description: text(2)?,
        symbols: columns.words(3)?.split(',').map(str::to_owned).collect(),
        timeframe: text(4)?,
        hash: text(5)?,
        revision: columns.unsigned(6)?,
        changed_at: Timestamp(columns.number(7)?),
        changed_by: text(8)?,
        owner: owner(columns, 9)?,
    })
}

fn put(session: &mut dyn Session, row: &StrategyRow, source: &str) -> Result<(), DbError> {
    let (symbols, owner) = (row.symbols.join(","), row.owner.to_string());
    let put = values![
        &*row.id,
        &*row.name,
        &*row.description,
        &*symbols,
        &*row.timeframe,
        &*row.hash,
        row.revision.cast_signed(),
        row.changed_at.0,
        &*row.changed_by,
        &*owner,
        source,
    ];
    session.execute(sql::PUT_STRATEGY, put).map(drop)
}

fn recorded(
    session: &mut dyn Session,
    kind: &'static str,
    row: &StrategyRow,
) -> Result<(), DbError> {
    let owner = row.owner.to_string();
    let detail =
        json!({"name": row.name, "revision": row.revision, "hash": row.hash, "owner": owner});
    let (by, subject) = (row.changed_by.clone(), row.id.clone());
    append(session, &Event { at: row.changed_at, kind, by, subject, detail })
}

/// What is there of a strategy before a change.
struct Current {
    revision: u64,
    name: String,
    owner: Owner,
}

fn current(session: &mut dyn Session, id: &str, reach: &Reach) -> Result<Current, StrategiesError> {
    let whose = reached(reach);
    let found = session.first(sql::REVISION, values![id, &*whose], |row| {
        let (revision, name) = (row.unsigned(0)?, row.words(1)?.to_string());
        Ok(Current { revision, name, owner: owner(row, 2)? })
    })?;
    found.ok_or_else(|| StrategiesError::Unknown(id.to_owned()))
}

fn count(session: &mut dyn Session, whose: &str) -> Result<u64, DbError> {
    let count = session.first(sql::COUNT_STRATEGIES, values![whose], |row| row.unsigned(0))?;
    Ok(count.unwrap_or(0))
}

impl Strategies {
    /// All that are reached, the last changed first.
    ///
    /// # Errors
    /// [`StrategiesError::Store`] when the database fails.
    pub fn all(&self, reach: &Reach) -> Result<Vec<StrategyRow>, StrategiesError> {
        let whose = reached(reach);
        Ok(self.0.look(|session| session.all(sql::STRATEGIES, values![&*whose], row))?)
    }

    /// One with its text.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], also of one that is not reached, or [`StrategiesError::Store`]
    /// when the database fails.
    pub fn get(&self, id: &str, reach: &Reach) -> Result<(StrategyRow, String), StrategiesError> {
        let whose = reached(reach);
        let found = self.0.look(|session| {
            session.first(sql::STRATEGY, values![id, &*whose], |columns| {
                Ok((row(columns)?, columns.words(10)?.to_string()))
            })
        })?;
        found.ok_or_else(|| StrategiesError::Unknown(id.to_owned()))
    }

    /// Adds one; its revision is 1.
    ///
    /// # Errors
    /// [`StrategiesError::TooMany`], [`StrategiesError::TooManyOfOne`], or
    /// [`StrategiesError::Store`] when the database fails.
    pub fn add(&self, new: &StrategyRow, source: &str) -> Result<StrategyRow, StrategiesError> {
        let new = StrategyRow { revision: 1, ..new.clone() };
        self.0.change(IDENTITY, |session| {
            if count(session, &new.owner.to_string())? >= STRATEGIES_OF_ONE_MAX {
                return Err(StrategiesError::TooManyOfOne);
            }
            if count(session, "*")? >= STRATEGIES_MAX {
                return Err(StrategiesError::TooMany);
            }
            put(session, &new, source)?;
            recorded(session, "strategy_added", &new)?;
            Ok(new)
        })
    }

    /// Replaces one that is reached and whose revision was shown; the next one is in the answer. It
    /// stays with its owner.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], [`StrategiesError::Revision`] when `new.revision` is not the
    /// current one, or [`StrategiesError::Store`] when the database fails.
    pub fn change(
        &self,
        new: &StrategyRow,
        source: &str,
        reach: &Reach,
    ) -> Result<StrategyRow, StrategiesError> {
        self.0.change(IDENTITY, |session| {
            let Current { revision, owner, .. } = current(session, &new.id, reach)?;
            if revision != new.revision {
                let (id, shown) = (new.id.clone(), new.revision);
                return Err(StrategiesError::Revision { id, shown, current: revision });
            }
            let next = StrategyRow { revision: revision + 1, owner, ..new.clone() };
            put(session, &next, source)?;
            recorded(session, "strategy_changed", &next)?;
            Ok(next)
        })
    }

    /// Removes one that is reached.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], or [`StrategiesError::Store`] when the database fails.
    pub fn remove(
        &self,
        id: &str,
        reach: &Reach,
        (by, at): (&str, Timestamp),
    ) -> Result<(), StrategiesError> {
        self.0.change(IDENTITY, |session| {
            let Current { revision, name, owner } = current(session, id, reach)?;
            session.execute(sql::DELETE_STRATEGY, values![id])?;
            let owner = owner.to_string();
            let detail = json!({"name": name, "revision": revision, "owner": owner});
            let (by, subject) = (by.to_owned(), id.to_owned());
            append(session, &Event { at, kind: "strategy_removed", by, subject, detail })?;
            Ok(())
        })
    }
}
