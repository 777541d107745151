//! The engine's state and everything that is not trading: accounts, instruments, money, queries.
//!
//! This module must not know when or at which price orders fill.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{
    AccountId, Cash, ClientOrderId, Instrument, InstrumentId, Position, Price, Quote, Side,
    SignedQty, Timestamp, instrument::CalendarKind,
};
use path::broker::{OrderReport, VenueEvent, VenueSnapshot};

use crate::{
    account::{Account, AccountState},
    changes::{Counters, Dirty, SimBook},
    config::SimConfig,
    error::SimError,
    market::{Market, MarketState, Session},
    order::SimOrder,
    settings::AccountSettings,
};

/// An event and the account that it is for.
pub type AccountEvent = (AccountId, VenueEvent);

/// The matching engine: several accounts and instruments, no clock, no chance, no IO.
///
/// Time is passed with every command; times in reports never run backward. Raw use (a backtest) keeps all
/// that ended in memory until [`Engine::forget_ended`]; a [`crate::Venue`] stores it.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) config: SimConfig,
    pub(crate) counters: Counters,
    pub(crate) markets: BTreeMap<InstrumentId, Market>,
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    pub(crate) working: BTreeMap<u64, Box<SimOrder>>,
    pub(crate) dirty: Dirty,
}

impl Engine {
    /// An engine without accounts and instruments.
    ///
    /// # Errors
    /// [`SimError::Config`] when a setting is out of range.
    pub fn new(config: SimConfig) -> Result<Self, SimError> {
        Self::from_book(config, SimBook::default())
    }

    /// The engine that goes on from a stored state.
    ///
    /// # Errors
    /// [`SimError::Config`] when a setting is out of range; [`SimError::UnknownAccount`] or
    /// [`SimError::UnknownInstrument`] when an order refers to what is not in the book.
    pub fn from_book(config: SimConfig, book: SimBook) -> Result<Self, SimError> {
        config.validate()?;
        let market = |state: MarketState| (state.instrument.id.clone(), Market::new(state));
        let account = |state: AccountState| (state.id.clone(), Account::loaded(state));
        let mut engine = Self {
            config,
            counters: book.counters,
            markets: book.markets.into_iter().map(market).collect(),
            accounts: book.accounts.into_iter().map(account).collect(),
            working: BTreeMap::new(),
            dirty: Dirty::default(),
        };
        for order in book.working {
            if !engine.markets.contains_key(&order.instrument) {
                return Err(SimError::UnknownInstrument(order.instrument));
            }
            if !engine.accounts.contains_key(&order.account) {
                return Err(SimError::UnknownAccount(order.account));
            }
            engine.insert(order);
        }
        Ok(engine)
    }

    /// The time to write down: `now`, or the latest that was written when the clock ran backward.
    pub(crate) fn stamp(&mut self, now: Timestamp) -> Timestamp {
        self.counters.clock = self.counters.clock.max(now);
        self.dirty.counters();
        self.counters.clock
    }

    /// The live orders with these numbers, in order of arrival.
    pub(crate) fn live<'a>(
        &'a self,
        numbers: &'a BTreeSet<u64>,
    ) -> impl Iterator<Item = &'a SimOrder> {
        numbers.iter().filter_map(|number| self.working.get(number)).map(|order| &**order)
    }

    /// Adds a live order to the book and its indexes.
    pub(crate) fn insert(&mut self, order: SimOrder) {
        let number = order.number;
        if let Some(market) = self.markets.get_mut(&order.instrument) {
            market.working.insert(number);
            market.quiet = None;
        }
        if let Some(account) = self.accounts.get_mut(&order.account) {
            account.working.insert(number);
            if let Some(id) = &order.client_order_id {
                account.by_client.insert(id.clone(), number);
            }
        }
        self.dirty.order(number);
        self.working.insert(number, Box::new(order));
    }

    /// The assumptions as numbers.
    #[must_use]
    pub fn config(&self) -> &SimConfig {
        &self.config
    }

    /// The assumptions in words.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let mut words = self.config.describe();
        let contract = |market: &Market| market.state.instrument.asset_class.is_contract();
        if self.markets.values().any(contract) {
            words.extend(self.config.describe_contracts());
            words.extend(self.describe_funding());
        }
        words
    }

    /// Lists an instrument, or gives it new rules; live orders and prices stay. Round-the-clock
    /// markets start open, all others closed.
    pub fn register(&mut self, instrument: Instrument) {
        let id = instrument.id.clone();
        match self.markets.get_mut(&id) {
            Some(market) if market.state.instrument == instrument => return,
            Some(market) => market.state.instrument = instrument,
            None => {
                let session = match instrument.calendar {
                    CalendarKind::AlwaysOpen => Session::Open,
                    CalendarKind::UsEquities => Session::Closed,
                };
                let state = MarketState {
                    instrument,
                    session,
                    quote: None,
                    budget: None,
                    mark: None,
                    told: VecDeque::new(),
                    follows: None,
                };
                self.markets.insert(id.clone(), Market::new(state));
            }
        }
        self.dirty.market(&id);
    }

    /// The rules of an instrument.
    #[must_use]
    pub fn instrument(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.markets.get(id).map(|market| &market.state.instrument)
    }

    /// Whether an instrument trades.
    #[must_use]
    pub fn session(&self, id: &InstrumentId) -> Option<Session> {
        self.markets.get(id).map(|market| market.state.session)
    }

    /// The latest prices of an instrument.
    #[must_use]
    pub fn quote(&self, id: &InstrumentId) -> Option<Quote> {
        self.markets.get(id).and_then(|market| market.state.quote)
    }

    /// Opens an empty account.
    ///
    /// # Errors
    /// [`SimError::AccountExists`]; [`SimError::Config`] when a setting is out of range.
    pub fn open_account(
        &mut self,
        account: AccountId,
        settings: AccountSettings,
    ) -> Result<(), SimError> {
        if self.accounts.contains_key(&account) {
            return Err(SimError::AccountExists(account));
        }
        settings.validate()?;
        let (cash, positions, isolated) = (Cash::default(), BTreeMap::new(), BTreeMap::new());
        let state = AccountState { id: account.clone(), settings, cash, positions, isolated };
        self.dirty.account(&account);
        self.accounts.insert(account, Account::new(state));
        Ok(())
    }

    pub(crate) fn account_mut(&mut self, id: &AccountId) -> Result<&mut Account, SimError> {
        self.accounts.get_mut(id).ok_or_else(|| SimError::UnknownAccount(id.clone()))
    }

    /// Moves a holding in (or out, when negative) at a stated price, without a trade or cash. A
    /// contract is no holding and can't be moved.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::UnknownInstrument`], [`SimError::Amount`].
    pub fn transfer_position(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        qty: SignedQty,
        price: Price,
    ) -> Result<(), SimError> {
        let rules = self
            .instrument(instrument)
            .ok_or_else(|| SimError::UnknownInstrument(instrument.clone()))?;
        if rules.asset_class.is_contract() {
            return Err(SimError::Amount("a contract can't be moved".to_owned()));
        }
        let (currency, multiplier) = (rules.quote, rules.multiplier);
        let state = &mut self.account_mut(account)?.state;
        let held = state.positions.get(instrument).copied();
        let mut position = held.unwrap_or_else(|| Position::flat(currency));
        let side = if qty.is_short() { Side::Sell } else { Side::Buy };
        crate::booking::apply(&mut position, side, qty.abs(), price, multiplier)
            .map_err(SimError::Amount)?;
        state.positions.insert(instrument.clone(), position);
        self.dirty.account(account);
        Ok(())
    }

    /// The order with this client id, live or ended, as far as memory reaches.
    #[must_use]
    pub fn order(&self, account: &AccountId, id: &ClientOrderId) -> Option<OrderReport> {
        self.find(account, id).map(SimOrder::report)
    }

    pub(crate) fn find(&self, account: &AccountId, id: &ClientOrderId) -> Option<&SimOrder> {
        let account = self.accounts.get(account)?;
        let number = account.by_client.get(id)?;
        self.working.get(number).map(|order| &**order).or_else(|| account.done(*number))
    }

    /// Everything that the venue knows about an account. It is marked incomplete when memory
    /// doesn't reach back to `fills_since`; a [`crate::Venue`] reads the storage then.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`].
    pub fn snapshot(
        &self,
        account: &AccountId,
        fills_since: Timestamp,
        now: Timestamp,
    ) -> Result<VenueSnapshot, SimError> {
        let unknown = || SimError::UnknownAccount(account.clone());
        let account = self.accounts.get(account).ok_or_else(unknown)?;
        let held = account.state.positions.iter().filter(|(_, p)| !p.qty.is_zero());
        let fills = account.fills.since(fills_since).map(|row| row.fill.clone());
        let movements = account.movements.since(fills_since).map(|row| row.movement.clone());
        let actions = account.actions.since(fills_since).map(|row| row.action.clone());
        let complete = account.fills.reaches(fills_since)
            && account.movements.reaches(fills_since)
            && account.actions.reaches(fills_since);
        Ok(VenueSnapshot {
            open_orders: self.live(&account.working).map(SimOrder::report).collect(),
            fills: fills.collect(),
            movements: movements.collect(),
            actions: actions.collect(),
            positions: held.map(|(id, p)| (id.clone(), p.qty)).collect(),
            cash: account.state.cash.clone(),
            terms: account.state.settings.terms(),
            complete,
            at: now,
        })
    }

    /// A holding with its cost.
    #[must_use]
    pub fn position(&self, account: &AccountId, instrument: &InstrumentId) -> Option<Position> {
        self.accounts.get(account)?.state.positions.get(instrument).copied()
    }

    /// An account's balances.
    #[must_use]
    pub fn cash(&self, account: &AccountId) -> Option<&Cash> {
        self.accounts.get(account).map(|account| &account.state.cash)
    }

    /// Forgets the oldest ended orders and executions of every account, down to these counts. A
    /// forgotten client order id is no longer recognised as a duplicate by the engine alone.
    pub fn forget_ended(&mut self, keep_done: usize, keep_fills: usize) {
        for account in self.accounts.values_mut() {
            account.trim(keep_done, keep_fills);
        }
    }
}
