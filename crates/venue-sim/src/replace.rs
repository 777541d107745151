//! An order takes another one's place, in one step.
//!
//! This module must not know how a later price meets the new order.

use domain::Timestamp;
use path::{
    broker::{PlaceOutcome, VenueEvent, VenueRejection, VenueStatus},
    verbs::ReplaceOrder,
};

use crate::{
    engine::Engine,
    order::{Request, SimOrder},
    place::strip,
    rules::Refusal,
};

fn refused(text: &str) -> Refusal {
    Refusal::new(VenueRejection::Other, text)
}

/// The refusal of a replacement that comes too late.
pub(crate) fn has_ended() -> Refusal {
    refused("the order to replace has ended")
}

impl Engine {
    /// Ends a live order and begins the new one in its place, or refuses and leaves the old one as
    /// it is. The new order is checked as if the old one were gone: what that had set aside is
    /// free. Its quantity is what may still fill; it is cut to the old one's remainder only when
    /// that was marked reduce-only. The outcome shows the new order as it was taken in; the events
    /// tell the old one's end first, then what happened to the new one.
    pub fn replace(
        &mut self,
        request: &ReplaceOrder,
        now: Timestamp,
    ) -> (PlaceOutcome, Vec<VenueEvent>) {
        let order = &request.order;
        if self.find(&order.account, &order.client_order_id).is_some() {
            return (PlaceOutcome::DuplicateId, Vec::new());
        }
        let new = self.as_read(Request::from(order));
        match self.exchange(new, request, now) {
            Ok(done) => done,
            Err(refusal) => (refusal.into(), Vec::new()),
        }
    }

    fn exchange(
        &mut self,
        mut new: Request,
        request: &ReplaceOrder,
        now: Timestamp,
    ) -> Result<(PlaceOutcome, Vec<VenueEvent>), Refusal> {
        let number = self.replaceable(&new, request)?;
        let Some(old) = self.working.remove(&number) else { return Err(has_ended()) };
        if old.reduce_only {
            new.qty = new.qty.min_of(old.remaining());
        }
        let checked = self.check(&new, now);
        self.working.insert(number, old);
        let price = checked?;
        let successor = new.client_order_id.as_ref().map_or("another order", |id| id.as_str());
        let why = format!("replaced by {successor}");
        let mut events = Vec::new();
        self.end(number, VenueStatus::Cancelled, Some(&why), now, &mut events);
        let report = self.admit(new, price, now, &mut events);
        Ok((PlaceOutcome::Accepted(report), strip(events)))
    }

    /// The number of the live order whose place the new one may take.
    fn replaceable(&self, new: &Request, request: &ReplaceOrder) -> Result<u64, Refusal> {
        if !self.config.replace {
            return Err(refused("this venue can't replace an order in one step"));
        }
        let old = if self.config.client_ids {
            self.find(&new.account, &request.replaces)
        } else {
            let id = request.venue_order_id.as_ref();
            id.and_then(|id| self.find_named(&new.account, id))
        };
        let Some(old) = old else {
            return Err(refused("the venue does not know the order to replace"));
        };
        if old.status.is_final() {
            return Err(has_ended());
        }
        let alike = |old: &SimOrder| old.instrument == new.instrument && old.side == new.side;
        if !alike(old) {
            let text = "an order is replaced by one of the same instrument and side";
            return Err(Refusal::new(VenueRejection::Rules, text));
        }
        Ok(old.number)
    }
}
