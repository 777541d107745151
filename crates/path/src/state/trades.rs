//! Which executions are in the books, so that each counts once; and which movements, alike.
//!
//! A venue is only ever asked for either since shortly before the last comparison, so what is
//! much older than that can be forgotten. This module must not know what an execution did.

use std::collections::{BTreeSet, VecDeque};

use domain::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};

/// Executions that are remembered at least, whatever their age.
const KEPT_MIN: usize = 50_000;
/// Executions younger than this at the last comparison are remembered, whatever their number.
const KEPT_FOR: Nanos = Nanos::from_secs(8 * 86_400);

/// Executions by the first half of their id's hash, with the venue's time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "VecDeque<(Timestamp, u128)>", into = "VecDeque<(Timestamp, u128)>")]
pub struct Trades {
    order: VecDeque<(Timestamp, u128)>,
    known: BTreeSet<u128>,
}

impl From<VecDeque<(Timestamp, u128)>> for Trades {
    fn from(order: VecDeque<(Timestamp, u128)>) -> Self {
        let known = order.iter().map(|(_, trade)| *trade).collect();
        Self { order, known }
    }
}

impl From<Trades> for VecDeque<(Timestamp, u128)> {
    fn from(trades: Trades) -> Self {
        trades.order
    }
}

impl Trades {
    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// True for an execution that is in the books.
    #[must_use]
    pub fn contains(&self, trade: u128) -> bool {
        self.known.contains(&trade)
    }

    pub(super) fn insert(&mut self, at: Timestamp, trade: u128) {
        if self.known.insert(trade) {
            self.order.push_back((at, trade));
        }
    }

    /// Forgets what is too old to be told again, after a comparison up to a venue time.
    pub(super) fn forget(&mut self, compared: Timestamp) {
        while self.order.len() > KEPT_MIN
            && let Some((_, trade)) =
                self.order.pop_front_if(|(at, _)| compared.since(*at) > KEPT_FOR)
        {
            self.known.remove(&trade);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn full(at: Timestamp) -> Trades {
        let mut trades = Trades::default();
        for trade in 0..=KEPT_MIN as u128 {
            trades.insert(at, trade);
        }
        trades
    }

    #[test]
    fn only_what_is_old_at_the_comparison_is_forgotten_and_only_beyond_the_minimum() {
        let at = Timestamp::from_secs(100 * DAY);
        let mut trades = full(at);
        trades.forget(Timestamp::from_secs(108 * DAY));
        assert_eq!(trades.len(), KEPT_MIN + 1, "eight days are not too old");
        trades.forget(Timestamp::from_secs(109 * DAY));
        assert_eq!(trades.len(), KEPT_MIN);
        assert!(!trades.contains(0) && trades.contains(1));
    }

    #[test]
    fn an_old_one_behind_a_young_one_stays() {
        let mut trades = Trades::default();
        trades.insert(Timestamp::from_secs(200 * DAY), u128::MAX);
        for trade in 0..=KEPT_MIN as u128 {
            trades.insert(Timestamp::from_secs(DAY), trade);
        }
        trades.forget(Timestamp::from_secs(201 * DAY));
        assert_eq!(trades.len(), KEPT_MIN + 2);
    }
}
