//! What the desk asks of a venue, and what a venue can answer.
//!
//! This module exists so that adapters and the desk meet in one small set of words, in which
//! "unknown" is an answer. It must not know any venue, protocol or async runtime.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use domain::{
    Cash, CashMovement, ClientOrderId, CorporateAction, Fill, InstrumentId, OrderKind, Qty, Side,
    SignedQty, TimeInForce, Timestamp, VenueOrderId,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    terms::Terms,
    verbs::{CancelOrder, PlaceOrder, Recorded, ReplaceOrder, SetTerms},
    wire::{NotSent, Wire},
};

/// The state of an order in the venue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueStatus {
    /// Live, filled in part or not at all.
    Working,
    /// Filled completely.
    Filled,
    /// Cancelled by anybody.
    Cancelled,
    /// Refused after it was taken in.
    Rejected,
    /// Ended by its time in force.
    Expired,
}

impl VenueStatus {
    /// True when the order can't fill any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Working)
    }
}

/// The reason by which an adapter marks an order with which the venue closes a position because
/// its margin ran out.
pub const LIQUIDATION: &str = "liquidation";

/// An order as the venue describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The client's id, when the order has one and the venue tells it.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's id.
    pub venue_order_id: VenueOrderId,
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
    /// May only reduce.
    pub reduce_only: bool,
    /// Where it is in its life.
    pub status: VenueStatus,
    /// How much of it is filled, by the venue's count.
    pub filled: Qty,
    /// Why it ended, in the venue's words.
    pub reason: Option<String>,
    /// The venue's time of the latest change.
    pub at: Timestamp,
    /// The venue's time at which it took the order in. Owed where [`Capabilities::client_ids`] is
    /// false: there it tells an order of the desk from an older one with the same content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
}

/// Names an order to a venue: by the client's id, or by the venue's own where it knows no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRef {
    /// The client's id.
    pub client_order_id: ClientOrderId,
    /// The venue's id, once it is known; always known where [`Capabilities::client_ids`] is false.
    pub venue_order_id: Option<VenueOrderId>,
}

/// Why a venue refused an order. Each means that the order never lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueRejection {
    /// Not enough cash or holdings.
    Funds,
    /// Price, quantity or value breaks a rule of the instrument.
    Rules,
    /// The market doesn't take this order now.
    Closed,
    /// It would have taken liquidity although it must not.
    WouldTake,
    /// It would have opened or enlarged a position although it must not.
    WouldIncrease,
    /// The venue asks for fewer requests.
    RateLimited,
    /// Credentials or permissions.
    Unauthorized,
    /// Anything else that the venue documents as a refusal.
    Other,
}

/// The answer to an order that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceOutcome {
    /// The venue has it.
    Accepted(OrderReport),
    /// The venue has documented that it does not have it.
    Rejected {
        /// The kind of refusal.
        code: VenueRejection,
        /// The venue's words.
        text: String,
    },
    /// The venue knows this client order id already: look the order up.
    DuplicateId,
    /// Bytes may have left and no answer that means anything came back.
    Unknown {
        /// What happened: a time-out, a broken connection, an undocumented answer.
        why: String,
    },
    /// No byte left: the wire permit had run out.
    NotSent(NotSent),
}

/// The answer to a cancel that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The venue will tell the end of the order, or the report is its end.
    Accepted(Option<OrderReport>),
    /// The venue doesn't know the order. That alone ends nothing.
    NotFound,
    /// The order had ended before.
    TooLate,
    /// The venue refused.
    Rejected {
        /// The venue's words.
        text: String,
    },
    /// No answer that means anything came back.
    Unknown {
        /// What happened.
        why: String,
    },
    /// No byte left.
    NotSent(NotSent),
}

/// The answer to a request for other terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsOutcome {
    /// They hold from now on.
    Accepted,
    /// The old ones hold on.
    Rejected {
        /// The venue's words.
        text: String,
    },
    /// No answer that means anything came back.
    Unknown {
        /// What happened.
        why: String,
    },
    /// No byte left.
    NotSent(NotSent),
}

/// Something that the venue tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueEvent {
    /// The state of an order.
    Order(OrderReport),
    /// An execution.
    Fill(Fill),
    /// Cash moved without an execution.
    Movement(CashMovement),
    /// Every holding of an instrument changed.
    Action(CorporateAction),
    /// The stream is up; what happened before may be missing.
    Connected,
    /// The stream is down.
    Disconnected,
}

/// Everything that the venue knows about an account, from one point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueSnapshot {
    /// Live orders.
    pub open_orders: Vec<OrderReport>,
    /// Executions since the time that was asked for.
    pub fills: Vec<Fill>,
    /// Movements of cash since the same time.
    pub movements: Vec<CashMovement>,
    /// Corporate actions since the same time.
    pub actions: Vec<CorporateAction>,
    /// Net quantities by instrument, without zeros.
    pub positions: BTreeMap<InstrumentId, SignedQty>,
    /// Balances.
    pub cash: Cash,
    /// The terms on which the account trades, where the venue tells them.
    pub terms: Option<Terms>,
    /// True when every list was read to its last page and the parts belong together.
    pub complete: bool,
    /// The venue's time.
    pub at: Timestamp,
}

/// The orders of a while, open or ended, from one point in time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecentOrders {
    /// Orders that are live, and those that were taken in or ended at or after the time that was
    /// asked for.
    pub orders: Vec<OrderReport>,
    /// True when the list was read to its last page.
    pub complete: bool,
}

/// A question that got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the venue did not answer: {0}")]
pub struct QueryError(pub String);

/// What a venue can do, as far as the desk must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Orders can be marked to only reduce the position.
    pub reduce_only: bool,
    /// Orders sent while the market is closed wait for its opening.
    pub queues_when_closed: bool,
    /// An order can take another one's place in one step: the venue ends the old one and begins
    /// the new one, or leaves the old one as it is.
    pub replace: bool,
    /// Orders can be put into a group of which the venue cancels the others as soon as one fills.
    pub groups: bool,
    /// The account's terms (short, margin, leverage) can be set, and are told with a snapshot.
    /// Elsewhere those of the policy are the desk's alone.
    pub terms: bool,
    /// Orders may be allowed to fill before the opening and after the close.
    pub extended_hours: bool,
    /// The venue takes the client's order id and tells it in every report, execution and list, and
    /// finds orders by it. Where it doesn't, answers bind the venue's ids to orders, and an order
    /// without an answer is found by its content in [`Broker::recent_orders`]. Another desk on the
    /// account, or a journal that was restored from an older copy, can't be recognised there.
    pub client_ids: bool,
    /// After this span an order that the venue doesn't know can't appear any more.
    pub acceptance_window: domain::Nanos,
}

/// A boxed future, so that the trait can be used as an object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One account at one venue. There is no way to withdraw or transfer.
///
/// Every verb that changes something takes a [`Recorded`], whose request only comes out through
/// [`Wire::release`]: call it next to the write, and write at most once.
pub trait Broker: Send + Sync {
    /// What the venue can do.
    fn capabilities(&self) -> Capabilities;

    /// Sends an order.
    fn place<'a>(
        &'a self,
        wire: &'a Wire,
        order: Recorded<PlaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome>;

    /// Sends a cancel.
    fn cancel<'a>(
        &'a self,
        wire: &'a Wire,
        cancel: Recorded<CancelOrder>,
    ) -> BoxFuture<'a, CancelOutcome>;

    /// Puts an order in another one's place. An answer other than [`PlaceOutcome::Accepted`] says
    /// nothing about the old order, which may have ended before. Called only where
    /// [`Capabilities::replace`] says so.
    fn replace<'a>(
        &'a self,
        wire: &'a Wire,
        replace: Recorded<ReplaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome>;

    /// Asks for other terms. Called only where [`Capabilities::terms`] says so.
    fn set_terms<'a>(
        &'a self,
        wire: &'a Wire,
        terms: Recorded<SetTerms>,
    ) -> BoxFuture<'a, TermsOutcome>;

    /// Looks one order up. `None` is the venue's word that it doesn't know it.
    fn order<'a>(
        &'a self,
        order: &'a OrderRef,
    ) -> BoxFuture<'a, Result<Option<OrderReport>, QueryError>>;

    /// Lists the live orders and those that were taken in or ended at or after `since`. The adapter
    /// only lists; which of them are the desk's is found by the core. Called only where
    /// [`Capabilities::client_ids`] is false.
    fn recent_orders<'a>(
        &'a self,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<RecentOrders, QueryError>> {
        let why = format!("orders since {since} are found by the client's ids");
        Box::pin(std::future::ready(Err(QueryError(why))))
    }

    /// Asks for everything, with executions at or after `fills_since`.
    fn snapshot<'a>(
        &'a self,
        fills_since: Timestamp,
    ) -> BoxFuture<'a, Result<VenueSnapshot, QueryError>>;
}
