//! Marks at any moments into one value for each traded day.
//!
//! A day's value is its last mark; a traded day without a mark keeps the value of the day before,
//! so that its return is zero rather than missing. This module must not know what is marked.

use domain::Timestamp;
use rust_decimal::Decimal;

use super::{
    calendar::{Calendar, DAYS_MAX},
    error::StatisticsError,
    note::Note,
    number,
};

/// One value for each traded day after the first mark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Daily {
    /// The first mark, from which the first return is counted.
    pub(crate) start: Decimal,
    /// The traded days, in order.
    pub(crate) days: Vec<i64>,
    /// Each day's last value.
    pub(crate) values: Vec<Decimal>,
}

impl Daily {
    /// The marks by traded day. The day of the first mark is one of them only when another mark
    /// follows on the same day: a run that begins at a close has its first return on the next day.
    pub(crate) fn of(
        mut marks: impl Iterator<Item = (Timestamp, Decimal)>,
        calendar: &dyn Calendar,
    ) -> Result<Option<Self>, StatisticsError> {
        let Some((at, start)) = marks.next() else { return Ok(None) };
        let base = traded(calendar, calendar.day_of(at))?;
        let mut daily = Self { start, days: Vec::new(), values: Vec::new() };
        let (mut last_day, mut last_value) = (base, start);
        for (at, value) in marks {
            let day = traded(calendar, calendar.day_of(at))?;
            let leap = day.checked_sub(last_day).filter(|leap| (0..=DAYS_MAX).contains(leap));
            if leap.is_none() || daily.days.len() as i64 > DAYS_MAX {
                let (before, max) = (last_day, DAYS_MAX);
                return Err(StatisticsError::CalendarDay { at, day, before, max });
            }
            if daily.days.last() == Some(&day) {
                daily.values.pop();
                daily.values.push(value);
            } else if daily.days.is_empty() && day == base {
                daily.days.push(day);
                daily.values.push(value);
            } else {
                let flat = calendar.days(last_day, day).into_iter().filter(|d| *d < day);
                daily.days.extend(flat);
                daily.values.resize(daily.days.len(), last_value);
                daily.days.push(day);
                daily.values.push(value);
            }
            (last_day, last_value) = (day, value);
        }
        Ok(Some(daily))
    }

    /// Simple returns, one for each day.
    pub(crate) fn returns(&self) -> Result<Vec<f64>, Note> {
        let mut before = self.start;
        let mut returns = Vec::with_capacity(self.values.len());
        for value in &self.values {
            if before <= Decimal::ZERO {
                return Err(Note::EquityNotPositive);
            }
            returns.push(number::approximate(*value - before) / number::approximate(before));
            before = *value;
        }
        Ok(returns)
    }
}

fn traded(calendar: &dyn Calendar, day: i64) -> Result<i64, StatisticsError> {
    calendar.traded(day).ok_or_else(|| {
        let last = calendar.days(day.saturating_sub(DAYS_MAX), day).last().copied();
        StatisticsError::SessionsEnd { day, last }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::calendar::{EveryDay, Sessions};

    fn marks(rows: &[(&str, i64)]) -> impl Iterator<Item = (Timestamp, Decimal)> {
        let rows: Vec<_> =
            rows.iter().map(|(at, v)| (at.parse().unwrap(), Decimal::from(*v))).collect();
        rows.into_iter()
    }

    fn shown(daily: &Daily) -> String {
        let rows = daily.days.iter().zip(&daily.values);
        rows.map(|(day, value)| format!("{day}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_day_without_a_mark_is_flat() {
        // 2024-01-01 is day 19 723. Midnight ends the day before; the 4th has no mark.
        let marks = marks(&[
            ("2024-01-01T00:00:00Z", 100),
            ("2024-01-01T12:00:00Z", 90),
            ("2024-01-02T00:00:00Z", 110),
            ("2024-01-03T00:00:00Z", 121),
            ("2024-01-05T00:00:00Z", 242),
        ]);
        let daily = Daily::of(marks, &EveryDay).unwrap().unwrap();
        assert_eq!(shown(&daily), "19723=110 19724=121 19725=121 19726=242");
        // 10/100, 11/110, 0/121, 121/121
        assert_eq!(daily.returns(), Ok(vec![0.1, 0.1, 0.0, 1.0]));
    }

    #[test]
    fn the_day_of_the_start_counts_when_it_goes_on() {
        let whole = marks(&[("2024-01-01T10:00:00Z", 100), ("2024-01-01T12:00:00Z", 90)]);
        let daily = Daily::of(whole, &EveryDay).unwrap().unwrap();
        assert_eq!(shown(&daily), "19723=90");
        let close = marks(&[("2024-01-01T10:00:00Z", 100), ("2024-01-02T10:00:00Z", 90)]);
        let daily = Daily::of(close, &EveryDay).unwrap().unwrap();
        assert_eq!(shown(&daily), "19724=90");
        let alone = marks(&[("2024-01-01T10:00:00Z", 100)]);
        assert_eq!(shown(&Daily::of(alone, &EveryDay).unwrap().unwrap()), "");
    }

    #[test]
    fn marks_between_sessions_count_to_the_next() {
        // Friday the 5th, then Monday and Wednesday: Tuesday is no session here.
        let days = [19_727, 19_730, 19_732];
        let calendar = Sessions {
            days: &days,
            day_of: Timestamp::utc_day,
            local: |at: Timestamp| jiff::tz::TimeZone::UTC.to_datetime(at.to_jiff()),
            periods_per_year: 252,
        };
        let rows = [
            ("2024-01-05T21:00:00Z", 100),
            ("2024-01-06T12:00:00Z", 105),
            ("2024-01-10T21:00:00Z", 120),
        ];
        let daily = Daily::of(marks(&rows), &calendar).unwrap().unwrap();
        assert_eq!(shown(&daily), "19730=105 19732=120");
        let late = Daily::of(marks(&[("2024-01-11T21:00:00Z", 1)]), &calendar);
        assert_eq!(late, Err(StatisticsError::SessionsEnd { day: 19_733, last: Some(19_732) }));
    }

    #[test]
    fn nothing_is_told_relative_to_nothing() {
        let rows = [
            ("2024-01-01T00:00:00Z", 100),
            ("2024-01-02T00:00:00Z", 0),
            ("2024-01-03T00:00:00Z", 5),
        ];
        let daily = Daily::of(marks(&rows), &EveryDay).unwrap().unwrap();
        assert_eq!(daily.returns(), Err(Note::EquityNotPositive));
    }
}
