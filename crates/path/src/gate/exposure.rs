//! Worst-case figures of an account: what everything that may still fill would make of it.
//!
//! Every figure is computed anew from state and market, so nothing can drift. A figure that is
//! missing a price or a rate, or that is beyond every real account, is `None`: whatever a venue or
//! a feed reports, nothing here overflows. This module must not know limits or refusals.

use std::collections::BTreeMap;

use domain::{
    BookId, Currency, Instrument, InstrumentId, OrderKind, Price, Qty, Side, SignedQty,
    num::MAGNITUDE_MAX,
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

/// What one instrument comes to when everything on one side fills, in its quote currency.
#[derive(Debug)]
struct Worst {
    net: SignedQty,
    buys: Decimal,
    sells: Decimal,
}

impl Default for Worst {
    fn default() -> Self {
        Self { net: SignedQty::ZERO, buys: Decimal::ZERO, sells: Decimal::ZERO }
    }
}

impl Worst {
    fn add(&mut self, side: Side, qty: Qty, price: Price) -> Option<()> {
        let value = product(&[price.get(), qty.get()])?;
        let total = if side == Side::Buy { &mut self.buys } else { &mut self.sells };
        *total = sum(*total, value)?;
        Some(())
    }
}

impl<'a> Book<'a> {
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

    /// What is held and what may still fill, foreign orders included, by instrument in one pass;
    /// of one instrument only when it is named.
    fn worst_cases(
        &self,
        only: Option<&InstrumentId>,
    ) -> Option<BTreeMap<&'a InstrumentId, Worst>> {
        let mut worst: BTreeMap<&InstrumentId, Worst> = BTreeMap::new();
        let wanted = |id: &InstrumentId| only.is_none_or(|only| only == id);
        for (id, position) in self.state.books.values().flat_map(|b| &b.positions) {
            if !position.qty.is_zero() && wanted(id) {
                let entry = worst.entry(id).or_default();
                entry.net = entry.net.plus(position.qty);
            }
        }
        let own = self.state.live_orders();
        let own = own.map(|o| (&o.instrument, o.side, o.open_qty(), &o.kind, o.reference));
        let foreign = self.state.external.values();
        let foreign =
            foreign.map(|r| (&r.instrument, r.side, r.qty.minus(r.filled), &r.kind, None));
        for (id, side, open, kind, reference) in own.chain(foreign) {
            if open.is_zero() || !wanted(id) {
                continue;
            }
            let price = self.order_price(id, kind).or(reference)?;
            worst.entry(id).or_default().add(side, open, price)?;
        }
        Some(worst)
    }

    /// The largest value that the position in one instrument can reach when everything on one
    /// side fills, in the reporting currency. `extra` is an order under judgement.
    #[must_use]
    pub fn instrument_exposure(
        &self,
        instrument: &Instrument,
        extra: Option<(Side, Qty, Price)>,
    ) -> Option<Decimal> {
        let mut worst = self.worst_cases(Some(&instrument.id))?.remove(&instrument.id);
        if let Some((side, qty, price)) = extra {
            worst.get_or_insert_default().add(side, qty, price)?;
        }
        self.exposure_of(instrument, &worst.unwrap_or_default())
    }

    fn exposure_of(&self, instrument: &Instrument, worst: &Worst) -> Option<Decimal> {
        let mark = self.market.mark(&instrument.id);
        let held = if worst.net.is_zero() {
            Decimal::ZERO
        } else {
            let price = mark.or_else(|| self.last_known_price(&instrument.id))?;
            product(&[worst.net.get(), price.get()])?
        };
        let (up, down) = (held + worst.buys, held - worst.sells);
        let value = up.abs().max(down.abs());
        product(&[value, instrument.multiplier, self.rate(instrument.quote)?])
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
        let mut total = Decimal::ZERO;
        let mut extra = extra;
        for (id, mut worst) in self.worst_cases(None)? {
            let instrument = self.state.instruments.get(id)?;
            if let Some((_, side, qty, price)) = extra.take_if(|(i, ..)| i.id == *id) {
                worst.add(side, qty, price)?;
            }
            total = sum(total, self.exposure_of(instrument, &worst)?)?;
        }
        if let Some((instrument, side, qty, price)) = extra {
            let mut worst = Worst::default();
            worst.add(side, qty, price)?;
            total = sum(total, self.exposure_of(instrument, &worst)?)?;
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
