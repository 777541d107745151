//! Kaufman's adaptive average.

use super::{Step, finite};

/// Weight of the latest value where prices go straight: that of an average over 2.
const FAST: f64 = 2.0 / 3.0;
/// Weight of the latest value where prices go nowhere: that of an average over 30.
const SLOW: f64 = 2.0 / 31.0;

/// `y += c * (x - y)`, with `c` from how straight the way was.
///
/// The sources are the series, how far it has come (signed) and the length of its way. It begins
/// at the value before the first one with a known way. Perry Kaufman, *Trading Systems and
/// Methods*; the seed is TA-Lib's.
#[derive(Debug, Default)]
pub struct Adaptive {
    before: Option<f64>,
    average: Option<f64>,
}

impl Step<3> for Adaptive {
    #[inline]
    fn step(&mut self, [value, distance, way]: [f64; 3]) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        let before = self.before.replace(value).unwrap_or(value);
        if distance.is_nan() || way.is_nan() {
            return f64::NAN;
        }
        let straight = if way > distance.abs() { distance.abs() / way } else { 1.0 };
        let weight = straight * (FAST - SLOW) + SLOW;
        let average = self.average.unwrap_or(before);
        let average = finite(average + weight * weight * (value - average));
        self.average = Some(average);
        average
    }
}
