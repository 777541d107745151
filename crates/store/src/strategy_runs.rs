//! Strategies at work, as the program describes them.
//!
//! Who starts, pauses or stops one is recorded in the same transaction, in the chain that people
//! and keys have; how far it has come is not. This module must not know what a run is: its body is
//! the caller's.

use domain::Timestamp;
use identity::Event;
use serde_json::json;

use crate::{
    backend::Backend,
    error::StoreError,
    identities::{IDENTITY, record::append},
    session::values,
    sql::research as sql,
};

/// What is done to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChange {
    /// It is new.
    Started,
    /// It opens nothing more.
    Paused,
    /// It goes on.
    Resumed,
    /// It has ended.
    Stopped,
}

impl RunChange {
    const fn kind(self) -> &'static str {
        match self {
            Self::Started => "strategy_run_started",
            Self::Paused => "strategy_run_paused",
            Self::Resumed => "strategy_run_resumed",
            Self::Stopped => "strategy_run_stopped",
        }
    }
}

/// The strategies at work of one database. Clones are the same rows.
#[derive(Debug, Clone)]
pub struct StrategyRuns(pub(crate) Backend);

impl StrategyRuns {
    /// The bodies of all, in order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn all(&self) -> Result<Vec<String>, StoreError> {
        self.0.look(|session| {
            session.all(sql::STRATEGY_RUNS, &[], |columns| Ok(columns.words(0)?.to_string()))
        })
    }

    /// Keeps how far one has come.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn save(&self, id: &str, body: &str) -> Result<(), StoreError> {
        self.0.change(IDENTITY, |session| {
            session.execute(sql::SAVE_STRATEGY_RUN, values![body, id])?;
            Ok(())
        })
    }

    /// Keeps a change of one, and records it. A new one must have an id of its own.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails, or when a new one's id is taken.
    pub fn change(
        &self,
        change: RunChange,
        (id, body): (&str, &str),
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.change(IDENTITY, |session| {
            if change == RunChange::Started {
                session.execute(sql::ADD_STRATEGY_RUN, values![id, body])?;
            } else {
                session.execute(sql::SAVE_STRATEGY_RUN, values![body, id])?;
            }
            let (by, subject, kind) = (by.to_owned(), id.to_owned(), change.kind());
            append(session, &Event { at, kind, by, subject, detail: json!({}) })?;
            Ok(())
        })
    }

    /// Drops one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.0.change(IDENTITY, |session| {
            session.execute(sql::DELETE_STRATEGY_RUN, values![id])?;
            Ok(())
        })
    }
}
