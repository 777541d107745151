//! When something was so, and what was then.

use super::{Step, count, truth, window::Last};

/// Whether a series has risen on each of the last `length` bars.
#[derive(Debug)]
pub struct Rising {
    length: usize,
    before: f64,
    rises: usize,
    defined: usize,
}

impl Rising {
    /// Over so many bars, which takes one value more.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { length, before: f64::NAN, rises: 0, defined: 0 }
    }
}

impl Step<1> for Rising {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        let before = std::mem::replace(&mut self.before, value);
        self.rises = if value > before { self.rises + 1 } else { 0 };
        self.defined = if value.is_nan() { 0 } else { self.defined + 1 };
        if self.defined > self.length { truth(self.rises >= self.length) } else { f64::NAN }
    }
}

/// Bars since a condition was last true.
///
/// A bar on which the condition is undefined is undefined itself and counts for the ones after it.
#[derive(Debug, Default)]
pub struct BarsSince(Option<usize>);

impl Step<1> for BarsSince {
    #[inline]
    fn step(&mut self, [condition]: [f64; 1]) -> f64 {
        self.0 = if condition == 1.0 { Some(0) } else { self.0.map(|bars| bars + 1) };
        match self.0 {
            Some(bars) if !condition.is_nan() => count(bars),
            _ => f64::NAN,
        }
    }
}

/// The value of a series when a condition was true: the last time, or some times before that.
#[derive(Debug)]
pub struct ValueWhen(Last<f64>);

impl ValueWhen {
    /// With 0 for the last time.
    #[must_use]
    pub fn new(occurrence: usize) -> Self {
        Self(Last::new(occurrence + 1, f64::NAN))
    }
}

impl Step<2> for ValueWhen {
    #[inline]
    fn step(&mut self, [condition, value]: [f64; 2]) -> f64 {
        if condition == 1.0 {
            self.0.push(value);
        }
        match self.0.oldest() {
            Some(value) if !condition.is_nan() => value,
            _ => f64::NAN,
        }
    }
}
