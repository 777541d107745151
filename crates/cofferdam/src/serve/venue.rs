//! The simulated venue of a desk: its storage, its instruments, and the way of its messages.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
};

use desk::{Clock, Desk, Venue};
use domain::{AccountId, Instrument, InstrumentId, Money, Price, Timestamp};
use path::{broker::VenueEvent, policy::Policy, terms::Terms};
use rust_decimal::Decimal;
use store::KvLog;
use tokio::sync::mpsc;
use venue_sim::{AccountSettings, RowStorage, SharedVenue, SimBroker, SimConfig, SimError};

use super::{ServeError, ports::VenueRows};

type Storage = RowStorage<VenueRows>;
type Queues = Arc<RwLock<BTreeMap<AccountId, (mpsc::Sender<VenueEvent>, Arc<AtomicBool>)>>>;

/// A contract that follows another instrument.
pub(super) struct Listed {
    pub(super) instrument: Instrument,
    pub(super) follows: InstrumentId,
    /// The share of the value that longs pay to shorts at each funding time.
    pub(super) funding_rate: Decimal,
}

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

    /// Lists a contract that follows another instrument.
    pub(super) fn list(
        &self,
        contract: Instrument,
        follows: &InstrumentId,
        funding_rate: Decimal,
        now: Timestamp,
    ) -> Result<(), SimError> {
        self.shared.with(|venue| venue.list(contract, follows.clone(), funding_rate, now))
    }

    /// Every contract that follows another instrument.
    pub(super) fn listed(&self) -> Vec<Listed> {
        self.shared.with(|venue| {
            let listed = venue.engine().listed().map(|(instrument, follows)| Listed {
                instrument: instrument.clone(),
                follows: follows.instrument.clone(),
                funding_rate: follows.funding_rate,
            });
            listed.collect()
        })
    }

    /// What the venue assumes, in words.
    pub(super) fn assumptions(&self) -> Vec<String> {
        self.shared.with(|venue| venue.engine().describe())
    }

    /// The last price of an instrument that the venue knows.
    pub(super) fn last(&self, id: &InstrumentId) -> Option<Price> {
        self.shared.with(|venue| venue.engine().quote(id).map(|quote| quote.last))
    }

    /// Opens an account on a policy's terms, with a first deposit. What an attempt that was cut
    /// off left behind is finished.
    pub(super) fn open_account(
        &self,
        id: &AccountId,
        policy: &Policy,
        cash: &Money,
        now: Timestamp,
    ) -> Result<(), ServeError> {
        self.shared.with(|venue| {
            match venue.open_account(id.clone(), terms(policy)) {
                Err(SimError::AccountExists(_)) => venue.set_settings(id, terms(policy))?,
                opened => opened?,
            }
            let empty = venue.engine().cash(id).is_none_or(|held| held.iter().next().is_none());
            if empty && !cash.amount().is_zero() {
                // Nobody is connected yet who could be told; it is in the list of movements.
                venue.transfer(id, cash, now)?;
            }
            Ok::<_, SimError>(())
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

/// The terms of a policy in the venue's words: what the gate reads and what the venue asks for are
/// the same numbers.
fn terms(policy: &Policy) -> AccountSettings {
    AccountSettings::default().with_terms(&Terms::of(policy))
}
