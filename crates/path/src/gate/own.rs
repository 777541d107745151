//! A book's own figures: what its positions and working orders alone would come to.
//!
//! They are computed when a limit of the book asks for them, not kept: few books have such limits,
//! and each has few positions. Orders that the desk did not send belong to no book. This module
//! must not know limits or refusals.

use domain::{Instrument, InstrumentId, Price, Qty, Side};
use rust_decimal::Decimal;

use super::{
    figures::{Source, Worst, product, sum},
    reach::Reach,
};
use crate::{state::Book, verbs::RiskClass};

/// An order under judgement.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is traded.
    pub instrument: &'a Instrument,
    /// The side.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// The price with which one unit is valued.
    pub price: Price,
}

/// Figures of one book with an order, in the reporting currency. `None` while a price or rate is
/// missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// The largest value that the book's position in the order's instrument can reach.
    pub exposure: Option<Decimal>,
    /// The sum of such values over all instruments.
    pub gross: Option<Decimal>,
    /// The sum of such values over the instruments that move together with the order's.
    pub correlated: Option<Decimal>,
    /// The sum of the initial margins that such values need.
    pub margin: Option<Decimal>,
    /// How far the net value can come to either side.
    pub reach: Option<Reach>,
    /// What would be lost if every stop were hit, without the order.
    pub heat: Option<Decimal>,
    /// The book's live orders, without the order.
    pub orders: usize,
}

/// One instrument's part.
struct Part {
    exposure: Option<Decimal>,
    margin: Option<Decimal>,
    reach: Option<Reach>,
    heat: Option<Decimal>,
    orders: usize,
}

impl Own {
    pub(super) fn of(source: Source<'_>, book: &Book, asked: &Asked<'_>) -> Self {
        let zero = Some(Decimal::ZERO);
        let mut own = Self {
            exposure: zero,
            gross: zero,
            correlated: zero,
            margin: zero,
            reach: Some(Reach::default()),
            heat: zero,
            orders: 0,
        };
        let state = source.state;
        let holds = |id: &InstrumentId| book.positions.get(id).is_some_and(|p| !p.qty.is_zero());
        let held = book.positions.keys().filter(|id| holds(id));
        let working = state.live.instruments().filter(|id| {
            let mine = state.live_in(&book.id, id).next().is_some();
            mine && !holds(id)
        });
        let others = held.chain(working).filter(|id| **id != asked.instrument.id);
        for id in others {
            own.add(&source, id, source.part_of(book, id, None), asked);
        }
        let id = &asked.instrument.id;
        let part = source.part_of(book, id, Some(asked));
        own.exposure = part.exposure;
        own.add(&source, id, part, asked);
        own
    }

    fn add(&mut self, source: &Source<'_>, id: &InstrumentId, part: Part, asked: &Asked<'_>) {
        let plus = |a: Option<Decimal>, b: Option<Decimal>| sum(a?, b?);
        let market = source.market;
        self.gross = plus(self.gross, part.exposure);
        if market.cluster(id) == market.cluster(&asked.instrument.id) {
            self.correlated = plus(self.correlated, part.exposure);
        }
        self.margin = plus(self.margin, part.margin);
        self.reach = self.reach.zip(part.reach).and_then(|(a, b)| a.plus(b));
        self.heat = plus(self.heat, part.heat);
        self.orders += part.orders;
    }
}

impl Source<'_> {
    fn part_of(&self, book: &Book, id: &InstrumentId, asked: Option<&Asked<'_>>) -> Part {
        let instrument = self.state.instruments.get(id);
        let value = |a: &Asked<'_>| {
            let rate = self.rate(a.instrument.quote)?;
            product(&[a.price.get(), a.qty.get(), a.instrument.multiplier, rate])
        };
        let reach = instrument.and_then(|i| self.reach(i, Some(&book.id)));
        let worst = self.worst_of(book, id).and_then(|worst| match asked {
            Some(a) => worst.with(a.side, a.qty, a.price),
            None => Some(worst),
        });
        let worst = instrument.zip(worst);
        Part {
            exposure: worst.and_then(|(i, worst)| self.exposure(i, &worst)),
            margin: worst.and_then(|(i, worst)| self.margin_of(i, &worst)),
            reach: match asked {
                Some(a) => reach.and_then(|r| r.with(a.side, value(a)?)),
                None => reach,
            },
            heat: instrument.and_then(|i| self.heat_of(book, i)),
            orders: self.state.live_in(&book.id, id).count(),
        }
    }

    fn worst_of(&self, book: &Book, id: &InstrumentId) -> Option<Worst> {
        let mut worst = Worst::holding(self.state.position(&book.id, id));
        let open = self.state.live_in(&book.id, id).filter(|o| !o.open_qty().is_zero());
        for order in open {
            let price = self.order_price(id, &order.kind).or(order.reference)?;
            worst = worst.with(order.side, order.open_qty(), price)?;
        }
        Some(worst)
    }

    fn heat_of(&self, book: &Book, instrument: &Instrument) -> Option<Decimal> {
        let id = &instrument.id;
        let qty = self.state.position(&book.id, id).abs();
        let mut total = Decimal::ZERO;
        if !qty.is_zero() {
            let mark = self.market.mark(id).or_else(|| self.last_known_price(id))?;
            total = product(&[self.position_risk(&book.id, id, mark), qty.get()])?;
        }
        let entries = self.state.live_in(&book.id, id).filter(|o| o.class == RiskClass::Entry);
        for order in entries {
            let risk = product(&[self.order_risk(order)?, order.open_qty().get()])?;
            total = sum(total, risk)?;
        }
        product(&[total, instrument.multiplier, self.rate(instrument.quote)?])
    }
}
