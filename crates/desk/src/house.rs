//! The desk: its accounts, its budget, its writer, its kill file.
//!
//! It must not know how doors look or where prices come from.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

use domain::{AccountId, CalendarKind, InstallationId, InstrumentId, Nanos, Quote};
use path::{
    broker::VenueEvent,
    budget::{DeskLimits, DeskUse},
    core::Input,
    journal::{JournalReader, LeaseToken, StreamId},
    market::Session,
    wire::Mono,
};
use tokio::sync::{broadcast, mpsc};

use crate::{
    account::AccountHandle,
    actor::EVENTS_MAX,
    budget::SharedBudget,
    clock::Clock,
    error::DeskError,
    killfile::KillFile,
    merge::{MainJournal, Merged, merge},
    ports::{CurrentUse, Others, Ports, SaveSnapshot, SharedUse},
    register::Register,
    shared::Published,
    tenure::{OnEnd, Stopped},
    writer::Writer,
};

/// How long a lease lasts without renewal.
pub const LEASE_FOR: Nanos = Nanos::from_secs(10);
/// Events that a slow listener may be behind before it loses some.
const PUBLISHED_MAX: usize = 4_096;
/// How long an account may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The running desk. Clones are cheap.
#[derive(Clone)]
pub struct Desk(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) reader: Arc<dyn JournalReader + Send + Sync>,
    pub(crate) save_snapshot: SaveSnapshot,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) kill_file: KillFile,
    pub(crate) budget: SharedBudget,
    pub(crate) installation: InstallationId,
    pub(crate) incarnation: u32,
    pub(crate) token: LeaseToken,
    pub(crate) lease_until: Mutex<Mono>,
    pub(crate) accounts: RwLock<BTreeMap<AccountId, AccountHandle>>,
    pub(crate) others: OnceLock<Arc<dyn Others>>,
    pub(crate) elsewhere: Mutex<BTreeMap<AccountId, String>>,
    pub(crate) stopped: Mutex<BTreeMap<AccountId, Stopped>>,
    pub(crate) on_end: OnceLock<OnEnd>,
    /// Held while the switch is released, and while the kill file is obeyed.
    pub(crate) releasing: tokio::sync::Mutex<()>,
    pub(crate) clusters: Mutex<BTreeMap<InstrumentId, u32>>,
    pub(crate) published: broadcast::Sender<Arc<Published>>,
    pub(crate) register: tokio::sync::Mutex<Register>,
}

impl Inner {
    pub(crate) fn elsewhere(&self) -> std::sync::MutexGuard<'_, BTreeMap<AccountId, String>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stopped(&self) -> std::sync::MutexGuard<'_, BTreeMap<AccountId, Stopped>> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    /// The lease of the desk's own stream, and of accounts that have none of their own.
    pub token: LeaseToken,
    /// Until when that lease holds.
    pub lease_until: Mono,
}

impl Desk {
    /// Starts the journal's writer, after merging what an earlier run left in the emergency
    /// journal.
    ///
    /// # Errors
    /// [`DeskError`] when the merge fails or the thread can't start.
    pub fn open(ports: Ports, run: Run) -> Result<Self, DeskError> {
        let token = run.token;
        Self::open_under(ports, run, |_| Some(token))
    }

    /// As [`Desk::open`], where streams have leases of their own. What an earlier run left in the
    /// emergency journal is set aside where another desk holds the account or went on with it.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn open_under(
        ports: Ports,
        run: Run,
        token: impl Fn(&StreamId) -> Option<LeaseToken>,
    ) -> Result<Self, DeskError> {
        let Ports { mut journal, mut emergency, takes_writes, reader, written_under, .. } = ports;
        let Ports { save_snapshot, clock, kill_file, .. } = ports;
        let mut main = MainJournal {
            journal: journal.as_mut(),
            reader: reader.as_ref(),
            written_under: &written_under,
        };
        let Merged { count, aside, .. } = merge(&mut main, emergency.as_mut(), token)?;
        if count + aside > 0 {
            tracing::info!(count, aside, "records of the emergency journal merged and set aside");
        }
        let register = Register::load(reader.as_ref())?;
        let budget = SharedBudget::default();
        budget.set_limits(register.limits.clone());
        let (read, wrote) = (reader.clone(), written_under);
        let writer = Writer::start(journal, emergency, read, wrote, takes_writes)
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
            others: OnceLock::new(),
            elsewhere: Mutex::default(),
            stopped: Mutex::default(),
            on_end: OnceLock::new(),
            releasing: tokio::sync::Mutex::default(),
            published,
            register: tokio::sync::Mutex::new(register),
        })))
    }

    /// Tells who shares the database. It can be told once.
    pub fn share_with(&self, others: Arc<dyn Others>) {
        if self.0.others.set(others).is_err() {
            tracing::error!("the other desks were named twice");
        }
    }

    /// What the accounts of this desk use, to be told to the others.
    #[must_use]
    pub fn current_use(&self) -> CurrentUse {
        let budget = self.0.budget.clone();
        Arc::new(move |account| budget.current(account))
    }

    /// Tells who else uses the desk's limits. It can be told once.
    pub fn share_limits_with(&self, others: Arc<dyn SharedUse>) {
        self.0.budget.share_with(others);
    }

    pub(crate) fn others(&self) -> Option<&Arc<dyn Others>> {
        self.0.others.get()
    }

    /// A queue for a venue's own messages. The sender never waits: when the queue is full it sets
    /// the flag, and the account compares anew.
    #[must_use]
    pub fn events() -> (mpsc::Sender<VenueEvent>, mpsc::Receiver<VenueEvent>, Arc<AtomicBool>) {
        let (sender, receiver) = mpsc::channel(EVENTS_MAX);
        (sender, receiver, Arc::new(AtomicBool::new(false)))
    }

    /// The handle of an account.
    ///
    /// # Errors
    /// [`DeskError::AccountElsewhere`] when another desk holds it, [`DeskError::AccountStopped`]
    /// when its task has ended, [`DeskError::AccountUnknown`].
    pub fn account(&self, id: &AccountId) -> Result<AccountHandle, DeskError> {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(id).cloned().ok_or_else(|| match self.0.elsewhere().get(id) {
            Some(holder) => {
                DeskError::AccountElsewhere { account: id.clone(), holder: holder.clone() }
            }
            None if self.0.stopped().contains_key(id) => DeskError::AccountStopped(id.clone()),
            None => DeskError::AccountUnknown(id.clone()),
        })
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
        self.0.budget.limits()
    }

    /// What all accounts use of them.
    #[must_use]
    pub fn desk_use(&self) -> DeskUse {
        self.0.budget.total()
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

    /// Stops every account once what it decided is durable, and waits five seconds at most.
    pub async fn stop(&self) {
        let stops: Vec<_> = self.accounts().into_iter().map(|account| {
            tokio::spawn(async move {
                if tokio::time::timeout(STOP_WITHIN, account.stop()).await.is_err() {
                    tracing::error!(account = %account.id, "the account did not stop within 5 s");
                }
            })
        }).collect();
        for stop in stops {
            let _ = stop.await;
        }
    }
}
