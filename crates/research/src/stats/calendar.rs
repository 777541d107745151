//! Which day a moment belongs to, and which days are traded.
//!
//! This module must not know equity or trades.

use domain::Timestamp;
use jiff::{civil::DateTime, tz::TimeZone};

use super::error::StatisticsError;

/// The longest run in days; more than a timestamp's range.
pub const DAYS_MAX: i64 = 220_000;

/// When the run's market trades. Days are numbers since 1970-01-01.
pub trait Calendar {
    /// The day that the close of a bar at this moment belongs to. It never goes back with time.
    fn day_of(&self, at: Timestamp) -> i64;

    /// The traded days after `after` up to and including `until`, in order. What is marked on a
    /// day that isn't traded counts to the next that is.
    fn days(&self, after: i64, until: i64) -> Vec<i64>;

    /// The first traded day at or after `day`; `None` when the calendar doesn't know any.
    fn traded(&self, day: i64) -> Option<i64>;

    /// Returns in a year, by which ratios are annualised.
    fn periods_per_year(&self) -> u16;

    /// The clock on the wall, by which hours, weekdays and months of trades are told.
    fn local(&self, at: Timestamp) -> DateTime {
        TimeZone::UTC.to_datetime(at.to_jiff())
    }

    /// What is wrong with the calendar itself.
    ///
    /// # Errors
    /// [`StatisticsError`] for a list of sessions that isn't in order.
    fn check(&self) -> Result<(), StatisticsError> {
        Ok(())
    }
}

/// A market that trades every day, in UTC, 365 times a year.
///
/// A bar covers the time up to and including its close, so midnight ends the day before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EveryDay;

impl Calendar for EveryDay {
    fn day_of(&self, at: Timestamp) -> i64 {
        Timestamp(at.0.saturating_sub(1)).utc_day()
    }

    fn days(&self, after: i64, until: i64) -> Vec<i64> {
        (after.saturating_add(1)..=until).collect()
    }

    fn traded(&self, day: i64) -> Option<i64> {
        Some(day)
    }

    fn periods_per_year(&self) -> u16 {
        365
    }
}

/// A market that trades on listed days.
#[derive(Debug, Clone)]
pub struct Sessions<'a, D, L> {
    /// Every day with a session, in order, at least up to the end of the run.
    pub days: &'a [i64],
    /// The session that the close of a bar belongs to.
    pub day_of: D,
    /// The clock on the market's wall.
    pub local: L,
    /// Sessions in a year; 252 for US stocks.
    pub periods_per_year: u16,
}

impl<D: Fn(Timestamp) -> i64, L: Fn(Timestamp) -> DateTime> Calendar for Sessions<'_, D, L> {
    fn day_of(&self, at: Timestamp) -> i64 {
        (self.day_of)(at)
    }

    fn days(&self, after: i64, until: i64) -> Vec<i64> {
        let from = self.days.partition_point(|day| *day <= after);
        let rest = self.days.get(from..).unwrap_or_default();
        rest.iter().copied().take_while(|day| *day <= until).collect()
    }

    fn traded(&self, day: i64) -> Option<i64> {
        self.days.get(self.days.partition_point(|d| *d < day)).copied()
    }

    fn periods_per_year(&self) -> u16 {
        self.periods_per_year
    }

    fn local(&self, at: Timestamp) -> DateTime {
        (self.local)(at)
    }

    fn check(&self) -> Result<(), StatisticsError> {
        for pair in self.days.windows(2) {
            if let [before, day] = *pair
                && day <= before
            {
                return Err(StatisticsError::SessionsNotInOrder { day, before });
            }
        }
        Ok(())
    }
}
