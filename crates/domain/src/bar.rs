//! Price history and the latest price: bars, timeframes, quotes.
//!
//! This module must not know where prices come from or how they are stored.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    num::{Price, Qty},
    time::{Nanos, Timestamp},
};

/// The span of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timeframe {
    /// So many seconds, 1 to 59.
    Seconds(u8),
    /// So many minutes, 1 to 59.
    Minutes(u8),
    /// So many hours, 1 to 23.
    Hours(u8),
    /// One session or UTC day.
    Day,
    /// One week.
    Week,
}

/// A text that is not a timeframe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("timeframe `{0}` is unknown; write for example 1s, 1m, 15m, 1h, 4h, 1d or 1w")]
pub struct TimeframeError(String);

impl Timeframe {
    /// The nominal span. A day of a stock market is still 24 hours here: its bars close at the
    /// session's end, which the calendar tells.
    #[must_use]
    pub const fn span(self) -> Nanos {
        match self {
            Self::Seconds(n) => Nanos::from_secs(n as i64),
            Self::Minutes(n) => Nanos::from_secs(n as i64 * 60),
            Self::Hours(n) => Nanos::from_secs(n as i64 * 3_600),
            Self::Day => Nanos::from_secs(86_400),
            Self::Week => Nanos::from_secs(604_800),
        }
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(n) => write!(f, "{n}s"),
            Self::Minutes(n) => write!(f, "{n}m"),
            Self::Hours(n) => write!(f, "{n}h"),
            Self::Day => f.write_str("1d"),
            Self::Week => f.write_str("1w"),
        }
    }
}
impl FromStr for Timeframe {
    type Err = TimeframeError;
    fn from_str(s: &str) -> Result<Self, TimeframeError> {
        let error = || TimeframeError(s.chars().take(16).collect());
        let split = s.len().checked_sub(1).filter(|n| s.is_char_boundary(*n)).ok_or_else(error)?;
        let (number, unit) = s.split_at(split);
        let n: u8 = number.parse().map_err(|_| error())?;
        match (unit, n) {
            ("s", 1..=59) => Ok(Self::Seconds(n)),
            ("m", 1..=59) => Ok(Self::Minutes(n)),
            ("h", 1..=23) => Ok(Self::Hours(n)),
            ("d", 1) => Ok(Self::Day),
            ("w", 1) => Ok(Self::Week),
            _ => Err(error()),
        }
    }
}
impl Serialize for Timeframe {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timeframe {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One bar. It covers the time after `open_at` up to and including `close_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The instant at which the bar opens (exclusive).
    pub open_at: Timestamp,
    /// The instant at which the bar closes (inclusive): from then on it may be known.
    pub close_at: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Traded quantity, zero when unknown.
    pub volume: Qty,
}

impl Bar {
    /// What makes the bar impossible, or `None` for a possible one.
    #[must_use]
    pub fn impossible(&self) -> Option<&'static str> {
        if self.close_at <= self.open_at {
            return Some("closes before it opens");
        }
        if self.high < self.low {
            return Some("high is below low");
        }
        if self.high < self.open || self.high < self.close {
            return Some("high is below open or close");
        }
        if self.low > self.open || self.low > self.close {
            return Some("low is above open or close");
        }
        None
    }
}

/// The latest prices of an instrument, as one feed tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Best price at which one can sell.
    pub bid: Price,
    /// Best price at which one can buy.
    pub ask: Price,
    /// The last trade.
    pub last: Price,
    /// The feed's time of the quote.
    pub at: Timestamp,
}

impl Quote {
    /// The price half-way between bid and ask, or the last trade when that isn't positive.
    #[must_use]
    pub fn mid(&self) -> Price {
        let mid = (self.bid.get() + self.ask.get()) / rust_decimal::Decimal::TWO;
        Price::new(mid.round_dp(crate::num::SCALE_MAX)).unwrap_or(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeframes_read_as_they_are_written() {
        for text in ["1s", "1m", "15m", "1h", "4h", "1d", "1w"] {
            assert_eq!(text.parse::<Timeframe>().unwrap().to_string(), text);
        }
        for text in ["", "m", "0m", "60m", "2d", "1y", "é"] {
            assert!(text.parse::<Timeframe>().is_err(), "{text}");
        }
    }
}
