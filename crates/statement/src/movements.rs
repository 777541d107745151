//! What moved without an execution: funding, loans, dividends, deposits, corporate actions.
//!
//! It must not know orders or prices.

use std::collections::VecDeque;

use domain::{
    BookId, CorporateAction, InstrumentId, Money, MovementId, MovementKind, SignedQty, Timestamp,
};
use path::event::{CashAdjusted, CashMoved};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{ROWS_MAX, Statement, StatementError};

/// Why something moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Cash, as the venue told it.
    Cash(MovementKind),
    /// A difference between the venue's cash and the books that nothing explains.
    Adjustment,
    /// Each unit became several, or several became one.
    Split,
}

impl Reason {
    /// The name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash(kind) => kind.name(),
            Self::Adjustment => "adjustment",
            Self::Split => "split",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let cash = MovementKind::ALL.into_iter().map(Self::Cash);
        cash.chain([Self::Adjustment, Self::Split]).find(|reason| reason.name() == name)
    }
}

/// One movement of one book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// Counts the account's movements from 1 on; always the same for the same journal.
    pub number: u64,
    /// The venue's time; of an adjustment the desk's.
    pub at: Timestamp,
    /// The venue's id; absent for an adjustment.
    pub id: Option<MovementId>,
    /// Why.
    pub reason: Reason,
    /// Whose part it is; absent for a split of what no book held.
    pub book: Option<BookId>,
    /// On what, when it is about an instrument.
    pub instrument: Option<InstrumentId>,
    /// How much; negative was paid. Absent for a split.
    pub money: Option<Money>,
    /// The fraction of a unit that was sold for it: what was earned on it is among the gross
    /// results and not among the movements' totals.
    pub sold: Option<SignedQty>,
    /// So many new units for so many old ones, of a split.
    pub ratio: Option<(Decimal, Decimal)>,
}

/// Movements as they come, the latest kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Movements {
    rows: VecDeque<Movement>,
    last: u64,
}

impl Movements {
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Movement> + ExactSizeIterator {
        self.rows.iter()
    }

    /// Adds a movement and gives it its number.
    pub(crate) fn add(&mut self, mut movement: Movement) {
        self.last += 1;
        movement.number = self.last;
        self.rows.push_back(movement);
        if self.rows.len() > ROWS_MAX {
            self.rows.pop_front();
        }
    }
}

impl Statement {
    pub(crate) fn cash_moved(&mut self, body: &CashMoved) -> Result<(), StatementError> {
        let told = &body.movement;
        if !self.told.first_time(told.id.clone()) {
            return Ok(());
        }
        self.days.deposit(body.reporting.unwrap_or_default());
        for share in &body.shares {
            match (&share.sold, &told.instrument) {
                (Some(sold), Some(id)) => self.fraction_sold(told.at, share, id, sold)?,
                _ => self.totals.moved(&share.book, told.kind, &share.money)?,
            }
            self.movements.add(Movement {
                number: 0,
                at: told.at,
                id: Some(told.id.clone()),
                reason: Reason::Cash(told.kind),
                book: Some(share.book.clone()),
                instrument: told.instrument.clone(),
                money: Some(share.money),
                sold: share.sold.as_ref().map(|sold| sold.qty),
                ratio: None,
            });
        }
        Ok(())
    }

    pub(crate) fn cash_adjusted(
        &mut self,
        at: Timestamp,
        body: &CashAdjusted,
    ) -> Result<(), StatementError> {
        self.days.deposit(body.reporting);
        let book = BookId::unmanaged();
        self.totals.adjusted(&book, &body.money)?;
        let (reason, money) = (Reason::Adjustment, Some(body.money));
        let (book, instrument) = (Some(book), None);
        self.movements.add(Movement {
            number: 0,
            at,
            id: None,
            reason,
            book,
            instrument,
            money,
            sold: None,
            ratio: None,
        });
        Ok(())
    }

    /// Open lots in new units: other quantities and prices at the same cost, so nothing is earned.
    pub(crate) fn converted(&mut self, action: &CorporateAction) -> Result<(), StatementError> {
        if !self.told.first_time(action.id.clone()) {
            return Ok(());
        }
        let (numerator, denominator) = (action.numerator, action.denominator);
        let mut books = Vec::new();
        for ((book, id), holding) in &mut self.holdings {
            if *id == action.instrument && !holding.position().is_zero() {
                let lost = holding.convert(numerator, denominator)?;
                self.totals.earned(book, &lost)?;
                books.push(Some(book.clone()));
            }
        }
        if books.is_empty() {
            books.push(None);
        }
        for book in books {
            self.movements.add(Movement {
                number: 0,
                at: action.at,
                id: Some(action.id.clone()),
                reason: Reason::Split,
                book,
                instrument: Some(action.instrument.clone()),
                money: None,
                sold: None,
                ratio: Some((numerator, denominator)),
            });
        }
        Ok(())
    }
}
