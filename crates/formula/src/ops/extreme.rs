//! The highest and lowest values of a window, and when they were.

use std::collections::VecDeque;

use super::{Step, count, finite};

/// Which end of the window's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The highest value.
    Top,
    /// The lowest value.
    Bottom,
}

/// The highest or lowest of the last `length` values, or how many bars ago it was; of equal ones
/// the latest counts.
///
/// Keeps the values that may still become the extreme, in order: amortised O(1) per bar.
#[derive(Debug)]
pub struct Extreme {
    length: usize,
    sign: f64,
    ago: bool,
    candidates: VecDeque<(usize, f64)>,
    bar: usize,
}

impl Extreme {
    /// The value, or with `ago` the bars since then.
    #[must_use]
    pub fn new(length: usize, end: End, ago: bool) -> Self {
        let sign = if end == End::Top { 1.0 } else { -1.0 };
        let length = length.max(1);
        Self { length, sign, ago, candidates: VecDeque::with_capacity(length + 1), bar: 0 }
    }
}

impl Step<1> for Extreme {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.candidates.clear();
            self.bar = 0;
            return f64::NAN;
        }
        let value = self.sign * value;
        while self.candidates.back().is_some_and(|(_, beaten)| *beaten <= value) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.bar, value));
        self.bar += 1;
        if self.candidates.front().is_some_and(|(since, _)| since + self.length < self.bar) {
            self.candidates.pop_front();
        }
        match self.candidates.front() {
            Some((since, _)) if self.ago && self.bar >= self.length => count(self.bar - 1 - since),
            Some((_, extreme)) if self.bar >= self.length => finite(self.sign * extreme),
            _ => f64::NAN,
        }
    }
}
