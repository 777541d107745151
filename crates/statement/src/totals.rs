//! What each book earned and paid in all, line by line.
//!
//! It must not know single executions or prices.

use std::collections::{BTreeMap, BTreeSet};

use domain::{BookId, Cash, Currency, Money, MoneyError, MovementKind};
use rust_decimal::Decimal;
use serde::Serialize;

/// The totals of one book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookTotals {
    /// The book.
    pub book: BookId,
    /// What the price differences of everything closed earned, by quote currency, first in, first
    /// out.
    pub gross: Cash,
    /// Fees of every execution, of what is still held too. One that was charged in the base asset
    /// stands here with its value in the quote currency.
    pub fees: Cash,
    /// Cash that moved without an execution, by kind.
    pub movements: BTreeMap<MovementKind, Cash>,
    /// Differences to the venue's cash that nothing explains.
    pub adjustments: Cash,
}

impl BookTotals {
    fn new(book: BookId) -> Self {
        Self {
            book,
            gross: Cash::default(),
            fees: Cash::default(),
            movements: BTreeMap::new(),
            adjustments: Cash::default(),
        }
    }

    /// What the book earned, by currency: gross less fees, with funding, loans and dividends;
    /// without what somebody put in or took out, and without adjustments. `None` when a sum has
    /// more than 28 digits.
    #[must_use]
    pub fn net(&self) -> Option<Cash> {
        let mut net = self.gross.clone();
        let earned = self.movements.iter().filter(|(kind, _)| !kind.is_transfer());
        for money in earned.flat_map(|(_, cash)| cash.iter()) {
            net.add(&money).ok()?;
        }
        for fee in self.fees.iter() {
            net.add(&fee.negated()).ok()?;
        }
        Some(net)
    }
}

/// The totals of one book in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TotalsLine {
    /// The book.
    pub book: BookId,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What the price differences of everything closed earned.
    pub gross: Decimal,
    /// Fees of every execution; negative for rebates.
    pub fees: Decimal,
    /// Cash that moved without an execution, in the order of [`MovementKind::ALL`]; negative was
    /// paid.
    pub movements: [Decimal; MovementKind::ALL.len()],
    /// Differences to the venue's cash that nothing explains.
    pub adjustments: Decimal,
    /// Gross less fees, with funding, loans and dividends; without deposits, withdrawals and
    /// adjustments. `None` when it has more than 28 digits.
    pub net: Option<Decimal>,
}

impl BookTotals {
    /// One line for each currency in which anything happened.
    #[must_use]
    pub fn lines(&self) -> Vec<TotalsLine> {
        let parts = [&self.gross, &self.fees, &self.adjustments];
        let all = parts.into_iter().chain(self.movements.values());
        let currencies: BTreeSet<Currency> =
            all.flat_map(|cash| cash.iter().map(|m| m.currency()).collect::<Vec<_>>()).collect();
        let net = self.net();
        let line = |currency: Currency| TotalsLine {
            book: self.book.clone(),
            currency,
            gross: self.gross.get(currency).amount(),
            fees: self.fees.get(currency).amount(),
            movements: MovementKind::ALL.map(|kind| {
                self.movements.get(&kind).map(|c| c.get(currency).amount()).unwrap_or_default()
            }),
            adjustments: self.adjustments.get(currency).amount(),
            net: net.as_ref().map(|net| net.get(currency).amount()),
        };
        currencies.into_iter().map(line).collect()
    }
}

/// The totals of every book that anything happened in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals(BTreeMap<BookId, BookTotals>);

impl Totals {
    pub(crate) fn books(&self) -> impl Iterator<Item = &BookTotals> {
        self.0.values()
    }

    fn of(&mut self, book: &BookId) -> &mut BookTotals {
        self.0.entry(book.clone()).or_insert_with(|| BookTotals::new(book.clone()))
    }

    pub(crate) fn earned(&mut self, book: &BookId, gross: &Money) -> Result<(), MoneyError> {
        Ok(self.of(book).gross.add(gross)?)
    }

    pub(crate) fn charged(&mut self, book: &BookId, fee: &Money) -> Result<(), MoneyError> {
        Ok(self.of(book).fees.add(fee)?)
    }

    pub(crate) fn moved(
        &mut self,
        book: &BookId,
        kind: MovementKind,
        money: &Money,
    ) -> Result<(), MoneyError> {
        Ok(self.of(book).movements.entry(kind).or_default().add(money)?)
    }

    pub(crate) fn adjusted(&mut self, book: &BookId, money: &Money) -> Result<(), MoneyError> {
        Ok(self.of(book).adjustments.add(money)?)
    }
}
