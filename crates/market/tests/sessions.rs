//! The calendar against real data, and its laws over its whole range.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use domain::{CalendarKind, Timeframe, Timestamp};
use jiff::civil::{Date, date};
use market::{BarStart, Calendar};
use proptest::prelude::*;

const STOCKS: Calendar = Calendar::of(CalendarKind::UsEquities);
const CRYPTO: Calendar = Calendar::of(CalendarKind::AlwaysOpen);

/// Sessions without a row, as (symbol, date, reason). The data has none.
const DATA_GAPS: &[(&str, Date, &str)] = &[];

fn data_dates(symbol: &str) -> BTreeSet<Date> {
    let path = format!("{}/../../data/{symbol}-1d.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line[..10].parse().unwrap()).collect()
}

fn sessions(from: Date, to: Date) -> BTreeSet<Date> {
    from.series(jiff::Span::new().days(1))
        .take_while(|day| *day <= to)
        .filter(|day| STOCKS.session_of_date(*day).is_some())
        .collect()
}

#[test]
fn the_sessions_are_exactly_the_dates_that_traded() {
    let end = date(2013, 3, 1);
    for (symbol, from) in [
        ("IBM", date(2000, 3, 1)),
        ("AAPL", date(2000, 3, 1)),
        ("MSFT", date(2000, 3, 1)),
        ("GOOG", date(2004, 8, 19)),
        ("FB", date(2012, 5, 18)),
    ] {
        let gaps = DATA_GAPS.iter().filter(|gap| gap.0 == symbol).map(|gap| gap.1);
        let traded: BTreeSet<Date> = data_dates(symbol).into_iter().chain(gaps).collect();
        let known = sessions(from, end);
        let differ: Vec<_> = traded.symmetric_difference(&known).collect();
        assert!(differ.is_empty(), "{symbol}: {differ:?}");
    }
}

#[test]
fn every_year_has_a_plausible_number_of_sessions() {
    for year in 2000..=2100 {
        let count = sessions(date(year, 1, 1), date(year, 12, 31)).len();
        assert!((248..=253).contains(&count), "{year}: {count}");
    }
    for (year, count) in [(2001, 248), (2012, 250), (2018, 251), (2020, 253), (2023, 250)] {
        assert_eq!(sessions(date(year, 1, 1), date(year, 12, 31)).len(), count, "{year}");
    }
}

#[test]
fn days_and_weeks_of_real_dates_have_an_extent() {
    for day in data_dates("IBM") {
        let session = STOCKS.session_of_date(day).unwrap();
        let span = (session.open, session.close);
        assert_eq!(STOCKS.bar_span(day, Timeframe::Day), Ok(span));
        assert_eq!(STOCKS.bar_span(session.open, Timeframe::Day), Ok(span));
        let week = STOCKS.bar_span(day, Timeframe::Week).unwrap();
        assert!(week.0 <= session.open && session.close <= week.1);
    }
}

/// Instants from 1990 to 2110, so that both ends of the range are crossed.
fn instant() -> impl Strategy<Value = Timestamp> {
    (631_152_000_000_000_000_i64..4_417_977_600_000_000_000).prop_map(Timestamp)
}

/// Instants at and around the ends of sessions.
fn edge() -> impl Strategy<Value = Timestamp> {
    (instant(), any::<bool>(), -1_i64..=1).prop_map(|(at, open, off)| {
        let edge = if open { STOCKS.next_open(at) } else { STOCKS.next_close(at) };
        Timestamp(edge.unwrap_or(at).0 + off)
    })
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![instant(), edge()]
}

proptest! {
    #[test]
    fn openings_and_closes_are_later_and_real(at in any_instant()) {
        for calendar in [STOCKS, CRYPTO] {
            if let Some(open) = calendar.next_open(at) {
                prop_assert!(open > at);
                prop_assert_eq!(calendar.session_at(open).unwrap().open, open);
            }
            if let Some(close) = calendar.next_close(at) {
                prop_assert!(close > at);
                prop_assert!(calendar.is_open(close));
            }
        }
    }

    #[test]
    fn open_means_inside_a_session(at in any_instant()) {
        for calendar in [STOCKS, CRYPTO] {
            let session = calendar.session_at(at);
            prop_assert_eq!(calendar.is_open(at), session.is_some());
            if let Some(session) = session {
                prop_assert!(session.open <= at && at <= session.close);
            } else if let Some((open, close)) = calendar.next_open(at).zip(calendar.next_close(at)) {
                prop_assert!(open < close, "while closed the next opening comes first");
            }
        }
    }

    #[test]
    fn the_trading_day_is_the_date_of_the_session_and_never_falls(
        a in any_instant(), b in any_instant(),
    ) {
        let (early, late) = (a.min(b), a.max(b));
        for calendar in [STOCKS, CRYPTO] {
            prop_assert!(calendar.trading_day(early) <= calendar.trading_day(late));
        }
        let session = STOCKS.session_at(a).or_else(|| {
            STOCKS.next_open(a).and_then(|open| STOCKS.session_at(open))
        });
        if let Some(session) = session {
            // A session lies within one UTC date, which is also its date in New York.
            prop_assert_eq!(STOCKS.trading_day(a), session.open.utc_day());
        }
    }

    #[test]
    fn bars_lie_inside_one_session(at in any_instant(), minutes in 1_u8..60) {
        let span = STOCKS.bar_span(BarStart::At(at), Timeframe::Minutes(minutes));
        if let Ok((open, close)) = span {
            prop_assert!(at <= open && open < close);
            prop_assert_eq!(STOCKS.session_at(open), STOCKS.session_at(close));
        } else {
            let end = at.plus(Timeframe::Minutes(minutes).span());
            prop_assert!(STOCKS.next_open(at).is_none_or(|open| open >= end));
        }
    }
}
