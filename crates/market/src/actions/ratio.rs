//! Exact ratios of shares.
//!
//! One for three has no decimal, so a ratio is two whole numbers and only its application rounds.
//! This module must not know dates or instruments.

use domain::{NumError, Price, Qty, SignedQty, num::SCALE_MAX, num::mul_exact};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::ActionError;

/// Neither side of a split's ratio is larger.
const SHARES_MAX: u64 = 1_000_000;

/// So many new shares for so many old ones, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Ratio {
    new: u64,
    old: u64,
}

impl Ratio {
    /// No split: one for one.
    pub(crate) const ONE: Self = Self { new: 1, old: 1 };

    /// The ratio of a split of `new` shares for every `old` ones.
    ///
    /// # Errors
    /// [`ActionError::Ratio`] when a side is 0 or, in lowest terms, above a million, or when both
    /// are equal.
    pub fn new(new: u64, old: u64) -> Result<Self, ActionError> {
        let error = || ActionError::Ratio { new: new.to_string(), old: old.to_string() };
        if new == 0 || old == 0 || new == old {
            return Err(error());
        }
        let ratio = Self::reduced(new, old);
        if ratio.new > SHARES_MAX || ratio.old > SHARES_MAX {
            return Err(error());
        }
        Ok(ratio)
    }

    /// The ratio of a split of so many new shares per old one: 2, 1.5, 0.125.
    ///
    /// # Errors
    /// [`ActionError::Ratio`] as for [`Ratio::new`].
    pub fn from_decimal(ratio: Decimal) -> Result<Self, ActionError> {
        let plain = ratio.normalize();
        let new = u64::try_from(plain.mantissa()).ok();
        new.zip(10_u64.checked_pow(plain.scale()))
            .and_then(|(new, old)| Self::new(new, old).ok())
            .ok_or_else(|| ActionError::Ratio { new: ratio.to_string(), old: "1".to_owned() })
    }

    /// Shares after the split, in lowest terms.
    #[must_use]
    pub const fn new_shares(self) -> u64 {
        self.new
    }

    /// Shares before the split, in lowest terms.
    #[must_use]
    pub const fn old_shares(self) -> u64 {
        self.old
    }

    /// A price from before the split on the scale after it: divided by the ratio. It is exact up
    /// to 12 decimals; what lies beyond is rounded half to even.
    ///
    /// # Errors
    /// [`NumError`] when the result is not a positive price within bounds.
    pub fn price(self, price: Price) -> Result<Price, NumError> {
        let rounding = RoundingStrategy::MidpointNearestEven;
        Price::new(scale("price", price.get(), self.old, self.new, rounding)?)
    }

    /// A quantity from before the split as shares after it: multiplied by the ratio. It is exact
    /// up to 12 decimals; what lies beyond is rounded toward zero. Whether a fraction of a share
    /// is kept or paid out is the venue's rule, not this one's.
    ///
    /// # Errors
    /// [`NumError`] when the result is out of bounds.
    pub fn qty(self, qty: Qty) -> Result<Qty, NumError> {
        Qty::new(scale("quantity", qty.get(), self.new, self.old, RoundingStrategy::ToZero)?)
    }

    /// The same for a quantity with a direction, rounded toward zero.
    ///
    /// # Errors
    /// [`NumError`] when the result is out of bounds.
    pub fn signed_qty(self, qty: SignedQty) -> Result<SignedQty, NumError> {
        let shares = scale("quantity", qty.get(), self.new, self.old, RoundingStrategy::ToZero)?;
        SignedQty::new(shares)
    }

    /// Both splits one after the other; a ratio of many splits may be 1 again.
    pub(crate) fn then(self, other: Self) -> Result<Self, NumError> {
        // Reducing crosswise first keeps the factors small.
        let (a, b) = (Self::reduced(self.new, other.old), Self::reduced(other.new, self.old));
        let overflow = || NumError::Overflow { field: "split ratio" };
        let new = a.new.checked_mul(b.new).ok_or_else(overflow)?;
        let old = a.old.checked_mul(b.old).ok_or_else(overflow)?;
        Ok(Self { new, old })
    }

    const fn reduced(new: u64, old: u64) -> Self {
        let (mut a, mut b) = (new, old);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // Neither side is 0 here, so the divisor is at least 1.
        Self { new: new / a, old: old / a }
    }
}

/// `value * times / by`, at most 12 decimals.
fn scale(
    field: &'static str,
    value: Decimal,
    times: u64,
    by: u64,
    rounding: RoundingStrategy,
) -> Result<Decimal, NumError> {
    let product = mul_exact(field, value, Decimal::from(times))?;
    let quotient = product.checked_div(Decimal::from(by)).ok_or(NumError::Overflow { field })?;
    Ok(quotient.round_dp_with_strategy(SCALE_MAX, rounding))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Result<(u64, u64), &'static str> {
        Ratio::from_decimal(Decimal::from_str_exact(text).unwrap())
            .map(|ratio| (ratio.new_shares(), ratio.old_shares()))
            .map_err(|error| error.code())
    }

    #[test]
    fn decimals_become_whole_shares() {
        assert_eq!(decimal("2.0"), Ok((2, 1)));
        assert_eq!(decimal("1.5"), Ok((3, 2)));
        assert_eq!(decimal("0.125"), Ok((1, 8)));
        for text in
            ["0", "1", "1.00", "-2", "1000001", "0.0000001", "79228162514264337593543950335"]
        {
            assert_eq!(decimal(text), Err("split_ratio"), "{text}");
        }
        assert_eq!(Ratio::new(10, 30).unwrap(), Ratio::new(1, 3).unwrap());
        assert!(Ratio::new(0, 1).is_err() && Ratio::new(u64::MAX, 1).is_err());
    }

    #[test]
    fn rounding_is_as_stated() {
        let third = Ratio::new(3, 1).unwrap();
        assert_eq!(third.price("100".parse().unwrap()).unwrap().to_string(), "33.333333333333");
        let reverse = Ratio::new(1, 3).unwrap();
        assert_eq!(reverse.price("33.34".parse().unwrap()).unwrap().to_string(), "100.02");
        assert_eq!(reverse.qty("2".parse().unwrap()).unwrap().to_string(), "0.666666666666");
        let short: SignedQty = "-2".parse().unwrap();
        assert_eq!(reverse.signed_qty(short).unwrap().to_string(), "-0.666666666666");
        let tiny: Price = "0.000000000001".parse().unwrap();
        assert!(third.price(tiny).is_err(), "nothing positive is left");
    }

    #[test]
    fn ratios_compose_and_cancel() {
        let double = Ratio::new(2, 1).unwrap();
        assert_eq!(double.then(Ratio::new(1, 2).unwrap()).unwrap(), Ratio::ONE);
        assert_eq!(double.then(Ratio::new(3, 2).unwrap()).unwrap(), Ratio { new: 3, old: 1 });
        let huge = Ratio { new: u64::MAX, old: 1 };
        assert!(huge.then(double).is_err());
    }
}
