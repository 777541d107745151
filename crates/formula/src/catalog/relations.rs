//! How two series move together, and how a series moves with time.

use super::{
    BLANK, Built, Function, Group, Param, output,
    parts::{self, times},
};
use crate::{
    prim::{Ask, Binary, Prim, Unary},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Statistics, ..BLANK };
const PAIR: &[Param] = &[Param::series("a"), Param::series("b"), Param::length("length", 2)];

fn correlation(s: &mut Scope<'_>, a: Value, b: Value, length: usize) -> Built {
    let together = s.number(Prim::Covariance(length), &[a, b])?;
    let (alone_a, alone_b) =
        (s.number(Prim::Variance(length), &[a])?, s.number(Prim::Variance(length), &[b])?);
    let product = s.mul(alone_a, alone_b)?;
    let most = s.unary(Unary::Sqrt, product)?;
    let ratio = s.div(together, most)?;
    let ratio = s.binary(Binary::Min, ratio, Value::number(1.0))?;
    Ok(vec![s.binary(Binary::Max, ratio, Value::number(-1.0))?])
}

fn beta(s: &mut Scope<'_>, a: Value, b: Value, length: usize) -> Built {
    let (a, b) = (parts::returns(s, a, 1)?, parts::returns(s, b, 1)?);
    let together = s.number(Prim::Covariance(length), &[a, b])?;
    let alone = s.number(Prim::Variance(length), &[a])?;
    Ok(vec![s.div(together, alone)?])
}

fn regression(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let n = length as f64;
    let mean = s.sma(source, length)?;
    let slope = s.number(Prim::Line { length, ask: Ask::Slope }, &[source])?;
    let fit = s.number(Prim::Line { length, ask: Ask::Fit }, &[source])?;
    let mut at = |bars: f64| {
        let rise = times(s, bars, slope)?;
        s.add(mean, rise)
    };
    let (value, intercept, forecast) =
        (at((n - 1.0) / 2.0)?, at((1.0 - n) / 2.0)?, at((n + 1.0) / 2.0)?);
    let radians = s.unary(Unary::Atan, slope)?;
    let angle = times(s, 180.0 / std::f64::consts::PI, radians)?;
    Ok(vec![value, slope, intercept, angle, fit, forecast])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "correlation",
        summary: "Pearson's correlation of the last `length` pairs, -1 to 1; undefined where \
                  either doesn't vary.",
        formula: "covariance(a, b, length) / (stddev(a, length) * stddev(b, length))",
        source: "TA-Lib CORREL",
        example: "correlation(close, volume, 20)",
        params: PAIR,
        build: |s, a| correlation(s, a.value(0), a.value(1), a.length(2)),
        ..TEMPLATE
    },
    Function {
        name: "covariance",
        summary: "Covariance of the last `length` pairs, as of a whole population.",
        formula: "mean of (a - sma(a, length)) * (b - sma(b, length))",
        source: "the usual definition",
        example: "covariance(close, volume, 20)",
        params: PAIR,
        build: |s, a| {
            let pair = [a.value(0), a.value(1)];
            Ok(vec![s.number(Prim::Covariance(a.length(2)), &pair)?])
        },
        ..TEMPLATE
    },
    Function {
        name: "beta",
        summary: "By how much `b` moves where `a` moves by one: the slope of the returns of `b` \
                  over those of `a`.",
        formula: "covariance(returns(a), returns(b), length) / variance(returns(a), length)",
        source: "TA-Lib BETA",
        example: "beta(open, close, 20)",
        params: &[Param::series("a"), Param::series("b"), Param::length("length", 1).or(5.0)],
        build: |s, a| beta(s, a.value(0), a.value(1), a.length(2)),
        ..TEMPLATE
    },
    Function {
        name: "linreg",
        summary: "Least-squares line through the last `length` values.",
        formula: "the b and m with the least sum of (x - b - m * i)^2, with i = 0 for the oldest \
                  value: value = b + m * (length - 1), slope = m, intercept = b, \
                  angle = atan(m) in degrees, forecast = b + m * length; r2 is the squared \
                  correlation of x and i",
        source: "TA-Lib LINEARREG, _SLOPE, _INTERCEPT, _ANGLE and TSF",
        example: "linreg(close, 14).slope",
        params: &[Param::SOURCE, Param::length("length", 2).or(14.0)],
        outputs: &[
            output("value", "The line at the current bar."),
            output("slope", "Its rise from bar to bar."),
            output("intercept", "The line at the oldest bar."),
            output("angle", "The slope's angle in degrees."),
            output("r2", "The share of the variance that the line explains, 0 to 1."),
            output("forecast", "The line at the next bar."),
        ],
        build: |s, a| regression(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
];
