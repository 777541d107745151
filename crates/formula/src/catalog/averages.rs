//! Averages of a series.

use super::{Function, Group, ONE, Param};
use crate::{scope::Scope, value::Type};

const TEMPLATE: Function = Function {
    name: "",
    group: Group::Average,
    summary: "",
    formula: "",
    source: "",
    example: "",
    params: &[Param::SOURCE, Param::length("length", 1)],
    variadic: false,
    outputs: ONE,
    returns: Some(Type::Number),
    build: |_, _| Ok(Vec::new()),
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sma",
        summary: "Simple moving average: the mean of the last `length` values.",
        formula: "(x + x[1] + … + x[length-1]) / length",
        source: "TA-Lib SMA",
        example: "sma(close, 20)",
        build: |s: &mut Scope<'_>, a| Ok(vec![s.sma(a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "ema",
        summary: "Exponential moving average; the first value is the mean of the first `length`.",
        formula: "y = y[1] + 2 / (length + 1) * (x - y[1])",
        source: "TA-Lib EMA",
        example: "ema(close, 20)",
        build: |s, a| Ok(vec![s.ema(a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
];
