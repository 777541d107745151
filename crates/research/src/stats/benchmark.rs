//! The run beside buying and holding.
//!
//! This module must not know trades.

use domain::Timestamp;
use rust_decimal::Decimal;

use super::{
    calendar::Calendar,
    daily::Daily,
    error::StatisticsError,
    figure::Figure,
    input::Benchmark,
    note::Note,
    number::{self, MONEY_DECIMALS, approximate, count, counted},
    returns::{OBSERVATIONS_MIN, each_period},
    section::section,
    summary::Summary,
};

section! {
    /// The run beside buying and holding its benchmark from the end of the warm-up.
    pub struct BenchmarkFigures {
        /// When the benchmark would have been bought: its first price after warm-up.
        benchmark_from: Figure<Timestamp> = Moment, "first price at or after the end of warm-up",
            "No benchmark.";
        /// What buying and holding would have returned, until the run's end, without costs.
        buy_and_hold_percent: Figure = Percent, "(last price ÷ first price − 1) × 100",
            "No benchmark.";
        /// What it would have earned with the starting capital.
        buy_and_hold_profit: Figure<Decimal> = Money, "E₀ × (last price ÷ first price − 1), 8 decimals",
            "No benchmark.";
        /// What the run returned above that.
        excess_return_percent: Figure = Percent, "total_return_percent − buy_and_hold_percent",
            "No benchmark.";
        /// Daily returns that both have, from the day after the purchase.
        benchmark_returns: u32 = Count, "number of common daily returns", "";
        /// The return above what the benchmark explains, a year.
        alpha_percent: Figure = Percent,
            "(mean(r − rf ÷ N) − beta × mean(b − rf ÷ N)) × N × 100, b the benchmark's returns",
            "Fewer than two common returns, or a benchmark that doesn't move.";
        /// How much of the benchmark's moves the run has.
        beta: Figure = Ratio, "cov₁(r, b) ÷ var₁(b)",
            "Fewer than two common returns, or a benchmark that doesn't move.";
        /// How closely the two move together, −1 to 1.
        correlation: Figure = Ratio, "cov₁(r, b) ÷ (std₁(r) × std₁(b))",
            "Fewer than two common returns, or one of the two doesn't move.";
    }
}

impl BenchmarkFigures {
    pub(crate) fn of(
        benchmark: Option<Benchmark<'_>>,
        run: (&Daily, &Result<Vec<f64>, Note>),
        summary: &Summary,
        calendar: &dyn Calendar,
    ) -> Result<Self, StatisticsError> {
        let prices = benchmark.map(|b| held(b, summary.ended_at)).unwrap_or_default();
        let marks = || prices.iter().map(|point| (point.at, point.price));
        let (Some(first), Some(last)) = (prices.first(), prices.last()) else {
            return Ok(Self::none());
        };
        let daily = Daily::of(marks(), calendar)?;
        let bought = calendar.day_of(first.at);
        let wanted = benchmark.map_or(bought, |b| calendar.day_of(b.from));
        let late = run.0.days.iter().any(|day| (wanted + 1..bought).contains(day));
        let pairs = match (&daily, run.1) {
            (Some(daily), Ok(returns)) => {
                daily.returns().map(|b| common((run.0, returns), (daily, &b), bought))
            }
            (_, Err(reason)) => Err(*reason),
            (None, _) => Err(Note::NoBenchmark),
        };
        let gain = approximate(last.price - first.price) / approximate(first.price);
        let total = summary.total_return_percent.value().copied();
        let excess = total.map(|percent| percent - gain * 100.0).ok_or(Note::EquityNotPositive);
        let few = pairs.as_ref().map_or(0, Vec::len) < OBSERVATIONS_MIN;
        let doubted = |result| Figure::from(result).doubted(few, Note::FewObservations);
        let moments = pairs.as_ref().map_err(|reason| *reason).and_then(|p| Moments::of(p));
        let periods = f64::from(summary.periods_per_year);
        let rate = each_period(summary.risk_free_percent, periods);
        Ok(Self {
            benchmark_from: Ok(first.at).into(),
            buy_and_hold_percent: Ok(gain * 100.0).into(),
            buy_and_hold_profit: profit(summary.starting_equity, first.price, last.price).into(),
            excess_return_percent: Figure::from(excess).doubted(late, Note::BenchmarkLate),
            benchmark_returns: counted(pairs.as_ref().map_or(0, Vec::len)),
            alpha_percent: doubted(
                moments.and_then(|m| m.alpha(rate)).map(|alpha| alpha * periods * 100.0),
            ),
            beta: doubted(moments.and_then(|m| m.beta())),
            correlation: doubted(moments.and_then(|m| m.correlation())),
        })
    }

    fn none() -> Self {
        let none = || Figure::undefined(Note::NoBenchmark);
        Self {
            benchmark_from: Figure::undefined(Note::NoBenchmark),
            buy_and_hold_percent: none(),
            buy_and_hold_profit: Figure::undefined(Note::NoBenchmark),
            excess_return_percent: none(),
            benchmark_returns: 0,
            alpha_percent: none(),
            beta: none(),
            correlation: none(),
        }
    }
}

/// The prices from the end of the warm-up to the end of the run.
fn held(benchmark: Benchmark<'_>, ended_at: Timestamp) -> &[super::input::PricePoint] {
    let from = benchmark.prices.partition_point(|point| point.at < benchmark.from);
    let until = benchmark.prices.partition_point(|point| point.at <= ended_at);
    benchmark.prices.get(from..until).unwrap_or_default()
}

/// The profit of a capital in exact numbers, rounded half to even.
fn profit(capital: Decimal, first: Decimal, last: Decimal) -> Result<Decimal, Note> {
    let worth = capital.checked_div(first).and_then(|units| units.checked_mul(last));
    let profit = worth.and_then(|worth| worth.checked_sub(capital)).ok_or(Note::OutOfRange)?;
    Ok(profit.round_dp(MONEY_DECIMALS).normalize())
}

/// The returns of days that both have, after the day of the purchase.
fn common(run: (&Daily, &[f64]), other: (&Daily, &[f64]), bought: i64) -> Vec<(f64, f64)> {
    let mut theirs = other.0.days.iter().zip(other.1).peekable();
    let mut pairs = Vec::new();
    for (day, ours) in run.0.days.iter().zip(run.1).filter(|(day, _)| **day > bought) {
        while theirs.next_if(|(other, _)| *other < day).is_some() {}
        if let Some((_, their)) = theirs.next_if(|(other, _)| *other == day) {
            pairs.push((*ours, *their));
        }
    }
    pairs
}

/// First and second moments of pairs of returns.
#[derive(Clone, Copy)]
struct Moments {
    means: (f64, f64),
    deviations: (Result<f64, Note>, Result<f64, Note>),
    covariance: f64,
}

impl Moments {
    fn of(pairs: &[(f64, f64)]) -> Result<Self, Note> {
        if pairs.len() < 2 {
            return Err(Note::BenchmarkTooShort);
        }
        let ours: Vec<f64> = pairs.iter().map(|(ours, _)| *ours).collect();
        let theirs: Vec<f64> = pairs.iter().map(|(_, theirs)| *theirs).collect();
        let means = (number::mean(&ours), number::mean(&theirs));
        let products = number::sum(pairs.iter().map(|(a, b)| (a - means.0) * (b - means.1)));
        let deviation = |values: &[f64]| number::deviation(values, Note::BenchmarkTooShort);
        let deviations = (deviation(&ours), deviation(&theirs));
        Ok(Self { means, deviations, covariance: products / count(pairs.len() - 1) })
    }

    fn beta(&self) -> Result<f64, Note> {
        let deviation = self.deviations.1?;
        Ok(self.covariance / (deviation * deviation))
    }

    fn alpha(&self, rate: f64) -> Result<f64, Note> {
        Ok((self.means.0 - rate) - self.beta()? * (self.means.1 - rate))
    }

    fn correlation(&self) -> Result<f64, Note> {
        let spread = self.deviations.0? * self.deviations.1?;
        Ok((self.covariance / spread).clamp(-1.0, 1.0))
    }
}
