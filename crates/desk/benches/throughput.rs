//! How fast orders travel with the journal on disk: latency of one at a time, and throughput from
//! one account and from 64. Prints figures; asserts none, because machines differ.
//!
//! `cargo bench -p cofferdam-desk`, and `tools/postgres with cargo bench -p cofferdam-desk` for the same
//! on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a measurement that can't be set up has failed")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use common::{buy, instrument, symbol};
use desk::{
    AccountHandle, Clock, Desk, Emergency, EmergencyRecord, NewAccount, Ports, Run, SystemClock,
    Tenure, Venue, deliver,
};
use domain::{AccountId, CalendarKind, Currency, Intent, Money, Nanos, Quote, VenueId};
use path::{
    broker::VenueEvent,
    core::{Input, Reply},
    journal::{AppendError, Head, JournalStore, LeaseToken, ReadError, StreamBatch, StreamId},
    market::Session,
    policy::{AccountSpec, Mode, Policy, WithoutStop},
};
use store::{DataDirLock, Database, EmergencyJournal};
use venue_sim::{
    AccountSettings, MemoryStorage, Phase, SharedVenue, SimBroker, SimConfig, SimTick,
};

struct Port(EmergencyJournal);

impl JournalStore for Port {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        self.0.append(batches)
    }
}

impl Emergency for Port {
    fn begin(&mut self, stream: &StreamId, head: Head) -> Result<(), AppendError> {
        self.0.begin(stream, head)
    }
    fn records(&self) -> Result<Vec<EmergencyRecord>, ReadError> {
        Ok(Vec::new())
    }
    fn set_aside(&mut self, _: &[EmergencyRecord]) -> Result<(), ReadError> {
        Ok(())
    }
    fn generation(&self) -> u64 {
        self.0.generation()
    }
    fn clear(&mut self) -> Result<(), ReadError> {
        Ok(())
    }
}

/// Names the server; without it the journal is a file in this folder.
const SERVER: &str = "COFFERDAM_TEST_DATABASE_URL";
/// Longer than any measurement.
const HELD_FOR: Nanos = Nanos::from_secs(3_600);

struct Bench {
    desk: Desk,
    accounts: Vec<AccountHandle>,
    _folder: tempfile::TempDir,
}

/// The next set of accounts: on a server they outlive a measurement.
fn next_set() -> usize {
    static SETS: AtomicUsize = AtomicUsize::new(0);
    SETS.fetch_add(1, Ordering::Relaxed)
}

async fn set_up(count: usize) -> Bench {
    let folder = tempfile::Builder::new().prefix("bench").tempdir_in(".").unwrap();
    let lock = DataDirLock::acquire(folder.path()).unwrap();
    let server = std::env::var(SERVER).ok().map(|url| url.parse().unwrap());
    let database = Database::open(&lock, server.as_ref()).unwrap();
    let installation = database.meta().installation().unwrap();
    let emergency =
        EmergencyJournal::open(folder.path().join("e"), &installation, 4 << 20).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let leases = database.leases();
    // On a server each account has a lease of its own.
    let token = match server {
        Some(_) => LeaseToken::default(),
        None => leases.acquire("desk", "bench", HELD_FOR, clock.now().wall).unwrap(),
    };
    let ports = Ports {
        journal: database.journal().unwrap(),
        emergency: Box::new(Port(emergency)),
        takes_writes: Arc::new(|| true),
        written_under: Arc::new(|_, _| Ok(Vec::new())),
        reader: Arc::new(database.reader()),
        save_snapshot: Arc::new(|_| {}),
        clock: clock.clone(),
        kill_file: folder.path().join("KILL"),
    };
    let lease_until = clock.mono().plus(HELD_FOR);
    let desk = Desk::open(ports, Run { installation, incarnation: 1, token, lease_until }).unwrap();
    let (mut accounts, set) = (Vec::new(), next_set());
    for number in 0..count {
        let id = AccountId::new(format!("s{set}a{number}")).unwrap();
        let token = server.as_ref().map_or(token, |_| {
            let now = leases.now(clock.now().wall).unwrap();
            leases.acquire(&format!("account/{id}"), "bench", HELD_FOR, now).unwrap()
        });
        let tenure = Tenure { token, until: lease_until, incarnation: 1 };
        accounts.push(open_account(&desk, &clock, id, tenure).await);
    }
    desk.session(CalendarKind::AlwaysOpen, Session { open: true, day: 1 }).await;
    Bench { desk, accounts, _folder: folder }
}

/// Every account has a venue of its own, so that the venue's lock is not what is measured.
async fn open_account(
    desk: &Desk,
    clock: &Arc<dyn Clock>,
    id: AccountId,
    tenure: Tenure,
) -> AccountHandle {
    let (sender, events, overflow) = Desk::events();
    sender.try_send(VenueEvent::Connected).unwrap();
    let flag = overflow.clone();
    let sink = Arc::new(move |_: &AccountId, event: VenueEvent| deliver(&sender, &flag, event));
    let engine = venue_sim::Venue::open(SimConfig::default(), MemoryStorage::default()).unwrap();
    let venue = SharedVenue::new(engine, sink);
    let at = clock.now().at;
    let last: domain::Price = "100".parse().unwrap();
    let quote = Quote { bid: last, ask: last, last, at };
    venue.with(|v| {
        v.register(instrument()).unwrap();
        v.open_account(id.clone(), AccountSettings::default()).unwrap();
        v.deposit(&id, &Money::new(1_000_000_000.into(), Currency::usd())).unwrap();
    });
    let tick =
        SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous };
    venue.on_tick(&tick, at).unwrap();
    let spec = AccountSpec {
        id: id.clone(),
        name: id.to_string(),
        venue: VenueId::new("sim").unwrap(),
        identity: format!("sim/{id}"),
        mode: Mode::Paper,
        reporting: Currency::usd(),
        calendar: CalendarKind::AlwaysOpen,
    };
    let policy = Policy { without_stop: WithoutStop::Allow, ..Policy::default() };
    desk.create_account_under(&NewAccount { spec, policy }, tenure.token).await.unwrap();
    let now = clock.clone();
    let broker = Arc::new(SimBroker::new(venue, id.clone(), Arc::new(move || now.now().at)));
    let venue = Venue { broker, events, overflow };
    let handle = desk.start_account_under(&id, venue, tenure).unwrap();
    handle.inform(|_| Input::SetInstrument(Box::new(instrument()))).await.unwrap();
    handle.quote(symbol(), quote);
    loop {
        let ready = handle
            .look(|core, _| core.fitness().reconciled && core.market().mark(&symbol()).is_some());
        if ready.await.unwrap() {
            return handle;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn intent(account: &AccountHandle, number: usize) -> Intent {
    let mut intent = buy(&format!("i{number}"), "1", None);
    intent.account = account.id().clone();
    intent
}

/// One order after another: the time from the wish to the fill in the books.
async fn latency(orders: usize) {
    let bench = set_up(1).await;
    let account = &bench.accounts[0];
    let mut listener = bench.desk.subscribe();
    let mut spans = Vec::with_capacity(orders);
    for number in 0..orders {
        let started = Instant::now();
        account.submit(intent(account, number)).await.unwrap();
        loop {
            let news = listener.recv().await.unwrap();
            if news.events.iter().any(|e| e.kind() == "filled") {
                break;
            }
        }
        spans.push(started.elapsed());
    }
    spans.sort();
    println!(
        "intent to fill in the books, journal on disk: median {:?}, p99 {:?} ({orders} orders)",
        spans[orders / 2],
        spans[orders * 99 / 100]
    );
}

/// Many orders under way at once: orders per second until all are filled and durable.
async fn throughput(accounts: usize, orders: usize) {
    const UNDER_WAY: usize = 512;
    let bench = set_up(accounts).await;
    let slots = Arc::new(tokio::sync::Semaphore::new(UNDER_WAY));
    let started = Instant::now();
    let mut tasks = Vec::with_capacity(orders);
    for number in 0..orders {
        let account = bench.accounts[number % accounts].clone();
        let slot = slots.clone().acquire_owned().await.unwrap();
        tasks.push(tokio::spawn(async move {
            let reply = account.submit(intent(&account, number)).await.unwrap();
            drop(slot);
            matches!(reply, Reply::Recorded { .. })
        }));
    }
    let mut recorded = 0;
    for task in tasks {
        recorded += usize::from(task.await.unwrap());
    }
    for account in &bench.accounts {
        while !account.look(|core, _| core.state().live.is_empty()).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(recorded, orders, "every order must be recorded for the figure to mean anything");
    println!(
        "{accounts:>2} accounts: {:.0} orders/s recorded, sent, filled and booked ({orders} orders)",
        f64::from(u32::try_from(orders).unwrap()) / seconds
    );
    bench.desk.stop().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        latency(500).await;
        throughput(1, 5_000).await;
        throughput(64, 10_000).await;
    });
}
