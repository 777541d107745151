//! Events and conditions.

use super::{BLANK, Built, Function, Group, Param};
use crate::{
    graph::Full,
    prim::{Binary, Prim, Unary},
    scope::Scope,
    value::{Type, Value},
};

const TEMPLATE: Function = Function {
    group: Group::Logic,
    source: "this language",
    returns: Some(Type::Boolean),
    ..BLANK
};
const CROSSING: Function = Function {
    source: "the tie rule is this language's own",
    params: &[Param::series("a"), Param::series("b")],
    ..TEMPLATE
};
const OVER: &[Param] = &[Param::series("x"), Param::length("n", 1)];
const COUNTED: &[Param] = &[Param::condition("cond"), Param::length("length", 1)];

/// Now strictly on one side, on the bar before not; undefined where either bar is.
fn cross(
    s: &mut Scope<'_>,
    (a, b): (Value, Value),
    now: Binary,
    before: Binary,
) -> Result<Value, Full> {
    let beyond = s.binary(now, a, b)?;
    let was = s.binary(before, a, b)?;
    let was = s.history(was, 1)?;
    s.binary(Binary::Min, beyond, was)
}

fn above(s: &mut Scope<'_>, pair: (Value, Value)) -> Result<Value, Full> {
    cross(s, pair, Binary::Greater, Binary::LessEqual)
}

fn below(s: &mut Scope<'_>, pair: (Value, Value)) -> Result<Value, Full> {
    cross(s, pair, Binary::Less, Binary::GreaterEqual)
}

fn either(s: &mut Scope<'_>, pair: (Value, Value)) -> Built {
    let (above, below) = (above(s, pair)?, below(s, pair)?);
    Ok(vec![s.binary(Binary::Max, above, below)?])
}

fn rising(s: &mut Scope<'_>, x: Value, bars: usize) -> Built {
    Ok(vec![s.op(Prim::Rising(bars), &[x], Type::Boolean)?])
}

/// How often the condition was true, compared with a number.
fn counted(s: &mut Scope<'_>, cond: Value, length: usize, op: Binary, with: usize) -> Built {
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let with = Value::number(with as f64);
    let count = s.number(Prim::Sum(length), &[cond])?;
    Ok(vec![s.binary(op, count, with)?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "crosses_above",
        summary: "True on the bar on which `a` comes to lie above `b`.",
        formula: "a > b and a[1] <= b[1]",
        example: "crosses_above(sma(close, 10), sma(close, 30))",
        build: |s, a| Ok(vec![above(s, (a.value(0), a.value(1)))?]),
        ..CROSSING
    },
    Function {
        name: "crosses_below",
        summary: "True on the bar on which `a` comes to lie below `b`.",
        formula: "a < b and a[1] >= b[1]",
        example: "crosses_below(rsi(14), 30)",
        build: |s, a| Ok(vec![below(s, (a.value(0), a.value(1)))?]),
        ..CROSSING
    },
    Function {
        name: "crosses",
        summary: "True on the bar on which `a` comes to lie above or below `b`.",
        formula: "crosses_above(a, b) or crosses_below(a, b)",
        example: "crosses(close, ema(close, 50))",
        build: |s, a| either(s, (a.value(0), a.value(1))),
        ..CROSSING
    },
    Function {
        name: "rising",
        summary: "True when each of the last `n` bars was above the one before.",
        formula: "x > x[1] and x[1] > x[2] and … x[n-1] > x[n]",
        example: "rising(close, 3)",
        params: OVER,
        build: |s, a| rising(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "falling",
        summary: "True when each of the last `n` bars was below the one before.",
        formula: "x < x[1] and x[1] < x[2] and … x[n-1] < x[n]",
        example: "falling(close, 3)",
        params: OVER,
        build: |s, a| {
            let mirrored = s.unary(Unary::Neg, a.value(0))?;
            rising(s, mirrored, a.length(1))
        },
        ..TEMPLATE
    },
    Function {
        name: "bars_since",
        summary: "Bars since the condition was last true: 0 for now, undefined if it never was.",
        formula: "the least k for which cond[k] is true",
        example: "bars_since(crosses_above(close, sma(close, 20)))",
        params: &[Param::condition("cond")],
        returns: Some(Type::Number),
        build: |s, a| Ok(vec![s.number(Prim::BarsSince, &[a.value(0)])?]),
        ..TEMPLATE
    },
    Function {
        name: "value_when",
        summary: "The value of `x` when the condition was last true, or `occurrence` times before.",
        formula: "x[k] for the k for which cond[k] is true the (occurrence + 1)th time, looking back",
        example: "value_when(crosses_above(close, sma(close, 20)), low)",
        params: &[
            Param::condition("cond"),
            Param::series("x"),
            Param::length("occurrence", 0).or(0.0),
        ],
        returns: Some(Type::Number),
        build: |s, a| {
            let prim = Prim::ValueWhen(a.length(2));
            Ok(vec![s.number(prim, &[a.value(0), a.value(1)])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "count",
        summary: "On how many of the last `length` bars the condition was true.",
        formula: "undefined while it is undefined on one of them",
        example: "count(close > open, 10)",
        params: COUNTED,
        returns: Some(Type::Number),
        build: |s, a| Ok(vec![s.number(Prim::Sum(a.length(1)), &[a.value(0)])?]),
        ..TEMPLATE
    },
    Function {
        name: "all",
        summary: "True when the condition was true on each of the last `length` bars.",
        formula: "count(cond, length) = length",
        example: "all(close > sma(close, 20), 5)",
        params: COUNTED,
        build: |s, a| counted(s, a.value(0), a.length(1), Binary::Equal, a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "any",
        summary: "True when the condition was true on one of the last `length` bars.",
        formula: "count(cond, length) > 0",
        example: "any(crosses_above(close, sma(close, 20)), 5)",
        params: COUNTED,
        build: |s, a| counted(s, a.value(0), a.length(1), Binary::Greater, 0),
        ..TEMPLATE
    },
];
