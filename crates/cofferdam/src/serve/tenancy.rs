//! Which accounts this desk holds: their leases, taken, extended and lost.
//!
//! In a data folder one process takes all, because the folder's lock proves that nobody else is
//! there. On a server several desks share the accounts: each takes what is free, extends what it
//! has, and takes over what another one let run out. How long a lease holds is counted from before
//! it was asked for, on this machine's own clock. This module must not know what an account does.

mod renewal;

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

use super::{ServeError, doors::Accounts, others::SharedSwitch};

/// The lease of the desk's own stream in a data folder. On a server that stream has none.
const DESK: &str = "desk";
/// The lease of the desk that moves the simulated venue's prices.
const FEED: &str = "venue-feed";
/// Renewals in the time that a lease lasts.
const RENEWALS: u32 = 5;
/// How long an account whose task died here is left to the other desks.
const RETAKE_AFTER: Nanos = Nanos::from_secs(60);
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

/// A lease that this desk has.
#[derive(Debug, Clone, Copy)]
struct Hold {
    token: LeaseToken,
    /// Until when it holds for this desk.
    until: Mono,
}

/// The leases of one desk. Clones are the same.
#[derive(Clone)]
pub(super) struct Tenancy(Arc<Inner>);

struct Inner {
    database: Database,
    name: String,
    only: Option<BTreeSet<AccountId>>,
    span: Span,
    held: Mutex<BTreeMap<String, Hold>>,
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

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
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

    /// True while this desk moves the venue's prices: a desk that was stopped for a while finds
    /// that it may not any more.
    pub(super) fn has_feed(&self) -> bool {
        self.held().get(FEED).is_some_and(|hold| boot_time() < hold.until)
    }

    /// How long a pull of the kill switch may have to wait for other desks.
    pub(super) fn others_stop_within(&self) -> Duration {
        if !self.is_shared() {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.0.span.lease.0.unsigned_abs()) + SharedSwitch::SLACK
    }

    /// The token of the desk's own stream.
    pub(super) fn desk_token(&self) -> LeaseToken {
        self.held().get(DESK).map(|hold| hold.token).unwrap_or_default()
    }

    /// The token under which a stream is written; `None` when another desk may write it.
    pub(super) fn token(&self, stream: &StreamId) -> Option<LeaseToken> {
        match stream.as_str() {
            DESK => Some(self.desk_token()),
            name => self.held().get(name).map(|hold| hold.token),
        }
    }

    /// Takes a lease by name.
    fn take(&self, name: &str) -> Result<LeaseToken, LeaseError> {
        let (leases, span) = (self.leases(), self.0.span.lease);
        let until = self.until(boot_time());
        let now = leases.now(wall_time())?;
        let token = match leases.acquire(name, &self.0.name, span, now) {
            // The folder's lock is held, so whoever held a lease of a file in it is gone.
            Err(LeaseError::Held { until, .. }) if !self.is_shared() => {
                leases.acquire(name, &self.0.name, span, until.plus(Nanos(1)))?
            }
            other => other?,
        };
        self.held().insert(name.to_owned(), Hold { token, until });
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

    /// Takes the leases of streams whose emergency records wait to be merged, where no other desk
    /// has them. Answers those that this desk is not to keep.
    ///
    /// # Errors
    /// [`LeaseError`] when the database fails: then nobody knows whose the streams are.
    pub(super) fn take_for_merge(
        &self,
        streams: BTreeSet<StreamId>,
    ) -> Result<Vec<String>, LeaseError> {
        let mut borrowed = Vec::new();
        for stream in streams {
            let Some(id) = account_of(stream.as_str()) else { continue };
            match self.take(stream.as_str()) {
                Ok(_) if !self.wants(&id) => borrowed.push(stream.to_string()),
                Err(LeaseError::Held { by, .. }) => {
                    tracing::warn!(account = %id, %by, "another desk went on with the account");
                }
                other => drop(other?),
            }
        }
        Ok(borrowed)
    }

    /// Gives leases back.
    pub(super) fn give_back(&self, names: Vec<String>) {
        for name in names {
            let hold = self.held().remove(&name);
            hold.into_iter().for_each(|hold| self.hand_back(&name, hold.token));
        }
    }

    /// Gives the lease of an account back that doesn't run here, unless it was taken anew. Blocks.
    pub(super) fn let_go(&self, id: &AccountId, token: LeaseToken) {
        let name = StreamId::account(id).to_string();
        let mut held = self.held();
        if held.get(&name).is_some_and(|hold| hold.token == token) {
            held.remove(&name);
            drop(held);
            self.hand_back(&name, token);
        }
    }

    /// [`Tenancy::let_go`] from a task.
    pub(super) async fn let_go_soon(&self, id: &AccountId, token: LeaseToken) {
        let (tenancy, id) = (self.clone(), id.clone());
        let gone = tokio::task::spawn_blocking(move || tenancy.let_go(&id, token));
        if let Err(error) = gone.await {
            tracing::error!(%error, "a lease was not given back");
        }
    }

    fn hand_back(&self, name: &str, token: LeaseToken) {
        if let Err(error) = self.leases().release(name, token) {
            tracing::warn!(%error, %name, "a lease was not released");
        }
    }

    /// Gives everything back, so that others need not wait.
    pub(super) fn release(&self) {
        for (name, hold) in std::mem::take(&mut *self.held()) {
            self.hand_back(&name, hold.token);
        }
    }

    /// Extends what is held, and looks for what is free, until the process ends.
    ///
    /// # Errors
    /// [`ServeError`] when no thread can be started.
    pub(super) fn spawn(&self, desk: &Desk, accounts: &Accounts) -> Result<(), ServeError> {
        let every = Duration::from_nanos(self.0.span.lease.0.unsigned_abs()) / RENEWALS;
        self.renew_for_ever(every, desk)?;
        if !self.is_shared() {
            return Ok(());
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
        Ok(())
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
        let (stopped, since) = (desk.stopped(), desk.clock().mono());
        for id in desk.registered_accounts().await {
            if desk.account(&id).is_ok() {
                continue;
            }
            let died = stopped.get(&id).is_some_and(|s| since.since(s.since) < RETAKE_AFTER);
            match live.get(StreamId::account(&id).as_str()) {
                Some(lease) if lease.holder != self.0.name => {
                    desk.note_elsewhere(&id, lease.holder.clone());
                }
                _ if died => {}
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

#[cfg(test)]
mod tests;
