//! The mean distance from the mean.

use super::{
    Step, count, finite,
    window::{FloatSum, Last, WholeSum},
};

/// The mean of the distances of the last `length` values from their mean.
///
/// Costs one pass over the window per bar.
#[derive(Debug)]
pub struct Deviation {
    last: Last<f64>,
    mean: Mean,
}

#[derive(Debug)]
enum Mean {
    Whole(WholeSum),
    Float(FloatSum),
}

impl Deviation {
    /// With a `unit` the mean is exact.
    #[must_use]
    pub fn new(length: usize, unit: Option<f64>) -> Self {
        let mean = match unit {
            Some(unit) => Mean::Whole(WholeSum::new(length, unit, true)),
            None => Mean::Float(FloatSum::new(length, true)),
        };
        Self { last: Last::new(length, f64::NAN), mean }
    }
}

impl Step<1> for Deviation {
    #[inline]
    fn step(&mut self, [value]: [f64; 1]) -> f64 {
        let mean = match &mut self.mean {
            Mean::Whole(mean) => mean.step([value]),
            Mean::Float(mean) => mean.step([value]),
        };
        if value.is_nan() {
            self.last.clear();
            return f64::NAN;
        }
        self.last.push(value);
        if !self.last.is_full() {
            return f64::NAN;
        }
        let (early, late) = self.last.parts();
        finite(distances(early, late, mean) / count(self.last.length()))
    }
}

/// The sum of the distances, added up in an order that the window's phase doesn't change.
fn distances(early: &[f64], late: &[f64], from: f64) -> f64 {
    early.iter().chain(late).fold(0.0, |sum, value| sum + (value - from).abs())
}
