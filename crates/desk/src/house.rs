//! The desk: its accounts, its budget, its writer, its kill file.
//!
//! It must not know how doors look or where prices come from.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

use domain::{AccountId, CalendarKind, InstallationId, InstrumentId, Nanos, Origin, Quote};
use path::{
    broker::VenueEvent,
    budget::{DeskLimits, DeskUse},
    core::{Core, Input},
    event::{AccountOpened, Event},
    journal::{Draft, EventRecord, Head, JournalReader, LeaseToken, StreamBatch, StreamId},
    market::{MarketView, Session},
    wire::{Mono, Wire},
};
use tokio::sync::{broadcast, mpsc};

use crate::{
    account::AccountHandle,
    actor::{Actor, COMMANDS_MAX, EVENTS_MAX, Parts},
    clock::Clock,
    error::DeskError,
    killfile::KillFile,
    load,
    merge::merge,
    ports::{Ports, SaveSnapshot},
    quotes::Quotes,
    register::{DeskEvent, Register},
    shared::{NewAccount, Published, SharedBudget, Venue},
    switch::file_origin,
    writer::Writer,
};

/// How long a lease lasts without renewal.
pub const LEASE_FOR: Nanos = Nanos::from_secs(10);
/// Events that a slow listener may be behind before it loses some.
const PUBLISHED_MAX: usize = 4_096;
/// How often the kill file is read.
const KILL_FILE_EVERY: Duration = Duration::from_millis(250);

/// The running desk. Clones are cheap.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    writer: Writer,
    reader: Arc<dyn JournalReader + Send + Sync>,
    save_snapshot: SaveSnapshot,
    clock: Arc<dyn Clock>,
    kill_file: KillFile,
    budget: SharedBudget,
    installation: InstallationId,
    incarnation: u32,
    token: LeaseToken,
    lease_until: Mutex<Mono>,
    accounts: RwLock<BTreeMap<AccountId, AccountHandle>>,
    clusters: Mutex<BTreeMap<InstrumentId, u32>>,
    published: broadcast::Sender<Arc<Published>>,
    register: tokio::sync::Mutex<Register>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({} accounts)", self.accounts().len())
    }
}

/// The identity of one run of a desk.
#[derive(Debug, Clone)]
pub struct Run {
    /// Whose order ids are used.
    pub installation: InstallationId,
    /// Grows by one with every start.
    pub incarnation: u32,
    /// The lease over all streams.
    pub token: LeaseToken,
    /// Until when the lease holds.
    pub lease_until: Mono,
}

impl Desk {
    /// Starts the journal's writer, after merging what an earlier run left in the emergency
    /// journal.
    ///
    /// # Errors
    /// [`DeskError`] when the merge fails or the thread can't start.
    pub fn open(ports: Ports, run: Run) -> Result<Self, DeskError> {
        let Ports { mut journal, mut emergency, has_room, reader, save_snapshot, clock, kill_file } =
            ports;
        let merged = merge(journal.as_mut(), emergency.as_mut(), reader.as_ref(), |_| run.token)?;
        if merged > 0 {
            tracing::info!(merged, "records of the emergency journal merged");
        }
        let register = Register::load(reader.as_ref())?;
        let budget = SharedBudget::default();
        budget.lock().set_limits(register.limits.clone());
        let writer = Writer::start(journal, emergency, reader.clone(), has_room)
            .map_err(|source| DeskError::File { what: "start the journal".to_owned(), source })?;
        let (published, _) = broadcast::channel(PUBLISHED_MAX);
        Ok(Self(Arc::new(Inner {
            writer,
            reader,
            save_snapshot,
            clock,
            kill_file: KillFile::new(kill_file),
            budget,
            installation: run.installation,
            incarnation: run.incarnation,
            token: run.token,
            lease_until: Mutex::new(run.lease_until),
            accounts: RwLock::new(BTreeMap::new()),
            clusters: Mutex::new(BTreeMap::new()),
            published,
            register: tokio::sync::Mutex::new(register),
        })))
    }

    /// Adds an account: the first record of its stream, and the desk's.
    ///
    /// # Errors
    /// [`DeskError::AccountExists`] when the id or the venue's identity is taken, or the
    /// journal's failure.
    pub async fn create_account(&self, new: &NewAccount) -> Result<(), DeskError> {
        let stream = StreamId::account(&new.spec.id);
        let mut register = self.0.register.lock().await;
        let taken = register.accounts.values().any(|identity| *identity == new.spec.identity);
        if taken || self.0.reader.head(&stream)?.seq > 0 {
            return Err(DeskError::AccountExists(new.spec.id.clone()));
        }
        let event = Event::AccountOpened(AccountOpened {
            spec: new.spec.clone(),
            policy: new.policy.clone(),
            installation: self.0.installation.clone(),
        });
        let now = self.0.clock.now();
        let draft = Draft {
            at: now.at,
            wall_at: now.wall,
            kind: event.kind().into(),
            version: event.version(),
            body: event.body()?.into(),
        };
        let (expected, token) = (Head::default(), self.0.token);
        let records = vec![EventRecord::seal(&stream, &expected, draft)];
        self.0.writer.append(StreamBatch { stream, expected, token, records }).await?;
        let (account, identity) = (new.spec.id.clone(), new.spec.identity.clone());
        self.note(&mut register, &DeskEvent::AccountAdded { account, identity }).await
    }

    async fn note(&self, register: &mut Register, event: &DeskEvent) -> Result<(), DeskError> {
        let mut next = register.clone();
        let batch = next.record(event, self.0.clock.now(), self.0.token)?;
        self.0.writer.append(batch).await?;
        *register = next;
        Ok(())
    }

    /// Every account that was ever added.
    pub async fn registered_accounts(&self) -> Vec<AccountId> {
        self.0.register.lock().await.accounts.keys().cloned().collect()
    }

    /// Records that a run has begun.
    ///
    /// # Errors
    /// The journal's failure.
    pub async fn record_start(&self, version: &str) -> Result<(), DeskError> {
        let (incarnation, version) = (self.0.incarnation, version.to_owned());
        let mut register = self.0.register.lock().await;
        self.note(&mut register, &DeskEvent::DeskStarted { incarnation, version }).await
    }

    /// Records where every account's stream stands.
    ///
    /// # Errors
    /// The journal's failure.
    pub async fn record_heads(&self) -> Result<(), DeskError> {
        let mut heads = BTreeMap::new();
        for account in self.accounts() {
            let stream = StreamId::account(&account.id);
            heads.insert(stream.to_string(), self.0.reader.head(&stream)?);
        }
        let mut register = self.0.register.lock().await;
        self.note(&mut register, &DeskEvent::Heads { heads }).await
    }

    /// Replaces the desk's limits.
    ///
    /// # Errors
    /// The journal's failure; then the old limits stay.
    pub async fn set_desk_limits(&self, limits: DeskLimits, by: Origin) -> Result<(), DeskError> {
        let mut register = self.0.register.lock().await;
        let event = DeskEvent::DeskLimitsSet { limits: limits.clone(), by };
        self.note(&mut register, &event).await?;
        self.0.budget.lock().set_limits(limits);
        Ok(())
    }

    /// A queue for a venue's own messages. The sender never waits: when the queue is full it sets
    /// the flag, and the account compares anew.
    #[must_use]
    pub fn events() -> (mpsc::Sender<VenueEvent>, mpsc::Receiver<VenueEvent>, Arc<AtomicBool>) {
        let (sender, receiver) = mpsc::channel(EVENTS_MAX);
        (sender, receiver, Arc::new(AtomicBool::new(false)))
    }

    /// Loads an account and starts its task.
    ///
    /// # Errors
    /// [`DeskError`] when the account doesn't exist, runs already, or its journal doesn't fold.
    pub fn start_account(&self, id: &AccountId, venue: Venue) -> Result<AccountHandle, DeskError> {
        let inner = &self.0;
        if self.account(id).is_ok() {
            return Err(DeskError::AccountExists(id.clone()));
        }
        let stream = StreamId::account(id);
        let state = load::load(inner.reader.as_ref(), &stream, &[])?
            .ok_or_else(|| DeskError::AccountUnknown(id.clone()))?;
        let clock = inner.clock.clone();
        let mono_clock = clock.clone();
        let lease_until = *inner.lease_until.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = Arc::new(Wire::new(
            Arc::new(move || mono_clock.mono()),
            inner.token,
            lease_until,
            state.kill_epoch,
        ));
        let capabilities = venue.broker.capabilities();
        let mut market = MarketView::default();
        let clusters = inner.clusters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        market.set_clusters(clusters);
        let core = Core::new(state, market, capabilities, inner.token, clock.mono());
        let quotes = Arc::new(Quotes::default());
        let parts = Parts {
            core,
            broker: venue.broker,
            wire: wire.clone(),
            clock,
            writer: inner.writer.clone(),
            reader: inner.reader.clone(),
            save_snapshot: inner.save_snapshot.clone(),
            budget: inner.budget.clone(),
            quotes: quotes.clone(),
            overflow: venue.overflow,
            published: inner.published.clone(),
            kill_file: inner.kill_file.clone(),
        };
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let handle = AccountHandle { id: id.clone(), commands, quotes, wire };
        tokio::spawn(Actor::new(parts).run(inner.incarnation, inbox, venue.events));
        let mut accounts = inner.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(id.clone(), handle.clone());
        Ok(handle)
    }

    /// The handle of an account.
    ///
    /// # Errors
    /// [`DeskError::AccountUnknown`].
    pub fn account(&self, id: &AccountId) -> Result<AccountHandle, DeskError> {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(id).cloned().ok_or_else(|| DeskError::AccountUnknown(id.clone()))
    }

    /// Every account, in order of id.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountHandle> {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.values().cloned().collect()
    }

    /// Listens to what becomes durable.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Published>> {
        self.0.published.subscribe()
    }

    /// Reads the journal.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn JournalReader + Send + Sync> {
        self.0.reader.clone()
    }

    /// True while the main journal can be written.
    #[must_use]
    pub fn journal_writable(&self) -> bool {
        self.0.writer.is_writable()
    }

    /// The clocks.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    /// The run of the desk.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.0.incarnation
    }

    /// The kill file.
    #[must_use]
    pub fn kill_file(&self) -> &KillFile {
        &self.0.kill_file
    }

    /// The desk's limits.
    #[must_use]
    pub fn desk_limits(&self) -> DeskLimits {
        self.0.budget.lock().limits().clone()
    }

    /// What all accounts use of them.
    #[must_use]
    pub fn desk_use(&self) -> DeskUse {
        self.0.budget.lock().total()
    }

    /// Extends the lease.
    pub fn renew_lease(&self, until: Mono) {
        *self.0.lease_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        for account in self.accounts() {
            account.wire.renew(until);
        }
    }

    /// Tells every account a price.
    pub fn quote(&self, instrument: &InstrumentId, quote: Quote) {
        for account in self.accounts() {
            account.quote(instrument.clone(), quote);
        }
    }

    /// Tells every account that a market opened or closed or a trading day began.
    pub async fn session(&self, calendar: CalendarKind, session: Session) {
        for account in self.accounts() {
            // An account that has stopped needs no session.
            let _ = account.inform(move |_| Input::Session { calendar, session }).await;
        }
    }

    /// Tells every account which instruments move together: each one's cluster. What is left out
    /// counts as moving with everything else that is left out. Accounts that start later hear of
    /// it too.
    pub async fn clusters(&self, clusters: BTreeMap<InstrumentId, u32>) {
        *self.0.clusters.lock().unwrap_or_else(PoisonError::into_inner) = clusters.clone();
        for account in self.accounts() {
            let clusters = clusters.clone();
            // An account that has stopped needs no clusters.
            let _ = account.inform(move |_| Input::Clusters(clusters.clone())).await;
        }
    }

    /// Reads the kill file four times a second and pulls the switch when it asks for more than
    /// stands. Runs until dropped.
    pub async fn watch_kill_file(&self) {
        let mut every = tokio::time::interval(KILL_FILE_EVERY);
        let mut pulled = None;
        loop {
            every.tick().await;
            let level = self.kill_file().level();
            if level > pulled
                && let Some(level) = level
            {
                let standing = self.lowest_kill().await;
                if standing.is_none_or(|s| s < level) {
                    self.kill(level, file_origin(), "kill file".to_owned()).await;
                }
            }
            pulled = level;
        }
    }

    /// The lowest level that stands over all accounts; `None` when one of them is free.
    async fn lowest_kill(&self) -> Option<path::policy::KillLevel> {
        let mut lowest = Some(path::policy::KillLevel::Flatten);
        for account in self.accounts() {
            let level = account.look(|core, _| core.state().kill.as_ref().map(|k| k.level)).await;
            lowest = lowest.min(level.ok().flatten());
        }
        lowest
    }

    /// Stops every account once what it decided is durable.
    pub async fn stop(&self) {
        for account in self.accounts() {
            account.stop().await;
        }
    }
}
