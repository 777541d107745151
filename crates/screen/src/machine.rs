//! When something is wished: from what the rules say at closes to fills at the next open, and at
//! the levels that are met before.
//!
//! Bars on which nothing can change are not looked at. It must not know formulas.

use std::ops::Range;

use crate::{
    account::{Account, Held, Side, Trade},
    error::Unscreenable,
    levels::{Away, Hit},
    money::Money,
    signals::Said,
    tape::Tape,
};

/// Closes over which cash and quantity stay the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The bars.
    pub bars: Range<usize>,
    /// In units of cash.
    pub cash: i128,
    /// In steps, negative for a short position.
    pub qty: i64,
}

/// Hears what comes of a run, in order of time.
pub trait Sink {
    /// Closes have passed, at least one.
    fn stretch(&mut self, tape: &Tape, stretch: &Stretch);
    /// A round trip has ended.
    fn trade(&mut self, trade: &Trade);
}

/// One run under way.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    account: Account,
    /// The next close at which something may be decided.
    at: usize,
    /// The first close that no sink has heard of.
    marked: usize,
    /// The first bar that was not looked at for stop and target of what is held.
    passed: usize,
    exit_bars: Option<usize>,
}

impl Machine {
    /// A run that decides from this bar's close on.
    pub(crate) fn new(money: &Money, from: usize, exit_bars: Option<u32>) -> Self {
        let account = Account { cash: money.cash, held: None };
        let exit_bars = exit_bars.map(|bars| usize::try_from(bars).unwrap_or(usize::MAX));
        Self { account, at: from, marked: from, passed: from, exit_bars }
    }

    /// Goes through the closes of a block.
    pub(crate) fn block(
        &mut self,
        market: (&Tape, &Money),
        said: &Said<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Unscreenable> {
        loop {
            let wished = self.next_event(said);
            let last = wished.unwrap_or(said.end() - 1);
            if let Some((held, hit)) = self.hit(market.0, last) {
                let done = self.leave(market, held, hit, sink);
                done.ok_or(Unscreenable::Amount(hit.bar))?;
                self.at = hit.bar.max(self.at);
                continue;
            }
            let Some(bar) = wished else { break };
            self.at = bar + 1;
            if let Some(next) = market.0.next_price(bar) {
                let done = self.act(market, (said, bar), next, sink);
                done.ok_or(Unscreenable::Amount(next.0))?;
            }
        }
        self.at = self.at.max(said.end());
        Ok(())
    }

    /// The first close from here on at which something is wished.
    #[inline]
    fn next_event(&self, said: &Said<'_>) -> Option<usize> {
        let Some(held) = self.account.held else { return said.entry(self.at) };
        let by_rule = said.leaves(held.side, self.at);
        let Some(bars) = self.exit_bars else { return by_rule };
        let old = (held.bar.saturating_add(bars) - 1).max(self.at);
        let old = (old < said.end()).then_some(old);
        by_rule.into_iter().chain(old).min()
    }

    /// Where what is held reaches a level, up to and including a bar.
    #[inline]
    fn hit(&mut self, tape: &Tape, last: usize) -> Option<(Held, Hit)> {
        let held = self.account.held.filter(|held| !held.levels.is_empty())?;
        let first = self.passed;
        self.passed = first.max(last + 1);
        if first > last {
            return None;
        }
        Some((held, held.levels.hit(tape, (held.side, held.bar), first..=last)?))
    }

    /// Carries out at the next open what was wished at a close.
    #[inline]
    fn act(
        &mut self,
        market: (&Tape, &Money),
        (said, bar): (&Said<'_>, usize),
        next: (usize, i64),
        sink: &mut impl Sink,
    ) -> Option<()> {
        let Some(held) = self.account.held else {
            return self.enter(market, (said.side(bar), said.away(bar)), next, sink);
        };
        let stopped = held.levels.hit(market.0, (held.side, held.bar), next.0..=next.0);
        let stopped = stopped.filter(|hit| hit.auction);
        let left = Hit { bar: next.0, price: next.1, auction: stopped.is_some() };
        self.leave(market, held, left, sink)?;
        if said.turns(held.side, bar) {
            let other = if held.side == Side::Long { Side::Short } else { Side::Long };
            self.enter(market, (other, said.away(bar)), next, sink)?;
        }
        Some(())
    }

    #[inline]
    fn enter(
        &mut self,
        (tape, money): (&Tape, &Money),
        (side, away): (Side, Option<Away>),
        next: (usize, i64),
        sink: &mut impl Sink,
    ) -> Option<()> {
        let Some(away) = away else { return Some(()) };
        let before = self.stretch(next.0);
        if self.account.enter(money, (side, &away), next)? {
            self.passed = next.0;
            self.mark(tape, before, sink);
        }
        Some(())
    }

    #[inline]
    fn leave(
        &mut self,
        (tape, money): (&Tape, &Money),
        held: Held,
        hit: Hit,
        sink: &mut impl Sink,
    ) -> Option<()> {
        let before = self.stretch(hit.bar);
        let trade = self.account.leave(money, held, hit)?;
        sink.trade(&trade);
        self.mark(tape, before, sink);
        Some(())
    }

    /// What is held up to a bar.
    #[inline]
    fn stretch(&self, end: usize) -> Stretch {
        Stretch { bars: self.marked..end, cash: self.account.cash, qty: self.account.qty() }
    }

    fn mark(&mut self, tape: &Tape, before: Stretch, sink: &mut impl Sink) {
        self.marked = before.bars.end;
        if !before.bars.is_empty() {
            sink.stretch(tape, &before);
        }
    }

    /// Tells the rest of the closes.
    pub(crate) fn end(&mut self, tape: &Tape, sink: &mut impl Sink) {
        self.marked = self.marked.min(tape.len());
        let rest = self.stretch(tape.len());
        self.mark(tape, rest, sink);
    }

    /// Equity at the last close, in units of cash.
    pub(crate) fn equity(&self, tape: &Tape, money: &Money) -> i128 {
        let close = tape.close.last().copied().unwrap_or_default();
        self.account.cash + i128::from(self.account.qty()) * i128::from(close) * money.unit
    }
}
