//! What is kept of a run, so that a restart goes on with it.
//!
//! The text of the strategy is kept with the run: who changes the file later changes no run. It
//! must not know how it is kept.

use std::collections::BTreeMap;

use domain::{AccountId, BookId, Origin, Timestamp};
use serde::{Deserialize, Serialize};

/// The name of a run, unique within a desk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a run does with what its rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Everything.
    Running,
    /// It opens and enlarges nothing; what it holds it closes as its rules say.
    Paused,
    /// Nothing, for good.
    Stopped,
}

/// One strategy on one book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub id: RunId,
    /// The stored strategy that it was started from, if it was one.
    #[serde(default)]
    pub strategy_id: Option<String>,
    /// The strategy's file.
    pub source: String,
    /// The strategy's name.
    pub name: String,
    /// SHA-256 of the file, in hex.
    pub hash: String,
    /// Its constants, each of them.
    pub params: BTreeMap<String, f64>,
    /// Where it trades.
    pub account: AccountId,
    /// Its book.
    pub book: BookId,
    /// What it does.
    pub state: RunState,
    /// Why it does not do more, in words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it was started, by the desk's clock.
    pub started_at: Timestamp,
    /// Who started it; every wish is asked for in their name.
    pub by: Origin,
    /// Records of the account when it was started.
    pub started_seq: u64,
    /// The close at which it decided last.
    #[serde(default)]
    pub decided_at: Option<Timestamp>,
    /// Closes at which it decided.
    #[serde(default)]
    pub closes: u64,
    /// Wishes that it told.
    #[serde(default)]
    pub wishes: u64,
    /// Wishes that were refused, and those that the kill switch ended while they waited.
    #[serde(default)]
    pub refused: u64,
    /// Wishes that would have opened or enlarged something and were not asked for, because the kill
    /// switch stood.
    #[serde(default)]
    pub withheld: u64,
}
