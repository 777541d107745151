//! Windows that slide over the last values: history, sums, means.
//!
//! A window that holds an undefined value has an undefined result. Values before the first defined
//! one don't count as held, so a window is full so many bars after its source's warm-up.

use super::{In, Op, finite};

/// The last values of a source, the oldest falling out.
#[derive(Debug)]
pub struct Ring {
    values: Vec<f64>,
    next: usize,
    held: usize,
    undefined: usize,
}

impl Ring {
    /// Room for `length` values, at least one.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let values = vec![f64::NAN; length.max(1)];
        Self { values, next: 0, held: 0, undefined: 0 }
    }

    /// Takes a value in and gives back the one that fell out, `None` while there is room. Before
    /// the first defined value nothing is held.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if self.held == 0 && value.is_nan() {
            return None;
        }
        let old = std::mem::replace(&mut self.values[self.next], value);
        self.next = if self.next + 1 == self.values.len() { 0 } else { self.next + 1 };
        self.undefined += usize::from(value.is_nan());
        if self.held < self.values.len() {
            self.held += 1;
            return None;
        }
        self.undefined -= usize::from(old.is_nan());
        Some(old)
    }

    /// True when the window is full and holds defined values only.
    #[inline]
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.held == self.values.len() && self.undefined == 0
    }

    /// How many values fit.
    #[must_use]
    pub fn length(&self) -> usize {
        self.values.len()
    }

    /// The values from the oldest to the latest.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let (late, early) = self.values.split_at(self.next);
        let early = if self.held < self.values.len() { &[] } else { early };
        early.iter().chain(late).copied()
    }
}

/// The value some bars ago.
#[derive(Debug)]
pub struct History {
    ring: Vec<f64>,
    next: usize,
}

impl History {
    /// The value `bars` bars ago.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self { ring: vec![f64::NAN; bars], next: 0 }
    }
}

impl Op for History {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [source] = ins else { return out.fill(f64::NAN) };
        for (bar, out) in out.iter_mut().enumerate() {
            let value = source.at(bar);
            *out = match self.ring.get_mut(self.next) {
                Some(slot) => std::mem::replace(slot, value),
                None => value,
            };
            self.next = if self.next + 1 >= self.ring.len() { 0 } else { self.next + 1 };
        }
    }
}

/// The sum, or the mean, of the last `length` values. With a `unit` the values are whole multiples
/// of `1 / unit`, and the result is the float nearest to the exact one.
#[must_use]
pub fn sum(length: usize, unit: Option<f64>, mean: bool) -> Box<dyn Op> {
    match unit {
        Some(unit) => Box::new(WholeSum { ring: Ring::new(length), unit, sum: 0, mean }),
        None => Box::new(FloatSum { ring: Ring::new(length), sum: Blocks::new(length), mean }),
    }
}

#[derive(Debug)]
struct WholeSum {
    ring: Ring,
    unit: f64,
    sum: i128,
    mean: bool,
}

impl Op for WholeSum {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [source] = ins else { return out.fill(f64::NAN) };
        #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let divisor = if self.mean { self.unit * self.ring.length() as f64 } else { self.unit };
        for (bar, out) in out.iter_mut().enumerate() {
            let value = source.at(bar);
            let old = self.ring.push(value);
            self.sum += whole(value, self.unit) - old.map_or(0, |old| whole(old, self.unit));
            *out = if self.ring.is_sound() { quotient(self.sum, divisor) } else { f64::NAN };
        }
    }
}

/// The whole number that `value` is of `1 / unit`; 0 for undefined.
#[inline]
#[must_use]
pub fn whole(value: f64, unit: f64) -> i128 {
    #[allow(clippy::cast_possible_truncation, reason = "whole after rounding; undefined is 0")]
    let whole = (value * unit).round() as i64;
    i128::from(whole)
}

/// The quotient of a whole number and a whole divisor, rounded once.
#[inline]
#[must_use]
pub fn quotient(sum: i128, divisor: f64) -> f64 {
    match i64::try_from(sum) {
        #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
        Ok(small) if small.unsigned_abs() < 1 << 53 => small as f64 / divisor,
        _ => long_quotient(sum, divisor),
    }
}

/// The same beyond 2^53: whole part and rest are divided apart, so that equal ratios stay equal.
#[cold]
fn long_quotient(sum: i128, divisor: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, reason = "divisors are whole")]
    let by = (divisor as i128).max(1);
    #[allow(clippy::cast_precision_loss, reason = "rounded once each, by the ratio alone")]
    let (whole, rest) = (sum.div_euclid(by) as f64, sum.rem_euclid(by) as f64 / by as f64);
    finite(whole + rest)
}

/// Window sums of floats without drift: the window is the end of one block and the beginning of
/// the next, each summed in its order, so nothing that has left the window leaves a trace.
#[derive(Debug)]
pub struct Blocks {
    length: usize,
    /// Suffix sums of the block before.
    suffix: Vec<f64>,
    /// The block under way.
    block: Vec<f64>,
    prefix: f64,
}

impl Blocks {
    /// For a window of `length` values, at least one.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        let (suffix, block) = (vec![0.0; length + 1], Vec::with_capacity(length));
        Self { length, suffix, block, prefix: 0.0 }
    }

    /// Takes a value in and tells the sum of the last `length` ones. Undefined counts as zero.
    #[inline]
    pub fn push(&mut self, value: f64) -> f64 {
        let value = if value.is_nan() { 0.0 } else { value };
        if self.block.len() == self.length {
            self.turn();
        }
        self.block.push(value);
        self.prefix += value;
        self.prefix + self.suffix[self.block.len()]
    }

    fn turn(&mut self) {
        let mut sum = 0.0;
        self.suffix[self.length] = 0.0;
        for (slot, value) in self.suffix[..self.length].iter_mut().zip(&self.block).rev() {
            sum += value;
            *slot = sum;
        }
        self.block.clear();
        self.prefix = 0.0;
    }
}

#[derive(Debug)]
struct FloatSum {
    ring: Ring,
    sum: Blocks,
    mean: bool,
}

impl Op for FloatSum {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [source] = ins else { return out.fill(f64::NAN) };
        #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
        let divisor = if self.mean { self.ring.length() as f64 } else { 1.0 };
        for (bar, out) in out.iter_mut().enumerate() {
            let value = source.at(bar);
            self.ring.push(value);
            let sum = self.sum.push(value);
            *out = if self.ring.is_sound() { finite(sum / divisor) } else { f64::NAN };
        }
    }
}
