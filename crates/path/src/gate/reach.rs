//! How far entries may carry the net value of what is held to either side.
//!
//! Only entries count, filled or working: exits and stops take exposure away, and if each were
//! taken to have fired already, no hedge would ever count. This module must not know limits.

use domain::{BookId, Instrument, Qty, Side};
use rust_decimal::Decimal;

use super::figures::{Source, product, sum};
use crate::verbs::RiskClass;

/// The most by which longs may come to exceed shorts, and shorts longs, once every working entry
/// on that side has filled, in the reporting currency. Either is negative while what is held lies
/// on the other side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Longs less shorts, working buys filled.
    pub long: Decimal,
    /// Shorts less longs, working sells filled.
    pub short: Decimal,
}

impl Reach {
    /// The figure of the side to which an order adds.
    #[must_use]
    pub fn toward(self, side: Side) -> Decimal {
        if side == Side::Buy { self.long } else { self.short }
    }

    /// With another order's value on its side.
    #[must_use]
    pub fn with(mut self, side: Side, value: Decimal) -> Option<Self> {
        let figure = if side == Side::Buy { &mut self.long } else { &mut self.short };
        *figure = sum(*figure, value)?;
        Some(self)
    }

    /// Both sides added up.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        Some(Self { long: sum(self.long, other.long)?, short: sum(self.short, other.short)? })
    }
}

impl<'a> Source<'a> {
    /// One instrument's reach, of all books or of one. Orders that the desk did not send are
    /// nobody's, and count as entries.
    pub(super) fn reach(&self, instrument: &'a Instrument, book: Option<&BookId>) -> Option<Reach> {
        let id = &instrument.id;
        let net = match book {
            Some(book) => self.state.position(book, id),
            None => self.state.net_position(id),
        };
        let held = if net.is_zero() {
            Decimal::ZERO
        } else {
            let price = self.market.mark(id).or_else(|| self.last_known_price(id))?;
            product(&[net.get(), price.get()])?
        };
        let mut reach = Reach { long: held, short: -held };
        let entries = self.live_of(id).filter(|o| o.class == RiskClass::Entry);
        for order in entries.filter(|o| book.is_none_or(|b| o.book == *b)) {
            let price = self.order_price(id, &order.kind).or(order.reference);
            reach = reach.entry(order.side, order.open_qty(), price)?;
        }
        if book.is_none() {
            for report in self.state.external.values().filter(|r| r.instrument == *id) {
                let price = self.order_price(id, &report.kind);
                reach = reach.entry(report.side, report.qty.minus(report.filled), price)?;
            }
        }
        let unit = product(&[instrument.multiplier, self.rate(instrument.quote)?])?;
        Some(Reach { long: product(&[reach.long, unit])?, short: product(&[reach.short, unit])? })
    }
}

impl Reach {
    fn entry(self, side: Side, open: Qty, price: Option<domain::Price>) -> Option<Self> {
        if open.is_zero() {
            return Some(self);
        }
        self.with(side, product(&[price?.get(), open.get()])?)
    }
}
