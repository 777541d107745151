//! Corporate actions and everything else that happens to an instrument from outside.
//!
//! This module must not know how orders fill.

use domain::{
    AccountId, CorporateAction, InstrumentId, Money, MovementId, MovementKind, Price, Quote,
    SignedQty, Timestamp,
    num::{Rounding, SCALE_MAX},
};
use path::broker::{VenueEvent, VenueStatus};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    changes::ActionRow,
    engine::{AccountEvent, Engine},
    movements::Flow,
};

/// The latest ids of outside events by which a repetition is recognised, for each instrument.
const TOLD_MAX: usize = 64;

/// Something that happens at the venue without an order or a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Happening {
    /// See [`Engine::on_mark`].
    Mark {
        /// Of what.
        instrument: InstrumentId,
        /// The mark price.
        price: Price,
    },
    /// See [`Engine::on_funding`].
    Funding {
        /// Of what.
        instrument: InstrumentId,
        /// Share of the value that longs pay to shorts.
        rate: Decimal,
        /// The event's own id.
        id: MovementId,
    },
    /// See [`Engine::on_dividend`].
    Dividend {
        /// Of what.
        instrument: InstrumentId,
        /// What a unit is paid.
        per_share: Money,
        /// The event's own id.
        id: MovementId,
    },
    /// See [`Engine::on_split`].
    Split {
        /// Of what.
        instrument: InstrumentId,
        /// New units …
        numerator: Decimal,
        /// … for so many old ones.
        denominator: Decimal,
        /// The event's own id.
        id: MovementId,
    },
    /// See [`Engine::on_day`].
    Day,
    /// See [`Engine::on_time`].
    Time,
}

impl Engine {
    /// Takes something that happened from outside.
    pub fn happen(&mut self, what: &Happening, now: Timestamp) -> Vec<AccountEvent> {
        match what {
            Happening::Mark { instrument, price } => self.on_mark(instrument, *price, now),
            Happening::Funding { instrument, rate, id } => {
                self.on_funding(instrument, *rate, id, now)
            }
            Happening::Dividend { instrument, per_share, id } => {
                self.on_dividend(instrument, per_share, id, now)
            }
            Happening::Split { instrument, numerator, denominator, id } => {
                self.on_split(instrument, (*numerator, *denominator), id, now)
            }
            Happening::Day => self.on_day(now),
            Happening::Time => self.on_time(now),
        }
    }

    /// True for an id that was not told about this instrument before, as far back as the latest 64.
    pub(crate) fn first_time(&mut self, instrument: &InstrumentId, id: &MovementId) -> bool {
        let Some(market) = self.markets.get_mut(instrument) else { return false };
        let told = &mut market.state.told;
        if told.contains(id) {
            return false;
        }
        told.push_back(id.clone());
        while told.len() > TOLD_MAX {
            told.pop_front();
        }
        self.dirty.market(instrument);
        true
    }

    /// A split: each holding of n units becomes n × numerator ÷ denominator, rounded toward zero to
    /// the step, at the same total cost; the fraction is paid (by shorts: owed) in cash at the
    /// price after the split. Prices follow, rounded down to the tick, until the next tick tells
    /// them. Live orders are cancelled first. The same `id` again does nothing; a ratio that is
    /// not positive, and a contract, are left alone.
    pub fn on_split(
        &mut self,
        instrument: &InstrumentId,
        (numerator, denominator): (Decimal, Decimal),
        id: &MovementId,
        now: Timestamp,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let positive = numerator > Decimal::ZERO && denominator > Decimal::ZERO;
        if !positive || self.is_contract(instrument) || !self.first_time(instrument, id) {
            return out;
        }
        self.end_all(instrument, "split", now, &mut out);
        self.split_prices(instrument, numerator, denominator);
        let at = self.stamp(now);
        for (account, qty) in self.holders(instrument) {
            let (id, instrument) = (id.clone(), instrument.clone());
            let action = CorporateAction { id, instrument, numerator, denominator, at };
            self.split_holding(&account, qty, action, &mut out);
        }
        out
    }

    fn split_holding(
        &mut self,
        account: &AccountId,
        qty: SignedQty,
        action: CorporateAction,
        out: &mut Vec<AccountEvent>,
    ) {
        let instrument = &action.instrument;
        let Some(market) = self.markets.get(instrument).map(|market| &market.state) else { return };
        let rules = &market.instrument;
        let exact = qty.get().checked_mul(action.numerator);
        let exact = exact.and_then(|units| units.checked_div(action.denominator));
        let exact = exact.and_then(|units| SignedQty::new(units.round_dp(SCALE_MAX)).ok());
        let Some(exact) = exact else { return };
        let whole = exact.abs().to_step(rules.step).signed(exact.is_long());
        let price = market.value_price().map_or(Decimal::ZERO, Price::get);
        let left = exact.minus(whole).get() * rules.multiplier;
        let money = left.checked_mul(price).unwrap_or_default().round_dp(SCALE_MAX);
        let money = Money::new(money, rules.quote);
        let (kind, at) = (MovementKind::CashInLieu, action.at);
        let paid = Some(instrument.clone());
        let flow = Flow { account: account.clone(), kind, instrument: paid, money };
        let Some(held) = self.accounts.get_mut(account) else { return };
        if let Some(position) = held.state.positions.get_mut(instrument) {
            position.qty = whole;
            if whole.is_zero() {
                position.realized = Money::new(
                    position.realized.amount() - position.cost.amount(),
                    position.cost.currency(),
                );
                position.cost = Money::zero(position.cost.currency());
            }
        }
        let row = ActionRow { account: account.clone(), action: action.clone() };
        self.dirty.account(account);
        self.dirty.action(&row);
        held.actions.push(row);
        out.push((account.clone(), VenueEvent::Action(action)));
        self.pay_all(vec![flow], at, out);
    }

    /// Cancels every live order of an instrument.
    pub(crate) fn end_all(
        &mut self,
        instrument: &InstrumentId,
        why: &str,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(market) = self.markets.get(instrument) else { return };
        let live: Vec<u64> = market.working.iter().copied().collect();
        for number in live {
            self.end(number, VenueStatus::Cancelled, Some(why), now, out);
        }
    }

    fn split_prices(
        &mut self,
        instrument: &InstrumentId,
        numerator: Decimal,
        denominator: Decimal,
    ) {
        let Some(market) = self.markets.get_mut(instrument) else { return };
        let tick = market.state.instrument.tick;
        let after = |price: Price| {
            let exact = price.get().checked_mul(denominator);
            let exact = exact.and_then(|price| price.checked_div(numerator));
            let exact = exact.and_then(|price| Price::new(price.round_dp(SCALE_MAX)).ok());
            exact.and_then(|price| price.to_tick(tick, Rounding::Down)).unwrap_or(tick)
        };
        market.state.quote = market.state.quote.map(|quote| {
            let Quote { bid, ask, last, at } = quote;
            Quote { bid: after(bid), ask: after(ask), last: after(last), at }
        });
        market.state.mark = market.state.mark.map(after);
        market.quiet = None;
    }
}
