//! The durable venue's commands that are not orders: accounts, money, prices, sessions.
//!
//! Each carries out the engine's command of the same name and stores what it changed. This module
//! must not know how changes are stored.

use domain::{AccountId, Bar, Instrument, InstrumentId, Money, Price, SignedQty, Timestamp};
use path::terms::Terms;
use rust_decimal::Decimal;

use crate::{
    actions::Happening,
    engine::AccountEvent,
    error::SimError,
    market::{BarStep, SessionChange, SimTick},
    settings::AccountSettings,
    storage::SimStorage,
    venue::Venue,
};

impl<S: SimStorage> Venue<S> {
    /// See [`Engine::register`](crate::Engine::register).
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn register(&mut self, instrument: Instrument) -> Result<(), SimError> {
        self.together(|engine| engine.register(instrument))
    }

    /// See [`Engine::list`](crate::Engine::list).
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn list(
        &mut self,
        contract: Instrument,
        follows: InstrumentId,
        funding_rate: Decimal,
        now: Timestamp,
    ) -> Result<(), SimError> {
        self.attempt(|engine| engine.list(contract, follows, funding_rate, now))
    }

    /// See [`Engine::open_account`](crate::Engine::open_account).
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

    /// See [`Engine::set_terms`](crate::Engine::set_terms).
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn set_terms(&mut self, account: &AccountId, terms: &Terms) -> Result<(), SimError> {
        self.attempt(|engine| engine.set_terms(account, terms))
    }

    /// See [`Engine::set_settings`](crate::Engine::set_settings).
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn set_settings(
        &mut self,
        account: &AccountId,
        settings: AccountSettings,
    ) -> Result<(), SimError> {
        self.attempt(|engine| engine.set_settings(account, settings))
    }

    /// See [`Engine::deposit`](crate::Engine::deposit). Nobody is told; it is in the list of movements.
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn deposit(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.attempt(|engine| engine.deposit(account, money))
    }

    /// See [`Engine::withdraw`](crate::Engine::withdraw). Nobody is told; it is in the list of movements.
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn withdraw(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.attempt(|engine| engine.withdraw(account, money))
    }

    /// See [`Engine::deposit_at`](crate::Engine::deposit_at) and, for a negative amount, [`Engine::withdraw_at`](crate::Engine::withdraw_at).
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

    /// See [`Engine::set_leverage`](crate::Engine::set_leverage).
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

    /// See [`Engine::happen`](crate::Engine::happen).
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

    /// See [`Engine::transfer_position`](crate::Engine::transfer_position).
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

    /// See [`Engine::on_tick`](crate::Engine::on_tick).
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

    /// See [`Engine::on_bar_step`](crate::Engine::on_bar_step).
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

    /// See [`Engine::on_bar`](crate::Engine::on_bar).
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

    /// See [`Engine::on_session`](crate::Engine::on_session).
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
}
