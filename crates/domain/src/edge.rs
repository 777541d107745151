//! Where a stretch of history begins or ends: a day in UTC, or an instant.
//!
//! It exists so that a command and a door mean the same by the same word. Bars count by the instant
//! at which they close, so stretches that share an edge share no bar. This module must not know
//! calendars: a day is one of UTC.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::time::{Nanos, Timestamp};

const DAY: i64 = 86_400_000_000_000;

/// A day in UTC, written `2010-01-31`, or an instant, written `2010-01-31T15:30:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The day that begins at this midnight.
    Day(Timestamp),
    /// An instant.
    Instant(Timestamp),
}

/// A text that is no edge.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a day in UTC such as 2010-01-31, or an instant such as 2010-01-31T15:30:00Z")]
pub struct EdgeError;

impl Edge {
    /// The first instant at which a bar may close that lies in a stretch from here on: after the
    /// midnight with which the day begins, or after the instant. A bar that closes there ends what
    /// is before.
    #[must_use]
    pub const fn first(self) -> Timestamp {
        let (Self::Day(at) | Self::Instant(at)) = self;
        at.plus(Nanos(1))
    }

    /// The last instant at which a bar may close that lies in a stretch up to here: the midnight
    /// with which the day ends, or the instant itself.
    #[must_use]
    pub const fn last(self) -> Timestamp {
        match self {
            Self::Day(at) => at.plus(Nanos(DAY)),
            Self::Instant(at) => at,
        }
    }

    /// The edge from which on bars count that close at this instant or later; the reverse of
    /// [`Edge::first`].
    #[must_use]
    pub const fn of_first(first: Timestamp) -> Self {
        let before = first.plus(Nanos(-1));
        if before.0.rem_euclid(DAY) == 0 { Self::Day(before) } else { Self::Instant(before) }
    }

    /// The edge up to which bars count that close at this instant or earlier; the reverse of
    /// [`Edge::last`].
    #[must_use]
    pub const fn of_last(last: Timestamp) -> Self {
        if last.0.rem_euclid(DAY) == 0 {
            Self::Day(last.plus(Nanos(-DAY)))
        } else {
            Self::Instant(last)
        }
    }
}

impl FromStr for Edge {
    type Err = EdgeError;

    fn from_str(text: &str) -> Result<Self, EdgeError> {
        if text.len() == 10 {
            let midnight = format!("{text}T00:00:00Z").parse();
            return midnight.map(Self::Day).map_err(|_| EdgeError);
        }
        text.parse().map(Self::Instant).map_err(|_| EdgeError)
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(at) => fmt::Display::fmt(&at.to_jiff().strftime("%Y-%m-%d"), f),
            Self::Instant(at) => fmt::Display::fmt(at, f),
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(text: &str) -> Edge {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_counts_whole_and_stretches_that_meet_share_no_instant() {
        let midnight: Timestamp = "2010-02-01T00:00:00Z".parse().unwrap();
        assert_eq!(edge("2010-01-31").last(), midnight);
        assert_eq!(edge("2010-02-01").first(), midnight.plus(Nanos(1)));
        let noon: Timestamp = "2010-02-01T12:00:00Z".parse().unwrap();
        assert_eq!(edge("2010-02-01T12:00:00Z").last(), noon);
        assert_eq!(edge("2010-02-01T13:00:00+01:00").first(), noon.plus(Nanos(1)));
    }

    #[test]
    fn an_edge_is_written_as_it_is_read() {
        for text in ["2010-01-31", "1969-12-31", "2010-01-31T15:30:00Z"] {
            let edge = edge(text);
            assert_eq!(edge.to_string(), text);
            assert_eq!((Edge::of_first(edge.first()), Edge::of_last(edge.last())), (edge, edge));
        }
        // Midnight as an instant is the end of the day before and the begin of its own.
        let midnight = edge("2010-02-01T00:00:00Z");
        assert_eq!(Edge::of_last(midnight.last()), edge("2010-01-31"));
        assert_eq!(Edge::of_first(midnight.first()), edge("2010-02-01"));
    }

    #[test]
    fn what_is_no_edge_is_refused() {
        for text in ["", "2010", "2010-02-30", "01/02/2010", "2010-01-31T15:30:00", "yesterday"] {
            assert!(text.parse::<Edge>().is_err(), "{text}");
        }
    }
}
