//! Everything that can be traded: what has prices of its own, and contracts that follow it.
//!
//! Contracts live in the venue's storage, so that a restart and every desk on the same venue find
//! them; this registry is what one desk knows of them. It must not know orders.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use desk::Desk;
use domain::{Instrument, InstrumentId};
use path::core::Input;

use super::venue::{Listed, Simulated};

/// Instruments by id, shared by the doors and the feed. Clones are cheap.
#[derive(Clone, Default)]
pub(super) struct Listings(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    instruments: BTreeMap<InstrumentId, Instrument>,
    /// What each contract follows.
    follows: BTreeMap<InstrumentId, InstrumentId>,
}

impl Listings {
    /// What has prices of its own.
    pub(super) fn new(instruments: BTreeMap<InstrumentId, Instrument>) -> Self {
        Self(Arc::new(RwLock::new(Known { instruments, follows: BTreeMap::new() })))
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every instrument.
    pub(super) fn all(&self) -> BTreeMap<InstrumentId, Instrument> {
        self.read(|known| known.instruments.clone())
    }

    /// One instrument.
    pub(super) fn get(&self, id: &InstrumentId) -> Option<Instrument> {
        self.read(|known| known.instruments.get(id).cloned())
    }

    /// The contracts that follow an instrument.
    pub(super) fn followers(&self, of: &InstrumentId) -> Vec<Instrument> {
        self.read(|known| {
            let ids = known.follows.iter().filter(|(_, followed)| *followed == of);
            ids.filter_map(|(id, _)| known.instruments.get(id).cloned()).collect()
        })
    }

    /// What a contract follows.
    pub(super) fn followed_by(&self, id: &InstrumentId) -> Option<InstrumentId> {
        self.read(|known| known.follows.get(id).cloned())
    }

    /// Takes over what the venue lists, and tells what is new or has other rules.
    pub(super) fn take_over(&self, venue: &Simulated) -> Vec<Instrument> {
        let listed = venue.listed();
        let is_known = |known: &Known, listed: &Listed| {
            known.instruments.get(&listed.instrument.id) == Some(&listed.instrument)
        };
        if self.read(|known| listed.iter().all(|listed| is_known(known, listed))) {
            return Vec::new();
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for listed in
            listed.into_iter().filter(|listed| !is_known(&known, listed)).collect::<Vec<_>>()
        {
            let id = listed.instrument.id.clone();
            known.follows.insert(id.clone(), listed.follows);
            known.instruments.insert(id, listed.instrument.clone());
            news.push(listed.instrument);
        }
        news
    }

    /// Takes over what the venue lists and tells it to every account of this desk.
    pub(super) async fn announce(&self, desk: &Desk, venue: &Simulated) -> Vec<Instrument> {
        let news = self.take_over(venue);
        for instrument in &news {
            for account in desk.accounts() {
                let instrument = instrument.clone();
                let tell = move |_| Input::SetInstrument(Box::new(instrument.clone()));
                // An account that has stopped is told when it starts.
                let _ = account.inform(tell).await;
            }
        }
        news
    }
}
