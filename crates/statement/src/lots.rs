//! First in, first out: which purchase a sale closes, and what it earned.
//!
//! It must not know orders or days.

use std::collections::VecDeque;

use domain::{
    BookId, Cash, Currency, InstrumentId, Money, MoneyError, OriginKind, Price, Qty, Side,
    Timestamp, money::notional, position::converted,
};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::trips::ExitReason;

/// Decimals to which a share of a fee or a cost is rounded; the last share takes the remainder.
const SHARE_SCALE: u32 = 12;

/// Where a lot came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// An execution.
    Execution,
    /// A holding that was given to a book, at the price of that moment.
    Adoption,
    /// A quantity that came or went without an execution.
    Transfer,
}

/// A movement of a holding, in the form that all of them share.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) at: Timestamp,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) price: Price,
    /// What moved, where that is not exactly the price times the quantity.
    pub(crate) value: Option<Money>,
    pub(crate) fee: Money,
    pub(crate) basis: Basis,
    pub(crate) origin: Option<OriginKind>,
    pub(crate) stop: Option<Price>,
    pub(crate) reason: ExitReason,
}

impl Execution {
    /// Takes a part off, with its share of the fee.
    pub(crate) fn split(&mut self, qty: Qty) -> Self {
        let fee = share(&mut self.fee, qty, self.qty);
        let value = self.value.as_mut().map(|value| share(value, qty, self.qty));
        self.qty = self.qty.minus(qty);
        Self { qty, value, fee, ..self.clone() }
    }

    /// What is paid for it.
    pub(crate) fn value(&self, of: &Terms) -> Result<Money, MoneyError> {
        match self.value {
            Some(value) => Ok(value),
            None => Ok(notional(self.price, self.qty, of.multiplier, of.quote)?),
        }
    }
}

/// Takes the part of `qty` in `of` off a fee or a cost: all of it when they are the same.
fn share(fee: &mut Money, qty: Qty, of: Qty) -> Money {
    if qty >= of || of.is_zero() {
        return std::mem::replace(fee, Money::zero(fee.currency()));
    }
    let part = fee.amount().checked_mul(qty.get()).and_then(|p| p.checked_div(of.get()));
    let Some(part) = part else {
        return std::mem::replace(fee, Money::zero(fee.currency()));
    };
    let part = Money::new(part.round_dp(SHARE_SCALE), fee.currency());
    *fee = Money::new(fee.amount() - part.amount(), fee.currency());
    part
}

/// A part of a holding that was opened and closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedLot {
    /// The book.
    pub book: BookId,
    /// What was held.
    pub instrument: InstrumentId,
    /// `buy` for a long lot, `sell` for a short one.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// When it was opened.
    pub opened: Timestamp,
    /// At what price.
    pub entry: Price,
    /// Where it came from.
    pub basis: Basis,
    /// When it was closed.
    pub closed: Timestamp,
    /// At what price.
    pub exit: Price,
    /// What the price difference earned, in the quote currency.
    pub gross: Money,
    /// Its shares of the fees of both executions.
    pub fees: Cash,
}

impl ClosedLot {
    /// What it earned after fees; `None` while a fee is in another currency.
    #[must_use]
    pub fn net(&self) -> Option<Money> {
        net(&self.gross, &self.fees)
    }
}

/// An amount less fees; `None` when a fee is in another currency or the sum is too long.
pub(crate) fn net(gross: &Money, fees: &Cash) -> Option<Money> {
    fees.iter().try_fold(*gross, |sum, fee| sum.minus(&fee).ok())
}

#[derive(Debug, Clone)]
struct Lot {
    at: Timestamp,
    qty: Qty,
    price: Price,
    /// What it cost, once that is no longer the price times the quantity to the last digit.
    cost: Option<Money>,
    fee: Money,
    basis: Basis,
}

impl Lot {
    /// Takes the cost of a part off.
    fn take_cost(&mut self, qty: Qty, of: &Terms) -> Result<Money, MoneyError> {
        match &mut self.cost {
            Some(cost) => Ok(share(cost, qty, self.qty)),
            None => Ok(notional(self.price, qty, of.multiplier, of.quote)?),
        }
    }
}

/// The average price of a quantity, rounded half to even at 12 decimals.
pub(crate) fn average(value: &Money, qty: Qty, multiplier: Decimal) -> Option<Price> {
    let units = qty.get().checked_mul(multiplier)?;
    Price::new(value.amount().checked_div(units)?.round_dp(SHARE_SCALE)).ok()
}

/// What a holding is of.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) book: BookId,
    pub(crate) instrument: InstrumentId,
    pub(crate) quote: Currency,
    pub(crate) multiplier: Decimal,
}

/// The open lots of one holding, the oldest first; all on one side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lots(VecDeque<Lot>);

impl Lots {
    pub(crate) fn open(&mut self, execution: &Execution) {
        let Execution { at, qty, price, fee, basis, .. } = *execution;
        self.0.push_back(Lot { at, qty, price, cost: None, fee, basis });
    }

    /// Takes a quantity off the lot that was opened last, at the price at which it was opened;
    /// false when that has no more than this.
    pub(crate) fn reduce_last(&mut self, qty: Qty) -> bool {
        let last = self.0.back_mut().filter(|lot| lot.qty > qty && lot.cost.is_none());
        last.map(|lot| lot.qty = lot.qty.minus(qty)).is_some()
    }

    /// Turns every `denominator` units into `numerator` units at the same cost; `held` is what all
    /// lots have afterwards. The cost of a lot of which nothing is left goes to a neighbour, and is
    /// given back when nothing is left at all.
    pub(crate) fn convert(
        &mut self,
        (numerator, denominator): (Decimal, Decimal),
        held: Qty,
        of: &Terms,
    ) -> Result<Money, MoneyError> {
        let (mut left, mut carried) = (held, Money::zero(of.quote));
        let mut lots = VecDeque::with_capacity(self.0.len());
        let newest = self.0.len().saturating_sub(1);
        for (index, mut lot) in std::mem::take(&mut self.0).into_iter().enumerate() {
            let cost = lot.take_cost(lot.qty, of)?.plus(&carried)?;
            let exact = converted(lot.qty.signed(true), numerator, denominator)?.abs();
            lot.qty = if index == newest { left } else { exact.min_of(left) };
            left = left.minus(lot.qty);
            carried = cost;
            if !lot.qty.is_zero() {
                lot.price = average(&cost, lot.qty, of.multiplier).unwrap_or(lot.price);
                lot.cost = Some(std::mem::replace(&mut carried, Money::zero(of.quote)));
                lots.push_back(lot);
            }
        }
        self.0 = lots;
        let Some(lot) = self.0.back_mut() else { return Ok(carried) };
        lot.cost = lot.cost.map(|cost| cost.plus(&carried)).transpose()?;
        Ok(Money::zero(of.quote))
    }

    /// Closes as much as the execution has; it never has more than is open.
    pub(crate) fn close(
        &mut self,
        mut execution: Execution,
        of: &Terms,
    ) -> Result<Vec<ClosedLot>, MoneyError> {
        let mut closed = Vec::new();
        while !execution.qty.is_zero() {
            let Some(lot) = self.0.front_mut() else { break };
            let qty = execution.qty.min_of(lot.qty);
            let part = execution.split(qty);
            let opening = share(&mut lot.fee, qty, lot.qty);
            let entry = lot.take_cost(qty, of)?;
            lot.qty = lot.qty.minus(qty);
            let exit = part.value(of)?;
            let long = execution.side == Side::Sell;
            let gross = if long { exit.minus(&entry)? } else { entry.minus(&exit)? };
            let mut fees = Cash::default();
            fees.add(&opening)?;
            fees.add(&part.fee)?;
            closed.push(ClosedLot {
                book: of.book.clone(),
                instrument: of.instrument.clone(),
                side: execution.side.opposite(),
                qty,
                opened: lot.at,
                entry: lot.price,
                basis: lot.basis,
                closed: part.at,
                exit: part.price,
                gross,
                fees,
            });
            if lot.qty.is_zero() {
                self.0.pop_front();
            }
        }
        Ok(closed)
    }
}
