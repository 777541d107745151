//! The typed steps between a verdict and the wire.
//!
//! A [`Cleared`] can only be made by the gate and a [`Recorded`] only by a durable append, both
//! inside this crate; neither can be copied, parsed or forged. So a request that reaches a venue
//! has been judged and is on disk. This module must not know why the gate clears.
//!
//! Outside this crate, both names can be written:
//!
//! ```
//! use path::verbs::{Cleared, PlaceOrder, Recorded};
//!
//! fn judged(cleared: &Cleared<PlaceOrder>) -> &PlaceOrder {
//!     cleared.request()
//! }
//! fn named(recorded: Recorded<PlaceOrder>) -> String {
//!     recorded.client_order_id().to_string()
//! }
//! ```
//!
//! but neither can be made from a request,
//!
//! ```compile_fail,E0451
//! # use path::verbs::{Cleared, PlaceOrder};
//! fn forge(request: PlaceOrder) -> Cleared<PlaceOrder> {
//!     Cleared { request, permit: unreachable!() }
//! }
//! ```
//! ```compile_fail,E0451
//! # use path::verbs::{PlaceOrder, Recorded};
//! fn forge(request: PlaceOrder) -> Recorded<PlaceOrder> {
//!     Recorded { request, permit: unreachable!() }
//! }
//! ```
//! ```compile_fail,E0624
//! # use path::verbs::{Cleared, PlaceOrder};
//! fn forge(request: PlaceOrder) -> Cleared<PlaceOrder> {
//!     Cleared::new(request, unreachable!())
//! }
//! ```
//!
//! a judged request is not taken for a durable one,
//!
//! ```compile_fail,E0624
//! # use path::verbs::{Cleared, PlaceOrder, Recorded};
//! fn skip_the_journal(cleared: Cleared<PlaceOrder>) -> Recorded<PlaceOrder> {
//!     cleared.into_recorded()
//! }
//! ```
//! ```compile_fail,E0308
//! # use path::{verbs::{Cleared, PlaceOrder}, wire::Wire};
//! fn skip_the_journal(wire: &Wire, cleared: Cleared<PlaceOrder>) {
//!     let _ = wire.release(cleared);
//! }
//! ```
//!
//! the request inside a durable one only comes out through [`Wire::release`](crate::wire::Wire),
//! which consumes it,
//!
//! ```compile_fail,E0624
//! # use path::verbs::{PlaceOrder, Recorded};
//! fn skip_the_wire(recorded: Recorded<PlaceOrder>) -> PlaceOrder {
//!     recorded.into_request()
//! }
//! ```
//! ```compile_fail,E0382
//! # use path::{verbs::{PlaceOrder, Recorded}, wire::Wire};
//! fn send_twice(wire: &Wire, recorded: Recorded<PlaceOrder>) {
//!     let _ = wire.release(recorded);
//!     let _ = wire.release(recorded);
//! }
//! ```
//!
//! nothing is copied or read from text,
//!
//! ```compile_fail,E0277
//! # use path::verbs::{PlaceOrder, Recorded};
//! fn copies<T: Clone>() {}
//! copies::<Recorded<PlaceOrder>>();
//! ```
//! ```compile_fail,E0277
//! # use path::verbs::{Cleared, PlaceOrder};
//! fn copies<T: Clone>() {}
//! copies::<Cleared<PlaceOrder>>();
//! ```
//! ```compile_fail,E0277
//! # use path::verbs::{PlaceOrder, Recorded};
//! fn parses<T: serde::de::DeserializeOwned>() {}
//! parses::<Recorded<PlaceOrder>>();
//! ```
//! ```compile_fail,E0277
//! # use path::verbs::{Cleared, PlaceOrder};
//! fn parses<T: serde::de::DeserializeOwned>() {}
//! parses::<Cleared<PlaceOrder>>();
//! ```
//!
//! and no other kind of request can be invented.
//!
//! ```compile_fail,E0277
//! # use domain::ClientOrderId;
//! struct Withdraw(ClientOrderId);
//! impl path::verbs::Verb for Withdraw {
//!     fn client_order_id(&self) -> &ClientOrderId {
//!         &self.0
//!     }
//! }
//! ```

use domain::{
    AccountId, ClientOrderId, Conditions, InstrumentId, OrderKind, Qty, Side, TimeInForce,
    VenueOrderId,
};
use serde::{Deserialize, Serialize};

use crate::{journal::LeaseToken, terms::Terms, wire::Mono};

/// What a request does to risk. It decides which rules of the gate apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskClass {
    /// Can open or enlarge a position.
    Entry,
    /// Can only reduce a position.
    Exit,
    /// A resting order of the desk that limits the loss of a position.
    Protective,
    /// Takes an order away that could have raised risk.
    Cancel,
}

impl RiskClass {
    /// Every class, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Entry, Self::Exit, Self::Protective, Self::Cancel];

    /// The name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Protective => "protective",
            Self::Cancel => "cancel",
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A request that changes something at a venue.
pub trait Verb: sealed::Sealed {
    /// The client order id under which the write happens.
    fn client_order_id(&self) -> &ClientOrderId;
}

/// The request to place an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The desk's account.
    pub account: AccountId,
    /// The id under which it is placed, once.
    pub client_order_id: ClientOrderId,
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
    /// Refuse rather than take liquidity.
    pub post_only: bool,
    /// Refuse rather than open or enlarge a position.
    pub reduce_only: bool,
    /// What else holds for it.
    pub conditions: Conditions,
}

/// The request to put an order in another one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceOrder {
    /// The new order, under an id of its own. Its quantity is what may still fill.
    pub order: PlaceOrder,
    /// The order whose place it takes.
    pub replaces: ClientOrderId,
    /// That order's id at the venue, when it is known.
    pub venue_order_id: Option<VenueOrderId>,
}

/// The request to cancel an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// The desk's account.
    pub account: AccountId,
    /// The order to cancel.
    pub client_order_id: ClientOrderId,
    /// The order's id at the venue, when it is known.
    pub venue_order_id: Option<VenueOrderId>,
    /// What it trades.
    pub instrument: InstrumentId,
}

/// The request to trade on other terms: short, on margin, with leverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTerms {
    /// The desk's account.
    pub account: AccountId,
    /// The id under which it is asked, once. It is no order's.
    pub client_order_id: ClientOrderId,
    /// The terms from then on.
    pub terms: Terms,
}

impl sealed::Sealed for SetTerms {}
impl sealed::Sealed for PlaceOrder {}
impl sealed::Sealed for CancelOrder {}
impl sealed::Sealed for ReplaceOrder {}

impl Verb for PlaceOrder {
    fn client_order_id(&self) -> &ClientOrderId {
        &self.client_order_id
    }
}
impl Verb for SetTerms {
    fn client_order_id(&self) -> &ClientOrderId {
        &self.client_order_id
    }
}
impl Verb for ReplaceOrder {
    fn client_order_id(&self) -> &ClientOrderId {
        &self.order.client_order_id
    }
}
impl Verb for CancelOrder {
    fn client_order_id(&self) -> &ClientOrderId {
        &self.client_order_id
    }
}

/// Until when, and under whose authority, a request may reach the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permit {
    /// The writer's lease.
    pub(crate) token: LeaseToken,
    /// The kill epoch under which it was judged.
    pub(crate) epoch: u64,
    /// No byte leaves at or after this instant.
    pub(crate) send_before: Mono,
    /// Which rules applied.
    pub(crate) class: RiskClass,
}

/// A request that the gate let pass, not yet on disk.
#[derive(Debug)]
pub struct Cleared<V: Verb> {
    request: V,
    permit: Permit,
}

impl<V: Verb> Cleared<V> {
    pub(crate) fn new(request: V, permit: Permit) -> Self {
        Self { request, permit }
    }

    /// What was cleared.
    #[must_use]
    pub fn request(&self) -> &V {
        &self.request
    }

    pub(crate) fn into_recorded(self) -> Recorded<V> {
        Recorded { request: self.request, permit: self.permit }
    }
}

impl Cleared<PlaceOrder> {
    /// The same order under the same permit, in another one's place.
    pub(crate) fn instead_of(
        self,
        replaces: ClientOrderId,
        venue_order_id: Option<VenueOrderId>,
    ) -> Cleared<ReplaceOrder> {
        let request = ReplaceOrder { order: self.request, replaces, venue_order_id };
        Cleared { request, permit: self.permit }
    }
}

/// A cleared request that is durable in the journal. It can be sent once.
#[derive(Debug)]
pub struct Recorded<V: Verb> {
    request: V,
    permit: Permit,
}

impl<V: Verb> Recorded<V> {
    /// The id of the order that the request is about.
    #[must_use]
    pub fn client_order_id(&self) -> &ClientOrderId {
        self.request.client_order_id()
    }

    /// Which rules applied.
    #[must_use]
    pub fn class(&self) -> RiskClass {
        self.permit.class
    }

    pub(crate) fn permit(&self) -> Permit {
        self.permit
    }

    pub(crate) fn into_request(self) -> V {
        self.request
    }
}
