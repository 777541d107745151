//! What a command changed, and the whole state that changes add up to.
//!
//! This module must not know how changes are stored.

use std::collections::BTreeSet;

use domain::{AccountId, CashMovement, CorporateAction, Fill, InstrumentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{account::AccountState, engine::Engine, market::MarketState, order::SimOrder};

/// The last numbers and the last time given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// The last order's number.
    pub orders: u64,
    /// The last execution's number.
    pub trades: u64,
    /// The last movement's number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub movements: u64,
    /// The UTC day, counted from 1970-01-01, whose fees and interest were charged last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_day: Option<i64>,
    /// The latest time in any order, execution or movement. A clock that runs backward doesn't take the
    /// venue's times back, or a client that asks for what is new would miss it.
    pub clock: Timestamp,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One movement of cash as the venue stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementRow {
    /// Whose it is.
    pub account: AccountId,
    /// The number in its id.
    pub number: u64,
    /// The movement.
    pub movement: CashMovement,
}

/// One corporate action as the venue stores it for an account that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRow {
    /// Whose holding it changed.
    pub account: AccountId,
    /// The action.
    pub action: CorporateAction,
}

/// One execution as the venue stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// Whose it is.
    pub account: AccountId,
    /// The number in its trade id.
    pub number: u64,
    /// The execution.
    pub fill: Fill,
}

/// The state from which a venue goes on. Ended orders and executions are looked up one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimBook {
    /// The last numbers given out.
    pub counters: Counters,
    /// Every account.
    pub accounts: Vec<AccountState>,
    /// Every instrument with its market.
    pub markets: Vec<MarketState>,
    /// Every live order.
    pub working: Vec<SimOrder>,
}

/// New contents of everything that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimChanges {
    /// The numbers, when any was given out.
    pub counters: Option<Counters>,
    /// Accounts that changed.
    pub accounts: Vec<AccountState>,
    /// Markets that changed.
    pub markets: Vec<MarketState>,
    /// Live orders that are new or changed.
    pub working: Vec<SimOrder>,
    /// Orders that ended; they leave the live ones.
    pub ended: Vec<SimOrder>,
    /// New executions.
    pub fills: Vec<FillRow>,
    /// New movements of cash.
    pub movements: Vec<MovementRow>,
    /// New corporate actions.
    pub actions: Vec<ActionRow>,
}

impl SimChanges {
    /// True when nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Remembers what changed since the last [`Engine::take_changes`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Dirty {
    pub(crate) tracked: bool,
    counters: bool,
    accounts: BTreeSet<AccountId>,
    markets: BTreeSet<InstrumentId>,
    orders: BTreeSet<u64>,
    ended: Vec<SimOrder>,
    fills: Vec<FillRow>,
    movements: Vec<MovementRow>,
    actions: Vec<ActionRow>,
}

impl Dirty {
    pub(crate) fn counters(&mut self) {
        self.counters = self.tracked;
    }

    pub(crate) fn account(&mut self, id: &AccountId) {
        if self.tracked && !self.accounts.contains(id) {
            self.accounts.insert(id.clone());
        }
    }

    pub(crate) fn market(&mut self, id: &InstrumentId) {
        if self.tracked && !self.markets.contains(id) {
            self.markets.insert(id.clone());
        }
    }

    pub(crate) fn order(&mut self, number: u64) {
        if self.tracked {
            self.orders.insert(number);
        }
    }

    pub(crate) fn ended(&mut self, order: &SimOrder) {
        if self.tracked {
            self.orders.remove(&order.number);
            self.ended.push(order.clone());
        }
    }

    pub(crate) fn fill(&mut self, row: &FillRow) {
        if self.tracked {
            self.fills.push(row.clone());
        }
    }

    pub(crate) fn movement(&mut self, row: &MovementRow) {
        if self.tracked {
            self.movements.push(row.clone());
        }
    }

    pub(crate) fn action(&mut self, row: &ActionRow) {
        if self.tracked {
            self.actions.push(row.clone());
        }
    }

    /// True when nothing but prices changed.
    pub(crate) fn only_markets(&self) -> bool {
        !self.counters
            && self.accounts.is_empty()
            && self.orders.is_empty()
            && self.ended.is_empty()
            && self.fills.is_empty()
            && self.movements.is_empty()
            && self.actions.is_empty()
    }
}

impl Engine {
    /// Starts to remember what changes, so that it can be stored.
    pub fn track_changes(&mut self) {
        self.dirty.tracked = true;
    }

    /// What changed since the last call, empty unless [`Engine::track_changes`] was called.
    pub fn take_changes(&mut self) -> SimChanges {
        let tracked = self.dirty.tracked;
        let dirty = std::mem::replace(&mut self.dirty, Dirty { tracked, ..Dirty::default() });
        if !tracked {
            return SimChanges::default();
        }
        let account = |id| self.accounts.get(id).map(|account| account.state.clone());
        let market = |id| self.markets.get(id).map(|market| market.state.clone());
        SimChanges {
            counters: dirty.counters.then_some(self.counters),
            accounts: dirty.accounts.iter().filter_map(account).collect(),
            markets: dirty.markets.iter().filter_map(market).collect(),
            working: dirty
                .orders
                .iter()
                .filter_map(|n| self.working.get(n))
                .map(|order| (**order).clone())
                .collect(),
            ended: dirty.ended,
            fills: dirty.fills,
            movements: dirty.movements,
            actions: dirty.actions,
        }
    }

    /// The state from which an equal engine can be made.
    #[must_use]
    pub fn book(&self) -> SimBook {
        SimBook {
            counters: self.counters,
            accounts: self.accounts.values().map(|account| account.state.clone()).collect(),
            markets: self.markets.values().map(|market| market.state.clone()).collect(),
            working: self.working.values().map(|order| (**order).clone()).collect(),
        }
    }
}
