//! The terms of futures: margin by steps of value, leverage, expiry.
//!
//! Contracts here are linear: profit, loss, margin and funding are in the quote currency. This
//! module must not know accounts, prices of now or venues.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    num::{NumError, add_exact, mul_exact},
    time::Timestamp,
};

/// The most steps that a margin table may have.
pub const TIERS_MAX: usize = 64;

/// One step of a venue's margin table. Its rates hold for the part of a position's value that lies
/// within the step, as tax brackets do; tables with a deduction per step say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginTier {
    /// The value up to which the step reaches, in the quote currency; `None` for the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Decimal>,
    /// Share of the value that must be set aside to open: 0.05 is 5 %.
    pub initial_rate: Decimal,
    /// Share of the value below which the venue liquidates.
    pub maintenance_rate: Decimal,
}

/// The terms of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// When a dated future is settled; `None` for a perpetual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The largest leverage that the venue gives; at least 1.
    pub max_leverage: Decimal,
    /// The margin table, steps in rising order; the last one has no end.
    pub tiers: Vec<MarginTier>,
}

/// Why terms are not those of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContractError {
    /// No step, too many, out of order, or a bounded last one.
    #[error("a margin table has 1 to {TIERS_MAX} steps in rising order, the last one without end")]
    Tiers,
    /// A rate is not within its bounds.
    #[error(
        "step {step} of the margin table: maintenance {maintenance} must be above 0, at most the \
         initial rate {initial}, and that at most 1"
    )]
    Rate {
        /// The step, from 1.
        step: usize,
        /// Its initial rate.
        initial: Decimal,
        /// Its maintenance rate.
        maintenance: Decimal,
    },
    /// A leverage below 1.
    #[error("a leverage of {0} is not at least 1")]
    Leverage(Decimal),
}

impl Contract {
    /// Checks table and leverage.
    ///
    /// # Errors
    /// [`ContractError`] names what is wrong.
    pub fn validate(&self) -> Result<(), ContractError> {
        if self.max_leverage < Decimal::ONE {
            return Err(ContractError::Leverage(self.max_leverage));
        }
        if self.tiers.is_empty() || self.tiers.len() > TIERS_MAX {
            return Err(ContractError::Tiers);
        }
        let mut below = Decimal::ZERO;
        for (index, tier) in self.tiers.iter().enumerate() {
            let last = index + 1 == self.tiers.len();
            if last != tier.up_to.is_none() || tier.up_to.is_some_and(|end| end <= below) {
                return Err(ContractError::Tiers);
            }
            below = tier.up_to.unwrap_or(below);
            let (initial, maintenance) = (tier.initial_rate, tier.maintenance_rate);
            if maintenance <= Decimal::ZERO || maintenance > initial || initial > Decimal::ONE {
                return Err(ContractError::Rate { step: index + 1, initial, maintenance });
            }
        }
        Ok(())
    }

    /// What must be set aside to open a position of this value at this leverage: the table's
    /// amount, or the value over the leverage, whichever is more. Both in the quote currency.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact amount has more than 28 digits.
    pub fn initial_margin(&self, value: Decimal, leverage: Decimal) -> Result<Decimal, NumError> {
        let by_table = self.by_steps(value, |tier| tier.initial_rate)?;
        let leverage = leverage.clamp(Decimal::ONE, self.max_leverage);
        let overflow = NumError::Overflow { field: "margin" };
        let by_leverage = value.abs().checked_div(leverage).ok_or(overflow)?;
        Ok(by_table.max(by_leverage).normalize())
    }

    /// What must stay set aside for a position of this value, in the quote currency.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact amount has more than 28 digits.
    pub fn maintenance_margin(&self, value: Decimal) -> Result<Decimal, NumError> {
        self.by_steps(value, |tier| tier.maintenance_rate)
    }

    fn by_steps(
        &self,
        value: Decimal,
        rate: impl Fn(&MarginTier) -> Decimal,
    ) -> Result<Decimal, NumError> {
        let value = value.abs();
        let (mut margin, mut below) = (Decimal::ZERO, Decimal::ZERO);
        for tier in &self.tiers {
            let end = tier.up_to.unwrap_or(value).min(value);
            if end > below {
                let part = mul_exact("margin", end - below, rate(tier))?;
                margin = add_exact("margin", margin, part)?;
                below = end;
            }
        }
        Ok(margin.normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn tier(up_to: Option<&str>, initial: &str, maintenance: &str) -> MarginTier {
        MarginTier {
            up_to: up_to.map(d),
            initial_rate: d(initial),
            maintenance_rate: d(maintenance),
        }
    }

    fn terms() -> Contract {
        let tiers = vec![
            tier(Some("50000"), "0.008", "0.004"),
            tier(Some("250000"), "0.01", "0.005"),
            tier(None, "0.02", "0.01"),
        ];
        Contract { expires: None, max_leverage: d("125"), tiers }
    }

    #[test]
    fn margin_adds_up_step_by_step() {
        let terms = terms();
        assert_eq!(terms.maintenance_margin(d("10000")), Ok(d("40")));
        // 50 000 × 0.4 % + 50 000 × 0.5 % = 200 + 250
        assert_eq!(terms.maintenance_margin(d("100000")), Ok(d("450")));
        // 200 + 200 000 × 0.5 % + 50 000 × 1 % = 200 + 1000 + 500
        assert_eq!(terms.maintenance_margin(d("-300000")), Ok(d("1700")));
    }

    #[test]
    fn the_larger_of_table_and_leverage_is_set_aside() {
        let terms = terms();
        assert_eq!(terms.initial_margin(d("10000"), d("10")), Ok(d("1000")));
        assert_eq!(terms.initial_margin(d("10000"), d("125")), Ok(d("80")));
        assert_eq!(terms.initial_margin(d("10000"), d("1000")), Ok(d("80")), "capped at 125");
        assert_eq!(terms.initial_margin(d("10000"), d("0.5")), Ok(d("10000")), "at least 1");
    }

    #[test]
    fn broken_tables_are_named() {
        let with = |tiers| Contract { tiers, ..terms() }.validate();
        assert_eq!(terms().validate(), Ok(()));
        assert_eq!(with(vec![]), Err(ContractError::Tiers));
        assert_eq!(with(vec![tier(Some("1"), "0.1", "0.05")]), Err(ContractError::Tiers));
        let unordered = vec![tier(Some("5"), "0.1", "0.05"), tier(Some("5"), "0.1", "0.05")];
        assert_eq!(with(unordered), Err(ContractError::Tiers));
        let upside_down = with(vec![tier(None, "0.05", "0.1")]);
        assert!(matches!(upside_down, Err(ContractError::Rate { step: 1, .. })));
        let low = Contract { max_leverage: d("0.9"), ..terms() };
        assert_eq!(low.validate(), Err(ContractError::Leverage(d("0.9"))));
    }
}
