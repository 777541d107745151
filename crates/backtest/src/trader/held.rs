//! Since when something is held, and for how many bars.
//!
//! The books keep what is held and what it cost; a rule like "leave after ten bars" needs to know
//! since when. It must not decide.

use std::collections::BTreeMap;

use domain::{BookId, InstrumentId, Timestamp};
use path::{event::Event, state::AccountState};

#[derive(Debug, Clone, Copy)]
struct Since {
    at: Timestamp,
    long: bool,
    bars: u64,
}

/// When each holding began. Tell it every event, and every bar that closes.
#[derive(Debug, Clone, Default)]
pub struct Held(BTreeMap<(BookId, InstrumentId), Since>);

impl Held {
    /// Takes an event in, with the state after it.
    pub fn note(&mut self, at: Timestamp, event: &Event, state: &AccountState) {
        let (book, instrument) = match event {
            Event::Filled(e) => (&e.book, &e.fill.instrument),
            Event::Adopted(e) => (&e.book, &e.instrument),
            Event::ActionApplied(e) => {
                let gone = |(book, id): &(BookId, InstrumentId)| {
                    *id == e.action.instrument && state.position(book, id).is_zero()
                };
                return self.0.retain(|holding, _| !gone(holding));
            }
            _ => return,
        };
        let position = state.position(book, instrument);
        let holding = (book.clone(), instrument.clone());
        if position.is_zero() {
            self.0.remove(&holding);
            return;
        }
        let fresh = Since { at, long: position.is_long(), bars: 0 };
        let known = self.0.entry(holding).or_insert(fresh);
        if known.long != fresh.long {
            *known = fresh;
        }
    }

    /// A bar of an instrument has closed.
    pub fn bar_closed(&mut self, instrument: &InstrumentId) {
        if self.0.is_empty() {
            return;
        }
        for ((_, held), since) in &mut self.0 {
            if held == instrument {
                since.bars += 1;
            }
        }
    }

    /// When a holding began; `None` when nothing is held.
    #[must_use]
    pub fn since(&self, book: &BookId, instrument: &InstrumentId) -> Option<Timestamp> {
        self.0.get(&(book.clone(), instrument.clone())).map(|s| s.at)
    }

    /// Bars that have closed since a holding began, the one in which it began included; `None`
    /// when nothing is held.
    #[must_use]
    pub fn bars(&self, book: &BookId, instrument: &InstrumentId) -> Option<u64> {
        self.0.get(&(book.clone(), instrument.clone())).map(|s| s.bars)
    }
}
