//! Deterministic replay of bar history as ticks on one clock.
//!
//! A demo, a paper account and a backtest see history the way a feed would have told it: price by
//! price, in one order, never backward. This module must not know who listens, real time, or
//! orders; it is told how far the clock has come and gives out what is due.
//!
//! Each bar becomes four ticks in (open, close]: the open 1 ns after the bar opens, then low and
//! high (high and low when the bar fell), then the close at the bar's close, equally spaced and
//! rounded down to whole nanoseconds. Ticks of the same instant come in the order of their
//! instrument ids. Each tick carries a quarter of the bar's volume, rounded down to the decimals
//! of that volume; the close carries the rest, so that the shares add up exactly.

mod clock;
mod error;
mod points;
mod range;

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use domain::{Bar, InstrumentId, Price, Qty, Quote, Timeframe, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;

pub use clock::{Pace, ReplayClock};
pub use error::{ClockError, ReplayError};
pub use points::on_tick;
use points::{POINTS, Spread};
pub use range::average_true_range;

/// The bars of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What the bars are of.
    pub instrument: InstrumentId,
    /// The bars' nominal span, which no bar exceeds.
    pub timeframe: Timeframe,
    /// Bid and ask are multiples of this, in the quote currency.
    pub tick: Price,
    /// The bars in order of time, without overlap; shared by everybody who plays them.
    pub bars: Arc<[Bar]>,
}

/// What holds for all series of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplaySpec {
    /// Half the distance from bid to ask in basis points of the last price, 0 or more and less
    /// than 10000. Bid is rounded down and ask up to the tick. With 0 and a price on the tick
    /// both equal the last price.
    pub half_spread_bps: Decimal,
}

/// Which part of its bar a tick plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The bar's first price.
    Open,
    /// The way through low and high.
    Path,
    /// The bar's last price: the bar is complete with this tick.
    Close,
}

/// One price of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Bid, ask and last price, and the instant of the tick.
    pub quote: Quote,
    /// The part of the bar.
    pub phase: Phase,
    /// The index of the bar in its series.
    pub bar: usize,
    /// The tick's share of the bar's volume, in units of the instrument.
    pub volume: Qty,
}

/// What a replay has for its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A tick is due.
    Tick(Tick),
    /// Nothing is due before this instant of replay time.
    Wait(Timestamp),
    /// History has ended.
    Finished,
}

/// Where a series stands: the bar, and the point inside it.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    bar: usize,
    point: usize,
}

/// Makes the quote around a price.
#[derive(Debug, Clone, Copy)]
pub struct Quoter {
    spread: Spread,
    tick: Price,
}

impl Quoter {
    /// Bid and ask around a last price.
    #[must_use]
    pub fn quote(&self, last: Price, at: Timestamp) -> Quote {
        self.spread.quote(last, self.tick, at)
    }
}

/// Several bar series that are played on one clock.
#[derive(Debug, Clone)]
pub struct Replay {
    /// In order of instrument id, so that an index breaks ties as stated.
    series: Vec<Series>,
    cursors: Vec<Cursor>,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    spread: Spread,
}

impl Replay {
    /// Checks all bars and stands before the first tick. The order of the series is irrelevant.
    ///
    /// # Errors
    /// [`ReplayError`] names the instrument, the bar and the rule that it breaks.
    pub fn new(mut series: Vec<Series>, spec: ReplaySpec) -> Result<Self, ReplayError> {
        let spread = Spread::new(spec.half_spread_bps)
            .ok_or(ReplayError::HalfSpread(spec.half_spread_bps))?;
        series.sort_by(|a, b| a.instrument.cmp(&b.instrument));
        if let Some(pair) = series.windows(2).find(|p| p[0].instrument == p[1].instrument) {
            return Err(ReplayError::Duplicate(pair[0].instrument.clone()));
        }
        for one in &series {
            error::check(one, spread)?;
        }
        let mut due = BinaryHeap::with_capacity(series.len());
        for (index, one) in series.iter().enumerate() {
            if let Some(bar) = one.bars.first() {
                due.push(Reverse((points::at(bar, 0), index)));
            }
        }
        let cursors = vec![Cursor::default(); series.len()];
        Ok(Self { series, cursors, due, spread })
    }

    /// The instant of the next tick, or `None` when history has ended.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// True when history has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.due.is_empty()
    }

    /// The next tick if its instant has come. Call it until `None`: every tick that is due comes
    /// out, one at a time, none twice, and never one earlier than its predecessor.
    pub fn next_due(&mut self, now: Timestamp) -> Option<Tick> {
        let Reverse((at, index)) = *self.due.peek()?;
        if at > now {
            return None;
        }
        self.due.pop();
        let series = self.series.get(index)?;
        let cursor = self.cursors.get_mut(index)?;
        let Cursor { bar: number, point } = *cursor;
        let bar = series.bars.get(number)?;
        *cursor = match point + 1 {
            POINTS => Cursor { bar: number + 1, point: 0 },
            next => Cursor { bar: number, point: next },
        };
        if let Some(next) = series.bars.get(cursor.bar) {
            self.due.push(Reverse((points::at(next, cursor.point), index)));
        }
        Some(Tick {
            instrument: series.instrument.clone(),
            quote: self.spread.quote(points::price(bar, point), series.tick, at),
            phase: points::phase(point),
            bar: number,
            volume: points::volume(bar, point),
        })
    }

    /// The next due tick, or how long nothing is due, or that history has ended.
    pub fn poll(&mut self, now: Timestamp) -> Step {
        match self.next_due(now) {
            Some(tick) => Step::Tick(tick),
            None => self.next_at().map_or(Step::Finished, Step::Wait),
        }
    }

    /// Drops the ticks before an instant, for a start in the middle of history. Returns how many.
    pub fn skip_to(&mut self, at: Timestamp) -> u64 {
        let before = Timestamp(at.0.saturating_sub(1));
        let mut dropped = 0;
        while self.next_due(before).is_some() {
            dropped += 1;
        }
        dropped
    }

    /// The series in order of instrument id.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// What was traded with a tick; `None` when the bar's volume is zero, which means unknown. A
    /// tick may have no share of a volume that is known.
    #[must_use]
    pub fn traded(&self, tick: &Tick) -> Option<Qty> {
        let known = self.bar_of(tick).is_some_and(|bar| !bar.volume.is_zero());
        known.then_some(tick.volume)
    }

    /// The quote around another price than a tick's, as the replay would have told it; `None` for
    /// an instrument without a series.
    #[must_use]
    pub fn quote(&self, instrument: &InstrumentId, last: Price, at: Timestamp) -> Option<Quote> {
        let index = self.series.binary_search_by(|s| s.instrument.cmp(instrument)).ok()?;
        Some(self.spread.quote(last, self.series.get(index)?.tick, at))
    }

    /// Makes the quotes around prices of an instrument, as the replay tells them; `None` for an
    /// instrument without a series.
    #[must_use]
    pub fn quoter(&self, instrument: &InstrumentId) -> Option<Quoter> {
        let index = self.series.binary_search_by(|s| s.instrument.cmp(instrument)).ok()?;
        Some(Quoter { spread: self.spread, tick: self.series.get(index)?.tick })
    }

    /// The bar to which a tick belongs. Before its [`Phase::Close`] it tells the future.
    #[must_use]
    pub fn bar_of(&self, tick: &Tick) -> Option<&Bar> {
        let index = self.series.binary_search_by(|s| s.instrument.cmp(&tick.instrument)).ok()?;
        self.series.get(index)?.bars.get(tick.bar)
    }
}
