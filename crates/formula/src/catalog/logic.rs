//! Events and conditions.

use super::{Function, Group, ONE, Param};
use crate::{
    prim::Binary,
    scope::Scope,
    value::{Type, Value},
};

const TEMPLATE: Function = Function {
    name: "",
    group: Group::Logic,
    summary: "",
    formula: "",
    source: "the tie rule is this language's own",
    example: "",
    params: &[Param::series("a"), Param::series("b")],
    variadic: false,
    outputs: ONE,
    returns: Some(Type::Boolean),
    build: |_, _| Ok(Vec::new()),
};

/// Now strictly on one side, on the bar before not.
fn cross(s: &mut Scope<'_>, a: Value, b: Value, now: Binary, before: Binary) -> super::Built {
    let beyond = s.binary(now, a, b)?;
    let was = s.binary(before, a, b)?;
    let was = s.history(was, 1)?;
    Ok(vec![s.binary(Binary::And, beyond, was)?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "crosses_above",
        summary: "True on the bar on which `a` comes to lie above `b`.",
        formula: "a > b and a[1] <= b[1]",
        example: "crosses_above(sma(close, 10), sma(close, 30))",
        build: |s, a| cross(s, a.value(0), a.value(1), Binary::Greater, Binary::LessEqual),
        ..TEMPLATE
    },
    Function {
        name: "crosses_below",
        summary: "True on the bar on which `a` comes to lie below `b`.",
        formula: "a < b and a[1] >= b[1]",
        example: "crosses_below(rsi(14), 30)",
        build: |s, a| cross(s, a.value(0), a.value(1), Binary::Less, Binary::GreaterEqual),
        ..TEMPLATE
    },
];
