//! Bars as columns of numbers.
//!
//! Prices become the floats nearest to them, together with the number of decimals that they have,
//! so that sums over them can be made exact. This module must not know where bars come from.

use domain::{Bar, Price, Qty, Timestamp};
use rust_decimal::Decimal;

/// More decimals than this are not summed exactly.
pub const EXACT_DECIMALS_MAX: u32 = 9;
/// Whole numbers up to this can be told from each other as floats after scaling.
const EXACT_MAX: f64 = 70_368_744_177_664.0; // 2^46: sums of many stay below 2^53
/// Powers of ten that are exact floats.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Ten to this power, exactly; `None` where a float can't hold it.
#[must_use]
pub fn power_of_ten(exponent: u32) -> Option<f64> {
    POWERS.get(exponent as usize).copied()
}

/// The columns of a series.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// When each bar opens.
    pub open_at: Vec<Timestamp>,
    /// When each bar closes; it may be known from then on.
    pub close_at: Vec<Timestamp>,
    /// First prices.
    pub open: Vec<f64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Last prices.
    pub close: Vec<f64>,
    /// Traded quantities.
    pub volume: Vec<f64>,
}

/// Which columns of the plan's own bars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each column")]
pub(crate) struct Reads {
    pub(crate) times: bool,
    pub(crate) open: bool,
    pub(crate) high: bool,
    pub(crate) low: bool,
    pub(crate) close: bool,
    pub(crate) volume: bool,
}

impl Reads {
    pub(crate) const ALL: Self =
        Self { times: true, open: true, high: true, low: true, close: true, volume: true };
}

/// In which units the numbers of a series are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimals {
    /// Decimals of prices; `None` when there are too many to be exact.
    pub price: Option<u32>,
    /// Decimals of volumes; `None` when there are too many to be exact.
    pub volume: Option<u32>,
}

impl Decimals {
    /// Nothing is known: sums are made in floating point, in a fixed order.
    pub const UNKNOWN: Self = Self { price: None, volume: None };

    /// The decimals of bars: the finest that occurs.
    #[must_use]
    pub fn of(bars: &[Bar]) -> Self {
        let (mut price, mut volume) = (0, 0);
        let (mut top, mut most) = (0.0_f64, 0.0_f64);
        for bar in bars {
            for one in [bar.open, bar.high, bar.low, bar.close] {
                price = price.max(one.get().scale());
            }
            volume = volume.max(bar.volume.get().scale());
            top = top.max(float(bar.high.get()));
            most = most.max(float(bar.volume.get()));
        }
        Self { price: exact(price, top), volume: exact(volume, most) }
    }

    /// The decimals of a market whose prices and volumes are multiples of these, as far as one
    /// knows before its bars.
    #[must_use]
    pub fn of_grid(tick: Price, step: Qty) -> Self {
        let decimals = |unit: Decimal| exact(unit.normalize().scale(), 0.0);
        Self { price: decimals(tick.get()), volume: decimals(step.get()) }
    }
}

fn exact(decimals: u32, largest: f64) -> Option<u32> {
    let scaled = largest * power_of_ten(decimals)?;
    (decimals <= EXACT_DECIMALS_MAX && scaled < EXACT_MAX).then_some(decimals)
}

/// The float nearest to a decimal, as formulas see prices.
#[must_use]
pub fn float(value: Decimal) -> f64 {
    let (digits, scale) = (value.mantissa(), value.scale());
    // Both are exact floats for what markets quote, so the quotient is the nearest float.
    match (i64::try_from(digits), power_of_ten(scale)) {
        (Ok(whole), Some(power)) if whole.unsigned_abs() < 1 << 53 => {
            #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
            let whole = whole as f64;
            whole / power
        }
        _ => value.to_string().parse().unwrap_or(f64::NAN),
    }
}

impl Columns {
    /// The columns of bars.
    #[must_use]
    pub fn of(bars: &[Bar]) -> Self {
        let mut columns = Self::default();
        for bar in bars {
            columns.push(bar);
        }
        columns
    }

    /// Appends a bar.
    pub fn push(&mut self, bar: &Bar) {
        self.open_at.push(bar.open_at);
        self.close_at.push(bar.close_at);
        self.open.push(float(bar.open.get()));
        self.high.push(float(bar.high.get()));
        self.low.push(float(bar.low.get()));
        self.close.push(float(bar.close.get()));
        self.volume.push(float(bar.volume.get()));
    }

    /// How many bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.close_at.len()
    }

    /// True without bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.close_at.is_empty()
    }

    /// Forgets all bars and keeps the room.
    pub fn clear(&mut self) {
        self.open_at.clear();
        self.close_at.clear();
        for column in
            [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume]
        {
            column.clear();
        }
    }

    /// Makes `out` these bars of it, as far as `reads` says that they are read.
    ///
    /// # Panics
    /// When there are fewer bars.
    pub(crate) fn part(&self, bars: &std::ops::Range<usize>, reads: Reads, out: &mut Self) {
        out.clear();
        if reads.times {
            out.open_at.extend_from_slice(&self.open_at[bars.clone()]);
            out.close_at.extend_from_slice(&self.close_at[bars.clone()]);
        }
        for (read, from, to) in [
            (reads.open, &self.open, &mut out.open),
            (reads.high, &self.high, &mut out.high),
            (reads.low, &self.low, &mut out.low),
            (reads.close, &self.close, &mut out.close),
            (reads.volume, &self.volume, &mut out.volume),
        ] {
            if read {
                to.extend_from_slice(&from[bars.clone()]);
            }
        }
    }

    /// Appends other bars.
    pub fn append(&mut self, other: &Self) {
        self.append_first(other, other.len());
    }

    fn append_first(&mut self, other: &Self, count: usize) {
        self.open_at.extend_from_slice(&other.open_at[..count]);
        self.close_at.extend_from_slice(&other.close_at[..count]);
        self.open.extend_from_slice(&other.open[..count]);
        self.high.extend_from_slice(&other.high[..count]);
        self.low.extend_from_slice(&other.low[..count]);
        self.close.extend_from_slice(&other.close[..count]);
        self.volume.extend_from_slice(&other.volume[..count]);
    }

    /// Appends to `out` the bars that have closed by `until`, which must be the first ones.
    pub(crate) fn read_until(&self, until: Timestamp, out: &mut Self) {
        out.append_first(self, self.close_at.partition_point(|close| *close <= until));
    }

    /// Moves the bars that have closed by `until` to `out`.
    pub(crate) fn take_until(&mut self, until: Timestamp, out: &mut Self) {
        let count = self.close_at.partition_point(|close| *close <= until);
        out.append_first(self, count);
        self.open_at.drain(..count);
        self.close_at.drain(..count);
        for column in
            [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume]
        {
            column.drain(..count);
        }
    }
}
