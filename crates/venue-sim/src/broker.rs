//! The desk's door to one account of the simulated venue.
//!
//! It answers as any venue adapter does, in futures that are ready at once unless a latency is
//! hooked in. This module must not know an async runtime or read a clock: both are passed in.

use std::{fmt, sync::Arc};

use domain::{AccountId, Timestamp};
use path::{
    broker::{
        BoxFuture, Broker, CancelOutcome, Capabilities, OrderRef, OrderReport, PlaceOutcome,
        QueryError, RecentOrders, TermsOutcome, VenueSnapshot,
    },
    verbs::{CancelOrder, PlaceOrder, Recorded, ReplaceOrder, SetTerms},
    wire::Wire,
};

use crate::{settings::terms_outcome, shared::SharedVenue, storage::SimStorage};

/// Reads the venue's clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Is waited for before every request.
pub type LatencyHook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// One account at the simulated venue.
pub struct SimBroker<S> {
    venue: SharedVenue<S>,
    account: AccountId,
    clock: Clock,
    latency: Option<LatencyHook>,
}

impl<S> fmt::Debug for SimBroker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBroker").field("account", &self.account).finish_non_exhaustive()
    }
}

impl<S: SimStorage> SimBroker<S> {
    /// A door to `account`, which must be open at the venue.
    pub fn new(venue: SharedVenue<S>, account: AccountId, clock: Clock) -> Self {
        Self { venue, account, clock, latency: None }
    }

    /// Waits before every request.
    #[must_use]
    pub fn with_latency(mut self, hook: LatencyHook) -> Self {
        self.latency = Some(hook);
        self
    }

    async fn wait(&self) {
        if let Some(hook) = &self.latency {
            hook().await;
        }
    }
}

impl<S: SimStorage + Send> Broker for SimBroker<S> {
    fn capabilities(&self) -> Capabilities {
        self.venue.with(|venue| venue.engine().config().capabilities())
    }

    fn place<'a>(
        &'a self,
        wire: &'a Wire,
        order: Recorded<PlaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome> {
        Box::pin(async move {
            self.wait().await;
            let (request, _in_flight) = match wire.release(order) {
                Ok(released) => released,
                Err(why) => return PlaceOutcome::NotSent(why),
            };
            if request.account != self.account {
                return self.foreign_place();
            }
            let outcome = self.venue.place(&request, (self.clock)());
            outcome.unwrap_or_else(|error| PlaceOutcome::Unknown { why: error.to_string() })
        })
    }

    fn replace<'a>(
        &'a self,
        wire: &'a Wire,
        replace: Recorded<ReplaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome> {
        Box::pin(async move {
            self.wait().await;
            let (request, _in_flight) = match wire.release(replace) {
                Ok(released) => released,
                Err(why) => return PlaceOutcome::NotSent(why),
            };
            if request.order.account != self.account {
                return self.foreign_place();
            }
            let outcome = self.venue.replace(&request, (self.clock)());
            outcome.unwrap_or_else(|error| PlaceOutcome::Unknown { why: error.to_string() })
        })
    }

    fn cancel<'a>(
        &'a self,
        wire: &'a Wire,
        cancel: Recorded<CancelOrder>,
    ) -> BoxFuture<'a, CancelOutcome> {
        Box::pin(async move {
            self.wait().await;
            let (request, _in_flight) = match wire.release(cancel) {
                Ok(released) => released,
                Err(why) => return CancelOutcome::NotSent(why),
            };
            if request.account != self.account {
                let text = format!("this door leads to account `{}`", self.account);
                return CancelOutcome::Rejected { text };
            }
            let outcome = self.venue.cancel_asked(&request, (self.clock)());
            outcome.unwrap_or_else(|error| CancelOutcome::Unknown { why: error.to_string() })
        })
    }

    fn set_terms<'a>(
        &'a self,
        wire: &'a Wire,
        terms: Recorded<SetTerms>,
    ) -> BoxFuture<'a, TermsOutcome> {
        Box::pin(async move {
            self.wait().await;
            let (request, _in_flight) = match wire.release(terms) {
                Ok(released) => released,
                Err(why) => return TermsOutcome::NotSent(why),
            };
            if request.account != self.account {
                let text = format!("this door leads to account `{}`", self.account);
                return TermsOutcome::Rejected { text };
            }
            terms_outcome(self.venue.with(|v| v.set_terms(&self.account, &request.terms)))
        })
    }

    fn order<'a>(
        &'a self,
        order: &'a OrderRef,
    ) -> BoxFuture<'a, Result<Option<OrderReport>, QueryError>> {
        Box::pin(async move {
            self.wait().await;
            let found = self.venue.with(|venue| match &order.venue_order_id {
                _ if venue.engine().config().client_ids => {
                    venue.order(&self.account, &order.client_order_id)
                }
                Some(id) => venue.order_named(&self.account, id),
                None => Ok(None),
            });
            found.map_err(|error| QueryError(error.to_string()))
        })
    }

    fn recent_orders<'a>(
        &'a self,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<RecentOrders, QueryError>> {
        Box::pin(async move {
            self.wait().await;
            let found = self.venue.with(|venue| venue.recent_orders(&self.account, since));
            found.map_err(|error| QueryError(error.to_string()))
        })
    }

    fn snapshot<'a>(
        &'a self,
        fills_since: Timestamp,
    ) -> BoxFuture<'a, Result<VenueSnapshot, QueryError>> {
        Box::pin(async move {
            self.wait().await;
            let now = (self.clock)();
            let found = self.venue.with(|venue| venue.snapshot(&self.account, fills_since, now));
            found.map_err(|error| QueryError(error.to_string()))
        })
    }
}

impl<S> SimBroker<S> {
    fn foreign_place(&self) -> PlaceOutcome {
        PlaceOutcome::Rejected {
            code: path::broker::VenueRejection::Unauthorized,
            text: format!("this door leads to account `{}`", self.account),
        }
    }
}
