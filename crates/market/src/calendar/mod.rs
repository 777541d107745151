//! When a market trades: sessions, trading days, the extent of bars.
//!
//! Limits per day, stale prices, daily bars and replays all need the same answer to "is it open,
//! and which day is it", so it is given here once. This module must not know which instruments
//! follow a calendar, and it must not read a clock.
//!
//! A stock market's session includes both its opening and its closing instant, because the
//! closing price is made at the close. Round the clock one UTC day ends where the next begins,
//! and midnight belongs to the new day.

mod nyse;
mod span;
mod table;

use domain::{CalendarKind, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

pub use span::{BarStart, CalendarError};

const DAY_NANOS: i64 = 86_400_000_000_000;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The instant at which trading begins.
    pub open: Timestamp,
    /// The instant at which trading ends; also the close of the day's bar.
    pub close: Timestamp,
}

/// When one kind of market trades.
///
/// The rules of US stocks are known from 2000 to 2100. Outside these years that market counts as
/// closed, so that nothing is traded by a rule that nobody has checked. Halts during a session
/// are not part of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Calendar {
    kind: CalendarKind,
}

impl Calendar {
    /// The calendar of a kind of market.
    #[must_use]
    pub const fn of(kind: CalendarKind) -> Self {
        Self { kind }
    }

    /// The kind of market.
    #[must_use]
    pub const fn kind(self) -> CalendarKind {
        self.kind
    }

    /// True while the market trades, the closing instant included.
    #[must_use]
    pub fn is_open(self, at: Timestamp) -> bool {
        match self.kind {
            CalendarKind::AlwaysOpen => true,
            CalendarKind::UsEquities => self.session_at(at).is_some(),
        }
    }

    /// The session of a date in the market's own zone, or `None` when it does not trade that day
    /// or the date lies outside the calendar's years.
    #[must_use]
    pub fn session_of_date(self, date: Date) -> Option<Session> {
        let day = day_number(date);
        match self.kind {
            CalendarKind::AlwaysOpen => utc_session(day),
            CalendarKind::UsEquities => {
                table::from_day(day).filter(|row| row.day == day).map(|row| row.session)
            }
        }
    }

    /// The session to which the instant belongs, both ends included, or `None` while closed.
    #[must_use]
    pub fn session_at(self, at: Timestamp) -> Option<Session> {
        match self.kind {
            CalendarKind::AlwaysOpen => utc_session(at.utc_day()),
            CalendarKind::UsEquities => table::not_closed_before(at)
                .map(|row| row.session)
                .filter(|session| session.open <= at),
        }
    }

    /// The first opening after the instant, never the instant itself; round the clock the next
    /// 00:00 UTC. `None` after the last session that the calendar knows.
    #[must_use]
    pub fn next_open(self, at: Timestamp) -> Option<Timestamp> {
        match self.kind {
            CalendarKind::AlwaysOpen => next_midnight(at),
            CalendarKind::UsEquities => table::opens_after(at).map(|row| row.session.open),
        }
    }

    /// The first close after the instant, never the instant itself; round the clock the next
    /// 00:00 UTC. `None` after the last session that the calendar knows.
    #[must_use]
    pub fn next_close(self, at: Timestamp) -> Option<Timestamp> {
        match self.kind {
            CalendarKind::AlwaysOpen => next_midnight(at),
            CalendarKind::UsEquities => table::closes_after(at).map(|row| row.session.close),
        }
    }

    /// The trading day: days from 1970-01-01 to the date of the session the instant belongs to.
    ///
    /// After a close the instant already belongs to the next session, so an evening, a weekend
    /// and a holiday count to the day that follows. It never decreases with time. Before 2000
    /// US stocks count to their first known session, after 2100 to the UTC day.
    #[must_use]
    pub fn trading_day(self, at: Timestamp) -> i64 {
        match self.kind {
            CalendarKind::AlwaysOpen => at.utc_day(),
            CalendarKind::UsEquities => {
                let beyond = || {
                    let last = table::rows().last().map_or(i64::MIN, |row| row.day + 1);
                    at.utc_day().max(last)
                };
                table::not_closed_before(at).map_or_else(beyond, |row| row.day)
            }
        }
    }
}

/// Days from 1970-01-01 to a date.
fn day_number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs() / 86_400
}

fn utc_session(day: i64) -> Option<Session> {
    let open = day.checked_mul(DAY_NANOS)?;
    let close = open.checked_add(DAY_NANOS)?;
    Some(Session { open: Timestamp(open), close: Timestamp(close) })
}

fn next_midnight(at: Timestamp) -> Option<Timestamp> {
    (at.utc_day() + 1).checked_mul(DAY_NANOS).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const STOCKS: Calendar = Calendar::of(CalendarKind::UsEquities);
    const CRYPTO: Calendar = Calendar::of(CalendarKind::AlwaysOpen);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shown(session: Option<Session>) -> String {
        session.map_or_else(|| "closed".to_owned(), |s| format!("{} {}", s.open, s.close))
    }

    #[test]
    fn sessions_follow_daylight_saving_time_of_each_era() {
        for (day, expected) in [
            (date(2024, 1, 2), "2024-01-02T14:30:00Z 2024-01-02T21:00:00Z"),
            (date(2024, 7, 1), "2024-07-01T13:30:00Z 2024-07-01T20:00:00Z"),
            // Since 2007 summer time runs from the second Sunday in March.
            (date(2024, 3, 8), "2024-03-08T14:30:00Z 2024-03-08T21:00:00Z"),
            (date(2024, 3, 11), "2024-03-11T13:30:00Z 2024-03-11T20:00:00Z"),
            (date(2024, 11, 1), "2024-11-01T13:30:00Z 2024-11-01T20:00:00Z"),
            (date(2024, 11, 4), "2024-11-04T14:30:00Z 2024-11-04T21:00:00Z"),
            // Until 2006 from the first Sunday in April.
            (date(2006, 3, 31), "2006-03-31T14:30:00Z 2006-03-31T21:00:00Z"),
            (date(2006, 4, 3), "2006-04-03T13:30:00Z 2006-04-03T20:00:00Z"),
            (date(2006, 10, 30), "2006-10-30T14:30:00Z 2006-10-30T21:00:00Z"),
            (date(2099, 7, 1), "2099-07-01T13:30:00Z 2099-07-01T20:00:00Z"),
            (date(2024, 11, 29), "2024-11-29T14:30:00Z 2024-11-29T18:00:00Z"),
            (date(2002, 9, 11), "2002-09-11T16:00:00Z 2002-09-11T20:00:00Z"),
            (date(2024, 1, 6), "closed"),
            (date(1999, 12, 30), "closed"),
        ] {
            assert_eq!(shown(STOCKS.session_of_date(day)), expected, "{day}");
        }
    }

    #[test]
    fn both_ends_of_a_stock_session_are_open() {
        let session = STOCKS.session_of_date(date(2024, 1, 2)).unwrap();
        for (instant, open) in [
            (session.open.0 - 1, false),
            (session.open.0, true),
            (session.close.0, true),
            (session.close.0 + 1, false),
        ] {
            assert_eq!(STOCKS.is_open(Timestamp(instant)), open);
        }
        assert_eq!(STOCKS.session_at(session.close), Some(session));
    }

    #[test]
    fn after_the_close_the_next_day_has_begun() {
        let day = |text: &str| STOCKS.trading_day(at(text));
        let friday = date(2024, 1, 12).duration_since(EPOCH).as_secs() / 86_400;
        assert_eq!(day("2024-01-12T12:00:00Z"), friday);
        assert_eq!(day("2024-01-12T21:00:00Z"), friday);
        // The Monday after is Martin Luther King Jr. Day.
        assert_eq!(day("2024-01-12T21:00:00.000000001Z"), friday + 4);
        assert_eq!(day("2024-01-15T16:00:00Z"), friday + 4);
        assert_eq!(CRYPTO.trading_day(at("1970-01-02T00:00:00Z")), 1);
        assert_eq!(CRYPTO.trading_day(at("1970-01-01T23:59:59Z")), 0);
    }

    #[test]
    fn openings_and_closes_come_after_the_instant() {
        let open = |text: &str| STOCKS.next_open(at(text)).unwrap().to_string();
        let close = |text: &str| STOCKS.next_close(at(text)).unwrap().to_string();
        assert_eq!(open("2024-01-12T14:30:00Z"), "2024-01-16T14:30:00Z");
        assert_eq!(open("2024-01-12T14:29:59Z"), "2024-01-12T14:30:00Z");
        assert_eq!(close("2024-01-12T20:59:59Z"), "2024-01-12T21:00:00Z");
        assert_eq!(close("2024-01-12T21:00:00Z"), "2024-01-16T21:00:00Z");
        assert_eq!(CRYPTO.next_open(at("2024-01-01T00:00:00Z")), Some(at("2024-01-02T00:00:00Z")));
    }

    #[test]
    fn the_ends_of_the_range_refuse_rather_than_guess() {
        let late = at("2150-01-04T16:00:00Z");
        assert!(!STOCKS.is_open(late));
        assert_eq!((STOCKS.next_open(late), STOCKS.next_close(late)), (None, None));
        assert_eq!(STOCKS.trading_day(late), late.utc_day());
        assert_eq!(STOCKS.trading_day(Timestamp(i64::MIN)), 10_959);
        assert!(CRYPTO.is_open(Timestamp(i64::MAX)));
        assert_eq!(CRYPTO.next_open(Timestamp(i64::MAX)), None);
        assert_eq!(CRYPTO.session_at(Timestamp(i64::MIN)), None);
        assert_eq!(CRYPTO.session_of_date(date(9999, 1, 1)), None);
    }
}
