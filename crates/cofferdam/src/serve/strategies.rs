//! Strategies in the desk's database, for the doors.
//!
//! It must not read or run a strategy.

use std::sync::Arc;

use api::{ApiError, StoredStrategy, StrategyLibrary, StrategyText};
use desk::clock::wall_time;
use domain::Timestamp;
use identity::{Identity, Owner, Reach};
use path::broker::BoxFuture;
use store::{Strategies, StrategiesError, StrategyRow};

use super::{
    doors::{blocking, sentence},
    ids,
};

/// The strategies of one database, and the people whose they are. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Library {
    strategies: Strategies,
    identity: Arc<Identity>,
}

impl Library {
    pub(super) fn new(strategies: Strategies, identity: Arc<Identity>) -> Self {
        Self { strategies, identity }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StrategiesError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, ApiError>> {
        let library = self.clone();
        Box::pin(blocking(move || work(&library).map_err(|error| told(&error))))
    }

    fn shown(&self, row: StrategyRow) -> StoredStrategy {
        StoredStrategy {
            id: row.id,
            name: row.name,
            description: row.description,
            symbols: row.symbols,
            timeframe: row.timeframe,
            hash: row.hash,
            revision: row.revision,
            changed_at: row.changed_at,
            changed_by: row.changed_by,
            owner: self.identity.owner_name(&row.owner),
        }
    }
}

fn told(error: &StrategiesError) -> ApiError {
    let (code, detail) = (error.code(), sentence(&error.to_string()));
    match error {
        StrategiesError::Unknown(_) => {
            ApiError::not_found(code, detail, "GET /api/strategies lists what there is.")
        }
        StrategiesError::Revision { .. } => {
            ApiError::conflict(code, detail, "Read it again, and change what is there now.")
        }
        StrategiesError::TooMany => {
            let remedy = "Remove some of yours, or ask an admin to remove some of others.";
            ApiError::conflict(code, detail, remedy)
        }
        StrategiesError::TooManyOfOne => ApiError::conflict(code, detail, "Remove some first."),
        StrategiesError::Store(_) => {
            tracing::error!(%error, "strategies failed");
            let detail = "Strategies can't be read or changed now.";
            ApiError::unavailable(code, detail, "See the log of the desk.")
        }
    }
}

fn row(
    (id, revision): (String, u64),
    text: &StrategyText,
    (by, at): (String, Timestamp),
    owner: Owner,
) -> StrategyRow {
    let strategy = &text.strategy;
    StrategyRow {
        id,
        name: strategy.name.clone(),
        description: strategy.description.clone(),
        symbols: strategy.symbols.clone(),
        timeframe: strategy.timeframe.to_string(),
        hash: strategy.hash.clone(),
        revision,
        changed_at: at,
        changed_by: by,
        owner,
    }
}

impl StrategyLibrary for Library {
    fn list(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<StoredStrategy>, ApiError>> {
        self.ask(move |library| {
            let rows = library.strategies.all(&reach)?;
            Ok(rows.into_iter().map(|row| library.shown(row)).collect())
        })
    }

    fn get(
        &self,
        id: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<(StoredStrategy, String), ApiError>> {
        self.ask(move |library| {
            let (row, source) = library.strategies.get(&id, &reach)?;
            Ok((library.shown(row), source))
        })
    }

    fn add(
        &self,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let at = wall_time();
        let library = self.clone();
        Box::pin(blocking(move || {
            let new = row((ids::fresh(at)?, 1), &text, (by, at), reach.owner);
            let added = library.strategies.add(&new, &text.source);
            added.map(|row| library.shown(row)).map_err(|error| told(&error))
        }))
    }

    fn change(
        &self,
        id: String,
        revision: u64,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let new = row((id, revision), &text, (by, wall_time()), reach.owner.clone());
        self.ask(move |library| {
            let changed = library.strategies.change(&new, &text.source, &reach)?;
            Ok(library.shown(changed))
        })
    }

    fn remove(&self, id: String, by: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>> {
        self.ask(move |library| library.strategies.remove(&id, &reach, (&by, wall_time())))
    }
}
