//! The last check before a byte leaves.
//!
//! Between the verdict and the write, the kill switch may be pulled, the lease may end, or the
//! process may be paused for a minute. A [`Wire`] is shared by everything that sends for an
//! account; it is asked next to the write and it alone opens a [`Recorded`]. It must not know
//! venues or limits.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{ClientOrderId, Nanos};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    journal::LeaseToken,
    verbs::{Recorded, RiskClass, Verb},
};

/// An instant of the monotonic clock, in nanoseconds since an arbitrary start. It runs on while
/// the process is stopped.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Mono(pub i64);

impl Mono {
    /// The instant `span` later.
    #[must_use]
    pub const fn plus(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span from `earlier` to this instant.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Reads the monotonic clock.
pub type MonoClock = Arc<dyn Fn() -> Mono + Send + Sync>;

/// Why a request was not sent. No byte has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// The kill switch was pulled after the verdict.
    #[error("the kill switch was pulled after the order was judged")]
    Killed,
    /// The order waited too long between verdict and write.
    #[error("the order was judged too long ago to be sent")]
    TooLate,
    /// Another desk has taken the account over, or the lease has ended.
    #[error("this desk no longer holds the account")]
    LeaseLost,
}

struct State {
    token: LeaseToken,
    lease_until: Mono,
    epoch: u64,
    entries_in_flight: BTreeMap<ClientOrderId, u32>,
}

/// The shared last check of one account's sends.
pub struct Wire {
    clock: MonoClock,
    state: Mutex<State>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Wire")
            .field("token", &state.token)
            .field("epoch", &state.epoch)
            .field("in_flight", &state.entries_in_flight.len())
            .finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire under a lease that ends at `lease_until`, in a kill epoch.
    #[must_use]
    pub fn new(clock: MonoClock, token: LeaseToken, lease_until: Mono, epoch: u64) -> Self {
        let entries_in_flight = BTreeMap::new();
        Self { clock, state: Mutex::new(State { token, lease_until, epoch, entries_in_flight }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state consistent, so a poisoned lock is still usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The monotonic clock's reading.
    #[must_use]
    pub fn now(&self) -> Mono {
        (self.clock)()
    }

    /// Extends the lease under the same token.
    pub fn renew(&self, lease_until: Mono) {
        self.lock().lease_until = lease_until;
    }

    /// The end of the lease.
    #[must_use]
    pub fn lease_until(&self) -> Mono {
        self.lock().lease_until
    }

    /// The kill epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    /// Ends the epoch: no entry that was judged before this call leaves after it. Returns the
    /// entries whose bytes may be on their way.
    pub fn raise_epoch(&self, epoch: u64) -> Vec<ClientOrderId> {
        let mut state = self.lock();
        state.epoch = state.epoch.max(epoch);
        state.entries_in_flight.keys().cloned().collect()
    }

    /// Entries whose bytes may be on their way.
    #[must_use]
    pub fn entries_in_flight(&self) -> Vec<ClientOrderId> {
        self.lock().entries_in_flight.keys().cloned().collect()
    }

    /// Opens a recorded request for the one write that it permits. Hold the guard until the
    /// outcome is known.
    ///
    /// # Errors
    /// [`NotSent`] when the permit has run out; then the request is gone and nothing was sent.
    pub fn release<V: Verb>(&self, recorded: Recorded<V>) -> Result<(V, InFlight<'_>), NotSent> {
        let permit = recorded.permit();
        let now = self.now();
        let mut state = self.lock();
        if permit.token != state.token || now >= state.lease_until {
            return Err(NotSent::LeaseLost);
        }
        if now >= permit.send_before {
            return Err(NotSent::TooLate);
        }
        let entry = permit.class == RiskClass::Entry;
        if entry && permit.epoch != state.epoch {
            return Err(NotSent::Killed);
        }
        let request = recorded.into_request();
        let id = entry.then(|| request.client_order_id().clone());
        if let Some(id) = &id {
            *state.entries_in_flight.entry(id.clone()).or_default() += 1;
        }
        drop(state);
        Ok((request, InFlight { wire: self, id }))
    }
}

/// Marks a write as under way until it is dropped.
#[derive(Debug)]
pub struct InFlight<'a> {
    wire: &'a Wire,
    id: Option<ClientOrderId>,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let mut state = self.wire.lock();
        if let Some(count) = state.entries_in_flight.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                state.entries_in_flight.remove(&id);
            }
        }
    }
}
