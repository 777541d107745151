//! Where a position's stop and target lie, and the first bar whose prices reach one of them.
//!
//! Inside a bar the price passes every level; where both lie inside one, the stop comes first. It
//! must not know money or what is wished.

use std::ops::RangeInclusive;

use domain::Price;

use crate::{account::Side, tape::Tape};

/// How far away from an entry its levels lie, in units of price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Away {
    pub(crate) stop: Option<Price>,
    pub(crate) target: Option<Price>,
}

/// The levels of a position, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    /// The last price that sets the stop off.
    pub(crate) stop: Option<i64>,
    /// The last price at which the quote has reached the target.
    pub(crate) target: Option<i64>,
}

/// Where a position ends inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) bar: usize,
    /// The last price, in ticks.
    pub(crate) price: i64,
    /// True for a stop at an auction, where there is one price for everybody.
    pub(crate) auction: bool,
}

impl Levels {
    /// True when there is none.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.stop.is_none() && self.target.is_none()
    }

    /// The first of these bars in which a position of a side reaches a level. In bar `entry` it
    /// began at the open, after the auction: there a stop within the spread is set off at once.
    #[inline]
    pub(crate) fn hit(
        &self,
        tape: &Tape,
        (side, entry): (Side, usize),
        bars: RangeInclusive<usize>,
    ) -> Option<Hit> {
        // Prices of a short are looked at upside down, so that its stop lies below as well.
        let (sign, lows, highs) = match side {
            Side::Long => (1, &tape.low, &tape.high),
            Side::Short => (-1, &tape.high, &tape.low),
        };
        let stop = self.stop.map_or(i64::MIN, |stop| sign * stop);
        let target = self.target.map_or(i64::MAX, |target| sign * target);
        let prices = lows.get(bars.clone())?.iter().zip(highs.get(bars.clone())?);
        let reached = |(low, high): (&i64, &i64)| sign * low <= stop || sign * high >= target;
        let bar = bars.start() + prices.into_iter().position(reached)?;
        let open = sign * tape.open[bar];
        let (price, gap) = match () {
            () if open <= stop => (open, true),
            () if open >= target => (open, false),
            () if sign * lows[bar] <= stop => (stop, false),
            () => (target, false),
        };
        Some(Hit { bar, price: sign * price, auction: gap && bar != entry && tape.is_auction(bar) })
    }
}
