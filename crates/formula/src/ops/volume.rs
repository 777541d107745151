//! Sums and means in which volume counts.

use super::{
    Op, Step, finite,
    sliding::{Merge, Sliding},
    stepped,
    window::{Last, long_quotient, quotient, whole},
};

/// `products / (volumes * unit)`, so that equal ratios are equal; undefined without volume.
#[inline]
fn ratio(products: i128, volumes: i128, unit: f64) -> f64 {
    if volumes <= 0 {
        return f64::NAN;
    }
    #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
    match (i64::try_from(products), i64::try_from(volumes)) {
        (Ok(p), Ok(v)) if p.unsigned_abs() < 1 << 53 && v < 1 << 53 => p as f64 / v as f64 / unit,
        _ => long_quotient(products, volumes) / unit,
    }
}

/// The mean of the last `length` values, weighted by volume. With two `units` (of the values and
/// of the volumes) the sums are exact.
#[must_use]
pub fn weighted(length: usize, units: &[Option<f64>]) -> Box<dyn Op> {
    match units {
        [Some(value), Some(volume)] => stepped(WholeMean {
            last: Last::new(length, (0, 0)),
            sums: (0, 0),
            units: (*value, *volume),
        }),
        _ => stepped(FloatMean(Sliding::new(length))),
    }
}

#[derive(Debug)]
struct WholeMean {
    last: Last<(i64, i64)>,
    /// Of the products and of the volumes.
    sums: (i128, i128),
    units: (f64, f64),
}

impl Step<2> for WholeMean {
    #[inline]
    fn step(&mut self, [value, volume]: [f64; 2]) -> f64 {
        if value.is_nan() || volume.is_nan() {
            self.last.clear();
            self.sums = (0, 0);
            return f64::NAN;
        }
        let new = (whole(value, self.units.0), whole(volume, self.units.1));
        let old = self.last.push(new).unwrap_or((0, 0));
        self.sums.0 += i128::from(new.0) * i128::from(new.1);
        self.sums.0 -= i128::from(old.0) * i128::from(old.1);
        self.sums.1 += i128::from(new.1) - i128::from(old.1);
        if self.last.is_full() { ratio(self.sums.0, self.sums.1, self.units.0) } else { f64::NAN }
    }
}

/// A volume and the mean that it has.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    volume: f64,
    mean: f64,
}

impl Merge for Weighed {
    const EMPTY: Self = Self { volume: 0.0, mean: 0.0 };

    #[inline]
    fn then(self, later: Self) -> Self {
        let volume = self.volume + later.volume;
        let share = if volume > 0.0 { later.volume / volume } else { 0.0 };
        Self { volume, mean: self.mean + (later.mean - self.mean) * share }
    }
}

impl Weighed {
    fn value(self) -> f64 {
        if self.volume > 0.0 { finite(self.mean) } else { f64::NAN }
    }
}

#[derive(Debug)]
struct FloatMean(Sliding<Weighed>);

impl Step<2> for FloatMean {
    #[inline]
    fn step(&mut self, [value, volume]: [f64; 2]) -> f64 {
        if value.is_nan() || volume.is_nan() {
            self.0.clear();
            return f64::NAN;
        }
        let window = self.0.push(Weighed { volume, mean: value });
        window.map_or(f64::NAN, Weighed::value)
    }
}

/// The mean since the session's first bar, weighted by volume. The third source is the number of
/// the session. With two `units` the sums are exact.
#[must_use]
pub fn session_mean(units: &[Option<f64>]) -> Box<dyn Op> {
    match units {
        [Some(value), Some(volume), ..] => {
            stepped(WholeSession { session: f64::NAN, sums: (0, 0), units: (*value, *volume) })
        }
        _ => stepped(FloatSession { session: f64::NAN, sum: Weighed::EMPTY }),
    }
}

#[derive(Debug)]
struct WholeSession {
    session: f64,
    sums: (i128, i128),
    units: (f64, f64),
}

impl Step<3> for WholeSession {
    #[inline]
    fn step(&mut self, [value, volume, session]: [f64; 3]) -> f64 {
        if value.is_nan() || volume.is_nan() || session.is_nan() {
            return f64::NAN;
        }
        if session != self.session {
            (self.session, self.sums) = (session, (0, 0));
        }
        let (value, volume) = (whole(value, self.units.0), whole(volume, self.units.1));
        self.sums.0 += i128::from(value) * i128::from(volume);
        self.sums.1 += i128::from(volume);
        ratio(self.sums.0, self.sums.1, self.units.0)
    }
}

#[derive(Debug)]
struct FloatSession {
    session: f64,
    sum: Weighed,
}

impl Step<3> for FloatSession {
    #[inline]
    fn step(&mut self, [value, volume, session]: [f64; 3]) -> f64 {
        if value.is_nan() || volume.is_nan() || session.is_nan() {
            return f64::NAN;
        }
        if session != self.session {
            (self.session, self.sum) = (session, Weighed::EMPTY);
        }
        self.sum = self.sum.then(Weighed { volume, mean: value });
        self.sum.value()
    }
}

/// Volume, counted up on rising and down on falling closes. Sources: close and volume.
#[must_use]
pub fn balance(units: &[Option<f64>]) -> Box<dyn Op> {
    let unit = units.get(1).copied().flatten();
    stepped(Balance { before: None, sum: Running::new(unit) })
}

#[derive(Debug)]
struct Balance {
    before: Option<f64>,
    sum: Running,
}

impl Step<2> for Balance {
    #[inline]
    fn step(&mut self, [close, volume]: [f64; 2]) -> f64 {
        if close.is_nan() || volume.is_nan() {
            return f64::NAN;
        }
        let before = self.before.replace(close);
        self.sum.add(match before {
            Some(before) if close < before => -volume,
            Some(before) if close == before => 0.0,
            _ => volume,
        })
    }
}

/// The sum of all values so far.
#[derive(Debug)]
pub struct Running {
    unit: Option<f64>,
    whole: i128,
    sum: f64,
    /// What rounding has kept out of the sum.
    rest: f64,
}

impl Running {
    /// Exact for whole multiples of `1 / unit`, else compensated.
    #[must_use]
    pub fn new(unit: Option<f64>) -> Self {
        Self { unit, whole: 0, sum: 0.0, rest: 0.0 }
    }

    /// Takes a defined value in and tells the sum.
    #[inline]
    pub fn add(&mut self, value: f64) -> f64 {
        if let Some(unit) = self.unit {
            self.whole += i128::from(whole(value, unit));
            return quotient(self.whole, unit);
        }
        let sum = self.sum + value;
        // Neumaier's compensation: what the smaller of the two has lost.
        self.rest += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
        finite(self.sum + self.rest)
    }
}

impl Step<1> for Running {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() { f64::NAN } else { self.add(value) }
    }
}
