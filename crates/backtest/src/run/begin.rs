//! From a setup to a desk that has met its venue, before the first price.
//!
//! Everything that can be wrong with a setup is found here. It must not know how a run proceeds.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CalendarKind, InstallationId, Instrument, InstrumentId, Nanos, Origin, OriginKind, Principal,
    Timeframe, Timestamp, VenueId,
};
use market::{
    calendar::Calendar,
    replay::{Replay, ReplaySpec, Series},
};
use path::{
    broker::VenueEvent,
    core::{Core, Input, ReplyId},
    event::{AccountOpened, Event, LimitTarget},
    journal::{Draft, EventRecord, Head, JournalStore, LeaseToken, StreamBatch, StreamId},
    market::MarketView,
    policy::{AccountSpec, Mode},
    state::AccountState,
    terms::Terms,
    wire::Mono,
};
use venue_sim::{AccountSettings, Engine, SimError};

use super::{Backtest, Lane, Run, tells_range};
use crate::{
    driver::{Driver, Journal},
    error::BacktestError,
    feed::Timetable,
    outcome::Watcher,
    setup::Setup,
};

/// The lease under which a run writes; nobody else does.
const TOKEN: LeaseToken = LeaseToken(1);
/// Comparisons after which books and venue must have agreed.
const COMPARISONS_MAX: usize = 20;

fn setting(what: &'static str) -> impl Fn(String) -> BacktestError {
    move |why| BacktestError::Setting { what, why }
}

impl Backtest {
    /// Checks everything that a run rests on.
    ///
    /// # Errors
    /// [`BacktestError`] names what is wrong.
    pub fn new(mut setup: Setup) -> Result<Self, BacktestError> {
        setup.venue.validate()?;
        if !setup.venue.client_ids {
            return Err(BacktestError::ClientIds);
        }
        setup.policy.validate().map_err(|e| setting("policy")(e.to_string()))?;
        let spec = ReplaySpec { half_spread_bps: setup.half_spread_bps };
        let series = std::mem::take(&mut setup.series);
        check_series(&setup, &series)?;
        let replay = Replay::new(series, spec)?;
        let first = replay.next_at().ok_or(BacktestError::NoBars)?;
        let start = first.plus(Nanos(-1));
        let mut calendars: BTreeSet<CalendarKind> = [setup.calendar].into();
        calendars.extend(setup.listings.iter().map(|l| l.instrument.calendar));
        let calendars: Vec<CalendarKind> = calendars.into_iter().collect();
        let happenings = std::mem::take(&mut setup.happenings);
        let feed = Timetable::new(replay, &calendars, happenings, start);
        Ok(Self { setup, feed, start })
    }

    pub(super) fn begin(self, watcher: &mut dyn Watcher) -> Result<Run<'_>, BacktestError> {
        let Self { setup, feed, start } = self;
        let engine = venue(&setup, start)?;
        let mut journal = Journal::new(setup.keep);
        let state = opened(&setup, start, &mut journal)?;
        let capabilities = engine.config().capabilities();
        let market = MarketView::default();
        let core = Core::new(state, market, capabilities, TOKEN, Mono::default());
        let lanes = lanes(&setup, &feed);
        let mut driver = Driver::new(core, engine, journal, start, watcher);
        driver.start();
        furnish(&mut driver, &setup, &feed)?;
        meet(&mut driver)?;
        driver.core.compare_with(setup.compare);
        Ok(Run {
            driver,
            feed,
            lanes,
            closed: Vec::new(),
            wishes: Vec::new(),
            mark: None,
            origin: setup.origin,
            inside: setup.inside,
            half_spread_bps: setup.half_spread_bps,
            jump: setup.jump,
            tells_range: tells_range(setup.policy.without_stop),
        })
    }
}

/// Every series has an instrument and lies inside its sessions; every instrument has prices.
fn check_series(setup: &Setup, series: &[Series]) -> Result<(), BacktestError> {
    let with_bars: BTreeSet<&InstrumentId> = series.iter().map(|s| &s.instrument).collect();
    for listing in &setup.listings {
        let id = &listing.instrument.id;
        let source = listing.follows.as_ref().map_or(id, |f| &f.instrument);
        if !with_bars.contains(source) {
            return Err(BacktestError::NoPrices(id.clone()));
        }
    }
    let listed: BTreeMap<&InstrumentId, &Instrument> =
        setup.listings.iter().map(|l| (&l.instrument.id, &l.instrument)).collect();
    for one in series {
        let instrument = one.instrument.clone();
        let Some(rules) = listed.get(&instrument) else {
            return Err(BacktestError::Unlisted(instrument));
        };
        let calendar = rules.calendar;
        if calendar != CalendarKind::AlwaysOpen && one.timeframe == Timeframe::Week {
            return Err(BacktestError::Timeframe { instrument, timeframe: one.timeframe });
        }
        let hours = Calendar::of(calendar);
        let inside = |at: Timestamp| hours.is_open(at);
        let outside = one.bars.iter().position(|bar| {
            let opens = bar.open_at.plus(Nanos(1));
            !inside(opens) || !inside(bar.close_at)
        });
        if let Some(bar) = outside {
            return Err(BacktestError::OutsideSession { instrument, bar, calendar });
        }
    }
    Ok(())
}

fn lanes(setup: &Setup, feed: &Timetable) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for series in feed.replay.series() {
        let own = setup.listings.iter().find(|l| l.instrument.id == series.instrument);
        let Some(own) = own else { continue };
        let mut lane = Lane::new(own.instrument.clone());
        let follows = |l: &&crate::setup::Listing| {
            l.follows.as_ref().is_some_and(|f| f.instrument == series.instrument)
        };
        let followers = setup.listings.iter().filter(follows);
        lane.traded.extend(followers.map(|l| l.instrument.clone()));
        lanes.push(lane);
    }
    lanes
}

/// The venue with its instruments, and the account with its money.
fn venue(setup: &Setup, start: Timestamp) -> Result<Engine, BacktestError> {
    let mut engine = Engine::new(setup.venue.clone())?;
    for listing in setup.listings.iter().filter(|l| l.follows.is_none()) {
        let rules = &listing.instrument;
        rules.validate().map_err(|error| SimError::Rules {
            instrument: rules.id.clone(),
            why: error.to_string(),
        })?;
        engine.register(rules.clone());
    }
    for listing in &setup.listings {
        if let Some(follow) = &listing.follows {
            let (rules, source) = (listing.instrument.clone(), follow.instrument.clone());
            engine.list(rules, source, follow.funding_rate, start)?;
        }
    }
    let settings = AccountSettings::default().with_terms(&Terms::of(&setup.policy));
    engine.open_account(setup.account.clone(), settings)?;
    for money in &setup.cash {
        engine.deposit_at(&setup.account, money, start)?;
    }
    Ok(engine)
}

/// The account's first record, and the state that it folds to.
fn opened(
    setup: &Setup,
    at: Timestamp,
    journal: &mut Journal,
) -> Result<AccountState, BacktestError> {
    let wrong = setting("account");
    let spec = AccountSpec {
        id: setup.account.clone(),
        name: "Backtest".to_owned(),
        venue: VenueId::new("sim").map_err(|e| wrong(e.to_string()))?,
        identity: format!("backtest/{}", setup.account),
        mode: Mode::Replay,
        reporting: setup.reporting,
        calendar: setup.calendar,
    };
    let installation = InstallationId::new("bktest").map_err(|e| wrong(e.to_string()))?;
    let policy = setup.policy.clone();
    let event = Event::AccountOpened(AccountOpened { spec, policy, installation });
    let body = event.body().map_err(|e| wrong(e.to_string()))?.into();
    let (kind, version) = (event.kind().into(), event.version());
    let draft = Draft { at, wall_at: at, kind, version, body };
    let (stream, expected) = (StreamId::account(&setup.account), Head::default());
    let record = EventRecord::seal(&stream, &expected, draft);
    let records = vec![record];
    let folded = AccountState::fold(None, &stream, &records);
    let state = folded.map_err(|e| wrong(e.to_string()))?;
    let state = state.ok_or_else(|| wrong("its first record folds to nothing".to_owned()))?;
    journal.append(&[StreamBatch { stream, expected, token: TOKEN, records }]);
    Ok(state)
}

/// Instruments, sessions, rates, books and limits.
fn furnish(driver: &mut Driver<'_>, setup: &Setup, feed: &Timetable) -> Result<(), BacktestError> {
    let name = Principal::new("backtest").map_err(|e| setting("operator")(e.to_string()))?;
    let operator = Origin::new(OriginKind::Human, name);
    for (calendar, session) in feed.sessions() {
        driver.tell(Input::Session { calendar, session });
    }
    for listing in &setup.listings {
        driver.tell(Input::SetInstrument(Box::new(listing.instrument.clone())));
    }
    for (from, rate) in &setup.rates {
        // They hold to the end, so they never grow old.
        let (from, to, at) = (*from, setup.reporting, Timestamp(i64::MAX));
        driver.tell(Input::Rate { from, to, rate: *rate, at });
    }
    driver.tell(Input::Clusters(setup.clusters.clone()));
    let reply = Some(ReplyId(0));
    for book in &setup.books {
        let (name, by) = (book.to_string(), operator.clone());
        let book = book.clone();
        driver.set("books", Input::OpenBook { book, name, capital: None, by, reply })?;
    }
    let (target, limits) = (LimitTarget::Account, Box::new(setup.limits.clone()));
    driver.set("limits", Input::SetLimits { target, limits, by: operator, reply })?;
    Ok(())
}

/// Books and venue are compared until they agree.
fn meet(driver: &mut Driver<'_>) -> Result<(), BacktestError> {
    driver.tell(Input::Venue(VenueEvent::Connected));
    for _ in 0..COMPARISONS_MAX {
        driver.check()?;
        if driver.core.fitness().reconciled {
            return Ok(());
        }
        driver.pass(Nanos::from_secs(1));
        driver.tell(Input::Tick);
    }
    Err(BacktestError::NotReconciled)
}
