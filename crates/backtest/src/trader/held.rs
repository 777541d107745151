//! Since when something is held, for how many bars, and with how many entries.
//!
//! The books keep what is held and what it cost; rules like "leave after ten bars" or "three
//! entries at most" need to know more. It is a fold of the account's events, so that it is the same
//! over history, live, and after a restart. It must not decide.

use std::collections::BTreeMap;

use domain::{BookId, Fill, InstrumentId, SignedQty, Timestamp, VenueOrderId, position::converted};
use path::{event::Event, state::AccountState};

#[derive(Debug, Clone)]
struct Since {
    at: Timestamp,
    qty: SignedQty,
    bars: u64,
    entries: u32,
    /// The latest order that enlarged the holding.
    order: Option<VenueOrderId>,
}

/// When each holding began. Tell it every event, and every bar that closes.
#[derive(Debug, Clone, Default)]
pub struct Held(BTreeMap<(BookId, InstrumentId), Since>);

impl Held {
    /// Takes an event in.
    pub fn note(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Filled(e) => self.filled(at, &e.book, &e.fill),
            Event::Adopted(e) => self.moved(at, &e.book, &e.instrument, e.qty),
            Event::CashMoved(e) => {
                let Some(id) = &e.movement.instrument else { return };
                for (share, sold) in e.shares.iter().filter_map(|s| Some((s, s.sold.as_ref()?))) {
                    self.moved(at, &share.book, id, SignedQty::ZERO.minus(sold.qty));
                }
            }
            Event::ActionApplied(e) => {
                let action = &e.action;
                for ((_, instrument), since) in &mut self.0 {
                    if *instrument == action.instrument
                        && let Ok(qty) = converted(since.qty, action.numerator, action.denominator)
                    {
                        since.qty = qty;
                    }
                }
                self.0.retain(|_, since| !since.qty.is_zero());
            }
            _ => {}
        }
    }

    fn filled(&mut self, at: Timestamp, book: &BookId, fill: &Fill) {
        let change = fill.side.signed(fill.qty);
        self.moved(at, book, &fill.instrument, change);
        let Some(since) = self.0.get_mut(&(book.clone(), fill.instrument.clone())) else { return };
        if since.qty.is_long() == change.is_long()
            && since.order.as_ref() != Some(&fill.venue_order_id)
        {
            since.entries += 1;
            since.order = Some(fill.venue_order_id.clone());
        }
    }

    fn moved(&mut self, at: Timestamp, book: &BookId, id: &InstrumentId, change: SignedQty) {
        let holding = (book.clone(), id.clone());
        let before = self.0.get(&holding).map_or(SignedQty::ZERO, |since| since.qty);
        let qty = before.plus(change);
        if qty.is_zero() {
            self.0.remove(&holding);
            return;
        }
        let turned = before.is_long() != qty.is_long() || before.is_zero();
        let fresh = Since { at, qty, bars: 0, entries: 0, order: None };
        let known = self.0.entry(holding).or_insert_with(|| fresh.clone());
        if turned {
            *known = fresh;
        }
        known.qty = qty;
    }

    /// A bar of an instrument has closed.
    pub fn bar_closed(&mut self, instrument: &InstrumentId) {
        for ((_, held), since) in &mut self.0 {
            if held == instrument {
                since.bars += 1;
            }
        }
    }

    /// Drops what the books don't hold: what was left of a holding after it was converted may be
    /// too little to be one.
    pub fn keep_to(&mut self, state: &AccountState) {
        self.0.retain(|(book, instrument), _| !state.position(book, instrument).is_zero());
    }

    /// When a holding began; `None` when nothing is held.
    #[must_use]
    pub fn since(&self, book: &BookId, instrument: &InstrumentId) -> Option<Timestamp> {
        self.get(book, instrument).map(|s| s.at)
    }

    /// Bars that have closed since a holding began, the one in which it began included; `None`
    /// when nothing is held.
    #[must_use]
    pub fn bars(&self, book: &BookId, instrument: &InstrumentId) -> Option<u64> {
        self.get(book, instrument).map(|s| s.bars)
    }

    /// Orders that made or enlarged a holding; 0 when nothing is held.
    #[must_use]
    pub fn entries(&self, book: &BookId, instrument: &InstrumentId) -> u32 {
        self.get(book, instrument).map_or(0, |s| s.entries)
    }

    fn get(&self, book: &BookId, instrument: &InstrumentId) -> Option<&Since> {
        self.0.get(&(book.clone(), instrument.clone()))
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn book() -> BookId {
        BookId::manual()
    }

    fn id() -> InstrumentId {
        "sim:XYZ".parse().unwrap()
    }

    fn qty(units: i64) -> SignedQty {
        SignedQty::new(units.into()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    #[test]
    fn a_holding_that_ends_and_begins_between_two_bars_is_a_new_one() {
        let mut held = Held::default();
        held.moved(at(1), &book(), &id(), qty(5));
        held.bar_closed(&id());
        held.bar_closed(&id());
        assert_eq!((held.bars(&book(), &id()), held.since(&book(), &id())), (Some(2), Some(at(1))));
        held.moved(at(2), &book(), &id(), qty(-5));
        assert_eq!(held.bars(&book(), &id()), None);
        held.moved(at(3), &book(), &id(), qty(5));
        assert_eq!((held.bars(&book(), &id()), held.since(&book(), &id())), (Some(0), Some(at(3))));
    }

    #[test]
    fn a_turned_holding_is_a_new_one() {
        let mut held = Held::default();
        held.moved(at(1), &book(), &id(), qty(5));
        held.bar_closed(&id());
        held.moved(at(2), &book(), &id(), qty(-8));
        assert_eq!((held.bars(&book(), &id()), held.since(&book(), &id())), (Some(0), Some(at(2))));
        held.moved(at(3), &book(), &id(), qty(1));
        assert_eq!(held.since(&book(), &id()), Some(at(2)), "a part is taken off");
    }
}
