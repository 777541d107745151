//! From the start of a bar to its extent.
//!
//! A bar covers (open, close], and where a day's or a week's bar ends follows from the sessions.
//! This module must not know holidays: it only asks the calendar for sessions.

use domain::{CalendarKind, Timeframe, Timestamp};
use jiff::civil::Date;
use thiserror::Error;

use super::{Calendar, Session, day_number, table, utc_session};

/// How the start of a bar is written: as a date alone or as an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarStart {
    /// A date in the market's own zone.
    Date(Date),
    /// The instant at which the bar opens.
    At(Timestamp),
}

impl From<Date> for BarStart {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}
impl From<Timestamp> for BarStart {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

/// Why a bar has no extent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The market does not trade in the bar's time, or the calendar doesn't know these years.
    #[error("the market has no session in the {timeframe} bar that starts at {start}")]
    NoSession {
        /// The bar's timeframe.
        timeframe: Timeframe,
        /// The start as it was given.
        start: String,
    },
    /// A bar shorter than a day needs the time of day.
    #[error("a {timeframe} bar can't start at a date alone ({date}); give the time of day")]
    TimeOfDay {
        /// The bar's timeframe.
        timeframe: Timeframe,
        /// The date.
        date: Date,
    },
}

impl CalendarError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSession { .. } => "calendar_no_session",
            Self::TimeOfDay { .. } => "calendar_time_of_day",
        }
    }
}

impl Calendar {
    /// The open (exclusive) and close (inclusive) of the bar that starts at a date or an instant.
    ///
    /// - Stocks: a day is its session. A week runs from the first to the last session of the
    ///   calendar week (from Monday) in which the first session on or after the start lies.
    ///   Shorter bars are cut to the session. An instant stands for its date in New York in bars
    ///   of a day or a week; a start inside a session begins the day's bar there.
    /// - Round the clock: a date begins at 00:00 UTC, and every bar lasts its nominal span.
    ///
    /// # Errors
    /// [`CalendarError::NoSession`] when the market does not trade in that time,
    /// [`CalendarError::TimeOfDay`] for a date alone and a bar shorter than a day.
    pub fn bar_span(
        self,
        start: impl Into<BarStart>,
        timeframe: Timeframe,
    ) -> Result<(Timestamp, Timestamp), CalendarError> {
        let start = start.into();
        let intraday = !matches!(timeframe, Timeframe::Day | Timeframe::Week);
        if let (BarStart::Date(date), true) = (start, intraday) {
            return Err(CalendarError::TimeOfDay { timeframe, date });
        }
        let span = match self.kind() {
            CalendarKind::AlwaysOpen => always_open(start, timeframe),
            CalendarKind::UsEquities => stocks(self, start, timeframe),
        };
        let start = || match start {
            BarStart::Date(date) => date.to_string(),
            BarStart::At(at) => at.to_string(),
        };
        span.filter(|(open, close)| open < close)
            .ok_or_else(|| CalendarError::NoSession { timeframe, start: start() })
    }
}

fn always_open(start: BarStart, timeframe: Timeframe) -> Option<(Timestamp, Timestamp)> {
    let open = match start {
        BarStart::Date(date) => utc_session(day_number(date))?.open,
        BarStart::At(at) => at,
    };
    Some((open, open.plus(timeframe.span())))
}

fn stocks(
    calendar: Calendar,
    start: BarStart,
    timeframe: Timeframe,
) -> Option<(Timestamp, Timestamp)> {
    match (start, timeframe) {
        (BarStart::Date(date), Timeframe::Week) => stock_week(date),
        (BarStart::At(at), Timeframe::Week) => {
            let (open, close) = stock_week(table::date_in_new_york(at)?)?;
            Some((open.max(at), close))
        }
        (BarStart::Date(date), _) => {
            calendar.session_of_date(date).map(|session| (session.open, session.close))
        }
        (BarStart::At(at), Timeframe::Day) => {
            let Session { open, close } = calendar.session_of_date(table::date_in_new_york(at)?)?;
            Some((open.max(at), close))
        }
        (BarStart::At(at), _) => {
            let session = table::closes_after(at)?.session;
            Some((session.open.max(at), session.close.min(at.plus(timeframe.span()))))
        }
    }
}

fn stock_week(date: Date) -> Option<(Timestamp, Timestamp)> {
    let first = table::from_day(day_number(date))?;
    // 1970-01-01 was a Thursday, so day 4 was a Monday.
    let monday = first.day - (first.day - 4).rem_euclid(7);
    let (first, last) = (table::from_day(monday)?, table::until_day(monday + 6)?);
    Some((first.session.open, last.session.close))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn span(kind: CalendarKind, start: impl Into<BarStart>, timeframe: &str) -> String {
        match Calendar::of(kind).bar_span(start, timeframe.parse().unwrap()) {
            Ok((open, close)) => format!("{open} {close}"),
            Err(error) => error.code().to_owned(),
        }
    }

    fn stocks(start: impl Into<BarStart>, timeframe: &str) -> String {
        span(CalendarKind::UsEquities, start, timeframe)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_of_stocks_is_its_session() {
        let day = "2024-01-02T14:30:00Z 2024-01-02T21:00:00Z";
        assert_eq!(stocks(date(2024, 1, 2), "1d"), day);
        assert_eq!(stocks(at("2024-01-02T05:00:00Z"), "1d"), day);
        assert_eq!(
            stocks(at("2024-01-02T15:00:00Z"), "1d"),
            "2024-01-02T15:00:00Z 2024-01-02T21:00:00Z"
        );
        assert_eq!(stocks(at("2024-01-02T21:00:00Z"), "1d"), "calendar_no_session");
        assert_eq!(stocks(date(2024, 1, 1), "1d"), "calendar_no_session");
    }

    #[test]
    fn a_week_runs_from_its_first_session_to_its_last() {
        // Monday the 1st is a holiday; vendors write Sunday, Monday or the first session.
        let week = "2024-01-02T14:30:00Z 2024-01-05T21:00:00Z";
        for day in [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 2)] {
            assert_eq!(stocks(day, "1w"), week, "{day}");
        }
        // Good Friday ends the week on Thursday.
        assert_eq!(stocks(date(2024, 3, 25), "1w"), "2024-03-25T13:30:00Z 2024-03-28T20:00:00Z");
        assert_eq!(stocks(at("2024-01-02T05:00:00Z"), "1w"), week);
    }

    #[test]
    fn shorter_bars_are_cut_to_the_session() {
        for (start, timeframe, expected) in [
            ("2024-01-02T14:30:00Z", "1h", "2024-01-02T14:30:00Z 2024-01-02T15:30:00Z"),
            ("2024-01-02T14:00:00Z", "1h", "2024-01-02T14:30:00Z 2024-01-02T15:00:00Z"),
            ("2024-01-02T20:30:00Z", "1h", "2024-01-02T20:30:00Z 2024-01-02T21:00:00Z"),
            ("2024-11-29T17:30:00Z", "4h", "2024-11-29T17:30:00Z 2024-11-29T18:00:00Z"),
            ("2024-01-02T21:00:00Z", "1h", "calendar_no_session"),
            ("2024-01-02T13:30:00Z", "1h", "calendar_no_session"),
            ("2150-01-02T15:00:00Z", "1h", "calendar_no_session"),
        ] {
            assert_eq!(stocks(at(start), timeframe), expected);
        }
        assert_eq!(stocks(date(2024, 1, 2), "5m"), "calendar_time_of_day");
    }

    #[test]
    fn round_the_clock_bars_last_their_span() {
        let crypto = |start: BarStart, tf| span(CalendarKind::AlwaysOpen, start, tf);
        let first = BarStart::Date(date(2024, 1, 1));
        assert_eq!(crypto(first, "1d"), "2024-01-01T00:00:00Z 2024-01-02T00:00:00Z");
        assert_eq!(crypto(first, "1w"), "2024-01-01T00:00:00Z 2024-01-08T00:00:00Z");
        assert_eq!(crypto(first, "1m"), "calendar_time_of_day");
        let late = BarStart::At(at("2024-01-01T23:30:00Z"));
        assert_eq!(crypto(late, "1h"), "2024-01-01T23:30:00Z 2024-01-02T00:30:00Z");
        let end = BarStart::At(Timestamp(i64::MAX));
        assert_eq!(crypto(end, "1h"), "calendar_no_session");
    }
}
