//! Splits as a table of events.
//!
//! A series of raw prices jumps where a share was split. The jump is an event with an instant, so
//! positions and orders can be changed by it and a chart can look through it, while stored prices
//! stay as they were traded. This module must not know positions or orders, and it must not
//! rewrite a bar that somebody keeps.

mod ratio;
mod view;

use std::collections::BTreeMap;

use domain::{CalendarKind, InstrumentId, NumError, Timestamp};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use thiserror::Error;

use crate::calendar::Calendar;
pub use ratio::Ratio;
pub use view::Adjusted;

/// A date that is no session moves a split to the next session, at most so many days later.
const SESSION_SEARCH_DAYS: usize = 14;

/// Why a split can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ActionError {
    /// Not a possible ratio.
    #[error("a split of {new} for {old} is no split: both are 1 to 1000000 and differ")]
    Ratio {
        /// Shares after the split, as given.
        new: String,
        /// Shares before the split, as given.
        old: String,
    },
    /// Two splits of one instrument take effect together.
    #[error("{instrument} is split twice at {at}")]
    Duplicate {
        /// The instrument.
        instrument: InstrumentId,
        /// The instant at which both take effect.
        at: Timestamp,
    },
    /// The calendar knows no session on or soon after the date.
    #[error("the split of {instrument} on {effective} has no session to take effect in")]
    NoSession {
        /// The instrument.
        instrument: InstrumentId,
        /// The effective date.
        effective: Date,
    },
    /// A bar that mixes prices from before and after a split can't be adjusted.
    #[error("the bar {open_at} to {close_at} spans the split at {split_at}; use shorter bars")]
    Straddles {
        /// The bar's open.
        open_at: Timestamp,
        /// The bar's close.
        close_at: Timestamp,
        /// The split inside the bar.
        split_at: Timestamp,
    },
    /// The adjusted number can't be expressed.
    #[error("a split gives an impossible number: {0}")]
    Number(#[from] NumError),
}

impl ActionError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ratio { .. } => "split_ratio",
            Self::Duplicate { .. } => "split_duplicate",
            Self::NoSession { .. } => "split_no_session",
            Self::Straddles { .. } => "split_inside_bar",
            Self::Number(_) => "split_number",
        }
    }
}

/// One row of a table of splits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Split {
    /// What is split.
    pub instrument: InstrumentId,
    /// The first date that trades after the split, in the market's own zone.
    pub effective: Date,
    /// New shares per old share.
    pub ratio: Ratio,
}

impl Split {
    /// A split of `ratio` new shares per old share: 2 doubles the shares and halves the price.
    ///
    /// # Errors
    /// [`ActionError::Ratio`] when the ratio is not positive, is 1, or needs more than a million
    /// shares on a side. A ratio such as 1 for 3 has no exact decimal: use [`Ratio::new`].
    pub fn new(
        instrument: InstrumentId,
        effective: Date,
        ratio: Decimal,
    ) -> Result<Self, ActionError> {
        Ok(Self { instrument, effective, ratio: Ratio::from_decimal(ratio)? })
    }
}

/// A split at its instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitEvent {
    /// The opening of the first session that trades after the split. Bars and prices later than
    /// this instant are after the split, those up to and including it before.
    pub at: Timestamp,
    /// What is split.
    pub instrument: InstrumentId,
    /// The effective date of the table.
    pub effective: Date,
    /// New shares per old share.
    pub ratio: Ratio,
}

/// A table of splits.
#[derive(Debug, Clone, Default)]
pub struct Splits {
    /// By time, then instrument.
    events: Vec<SplitEvent>,
    by_instrument: BTreeMap<InstrumentId, Vec<(Timestamp, Ratio)>>,
}

impl Splits {
    /// Makes a table from rows in any order.
    ///
    /// A split takes effect at the opening of the effective date's session by the instrument's
    /// calendar, or of the next session when the date is none.
    ///
    /// # Errors
    /// [`ActionError::Duplicate`] when two splits of one instrument take effect together,
    /// [`ActionError::NoSession`] when the calendar doesn't know the date's years.
    pub fn new(
        rows: impl IntoIterator<Item = Split>,
        calendar_of: impl Fn(&InstrumentId) -> CalendarKind,
    ) -> Result<Self, ActionError> {
        let mut events = Vec::new();
        for Split { instrument, effective, ratio } in rows {
            let calendar = Calendar::of(calendar_of(&instrument));
            let Some(at) = effective_at(calendar, effective) else {
                return Err(ActionError::NoSession { instrument, effective });
            };
            events.push(SplitEvent { at, instrument, effective, ratio });
        }
        events.sort_by(|a, b| (a.at, &a.instrument).cmp(&(b.at, &b.instrument)));
        if let Some(pair) =
            events.windows(2).find(|p| (p[0].at, &p[0].instrument) == (p[1].at, &p[1].instrument))
        {
            let SplitEvent { at, ref instrument, .. } = pair[0];
            return Err(ActionError::Duplicate { instrument: instrument.clone(), at });
        }
        let mut by_instrument: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for SplitEvent { at, instrument, ratio, .. } in &events {
            by_instrument.entry(instrument.clone()).or_default().push((*at, *ratio));
        }
        Ok(Self { events, by_instrument })
    }

    /// All splits by time, then instrument.
    #[must_use]
    pub fn events(&self) -> &[SplitEvent] {
        &self.events
    }

    /// The splits that take effect after `after` up to and including `until`, by time, then
    /// instrument. Successive ranges that share their ends give every split exactly once.
    #[must_use]
    pub fn due(&self, after: Timestamp, until: Timestamp) -> &[SplitEvent] {
        let from = self.events.partition_point(|event| event.at <= after);
        let to = self.events.partition_point(|event| event.at <= until);
        self.events.get(from..to).unwrap_or_default()
    }

    /// The first split after an instant, for a driver that stops at each.
    #[must_use]
    pub fn next_at(&self, after: Timestamp) -> Option<Timestamp> {
        self.events.get(self.events.partition_point(|event| event.at <= after)).map(|e| e.at)
    }

    /// The splits of one instrument by time.
    pub(crate) fn of(&self, instrument: &InstrumentId) -> &[(Timestamp, Ratio)] {
        self.by_instrument.get(instrument).map_or(&[], Vec::as_slice)
    }
}

fn effective_at(calendar: Calendar, effective: Date) -> Option<Timestamp> {
    let mut date = effective;
    for _ in 0..SESSION_SEARCH_DAYS {
        if let Some(session) = calendar.session_of_date(date) {
            return Some(session.open);
        }
        date = date.tomorrow().ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn split(symbol: &str, effective: Date, ratio: i64) -> Split {
        let instrument = symbol.parse().unwrap();
        Split::new(instrument, effective, Decimal::from(ratio)).unwrap()
    }

    fn stocks(rows: Vec<Split>) -> Result<Splits, ActionError> {
        Splits::new(rows, |_| CalendarKind::UsEquities)
    }

    #[test]
    fn successive_ranges_give_every_split_once() {
        let splits = stocks(vec![
            split("sim:MSFT", date(2003, 2, 18), 2),
            split("sim:AAPL", date(2005, 2, 28), 2),
            split("sim:AAPL", date(2000, 6, 21), 2),
        ])
        .unwrap();
        let open = splits.events()[0].at;
        assert_eq!(open.to_string(), "2000-06-21T13:30:00Z");
        assert!(splits.due(Timestamp(0), Timestamp(open.0 - 1)).is_empty());
        assert_eq!(splits.due(Timestamp(open.0 - 1), open).len(), 1);
        assert!(splits.due(open, open).is_empty());
        assert_eq!(splits.due(open, Timestamp(i64::MAX)).len(), 2);
        assert!(splits.due(Timestamp(i64::MAX), Timestamp(0)).is_empty());
        assert_eq!(splits.next_at(open).unwrap().to_string(), "2003-02-18T14:30:00Z");
    }

    #[test]
    fn a_holiday_moves_a_split_to_the_next_session_where_it_may_collide() {
        let splits = stocks(vec![split("sim:A", date(2024, 1, 13), 2)]).unwrap();
        assert_eq!(splits.events()[0].at.to_string(), "2024-01-16T14:30:00Z");
        let twice =
            vec![split("sim:A", date(2024, 1, 13), 2), split("sim:A", date(2024, 1, 16), 3)];
        assert_eq!(stocks(twice).unwrap_err().code(), "split_duplicate");
        let unknown = stocks(vec![split("sim:A", date(1999, 6, 1), 2)]);
        assert_eq!(unknown.unwrap_err().code(), "split_no_session");
    }

    #[test]
    fn round_the_clock_a_split_is_effective_at_midnight() {
        let rows = vec![split("sim:BTC", date(2024, 1, 13), 2)];
        let splits = Splits::new(rows, |_| CalendarKind::AlwaysOpen).unwrap();
        assert_eq!(splits.events()[0].at.to_string(), "2024-01-13T00:00:00Z");
    }
}
