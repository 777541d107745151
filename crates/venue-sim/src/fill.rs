//! Executions: how much of an order fills, what that books, and what it ends.
//!
//! This module must not know what made the order fill.

use domain::{AccountId, Fill, GroupId, InstrumentId, Liquidity, Price, Qty, Side, Timestamp};
use path::broker::{VenueEvent, VenueStatus};
use rust_decimal::Decimal;

use crate::{
    account::Account,
    booking::{Charge, Deal, add_cash, book},
    changes::FillRow,
    engine::{AccountEvent, Engine},
    matching::{Effect, Point, Terms, slipped, triggered},
    order::{SimOrder, trade_id},
};

const NOTHING_TO_REDUCE: &str = "there is no position left to reduce";
const GROUP_FILLED: &str = "another order of the group filled";
const NO_CASH: &str = "the account's funds do not pay for more";

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
        let (most, reason) = if self.only_reduces(account, order) {
            (self.reducible(account, &order.instrument, order.side), NOTHING_TO_REDUCE)
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
            let liquidity = terms.liquidity;
            let charge = Charge::Rate(self.fee_rate(liquidity));
            self.post(number, &Deal { qty, price, liquidity, charge }, now, out).err()
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
    pub(crate) fn sweep_reducing(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(held) = self.accounts.get(account) else { return };
        let idle = |order: &&SimOrder| {
            order.instrument == *instrument
                && self.only_reduces(held, order)
                && self.reducible(held, instrument, order.side).is_zero()
        };
        let orders = self.live(&held.working).filter(idle);
        let idle: Vec<u64> = orders.map(|order| order.number).collect();
        for number in idle {
            self.end(number, VenueStatus::Cancelled, Some(NOTHING_TO_REDUCE), now, out);
        }
    }

    /// True when this order may only shrink the position: it says so, or the account can't be
    /// short.
    pub(crate) fn only_reduces(&self, account: &Account, order: &SimOrder) -> bool {
        let short = account.state.settings.may_short();
        order.reduce_only
            || (order.side == Side::Sell && !short && !self.is_contract(&order.instrument))
    }

    pub(crate) fn is_contract(&self, instrument: &InstrumentId) -> bool {
        self.instrument(instrument).is_some_and(|rules| rules.asset_class.is_contract())
    }

    /// How much an order on this side can take from the position; what is less than a step can't
    /// be traded.
    pub(crate) fn reducible(
        &self,
        account: &Account,
        instrument: &InstrumentId,
        side: Side,
    ) -> Qty {
        let held = account.state.reducible(instrument, side);
        self.instrument(instrument).map_or(held, |rules| held.to_step(rules.step))
    }

    /// Books one execution. On an error nothing has changed.
    pub(crate) fn post(
        &mut self,
        number: u64,
        deal: &Deal,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> Result<(), String> {
        let stamp = self.stamp(now);
        let gone = || "the order is not live".to_owned();
        let order = self.working.get_mut(&number).ok_or_else(gone)?;
        let market = self.markets.get_mut(&order.instrument).ok_or_else(gone)?;
        let account = self.accounts.get_mut(&order.account).ok_or_else(gone)?;

        let booked = book(&account.state, &market.state.instrument, order.side, deal)?;
        add_cash(&mut account.state.cash, &booked.flow)?;
        account.state.keep(&order.instrument, &booked);
        market.state.consume(deal.qty);
        order.filled = order.filled.plus(deal.qty);
        order.at = stamp;
        self.counters.trades += 1;
        let number_of_trade = self.counters.trades;
        let fill = Fill {
            trade_id: trade_id(number_of_trade),
            venue_order_id: order.venue_order_id.clone(),
            client_order_id: order.client_order_id.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            qty: deal.qty,
            price: deal.price,
            fee: booked.fee,
            liquidity: deal.liquidity,
            at: stamp,
        };
        let (id, complete) = (order.account.clone(), order.remaining().is_zero());
        let row = FillRow { account: id.clone(), number: number_of_trade, fill };
        let why = order.reason.clone();
        self.dirty.account(&id);
        self.dirty.market(&order.instrument);
        self.dirty.order(number);
        self.dirty.fill(&row);
        out.push((id.clone(), VenueEvent::Fill(row.fill.clone())));
        account.fills.push(row);
        if complete {
            self.end(number, VenueStatus::Filled, why.as_deref(), now, out);
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
