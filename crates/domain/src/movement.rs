//! What moves cash or quantity at a venue without an order: funding, fees, dividends, splits.
//!
//! Each has the venue's id, by which it is booked once. This module must not know books.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{InstrumentId, MovementId},
    money::Money,
    time::Timestamp,
};

/// Why cash moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Holders of a perpetual contract paid each other.
    Funding,
    /// The lender of what was sold short was paid.
    BorrowFee,
    /// Interest on borrowed or idle cash.
    Interest,
    /// A share paid, or what was sold short owed, a dividend.
    Dividend,
    /// A fraction that a corporate action left was paid in cash.
    CashInLieu,
    /// Somebody put money in.
    Deposit,
    /// Somebody took money out.
    Withdrawal,
}

impl MovementKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Funding,
        Self::BorrowFee,
        Self::Interest,
        Self::Dividend,
        Self::CashInLieu,
        Self::Deposit,
        Self::Withdrawal,
    ];

    /// True for money that somebody put in or took out: no profit and no loss.
    #[must_use]
    pub const fn is_transfer(self) -> bool {
        matches!(self, Self::Deposit | Self::Withdrawal)
    }

    /// The name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Funding => "funding",
            Self::BorrowFee => "borrow_fee",
            Self::Interest => "interest",
            Self::Dividend => "dividend",
            Self::CashInLieu => "cash_in_lieu",
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// Cash that moved without an execution, as the venue reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMovement {
    /// The venue's id; the key by which it counts once.
    pub id: MovementId,
    /// Why.
    pub kind: MovementKind,
    /// On what, when it is about an instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentId>,
    /// How much; negative was paid by the account.
    pub money: Money,
    /// The venue's time.
    pub at: Timestamp,
}

/// A change of every holding of an instrument, as the venue reports it: each share becomes
/// `numerator / denominator` shares at the same total cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// The venue's id; the key by which it counts once.
    pub id: MovementId,
    /// What is changed.
    pub instrument: InstrumentId,
    /// New shares …
    pub numerator: Decimal,
    /// … for so many old ones.
    pub denominator: Decimal,
    /// The venue's time.
    pub at: Timestamp,
}
