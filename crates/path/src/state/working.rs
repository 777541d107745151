//! Which orders something may still come from, by instrument.
//!
//! Judgement and protection ask about one instrument at a time, so that is the order they are kept
//! in. This module must not know orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ClientOrderId, InstrumentId};
use serde::{Deserialize, Serialize};

/// Ids of live orders by instrument.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ByInstrument", into = "ByInstrument")]
pub struct Working {
    orders: ByInstrument,
    count: usize,
}

type ByInstrument = BTreeMap<InstrumentId, BTreeSet<ClientOrderId>>;

impl From<ByInstrument> for Working {
    fn from(orders: ByInstrument) -> Self {
        let count = orders.values().map(BTreeSet::len).sum();
        Self { orders, count }
    }
}

impl From<Working> for ByInstrument {
    fn from(working: Working) -> Self {
        working.orders
    }
}

impl Working {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ClientOrderId> {
        self.orders.values().flatten()
    }

    /// Those in one instrument.
    pub fn of(&self, instrument: &InstrumentId) -> impl Iterator<Item = &ClientOrderId> {
        self.orders.get(instrument).into_iter().flatten()
    }

    /// Instruments in which there is one.
    pub fn instruments(&self) -> impl Iterator<Item = &InstrumentId> {
        self.orders.keys()
    }

    /// True when it was not there.
    pub(super) fn insert(&mut self, instrument: &InstrumentId, id: &ClientOrderId) -> bool {
        let new = match self.orders.get_mut(instrument) {
            Some(orders) => orders.insert(id.clone()),
            None => {
                self.orders.insert(instrument.clone(), BTreeSet::from([id.clone()]));
                true
            }
        };
        self.count += usize::from(new);
        new
    }

    /// True when it was there.
    pub(super) fn remove(&mut self, instrument: &InstrumentId, id: &ClientOrderId) -> bool {
        let Some(orders) = self.orders.get_mut(instrument) else { return false };
        let was = orders.remove(id);
        if orders.is_empty() {
            self.orders.remove(instrument);
        }
        self.count -= usize::from(was);
        was
    }
}
