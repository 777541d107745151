//! Averages that carry their past along.
//!
//! Each is seeded with the mean of its first values. An undefined value in the middle leaves the
//! memory as it is; while the seed is gathered, undefined values don't count.

use super::{
    Step, count, finite,
    window::{quotient, whole},
};

/// Exponential average: `y += (2 / (length + 1)) * (x - y)`.
#[derive(Debug)]
pub struct Ema {
    smooth: Smooth,
    skip: usize,
}

impl Ema {
    /// Seeded with the mean of the first `length` values after `skip` ones.
    #[must_use]
    pub fn new(length: usize, skip: usize, unit: Option<f64>) -> Self {
        Self { smooth: Smooth::new(length, exponential(length), unit), skip }
    }
}

impl Step<1> for Ema {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if self.skip == 0 {
            return self.smooth.push(value);
        }
        self.skip -= usize::from(!value.is_nan());
        f64::NAN
    }
}

/// The weight of the latest value in an exponential average.
#[must_use]
pub fn exponential(length: usize) -> f64 {
    2.0 / (count(length) + 1.0)
}

/// A seeded average with a factor.
#[derive(Debug)]
pub struct Smooth {
    length: usize,
    alpha: f64,
    unit: Option<f64>,
    seen: usize,
    whole: i128,
    value: f64,
}

impl Smooth {
    /// Seeded with the mean of the first `length` values, exactly if they are whole multiples of
    /// `1 / unit`.
    #[must_use]
    pub fn new(length: usize, alpha: f64, unit: Option<f64>) -> Self {
        Self { length: length.max(1), alpha, unit, seen: 0, whole: 0, value: 0.0 }
    }

    /// Wilder's average: `y += (x - y) / length`.
    #[must_use]
    pub fn wilder(length: usize, unit: Option<f64>) -> Self {
        Self::new(length, 1.0 / count(length.max(1)), unit)
    }

    /// Takes a value in and tells the average, undefined before the seed is complete.
    #[inline]
    pub fn push(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        if self.seen < self.length {
            return self.seed(value);
        }
        self.value = if self.alpha < 1.0 {
            finite(self.value + self.alpha * (value - self.value))
        } else {
            value
        };
        self.value
    }

    fn seed(&mut self, value: f64) -> f64 {
        self.seen += 1;
        if let Some(unit) = self.unit {
            self.whole += i128::from(whole(value, unit));
            self.value = quotient(self.whole, unit * count(self.seen));
        } else {
            self.value += (value - self.value) / count(self.seen);
        }
        if self.seen < self.length { f64::NAN } else { finite(self.value) }
    }
}

impl Step<1> for Smooth {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        self.push(value)
    }
}
