//! Rules that see one scale of prices, whatever was split.
//!
//! A split makes the prices before it another unit. Averages over both would see a crash that
//! nobody traded, so once a split has happened the rules begin anew and are told the bars before on
//! the new scale, as somebody who looks at a chart sees them. A split is never seen before it has
//! happened. This module must not know what the rules compute.

use std::sync::Arc;

use backtest::trader::{ClosedBar, Trader, View, Wish};
use domain::{Bar, InstrumentId, Nanos, Timestamp};
use formula::Decimals;
use strategy::{Compiled, Rules, Skipped};

use super::{Trial, TrialError, setup};

/// A strategy and the bars that it is told again.
pub(super) struct Scaled {
    trial: Trial,
    compiled: Compiled,
    rules: Rules,
    /// When splits happen that the rules don't know of, the next one last.
    coming: Vec<Timestamp>,
    /// What was left out before the rules began anew.
    before: Skipped,
    fault: Option<TrialError>,
}

impl Scaled {
    pub(super) fn new(trial: &Trial, compiled: Compiled) -> Result<Self, TrialError> {
        let (desk, symbols) = (setup::desk()?, setup::symbols(trial)?);
        let strategy = Arc::clone(&trial.strategy);
        let rules = Rules::new(strategy, compiled.clone(), desk, symbols);
        let mut coming = Vec::new();
        for market in &trial.markets {
            coming.extend(market.splits().iter().map(|split| split.at));
            // What can't be scaled is refused before anything is traded.
            market.scaled(Timestamp(i64::MAX))?;
        }
        coming.sort_unstable();
        coming.reverse();
        let (before, fault) = (Skipped::default(), None);
        Ok(Self { trial: trial.clone(), compiled, rules, coming, before, fault })
    }

    /// What made it impossible to go on, if anything did.
    pub(super) fn check(self) -> Result<Self, TrialError> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }

    /// The rules as they are now.
    pub(super) const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Entries that were left out so far.
    pub(super) fn skipped(&self) -> Skipped {
        let (before, now) = (self.before, self.rules.skipped());
        Skipped {
            contradictions: before.contradictions + now.contradictions,
            distances: before.distances + now.distances,
            positions: before.positions + now.positions,
        }
    }

    /// Rules that were told every bar before an instant on the scale of then.
    fn anew(&self, now: Timestamp) -> Result<Rules, TrialError> {
        let as_of = now.plus(Nanos(-1));
        let (desk, mut symbols) = (setup::desk()?, setup::symbols(&self.trial)?);
        let mut told = Vec::with_capacity(self.trial.markets.len());
        for market in &self.trial.markets {
            let bars = market.scaled(as_of)?;
            if let Some(symbol) = symbols.iter_mut().find(|symbol| symbol.name == market.symbol) {
                symbol.decimals = Decimals::of(&bars);
            }
            told.push((market.instrument()?, bars));
        }
        let strategy = Arc::clone(&self.trial.strategy);
        let mut rules = Rules::new(strategy, self.compiled.clone(), desk, symbols);
        tell(&mut rules, &told, now);
        Ok(rules)
    }
}

/// Tells rules every bar that closes before an instant, those that close together at once.
fn tell(rules: &mut Rules, told: &[(InstrumentId, Arc<[Bar]>)], now: Timestamp) {
    let mut next = vec![0; told.len()];
    loop {
        let closes = told.iter().zip(&next).filter_map(|((_, bars), n)| bars.get(*n));
        let Some(at) = closes.map(|bar| bar.close_at).min().filter(|at| *at < now) else { return };
        let mut closed = Vec::with_capacity(told.len());
        for ((instrument, bars), index) in told.iter().zip(&mut next) {
            if let Some(bar) = bars.get(*index).filter(|bar| bar.close_at == at) {
                closed.push(ClosedBar { instrument, bar, index: *index });
                *index += 1;
            }
        }
        rules.remember(&closed);
    }
}

impl Trader for Scaled {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let now = view.at();
        let known = self.coming.len();
        while self.coming.last().is_some_and(|at| *at < now) {
            self.coming.pop();
        }
        if self.coming.len() < known && self.fault.is_none() {
            match self.anew(now) {
                Ok(rules) => {
                    self.before = self.skipped();
                    self.rules = rules;
                }
                Err(fault) => self.fault = Some(fault),
            }
        }
        if self.fault.is_none() {
            self.rules.on_close(view, wishes);
        }
    }
}
