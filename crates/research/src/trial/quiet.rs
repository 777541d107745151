//! Rules that only look on while they warm up.
//!
//! It exists so that a run over a part of history can be told the bars before that part, without
//! trading them. It must not know why the run begins where it does.

use backtest::trader::{Trader, View, Wish};
use domain::Timestamp;
use strategy::Skipped;

use super::{TrialError, scaled::Scaled};

/// A strategy whose wishes count from an instant on.
pub(super) struct Quiet {
    rules: Scaled,
    from: Option<Timestamp>,
    /// What was left out before.
    before: Skipped,
}

impl Quiet {
    /// Wishes at closes before `from` are dropped; none are without it.
    pub(super) fn new(rules: Scaled, from: Option<Timestamp>) -> Self {
        Self { rules, from, before: Skipped::default() }
    }

    /// Refuses a run in which the rules could not go on.
    pub(super) fn check(self) -> Result<Self, TrialError> {
        Ok(Self { rules: self.rules.check()?, ..self })
    }

    /// Entries that were left out since.
    pub(super) fn skipped(&self) -> Skipped {
        let (all, before) = (self.rules.skipped(), self.before);
        Skipped {
            contradictions: all.contradictions - before.contradictions,
            distances: all.distances - before.distances,
            positions: all.positions - before.positions,
        }
    }
}

impl Trader for Quiet {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        self.rules.on_close(view, wishes);
        if self.from.is_some_and(|from| view.at() < from) {
            wishes.clear();
            self.before = self.rules.skipped();
        }
    }
}
