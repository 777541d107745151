//! What live orders have set aside.
//!
//! An order that only brings a position closer to zero sets nothing aside, and of a group only the
//! order that asks for most counts, because only one of them fills. This module must not know what
//! holdings set aside, or when an order fills.

use std::collections::BTreeMap;

use domain::{Currency, GroupId, Instrument, InstrumentId, Price, Qty, Side, money::fee};
use rust_decimal::Decimal;

use crate::{
    account::Account,
    engine::Engine,
    margin::Security,
    market::MarketState,
    order::{Request, SimOrder},
    rules::VALUE_MAX,
};

/// What may still fill of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) instrument: &'a InstrumentId,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) price: Option<Price>,
    pub(crate) group: Option<&'a GroupId>,
}

impl<'a> Wish<'a> {
    pub(crate) fn of(order: &'a SimOrder) -> Self {
        let (instrument, side) = (&order.instrument, order.side);
        let group = order.conditions.group.as_ref();
        Self { instrument, side, qty: order.remaining(), price: order.reserve_price, group }
    }

    pub(crate) fn asked(request: &'a Request, price: Price) -> Self {
        let group = request.conditions.group.as_ref();
        let (instrument, side) = (&request.instrument, request.side);
        Self { instrument, side, qty: request.qty, price: Some(price), group }
    }
}

/// The value that orders of one instrument and side may open.
#[derive(Debug)]
struct Claim<'a> {
    /// What may still be taken from the position without opening anything.
    cover: Qty,
    alone: Decimal,
    groups: BTreeMap<&'a GroupId, (Qty, Decimal)>,
}

impl<'a> Claim<'a> {
    fn add(&mut self, wish: &Wish<'a>, rules: &Instrument) {
        let counted = wish.group.and_then(|group| self.groups.get(group)).copied();
        let (used, opened) = counted.unwrap_or((Qty::ZERO, Decimal::ZERO));
        let available = self.cover.plus(used);
        let uses = wish.qty.min_of(available).max(used);
        self.cover = available.minus(uses);
        let opening = wish.qty.minus(available);
        let most = Decimal::from(VALUE_MAX);
        let value = |price| rules.notional(price, opening).map_or(most, |value| value.amount());
        let opens = wish.price.map_or(Decimal::ZERO, value);
        match wish.group {
            Some(group) => {
                self.groups.insert(group, (uses, opened.max(opens)));
            }
            None => self.alone += opens,
        }
    }

    fn value(&self) -> Decimal {
        self.groups.values().fold(self.alone, |sum, (_, value)| sum + value)
    }
}

/// True when the venue keeps a fee of this purchase out of what is bought.
pub(crate) fn fee_in_base(rules: &Instrument, side: Side) -> bool {
    side == Side::Buy
        && rules.fee_currency == rules.base
        && rules.base != rules.quote
        && !rules.asset_class.is_contract()
}

/// The part of a fee's rate that is charged in the quote currency; rebates don't count.
pub(crate) fn quote_rate(rules: &Instrument, side: Side, rate: Decimal) -> Decimal {
    if fee_in_base(rules, side) { Decimal::ZERO } else { rate.max(Decimal::ZERO) }
}

impl Engine {
    fn worst_fee(&self) -> Decimal {
        self.config.maker_fee.max(self.config.taker_fee).max(Decimal::ZERO)
    }

    /// What live orders have set aside in a currency, without those of one group, and with one
    /// order more.
    pub(crate) fn reserved<'a>(
        &'a self,
        account: &'a Account,
        currency: Currency,
        without: Option<&GroupId>,
        with: Option<Wish<'a>>,
    ) -> Decimal {
        let mut claims: BTreeMap<&InstrumentId, [Claim<'a>; 2]> = BTreeMap::new();
        let live = self.live(&account.working).filter(|order| !self.only_reduces(account, order));
        let others = live.map(Wish::of).filter(|wish| without.is_none() || wish.group != without);
        for wish in others.chain(with) {
            let Some(market) = self.markets.get(wish.instrument) else { continue };
            let rules = &market.state.instrument;
            if rules.quote != currency {
                continue;
            }
            let sides = claims.entry(wish.instrument).or_insert_with(|| {
                [Side::Buy, Side::Sell].map(|side| {
                    let cover = account.state.reducible(wish.instrument, side);
                    Claim { cover, alone: Decimal::ZERO, groups: BTreeMap::new() }
                })
            });
            sides[usize::from(wish.side == Side::Sell)].add(&wish, rules);
        }
        let part = |(id, sides): (&&InstrumentId, &[Claim<'a>; 2])| {
            let market = self.markets.get(*id);
            market.map_or(Decimal::ZERO, |market| self.set_aside(account, &market.state, sides))
        };
        claims.iter().map(part).sum()
    }

    fn set_aside(
        &self,
        account: &Account,
        market: &MarketState,
        sides: &[Claim<'_>; 2],
    ) -> Decimal {
        let rules = &market.instrument;
        let [buys, sells] = [sides[0].value(), sides[1].value()];
        let fees = |value: Decimal, side| {
            let rate = quote_rate(rules, side, self.worst_fee());
            fee(&domain::Money::new(value, rules.quote), rate).amount()
        };
        let (buy_fees, sell_fees) = (fees(buys, Side::Buy), fees(sells, Side::Sell));
        match self.security(account, rules) {
            Security::Whole => buys + buy_fees + sells + sell_fees,
            Security::Share { initial, .. } => (buys + sells) * initial + buy_fees + sell_fees,
            Security::Contract(terms) => {
                let held = self.value_of(account, market);
                let worst = (held.max(Decimal::ZERO) + buys).max(sells - held.min(Decimal::ZERO));
                let leverage = account.state.settings.leverage_of(&rules.id);
                let margin = |value: Decimal| {
                    terms.initial_margin(value, leverage).unwrap_or_else(|_| value.abs())
                };
                let more = margin(worst) - margin(held);
                more.max(Decimal::ZERO) + buy_fees.max(sell_fees)
            }
        }
    }

    /// What live orders without the reduce-only mark may still trade on this side, without those
    /// of one group.
    pub(crate) fn spoken_for(
        &self,
        account: &Account,
        instrument: &InstrumentId,
        side: Side,
        without: Option<&GroupId>,
    ) -> Qty {
        let mut groups: BTreeMap<&GroupId, Qty> = BTreeMap::new();
        let mut sum = Qty::ZERO;
        let alike = |o: &&SimOrder| o.side == side && !o.reduce_only && o.instrument == *instrument;
        for order in self.live(&account.working).filter(alike) {
            match order.conditions.group.as_ref() {
                Some(group) if Some(group) == without => {}
                Some(group) => {
                    let most = groups.entry(group).or_insert(Qty::ZERO);
                    *most = (*most).max(order.remaining());
                }
                None => sum = sum.plus(order.remaining()),
            }
        }
        groups.values().fold(sum, |sum, qty| sum.plus(*qty))
    }
}
