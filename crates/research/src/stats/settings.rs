//! What the figures are relative to: rates, confidence, chance.
//!
//! This module must not know how they are used.

use serde::{Deserialize, Serialize};

use super::error::StatisticsError;

/// Repetitions that a resampling may be asked for.
pub const RUNS_MAX: u32 = 100_000;
/// The longest mean block of a bootstrap, in daily returns.
pub const BLOCK_MAX: u32 = 10_000;
/// Variants that an optimiser may have tried.
pub const TRIALS_MAX: u64 = 1_000_000_000;

/// What the figures are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The risk-free rate in percent a year, −100 to 100.
    pub risk_free_percent: f64,
    /// The return that Sortino's ratio counts shortfalls from, in percent a year, −100 to 100.
    pub sortino_target_percent: f64,
    /// The yearly Sharpe ratio that the probabilistic one must beat, −100 to 100.
    pub sharpe_to_beat: f64,
    /// The confidence of intervals and of the minimum track record, in percent, 50 to 99.9.
    pub confidence_percent: f64,
    /// How often to draw anew; `None` leaves Monte Carlo and bootstrap out.
    pub resample: Option<Resample>,
    /// What was tried before this run was chosen; `None` when that is unknown.
    pub trials: Option<Trials>,
}

impl Default for Settings {
    /// Rates of zero, a Sharpe ratio of zero to beat, 95 % confidence, 1 000 repetitions with seed
    /// 1, trials unknown.
    fn default() -> Self {
        Self {
            risk_free_percent: 0.0,
            sortino_target_percent: 0.0,
            sharpe_to_beat: 0.0,
            confidence_percent: 95.0,
            resample: Some(Resample { seed: 1, runs: 1_000, mean_block_days: None }),
            trials: None,
        }
    }
}

/// How chance is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resample {
    /// The same seed draws the same numbers.
    pub seed: u64,
    /// Repetitions, 1 to [`RUNS_MAX`].
    pub runs: u32,
    /// The mean length of the bootstrap's blocks in daily returns, 1 to [`BLOCK_MAX`]. `None`
    /// takes the cube root of the number of returns, rounded up.
    pub mean_block_days: Option<u32>,
}

/// What an optimiser tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trials {
    /// How many variants were looked at, this one included; 1 to [`TRIALS_MAX`].
    pub count: u64,
    /// The sample variance (over n − 1) of the trials' yearly Sharpe ratios; zero or more.
    pub sharpe_variance: f64,
}

impl Trials {
    /// The trials of an optimiser by their yearly Sharpe ratios. Trials without a ratio are left
    /// out of the variance but count. `None` for fewer than two ratios or none finite.
    #[must_use]
    pub fn of(sharpes: &[Option<f64>]) -> Option<Self> {
        let told: Vec<f64> = sharpes.iter().copied().flatten().filter(|s| s.is_finite()).collect();
        if told.len() < 2 {
            return None;
        }
        let mean = super::number::mean(&told);
        let squares = super::number::sum(told.iter().map(|s| (s - mean) * (s - mean)));
        let sharpe_variance = squares / super::number::count(told.len() - 1);
        Some(Self { count: sharpes.len() as u64, sharpe_variance })
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), StatisticsError> {
        let rates = [
            ("risk_free_percent", self.risk_free_percent),
            ("sortino_target_percent", self.sortino_target_percent),
            ("sharpe_to_beat", self.sharpe_to_beat),
        ];
        for (field, value) in rates {
            must(field, value, (-100.0..=100.0).contains(&value), "from -100 to 100")?;
        }
        let confidence = self.confidence_percent;
        let within = (50.0..=99.9).contains(&confidence);
        must("confidence_percent", confidence, within, "from 50 to 99.9")?;
        if let Some(resample) = self.resample {
            let runs = resample.runs;
            must("runs", runs, (1..=RUNS_MAX).contains(&runs), "from 1 to 100000")?;
            let block = resample.mean_block_days.unwrap_or(1);
            let within = (1..=BLOCK_MAX).contains(&block);
            must("mean_block_days", block, within, "from 1 to 10000")?;
        }
        if let Some(trials) = self.trials {
            let within = (1..=TRIALS_MAX).contains(&trials.count);
            must("trials.count", trials.count, within, "from 1 to 1000000000")?;
            let variance = trials.sharpe_variance;
            let within = (0.0..=f64::MAX).contains(&variance);
            must("trials.sharpe_variance", variance, within, "0 or more, and finite")?;
        }
        Ok(())
    }

    /// The confidence in thousandths, rounded.
    pub(crate) fn confidence_permille(&self) -> u32 {
        (self.confidence_percent * 10.0).round() as u32
    }
}

fn must(
    field: &'static str,
    value: impl ToString,
    holds: bool,
    rule: &'static str,
) -> Result<(), StatisticsError> {
    if holds {
        return Ok(());
    }
    Err(StatisticsError::Setting { field, value: value.to_string(), rule })
}
