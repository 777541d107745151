//! A run that is collected and watched.
//!
//! It must not know why somebody watches.

use std::ops::ControlFlow;

use backtest::{BarMark, Collected, Watcher};
use domain::Timestamp;
use path::event::Event;

use super::{Trial, Watch};

/// Collects a run and tells how far it is.
pub(super) struct Observed<'t, 'w> {
    pub(super) collected: Collected,
    all: u64,
    watch: &'t mut Watch<'w>,
}

impl<'t, 'w> Observed<'t, 'w> {
    pub(super) fn new(trial: &Trial, watch: &'t mut Watch<'w>) -> Self {
        let all = trial.markets.iter().map(|market| market.bars.len() as u64).sum();
        Self { collected: Collected::default(), all, watch }
    }
}

impl Watcher for Observed<'_, '_> {
    fn event(&mut self, at: Timestamp, event: &Event) {
        self.collected.event(at, event);
    }

    fn bars_closed(&mut self, mark: &BarMark) {
        self.collected.bars_closed(mark);
    }

    fn goes_on(&mut self, bars: u64) -> bool {
        (self.watch)(bars, self.all) == ControlFlow::Continue(())
    }
}
