//! Exact numbers: prices, quantities and percentages.
//!
//! Fields are private and there is no way in from a float, so a rounding error cannot enter the
//! ledger. Every operation that rounds says in which direction. This module must not know
//! currencies (see [`crate::money`]) or what an order is.

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

pub use crate::exact::{add_exact, mul_exact, within_magnitude};

/// No price, quantity or percentage may exceed this magnitude.
pub const MAGNITUDE_MAX: i64 = 1_000_000_000_000_000;
/// No more than this many digits may follow the decimal point.
pub const SCALE_MAX: u32 = 12;

/// Why a number can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumError {
    /// Not a plain decimal number.
    #[error("{field} `{value}` is not a plain decimal number such as 12.50")]
    Syntax {
        /// What the number was for.
        field: &'static str,
        /// The offending text, cut to 40 characters.
        value: String,
    },
    /// Outside the range of the type.
    #[error("{field} {value} is out of range: {rule}")]
    Range {
        /// What the number was for.
        field: &'static str,
        /// The offending value.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// An exact result doesn't fit into 28 digits.
    #[error("{field}: the exact result has more than 28 digits; use fewer decimals")]
    Overflow {
        /// What was being computed.
        field: &'static str,
    },
}

fn parse(field: &'static str, text: &str) -> Result<Decimal, NumError> {
    let plain = !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    let syntax = || NumError::Syntax { field, value: text.chars().take(40).collect() };
    if !plain {
        return Err(syntax());
    }
    let value = Decimal::from_str_exact(text).map_err(|_| syntax())?;
    check(field, value)
}

fn check(field: &'static str, value: Decimal) -> Result<Decimal, NumError> {
    let value = value.normalize();
    if !within_magnitude(value) {
        let rule = "at most 1000000000000000";
        return Err(NumError::Range { field, value: value.to_string(), rule });
    }
    if value.scale() > SCALE_MAX {
        let rule = "at most 12 digits after the point";
        return Err(NumError::Range { field, value: value.to_string(), rule });
    }
    Ok(value)
}

macro_rules! decimal_newtype {
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Takes a decimal if it is in the type's range.
            ///
            /// # Errors
            /// [`NumError::Range`] names the rule that the value breaks.
            pub fn new(value: Decimal) -> Result<Self, NumError> {
                let value = check($field, value)?;
                let valid: fn(Decimal) -> bool = $valid;
                if valid(value) {
                    return Ok(Self(value));
                }
                Err(NumError::Range { field: $field, value: value.to_string(), rule: $rule })
            }

            /// The value as a decimal, for named operations outside this module.
            #[must_use]
            pub fn get(self) -> Decimal {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = NumError;
            fn from_str(s: &str) -> Result<Self, NumError> {
                Self::new(parse($field, s)?)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

decimal_newtype!(
    /// A price in the instrument's quote currency: greater than zero.
    Price, "price", "a price is greater than 0", |v| v > Decimal::ZERO
);
decimal_newtype!(
    /// An unsigned quantity in units of the instrument: zero or more.
    Qty, "quantity", "a quantity is 0 or more", |v| v >= Decimal::ZERO
);
decimal_newtype!(
    /// A quantity with a direction: positive is long, negative is short.
    SignedQty, "signed quantity", "any", |_| true
);
decimal_newtype!(
    /// A percentage, 1 meaning one per cent: zero or more.
    Percent, "percent", "a percentage is 0 or more", |v| v >= Decimal::ZERO
);
decimal_newtype!(
    /// How many times an amount, as leverage is of equity: greater than zero.
    Multiple, "multiple", "a multiple is greater than 0", |v| v > Decimal::ZERO
);

/// Where a value that lies between two steps goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the next multiple toward minus infinity.
    Down,
    /// To the next multiple toward plus infinity.
    Up,
}

/// The digits of two decimals at the finer one's scale, when both are small enough.
fn aligned(a: Decimal, b: Decimal) -> Option<(i64, i64, u32)> {
    let scale = a.scale().max(b.scale());
    let widen = |d: Decimal| {
        let digits = i64::try_from(d.mantissa()).ok()?;
        digits.checked_mul(10_i64.checked_pow(scale - d.scale())?)
    };
    Some((widen(a)?, widen(b)?, scale))
}

/// Rounds `value` to a multiple of `step` in the direction given.
fn to_multiple(value: Decimal, step: Decimal, rounding: Rounding) -> Decimal {
    if let Some((digits, step, scale)) = aligned(value, step)
        && step > 0
    {
        let down = digits - digits.rem_euclid(step);
        let rounded = match rounding {
            Rounding::Down => Some(down),
            Rounding::Up if down == digits => Some(digits),
            Rounding::Up => down.checked_add(step),
        };
        if let Some(rounded) = rounded {
            return Decimal::new(rounded, scale).normalize();
        }
    }
    let ratio = value / step;
    let whole = match rounding {
        Rounding::Down => ratio.round_dp_with_strategy(0, RoundingStrategy::ToNegativeInfinity),
        Rounding::Up => ratio.round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity),
    };
    (whole * step).normalize()
}

impl Price {
    /// Rounds to a multiple of the tick, or `None` when nothing positive is left.
    #[must_use]
    pub fn to_tick(self, tick: Self, rounding: Rounding) -> Option<Self> {
        Self::new(to_multiple(self.0, tick.0, rounding)).ok()
    }

    /// True when the price is a multiple of the tick.
    #[must_use]
    pub fn is_on_tick(self, tick: Self) -> bool {
        (self.0 % tick.0).is_zero()
    }

    /// The absolute difference to another price.
    #[must_use]
    pub fn distance(self, other: Self) -> Decimal {
        (self.0 - other.0).abs()
    }

    /// The price moved by a signed number of percent, unrounded; `None` when it is not positive.
    #[must_use]
    pub fn moved_percent(self, percent: Decimal) -> Option<Self> {
        let by = self.0.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)?;
        Self::new(self.0.checked_add(by)?.round_dp(SCALE_MAX)).ok()
    }

    /// The price moved by a signed amount; `None` when it is not positive.
    #[must_use]
    pub fn moved(self, amount: Decimal) -> Option<Self> {
        Self::new(self.0.checked_add(amount)?.round_dp(SCALE_MAX)).ok()
    }
}

impl Default for Qty {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Qty {
    /// No quantity.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// True for zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Rounds toward zero to a multiple of the step: never more than was asked for.
    #[must_use]
    pub fn to_step(self, step: Self) -> Self {
        if step.is_zero() {
            return self;
        }
        Self(to_multiple(self.0, step.0, Rounding::Down))
    }

    /// True when the quantity is a multiple of the step.
    #[must_use]
    pub fn is_on_step(self, step: Self) -> bool {
        step.is_zero() || (self.0 % step.0).is_zero()
    }

    /// The sum. Saturates at the type's bound.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Decimal::from(MAGNITUDE_MAX)).normalize())
    }

    /// The difference, or zero when `other` is larger.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO).normalize())
    }

    /// The smaller of two quantities.
    #[must_use]
    pub fn min_of(self, other: Self) -> Self {
        if self <= other { self } else { other }
    }

    /// This share of the quantity, unrounded. 100 percent is the quantity itself.
    #[must_use]
    pub fn percent(self, percent: Percent) -> Self {
        let share = self.0 * percent.0 / Decimal::ONE_HUNDRED;
        Self(share.round_dp_with_strategy(SCALE_MAX, RoundingStrategy::ToZero).normalize())
    }

    /// The quantity with a direction.
    #[must_use]
    pub fn signed(self, positive: bool) -> SignedQty {
        SignedQty(if positive { self.0 } else { -self.0 })
    }
}

impl SignedQty {
    /// Flat.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// True for zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// True for a long quantity.
    #[must_use]
    pub fn is_long(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// True for a short quantity.
    #[must_use]
    pub fn is_short(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(self) -> Qty {
        Qty(self.0.abs())
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).normalize())
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self((self.0 - other.0).normalize())
    }
}

impl Percent {
    /// So many basis points: 100 are one per cent.
    #[must_use]
    pub fn basis_points(points: u32) -> Self {
        Self(Decimal::new(i64::from(points), 2).normalize())
    }

    /// This percentage of an amount, unrounded.
    #[must_use]
    pub fn of(self, amount: Decimal) -> Decimal {
        let mut share = amount * self.0;
        if share.set_scale(share.scale() + 2).is_err() {
            share /= Decimal::ONE_HUNDRED;
        }
        share
    }
}

impl Multiple {
    /// So many times an amount. What is too large to count is the largest decimal.
    #[must_use]
    pub fn of(self, amount: Decimal) -> Decimal {
        amount.checked_mul(self.0).unwrap_or(Decimal::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        for text in ["NaN", "1e5", "", " 1", "+1", "0x10", "1,5", "1_000", "--1", "1.2.3"] {
            assert!(text.parse::<Qty>().is_err(), "{text:?} must not parse");
        }
        let error = "-1".parse::<Qty>().unwrap_err().to_string();
        assert_eq!(error, "quantity -1 is out of range: a quantity is 0 or more");
        assert!("0".parse::<Price>().is_err());
        assert!("1000000000000001".parse::<Qty>().is_err());
        assert!("0.0000000000001".parse::<Qty>().is_err());
    }

    #[test]
    fn a_multiple_is_positive_and_never_overflows() {
        let twice: Multiple = "2.5".parse().unwrap();
        assert_eq!(twice.of(Decimal::from(40)), Decimal::from(100));
        assert!("0".parse::<Multiple>().is_err() && "-1".parse::<Multiple>().is_err());
        let most = Multiple::new(Decimal::from(MAGNITUDE_MAX)).unwrap();
        assert_eq!(most.of(Decimal::from(MAGNITUDE_MAX)), Decimal::MAX);
    }

    #[test]
    fn trailing_zeros_do_not_make_another_number() {
        let a: Price = "12.50".parse().unwrap();
        let b: Price = "12.5".parse().unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "12.5");
    }

    proptest! {
        #[test]
        fn rounding_a_quantity_never_adds(units in 0_i64..1_000_000_000, step in 1_i64..100_000) {
            let qty = Qty::new(Decimal::new(units, 4)).unwrap();
            let step = Qty::new(Decimal::new(step, 4)).unwrap();
            let rounded = qty.to_step(step);
            prop_assert!(rounded <= qty);
            prop_assert!(rounded.is_on_step(step));
            prop_assert!(qty.get() - rounded.get() < step.get());
        }

        #[test]
        fn exact_products_agree_with_integers(a in -1_000_000_000_i64..1_000_000_000,
                                              b in -1_000_000_000_i64..1_000_000_000) {
            let product = mul_exact("p", Decimal::new(a, 4), Decimal::new(b, 5)).unwrap();
            let expected = Decimal::from_i128_with_scale(i128::from(a) * i128::from(b), 9);
            prop_assert_eq!(product, expected);
        }

        #[test]
        fn exact_sums_agree_with_integers(a in any::<i32>(), b in any::<i32>()) {
            let sum = add_exact("s", Decimal::new(a.into(), 2), Decimal::new(b.into(), 4)).unwrap();
            let expected = Decimal::new(i64::from(a) * 100 + i64::from(b), 4);
            prop_assert_eq!(sum, expected);
        }
    }

    #[test]
    fn an_inexact_product_is_an_error_not_a_rounding() {
        let wide = Decimal::from_str_exact("123456789012345.123456789012").unwrap();
        assert!(matches!(mul_exact("notional", wide, wide), Err(NumError::Overflow { .. })));
    }
}
