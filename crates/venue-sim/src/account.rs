//! One account at the venue: its money, its holdings and what it remembers.
//!
//! This module must not know prices or how orders fill.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::{
    AccountId, Cash, ClientOrderId, Fill, InstrumentId, Position, Qty, Side, SignedQty, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{changes::FillRow, config::AccountSettings, order::SimOrder};

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
}

impl AccountState {
    /// The net quantity, zero when it never held any.
    #[must_use]
    pub fn held(&self, instrument: &InstrumentId) -> SignedQty {
        self.positions.get(instrument).map_or(SignedQty::ZERO, |position| position.qty)
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
    done: HashMap<ClientOrderId, Box<SimOrder>>,
    done_order: VecDeque<ClientOrderId>,
    fills: VecDeque<FillRow>,
    forgot_fills: bool,
}

impl Account {
    pub(crate) fn new(state: AccountState) -> Self {
        Self {
            state,
            working: BTreeSet::new(),
            by_client: HashMap::new(),
            done: HashMap::new(),
            done_order: VecDeque::new(),
            fills: VecDeque::new(),
            forgot_fills: false,
        }
    }

    /// An account whose past is in the storage.
    pub(crate) fn loaded(state: AccountState) -> Self {
        Self { forgot_fills: true, ..Self::new(state) }
    }

    /// True when this order may only shrink the position: it says so, or the account can't be
    /// short.
    pub(crate) fn only_reduces(&self, order: &SimOrder) -> bool {
        order.reduce_only || (order.side == Side::Sell && !self.state.settings.allow_short)
    }

    /// Moves an order from the live ones to the past; without a client id nobody can ask for it.
    pub(crate) fn add_done(&mut self, order: Box<SimOrder>) {
        self.working.remove(&order.number);
        if let Some(id) = order.client_order_id.clone() {
            self.by_client.remove(&id);
            self.done_order.push_back(id.clone());
            self.done.insert(id, order);
        }
    }

    pub(crate) fn done(&self, id: &ClientOrderId) -> Option<&SimOrder> {
        self.done.get(id).map(|order| &**order)
    }

    pub(crate) fn add_fill(&mut self, row: FillRow) {
        self.fills.push_back(row);
    }

    /// Forgets the oldest of what has ended, down to these counts.
    pub(crate) fn trim(&mut self, keep_done: usize, keep_fills: usize) {
        while self.done_order.len() > keep_done {
            if let Some(key) = self.done_order.pop_front() {
                self.done.remove(&key);
            }
        }
        while self.fills.len() > keep_fills {
            self.fills.pop_front();
            self.forgot_fills = true;
        }
    }

    /// Executions at or after `since`, and whether memory reaches back so far.
    pub(crate) fn fills_since(&self, since: Timestamp) -> (Vec<Fill>, bool) {
        let fills = self.fills.iter().map(|row| &row.fill).filter(|fill| fill.at >= since);
        let reaches = self.fills.front().is_some_and(|row| row.fill.at < since);
        (fills.cloned().collect(), reaches || !self.forgot_fills)
    }
}
