//! An order as the venue keeps it, and how it is reported.
//!
//! This module must not know prices, funds or sessions.

use domain::{
    AccountId, ClientOrderId, Conditions, InstrumentId, OrderKind, Price, Qty, Side, TimeInForce,
    Timestamp, TradeId, VenueOrderId,
};
use path::{
    broker::{OrderReport, VenueStatus},
    verbs::PlaceOrder,
};
use serde::{Deserialize, Serialize};

/// An order that somebody gives at the venue by hand: it has no client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalOrder {
    /// The account.
    pub account: AccountId,
    /// What to trade.
    pub instrument: InstrumentId,
    /// The side.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// Type and prices.
    pub kind: OrderKind,
    /// How long it lives.
    pub tif: TimeInForce,
    /// Refuse rather than open or enlarge a position.
    pub reduce_only: bool,
}

/// What somebody wants, with or without a client id.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) account: AccountId,
    pub(crate) client_order_id: Option<ClientOrderId>,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) kind: OrderKind,
    pub(crate) tif: TimeInForce,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    pub(crate) conditions: Conditions,
}

impl From<&PlaceOrder> for Request {
    fn from(order: &PlaceOrder) -> Self {
        Self {
            account: order.account.clone(),
            client_order_id: Some(order.client_order_id.clone()),
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            kind: order.kind,
            tif: order.tif,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            conditions: order.conditions.clone(),
        }
    }
}

impl From<&ExternalOrder> for Request {
    fn from(order: &ExternalOrder) -> Self {
        Self {
            account: order.account.clone(),
            client_order_id: None,
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            kind: order.kind,
            tif: order.tif,
            post_only: false,
            reduce_only: order.reduce_only,
            conditions: Conditions::default(),
        }
    }
}

/// One order at the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimOrder {
    /// The number in order of arrival.
    pub number: u64,
    /// The venue's id, `v-<number>`.
    pub venue_order_id: VenueOrderId,
    /// The account.
    pub account: AccountId,
    /// The client's id, unless it was given by hand or the venue knows no client ids.
    pub client_order_id: Option<ClientOrderId>,
    /// What is traded.
    pub instrument: InstrumentId,
    /// The side.
    pub side: Side,
    /// The whole quantity.
    pub qty: Qty,
    /// Type and prices.
    pub kind: OrderKind,
    /// How long it lives.
    pub tif: TimeInForce,
    /// Must not take liquidity as it arrives.
    pub post_only: bool,
    /// May only reduce.
    pub reduce_only: bool,
    /// What else holds for it.
    #[serde(default, skip_serializing_if = "Conditions::is_plain")]
    pub conditions: Conditions,
    /// Where it is in its life.
    pub status: VenueStatus,
    /// The sum of its fills.
    pub filled: Qty,
    /// True for a stop whose trigger was reached.
    pub triggered: bool,
    /// True for a limit that takes what the market offers, because it has not yet met a price or
    /// has stayed marketable since it did.
    pub taking: bool,
    /// The price at which cash was set aside, when there was one.
    pub reserve_price: Option<Price>,
    /// Why it ended.
    pub reason: Option<String>,
    /// When it last changed.
    pub at: Timestamp,
    /// When it was taken in; unknown for orders of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
}

/// How an order acts once its trigger, if any, is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    /// Takes any price.
    Market,
    /// Takes or rests at this limit.
    Limit(Price),
    /// Waits for this trigger.
    Waiting(Price),
}

impl SimOrder {
    pub(crate) fn new(request: Request, number: u64, now: Timestamp) -> Self {
        let Request { account, client_order_id, instrument, side, qty, .. } = request;
        let venue_order_id =
            VenueOrderId::new(format!("v-{number}")).expect("a letter and digits make an id");
        Self {
            number,
            venue_order_id,
            account,
            client_order_id,
            instrument,
            side,
            qty,
            kind: request.kind,
            tif: request.tif,
            post_only: request.post_only,
            reduce_only: request.reduce_only,
            conditions: request.conditions,
            status: VenueStatus::Working,
            filled: Qty::ZERO,
            triggered: false,
            taking: !request.post_only,
            reserve_price: None,
            reason: None,
            at: now,
            placed_at: Some(now),
        }
    }

    /// What is not filled.
    #[must_use]
    pub fn remaining(&self) -> Qty {
        self.qty.minus(self.filled)
    }

    /// The order as the venue tells it.
    #[must_use]
    pub fn report(&self) -> OrderReport {
        OrderReport {
            client_order_id: self.client_order_id.clone(),
            venue_order_id: self.venue_order_id.clone(),
            instrument: self.instrument.clone(),
            side: self.side,
            qty: self.qty,
            kind: self.kind,
            tif: self.tif,
            reduce_only: self.reduce_only,
            status: self.status,
            filled: self.filled,
            reason: self.reason.clone(),
            at: self.at,
            placed_at: self.placed_at,
        }
    }

    pub(crate) fn acting(&self) -> Acting {
        match self.kind {
            OrderKind::Market => Acting::Market,
            OrderKind::Limit { limit } => Acting::Limit(limit),
            OrderKind::Stop { trigger } if !self.triggered => Acting::Waiting(trigger),
            OrderKind::Stop { .. } => Acting::Market,
            OrderKind::StopLimit { trigger, .. } if !self.triggered => Acting::Waiting(trigger),
            OrderKind::StopLimit { limit, .. } => Acting::Limit(limit),
        }
    }
}

pub(crate) fn trade_id(number: u64) -> TradeId {
    TradeId::new(format!("t-{number}")).expect("a letter and digits make an id")
}

/// The number in a venue order id of this venue.
pub(crate) fn number_of(id: &VenueOrderId) -> Option<u64> {
    id.as_str().strip_prefix("v-")?.parse().ok()
}
