//! Where values stand among the others of a window.

use super::{Step, count, finite, sorted::Sorted, window::Last};

/// The value below which `percent` of the last `length` values lie, interpolated between the two
/// nearest ones.
#[derive(Debug)]
pub struct Percentile {
    last: Last<f64>,
    sorted: Sorted,
    lower: usize,
    share: f64,
}

impl Percentile {
    /// With `percent` from 0 to 100; 50 is the median.
    #[must_use]
    pub fn new(length: usize, percent: f64) -> Self {
        let length = length.max(1);
        let place = percent / 100.0 * count(length - 1);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the length"
        )]
        let lower = place.floor() as usize;
        let share = place - place.floor();
        Self { last: Last::new(length, f64::NAN), sorted: Sorted::new(length), lower, share }
    }
}

impl Step<1> for Percentile {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.last.clear();
            self.sorted.clear();
            return f64::NAN;
        }
        if let Some(old) = self.last.push(value) {
            self.sorted.remove(old);
        }
        self.sorted.insert(value);
        if !self.last.is_full() {
            return f64::NAN;
        }
        let lower = self.sorted.get(self.lower).unwrap_or(f64::NAN);
        let upper = self.sorted.get(self.lower + 1).unwrap_or(lower);
        finite(lower + (upper - lower) * self.share)
    }
}

/// The percentage of the `length` values before that are at most the current one.
#[derive(Debug)]
pub struct Rank {
    last: Last<f64>,
    sorted: Sorted,
}

impl Rank {
    /// Among so many values before.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { last: Last::new(length, f64::NAN), sorted: Sorted::new(length) }
    }
}

impl Step<1> for Rank {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.last.clear();
            self.sorted.clear();
            return f64::NAN;
        }
        let rank = if self.last.is_full() {
            100.0 * count(self.sorted.at_most(value)) / count(self.last.length())
        } else {
            f64::NAN
        };
        if let Some(old) = self.last.push(value) {
            self.sorted.remove(old);
        }
        self.sorted.insert(value);
        rank
    }
}
