//! Sets of a search, tried by the screening kernel where it can tell what the engine would tell.
//!
//! Nothing is approximated: what the kernel can't express, or an amount that it can't hold, is left
//! to the engine. This module must not know how rows are kept or judged.

use std::{collections::BTreeMap, sync::Arc};

use domain::{CalendarKind, Limits, Timestamp};
use rust_decimal::Decimal;
use screen::{Screen, Sink, Stretch, Tape, Terms, Trade};

use super::row::{FIGURES, Measured};
use crate::{
    stats::{Brief, Calendar as _, EveryDay, Marks, Settings},
    trial::Trial,
};

/// The engine's statement keeps so many round trips; a set with more is tried by the engine.
const TRADES_MAX: usize = 100_000;

/// A search that the kernel can screen.
#[derive(Debug, Clone)]
pub(super) struct Screened {
    screen: Screen,
    settings: Settings,
    start: (Timestamp, Decimal),
    from: usize,
    /// The last bar of every day, with its close.
    ends: Vec<(usize, Timestamp)>,
}

impl Screened {
    /// The kernel for trials like this one; `None` where the engine has to try them.
    pub(super) fn of(trial: &Trial, objective: &str) -> Option<Self> {
        let [market] = &trial.markets[..] else { return None };
        let terms = &trial.terms;
        let free = terms.borrow_rate.is_zero() || !trial.strategy.shorts();
        let plain = terms.limits == Limits::default() && terms.compare.is_none() && free;
        let open = market.calendar == CalendarKind::AlwaysOpen;
        let named = trial.strategy.symbols.first() == Some(&market.symbol);
        if !plain || !open || !named || !Brief::knows(objective) {
            return None;
        }
        let tape = Arc::new(Tape::new(&market.bars, market.tick, market.step).ok()?);
        let from = trial.from.map_or(0, |from| tape.bar_at(from));
        let first = market.bars.get(from)?.open_at;
        let closes: Vec<Timestamp> = market.bars.iter().map(|bar| bar.close_at).collect();
        let day = |bar: usize| closes.get(bar).map(|at| EveryDay.day_of(*at));
        let last_of_day = |bar: &usize| day(*bar) != day(bar + 1);
        let ends = (from..closes.len()).filter(last_of_day).map(|bar| (bar, closes[bar]));
        let money = Terms {
            cash: terms.cash,
            fee: terms.fee,
            slippage_bps: terms.slippage_bps,
            half_spread_bps: terms.half_spread_bps,
        };
        let strategy = Arc::clone(&trial.strategy);
        Some(Self {
            ends: ends.collect(),
            screen: Screen::new(strategy, tape, market.calendar, &money, from).ok()?,
            settings: terms.figures,
            start: (first, terms.cash),
            from,
        })
    }

    /// The figures of sets; `None` when one of them is for the engine.
    pub(super) fn measure(
        &self,
        sets: &[BTreeMap<String, f64>],
        objective: &str,
    ) -> Option<Vec<Measured>> {
        let unit = self.screen.unit();
        let begin = self.screen.units(self.start.1)?;
        let sink = Seen { unit, ends: &self.ends, peak: begin, bottom: begin, ..Seen::default() };
        let mut sinks = vec![sink; sets.len()];
        self.screen.run(sets, &mut sinks).ok()?;
        sinks.into_iter().map(|seen| self.measured(seen, objective)).collect()
    }

    fn measured(&self, mut seen: Seen<'_>, objective: &str) -> Option<Measured> {
        seen.fallen();
        let amount = |units| self.screen.amount(units);
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
        if seen.trades > TRADES_MAX {
            return None;
        }
        let brief = Brief::of(&marks, &EveryDay, &self.settings).ok()?;
        let figures = FIGURES.map(|name| brief.number(name));
        Some(Measured { objective: brief.number(objective), figures, result: None })
    }
}

/// What figures rest on, read from stretches, in units of cash.
#[derive(Debug, Clone, Default)]
struct Seen<'a> {
    unit: i128,
    ends: &'a [(usize, Timestamp)],
    days: Vec<i128>,
    peak: i128,
    bottom: i128,
    deepest: Option<(f64, i128, i128)>,
    held: usize,
    trades: usize,
    wins: usize,
    losses: usize,
    won: i128,
    lost: i128,
    fees: i128,
}

impl Seen<'_> {
    #[inline]
    fn mark(&mut self, equity: i128) {
        if equity >= self.peak {
            self.fallen();
            (self.peak, self.bottom) = (equity, equity);
        } else {
            self.bottom = self.bottom.min(equity);
        }
    }

    /// A fall has ended.
    fn fallen(&mut self) {
        if self.bottom < self.peak {
            let depth = (self.peak - self.bottom) as f64 / self.peak as f64;
            if self.deepest.is_none_or(|(deepest, ..)| depth > deepest) {
                self.deepest = Some((depth, self.peak, self.bottom));
            }
        }
    }
}

impl Sink for Seen<'_> {
    fn stretch(&mut self, tape: &Tape, stretch: &Stretch) {
        let Stretch { bars, cash, qty } = stretch;
        let unit = i128::from(*qty) * self.unit;
        let equity = |bar: usize| cash + unit * i128::from(tape.closes()[bar]);
        while let Some((end, _)) = self.ends.get(self.days.len()).filter(|e| e.0 < bars.end) {
            self.days.push(equity(*end));
        }
        if *qty == 0 {
            return self.mark(*cash);
        }
        self.held += bars.len();
        for close in &tape.closes()[bars.clone()] {
            self.mark(cash + unit * i128::from(*close));
        }
    }

    fn trade(&mut self, trade: &Trade) {
        let net = trade.gross - trade.fees;
        self.trades += 1;
        self.wins += usize::from(net > 0);
        self.losses += usize::from(net < 0);
        self.won += net.max(0);
        self.lost += (-net).max(0);
        self.fees += trade.fees;
    }
}
