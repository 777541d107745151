//! The highest and lowest values of a window, and when they were.

use super::{
    Op, Step, count, finite,
    sliding::{Merge, Sliding},
    stepped,
};

/// Which end of the window's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The highest value.
    Top,
    /// The lowest value.
    Bottom,
}

impl End {
    fn sign(self) -> f64 {
        match self {
            Self::Top => 1.0,
            Self::Bottom => -1.0,
        }
    }
}

/// The highest or lowest of the last `length` values, or how many bars ago it was; of equal ones
/// the latest counts.
#[must_use]
pub fn extreme(length: usize, end: End, ago: bool) -> Box<dyn Op> {
    let sign = end.sign();
    if ago {
        stepped(Ago { sign, window: Sliding::new(length), bar: 0 })
    } else {
        stepped(Extreme { sign, window: Sliding::new(length) })
    }
}

/// The highest value of a stretch.
#[derive(Debug, Clone, Copy)]
struct Top(f64);

impl Merge for Top {
    const EMPTY: Self = Self(f64::NEG_INFINITY);

    #[inline]
    fn then(self, later: Self) -> Self {
        if later.0 >= self.0 { later } else { self }
    }
}

/// The values are mirrored where the lowest is looked for.
#[derive(Debug)]
struct Extreme {
    sign: f64,
    window: Sliding<Top>,
}

impl Step<1> for Extreme {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.window.clear();
            return f64::NAN;
        }
        let window = self.window.push(Top(self.sign * value));
        window.map_or(f64::NAN, |Top(extreme)| finite(self.sign * extreme))
    }
}

/// The highest value of a stretch and its bar.
#[derive(Debug, Clone, Copy)]
struct Peak {
    value: f64,
    bar: usize,
}

impl Merge for Peak {
    const EMPTY: Self = Self { value: f64::NEG_INFINITY, bar: 0 };

    #[inline]
    fn then(self, later: Self) -> Self {
        if later.value >= self.value { later } else { self }
    }
}

#[derive(Debug)]
struct Ago {
    sign: f64,
    window: Sliding<Peak>,
    bar: usize,
}

impl Step<1> for Ago {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        if value.is_nan() {
            self.window.clear();
            return f64::NAN;
        }
        self.bar += 1;
        let window = self.window.push(Peak { value: self.sign * value, bar: self.bar });
        window.map_or(f64::NAN, |peak| count(self.bar - peak.bar))
    }
}
