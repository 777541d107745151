//! What the desk watches for a position: targets, the trailing stop, the time stop, and a stop that
//! is reached while none rests.
//!
//! Nothing here holds while the desk is down, and the plan says so; the stop itself rests at the
//! venue. It must not know why a position exists.

use std::collections::BTreeSet;

use domain::{BookId, InstrumentId, Nanos, OrderKind, Price, Protective, Qty, Quote, Side, Trail};
use rust_decimal::Decimal;

use super::{
    Step,
    close::Cause,
    live::{Holding, Trailing},
    system,
};
use crate::{
    event::{ClosePurpose, Event, PlanSet},
    gate::{self, Touched},
    state::{Book, Plan},
    verbs::RiskClass,
};

/// Pause between two moves of a trailing stop.
const TRAIL_EVERY: Nanos = Nanos::from_secs(1);
/// A trailing stop moves by at least this part of its distance where each move leaves a gap, …
const TRAIL_STEP: i64 = 20;
/// … and by this part where the venue puts the new stop in the old one's place.
const TRAIL_STEP_FINE: i64 = 200;

/// A holding whose plan calls for a close.
struct Due {
    book: BookId,
    qty: Qty,
    cause: Cause,
}

impl Step<'_> {
    /// A new price.
    pub(super) fn quote(&mut self, instrument: &InstrumentId, quote: Quote) {
        if !self.core.market.set_quote(instrument.clone(), quote) {
            return;
        }
        self.core.figures.get_mut().touch(&Touched::Instrument(instrument.clone()));
        self.note_extremes(instrument, quote.last);
        self.triggers(instrument, quote);
    }

    /// Looks at the last prices of everything planned again: after a decision that rested on one
    /// of them was lost, and in a tick, for what had to wait, where the market is open.
    pub(super) fn triggers_again(&mut self, only_open: bool) {
        let state = &self.core.state;
        let planned: BTreeSet<&InstrumentId> =
            state.books.values().flat_map(|b| b.plans.keys()).collect();
        let looked = planned.into_iter().filter(|id| !only_open || self.is_open(id));
        let quotes: Vec<_> =
            looked.filter_map(|id| Some((id.clone(), *self.core.market.quote(id)?))).collect();
        for (instrument, quote) in quotes {
            self.triggers(&instrument, quote);
        }
    }

    /// True while orders in an instrument match.
    fn is_open(&self, id: &InstrumentId) -> bool {
        let calendar = self.state().instruments.get(id).map(|i| i.calendar);
        calendar.and_then(|c| self.core.market.session(c)).is_some_and(|s| s.open)
    }

    /// What a price calls for.
    fn triggers(&mut self, instrument: &InstrumentId, quote: Quote) {
        let books = self.state().books.values();
        let due: Vec<Due> = books.filter_map(|b| self.reached(b, instrument, quote)).collect();
        for Due { book, qty, cause } in due {
            self.start_close((book, instrument.clone()), qty, system(), cause, None);
        }
        self.trail(instrument, quote);
    }

    /// The close that a price calls for in a book.
    fn reached(&self, book: &Book, instrument: &InstrumentId, quote: Quote) -> Option<Due> {
        let plan = book.plans.get(instrument)?;
        let qty = self.state().backed(&book.id, instrument);
        let dust = || {
            let holding = (book.id.clone(), instrument.clone());
            self.core.live.dust.get(&holding) == Some(&qty)
        };
        if qty.is_zero() || self.closing(&book.id, instrument).is_some() || dust() {
            return None;
        }
        let long = self.state().position(&book.id, instrument).is_long();
        let at_profit = |level: Price| if long { quote.bid >= level } else { quote.ask <= level };
        let at_loss = |level: Price| if long { quote.bid <= level } else { quote.ask >= level };
        let due = |qty, cause| Some(Due { book: book.id.clone(), qty, cause });
        if plan.levels.target.is_some_and(at_profit) {
            return due(qty, Cause::of(ClosePurpose::Target));
        }
        if plan.levels.stop.is_some_and(at_loss) {
            // A limit far away takes nobody out.
            let mut resting = self.state().live_in(&book.id, instrument);
            let uncovered = !resting.any(|o| {
                o.class == RiskClass::Protective
                    || o.is_reducing_class() && matches!(o.kind, OrderKind::Market)
            });
            return uncovered.then(|| due(qty, Cause::of(ClosePurpose::Unprotected))).flatten();
        }
        let rules = self.state().instruments.get(instrument)?;
        let open = plan.levels.targets.iter().zip(plan.taken).enumerate();
        let (index, (target, _)) =
            open.into_iter().find(|(_, (target, taken))| !taken && at_profit(target.price))?;
        let part = gate::exit_part(rules, plan.base.percent(target.share), qty);
        let target = u8::try_from(index).ok();
        due(part, Cause { purpose: ClosePurpose::Target, target })
    }

    /// Closes what its time stop asks for, once the market is open.
    pub(super) fn time_stop_duty(&mut self) {
        let now = self.now.at;
        let is_due = |plan: &Plan| plan.levels.time_stop.is_some_and(|t| t.due(plan.since) <= now);
        let state = &self.core.state;
        let due: Vec<(Holding, Qty)> = state
            .books
            .values()
            .flat_map(|b| b.plans.iter().map(move |(id, plan)| (&b.id, id, plan)))
            .filter(|(_, id, plan)| is_due(plan) && self.is_open(id))
            .filter(|(book, id, _)| self.closing(book, id).is_none())
            .map(|(book, id, _)| ((book.clone(), id.clone()), state.backed(book, id)))
            .filter(|(_, qty)| !qty.is_zero())
            .collect();
        for (holding, qty) in due {
            let late = self.core.live.flatten.get(&holding).is_some_and(|r| r.next > self.now.mono);
            if !late {
                self.note_attempt(&holding);
                let cause = Cause::of(ClosePurpose::TimeStop);
                self.start_close(holding, qty, system(), cause, None);
            }
        }
    }

    /// Moves the trailing stops of an instrument after its price.
    fn trail(&mut self, instrument: &InstrumentId, quote: Quote) {
        let trailing: Vec<(BookId, Protective, Trail)> = self
            .state()
            .books
            .values()
            .filter_map(|b| Some((b.id.clone(), b.plans.get(instrument)?.levels)))
            .filter_map(|(book, levels)| Some((book, levels, levels.trail?)))
            .collect();
        for (book, levels, trail) in trailing {
            let position = self.state().position(&book, instrument);
            let closing = self.closing(&book, instrument).is_some();
            if let (Some(side), false) = (Side::reducing(position), closing) {
                self.trail_one((book, instrument.clone()), (levels, trail), side, quote);
            }
        }
    }

    fn trail_one(
        &mut self,
        holding: Holding,
        (levels, trail): (Protective, Trail),
        side: Side,
        quote: Quote,
    ) {
        let long = side == Side::Sell;
        let price = if long { quote.bid } else { quote.ask };
        let now = self.now.mono;
        let fresh = Trailing { side, trail, best: price, next: now };
        let known = self.core.live.trails.entry(holding.clone()).or_insert(fresh);
        if known.side != side || known.trail != trail {
            *known = fresh;
        }
        known.best = if long { known.best.max(price) } else { known.best.min(price) };
        let (best, waits) = (known.best, known.next > now);
        if waits || !trail.is_active(best, long) {
            return;
        }
        let Some(rules) = self.state().instruments.get(&holding.1) else { return };
        let Some(raw) = trail.stop_for(best, long) else { return };
        let wanted = Protective { stop: Some(raw), ..Protective::default() };
        let Some(stop) = gate::on_tick(rules, side, wanted).ok().and_then(|l| l.stop) else {
            return;
        };
        let parts = if self.core.capabilities.replace { TRAIL_STEP_FINE } else { TRAIL_STEP };
        let least = (best.distance(stop) / Decimal::from(parts)).max(rules.tick.get());
        let gain = levels.stop.map(|old| {
            let moved = stop.get() - old.get();
            if long { moved } else { -moved }
        });
        if gain.is_some_and(|gain| gain < least) {
            return;
        }
        if let Some(known) = self.core.live.trails.get_mut(&holding) {
            known.next = now.plus(TRAIL_EVERY);
        }
        let passed = if long { price <= stop } else { price >= stop };
        if passed {
            let qty = self.state().backed(&holding.0, &holding.1);
            if !qty.is_zero() {
                let cause = Cause::of(ClosePurpose::Stop);
                self.start_close(holding, qty, system(), cause, None);
            }
            return;
        }
        let (book, instrument) = holding;
        let protective = Protective { stop: Some(stop), ..levels };
        self.emit(Event::PlanSet(PlanSet { book, instrument, protective, by: system() }));
    }
}
