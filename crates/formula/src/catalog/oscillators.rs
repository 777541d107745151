//! Where prices are within their range.

use super::{
    BLANK, Built, Function, Group, Output, Param, output,
    parts::{self, percent, skip, times},
};
use crate::{
    graph::Full,
    prim::{Column, End, Prim, Weigh},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Momentum, ..BLANK };
const K_AND_D: &[Output] =
    &[output("k", "The position in the range, in percent."), output("d", "The average of `k`.")];

/// The close's place in the range of the last bars in percent, and the lower end of that range.
fn raw_stochastic(s: &mut Scope<'_>, length: usize) -> Result<(Value, Value), Full> {
    let (highest, lowest) = parts::range(s, length)?;
    let close = s.column(Column::Close)?;
    Ok((parts::position_in(s, close, highest, lowest)?, lowest))
}

/// A line and its average, both from the average's first bar on; the line begins with `made_of`.
fn with_average(s: &mut Scope<'_>, k: Value, made_of: Value, length: usize) -> Built {
    let d = s.sma(k, length)?;
    Ok(vec![skip(s, k, made_of, length - 1)?, d])
}

fn stochastic(s: &mut Scope<'_>, k: usize, smooth: usize, d: usize) -> Built {
    let (raw, lowest) = raw_stochastic(s, k)?;
    let slow = s.sma(raw, smooth)?;
    let lowest = s.history(lowest, smooth - 1)?;
    with_average(s, slow, lowest, d)
}

fn stochastic_of_strength(s: &mut Scope<'_>, rsi: Value, k: usize, d: usize) -> Built {
    let highest = parts::extreme(s, rsi, k, End::Top)?;
    let lowest = parts::extreme(s, rsi, k, End::Bottom)?;
    let raw = parts::position_in(s, rsi, highest, lowest)?;
    with_average(s, raw, lowest, d)
}

fn williams(s: &mut Scope<'_>, length: usize) -> Built {
    let (highest, lowest) = parts::range(s, length)?;
    let close = s.column(Column::Close)?;
    let below = s.sub(close, highest)?;
    let width = s.sub(highest, lowest)?;
    Ok(vec![percent(s, below, width)?])
}

fn balance_of_power(s: &mut Scope<'_>) -> Built {
    let (open, high, low, close) = (
        s.column(Column::Open)?,
        s.column(Column::High)?,
        s.column(Column::Low)?,
        s.column(Column::Close)?,
    );
    let (body, width) = (s.sub(close, open)?, s.sub(high, low)?);
    Ok(vec![s.div(body, width)?])
}

fn ultimate(s: &mut Scope<'_>, mut lengths: [usize; 3]) -> Built {
    lengths.sort_unstable();
    let (close, bottom) = (s.column(Column::Close)?, parts::true_low(s)?);
    let (pressure, range) = (s.sub(close, bottom)?, parts::true_range(s)?);
    let mut sum = Value::number(0.0);
    for (length, weight) in lengths.into_iter().zip([4.0, 2.0, 1.0]) {
        let (pressure, range) = (parts::sum(s, pressure, length)?, parts::sum(s, range, length)?);
        let ratio = s.div(pressure, range)?;
        let part = times(s, weight, ratio)?;
        sum = s.add(sum, part)?;
    }
    Ok(vec![percent(s, sum, Value::number(7.0))?])
}

fn commodity_channel(s: &mut Scope<'_>, length: usize) -> Built {
    let price = parts::typical_thrice(s)?;
    let mean = s.sma(price, length)?;
    let deviation = s.number(Prim::Deviation(length), &[price])?;
    let apart = s.sub(price, mean)?;
    let ratio = s.div(apart, deviation)?;
    Ok(vec![s.div(ratio, Value::number(0.015))?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "stoch",
        summary: "Stochastic oscillator: where the close is in the range of the last `k` bars, \
                  smoothed, and its average. Both begin together.",
        formula: "k = sma(100 * (close - lowest(low, k)) / (highest(high, k) - lowest(low, k)), \
                  smooth); d = sma(k, d)",
        source: "TA-Lib STOCH with SMA",
        example: "stoch(14, 3, 3).k",
        params: &[
            Param::length("k", 1).or(14.0),
            Param::length("smooth", 1).or(3.0),
            Param::length("d", 1).or(3.0),
        ],
        outputs: K_AND_D,
        build: |s, a| stochastic(s, a.length(0), a.length(1), a.length(2)),
        ..TEMPLATE
    },
    Function {
        name: "stochf",
        summary: "Fast stochastic oscillator: the same without smoothing. Both begin together.",
        formula: "k = 100 * (close - lowest(low, k)) / (highest(high, k) - lowest(low, k)); \
                  d = sma(k, d)",
        source: "TA-Lib STOCHF with SMA",
        example: "stochf(14, 3).d",
        params: &[Param::length("k", 1).or(14.0), Param::length("d", 1).or(3.0)],
        outputs: K_AND_D,
        build: |s, a| {
            let (raw, lowest) = raw_stochastic(s, a.length(0))?;
            with_average(s, raw, lowest, a.length(1))
        },
        ..TEMPLATE
    },
    Function {
        name: "stochrsi",
        summary: "Where the relative strength index is in its own range of `k` bars, and the \
                  average of that. Both begin together.",
        formula: "r = rsi(x, length); k = 100 * (r - lowest(r, k)) / (highest(r, k) - \
                  lowest(r, k)); d = sma(k, d)",
        source: "TA-Lib STOCHRSI with SMA",
        example: "stochrsi(close, 14, 5, 3).k",
        params: &[
            Param::SOURCE,
            Param::length("length", 2).or(14.0),
            Param::length("k", 1).or(5.0),
            Param::length("d", 1).or(3.0),
        ],
        outputs: K_AND_D,
        build: |s, a| {
            let rsi = parts::strength(s, a.value(0), a.length(1), Weigh::Gains)?;
            stochastic_of_strength(s, rsi, a.length(2), a.length(3))
        },
        ..TEMPLATE
    },
    Function {
        name: "williams_r",
        summary: "Williams' %R: how far the close is below the highest high, -100 to 0.",
        formula: "-100 * (highest(high, length) - close) / (highest(high, length) - \
                  lowest(low, length))",
        source: "TA-Lib WILLR",
        example: "williams_r(14)",
        params: &[Param::length("length", 2).or(14.0)],
        build: |s, a| williams(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "bop",
        summary: "Balance of power: the bar's body by its range, -1 to 1.",
        formula: "(close - open) / (high - low)",
        source: "TA-Lib BOP",
        example: "bop()",
        build: |s, _| balance_of_power(s),
        ..TEMPLATE
    },
    Function {
        name: "ultosc",
        summary: "Ultimate oscillator: buying pressure over three spans, the shortest counting \
                  most, 0 to 100.",
        formula: "100 * (4 * p(a) + 2 * p(b) + p(c)) / 7, with a < b < c and p(n) = \
                  sum(close - min(low, close[1]), n) / sum(tr(), n)",
        source: "TA-Lib ULTOSC",
        example: "ultosc(7, 14, 28)",
        params: &[
            Param::length("a", 1).or(7.0),
            Param::length("b", 1).or(14.0),
            Param::length("c", 1).or(28.0),
        ],
        build: |s, a| ultimate(s, [a.length(0), a.length(1), a.length(2)]),
        ..TEMPLATE
    },
    Function {
        name: "cci",
        summary: "Commodity channel index: the typical price's distance from its mean, by the \
                  mean distance. Costs one pass over the window per bar.",
        formula: "(hlc3 - sma(hlc3, length)) / (0.015 * mean distance of hlc3 from its mean)",
        source: "TA-Lib CCI",
        example: "cci(20)",
        params: &[Param::length("length", 2).or(20.0)],
        build: |s, a| commodity_channel(s, a.length(0)),
        ..TEMPLATE
    },
];
