//! From the time of a row to the open and close of its bar.
//!
//! A bar covers (open time, close time]. The column holds the open; the close follows from the
//! timeframe and the calendar. This module must not know files or prices.

use domain::{Nanos, Timeframe, Timestamp};
use jiff::ToSpan;

use crate::{
    calendar::{Day, Memo, SessionCalendar},
    findings::Rule,
    moment::{Moment, Precision},
};

/// Winter and summer of one zone are at most so far apart, in seconds.
const SEASON_SECONDS: i32 = 3_600;

/// Finds the extent of bars of one timeframe.
pub(crate) struct Extents<'a> {
    timeframe: Timeframe,
    days: Memo<'a>,
    /// The smallest and the largest distance from UTC of the zones so far.
    zones: Option<(i32, i32)>,
}

impl<'a> Extents<'a> {
    pub(crate) fn new(timeframe: Timeframe, calendar: &'a dyn SessionCalendar) -> Self {
        Self { timeframe, days: Memo::new(calendar), zones: None }
    }

    /// The open and close of the bar whose row has the time `moment`.
    pub(crate) fn of(&mut self, moment: &Moment) -> Result<(Timestamp, Timestamp), Rule> {
        match self.timeframe {
            Timeframe::Week => self.one_zone(moment).and_then(|()| self.week(moment)),
            Timeframe::Day => self.one_zone(moment).and_then(|()| self.day(moment)),
            Timeframe::Seconds(_) | Timeframe::Minutes(_) | Timeframe::Hours(_) => {
                self.intraday(moment)
            }
        }
    }

    /// Days are taken as they are written, so all of a file have to be written in one zone.
    fn one_zone(&mut self, moment: &Moment) -> Result<(), Rule> {
        let Some(own) = moment.offset else { return Ok(()) };
        let (least, most) = self.zones.unwrap_or((own, own));
        let (least, most) = (least.min(own), most.max(own));
        if most - least > SEASON_SECONDS {
            return Err(Rule::Zone);
        }
        self.zones = Some((least, most));
        Ok(())
    }

    fn day(&mut self, moment: &Moment) -> Result<(Timestamp, Timestamp), Rule> {
        let Day { session, continuous } = self.days.day(moment.date).ok_or(Rule::NotASession)?;
        if moment.precision != Precision::Time {
            return Ok((session.open, session.close));
        }
        if continuous {
            return Ok((moment.at, moment.at.plus(self.timeframe.span())));
        }
        let open = moment.at.max(session.open);
        if open < session.close { Ok((open, session.close)) } else { Err(Rule::NotASession) }
    }

    fn week(&mut self, moment: &Moment) -> Result<(Timestamp, Timestamp), Rule> {
        let mut first = None;
        let mut last = None;
        for offset in 0..7 {
            let date = moment.date.checked_add(offset.days()).map_err(|_| Rule::Time)?;
            if let Some(day) = self.days.day(date) {
                first = first.or(Some(day));
                last = Some(day);
            }
        }
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Rule::NotASession);
        };
        if moment.precision == Precision::Time {
            if first.continuous {
                return Ok((moment.at, moment.at.plus(self.timeframe.span())));
            }
            return Ok((moment.at.max(first.session.open), last.session.close));
        }
        Ok((first.session.open, last.session.close))
    }

    /// A bar that the end of the session cuts short closes there.
    fn intraday(&mut self, moment: &Moment) -> Result<(Timestamp, Timestamp), Rule> {
        if moment.precision == Precision::Date {
            return Err(Rule::TimeOfDay);
        }
        let close = moment.at.plus(self.timeframe.span());
        let cut = match self.days.day(crate::calendar::utc_date(moment.at)) {
            Some(Day { session, continuous: false })
                if moment.at < session.close && session.close < close =>
            {
                session.close
            }
            _ => close,
        };
        Ok((moment.at, cut))
    }
}

/// True when a close time written in the file agrees with the computed one: it is the close
/// itself or the last tick of the clock before it.
pub(crate) fn close_agrees(written: Timestamp, close: Timestamp) -> bool {
    let early = close.since(written);
    early >= Nanos(0) && early <= Nanos::from_millis(1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, Weekday};

    use super::*;
    use crate::{
        calendar::{AlwaysOpen, Session, utc_midnight},
        moment::parse,
    };

    /// Weekdays from 14:30 to 21:00 UTC.
    fn weekdays(date: Date) -> Option<Session> {
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return None;
        }
        let at = |minutes: i64| Some(utc_midnight(date)?.plus(Nanos::from_secs(minutes * 60)));
        Some(Session { open: at(14 * 60 + 30)?, close: at(21 * 60)? })
    }

    fn extent(calendar: &dyn SessionCalendar, timeframe: &str, text: &str) -> String {
        let mut extents = Extents::new(timeframe.parse().unwrap(), calendar);
        match extents.of(&parse(text).unwrap()) {
            Ok((open, close)) => format!("{open} {close}"),
            Err(rule) => rule.code().to_owned(),
        }
    }

    #[test]
    fn a_date_alone_closes_at_the_end_of_the_session() {
        let stocks = &weekdays;
        let day = "2024-01-02T14:30:00Z 2024-01-02T21:00:00Z";
        for text in ["2024-01-02", "2024-01-02T05:00:00Z", "2024-01-02 00:00:00-05:00"] {
            assert_eq!(extent(stocks, "1d", text), day);
        }
        assert_eq!(extent(stocks, "1d", "2024-01-06"), "not_a_session");
        assert_eq!(extent(stocks, "1d", "2024-01-02 22:00"), "not_a_session");
        let crypto = "2024-01-02T00:00:00Z 2024-01-03T00:00:00Z";
        assert_eq!(extent(&AlwaysOpen, "1d", "2024-01-02"), crypto);
        let shifted = "2024-01-02T08:00:00Z 2024-01-03T08:00:00Z";
        assert_eq!(extent(&AlwaysOpen, "1d", "2024-01-02 08:00"), shifted);
    }

    #[test]
    fn days_of_one_file_are_written_in_one_zone() {
        let rules = |timeframe: &str, texts: &[&str]| -> Vec<&str> {
            let mut extents = Extents::new(timeframe.parse().unwrap(), &AlwaysOpen);
            let of = |text: &&str| extents.of(&parse(text).unwrap()).err().map(Rule::code);
            texts.iter().filter_map(of).collect()
        };
        let (winter, summer) = ("2024-01-02 00:00:00-05:00", "2024-07-02 00:00:00-04:00");
        let (utc, date) = ("2024-01-03T00:00:00Z", "2024-01-04");
        assert!(rules("1d", &[winter, summer, date, winter]).is_empty());
        assert!(rules("1d", &[utc, date, "1704326400"]).is_empty());
        assert_eq!(rules("1d", &[winter, utc, date, summer]), ["zone"]);
        assert_eq!(rules("1w", &[utc, "2024-01-08T00:00:00+09:00"]), ["zone"]);
        assert!(rules("1h", &[winter, utc]).is_empty(), "an instant is one in any zone");
    }

    #[test]
    fn a_week_runs_from_its_first_session_to_its_last() {
        let week = "2024-01-01T14:30:00Z 2024-01-05T21:00:00Z";
        assert_eq!(extent(&weekdays, "1w", "2024-01-01"), week);
        let crypto = "2024-01-01T00:00:00Z 2024-01-08T00:00:00Z";
        assert_eq!(extent(&AlwaysOpen, "1w", "2024-01-01"), crypto);
        assert_eq!(extent(&|_: Date| None, "1w", "2024-01-01"), "not_a_session");
    }

    #[test]
    fn the_last_hour_of_a_session_is_cut_and_a_date_is_no_minute() {
        let cut = "2024-01-02T20:30:00Z 2024-01-02T21:00:00Z";
        assert_eq!(extent(&weekdays, "1h", "2024-01-02 20:30"), cut);
        let after = "2024-01-02T21:30:00Z 2024-01-02T22:30:00Z";
        assert_eq!(extent(&weekdays, "1h", "2024-01-02 21:30"), after);
        let across = "2024-01-02T23:30:00Z 2024-01-03T00:30:00Z";
        assert_eq!(extent(&AlwaysOpen, "1h", "2024-01-02 23:30"), across);
        assert_eq!(extent(&AlwaysOpen, "1m", "2024-01-02"), "time_of_day");
    }
}
