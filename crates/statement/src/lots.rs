//! First in, first out: which purchase a sale closes, and what it earned.
//!
//! It must not know orders or days.

use std::collections::VecDeque;

use domain::{
    BookId, Cash, Currency, InstrumentId, Money, MoneyError, OriginKind, Price, Qty, Side,
    Timestamp, money::notional,
};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::trips::ExitReason;

/// Decimals to which a share of a fee is rounded; the last share takes the remainder.
const FEE_SCALE: u32 = 12;

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
        self.qty = self.qty.minus(qty);
        Self { qty, fee, ..self.clone() }
    }
}

/// Takes the part of `qty` in `of` off a fee: all of it when they are the same.
fn share(fee: &mut Money, qty: Qty, of: Qty) -> Money {
    if qty >= of || of.is_zero() {
        return std::mem::replace(fee, Money::zero(fee.currency()));
    }
    let part = fee.amount().checked_mul(qty.get()).and_then(|p| p.checked_div(of.get()));
    let Some(part) = part else {
        return std::mem::replace(fee, Money::zero(fee.currency()));
    };
    let part = Money::new(part.round_dp(FEE_SCALE), fee.currency());
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
    fee: Money,
    basis: Basis,
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
        self.0.push_back(Lot { at, qty, price, fee, basis });
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
            lot.qty = lot.qty.minus(qty);
            let entry = notional(lot.price, qty, of.multiplier, of.quote)?;
            let exit = notional(part.price, qty, of.multiplier, of.quote)?;
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
