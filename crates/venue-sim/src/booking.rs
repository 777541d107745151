//! What one execution books: position, cash, fee, and what is set aside for a contract.
//!
//! Pure arithmetic. This module must not know orders, markets or time.

use domain::{
    Cash, Instrument, Liquidity, Money, Position, Price, Qty, Side, SignedQty, money::fee,
    num::MAGNITUDE_MAX,
};
use rust_decimal::Decimal;

use crate::{account::AccountState, claims::fee_in_base, rules::VALUE_MAX, settings::MarginMode};

/// How an execution is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charge {
    /// A share of the value.
    Rate(Decimal),
    /// This much of the quote currency.
    Exactly(Decimal),
}

/// The terms of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deal {
    pub(crate) qty: Qty,
    pub(crate) price: Price,
    pub(crate) liquidity: Liquidity,
    pub(crate) charge: Charge,
}

/// What an execution makes of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) position: Position,
    pub(crate) flow: Money,
    pub(crate) fee: Money,
    /// What is set aside for the contract from now on, when it is secured alone.
    pub(crate) aside: Option<Decimal>,
}

/// Books an execution into a position, all or nothing.
pub(crate) fn apply(
    position: &mut Position,
    side: Side,
    qty: Qty,
    price: Price,
    multiplier: Decimal,
) -> Result<(), String> {
    let mut next = *position;
    next.apply(side, qty, price, multiplier).map_err(|error| error.to_string())?;
    if next.cost.amount().abs() > Decimal::from(VALUE_MAX) {
        return Err(format!("a position costs at most {VALUE_MAX} at this venue"));
    }
    if next.qty.abs().get() > Decimal::from(MAGNITUDE_MAX) {
        return Err(format!("a position has at most {MAGNITUDE_MAX} units at this venue"));
    }
    *position = next;
    Ok(())
}

/// Adds to a balance, all or nothing.
pub(crate) fn add_cash(cash: &mut Cash, flow: &Money) -> Result<(), String> {
    cash.add(flow).map_err(|error| error.to_string())?;
    if cash.get(flow.currency()).amount().abs() > Decimal::from(MAGNITUDE_MAX) {
        cash.add(&flow.negated()).map_err(|error| error.to_string())?;
        return Err(format!("a balance is at most {MAGNITUDE_MAX} at this venue"));
    }
    Ok(())
}

/// What an execution on these terms makes of an account. What is delivered is paid for; of a
/// contract only profit or loss that was taken moves cash.
///
/// # Errors
/// In words, when an exact amount doesn't fit.
pub(crate) fn book(
    state: &AccountState,
    rules: &Instrument,
    side: Side,
    deal: &Deal,
) -> Result<Booked, String> {
    let before = state.positions.get(&rules.id).copied();
    let before = before.unwrap_or_else(|| Position::flat(rules.quote));
    let mut position = before;
    apply(&mut position, side, deal.qty, deal.price, rules.multiplier)?;
    let value = rules.notional(deal.price, deal.qty).map_err(|error| error.to_string())?;
    let paid = if rules.asset_class.is_contract() {
        position.realized.minus(&before.realized).map_err(|error| error.to_string())?
    } else if side == Side::Buy {
        value.negated()
    } else {
        value
    };
    let fee = match deal.charge {
        Charge::Rate(rate) if fee_in_base(rules, side) && position.qty.is_long() => {
            keep_back(&mut position, rules, deal.qty, rate)?
        }
        Charge::Rate(rate) => fee(&value, rate),
        Charge::Exactly(amount) => Money::new(amount, rules.quote),
    };
    let charged = if fee.currency() == rules.quote { fee } else { Money::zero(rules.quote) };
    let flow = paid.minus(&charged).map_err(|error| error.to_string())?;
    let aside = set_aside(state, rules, (&before, &position), deal.price)?;
    Ok(Booked { position, flow, fee, aside })
}

/// Takes a fee out of what was bought. The cost stays: what is left has cost more a unit.
fn keep_back(
    position: &mut Position,
    rules: &Instrument,
    qty: Qty,
    rate: Decimal,
) -> Result<Money, String> {
    let fee = fee(&Money::new(qty.get(), rules.base), rate);
    let kept = SignedQty::new(fee.amount()).map_err(|error| error.to_string())?;
    position.qty = position.qty.minus(kept);
    Ok(fee)
}

/// What is set aside for a contract that is secured alone: in proportion to what is left of it,
/// and the initial margin of what was opened.
fn set_aside(
    state: &AccountState,
    rules: &Instrument,
    (before, after): (&Position, &Position),
    price: Price,
) -> Result<Option<Decimal>, String> {
    let terms = rules.contract.as_ref().filter(|_| rules.asset_class.is_contract());
    let isolated = state.settings.margin_mode == MarginMode::Isolated;
    let Some(terms) = terms.filter(|_| isolated) else { return Ok(None) };
    let (old, new) = (before.qty.abs(), after.qty.abs());
    let flipped = !before.qty.is_zero() && before.qty.is_long() != after.qty.is_long();
    let (kept, opened) = if flipped { (Qty::ZERO, new) } else { (new.min_of(old), new.minus(old)) };
    let mut aside = Decimal::ZERO;
    if !kept.is_zero() {
        let share = state.aside(&rules.id).checked_mul(kept.get());
        let share = share.and_then(|share| share.checked_div(old.get()));
        aside = share.ok_or("what is set aside does not fit")?.round_dp(12);
    }
    if !opened.is_zero() {
        let value = rules.notional(price, opened).map_err(|error| error.to_string())?;
        let leverage = state.settings.leverage_of(&rules.id);
        let margin = terms.initial_margin(value.amount(), leverage);
        aside += margin.map_err(|error| error.to_string())?.round_dp(12);
    }
    Ok(Some(aside))
}
