//! The engine with its storage: nothing is told before it is stored.
//!
//! Every command is carried out in memory, its changes are committed, and only then do outcome
//! and events leave. When a commit fails, whether it reached the disk is unknown: the engine is
//! thrown away and read again from the storage before the next command. This module must not know
//! who listens, or how the storage works.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, ClientOrderId, Timestamp, VenueOrderId};
use path::{
    broker::{CancelOutcome, OrderReport, PlaceOutcome, VenueEvent, VenueSnapshot},
    verbs::{PlaceOrder, ReplaceOrder},
};

use crate::{
    config::SimConfig,
    engine::Engine,
    error::SimError,
    order::{ExternalOrder, SimOrder},
    replace::has_ended,
    storage::SimStorage,
};

/// A durable simulated venue.
#[derive(Debug)]
pub struct Venue<S> {
    engine: Engine,
    storage: S,
    /// True when memory may be ahead of the storage after a failed commit.
    stale: bool,
    defer_quotes: bool,
    /// Accounts that somebody else's commands changed; their messages went elsewhere.
    disturbed: BTreeSet<AccountId>,
}

impl<S: SimStorage> Venue<S> {
    /// Opens the venue where its storage left it.
    ///
    /// # Errors
    /// [`SimError::Config`] or [`SimError::Storage`]; a book whose parts don't fit together gives
    /// [`SimError::UnknownAccount`] or [`SimError::UnknownInstrument`].
    pub fn open(config: SimConfig, mut storage: S) -> Result<Self, SimError> {
        let engine = Self::load(config, &mut storage)?;
        let disturbed = BTreeSet::new();
        Ok(Self { engine, storage, stale: false, defer_quotes: false, disturbed })
    }

    fn load(config: SimConfig, storage: &mut S) -> Result<Engine, SimError> {
        let mut engine = Engine::from_book(config, storage.load()?)?;
        engine.track_changes();
        Ok(engine)
    }

    /// With `true`, ticks that move nothing but prices are stored together with the next change;
    /// a restart then knows older prices. Off at first.
    #[must_use]
    pub fn with_deferred_quotes(mut self, defer: bool) -> Self {
        self.defer_quotes = defer;
        self
    }

    /// The engine, to read.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The storage, to read.
    #[must_use]
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    pub(crate) fn storage_mut(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Closes the venue and gives its storage back.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }

    fn ready(&mut self) -> Result<(), SimError> {
        let changed = self.storage.begin()?;
        if changed || self.stale {
            self.stale = true;
            let engine = Self::load(self.engine.config().clone(), &mut self.storage)?;
            if changed {
                self.disturbed.extend(differing(&self.engine, &engine));
            }
            self.engine = engine;
            self.stale = false;
        }
        Ok(())
    }

    /// Carries out one command while nobody else can.
    pub(crate) fn command<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SimError>,
    ) -> Result<T, SimError> {
        let done = self.ready().and_then(|()| work(self));
        self.storage.end();
        done
    }

    /// Takes in what others who share the storage did.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn refresh(&mut self) -> Result<(), SimError> {
        self.command(|_| Ok(()))
    }

    /// Accounts that others who share the storage changed since the last call. Their messages went
    /// to the others, so the books of these accounts must be compared anew.
    pub fn take_disturbed(&mut self) -> BTreeSet<AccountId> {
        std::mem::take(&mut self.disturbed)
    }

    fn commit(&mut self) -> Result<(), SimError> {
        if self.defer_quotes && self.engine.dirty.only_markets() {
            return Ok(());
        }
        let changes = self.engine.take_changes();
        if !changes.is_empty() {
            self.stale = true;
            self.storage.commit(&changes)?;
            self.stale = false;
        }
        let (done, fills) = (self.engine.config.keep_done, self.engine.config.keep_fills);
        self.engine.forget_ended(done, fills);
        Ok(())
    }

    /// Carries out several commands and stores them in one commit.
    ///
    /// # Errors
    /// [`SimError::Storage`]; then none of them has happened or all have, and the next command
    /// begins with what the storage says. The closure must not hand anything out by itself.
    pub fn together<T>(&mut self, commands: impl FnOnce(&mut Engine) -> T) -> Result<T, SimError> {
        self.command(|venue| {
            let answer = commands(&mut venue.engine);
            venue.commit()?;
            Ok(answer)
        })
    }

    /// As [`Venue::together`], for one command that may refuse.
    pub(crate) fn attempt<T>(
        &mut self,
        command: impl FnOnce(&mut Engine) -> Result<T, SimError>,
    ) -> Result<T, SimError> {
        self.together(command)?
    }

    /// What memory no longer holds of an order.
    fn stored(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<SimOrder>, SimError> {
        if self.engine.find(account, id).is_some() {
            return Ok(None);
        }
        Ok(self.storage.order(account, id)?)
    }

    /// See [`Engine::place`]; ids of every age are recognised.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is in is unknown.
    pub fn place(
        &mut self,
        order: &PlaceOrder,
        now: Timestamp,
    ) -> Result<(PlaceOutcome, Vec<VenueEvent>), SimError> {
        self.command(|venue| {
            if venue.stored(&order.account, &order.client_order_id)?.is_some() {
                return Ok((PlaceOutcome::DuplicateId, Vec::new()));
            }
            venue.together(|engine| engine.place(order, now))
        })
    }

    /// See [`Engine::replace`]; ids of every age are recognised.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order took the other one's place is unknown.
    pub fn replace(
        &mut self,
        request: &ReplaceOrder,
        now: Timestamp,
    ) -> Result<(PlaceOutcome, Vec<VenueEvent>), SimError> {
        let order = &request.order;
        self.command(|venue| {
            if venue.stored(&order.account, &order.client_order_id)?.is_some() {
                return Ok((PlaceOutcome::DuplicateId, Vec::new()));
            }
            if venue.stored(&order.account, &request.replaces)?.is_some() {
                return Ok((has_ended().into(), Vec::new()));
            }
            venue.together(|engine| engine.replace(request, now))
        })
    }

    /// See [`Engine::cancel`]; ids of every age are recognised.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is cancelled is unknown.
    pub fn cancel(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
        now: Timestamp,
    ) -> Result<(CancelOutcome, Vec<VenueEvent>), SimError> {
        self.command(|venue| {
            if venue.stored(account, id)?.is_some() {
                return Ok((CancelOutcome::TooLate, Vec::new()));
            }
            venue.together(|engine| engine.cancel(account, id, now))
        })
    }

    /// See [`Engine::external_order`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn external_order(
        &mut self,
        order: &ExternalOrder,
        now: Timestamp,
    ) -> Result<(PlaceOutcome, Vec<VenueEvent>), SimError> {
        self.together(|engine| engine.external_order(order, now))
    }

    /// See [`Engine::external_cancel`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn external_cancel(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
        now: Timestamp,
    ) -> Result<(CancelOutcome, Vec<VenueEvent>), SimError> {
        self.together(|engine| engine.external_cancel(account, id, now))
    }

    /// The order with this client id, live or ended, however old.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn order(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<OrderReport>, SimError> {
        self.command(|venue| {
            if let Some(report) = venue.engine.order(account, id) {
                return Ok(Some(report));
            }
            Ok(venue.storage.order(account, id)?.map(|order| order.report()))
        })
    }

    /// Everything that the venue knows about an account, with every execution, movement and
    /// corporate action at or after `fills_since`. It is always complete.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::Storage`].
    pub fn snapshot(
        &mut self,
        account: &AccountId,
        fills_since: Timestamp,
        now: Timestamp,
    ) -> Result<VenueSnapshot, SimError> {
        self.command(|venue| {
            let mut snapshot = venue.engine.snapshot(account, fills_since, now)?;
            if !snapshot.complete {
                snapshot.fills = venue.storage.fills(account, fills_since)?;
                snapshot.movements = venue.storage.movements(account, fills_since)?;
                snapshot.actions = venue.storage.actions(account, fills_since)?;
                snapshot.complete = true;
            }
            Ok(snapshot)
        })
    }
}

/// Accounts whose money, positions or orders are not the same in two states of a venue.
fn differing(before: &Engine, after: &Engine) -> BTreeSet<AccountId> {
    let (before, after) = (before.book(), after.book());
    let mut differ = BTreeSet::new();
    for (here, there) in [(&before, &after), (&after, &before)] {
        for account in &here.accounts {
            if !there.accounts.iter().any(|other| other == account) {
                differ.insert(account.id.clone());
            }
        }
        let known: BTreeMap<u64, &SimOrder> =
            there.working.iter().map(|order| (order.number, order)).collect();
        for order in &here.working {
            if known.get(&order.number) != Some(&order) {
                differ.insert(order.account.clone());
            }
        }
    }
    differ
}
