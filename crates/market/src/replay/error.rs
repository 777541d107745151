//! What makes a replay or its clock impossible, checked before the first tick.
//!
//! Everything that could fail while history plays is refused here, so that a replay can't stop in
//! the middle. This module must not know how ticks are ordered.

use domain::{InstrumentId, Nanos, Timestamp};
use rust_decimal::Decimal;
use thiserror::Error;

use super::{
    Series,
    points::{POINTS, Spread},
};

/// Why series can't be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// Not a possible half-spread.
    #[error("a half-spread of {0} bps is impossible: it is 0 or more and less than 10000")]
    HalfSpread(Decimal),
    /// Two series of one instrument would trade its volume twice.
    #[error("{0} has more than one series; replay the finest timeframe only")]
    Duplicate(InstrumentId),
    /// A bar that can't be played.
    #[error("bar {bar} of {instrument}: {rule}")]
    Bar {
        /// The instrument.
        instrument: InstrumentId,
        /// The index of the bar in its series.
        bar: usize,
        /// The rule that it breaks.
        rule: &'static str,
    },
}

impl ReplayError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HalfSpread(_) => "replay_half_spread",
            Self::Duplicate(_) => "replay_duplicate",
            Self::Bar { .. } => "replay_bar",
        }
    }
}

/// Why a replay's clock can't do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockError {
    /// Time must pass.
    #[error("a pace of {replay} ns in {real} ns is impossible: both are greater than 0",
            replay = .replay.0, real = .real.0)]
    Pace {
        /// Replay time in ns.
        replay: Nanos,
        /// Real time in ns.
        real: Nanos,
    },
    /// Replay time never goes backward.
    #[error("the replay is at {now} and can't go back to {to}; start it again instead")]
    Backward {
        /// The replay time.
        now: Timestamp,
        /// The target.
        to: Timestamp,
    },
}

impl ClockError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pace { .. } => "replay_pace",
            Self::Backward { .. } => "replay_backward",
        }
    }
}

/// Checks that every bar of a series can be played.
pub(super) fn check(series: &Series, spread: Spread) -> Result<(), ReplayError> {
    let mut last_close = Timestamp(i64::MIN);
    for (index, bar) in series.bars.iter().enumerate() {
        let span = bar.close_at.since(bar.open_at);
        let rule = if let Some(rule) = bar.impossible() {
            Some(rule)
        } else if bar.open_at < last_close {
            Some("opens before the bar before it has closed")
        } else if span.0 < POINTS as i64 {
            Some("lasts less than 4 ns")
        } else if span > series.timeframe.span() {
            Some("lasts longer than its timeframe")
        } else if spread.bid(bar.low, series.tick).is_none() {
            Some("its low has no positive bid: the tick or the spread is too large")
        } else if spread.ask(bar.high, series.tick).is_none() {
            Some("its high has no ask: the price or the spread is too large")
        } else {
            None
        };
        if let Some(rule) = rule {
            let instrument = series.instrument.clone();
            return Err(ReplayError::Bar { instrument, bar: index, rule });
        }
        last_close = bar.close_at;
    }
    Ok(())
}
