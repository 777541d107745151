//! The engine with its storage: nothing is told before it is stored.
//!
//! Every command is carried out in memory, its changes are committed, and only then do outcome
//! and events leave. When a commit fails, whether it reached the disk is unknown: the engine is
//! thrown away and read again from the storage before the next command. This module must not know
//! who listens, or how the storage works.

use domain::{
    AccountId, Bar, ClientOrderId, Instrument, InstrumentId, Money, Price, SignedQty, Timestamp,
    VenueOrderId,
};
use path::{
    broker::{CancelOutcome, OrderReport, PlaceOutcome, VenueEvent, VenueSnapshot},
    verbs::{PlaceOrder, ReplaceOrder},
};
use rust_decimal::Decimal;

use crate::{
    actions::Happening,
    config::SimConfig,
    engine::{AccountEvent, Engine},
    error::SimError,
    market::{BarStep, SessionChange, SimTick},
    order::{ExternalOrder, SimOrder},
    replace::has_ended,
    settings::AccountSettings,
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
}

impl<S: SimStorage> Venue<S> {
    /// Opens the venue where its storage left it.
    ///
    /// # Errors
    /// [`SimError::Config`] or [`SimError::Storage`]; a book whose parts don't fit together gives
    /// [`SimError::UnknownAccount`] or [`SimError::UnknownInstrument`].
    pub fn open(config: SimConfig, mut storage: S) -> Result<Self, SimError> {
        let engine = Self::load(config, &mut storage)?;
        Ok(Self { engine, storage, stale: false, defer_quotes: false })
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

    /// Closes the venue and gives its storage back.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }

    fn ready(&mut self) -> Result<(), SimError> {
        if self.stale {
            self.engine = Self::load(self.engine.config().clone(), &mut self.storage)?;
            self.stale = false;
        }
        Ok(())
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
        self.ready()?;
        let answer = commands(&mut self.engine);
        self.commit()?;
        Ok(answer)
    }

    /// As [`Venue::together`], for one command that may refuse.
    fn attempt<T>(
        &mut self,
        command: impl FnOnce(&mut Engine) -> Result<T, SimError>,
    ) -> Result<T, SimError> {
        self.together(command)?
    }

    /// See [`Engine::register`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn register(&mut self, instrument: Instrument) -> Result<(), SimError> {
        self.together(|engine| engine.register(instrument))
    }

    /// See [`Engine::open_account`].
    ///
    /// # Errors
    /// [`SimError::AccountExists`], [`SimError::Storage`].
    pub fn open_account(
        &mut self,
        account: AccountId,
        settings: AccountSettings,
    ) -> Result<(), SimError> {
        self.attempt(|engine| engine.open_account(account, settings))
    }

    /// See [`Engine::deposit`]. Nobody is told; it is in the list of movements.
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn deposit(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.attempt(|engine| engine.deposit(account, money))
    }

    /// See [`Engine::withdraw`]. Nobody is told; it is in the list of movements.
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn withdraw(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.attempt(|engine| engine.withdraw(account, money))
    }

    /// See [`Engine::deposit_at`] and, for a negative amount, [`Engine::withdraw_at`].
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn transfer(
        &mut self,
        account: &AccountId,
        money: &Money,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.attempt(|engine| match money.amount().is_sign_negative() {
            true => engine.withdraw_at(account, &money.negated(), now),
            false => engine.deposit_at(account, money, now),
        })
    }

    /// See [`Engine::set_leverage`].
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn set_leverage(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        leverage: Decimal,
    ) -> Result<(), SimError> {
        self.attempt(|engine| engine.set_leverage(account, instrument, leverage))
    }

    /// See [`Engine::happen`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn happen(
        &mut self,
        what: &Happening,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.together(|engine| engine.happen(what, now))
    }

    /// See [`Engine::transfer_position`].
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn transfer_position(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        qty: SignedQty,
        price: Price,
    ) -> Result<(), SimError> {
        self.attempt(|engine| engine.transfer_position(account, instrument, qty, price))
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
        self.ready()?;
        if self.stored(&order.account, &order.client_order_id)?.is_some() {
            return Ok((PlaceOutcome::DuplicateId, Vec::new()));
        }
        self.together(|engine| engine.place(order, now))
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
        self.ready()?;
        let order = &request.order;
        if self.stored(&order.account, &order.client_order_id)?.is_some() {
            return Ok((PlaceOutcome::DuplicateId, Vec::new()));
        }
        if self.stored(&order.account, &request.replaces)?.is_some() {
            return Ok((has_ended().into(), Vec::new()));
        }
        self.together(|engine| engine.replace(request, now))
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
        self.ready()?;
        if self.stored(account, id)?.is_some() {
            return Ok((CancelOutcome::TooLate, Vec::new()));
        }
        self.together(|engine| engine.cancel(account, id, now))
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

    /// See [`Engine::on_tick`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_tick(
        &mut self,
        tick: &SimTick,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.together(|engine| engine.on_tick(tick, now))
    }

    /// See [`Engine::on_bar_step`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_bar_step(
        &mut self,
        instrument: &InstrumentId,
        bar: &Bar,
        step: BarStep,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.together(|engine| engine.on_bar_step(instrument, bar, step))
    }

    /// See [`Engine::on_bar`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_bar(
        &mut self,
        instrument: &InstrumentId,
        bar: &Bar,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.together(|engine| engine.on_bar(instrument, bar))
    }

    /// See [`Engine::on_session`].
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_session(
        &mut self,
        instrument: &InstrumentId,
        change: SessionChange,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        self.together(|engine| engine.on_session(instrument, change, now))
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
        self.ready()?;
        if let Some(report) = self.engine.order(account, id) {
            return Ok(Some(report));
        }
        Ok(self.storage.order(account, id)?.map(|order| order.report()))
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
        self.ready()?;
        let mut snapshot = self.engine.snapshot(account, fills_since, now)?;
        if !snapshot.complete {
            snapshot.fills = self.storage.fills(account, fills_since)?;
            snapshot.movements = self.storage.movements(account, fills_since)?;
            snapshot.actions = self.storage.actions(account, fills_since)?;
            snapshot.complete = true;
        }
        Ok(snapshot)
    }
}
