//! Orders and executions as every venue knows them.
//!
//! This module must not know how an order travels or who may send one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClientOrderId, InstrumentId, TradeId, VenueOrderId},
    money::Money,
    num::{Price, Qty, SignedQty},
    time::Timestamp,
};

/// The side of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from the position.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The change of position that a quantity on this side makes.
    #[must_use]
    pub fn signed(self, qty: Qty) -> SignedQty {
        qty.signed(self == Self::Buy)
    }

    /// The side that brings a position closer to zero; `None` for a flat one.
    #[must_use]
    pub fn reducing(position: SignedQty) -> Option<Self> {
        if position.is_long() {
            Some(Self::Sell)
        } else if position.is_short() {
            Some(Self::Buy)
        } else {
            None
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// The type of an order with the prices that the type needs, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderKind {
    /// At the best price now.
    Market,
    /// At `limit` or better.
    Limit {
        /// The worst acceptable price.
        limit: Price,
    },
    /// A market order once the price reaches `trigger`.
    Stop {
        /// The price that triggers.
        trigger: Price,
    },
    /// A limit order once the price reaches `trigger`.
    StopLimit {
        /// The price that triggers.
        trigger: Price,
        /// The worst acceptable price after that.
        limit: Price,
    },
}

impl OrderKind {
    /// The limit price, when the type has one.
    #[must_use]
    pub const fn limit(&self) -> Option<Price> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(*limit),
            Self::Market | Self::Stop { .. } => None,
        }
    }

    /// The trigger price, when the type has one.
    #[must_use]
    pub const fn trigger(&self) -> Option<Price> {
        match self {
            Self::Stop { trigger } | Self::StopLimit { trigger, .. } => Some(*trigger),
            Self::Market | Self::Limit { .. } => None,
        }
    }

    /// The type's name as the API writes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
        }
    }
}

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session's end.
    Day,
    /// Until cancelled.
    #[default]
    Gtc,
    /// What fills at once fills, the rest is cancelled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// In the opening auction only.
    Opg,
    /// In the closing auction only.
    Cls,
}

/// Which price sets a stop off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerBy {
    /// The last trade.
    Last,
    /// The side of the quote at which the stop would fill.
    Quote,
    /// The venue's mark price, by which contracts are valued.
    Mark,
}

/// Where an order is in its life. The four last states are final: nothing leaves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Decided and on disk, no byte has left.
    Recorded,
    /// Bytes may have left; the venue has not answered.
    Sent,
    /// The venue's answer is missing; risk stays reserved until it is found out.
    Unknown,
    /// Live at the venue, nothing filled.
    Working,
    /// Live at the venue, partly filled.
    PartlyFilled,
    /// A cancel is under way.
    PendingCancel,
    /// Filled completely.
    Filled,
    /// Cancelled.
    Cancelled,
    /// Refused by the venue, or never placed.
    Rejected,
    /// Ended by its time in force.
    Expired,
}

impl OrderStatus {
    /// True for a state that nothing leaves.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }
}

/// Whether an execution gave or took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Rested in the book.
    Maker,
    /// Took from the book.
    Taker,
}

/// One execution, as the venue reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's id of the execution; the key by which it counts once.
    pub trade_id: TradeId,
    /// The order's id at the venue.
    pub venue_order_id: VenueOrderId,
    /// The order's client id, when the order had one.
    pub client_order_id: Option<ClientOrderId>,
    /// What was traded.
    pub instrument: InstrumentId,
    /// The order's side.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At what price.
    pub price: Price,
    /// What the venue charged; negative is a rebate.
    pub fee: Money,
    /// Gave or took liquidity.
    pub liquidity: Liquidity,
    /// The venue's time.
    pub at: Timestamp,
}
