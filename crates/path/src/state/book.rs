//! A book: a named sub-account with positions, cash effect and limits of its own.
//!
//! This module must not know orders or the gate.

use std::collections::BTreeMap;

use domain::{
    BookId, Cash, ClientOrderId, Fill, Instrument, InstrumentId, Limits, Money, MoneyError,
    MovementKind, NumError, Position, Price, Protective, Qty, Side, SignedQty, TARGETS_MAX,
    Timestamp, num::SCALE_MAX,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The protective levels of one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The levels: the stop rests at the venue, the rest is watched by the desk.
    pub levels: Protective,
    /// Since when; the time stop counts from here.
    pub since: Timestamp,
    /// The entry that made it: its later fills add to the plan and don't begin it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<ClientOrderId>,
    /// The position of which the partial targets close shares.
    #[serde(default)]
    pub base: Qty,
    /// Partial targets that were reached, by their place in the list.
    #[serde(default)]
    pub taken: [bool; TARGETS_MAX],
}

impl Plan {
    /// The plan after somebody replaced its levels. What did not change goes on.
    fn changed(old: Option<&Self>, levels: Protective, held: Qty, at: Timestamp) -> Self {
        let timed = old.filter(|o| o.levels.time_stop == levels.time_stop);
        let shared = old.filter(|o| o.levels.targets == levels.targets);
        Self {
            levels,
            since: timed.map_or(at, |o| o.since),
            entry: old.and_then(|o| o.entry.clone()),
            base: shared.map_or(held, |o| o.base),
            taken: shared.map_or([false; TARGETS_MAX], |o| o.taken),
        }
    }

    /// The plan after an entry added to the position, which is now `held`. Of two stops the one
    /// that allows less loss holds, so that nobody loosens a whole position's stop by adding to it;
    /// of everything else the entry's own holds where it brings one. New partial targets are shares
    /// of the whole position.
    fn added(
        &self,
        entry: &ClientOrderId,
        new: Protective,
        (held, long): (Qty, bool),
        at: Timestamp,
    ) -> Self {
        let old = self.levels;
        let tighter = |a: Price, b: Price| if long { a.max(b) } else { a.min(b) };
        let retargeted = !new.targets.is_empty() && new.targets != old.targets;
        let timed = new.time_stop.is_some() && new.time_stop != old.time_stop;
        Self {
            levels: Protective {
                stop: match (old.stop, new.stop) {
                    (Some(old), Some(new)) => Some(tighter(old, new)),
                    (old, new) => old.or(new),
                },
                target: new.target.or(old.target),
                trail: new.trail.or(old.trail),
                targets: if retargeted { new.targets } else { old.targets },
                time_stop: new.time_stop.or(old.time_stop),
            },
            since: if timed { at } else { self.since },
            entry: Some(entry.clone()),
            base: if retargeted { held } else { self.base },
            taken: if retargeted { [false; TARGETS_MAX] } else { self.taken },
        }
    }
}

/// An execution of an entry that made its position larger.
#[derive(Debug)]
pub(super) struct PlannedFill {
    /// The entry.
    pub(super) id: ClientOrderId,
    /// What it asked for.
    pub(super) levels: Protective,
    /// By how much the position grew.
    pub(super) grown: Qty,
    /// What is held now.
    pub(super) held: Qty,
    /// True for the entry's first execution.
    pub(super) first: bool,
    /// The desk's time.
    pub(super) at: Timestamp,
}

/// A book of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Its id.
    pub id: BookId,
    /// A name for people.
    pub name: String,
    /// Capital given to it, in the reporting currency.
    pub capital: Option<Decimal>,
    /// Positions by instrument; a flat one keeps its realised profit.
    pub positions: BTreeMap<InstrumentId, Position>,
    /// Effect on the account's cash.
    pub cash: Cash,
    /// Fees paid; part of the cash effect. A fee that was taken from the holdings is here with its
    /// value in the quote currency and has no cash effect.
    pub fees: Cash,
    /// Cash that moved without an execution, by kind; part of the cash effect.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub movements: BTreeMap<MovementKind, Cash>,
    /// Protective levels of open positions.
    pub plans: BTreeMap<InstrumentId, Plan>,
    /// When an exit last lost money, by instrument.
    pub last_loss: BTreeMap<InstrumentId, Timestamp>,
    /// Limits of the book.
    pub limits: Limits,
    /// Value of its entries of the day, in the reporting currency.
    pub entries_notional: Decimal,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(id: BookId, name: String, capital: Option<Decimal>) -> Self {
        Self {
            id,
            name,
            capital,
            positions: BTreeMap::new(),
            cash: Cash::default(),
            fees: Cash::default(),
            movements: BTreeMap::new(),
            plans: BTreeMap::new(),
            last_loss: BTreeMap::new(),
            limits: Limits::default(),
            entries_notional: Decimal::ZERO,
        }
    }

    /// Books an execution: position, cash and fee; or fails and changes nothing.
    pub(super) fn fill(
        &mut self,
        fill: &Fill,
        instrument: &Instrument,
        at: Timestamp,
    ) -> Result<(), MoneyError> {
        let value = instrument.notional(fill.price, fill.qty)?;
        let flow = if fill.side == Side::Buy { value.negated() } else { value };
        let (mut cash, mut fees) = (self.cash.clone(), self.fees.clone());
        cash.add(&flow)?;
        let mut position = self.position_of(instrument);
        let before = position.realized.amount();
        position.apply(fill.side, fill.qty, fill.price, instrument.multiplier)?;
        let lost = position.realized.amount() < before;
        match fee_in_base(fill, instrument)? {
            None => {
                cash.add(&fill.fee.negated())?;
                fees.add(&fill.fee)?;
            }
            Some((side, qty)) => {
                position.apply(side, qty, fill.price, instrument.multiplier)?;
                let value = instrument.notional(fill.price, qty)?;
                fees.add(&if side == Side::Sell { value } else { value.negated() })?;
            }
        }
        self.hold(instrument, position)?;
        (self.cash, self.fees) = (cash, fees);
        if lost {
            self.last_loss.insert(instrument.id.clone(), at);
        }
        Ok(())
    }

    /// Books a quantity that came or went without an execution, at a price; or fails and changes
    /// nothing. What is delivered came for nothing; a contract is taken over at the price, so its
    /// value moves against cash.
    pub(super) fn adjust(
        &mut self,
        instrument: &Instrument,
        qty: SignedQty,
        price: Price,
    ) -> Result<(), MoneyError> {
        let side = if qty.is_long() { Side::Buy } else { Side::Sell };
        let value = instrument.notional(price, qty.abs())?;
        let mut position = self.position_of(instrument);
        position.apply(side, qty.abs(), price, instrument.multiplier)?;
        let mut cash = self.cash.clone();
        if instrument.asset_class.is_contract() {
            cash.add(&if qty.is_long() { value.negated() } else { value })?;
        }
        self.hold(instrument, position)?;
        self.cash = cash;
        Ok(())
    }

    /// Books cash that moved without an execution; or fails and changes nothing.
    pub(super) fn moved(&mut self, kind: MovementKind, money: &Money) -> Result<(), MoneyError> {
        let mut cash = self.cash.clone();
        cash.add(money)?;
        self.movements.entry(kind).or_default().add(money)?;
        self.cash = cash;
        Ok(())
    }

    /// Books a fraction that the venue paid in cash: a sale without an execution; or fails and
    /// changes nothing.
    pub(super) fn fraction_sold(
        &mut self,
        instrument: &Instrument,
        qty: SignedQty,
        paid: &Money,
    ) -> Result<(), MoneyError> {
        let mut cash = self.cash.clone();
        cash.add(paid)?;
        let mut position = self.position_of(instrument);
        position.pay_out(qty, paid)?;
        self.hold(instrument, position)?;
        self.cash = cash;
        Ok(())
    }

    /// Takes in the levels of an entry that grew the position. One that adds to a planned position
    /// changes its plan with its first fill and never loosens it ([`Plan::added`]).
    pub(super) fn plan_entry(&mut self, instrument: &InstrumentId, entry: &PlannedFill) {
        let PlannedFill { id, levels, grown, held, first, at } = entry;
        let Some(plan) = self.plans.get_mut(instrument) else {
            let (base, taken) = (*held, [false; TARGETS_MAX]);
            let plan = Plan { levels: *levels, since: *at, entry: Some(id.clone()), base, taken };
            self.plans.insert(instrument.clone(), plan);
            return;
        };
        plan.base = plan.base.plus(*grown);
        if *first && plan.entry.as_ref() != Some(id) {
            let long = self.positions.get(instrument).is_some_and(|p| p.qty.is_long());
            *plan = plan.added(id, *levels, (*held, long), *at);
        }
    }

    /// The position turned in one execution: what was planned was for the other side.
    pub(super) fn forget_plan(&mut self, instrument: &InstrumentId) {
        self.plans.remove(instrument);
    }

    /// Replaces the levels of a position; nothing happens where none is held.
    pub(super) fn plan_changed(
        &mut self,
        instrument: &InstrumentId,
        levels: Protective,
        at: Timestamp,
    ) {
        let held = self.positions.get(instrument).map_or(Qty::ZERO, |p| p.qty.abs());
        if !held.is_zero() {
            let plan = Plan::changed(self.plans.get(instrument), levels, held, at);
            self.plans.insert(instrument.clone(), plan);
        }
    }

    /// Notes whether a partial target was reached.
    pub(super) fn note_target(&mut self, instrument: &InstrumentId, index: u8, taken: bool) {
        let plan = self.plans.get_mut(instrument);
        if let Some(slot) = plan.and_then(|p| p.taken.get_mut(usize::from(index))) {
            *slot = taken;
        }
    }

    fn position_of(&self, instrument: &Instrument) -> Position {
        let held = self.positions.get(&instrument.id).copied();
        held.unwrap_or_else(|| Position::flat(instrument.quote))
    }

    /// Puts a position in the place of the one before, or fails and changes nothing.
    pub(super) fn hold(
        &mut self,
        instrument: &Instrument,
        position: Position,
    ) -> Result<(), MoneyError> {
        SignedQty::new(position.qty.get())?;
        if position.qty.is_zero() {
            self.plans.remove(&instrument.id);
        }
        self.positions.insert(instrument.id.clone(), position);
        Ok(())
    }
}

/// The quantity that a fee in the base asset takes from the holdings (sell) or, as a rebate, adds
/// to them (buy); `None` for a fee that is paid in cash.
fn fee_in_base(fill: &Fill, instrument: &Instrument) -> Result<Option<(Side, Qty)>, MoneyError> {
    let fee = fill.fee.amount();
    if !instrument.is_fee_in_base(fill.fee.currency()) || fee.is_zero() {
        return Ok(None);
    }
    let units = fee.abs().checked_div(instrument.multiplier);
    let units = units.ok_or(NumError::Overflow { field: "fee" })?;
    let qty = Qty::new(units.round_dp(SCALE_MAX))?;
    let side = if fee.is_sign_negative() { Side::Buy } else { Side::Sell };
    Ok(Some((side, qty)))
}
