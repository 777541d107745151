//! Prices on their way to the venue and to the accounts.
//!
//! The replay's ticks come when the desk's clock reaches them; a synthetic symbol moves once a
//! second and says that it is synthetic; a contract has the prices of what it follows. Sessions
//! follow the calendars. The venue hears a price before the accounts do, as in life.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bars::Synthetic;
use desk::{Clock, Desk};
use domain::{
    AssetClass, CalendarKind, Instrument, InstrumentId, Nanos, Price, Qty, Quote, Timestamp,
    num::Rounding,
};
use market::{
    calendar::Calendar,
    replay::{Phase, Replay, Step, Tick, average_true_range, on_tick},
    watchdog::{Change, State, Watchdog},
};
use path::{core::Input, market::Session};
use rust_decimal::Decimal;
use venue_sim::{Happening, Phase as VenuePhase, SessionChange, SimTick, funding_time};

use super::{listings::Listings, tenancy::Tenancy, together, venue::Simulated};

/// How often the feed looks at the clock.
const EVERY: Duration = Duration::from_millis(50);
/// How often prices are taken from the venue while another desk moves them.
const FOLLOW_EVERY: Nanos = Nanos::from_millis(200);
/// Ticks handled before others get a turn.
const BURST_MAX: usize = 256;
/// A longer step of the desk's clock between two looks is a time that the replay leaves out.
const LEFT_OUT: Nanos = Nanos::from_secs(3_600);
/// A synthetic symbol moves every second: older prices than this are reported as stale.
const STALE_SYNTHETIC: Nanos = Nanos::from_secs(10);
/// A replayed daily bar has a price every two hours or so of its session.
const STALE_REPLAY: Nanos = Nanos::from_secs(4 * 3_600);

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
    pub(super) listings: Listings,
    pub(super) replay: Option<Replay>,
    pub(super) moving: Vec<Moving>,
    sessions: BTreeMap<CalendarKind, Session>,
    /// When the latest price was made that was taken from the venue.
    followed: BTreeMap<InstrumentId, Timestamp>,
    watchdog: Watchdog,
    /// The funding time up to which the venue has charged what time costs.
    charged: Option<Timestamp>,
}

impl Feed {
    pub(super) fn new(
        desk: Desk,
        venue: Simulated,
        tenancy: Tenancy,
        clock: Arc<dyn Clock>,
        listings: Listings,
        replay: Option<Replay>,
        moving: Vec<Moving>,
    ) -> Self {
        let mut watchdog = Watchdog::new();
        let at = clock.now().at;
        listings.all().values().for_each(|i| watch(&mut watchdog, &listings, i, at));
        let (sessions, followed, charged) = (BTreeMap::new(), BTreeMap::new(), None);
        Self {
            desk,
            venue,
            tenancy,
            clock,
            listings,
            replay,
            moving,
            sessions,
            followed,
            watchdog,
            charged,
        }
    }

    /// Runs until dropped.
    pub(super) async fn run(mut self) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let (mut moved, mut looked) = (None, None);
        let mut before = self.clock.now().at;
        loop {
            every.tick().await;
            let now = self.clock.now();
            // After a night or a weekend that the replay leaves out, every price is from before it.
            let left_out = now.at.since(before) > LEFT_OUT;
            before = now.at;
            self.tell_sessions(now.at).await;
            self.charge(now.at);
            self.play(now.at).await;
            let second = now.mono.0 / 1_000_000_000;
            let turn = now.mono.0 / FOLLOW_EVERY.0;
            if !self.tenancy.has_feed() && looked != Some(turn) {
                looked = Some(turn);
                self.follow(now.at).await;
            }
            if moved != Some(second) || left_out {
                moved = Some(second);
                // Another desk on the same venue may have listed a contract.
                for instrument in self.listings.announce(&self.desk, &self.venue).await {
                    watch(&mut self.watchdog, &self.listings, &instrument, now.at);
                }
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
                let all = self.listings.all();
                for id in all.into_values().filter(|i| i.calendar == kind).map(|i| i.id) {
                    if let Err(error) = self.venue.shared().on_session(&id, change, at) {
                        tracing::error!(%error, %id, "the venue could not change its session");
                    }
                }
            }
            self.desk.session(kind, session).await;
        }
        if new_day && let Some(replay) = &self.replay {
            let mut clusters = together::at(replay.series(), &self.listings.all(), at);
            // A contract moves with what it follows.
            for (id, cluster) in clusters.clone() {
                let followers = self.listings.followers(&id);
                clusters.extend(followers.into_iter().map(|i| (i.id, cluster)));
            }
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
        let ids: Vec<InstrumentId> = self.listings.all().into_keys().collect();
        let refreshed = tokio::task::spawn_blocking(move || {
            venue.shared().refresh()?;
            let known = venue.shared().with(|venue| {
                let quote = |id: InstrumentId| Some((id.clone(), venue.engine().quote(&id)?));
                ids.into_iter().filter_map(quote).collect()
            });
            Ok::<Vec<_>, venue_sim::SimError>(known)
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
                    let complete = tick.phase == Phase::Close;
                    let series = replay.series().iter().find(|s| s.instrument == tick.instrument);
                    let range = series
                        .filter(|_| complete)
                        .and_then(|s| average_true_range(&s.bars, tick.bar));
                    let volume = replay.traded(&tick);
                    self.tick(&tick, volume, at);
                    if let Some(range) = range {
                        self.tell_range(&tick.instrument, range).await;
                    }
                }
                Step::Wait(_) | Step::Finished => return,
            }
        }
    }

    fn tick(&mut self, tick: &Tick, volume: Option<Qty>, at: Timestamp) {
        let phase = match tick.phase {
            Phase::Open => VenuePhase::Open,
            Phase::Path => VenuePhase::Continuous,
            Phase::Close => VenuePhase::Close,
        };
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
        self.tell(tick, at);
        for contract in self.listings.followers(id) {
            let quote = on_tick(quote, contract.tick);
            self.tell(SimTick { instrument: contract.id, quote, traded_volume, phase }, at);
        }
    }

    fn tell(&mut self, tick: SimTick, at: Timestamp) {
        let id = &tick.instrument;
        if let Err(error) = self.venue.shared().on_tick(&tick, at) {
            tracing::error!(%error, %id, "the venue could not take a price");
        }
        if let Err(error) = self.watchdog.observe(id, tick.quote.at, at) {
            tracing::error!(%error, "the age of a price can't be watched");
        }
        self.desk.quote(id, tick.quote);
    }

    /// Has the venue charge what time costs once a funding time has come: funding, and once a day
    /// loans. What ended is settled. It comes before the prices after that time.
    fn charge(&mut self, at: Timestamp) {
        let due = funding_time(at);
        if !self.tenancy.has_feed() || self.charged.is_some_and(|charged| charged >= due) {
            return;
        }
        for what in [Happening::Time, Happening::Day] {
            if let Err(error) = self.venue.shared().happen(&what, at) {
                return tracing::error!(%error, "the venue could not charge funding and loans");
            }
        }
        self.charged = Some(due);
    }

    async fn tell_range(&self, id: &InstrumentId, range: Decimal) {
        let followers = self.listings.followers(id).into_iter().map(|i| i.id);
        for id in std::iter::once(id.clone()).chain(followers) {
            for account in self.desk.accounts() {
                let instrument = id.clone();
                let tell = move |_| Input::Range { instrument: instrument.clone(), range };
                // An account that has stopped needs no range.
                let _ = account.inform(tell).await;
            }
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

/// Watches the age of an instrument's prices.
fn watch(watchdog: &mut Watchdog, listings: &Listings, instrument: &Instrument, at: Timestamp) {
    let followed = listings.followed_by(&instrument.id).and_then(|id| listings.get(&id));
    let class = followed.map_or(instrument.asset_class, |followed| followed.asset_class);
    let synthetic = class == AssetClass::Synthetic;
    let limit = if synthetic { STALE_SYNTHETIC } else { STALE_REPLAY };
    if let Err(error) = watchdog.watch(instrument.id.clone(), instrument.calendar, limit, at) {
        tracing::error!(%error, "the age of a price can't be watched");
    }
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
