//! Which accounts run here, under which leases, and who holds the others.
//!
//! An account whose lease another desk has is no longer run: its task ends, its wire sends
//! nothing, and doors are told where it is. This module must not know how leases are had.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use domain::AccountId;
use path::{
    core::Core,
    journal::{LeaseToken, StreamId},
    market::MarketView,
    wire::{Mono, Wire},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinError,
};

use crate::{
    account::AccountHandle,
    actor::{Actor, COMMANDS_MAX, End, Parts},
    error::DeskError,
    house::{Desk, Inner},
    load,
    quotes::Quotes,
    shared::Venue,
    standing::Standing,
};

/// The right to write for one account and to send for it.
#[derive(Debug, Clone, Copy)]
pub struct Tenure {
    /// The account's lease.
    pub token: LeaseToken,
    /// Until when it holds.
    pub until: Mono,
    /// Never used before for this account: it is part of its order ids.
    pub incarnation: u32,
}

/// Told when an account's task has ended without being asked to, with the lease that it had.
pub type OnEnd = Arc<dyn Fn(&AccountId, LeaseToken) + Send + Sync>;

/// An account whose task has ended by itself.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// Why.
    pub why: String,
    /// When.
    pub since: Mono,
}

impl Inner {
    /// Forgets an account unless it was started anew meanwhile. Nothing is sent for it any more.
    fn drop_account(&self, handle: &AccountHandle) -> bool {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.get(&handle.id).is_some_and(|a| Arc::ptr_eq(&a.wire, &handle.wire));
        if known {
            accounts.remove(&handle.id);
        }
        drop(accounts);
        handle.wire.renew(Mono(i64::MIN));
        self.forget_use(&handle.id);
        known
    }

    /// What an account uses is told by who runs it. Its task may tell a last time until it ends.
    fn forget_use(&self, id: &AccountId) {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        if !accounts.contains_key(id) {
            self.budget.drop_account(id);
        }
    }

    /// What follows from the end of an account's task.
    fn ended(&self, handle: &AccountHandle, token: LeaseToken, end: Result<End, JoinError>) {
        let id = &handle.id;
        let why = match end {
            Ok(End::Stopped) => return self.forget_use(id),
            Ok(End::TakenOver) => {
                if self.drop_account(handle) {
                    let elsewhere = || "another desk".to_owned();
                    self.elsewhere().entry(id.clone()).or_insert_with(elsewhere);
                }
                return;
            }
            Ok(End::Damaged) => "its journal can't be folded".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::error!(account = %id, %why, "THE ACCOUNT HAS STOPPED: its orders rest at the venue");
        if self.drop_account(handle) {
            let since = self.clock.mono();
            self.stopped().insert(id.clone(), Stopped { why, since });
        }
        if let Some(on_end) = self.on_end.get() {
            on_end(id, token);
        }
    }
}

impl Desk {
    /// Loads an account and starts its task.
    ///
    /// # Errors
    /// [`DeskError`] when the account doesn't exist, runs already, or its journal doesn't fold.
    pub fn start_account(&self, id: &AccountId, venue: Venue) -> Result<AccountHandle, DeskError> {
        let until = *self.0.lease_until.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, incarnation) = (self.0.token, self.0.incarnation);
        self.start_account_under(id, venue, Tenure { token, until, incarnation })
    }

    /// As [`Desk::start_account`], under a lease of the account's own. Orders of an earlier holder
    /// that have no answer count as live; that the venue never got them is concluded no sooner
    /// than the time for a send and the venue's acceptance window after this.
    ///
    /// # Errors
    /// As [`Desk::start_account`].
    pub fn start_account_under(
        &self,
        id: &AccountId,
        venue: Venue,
        tenure: Tenure,
    ) -> Result<AccountHandle, DeskError> {
        let inner = &self.0;
        if self.account(id).is_ok() {
            return Err(DeskError::AccountExists(id.clone()));
        }
        let stream = StreamId::account(id);
        let state = load::load(inner.reader.as_ref(), &stream, &[])?
            .ok_or_else(|| DeskError::AccountUnknown(id.clone()))?;
        let clock = inner.clock.clone();
        let mono_clock = clock.clone();
        let Tenure { token, until, incarnation } = tenure;
        let mono = Arc::new(move || mono_clock.mono());
        let wire = Arc::new(Wire::new(mono, token, until, state.kill_epoch));
        let capabilities = venue.broker.capabilities();
        let mut market = MarketView::default();
        let clusters = inner.clusters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        market.set_clusters(clusters);
        let standing = Arc::new(Standing::default());
        standing.load(&state);
        let core = Core::new(state, market, capabilities, token, clock.mono());
        let quotes = Arc::new(Quotes::default());
        let parts = Parts {
            core,
            broker: venue.broker,
            wire: wire.clone(),
            standing: standing.clone(),
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
        let (stops, asked) = mpsc::channel(1);
        let handle = AccountHandle { id: id.clone(), commands, stops, quotes, wire, standing };
        let mut accounts = inner.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(id.clone(), handle.clone());
        drop(accounts);
        inner.elsewhere().remove(id);
        inner.stopped().remove(id);
        let task = tokio::spawn(Actor::new(parts).run(incarnation, inbox, asked, venue.events));
        let (desk, ended) = (Arc::downgrade(inner), handle.clone());
        tokio::spawn(async move {
            let end = task.await;
            if let Some(desk) = desk.upgrade() {
                desk.ended(&ended, token, end);
            }
        });
        Ok(handle)
    }

    /// Names who is told when an account's task ends by itself, so that its lease can be given
    /// back. It can be named once.
    pub fn on_end(&self, on_end: OnEnd) {
        if self.0.on_end.set(on_end).is_err() {
            tracing::error!("who hears of an account's end was named twice");
        }
    }

    /// Accounts whose tasks have ended by themselves here, and are not held by another desk yet.
    #[must_use]
    pub fn stopped(&self) -> BTreeMap<AccountId, Stopped> {
        self.0.stopped().clone()
    }

    /// Stops an account whose lease is lost, without waiting for what it decided: nothing of that
    /// can be written any more.
    pub fn give_up(&self, id: &AccountId, holder: String) {
        if let Ok(handle) = self.account(id) {
            tracing::error!(account = %id, %holder, "the account is held by another desk now");
            self.0.drop_account(&handle);
            let (stopped, _) = oneshot::channel();
            // One that is asked to stop already needs no second word.
            let _ = handle.stops.try_send(stopped);
        }
        self.0.stopped().remove(id);
        self.0.elsewhere().insert(id.clone(), holder);
    }

    /// Notes who holds an account that doesn't run here.
    pub fn note_elsewhere(&self, id: &AccountId, holder: String) {
        if self.account(id).is_err() {
            self.0.stopped().remove(id);
            self.0.elsewhere().insert(id.clone(), holder);
        }
    }

    /// Accounts that other desks hold, with their names.
    #[must_use]
    pub fn elsewhere(&self) -> BTreeMap<AccountId, String> {
        self.0.elsewhere().clone()
    }
}
