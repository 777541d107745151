//! The run in short: from when to when, from how much to how much, and what ratios refer to.
//!
//! This module must not know trades.

use domain::Timestamp;
use rust_decimal::Decimal;

use super::{
    calendar::Calendar,
    daily::Daily,
    figure::Figure,
    input::EquityPoint,
    note::Note,
    number::{self, counted},
    section::section,
    settings::Settings,
};

/// Nanoseconds of a year of 365.25 days.
const YEAR_NANOS: f64 = 365.25 * 86_400.0 * 1e9;

section! {
    /// The run in short.
    pub struct Summary {
        /// The moment of the first point.
        started_at: Timestamp = Moment, "time of the first point", "";
        /// The moment of the last point.
        ended_at: Timestamp = Moment, "time of the last point", "";
        /// The time between the two.
        years: f64 = Years, "(ended_at − started_at) ÷ 365.25 days", "";
        /// Points after the first.
        bars: u64 = Count, "number of points − 1", "";
        /// Traded days that have a return, flat ones included.
        daily_returns: u32 = Count, "number of traded days after the start", "";
        /// Returns in a year; N in the formulas.
        periods_per_year: u16 = Count, "from the calendar: 365, or the exchange's sessions (252)", "";
        /// The yearly risk-free rate; rf in the formulas.
        risk_free_percent: f64 = Percent, "a setting", "";
        /// The yearly return below which Sortino's ratio counts a shortfall; t in the formulas.
        sortino_target_percent: f64 = Percent, "a setting", "";
        /// The starting capital.
        starting_equity: Decimal = Money, "E₀", "";
        /// Equity at the last point, open positions at their price.
        final_equity: Decimal = Money, "Eₙ", "";
        /// What the run earned.
        net_profit: Decimal = Money, "Eₙ − E₀", "";
        /// The same relative to the starting capital.
        total_return_percent: Figure = Percent, "(Eₙ ÷ E₀ − 1) × 100", "";
    }
}

impl Summary {
    pub(crate) fn of(
        equity: &[EquityPoint],
        first: &EquityPoint,
        daily: &Daily,
        calendar: &dyn Calendar,
        settings: &Settings,
    ) -> Self {
        let last = equity.last().unwrap_or(first);
        let net_profit = last.equity - first.equity;
        let total = number::share(net_profit, first.equity, Note::EquityNotPositive);
        Self {
            started_at: first.at,
            ended_at: last.at,
            years: last.at.since(first.at).0 as f64 / YEAR_NANOS,
            bars: equity.len().saturating_sub(1) as u64,
            daily_returns: counted(daily.values.len()),
            periods_per_year: calendar.periods_per_year(),
            risk_free_percent: settings.risk_free_percent,
            sortino_target_percent: settings.sortino_target_percent,
            starting_equity: first.equity,
            final_equity: last.equity,
            net_profit,
            total_return_percent: total.map(|share| share * 100.0).into(),
        }
    }

    /// Notes that equity fell below zero on the way.
    pub(crate) fn doubt(&mut self, below_zero: bool) {
        let total = self.total_return_percent.clone();
        self.total_return_percent = total.doubted(below_zero, Note::EquityBelowZero);
    }

    /// Equity at the end for each unit of the starting capital.
    pub(crate) fn growth(&self) -> f64 {
        number::approximate(self.final_equity) / number::approximate(self.starting_equity)
    }

    /// True when a yearly figure says more than what happened.
    pub(crate) fn is_short(&self) -> bool {
        self.years < 1.0
    }
}
