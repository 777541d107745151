//! Parts that several functions are made of. Equal parts become one node of the plan.

use crate::{
    graph::Full,
    prim::{Binary, Column, End, Prim, Unary, Weigh},
    scope::Scope,
    value::Value,
};

pub(super) type Part = Result<Value, Full>;

/// A constant factor times a series.
pub(super) fn times(s: &mut Scope<'_>, factor: f64, a: Value) -> Part {
    s.mul(a, Value::number(factor))
}

/// `100 * a / b`.
pub(super) fn percent(s: &mut Scope<'_>, a: Value, b: Value) -> Part {
    let ratio = s.div(a, b)?;
    times(s, 100.0, ratio)
}

/// The mean of two series.
pub(super) fn middle(s: &mut Scope<'_>, a: Value, b: Value) -> Part {
    let sum = s.add(a, b)?;
    s.div(sum, Value::number(2.0))
}

/// A series from so many bars after the one that it is made of begins.
pub(super) fn skip(s: &mut Scope<'_>, a: Value, made_of: Value, bars: usize) -> Part {
    if bars == 0 { Ok(a) } else { s.number(Prim::Skip(bars), &[a, made_of]) }
}

/// The sum of the last values.
pub(super) fn sum(s: &mut Scope<'_>, a: Value, length: usize) -> Part {
    s.number(Prim::Sum(length), &[a])
}

/// Wilder's average.
pub(super) fn rma(s: &mut Scope<'_>, a: Value, length: usize) -> Part {
    s.number(Prim::Rma(length), &[a])
}

/// The highest or lowest of the last values.
pub(super) fn extreme(s: &mut Scope<'_>, a: Value, length: usize, end: End) -> Part {
    s.number(Prim::Extreme { length, end, ago: false }, &[a])
}

/// Bars since the highest or lowest of the last values.
pub(super) fn extreme_ago(s: &mut Scope<'_>, a: Value, length: usize, end: End) -> Part {
    s.number(Prim::Extreme { length, end, ago: true }, &[a])
}

/// The highest high and the lowest low of the last bars.
pub(super) fn range(s: &mut Scope<'_>, length: usize) -> Result<(Value, Value), Full> {
    let (high, low) = (s.column(Column::High)?, s.column(Column::Low)?);
    Ok((extreme(s, high, length, End::Top)?, extreme(s, low, length, End::Bottom)?))
}

/// `x - x[bars]`.
pub(super) fn change(s: &mut Scope<'_>, a: Value, bars: usize) -> Part {
    let before = s.history(a, bars)?;
    s.sub(a, before)
}

/// `(x - x[bars]) / x[bars]`.
pub(super) fn returns(s: &mut Scope<'_>, a: Value, bars: usize) -> Part {
    let before = s.history(a, bars)?;
    let moved = s.sub(a, before)?;
    s.div(moved, before)
}

/// `high + low + close`: three times the typical price, and a whole multiple of its unit.
pub(super) fn typical_thrice(s: &mut Scope<'_>) -> Part {
    let (high, low, close) =
        (s.column(Column::High)?, s.column(Column::Low)?, s.column(Column::Close)?);
    let sum = s.add(high, low)?;
    s.add(sum, close)
}

/// The lower of the low and the close before.
pub(super) fn true_low(s: &mut Scope<'_>) -> Part {
    let (low, close) = (s.column(Column::Low)?, s.column(Column::Close)?);
    let before = s.history(close, 1)?;
    s.binary(Binary::Min, low, before)
}

/// The range from the close before or the bar's own ends, whatever is wider.
pub(super) fn true_range(s: &mut Scope<'_>) -> Part {
    let (high, close) = (s.column(Column::High)?, s.column(Column::Close)?);
    let before = s.history(close, 1)?;
    let top = s.binary(Binary::Max, high, before)?;
    let bottom = true_low(s)?;
    s.sub(top, bottom)
}

/// Wilder's average of the true range.
pub(super) fn average_true_range(s: &mut Scope<'_>, length: usize) -> Part {
    let range = true_range(s)?;
    rma(s, range, length)
}

/// Gains against losses, by Wilder's averages, in percent.
pub(super) fn strength(s: &mut Scope<'_>, a: Value, length: usize, weigh: Weigh) -> Part {
    let change = change(s, a, 1)?;
    let ratio = s.number(Prim::Strength { length, weigh }, &[change])?;
    times(s, 100.0, ratio)
}

/// `100 * (x - lowest) / (highest - lowest)`.
pub(super) fn position_in(s: &mut Scope<'_>, x: Value, highest: Value, lowest: Value) -> Part {
    let above = s.sub(x, lowest)?;
    let width = s.sub(highest, lowest)?;
    percent(s, above, width)
}

/// Population standard deviation.
pub(super) fn deviation(s: &mut Scope<'_>, a: Value, length: usize) -> Part {
    let variance = s.number(Prim::Variance(length), &[a])?;
    s.unary(Unary::Sqrt, variance)
}

/// A middle, and the same distance above and below it.
pub(super) fn band(s: &mut Scope<'_>, middle: Value, distance: Value) -> Result<[Value; 3], Full> {
    Ok([middle, s.add(middle, distance)?, s.sub(middle, distance)?])
}
