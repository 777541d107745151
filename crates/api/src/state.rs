//! What every request can reach: the desk, the program's ports, and the door's own counters.
//!
//! It must not know routes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use desk::Desk;
use domain::{Origin, OriginKind, Principal};
use identity::Identity;
use runner::Runs;
use tokio::sync::{Semaphore, watch};

use crate::{
    forwarded::TrustedProxy,
    guard::{
        memo::Memo,
        rate::{Bucket, Buckets, Rate},
    },
    key::KeyHash,
    metrics::counters::{self, Counters},
    ports::{AccountFactory, AuditSource, BarSource, ContractDesk, ResearchDesk, StrategyLibrary},
    routes::statement::Statements,
    serve::{Connections, Patience},
};

/// Sockets that may wait for their key at once.
const LOGINS_MAX: usize = 16;
/// Passwords that are hashed at once.
const HASHING_MAX: usize = 2;
/// Requests that may wait for that; strangers and people who are signed in each have so many.
const HASHING_WAITING_MAX: usize = 16;
/// Failed attempts per second and at once, over all callers.
const FAILURES: Rate = Rate { per_second: 5, burst: 50 };

/// What the program gives the door.
#[derive(Clone)]
pub struct ApiParts {
    /// The running desk.
    pub desk: Desk,
    /// Opens accounts.
    pub accounts: Arc<dyn AccountFactory>,
    /// Checks the journal.
    pub audit: Arc<dyn AuditSource>,
    /// Reads stored bars.
    pub bars: Arc<dyn BarSource>,
    /// Lists contracts.
    pub contracts: Arc<dyn ContractDesk>,
    /// Strategies at work.
    pub runs: Arc<Runs>,
    /// Keeps strategies.
    pub strategies: Arc<dyn StrategyLibrary>,
    /// Tries strategies on past prices.
    pub research: Arc<dyn ResearchDesk>,
    /// Who may do what.
    pub identity: Arc<Identity>,
    /// Keeps the key for the command line on this machine, which the set-up makes.
    pub keep_local_key: Arc<dyn Fn(&str) + Send + Sync>,
    /// Settings.
    pub config: ApiConfig,
}

impl std::fmt::Debug for ApiParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiParts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// How long a pull of the kill switch may take on a desk that has its database for itself.
const KILL_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether there is a new certificate. They are renewed days before they end.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(60);

/// Settings of the door.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The program's version.
    pub version: String,
    /// The hash of the bootstrap key, which stands for the operator while nobody exists.
    pub key: Option<KeyHash>,
    /// Host names that are served by https, beside `localhost`, `127.0.0.1` and `[::1]`. Without a
    /// port, any port is.
    pub hosts: Vec<String>,
    /// Web origins that may write beside the request's own, such as `https://desk.example`.
    pub origins: Vec<String>,
    /// Proxies in front of the desk, which say who the caller is.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// How many connections there may be.
    pub connections: Connections,
    /// How long a connection may keep the desk waiting.
    pub patience: Patience,
    /// How often it is looked whether there is a new certificate.
    pub certificate_every: Duration,
    /// How many requests a caller may make. Exits, cancels and the kill switch are exempt.
    pub rate: Rate,
    /// Sockets at once.
    pub sockets_max: usize,
    /// How long a pull of the kill switch may take; ten seconds at least.
    pub kill_within: Duration,
}

impl ApiConfig {
    /// Settings for a desk on this machine only.
    #[must_use]
    pub fn new(version: impl Into<String>, key: Option<KeyHash>) -> Self {
        Self {
            version: version.into(),
            key,
            hosts: Vec::new(),
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            connections: Connections::default(),
            patience: Patience::default(),
            certificate_every: CERTIFICATE_EVERY,
            rate: Rate { per_second: 50, burst: 200 },
            sockets_max: 64,
            kill_within: KILL_WITHIN,
        }
    }
}

/// What every request can reach. Clones are cheap.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    parts: ApiParts,
    buckets: Buckets,
    failures: Bucket,
    sockets: Arc<Semaphore>,
    logins: Arc<Semaphore>,
    audits: Semaphore,
    hashing: Semaphore,
    limits: tokio::sync::Mutex<()>,
    strangers: Semaphore,
    insiders: Semaphore,
    counters: Arc<Counters>,
    memo: Memo,
    statements: Statements,
    ready: Mutex<Option<(tokio::time::Instant, bool)>>,
    closing: watch::Sender<bool>,
}

impl std::fmt::Debug for ApiState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ApiState").field(&self.0.parts).finish()
    }
}

impl ApiState {
    /// Takes the parts and begins to count what the desk publishes. Call it inside a runtime.
    #[must_use]
    pub fn new(parts: ApiParts) -> Self {
        let counters = Arc::new(Counters::default());
        counters::count(parts.desk.subscribe(), Arc::downgrade(&counters));
        let buckets = Buckets::new(parts.config.rate);
        let sockets = Arc::new(Semaphore::new(parts.config.sockets_max));
        let (closing, _) = watch::channel(false);
        Self(Arc::new(Inner {
            parts,
            buckets,
            failures: Bucket::new(FAILURES),
            sockets,
            logins: Arc::new(Semaphore::new(LOGINS_MAX)),
            audits: Semaphore::new(1),
            hashing: Semaphore::new(HASHING_MAX),
            limits: tokio::sync::Mutex::default(),
            strangers: Semaphore::new(HASHING_MAX + HASHING_WAITING_MAX),
            insiders: Semaphore::new(HASHING_MAX + HASHING_WAITING_MAX),
            counters,
            memo: Memo::default(),
            statements: Statements::default(),
            ready: Mutex::new(None),
            closing,
        }))
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.0.parts.desk
    }

    pub(crate) fn accounts(&self) -> &dyn AccountFactory {
        self.0.parts.accounts.as_ref()
    }

    pub(crate) fn audit(&self) -> &dyn AuditSource {
        self.0.parts.audit.as_ref()
    }

    pub(crate) fn bars(&self) -> &dyn BarSource {
        self.0.parts.bars.as_ref()
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.0.parts.runs
    }

    pub(crate) fn contracts(&self) -> &dyn ContractDesk {
        self.0.parts.contracts.as_ref()
    }

    pub(crate) fn strategies(&self) -> &dyn StrategyLibrary {
        self.0.parts.strategies.as_ref()
    }

    pub(crate) fn research(&self) -> &dyn ResearchDesk {
        self.0.parts.research.as_ref()
    }

    pub(crate) fn config(&self) -> &ApiConfig {
        &self.0.parts.config
    }

    /// Held while limits are compared and set, so that what was compared is what is replaced.
    pub(crate) async fn limit_changes(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.limits.lock().await
    }

    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.0.parts.identity
    }

    pub(crate) fn keep_local_key(&self, key: &str) {
        (self.0.parts.keep_local_key)(key);
    }

    /// True from the first real broker key on. No live venue is built in, so there is none.
    pub(crate) fn has_real_key(&self) -> bool {
        false
    }

    /// Bounds how many passwords are hashed at once: each takes memory and a core.
    pub(crate) fn hashing(&self) -> &Semaphore {
        &self.0.hashing
    }

    /// Bounds how many requests of strangers, or of people who are signed in, wait for a hash: a
    /// flood at the door must not keep anybody inside from proving who they are.
    pub(crate) fn hashing_queue(&self, stranger: bool) -> &Semaphore {
        if stranger { &self.0.strangers } else { &self.0.insiders }
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }

    pub(crate) fn failures(&self) -> &Bucket {
        &self.0.failures
    }

    pub(crate) fn sockets(&self) -> Arc<Semaphore> {
        self.0.sockets.clone()
    }

    pub(crate) fn logins(&self) -> Arc<Semaphore> {
        self.0.logins.clone()
    }

    pub(crate) fn audits(&self) -> &Semaphore {
        &self.0.audits
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(crate) fn statements(&self) -> &Statements {
        &self.0.statements
    }

    pub(crate) fn memo(&self) -> &Memo {
        &self.0.memo
    }

    /// The last answer about readiness while it is fresh, so that anybody may ask often.
    pub(crate) fn known_ready(&self, fresh: Duration) -> Option<bool> {
        let ready = self.0.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ready.filter(|(at, _)| at.elapsed() < fresh).map(|(_, ready)| ready)
    }

    pub(crate) fn set_ready(&self, value: bool) {
        let mut ready = self.0.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *ready = Some((tokio::time::Instant::now(), value));
    }

    /// Becomes true when the door closes.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// Asks every socket to end. The server calls it when it stops.
    pub fn close_sockets(&self) {
        self.0.closing.send_replace(true);
    }
}

/// The name under which the key acts until there are users.
const BOOTSTRAP: &str = "bootstrap";

fn principal(name: &str) -> Principal {
    // The name is a constant of allowed characters; the desk's own is never reached.
    Principal::new(name).unwrap_or_else(|_| Principal::desk())
}

/// The origin of orders that the bootstrap key places.
pub(crate) fn by_bootstrap() -> Origin {
    Origin::new(OriginKind::ApiKey, principal(BOOTSTRAP))
}

/// The origin of what an operator does. The bootstrap key stands in for a
/// person, and only while there is none.
pub(crate) fn by_bootstrap_operator() -> Origin {
    Origin::new(OriginKind::Human, principal(BOOTSTRAP))
}
