//! Prices on their way to the venue and to the accounts.
//!
//! What a replay has is told when the desk's clock reaches it, and time stands still until the desk
//! has digested it; a synthetic symbol moves once a second and says that it is synthetic; a contract
//! has the prices of what it follows. Sessions follow the calendars. The venue hears a price before
//! the accounts do, as in life, and strategies hear of bars that have closed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bars::Synthetic;
use desk::{Clock, Desk};
use domain::{
    AssetClass, CalendarKind, Instrument, InstrumentId, Nanos, Price, Qty, Quote, Timestamp,
    num::Rounding,
};
use market::{
    calendar::Calendar,
    replay::on_tick,
    watchdog::{Change, State, Watchdog},
};
use path::{core::Input, market::Session};
use runner::{Maker, Player, Runs, Stage};
use venue_sim::{Happening, Phase as VenuePhase, SessionChange, SimTick, funding_time};

use super::{
    clock::DrivenClock, listings::Listings, market_data::CALENDARS, tenancy::Tenancy, together,
    venue::Simulated,
};

/// How often the feed looks at the clock.
const EVERY: Duration = Duration::from_millis(50);
/// How often prices are taken from the venue while another desk moves them.
const FOLLOW_EVERY: Nanos = Nanos::from_millis(200);
/// What is due is played so long before others get a turn.
const BURST: Duration = Duration::from_millis(200);
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

/// A replay with the clock that it drives.
pub(super) struct Replaying {
    pub(super) player: Player,
    pub(super) clock: Arc<DrivenClock>,
}

/// What a replay is played on.
pub(super) struct Around {
    pub(super) clock: Arc<DrivenClock>,
    pub(super) listings: Listings,
}

impl Stage for Around {
    fn time_is(&self, at: Timestamp) {
        self.clock.come_to(at);
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.listings.all().into_values().collect()
    }

    fn traded(&self, of: &InstrumentId) -> Vec<Instrument> {
        let own = self.listings.get(of).into_iter();
        own.chain(self.listings.followers(of)).collect()
    }
}

/// Everything that has a price.
pub(super) struct Feed {
    pub(super) desk: Desk,
    pub(super) venue: Simulated,
    /// Says whether this desk moves the venue's prices or follows them.
    pub(super) tenancy: Tenancy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) listings: Listings,
    pub(super) replay: Option<Replaying>,
    pub(super) moving: Vec<Moving>,
    /// Strategies, which hear of bars that have closed.
    runs: Arc<Runs>,
    maker: Maker,
    /// Accounts that were here when strategies were taken up.
    accounts: usize,
    sessions: BTreeMap<CalendarKind, Session>,
    /// When the latest price was made that was taken from the venue.
    followed: BTreeMap<InstrumentId, Timestamp>,
    watchdog: Watchdog,
    /// The funding time up to which the venue has charged what time costs.
    charged: Option<Timestamp>,
}

impl Feed {
    pub(super) fn new(
        (desk, runs): (Desk, Arc<Runs>),
        venue: Simulated,
        tenancy: Tenancy,
        clock: Arc<dyn Clock>,
        listings: Listings,
        replay: Option<Replaying>,
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
            runs,
            maker: Maker::default(),
            accounts: 0,
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
        self.tell_sessions(before).await;
        loop {
            every.tick().await;
            if !self.tenancy.has_feed() || !self.play().await {
                let at = self.clock.now().at;
                self.tell_sessions(at).await;
                self.charge(at);
            }
            let now = self.clock.now();
            // After a night or a weekend that the replay leaves out, every price is from before it.
            let left_out = now.at.since(before) > LEFT_OUT;
            before = now.at;
            let second = now.mono.0 / 1_000_000_000;
            let turn = now.mono.0 / FOLLOW_EVERY.0;
            if !self.tenancy.has_feed() && looked != Some(turn) {
                looked = Some(turn);
                self.follow(now.at).await;
            }
            if moved != Some(second) || left_out {
                moved = Some(second);
                self.second(now.at).await;
            }
            self.close_made_bars(now.at).await;
        }
    }

    /// What happens once a second.
    async fn second(&mut self, at: Timestamp) {
        // Another desk on the same venue may have listed a contract.
        for instrument in self.listings.announce(&self.desk, &self.venue).await {
            watch(&mut self.watchdog, &self.listings, &instrument, at);
        }
        if self.tenancy.has_feed() {
            self.move_synthetics(at);
        }
        self.watchdog.changes(at).iter().for_each(tell_age);
        let accounts = self.desk.accounts().len();
        if std::mem::replace(&mut self.accounts, accounts) != accounts
            && let Err(error) = self.runs.take_up().await
        {
            tracing::warn!(%error, "strategies were not taken up");
        }
        self.runs.catch_up().await;
        self.maker.want(&self.runs.wanted(), at);
    }

    /// Tells strategies of the bars whose time is over.
    async fn close_made_bars(&mut self, at: Timestamp) {
        for ((close_at, timeframe), closed) in self.maker.time(at) {
            self.runs.bars_closed(close_at, timeframe, &closed).await;
        }
    }

    /// Tells sessions that have changed, where no replay does.
    async fn tell_sessions(&mut self, at: Timestamp) {
        for kind in CALENDARS {
            let calendar = Calendar::of(kind);
            let session = Session { open: calendar.is_open(at), day: calendar.trading_day(at) };
            let before = self.sessions.insert(kind, session);
            if before == Some(session) {
                continue;
            }
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
        if let Some(replay) = self.replay.take() {
            self.tell_clusters(&replay.player, at).await;
            self.replay = Some(replay);
        }
    }

    /// Looks which instruments move together, once a day.
    async fn note_day(&mut self, player: &Player, at: Timestamp) {
        let mut new_day = false;
        for kind in CALENDARS {
            let calendar = Calendar::of(kind);
            let session = Session { open: calendar.is_open(at), day: calendar.trading_day(at) };
            let before = self.sessions.insert(kind, session);
            new_day |= before.is_none_or(|b| b.day != session.day);
        }
        if new_day {
            self.tell_clusters(player, at).await;
        }
    }

    async fn tell_clusters(&self, player: &Player, at: Timestamp) {
        let mut clusters = together::at(player.series(), &self.listings.all(), at);
        // A contract moves with what it follows.
        for (id, cluster) in clusters.clone() {
            let followers = self.listings.followers(&id);
            clusters.extend(followers.into_iter().map(|i| (i.id, cluster)));
        }
        self.desk.clusters(clusters).await;
    }

    /// Tells a new account what it missed.
    pub(super) async fn greet(desk: &Desk, account: &domain::AccountId, at: Timestamp) {
        let Ok(handle) = desk.account(account) else { return };
        for kind in CALENDARS {
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

    /// Plays what is due of the replay. False without a replay, and when history has ended.
    async fn play(&mut self) -> bool {
        let Some(mut replay) = self.replay.take() else { return false };
        let begun = tokio::time::Instant::now();
        let mut goes_on = false;
        while let Some(due) = replay.player.next_at() {
            goes_on = true;
            replay.clock.stop_at(Some(due));
            if self.clock.now().at < due || begun.elapsed() > BURST {
                break;
            }
            let Some(played) = replay.player.play().await else { break };
            if let Some(id) = &played.price_of {
                self.observe(id, played.at);
            }
            for (timeframe, closed) in replay.player.by_timeframe(played.closed) {
                self.runs.bars_closed(played.at, timeframe, &closed).await;
            }
            self.note_day(&replay.player, played.at).await;
        }
        if goes_on {
            self.replay = Some(replay);
        } else {
            replay.clock.stop_at(None);
        }
        goes_on
    }

    /// A price of an instrument was told, and of what follows it.
    fn observe(&mut self, id: &InstrumentId, at: Timestamp) {
        let followers = self.listings.followers(id).into_iter().map(|i| i.id);
        for id in std::iter::once(id.clone()).chain(followers) {
            if let Err(error) = self.watchdog.observe(&id, at, at) {
                tracing::error!(%error, "the age of a price can't be watched");
            }
        }
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
        let volume = traded_volume.unwrap_or(Qty::ZERO);
        self.maker.price(id, quote.last, volume, at);
        let tick = SimTick { instrument: id.clone(), quote, traded_volume, phase };
        self.tell(tick, at);
        for contract in self.listings.followers(id) {
            let quote = on_tick(quote, contract.tick);
            self.maker.price(&contract.id, quote.last, volume, at);
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
