//! Executions: how much of an order fills, what that books, and what it ends.
//!
//! This module must not know what made the order fill.

use domain::{
    AccountId, Cash, Fill, GroupId, InstrumentId, Liquidity, Money, Position, Price, Qty, Side,
    Timestamp, money::fee, num::MAGNITUDE_MAX,
};
use path::broker::{VenueEvent, VenueStatus};
use rust_decimal::Decimal;

use crate::{
    changes::FillRow,
    engine::{AccountEvent, Engine},
    matching::{Effect, Point, Terms, slipped, triggered},
    order::{SimOrder, trade_id},
    rules::VALUE_MAX,
};

const NOTHING_TO_REDUCE: &str = "there is no position left to reduce";
const GROUP_FILLED: &str = "another order of the group filled";
const NO_CASH: &str = "the account's cash does not pay for more";

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

impl Engine {
    /// Carries out what a step of the price does to a live order.
    pub(crate) fn execute(
        &mut self,
        number: u64,
        found: Effect,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let found = match found {
            Effect::None => return,
            Effect::Fill(terms) => Effect::Fill(terms),
            Effect::Trigger(point) => self.trigger(number, &point),
        };
        if let Effect::Fill(terms) = found {
            self.fill(number, terms, now, out);
        }
    }

    fn trigger(&mut self, number: u64, point: &Point) -> Effect {
        let Some(order) = self.working.get_mut(&number) else { return Effect::None };
        order.triggered = true;
        if let Some(market) = self.markets.get_mut(&order.instrument) {
            market.quiet = None;
        }
        self.dirty.order(number);
        let next = triggered(order, point, &self.config);
        order.taking = matches!(next, Effect::Fill(Terms { liquidity: Liquidity::Taker, .. }));
        next
    }

    /// How much of a live order fills on these terms, and why not more when that ends it.
    pub(crate) fn fillable(
        &self,
        order: &SimOrder,
        wanted: Qty,
        price: Price,
        liquidity: Liquidity,
    ) -> (Qty, Option<&'static str>) {
        let Some(account) = self.accounts.get(&order.account) else { return (Qty::ZERO, None) };
        let (most, reason) = if account.only_reduces(order) {
            (account.state.reducible(&order.instrument, order.side), NOTHING_TO_REDUCE)
        } else {
            let rate = self.fee_rate(liquidity);
            (self.affordable(account, order, wanted, price, rate), NO_CASH)
        };
        if most < wanted { (most, Some(reason)) } else { (wanted, None) }
    }

    fn fee_rate(&self, liquidity: Liquidity) -> Decimal {
        match liquidity {
            Liquidity::Maker => self.config.maker_fee,
            Liquidity::Taker => self.config.taker_fee,
        }
    }

    fn fill(&mut self, number: u64, terms: Terms, now: Timestamp, out: &mut Vec<AccountEvent>) {
        let Some(order) = self.working.get(&number) else { return };
        let Some(market) = self.markets.get(&order.instrument) else { return };
        let rules = &market.state.instrument;
        let price = if terms.slips {
            slipped(terms.price, order.side, &self.config, rules)
        } else {
            terms.price
        };
        let wanted = market.state.available(order.remaining());
        if wanted.is_zero() {
            return;
        }
        let (account, instrument) = (order.account.clone(), order.instrument.clone());
        let group = order.conditions.group.clone();
        let (qty, short) = self.fillable(order, wanted, price, terms.liquidity);
        let failed = if qty.is_zero() {
            None
        } else {
            self.post(number, qty, price, terms.liquidity, now, out).err()
        };
        if let Some(group) = group.filter(|_| failed.is_none() && !qty.is_zero()) {
            self.end_others(number, &account, &group, now, out);
        }
        match (failed, short) {
            (Some(why), _) => self.end(number, VenueStatus::Cancelled, Some(&why), now, out),
            (None, Some(why)) => self.end(number, VenueStatus::Cancelled, Some(why), now, out),
            (None, None) => {}
        }
        if !qty.is_zero() {
            self.sweep_reducing(&account, &instrument, now, out);
        }
    }

    /// Cancels the other live orders of a group in which this one has filled, wholly or in part;
    /// this one goes on. An order that joins the group later waits for the next execution.
    fn end_others(
        &mut self,
        number: u64,
        account: &AccountId,
        group: &GroupId,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(held) = self.accounts.get(account) else { return };
        let other = |order: &&SimOrder| {
            order.number != number && order.conditions.group.as_ref() == Some(group)
        };
        let others: Vec<u64> =
            self.live(&held.working).filter(other).map(|order| order.number).collect();
        for other in others {
            self.end(other, VenueStatus::Cancelled, Some(GROUP_FILLED), now, out);
        }
    }

    /// Cancels what may only reduce and has nothing left to reduce.
    fn sweep_reducing(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(held) = self.accounts.get(account) else { return };
        let idle = |order: &&SimOrder| {
            order.instrument == *instrument
                && held.only_reduces(order)
                && held.state.reducible(instrument, order.side).is_zero()
        };
        let orders = self.live(&held.working).filter(idle);
        let idle: Vec<u64> = orders.map(|order| order.number).collect();
        for number in idle {
            self.end(number, VenueStatus::Cancelled, Some(NOTHING_TO_REDUCE), now, out);
        }
    }

    /// Books one execution. On an error nothing has changed.
    fn post(
        &mut self,
        number: u64,
        qty: Qty,
        price: Price,
        liquidity: Liquidity,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> Result<(), String> {
        let (rate, stamp) = (self.fee_rate(liquidity), self.stamp(now));
        let gone = || "the order is not live".to_owned();
        let order = self.working.get_mut(&number).ok_or_else(gone)?;
        let market = self.markets.get_mut(&order.instrument).ok_or_else(gone)?;
        let account = self.accounts.get_mut(&order.account).ok_or_else(gone)?;
        let rules = &market.state.instrument;

        let value = rules.notional(price, qty).map_err(|error| error.to_string())?;
        let charged = fee(&value, rate);
        let paid = if order.side == Side::Buy { value.negated() } else { value };
        let flow = paid.minus(&charged).map_err(|error| error.to_string())?;
        let held = account.state.positions.get_mut(&order.instrument);
        let mut position = held.as_deref().copied().unwrap_or_else(|| Position::flat(rules.quote));
        apply(&mut position, order.side, qty, price, rules.multiplier)?;
        add_cash(&mut account.state.cash, &flow)?;

        match held {
            Some(held) => *held = position,
            None => {
                account.state.positions.insert(order.instrument.clone(), position);
            }
        }
        market.state.consume(qty);
        order.filled = order.filled.plus(qty);
        order.at = stamp;
        self.counters.trades += 1;
        let fill = Fill {
            trade_id: trade_id(self.counters.trades),
            venue_order_id: order.venue_order_id.clone(),
            client_order_id: order.client_order_id.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            qty,
            price,
            fee: charged,
            liquidity,
            at: stamp,
        };
        let (id, complete) = (order.account.clone(), order.remaining().is_zero());
        let row = FillRow { account: id.clone(), number: self.counters.trades, fill };
        self.dirty.account(&id);
        self.dirty.market(&order.instrument);
        self.dirty.order(number);
        self.dirty.fill(&row);
        out.push((id.clone(), VenueEvent::Fill(row.fill.clone())));
        account.add_fill(row);
        if complete {
            self.end(number, VenueStatus::Filled, None, now, out);
        } else {
            out.push((id, VenueEvent::Order(order.report())));
        }
        Ok(())
    }

    /// Ends a live order and tells it. An order that has ended is left alone.
    pub(crate) fn end(
        &mut self,
        number: u64,
        status: VenueStatus,
        reason: Option<&str>,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(mut order) = self.working.remove(&number) else { return };
        order.status = status;
        order.reason = reason.map(str::to_owned);
        order.at = self.stamp(now);
        if let Some(market) = self.markets.get_mut(&order.instrument) {
            market.working.remove(&number);
            market.quiet = None;
        }
        self.dirty.ended(&order);
        out.push((order.account.clone(), VenueEvent::Order(order.report())));
        if let Some(account) = self.accounts.get_mut(&order.account) {
            account.add_done(order);
        }
    }
}
