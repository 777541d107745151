//! What can be traded and the venue's rules for it.
//!
//! This module must not know prices or positions.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    contract::{Contract, ContractError},
    ids::InstrumentId,
    money::{Currency, Money, notional},
    num::{NumError, Price, Qty},
};

/// What kind of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetClass {
    /// A share or fund.
    Equity,
    /// A crypto asset against another asset, delivered at once.
    CryptoSpot,
    /// A contract on a price, without an end; holders pay each other funding.
    Perpetual,
    /// A contract on a price that is settled in cash at its expiry.
    Future,
    /// Made by a seeded generator; labelled so wherever it is shown.
    Synthetic,
}

impl AssetClass {
    /// True for a contract on a price: nothing is bought, margin is set aside, and only profit and
    /// loss move cash.
    #[must_use]
    pub const fn is_contract(self) -> bool {
        matches!(self, Self::Perpetual | Self::Future)
    }
}

/// When the instrument's market is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CalendarKind {
    /// Round the clock, the day begins at 00:00 UTC.
    #[serde(rename = "24/7")]
    AlwaysOpen,
    /// US equities, regular session in New York.
    #[serde(rename = "us_equities")]
    UsEquities,
}

/// How the tick is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TickSource {
    /// The venue specifies it.
    Specified,
    /// The desk inferred it from the decimals of imported prices, and says so.
    Inferred,
}

/// One instrument and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Venue and symbol.
    pub id: InstrumentId,
    /// What kind of thing it is.
    pub asset_class: AssetClass,
    /// The asset that is bought.
    pub base: Currency,
    /// The currency of prices, costs and proceeds.
    pub quote: Currency,
    /// The currency in which the venue charges fees.
    pub fee_currency: Currency,
    /// Prices are multiples of this.
    pub tick: Price,
    /// How the tick is known.
    pub tick_source: TickSource,
    /// Quantities are multiples of this.
    pub step: Qty,
    /// Smallest order.
    pub min_qty: Qty,
    /// Largest order, when the venue has one.
    pub max_qty: Option<Qty>,
    /// Smallest value of an order in the quote currency, zero when the venue has none.
    pub min_notional: Decimal,
    /// Units of the base per unit of quantity; 1 for spot.
    pub multiplier: Decimal,
    /// When the market is open.
    pub calendar: CalendarKind,
    /// True when the venue lends it for short sales.
    pub shortable: bool,
    /// False when the venue has suspended it.
    pub tradable: bool,
    /// The terms of a contract; absent for what is delivered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
}

/// Why rules contradict themselves.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstrumentError {
    /// A contract without terms, or terms without a contract.
    #[error("a contract has terms of margin, and only a contract has")]
    Terms,
    /// The terms of the contract are wrong.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// Quantities have no step.
    #[error("the step must be above 0")]
    Step,
    /// One unit is worth nothing or less.
    #[error("a multiplier of {0} is not above 0")]
    Multiplier(Decimal),
}

impl Instrument {
    /// Checks that the rules fit together. The tick is above zero by its type.
    ///
    /// # Errors
    /// [`InstrumentError`] names what does not.
    pub fn validate(&self) -> Result<(), InstrumentError> {
        if self.contract.is_some() != self.asset_class.is_contract() {
            return Err(InstrumentError::Terms);
        }
        if self.step.is_zero() {
            return Err(InstrumentError::Step);
        }
        if self.multiplier <= Decimal::ZERO {
            return Err(InstrumentError::Multiplier(self.multiplier));
        }
        Ok(self.contract.as_ref().map_or(Ok(()), Contract::validate)?)
    }

    /// True when a fee in this currency is taken from the holdings: a spot pair charged in its
    /// base asset.
    #[must_use]
    pub fn is_fee_in_base(&self, fee: Currency) -> bool {
        !self.asset_class.is_contract() && fee == self.base && fee != self.quote
    }

    /// The exact value of a quantity at a price, in the quote currency.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact product has more than 28 digits.
    pub fn notional(&self, price: Price, qty: Qty) -> Result<Money, NumError> {
        notional(price, qty, self.multiplier, self.quote)
    }
}
