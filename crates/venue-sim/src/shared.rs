//! One venue for several brokers and feeds, and one order of its events.
//!
//! Events leave under the venue's lock, so that what happened first is told first whoever caused
//! it. This module must not know threads or runtimes: the sink only takes events in.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{AccountId, Bar, InstrumentId, Money, Timestamp, VenueOrderId};
use path::{
    broker::{CancelOutcome, PlaceOutcome, VenueEvent},
    verbs::{PlaceOrder, ReplaceOrder},
};

use crate::{
    actions::Happening,
    engine::AccountEvent,
    error::SimError,
    market::{BarStep, SessionChange, SimTick},
    order::ExternalOrder,
    storage::SimStorage,
    venue::Venue,
};

/// Takes events in. It is called under the venue's lock: it must put the event into a queue and
/// return, and must not call the venue.
pub type EventSink = Arc<dyn Fn(&AccountId, VenueEvent) + Send + Sync>;

/// A venue that several owners use.
pub struct SharedVenue<S> {
    venue: Arc<Mutex<Venue<S>>>,
    sink: EventSink,
}

/// The venue in use. When it is given back, accounts that others changed are told so: what the
/// others' commands caused was told to them.
pub(crate) struct Locked<'a, S: SimStorage> {
    venue: MutexGuard<'a, Venue<S>>,
    sink: &'a EventSink,
}

impl<S: SimStorage> Deref for Locked<'_, S> {
    type Target = Venue<S>;

    fn deref(&self) -> &Venue<S> {
        &self.venue
    }
}

impl<S: SimStorage> DerefMut for Locked<'_, S> {
    fn deref_mut(&mut self) -> &mut Venue<S> {
        &mut self.venue
    }
}

impl<S: SimStorage> Drop for Locked<'_, S> {
    fn drop(&mut self) {
        for account in self.venue.take_disturbed() {
            (self.sink)(&account, VenueEvent::Disconnected);
            (self.sink)(&account, VenueEvent::Connected);
        }
    }
}

impl<S> Clone for SharedVenue<S> {
    fn clone(&self) -> Self {
        Self { venue: self.venue.clone(), sink: self.sink.clone() }
    }
}

impl<S: SimStorage> SharedVenue<S> {
    /// Shares a venue whose events go to `sink`.
    pub fn new(venue: Venue<S>, sink: EventSink) -> Self {
        Self { venue: Arc::new(Mutex::new(venue)), sink }
    }

    pub(crate) fn lock(&self) -> Locked<'_, S> {
        // A panic inside a command leaves it uncommitted at worst; the storage stays consistent.
        let venue = self.venue.lock().unwrap_or_else(PoisonError::into_inner);
        Locked { venue, sink: &self.sink }
    }

    /// Takes in what others who share the venue's storage did. An account that they changed is
    /// told that messages were lost.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn refresh(&self) -> Result<(), SimError> {
        self.lock().refresh()
    }

    /// Uses the venue for what has no events: accounts, instruments, money, queries. Events of
    /// anything else would be lost to the sink.
    pub fn with<T>(&self, use_it: impl FnOnce(&mut Venue<S>) -> T) -> T {
        use_it(&mut self.lock())
    }

    fn tell_all(&self, events: Vec<AccountEvent>) {
        for (account, event) in events {
            (self.sink)(&account, event);
        }
    }

    pub(crate) fn tell(&self, account: &AccountId, events: Vec<VenueEvent>) {
        for event in events {
            (self.sink)(account, event);
        }
    }

    /// Places an order. The sink hears the acknowledgement first and then what happened next.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is in is unknown.
    pub fn place(&self, order: &PlaceOrder, now: Timestamp) -> Result<PlaceOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.place(order, now)?;
        if let PlaceOutcome::Accepted(report) = &outcome {
            (self.sink)(&order.account, VenueEvent::Order(report.clone()));
        }
        self.tell(&order.account, events);
        Ok(outcome)
    }

    /// Puts an order in another one's place. The sink hears the acknowledgement first, then the
    /// end of the old order, then what happened next.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order took the other one's place is unknown.
    pub fn replace(
        &self,
        request: &ReplaceOrder,
        now: Timestamp,
    ) -> Result<PlaceOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.replace(request, now)?;
        if let PlaceOutcome::Accepted(report) = &outcome {
            (self.sink)(&request.order.account, VenueEvent::Order(report.clone()));
        }
        self.tell(&request.order.account, events);
        Ok(outcome)
    }

    /// Cancels an order.
    ///
    /// # Errors
    /// [`SimError::Storage`]: whether the order is cancelled is unknown.
    pub fn cancel(
        &self,
        account: &AccountId,
        id: &domain::ClientOrderId,
        now: Timestamp,
    ) -> Result<CancelOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.cancel(account, id, now)?;
        self.tell(account, events);
        Ok(outcome)
    }

    /// Gives an order by hand at the venue.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn external_order(
        &self,
        order: &ExternalOrder,
        now: Timestamp,
    ) -> Result<PlaceOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.external_order(order, now)?;
        self.tell(&order.account, events);
        Ok(outcome)
    }

    /// Cancels by hand at the venue.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn external_cancel(
        &self,
        account: &AccountId,
        id: &VenueOrderId,
        now: Timestamp,
    ) -> Result<CancelOutcome, SimError> {
        let mut venue = self.lock();
        let (outcome, events) = venue.external_cancel(account, id, now)?;
        self.tell(account, events);
        Ok(outcome)
    }

    /// Takes a tick.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_tick(&self, tick: &SimTick, now: Timestamp) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.on_tick(tick, now)?);
        Ok(())
    }

    /// Takes a part of a bar.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_bar_step(
        &self,
        instrument: &InstrumentId,
        bar: &Bar,
        step: BarStep,
    ) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.on_bar_step(instrument, bar, step)?);
        Ok(())
    }

    /// Takes a bar.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_bar(&self, instrument: &InstrumentId, bar: &Bar) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.on_bar(instrument, bar)?);
        Ok(())
    }

    /// Moves money in, or out when negative.
    ///
    /// # Errors
    /// As the engine's, or [`SimError::Storage`].
    pub fn transfer(
        &self,
        account: &AccountId,
        money: &Money,
        now: Timestamp,
    ) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.transfer(account, money, now)?);
        Ok(())
    }

    /// Takes something that happened without an order or a trade.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn happen(&self, what: &Happening, now: Timestamp) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.happen(what, now)?);
        Ok(())
    }

    /// Opens or closes a market.
    ///
    /// # Errors
    /// [`SimError::Storage`].
    pub fn on_session(
        &self,
        instrument: &InstrumentId,
        change: SessionChange,
        now: Timestamp,
    ) -> Result<(), SimError> {
        let mut venue = self.lock();
        self.tell_all(venue.on_session(instrument, change, now)?);
        Ok(())
    }
}
