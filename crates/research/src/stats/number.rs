//! Exact money into floating point, and the sums that statistics are made of.
//!
//! Every sum runs over a slice from its first to its last value, so a result is the same to the
//! bit wherever it is computed. Only the four operations and the square root are used here; they
//! are exactly rounded on every machine. This module must not know what is averaged.

use rust_decimal::Decimal;

use super::note::Note;

/// Decimals of an amount of money that comes from a division.
pub(crate) const MONEY_DECIMALS: u32 = 8;
/// A spread of at most this share of the largest value is rounding, not spread.
const ROUNDING: f64 = 1e-12;
/// Integers up to here are exact in floating point.
const EXACT_INTEGER: u128 = 1 << 53;
/// The powers of ten that are exact in floating point.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The float next to an exact number.
///
/// Two exact floats divide into the nearest one (Clinger 1990); what doesn't fit is read from its
/// digits, which also gives the nearest.
pub(crate) fn approximate(exact: Decimal) -> f64 {
    let mantissa = exact.mantissa();
    let power = usize::try_from(exact.scale()).ok().and_then(|scale| POWERS.get(scale));
    match power {
        Some(power) if mantissa.unsigned_abs() <= EXACT_INTEGER => mantissa as f64 / power,
        _ => exact.to_string().parse().unwrap_or(f64::NAN),
    }
}

/// `part` over `whole`; undefined with `reason` when `whole` is zero.
pub(crate) fn share(part: Decimal, whole: Decimal, reason: Note) -> Result<f64, Note> {
    if whole.is_zero() {
        return Err(reason);
    }
    Ok(approximate(part) / approximate(whole))
}

/// Money divided by a count, rounded half to even.
pub(crate) fn money_each(sum: Decimal, count: usize, reason: Note) -> Result<Decimal, Note> {
    let count = Decimal::from(count);
    let each = sum.checked_div(count).ok_or(reason)?;
    Ok(each.round_dp(MONEY_DECIMALS).normalize())
}

/// A count as a float; exact up to 2^53.
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

/// A count for a report; saturates.
pub(crate) fn counted(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The sum from the first to the last value.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

/// The arithmetic mean; zero of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { sum(values.iter().copied()) / count(values.len()) }
}

/// The sample standard deviation (over n − 1). Undefined for fewer than two values, with
/// `too_few`, and when all are the same but for rounding.
pub(crate) fn deviation(values: &[f64], too_few: Note) -> Result<f64, Note> {
    if values.len() < 2 {
        return Err(too_few);
    }
    let mean = mean(values);
    let squares = sum(values.iter().map(|v| (v - mean) * (v - mean)));
    let deviation = (squares / count(values.len() - 1)).sqrt();
    if deviation <= ROUNDING * largest(values) { Err(Note::NoVariance) } else { Ok(deviation) }
}

/// True when `spread` is nothing but rounding beside values of this size.
pub(crate) fn is_rounding(spread: f64, size: f64) -> bool {
    spread <= ROUNDING * size
}

/// The largest absolute value.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |max, value| value.abs().max(max))
}

/// Skewness and kurtosis from the central moments over n: m₃ / m₂^1.5 and m₄ / m₂² (3 for a normal
/// distribution).
pub(crate) fn shape(values: &[f64]) -> Result<(f64, f64), Note> {
    deviation(values, Note::TooFewReturns)?;
    let (mean, n) = (mean(values), count(values.len()));
    let m2 = sum(values.iter().map(|v| (v - mean) * (v - mean))) / n;
    let m3 = sum(values.iter().map(|v| (v - mean) * (v - mean) * (v - mean))) / n;
    let m4 = sum(values.iter().map(|v| (v - mean) * (v - mean) * (v - mean) * (v - mean))) / n;
    Ok((m3 / (m2 * m2.sqrt()), m4 / (m2 * m2)))
}

/// The middle value, or the mean of the two in the middle; `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(half.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2.0)
}

/// The smallest value that so many thousandths of all don't exceed (nearest rank); `None` of
/// nothing. The values are in order.
pub(crate) fn rank<T: Copy>(ordered: &[T], permille: u32) -> Option<T> {
    let wanted = ordered.len() as u128 * u128::from(permille);
    let index = usize::try_from(wanted.div_ceil(1_000)).ok()?.saturating_sub(1);
    ordered.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_number_becomes_the_nearest_float() {
        for text in [
            "0",
            "0.1",
            "-0.3",
            "100000.01",
            "9007199254740993",
            "123456789012345.678901234",
            "0.0000000000000000000000000001",
            "79228162514264337593543950335",
        ] {
            let exact: Decimal = text.parse().unwrap();
            assert_eq!(approximate(exact), text.parse::<f64>().unwrap(), "{text}");
        }
    }

    #[test]
    fn spread_is_over_n_minus_one_and_rounding_is_none() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32, 32 / 7.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(deviation(&values, Note::NoTrades), Ok((32.0_f64 / 7.0).sqrt()));
        assert_eq!(deviation(&[0.1 + 0.2, 0.3], Note::NoTrades), Err(Note::NoVariance));
        assert_eq!(deviation(&[0.0; 3], Note::NoTrades), Err(Note::NoVariance));
        assert_eq!(deviation(&[1.0], Note::NoTrades), Err(Note::NoTrades));
    }

    #[test]
    fn shape_has_the_moments_of_the_whole() {
        // 0, 0, 0, 4: mean 1, deviations −1 −1 −1 3; m2 = 12/4 = 3, m3 = 24/4 = 6, m4 = 84/4 = 21.
        let (skew, kurtosis) = shape(&[0.0, 0.0, 0.0, 4.0]).unwrap();
        assert!((skew - 6.0 / 27.0_f64.sqrt()).abs() < 1e-15);
        assert!((kurtosis - 21.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn medians_and_ranks() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
        let ten: Vec<u8> = (1..=10).collect();
        let ranks = [0, 1, 100, 101, 500, 950, 1_000].map(|p| rank(&ten, p));
        assert_eq!(ranks, [1, 1, 1, 2, 5, 10, 10].map(Some));
        assert_eq!(rank::<u8>(&[], 500), None);
    }

    #[test]
    fn money_of_a_division_has_eight_decimals() {
        let each = money_each(Decimal::ONE, 3, Note::NoTrades).unwrap();
        assert_eq!(each.to_string(), "0.33333333");
        assert_eq!(money_each(Decimal::ONE, 0, Note::NoTrades), Err(Note::NoTrades));
    }
}
