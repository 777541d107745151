//! What the venue closes by itself: positions whose margin is used up, contracts that end.
//!
//! Both are orders without a client id; the reason is in their reports. This module must not know
//! how a client's orders fill.

use domain::{
    AccountId, Currency, InstrumentId, Liquidity, OrderKind, Position, Price, Qty, Side,
    TimeInForce, Timestamp,
    num::{Rounding, add_exact},
};
use path::broker::{VenueEvent, VenueStatus};
use rust_decimal::Decimal;

use crate::{
    account::Account,
    booking::{Charge, Deal, book},
    engine::{AccountEvent, Engine},
    margin::Security,
    market::{MarketState, Session},
    matching::{slipped, standing},
    order::{ExternalOrder, Request, SimOrder},
    settings::MarginMode,
};

/// Closings after which an account is left until the next price.
const STEPS_MAX: usize = 256;
const LIQUIDATION: &str = "liquidation";

/// What secures the position that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    /// Everything in this currency secures everything in it.
    Cross(Currency),
    /// What is set aside for this contract secures it alone.
    Isolated(InstrumentId),
}

/// A position to make smaller.
struct Reduction {
    instrument: InstrumentId,
    side: Side,
    qty: Qty,
    whole: bool,
}

impl Engine {
    /// Looks at everybody who holds an instrument whose price moved, and closes what is no longer
    /// secured: maintenance margin above what secures it. Live orders that could open more are
    /// cancelled first; then the largest position is made smaller, a contract down to the step of
    /// its margin table below and in the end to nothing, until the rest is secured again.
    pub(crate) fn check_margin(
        &mut self,
        instrument: &InstrumentId,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(market) = self.markets.get(instrument) else { return };
        let rules = &market.state.instrument;
        let currency = rules.quote;
        let scope = |(id, account): (&AccountId, &Account)| {
            if account.state.held(instrument).is_zero() {
                return None;
            }
            let isolated = account.state.settings.margin_mode == MarginMode::Isolated;
            match self.security(account, rules) {
                Security::Whole => None,
                Security::Contract(_) if isolated => {
                    Some((id.clone(), Scope::Isolated(instrument.clone())))
                }
                _ => Some((id.clone(), Scope::Cross(currency))),
            }
        };
        let scopes: Vec<(AccountId, Scope)> = self.accounts.iter().filter_map(scope).collect();
        for (account, scope) in scopes {
            self.secure(&account, &scope, now, out);
        }
    }

    fn secure(
        &mut self,
        id: &AccountId,
        scope: &Scope,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        for step in 0..STEPS_MAX {
            let Some((balance, maintenance)) = self.cover(id, scope) else { return };
            if maintenance.is_zero() || maintenance <= balance {
                return;
            }
            if step == 0 {
                self.cancel_secured(id, scope, now, out);
            }
            let Some(next) = self.next_reduction(id, scope, balance) else { return };
            if !self.reduce(id, scope, &next, now, out) {
                return;
            }
        }
    }

    /// What secures the positions of a scope, and what they need.
    fn cover(&self, id: &AccountId, scope: &Scope) -> Option<(Decimal, Decimal)> {
        let account = self.accounts.get(id)?;
        match scope {
            Scope::Cross(currency) => {
                let sum = self.standing(account, *currency);
                Some((sum.balance, sum.maintenance))
            }
            Scope::Isolated(instrument) => {
                let market = &self.markets.get(instrument)?.state;
                let position = account.state.positions.get(instrument)?;
                let weight = self.weight(account, market, position);
                Some((account.state.aside(instrument) + weight.profit, weight.maintenance))
            }
        }
    }

    fn is_in(&self, account: &Account, scope: &Scope, instrument: &InstrumentId) -> bool {
        match scope {
            Scope::Isolated(alone) => alone == instrument,
            Scope::Cross(currency) => self.instrument(instrument).is_some_and(|rules| {
                rules.quote == *currency
                    && match self.security(account, rules) {
                        Security::Whole => false,
                        Security::Contract(_) => {
                            account.state.settings.margin_mode == MarginMode::Cross
                        }
                        Security::Share { .. } => true,
                    }
            }),
        }
    }

    fn cancel_secured(
        &mut self,
        id: &AccountId,
        scope: &Scope,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(account) = self.accounts.get(id) else { return };
        let theirs = |order: &&SimOrder| self.is_in(account, scope, &order.instrument);
        let orders = self.live(&account.working).filter(theirs);
        let numbers: Vec<u64> = orders.map(|order| order.number).collect();
        for number in numbers {
            self.end(number, VenueStatus::Cancelled, Some(LIQUIDATION), now, out);
        }
    }

    /// The largest position that can be traded now, and how much of it goes.
    fn next_reduction(&self, id: &AccountId, scope: &Scope, balance: Decimal) -> Option<Reduction> {
        let account = self.accounts.get(id)?;
        let candidates = account.state.positions.iter().filter_map(|(instrument, position)| {
            let market = &self.markets.get(instrument)?.state;
            let open = matches!(market.session, Session::Open | Session::Extended);
            let trades = open && market.instrument.tradable && market.quote.is_some();
            let secured = self.is_in(account, scope, instrument);
            let side = Side::reducing(position.qty).filter(|_| trades && secured)?;
            let value = self.weight(account, market, position).value.abs();
            Some((value, instrument, market, position.qty.abs(), side))
        });
        let largest = candidates.max_by_key(|(value, ..)| *value);
        let (value, instrument, market, held, side) = largest?;
        let part = (balance > Decimal::ZERO).then(|| down_a_step(market, value, held)).flatten();
        let qty = part.unwrap_or(held);
        Some(Reduction { instrument: instrument.clone(), side, qty, whole: qty == held })
    }

    fn reduce(
        &mut self,
        id: &AccountId,
        scope: &Scope,
        next: &Reduction,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> bool {
        match self.liquidation_deal(id, scope, next) {
            Some(deal) => {
                self.force(id, (&next.instrument, next.side), &deal, LIQUIDATION, now, out)
            }
            None => false,
        }
    }

    /// The terms on which a position is closed: at the market, with the fee for liquidations. With
    /// a fund, a contract that is closed wholly costs no more than what secures it: the fee gives
    /// way first, then the fund takes the position over at the price at which nothing is left.
    fn liquidation_deal(&self, id: &AccountId, scope: &Scope, next: &Reduction) -> Option<Deal> {
        let account = self.accounts.get(id)?;
        let market = &self.markets.get(&next.instrument)?.state;
        let rules = &market.instrument;
        let quote = market.quote?;
        let price = slipped(standing(next.side, &quote), next.side, &self.config, rules);
        let contract = rules.asset_class.is_contract();
        let rate = if contract { self.config.liquidation_fee } else { self.config.taker_fee };
        let (qty, liquidity) = (next.qty, Liquidity::Taker);
        let deal = Deal { qty, price, liquidity, charge: Charge::Rate(rate) };
        if !(contract && next.whole && self.config.insurance_fund) {
            return Some(deal);
        }
        let position = account.state.positions.get(&next.instrument)?;
        let (balance, _) = self.cover(id, scope)?;
        let rest = balance - self.weight(account, market, position).profit;
        // What is left of the security when the position is closed on these terms.
        let left = |deal: &Deal| {
            let booked = book(&account.state, rules, next.side, deal).ok()?;
            add_exact("balance", rest, booked.flow.amount()).ok()
        };
        if left(&deal)? >= Decimal::ZERO {
            return Some(deal);
        }
        let free = Deal { charge: Charge::Exactly(Decimal::ZERO), ..deal };
        let at_market = left(&free)?;
        if at_market >= Decimal::ZERO {
            return Some(Deal { charge: Charge::Exactly(at_market), ..deal });
        }
        let price = bankruptcy_price(position, rest, market, next.side)?;
        let taken = Deal { price, ..free };
        Some(Deal { charge: Charge::Exactly(left(&taken)?.max(Decimal::ZERO)), ..taken })
    }

    /// Fills an order of the venue's own on these terms; false when an amount doesn't fit.
    fn force(
        &mut self,
        id: &AccountId,
        (instrument, side): (&InstrumentId, Side),
        deal: &Deal,
        why: &str,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> bool {
        let order = ExternalOrder {
            account: id.clone(),
            instrument: instrument.clone(),
            side,
            qty: deal.qty,
            kind: OrderKind::Market,
            tif: TimeInForce::Gtc,
            reduce_only: true,
        };
        let stamp = self.stamp(now);
        self.counters.orders += 1;
        let mut order = SimOrder::new(Request::from(&order), self.counters.orders, stamp);
        order.reason = Some(why.to_owned());
        let number = order.number;
        out.push((id.clone(), VenueEvent::Order(order.report())));
        self.insert(order);
        let failed = self.post(number, deal, now, out).err();
        if let Some(why) = &failed {
            self.end(number, VenueStatus::Cancelled, Some(why), now, out);
        }
        self.sweep_reducing(id, instrument, now, out);
        failed.is_none()
    }

    /// Charges the funding that is due, and settles every dated contract whose time has come.
    pub fn on_time(&mut self, now: Timestamp) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        self.charge_funding(now, &mut out);
        let instruments: Vec<InstrumentId> = self.markets.keys().cloned().collect();
        for instrument in instruments {
            self.settle_due(&instrument, now, &mut out);
        }
        out
    }

    /// True for a contract that has ended. What is still held of it is settled first, in cash at
    /// the mark; live orders are cancelled.
    pub(crate) fn settle_due(
        &mut self,
        instrument: &InstrumentId,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> bool {
        let Some(market) = self.markets.get(instrument) else { return false };
        if !market.state.has_expired(now) {
            return false;
        }
        let price = market.state.value_price();
        self.end_all(instrument, "the contract has ended", now, out);
        self.retire(instrument);
        let Some(price) = price else { return true };
        for (account, qty) in self.holders(instrument) {
            let Some(side) = Side::reducing(qty) else { continue };
            let (liquidity, charge) = (Liquidity::Taker, Charge::Exactly(Decimal::ZERO));
            let deal = Deal { qty: qty.abs(), price, liquidity, charge };
            self.force(&account, (instrument, side), &deal, "settlement", now, out);
        }
        true
    }
}

/// How much of a contract goes so that its value falls to the step of the margin table below, up
/// to a whole step of quantity; `None` when it is in the first one.
fn down_a_step(market: &MarketState, value: Decimal, held: Qty) -> Option<Qty> {
    let rules = &market.instrument;
    let terms = rules.contract.as_ref().filter(|_| rules.asset_class.is_contract())?;
    let ends = terms.tiers.iter().filter_map(|tier| tier.up_to).filter(|end| *end < value);
    let below = ends.max()?;
    let step_value = market.value_price()?.get() * rules.step.get() * rules.multiplier;
    let steps = (value - below).checked_div(step_value)?.ceil();
    let qty = Qty::new(steps.checked_mul(rules.step.get())?).ok()?;
    Some(qty.min_of(held)).filter(|qty| !qty.is_zero())
}

/// The price at which closing the whole position leaves nothing of `rest`, to the tick in the
/// account's favour: rest + quantity × multiplier × price − cost = 0.
fn bankruptcy_price(
    position: &Position,
    rest: Decimal,
    market: &MarketState,
    side: Side,
) -> Option<Price> {
    let rules = &market.instrument;
    let units = position.qty.get().checked_mul(rules.multiplier)?;
    let exact = (position.cost.amount() - rest).checked_div(units)?;
    let rounding = if side == Side::Sell { Rounding::Up } else { Rounding::Down };
    let exact = Price::new(exact.round_dp(domain::num::SCALE_MAX)).ok();
    Some(exact.and_then(|price| price.to_tick(rules.tick, rounding)).unwrap_or(rules.tick))
}
