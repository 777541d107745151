//! Helpers that several tests share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::ops::Range;

use bars::{BarStore, Series, Session};
use domain::{Bar, Nanos, Price, Qty, Timeframe, Timestamp};
use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use rust_decimal::Decimal;

/// All of time.
pub const ALWAYS: Range<Timestamp> = Timestamp(i64::MIN)..Timestamp(i64::MAX);

/// Weekdays from 9:30 to 16:00 in New York, without holidays.
pub fn weekdays(date: Date) -> Option<Session> {
    if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return None;
    }
    let zone = TimeZone::get("America/New_York").ok()?;
    let at = |hour, minute| {
        let zoned = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(Timestamp::from_jiff(zoned.timestamp()))
    };
    Some(Session { open: at(9, 30)?, close: at(16, 0)? })
}

pub fn series(instrument: &str, timeframe: &str) -> Series {
    Series { instrument: instrument.parse().unwrap(), timeframe: timeframe.parse().unwrap() }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// A bar of a minute with one price.
pub fn minute(open_at: &str, close: &str) -> Bar {
    let open_at = at(open_at);
    let close_at = open_at.plus(Timeframe::Minutes(1).span());
    let close = price(close);
    let volume = Qty::new(Decimal::TEN).unwrap();
    Bar { open_at, close_at, open: close, high: close, low: close, close, volume }
}

/// Minutes without gaps from an instant on.
pub fn minutes(open_at: &str, count: i64) -> Vec<Bar> {
    let first = minute(open_at, "100.25");
    let later = |bar: Bar, n: i64| {
        let span = Nanos::from_secs(60 * n);
        Bar { open_at: bar.open_at.plus(span), close_at: bar.close_at.plus(span), ..bar }
    };
    (0..count).map(|n| later(first, n)).collect()
}

/// A store in a folder that vanishes with the first value.
pub fn store() -> (tempfile::TempDir, BarStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = BarStore::open(folder.path()).unwrap();
    (folder, store)
}
