//! One run in the table: what is shown of it, who keeps it, and whose turn it is.
//!
//! What is shown is locked for an instant only, so that a run whose account hangs can be listed,
//! paused and stopped. It must not know who else runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{InstrumentId, Timestamp};
use strategy::Skipped;

use crate::{
    brain::Mind,
    plan::Plan,
    player::Closed,
    record::{RunRecord, RunState},
};

/// A run.
pub(crate) struct Entry {
    /// It is in the run's name.
    pub(crate) number: u64,
    pub(crate) plan: Plan,
    shown: Mutex<Shown>,
    /// Held while the record is written, so that an older one never follows a newer one.
    pub(crate) keeping: tokio::sync::Mutex<()>,
    /// Held while it decides or is wound up.
    pub(crate) turn: tokio::sync::Mutex<Turn>,
}

/// What is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) record: RunRecord,
    pub(crate) skipped: Skipped,
}

/// What who decides needs.
#[derive(Default)]
pub(crate) struct Turn {
    /// `None` while it waits for bars, or is to be built anew.
    pub(crate) mind: Option<Mind>,
    /// Bars that closed and were not decided on when the desk stopped.
    pub(crate) missed: Option<(Timestamp, Vec<Closed>)>,
    /// The account was asked for what stopping needs, since the desk was started.
    pub(crate) asked_to_stop: bool,
    /// Until then a run is left alone whose account gave no answer: who tells prices must not wait
    /// for it all the time.
    pub(crate) left_alone_until: Option<tokio::time::Instant>,
}

impl Entry {
    pub(crate) fn new(number: u64, record: RunRecord, plan: Plan) -> Self {
        let shown = Mutex::new(Shown { record, skipped: Skipped::default() });
        let (keeping, turn) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        Self { number, plan, shown, keeping, turn }
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> Shown {
        self.lock().clone()
    }

    pub(crate) fn record(&self) -> RunRecord {
        self.lock().record.clone()
    }

    pub(crate) fn state(&self) -> RunState {
        self.lock().record.state
    }

    /// Changes what is shown.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        change(&mut self.lock())
    }

    /// Notes what keeps it from doing what its state says; logged when that is new.
    pub(crate) fn trouble(&self, trouble: Option<String>) {
        let before = self.change(|s| std::mem::replace(&mut s.record.trouble, trouble.clone()));
        if let Some(trouble) = trouble.filter(|now| before.as_ref() != Some(now)) {
            tracing::warn!(run = %self.plan.run, trouble, "a strategy does not do what it should");
        }
    }

    /// True for bars that it reads.
    pub(crate) fn reads(&self, instrument: &InstrumentId) -> bool {
        self.plan.feeds_on().any(|id| id == instrument)
    }

    /// True while it decides on closes.
    pub(crate) fn decides(&self) -> bool {
        matches!(self.state(), RunState::Running | RunState::Paused)
    }
}
