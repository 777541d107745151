//! Every session of the US stock market from 2000 to 2100, made once from the rules.
//!
//! Some 25,000 rows turn every question about sessions into one binary search. This module must
//! not know the rules of holidays; it only gives them instants, with daylight saving time from
//! the time zone database that is compiled in.

use std::sync::LazyLock;

use domain::Timestamp;
use jiff::{
    civil::{Date, Time, date},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::{Session, day_number, nyse};

/// One session and its day number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Days from 1970-01-01 to the session's date in New York.
    pub(super) day: i64,
    /// The session.
    pub(super) session: Session,
}

/// New York, or `None` if the compiled-in database lacked it: then every day counts as closed,
/// which refuses trading rather than permitting it at wrong hours.
static NEW_YORK: LazyLock<Option<TimeZone>> =
    LazyLock::new(|| TimeZoneDatabase::bundled().get("America/New_York").ok());

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let Some(zone) = NEW_YORK.as_ref() else { return Vec::new() };
    let first = date(*nyse::YEARS.start(), 1, 1);
    let last = date(*nyse::YEARS.end(), 12, 31);
    first
        .series(jiff::Span::new().days(1))
        .take_while(|d| *d <= last)
        .filter_map(row(zone))
        .collect()
});

fn row(zone: &TimeZone) -> impl Fn(Date) -> Option<Row> {
    move |date| {
        let (open, close) = nyse::hours(date)?;
        let at = |time: Time| {
            let zoned = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
            Some(Timestamp::from_jiff(zoned.timestamp()))
        };
        Some(Row { day: day_number(date), session: Session { open: at(open)?, close: at(close)? } })
    }
}

/// All sessions in order of time.
pub(super) fn rows() -> &'static [Row] {
    &ROWS
}

/// The first session that closes at or after the instant.
pub(super) fn not_closed_before(at: Timestamp) -> Option<&'static Row> {
    let rows = rows();
    rows.get(rows.partition_point(|row| row.session.close < at))
}

/// The first session that opens after the instant.
pub(super) fn opens_after(at: Timestamp) -> Option<&'static Row> {
    let rows = rows();
    rows.get(rows.partition_point(|row| row.session.open <= at))
}

/// The first session that closes after the instant.
pub(super) fn closes_after(at: Timestamp) -> Option<&'static Row> {
    let rows = rows();
    rows.get(rows.partition_point(|row| row.session.close <= at))
}

/// The first session on or after the day.
pub(super) fn from_day(day: i64) -> Option<&'static Row> {
    let rows = rows();
    rows.get(rows.partition_point(|row| row.day < day))
}

/// The last session on or before the day.
pub(super) fn until_day(day: i64) -> Option<&'static Row> {
    let rows = rows();
    rows.partition_point(|row| row.day <= day).checked_sub(1).and_then(|index| rows.get(index))
}

/// The date in New York, or `None` if the database lacked the zone.
pub(super) fn date_in_new_york(at: Timestamp) -> Option<Date> {
    NEW_YORK.as_ref().map(|zone| zone.to_datetime(at.to_jiff()).date())
}
