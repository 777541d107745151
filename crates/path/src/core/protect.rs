//! Protection: after every fill the resting stops cover the position, or the policy acts.
//!
//! The stop rests at the venue; the target is watched here. It must not know why a position
//! changed.

use std::collections::btree_map::Entry;

use domain::{BookId, InstrumentId, Nanos, OrderKind, Qty, Quote, Side};

use super::{
    Step,
    live::{Holding, Retry},
    system,
};
use crate::{
    event::ClosePurpose,
    gate::{Reduction, Touched},
    policy::ProtectionFailure,
    state::Order,
    verbs::RiskClass,
};

/// Pause before a rejected stop is placed again; it doubles.
const PROTECT_RETRY: Nanos = Nanos::from_secs(1);
/// A stop that rests for so long is taken for accepted.
const PROTECT_STANDS: Nanos = Nanos::from_secs(60);
/// Orders that one position's stop may be split into; what they can't cover is shown as a gap.
const PROTECT_ORDERS_MAX: usize = 100;
/// Rejections after which the policy acts.
const PROTECT_ATTEMPTS_MAX: u32 = 3;

impl Step<'_> {
    /// Brings the resting stops of every planned position to its quantity.
    pub(super) fn protect_duty(&mut self) {
        for ((book, instrument), qty) in self.holdings(|id| self.touched.has(id)) {
            self.protect(&book, &instrument, qty);
        }
        let gone: Vec<Holding> = self
            .core
            .live
            .gaps
            .keys()
            .filter(|(book, instrument)| self.state().position(book, instrument).is_zero())
            .cloned()
            .collect();
        for holding in gone {
            self.core.live.gaps.remove(&holding);
        }
        let state = &self.core.state;
        let held = |(book, instrument): &Holding| !state.position(book, instrument).is_zero();
        self.core.live.protect.retain(|holding, _| held(holding));
        self.orphaned_stops();
    }

    fn protect(&mut self, book: &BookId, instrument: &InstrumentId, position: Qty) {
        let stop = self
            .state()
            .books
            .get(book)
            .and_then(|b| b.plans.get(instrument))
            .and_then(|p| p.levels.stop);
        let Some(trigger) = stop else {
            self.core.live.gaps.remove(&(book.clone(), instrument.clone()));
            return;
        };
        let side = Side::reducing(self.state().position(book, instrument));
        let exits: Vec<Order> = self
            .state()
            .live_in(book, instrument)
            .filter(|o| Some(o.side) == side)
            .cloned()
            .collect();
        let open = |class: RiskClass| {
            exits
                .iter()
                .filter(|o| o.class == class)
                .fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()))
        };
        let (resting, others) = (open(RiskClass::Protective), open(RiskClass::Exit));
        let wanted = position.minus(others);
        self.note_gap(book, instrument, position.minus(resting));
        if self.closing(book, instrument).is_some() || exits.iter().any(|o| o.cancel_requested) {
            return;
        }
        if resting > wanted {
            return self.release_excess(&exits, resting, wanted);
        }
        let missing = wanted.minus(resting);
        if missing.is_zero() {
            return self.note_covered(book, instrument);
        }
        let due = self
            .core
            .live
            .protect
            .get(&(book.clone(), instrument.clone()))
            .is_none_or(|r| r.next <= self.now.mono);
        let Some(rules) = self.state().instruments.get(instrument).cloned() else { return };
        if !due || exits.len() >= PROTECT_ORDERS_MAX {
            return;
        }
        let reduction = Reduction {
            instrument: rules,
            book: book.clone(),
            qty: missing,
            kind: OrderKind::Stop { trigger },
            class: RiskClass::Protective,
        };
        self.send_reduction(&reduction, system(), None);
        self.clear_opposite_entries(&exits);
    }

    /// A stop that stands for a while has proven itself: attempts count anew.
    fn note_covered(&mut self, book: &BookId, instrument: &InstrumentId) {
        let (key, now) = ((book.clone(), instrument.clone()), self.now.mono);
        let stood = |retry: &Retry| now.since(retry.next) >= PROTECT_STANDS;
        if self.core.live.protect.get(&key).is_some_and(stood) {
            self.core.live.protect.remove(&key);
        }
    }

    /// An entry on the side that reduces was judged before the position was there. It takes the
    /// quantity that the stop needs, and could turn the position: it makes way.
    fn clear_opposite_entries(&mut self, on_side: &[Order]) {
        for order in on_side.iter().filter(|o| o.class == RiskClass::Entry && o.end.is_none()) {
            self.cancel_by_desk(&order.client_order_id, "makes way for the stop");
        }
    }

    fn note_gap(&mut self, book: &BookId, instrument: &InstrumentId, gap: Qty) {
        let key = (book.clone(), instrument.clone());
        let now = self.now.mono;
        if gap.is_zero() {
            self.core.live.gaps.remove(&key);
        } else {
            self.core.live.gaps.entry(key).or_insert((gap, now)).0 = gap;
        }
    }

    /// Takes resting stops away until no more than the position is covered; what is then missing
    /// is placed again once they are gone.
    fn release_excess(&mut self, exits: &[Order], resting: Qty, wanted: Qty) {
        let mut excess = resting.minus(wanted);
        let mut stops: Vec<&Order> =
            exits.iter().filter(|o| o.class == RiskClass::Protective).collect();
        stops.sort_by_key(|o| o.open_qty());
        for stop in stops {
            if excess.is_zero() {
                break;
            }
            excess = excess.minus(stop.open_qty());
            if stop.end.is_none() {
                self.cancel_by_desk(&stop.client_order_id, "covers more than the position");
            }
        }
    }

    /// Stops whose position is gone are taken away.
    fn orphaned_stops(&mut self) {
        let orphans: Vec<_> = self
            .touched_orders()
            .filter(|o| o.is_reducing_class() && o.end.is_none() && !o.cancel_requested)
            .filter(|o| {
                let position = self.state().position(&o.book, &o.instrument);
                Side::reducing(position) != Some(o.side)
            })
            .map(|o| o.client_order_id.clone())
            .collect();
        for id in orphans {
            self.cancel_by_desk(&id, "the position is gone");
        }
    }

    /// A stop that the venue ended by itself: the first time it is placed again at once, then with
    /// growing pauses, so that venue and desk don't chase each other.
    pub(super) fn protection_ended(&mut self, order: &Order) {
        let key = (order.book.clone(), order.instrument.clone());
        let now = self.now.mono;
        match self.core.live.protect.entry(key) {
            Entry::Vacant(first) => {
                first.insert(Retry { count: 1, next: now });
            }
            Entry::Occupied(_) => self.protection_rejected(order),
        }
    }

    /// A stop that the venue refused.
    pub(super) fn protection_rejected(&mut self, order: &Order) {
        let key = (order.book.clone(), order.instrument.clone());
        let now = self.now.mono;
        let retry = self.core.live.protect.entry(key).or_insert(Retry { count: 0, next: now });
        retry.again(now, PROTECT_RETRY);
        if retry.count != PROTECT_ATTEMPTS_MAX {
            return;
        }
        let text = format!(
            "UNPROTECTED: the venue does not keep the stop of {} in book {} ({}).",
            order.instrument,
            order.book,
            order.text.as_deref().unwrap_or("no reason given")
        );
        self.alarm("unprotected", text);
        if self.state().policy.protection_failure == ProtectionFailure::Flatten {
            let qty = self.state().backed(&order.book, &order.instrument);
            let (book, instrument) = (order.book.clone(), order.instrument.clone());
            if !qty.is_zero() && self.closing(&book, &instrument).is_none() {
                let purpose = ClosePurpose::Unprotected;
                self.start_close((book, instrument), qty, system(), purpose, None);
            }
        }
    }

    /// A new price: targets that it reaches, and stops that it reaches while none rests.
    pub(super) fn quote(&mut self, instrument: &InstrumentId, quote: Quote) {
        if !self.core.market.set_quote(instrument.clone(), quote) {
            return;
        }
        self.core.figures.get_mut().touch(&Touched::Instrument(instrument.clone()));
        self.triggers(instrument, quote);
    }

    /// Looks at the last prices again, after a decision that rested on one of them was lost.
    pub(super) fn triggers_again(&mut self) {
        let quotes: Vec<_> = self.core.market.quotes().map(|(id, q)| (id.clone(), *q)).collect();
        for (instrument, quote) in quotes {
            self.triggers(&instrument, quote);
        }
    }

    /// What a price calls for.
    fn triggers(&mut self, instrument: &InstrumentId, quote: Quote) {
        let mut due: Vec<(BookId, Qty, ClosePurpose)> = Vec::new();
        for book in self.state().books.values() {
            let Some(plan) = book.plans.get(instrument) else { continue };
            let position = self.state().position(&book.id, instrument);
            let (long, qty) = (position.is_long(), self.state().backed(&book.id, instrument));
            let target = plan
                .levels
                .target
                .is_some_and(|t| if long { quote.bid >= t } else { quote.ask <= t });
            let stop = plan
                .levels
                .stop
                .is_some_and(|s| if long { quote.bid <= s } else { quote.ask >= s });
            let uncovered =
                !self.state().live_in(&book.id, instrument).any(Order::is_reducing_class);
            if qty.is_zero() || self.closing(&book.id, instrument).is_some() {
                continue;
            }
            if target {
                due.push((book.id.clone(), qty, ClosePurpose::Target));
            } else if stop && uncovered {
                due.push((book.id.clone(), qty, ClosePurpose::Unprotected));
            }
        }
        for (book, qty, purpose) in due {
            self.start_close((book, instrument.clone()), qty, system(), purpose, None);
        }
    }
}
