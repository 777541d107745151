//! What accounts, desk and doors hand to each other.
//!
//! It must not know tasks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::Timestamp;
use path::{
    broker::{Broker, VenueEvent},
    event::Event,
    journal::StreamId,
    policy::{AccountSpec, Policy},
};
use tokio::sync::mpsc;

/// What happened to one stream, after it was durable.
#[derive(Debug, Clone)]
pub struct Published {
    /// The stream.
    pub stream: StreamId,
    /// The number of the first event.
    pub first: u64,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The desk's clock.
    pub at: Timestamp,
}

/// A venue as an account is connected to it.
pub struct Venue {
    /// Sends and asks.
    pub broker: Arc<dyn Broker>,
    /// What the venue tells by itself arrives here; made by [`crate::Desk::events`].
    pub events: mpsc::Receiver<VenueEvent>,
    /// Set by the sender when the queue was full.
    pub overflow: Arc<AtomicBool>,
}

impl std::fmt::Debug for Venue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Venue")
    }
}

/// What makes a new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What it is.
    pub spec: AccountSpec,
    /// How it wants to be treated.
    pub policy: Policy,
}

/// Puts a venue's message into an account's queue without waiting.
pub fn deliver(sender: &mpsc::Sender<VenueEvent>, overflow: &AtomicBool, event: VenueEvent) {
    if let Err(mpsc::error::TrySendError::Full(_)) = sender.try_send(event) {
        overflow.store(true, Ordering::Release);
    }
}
