//! Strategies in memory.

use std::sync::Mutex;

use api::{ApiError, StoredStrategy, StrategyLibrary, StrategyText};
use desk::clock::wall_time;
use identity::{Owner, Reach};
use path::broker::BoxFuture;

/// A strategy, its text, and whose it is.
type Kept = (StoredStrategy, String, Owner);

/// Strategies in the order of their last change.
#[derive(Default)]
pub struct Shelf(Mutex<Vec<Kept>>);

fn unknown(id: &str) -> ApiError {
    ApiError::not_found("strategy_unknown", format!("No strategy `{id}`."), "List them.")
}

fn row(
    id: String,
    revision: u64,
    text: &StrategyText,
    by: String,
    owner: &Owner,
) -> StoredStrategy {
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
        owner: owner.to_string(),
    }
}

fn ready<'a, T: Send + 'a>(value: Result<T, ApiError>) -> BoxFuture<'a, Result<T, ApiError>> {
    Box::pin(std::future::ready(value))
}

fn place(shelf: &[Kept], id: &str, reach: &Reach) -> Option<usize> {
    shelf.iter().position(|(row, _, owner)| row.id == id && reach.has(owner))
}

impl StrategyLibrary for Shelf {
    fn list(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<StoredStrategy>, ApiError>> {
        let shelf = self.0.lock().unwrap();
        let mine = shelf.iter().rev().filter(|(_, _, owner)| reach.has(owner));
        ready(Ok(mine.map(|(row, ..)| row.clone()).collect()))
    }

    fn get(
        &self,
        id: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<(StoredStrategy, String), ApiError>> {
        let shelf = self.0.lock().unwrap();
        let found = place(&shelf, &id, &reach).map(|at| shelf[at].clone());
        ready(found.map(|(row, source, _)| (row, source)).ok_or_else(|| unknown(&id)))
    }

    fn add(
        &self,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let new = row(format!("s{}", shelf.len() + 1), 1, &text, by, &reach.owner);
        shelf.push((new.clone(), text.source, reach.owner));
        ready(Ok(new))
    }

    fn change(
        &self,
        id: String,
        revision: u64,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let Some(place) = place(&shelf, &id, &reach) else {
            return ready(Err(unknown(&id)));
        };
        let current = shelf[place].0.revision;
        if current != revision {
            let detail = format!("It is at revision {current}.");
            return ready(Err(ApiError::conflict("revision_conflict", detail, "Read it again.")));
        }
        let (_, _, owner) = shelf.remove(place);
        let new = row(id, revision + 1, &text, by, &reach.owner);
        shelf.push((new.clone(), text.source, owner));
        ready(Ok(new))
    }

    fn remove(&self, id: String, _: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>> {
        let mut shelf = self.0.lock().unwrap();
        let Some(place) = place(&shelf, &id, &reach) else {
            return ready(Err(unknown(&id)));
        };
        shelf.remove(place);
        ready(Ok(()))
    }
}
