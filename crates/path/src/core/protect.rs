//! Protection: after every fill the resting stops cover the position, or the policy acts.
//!
//! What is watched instead of resting is in [`super::watch`]. It must not know why a position
//! changed.

use std::collections::btree_map::Entry;

use domain::{BookId, ClientOrderId, InstrumentId, Nanos, OrderKind, Price, Qty, Side};

use super::{
    Step,
    close::Cause,
    live::{Holding, Retry},
    system,
};
use crate::{
    event::ClosePurpose, gate::Reduction, policy::ProtectionFailure, state::Order, verbs::RiskClass,
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
        self.core.live.trails.retain(|holding, _| held(holding));
        self.orphaned_stops();
    }

    fn protect(&mut self, book: &BookId, instrument: &InstrumentId, position: Qty) {
        let plan = self.state().books.get(book).and_then(|b| b.plans.get(instrument));
        let stop = plan.and_then(|p| p.levels.stop);
        let planned = plan.is_some();
        let exits = self.exits(book, instrument);
        let Some(trigger) = stop else {
            self.core.live.gaps.remove(&(book.clone(), instrument.clone()));
            if planned {
                self.release_excess(&exits, Self::covered(&exits), Qty::ZERO);
            }
            return;
        };
        let resting = Self::covered(&exits);
        let others = exits.iter().filter(|o| o.class == RiskClass::Exit);
        let wanted = position.minus(self.state().reserved_by(book, instrument, others));
        self.note_gap(book, instrument, position.minus(resting));
        let changes = |o: &Order| o.cancel_requested || o.replaced_by.is_some();
        let under_way = exits.iter().any(|o| o.class == RiskClass::Protective && changes(o));
        if self.closing(book, instrument).is_some() || under_way {
            return;
        }
        if self.move_stops(&exits, trigger) {
            return;
        }
        if resting > wanted {
            return self.release_excess(&exits, resting, wanted);
        }
        let missing = wanted.minus(resting);
        if missing.is_zero() {
            return self.note_covered(book, instrument);
        }
        let due = self.protect_due(book, instrument);
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

    /// Live orders on the side that reduces a position.
    fn exits(&self, book: &BookId, instrument: &InstrumentId) -> Vec<Order> {
        let side = Side::reducing(self.state().position(book, instrument));
        let live = self.state().live_in(book, instrument);
        live.filter(|o| Some(o.side) == side).cloned().collect()
    }

    /// What resting stops cover. Of an order and the one that takes its place, one is live.
    fn covered(exits: &[Order]) -> Qty {
        let live = |id: &ClientOrderId| exits.iter().any(|o| &o.client_order_id == id);
        let stops = exits.iter().filter(|o| o.class == RiskClass::Protective);
        let counted = stops.filter(|o| !o.replaced_by.as_ref().is_some_and(live));
        counted.fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()))
    }

    fn protect_due(&self, book: &BookId, instrument: &InstrumentId) -> bool {
        let retry = self.core.live.protect.get(&(book.clone(), instrument.clone()));
        retry.is_none_or(|r| r.next <= self.now.mono)
    }

    /// Brings stops that rest elsewhere to the plan's trigger: in one step where the venue can,
    /// else by taking them away, after which they are placed anew. One that has begun to fill is
    /// left alone: it is taking the position out, and would go on while its successor is on its
    /// way. False when all rest there.
    fn move_stops(&mut self, exits: &[Order], trigger: Price) -> bool {
        let elsewhere = |o: &&Order| {
            o.class == RiskClass::Protective
                && o.end.is_none()
                && o.filled.is_zero()
                && o.kind.trigger() != Some(trigger)
        };
        let stale: Vec<&Order> = exits.iter().filter(elsewhere).collect();
        for stop in &stale {
            if !self.protect_due(&stop.book, &stop.instrument) {
                continue;
            }
            let kind = OrderKind::Stop { trigger };
            let key = (stop.book.clone(), stop.instrument.clone());
            let smooth = !self.core.live.protect.contains_key(&key) && self.can_replace(stop);
            if !(smooth && self.replace_reduction(stop, kind, stop.open_qty())) {
                self.cancel_by_desk(&stop.client_order_id, "the stop was moved");
            }
        }
        !stale.is_empty()
    }

    /// Makes room for the close of a part: stops shrink to what is kept, where the venue can do
    /// that in one step. False when the way has to be cleared otherwise.
    pub(super) fn shrink_stop(&mut self, blocking: &[Order], kept: Qty) -> bool {
        let stops_only = blocking.iter().all(|o| o.class == RiskClass::Protective);
        if !self.core.capabilities.replace || kept.is_zero() || !stops_only {
            return false;
        }
        if blocking.iter().any(|o| o.cancel_requested || o.replaced_by.is_some()) {
            return true;
        }
        let resting = Self::covered(blocking);
        if resting <= kept {
            return false;
        }
        self.release_excess(blocking, resting, kept);
        true
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
            let (open, kept) = (stop.open_qty(), stop.open_qty().minus(excess));
            excess = excess.minus(open);
            let smooth = !kept.is_zero() && stop.filled.is_zero() && self.can_replace(stop);
            if smooth && self.replace_reduction(stop, stop.kind, kept) {
                continue;
            }
            if stop.end.is_none() {
                self.cancel_by_desk(&stop.client_order_id, "covers more than the position");
            }
        }
    }

    /// Stops whose position is gone are taken away, and orders of a close that is over.
    fn orphaned_stops(&mut self) {
        let orphans: Vec<_> = self
            .touched_orders()
            .filter(|o| o.is_reducing_class() && o.end.is_none() && !o.cancel_requested)
            .filter(|o| {
                let position = self.state().position(&o.book, &o.instrument);
                let over = o.close.is_some_and(|close| !self.state().closes.contains_key(&close));
                over || Side::reducing(position) != Some(o.side)
            })
            .map(|o| o.client_order_id.clone())
            .collect();
        for id in orphans {
            self.cancel_by_desk(&id, "what it was for is gone");
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
                let cause = Cause::of(ClosePurpose::Unprotected);
                self.start_close((book, instrument), qty, system(), cause, None);
            }
        }
    }
}
