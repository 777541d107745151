//! One order as the fold sees it.
//!
//! Final states are final here by construction: every transition goes through a method that
//! leaves a final status alone. This module must not know books or risk.

use domain::{
    BookId, ClientOrderId, Conditions, InstrumentId, IntentId, OrderKind, OrderStatus, Origin,
    Price, Protective, Qty, Side, TimeInForce, Timestamp, VenueOrderId,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    broker::VenueStatus,
    event::{OrderRecorded, RejectReason},
    verbs::RiskClass,
};

/// An order of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The id under which it was sent.
    pub client_order_id: ClientOrderId,
    /// The request that it serves.
    pub intent: IntentId,
    /// On whose behalf.
    pub book: BookId,
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
    /// Refuse rather than take liquidity.
    pub post_only: bool,
    /// Marked at the venue as only reducing.
    pub reduce_only: bool,
    /// Which rules applied.
    pub class: RiskClass,
    /// Who asked.
    pub origin: Origin,
    /// Levels for the position that it makes.
    pub protective: Protective,
    /// What else holds for it.
    #[serde(default, skip_serializing_if = "Conditions::is_plain")]
    pub conditions: Conditions,
    /// The order whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ClientOrderId>,
    /// The order that takes its place, while that one is live or has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<ClientOrderId>,
    /// The compound close that it belongs to.
    pub close: Option<u64>,
    /// The price against which it was judged.
    pub reference: Option<Price>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The venue's id, once known.
    pub venue_order_id: Option<VenueOrderId>,
    /// How much of it is in the books.
    pub filled: Qty,
    /// Value of what is filled: Σ price × quantity.
    pub filled_value: Decimal,
    /// The venue's count of what is filled, from the report that ended it.
    pub ended_filled: Option<Qty>,
    /// How it ended; nothing changes it afterwards.
    pub end: Option<VenueStatus>,
    /// True from the moment its fate was lost until the venue tells it.
    pub unknown: bool,
    /// A cancel was recorded and has not failed.
    pub cancel_requested: bool,
    /// Why it never lived, for a rejected one.
    pub rejected: Option<RejectReason>,
    /// An operator ended it, because the venue no longer knew it.
    #[serde(default)]
    pub written_off: bool,
    /// The last words of the venue or the desk about it.
    pub text: Option<String>,
    /// It filled after its end, or beyond what the venue had counted.
    pub fill_after_final: bool,
    /// It was taken for dead and may still fill this much.
    pub resurfaced: Option<Qty>,
}

impl Order {
    /// The order as it stands when it is recorded.
    #[must_use]
    pub fn new(body: &OrderRecorded, at: Timestamp) -> Self {
        Self {
            client_order_id: body.client_order_id.clone(),
            intent: body.intent.clone(),
            book: body.book.clone(),
            instrument: body.instrument.clone(),
            side: body.side,
            qty: body.qty,
            kind: body.kind,
            tif: body.tif,
            post_only: body.post_only,
            reduce_only: body.reduce_only,
            class: body.class,
            origin: body.origin.clone(),
            protective: body.protective,
            conditions: body.conditions.clone(),
            replaces: body.replaces.clone(),
            replaced_by: None,
            close: body.close,
            reference: body.reference,
            recorded_at: at,
            venue_order_id: None,
            filled: Qty::ZERO,
            filled_value: Decimal::ZERO,
            ended_filled: None,
            end: None,
            unknown: false,
            cancel_requested: false,
            rejected: None,
            written_off: false,
            text: None,
            fill_after_final: false,
            resurfaced: None,
        }
    }

    /// The status that people see.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        match self.end {
            Some(VenueStatus::Filled) => OrderStatus::Filled,
            Some(VenueStatus::Cancelled) => OrderStatus::Cancelled,
            Some(VenueStatus::Expired) => OrderStatus::Expired,
            Some(VenueStatus::Rejected | VenueStatus::Working) => OrderStatus::Rejected,
            None if self.unknown => OrderStatus::Unknown,
            None if self.cancel_requested => OrderStatus::PendingCancel,
            None if !self.filled.is_zero() => OrderStatus::PartlyFilled,
            None if self.venue_order_id.is_some() => OrderStatus::Working,
            None => OrderStatus::Recorded,
        }
    }

    /// True when nothing more is expected from it: it ended and every counted execution is in
    /// the books.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.end.is_some() && self.open_qty().is_zero()
    }

    /// True when the venue knows it, as far as the desk knows.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.venue_order_id.is_some()
    }

    /// What may still fill in the worst case: the remainder of a live or unknown order, or what
    /// the venue counted for an ended one and the desk has not seen.
    #[must_use]
    pub fn open_qty(&self) -> Qty {
        if let Some(open) = self.resurfaced {
            return open;
        }
        match (self.end, self.ended_filled) {
            (None, _) => self.qty.minus(self.filled),
            (Some(_), Some(counted)) => counted.minus(self.filled),
            (Some(_), None) => Qty::ZERO,
        }
    }

    /// The average execution price, rounded half to even at 12 decimals.
    #[must_use]
    pub fn average_price(&self) -> Option<Price> {
        if self.filled.is_zero() {
            return None;
        }
        let average = self.filled_value.checked_div(self.filled.get())?;
        Price::new(average.round_dp(12)).ok()
    }

    /// True for an order whose side takes from a position of this direction.
    #[must_use]
    pub fn is_reducing_class(&self) -> bool {
        matches!(self.class, RiskClass::Exit | RiskClass::Protective)
    }

    pub(super) fn accepted(&mut self, venue_order_id: &VenueOrderId) {
        if self.venue_order_id.is_none() {
            self.venue_order_id = Some(venue_order_id.clone());
        }
        self.unknown = false;
    }

    pub(super) fn ended(&mut self, status: VenueStatus, filled: Qty, text: Option<&String>) {
        self.unknown = false;
        self.cancel_requested = false;
        self.resurfaced = None;
        self.written_off = false;
        if self.end.is_none() {
            self.end = Some(status);
            self.text = text.cloned().or_else(|| self.text.take());
        }
        let counted = self.ended_filled.unwrap_or(Qty::ZERO);
        self.ended_filled = Some(counted.max(filled));
    }

    pub(super) fn written_off(&mut self, by: &Origin) {
        let text = format!("written off by {}: the venue no longer knew it", by.principal);
        self.ended(VenueStatus::Cancelled, self.filled, Some(&text));
        self.written_off = true;
    }

    /// True for an order that ended without the venue's word for it, so that it may turn out to
    /// live.
    #[must_use]
    pub(crate) fn presumed_dead(&self) -> bool {
        self.written_off || self.rejected.is_some() && !self.is_acknowledged()
    }

    pub(super) fn rejected(&mut self, reason: RejectReason, text: &str) {
        if self.end.is_none() {
            self.end = Some(VenueStatus::Rejected);
            self.ended_filled = Some(self.filled);
            self.rejected = Some(reason);
            self.text = Some(text.to_owned());
        }
        self.unknown = false;
        self.cancel_requested = false;
    }

    pub(super) fn filled(&mut self, qty: Qty, price: Price) {
        let expected = self.open_qty();
        if self.end.is_some() && qty > expected || self.filled.plus(qty) > self.qty {
            self.fill_after_final = true;
        }
        self.filled = self.filled.plus(qty);
        let value = qty.get().saturating_mul(price.get());
        self.filled_value = self.filled_value.saturating_add(value);
        if let Some(open) = self.resurfaced {
            let left = open.minus(qty);
            self.resurfaced = (!left.is_zero()).then_some(left);
        }
        if self.end.is_none() && self.filled >= self.qty {
            self.ended(VenueStatus::Filled, self.filled, None);
        }
    }
}
