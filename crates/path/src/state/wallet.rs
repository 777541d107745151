//! The account's cash as the venue counts it, and cash that moves without an execution.
//!
//! Books have one economic form for everything: a buy takes price × quantity × multiplier from the
//! book's cash, of a contract too, and what is held is worth quantity × mark × multiplier. A venue
//! does not take the price of a contract: it keeps a balance that only profit, loss, fees and
//! funding move. The two differ by what the account's net position in each contract cost, so
//!
//! ```text
//! wallet = Σ cash of the books + Σ cost of the account's net position in each contract
//! ```
//!
//! with the net position kept at average cost, as venues do. This module must not know prices.

use std::collections::BTreeMap;

use domain::{Cash, CashMovement, Currency, Money, MovementId};

use super::{AccountState, Book, ledger::money};
use crate::{event::CashMoved, journal::Hash};

/// The key under which a movement or corporate action counts once.
fn movement_key(id: &MovementId) -> u128 {
    Hash::of(format!("movement|{id}").as_bytes()).half()
}

impl AccountState {
    /// The balances that the venue shows: cash, and for contracts only what was realised. Books and
    /// venue are compared in it, and buying power starts from it.
    #[must_use]
    pub fn wallets(&self) -> Cash {
        self.wallets_over(self.cash())
    }

    /// The balances that the venue shows over this economic cash.
    pub(crate) fn wallets_over(&self, cash: Cash) -> Cash {
        let mut total = cash;
        for position in self.contracts.values() {
            // Each part was added exactly when its event was folded.
            let _ = total.add(&position.cost);
        }
        total
    }

    /// The balance that the venue shows in one currency.
    #[must_use]
    pub fn wallet(&self, currency: Currency) -> Money {
        self.wallets().get(currency)
    }

    /// True when the movement or corporate action of this id is in the books.
    #[must_use]
    pub fn has_movement(&self, id: &MovementId) -> bool {
        self.movements.contains(movement_key(id))
    }

    pub(super) fn count_movement(&mut self, id: &MovementId, at: domain::Timestamp) {
        self.movements.insert(at, movement_key(id));
    }

    /// Books cash that moved without an execution, once; or fails and changes nothing.
    pub(super) fn move_cash(&mut self, body: &CashMoved) -> Result<(), String> {
        let CashMovement { id, kind, at, .. } = &body.movement;
        if self.has_movement(id) {
            return Ok(());
        }
        let corrected = body.reporting.filter(|_| kind.is_transfer());
        let corrected = corrected.map(|by| self.corrected(by)).transpose()?;
        let mut books = BTreeMap::new();
        for share in &body.shares {
            let known = self.books.get(&share.book);
            let known = known.ok_or_else(|| format!("no book {}", share.book))?;
            let book: &mut Book = books.entry(share.book.clone()).or_insert_with(|| known.clone());
            match (&share.sold, &body.movement.instrument) {
                (Some(sold), Some(id)) => {
                    book.fraction_sold(&self.instrument(id)?, sold.qty, &share.money)
                }
                _ => book.moved(*kind, &share.money),
            }
            .map_err(|e| money(&e))?;
        }
        self.books.extend(books);
        if let Some(corrected) = corrected {
            self.correct(corrected);
        }
        self.count_movement(id, *at);
        Ok(())
    }
}
