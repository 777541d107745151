//! Sets of parameters, tried by the screening kernel where it tells what the engine would tell.
//!
//! Nothing is approximated: what the kernel can't express, or an amount that it can't hold, is
//! [`NotScreened`] and left to the engine. This module must not know how rows are kept or judged.

mod seen;
mod timed;
mod why;

use std::{collections::BTreeMap, sync::Arc};

use domain::{Limits, Timestamp};
use rust_decimal::Decimal;
use screen::{Screen, Tape, Terms, Unscreenable};

use seen::Seen;
pub use timed::{Timed, timed};
pub use why::NotScreened;

use crate::{
    stats::{Brief, Marks, Settings},
    sweep::{FIGURES, Measured},
    trial::{Trial, calendar::TradedDays},
};

/// The engine's statement keeps so many round trips; a set with more is tried by the engine.
const TRADES_MAX: usize = 100_000;

/// A search that the kernel can screen.
#[derive(Debug, Clone)]
pub(crate) struct Screened {
    screen: Screen,
    settings: Settings,
    start: (Timestamp, Decimal),
    from: usize,
    /// The last bar of every day, with its close.
    ends: Vec<(usize, Timestamp)>,
    days: TradedDays,
}

/// What a set comes to, to the last digit.
struct Exact {
    equity: Decimal,
    fees: Decimal,
    trades: usize,
}

impl Screened {
    /// The kernel for trials like this one, of which `objective` is one of the wanted figures.
    ///
    /// # Errors
    /// [`NotScreened`] says why the engine has to try them.
    pub(crate) fn of(trial: &Trial, objective: &str) -> Result<Self, NotScreened> {
        let terms = &trial.terms;
        let [market] = &trial.markets[..] else {
            return Err(NotScreened::Markets(trial.markets.len()));
        };
        if terms.limits != Limits::default() {
            return Err(NotScreened::Limits(terms.limits_name.clone()));
        }
        if trial.has_events() {
            return Err(NotScreened::Events);
        }
        if !terms.borrow_rate.is_zero() && trial.strategy.shorts() {
            return Err(NotScreened::Borrow);
        }
        if !Brief::knows(objective) {
            return Err(NotScreened::Figure(objective.to_owned()));
        }
        let tape = Arc::new(Tape::new(&market.bars, (market.tick, market.step), market.calendar)?);
        let from = trial.from.map_or(0, |from| tape.bar_at(from));
        let first = market.bars.get(from).ok_or(NotScreened::Span)?.open_at;
        let closes: Vec<Timestamp> = market.bars.iter().map(|bar| bar.close_at).collect();
        let days = TradedDays::of(trial, Some(first)..closes.last().copied());
        let ends = days.with(|calendar| {
            let day = |bar: usize| closes.get(bar).map(|at| calendar.day_of(*at));
            let last = (from..closes.len()).filter(|bar| day(*bar) != day(bar + 1));
            last.map(|bar| (bar, closes[bar])).collect()
        });
        let money = Terms {
            cash: terms.cash,
            fee: terms.fee,
            slippage_bps: terms.slippage_bps,
            half_spread_bps: terms.half_spread_bps,
        };
        let strategy = Arc::clone(&trial.strategy);
        let screen = Screen::new(strategy, tape, &money, from)?;
        let (settings, start) = (terms.figures, (first, terms.cash));
        Ok(Self { screen, settings, start, from, ends, days })
    }

    /// The figures of sets, or why one by itself is for the engine.
    ///
    /// # Errors
    /// [`NotScreened`] when one of them stops the kernel; the others may pass without it.
    pub(crate) fn measure(
        &self,
        sets: &[BTreeMap<String, f64>],
        objective: &str,
    ) -> Result<Vec<Result<Measured, NotScreened>>, NotScreened> {
        let mut sinks = vec![self.sink()?; sets.len()];
        self.screen.run(sets, &mut sinks)?;
        Ok(sinks.into_iter().map(|seen| self.measured(seen, objective)).collect())
    }

    /// The figures of one set, and what it comes to.
    fn exact(
        &self,
        set: &BTreeMap<String, f64>,
        objective: &str,
    ) -> Result<(Measured, Exact), NotScreened> {
        let mut sinks = [self.sink()?];
        let equity = self.screen.run(std::slice::from_ref(set), &mut sinks)?;
        let [seen] = sinks;
        let amount = |units| self.screen.amount(units).ok_or_else(|| self.too_large());
        let equity = amount(equity.first().copied().unwrap_or_default())?;
        let exact = Exact { equity, fees: amount(seen.fees)?, trades: seen.trades };
        Ok((self.measured(seen, objective)?, exact))
    }

    fn sink(&self) -> Result<Seen<'_>, NotScreened> {
        let begin = self.screen.units(self.start.1).ok_or_else(|| self.too_large())?;
        let unit = self.screen.unit();
        Ok(Seen { unit, ends: &self.ends, peak: begin, bottom: begin, ..Seen::default() })
    }

    fn too_large(&self) -> NotScreened {
        Unscreenable::Amount(self.screen.tape().len() - 1).into()
    }

    fn measured(&self, mut seen: Seen<'_>, objective: &str) -> Result<Measured, NotScreened> {
        seen.fallen();
        let amount = |units| self.screen.amount(units).ok_or_else(|| self.too_large());
        if seen.trades > TRADES_MAX {
            return Err(NotScreened::Trades(TRADES_MAX));
        }
        let mut days = vec![self.start];
        for ((_, at), units) in self.ends.iter().zip(&seen.days) {
            days.push((*at, amount(*units)?));
        }
        let deepest = match seen.deepest {
            Some((_, peak, bottom)) => Some((amount(peak)?, amount(bottom)?)),
            None => None,
        };
        let marks = Marks {
            days,
            deepest,
            closes: self.screen.tape().len() - self.from,
            held: seen.held,
            wins: seen.wins,
            losses: seen.losses,
            trades: seen.trades,
            won: amount(seen.won)?,
            lost: amount(seen.lost)?,
            fees: amount(seen.fees)?,
        };
        let brief = self.days.with(|calendar| Brief::of(&marks, calendar, &self.settings));
        let brief = brief.map_err(|error| NotScreened::Figures(error.to_string()))?;
        let figures = FIGURES.map(|name| brief.number(name));
        Ok(Measured { objective: brief.number(objective), figures, result: None })
    }
}
