//! The account's net position in each contract, as the venue nets it: at average cost, in the order
//! in which the venue executed.
//!
//! Executions are told late and out of order, and an average depends on the order. So the latest
//! ones are kept beside the position that they began from, and one that comes late takes its place
//! among them. This module must not know books or cash.

use std::collections::VecDeque;

use domain::{Fill, MoneyError, Position, Price, Qty, Side, Timestamp, TradeId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Executions per contract among which a late one finds its place. One that is later still counts
/// as if it had come before all of them.
const KEPT: usize = 64;

/// What is kept of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Execution {
    at: Timestamp,
    trade: TradeId,
    side: Side,
    qty: Qty,
    price: Price,
}

impl Execution {
    /// The venue's order: by time, and within it by the number in the venue's id, of which the
    /// shorter one is the smaller.
    fn key(&self) -> (Timestamp, usize, &str) {
        (self.at, self.trade.as_str().len(), self.trade.as_str())
    }
}

/// The latest executions in a contract and the position before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Netted {
    base: Position,
    latest: VecDeque<Execution>,
}

impl Netted {
    /// Begins at a position.
    pub(super) fn new(base: Position) -> Self {
        Self { base, latest: VecDeque::new() }
    }

    /// With one more execution, and the net position that all of them make; `net` is the one that
    /// they made so far.
    ///
    /// # Errors
    /// A [`MoneyError`] when an exact amount does not fit.
    pub(super) fn with(
        &self,
        mut net: Position,
        fill: &Fill,
        multiplier: Decimal,
    ) -> Result<(Self, Position), MoneyError> {
        let mut next = self.clone();
        let trade = fill.trade_id.clone();
        let (at, side, qty, price) = (fill.at, fill.side, fill.qty, fill.price);
        let one = Execution { at, trade, side, qty, price };
        let place = next.latest.partition_point(|known| known.key() <= one.key());
        let in_order = place == next.latest.len();
        next.latest.insert(place, one);
        if in_order {
            net.apply(side, qty, price, multiplier)?;
        } else {
            net = next.base;
            for e in &next.latest {
                net.apply(e.side, e.qty, e.price, multiplier)?;
            }
        }
        if next.latest.len() > KEPT
            && let Some(oldest) = next.latest.pop_front()
        {
            next.base.apply(oldest.side, oldest.qty, oldest.price, multiplier)?;
        }
        Ok((next, net))
    }
}
