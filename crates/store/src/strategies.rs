//! Strategies as text, with the number of their last change.
//!
//! Whoever changes one shows the revision that was read, so that nobody overwrites what somebody
//! else has written meanwhile. Each change is recorded in its own transaction, in the chain that
//! people and keys have. This module must not know what a strategy means.

use domain::Timestamp;
use identity::Event;
use serde_json::json;
use thiserror::Error;

use crate::{
    backend::Backend,
    error::StoreError,
    fault::DbError,
    identities::{IDENTITY, record::append},
    session::{Columns, Session, values},
    sql::research as sql,
};

/// Strategies that one database keeps.
pub const STRATEGIES_MAX: u64 = 500;

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
            Self::TooMany => "too_many_strategies",
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
    })
}

fn put(session: &mut dyn Session, row: &StrategyRow, source: &str) -> Result<(), DbError> {
    let symbols = row.symbols.join(",");
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
        source,
    ];
    session.execute(sql::PUT_STRATEGY, put).map(drop)
}

fn recorded(
    session: &mut dyn Session,
    kind: &'static str,
    row: &StrategyRow,
) -> Result<(), DbError> {
    let detail = json!({"name": row.name, "revision": row.revision, "hash": row.hash});
    let (by, subject) = (row.changed_by.clone(), row.id.clone());
    append(session, &Event { at: row.changed_at, kind, by, subject, detail })
}

fn revision(session: &mut dyn Session, id: &str) -> Result<(u64, String), StrategiesError> {
    let found = session.first(sql::REVISION, values![id], |row| {
        Ok((row.unsigned(0)?, row.words(1)?.to_string()))
    })?;
    found.ok_or_else(|| StrategiesError::Unknown(id.to_owned()))
}

impl Strategies {
    /// All of them, the last changed first.
    ///
    /// # Errors
    /// [`StrategiesError::Store`] when the database fails.
    pub fn all(&self) -> Result<Vec<StrategyRow>, StrategiesError> {
        Ok(self.0.look(|session| session.all(sql::STRATEGIES, &[], row))?)
    }

    /// One with its text.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], or [`StrategiesError::Store`] when the database fails.
    pub fn get(&self, id: &str) -> Result<(StrategyRow, String), StrategiesError> {
        let found = self.0.look(|session| {
            session.first(sql::STRATEGY, values![id], |columns| {
                Ok((row(columns)?, columns.words(9)?.to_string()))
            })
        })?;
        found.ok_or_else(|| StrategiesError::Unknown(id.to_owned()))
    }

    /// Adds one; its revision is 1.
    ///
    /// # Errors
    /// [`StrategiesError::TooMany`], or [`StrategiesError::Store`] when the database fails.
    pub fn add(&self, new: &StrategyRow, source: &str) -> Result<StrategyRow, StrategiesError> {
        let new = StrategyRow { revision: 1, ..new.clone() };
        self.0.change(IDENTITY, |session| {
            let count = session.first(sql::COUNT_STRATEGIES, &[], |row| row.unsigned(0))?;
            if count.unwrap_or(0) >= STRATEGIES_MAX {
                return Err(StrategiesError::TooMany);
            }
            put(session, &new, source)?;
            recorded(session, "strategy_added", &new)?;
            Ok(new)
        })
    }

    /// Replaces one whose revision was shown; the next one is in the answer.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], [`StrategiesError::Revision`] when `new.revision` is not the
    /// current one, or [`StrategiesError::Store`] when the database fails.
    pub fn change(&self, new: &StrategyRow, source: &str) -> Result<StrategyRow, StrategiesError> {
        self.0.change(IDENTITY, |session| {
            let (current, _) = revision(session, &new.id)?;
            if current != new.revision {
                let (id, shown) = (new.id.clone(), new.revision);
                return Err(StrategiesError::Revision { id, shown, current });
            }
            let next = StrategyRow { revision: current + 1, ..new.clone() };
            put(session, &next, source)?;
            recorded(session, "strategy_changed", &next)?;
            Ok(next)
        })
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`StrategiesError::Unknown`], or [`StrategiesError::Store`] when the database fails.
    pub fn remove(&self, id: &str, by: &str, at: Timestamp) -> Result<(), StrategiesError> {
        self.0.change(IDENTITY, |session| {
            let (revision, name) = revision(session, id)?;
            session.execute(sql::DELETE_STRATEGY, values![id])?;
            let detail = json!({"name": name, "revision": revision});
            let (by, subject) = (by.to_owned(), id.to_owned());
            append(session, &Event { at, kind: "strategy_removed", by, subject, detail })?;
            Ok(())
        })
    }
}
