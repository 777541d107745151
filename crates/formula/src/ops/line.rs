//! The least-squares line through a window, and the average with falling weights, which is made
//! of the same sums.

use super::{
    Op, Step, count, finite,
    sliding::{Merge, Sliding},
    stepped,
    window::{Last, float, product, quotient, signed, times, whole},
};

/// What is asked of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The mean with the weights 1 (oldest) to `length` (latest).
    Weighted,
    /// The line's rise from bar to bar.
    Slope,
    /// The share of the variance that the line explains, 0 to 1; undefined for equal values.
    Fit,
}

/// A fact about the line through the last `length` values. With a `unit` the values are whole
/// multiples of `1 / unit`, and only the last step rounds.
#[must_use]
pub fn line(length: usize, ask: Ask, unit: Option<f64>) -> Box<dyn Op> {
    match unit {
        Some(unit) => stepped(Whole::new(length, ask, unit)),
        None => stepped(Float { window: Sliding::new(length), ask }),
    }
}

/// What can't be above 1 but for rounding; undefined for 0/0.
fn share(ratio: f64) -> f64 {
    if ratio > 1.0 { 1.0 } else { finite(ratio) }
}

#[derive(Debug, Default)]
struct Sums {
    held: i64,
    plain: i64,
    weighted: i128,
    squares: i128,
}

#[derive(Debug)]
struct Whole {
    last: Last<i64>,
    length: i64,
    unit: f64,
    ask: Ask,
    /// Of the answer, for the weighted mean and the slope.
    divisor: f64,
    sums: Sums,
}

impl Whole {
    fn new(length: usize, ask: Ask, unit: f64) -> Self {
        let n = count(length);
        let divisor = match ask {
            Ask::Weighted => n * (n + 1.0) / 2.0 * unit,
            Ask::Slope | Ask::Fit => n * (n * n - 1.0),
        };
        let last = Last::new(length, 0);
        Self { last, length: signed(length), unit, ask, divisor, sums: Sums::default() }
    }

    #[inline]
    fn answer(&self) -> f64 {
        if self.ask == Ask::Weighted {
            return quotient(self.sums.weighted, self.divisor);
        }
        // Twice the sum of the products of the values with the distances from the middle bar.
        let tilt = 2 * self.sums.weighted - product(self.length + 1, self.sums.plain);
        if self.ask == Ask::Slope {
            return finite(quotient(6 * tilt, self.divisor) / self.unit);
        }
        let spread =
            times(self.sums.squares, self.length) - product(self.sums.plain, self.sums.plain);
        let (n, tilt) = (count(self.last.length()), float(tilt));
        share(3.0 * tilt * tilt / (float(spread) * (n * n - 1.0)))
    }
}

impl Step<1> for Whole {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.last.clear();
            self.sums = Sums::default();
            return f64::NAN;
        }
        let new = whole(value, self.unit);
        let (old, sums) = (self.last.push(new), &mut self.sums);
        if let Some(old) = old {
            sums.weighted += product(self.length, new) - i128::from(sums.plain);
            sums.plain += new - old;
            if self.ask == Ask::Fit {
                sums.squares += product(new, new) - product(old, old);
            }
        } else {
            sums.held += 1;
            sums.weighted += product(sums.held, new);
            sums.plain += new;
            sums.squares += product(new, new);
        }
        if self.last.is_full() { self.answer() } else { f64::NAN }
    }
}

/// How many bars, the mean of their values, the sum of the products of the distances from the
/// middle bar and from the mean, and the sum of the squared distances from the mean.
#[derive(Debug, Clone, Copy)]
struct Trend {
    count: f64,
    mean: f64,
    products: f64,
    squares: f64,
}

impl Merge for Trend {
    const EMPTY: Self = Self { count: 0.0, mean: 0.0, products: 0.0, squares: 0.0 };

    #[inline]
    fn then(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = later.count / count;
        let apart = later.mean - self.mean;
        let pairs = self.count * later.count * apart;
        Self {
            count,
            mean: self.mean + apart * share,
            products: self.products + later.products + pairs * 0.5,
            squares: self.squares + later.squares + apart * apart * self.count * share,
        }
    }
}

#[derive(Debug)]
struct Float {
    window: Sliding<Trend>,
    ask: Ask,
}

impl Step<1> for Float {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.window.clear();
            return f64::NAN;
        }
        let bar = Trend { count: 1.0, mean: value, products: 0.0, squares: 0.0 };
        let Some(Trend { count: n, mean, products, squares }) = self.window.push(bar) else {
            return f64::NAN;
        };
        match self.ask {
            Ask::Weighted => finite(mean + 2.0 * products / (n * (n + 1.0))),
            Ask::Slope => finite(12.0 * products / (n * (n * n - 1.0))),
            Ask::Fit => share(12.0 * products * products / (n * (n * n - 1.0) * squares)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::In;

    #[test]
    fn whole_and_floating_lines_agree() {
        let values: Vec<f64> = (0..60_u32).map(|i| f64::from(i * i % 17) + 5000.0).collect();
        for (ask, length) in [(Ask::Weighted, 5), (Ask::Slope, 9), (Ask::Fit, 13)] {
            let mut columns = [None, Some(10.0)].map(|unit| {
                let mut out = vec![0.0; values.len()];
                line(length, ask, unit).run(&[In::Column(&values)], &mut out);
                out.into_iter().skip(length - 1)
            });
            let [floats, wholes] = &mut columns;
            for (a, b) in floats.zip(wholes) {
                assert!((a - b).abs() <= 1e-11 * b.abs().max(1e-2), "{ask:?} {a} {b}");
            }
        }
    }
}
