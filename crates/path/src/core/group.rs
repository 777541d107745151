//! Groups of orders of which only one may fill: the others are cancelled as soon as one has.
//!
//! It must not know why orders belong together.

use domain::ClientOrderId;

use super::Step;

impl Step<'_> {
    /// Cancels orders whose group has a winner.
    pub(super) fn group_duty(&mut self) {
        if self.state().groups.is_empty() {
            return;
        }
        let lost: Vec<_> = self
            .touched_orders()
            .filter(|o| o.end.is_none() && !o.cancel_requested && self.state().lost_to_group(o))
            .map(|o| o.client_order_id.clone())
            .collect();
        for id in lost {
            self.cancel_by_desk(&id, "another order of its group filled");
        }
    }

    /// True when an execution is the first of an order whose group another one has won.
    pub(super) fn doubles(&self, id: &ClientOrderId) -> bool {
        let order = self.state().orders.get(id).filter(|o| o.filled.is_zero());
        order.is_some_and(|o| self.state().lost_to_group(o))
    }

    /// Says so when a second order of a group filled before it could be cancelled.
    pub(super) fn note_double_fill(&mut self, id: &ClientOrderId) {
        let text = format!(
            "Order {id} filled although another order of its group had filled: the position is \
             larger than one of them makes it."
        );
        self.alarm("group_filled_twice", text);
    }
}
