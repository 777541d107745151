//! What the path knows about markets: the latest prices, sessions, rates.
//!
//! It is a view, never part of the fold. This module must not know where prices come from.

use std::collections::BTreeMap;

use domain::{CalendarKind, Currency, InstrumentId, Nanos, Price, Quote, Timestamp};
use rust_decimal::Decimal;

use crate::wire::Mono;

/// The clocks' readings for one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The desk's clock, which a replay drives. Trading rules use it.
    pub at: Timestamp,
    /// The wall clock.
    pub wall: Timestamp,
    /// The monotonic clock. Deadlines use it.
    pub mono: Mono,
    /// False while wall clock and elapsed time disagree.
    pub trusted: bool,
}

/// A market's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// True while orders match.
    pub open: bool,
    /// Number of the trading day.
    pub day: i64,
}

/// An exchange rate and its time.
#[derive(Debug, Clone, Copy)]
struct Rate {
    rate: Decimal,
    at: Timestamp,
}

/// The latest prices, sessions and rates.
#[derive(Debug, Clone, Default)]
pub struct MarketView {
    quotes: BTreeMap<InstrumentId, Quote>,
    sessions: BTreeMap<CalendarKind, Session>,
    rates: BTreeMap<(Currency, Currency), Rate>,
    /// Quotes from before are in units that are no more.
    units_since: BTreeMap<InstrumentId, Timestamp>,
    ranges: BTreeMap<InstrumentId, Decimal>,
    clusters: BTreeMap<InstrumentId, u32>,
}

impl MarketView {
    /// Takes a quote in; an older one than the latest is ignored. Returns true when it was new.
    pub fn set_quote(&mut self, instrument: InstrumentId, quote: Quote) -> bool {
        let old_units = self.units_since.get(&instrument).is_some_and(|since| quote.at < *since);
        if old_units || self.quotes.get(&instrument).is_some_and(|known| known.at > quote.at) {
            return false;
        }
        self.quotes.insert(instrument, quote);
        true
    }

    /// Quotes of an instrument from before are in other units, as before a split: they are
    /// forgotten, and ignored when they come late.
    pub fn set_units_since(&mut self, instrument: &InstrumentId, since: Timestamp) {
        self.units_since.insert(instrument.clone(), since);
        if self.quotes.get(instrument).is_some_and(|known| known.at < since) {
            self.quotes.remove(instrument);
        }
        self.ranges.remove(instrument);
    }

    /// Takes a session in. A trading day never moves backward.
    pub fn set_session(&mut self, calendar: CalendarKind, session: Session) {
        let known = self.sessions.entry(calendar).or_insert(session);
        known.open = session.open;
        known.day = known.day.max(session.day);
    }

    /// Takes a rate of a time in: so many units of `to` for one unit of `from`. An older one than
    /// the latest is ignored. Returns true when the rate is another one than before.
    pub fn set_rate(&mut self, from: Currency, to: Currency, rate: Decimal, at: Timestamp) -> bool {
        let known = self.rates.get(&(from, to)).copied();
        if known.is_some_and(|known| known.at > at) {
            return false;
        }
        self.rates.insert((from, to), Rate { rate, at });
        known.is_none_or(|known| known.rate != rate)
    }

    /// Takes the 14-bar average true range of an instrument in.
    pub fn set_range(&mut self, instrument: InstrumentId, range: Decimal) {
        self.ranges.insert(instrument, range);
    }

    /// Replaces what is known about which instruments move together: each instrument's cluster.
    /// One that is left out belongs to the cluster of everything unknown, so that until somebody
    /// tells, all instruments are taken to move together.
    pub fn set_clusters(&mut self, clusters: BTreeMap<InstrumentId, u32>) {
        self.clusters = clusters;
    }

    /// The cluster of an instrument; `None` is the cluster of everything unknown.
    #[must_use]
    pub fn cluster(&self, instrument: &InstrumentId) -> Option<u32> {
        self.clusters.get(instrument).copied()
    }

    /// The latest quote.
    #[must_use]
    pub fn quote(&self, instrument: &InstrumentId) -> Option<&Quote> {
        self.quotes.get(instrument)
    }

    /// The latest quotes of all instruments.
    pub fn quotes(&self) -> impl Iterator<Item = (&InstrumentId, &Quote)> {
        self.quotes.iter()
    }

    /// The price at which a holding is valued: the last trade.
    #[must_use]
    pub fn mark(&self, instrument: &InstrumentId) -> Option<Price> {
        self.quotes.get(instrument).map(|q| q.last)
    }

    /// How old the latest quote is.
    #[must_use]
    pub fn age(&self, instrument: &InstrumentId, now: Timestamp) -> Option<Nanos> {
        self.quotes.get(instrument).map(|q| now.since(q.at))
    }

    /// The session of a calendar; unknown until the driver has told it.
    #[must_use]
    pub fn session(&self, calendar: CalendarKind) -> Option<Session> {
        self.sessions.get(&calendar).copied()
    }

    /// Units of `to` for one unit of `from`, however old the rate is.
    #[must_use]
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Decimal> {
        if from == to {
            return Some(Decimal::ONE);
        }
        self.rates.get(&(from, to)).map(|r| r.rate)
    }

    /// How old a rate is; a currency's rate to itself is of now.
    #[must_use]
    pub fn rate_age(&self, from: Currency, to: Currency, now: Timestamp) -> Option<Nanos> {
        if from == to {
            return Some(Nanos::default());
        }
        self.rates.get(&(from, to)).map(|r| now.since(r.at))
    }

    /// The 14-bar average true range.
    #[must_use]
    pub fn range(&self, instrument: &InstrumentId) -> Option<Decimal> {
        self.ranges.get(instrument).copied()
    }
}
