//! How much of a Sharpe ratio is more than luck.
//!
//! Formulas: D. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier" (2012) for the
//! probabilistic ratio and the minimum track record, "The Deflated Sharpe Ratio" (2014) for the
//! deflated one. Ratios are of one period here, unless a name says otherwise. This module must not
//! know where returns come from.

use std::f64::consts::E;

use super::{
    figure::Figure,
    normal,
    note::Note,
    number::{self, count},
    returns::{OBSERVATIONS_MIN, each_period, enough, sharpe},
    section::section,
    settings::{Settings, Trials},
    summary::Summary,
};

/// Euler's constant γ, the mean of the standard Gumbel distribution.
const EULER: f64 = 0.577_215_664_901_532_9;

section! {
    /// How much of the Sharpe ratio is more than luck.
    pub struct Inference {
        /// The yearly Sharpe ratio to beat.
        sharpe_to_beat: f64 = Ratio, "a setting; SR* = sharpe_to_beat ÷ √N", "";
        /// The probability that the true Sharpe ratio is above the one to beat, given the length of
        /// the record and the shape of the returns.
        probabilistic_sharpe: Figure = Probability,
            "Φ((SR − SR*) × √(T − 1) ÷ √(1 − skewness × SR + (kurtosis − 1) ÷ 4 × SR²)), SR = sharpe ÷ √N, T = daily_returns",
            "No Sharpe ratio, or no error of it.";
        /// Daily returns that are needed before the Sharpe ratio is above the one to beat with the
        /// confidence of the settings.
        minimum_track_record: Figure = Count,
            "1 + (1 − skewness × SR + (kurtosis − 1) ÷ 4 × SR²) × (Φ⁻¹(confidence) ÷ (SR − SR*))²",
            "No Sharpe ratio, no error of it, or it isn't above the one to beat.";
        /// Variants that were looked at before this one was chosen, itself included; K in the
        /// formula.
        trials: Figure<u64> = Count, "told by the optimiser", "Not told.";
        /// The yearly Sharpe ratio that the best of so many variants without any merit has on
        /// average.
        lucky_sharpe: Figure = Ratio,
            "√V × ((1 − γ) × Φ⁻¹(1 − 1 ÷ K) + γ × Φ⁻¹(1 − 1 ÷ (K × e))), V the variance of the trials' yearly ratios, γ = 0.5772…; 0 for one trial",
            "Trials not told.";
        /// The probability that the true Sharpe ratio is above the lucky one.
        deflated_sharpe: Figure = Probability,
            "as probabilistic_sharpe with SR* = lucky_sharpe ÷ √N",
            "Trials not told, no Sharpe ratio, or no error of it.";
    }
}

/// A Sharpe ratio of one period with what its error depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The ratio of one period: the yearly one over √N.
    pub sharpe: f64,
    /// Returns that it is estimated from.
    pub returns: usize,
    /// Their skewness.
    pub skewness: f64,
    /// Their kurtosis, 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Estimate {
    fn of(returns: &[f64], rate: f64) -> Result<Self, Note> {
        let (skewness, kurtosis) = number::shape(returns)?;
        let sharpe = sharpe(returns, rate)?;
        Ok(Self { sharpe, returns: returns.len(), skewness, kurtosis })
    }

    /// 1 − γ₃·SR + (γ₄ − 1)/4·SR²: the variance of the estimate times T − 1.
    fn spread(&self) -> Result<f64, Note> {
        let Self { sharpe, skewness, kurtosis, .. } = *self;
        let spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
        if spread > 0.0 { Ok(spread) } else { Err(Note::SharpeErrorUndefined) }
    }

    /// The probability that the true ratio is above `to_beat`, a ratio of one period.
    ///
    /// # Errors
    /// [`Note`] for fewer than two returns, or when the error can't be estimated.
    pub fn probability_above(&self, to_beat: f64) -> Result<f64, Note> {
        let degrees = self.returns.checked_sub(1).filter(|d| *d > 0).ok_or(Note::TooFewReturns)?;
        let root = count(degrees).sqrt();
        Ok(normal::cumulative((self.sharpe - to_beat) * root / self.spread()?.sqrt()))
    }

    /// How many returns show with a confidence (between 0.5 and 1) that the true ratio is above
    /// `to_beat`, a ratio of one period.
    ///
    /// # Errors
    /// [`Note`] when it isn't above, or when the error can't be estimated.
    pub fn minimum_record(&self, to_beat: f64, confidence: f64) -> Result<f64, Note> {
        let ahead = self.sharpe - to_beat;
        if ahead <= 0.0 {
            return Err(Note::SharpeNotAbove);
        }
        let z = normal::quantile(confidence).ok_or(Note::OutOfRange)? / ahead;
        Ok(1.0 + self.spread()? * z * z)
    }
}

impl Trials {
    /// The Sharpe ratio, a year, that the best of so many trials without merit has on average.
    #[must_use]
    pub fn lucky_sharpe(&self) -> f64 {
        let trials = self.count as f64;
        let ends = (1.0 - 1.0 / trials, 1.0 - 1.0 / (trials * E));
        match (normal::quantile(ends.0), normal::quantile(ends.1)) {
            (Some(near), Some(far)) => {
                self.sharpe_variance.sqrt() * ((1.0 - EULER) * near + EULER * far)
            }
            _ => 0.0,
        }
    }
}

impl Inference {
    pub(crate) fn of(
        returns: &Result<Vec<f64>, Note>,
        summary: &Summary,
        settings: &Settings,
    ) -> Self {
        let periods = f64::from(summary.periods_per_year);
        let rate = each_period(summary.risk_free_percent, periods);
        let all = enough(returns);
        let few = all.map_or(0, <[f64]>::len) < OBSERVATIONS_MIN;
        let estimate = all.and_then(|returns| Estimate::of(returns, rate));
        let to_beat = settings.sharpe_to_beat / periods.sqrt();
        let confidence = settings.confidence_percent / 100.0;
        let doubted = |result| Figure::from(result).doubted(few, Note::FewObservations);
        let trials = settings.trials.ok_or(Note::NoTrials);
        let lucky = trials.map(|trials| trials.lucky_sharpe());
        let single = trials.is_ok_and(|trials| trials.count == 1);
        let deflated = lucky
            .and_then(|lucky| estimate.and_then(|e| e.probability_above(lucky / periods.sqrt())));
        Self {
            sharpe_to_beat: settings.sharpe_to_beat,
            probabilistic_sharpe: doubted(estimate.and_then(|e| e.probability_above(to_beat))),
            minimum_track_record: doubted(
                estimate.and_then(|e| e.minimum_record(to_beat, confidence)),
            ),
            trials: trials.map(|trials| trials.count).into(),
            lucky_sharpe: lucky.into(),
            deflated_sharpe: doubted(deflated).doubted(single, Note::SingleTrial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of "The Deflated Sharpe Ratio": a yearly ratio of 2.5 over 1 250 days of
    /// 250 a year, skewness −3, kurtosis 10, 100 trials with a yearly variance of 1/2. The paper
    /// prints a lucky ratio of 0.1132 a day and a deflated one of 0.9004.
    #[test]
    fn the_papers_example_comes_out() {
        let trials = Trials { count: 100, sharpe_variance: 0.5 };
        let lucky = trials.lucky_sharpe() / 250.0_f64.sqrt();
        assert!((lucky - 0.1132).abs() < 5e-5, "{lucky}");
        let sharpe = 2.5 / 250.0_f64.sqrt();
        let estimate = Estimate { sharpe, returns: 1_250, skewness: -3.0, kurtosis: 10.0 };
        let deflated = estimate.probability_above(lucky).unwrap();
        assert!((deflated - 0.9004).abs() < 5e-5, "{deflated}");
    }

    /// At the minimum track record the probability is the confidence: with T = MinTRL the two
    /// formulas are each other's inverse.
    #[test]
    fn the_minimum_record_gives_the_confidence() {
        // SR 0.1, skewness 0, kurtosis 3: spread 1 + 0.5 × 0.01 = 1.005.
        // Φ⁻¹(0.95) = 1.6448536; (1.6448536 / 0.1)² = 270.5543; × 1.005 + 1 = 272.9071.
        let estimate = Estimate { sharpe: 0.1, returns: 273, skewness: 0.0, kurtosis: 3.0 };
        let needed = estimate.minimum_record(0.0, 0.95).unwrap();
        assert!((needed - 272.907_1).abs() < 1e-4, "{needed}");
        assert!(estimate.probability_above(0.0).unwrap() > 0.95);
        let shorter = Estimate { returns: 272, ..estimate };
        assert!(shorter.probability_above(0.0).unwrap() < 0.95);
    }

    #[test]
    fn what_can_not_be_told_has_a_reason() {
        let flat = Estimate { sharpe: 0.1, returns: 100, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(flat.minimum_record(0.1, 0.95), Err(Note::SharpeNotAbove));
        let odd = Estimate { sharpe: 1.0, skewness: 3.0, kurtosis: 5.0, returns: 100 };
        assert_eq!(odd.probability_above(0.0), Err(Note::SharpeErrorUndefined));
        let one = Estimate { returns: 1, ..flat };
        assert_eq!(one.probability_above(0.0), Err(Note::TooFewReturns));
        assert_eq!(Trials { count: 1, sharpe_variance: 1.0 }.lucky_sharpe(), 0.0);
    }
}
