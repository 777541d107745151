//! Worst-case figures of an account: what everything that may still fill would make of it.
//!
//! This is how judgements and views read them; [`super::figures`] computes them. This module must
//! not know limits or refusals.

use std::cell::{Ref, RefCell};

use domain::{BookId, Currency, Instrument, InstrumentId, OrderKind, Price, Qty, Side};
use rust_decimal::Decimal;

use super::figures::{Figures, Source, Worst, sum};
pub use super::{
    own::{Asked, Own},
    reach::Reach,
};
use crate::{market::MarketView, state::AccountState};

/// The worst case with an order under judgement, in the reporting currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WithOrder {
    /// The largest value that the position in the order's instrument can reach.
    pub exposure: Option<Decimal>,
    /// The sum of all instruments' exposures.
    pub gross: Option<Decimal>,
}

/// State, market and the figures kept over them. Reading a figure first computes anew what was
/// touched since the last reading.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    pub(crate) state: &'a AccountState,
    pub(crate) market: &'a MarketView,
    pub(crate) figures: &'a RefCell<Figures>,
}

impl Book<'_> {
    fn source(&self) -> Source<'_> {
        Source { state: self.state, market: self.market }
    }

    fn figures(&self) -> Ref<'_, Figures> {
        self.figures.borrow_mut().freshen(self.state, self.market);
        self.figures.borrow()
    }

    /// Units of the reporting currency per unit of `currency`.
    #[must_use]
    pub fn rate(&self, currency: Currency) -> Option<Decimal> {
        self.source().rate(currency)
    }

    /// The account's equity in the reporting currency: cash plus positions at the last price.
    /// `None` while a price or rate is missing.
    #[must_use]
    pub fn equity(&self) -> Option<Decimal> {
        self.figures().equity()
    }

    /// The equity that percentages are taken of: no more than the policy's trading capital.
    #[must_use]
    pub fn capital(&self) -> Option<Decimal> {
        self.equity().map(|equity| self.state.policy.capital(equity))
    }

    /// What the account's exposure becomes with an order.
    #[must_use]
    pub fn with_order(
        &self,
        instrument: &Instrument,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> WithOrder {
        let figures = self.figures();
        let part = figures.part(&instrument.id);
        let worst = part.map_or(Some(Worst::default()), |p| p.worst);
        let worst = worst.and_then(|w| w.with(side, qty, price));
        let exposure = worst.and_then(|w| self.source().exposure(instrument, &w));
        let before = part.map_or(Some(Decimal::ZERO), |p| p.exposure);
        let more = exposure.zip(before).and_then(|(with, before)| with.checked_sub(before));
        let gross = figures.exposure().zip(more).and_then(|(gross, more)| sum(gross, more));
        WithOrder { exposure, gross }
    }

    /// The sum over all instruments of the largest value that the position can reach when
    /// everything on one side fills, in the reporting currency.
    #[must_use]
    pub fn gross_exposure(&self) -> Option<Decimal> {
        self.figures().exposure()
    }

    /// How far working entries may carry the net value of everything held to either side.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.figures().reach()
    }

    /// The sum of the exposures of all instruments that move together with this one, in which
    /// `exposure` stands for its own.
    #[must_use]
    pub fn correlated(&self, instrument: &InstrumentId, exposure: Decimal) -> Option<Decimal> {
        let cluster = self.market.cluster(instrument);
        let figures = self.figures();
        let others = figures.parts().filter(|(id, _)| *id != instrument);
        let mut together = others.filter(|(id, _)| self.market.cluster(id) == cluster);
        together.try_fold(exposure, |total, (_, part)| sum(total, part.exposure?))
    }

    /// The figures of one book alone, with an order; `None` when there is no such book.
    #[must_use]
    pub fn own(&self, book: &BookId, asked: &Asked<'_>) -> Option<Own> {
        Some(Own::of(self.source(), self.state.books.get(book)?, asked))
    }

    /// What would be lost if every stop were hit, in the reporting currency. A position or entry
    /// without a stop counts whole.
    #[must_use]
    pub fn heat(&self) -> Option<Decimal> {
        self.figures().heat()
    }

    /// Cash of one currency less what live buys may still cost, fees included.
    #[must_use]
    pub fn available_cash(&self, currency: Currency) -> Option<Decimal> {
        self.figures().available_cash(currency)
    }

    /// What one unit may cost at most: the limit, else the trigger or reference with the
    /// policy's buffer.
    #[must_use]
    pub fn cost_price(&self, kind: &OrderKind, reference: Option<Price>) -> Option<Decimal> {
        self.source().cost_price(kind, reference)
    }
}
