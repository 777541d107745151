//! Extremes, sums, ranks and spread of one series.

use super::{BLANK, Built, Function, Group, Param, parts};
use crate::{
    graph::Exactly,
    prim::{End, Prim},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function {
    group: Group::Statistics,
    source: "the usual definition",
    params: &[Param::SOURCE, Param::length("length", 1)],
    ..BLANK
};

fn score(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let mean = s.sma(source, length)?;
    let apart = s.sub(source, mean)?;
    let deviation = parts::deviation(s, source, length)?;
    Ok(vec![s.div(apart, deviation)?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "highest",
        summary: "The highest of the last `length` values.",
        formula: "max(x, x[1], …, x[length-1])",
        source: "TA-Lib MAX",
        example: "highest(high, 20)",
        build: |s, a| Ok(vec![parts::extreme(s, a.value(0), a.length(1), End::Top)?]),
        ..TEMPLATE
    },
    Function {
        name: "lowest",
        summary: "The lowest of the last `length` values.",
        formula: "min(x, x[1], …, x[length-1])",
        source: "TA-Lib MIN",
        example: "lowest(low, 20)",
        build: |s, a| Ok(vec![parts::extreme(s, a.value(0), a.length(1), End::Bottom)?]),
        ..TEMPLATE
    },
    Function {
        name: "highest_bars",
        summary: "Bars since the highest of the last `length` values; the latest of equal ones.",
        formula: "the least k with x[k] = highest(x, length)",
        example: "highest_bars(high, 20)",
        build: |s, a| Ok(vec![parts::extreme_ago(s, a.value(0), a.length(1), End::Top)?]),
        ..TEMPLATE
    },
    Function {
        name: "lowest_bars",
        summary: "Bars since the lowest of the last `length` values; the latest of equal ones.",
        formula: "the least k with x[k] = lowest(x, length)",
        example: "lowest_bars(low, 20)",
        build: |s, a| Ok(vec![parts::extreme_ago(s, a.value(0), a.length(1), End::Bottom)?]),
        ..TEMPLATE
    },
    Function {
        name: "sum",
        summary: "The sum of the last `length` values.",
        formula: "x + x[1] + … + x[length-1]",
        source: "TA-Lib SUM",
        example: "sum(volume, 20)",
        build: |s, a| Ok(vec![parts::sum(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "cum",
        summary: "The sum of all values so far.",
        formula: "y = y[1] + x",
        example: "cum(volume)",
        params: &[Param::series("x")],
        build: |s, a| Ok(vec![s.number(Prim::Running, &[a.value(0)])?]),
        ..TEMPLATE
    },
    Function {
        name: "change",
        summary: "Change over `n` bars.",
        formula: "x - x[n]",
        example: "change(close, 1)",
        params: &[Param::series("x"), Param::length("n", 1).or(1.0)],
        build: |s, a| Ok(vec![parts::change(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "stddev",
        summary: "Standard deviation of the last `length` values, as of a whole population.",
        formula: "sqrt(variance(x, length))",
        source: "TA-Lib STDDEV",
        example: "stddev(close, 20)",
        build: |s, a| Ok(vec![parts::deviation(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "variance",
        summary: "Variance of the last `length` values, as of a whole population.",
        formula: "mean of (x - sma(x, length))^2",
        source: "TA-Lib VAR",
        example: "variance(close, 20)",
        build: |s, a| Ok(vec![s.number(Prim::Variance(a.length(1)), &[a.value(0)])?]),
        ..TEMPLATE
    },
    Function {
        name: "zscore",
        summary: "Distance from the mean in standard deviations; undefined for equal values.",
        formula: "(x - sma(x, length)) / stddev(x, length)",
        example: "zscore(close, 20)",
        params: &[Param::SOURCE, Param::length("length", 2)],
        build: |s, a| score(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "median",
        summary: "The middle one of the last `length` values in order.",
        formula: "of an even number of values the mean of the two in the middle",
        example: "median(close, 21)",
        build: |s, a| {
            let prim = Prim::Percentile { length: a.length(1), percent: Exactly(50.0) };
            Ok(vec![s.number(prim, &[a.value(0)])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "percentile",
        summary: "The value below which `percent` of the last `length` values lie.",
        formula: "interpolated at (length - 1) * percent / 100 in the values in order",
        source: "Hyndman and Fan 1996, type 7, as in NumPy",
        example: "percentile(close, 100, 90)",
        params: &[
            Param::SOURCE,
            Param::length("length", 1),
            Param::constant("percent", 0.0, 100.0),
        ],
        build: |s, a| {
            let percent = Exactly(a.constant(2));
            let prim = Prim::Percentile { length: a.length(1), percent };
            Ok(vec![s.number(prim, &[a.value(0)])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "percentile_rank",
        summary: "How many of the `length` values before are at most the current one, in percent.",
        formula: "100 * count(x[k] <= x for k = 1 … length) / length",
        example: "percentile_rank(close, 100)",
        build: |s, a| Ok(vec![s.number(Prim::Rank(a.length(1)), &[a.value(0)])?]),
        ..TEMPLATE
    },
];
