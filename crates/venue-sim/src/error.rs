//! Why the simulated venue can't do something that is not an order.
//!
//! Refusals of orders are the venue's business answers and travel as
//! [`path::broker::VenueRejection`]; this module must not know them.

use domain::{AccountId, InstrumentId, Money};
use thiserror::Error;

use crate::storage::SimStorageError;

/// A command that was not carried out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimError {
    /// A configured number is out of range.
    #[error("{field} is {value}: {rule}")]
    Config {
        /// The setting.
        field: &'static str,
        /// The value.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// No such account at this venue.
    #[error("the venue has no account `{0}`")]
    UnknownAccount(AccountId),
    /// The account exists already.
    #[error("the venue has an account `{0}` already")]
    AccountExists(AccountId),
    /// The rules of an instrument contradict themselves, or what was dealt in before.
    #[error("the rules of {instrument}: {why}")]
    Rules {
        /// The instrument.
        instrument: InstrumentId,
        /// What is wrong.
        why: String,
    },
    /// The venue doesn't trade it.
    #[error("the venue does not trade `{0}`")]
    UnknownInstrument(InstrumentId),
    /// An amount that must be positive is not.
    #[error("{0} is not a positive amount")]
    NotPositive(Money),
    /// More was asked for than is free.
    #[error("{asked} was asked for and {free} is free")]
    Funds {
        /// What was asked for.
        asked: Money,
        /// What is neither reserved by orders nor frozen by short positions.
        free: Money,
    },
    /// An exact amount doesn't fit.
    #[error("an exact amount does not fit: {0}")]
    Amount(String),
    /// The venue's storage failed; the command has not happened.
    #[error(transparent)]
    Storage(#[from] SimStorageError),
}

impl SimError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config { .. } => "sim_config",
            Self::UnknownAccount(_) => "sim_unknown_account",
            Self::AccountExists(_) => "sim_account_exists",
            Self::Rules { .. } => "sim_rules",
            Self::UnknownInstrument(_) => "sim_unknown_instrument",
            Self::NotPositive(_) => "sim_not_positive",
            Self::Funds { .. } => "sim_funds",
            Self::Amount(_) => "sim_amount",
            Self::Storage(error) => error.code(),
        }
    }
}
