//! Gaps: stretches of trading time for which there is no bar.
//!
//! A gap is reported, never refused: markets halt, exchanges go down, and illiquid minutes have
//! no trades. This module must not know where bars come from.

use domain::{Bar, Nanos, Timeframe, Timestamp};
use serde::Serialize;

use crate::calendar::{SessionCalendar, utc_date};

/// So many gaps are listed unless more are asked for; the rest is only counted.
pub const GAPS_KEPT_MAX: usize = 100;

/// A stretch without bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The close of the last bar before the gap.
    pub from: Timestamp,
    /// The open of the first bar after it.
    pub to: Timestamp,
    /// How many bars are missing by the calendar.
    pub missing_bars: u64,
}

/// How many gaps a series has, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GapReport {
    /// How many gaps.
    pub gaps: u64,
    /// How many bars are missing in all.
    pub missing_bars: u64,
    /// The first gaps: [`GAPS_KEPT_MAX`] of them, or as many as were asked for.
    pub first: Vec<Gap>,
}

/// Finds the gaps between bars that ascend in time.
#[must_use]
pub fn find_gaps(bars: &[Bar], timeframe: Timeframe, calendar: &dyn SessionCalendar) -> GapReport {
    list_gaps(bars, timeframe, calendar, GAPS_KEPT_MAX)
}

/// As [`find_gaps`], listing the first `kept_max` gaps.
#[must_use]
pub fn list_gaps(
    bars: &[Bar],
    timeframe: Timeframe,
    calendar: &dyn SessionCalendar,
    kept_max: usize,
) -> GapReport {
    let mut finder = GapFinder { kept_max, ..GapFinder::new(timeframe, calendar) };
    for bar in bars {
        finder.push(bar.open_at, bar.close_at);
    }
    finder.report
}

/// Finds gaps in a stream of bars.
pub(crate) struct GapFinder<'a> {
    timeframe: Timeframe,
    calendar: &'a dyn SessionCalendar,
    last_close: Option<Timestamp>,
    kept_max: usize,
    pub(crate) report: GapReport,
}

impl<'a> GapFinder<'a> {
    pub(crate) fn new(timeframe: Timeframe, calendar: &'a dyn SessionCalendar) -> Self {
        let (last_close, report) = (None, GapReport::default());
        Self { timeframe, calendar, last_close, kept_max: GAPS_KEPT_MAX, report }
    }

    /// Takes the next bar.
    pub(crate) fn push(&mut self, open_at: Timestamp, close_at: Timestamp) {
        let from = self.last_close.replace(close_at);
        let Some(from) = from.filter(|from| *from < open_at) else { return };
        let missing_bars = self.missing(from, open_at);
        if missing_bars == 0 {
            return;
        }
        self.report.gaps += 1;
        self.report.missing_bars += missing_bars;
        if self.report.first.len() < self.kept_max {
            self.report.first.push(Gap { from, to: open_at, missing_bars });
        }
    }

    fn missing(&self, from: Timestamp, to: Timestamp) -> u64 {
        let stretches = Stretches::collect(self.calendar, from, to);
        let count = match self.timeframe {
            Timeframe::Day => stretches.whole_sessions,
            Timeframe::Week if stretches.whole_sessions == 0 => 0,
            Timeframe::Week => (to.since(from).0 / Timeframe::Week.span().0).max(1),
            Timeframe::Seconds(_) | Timeframe::Minutes(_) | Timeframe::Hours(_) => {
                stretches.bars_of(self.timeframe.span())
            }
        };
        u64::try_from(count).unwrap_or(0)
    }
}

/// The trading time inside an interval, joined where one session begins as another ends.
#[derive(Default)]
struct Stretches {
    whole_sessions: i64,
    lengths: Vec<i64>,
}

impl Stretches {
    fn collect(calendar: &dyn SessionCalendar, from: Timestamp, to: Timestamp) -> Self {
        let mut found = Self::default();
        let mut last_close = None;
        // The market's own date may be a day off from the UTC date at both ends.
        let first = utc_date(from).yesterday().unwrap_or(utc_date(from));
        let last = utc_date(to).tomorrow().unwrap_or(utc_date(to));
        for date in first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last) {
            let Some(session) = calendar.session(date) else { continue };
            let open = session.open.max(from);
            let close = session.close.min(to);
            if open >= close {
                continue;
            }
            if open == session.open && close == session.close {
                found.whole_sessions += 1;
            }
            let length = close.since(open).0;
            match found.lengths.last_mut() {
                Some(stretch) if last_close == Some(open) => *stretch += length,
                _ => found.lengths.push(length),
            }
            last_close = Some(close);
        }
        found
    }

    fn bars_of(&self, span: Nanos) -> i64 {
        self.lengths.iter().map(|length| (length + span.0 - 1) / span.0).sum()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Price, Qty};
    use jiff::civil::{Date, Weekday};

    use super::*;
    use crate::calendar::{AlwaysOpen, Session, utc_midnight};

    fn bar(open: &str, close: &str) -> Bar {
        let price: Price = "1".parse().unwrap();
        Bar {
            open_at: open.parse().unwrap(),
            close_at: close.parse().unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Qty::ZERO,
        }
    }

    fn weekdays(date: Date) -> Option<Session> {
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return None;
        }
        let open = utc_midnight(date)?.plus(Nanos::from_secs(14 * 3_600));
        Some(Session { open, close: open.plus(Nanos::from_secs(7 * 3_600)) })
    }

    #[test]
    fn a_weekend_is_no_gap_but_a_missing_friday_is() {
        let thursday = bar("2024-01-04T14:00:00Z", "2024-01-04T21:00:00Z");
        let friday = bar("2024-01-05T14:00:00Z", "2024-01-05T21:00:00Z");
        let monday = bar("2024-01-08T14:00:00Z", "2024-01-08T21:00:00Z");
        let day = Timeframe::Day;
        assert_eq!(find_gaps(&[thursday, friday, monday], day, &weekdays), GapReport::default());
        let report = find_gaps(&[thursday, monday], day, &weekdays);
        assert_eq!((report.gaps, report.missing_bars), (1, 1));
        assert_eq!(report.first[0].from, thursday.close_at);
    }

    #[test]
    fn missing_minutes_are_counted_inside_sessions_only() {
        let minute = Timeframe::Minutes(1);
        let evening = bar("2024-01-04T20:57:00Z", "2024-01-04T20:58:00Z");
        let morning = bar("2024-01-05T14:01:00Z", "2024-01-05T14:02:00Z");
        assert_eq!(find_gaps(&[evening, morning], minute, &weekdays).missing_bars, 3);
        let night = find_gaps(&[evening, morning], minute, &AlwaysOpen);
        assert_eq!((night.gaps, night.missing_bars), (1, 17 * 60 + 3));
    }

    #[test]
    fn hours_that_straddle_midnight_are_not_counted_twice() {
        let hours = Timeframe::Hours(7);
        let before = bar("2024-01-04T10:00:00Z", "2024-01-04T17:00:00Z");
        let after = bar("2024-01-05T07:00:00Z", "2024-01-05T14:00:00Z");
        assert_eq!(find_gaps(&[before, after], hours, &AlwaysOpen).missing_bars, 2);
    }

    #[test]
    fn a_missing_week_is_one_bar_and_long_lists_are_cut() {
        let first = bar("2024-01-01T14:00:00Z", "2024-01-05T21:00:00Z");
        let third = bar("2024-01-15T14:00:00Z", "2024-01-19T21:00:00Z");
        assert_eq!(find_gaps(&[first, third], Timeframe::Week, &weekdays).missing_bars, 1);
        let second = Nanos::from_secs(1);
        let bars: Vec<Bar> = (0..1_000)
            .map(|n| Timestamp::from_secs(n * 2))
            .map(|at| Bar { open_at: at, close_at: at.plus(second), ..first })
            .collect();
        let report = find_gaps(&bars, Timeframe::Seconds(1), &AlwaysOpen);
        assert_eq!((report.gaps, report.first.len()), (999, GAPS_KEPT_MAX));
    }
}
