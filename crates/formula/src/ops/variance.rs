//! The variance of a window.
//!
//! Equal values have a variance of exactly zero, and no value that has left the window leaves a
//! trace.

use super::{
    Op, Step, count, finite,
    sliding::{Merge, Sliding},
    stepped,
    window::{Last, float, product, signed, times, whole},
};

/// Population variance of the last `length` values. With a `unit` the values are whole multiples
/// of `1 / unit`, and only the last step rounds.
#[must_use]
pub fn variance(length: usize, unit: Option<f64>) -> Box<dyn Op> {
    match unit {
        Some(unit) => stepped(Whole::new(length, unit)),
        None => stepped(Float(Sliding::new(length))),
    }
}

#[derive(Debug)]
struct Whole {
    last: Last<i64>,
    length: i64,
    sum: i64,
    squares: i128,
    unit: f64,
    divisor: f64,
}

impl Whole {
    fn new(length: usize, unit: f64) -> Self {
        let divisor = (count(length) * unit).powi(2);
        let last = Last::new(length, 0);
        Self { last, length: signed(length), sum: 0, squares: 0, unit, divisor }
    }
}

impl Step<1> for Whole {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.last.clear();
            (self.sum, self.squares) = (0, 0);
            return f64::NAN;
        }
        let new = whole(value, self.unit);
        let old = self.last.push(new).unwrap_or(0);
        self.sum += new - old;
        self.squares += product(new, new) - product(old, old);
        if self.last.is_full() {
            float(times(self.squares, self.length) - product(self.sum, self.sum)) / self.divisor
        } else {
            f64::NAN
        }
    }
}

/// How many values, their mean, and the sum of the squared distances from it.
///
/// Joined as by Chan, Golub and LeVeque, *Updating Formulae and a Pairwise Algorithm for Computing
/// Sample Variances*, 1979.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Merge for Moments {
    const EMPTY: Self = Self { count: 0.0, mean: 0.0, squares: 0.0 };

    #[inline]
    fn then(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = later.count / count;
        let apart = later.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * share,
            squares: self.squares + later.squares + apart * apart * self.count * share,
        }
    }
}

#[derive(Debug)]
struct Float(Sliding<Moments>);

impl Step<1> for Float {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.0.clear();
            return f64::NAN;
        }
        let window = self.0.push(Moments { count: 1.0, mean: value, squares: 0.0 });
        window.map_or(f64::NAN, |m| finite(m.squares / m.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_far_from_zero_do_not_vary() {
        let (mut floats, mut wholes) = (Float(Sliding::new(7)), Whole::new(7, 10.0));
        for bar in 0..30 {
            let [a, b] = [floats.step([1e9 + 0.1]), wholes.step([1e9 + 0.1])];
            assert!(bar < 6 || (a == 0.0 && b == 0.0), "bar {bar}: {a} {b}");
        }
    }

    #[test]
    fn small_moves_far_from_zero_are_seen() {
        let mut floats = Float(Sliding::new(4));
        let last = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|x| floats.step([1e12 + x]));
        assert_eq!(last[3..], [1.25, 1.25, 1.25]);
    }
}
