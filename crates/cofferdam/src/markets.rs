//! Bars as the markets of a trial: when they trade and by which steps.
//!
//! Commands and the desk's door guess the same of the same bars, so that both have the same result.
//! This module must not know where a trial comes from.

use std::sync::Arc;

use bars::{Series, infer_tick, list_gaps};
use domain::{Bar, CalendarKind, InstrumentId, Qty, Timeframe, VenueId};
use market::Calendar;
use research::{
    stats::DataGap,
    trial::{Events, GAPS_MAX, Market},
};
use rust_decimal::Decimal;

/// The venue of a symbol that names none.
const VENUE: &str = "sim";
/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// The stored series of a symbol, written `IBM` or `sim:IBM`.
pub(crate) fn series(symbol: &str, timeframe: Timeframe) -> Result<Series, String> {
    let at_venue = || {
        let venue: VenueId = VENUE.parse().map_err(|e: domain::IdError| e.to_string())?;
        InstrumentId::new(&venue, symbol).map_err(|e| e.to_string())
    };
    let instrument = match symbol.contains(':') {
        true => symbol.parse().map_err(|e: domain::IdError| e.to_string())?,
        false => at_venue()?,
    };
    Ok(Series { instrument, timeframe })
}

/// When bars trade that say nothing of it: daily ones that don't all close at midnight UTC are of
/// US stocks, all others trade round the clock.
pub(crate) fn calendar(bars: &[Bar], timeframe: Timeframe) -> CalendarKind {
    let at_midnight = bars.iter().all(|bar| bar.close_at.0 % DAY == 0);
    if timeframe == Timeframe::Day && !at_midnight {
        CalendarKind::UsEquities
    } else {
        CalendarKind::AlwaysOpen
    }
}

/// A market by its bars: the tick from their decimals; whole shares, or millionths round the clock,
/// unless a step is named. There is none without bars.
pub(crate) fn market(
    symbol: &str,
    (calendar, timeframe): (CalendarKind, Timeframe),
    step: Option<Qty>,
    bars: Vec<Bar>,
) -> Option<Market> {
    let own = match calendar {
        CalendarKind::UsEquities => Decimal::ONE,
        CalendarKind::AlwaysOpen => Decimal::new(1, 6),
    };
    let step = step.or_else(|| Qty::new(own).ok())?;
    let tick = infer_tick(&bars)?.tick;
    let gaps = gaps(symbol, &bars, timeframe, calendar);
    let (symbol, bars, events) = (symbol.to_owned(), bars.into(), Events::default());
    Some(Market { symbol, calendar, tick, step, bars, events, gaps })
}

/// Where bars are missing although the market was open.
fn gaps(symbol: &str, bars: &[Bar], timeframe: Timeframe, kind: CalendarKind) -> Arc<[DataGap]> {
    let calendar = Calendar::of(kind);
    let session = |date| {
        let session = calendar.session_of_date(date)?;
        Some(bars::Session { open: session.open, close: session.close })
    };
    let found = list_gaps(bars, timeframe, &session, GAPS_MAX).first;
    let gap = |gap: bars::Gap| DataGap {
        symbol: symbol.to_owned(),
        after: gap.from,
        before: gap.to,
        bars: u32::try_from(gap.missing_bars).unwrap_or(u32::MAX),
    };
    found.into_iter().map(gap).collect()
}
