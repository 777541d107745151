//! Whose the fraction was for which a venue paid cash after a corporate action.
//!
//! A split leaves books with fractions of a unit; the venue rounds what the account holds to whole
//! units and pays the rest. Were the cash booked and the fraction kept, a book would go on holding
//! what nobody can sell. It must not know prices.

use domain::{
    BookId, CashMovement, Instrument, InstrumentId, Money, MovementKind, Price, Qty, SignedQty,
    num::SCALE_MAX,
};
use rust_decimal::RoundingStrategy;

use crate::{
    event::{Share, SoldFraction},
    state::AccountState,
};

/// The parts of cash in lieu with what each book sold for its own: first the books whose own
/// holding has a fraction, the largest fraction first, then the largest holdings. `None` when the
/// movement is of another kind, or what the account holds has no fraction that it could be for.
pub(super) fn sold(state: &AccountState, movement: &CashMovement) -> Option<Vec<Share>> {
    let id = movement.instrument.as_ref().filter(|_| movement.kind == MovementKind::CashInLieu)?;
    let rules = state.instruments.get(id).filter(|rules| !rules.asset_class.is_contract())?;
    let fraction = fraction(state, rules)?;
    let price = price(&movement.money, fraction, rules)?;
    let parts = parts(state, id, fraction, rules.step);
    let last = parts.len().checked_sub(1)?;
    let mut rest = movement.money;
    let share = |(index, (book, qty)): (usize, (BookId, Qty))| {
        let exact = movement.money.amount().checked_mul(qty.get())?;
        let exact = exact.checked_div(fraction.abs().get())?;
        let part = exact.round_dp_with_strategy(SCALE_MAX, RoundingStrategy::ToZero);
        let part = Money::new(part, movement.money.currency());
        let money = if index == last { rest } else { part };
        rest = rest.minus(&money).ok()?;
        let qty = qty.signed(fraction.is_long());
        Some(Share { book, money, sold: Some(SoldFraction { qty, price }) })
    };
    let shares: Option<Vec<Share>> = parts.into_iter().enumerate().map(share).collect();
    shares.map(|mut shares| {
        shares.sort_by(|a, b| a.book.cmp(&b.book));
        shares
    })
}

/// What the account holds beyond whole steps.
fn fraction(state: &AccountState, rules: &Instrument) -> Option<SignedQty> {
    let held = state.books.values().filter_map(|book| book.positions.get(&rules.id));
    let net = held.fold(SignedQty::ZERO, |sum, position| sum.plus(position.qty));
    let fraction = net.minus(net.abs().to_step(rules.step).signed(net.is_long()));
    (!fraction.is_zero()).then_some(fraction)
}

/// What was paid for a unit; `None` for money of the wrong sign: who is long is paid.
fn price(paid: &Money, fraction: SignedQty, rules: &Instrument) -> Option<Price> {
    let units = fraction.get().checked_mul(rules.multiplier)?;
    let same = paid.currency() == rules.quote;
    let price = paid.amount().checked_div(units).filter(|_| same)?;
    Price::new(price.round_dp(SCALE_MAX)).ok()
}

/// How much of a fraction comes from which book.
fn parts(
    state: &AccountState,
    id: &InstrumentId,
    fraction: SignedQty,
    step: Qty,
) -> Vec<(BookId, Qty)> {
    let same_side = |qty: SignedQty| !qty.is_zero() && qty.is_long() == fraction.is_long();
    let held = state.books.values().filter_map(|book| {
        let qty = book.positions.get(id)?.qty;
        same_side(qty).then(|| (book.id.clone(), qty.abs()))
    });
    let mut held: Vec<(BookId, Qty, Qty)> =
        held.map(|(book, qty)| (book, qty, qty.minus(qty.to_step(step)))).collect();
    held.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let mut left = fraction.abs();
    let mut take = |of: Qty| {
        let part = of.min_of(left);
        left = left.minus(part);
        part
    };
    let own: Vec<Qty> = held.iter().map(|(_, _, own)| take(*own)).collect();
    let mut parts: Vec<(BookId, Qty, Qty)> =
        held.into_iter().zip(own).map(|((book, qty, _), own)| (book, qty, own)).collect();
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let parts = parts.into_iter().map(|(book, qty, own)| {
        let more = take(qty.minus(own));
        (book, own.plus(more))
    });
    parts.filter(|(_, qty)| !qty.is_zero()).collect()
}
