//! Bands that follow a price, and the side of them on which it is.

use super::Step;

/// A band that only comes nearer to the price until the price has closed beyond it.
#[derive(Debug)]
pub struct Ratchet {
    sign: f64,
    memory: Option<(f64, f64)>,
}

impl Ratchet {
    /// A band above the price, that only falls, or one below it, that only rises.
    #[must_use]
    pub fn new(above: bool) -> Self {
        Self { sign: if above { 1.0 } else { -1.0 }, memory: None }
    }
}

impl Step<2> for Ratchet {
    #[inline]
    fn step(&mut self, [basic, close]: [f64; 2]) -> f64 {
        if basic.is_nan() || close.is_nan() {
            return f64::NAN;
        }
        let band = match self.memory {
            Some((band, before))
                if self.sign * basic >= self.sign * band
                    && self.sign * before <= self.sign * band =>
            {
                band
            }
            _ => basic,
        };
        self.memory = Some((band, close));
        band
    }
}

/// Which band was broken last: 1 for the upper one, and at the beginning; -1 for the lower one.
#[derive(Debug, Default)]
pub struct Side {
    begun: bool,
    down: bool,
}

impl Step<3> for Side {
    #[inline]
    fn step(&mut self, [close, upper, lower]: [f64; 3]) -> f64 {
        if close.is_nan() || upper.is_nan() || lower.is_nan() {
            return f64::NAN;
        }
        if self.begun {
            self.down = if self.down { close <= upper } else { close < lower };
        }
        self.begun = true;
        if self.down { -1.0 } else { 1.0 }
    }
}
