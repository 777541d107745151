//! The time column of a CSV file as an instant with the date as it was written.
//!
//! This module must not know calendars: a date alone stays a date here.

use domain::Timestamp;
use jiff::{
    civil::{Date, DateTime, Time},
    fmt::temporal::{DateTimeParser, PiecesOffset},
    tz::Offset,
};

use crate::calendar::utc_midnight;

/// The longest accepted time in bytes.
const TEXT_BYTES_MAX: usize = 40;
/// Whole numbers below this are not taken for seconds: `20240102` would be a day in 1970.
const EPOCH_MIN: i64 = 100_000_000;
/// From here on a number counts milliseconds (as seconds it would be the year 5138).
const MILLIS_MIN: i64 = 100_000_000_000;
/// From here on a number counts microseconds.
const MICROS_MIN: i64 = 100_000_000_000_000;
/// From here on a number counts nanoseconds.
const NANOS_MIN: i64 = 100_000_000_000_000_000;
/// Times outside these years are taken for damage.
const YEARS: std::ops::Range<i16> = 1900..2200;

/// How much of a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// A date alone.
    Date,
    /// A midnight, which in daily files stands for the date.
    Midnight,
    /// A time of day.
    Time,
}

/// A time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The instant; of a date alone its begin in UTC.
    pub(crate) at: Timestamp,
    /// The date as written, in the zone in which it was written.
    pub(crate) date: Date,
    /// How much was written.
    pub(crate) precision: Precision,
    /// The zone's distance from UTC in seconds; absent of a date alone, which has no zone.
    pub(crate) offset: Option<i32>,
}

impl Moment {
    fn new(at: Timestamp, date: Date, time: Time, offset: Offset) -> Option<Self> {
        let midnight = time == Time::midnight();
        let precision = if midnight { Precision::Midnight } else { Precision::Time };
        let offset = Some(offset.seconds());
        YEARS.contains(&date.year()).then_some(Self { at, date, precision, offset })
    }

    fn of_instant(at: Timestamp) -> Option<Self> {
        let civil = Offset::UTC.to_datetime(at.to_jiff());
        Self::new(at, civil.date(), civil.time(), Offset::UTC)
    }
}

/// Reads RFC 3339, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]` (UTC), or a whole number of seconds,
/// milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return parse_epoch(text.parse().ok()?);
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"-+:.TtZz ".contains(&b));
    if !plain || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        let at = utc_midnight(date)?;
        return Moment::new(at, date, Time::midnight(), Offset::UTC).map(|m| Moment {
            precision: Precision::Date,
            offset: None,
            ..m
        });
    }
    let bytes = text.as_bytes();
    if text.len() < 16 || !matches!(bytes[10], b' ' | b'T' | b't') {
        return None;
    }
    let (civil, offset) = parse_pieces(text)?;
    let at = offset.to_timestamp(civil).ok()?;
    let at = i64::try_from(at.as_nanosecond()).ok().map(Timestamp)?;
    Moment::new(at, civil.date(), civil.time(), offset)
}

fn parse_epoch(number: i64) -> Option<Moment> {
    let factor = match number {
        n if n < EPOCH_MIN => return None,
        n if n < MILLIS_MIN => 1_000_000_000,
        n if n < MICROS_MIN => 1_000_000,
        n if n < NANOS_MIN => 1_000,
        _ => 1,
    };
    Moment::of_instant(Timestamp(number.checked_mul(factor)?))
}

/// The date and time of day as written, and their offset; UTC when none is written.
fn parse_pieces(text: &str) -> Option<(DateTime, Offset)> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let pieces = PARSER.parse_pieces(text).ok()?;
    let offset = match pieces.offset() {
        None | Some(PiecesOffset::Zulu) => Offset::UTC,
        Some(PiecesOffset::Numeric(offset)) => offset.offset(),
        Some(_) => return None,
    };
    Some((pieces.date().to_datetime(pieces.time()?), offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> String {
        parse(text).map_or_else(|| format!("refused {text}"), |m| m.at.to_string())
    }

    #[test]
    fn every_documented_form_is_read() {
        for (text, expected) in [
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("2024-01-02 09:30", "2024-01-02T09:30:00Z"),
            ("2024-01-02 09:30:15", "2024-01-02T09:30:15Z"),
            ("2024-01-02T09:30:15", "2024-01-02T09:30:15Z"),
            ("2024-01-02T09:30:15Z", "2024-01-02T09:30:15Z"),
            ("2024-01-02T09:30:15.5+02:00", "2024-01-02T07:30:15.5Z"),
            ("2024-01-02 00:00:00-05:00", "2024-01-02T05:00:00Z"),
            ("1704187800", "2024-01-02T09:30:00Z"),
            ("1704187800000", "2024-01-02T09:30:00Z"),
            ("1704187800000000", "2024-01-02T09:30:00Z"),
            ("1704187800000000000", "2024-01-02T09:30:00Z"),
        ] {
            assert_eq!(at(text), expected);
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for text in [
            "",
            "20240102",
            "240102",
            "0",
            "-1",
            "01/02/2024",
            "2024-1-2",
            "2024-02-30",
            "1e9",
            "1704187800.0",
            "2024-01-02 9:30",
            "2024-01-02 25:00",
            "3000-01-01",
            "1899-12-31",
            "99999999999999999999",
            "2024-01-02T09:30[Europe/Paris]",
            "2024-01-02x09:30",
        ] {
            assert_eq!(at(text), format!("refused {text}"));
        }
    }

    #[test]
    fn a_midnight_keeps_the_date_of_its_own_zone() {
        let moment = parse("2024-01-02 00:00:00-05:00").unwrap();
        assert_eq!((moment.date.day(), moment.precision), (2, Precision::Midnight));
        assert_eq!(parse("1704153600").unwrap().precision, Precision::Midnight);
        assert_eq!(parse("2024-01-02").unwrap().precision, Precision::Date);
    }
}
