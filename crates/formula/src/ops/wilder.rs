//! Wilder's running sum, from which the directional movement system is made.

use super::{Step, count, finite};

/// `s = s - s / length + x`, begun with the plain sum of the first `length - 1` values.
///
/// Welles Wilder, *New Concepts in Technical Trading Systems*, 1978; the seed is TA-Lib's.
#[derive(Debug)]
pub struct RunningSum {
    length: usize,
    seen: usize,
    sum: f64,
}

impl RunningSum {
    /// For a `length` of at least one.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { length: length.max(1), seen: 0, sum: 0.0 }
    }
}

impl Step<1> for RunningSum {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        if self.seen + 1 >= self.length {
            self.sum = finite(self.sum - self.sum / count(self.length) + value);
            return self.sum;
        }
        self.seen += 1;
        self.sum += value;
        if self.seen + 1 < self.length { f64::NAN } else { finite(self.sum) }
    }
}
