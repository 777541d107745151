//! `cofferdam up`: from a data folder to a running desk.
//!
//! The order matters: lock, store, lease, kill file, accounts, and only then the first socket.

mod clock;
mod contracts;
mod demo;
mod doors;
mod error;
mod feed;
mod ids;
mod instance;
pub(crate) mod key;
mod listen;
mod listings;
mod market_data;
mod others;
pub(crate) mod people;
mod ports;
mod research;
mod run_feeds;
mod run_rows;
mod strategies;
mod tenancy;
mod together;
mod trader;
mod uses;
mod venue;

use std::{path::PathBuf, sync::Arc, time::Duration};

use api::Certificate;
use clap::Args;
use desk::{Clock, Desk, Ports, Run, clock::boot_time};
use domain::AccountId;
pub(crate) use error::ServeError;
use identity::Identity;
use listen::{ListenArgs, Plan};
use market_data::Markets;
use others::SharedSwitch;
use research::Research;
use runner::Runs;
use store::{DataDirLock, Database, DatabaseUrl, EMERGENCY_FILE, EmergencyJournal};
use tenancy::Tenancy;
use uses::DatabaseUse;
use venue::Simulated;

/// Size of the emergency journal.
const EMERGENCY_BYTES: u64 = 4 * 1024 * 1024;
/// How long tasks may take to end after the desk has stopped.
const TASKS_END_WITHIN: Duration = Duration::from_secs(2);
/// How often the heads of all streams are recorded.
const HEADS_EVERY: Duration = Duration::from_secs(300);

/// Options of `cofferdam up`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) listening: ListenArgs,
    /// Start a demo: a paper account on replayed daily bars of IBM and GOOG, two synthetic symbols
    /// and a perpetual contract on one of them, with a small trader that is already trading.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Replay the stored bars from this date on (YYYY-MM-DD) instead of following the wall clock.
    #[arg(long, value_name = "DATE")]
    pub(crate) replay_from: Option<String>,
    /// Folder of the simulated venue's own file; the data folder if absent.
    #[arg(long, value_name = "DIR")]
    pub(crate) venue_dir: Option<PathBuf>,
    /// Hold only these accounts (ID,ID…) of those that several desks share in a database; without
    /// it every account that is free.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) accounts: Option<Vec<AccountId>>,
    /// Seconds that a lease lasts without renewal.
    #[arg(long, hide = true, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=60))]
    pub(crate) lease_seconds: u32,
    /// Real seconds that one replayed session takes.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) session_seconds: u32,
}

/// Serves until the process is asked to stop.
pub(crate) fn up(
    args: &UpArgs,
    data_dir: PathBuf,
    url: Option<DatabaseUrl>,
) -> Result<(), ServeError> {
    // Whether anybody exists is known once the folder is open. What can't be served whoever exists
    // is refused before anything is made.
    let certificate = listen::judge(&args.listening, false)?.certificate()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ServeError::io("start the runtime"))?;
    let served = runtime.block_on(serve(args, certificate, data_dir, url));
    // A task that hangs keeps the process from nothing.
    runtime.shutdown_timeout(TASKS_END_WITHIN);
    served
}

/// What a data folder holds.
struct House {
    lock: DataDirLock,
    database: Database,
    tenancy: Tenancy,
    identity: Arc<Identity>,
    /// The bootstrap key while nobody exists.
    key: Option<String>,
}

fn open_house(
    args: &UpArgs,
    data_dir: &PathBuf,
    url: Option<&DatabaseUrl>,
) -> Result<House, ServeError> {
    let lock = DataDirLock::acquire(data_dir)?;
    for repair in lock.repairs() {
        tracing::warn!(%repair, "permissions tightened");
    }
    let database = Database::open(&lock, url)?;
    let name = instance::name(lock.dir())?;
    let only = args.accounts.clone().map(|ids| ids.into_iter().collect());
    let tenancy = Tenancy::open(database.clone(), name, only, args.lease_seconds)?;
    let identity = people::open(Arc::new(database.identities()))?;
    let key = people::keys_at_start(lock.dir(), &identity)?;
    Ok(House { lock, database, tenancy, identity, key })
}

async fn serve(
    args: &UpArgs,
    certificate: Option<Certificate>,
    data_dir: PathBuf,
    url: Option<DatabaseUrl>,
) -> Result<(), ServeError> {
    let house = open_house(args, &data_dir, url.as_ref())?;
    let plan = listen::judge(&args.listening, house.identity.needs_setup())?;
    let markets = Markets::prepare(args, &house)?;
    let clock = markets.clock.clone();
    let desk = open_desk(&house, clock.clone())?;
    desk.record_start(env!("CARGO_PKG_VERSION")).await?;
    let venue_dir = args.venue_dir.as_deref().unwrap_or(house.lock.dir());
    let venue_log = house.database.venue_log(venue_dir)?;
    let venue = Simulated::open(venue_log, markets.venue_config())?;
    for instrument in markets.listings.all().values() {
        venue.register(instrument)?;
    }
    if args.demo {
        demo::contracts(&venue, &markets.listings, clock.now().at)?;
    }
    markets.listings.take_over(&venue);
    let leases = house.tenancy.clone();
    desk.on_end(Arc::new(move |id, token| {
        let (leases, id) = (leases.clone(), id.clone());
        tokio::task::spawn_blocking(move || leases.let_go(&id, token));
    }));
    let accounts = doors::Accounts::new(&desk, &venue, &markets, &house.tenancy);
    if let Some(kills) = house.database.kills() {
        let (leases, name) = (house.database.leases(), house.tenancy.name().to_owned());
        let switch = SharedSwitch::new(kills, leases, name, args.lease_seconds);
        desk.share_with(Arc::new(switch.clone()));
        accounts.heed(switch.clone());
        tokio::spawn(switch.watch(desk.clone()));
    }
    if let Some(uses) = house.database.uses() {
        let uses = DatabaseUse::start(uses, house.tenancy.clone(), desk.current_use())
            .map_err(ServeError::io("start a thread"))?;
        desk.share_limits_with(uses);
    }
    house.tenancy.start_all(&desk, &accounts).await?;
    if args.demo {
        demo::accounts(&accounts).await?;
    }
    if let Some(level) = desk.kill_file().level() {
        let by = doors::file_origin();
        // A file that was left here says nothing about the other desks on the same database.
        desk.kill_here(level, by, "kill file".to_owned()).await;
    }
    let runs = strategies_at_work(&house, &desk, &markets);
    let research = open_research(&house, &markets)?;
    let stop = asked_to_stop();
    let open = plan.open(certificate).await?;
    house.tenancy.spawn(&desk, &accounts)?;
    spawn_duties(&desk);
    let background =
        markets.into_feed(desk.clone(), runs.clone(), venue.clone(), house.tenancy.clone())?;
    let feed = tokio::spawn(background.run());
    if args.demo {
        tokio::spawn(trader::run(desk.clone()));
    }
    let state = doors::state(&house, &accounts, &desk, runs, &plan, &research);
    people::spawn(&house.identity);
    announce(args, &plan, &house, &data_dir)?;
    let served = api::serve_doors(open, state, stop).await;
    feed.abort();
    research.close();
    desk.stop().await;
    if let Err(error) = desk.record_heads().await {
        tracing::warn!(%error, "the heads were not recorded");
    }
    house.tenancy.release();
    served.map_err(ServeError::io("serve"))
}

/// What runs; it is taken up once prices are told.
fn strategies_at_work(house: &House, desk: &Desk, markets: &Markets) -> Arc<Runs> {
    let rows = run_rows::RunRows::new(house.database.strategy_runs());
    Arc::new(Runs::new(desk.clone(), Arc::new(rows), markets.feeds()))
}

fn open_research(house: &House, markets: &Markets) -> Result<Research, ServeError> {
    let (bars, name) = (markets.store.clone(), house.tenancy.name().to_owned());
    let identity = house.identity.clone();
    let people: research::Names = Arc::new(move |owner| identity.owner_name(owner));
    let runs = house.database.runs();
    let research = Research::open(runs, bars, markets.clock.clone(), name, people)?;
    research.spawn().map_err(ServeError::io("start a thread"))?;
    Ok(research)
}

fn open_desk(house: &House, clock: Arc<dyn Clock>) -> Result<Desk, ServeError> {
    let dir = house.lock.dir();
    let meta = house.database.meta();
    let installation = meta.installation()?;
    let emergency =
        EmergencyJournal::open(dir.join(EMERGENCY_FILE), &installation, EMERGENCY_BYTES)?;
    let incarnation = meta.next_incarnation()?;
    let waiting = emergency.entries()?.entries.into_iter().map(|entry| entry.stream);
    let borrowed = house.tenancy.take_for_merge(waiting.collect())?;
    let snapshots = house.database.snapshots();
    let journal = house.database.reader();
    let ports = Ports {
        journal: house.database.journal()?,
        emergency: Box::new(ports::EmergencyPort(emergency)),
        takes_writes: ports::write_trial(&house.database, dir),
        written_under: Arc::new(move |stream, after| journal.written_under(stream, after)),
        reader: Arc::new(house.database.reader()),
        save_snapshot: Arc::new(move |snapshot| {
            if let Err(error) = snapshots.save_snapshot(&snapshot) {
                tracing::warn!(%error, "a snapshot was not kept");
            }
        }),
        clock,
        kill_file: dir.join("KILL"),
    };
    let run = Run {
        installation,
        incarnation,
        token: house.tenancy.desk_token(),
        // Every account has a lease of its own.
        lease_until: boot_time(),
    };
    let desk = Desk::open_under(ports, run, |stream| house.tenancy.token(stream));
    house.tenancy.give_back(borrowed);
    Ok(desk?)
}

/// Watches the kill file, records heads.
fn spawn_duties(desk: &Desk) {
    let watched = desk.clone();
    tokio::spawn(async move { watched.watch_kill_file().await });
    let recorded = desk.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(HEADS_EVERY);
        every.tick().await;
        loop {
            every.tick().await;
            if let Err(error) = recorded.record_heads().await {
                tracing::warn!(%error, "the heads were not recorded");
            }
        }
    });
}

/// Listens for the wish to stop from this call on, so that none is missed while the desk starts.
fn asked_to_stop() -> impl Future<Output = ()> {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        match terminate {
            Ok(mut terminate) => tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            },
            Err(error) => {
                tracing::warn!(%error, "only an interrupt stops the desk");
                // Without the handler the signal ends the process by itself.
                let _ = tokio::signal::ctrl_c().await;
            }
        }
    }
}

fn announce(
    args: &UpArgs,
    plan: &Plan,
    house: &House,
    data_dir: &std::path::Path,
) -> Result<(), ServeError> {
    let here = plan.on_this_machine();
    println!("Cofferdam {} is up on {}", env!("CARGO_PKG_VERSION"), plan.places());
    println!("Data folder: {}", data_dir.display());
    people::invite(&house.identity, house.lock.dir(), here)?;
    if args.demo {
        demo::tour(here, house.key.as_deref(), data_dir);
    } else if house.key.is_some() {
        println!("Key: in {} (0600), until the set-up", key::path(house.lock.dir()).display());
    }
    Ok(())
}
