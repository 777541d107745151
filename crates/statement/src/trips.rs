//! Round trips: from flat to flat, with what it risked and what it earned.
//!
//! It must not know days.

use domain::{
    BookId, Cash, InstrumentId, Money, MoneyError, OriginKind, Price, Qty, Side, SignedQty,
    Timestamp, money::notional, num::SCALE_MAX, position::converted,
};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    lots::{ClosedLot, Execution, Lots, Terms, average, net},
    ratio,
};

/// What ended a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The resting stop.
    Stop,
    /// The target that the desk watches.
    Target,
    /// The time stop.
    TimeStop,
    /// Somebody's order or close.
    Order,
    /// The kill switch.
    Flatten,
    /// The stop was reached while none rested.
    Unprotected,
    /// Somebody traded past the desk.
    External,
    /// The quantity went without an execution.
    Transfer,
}

impl ExitReason {
    /// The name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Target => "target",
            Self::TimeStop => "time_stop",
            Self::Order => "order",
            Self::Flatten => "flatten",
            Self::Unprotected => "unprotected",
            Self::External => "external",
            Self::Transfer => "transfer",
        }
    }
}

/// A holding from flat to flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    /// The book.
    pub book: BookId,
    /// What was held.
    pub instrument: InstrumentId,
    /// `buy` for a long one, `sell` for a short one.
    pub side: Side,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Timestamp,
    /// How much was opened in all.
    pub qty: Qty,
    /// The average price of opening, rounded half to even at 12 decimals.
    pub entry: Price,
    /// The average price of closing, rounded likewise.
    pub exit: Price,
    /// What the price difference earned, in the quote currency.
    pub gross: Money,
    /// Fees of all its executions.
    pub fees: Cash,
    /// What would have been lost at the first stop, without fees; absent without one.
    pub risk: Option<Money>,
    /// The best price while it was held, its own executions included.
    pub best: Price,
    /// The worst price while it was held, its own executions included.
    pub worst: Price,
    /// Units of the instrument in one unit of its quantity.
    pub multiplier: Decimal,
    /// What opened it.
    pub origin: Option<OriginKind>,
    /// What closed the last of it.
    pub reason: ExitReason,
}

impl RoundTrip {
    /// What it earned after fees; `None` while a fee is in another currency.
    #[must_use]
    pub fn net(&self) -> Option<Money> {
        net(&self.gross, &self.fees)
    }

    /// Maximum favourable excursion: what the whole quantity would have earned from the average
    /// entry to the best price, never below zero. Without fees, in the quote currency. From marks
    /// that are about an hour apart and every price in between; what a crash took is missing.
    #[must_use]
    pub fn mfe(&self) -> Option<Money> {
        self.excursion(self.best)
    }

    /// Maximum adverse excursion: what it would have lost to the worst price, as a number not below
    /// zero; otherwise like [`RoundTrip::mfe`].
    #[must_use]
    pub fn mae(&self) -> Option<Money> {
        let lost = self.excursion_to(self.worst)?;
        Some(Money::new((-lost).max(Decimal::ZERO), self.gross.currency()))
    }

    fn excursion(&self, price: Price) -> Option<Money> {
        let earned = self.excursion_to(price)?;
        Some(Money::new(earned.max(Decimal::ZERO), self.gross.currency()))
    }

    fn excursion_to(&self, price: Price) -> Option<Decimal> {
        let sign = if self.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        let per_unit = sign * (price.get() - self.entry.get());
        per_unit.checked_mul(self.qty.get())?.checked_mul(self.multiplier)
    }

    /// What it earned after fees, in units of what it risked, rounded at 4 decimals.
    #[must_use]
    pub fn r(&self) -> Option<Decimal> {
        ratio(self.net()?.amount(), self.risk?.amount())
    }
}

#[derive(Debug, Clone)]
struct Trip {
    side: Side,
    opened: Timestamp,
    origin: Option<OriginKind>,
    stop: Option<Price>,
    low: Price,
    high: Price,
    bought: Qty,
    paid: Money,
    received: Money,
    gross: Money,
    fees: Cash,
}

/// One holding: its open lots and the trip under way.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    of: Terms,
    position: SignedQty,
    lots: Lots,
    trip: Option<Trip>,
}

impl Holding {
    pub(crate) fn new(of: Terms) -> Self {
        Self { of, position: SignedQty::ZERO, lots: Lots::default(), trip: None }
    }

    /// A stop that was set before any other is what the trip risked.
    pub(crate) fn note_stop(&mut self, stop: Option<Price>) {
        if let Some(trip) = &mut self.trip {
            trip.stop = trip.stop.or(stop);
        }
    }

    /// How far the price went while the trip is under way.
    pub(crate) fn note_prices(&mut self, low: Price, high: Price) {
        if let Some(trip) = &mut self.trip {
            trip.low = trip.low.min(low);
            trip.high = trip.high.max(high);
        }
    }

    /// Takes a fee that was charged in the base asset off what was just bought or sold short, at
    /// the price of that; false when it is not covered by the newest lot.
    pub(crate) fn keep_back(
        &mut self,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> Result<bool, MoneyError> {
        if Side::reducing(self.position) != Some(side) || !self.lots.reduce_last(qty) {
            return Ok(false);
        }
        self.position = self.position.plus(side.signed(qty));
        let value = notional(price, qty, self.of.multiplier, self.of.quote)?;
        if let Some(trip) = &mut self.trip {
            trip.bought = trip.bought.minus(qty);
            trip.paid = trip.paid.minus(&value)?;
        }
        Ok(true)
    }

    /// Turns every `denominator` units into `numerator` units at the same cost. Of what leaves
    /// nothing over, the cost is given back as a result: negative for a long holding.
    pub(crate) fn convert(
        &mut self,
        numerator: Decimal,
        denominator: Decimal,
    ) -> Result<Money, MoneyError> {
        let long = self.position.is_long();
        self.position = converted(self.position, numerator, denominator)?;
        let ratio = (numerator, denominator);
        let lost = self.lots.convert(ratio, self.position.abs(), &self.of)?;
        if self.position.is_zero() {
            self.trip = None;
            return Ok(if long { lost.negated() } else { lost });
        }
        if let Some(trip) = &mut self.trip {
            trip.bought = converted(trip.bought.signed(true), numerator, denominator)?.abs();
            let new = |price: Price| {
                let exact = price.get().checked_mul(denominator);
                let exact = exact.and_then(|p| p.checked_div(numerator));
                exact.and_then(|p| Price::new(p.round_dp(SCALE_MAX)).ok()).unwrap_or(price)
            };
            trip.stop = trip.stop.map(new);
            (trip.low, trip.high) = (new(trip.low), new(trip.high));
        }
        Ok(lost)
    }

    /// How much is held.
    pub(crate) fn position(&self) -> SignedQty {
        self.position
    }

    /// Books an execution: what closes first, then what opens. A turn of the position ends one
    /// trip and begins another.
    pub(crate) fn execute(
        &mut self,
        mut execution: Execution,
    ) -> Result<(Vec<ClosedLot>, Option<RoundTrip>), MoneyError> {
        let (mut closed, mut ended) = (Vec::new(), None);
        if Side::reducing(self.position) == Some(execution.side) {
            let part = execution.split(execution.qty.min_of(self.position.abs()));
            closed = self.close(part.clone())?;
            if self.position.is_zero() {
                ended = self.end(&part);
            }
        }
        if !execution.qty.is_zero() {
            self.open(&execution)?;
        }
        Ok((closed, ended))
    }

    fn open(&mut self, execution: &Execution) -> Result<(), MoneyError> {
        let value = execution.value(&self.of)?;
        let zero = Money::zero(self.of.quote);
        let trip = self.trip.get_or_insert_with(|| Trip {
            side: execution.side,
            opened: execution.at,
            origin: execution.origin,
            stop: None,
            low: execution.price,
            high: execution.price,
            bought: Qty::ZERO,
            paid: zero,
            received: zero,
            gross: zero,
            fees: Cash::default(),
        });
        trip.stop = trip.stop.or(execution.stop);
        trip.bought = trip.bought.plus(execution.qty);
        trip.paid = trip.paid.plus(&value)?;
        trip.fees.add(&execution.fee)?;
        self.position = self.position.plus(execution.side.signed(execution.qty));
        self.lots.open(execution);
        self.note_prices(execution.price, execution.price);
        Ok(())
    }

    fn close(&mut self, part: Execution) -> Result<Vec<ClosedLot>, MoneyError> {
        let value = part.value(&self.of)?;
        self.position = self.position.plus(part.side.signed(part.qty));
        let fee = part.fee;
        self.note_prices(part.price, part.price);
        let closed = self.lots.close(part, &self.of)?;
        if let Some(trip) = &mut self.trip {
            trip.received = trip.received.plus(&value)?;
            trip.fees.add(&fee)?;
            for lot in &closed {
                trip.gross = trip.gross.plus(&lot.gross)?;
            }
        }
        Ok(closed)
    }

    fn end(&mut self, last: &Execution) -> Option<RoundTrip> {
        let trip = self.trip.take()?;
        let units = trip.bought.get().checked_mul(self.of.multiplier)?;
        let average = |value: &Money| average(value, trip.bought, self.of.multiplier);
        let (entry, exit) = (average(&trip.paid)?, average(&trip.received)?);
        let risk = trip.stop.and_then(|stop| {
            let risk = entry.distance(stop).checked_mul(units)?;
            Some(Money::new(risk, self.of.quote))
        });
        let (best, worst) =
            if trip.side == Side::Buy { (trip.high, trip.low) } else { (trip.low, trip.high) };
        Some(RoundTrip {
            best,
            worst,
            multiplier: self.of.multiplier,
            book: self.of.book.clone(),
            instrument: self.of.instrument.clone(),
            side: trip.side,
            opened: trip.opened,
            closed: last.at,
            qty: trip.bought,
            entry,
            exit,
            gross: trip.gross,
            fees: trip.fees,
            risk,
            origin: trip.origin,
            reason: last.reason,
        })
    }
}
