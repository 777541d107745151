//! What a probe asks about orders, and which order an answer names.
//!
//! A venue names an order by the client's id or by its own. This module must not judge what the
//! venue does; the checks do.

use domain::{ClientOrderId, Fill, Timestamp, VenueOrderId};
use path::broker::{OrderRef, OrderReport, RecentOrders, VenueEvent, VenueStatus};

use super::{
    Probe, Rig,
    probe::{QUARTER, QUARTERS_MAX},
};

impl<R: Rig> Probe<'_, R> {
    /// What the venue says about an order. One without a name at a venue that knows no client ids
    /// is looked for among all that nobody else has.
    pub(super) async fn look_up(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, String> {
        let (client_order_id, venue_order_id) = (id.clone(), self.named(id).cloned());
        if self.has_client_ids() || venue_order_id.is_some() {
            let order = OrderRef { client_order_id, venue_order_id };
            return self.look_up_as(&order).await;
        }
        let Some(order) = self.order(id) else { return Ok(None) };
        let equal = |r: &OrderReport| r.kind == order.kind && r.side == order.side;
        let known = &self.core.state().by_venue_id;
        let mut orders = self.recent(Timestamp::default()).await?.orders;
        orders.retain(|r| !known.contains_key(&r.venue_order_id) && equal(r));
        Ok(orders.pop())
    }

    /// What the venue says about an order of this name.
    pub(super) async fn look_up_as(&self, order: &OrderRef) -> Result<Option<OrderReport>, String> {
        self.broker.order(order).await.map_err(|e| e.to_string())
    }

    /// The venue's orders of a while.
    pub(super) async fn recent(&self, since: Timestamp) -> Result<RecentOrders, String> {
        self.broker.recent_orders(since).await.map_err(|e| e.to_string())
    }

    /// True when the venue knows the client's ids.
    pub(super) fn has_client_ids(&self) -> bool {
        self.broker.capabilities().client_ids
    }

    fn named(&self, id: &ClientOrderId) -> Option<&VenueOrderId> {
        self.order(id)?.venue_order_id.as_ref()
    }

    fn is_name(&self, told: (Option<&ClientOrderId>, &VenueOrderId), id: &ClientOrderId) -> bool {
        match told {
            (told, _) if self.has_client_ids() => told == Some(id),
            (told, venue) => told.is_none() && self.named(id) == Some(venue),
        }
    }

    /// True when a report names an order in the venue's way.
    pub(super) fn is_about(&self, report: &OrderReport, id: &ClientOrderId) -> bool {
        self.is_name((report.client_order_id.as_ref(), &report.venue_order_id), id)
    }

    /// True when an execution names an order in the venue's way.
    pub(super) fn is_of(&self, fill: &Fill, id: &ClientOrderId) -> bool {
        self.is_name((fill.client_order_id.as_ref(), &fill.venue_order_id), id)
    }

    /// How an order ended, as the stream told it.
    pub(super) fn end_told(&self, id: &ClientOrderId) -> Option<VenueStatus> {
        self.told.iter().rev().find_map(|event| match event {
            VenueEvent::Order(report) if self.is_about(report, id) => {
                report.status.is_final().then_some(report.status)
            }
            _ => None,
        })
    }

    /// Lets time pass until the books know what became of an order without an answer.
    pub(super) async fn find_out(&mut self, id: &ClientOrderId) -> Result<(), String> {
        for _ in 0..QUARTERS_MAX {
            if self.order(id).is_some_and(|o| o.end.is_some() || o.is_acknowledged()) {
                return Ok(());
            }
            self.pass(QUARTER).await?;
        }
        Err(format!("what became of {id} was not found out within half a minute"))
    }
}
