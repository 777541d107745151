//! When a market trades, as far as bars need to know it.
//!
//! The trait is here so that this crate can close a day's bar and tell a gap from a weekend
//! without knowing any exchange. It must not know holidays or time zones: whoever does implements
//! [`SessionCalendar`].

use domain::Timestamp;
use jiff::{civil::Date, tz::Offset};

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The instant at which trading begins.
    pub open: Timestamp,
    /// The instant at which trading ends; the close of the day's bar.
    pub close: Timestamp,
}

/// Tells the trading session of a date.
///
/// Sessions of successive dates must not overlap. A function of a date is a calendar too.
pub trait SessionCalendar {
    /// The session of the market's own date, or `None` when the market is closed that day.
    fn session(&self, date: Date) -> Option<Session>;
}

impl<F: Fn(Date) -> Option<Session>> SessionCalendar for F {
    fn session(&self, date: Date) -> Option<Session> {
        self(date)
    }
}

/// Round the clock; the day begins and ends at 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlwaysOpen;

impl SessionCalendar for AlwaysOpen {
    fn session(&self, date: Date) -> Option<Session> {
        let next = date.tomorrow().ok()?;
        Some(Session { open: utc_midnight(date)?, close: utc_midnight(next)? })
    }
}

/// The begin of a UTC date, or `None` outside the years that nanoseconds can express.
pub(crate) fn utc_midnight(date: Date) -> Option<Timestamp> {
    let at = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    i64::try_from(at.as_nanosecond()).ok().map(Timestamp)
}

/// The UTC date of an instant.
pub(crate) fn utc_date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at.to_jiff()).date()
}

/// A session and whether the market goes on without a break after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) session: Session,
    pub(crate) continuous: bool,
}

/// A calendar that remembers the last date it was asked for, since bars come by the day.
pub(crate) struct Memo<'a> {
    calendar: &'a dyn SessionCalendar,
    last: Option<(Date, Option<Day>)>,
}

impl<'a> Memo<'a> {
    pub(crate) fn new(calendar: &'a dyn SessionCalendar) -> Self {
        Self { calendar, last: None }
    }

    pub(crate) fn day(&mut self, date: Date) -> Option<Day> {
        if let Some((known, day)) = self.last
            && known == date
        {
            return day;
        }
        let day = self.calendar.session(date).map(|session| {
            let next = date.tomorrow().ok().and_then(|next| self.calendar.session(next));
            Day { session, continuous: next.is_some_and(|next| next.open <= session.close) }
        });
        self.last = Some((date, day));
        day
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_round_the_clock_ends_where_the_next_begins() {
        let today = AlwaysOpen.session(date(2024, 2, 29)).unwrap();
        let next = AlwaysOpen.session(date(2024, 3, 1)).unwrap();
        assert_eq!(today.open.to_string(), "2024-02-29T00:00:00Z");
        assert_eq!(today.close, next.open);
        assert!(Memo::new(&AlwaysOpen).day(date(2024, 2, 29)).unwrap().continuous);
    }

    #[test]
    fn dates_beyond_nanoseconds_have_no_session() {
        assert_eq!(AlwaysOpen.session(date(9999, 12, 31)), None);
        assert_eq!(AlwaysOpen.session(date(1500, 1, 1)), None);
    }

    #[test]
    fn a_function_is_a_calendar() {
        let closed = |_: Date| None;
        assert_eq!(Memo::new(&closed).day(date(2024, 1, 1)), None);
    }
}
