//! Cash that moves without an execution, and corporate actions, as the venue tells them.
//!
//! Each counts once by the venue's id. What is about an instrument belongs to the books that hold
//! it; what somebody put in or took out is no profit and no loss. It must not know orders.

use domain::{
    BookId, CashMovement, CorporateAction, Fill, InstrumentId, Money, SignedQty, Timestamp,
    num::SCALE_MAX,
};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Step, fractions, venue::UNBOOKED_MAX};
use crate::{
    broker::VenueSnapshot,
    event::{ActionApplied, CashMoved, Event, Share},
    gate::Touched,
    state::AccountState,
};

/// Books on opposite sides may hold at most so many times what the account holds for a movement to
/// be split over them: beyond, the net is so small that the parts would say nothing about the
/// moment at which the movement was reckoned.
const GROSS_TO_NET_MAX: i64 = 100;

/// What a snapshot tells that changes the books.
enum Fact<'a> {
    Action(&'a CorporateAction),
    Fill(&'a Fill),
    Movement(&'a CashMovement),
}

impl Fact<'_> {
    /// The venue's time. Of what has the same time, units change first.
    fn order(&self) -> (Timestamp, u8) {
        match self {
            Self::Action(action) => (action.at, 0),
            Self::Fill(fill) => (fill.at, 1),
            Self::Movement(movement) => (movement.at, 2),
        }
    }
}

impl Step<'_> {
    /// Books what is new in a snapshot in the venue's order of time: a split turns what was bought
    /// before it, and funding is paid by who held at the time.
    pub(super) fn facts(&mut self, snapshot: &VenueSnapshot) {
        let mut facts: Vec<_> = snapshot.fills.iter().map(Fact::Fill).collect();
        facts.extend(snapshot.actions.iter().map(Fact::Action));
        facts.extend(snapshot.movements.iter().map(Fact::Movement));
        facts.sort_by_key(Fact::order);
        for fact in facts {
            let waits = self.waits_since().is_some_and(|since| since <= fact.order().0);
            match fact {
                // What follows an execution that waits is told again once that is booked.
                Fact::Action(_) | Fact::Movement(_) if waits => {}
                Fact::Action(action) => self.action(action),
                Fact::Fill(fill) => self.fill(fill.clone()),
                Fact::Movement(movement) => self.movement(movement),
            }
        }
    }

    /// The stream tells a movement. Where executions before it may still be missing, the next
    /// comparison brings both in order.
    pub(super) fn movement_told(&mut self, movement: &CashMovement) {
        if self.comes_in_order(movement.at) {
            return self.compare_soon();
        }
        self.movement(movement);
    }

    pub(super) fn action_told(&mut self, action: &CorporateAction) {
        if self.comes_in_order(action.at) {
            return self.compare_soon();
        }
        self.action(action);
    }

    fn comes_in_order(&self, at: Timestamp) -> bool {
        let missing = !self.core.live.reconciled && at >= self.compared_since();
        missing || self.waits_since().is_some_and(|since| since <= at)
    }

    fn movement(&mut self, movement: &CashMovement) {
        if self.state().has_movement(&movement.id) {
            return;
        }
        let reporting = match self.in_reporting(movement) {
            Ok(reporting) => reporting,
            Err(NoRate) => {
                // Without the rate, loss and drawdown would take it for profit or loss.
                self.core.live.reconciled = false;
                return self.compare_soon();
            }
        };
        self.disturb();
        let shares = shares(self.state(), movement);
        let movement = movement.clone();
        self.emit(Event::CashMoved(CashMoved { movement, reporting, shares }));
    }

    /// What somebody put in or took out, in the reporting currency.
    fn in_reporting(&self, movement: &CashMovement) -> Result<Option<Decimal>, NoRate> {
        if !movement.kind.is_transfer() {
            return Ok(None);
        }
        let money = &movement.money;
        let rate = self.core.market.rate(money.currency(), self.state().spec.reporting);
        let value = rate.and_then(|r| money.amount().checked_mul(r));
        value.map(|v| Some(v.normalize())).ok_or(NoRate)
    }

    fn action(&mut self, action: &CorporateAction) {
        let known = self.state().instruments.contains_key(&action.instrument);
        if self.state().has_movement(&action.id) || !known {
            return;
        }
        if action.numerator <= Decimal::ZERO || action.denominator <= Decimal::ZERO {
            return self.senseless(action);
        }
        self.disturb();
        // A price in the old units would value what is held in the new ones.
        self.core.market.set_units_since(&action.instrument, action.at);
        let touched = Touched::Instrument(action.instrument.clone());
        self.core.figures.get_mut().touch(&touched);
        self.core.live.trails.retain(|(_, id), _| *id != action.instrument);
        self.core.live.extremes.remove(&action.instrument);
        self.emit(Event::ActionApplied(ActionApplied { action: action.clone() }));
        self.units_changed(&action.instrument);
    }

    fn senseless(&mut self, action: &CorporateAction) {
        let key = crate::journal::Hash::of(format!("action|{}", action.id).as_bytes()).half();
        let unbooked = &mut self.core.live.unbooked;
        if unbooked.len() < UNBOOKED_MAX && unbooked.insert(key) {
            let CorporateAction { instrument, numerator, denominator, .. } = action;
            let text = format!("{numerator} for {denominator} of {instrument} can't be booked.");
            self.alarm("action_invalid", text);
        }
    }
}

/// The rate into the reporting currency is missing.
struct NoRate;

/// Whose a movement is. What is about an instrument is split over the books that hold it, in
/// proportion to their signed quantities: who is short receives what who is long pays. Parts are
/// exact at 12 decimals, the largest holder takes the remainder. What nobody holds, and what is
/// about no instrument, is unmanaged. Cash for a fraction belongs to the books that hold it.
fn shares(state: &AccountState, movement: &CashMovement) -> Vec<Share> {
    let about = movement.instrument.as_ref().filter(|_| !movement.kind.is_transfer());
    let sold = || fractions::sold(state, movement);
    let split = || about.and_then(|instrument| split(state, instrument, &movement.money));
    let nobody = || vec![Share { book: BookId::unmanaged(), money: movement.money, sold: None }];
    sold().or_else(split).unwrap_or_else(nobody)
}

fn split(state: &AccountState, instrument: &InstrumentId, money: &Money) -> Option<Vec<Share>> {
    let held = |book: &crate::state::Book| {
        let qty = book.positions.get(instrument)?.qty;
        (!qty.is_zero()).then(|| (book.id.clone(), qty))
    };
    let holders: Vec<(BookId, SignedQty)> = state.books.values().filter_map(held).collect();
    let net: Decimal = holders.iter().map(|(_, qty)| qty.get()).sum();
    let gross: Decimal = holders.iter().map(|(_, qty)| qty.abs().get()).sum();
    if net.is_zero() || gross > net.abs().checked_mul(Decimal::from(GROSS_TO_NET_MAX))? {
        return None;
    }
    let largest = holders.iter().max_by_key(|(_, qty)| qty.abs())?.0.clone();
    let mut rest = *money;
    let mut shares = Vec::with_capacity(holders.len());
    for (book, qty) in holders.into_iter().filter(|(book, _)| *book != largest) {
        let exact = money.amount().checked_mul(qty.get())?.checked_div(net)?;
        let part = exact.round_dp_with_strategy(SCALE_MAX, RoundingStrategy::ToZero);
        let part = Money::new(part, money.currency());
        rest = rest.minus(&part).ok()?;
        if !part.amount().is_zero() {
            shares.push(Share { book, money: part, sold: None });
        }
    }
    shares.push(Share { book: largest, money: rest, sold: None });
    shares.sort_by(|a, b| a.book.cmp(&b.book));
    Some(shares)
}
