//! A book: a named sub-account with positions, cash effect and limits of its own.
//!
//! This module must not know orders or the gate.

use std::collections::BTreeMap;

use domain::{
    BookId, Cash, ClientOrderId, Fill, Instrument, InstrumentId, Limits, Money, MoneyError,
    Position, Price, Protective, Qty, Side, SignedQty, TARGETS_MAX, Timestamp,
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
    /// Fees paid; part of the cash effect.
    pub fees: Cash,
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
        cash.add(&fill.fee.negated())?;
        fees.add(&fill.fee)?;
        let before = self.position_of(instrument).realized.amount();
        let realized = self.move_position(instrument, fill.side, fill.qty, fill.price)?;
        (self.cash, self.fees) = (cash, fees);
        if realized < before {
            self.last_loss.insert(instrument.id.clone(), at);
        }
        Ok(())
    }

    /// Books a quantity that came or went without an execution, at a price.
    pub(super) fn adjust(
        &mut self,
        instrument: &Instrument,
        qty: SignedQty,
        price: Price,
    ) -> Result<Money, MoneyError> {
        let side = if qty.is_long() { Side::Buy } else { Side::Sell };
        let value = instrument.notional(price, qty.abs())?;
        self.move_position(instrument, side, qty.abs(), price)?;
        Ok(if qty.is_long() { value } else { value.negated() })
    }

    /// Takes in the levels of an entry that grew the position by `grown` to `held`.
    pub(super) fn plan_entry(
        &mut self,
        instrument: &InstrumentId,
        entry: (&ClientOrderId, Protective),
        (grown, held): (Qty, Qty),
        at: Timestamp,
    ) {
        let (id, levels) = entry;
        if let Some(plan) = self.plans.get_mut(instrument)
            && plan.entry.as_ref() == Some(id)
        {
            plan.base = plan.base.plus(grown);
            return;
        }
        let (base, taken) = (held, [false; TARGETS_MAX]);
        let plan = Plan { levels, since: at, entry: Some(id.clone()), base, taken };
        self.plans.insert(instrument.clone(), plan);
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

    /// Moves a position, or fails and changes nothing. Returns its realised profit.
    fn move_position(
        &mut self,
        instrument: &Instrument,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> Result<Decimal, MoneyError> {
        let mut position = self.position_of(instrument);
        position.apply(side, qty, price, instrument.multiplier)?;
        SignedQty::new(position.qty.get())?;
        if position.qty.is_zero() {
            self.plans.remove(&instrument.id);
        }
        self.positions.insert(instrument.id.clone(), position);
        Ok(position.realized.amount())
    }
}
