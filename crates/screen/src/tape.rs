//! The bars of one market as whole numbers and as the columns that formulas read.
//!
//! It is made once and shared by every run over it. It must not know strategies or money.

use std::ops::Range;

use domain::{Bar, CalendarKind, Nanos, Price, Qty, Timestamp};
use formula::{Columns, Decimals};
use market::Calendar;
use rust_decimal::Decimal;

use crate::error::Unscreenable;

/// Decimals of a tick or step at most.
const DECIMALS_MAX: u32 = 8;
/// A price has at most so many ticks.
pub(crate) const TICKS_MAX: i64 = 1_000_000_000_000;
/// A wish that has waited so long for a price is given up, as the desk does it.
const WAITS_AT_MOST: i64 = 6 * 86_400 * 1_000_000_000;
/// The first price of a bar comes this long after it opens.
const FIRST_PRICE: Nanos = Nanos(1);

/// The bars of one market.
#[derive(Debug, Clone)]
pub struct Tape {
    /// As formulas read them.
    pub(crate) columns: Columns,
    pub(crate) decimals: Decimals,
    /// First prices in ticks.
    pub(crate) open: Vec<i64>,
    /// Highest and lowest prices in ticks.
    pub(crate) high: Vec<i64>,
    pub(crate) low: Vec<i64>,
    /// Last prices in ticks.
    pub(crate) close: Vec<i64>,
    highest: i64,
    /// Ticks in a price of 1.
    ticks_in_one: f64,
    /// Bars that open a trading day, with one price for everybody.
    auction: Vec<bool>,
    /// When the market trades.
    pub(crate) calendar: CalendarKind,
    /// Bars at whose close a wish would wait too long for the next price.
    gaps: Vec<usize>,
    /// Decimals of the tick and of the step.
    pub(crate) price_decimals: u32,
    pub(crate) qty_decimals: u32,
}

/// The decimals of a unit that is a power of ten, at most 1.
fn decimals(what: &'static str, unit: Decimal) -> Result<u32, Unscreenable> {
    let unit = unit.normalize();
    let sound = unit.mantissa() == 1 && unit.scale() <= DECIMALS_MAX;
    if sound { Ok(unit.scale()) } else { Err(Unscreenable::Grid { what, value: unit }) }
}

/// A decimal as a whole number of units of so many decimals.
pub(crate) fn whole(value: Decimal, decimals: u32) -> Option<i128> {
    let value = value.normalize();
    let shift = decimals.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.checked_pow(shift)?)
}

impl Tape {
    /// Checks the bars of a market with this tick, step and calendar. Bars come in order, as a
    /// replay checks them.
    ///
    /// # Errors
    /// [`Unscreenable`] when a price or a unit is none that is reckoned exactly.
    pub fn new(
        bars: &[Bar],
        (tick, step): (Price, Qty),
        calendar: CalendarKind,
    ) -> Result<Self, Unscreenable> {
        let price_decimals = decimals("tick", tick.get())?;
        let qty_decimals = decimals("step", step.get())?;
        if bars.is_empty() {
            return Err(Unscreenable::NoBars);
        }
        let ticks = |(bar, price): (usize, Price)| {
            let ticks = whole(price.get(), price_decimals).and_then(|t| i64::try_from(t).ok());
            ticks.filter(|t| *t <= TICKS_MAX).ok_or(Unscreenable::OffTick(bar))
        };
        let all = |of: fn(&Bar) -> Price| -> Result<Vec<i64>, Unscreenable> {
            bars.iter().map(of).enumerate().map(ticks).collect()
        };
        let (open, close) = (all(|bar| bar.open)?, all(|bar| bar.close)?);
        let (high, low) = (all(|bar| bar.high)?, all(|bar| bar.low)?);
        let late = |pair: &[Bar]| {
            pair[1].open_at.plus(FIRST_PRICE).since(pair[0].close_at).0 > WAITS_AT_MOST
        };
        let gaps = bars.windows(2).enumerate().filter(|(_, pair)| late(pair));
        let gaps = gaps.map(|(bar, _)| bar).collect();
        let days = Calendar::of(calendar);
        let days: Vec<i64> = bars.iter().map(|bar| days.trading_day(bar.open_at)).collect();
        let begun = days.windows(2).map(|pair| pair[0] != pair[1]);
        let auction = [true].into_iter().chain(begun).collect();
        let (columns, decimals) = (Columns::of(bars), Decimals::of(bars));
        let highest = high.iter().copied().max().unwrap_or_default();
        Ok(Self {
            highest,
            ticks_in_one: 10_f64.powi(price_decimals.cast_signed()),
            columns,
            decimals,
            open,
            high,
            low,
            close,
            auction,
            calendar,
            gaps,
            price_decimals,
            qty_decimals,
        })
    }

    /// How many bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.close.len()
    }

    /// Never true: a tape has bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.close.is_empty()
    }

    /// Last prices in ticks.
    #[must_use]
    pub fn closes(&self) -> &[i64] {
        &self.close
    }

    /// The highest price of all in ticks.
    #[must_use]
    pub const fn highest(&self) -> i64 {
        self.highest
    }

    /// The lowest and the highest close of some bars in ticks; `None` for no bars.
    #[must_use]
    #[inline]
    pub fn extremes(&self, bars: Range<usize>) -> Option<(i64, i64)> {
        const LANES: usize = 4;
        let closes = self.columns.close.get(bars).filter(|closes| !closes.is_empty())?;
        let (mut low, mut high) = ([f64::INFINITY; LANES], [0.0; LANES]);
        let mut groups = closes.chunks_exact(LANES);
        for group in &mut groups {
            for lane in 0..LANES {
                low[lane] = if group[lane] < low[lane] { group[lane] } else { low[lane] };
                high[lane] = if group[lane] > high[lane] { group[lane] } else { high[lane] };
            }
        }
        let rest = groups.remainder();
        let low = low.iter().chain(rest).copied().fold(f64::INFINITY, f64::min);
        let high = high.iter().chain(rest).copied().fold(0.0, f64::max);
        // The nearest whole number is exact: a price has at most 10^12 ticks, a float 2^53.
        let ticks = |price: f64| (price * self.ticks_in_one).round() as i64;
        Some((ticks(low), ticks(high)))
    }

    /// The first bar that closes at this instant or later.
    #[must_use]
    pub fn bar_at(&self, at: Timestamp) -> usize {
        self.columns.close_at.partition_point(|close| *close < at)
    }

    /// True when a bar's open is the opening auction of a trading day.
    #[inline]
    pub(crate) fn is_auction(&self, bar: usize) -> bool {
        self.auction[bar]
    }

    /// The bar at whose open a wish of this bar's close is carried out; `None` when there is none
    /// in time.
    #[inline]
    pub(crate) fn next_price(&self, bar: usize) -> Option<(usize, i64)> {
        let next = bar + 1;
        let open = *self.open.get(next)?;
        let late = !self.gaps.is_empty() && self.gaps.binary_search(&bar).is_ok();
        (!late).then_some((next, open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_those_of_whole_numbers() {
        let price = |ticks: i64| Price::new(Decimal::new(ticks, 8)).unwrap();
        let ticks: Vec<i64> =
            (1..=40).map(|n: i64| 1 + (n * 7_919_777_773) % 999_999_999_989).collect();
        let bar = |(n, ticks): (usize, &i64)| Bar {
            open_at: Timestamp::from_secs(60 * i64::try_from(n).unwrap()),
            close_at: Timestamp::from_secs(60 * i64::try_from(n + 1).unwrap()),
            open: price(*ticks),
            high: price(*ticks),
            low: price(*ticks),
            close: price(*ticks),
            volume: Qty::ZERO,
        };
        let bars: Vec<Bar> = ticks.iter().enumerate().map(bar).collect();
        let tick = price(1);
        let step = Qty::new(Decimal::ONE).unwrap();
        let tape = Tape::new(&bars, (tick, step), CalendarKind::AlwaysOpen).unwrap();
        for from in 0..ticks.len() {
            for until in from..=ticks.len() {
                let some = &ticks[from..until];
                let told = some.iter().min().copied().zip(some.iter().max().copied());
                assert_eq!(tape.extremes(from..until), told, "{from}..{until}");
            }
        }
    }
}
