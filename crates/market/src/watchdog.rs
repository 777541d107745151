//! How old the latest price of each instrument is, and when that is too old.
//!
//! A feed can be connected and yet be dead, so only the time of the quotes counts, not that
//! messages arrive. A closed market is not stale, and after an opening age counts from there.
//! This module must not know connections, prices or what is done about a stale feed: it runs on
//! the desk's clock, which a replay drives, and is told everything.

use std::collections::BTreeMap;

use domain::{CalendarKind, InstrumentId, Nanos, Timestamp};
use serde::Serialize;
use thiserror::Error;

use crate::calendar::Calendar;

/// Why the watchdog can't do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchError {
    /// Not a span that a quote can outlive.
    #[error("the age limit of {instrument} must be greater than 0 ns, not {limit} ns", limit = .limit.0)]
    Limit {
        /// The instrument.
        instrument: InstrumentId,
        /// The limit that was given.
        limit: Nanos,
    },
    /// Nobody asked to watch the instrument.
    #[error("{0} is not watched")]
    NotWatched(InstrumentId),
}

impl WatchError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "watchdog_limit",
            Self::NotWatched(_) => "watchdog_not_watched",
        }
    }
}

/// What the latest quote of an instrument is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Young enough.
    Fresh,
    /// Older than allowed while the market is open.
    Stale {
        /// Time since the quote, or since the opening when the quote is older than that, in ns.
        age: Nanos,
        /// The oldest allowed age in ns.
        limit: Nanos,
    },
    /// The market is closed, whatever the quote.
    Closed,
    /// The market is open and there has been no quote, or the instrument isn't watched.
    Never,
}

impl State {
    /// True when both are the same apart from the age.
    const fn is_same_kind(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Fresh, Self::Fresh)
                | (Self::Stale { .. }, Self::Stale { .. })
                | (Self::Closed, Self::Closed)
                | (Self::Never, Self::Never)
        )
    }
}

/// Why an instrument is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nothing has arrived for longer than the limit.
    Silent,
    /// Messages arrive, but the time of their quotes does not move on.
    Frozen,
}

/// A change of an instrument's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The state reported before; `None` for the first report.
    pub from: Option<State>,
    /// The state now.
    pub to: State,
    /// The cause of a stale state.
    pub cause: Option<Cause>,
}

#[derive(Debug, Clone)]
struct Watched {
    calendar: Calendar,
    limit: Nanos,
    since: Timestamp,
    /// The newest time of a quote, never later than the desk's clock when it arrived.
    quote_at: Option<Timestamp>,
    /// When the newest message arrived by the desk's clock.
    arrived_at: Option<Timestamp>,
    reported: Option<State>,
}

impl Watched {
    /// The opening from which age counts; round the clock there is none.
    fn opened_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.calendar.kind() {
            CalendarKind::AlwaysOpen => None,
            CalendarKind::UsEquities => self.calendar.session_at(now).map(|session| session.open),
        }
    }

    /// The open time since an instant, counted no further back than the latest opening.
    fn age(&self, since: Timestamp, now: Timestamp) -> Nanos {
        let from = self.opened_at(now).map_or(since, |open| open.max(since));
        Nanos(now.since(from).0.max(0))
    }

    fn state(&self, now: Timestamp) -> State {
        if !self.calendar.is_open(now) {
            return State::Closed;
        }
        let Some(quote_at) = self.quote_at else { return State::Never };
        let age = self.age(quote_at, now);
        if age > self.limit { State::Stale { age, limit: self.limit } } else { State::Fresh }
    }

    fn cause(&self, now: Timestamp) -> Option<Cause> {
        let State::Stale { .. } = self.state(now) else { return None };
        let recent = |arrived| self.age(arrived, now) <= self.limit;
        Some(if self.arrived_at.is_some_and(recent) { Cause::Frozen } else { Cause::Silent })
    }

    /// The state worth reporting: the lack of a first quote only after the limit has passed.
    fn to_report(&self, now: Timestamp) -> Option<State> {
        let state = self.state(now);
        let waiting = state == State::Never && self.age(self.since, now) <= self.limit;
        let known = self.reported.as_ref().is_some_and(|known| known.is_same_kind(&state));
        (!waiting && !known).then_some(state)
    }
}

/// Watches the age of quotes.
#[derive(Debug, Clone, Default)]
pub struct Watchdog {
    watched: BTreeMap<InstrumentId, Watched>,
}

impl Watchdog {
    /// Watches nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches an instrument from `now` on. A quote older than `limit`, in ns of open time, is
    /// stale. Watching it again changes calendar and limit and keeps what was observed.
    ///
    /// # Errors
    /// [`WatchError::Limit`] unless the limit is greater than zero.
    pub fn watch(
        &mut self,
        instrument: InstrumentId,
        calendar: CalendarKind,
        limit: Nanos,
        now: Timestamp,
    ) -> Result<(), WatchError> {
        if limit <= Nanos(0) {
            return Err(WatchError::Limit { instrument, limit });
        }
        let calendar = Calendar::of(calendar);
        let new = Watched {
            calendar,
            limit,
            since: now,
            quote_at: None,
            arrived_at: None,
            reported: None,
        };
        let watched = self.watched.entry(instrument).or_insert(new);
        (watched.calendar, watched.limit) = (calendar, limit);
        Ok(())
    }

    /// Stops watching. Returns true when the instrument was watched.
    pub fn unwatch(&mut self, instrument: &InstrumentId) -> bool {
        self.watched.remove(instrument).is_some()
    }

    /// Takes note that a quote of the time `quote_at` arrived at `now` by the desk's clock.
    ///
    /// A quote from the future counts as of `now`, so that a feed with a wrong clock can't look
    /// fresh for ever; an older one than the newest only proves that messages arrive.
    ///
    /// # Errors
    /// [`WatchError::NotWatched`] when nobody asked to watch the instrument.
    pub fn observe(
        &mut self,
        instrument: &InstrumentId,
        quote_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), WatchError> {
        let watched = self
            .watched
            .get_mut(instrument)
            .ok_or_else(|| WatchError::NotWatched(instrument.clone()))?;
        watched.quote_at = watched.quote_at.max(Some(quote_at.min(now)));
        watched.arrived_at = watched.arrived_at.max(Some(now));
        Ok(())
    }

    /// The state of an instrument at `now`.
    #[must_use]
    pub fn state(&self, instrument: &InstrumentId, now: Timestamp) -> State {
        self.watched.get(instrument).map_or(State::Never, |watched| watched.state(now))
    }

    /// Why an instrument is stale at `now`, or `None` when it is not.
    #[must_use]
    pub fn cause(&self, instrument: &InstrumentId, now: Timestamp) -> Option<Cause> {
        self.watched.get(instrument)?.cause(now)
    }

    /// The states that differ in kind from those reported last, by instrument. The first report
    /// of an instrument comes with its first state; that no quote has come is reported once the
    /// limit has passed since watching began or the market opened.
    pub fn changes(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        for (instrument, watched) in &mut self.watched {
            if let Some(to) = watched.to_report(now) {
                let from = watched.reported.replace(to);
                let cause = watched.cause(now);
                changes.push(Change { instrument: instrument.clone(), from, to, cause });
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Nanos = Nanos::from_secs(10);

    fn at(text: &str) -> Timestamp {
        format!("2024-01-{text}Z").parse().unwrap()
    }

    fn watchdog(calendar: CalendarKind) -> (InstrumentId, Watchdog) {
        let id: InstrumentId = "sim:A".parse().unwrap();
        let mut dog = Watchdog::new();
        dog.watch(id.clone(), calendar, LIMIT, at("12T12:00:00")).unwrap();
        (id, dog)
    }

    #[test]
    fn a_quote_ages_until_the_next_one() {
        let (id, mut dog) = watchdog(CalendarKind::AlwaysOpen);
        assert_eq!(dog.state(&id, at("12T12:00:00")), State::Never);
        dog.observe(&id, at("12T23:59:55"), at("12T23:59:55")).unwrap();
        assert_eq!(dog.state(&id, at("13T00:00:05")), State::Fresh);
        let stale = State::Stale { age: Nanos::from_secs(11), limit: LIMIT };
        assert_eq!(dog.state(&id, at("13T00:00:06")), stale);
        dog.observe(&id, at("13T00:00:06"), at("13T00:00:06")).unwrap();
        assert_eq!(dog.state(&id, at("13T00:00:06")), State::Fresh);
    }

    #[test]
    fn a_closed_market_is_not_stale_and_age_starts_again_at_the_opening() {
        let (id, mut dog) = watchdog(CalendarKind::UsEquities);
        assert_eq!(dog.state(&id, at("12T12:00:00")), State::Closed);
        dog.observe(&id, at("12T21:00:00"), at("12T21:00:00")).unwrap();
        assert_eq!(dog.state(&id, at("12T21:00:00")), State::Fresh);
        assert_eq!(dog.state(&id, at("14T12:00:00")), State::Closed);
        assert_eq!(dog.state(&id, at("16T14:30:10")), State::Fresh);
        assert!(matches!(dog.state(&id, at("16T14:30:11")), State::Stale { .. }));
    }

    #[test]
    fn a_frozen_feed_is_told_from_a_silent_one() {
        let (id, mut dog) = watchdog(CalendarKind::AlwaysOpen);
        let quote_at = at("12T12:00:00");
        for second in 0..30 {
            dog.observe(&id, quote_at, quote_at.plus(Nanos::from_secs(second))).unwrap();
        }
        assert_eq!(dog.cause(&id, at("12T12:00:05")), None);
        assert_eq!(dog.cause(&id, at("12T12:00:29")), Some(Cause::Frozen));
        assert_eq!(dog.cause(&id, at("12T12:00:40")), Some(Cause::Silent));
    }

    #[test]
    fn a_quote_from_the_future_does_not_stay_fresh() {
        let (id, mut dog) = watchdog(CalendarKind::AlwaysOpen);
        dog.observe(&id, at("31T00:00:00"), at("12T12:00:00")).unwrap();
        assert!(matches!(dog.state(&id, at("12T12:00:11")), State::Stale { .. }));
    }

    #[test]
    fn changes_are_reported_once() {
        let (id, mut dog) = watchdog(CalendarKind::UsEquities);
        let kinds = |dog: &mut Watchdog, text: &str| {
            let changes = dog.changes(at(text));
            changes.iter().map(|c| serde_json::to_string(&c.to).unwrap()).collect::<String>()
        };
        assert_eq!(kinds(&mut dog, "12T12:00:00"), r#"{"state":"closed"}"#);
        assert_eq!(kinds(&mut dog, "12T12:00:01"), "");
        assert_eq!(kinds(&mut dog, "12T14:30:10"), "", "a first quote may take its time");
        assert_eq!(kinds(&mut dog, "12T14:30:11"), r#"{"state":"never"}"#);
        dog.observe(&id, at("12T14:30:12"), at("12T14:30:12")).unwrap();
        assert_eq!(kinds(&mut dog, "12T14:30:12"), r#"{"state":"fresh"}"#);
        let stale = dog.changes(at("12T14:30:30")).remove(0);
        assert_eq!((stale.from, stale.cause), (Some(State::Fresh), Some(Cause::Silent)));
        assert_eq!(kinds(&mut dog, "12T14:30:31"), "", "only the age has changed");
    }

    #[test]
    fn mistakes_have_names() {
        let (id, mut dog) = watchdog(CalendarKind::AlwaysOpen);
        let now = at("12T12:00:00");
        let zero = dog.watch(id.clone(), CalendarKind::AlwaysOpen, Nanos(0), now);
        assert_eq!(zero.unwrap_err().code(), "watchdog_limit");
        assert!(dog.unwatch(&id) && !dog.unwatch(&id));
        assert_eq!(dog.observe(&id, now, now).unwrap_err().code(), "watchdog_not_watched");
        assert_eq!(dog.state(&id, now), State::Never);
    }
}
