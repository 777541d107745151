//! Money with its currency, and cash in several currencies.
//!
//! Adding unlike currencies is an error, never a number. This module must not know exchange
//! rates: whoever converts passes the rate explicitly.

use std::{collections::BTreeMap, fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::num::{NumError, Price, Qty, add_exact, mul_exact};

/// Why an operation on money has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Two currencies met in one sum.
    #[error("cannot add {left} and {right}: convert one of them with an explicit rate first")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// Not 2 to 8 capital letters or digits.
    #[error("currency `{0}` must be 2 to 8 capital letters or digits, for example USD or USDT")]
    BadCurrency(String),
    /// The exact result doesn't fit.
    #[error(transparent)]
    Number(#[from] NumError),
}

/// A currency or crypto asset code, for example `USD` or `USDT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 8]);

impl Currency {
    /// Checks a code of 2 to 8 capital letters or digits.
    ///
    /// # Errors
    /// [`MoneyError::BadCurrency`] with the offending text.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        let bytes = code.as_bytes();
        let valid = (2..=8).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !valid {
            return Err(MoneyError::BadCurrency(code.chars().take(16).collect()));
        }
        let mut packed = [0; 8];
        packed[..bytes.len()].copy_from_slice(bytes);
        Ok(Self(packed))
    }

    /// US dollars.
    #[must_use]
    pub const fn usd() -> Self {
        Self(*b"USD\0\0\0\0\0")
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(8);
        std::str::from_utf8(&self.0[..len]).unwrap_or("")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Self, MoneyError> {
        Self::new(s)
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// An exact amount in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// An amount in a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount: amount.normalize(), currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// The amount.
    #[must_use]
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], or an overflow of 28 digits.
    pub fn plus(&self, other: &Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            let (left, right) = (self.currency, other.currency);
            return Err(MoneyError::CurrencyMismatch { left, right });
        }
        Ok(Self::new(add_exact("sum", self.amount, other.amount)?, self.currency))
    }

    /// The exact difference.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(&self, other: &Self) -> Result<Self, MoneyError> {
        self.plus(&other.negated())
    }

    /// The amount with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self::new(-self.amount, self.currency)
    }

    /// Converts at `rate` units of `to` per unit of this currency; rounds half to even at 12
    /// decimals, which is below every currency's smallest unit.
    #[must_use]
    pub fn convert(&self, rate: Decimal, to: Currency) -> Self {
        Self::new((self.amount * rate).round_dp(12), to)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The exact value of a quantity at a price: price × quantity × multiplier.
///
/// # Errors
/// [`NumError::Overflow`] when the exact product has more than 28 digits; nothing is rounded.
pub fn notional(
    price: Price,
    qty: Qty,
    multiplier: Decimal,
    currency: Currency,
) -> Result<Money, NumError> {
    let value = mul_exact("notional", price.get(), qty.get())?;
    Ok(Money::new(mul_exact("notional", value, multiplier)?, currency))
}

/// A fee: `rate` (0.001 is 0.1 %) of the notional, rounded up at 8 decimals, against the payer.
///
/// A negative rate is a rebate, rounded toward zero.
#[must_use]
pub fn fee(notional: &Money, rate: Decimal) -> Money {
    let exact = notional.amount() * rate;
    let rounded = exact.round_dp_with_strategy(8, RoundingStrategy::ToPositiveInfinity);
    Money::new(rounded, notional.currency())
}

/// Cash balances by currency. A currency that was never touched is zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cash(BTreeMap<Currency, Decimal>);

impl Cash {
    /// The balance in one currency.
    #[must_use]
    pub fn get(&self, currency: Currency) -> Money {
        Money::new(self.0.get(&currency).copied().unwrap_or_default(), currency)
    }

    /// Adds an amount, which may be negative.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact balance has more than 28 digits.
    pub fn add(&mut self, money: &Money) -> Result<(), NumError> {
        let balance = self.0.entry(money.currency()).or_default();
        *balance = add_exact("cash", *balance, money.amount())?;
        if balance.is_zero() {
            self.0.remove(&money.currency());
        }
        Ok(())
    }

    /// Every non-zero balance, in order of currency code.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        self.0.iter().map(|(currency, amount)| Money::new(*amount, *currency))
    }

    /// True when every balance is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(units: i64) -> Money {
        Money::new(Decimal::new(units, 2), Currency::usd())
    }

    #[test]
    fn unlike_currencies_do_not_add() {
        let eur = Money::new(Decimal::ONE, Currency::new("EUR").unwrap());
        let error = usd(100).plus(&eur).unwrap_err().to_string();
        assert!(error.starts_with("cannot add USD and EUR"), "{error}");
        assert!(Currency::new("usd").is_err());
    }

    #[test]
    fn fees_round_against_the_payer() {
        assert_eq!(fee(&usd(1), Decimal::new(1, 8)).amount(), Decimal::new(1, 8));
        assert_eq!(fee(&usd(10_000), Decimal::new(1, 3)).amount(), Decimal::new(1, 1));
    }

    proptest! {
        #[test]
        fn cash_is_the_exact_sum_of_what_was_added(parts in proptest::collection::vec(any::<i32>(), 0..50)) {
            let mut cash = Cash::default();
            for part in &parts {
                cash.add(&usd(i64::from(*part))).unwrap();
            }
            let total: i64 = parts.iter().map(|p| i64::from(*p)).sum();
            prop_assert_eq!(cash.get(Currency::usd()), usd(total));
        }
    }
}
