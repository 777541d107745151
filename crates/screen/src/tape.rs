//! The bars of one market as whole numbers and as the columns that formulas read.
//!
//! It is made once and shared by every run over it. It must not know strategies or money.

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
