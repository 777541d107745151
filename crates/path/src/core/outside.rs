//! What happens to a contract at the venue without the desk: liquidations, settlements, trades in
//! the venue's own application.
//!
//! A venue keeps one net position of a contract. What takes from it takes from the books that hold
//! that side; left in `unmanaged`, it would stand there against positions that are gone, with
//! their stops still resting. What is delivered is not netted and stays where it came. This module
//! must not know why the venue traded.

use domain::{BookId, Fill, InstrumentId, Price, Qty, Side, SignedQty};
use rust_decimal::Decimal;

use super::Step;
use crate::{
    event::{Adopted, Event},
    state::AccountState,
};

impl Step<'_> {
    /// Hands what an execution of nobody's order took from the account's net position out to the
    /// books that held it, at the execution's price.
    pub(super) fn hand_out(&mut self, fill: &Fill) {
        let taken = taken(self.state(), fill);
        for (book, qty) in shares(self.state(), &fill.instrument, fill.side, taken) {
            let (instrument, price): (InstrumentId, Price) = (fill.instrument.clone(), fill.price);
            let source = format!("trade {} at the venue", fill.trade_id);
            let qty = fill.side.signed(qty);
            self.emit(Event::Adopted(Adopted { instrument, qty, price, source, book, by: None }));
        }
    }
}

/// How much of a booked execution in `unmanaged` is there only as the other side of what managed
/// books hold: what went beyond that book's own holding, as far as it reduced the account's net
/// position. Nothing for what is delivered.
fn taken(state: &AccountState, fill: &Fill) -> Qty {
    let Some(net) = state.contracts.get(&fill.instrument) else { return Qty::ZERO };
    let before = net.qty.minus(fill.side.signed(fill.qty));
    if Side::reducing(before) != Some(fill.side) {
        return Qty::ZERO;
    }
    let outside = state.position(&BookId::unmanaged(), &fill.instrument);
    let opened = if Side::reducing(outside) == Some(fill.side.opposite()) {
        outside.abs().min_of(fill.qty)
    } else {
        Qty::ZERO
    };
    opened.min_of(before.abs())
}

/// The parts of the managed books that hold what this side reduces, in proportion to what each
/// holds, in whole steps, the largest holder last; together at most what they hold.
fn shares(
    state: &AccountState,
    instrument: &InstrumentId,
    side: Side,
    taken: Qty,
) -> Vec<(BookId, Qty)> {
    let Some(rules) = state.instruments.get(instrument).filter(|_| !taken.is_zero()) else {
        return Vec::new();
    };
    let managed = state.books.values().filter(|book| !book.id.is_unmanaged());
    let mut holders: Vec<(BookId, Qty)> = managed
        .map(|book| (book.id.clone(), state.position(&book.id, instrument)))
        .filter(|(_, held): &(BookId, SignedQty)| Side::reducing(*held) == Some(side))
        .map(|(book, held)| (book, held.abs()))
        .collect();
    holders.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    let mut held = holders.iter().fold(Qty::ZERO, |sum, (_, qty)| sum.plus(*qty));
    let mut left = taken.min_of(held);
    let mut parts = Vec::with_capacity(holders.len());
    let last = holders.len().saturating_sub(1);
    for (index, (book, qty)) in holders.into_iter().enumerate() {
        let part = if index == last { left } else { part_of(left, qty, held).to_step(rules.step) };
        let part = part.min_of(qty);
        (left, held) = (left.minus(part), held.minus(qty));
        if !part.is_zero() {
            parts.push((book, part));
        }
    }
    parts
}

/// `left` × `qty` ÷ `held`; `left` itself when that has no exact form.
fn part_of(left: Qty, qty: Qty, held: Qty) -> Qty {
    let product = left.get().checked_mul(qty.get());
    let share = product.and_then(|p: Decimal| p.checked_div(held.get()));
    share.and_then(|s| Qty::new(s.round_dp(domain::num::SCALE_MAX)).ok()).unwrap_or(left)
}
