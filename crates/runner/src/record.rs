//! What is kept of a run, so that a restart goes on with it.
//!
//! The text of the strategy is kept with the run: who changes the file later changes no run. It
//! must not know how it is kept.

use std::collections::BTreeMap;

use domain::{AccountId, BookId, Origin, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{error::RunError, ports::Change};

/// The name of a run, unique within a desk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    const PREFIX: &str = "run-";

    /// The name of the n-th run, which is 1 or more.
    #[must_use]
    pub fn of(number: u64) -> Self {
        Self(format!("{}{number}", Self::PREFIX))
    }

    /// Which run it is: 1 or more.
    ///
    /// # Errors
    /// [`RunError::Id`] when it is not as [`RunId::of`] makes it.
    pub fn number(&self) -> Result<u64, RunError> {
        let number = self.0.strip_prefix(Self::PREFIX).and_then(|n| n.parse().ok());
        let number = number.filter(|n| *n > 0 && Self::of(*n) == *self);
        number.ok_or_else(|| RunError::Id(self.clone()))
    }
}

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
    /// It decides nothing more and is being wound up. It can be asked to stop again, and a restart
    /// goes on winding it up.
    Stopping,
    /// Nothing, for good.
    Stopped,
}

impl RunState {
    /// The state as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// The state after a change; `None` when that can't be done in this state.
    #[must_use]
    pub const fn after(self, change: Change) -> Option<Self> {
        match (self, change) {
            (Self::Running | Self::Paused, Change::Pause) => Some(Self::Paused),
            (Self::Running | Self::Paused, Change::Resume) => Some(Self::Running),
            (Self::Running | Self::Paused | Self::Stopping, Change::Stop) => Some(Self::Stopping),
            (_, Change::Start)
            | (Self::Stopping, Change::Pause | Change::Resume)
            | (Self::Stopped, Change::Pause | Change::Resume | Change::Stop) => None,
        }
    }
}

/// What becomes of positions when a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// They stay, with the stops that they have.
    Keep,
    /// They are closed at the market.
    Close,
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
    /// Why it was paused or stopped, in words; `None` while it runs.
    #[serde(default)]
    pub reason: Option<String>,
    /// What keeps it from doing what its state says, in words; `None` when its last close went well.
    #[serde(default)]
    pub trouble: Option<String>,
    /// What becomes of positions, once it was asked to stop.
    #[serde(default)]
    pub at_stop: Option<Stop>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_that_make_sense_can_be_made() {
        use Change::{Pause, Resume, Start, Stop};
        use RunState::{Paused, Running, Stopped, Stopping};
        for (state, after) in [
            (Running, [None, Some(Paused), Some(Running), Some(Stopping)]),
            (Paused, [None, Some(Paused), Some(Running), Some(Stopping)]),
            (Stopping, [None, None, None, Some(Stopping)]),
            (Stopped, [None, None, None, None]),
        ] {
            let all = [Start, Pause, Resume, Stop].map(|change| state.after(change));
            assert_eq!(all, after, "{state:?}");
        }
    }

    #[test]
    fn a_name_of_another_form_is_an_error() {
        assert_eq!(RunId::of(12).number().unwrap(), 12);
        for id in
            ["", "run", "run-", "run-0", "run-01", "run-+1", "run--1", "run-1x", "12", "Run-1"]
        {
            assert_eq!(RunId(id.to_owned()).number().unwrap_err().code(), "run_id", "{id}");
        }
    }
}
