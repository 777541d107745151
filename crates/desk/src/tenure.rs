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
use tokio::sync::{mpsc, oneshot};

use crate::{
    account::AccountHandle,
    actor::{Actor, COMMANDS_MAX, Command, End, Parts},
    error::DeskError,
    house::{Desk, Inner},
    load,
    quotes::Quotes,
    shared::Venue,
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

impl Inner {
    /// Forgets an account unless it was started anew meanwhile. Its task ends when nobody can
    /// tell it anything.
    fn drop_account(&self, handle: &AccountHandle) {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        if accounts.get(&handle.id).is_some_and(|a| Arc::ptr_eq(&a.wire, &handle.wire)) {
            accounts.remove(&handle.id);
            self.elsewhere().entry(handle.id.clone()).or_insert_with(|| "another desk".to_owned());
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
        let core = Core::new(state, market, capabilities, token, clock.mono());
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
        let mut accounts = inner.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(id.clone(), handle.clone());
        inner.elsewhere().remove(id);
        drop(accounts);
        let (desk, ended) = (Arc::downgrade(inner), handle.clone());
        tokio::spawn(async move {
            let end = Actor::new(parts).run(incarnation, inbox, venue.events).await;
            if let (End::TakenOver, Some(desk)) = (end, desk.upgrade()) {
                desk.drop_account(&ended);
            }
        });
        Ok(handle)
    }

    /// Stops an account whose lease is lost, without waiting for what it decided: nothing of that
    /// can be written any more.
    pub fn give_up(&self, id: &AccountId, holder: String) {
        if let Ok(handle) = self.account(id) {
            tracing::error!(account = %id, %holder, "the account is held by another desk now");
            handle.wire.renew(Mono(i64::MIN));
            self.0.drop_account(&handle);
            let (stopped, _) = oneshot::channel();
            // A full queue ends as well: its first write is refused.
            let _ = handle.commands.try_send(Command::Stop(stopped));
        }
        self.0.elsewhere().insert(id.clone(), holder);
    }

    /// Notes who holds an account that doesn't run here.
    pub fn note_elsewhere(&self, id: &AccountId, holder: String) {
        if self.account(id).is_err() {
            self.0.elsewhere().insert(id.clone(), holder);
        }
    }

    /// Accounts that other desks hold, with their names.
    #[must_use]
    pub fn elsewhere(&self) -> BTreeMap<AccountId, String> {
        self.0.elsewhere().clone()
    }
}
