//! Which accounts this desk holds: their leases, taken, extended and lost.
//!
//! In a data folder one process takes all, because the folder's lock proves that nobody else is
//! there. On a server several desks share the accounts: each takes what is free, extends what it
//! has, and takes over what another one let run out. How long a lease holds is counted from before
//! it was asked for, on this machine's own clock. This module must not know what an account does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use desk::{Desk, Tenure, clock::boot_time, clock::wall_time};
use domain::{AccountId, Nanos};
use path::{
    journal::{LeaseToken, StreamId},
    wire::Mono,
};
use store::{Database, HeldLease, LeaseError, Leases, StoreError};

use super::{ServeError, doors::Accounts};

/// The lease of the desk's own stream in a data folder. On a server that stream has none.
const DESK: &str = "desk";
/// The lease of the desk that moves the simulated venue's prices.
const FEED: &str = "venue-feed";
/// Renewals in the time that a lease lasts.
const RENEWALS: u32 = 5;
/// Who holds an account that no desk holds.
const NOBODY: &str = "none at present";

/// How long a lease lasts.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// In the database.
    lease: Nanos,
    /// How much sooner it ends for who holds it.
    margin: Nanos,
}

/// The leases of one desk. Clones are the same.
#[derive(Clone)]
pub(super) struct Tenancy(Arc<Inner>);

struct Inner {
    database: Database,
    name: String,
    only: Option<BTreeSet<AccountId>>,
    span: Span,
    held: Mutex<BTreeMap<String, LeaseToken>>,
}

impl Tenancy {
    /// Leases of `seconds` under `name`, for `only` these accounts or for all.
    pub(super) fn open(
        database: Database,
        name: String,
        only: Option<BTreeSet<AccountId>>,
        seconds: u32,
    ) -> Result<Self, ServeError> {
        let lease = Nanos::from_secs(i64::from(seconds));
        let margin = Nanos(lease.0 / i64::from(RENEWALS));
        let span = Span { lease, margin };
        let tenancy = Self(Arc::new(Inner { database, name, only, span, held: Mutex::default() }));
        if !tenancy.is_shared() {
            tenancy.take(DESK)?;
            tenancy.take(FEED)?;
        }
        Ok(tenancy)
    }

    /// This desk's name among those that share the database.
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// True when other desks may take what this one doesn't hold.
    pub(super) fn is_shared(&self) -> bool {
        self.0.database.is_shared()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, LeaseToken>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leases(&self) -> Leases {
        self.0.database.leases()
    }

    fn until(&self, asked: Mono) -> Mono {
        asked.plus(Nanos(self.0.span.lease.0 - self.0.span.margin.0))
    }

    /// True when this desk may hold the account.
    fn wants(&self, id: &AccountId) -> bool {
        self.0.only.as_ref().is_none_or(|only| only.contains(id))
    }

    /// True while this desk moves the venue's prices.
    pub(super) fn has_feed(&self) -> bool {
        self.held().contains_key(FEED)
    }

    /// The token of the desk's own stream.
    pub(super) fn desk_token(&self) -> LeaseToken {
        self.held().get(DESK).copied().unwrap_or_default()
    }

    /// The token under which a stream is written; `None` when another desk may write it.
    pub(super) fn token(&self, stream: &StreamId) -> Option<LeaseToken> {
        match stream.as_str() {
            DESK => Some(self.desk_token()),
            name => self.held().get(name).copied(),
        }
    }

    /// Takes a lease by name.
    fn take(&self, name: &str) -> Result<LeaseToken, LeaseError> {
        let (leases, span) = (self.leases(), self.0.span.lease);
        let now = leases.now(wall_time())?;
        let token = match leases.acquire(name, &self.0.name, span, now) {
            // The folder's lock is held, so whoever held a lease of a file in it is gone.
            Err(LeaseError::Held { until, .. }) if !self.is_shared() => {
                leases.acquire(name, &self.0.name, span, until.plus(Nanos(1)))?
            }
            other => other?,
        };
        self.held().insert(name.to_owned(), token);
        Ok(token)
    }

    /// Takes an account. Blocks.
    pub(super) fn take_account(
        &self,
        id: &AccountId,
        incarnation: u32,
    ) -> Result<Tenure, LeaseError> {
        let asked = boot_time();
        let token = self.take(StreamId::account(id).as_str())?;
        // In a data folder an account is started once in each run of the desk. On a server it may
        // come back to a desk that had it before, and its order ids must not.
        let incarnation = match self.is_shared() {
            true => self.0.database.meta().next_incarnation()?,
            false => incarnation,
        };
        Ok(Tenure { token, until: self.until(asked), incarnation })
    }

    /// [`Tenancy::take_account`] from a task.
    pub(super) async fn acquire(
        &self,
        id: &AccountId,
        incarnation: u32,
    ) -> Result<Tenure, ServeError> {
        let (tenancy, id) = (self.clone(), id.clone());
        let taken = tokio::task::spawn_blocking(move || tenancy.take_account(&id, incarnation));
        let taken = taken.await.map_err(|error| ServeError::Invalid(error.to_string()))?;
        Ok(taken?)
    }

    /// Gives everything back, so that others need not wait.
    pub(super) fn release(&self) {
        for (name, token) in std::mem::take(&mut *self.held()) {
            if let Err(error) = self.leases().release(&name, token) {
                tracing::warn!(%error, %name, "a lease was not released");
            }
        }
    }

    /// Extends what is held, and looks for what is free, until dropped.
    pub(super) fn spawn(&self, desk: &Desk, accounts: &Accounts) {
        let every = Duration::from_nanos(self.0.span.lease.0.unsigned_abs()) / RENEWALS;
        let (tenancy, renewed) = (self.clone(), desk.clone());
        tokio::spawn(async move {
            let mut every = tokio::time::interval(every);
            every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                tenancy.renew(&renewed).await;
            }
        });
        if !self.is_shared() {
            return;
        }
        let (tenancy, desk, accounts) = (self.clone(), desk.clone(), accounts.clone());
        tokio::spawn(async move {
            let mut every = tokio::time::interval(every);
            every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                if let Err(error) = tenancy.look_around(&desk, &accounts).await {
                    tracing::warn!(%error, "the other desks' accounts could not be looked at");
                }
            }
        });
    }

    async fn renew(&self, desk: &Desk) {
        let held: Vec<_> = self.held().iter().map(|(n, t)| (n.clone(), *t)).collect();
        let (leases, span, names) = (self.leases(), self.0.span.lease, held.clone());
        let asked = boot_time();
        let renewal = tokio::task::spawn_blocking(move || {
            leases.renew_all(&names, span, leases.now(wall_time())?)
        });
        let until = self.until(asked);
        match renewal.await {
            Ok(Ok(answers)) => {
                for ((name, token), answer) in held.iter().zip(answers) {
                    match answer {
                        Ok(_) => extend(desk, name, until),
                        Err(error) => self.lost(desk, name, *token, &error),
                    }
                }
            }
            Ok(Err(error)) => self.not_renewed(desk, &held, until, &error),
            Err(error) => tracing::error!(%error, "the leases were not renewed"),
        }
    }

    /// Leases that could not be extended in a file, because the disk is full, still hold: the
    /// folder's lock keeps every other desk out, and exits must go on. On a server nothing keeps
    /// others out, so they end when they were to end.
    fn not_renewed(
        &self,
        desk: &Desk,
        held: &[(String, LeaseToken)],
        until: Mono,
        error: &StoreError,
    ) {
        if self.is_shared() {
            tracing::error!(%error, "leases were not renewed: nothing is sent after they end");
            return;
        }
        tracing::warn!(%error, "leases were not renewed; the folder's lock still keeps others out");
        held.iter().for_each(|(name, _)| extend(desk, name, until));
    }

    fn lost(&self, desk: &Desk, name: &str, token: LeaseToken, error: &LeaseError) {
        let mut held = self.held();
        if held.get(name) != Some(&token) {
            // It was taken anew meanwhile.
            return;
        }
        held.remove(name);
        drop(held);
        tracing::error!(%error, %name, "a lease was taken over");
        if let Some(id) = account_of(name) {
            let found = self.leases().held().unwrap_or_default();
            let holder = found.into_iter().find(|lease| lease.name == name);
            desk.give_up(&id, holder.map_or_else(|| NOBODY.to_owned(), |lease| lease.holder));
        }
    }

    /// Takes accounts that are free, and notes who holds the others.
    async fn look_around(&self, desk: &Desk, accounts: &Accounts) -> Result<(), ServeError> {
        desk.refresh().await?;
        let leases = self.leases();
        let looked = tokio::task::spawn_blocking(move || {
            Ok::<_, StoreError>((leases.held()?, leases.now(wall_time())?))
        });
        let (leases, now) =
            looked.await.map_err(|error| ServeError::Invalid(error.to_string()))??;
        let live: BTreeMap<&str, &HeldLease> =
            leases.iter().filter(|l| l.until > now).map(|l| (l.name.as_str(), l)).collect();
        if !live.contains_key(FEED) {
            let tenancy = self.clone();
            // Somebody else may be faster.
            let _ = tokio::task::spawn_blocking(move || tenancy.take(FEED)).await;
        }
        for id in desk.registered_accounts().await {
            if desk.account(&id).is_ok() {
                continue;
            }
            match live.get(StreamId::account(&id).as_str()) {
                Some(lease) if lease.holder != self.0.name => {
                    desk.note_elsewhere(&id, lease.holder.clone());
                }
                _ if !self.wants(&id) => desk.note_elsewhere(&id, NOBODY.to_owned()),
                _ => self.take_over(desk, accounts, &id).await,
            }
        }
        Ok(())
    }

    async fn take_over(&self, desk: &Desk, accounts: &Accounts, id: &AccountId) {
        match accounts.start(id).await {
            Ok(()) => tracing::warn!(account = %id, "the account was free and is held here now"),
            Err(ServeError::Lease(LeaseError::Held { by, .. })) => desk.note_elsewhere(id, by),
            Err(error) => tracing::error!(%error, account = %id, "a free account was not taken"),
        }
    }

    /// Starts every account that is free; on a server the others are noted with their holders.
    pub(super) async fn start_all(
        &self,
        desk: &Desk,
        accounts: &Accounts,
    ) -> Result<(), ServeError> {
        if self.is_shared() {
            return self.look_around(desk, accounts).await;
        }
        for id in desk.registered_accounts().await {
            accounts.start(&id).await?;
        }
        Ok(())
    }
}

fn account_of(name: &str) -> Option<AccountId> {
    name.strip_prefix("account/").and_then(|id| AccountId::new(id).ok())
}

fn extend(desk: &Desk, name: &str, until: Mono) {
    if let Some(account) = account_of(name).and_then(|id| desk.account(&id).ok()) {
        account.wire().renew(until);
    }
}
