//! A whole desk in memory: journals that fail on demand, the simulated venue, the real driver.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use desk::{
    AccountHandle, Clock, Desk, Emergency, EmergencyRecord, LEASE_FOR, NewAccount, Ports, Run,
    SystemClock, Venue, deliver,
};
use domain::{
    AccountId, AssetClass, BookId, CalendarKind, Currency, InstallationId, Instrument,
    InstrumentId, Intent, IntentId, Money, OrderKind, Origin, OriginKind, Principal, Protective,
    Quote, Side, Size, TickSource, TimeInForce, VenueId,
};
use path::{
    broker::VenueEvent,
    core::Input,
    journal::{
        AppendError, Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, ReadError,
        SnapshotRecord, StreamBatch, StreamId,
    },
    market::Session,
    policy::{AccountSpec, Mode, Policy},
};
use venue_sim::{
    AccountSettings, MemoryStorage, Phase, SharedVenue, SimBroker, SimConfig, SimTick,
};

/// A journal in memory whose writes fail when it is told so.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    streams: BTreeMap<StreamId, Vec<EventRecord>>,
    heads: BTreeMap<StreamId, Head>,
    tokens: BTreeMap<StreamId, LeaseToken>,
    order: Vec<EmergencyRecord>,
    aside: Vec<EmergencyRecord>,
    cut_off: bool,
    failure: Option<AppendError>,
    fails_at: Option<(String, AppendError)>,
    generation: u64,
    kept_once: bool,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap()
    }

    /// From now on every write fails so, or none.
    pub fn fail(&self, failure: Option<AppendError>) {
        self.lock().failure = failure;
    }

    /// From the first record of that kind on every write fails so.
    pub fn fail_at(&self, kind: &str, failure: AppendError) {
        self.lock().fails_at = Some((kind.to_owned(), failure));
    }

    /// True when a write would go through.
    pub fn takes_writes(&self) -> bool {
        let tables = self.lock();
        tables.failure.is_none() && !tables.cut_off
    }

    /// The kinds of a stream's records.
    pub fn kinds(&self, stream: &StreamId) -> Vec<String> {
        let tables = self.lock();
        tables.streams.get(stream).into_iter().flatten().map(|r| r.kind.to_string()).collect()
    }

    /// The next clearing does nothing, as if the process had died before it.
    pub fn keep_on_clear(&self) {
        self.lock().kept_once = true;
    }

    /// From now on nothing can be written or read, as with a server that is away.
    pub fn cut_off(&self, away: bool) {
        self.lock().cut_off = away;
    }

    /// The kinds of the records that were set aside.
    pub fn aside(&self) -> Vec<String> {
        self.lock().aside.iter().map(|r| r.record.kind.to_string()).collect()
    }

    /// Records that the first run of the desk left.
    pub fn plant(&self, stream: &StreamId, events: &[path::event::Event]) {
        self.plant_under(LeaseToken(1), stream, events);
    }

    /// Records that were written under a lease.
    pub fn plant_under(&self, token: LeaseToken, stream: &StreamId, events: &[path::event::Event]) {
        let mut tables = self.lock();
        for event in events {
            let head = tables.heads.get(stream).copied().unwrap_or_default();
            let (kind, body) = (event.kind().into(), event.body().unwrap().into());
            let at = domain::Timestamp(1_000_000_000);
            let draft = Draft { at, wall_at: at, kind, version: event.version(), body };
            let record = EventRecord::seal(stream, &head, draft);
            tables.heads.insert(stream.clone(), record.head());
            tables.streams.entry(stream.clone()).or_default().push(record.clone());
            tables.order.push(EmergencyRecord { stream: stream.clone(), token, record });
        }
    }

    /// The leases under which records of a stream after a number were written.
    pub fn written_under(&self, stream: &StreamId, after: u64) -> Vec<LeaseToken> {
        let tables = self.lock();
        let after = |r: &&EmergencyRecord| r.stream == *stream && r.record.seq > after;
        tables.order.iter().filter(after).map(|r| r.token).collect()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.lock().order.len()
    }

    /// Somebody else takes the stream over.
    pub fn take_over(&self, stream: &StreamId, token: u64) {
        self.lock().tokens.insert(stream.clone(), LeaseToken(token));
    }
}

impl JournalStore for Memory {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        let mut tables = self.lock();
        let mut kinds = batches.iter().flat_map(|b| &b.records).map(|r| r.kind.to_string());
        if let Some((kind, failure)) = tables.fails_at.clone()
            && kinds.any(|k| k == kind)
        {
            (tables.fails_at, tables.failure) = (None, Some(failure));
        }
        if tables.cut_off {
            return batches.iter().map(|_| Err(AppendError::Io("away".to_owned()))).collect();
        }
        // What is nothing fits on a full disk.
        let nothing = batches.iter().all(|batch| batch.records.is_empty());
        let failure = tables.failure.clone().filter(|f| !(nothing && *f == AppendError::Full));
        if let Some(failure) = failure {
            return batches.iter().map(|_| Err(failure.clone())).collect();
        }
        batches
            .iter()
            .map(|batch| {
                let current = tables.tokens.get(&batch.stream).copied().unwrap_or_default();
                if batch.token < current {
                    return Err(AppendError::Fenced { held: batch.token.0, current: current.0 });
                }
                let head = tables.heads.get(&batch.stream).copied().unwrap_or_default();
                if head != batch.expected {
                    return Err(AppendError::Conflict {
                        expected: batch.expected.seq,
                        found: head.seq,
                    });
                }
                tables.tokens.insert(batch.stream.clone(), batch.token);
                for record in &batch.records {
                    tables.heads.insert(batch.stream.clone(), record.head());
                    let stream = tables.streams.entry(batch.stream.clone()).or_default();
                    stream.push(record.clone());
                    let (stream, record) = (batch.stream.clone(), record.clone());
                    tables.order.push(EmergencyRecord { stream, token: batch.token, record });
                }
                Ok(())
            })
            .collect()
    }
}

impl JournalReader for Memory {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        let tables = self.lock();
        if tables.cut_off {
            return Err(ReadError("away".to_owned()));
        }
        Ok(tables.heads.get(stream).copied().unwrap_or_default())
    }

    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError> {
        let tables = self.lock();
        if tables.cut_off {
            return Err(ReadError("away".to_owned()));
        }
        let records = tables.streams.get(stream).into_iter().flatten();
        Ok(records.filter(|r| r.seq > after).take(limit).cloned().collect())
    }

    fn snapshot(&self, _: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        Ok(None)
    }
}

impl Emergency for Memory {
    fn begin(&mut self, stream: &StreamId, head: Head) -> Result<(), AppendError> {
        self.lock().heads.insert(stream.clone(), head);
        Ok(())
    }

    fn set_aside(&mut self, records: &[EmergencyRecord]) -> Result<(), ReadError> {
        self.lock().aside.extend_from_slice(records);
        Ok(())
    }

    fn records(&self) -> Result<Vec<EmergencyRecord>, ReadError> {
        Ok(self.lock().order.clone())
    }

    fn generation(&self) -> u64 {
        self.lock().generation
    }

    fn clear(&mut self) -> Result<(), ReadError> {
        let mut tables = self.lock();
        if std::mem::take(&mut tables.kept_once) {
            return Ok(());
        }
        let generation = tables.generation + 1;
        let aside = std::mem::take(&mut tables.aside);
        *tables = Tables { generation, aside, ..Tables::default() };
        Ok(())
    }
}

/// A running desk and everything that can be done to it.
pub struct House {
    pub desk: Desk,
    pub account: AccountHandle,
    pub journal: Memory,
    pub emergency: Memory,
    pub venue: SharedVenue<MemoryStorage>,
    pub folder: tempfile::TempDir,
    pub clock: Arc<dyn Clock>,
}

pub fn symbol() -> InstrumentId {
    "sim:SYN".parse().unwrap()
}

pub fn account() -> AccountId {
    AccountId::new("main").unwrap()
}

pub fn instrument() -> Instrument {
    Instrument {
        id: symbol(),
        asset_class: AssetClass::Synthetic,
        base: Currency::new("SYN").unwrap(),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: "0.01".parse().unwrap(),
        tick_source: TickSource::Specified,
        step: "1".parse().unwrap(),
        min_qty: "1".parse().unwrap(),
        max_qty: None,
        min_notional: 0.into(),
        multiplier: 1.into(),
        calendar: CalendarKind::AlwaysOpen,
        shortable: false,
        tradable: true,
        contract: None,
    }
}

pub fn human() -> Origin {
    Origin::new(OriginKind::Human, Principal::new("ada").unwrap())
}

pub fn buy(name: &str, qty: &str, stop: Option<&str>) -> Intent {
    Intent {
        id: IntentId::new(name).unwrap(),
        account: account(),
        book: BookId::manual(),
        instrument: symbol(),
        side: Side::Buy,
        size: Size::Quantity(qty.parse().unwrap()),
        kind: OrderKind::Market,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        protective: Protective {
            stop: stop.map(|s| s.parse().unwrap()),
            target: None,
            ..Protective::default()
        },
        conditions: Default::default(),
        origin: human(),
        idempotency_key: Some(name.to_owned()),
    }
}

/// The ports of a desk over these journals.
pub fn ports(
    journal: &Memory,
    emergency: &Memory,
    clock: Arc<dyn Clock>,
    folder: &tempfile::TempDir,
) -> Ports {
    let (asked, told) = (journal.clone(), journal.clone());
    Ports {
        journal: Box::new(journal.clone()),
        emergency: Box::new(emergency.clone()),
        takes_writes: Arc::new(move || asked.takes_writes()),
        reader: Arc::new(journal.clone()),
        written_under: Arc::new(move |stream, after| Ok(told.written_under(stream, after))),
        save_snapshot: Arc::new(|_| {}),
        clock,
        kill_file: folder.path().join("KILL"),
    }
}

/// The identity of the desk's n-th run.
pub fn run(n: u32, clock: &dyn Clock) -> Run {
    Run {
        installation: InstallationId::new("abc123").unwrap(),
        incarnation: n,
        token: LeaseToken(u64::from(n)),
        lease_until: clock.mono().plus(domain::Nanos(LEASE_FOR.0 * 1_000)),
    }
}

/// Starts a desk over new journals.
pub async fn house() -> House {
    let (journal, emergency) = (Memory::default(), Memory::default());
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let ports = ports(&journal, &emergency, clock.clone(), &folder);
    let desk = Desk::open(ports, run(1, clock.as_ref())).unwrap();
    let (sender, events, overflow) = Desk::events();
    sender.try_send(VenueEvent::Connected).unwrap();
    let flag = overflow.clone();
    let sink = Arc::new(move |_: &AccountId, event: VenueEvent| deliver(&sender, &flag, event));
    let engine = venue_sim::Venue::open(SimConfig::default(), MemoryStorage::default()).unwrap();
    let venue = SharedVenue::new(engine, sink);
    venue.with(|v| {
        v.register(instrument()).unwrap();
        v.open_account(account(), AccountSettings::default()).unwrap();
        v.deposit(&account(), &Money::new(1_000_000.into(), Currency::usd())).unwrap();
    });
    let spec = AccountSpec {
        id: account(),
        name: "Main".to_owned(),
        venue: VenueId::new("sim").unwrap(),
        identity: "sim/main".to_owned(),
        mode: Mode::Paper,
        reporting: Currency::usd(),
        calendar: CalendarKind::AlwaysOpen,
    };
    desk.create_account(&NewAccount { spec, policy: Policy::default() }).await.unwrap();
    let now = clock.clone();
    let broker = Arc::new(SimBroker::new(venue.clone(), account(), Arc::new(move || now.now().at)));
    let handle = desk.start_account(&account(), Venue { broker, events, overflow }).unwrap();
    let house = House { desk, account: handle, journal, emergency, venue, folder, clock };
    house.account.inform(|_| Input::SetInstrument(Box::new(instrument()))).await.unwrap();
    house.desk.session(CalendarKind::AlwaysOpen, Session { open: true, day: 1 }).await;
    house.price("100").await;
    house.until(|core| core.fitness().reconciled).await;
    house
}

/// Waits, at most ten seconds, until it is so.
pub async fn eventually(is: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never was so");
}

/// An account that doesn't answer until this ends.
pub struct Silence(std::sync::mpsc::Sender<()>);

impl Silence {
    /// Keeps an account's task busy from now on.
    pub async fn of(account: &AccountHandle) -> Self {
        let (end, ended) = std::sync::mpsc::channel();
        let (began, begun) = tokio::sync::oneshot::channel();
        let account = account.clone();
        tokio::spawn(async move {
            let busy = move |_: &path::core::Core, _| {
                let _ = began.send(());
                let _ = tokio::task::block_in_place(|| ended.recv());
            };
            let _ = account.look(busy).await;
        });
        begun.await.unwrap();
        Self(end)
    }

    /// The account goes on.
    pub fn end(self) {
        let _ = self.0.send(());
    }
}

/// An account that may be added.
pub fn new_account(id: &str) -> NewAccount {
    let spec = AccountSpec {
        id: AccountId::new(id).unwrap(),
        name: id.to_owned(),
        venue: VenueId::new("sim").unwrap(),
        identity: format!("sim/{id}"),
        mode: Mode::Paper,
        reporting: Currency::usd(),
        calendar: CalendarKind::AlwaysOpen,
    };
    NewAccount { spec, policy: Policy::default() }
}

impl House {
    /// A second account, with a venue of its own.
    pub async fn another(&self, id: &str) -> AccountHandle {
        let id = AccountId::new(id).unwrap();
        let (sender, events, overflow) = Desk::events();
        sender.try_send(VenueEvent::Connected).unwrap();
        let flag = overflow.clone();
        let sink = Arc::new(move |_: &AccountId, event: VenueEvent| deliver(&sender, &flag, event));
        let engine =
            venue_sim::Venue::open(SimConfig::default(), MemoryStorage::default()).unwrap();
        let venue = SharedVenue::new(engine, sink);
        venue.with(|v| v.open_account(id.clone(), AccountSettings::default()).unwrap());
        self.desk.create_account(&new_account(id.as_str())).await.unwrap();
        let now = self.clock.clone();
        let broker = SimBroker::new(venue, id.clone(), Arc::new(move || now.now().at));
        let venue = Venue { broker: Arc::new(broker), events, overflow };
        self.desk.start_account(&id, venue).unwrap()
    }

    /// The market moves.
    pub async fn price(&self, last: &str) {
        let at = self.clock.now().at;
        let last: domain::Price = last.parse().unwrap();
        let quote = Quote { bid: last, ask: last, last, at };
        let tick =
            SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous };
        self.venue.on_tick(&tick, at).unwrap();
        self.desk.quote(&symbol(), quote);
        self.until(move |core| core.market().mark(&symbol()) == Some(last)).await;
    }

    /// Waits, at most ten seconds, until the core is so.
    pub async fn until(&self, is: impl Fn(&path::core::Core) -> bool + Send + Clone + 'static) {
        for _ in 0..1_000 {
            let is = is.clone();
            if self.account.look(move |core, _| is(core)).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the account did not get there");
    }

    /// Waits, at most ten seconds, until the journal has what the core has decided.
    pub async fn until_durable(&self) {
        let (journal, stream) = (self.journal.clone(), self.stream());
        self.until(move |core| journal.head(&stream).is_ok_and(|h| h == core.state().head)).await;
    }

    /// Closes so many basis points of the position.
    pub async fn close(&self, points: u32) -> path::core::Reply {
        let share = domain::Percent::basis_points(points);
        self.account.close(BookId::manual(), symbol(), share, None, human()).await.unwrap()
    }

    pub fn stream(&self) -> StreamId {
        StreamId::account(&account())
    }

    pub async fn position(&self) -> domain::SignedQty {
        self.account
            .look(|core, _| core.state().position(&BookId::manual(), &symbol()))
            .await
            .unwrap()
    }
}
