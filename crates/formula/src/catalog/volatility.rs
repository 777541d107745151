//! How far prices move.

use super::{
    BLANK, Built, Function, Group, Output, Param, output,
    parts::{self, middle, percent, times},
};
use crate::{
    prim::{Column, Prim, Unary},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Volatility, ..BLANK };
const MIDDLE: Output = output("middle", "The line in the middle.");
const UPPER: Output = output("upper", "The band above.");
const LOWER: Output = output("lower", "The band below.");
const MULT: Param = Param::constant("mult", 0.0, 100.0);

fn bollinger(s: &mut Scope<'_>, source: Value, length: usize, mult: f64) -> Built {
    let mean = s.sma(source, length)?;
    let distance = parts::deviation(s, source, length)?;
    let distance = times(s, mult, distance)?;
    let [mean, upper, lower] = parts::band(s, mean, distance)?;
    let apart = s.sub(upper, lower)?;
    let above = s.sub(source, lower)?;
    Ok(vec![mean, upper, lower, s.div(apart, mean)?, s.div(above, apart)?])
}

fn keltner(s: &mut Scope<'_>, length: usize, mult: f64, atr_length: usize) -> Built {
    let close = s.column(Column::Close)?;
    let mean = s.ema(close, length)?;
    let distance = parts::average_true_range(s, atr_length)?;
    let distance = times(s, mult, distance)?;
    Ok(parts::band(s, mean, distance)?.to_vec())
}

fn donchian(s: &mut Scope<'_>, length: usize) -> Built {
    let (highest, lowest) = parts::range(s, length)?;
    Ok(vec![highest, lowest, middle(s, highest, lowest)?])
}

fn relative_range(s: &mut Scope<'_>, length: usize) -> Built {
    let (range, close) = (parts::average_true_range(s, length)?, s.column(Column::Close)?);
    Ok(vec![percent(s, range, close)?])
}

/// `ln(x / x[bars])`.
fn log_returns(s: &mut Scope<'_>, source: Value, bars: usize) -> parts::Part {
    let before = s.history(source, bars)?;
    let ratio = s.div(source, before)?;
    s.unary(Unary::Log, ratio)
}

/// The sample's standard deviation of log returns over a year, in percent.
fn volatility(s: &mut Scope<'_>, source: Value, length: usize, periods: f64) -> Built {
    let returns = log_returns(s, source, 1)?;
    let variance = s.number(Prim::Variance(length), &[returns])?;
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let n = length as f64;
    let yearly = times(s, n / (n - 1.0) * periods, variance)?;
    let deviation = s.unary(Unary::Sqrt, yearly)?;
    Ok(vec![times(s, 100.0, deviation)?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "tr",
        summary: "True range; undefined on the first bar.",
        formula: "max(high, close[1]) - min(low, close[1])",
        source: "Wilder 1978; TA-Lib TRANGE",
        example: "tr()",
        build: |s, _| Ok(vec![parts::true_range(s)?]),
        ..TEMPLATE
    },
    Function {
        name: "atr",
        summary: "Average true range.",
        formula: "rma(tr(), length)",
        source: "Wilder 1978; TA-Lib ATR",
        example: "atr(14)",
        params: &[Param::length("length", 1).or(14.0)],
        build: |s, a| Ok(vec![parts::average_true_range(s, a.length(0))?]),
        ..TEMPLATE
    },
    Function {
        name: "natr",
        summary: "Average true range in percent of the close.",
        formula: "100 * atr(length) / close",
        source: "TA-Lib NATR",
        example: "natr(14)",
        params: &[Param::length("length", 1).or(14.0)],
        build: |s, a| relative_range(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "bbands",
        summary: "Bollinger bands: a mean and `mult` standard deviations around it.",
        formula: "middle = sma(x, length); upper, lower = middle ± mult * stddev(x, length); \
                  width = (upper - lower) / middle; percent_b = (x - lower) / (upper - lower)",
        source: "John Bollinger; TA-Lib BBANDS",
        example: "bbands(close, 20, 2).upper",
        params: &[Param::SOURCE, Param::length("length", 2).or(20.0), MULT.or(2.0)],
        outputs: &[
            MIDDLE,
            UPPER,
            LOWER,
            output("width", "The distance of the bands by the middle."),
            output("percent_b", "Where the series is between the bands: 0 lower, 1 upper."),
        ],
        build: |s, a| bollinger(s, a.value(0), a.length(1), a.constant(2)),
        ..TEMPLATE
    },
    Function {
        name: "keltner",
        summary: "Keltner channel: an average and `mult` average true ranges around it.",
        formula: "middle = ema(close, length); upper, lower = middle ± mult * atr(atr_length)",
        source: "Chester Keltner, as changed by Linda Raschke",
        example: "keltner(20, 2, 10).upper",
        params: &[
            Param::length("length", 1).or(20.0),
            MULT.or(2.0),
            Param::length("atr_length", 1).or(10.0),
        ],
        outputs: &[MIDDLE, UPPER, LOWER],
        build: |s, a| keltner(s, a.length(0), a.constant(1), a.length(2)),
        ..TEMPLATE
    },
    Function {
        name: "donchian",
        summary: "Donchian channel: the highest high, the lowest low and their mean.",
        formula: "upper = highest(high, length); lower = lowest(low, length); \
                  middle = (upper + lower) / 2",
        source: "Richard Donchian; TA-Lib DONCHIAN",
        example: "donchian(20).upper",
        params: &[Param::length("length", 1).or(20.0)],
        outputs: &[UPPER, LOWER, MIDDLE],
        build: |s, a| donchian(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "returns",
        summary: "Simple return over `n` bars, as a fraction.",
        formula: "x / x[n] - 1",
        source: "the usual definition",
        example: "returns(close, 1)",
        params: &[Param::SOURCE, Param::length("n", 1).or(1.0)],
        build: |s, a| Ok(vec![parts::returns(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "log_returns",
        summary: "Logarithmic return over `n` bars.",
        formula: "log(x / x[n])",
        source: "the usual definition",
        example: "log_returns(close, 1)",
        params: &[Param::SOURCE, Param::length("n", 1).or(1.0)],
        build: |s, a| Ok(vec![log_returns(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "volatility",
        summary: "Yearly volatility in percent, from one-bar log returns; `periods` is the number \
                  of bars in a year.",
        formula: "100 * sqrt(periods) * the sample's standard deviation of log_returns(x, 1) over \
                  `length`",
        source: "the usual definition",
        example: "volatility(close, 20, 252)",
        params: &[
            Param::SOURCE,
            Param::length("length", 2).or(20.0),
            Param::constant("periods", 1.0, 1e6).or(252.0),
        ],
        build: |s, a| volatility(s, a.value(0), a.length(1), a.constant(2)),
        ..TEMPLATE
    },
];
