//! What moved without an execution, and each book's totals, as the door shows them.
//!
//! It must not know how they are reckoned.

use std::collections::BTreeMap;

use domain::MovementKind;
use serde::Serialize;
use statement::{Movement, TotalsLine};
use utoipa::ToSchema;

use super::decimal;

/// One movement of one book.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MovementView {
    /// Counts the account's movements from 1 on.
    number: u64,
    /// The venue's time; of an adjustment the desk's.
    at: String,
    /// funding, borrow_fee, interest, dividend, cash_in_lieu, deposit, withdrawal, adjustment or
    /// split.
    #[schema(example = "funding")]
    kind: &'static str,
    /// Whose part it is; null for a split of what no book held.
    book: Option<String>,
    /// On what; null when it is about no instrument.
    #[schema(example = "sim:BTC-PERP")]
    symbol: Option<String>,
    /// How much, negative when it was paid; null for a split.
    #[schema(example = "-0.62")]
    amount: Option<String>,
    /// The currency of the amount.
    currency: Option<String>,
    /// Of cash_in_lieu: the fraction of a unit that was sold for it, negative of a short holding;
    /// what was earned on it is among the gross results. Null otherwise.
    #[schema(example = "0.5")]
    fraction: Option<String>,
    /// Of a split: so many new units for so many old ones, `3 for 1`.
    ratio: Option<String>,
    /// The venue's id; null for an adjustment.
    id: Option<String>,
}

impl From<&Movement> for MovementView {
    fn from(movement: &Movement) -> Self {
        Self {
            number: movement.number,
            at: movement.at.to_string(),
            kind: movement.reason.name(),
            book: movement.book.as_ref().map(ToString::to_string),
            symbol: movement.instrument.as_ref().map(ToString::to_string),
            amount: movement.money.map(|m| decimal(m.amount())),
            currency: movement.money.map(|m| m.currency().to_string()),
            fraction: movement.sold.map(|qty| decimal(qty.get())),
            ratio: movement
                .ratio
                .map(|(new, old)| format!("{} for {}", decimal(new), decimal(old))),
            id: movement.id.as_ref().map(ToString::to_string),
        }
    }
}

/// Movements, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MovementPage {
    /// The journal's record up to which they were read.
    pub(crate) through: u64,
    /// The movements.
    pub(crate) movements: Vec<MovementView>,
    /// What to give as `before` for the next page; null when this is the last one.
    pub(crate) next_before: Option<u64>,
}

/// What a book earned and paid in all, in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    /// The book.
    book: String,
    /// The currency of the amounts.
    currency: String,
    /// What the price differences of everything closed earned, first in, first out.
    gross: String,
    /// Fees of every execution, of what is still held too. One that was charged in the base asset
    /// stands here with its value in the quote currency.
    fees: String,
    /// Cash that moved without an execution, by kind, negative when it was paid; kinds without any
    /// are left out.
    movements: BTreeMap<&'static str, String>,
    /// Differences to the venue's cash that nothing explains.
    adjustments: String,
    /// Gross less fees, with funding, loans and dividends; without deposits, withdrawals and
    /// adjustments.
    net: Option<String>,
}

impl From<&TotalsLine> for TotalsView {
    fn from(line: &TotalsLine) -> Self {
        let moved = MovementKind::ALL.into_iter().zip(line.movements);
        let moved = moved.filter(|(_, amount)| !amount.is_zero());
        Self {
            book: line.book.to_string(),
            currency: line.currency.to_string(),
            gross: decimal(line.gross),
            fees: decimal(line.fees),
            movements: moved.map(|(kind, amount)| (kind.name(), decimal(amount))).collect(),
            adjustments: decimal(line.adjustments),
            net: line.net.map(decimal),
        }
    }
}

/// Each book's totals.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TotalsPage {
    /// The journal's record up to which they were read.
    pub(crate) through: u64,
    /// A line for each book and currency.
    pub(crate) totals: Vec<TotalsView>,
}
