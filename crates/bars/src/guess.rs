//! What a file's timeframe seems to be, for commands that read a file without storing it.
//!
//! The answer is only used where the reader is told about it; an import names its timeframe.

use std::io::BufRead;

use domain::{Nanos, Timeframe};

use crate::{
    import::ImportError,
    layout::{Layout, recognise},
    lines::{Fields, Lines},
    moment,
};

/// Rows that are looked at.
const ROWS_LOOKED_AT: usize = 2_000;

/// The timeframe that the times of the first rows suggest: the shortest distance between two of
/// them. `None` with fewer than two rows, or for a distance that is no timeframe.
///
/// # Errors
/// [`ImportError`] when the file can't be read or its layout isn't known. Rows that can't be read
/// are passed over; the import will name them.
pub fn guess_timeframe(source: impl BufRead) -> Result<Option<Timeframe>, ImportError> {
    let mut lines = Lines::new(source);
    let Some((line, first)) = lines.next_line()? else { return Err(ImportError::Empty) };
    let text = String::from_utf8_lossy(first).into_owned();
    let unknown = || {
        let found = text.chars().take(80).collect();
        ImportError::UnknownLayout { line, found }
    };
    let columns = Fields::split(&text).as_ref().and_then(recognise).ok_or_else(unknown)?;
    let mut times = Vec::new();
    if columns.headless && columns.layout == Layout::Binance {
        times.extend(time_of(&text, columns.time));
    }
    while times.len() < ROWS_LOOKED_AT
        && let Some((_, bytes)) = lines.next_line()?
    {
        times.extend(std::str::from_utf8(bytes).ok().and_then(|row| time_of(row, columns.time)));
    }
    times.sort_unstable();
    let distance = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| *d > 0).min();
    Ok(distance.and_then(named))
}

fn time_of(row: &str, column: usize) -> Option<i64> {
    let fields = Fields::split(row)?;
    let text = fields.all().get(column)?;
    moment::parse(text).map(|moment| moment.at.0)
}

/// The timeframe of this distance; days and weeks may be off by an hour of daylight saving.
fn named(distance: i64) -> Option<Timeframe> {
    const HOUR: i64 = 3_600;
    let secs = distance / Nanos::from_secs(1).0;
    let exact = |per: i64, most: i64| (secs % per == 0 && secs / per <= most).then_some(secs / per);
    let small = |n: i64| u8::try_from(n).ok();
    match secs {
        1..=59 => small(secs).map(Timeframe::Seconds),
        60..=3_599 => exact(60, 59).and_then(small).map(Timeframe::Minutes),
        HOUR..82_800 => exact(HOUR, 22).and_then(small).map(Timeframe::Hours),
        82_800..=518_399 => Some(Timeframe::Day),
        518_400..=2_000_000 => Some(Timeframe::Week),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(rows: &[&str]) -> Option<Timeframe> {
        let text = format!("time,open,high,low,close\n{}", rows.join("\n"));
        guess_timeframe(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_shortest_distance_counts() {
        let days = ["2024-01-05,1,1,1,1", "2024-01-08,1,1,1,1", "2024-01-09,1,1,1,1"];
        assert_eq!(guess(&days), Some(Timeframe::Day));
        assert_eq!(
            guess(&["1704067200,1,1,1,1", "1704067260,1,1,1,1"]),
            Some(Timeframe::Minutes(1))
        );
        let hours = ["2024-01-05 10:00,1,1,1,1", "2024-01-05 14:00,1,1,1,1"];
        assert_eq!(guess(&hours), Some(Timeframe::Hours(4)));
        assert_eq!(guess(&["2024-01-05,1,1,1,1"]), None, "one row says nothing");
        assert_eq!(guess(&["2024-01-05 10:00:00,1,1,1,1", "2024-01-05 10:01:30,1,1,1,1"]), None);
    }
}
