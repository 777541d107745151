//! Growth, its unevenness, and the ratios of the two, from daily returns.
//!
//! This module must not know bars or trades.

use super::{
    drawdown::Drawdowns, figure::Figure, note::Note, number, section::section, summary::Summary,
};

/// With fewer observations a ratio is told with a warning.
pub const OBSERVATIONS_MIN: usize = 30;

section! {
    /// Growth and ratios of daily returns.
    pub struct Returns {
        /// Compound growth a year by the time that passed.
        cagr_percent: Figure = Percent, "((Eₙ ÷ E₀)^(1 ÷ years) − 1) × 100",
            "No time passes, or equity ends below zero. Extrapolated below one year.";
        /// The spread of daily returns, scaled to a year.
        volatility_percent: Figure = Percent, "std₁(r) × √N × 100",
            "Fewer than two returns, or all the same.";
        /// Mean return above the risk-free rate for each unit of spread, scaled to a year.
        sharpe: Figure = Ratio, "mean(r − rf ÷ N) ÷ std₁(r) × √N",
            "Fewer than two returns, or all the same.";
        /// Mean return above the target for each unit of shortfall, scaled to a year.
        sortino: Figure = Ratio, "mean(r − t ÷ N) × N ÷ (√mean(min(r − t ÷ N, 0)²) × √N)",
            "Fewer than two returns, or none below the target.";
        /// Yearly growth for each unit of the deepest drawdown.
        calmar: Figure = Ratio, "cagr_percent ÷ max_drawdown_percent",
            "No drawdown, or no yearly growth.";
        /// The mean daily return.
        average_day_percent: Figure = Percent, "mean(r) × 100", "Fewer than two returns.";
        /// The best daily return.
        best_day_percent: Figure = Percent, "max(r) × 100", "Fewer than two returns.";
        /// The worst daily return.
        worst_day_percent: Figure = Percent, "min(r) × 100", "Fewer than two returns.";
        /// How lopsided daily returns are; negative when losses are the rare large ones.
        skewness: Figure = Ratio, "m₃ ÷ m₂^1.5, central moments over n",
            "Fewer than two returns, or all the same.";
        /// How heavy the tails of daily returns are; 3 for a normal distribution.
        kurtosis: Figure = Ratio, "m₄ ÷ m₂², central moments over n",
            "Fewer than two returns, or all the same.";
    }
}

/// A rate in percent a year as a rate for one period.
pub(crate) fn each_period(percent: f64, periods_per_year: f64) -> f64 {
    percent / 100.0 / periods_per_year
}

/// The Sharpe ratio of one period: mean(r − rate) / std₁(r).
pub(crate) fn sharpe(returns: &[f64], rate: f64) -> Result<f64, Note> {
    let deviation = number::deviation(returns, Note::TooFewReturns)?;
    Ok((number::mean(returns) - rate) / deviation)
}

/// Sortino's ratio of one period: mean(r − target) / √mean(min(r − target, 0)²).
fn sortino(returns: &[f64], target: f64) -> Result<f64, Note> {
    if returns.len() < 2 {
        return Err(Note::TooFewReturns);
    }
    let short = returns.iter().map(|r| (r - target).min(0.0));
    let squares = number::sum(short.map(|s| s * s));
    let downside = (squares / number::count(returns.len())).sqrt();
    if number::is_rounding(downside, number::largest(returns).max(target.abs())) {
        return Err(Note::NoDownside);
    }
    Ok((number::mean(returns) - target) / downside)
}

/// Growth a year as a share, from the growth factor of the whole run.
pub(crate) fn yearly(growth: f64, years: f64) -> Result<f64, Note> {
    if years <= 0.0 {
        return Err(Note::NoTime);
    }
    if growth < 0.0 {
        return Err(Note::EquityNotPositive);
    }
    Ok(libm::pow(growth, 1.0 / years) - 1.0)
}

impl Returns {
    pub(crate) fn of(
        returns: &Result<Vec<f64>, Note>,
        summary: &Summary,
        drawdowns: &Drawdowns,
    ) -> Self {
        let all = enough(returns);
        let few = all.map_or(0, <[f64]>::len) < OBSERVATIONS_MIN;
        let doubted = |result| Figure::from(result).doubted(few, Note::FewObservations);
        let extrapolated =
            |result| Figure::from(result).doubted(summary.is_short(), Note::Extrapolated);
        let periods = f64::from(summary.periods_per_year);
        let root = periods.sqrt();
        let rate = each_period(summary.risk_free_percent, periods);
        let target = each_period(summary.sortino_target_percent, periods);
        let deviation = all.and_then(|r| number::deviation(r, Note::TooFewReturns));
        let shape = all.and_then(number::shape);
        let cagr = yearly(summary.growth(), summary.years);
        let ruined = drawdowns.below_zero();
        let calmar = drawdowns.max_share().and_then(|depth| cagr.map(|growth| growth / depth));
        let extreme = |pick: fn(f64, f64) -> f64| {
            Figure::from(all.map(|r| r.iter().copied().fold(r[0], pick) * 100.0))
        };
        Self {
            cagr_percent: extrapolated(cagr.map(|growth| growth * 100.0))
                .doubted(ruined, Note::EquityBelowZero),
            volatility_percent: doubted(deviation.map(|deviation| deviation * root * 100.0)),
            sharpe: doubted(all.and_then(|r| sharpe(r, rate)).map(|ratio| ratio * root)),
            sortino: doubted(all.and_then(|r| sortino(r, target)).map(|ratio| ratio * root)),
            calmar: extrapolated(calmar).doubted(ruined, Note::EquityBelowZero),
            average_day_percent: all.map(|r| number::mean(r) * 100.0).into(),
            best_day_percent: extreme(f64::max),
            worst_day_percent: extreme(f64::min),
            skewness: doubted(shape.map(|(skewness, _)| skewness)),
            kurtosis: doubted(shape.map(|(_, kurtosis)| kurtosis)),
        }
    }
}

/// Two returns or more.
pub(crate) fn enough(returns: &Result<Vec<f64>, Note>) -> Result<&[f64], Note> {
    match returns {
        Ok(returns) if returns.len() < 2 => Err(Note::TooFewReturns),
        Ok(returns) => Ok(returns),
        Err(reason) => Err(*reason),
    }
}
