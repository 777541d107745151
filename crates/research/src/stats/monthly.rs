//! Returns by year and month, from the daily series.
//!
//! This module must not know trades.

use jiff::civil::{Date, date};
use rust_decimal::Decimal;

use super::{daily::Daily, number::approximate, section::section};

section! {
    /// The returns of one year.
    pub struct Year {
        /// The calendar year of the traded days.
        year: i64 = Count, "the year", "";
        /// January to December. A month's return is from the last traded day before it, or the
        /// starting capital, to its own last traded day.
        months_percent: [Option<f64>; 12] = Nested, "(E at the month's end ÷ E before it − 1) × 100",
            "A cell is `null` for a month without a traded day, and when equity before it is zero or less.";
        /// The whole year's return, from the same two ends.
        year_percent: Option<f64> = Percent, "(E at the year's end ÷ E before it − 1) × 100",
            "Equity before it is zero or less.";
    }
}

impl super::figure::Shown for [Option<f64>; 12] {}
impl super::figure::Shown for Option<f64> {}

/// One row for each year with a traded day.
pub(crate) fn monthly(daily: &Daily) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let (mut before_year, mut before_month) = (daily.start, daily.start);
    let mut month = None;
    let mut last = daily.start;
    for (day, value) in daily.days.iter().zip(&daily.values) {
        let date = civil(*day);
        let year = i64::from(date.year());
        if years.last().is_none_or(|row| row.year != year) {
            years.push(Year { year, months_percent: [None; 12], year_percent: None });
            before_year = last;
        }
        if month != Some((year, date.month())) {
            month = Some((year, date.month()));
            before_month = last;
        }
        if let Some(row) = years.last_mut() {
            row.year_percent = change(before_year, *value);
            let place = usize::try_from(date.month() - 1).unwrap_or(0);
            if let Some(cell) = row.months_percent.get_mut(place) {
                *cell = change(before_month, *value);
            }
        }
        last = *value;
    }
    years
}

fn change(before: Decimal, after: Decimal) -> Option<f64> {
    let percent = approximate(after - before) / approximate(before) * 100.0;
    (before > Decimal::ZERO && percent.is_finite()).then_some(percent)
}

/// The date of a day since 1970-01-01; the last date there is for days beyond it.
fn civil(day: i64) -> Date {
    let span = jiff::Span::new().try_days(day);
    span.and_then(|span| date(1970, 1, 1).checked_add(span)).unwrap_or(if day < 0 {
        Date::MIN
    } else {
        Date::MAX
    })
}
