//! A live desk in memory over its own paper venue, with a replay on a stepped clock and runs.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(dead_code, reason = "not every test uses every helper")]

#[path = "../../../desk/tests/common/mod.rs"]
pub(crate) mod house;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use backtest::{Setup, Timetable};
use bars::{ImportOptions, import_csv};
use desk::{AccountHandle, Clock, Desk, NewAccount, Venue, deliver};
use domain::{
    AccountId, Bar, BookId, CalendarKind, InstallationId, Instrument, InstrumentId, Limits, Nanos,
    Origin, OriginKind, Principal, Timeframe, Timestamp, VenueId,
};
use formula::Decimals;
use house::{Memory, ports, run};
use market::{
    calendar::Calendar,
    replay::{Replay, ReplaySpec},
};
use path::{
    broker::VenueEvent,
    core::Input,
    journal::{EventRecord, Head, JournalReader, ReadError, SnapshotRecord, StreamId},
    market::{Now, Session},
    policy::{AccountSpec, KillLevel, Mode},
    terms::Terms as AccountTerms,
    wire::Mono,
};
use research::{
    stats::Settings,
    trial::{self, Events, Market, Terms, Trial},
};
use runner::{
    Change, Damaged, Feeds, Kept, NewRun, Player, RunError, RunId, RunRecord, Runs, Stage, Store,
};
use rust_decimal::Decimal;
use statement::Statement;
use venue_sim::{AccountSettings, MemoryStorage, SharedVenue, SimBroker};

/// Looks at a desk that has just begun until books and venue agree.
const ROUNDS_MAX: usize = 2_000;

fn us_session(date: jiff::civil::Date) -> Option<bars::Session> {
    let session = Calendar::of(CalendarKind::UsEquities).session_of_date(date)?;
    Some(bars::Session { open: session.open, close: session.close })
}

/// The last so many real daily bars of a stock.
pub(crate) fn bars_of(symbol: &str, count: usize) -> Vec<Bar> {
    let file = format!("{}/../../data/{symbol}-1d.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(file).unwrap();
    let calendar = us_session;
    let import =
        import_csv(text.as_slice(), &ImportOptions::new(Timeframe::Day, &calendar)).unwrap();
    let first = import.bars.len() - count;
    import.bars[first..].to_vec()
}

/// A trial with costs of every kind.
pub(crate) fn trial(source: &str, markets: &[(&str, Vec<Bar>)]) -> Trial {
    let strategy = strategy::read(source).unwrap();
    let market = |(symbol, bars): &(&str, Vec<Bar>)| Market {
        symbol: (*symbol).to_owned(),
        calendar: CalendarKind::UsEquities,
        tick: "0.01".parse().unwrap(),
        step: "1".parse().unwrap(),
        bars: bars.clone().into(),
        events: Events::default(),
        gaps: [].into(),
    };
    let d = |text: &str| text.parse::<Decimal>().unwrap();
    Trial {
        params: strategy.defaults(),
        strategy: Arc::new(strategy),
        markets: markets.iter().map(market).collect(),
        from: None,
        until: None,
        terms: Terms {
            cash: Decimal::from(100_000),
            fee: d("0.001"),
            slippage_bps: d("2"),
            half_spread_bps: d("1"),
            borrow_rate: d("0.03"),
            limits: Limits::default(),
            limits_name: "research".to_owned(),
            compare: None,
            figures: Settings { resample: None, ..Settings::default() },
        },
    }
}

pub(crate) fn operator() -> Origin {
    Origin::new(OriginKind::Human, Principal::new("operator").unwrap())
}

/// The clocks of the replay: time stands still between two prices.
struct Stepped {
    at: AtomicI64,
    mono: AtomicI64,
}

impl Clock for Stepped {
    fn now(&self) -> Now {
        let at = Timestamp(self.at.load(Ordering::SeqCst));
        Now { at, wall: at, mono: self.mono(), trusted: true }
    }

    fn mono(&self) -> Mono {
        Mono(self.mono.load(Ordering::SeqCst))
    }
}

struct Around {
    clock: Arc<Stepped>,
    instruments: Vec<Instrument>,
}

impl Stage for Around {
    fn time_is(&self, at: Timestamp) {
        let before = self.clock.at.fetch_max(at.0, Ordering::SeqCst);
        // As in a backtest, timers see at most a second between two prices.
        let passed = (at.0 - before).clamp(0, 1_000_000_000);
        self.clock.mono.fetch_add(passed, Ordering::SeqCst);
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.instruments.clone()
    }

    fn traded(&self, of: &InstrumentId) -> Vec<Instrument> {
        self.instruments.iter().filter(|i| i.id == *of).cloned().collect()
    }
}

/// Reads the journal, except while it can't.
#[derive(Clone)]
pub(crate) struct Reader {
    journal: Memory,
    pub(crate) broken: Arc<AtomicBool>,
}

impl JournalReader for Reader {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        self.journal.head(stream)
    }

    fn read(&self, stream: &StreamId, seq: u64, max: usize) -> Result<Vec<EventRecord>, ReadError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(ReadError("the disk does not answer".to_owned()));
        }
        self.journal.read(stream, seq, max)
    }

    fn snapshot(&self, stream: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        self.journal.snapshot(stream)
    }
}

/// Runs in memory, and the bars of the replay as history.
pub(crate) struct Rows {
    pub(crate) runs: Mutex<BTreeMap<RunId, RunRecord>>,
    /// What can't be read.
    pub(crate) damaged: Mutex<Vec<Damaged>>,
    /// The desk has no bars.
    pub(crate) no_feed: AtomicBool,
    series: Vec<(InstrumentId, Timeframe, Arc<[Bar]>)>,
}

impl Store for Rows {
    fn change(&self, _: Change, run: &RunRecord, _: &Origin) -> Result<(), String> {
        self.save(run)
    }

    fn save(&self, run: &RunRecord) -> Result<(), String> {
        self.runs.lock().unwrap().insert(run.id.clone(), run.clone());
        Ok(())
    }

    fn drop_run(&self, run: &RunId) -> Result<(), String> {
        self.runs.lock().unwrap().remove(run);
        Ok(())
    }

    fn all(&self) -> Result<Kept, String> {
        let runs = self.runs.lock().unwrap().values().cloned().collect();
        Ok(Kept { runs, damaged: self.damaged.lock().unwrap().clone() })
    }
}

impl Feeds for Rows {
    fn tells(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Result<(), String> {
        if self.no_feed.load(Ordering::SeqCst) {
            return Err("none".to_owned());
        }
        let known = self.series.iter().any(|(id, t, _)| id == instrument && *t == timeframe);
        if known { Ok(()) } else { Err("1d".to_owned()) }
    }

    fn decimals(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Option<Decimals> {
        let mine = self.series.iter().find(|(id, t, _)| id == instrument && *t == timeframe);
        mine.map(|(_, _, bars)| Decimals::of(bars))
    }

    fn past(&self, instrument: &InstrumentId, timeframe: Timeframe, until: Timestamp) -> Vec<Bar> {
        let mine = self.series.iter().find(|(id, t, _)| id == instrument && *t == timeframe);
        let bars = mine.map(|(_, _, bars)| bars.iter().copied()).into_iter().flatten();
        bars.filter(|bar| bar.close_at <= until).collect()
    }
}

/// The desk, its venue, the replay and the runs.
pub(crate) struct Stand {
    desk: Desk,
    pub(crate) account: AccountHandle,
    clock: Arc<Stepped>,
    pub(crate) journal: Memory,
    pub(crate) emergency: Memory,
    pub(crate) reader: Reader,
    player: Player,
    pub(crate) kept: Arc<Rows>,
    pub(crate) runs: Arc<Runs>,
    /// Equity at every close.
    pub(crate) curve: Vec<(Timestamp, Decimal)>,
    _folder: tempfile::TempDir,
}

impl Stand {
    /// The account and venue of a trial, on a live desk.
    pub(crate) async fn new(trial: &Trial) -> Self {
        let setup = trial::setup(trial).unwrap();
        let replay = Replay::new(
            setup.series.clone(),
            ReplaySpec { half_spread_bps: setup.half_spread_bps },
        )
        .unwrap();
        let start = replay.next_at().unwrap().plus(Nanos(-1));
        let (journal, emergency) = (Memory::default(), Memory::default());
        let folder = tempfile::tempdir().unwrap();
        let mono = AtomicI64::new(1_000_000_000);
        let clock = Arc::new(Stepped { at: AtomicI64::new(start.0), mono });
        let reader = Reader { journal: journal.clone(), broken: Arc::default() };
        let mut ports = ports(&journal, &emergency, clock.clone(), &folder);
        ports.reader = Arc::new(reader.clone());
        let installation = InstallationId::new("bktest").unwrap();
        let identity = desk::Run { installation, ..run(1, clock.as_ref()) };
        let desk = Desk::open(ports, identity).unwrap();
        let (account, venue) = connect(&desk, &setup, &clock).await;
        let timetable = Timetable::new(replay, &[CalendarKind::UsEquities], Vec::new(), start);
        let instruments = setup.listings.iter().map(|l| l.instrument.clone()).collect();
        let stage = Arc::new(Around { clock: clock.clone(), instruments });
        let series =
            setup.series.iter().map(|s| (s.instrument.clone(), s.timeframe, s.bars.clone()));
        let kept = Arc::new(Rows {
            runs: Mutex::default(),
            damaged: Mutex::default(),
            no_feed: AtomicBool::new(false),
            series: series.collect(),
        });
        furnish(&desk, &account, &setup, &clock, &timetable).await;
        let runs = Arc::new(Runs::new(desk.clone(), kept.clone(), kept.clone()));
        let player = Player::new(timetable, desk.clone(), Arc::new(venue), stage);
        Self {
            desk,
            account,
            clock,
            journal,
            emergency,
            reader,
            player,
            kept,
            runs,
            curve: Vec::new(),
            _folder: folder,
        }
    }

    /// Starts a strategy in a book of its own.
    pub(crate) async fn start(&self, source: &str) -> Result<RunRecord, RunError> {
        let new = NewRun {
            strategy_id: None,
            source: source.to_owned(),
            account: self.account.id().clone(),
            book: BookId::new("strategy").unwrap(),
            params: BTreeMap::new(),
            by: operator(),
        };
        self.runs.start(new).await
    }

    /// The runs are forgotten and taken up again, as after a restart.
    pub(crate) async fn runs_again(&mut self) {
        self.runs = Arc::new(Runs::new(self.desk.clone(), self.kept.clone(), self.kept.clone()));
        self.runs.take_up().await.unwrap();
        self.runs.catch_up().await;
    }

    /// Plays up to the next close; false when history has ended.
    pub(crate) async fn play_bar(&mut self) -> bool {
        while let Some(played) = self.player.play().await {
            if played.closed.is_empty() {
                continue;
            }
            let equity = self.account.look(|core, _| core.book().equity()).await.unwrap();
            self.curve.push((played.at, equity.unwrap()));
            self.runs.bars_closed(played.at, Timeframe::Day, &played.closed).await;
            self.player.rest().await;
            return true;
        }
        false
    }

    pub(crate) async fn play_all(&mut self) {
        while self.play_bar().await {}
    }

    pub(crate) async fn holds(&self, symbol: &str) -> bool {
        let id: InstrumentId = format!("sim:{symbol}").parse().unwrap();
        let look = self.account.look(move |core, _| !core.state().net_position(&id).is_zero());
        look.await.unwrap()
    }

    /// Pulls the kill switch of the whole desk.
    pub(crate) async fn kill(&self, level: KillLevel) {
        assert!(self.desk.kill(level, operator(), "a test".to_owned()).await.acknowledged);
    }

    /// Releases the kill switch.
    pub(crate) async fn release_kill(&self) {
        self.desk.release_kill(operator()).await.unwrap();
    }

    /// How many records of a kind the account's journal has.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let kinds = self.journal.kinds(&StreamId::account(self.account.id()));
        kinds.iter().filter(|k| *k == kind).count()
    }

    /// Closed round trips as the journal tells them.
    pub(crate) fn trades<T: for<'a> From<&'a statement::RoundTrip>>(&self) -> Vec<T> {
        let stream = StreamId::account(self.account.id());
        let mut statement = Statement::default();
        for record in self.journal.read(&stream, 0, usize::MAX).unwrap() {
            let event = path::event::Event::decode(&record.kind, record.version, &record.body);
            statement.take(record.at, &event.unwrap()).unwrap();
        }
        let mut trips: Vec<(u64, &statement::RoundTrip)> = (1..).zip(statement.trips()).collect();
        trips.sort_by_key(|(id, trip)| (trip.closed, *id));
        trips.into_iter().map(|(_, trip)| T::from(trip)).collect()
    }
}

/// The account at its venue, started.
async fn connect(
    desk: &Desk,
    setup: &Setup,
    clock: &Arc<Stepped>,
) -> (AccountHandle, SharedVenue<MemoryStorage>) {
    let id: AccountId = setup.account.clone();
    let (sender, events, overflow) = Desk::events();
    sender.try_send(VenueEvent::Connected).unwrap();
    let flag = overflow.clone();
    let sink = Arc::new(move |_: &AccountId, event: VenueEvent| deliver(&sender, &flag, event));
    let venue = venue_sim::Venue::open(setup.venue.clone(), MemoryStorage::default()).unwrap();
    let venue = SharedVenue::new(venue, sink);
    let settings = AccountSettings::default().with_terms(&AccountTerms::of(&setup.policy));
    venue.with(|v| {
        for listing in &setup.listings {
            v.register(listing.instrument.clone()).unwrap();
        }
        v.open_account(id.clone(), settings).unwrap();
        v.deposit(&id, &setup.cash[0]).unwrap();
    });
    let spec = AccountSpec {
        id: id.clone(),
        name: "Live".to_owned(),
        venue: VenueId::new("sim").unwrap(),
        identity: "sim/live".to_owned(),
        mode: Mode::Replay,
        reporting: setup.reporting,
        calendar: setup.calendar,
    };
    desk.create_account(&NewAccount { spec, policy: setup.policy.clone() }).await.unwrap();
    let read = clock.clone();
    let broker = SimBroker::new(venue.clone(), id.clone(), Arc::new(move || read.now().at));
    let port = Venue { broker: Arc::new(broker), events, overflow };
    (desk.start_account(&id, port).unwrap(), venue)
}

async fn furnish(
    desk: &Desk,
    account: &AccountHandle,
    setup: &Setup,
    clock: &Stepped,
    timetable: &Timetable,
) {
    for listing in &setup.listings {
        let instrument = listing.instrument.clone();
        let set = move |_| Input::SetInstrument(Box::new(instrument.clone()));
        account.inform(set).await.unwrap();
    }
    let sessions: Vec<(CalendarKind, Session)> = timetable.sessions().collect();
    for (calendar, session) in sessions {
        desk.session(calendar, session).await;
    }
    for _ in 0..ROUNDS_MAX {
        clock.mono.fetch_add(100_000_000, Ordering::SeqCst);
        account.inform(|_| Input::Tick).await.unwrap();
        if account.look(|core, _| core.fitness().reconciled).await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("books and venue do not agree");
}
