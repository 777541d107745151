//! Strategies in the desk's database, for the doors.
//!
//! It must not read or run a strategy.

use api::{ApiError, StoredStrategy, StrategyLibrary, StrategyText};
use desk::clock::wall_time;
use domain::Timestamp;
use identity::{Owner, Reach};
use path::broker::BoxFuture;
use store::{Strategies, StrategiesError, StrategyRow};

use super::{
    doors::{blocking, sentence},
    ids,
};

/// The strategies of one database. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Library(Strategies);

impl Library {
    pub(super) fn new(strategies: Strategies) -> Self {
        Self(strategies)
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Strategies) -> Result<T, StrategiesError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, ApiError>> {
        let strategies = self.0.clone();
        Box::pin(blocking(move || work(&strategies).map_err(|error| told(&error))))
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
        StrategiesError::TooMany | StrategiesError::TooManyOfOne => {
            ApiError::conflict(code, detail, "Remove some first.")
        }
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

fn shown(row: StrategyRow) -> StoredStrategy {
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
    }
}

impl StrategyLibrary for Library {
    fn list(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<StoredStrategy>, ApiError>> {
        self.ask(move |strategies| Ok(strategies.all(&reach)?.into_iter().map(shown).collect()))
    }

    fn get(
        &self,
        id: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<(StoredStrategy, String), ApiError>> {
        self.ask(move |strategies| {
            strategies.get(&id, &reach).map(|(row, source)| (shown(row), source))
        })
    }

    fn add(
        &self,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let at = wall_time();
        let strategies = self.0.clone();
        Box::pin(blocking(move || {
            let new = row((ids::fresh(at)?, 1), &text, (by, at), reach.owner);
            strategies.add(&new, &text.source).map(shown).map_err(|error| told(&error))
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
        self.ask(move |strategies| strategies.change(&new, &text.source, &reach).map(shown))
    }

    fn remove(&self, id: String, by: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>> {
        self.ask(move |strategies| strategies.remove(&id, &reach, (&by, wall_time())))
    }
}
