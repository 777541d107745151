//! Cash and holdings: what is free, what an order sets aside, what a fill can afford.
//!
//! This module must not know why or when an order fills.

use std::collections::BTreeMap;

use domain::{
    Currency, Instrument, InstrumentId, Money, OrderKind, Price, Qty, Side, money::fee,
    num::NumError,
};
use path::broker::VenueRejection;
use rust_decimal::Decimal;

use crate::{
    account::Account,
    engine::Engine,
    market::MarketState,
    matching::slipped,
    order::{Request, SimOrder},
    rules::Refusal,
};

/// What a quantity costs with a fee at `rate`; rebates don't count.
fn cost(rules: &Instrument, price: Price, qty: Qty, rate: Decimal) -> Result<Decimal, NumError> {
    let value = rules.notional(price, qty)?;
    Ok(value.amount() + fee(&value, rate.max(Decimal::ZERO)).amount())
}

/// True when cash pays for twice the value, and so for the value and any fee (at most 10 %),
/// without an exact sum.
fn clearly_pays(rules: &Instrument, price: Price, qty: Qty, free: Decimal) -> bool {
    let value = price.get().checked_mul(qty.get());
    let value = value.and_then(|value| value.checked_mul(rules.multiplier));
    value.and_then(|value| value.checked_mul(Decimal::TWO)).is_some_and(|twice| twice < free)
}

impl Engine {
    fn worst_fee(&self) -> Decimal {
        self.config.maker_fee.max(self.config.taker_fee).max(Decimal::ZERO)
    }

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

    /// What live orders that can open or enlarge positions have set aside. An order that only
    /// brings a position closer to zero sets nothing aside.
    fn reserved(&self, account: &Account, currency: Currency) -> Decimal {
        let mut cover: BTreeMap<(&InstrumentId, Side), Qty> = BTreeMap::new();
        let mut total = Decimal::ZERO;
        for order in self.live(&account.working) {
            let Some(market) = self.markets.get(&order.instrument) else { continue };
            if account.only_reduces(order) || market.state.instrument.quote != currency {
                continue;
            }
            let left = cover
                .entry((&order.instrument, order.side))
                .or_insert_with(|| account.state.reducible(&order.instrument, order.side));
            let remaining = order.remaining();
            let opening = remaining.minus(*left);
            *left = left.minus(remaining);
            if let Some(price) = order.reserve_price {
                let rules = &market.state.instrument;
                total += cost(rules, price, opening, self.worst_fee()).unwrap_or_default();
            }
        }
        total
    }

    /// What short positions freeze: the proceeds and as much again, at the last price.
    fn frozen(&self, account: &Account, currency: Currency) -> Decimal {
        if !account.state.settings.allow_short {
            return Decimal::ZERO;
        }
        let shorts = account.state.positions.iter().filter(|(_, p)| p.qty.is_short());
        let mut total = Decimal::ZERO;
        for (id, position) in shorts {
            let Some(market) = self.markets.get(id) else { continue };
            let rules = &market.state.instrument;
            let price =
                market.state.value_price().or_else(|| position.average_price(rules.multiplier));
            let value = price.and_then(|price| rules.notional(price, position.qty.abs()).ok());
            if rules.quote == currency {
                let value = value.map_or(position.cost.amount().abs(), |value| value.amount());
                total += value * Decimal::TWO;
            }
        }
        total
    }

    /// Cash that is neither reserved nor frozen; negative when prices moved against shorts.
    pub(crate) fn free_cash(&self, account: &Account, currency: Currency) -> Decimal {
        let cash = account.state.cash.get(currency).amount();
        cash - self.reserved(account, currency) - self.frozen(account, currency)
    }

    /// What live orders without the reduce-only mark may still trade on this side.
    fn spoken_for(&self, account: &Account, instrument: &InstrumentId, side: Side) -> Qty {
        self.live(&account.working)
            .filter(|o| o.side == side && !o.reduce_only && o.instrument == *instrument)
            .fold(Qty::ZERO, |sum, order| sum.plus(order.remaining()))
    }

    /// Checks cash and holdings for a new order without the reduce-only mark.
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
        let held = account.state.reducible(&rules.id, side);
        let opening = if held.is_zero() {
            qty
        } else {
            qty.minus(held.minus(self.spoken_for(account, &rules.id, side)))
        };
        if opening.is_zero() {
            return Ok(());
        }
        if side == Side::Sell && !(account.state.settings.allow_short && rules.shortable) {
            return refuse(format!(
                "{opening} more than the account holds and has not yet offered"
            ));
        }
        let Some(price) = price else { return Ok(()) };
        let free = self.free_cash(account, rules.quote);
        if clearly_pays(rules, price, opening, free) {
            return Ok(());
        }
        let needed = match cost(rules, price, opening, self.worst_fee()) {
            Ok(needed) => needed,
            Err(error) => return Err(Refusal::new(VenueRejection::Rules, error.to_string())),
        };
        if needed > free {
            let needed = Money::new(needed, rules.quote);
            let free = Money::new(free.max(Decimal::ZERO), rules.quote);
            return refuse(format!("{needed} is needed with the fee and {free} is free"));
        }
        Ok(())
    }

    /// The largest part of `wanted` that cash pays for as the order fills. What brings a short
    /// position closer to zero is always paid for.
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
        if order.side == Side::Sell || opening.is_zero() {
            return wanted;
        }
        let cash = account.state.cash.get(rules.quote).amount();
        let free = cash - self.frozen(account, rules.quote);
        let pays = |qty| {
            clearly_pays(rules, price, qty, free)
                || cost(rules, price, qty, rate).is_ok_and(|cost| cost <= free)
        };
        if pays(opening) {
            return wanted;
        }
        let unit = cost(rules, price, rules.step, rate).unwrap_or_default();
        let steps = free.checked_div(unit).unwrap_or_default().max(Decimal::ZERO).trunc();
        let most = steps.checked_mul(rules.step.get()).and_then(|qty| Qty::new(qty).ok());
        let most = most.unwrap_or(Qty::ZERO).min_of(opening);
        if pays(most) { covering.plus(most) } else { covering }
    }
}
