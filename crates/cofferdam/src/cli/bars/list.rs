//! What is stored, with gaps and damage.
//!
//! The store does not know when a market trades, so bars tell it: whoever trades on a weekend or
//! closes at midnight UTC is open round the clock. This module must not change anything.

use std::cell::RefCell;

use ::bars::{BarStore, SeriesInfo};
use domain::{CalendarKind, Nanos, Timeframe};
use jiff::{civil::Weekday, tz::Offset};
use market::Calendar;
use serde_json::{Value, json};

use super::sessions;
use crate::cli::{
    Outcome,
    failure::Failure,
    output::{Out, Table, clean, grouped, instant},
    progress::Progress,
};

/// Two weeks of bars tell whether a market trades on weekends.
const SAMPLE: Nanos = Nanos::from_secs(14 * 86_400);
const SAMPLE_BARS_MAX: usize = 50_000;

/// Lists the store.
pub(super) fn run(store: &BarStore, out: &mut Out) -> Result<Outcome, Failure> {
    let open = sessions(Calendar::of(CalendarKind::AlwaysOpen));
    let stocks = sessions(Calendar::of(CalendarKind::UsEquities));
    let progress = RefCell::new(Progress::new());
    let listing = store.list(|instrument| {
        progress.borrow_mut().tell(|| format!("reading {instrument}"));
        &open
    })?;
    let mut table =
        Table::new(&["symbol", "tf", "from", "to", ">bars", ">gaps", ">missing", "tick", "kind"]);
    let mut all: Vec<Value> = Vec::new();
    for info in listing.series {
        progress.borrow_mut().tell(|| format!("looking for gaps in {}", info.series));
        let info = if round_the_clock(store, &info) {
            info
        } else {
            store.info(&info.series, &stocks).ok().flatten().unwrap_or(info)
        };
        table.row(row(&info));
        all.push(json!(info));
    }
    let damaged: Vec<Value> = listing
        .damaged
        .iter()
        .map(|error| json!({ "code": error.code(), "detail": error.to_string() }))
        .collect();
    out.json(&json!({ "series": all, "damaged": damaged }))?;
    out.table(
        &table,
        "no bars yet; import some: cofferdam bars import FILE.csv --symbol S --timeframe 1d",
    );
    for error in &listing.damaged {
        out.line(format!("DAMAGED [{}] {}", error.code(), clean(&error.to_string())));
    }
    Ok(if damaged.is_empty() { Outcome::Done } else { Outcome::Refused })
}

/// True when bars open on a Saturday or Sunday, or a day ends at midnight, in UTC.
fn round_the_clock(store: &BarStore, info: &SeriesInfo) -> bool {
    let range = info.first..info.first.plus(SAMPLE);
    let Ok(bars) = store.iter(&info.series, range) else { return false };
    let mut sample = bars.take(SAMPLE_BARS_MAX).map_while(Result::ok);
    sample.any(|bar| {
        let open = Offset::UTC.to_datetime(bar.open_at.to_jiff());
        let weekend = matches!(open.weekday(), Weekday::Saturday | Weekday::Sunday);
        let daily = info.series.timeframe == Timeframe::Day;
        weekend || (daily && bar.close_at.0 % Nanos::from_secs(86_400).0 == 0)
    })
}

fn row(info: &SeriesInfo) -> [String; 9] {
    let count = |n: u64| grouped(&n.to_string(), 0);
    [
        info.series.instrument.to_string(),
        info.series.timeframe.to_string(),
        instant(info.first),
        instant(info.last),
        count(info.count),
        count(info.gaps.gaps),
        count(info.gaps.missing_bars),
        info.tick.map_or_else(String::new, |tick| tick.tick.to_string()),
        info.provenance.to_string(),
    ]
}
