//! The times of a market as formulas ask for them.
//!
//! This module must not know formulas' text or prices.

use std::sync::Arc;

use domain::{CalendarKind, Nanos, Timeframe, Timestamp};
use formula::{MarketTime, SessionSpan, Utc, utc_bucket};
use jiff::{Span, civil::Date, tz::TimeZone};
use market::Calendar;

/// The times of a kind of market.
#[must_use]
pub fn market_time(kind: CalendarKind) -> Arc<dyn MarketTime> {
    match kind {
        CalendarKind::AlwaysOpen => Arc::new(Utc::default()),
        CalendarKind::UsEquities => Arc::new(Sessions::new(kind)),
    }
}

/// A market with sessions, in New York's civil time.
#[derive(Debug)]
struct Sessions {
    calendar: Calendar,
    zone: TimeZone,
}

impl Sessions {
    fn new(kind: CalendarKind) -> Self {
        // The zone table is part of the program; without it days would be cut in UTC.
        let zone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC);
        Self { calendar: Calendar::of(kind), zone }
    }

    fn midnight(&self, date: Date) -> Timestamp {
        let zoned = date.to_zoned(self.zone.clone());
        zoned.map_or(Timestamp(i64::MAX), |zoned| Timestamp::from_jiff(zoned.timestamp()))
    }

    /// From local midnight of `first` to the end of the last session before `behind`, or to its
    /// midnight for what opens after that session.
    fn days(&self, first: Date, behind: Date, open_at: Timestamp) -> (Timestamp, Timestamp) {
        let mut last = behind;
        let mut end = self.midnight(behind);
        while last > first {
            last = last.yesterday().unwrap_or(first);
            if let Some(session) = self.calendar.session_of_date(last) {
                if open_at < session.close {
                    end = session.close;
                }
                break;
            }
        }
        (self.midnight(first), end)
    }
}

impl MarketTime for Sessions {
    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn session(&self, at: Timestamp) -> Option<SessionSpan> {
        let session = self.calendar.session_at(at)?;
        Some(SessionSpan { open: session.open, close: session.close })
    }

    fn bucket(&self, timeframe: Timeframe, open_at: Timestamp) -> (Timestamp, Timestamp) {
        let date = open_at.to_jiff().to_zoned(self.zone.clone()).date();
        let after =
            |date: Date, days: i64| date.checked_add(Span::new().days(days)).unwrap_or(date);
        match timeframe {
            Timeframe::Day => self.days(date, after(date, 1), open_at),
            Timeframe::Week => {
                let since = i64::from(date.weekday().to_monday_zero_offset());
                let monday = after(date, -since);
                self.days(monday, after(monday, 7), open_at)
            }
            shorter => match self.calendar.session_at(open_at) {
                Some(session) if open_at < session.close => {
                    let span = shorter.span().0.max(1);
                    let bars = open_at.since(session.open).0.div_euclid(span);
                    let start = session.open.plus(Nanos(bars * span));
                    (start, start.plus(Nanos(span)).min(session.close))
                }
                _ => utc_bucket(shorter, open_at),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_jiff(text.parse().unwrap())
    }

    fn bucket(timeframe: &str, open: &str) -> (String, String) {
        let market = market_time(CalendarKind::UsEquities);
        let (start, end) = market.bucket(timeframe.parse().unwrap(), at(open));
        (start.to_jiff().to_string(), end.to_jiff().to_string())
    }

    fn span(start: &str, end: &str) -> (String, String) {
        (start.to_owned(), end.to_owned())
    }

    #[test]
    fn a_day_ends_with_its_session() {
        let winter = bucket("1d", "2024-01-05T15:00:00Z");
        assert_eq!(winter, span("2024-01-05T05:00:00Z", "2024-01-05T21:00:00Z"));
        let early = bucket("1d", "2024-07-03T14:00:00Z");
        assert_eq!(early, span("2024-07-03T04:00:00Z", "2024-07-03T17:00:00Z"));
        let evening = bucket("1d", "2024-01-05T22:00:00Z");
        assert_eq!(evening.1, "2024-01-06T05:00:00Z", "what is traded after it ends at midnight");
    }

    #[test]
    fn a_week_ends_with_its_last_session() {
        let plain = bucket("1w", "2024-01-09T15:00:00Z");
        assert_eq!(plain, span("2024-01-08T05:00:00Z", "2024-01-12T21:00:00Z"));
        let holiday = bucket("1w", "2024-03-26T14:00:00Z");
        assert_eq!(holiday.1, "2024-03-28T20:00:00Z", "Good Friday is no session");
    }

    #[test]
    fn hours_count_from_the_opening() {
        let first = bucket("1h", "2024-01-05T14:30:00Z");
        assert_eq!(first, span("2024-01-05T14:30:00Z", "2024-01-05T15:30:00Z"));
        let last = bucket("1h", "2024-01-05T20:45:00Z");
        assert_eq!(last, span("2024-01-05T20:30:00Z", "2024-01-05T21:00:00Z"));
    }
}
