//! When something is wished: from what the rules say at closes to fills at the next open.
//!
//! Bars on which nothing can change are not looked at. It must not know formulas.

use std::ops::Range;

use crate::{
    account::{Account, Side, Trade},
    error::Unscreenable,
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
    exit_bars: Option<usize>,
}

impl Machine {
    /// A run that decides from this bar's close on.
    pub(crate) fn new(money: &Money, from: usize, exit_bars: Option<u32>) -> Self {
        let account = Account { cash: money.cash, held: None };
        let exit_bars = exit_bars.map(|bars| usize::try_from(bars).unwrap_or(usize::MAX));
        Self { account, at: from, marked: from, exit_bars }
    }

    /// Goes through the closes of a block.
    pub(crate) fn block(
        &mut self,
        (tape, money): (&Tape, &Money),
        said: &Said<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Unscreenable> {
        while let Some(bar) = self.next_event(said) {
            self.at = bar + 1;
            if let Some((next, open)) = tape.next_price(bar) {
                let done = self.act((tape, money), (said, bar), (next, open), sink);
                done.ok_or(Unscreenable::Amount(next))?;
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

    /// Carries out at the next open what was wished at a close.
    #[inline]
    fn act(
        &mut self,
        (tape, money): (&Tape, &Money),
        (said, bar): (&Said<'_>, usize),
        next: (usize, i64),
        sink: &mut impl Sink,
    ) -> Option<()> {
        let before =
            Stretch { bars: self.marked..next.0, cash: self.account.cash, qty: self.account.qty() };
        let changed = if let Some(held) = self.account.held {
            let trade = self.account.leave(money, held, next)?;
            sink.trade(&trade);
            if said.turns(held.side, bar) {
                let other = if held.side == Side::Long { Side::Short } else { Side::Long };
                self.account.enter(money, other, next)?;
            }
            true
        } else {
            self.account.enter(money, said.side(bar), next)?
        };
        if changed {
            self.mark(tape, before, sink);
        }
        Some(())
    }

    fn mark(&mut self, tape: &Tape, before: Stretch, sink: &mut impl Sink) {
        self.marked = before.bars.end;
        if !before.bars.is_empty() {
            sink.stretch(tape, &before);
        }
    }

    /// Tells the rest of the closes.
    pub(crate) fn end(&mut self, tape: &Tape, sink: &mut impl Sink) {
        let bars = self.marked.min(tape.len())..tape.len();
        let rest = Stretch { bars, cash: self.account.cash, qty: self.account.qty() };
        self.mark(tape, rest, sink);
    }

    /// Equity at the last close, in units of cash.
    pub(crate) fn equity(&self, tape: &Tape, money: &Money) -> i128 {
        let close = tape.close.last().copied().unwrap_or_default();
        self.account.cash + i128::from(self.account.qty()) * i128::from(close) * money.unit
    }
}
