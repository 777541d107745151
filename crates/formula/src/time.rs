//! Time as formulas see it: the civil time of a bar, its session, and where longer bars end.
//!
//! This module knows UTC only; markets with sessions are told through [`MarketTime`].

use domain::{Nanos, Timeframe, Timestamp};
use jiff::tz::TimeZone;

use crate::prim::TimeField;

/// The session that an instant belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpan {
    /// When it opens.
    pub open: Timestamp,
    /// When it ends.
    pub close: Timestamp,
}

/// The times of a market.
pub trait MarketTime: Send + Sync + std::fmt::Debug {
    /// The zone of its civil time.
    fn zone(&self) -> &TimeZone;

    /// The session in (open, close] that an instant lies in.
    fn session(&self, at: Timestamp) -> Option<SessionSpan>;

    /// The span (start, end] of the bar of a longer timeframe that a bar opening at this instant
    /// belongs to. The end may come before the nominal one, when nothing is traded after it.
    fn bucket(&self, timeframe: Timeframe, open_at: Timestamp) -> (Timestamp, Timestamp);
}

/// A market that never closes, in UTC. Weeks begin on Monday.
#[derive(Debug, Clone)]
pub struct Utc(TimeZone);

impl Default for Utc {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

/// The first Monday of Unix time, 1970-01-05.
const FIRST_MONDAY: i64 = 4 * 86_400 * 1_000_000_000;

/// The span of a longer bar in UTC.
#[must_use]
pub fn utc_bucket(timeframe: Timeframe, open_at: Timestamp) -> (Timestamp, Timestamp) {
    let span = timeframe.span().0.max(1);
    let origin = if timeframe == Timeframe::Week { FIRST_MONDAY } else { 0 };
    let start = (open_at.0 - origin).div_euclid(span) * span + origin;
    (Timestamp(start), Timestamp(start).plus(Nanos(span)))
}

impl MarketTime for Utc {
    fn zone(&self) -> &TimeZone {
        &self.0
    }

    fn session(&self, at: Timestamp) -> Option<SessionSpan> {
        // The end of a day belongs to that day.
        let (open, close) = utc_bucket(Timeframe::Day, Timestamp(at.0.saturating_sub(1)));
        Some(SessionSpan { open, close })
    }

    fn bucket(&self, timeframe: Timeframe, open_at: Timestamp) -> (Timestamp, Timestamp) {
        utc_bucket(timeframe, open_at)
    }
}

/// Seconds between two instants.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
    let micros = (to.since(from).0 / 1_000) as f64;
    micros / 1e6
}

/// One field of one bar.
#[must_use]
pub(crate) fn field(
    market: &dyn MarketTime,
    field: TimeField,
    open_at: Timestamp,
    close_at: Timestamp,
) -> f64 {
    let civil = || open_at.to_jiff().to_zoned(market.zone().clone());
    match field {
        TimeField::Hour => f64::from(civil().hour()),
        TimeField::Minute => f64::from(civil().minute()),
        TimeField::Weekday => f64::from(civil().weekday().to_monday_one_offset()),
        TimeField::Day => f64::from(civil().day()),
        TimeField::Month => f64::from(civil().month()),
        TimeField::Year => f64::from(civil().year()),
        TimeField::InSession => f64::from(u8::from(market.session(close_at).is_some())),
        TimeField::SessionAge => {
            market.session(close_at).map_or(f64::NAN, |s| seconds(s.open, close_at))
        }
        TimeField::SessionLeft => {
            market.session(close_at).map_or(f64::NAN, |s| seconds(close_at, s.close))
        }
        TimeField::SessionNumber => {
            let (start, _) = market.bucket(Timeframe::Day, open_at);
            #[allow(clippy::cast_precision_loss, reason = "whole seconds of centuries fit")]
            let number = (start.0 / 1_000_000_000) as f64;
            number
        }
    }
}
