//! Where strategies are kept.

use std::sync::Arc;

use domain::Timestamp;
use identity::Reach;
use path::broker::BoxFuture;
use strategy::{Faults, Strategy};

use crate::problem::ApiError;

/// A strategy that was read without a fault, with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyText {
    /// What was read.
    pub strategy: Arc<Strategy>,
    /// The text that it was read from.
    pub source: String,
}

impl StrategyText {
    /// Reads a text.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(source: String) -> Result<Self, Faults> {
        let strategy = Arc::new(strategy::read(&source)?);
        Ok(Self { strategy, source })
    }
}

/// What is kept of a strategy beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStrategy {
    /// Never changes.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What it trades.
    pub symbols: Vec<String>,
    /// The bars on whose closes it decides.
    pub timeframe: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
    /// From 1; each change adds one.
    pub revision: u64,
    /// When it was last changed, by the wall clock.
    pub changed_at: Timestamp,
    /// Who changed it last.
    pub changed_by: String,
    /// Whose it is, by name.
    pub owner: String,
}

/// Keeps strategies. Every change is recorded with `by`, whoever asked for it. One that is not
/// reached is answered like one that isn't there.
pub trait StrategyLibrary: Send + Sync {
    /// All that are reached, the last changed first.
    fn list(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<StoredStrategy>, ApiError>>;

    /// One with its text.
    fn get(
        &self,
        id: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<(StoredStrategy, String), ApiError>>;

    /// Adds one for `reach.owner`.
    fn add(
        &self,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>>;

    /// Replaces one that is still at `revision`; it stays with its owner.
    fn change(
        &self,
        id: String,
        revision: u64,
        text: StrategyText,
        by: String,
        reach: Reach,
    ) -> BoxFuture<'_, Result<StoredStrategy, ApiError>>;

    /// Removes one.
    fn remove(&self, id: String, by: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>>;
}
