//! Prices on their way to the venue and to the accounts.
//!
//! The replay's ticks come when the desk's clock reaches them; a synthetic symbol moves once a
//! second and says that it is synthetic. Sessions follow the calendars. The venue hears a price
//! before the accounts do, as in life.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bars::Synthetic;
use desk::{Clock, Desk};
use domain::{
    AssetClass, CalendarKind, Instrument, InstrumentId, Nanos, Price, Qty, Quote, Timestamp,
    num::Rounding,
};
use market::{
    calendar::Calendar,
    replay::{Phase, Replay, Step, Tick},
    watchdog::{Change, State, Watchdog},
};
use path::{core::Input, market::Session};
use rust_decimal::Decimal;
use venue_sim::{Phase as VenuePhase, SessionChange, SimTick};

use super::{tenancy::Tenancy, together, venue::Simulated};

/// How often the feed looks at the clock.
const EVERY: Duration = Duration::from_millis(50);
/// Ticks handled before others get a turn.
const BURST_MAX: usize = 256;
/// A synthetic symbol moves every second: older prices than this are reported as stale.
const STALE_SYNTHETIC: Nanos = Nanos::from_secs(10);
/// A replayed daily bar has a price every two hours or so of its session.
const STALE_REPLAY: Nanos = Nanos::from_secs(4 * 3_600);
/// Bars over which the average true range is taken.
const RANGE_BARS: usize = 14;

/// A synthetic symbol that moves once a second.
pub(super) struct Moving {
    pub(super) instrument: Instrument,
    pub(super) prices: Synthetic,
}

/// Everything that has a price.
pub(super) struct Feed {
    pub(super) desk: Desk,
    pub(super) venue: Simulated,
    /// Says whether this desk moves the venue's prices or follows them.
    pub(super) tenancy: Tenancy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) instruments: BTreeMap<InstrumentId, Instrument>,
    pub(super) replay: Option<Replay>,
    pub(super) moving: Vec<Moving>,
    sessions: BTreeMap<CalendarKind, Session>,
    /// When the latest price was made that was taken from the venue.
    followed: BTreeMap<InstrumentId, Timestamp>,
    watchdog: Watchdog,
}

impl Feed {
    pub(super) fn new(
        desk: Desk,
        venue: Simulated,
        tenancy: Tenancy,
        clock: Arc<dyn Clock>,
        instruments: BTreeMap<InstrumentId, Instrument>,
        replay: Option<Replay>,
        moving: Vec<Moving>,
    ) -> Self {
        let (sessions, watchdog) = (BTreeMap::new(), watch(&instruments, clock.now().at));
        let followed = BTreeMap::new();
        Self {
            desk,
            venue,
            tenancy,
            clock,
            instruments,
            replay,
            moving,
            sessions,
            followed,
            watchdog,
        }
    }

    /// Runs until dropped.
    pub(super) async fn run(mut self) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut moved = None;
        loop {
            every.tick().await;
            let now = self.clock.now();
            self.tell_sessions(now.at).await;
            self.play(now.at).await;
            let second = now.mono.0 / 1_000_000_000;
            if !self.tenancy.has_feed() {
                self.follow(now.at).await;
            }
            if moved != Some(second) {
                moved = Some(second);
                if self.tenancy.has_feed() {
                    self.move_synthetics(now.at);
                }
                self.watchdog.changes(now.at).iter().for_each(tell_age);
            }
        }
    }

    async fn tell_sessions(&mut self, at: Timestamp) {
        let mut new_day = false;
        for kind in [CalendarKind::AlwaysOpen, CalendarKind::UsEquities] {
            let calendar = Calendar::of(kind);
            let session = Session { open: calendar.is_open(at), day: calendar.trading_day(at) };
            let before = self.sessions.insert(kind, session);
            if before == Some(session) {
                continue;
            }
            new_day |= before.is_none_or(|b| b.day != session.day);
            if before.is_none_or(|b| b.open != session.open) {
                let change = if session.open { SessionChange::Open } else { SessionChange::Close };
                let ids = self.instruments.values().filter(|i| i.calendar == kind);
                for id in ids.map(|i| i.id.clone()).collect::<Vec<_>>() {
                    if let Err(error) = self.venue.shared().on_session(&id, change, at) {
                        tracing::error!(%error, %id, "the venue could not change its session");
                    }
                }
            }
            self.desk.session(kind, session).await;
        }
        if new_day && let Some(replay) = &self.replay {
            let clusters = together::at(replay.series(), &self.instruments, at);
            self.desk.clusters(clusters).await;
        }
    }

    /// Tells a new account what it missed.
    pub(super) async fn greet(desk: &Desk, account: &domain::AccountId, at: Timestamp) {
        let Ok(handle) = desk.account(account) else { return };
        for kind in [CalendarKind::AlwaysOpen, CalendarKind::UsEquities] {
            let calendar = Calendar::of(kind);
            let session = Session { open: calendar.is_open(at), day: calendar.trading_day(at) };
            // An account that has stopped needs no session.
            let _ = handle.inform(move |_| Input::Session { calendar: kind, session }).await;
        }
    }

    /// Takes prices from the venue while another desk moves them.
    async fn follow(&mut self, at: Timestamp) {
        let venue = self.venue.clone();
        let refreshed = tokio::task::spawn_blocking(move || {
            venue.shared().refresh()?;
            let quotes = |venue: &mut venue_sim::Venue<_>| {
                let known = venue.engine().book().markets;
                known.into_iter().filter_map(|m| Some((m.instrument.id, m.quote?))).collect()
            };
            Ok::<Vec<_>, venue_sim::SimError>(venue.shared().with(quotes))
        });
        let quotes = match refreshed.await {
            Ok(Ok(quotes)) => quotes,
            Ok(Err(error)) => return tracing::warn!(%error, "the venue's prices are not known"),
            Err(error) => return tracing::error!(%error, "the venue's prices are not known"),
        };
        for (id, quote) in quotes {
            if self.followed.insert(id.clone(), quote.at) == Some(quote.at) {
                continue;
            }
            if let Err(error) = self.watchdog.observe(&id, quote.at, at) {
                tracing::debug!(%error, "the age of a price can't be watched");
            }
            self.desk.quote(&id, quote);
        }
    }

    async fn play(&mut self, at: Timestamp) {
        for _ in 0..BURST_MAX {
            let Some(replay) = &mut self.replay else { return };
            match replay.poll(at) {
                Step::Tick(tick) => {
                    let range =
                        (tick.phase == Phase::Close).then(|| range(replay, &tick)).flatten();
                    self.tick(&tick, at);
                    if let Some(range) = range {
                        self.tell_range(&tick.instrument, range).await;
                    }
                }
                Step::Wait(_) | Step::Finished => return,
            }
        }
    }

    fn tick(&mut self, tick: &Tick, at: Timestamp) {
        let phase = match tick.phase {
            Phase::Open => VenuePhase::Open,
            Phase::Path => VenuePhase::Continuous,
            Phase::Close => VenuePhase::Close,
        };
        let volume = (!tick.volume.is_zero()).then_some(tick.volume);
        self.publish(&tick.instrument, tick.quote, volume, phase, at);
    }

    fn publish(
        &mut self,
        id: &InstrumentId,
        quote: Quote,
        traded_volume: Option<Qty>,
        phase: VenuePhase,
        at: Timestamp,
    ) {
        if !self.tenancy.has_feed() {
            return;
        }
        let tick = SimTick { instrument: id.clone(), quote, traded_volume, phase };
        if let Err(error) = self.venue.shared().on_tick(&tick, at) {
            tracing::error!(%error, %id, "the venue could not take a price");
        }
        if let Err(error) = self.watchdog.observe(id, quote.at, at) {
            tracing::error!(%error, "the age of a price can't be watched");
        }
        self.desk.quote(id, quote);
    }

    async fn tell_range(&self, id: &InstrumentId, range: Decimal) {
        for account in self.desk.accounts() {
            let instrument = id.clone();
            let tell = move |_| Input::Range { instrument: instrument.clone(), range };
            // An account that has stopped needs no range.
            let _ = account.inform(tell).await;
        }
    }

    fn move_synthetics(&mut self, at: Timestamp) {
        let mut quotes = Vec::new();
        for moving in &mut self.moving {
            let Some(bar) = moving.prices.next() else { continue };
            quotes.push((
                moving.instrument.id.clone(),
                around(bar.close, moving.instrument.tick, at),
                bar.volume,
            ));
        }
        for (id, quote, volume) in quotes {
            self.publish(&id, quote, Some(volume), VenuePhase::Continuous, at);
        }
    }
}

/// Watches the age of every price.
fn watch(instruments: &BTreeMap<InstrumentId, Instrument>, at: Timestamp) -> Watchdog {
    let mut watchdog = Watchdog::new();
    for (id, instrument) in instruments {
        let synthetic = instrument.asset_class == AssetClass::Synthetic;
        let limit = if synthetic { STALE_SYNTHETIC } else { STALE_REPLAY };
        if let Err(error) = watchdog.watch(id.clone(), instrument.calendar, limit, at) {
            tracing::error!(%error, "the age of a price can't be watched");
        }
    }
    watchdog
}

/// Says when the prices of an instrument stop, and when they are back.
fn tell_age(change: &Change) {
    let id = &change.instrument;
    match (&change.from, &change.to) {
        (_, State::Stale { age, .. }) => {
            let (secs, cause) = (age.as_millis() / 1_000, change.cause);
            tracing::warn!(%id, secs, ?cause, "STALE: the prices have stopped");
        }
        (_, State::Never) => tracing::warn!(%id, "there has been no price yet"),
        (Some(State::Stale { .. } | State::Never), State::Fresh) => {
            tracing::info!(%id, "prices are back");
        }
        (from, to) => tracing::debug!(%id, ?from, ?to, "data age"),
    }
}

/// Bid and ask one tick away from a price.
fn around(last: Price, tick: Price, at: Timestamp) -> Quote {
    let bid = last.moved(-tick.get()).and_then(|p| p.to_tick(tick, Rounding::Down)).unwrap_or(last);
    let ask = last.moved(tick.get()).and_then(|p| p.to_tick(tick, Rounding::Up)).unwrap_or(last);
    Quote { bid, ask, last, at }
}

/// The average true range of the latest complete bars: the mean of the largest of high − low,
/// |high − previous close| and |low − previous close|.
fn range(replay: &Replay, tick: &Tick) -> Option<Decimal> {
    let series = replay.series().iter().find(|s| s.instrument == tick.instrument)?;
    let from = (tick.bar + 1).checked_sub(RANGE_BARS)?;
    let bars = series.bars.get(from..=tick.bar)?;
    let previous = series.bars.get(from.checked_sub(1)?..tick.bar)?;
    let sum: Decimal = bars
        .iter()
        .zip(previous)
        .map(|(bar, before)| {
            let inner = bar.high.distance(bar.low);
            inner.max(bar.high.distance(before.close)).max(bar.low.distance(before.close))
        })
        .sum();
    Some((sum / Decimal::from(RANGE_BARS)).round_dp(8))
}
