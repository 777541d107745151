//! Orders by the venue's own id, and lists of them, for a venue that knows no client ids.
//!
//! This module must not know who asks, or which order the asker means.

use domain::{AccountId, Timestamp, VenueOrderId};
use path::{
    broker::{CancelOutcome, OrderReport, RecentOrders, VenueEvent},
    verbs::CancelOrder,
};

use crate::{
    engine::Engine,
    error::SimError,
    order::{SimOrder, number_of},
    shared::SharedVenue,
    storage::SimStorage,
    venue::Venue,
};

impl Engine {
    /// The order with this venue id, live or ended, as far as memory reaches.
    #[must_use]
    pub fn order_named(&self, account: &AccountId, id: &VenueOrderId) -> Option<OrderReport> {
        self.find_named(account, id).map(SimOrder::report)
    }

    pub(crate) fn find_named(&self, account: &AccountId, id: &VenueOrderId) -> Option<&SimOrder> {
        let number = number_of(id)?;
        let live = self.working.get(&number).map(|order| &**order);
        let live = live.filter(|order| order.account == *account);
        live.or_else(|| self.accounts.get(account)?.done(number))
    }

    /// Cancels a live order of this venue id; outcomes as those of [`Engine::cancel`].
    pub fn cancel_named(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
        now: Timestamp,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        match self.find_named(account, id) {
            None => (CancelOutcome::NotFound, Vec::new()),
            Some(order) if order.status.is_final() => (CancelOutcome::TooLate, Vec::new()),
            Some(order) => self.cancel_number(order.number, now),
        }
    }

    /// Cancels what a desk names: by the client's id, or by the venue's where it knows no other.
    pub fn cancel_asked(
        &mut self,
        cancel: &CancelOrder,
        now: Timestamp,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        match &cancel.venue_order_id {
            _ if self.config.client_ids => {
                self.cancel(&cancel.account, &cancel.client_order_id, now)
            }
            Some(id) => self.cancel_named(&cancel.account, id, now),
            None => (nameless(), Vec::new()),
        }
    }

    /// Live orders and those that ended at or after `since`, oldest first. It is marked incomplete
    /// when memory doesn't reach back so far; a [`crate::Venue`] reads the storage then.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`].
    pub fn recent_orders(
        &self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<RecentOrders, SimError> {
        let unknown = || SimError::UnknownAccount(account.clone());
        let account = self.accounts.get(account).ok_or_else(unknown)?;
        let mut orders: Vec<&SimOrder> = self.live(&account.working).collect();
        orders.extend(account.ended_since(since));
        orders.sort_by_key(|order| order.number);
        let orders = orders.into_iter().map(SimOrder::report).collect();
        Ok(RecentOrders { orders, complete: account.remembers_ended(since) })
    }
}

fn nameless() -> CancelOutcome {
    let text = "this venue finds orders by its own ids only".to_owned();
    CancelOutcome::Rejected { text }
}

impl<S: SimStorage> Venue<S> {
    /// The order with this venue id, live or ended, however old, unless it has a client id.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn order_named(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
    ) -> Result<Option<OrderReport>, SimError> {
        self.command(|venue| {
            if let Some(report) = venue.engine().order_named(account, id) {
                return Ok(Some(report));
            }
            Ok(venue.storage_mut().order_named(account, id)?.map(|order| order.report()))
        })
    }

    /// See [`Engine::cancel_asked`]; ids of every age are recognised.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is cancelled is unknown.
    pub fn cancel_asked(
        &mut self,
        cancel: &CancelOrder,
        now: Timestamp,
    ) -> Result<(CancelOutcome, Vec<VenueEvent>), SimError> {
        let account = &cancel.account;
        if self.engine().config().client_ids {
            return self.cancel(account, &cancel.client_order_id, now);
        }
        let Some(id) = &cancel.venue_order_id else { return Ok((nameless(), Vec::new())) };
        self.command(|venue| {
            let forgotten = venue.engine().find_named(account, id).is_none();
            if forgotten && venue.storage_mut().order_named(account, id)?.is_some() {
                return Ok((CancelOutcome::TooLate, Vec::new()));
            }
            venue.together(|engine| engine.cancel_named(account, id, now))
        })
    }

    /// See [`Engine::recent_orders`]; it is always complete.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::Storage`].
    pub fn recent_orders(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<RecentOrders, SimError> {
        self.command(|venue| {
            let mut recent = venue.engine().recent_orders(account, since)?;
            if !recent.complete {
                recent.orders.retain(|report| !report.status.is_final());
                let ended = venue.storage_mut().ended(account, since)?;
                recent.orders.extend(ended.iter().map(SimOrder::report));
                recent.complete = true;
            }
            Ok(recent)
        })
    }
}

impl<S: SimStorage> SharedVenue<S> {
    /// Cancels what a desk names.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is cancelled is unknown.
    pub fn cancel_asked(
        &self,
        cancel: &CancelOrder,
        now: Timestamp,
    ) -> Result<CancelOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.cancel_asked(cancel, now)?;
        self.tell(&cancel.account, events);
        Ok(outcome)
    }
}
