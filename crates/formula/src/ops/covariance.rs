//! How two series move together over a window.

use super::{
    Op, Step, count, finite,
    sliding::{Merge, Sliding},
    stepped,
    window::{Last, float, product, signed, times, whole},
};

/// Population covariance of the last `length` pairs. With two `units` the values are whole
/// multiples of them, and only the last step rounds.
#[must_use]
pub fn covariance(length: usize, units: &[Option<f64>]) -> Box<dyn Op> {
    match units {
        [Some(a), Some(b)] => stepped(Whole {
            last: Last::new(length, (0, 0)),
            length: signed(length),
            sums: (0, 0),
            products: 0,
            units: (*a, *b),
            divisor: count(length) * a * (count(length) * b),
        }),
        _ => stepped(Float(Sliding::new(length))),
    }
}

#[derive(Debug)]
struct Whole {
    last: Last<(i64, i64)>,
    length: i64,
    sums: (i64, i64),
    products: i128,
    units: (f64, f64),
    divisor: f64,
}

impl Step<2> for Whole {
    #[inline]
    fn step(&mut self, [a, b]: [f64; 2]) -> f64 {
        if a.is_nan() || b.is_nan() {
            self.last.clear();
            (self.sums, self.products) = ((0, 0), 0);
            return f64::NAN;
        }
        let new = (whole(a, self.units.0), whole(b, self.units.1));
        let old = self.last.push(new).unwrap_or((0, 0));
        self.sums = (self.sums.0 + new.0 - old.0, self.sums.1 + new.1 - old.1);
        self.products += product(new.0, new.1) - product(old.0, old.1);
        if self.last.is_full() {
            let together = times(self.products, self.length);
            float(together - product(self.sums.0, self.sums.1)) / self.divisor
        } else {
            f64::NAN
        }
    }
}

/// How many pairs, their means, and the sum of the products of the distances from these.
#[derive(Debug, Clone, Copy)]
struct Pairs {
    count: f64,
    means: (f64, f64),
    products: f64,
}

impl Merge for Pairs {
    const EMPTY: Self = Self { count: 0.0, means: (0.0, 0.0), products: 0.0 };

    #[inline]
    fn then(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = later.count / count;
        let apart = (later.means.0 - self.means.0, later.means.1 - self.means.1);
        Self {
            count,
            means: (self.means.0 + apart.0 * share, self.means.1 + apart.1 * share),
            products: self.products + later.products + apart.0 * apart.1 * self.count * share,
        }
    }
}

#[derive(Debug)]
struct Float(Sliding<Pairs>);

impl Step<2> for Float {
    #[inline]
    fn step(&mut self, [a, b]: [f64; 2]) -> f64 {
        if a.is_nan() || b.is_nan() {
            self.0.clear();
            return f64::NAN;
        }
        let window = self.0.push(Pairs { count: 1.0, means: (a, b), products: 0.0 });
        window.map_or(f64::NAN, |pairs| finite(pairs.products / pairs.count))
    }
}
