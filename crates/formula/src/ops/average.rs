//! Averages that carry their past along.
//!
//! Each is seeded with the mean of its first values. An undefined value in the middle leaves the
//! memory as it is.

use super::{In, Op, finite};

/// Exponential average: `y += (2 / (length + 1)) * (x - y)`.
#[derive(Debug)]
pub struct Ema {
    smooth: Smooth,
    skip: usize,
}

impl Ema {
    /// Seeded with the mean of the first `length` values after `skip` ones.
    #[must_use]
    pub fn new(length: usize, skip: usize) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let alpha = 2.0 / (length as f64 + 1.0);
        Self { smooth: Smooth::new(length, alpha), skip }
    }
}

impl Op for Ema {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [source] = ins else { return out.fill(f64::NAN) };
        for (bar, out) in out.iter_mut().enumerate() {
            let value = source.at(bar);
            *out = if self.skip > 0 {
                self.skip -= usize::from(!value.is_nan());
                f64::NAN
            } else {
                self.smooth.push(value)
            };
        }
    }
}

/// A seeded average with a factor.
#[derive(Debug)]
pub struct Smooth {
    length: usize,
    alpha: f64,
    seen: usize,
    value: f64,
}

impl Smooth {
    /// Seeded with the mean of the first `length` values.
    #[must_use]
    pub fn new(length: usize, alpha: f64) -> Self {
        Self { length: length.max(1), alpha, seen: 0, value: 0.0 }
    }

    /// Takes a value in and tells the average, undefined before the seed is complete.
    #[inline]
    pub fn push(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        if self.seen >= self.length {
            self.value += self.alpha * (value - self.value);
            return finite(self.value);
        }
        self.seen += 1;
        self.value += value;
        if self.seen < self.length {
            return f64::NAN;
        }
        #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let length = self.length as f64;
        self.value /= length;
        finite(self.value)
    }
}
