//! The simulated venue of a desk: its storage, its instruments, and the way of its messages.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
};

use desk::{Clock, Desk, Venue};
use domain::{AccountId, Instrument, Money};
use path::broker::VenueEvent;
use store::KvLog;
use tokio::sync::mpsc;
use venue_sim::{AccountSettings, RowStorage, SharedVenue, SimBroker, SimConfig};

use super::{ServeError, ports::VenueRows};

type Storage = RowStorage<VenueRows>;
type Queues = Arc<RwLock<BTreeMap<AccountId, (mpsc::Sender<VenueEvent>, Arc<AtomicBool>)>>>;

/// The simulated venue and the queues of the accounts connected to it.
#[derive(Clone)]
pub(super) struct Simulated {
    shared: SharedVenue<Storage>,
    queues: Queues,
}

impl Simulated {
    /// Opens the venue over rows of its own.
    pub(super) fn open(log: KvLog, config: SimConfig) -> Result<Self, ServeError> {
        let rows = VenueRows(log);
        let venue = venue_sim::Venue::open(config, RowStorage::new(rows))?;
        let queues = Queues::default();
        let routes = queues.clone();
        let sink = Arc::new(move |account: &AccountId, event: VenueEvent| {
            let queues = routes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((queue, overflow)) = queues.get(account) {
                desk::deliver(queue, overflow, event);
            }
        });
        Ok(Self { shared: SharedVenue::new(venue, sink), queues })
    }

    /// The venue itself, for ticks and sessions.
    pub(super) fn shared(&self) -> &SharedVenue<Storage> {
        &self.shared
    }

    /// Lists an instrument.
    pub(super) fn register(&self, instrument: &Instrument) -> Result<(), ServeError> {
        Ok(self.shared.with(|venue| venue.register(instrument.clone()))?)
    }

    /// Opens an account with a first deposit.
    pub(super) fn open_account(&self, id: &AccountId, cash: &Money) -> Result<(), ServeError> {
        self.shared.with(|venue| {
            venue.open_account(id.clone(), AccountSettings::default())?;
            venue.deposit(id, cash)
        })?;
        Ok(())
    }

    /// Connects an account: from now on the venue's messages queue up for it.
    pub(super) fn connect(&self, id: &AccountId, clock: Arc<dyn Clock>) -> Venue {
        let (sender, events, overflow) = Desk::events();
        // The queue is new and empty, so its first message always has room.
        let _ = sender.try_send(VenueEvent::Connected);
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues.insert(id.clone(), (sender, overflow.clone()));
        let now: venue_sim::Clock = Arc::new(move || clock.now().at);
        let broker = Arc::new(SimBroker::new(self.shared.clone(), id.clone(), now));
        Venue { broker, events, overflow }
    }
}
