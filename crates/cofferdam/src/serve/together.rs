//! Which instruments move together, by the daily closes that a replay has already shown.
//!
//! Only closes of the past count, whatever the series holds. What can't be told is left out, and
//! the gate takes it to move with everything else that can't. This module must not know limits.

use std::collections::BTreeMap;

use domain::{Instrument, InstrumentId, Nanos, Timestamp};
use market::{
    calendar::Calendar,
    correlation::{Closes, ClusterSpec, clusters},
    replay::Series,
};
use rust_decimal::Decimal;

/// Closes per instrument that are compared at most: enough for the window where instruments of
/// different calendars share five days of seven.
const CLOSES_MAX: usize = 120;
/// An instrument whose latest close is older is not known any more.
const STALE: Nanos = Nanos::from_secs(10 * 86_400);

/// The cluster of each instrument that can be told at an instant.
pub(super) fn at(
    series: &[Series],
    instruments: &BTreeMap<InstrumentId, Instrument>,
    now: Timestamp,
) -> BTreeMap<InstrumentId, u32> {
    let closes = series.iter().filter_map(|series| {
        let instrument = instruments.get(&series.instrument)?;
        Some((instrument.id.clone(), daily(series, instrument, now)?))
    });
    clusters(&closes.collect(), ClusterSpec::default())
}

/// The latest daily closes, oldest first; `None` when they are old, or when one is so far from the
/// one before that it may be a split which nobody told.
fn daily(series: &Series, instrument: &Instrument, now: Timestamp) -> Option<Closes> {
    let calendar = Calendar::of(instrument.calendar);
    let known = series.bars.partition_point(|bar| bar.close_at <= now);
    let past = series.bars.get(..known)?;
    if now.since(past.last()?.close_at) > STALE {
        return None;
    }
    let mut closes = Closes::new();
    for bar in past.iter().rev() {
        // A close is the last instant of its day, not the first one of the next.
        let day = calendar.trading_day(bar.close_at.plus(Nanos(-1)));
        if closes.last().is_some_and(|(latest, _)| *latest == day) {
            continue;
        }
        if closes.len() == CLOSES_MAX {
            break;
        }
        closes.push((day, bar.close));
    }
    closes.reverse();
    let jumps = closes.windows(2).any(|pair| match pair {
        [(_, before), (_, after)] => {
            let (before, after) = (before.get(), after.get());
            before.max(after) >= before.min(after) * Decimal::new(18, 1)
        }
        _ => false,
    });
    (!jumps).then_some(closes)
}
