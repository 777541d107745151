//! Exact arithmetic on decimals: a result that would need rounding is an error.
//!
//! This module must not know what a number stands for.

use rust_decimal::Decimal;

use crate::num::{MAGNITUDE_MAX, NumError};

/// True for a value of at most [`MAGNITUDE_MAX`].
#[must_use]
pub fn within_magnitude(value: Decimal) -> bool {
    // Digits after the point only make it smaller.
    value.mantissa().unsigned_abs() <= u128::from(MAGNITUDE_MAX.unsigned_abs())
        || value.abs() <= Decimal::from(MAGNITUDE_MAX)
}

/// A decimal from its digits, without trailing zeros.
fn trimmed(field: &'static str, mut mantissa: i128, mut scale: u32) -> Result<Decimal, NumError> {
    if let Ok(mut small) = i64::try_from(mantissa) {
        while scale > 0 && small % 10 == 0 {
            small /= 10;
            scale -= 1;
        }
        mantissa = i128::from(small);
    }
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| NumError::Overflow { field })
}

/// Multiplies without ever rounding.
///
/// # Errors
/// [`NumError::Overflow`] when the exact product has more than 28 digits.
pub fn mul_exact(field: &'static str, a: Decimal, b: Decimal) -> Result<Decimal, NumError> {
    let multiply = |a: Decimal, b: Decimal| {
        let mantissa = a.mantissa().checked_mul(b.mantissa());
        trimmed(field, mantissa.ok_or(NumError::Overflow { field })?, a.scale() + b.scale())
    };
    multiply(a, b).or_else(|_| multiply(a.normalize(), b.normalize()))
}

/// Adds without ever rounding.
///
/// # Errors
/// [`NumError::Overflow`] when the exact sum has more than 28 digits.
pub fn add_exact(field: &'static str, a: Decimal, b: Decimal) -> Result<Decimal, NumError> {
    let overflow = || NumError::Overflow { field };
    let scale = a.scale().max(b.scale());
    let widen = |d: Decimal| {
        10_i128.checked_pow(scale - d.scale()).and_then(|f| d.mantissa().checked_mul(f))
    };
    let sum = widen(a).zip(widen(b)).and_then(|(x, y)| x.checked_add(y)).ok_or_else(overflow)?;
    trimmed(field, sum, scale)
}
