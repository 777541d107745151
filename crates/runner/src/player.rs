//! History played to the live desk in step with it.
//!
//! The next price is told when everything that the one before set off has happened: decided,
//! durable, answered by the venue. So a replay does not depend on how fast the machine is, and it
//! tells the same prices in the same order as a backtest, levels inside a bar included. It must
//! not know strategies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backtest::{
    Due, Timetable, venue_phase,
    way::{Course, LEVELS_MAX, Leg, Levels, Stop, Torn, quotes, share},
};
use desk::{AccountHandle, Desk, DeskError};
use domain::{
    AccountId, Bar, CalendarKind, Instrument, InstrumentId, Price, Qty, Quote, Timeframe, Timestamp,
};
use market::replay::{Phase, Quoter, Series, Tick, average_true_range};
use path::{core::Input, market::Session};
use tokio::task::JoinHandle;
use venue_sim::{Happening, Phase as VenuePhase, SessionChange, SimTick};

use crate::stage::{Market, Stage};

/// How long a desk may take to come to rest before the replay goes on all the same: a journal that
/// can't be written must not stop time.
const REST_WITHIN: Duration = Duration::from_secs(2);

/// A bar that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What it is of.
    pub instrument: InstrumentId,
    /// The bar.
    pub bar: Bar,
}

/// What was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// When it was due.
    pub at: Timestamp,
    /// The instrument whose price it was.
    pub price_of: Option<InstrumentId>,
    /// The bars that are complete with it: all that close at this instant come together.
    pub closed: Vec<Closed>,
}

/// A replay on the live desk.
pub struct Player {
    timetable: Timetable,
    /// By series.
    courses: Vec<Course>,
    desk: Desk,
    market: Arc<dyn Market>,
    stage: Arc<dyn Stage>,
    closed: Vec<(usize, usize)>,
    /// Accounts that did not come to rest, with who waits until they have.
    late: Mutex<BTreeMap<AccountId, JoinHandle<()>>>,
    /// The latest instant that was told. Of two series with prices at one instant the second one's
    /// levels lie before it.
    now: Timestamp,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("next_at", &self.next_at()).finish_non_exhaustive()
    }
}

impl Player {
    /// A replay before its first price.
    #[must_use]
    pub fn new(
        timetable: Timetable,
        desk: Desk,
        market: Arc<dyn Market>,
        stage: Arc<dyn Stage>,
    ) -> Self {
        let courses = vec![Course::default(); timetable.replay().series().len()];
        Self {
            timetable,
            courses,
            desk,
            market,
            stage,
            closed: Vec::new(),
            late: Mutex::default(),
            now: Timestamp(i64::MIN),
        }
    }

    /// The instant of what is due next; `None` when history has ended.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.timetable.next_at()
    }

    /// The history.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        self.timetable.replay().series()
    }

    /// Bars by the timeframe of their series.
    #[must_use]
    pub fn by_timeframe(&self, closed: Vec<Closed>) -> BTreeMap<Timeframe, Vec<Closed>> {
        let mut by_timeframe: BTreeMap<Timeframe, Vec<Closed>> = BTreeMap::new();
        for one in closed {
            let series = self.series().iter().find(|s| s.instrument == one.instrument);
            if let Some(series) = series {
                by_timeframe.entry(series.timeframe).or_default().push(one);
            }
        }
        by_timeframe
    }

    /// Plays what is due next and waits until the desk is at rest; `None` when history has ended.
    pub async fn play(&mut self) -> Option<Played> {
        let (at, due) = self.timetable.next()?;
        // A price tells its time itself: the levels on the way to it come before.
        if !matches!(due, Due::Price(_)) {
            self.time_comes(at).await;
        }
        let mut price_of = None;
        match due {
            Due::Session(kind, session) => self.session(kind, session, at).await,
            Due::Charge => {
                for what in [Happening::Time, Happening::Day] {
                    self.happen(&what, at).await;
                }
            }
            Due::Happening(dated) => self.happen(&dated.what, at).await,
            Due::Price(tick) => {
                price_of = Some(tick.instrument.clone());
                self.price(&tick).await;
            }
        }
        let complete = self.timetable.next_price_at().is_none_or(|next| next > at);
        let closed = if complete { self.take_closed() } else { Vec::new() };
        Some(Played { at, price_of, closed })
    }

    fn take_closed(&mut self) -> Vec<Closed> {
        let series = self.timetable.replay().series();
        let bar = |(index, bar): (usize, usize)| {
            let one = series.get(index)?;
            Some(Closed { instrument: one.instrument.clone(), bar: *one.bars.get(bar)? })
        };
        std::mem::take(&mut self.closed).into_iter().filter_map(bar).collect()
    }

    async fn time_comes(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        self.stage.time_is(self.now);
        self.inform(|| Input::Tick).await;
    }

    async fn inform(&self, make: impl Fn() -> Input + Clone + Send + 'static) {
        for account in self.in_step() {
            let make = make.clone();
            self.within(&account, account.inform(move |_| make())).await;
        }
        self.rest().await;
    }

    /// Waits until every account has come to rest. One that does not is left alone until it has.
    pub async fn rest(&self) {
        for account in self.in_step() {
            self.within(&account, account.at_rest()).await;
        }
    }

    /// The accounts that keep step. One that did not come to rest is told prices and sessions and
    /// nothing else: what nobody takes in would fill its queue, and the kill switch needs that.
    fn in_step(&self) -> Vec<AccountHandle> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.retain(|_, rests| !rests.is_finished());
        let mut accounts = self.desk.accounts();
        accounts.retain(|account| !late.contains_key(account.id()));
        accounts
    }

    /// An account's answer; `None` when it has stopped, or doesn't come in time.
    async fn within<T>(
        &self,
        account: &AccountHandle,
        answer: impl Future<Output = Result<T, DeskError>>,
    ) -> Option<T> {
        if let Ok(answer) = tokio::time::timeout(REST_WITHIN, answer).await {
            // An account that has stopped has nothing to say.
            return answer.ok();
        }
        tracing::warn!(account = %account.id(), "the replay does not wait any longer");
        let (id, account) = (account.id().clone(), account.clone());
        let rests = tokio::spawn(async move {
            // When the account has stopped there is nothing to wait for.
            let _ = account.at_rest().await;
        });
        self.late.lock().unwrap_or_else(PoisonError::into_inner).insert(id, rests);
        None
    }

    async fn happen(&self, what: &Happening, at: Timestamp) {
        if let Err(error) = self.market.happen(what, at) {
            tracing::error!(%error, "the venue could not take what happened");
        }
        self.rest().await;
    }

    async fn session(&self, kind: CalendarKind, session: Session, at: Timestamp) {
        let change = if session.open { SessionChange::Open } else { SessionChange::Close };
        for instrument in self.stage.instruments().iter().filter(|i| i.calendar == kind) {
            if let Err(error) = self.market.session(&instrument.id, change, at) {
                tracing::error!(%error, id = %instrument.id, "the venue could not change its session");
            }
        }
        self.rest().await;
        let told = tokio::time::timeout(REST_WITHIN, self.desk.session(kind, session));
        if told.await.is_err() {
            tracing::warn!("an account did not take a session in");
        }
        self.rest().await;
    }

    /// One price of a bar, and the levels on the way to it.
    async fn price(&mut self, tick: &Tick) {
        let replay = self.timetable.replay();
        let Ok(index) = replay.series().binary_search_by(|s| s.instrument.cmp(&tick.instrument))
        else {
            return;
        };
        let traded: Arc<[Instrument]> = self.stage.traded(&tick.instrument).into();
        let Some(calendar) = traded.first().map(|i| i.calendar) else { return };
        let torn = match replay.bar_of(tick).copied() {
            Some(bar) if self.courses[index].asks(tick) => self.torn(&traded, tick, bar).await,
            _ => Torn::default(),
        };
        let (course, replay) = (&mut self.courses[index], self.timetable.replay());
        let quote = course.turned(replay, tick, |bar| torn.low_first(bar));
        let mut volume = replay.traded(tick);
        if let Some(leg) = self.courses[index].leg(tick.phase, &quote) {
            volume = self.walk(&traded, leg, tick, volume).await;
        }
        self.time_comes(quote.at).await;
        let bars = &self.timetable.replay().series()[index].bars;
        let phase = venue_phase(calendar, bars, tick);
        self.tell(&traded, quote, volume, phase).await;
        self.courses[index].came_to(quote.last, quote.at);
        if tick.phase == Phase::Close {
            self.closed.push((index, tick.bar));
            self.tell_range(index, tick.bar, &traded).await;
        }
    }

    /// Positions of any account whose stop and target both lie inside a bar.
    async fn torn(&self, traded: &Arc<[Instrument]>, tick: &Tick, bar: Bar) -> Torn {
        let mut torn = Torn::default();
        let Some(quoter) = self.timetable.replay().quoter(&tick.instrument) else { return torn };
        let fill_limits_on = self.market.fill_limits_on();
        for account in self.in_step() {
            let traded = Arc::clone(traded);
            let look = move |core: &path::core::Core, _| {
                let quote = |price: Price, at: Timestamp| quoter.quote(price, at);
                Torn::of(&Levels { core, traded: &traded, fill_limits_on, quote: &quote }, &bar)
            };
            torn = torn.or(self.within(&account, account.look(look)).await.unwrap_or_default());
        }
        torn
    }

    /// Tells the levels of a leg at which any account acts. Returns what is left of the traded
    /// volume, of which each level had its equal share.
    async fn walk(
        &mut self,
        traded: &Arc<[Instrument]>,
        mut leg: Leg,
        tick: &Tick,
        mut volume: Option<Qty>,
    ) -> Option<Qty> {
        let Some(quoter) = self.timetable.replay().quoter(&tick.instrument) else { return volume };
        for _ in 0..LEVELS_MAX {
            let Some(stop) = self.next_level(traded, leg, quoter).await else { break };
            let part = volume.map(|volume| share(volume, stop.levels));
            volume = volume.zip(part).map(|(volume, part)| volume.minus(part));
            self.time_comes(stop.at).await;
            let level = quoter.quote(stop.price, stop.at);
            self.tell(traded, level, part, VenuePhase::Continuous).await;
            leg = leg.after(&stop);
        }
        volume
    }

    async fn next_level(
        &self,
        traded: &Arc<[Instrument]>,
        leg: Leg,
        quoter: Quoter,
    ) -> Option<Stop> {
        let fill_limits_on = self.market.fill_limits_on();
        let mut found = BTreeSet::new();
        for account in self.in_step() {
            let traded = Arc::clone(traded);
            let look = move |core: &path::core::Core, _| {
                let quote = |price: Price, at: Timestamp| quoter.quote(price, at);
                Levels { core, traded: &traded, fill_limits_on, quote: &quote }.of(&leg)
            };
            found.extend(self.within(&account, account.look(look)).await.unwrap_or_default());
        }
        leg.first_of(&found)
    }

    /// The venue hears a price, then the desk, as in life.
    async fn tell(
        &self,
        traded: &[Instrument],
        quote: Quote,
        traded_volume: Option<Qty>,
        phase: VenuePhase,
    ) {
        let accounts = self.desk.accounts();
        let coming: Vec<_> = accounts.iter().map(AccountHandle::expect_price).collect();
        let mut ticks = Vec::with_capacity(traded.len());
        quotes(traded, quote, |instrument, quote| {
            ticks.push(SimTick { instrument, quote, traded_volume, phase });
        });
        for tick in &ticks {
            if let Err(error) = self.market.price(tick, self.now) {
                tracing::error!(%error, id = %tick.instrument, "the venue could not take a price");
            }
            self.rest().await;
            self.desk.quote(&tick.instrument, tick.quote);
            self.rest().await;
        }
        // Some of what a price sets off is looked at with the next tick.
        self.inform(|| Input::Tick).await;
        drop(coming);
    }

    /// How far prices usually go, for entries without a stop that get one by that.
    async fn tell_range(&self, series: usize, bar: usize, traded: &[Instrument]) {
        let bars = &self.timetable.replay().series()[series].bars;
        let Some(range) = average_true_range(bars, bar) else { return };
        for instrument in traded {
            let instrument = instrument.id.clone();
            self.inform(move || Input::Range { instrument: instrument.clone(), range }).await;
        }
    }
}
