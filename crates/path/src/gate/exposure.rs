//! Worst-case figures of an account: what everything that may still fill would make of it.
//!
//! Every figure is computed anew from state and market, so nothing can drift. A figure that is
//! missing a price or a rate, or that is beyond every real account, is `None`: whatever a venue or
//! a feed reports, nothing here overflows. This module must not know limits or refusals.

use domain::{
    BookId, Currency, Instrument, InstrumentId, OrderKind, Price, Qty, Side, num::MAGNITUDE_MAX,
};
use rust_decimal::Decimal;

use crate::{
    market::MarketView,
    state::{AccountState, Order},
    verbs::RiskClass,
};

fn possible(figure: &Decimal) -> bool {
    figure.abs() <= Decimal::from(MAGNITUDE_MAX)
}

/// The product of factors, when it is no larger than an amount may be.
#[must_use]
pub(super) fn product(factors: &[Decimal]) -> Option<Decimal> {
    let (first, rest) = factors.split_first()?;
    rest.iter().try_fold(*first, |product, f| product.checked_mul(*f)).filter(possible)
}

/// The sum of two figures, when it is no larger than an amount may be.
fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    a.checked_add(b).filter(possible)
}

/// State and market together, as every figure needs them.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    /// The account.
    pub state: &'a AccountState,
    /// The prices.
    pub market: &'a MarketView,
}

impl Book<'_> {
    /// Units of the reporting currency per unit of `currency`.
    #[must_use]
    pub fn rate(&self, currency: Currency) -> Option<Decimal> {
        self.market.rate(currency, self.state.spec.reporting)
    }

    /// The account's equity in the reporting currency: cash plus positions at the last price.
    /// `None` while a price or rate is missing.
    #[must_use]
    pub fn equity(&self) -> Option<Decimal> {
        let mut total = Decimal::ZERO;
        for money in self.state.cash().iter() {
            total = sum(total, product(&[money.amount(), self.rate(money.currency())?])?)?;
        }
        for book in self.state.books.values() {
            for (id, position) in &book.positions {
                if position.qty.is_zero() {
                    continue;
                }
                let instrument = self.state.instruments.get(id)?;
                let value = position.value(self.market.mark(id)?, instrument.multiplier).ok()?;
                total = sum(total, product(&[value.amount(), self.rate(value.currency())?])?)?;
            }
        }
        Some(total.normalize())
    }

    /// The price that an order's open quantity counts with: what it would pay or the last price,
    /// whichever is more.
    fn order_price(&self, instrument: &InstrumentId, kind: &OrderKind) -> Option<Price> {
        let mark = self.market.mark(instrument);
        let asked = kind.limit().or(kind.trigger());
        match (mark, asked) {
            (Some(mark), Some(asked)) => Some(mark.max(asked)),
            (mark, asked) => mark.or(asked),
        }
    }

    /// The open quantities of one instrument on one side and their value per unit, foreign orders
    /// included.
    fn open_side(&self, instrument: &InstrumentId, side: Side) -> Option<(Qty, Decimal)> {
        let own = self
            .state
            .live_orders()
            .filter(|o| &o.instrument == instrument && o.side == side)
            .map(|o| (o.open_qty(), o.kind, o.reference));
        let foreign = self
            .state
            .external
            .values()
            .filter(|r| &r.instrument == instrument && r.side == side)
            .map(|r| (r.qty.minus(r.filled), r.kind, None));
        let mut qty = Qty::ZERO;
        let mut value = Decimal::ZERO;
        for (open, kind, reference) in own.chain(foreign) {
            if open.is_zero() {
                continue;
            }
            let price = self.order_price(instrument, &kind).or(reference)?;
            qty = qty.plus(open);
            value = sum(value, product(&[price.get(), open.get()])?)?;
        }
        Some((qty, value))
    }

    /// The largest value that the position in one instrument can reach when everything on one
    /// side fills, in the reporting currency. `extra` is an order under judgement.
    #[must_use]
    pub fn instrument_exposure(
        &self,
        instrument: &Instrument,
        extra: Option<(Side, Qty, Price)>,
    ) -> Option<Decimal> {
        let net = self.state.net_position(&instrument.id);
        let mark = self.market.mark(&instrument.id);
        let held = if net.is_zero() {
            Decimal::ZERO
        } else {
            let price = mark.or_else(|| self.last_known_price(&instrument.id))?;
            product(&[net.get(), price.get()])?
        };
        let (_, mut buys) = self.open_side(&instrument.id, Side::Buy)?;
        let (_, mut sells) = self.open_side(&instrument.id, Side::Sell)?;
        if let Some((side, qty, price)) = extra {
            let value = product(&[price.get(), qty.get()])?;
            match side {
                Side::Buy => buys = sum(buys, value)?,
                Side::Sell => sells = sum(sells, value)?,
            }
        }
        let worst = (held + buys).abs().max((held - sells).abs());
        // While everything that sells can only reduce, a sale never makes the exposure larger.
        product(&[worst, instrument.multiplier, self.rate(instrument.quote)?])
    }

    fn last_known_price(&self, instrument: &InstrumentId) -> Option<Price> {
        let multiplier = self.state.instruments.get(instrument)?.multiplier;
        self.state
            .books
            .values()
            .find_map(|b| b.positions.get(instrument)?.average_price(multiplier))
    }

    /// The sum of all instruments' exposures, in the reporting currency.
    #[must_use]
    pub fn gross_exposure(
        &self,
        extra: Option<(&Instrument, Side, Qty, Price)>,
    ) -> Option<Decimal> {
        let mut ids = self.state.held_instruments();
        ids.extend(self.state.live_orders().map(|o| o.instrument.clone()));
        ids.extend(self.state.external.values().map(|r| r.instrument.clone()));
        ids.extend(extra.map(|(i, ..)| i.id.clone()));
        let mut total = Decimal::ZERO;
        for id in ids {
            let instrument = self.state.instruments.get(&id)?;
            let extra = extra.filter(|(i, ..)| i.id == id).map(|(_, s, q, p)| (s, q, p));
            total = sum(total, self.instrument_exposure(instrument, extra)?)?;
        }
        Some(total.normalize())
    }

    /// What would be lost if every stop were hit, in the reporting currency. A position or entry
    /// without a stop counts whole.
    #[must_use]
    pub fn heat(&self) -> Option<Decimal> {
        let mut total = Decimal::ZERO;
        for book in self.state.books.values() {
            for (id, position) in &book.positions {
                if position.qty.is_zero() {
                    continue;
                }
                let instrument = self.state.instruments.get(id)?;
                let mark = self.market.mark(id).or_else(|| self.last_known_price(id))?;
                let per_unit = self.position_risk(&book.id, id, mark);
                let qty = position.qty.abs().get();
                let rate = self.rate(instrument.quote)?;
                total = sum(total, product(&[per_unit, qty, instrument.multiplier, rate])?)?;
            }
        }
        for order in self.state.live_orders().filter(|o| o.class == RiskClass::Entry) {
            total = sum(total, self.order_heat(order)?)?;
        }
        Some(total.normalize())
    }

    fn position_risk(&self, book: &BookId, instrument: &InstrumentId, mark: Price) -> Decimal {
        let position = self.state.position(book, instrument);
        let stop = self.state.books.get(book).and_then(|b| b.plans.get(instrument)?.levels.stop);
        match stop {
            Some(stop) if position.is_long() => (mark.get() - stop.get()).max(Decimal::ZERO),
            Some(stop) => (stop.get() - mark.get()).max(Decimal::ZERO),
            None => mark.get(),
        }
    }

    fn order_heat(&self, order: &Order) -> Option<Decimal> {
        let instrument = self.state.instruments.get(&order.instrument)?;
        let price = self.order_price(&order.instrument, &order.kind).or(order.reference)?;
        let risk = order.protective.stop.map_or_else(|| price.get(), |stop| price.distance(stop));
        let rate = self.rate(instrument.quote)?;
        product(&[risk, order.open_qty().get(), instrument.multiplier, rate])
    }

    /// Cash of one currency less what live buys may still cost, fees included.
    #[must_use]
    pub fn available_cash(&self, currency: Currency) -> Option<Decimal> {
        let mut cash = self.state.cash().get(currency).amount();
        let costs = Decimal::ONE + self.state.policy.fee_rate;
        for order in self.state.live_orders().filter(|o| o.side == Side::Buy) {
            let instrument = self.state.instruments.get(&order.instrument)?;
            if instrument.quote != currency {
                continue;
            }
            let price = self.cost_price(&order.kind, order.reference)?;
            let open = order.open_qty().get();
            cash = sum(cash, -product(&[price, open, instrument.multiplier, costs])?)?;
        }
        for report in self.state.external.values().filter(|r| r.side == Side::Buy) {
            let instrument = self.state.instruments.get(&report.instrument)?;
            if instrument.quote != currency {
                continue;
            }
            let mark = self.market.mark(&report.instrument);
            let price = self.cost_price(&report.kind, mark)?;
            let open = report.qty.minus(report.filled).get();
            cash = sum(cash, -product(&[price, open, instrument.multiplier, costs])?)?;
        }
        Some(cash.normalize())
    }

    /// What one unit may cost at most: the limit, else the trigger or reference with the
    /// policy's buffer.
    #[must_use]
    pub fn cost_price(&self, kind: &OrderKind, reference: Option<Price>) -> Option<Decimal> {
        if let Some(limit) = kind.limit() {
            return Some(limit.get());
        }
        let base = kind.trigger().max(reference)?.get();
        Some(base + self.state.policy.market_buffer.of(base))
    }
}
