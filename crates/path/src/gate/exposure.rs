//! Worst-case figures of an account: what everything that may still fill would make of it.
//!
//! This is how judgements and views read them; [`super::figures`] computes them. This module must
//! not know limits or refusals.

use std::{
    cell::{Ref, RefCell},
    collections::BTreeSet,
};

use domain::{BookId, Currency, Instrument, InstrumentId, OrderKind, Price, Qty, Side};
use rust_decimal::Decimal;

use super::{
    figures::{Figures, Source, Worst, product, sum},
    margin::{Margin, spot_rate},
};
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
        Source::new(self.state, self.market)
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
        self.figures().together(instrument, self.market.cluster(instrument), exposure)
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

    /// Other currencies in which there is cash, a holding or an order.
    pub(crate) fn currencies_but(&self, reporting: Currency) -> BTreeSet<Currency> {
        self.figures().currencies_but(reporting)
    }

    /// Margin in one currency: what contracts use, what they must keep, and what is left. `None`
    /// while a price is missing.
    #[must_use]
    pub fn margin(&self, currency: Currency) -> Option<Margin> {
        self.figures().margin(currency)
    }

    /// An estimate of the price at which the venue would liquidate the account's position in a
    /// contract, all else being as it is. `None` for what is no contract, is not held, or is
    /// covered at any price. The formula stands with `gate::margin`.
    #[must_use]
    pub fn liquidation_price(&self, instrument: &InstrumentId) -> Option<Price> {
        let contract = self.state.instruments.get(instrument)?;
        self.figures().liquidation(&self.source(), contract)
    }

    /// Initial margin in the reporting currency, in the worst case of everything held and working:
    /// of contracts, and in a margin account of what is delivered.
    #[must_use]
    pub fn margin_used(&self) -> Option<Decimal> {
        let (spot, initial) = self.figures().tied()?;
        match self.state.policy.spot_margin_rate {
            Some(rate) => sum(product(&[spot, rate.get()])?, initial),
            None => Some(initial),
        }
    }

    /// What [`Book::margin_used`] becomes with an order.
    #[must_use]
    pub fn margin_with(&self, asked: &Asked<'_>) -> Option<Decimal> {
        let (instrument, source) = (asked.instrument, self.source());
        let worst = self.figures().part(&instrument.id).map(|p| p.worst);
        let worst = worst.unwrap_or_else(|| Some(Worst::default()))?;
        let after = worst.with(asked.side, asked.qty, asked.price)?;
        let before = source.margin_of(instrument, &worst)?;
        sum(self.margin_used()?, sum(source.margin_of(instrument, &after)?, -before)?)
    }

    /// What an entry in a contract needs more than is tied up already, in its quote currency:
    /// initial margin of the new worst case, and the fee.
    pub(crate) fn margin_needed(
        &self,
        contract: &Instrument,
        (side, kind): (Side, &OrderKind),
        (qty, reference): (Qty, Option<Price>),
    ) -> Option<Decimal> {
        let terms = contract.contract.as_ref()?;
        let source = self.source();
        let price = self.worst_price(contract, (side, kind), reference)?;
        let part = self.figures().part(&contract.id).map(|p| (p.worst, p.needs));
        let (worst, before) = match part {
            Some((worst, needs)) => (worst?, needs?.initial),
            None => (Worst::default(), Decimal::ZERO),
        };
        let worst = worst.with(side, qty, price)?;
        let after = source.initial_margin(contract, terms, &worst)?;
        let fee = self.state.policy.fee_rate;
        let fee = product(&[price.get(), qty.get(), contract.multiplier, fee])?;
        sum(sum(after, -before)?, fee)
    }

    /// What an entry in what is delivered needs more than is tied up already, in the reporting
    /// currency: the margin rate of what the worst case grows by, and the fee.
    pub(crate) fn equity_needed(
        &self,
        instrument: &Instrument,
        (side, kind): (Side, &OrderKind),
        (qty, reference): (Qty, Option<Price>),
    ) -> Option<Decimal> {
        let price = self.worst_price(instrument, (side, kind), reference)?;
        let part = self.figures().part(&instrument.id).map(|p| (p.worst, p.exposure));
        let (worst, before) = match part {
            Some((worst, exposure)) => (worst?, exposure?),
            None => (Worst::default(), Decimal::ZERO),
        };
        let after = self.source().exposure(instrument, &worst.with(side, qty, price)?)?;
        let grows = product(&[sum(after, -before)?, spot_rate(self.state)])?;
        let rates = (self.state.policy.fee_rate, self.rate(instrument.quote)?);
        let fee = product(&[price.get(), qty.get(), instrument.multiplier, rates.0, rates.1])?;
        sum(grows, fee)
    }

    /// Equity that covers nothing yet, in the reporting currency: less the margin rate of what is
    /// held and ordered, and less the initial margin of contracts.
    #[must_use]
    pub fn free_equity(&self) -> Option<Decimal> {
        let figures = self.figures();
        let (spot, initial) = figures.tied()?;
        let tied = sum(product(&[spot, spot_rate(self.state)])?, initial)?;
        sum(figures.equity()?, -tied)
    }

    /// The price at which an entry counts in the worst case.
    fn worst_price(
        &self,
        instrument: &Instrument,
        (side, kind): (Side, &OrderKind),
        reference: Option<Price>,
    ) -> Option<Price> {
        let source = self.source();
        let price = source.order_price(&instrument.id, kind).or(reference)?;
        if side == Side::Sell {
            return Some(price);
        }
        let cost = Price::new(source.cost_price(kind, reference)?.round_dp(12)).ok()?;
        Some(price.max(cost))
    }

    /// Cash of one currency less what live buys may still cost, fees included, and less what
    /// contracts and shorts tie up.
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
