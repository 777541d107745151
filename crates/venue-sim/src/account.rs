//! One account at the venue: its money, its holdings and what it remembers.
//!
//! This module must not know prices or how orders fill.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::{
    AccountId, Cash, ClientOrderId, InstrumentId, Position, Qty, Side, SignedQty, Timestamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    booking::Booked,
    changes::{ActionRow, FillRow, MovementRow},
    order::SimOrder,
    recent::Recent,
    settings::AccountSettings,
};

/// An account as the venue stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Its name.
    pub id: AccountId,
    /// What it may do.
    pub settings: AccountSettings,
    /// Balances.
    pub cash: Cash,
    /// Holdings with their cost; flat ones stay for their realised result.
    pub positions: BTreeMap<InstrumentId, Position>,
    /// What is set aside for each contract that is secured alone, in its quote currency. It is
    /// part of the balance.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub isolated: BTreeMap<InstrumentId, Decimal>,
}

impl AccountState {
    /// The net quantity, zero when it never held any.
    #[must_use]
    pub fn held(&self, instrument: &InstrumentId) -> SignedQty {
        self.positions.get(instrument).map_or(SignedQty::ZERO, |position| position.qty)
    }

    /// What is set aside for a contract that is secured alone.
    #[must_use]
    pub fn aside(&self, instrument: &InstrumentId) -> Decimal {
        self.isolated.get(instrument).copied().unwrap_or_default()
    }

    /// Keeps what an execution has made of a holding.
    pub(crate) fn keep(&mut self, instrument: &InstrumentId, booked: &Booked) {
        match self.positions.get_mut(instrument) {
            Some(held) => *held = booked.position,
            None => {
                self.positions.insert(instrument.clone(), booked.position);
            }
        }
        match booked.aside {
            Some(aside) if !aside.is_zero() => {
                self.isolated.insert(instrument.clone(), aside);
            }
            Some(_) => {
                self.isolated.remove(instrument);
            }
            None => {}
        }
    }

    /// How much a fill on this side can take from the position before it is flat.
    #[must_use]
    pub fn reducible(&self, instrument: &InstrumentId, side: Side) -> Qty {
        let held = self.held(instrument);
        if Side::reducing(held) == Some(side) { held.abs() } else { Qty::ZERO }
    }
}

/// An account with its indexes and what is kept in memory of its past. The hashed maps are only
/// asked for single keys, so that their order shows nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) state: AccountState,
    pub(crate) working: BTreeSet<u64>,
    pub(crate) by_client: HashMap<ClientOrderId, u64>,
    done: HashMap<u64, Box<SimOrder>>,
    /// Numbers of ended orders in the order of their end.
    done_order: VecDeque<u64>,
    /// Older ended orders may be elsewhere.
    forgot_done: bool,
    pub(crate) fills: Recent<FillRow>,
    pub(crate) movements: Recent<MovementRow>,
    pub(crate) actions: Recent<ActionRow>,
}

impl Account {
    pub(crate) fn new(state: AccountState) -> Self {
        Self::with_past(state, false)
    }

    /// An account whose past is in the storage.
    pub(crate) fn loaded(state: AccountState) -> Self {
        Self::with_past(state, true)
    }

    fn with_past(state: AccountState, elsewhere: bool) -> Self {
        Self {
            state,
            working: BTreeSet::new(),
            by_client: HashMap::new(),
            done: HashMap::new(),
            done_order: VecDeque::new(),
            forgot_done: elsewhere,
            fills: Recent::new(elsewhere),
            movements: Recent::new(elsewhere),
            actions: Recent::new(elsewhere),
        }
    }

    /// Moves an order from the live ones to the past.
    pub(crate) fn add_done(&mut self, order: Box<SimOrder>) {
        self.working.remove(&order.number);
        self.done_order.push_back(order.number);
        self.done.insert(order.number, order);
    }

    pub(crate) fn done(&self, number: u64) -> Option<&SimOrder> {
        self.done.get(&number).map(|order| &**order)
    }

    /// Ended orders in memory that ended at or after `since`, the latest first.
    pub(crate) fn ended_since(&self, since: Timestamp) -> impl Iterator<Item = &SimOrder> {
        let ended = self.done_order.iter().rev().filter_map(|number| self.done(*number));
        ended.take_while(move |order| order.at >= since)
    }

    /// True when every order that ended at or after `since` is in memory.
    pub(crate) fn remembers_ended(&self, since: Timestamp) -> bool {
        let oldest = self.done_order.front().and_then(|number| self.done(*number));
        !self.forgot_done || oldest.is_some_and(|order| order.at < since)
    }

    /// Forgets the oldest of what has ended, down to these counts.
    pub(crate) fn trim(&mut self, keep_done: usize, keep_fills: usize) {
        while self.done_order.len() > keep_done {
            let oldest = self.done_order.pop_front().and_then(|number| self.done.remove(&number));
            self.forgot_done = true;
            if let Some(id) = oldest.and_then(|order| order.client_order_id) {
                self.by_client.remove(&id);
            }
        }
        self.fills.trim(keep_fills);
        self.movements.trim(keep_fills);
        self.actions.trim(keep_fills);
    }
}
