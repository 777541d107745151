//! Strategies in memory.

use std::sync::Mutex;

use api::{ApiError, StoredStrategy, StrategyLibrary, StrategyText};
use desk::clock::wall_time;
use path::broker::BoxFuture;

/// Strategies in the order of their last change.
#[derive(Default)]
pub struct Shelf(Mutex<Vec<(StoredStrategy, String)>>);

fn unknown(id: &str) -> ApiError {
    ApiError::not_found("strategy_unknown", format!("No strategy `{id}`."), "List them.")
}

fn row(id: String, revision: u64, text: &StrategyText, by: String) -> StoredStrategy {
    StoredStrategy {
        id,
        name: text.strategy.name.clone(),
        description: text.strategy.description.clone(),
        symbols: text.strategy.symbols.clone(),
        timeframe: text.strategy.timeframe.to_string(),
        hash: text.strategy.hash.clone(),
        revision,
        changed_at: wall_time(),
        changed_by: by,
    }
}

fn ready<'a, T: Send + 'a>(value: Result<T, ApiError>) -> BoxFuture<'a, Result<T, ApiError>> {
    Box::pin(std::future::ready(value))
}

impl StrategyLibrary for Shelf {
    fn list(&self) -> BoxFuture<'_, Result<Vec<StoredStrategy>, ApiError>> {
        let shelf = self.0.lock().unwrap();
        ready(Ok(shelf.iter().rev().map(|(row, _)| row.clone()).collect()))
    }

    fn get(&self, id: String) -> BoxFuture<'_, Result<(StoredStrategy, String), ApiError>> {
        let shelf = self.0.lock().unwrap();
        let found = shelf.iter().find(|(row, _)| row.id == id).cloned();
        ready(found.ok_or_else(|| unknown(&id)))
    }

    fn add(
        &self,
        text: StrategyText,
        by: String,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let new = row(format!("s{}", shelf.len() + 1), 1, &text, by);
        shelf.push((new.clone(), text.source));
        ready(Ok(new))
    }

    fn change(
        &self,
        id: String,
        revision: u64,
        text: StrategyText,
        by: String,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let Some(place) = shelf.iter().position(|(row, _)| row.id == id) else {
            return ready(Err(unknown(&id)));
        };
        let current = shelf[place].0.revision;
        if current != revision {
            let detail = format!("It is at revision {current}.");
            return ready(Err(ApiError::conflict("revision_conflict", detail, "Read it again.")));
        }
        shelf.remove(place);
        let new = row(id, revision + 1, &text, by);
        shelf.push((new.clone(), text.source));
        ready(Ok(new))
    }

    fn remove(&self, id: String, _: String) -> BoxFuture<'_, Result<(), ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let Some(place) = shelf.iter().position(|(row, _)| row.id == id) else {
            return ready(Err(unknown(&id)));
        };
        shelf.remove(place);
        ready(Ok(()))
    }
}
