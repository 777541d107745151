//! What is free, whether a new order is paid for, and what a fill can afford.
//!
//! This module must not know why or when an order fills.

use domain::{Currency, Instrument, Money, OrderKind, Price, Qty, Side, money::fee, num::NumError};
use path::broker::VenueRejection;
use rust_decimal::Decimal;

use crate::{
    account::Account,
    claims::{Wish, quote_rate},
    engine::Engine,
    margin::Security,
    market::MarketState,
    matching::slipped,
    order::{Request, SimOrder},
    rules::Refusal,
};

/// Halvings after which the largest affordable quantity is known to the step.
const HALVINGS_MAX: usize = 96;

/// What a quantity costs with a fee at `rate`.
fn cost(rules: &Instrument, price: Price, qty: Qty, rate: Decimal) -> Result<Decimal, NumError> {
    let value = rules.notional(price, qty)?;
    Ok(value.amount() + fee(&value, rate).amount())
}

/// True when cash pays for twice the value, and so for the value and any fee (at most 10 %),
/// without an exact sum.
fn clearly_pays(rules: &Instrument, price: Price, qty: Qty, free: Decimal) -> bool {
    let value = price.get().checked_mul(qty.get());
    let value = value.and_then(|value| value.checked_mul(rules.multiplier));
    value.and_then(|value| value.checked_mul(Decimal::TWO)).is_some_and(|twice| twice < free)
}

impl Engine {
    /// The price at which an order reckons before it fills, if any price is known.
    pub(crate) fn reserve_price(&self, market: &MarketState, request: &Request) -> Option<Price> {
        let side = request.side;
        let standing = market.quote.map(|q| if side == Side::Buy { q.ask } else { q.bid });
        let slipped = |price| slipped(price, side, &self.config, &market.instrument);
        match request.kind {
            OrderKind::Market => standing.map(slipped),
            OrderKind::Stop { trigger } if side == Side::Buy => {
                Some(slipped(standing.map_or(trigger, |price| price.max(trigger))))
            }
            OrderKind::Stop { trigger } => Some(trigger),
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => match side {
                Side::Buy => Some(limit),
                Side::Sell => Some(standing.map_or(limit, |price| price.max(limit))),
            },
        }
    }

    /// What secures neither holdings nor orders; negative when prices moved against them.
    pub(crate) fn available(&self, account: &Account, currency: Currency) -> Decimal {
        let standing = self.standing(account, currency);
        let reserved = self.reserved(account, currency, None, None);
        standing.balance - standing.initial - reserved
    }

    /// What may be paid out: what is available, without profit that was not yet taken.
    pub(crate) fn free_cash(&self, account: &Account, currency: Currency) -> Decimal {
        let profit = self.standing(account, currency).profit.max(Decimal::ZERO);
        self.available(account, currency) - profit
    }

    /// Checks cash, holdings and margin for a new order without the reduce-only mark.
    pub(crate) fn check_funds(
        &self,
        account: &Account,
        market: &MarketState,
        request: &Request,
        price: Option<Price>,
    ) -> Result<(), Refusal> {
        let refuse = |text: String| Err(Refusal::new(VenueRejection::Funds, text));
        let rules = &market.instrument;
        let (side, qty) = (request.side, request.qty);
        let group = request.conditions.group.as_ref();
        let contract = rules.asset_class.is_contract();
        let short = contract || (account.state.settings.may_short() && rules.shortable);
        if side == Side::Sell && !short {
            let held = account.state.reducible(&rules.id, side);
            let spoken_for = self.spoken_for(account, &rules.id, side, group);
            let opening = qty.minus(held.minus(spoken_for));
            if !opening.is_zero() {
                return refuse(format!(
                    "{opening} more than the account holds and has not yet offered"
                ));
            }
            return Ok(());
        }
        let Some(price) = price else { return Ok(()) };
        let standing = self.standing(account, rules.quote);
        let reserved = self.reserved(account, rules.quote, group, None);
        let mut free = standing.balance - standing.initial - reserved;
        if !contract {
            free -= standing.profit.max(Decimal::ZERO);
        }
        if clearly_pays(rules, price, qty, free) {
            return Ok(());
        }
        let wish = Wish::asked(request, price);
        let needed = self.reserved(account, rules.quote, group, Some(wish)) - reserved;
        if needed > Decimal::ZERO && needed > free {
            let needed = Money::new(needed, rules.quote);
            let free = Money::new(free.max(Decimal::ZERO), rules.quote);
            return refuse(format!("{needed} is needed with the fee and {free} is free"));
        }
        Ok(())
    }

    /// The largest part of `wanted` that is paid for as the order fills. What brings a position
    /// closer to zero is always paid for.
    pub(crate) fn affordable(
        &self,
        account: &Account,
        order: &SimOrder,
        wanted: Qty,
        price: Price,
        rate: Decimal,
    ) -> Qty {
        let Some(market) = self.markets.get(&order.instrument) else { return Qty::ZERO };
        let rules = &market.state.instrument;
        let covering = account.state.reducible(&order.instrument, order.side).min_of(wanted);
        let opening = wanted.minus(covering);
        let security = self.security(account, rules);
        let whole = matches!(security, Security::Whole);
        if opening.is_zero() || (order.side == Side::Sell && whole) {
            return wanted;
        }
        let standing = self.standing(account, rules.quote);
        let mut free = standing.balance - standing.initial;
        if !matches!(security, Security::Contract(_)) {
            free -= standing.profit.max(Decimal::ZERO);
        }
        let position = account.state.positions.get(&rules.id).filter(|p| !p.qty.is_zero());
        if let Some(position) = position.filter(|_| !covering.is_zero()) {
            free += self.weight(account, &market.state, position).initial;
        }
        let held = if covering.is_zero() { account.state.held(&rules.id).abs() } else { Qty::ZERO };
        let rate = quote_rate(rules, order.side, rate);
        let pays = |qty: Qty| {
            clearly_pays(rules, price, qty.plus(covering), free)
                || self
                    .price_of(account, rules, (held, qty), price, rate)
                    .is_ok_and(|cost| cost <= free)
        };
        if pays(opening) {
            return wanted;
        }
        covering.plus(most_steps(rules, opening, pays))
    }

    /// What it costs to open `qty` more, to an account that holds `held` on the same side.
    fn price_of(
        &self,
        account: &Account,
        rules: &Instrument,
        (held, qty): (Qty, Qty),
        price: Price,
        rate: Decimal,
    ) -> Result<Decimal, NumError> {
        let whole = cost(rules, price, qty, rate)?;
        let value = rules.notional(price, qty)?.amount();
        match self.security(account, rules) {
            Security::Whole => Ok(whole),
            Security::Share { initial, .. } => Ok(whole - value + value * initial),
            Security::Contract(terms) => {
                let leverage = account.state.settings.leverage_of(&rules.id);
                let before = rules.notional(price, held)?.amount();
                let after = terms.initial_margin(before + value, leverage)?;
                Ok(whole - value + after - terms.initial_margin(before, leverage)?)
            }
        }
    }
}

/// The largest number of steps up to `opening` that are paid for, as a quantity.
fn most_steps(rules: &Instrument, opening: Qty, pays: impl Fn(Qty) -> bool) -> Qty {
    let quantity = |steps: Decimal| {
        let qty = steps.checked_mul(rules.step.get()).and_then(|qty| Qty::new(qty).ok());
        qty.unwrap_or(Qty::ZERO)
    };
    let (mut paid, mut unpaid) = (Decimal::ZERO, (opening.get() / rules.step.get()).ceil());
    for _ in 0..HALVINGS_MAX {
        if unpaid - paid <= Decimal::ONE {
            break;
        }
        let middle = ((paid + unpaid) / Decimal::TWO).trunc();
        if pays(quantity(middle)) {
            paid = middle;
        } else {
            unpaid = middle;
        }
    }
    quantity(paid)
}
