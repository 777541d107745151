//! How gains and losses weigh against each other.

use super::{
    Step, count, finite,
    window::{quotient, whole},
};

/// What is asked of gains and losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weigh {
    /// Gains by all moves, 0 to 1.
    Gains,
    /// Gains less losses by all moves, -1 to 1.
    Net,
}

/// Wilder's averages of the gains and of the losses in a series of changes, against each other.
///
/// A change of zero shrinks both averages alike, so it leaves the result as it is, to the bit: the
/// shrinking is made up for with the next change that isn't zero.
#[derive(Debug)]
pub struct Strength {
    length: usize,
    weigh: Weigh,
    unit: Option<f64>,
    seen: usize,
    wholes: (i128, i128),
    gain: f64,
    loss: f64,
    still: usize,
}

impl Strength {
    /// The averages begin with the means of the first `length` gains and losses, exact for whole
    /// multiples of `1 / unit`.
    #[must_use]
    pub fn new(length: usize, weigh: Weigh, unit: Option<f64>) -> Self {
        let (length, wholes) = (length.max(1), (0, 0));
        Self { length, weigh, unit, seen: 0, wholes, gain: 0.0, loss: 0.0, still: 0 }
    }

    fn seed(&mut self, gain: f64, loss: f64) {
        self.seen += 1;
        let seen = count(self.seen);
        if let Some(unit) = self.unit {
            self.wholes.0 += i128::from(whole(gain, unit));
            self.wholes.1 += i128::from(whole(loss, unit));
            self.gain = quotient(self.wholes.0, unit * seen);
            self.loss = quotient(self.wholes.1, unit * seen);
        } else {
            self.gain += (gain - self.gain) / seen;
            self.loss += (loss - self.loss) / seen;
        }
    }

    fn smooth(&mut self, gain: f64, loss: f64) {
        let weight = 1.0 / count(self.length);
        for _ in 0..std::mem::take(&mut self.still) {
            self.gain -= weight * self.gain;
            self.loss -= weight * self.loss;
        }
        self.gain += weight * (gain - self.gain);
        self.loss += weight * (loss - self.loss);
    }
}

impl Step<1> for Strength {
    #[inline]
    fn step(&mut self, [change]: [f64; 1]) -> f64 {
        if change.is_nan() {
            return f64::NAN;
        }
        let (gain, loss) = (change.max(0.0), (-change).max(0.0));
        if self.seen < self.length {
            self.seed(gain, loss);
            if self.seen < self.length {
                return f64::NAN;
            }
        } else if change == 0.0 {
            self.still += 1;
        } else {
            self.smooth(gain, loss);
        }
        let part = match self.weigh {
            Weigh::Gains => self.gain,
            Weigh::Net => self.gain - self.loss,
        };
        finite(part / (self.gain + self.loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_market_leaves_the_strength_as_it_is() {
        let mut strength = Strength::new(3, Weigh::Gains, None);
        let mut values = [1.0, -0.3, 0.7, -0.1].map(|c| strength.step([c]));
        let before = values[3];
        assert!(before > 0.7 && before < 0.9, "{before}");
        values = [0.0; 4].map(|c| strength.step([c]));
        assert_eq!(values, [before; 4]);
        // Averages of 0.3457… and 0.1333… have shrunk by (2/3)^4 before the next gain comes.
        let (gain, loss) = (1.7 / 3.0 * 2.0 / 3.0, (0.1 * 2.0 + 0.1) / 3.0);
        let shrunk = (2.0_f64 / 3.0).powi(5);
        let (gain, loss) = (gain * shrunk + 1.0 / 3.0, loss * shrunk);
        assert!((strength.step([1.0]) - gain / (gain + loss)).abs() < 1e-15);
    }
}
