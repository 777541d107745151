//! Windows that slide over the last values: history, sums, means.
//!
//! A window that holds an undefined value has an undefined result: it starts anew after one. So a
//! window is full so many bars after its source's warm-up.

use super::{
    In, Op, Step, count, finite,
    sliding::{Sliding, Total},
    stepped,
};

/// The last values, the oldest falling out.
#[derive(Debug)]
pub struct Last<T> {
    values: Vec<T>,
    next: usize,
    held: usize,
}

impl<T: Copy> Last<T> {
    /// Room for `length` values, at least one.
    #[must_use]
    pub fn new(length: usize, blank: T) -> Self {
        Self { values: vec![blank; length.max(1)], next: 0, held: 0 }
    }

    /// Takes a value in and gives back the one that fell out, `None` while there is room.
    #[inline]
    pub fn push(&mut self, value: T) -> Option<T> {
        let old = std::mem::replace(&mut self.values[self.next], value);
        self.next += 1;
        if self.next == self.values.len() {
            self.next = 0;
        }
        if self.held < self.values.len() {
            self.held += 1;
            return None;
        }
        Some(old)
    }

    /// Replaces a full window by as many other values, the oldest first.
    pub fn refill(&mut self, values: impl Iterator<Item = T>) {
        self.next = 0;
        for (slot, value) in self.values.iter_mut().zip(values) {
            *slot = value;
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        (self.next, self.held) = (0, 0);
    }

    /// True when the next value pushes one out.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held == self.values.len()
    }

    /// How many values fit.
    #[must_use]
    pub fn length(&self) -> usize {
        self.values.len()
    }

    /// The oldest value, when there is no more room.
    #[must_use]
    pub fn oldest(&self) -> Option<T> {
        self.is_full().then(|| self.values[self.next])
    }

    /// The values of a full window, the oldest first, in two parts.
    #[must_use]
    pub fn parts(&self) -> (&[T], &[T]) {
        let (late, early) = self.values.split_at(self.next);
        (early, late)
    }
}

/// The value some bars ago.
#[derive(Debug)]
pub struct History(Last<f64>);

impl History {
    /// The value `bars` bars ago, at least one.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self(Last::new(bars, f64::NAN))
    }
}

impl Step<1> for History {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        self.0.push(value).unwrap_or(f64::NAN)
    }
}

/// Leaves the first values out: the first source from so many bars after the second one begins.
///
/// The second source is what the first is made of, where that begins earlier: a quotient of zeros
/// is no value, but the bar counts.
#[derive(Debug)]
pub struct Skip {
    left: usize,
    begun: bool,
}

impl Skip {
    /// Leaves out `bars` bars.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self { left: bars, begun: false }
    }
}

impl Step<2> for Skip {
    #[inline]
    fn step(&mut self, [value, clock]: [f64; 2]) -> f64 {
        self.begun |= !clock.is_nan();
        if self.begun && self.left > 0 {
            self.left -= 1;
            return f64::NAN;
        }
        value
    }
}

/// The sum, or the mean, of the last `length` values. With a `unit` the values are whole multiples
/// of `1 / unit`, and the result is the float nearest to the exact one.
#[must_use]
pub fn sum(length: usize, unit: Option<f64>, mean: bool) -> Box<dyn Op> {
    match unit {
        Some(unit) => Box::new(BlockSum::new(WholeSum::new(length, unit, mean))),
        None => stepped(FloatSum::new(length, mean)),
    }
}

/// A window sum of whole multiples of `1 / unit`.
#[derive(Debug)]
pub struct WholeSum {
    last: Last<i64>,
    sum: i128,
    unit: f64,
    divisor: f64,
}

impl WholeSum {
    /// The sum of the last `length` values, or their mean.
    #[must_use]
    pub fn new(length: usize, unit: f64, mean: bool) -> Self {
        let divisor = if mean { unit * count(length) } else { unit };
        Self { last: Last::new(length, 0), sum: 0, unit, divisor }
    }
}

impl Step<1> for WholeSum {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.last.clear();
            self.sum = 0;
            return f64::NAN;
        }
        let new = whole(value, self.unit);
        let old = self.last.push(new).unwrap_or(0);
        self.sum += i128::from(new) - i128::from(old);
        if self.last.is_full() { quotient(self.sum, self.divisor) } else { f64::NAN }
    }
}

/// The same over a block at once where every number is exact as a float: what enters the window
/// less what leaves it, added up. Where a value is undefined, the window not full, or a sum could
/// pass 2^53, it steps.
#[derive(Debug)]
struct BlockSum {
    step: WholeSum,
    /// The window, then the block, as whole numbers.
    wholes: Vec<f64>,
}

impl BlockSum {
    const fn new(step: WholeSum) -> Self {
        Self { step, wholes: Vec::new() }
    }

    /// Whole numbers of the window and the block; false where they are not all exact.
    fn gather(&mut self, values: &[f64]) -> bool {
        let (early, late) = self.step.last.parts();
        self.wholes.clear();
        self.wholes.extend(early.iter().chain(late).map(|old| float(i128::from(*old))));
        let unit = self.step.unit;
        self.wholes.extend(values.iter().map(|value| nearest(value * unit)));
        // The largest sum: as many of the largest value as the window holds.
        let most = (EXACT_MAX / count(self.step.last.length())).min(NEAREST_MAX);
        self.wholes.iter().all(|whole| whole.abs() < most)
    }

    fn sums(&mut self, values: &[f64], out: &mut [f64]) {
        let (length, divisor) = (self.step.last.length(), self.step.divisor);
        let mut sum = float(self.step.sum);
        let (leaving, entering) = (&self.wholes[..values.len()], &self.wholes[length..]);
        for ((out, new), old) in out.iter_mut().zip(entering).zip(leaving) {
            *out = new - old;
        }
        for out in out.iter_mut() {
            sum += *out;
            *out = sum;
        }
        for out in out.iter_mut() {
            *out /= divisor;
        }
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        let as_whole = |value: f64| value as i64;
        self.step.sum = i128::from(as_whole(sum));
        let window = self.wholes[values.len()..].iter().map(|whole| as_whole(*whole));
        self.step.last.refill(window);
    }
}

/// 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Op for BlockSum {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [source] = ins else { return out.fill(f64::NAN) };
        let length = out.len();
        let mut done = 0;
        while done < length && !self.step.last.is_full() {
            out[done] = self.step.step([source.at(done)]);
            done += 1;
        }
        let (In::Column(values), rest) = (source, length - done) else {
            return (done..length).for_each(|bar| out[bar] = self.step.step([source.at(bar)]));
        };
        let values = &values[done..length];
        if rest >= self.step.last.length() && self.gather(values) {
            return self.sums(values, &mut out[done..]);
        }
        for (out, value) in out[done..].iter_mut().zip(values) {
            *out = self.step.step([*value]);
        }
    }
}

/// The whole number that `value` is of `1 / unit`.
#[inline]
#[must_use]
pub fn whole(value: f64, unit: f64) -> i64 {
    let scaled = value * unit;
    if scaled.abs() < NEAREST_MAX {
        // The digits of the shifted value are the whole number, above those of the shift alone.
        return (scaled + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()).cast_signed();
    }
    #[allow(clippy::cast_possible_truncation, reason = "without a fraction at this size")]
    let whole = scaled as i64;
    whole
}

/// 1.5 * 2^52: among floats of this size there are whole ones only.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// 2^51: shifted values below this keep their size.
const NEAREST_MAX: f64 = 2_251_799_813_685_248.0;

/// The whole number nearest to a value that is almost whole and below 2^51.
#[inline]
#[must_use]
pub fn nearest(value: f64) -> f64 {
    (value + SHIFT) - SHIFT
}

/// The float nearest to a whole number.
#[inline]
#[must_use]
pub fn float(whole: i128) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "rounded once")]
    let float = match i64::try_from(whole) {
        Ok(small) => small as f64,
        Err(_) => whole as f64,
    };
    float
}

/// A length as a whole number with a sign.
#[must_use]
pub fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The product of two whole numbers, which always fits.
#[inline]
#[must_use]
pub fn product(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// A sum times a length.
#[inline]
#[must_use]
pub fn times(sum: i128, length: i64) -> i128 {
    match i64::try_from(sum) {
        Ok(small) => product(small, length),
        Err(_) => sum * i128::from(length),
    }
}

/// The quotient of a whole number and a whole divisor, rounded once.
#[inline]
#[must_use]
pub fn quotient(sum: i128, divisor: f64) -> f64 {
    match i64::try_from(sum) {
        #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
        Ok(small) if small.unsigned_abs() < 1 << 53 => small as f64 / divisor,
        #[allow(clippy::cast_possible_truncation, reason = "divisors are whole")]
        _ => long_quotient(sum, divisor as i128),
    }
}

/// The same beyond 2^53: whole part and rest are divided apart, so that equal ratios stay equal.
#[cold]
#[must_use]
pub fn long_quotient(sum: i128, by: i128) -> f64 {
    let by = by.max(1);
    finite(float(sum.div_euclid(by)) + float(sum.rem_euclid(by)) / float(by))
}

/// A window sum of any numbers, in a fixed order.
#[derive(Debug)]
pub struct FloatSum {
    window: Sliding<Total>,
    divisor: f64,
    length: usize,
    /// The last value, and how often it came in a row: the mean of equal values is that value.
    latest: f64,
    same: usize,
}

impl FloatSum {
    /// The sum of the last `length` values, or their mean.
    #[must_use]
    pub fn new(length: usize, mean: bool) -> Self {
        let divisor = if mean { count(length) } else { 1.0 };
        Self { window: Sliding::new(length), divisor, length, latest: f64::NAN, same: 0 }
    }
}

impl Step<1> for FloatSum {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        self.same = if value == self.latest { self.same + 1 } else { 1 };
        self.latest = value;
        if value.is_nan() {
            self.window.clear();
            return f64::NAN;
        }
        match self.window.push(Total(value)) {
            None => f64::NAN,
            Some(_) if self.same >= self.length => {
                finite(value * (count(self.length) / self.divisor))
            }
            Some(Total(sum)) => finite(sum / self.divisor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_equal_values_is_that_value() {
        let (mut floats, mut wholes) = (FloatSum::new(10, true), WholeSum::new(10, 10.0, true));
        for bar in 0..40 {
            let means = (floats.step([0.1]), wholes.step([0.1]));
            assert!(bar < 9 || means == (0.1, 0.1), "bar {bar}: {means:?}");
        }
    }

    #[test]
    fn long_quotients_are_equal_where_the_ratios_are() {
        let large = 123_456_789_i128 << 40;
        assert_eq!(quotient(large, 1024.0).to_bits(), quotient(large * 10, 10_240.0).to_bits());
        assert_eq!(quotient(-(1 << 60), 4.0), -(2.0_f64.powi(58)));
    }

    #[test]
    fn almost_whole_numbers_are_made_whole() {
        for (value, unit, is) in [
            (0.29, 100.0, 29),
            (-1.15, 100.0, -115),
            (0.0, 10.0, 0),
            (-2_251_799_813_685_247.0, 1.0, -2_251_799_813_685_247),
            (3e15, 3.0, 9_000_000_000_000_000),
        ] {
            assert_eq!(whole(value, unit), is);
        }
    }
}
