//! The statistics of a trial by the calendar of what it trades.

use std::{collections::BTreeMap, ops::Range};

use domain::{CalendarKind, Nanos, Timestamp};
use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};
use market::Calendar;

use super::{Trial, TrialError, gaps};
use crate::stats::{
    self, Benchmark, EquityPoint, EveryDay, PricePoint, Run, Sessions, Statistics, TradeRow,
};

/// Sessions of US stocks in a year.
const SESSIONS_A_YEAR: u16 = 252;

/// The statistics of a trial.
pub(super) fn statistics(
    trial: &Trial,
    (equity, trades): (&[EquityPoint], &[TradeRow]),
    prices: &[PricePoint],
    rejected_orders: &BTreeMap<String, u64>,
    warm_up: usize,
) -> Result<Statistics, TrialError> {
    let warm = prices.get(warm_up).or(prices.last()).map(|point| point.at);
    let from = warm.map(|warm| trial.from.map_or(warm, |from| warm.max(from)));
    let benchmark = from.map(|from| Benchmark { prices, from });
    let data_gaps = &gaps::longest(trial);
    let run = Run { equity, trades, benchmark, rejected_orders, data_gaps };
    let span = equity.first().map(|p| p.at)..equity.last().map(|p| p.at);
    let figures = &trial.terms.figures;
    Ok(TradedDays::of(trial, span).with(|calendar| Statistics::of(&run, calendar, figures))?)
}

/// The days on which a trial's symbols trade.
#[derive(Debug, Clone)]
pub(crate) enum TradedDays {
    /// One of them never closes.
    Every,
    /// Sessions, from some days before a span to two weeks behind it.
    Sessions(Vec<i64>),
}

impl TradedDays {
    /// Those of a trial from one mark to another.
    pub(crate) fn of(trial: &Trial, span: Range<Option<Timestamp>>) -> Self {
        let traded = |m: &&super::Market| trial.strategy.symbols.contains(&m.symbol);
        let mut kinds = trial.markets.iter().filter(traded).map(|m| m.calendar);
        if kinds.any(|kind| kind == CalendarKind::AlwaysOpen) {
            return Self::Every;
        }
        Self::Sessions(sessions(Calendar::of(CalendarKind::UsEquities), span))
    }

    /// Lends the calendar.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&dyn stats::Calendar) -> T) -> T {
        let Self::Sessions(days) = self else { return ask(&EveryDay) };
        let calendar = Calendar::of(CalendarKind::UsEquities);
        let zone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC);
        ask(&Sessions {
            days,
            // A close is the last instant of its session, after it the next one has begun.
            day_of: |at: Timestamp| calendar.trading_day(Timestamp(at.0.saturating_sub(1))),
            local: |at: Timestamp| -> DateTime { zone.to_datetime(at.to_jiff()) },
            periods_per_year: SESSIONS_A_YEAR,
        })
    }
}

/// The days with a session from the first mark to two weeks after the last.
fn sessions(calendar: Calendar, span: Range<Option<Timestamp>>) -> Vec<i64> {
    let (Some(first), Some(last)) = (span.start, span.end) else { return Vec::new() };
    let until = last.plus(Nanos::from_secs(14 * 86_400)).utc_day();
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = |day: i64| -> Option<Date> {
        epoch.checked_add(jiff::Span::new().try_days(day).ok()?).ok()
    };
    (first.utc_day() - 7..=until)
        .filter(|day| date(*day).is_some_and(|date| calendar.session_of_date(date).is_some()))
        .collect()
}
