//! Plain arithmetic, and what to do with undefined values.

use super::{Args, BLANK, Built, Function, Group, Kind, Param, Preset};
use crate::{
    prim::{Binary, Prim, Unary},
    scope::Scope,
    value::Type,
};

const TEMPLATE: Function = Function {
    group: Group::Math,
    source: "the usual definition",
    params: &[Param::series("x")],
    ..BLANK
};
const PAIR: &[Param] = &[Param::series("a"), Param::series("b")];
/// The most decimals to which a number can be rounded.
const DECIMALS_MAX: usize = 12;

const fn any(name: &'static str) -> Param {
    Param { name, kind: Kind::Any, preset: Preset::None }
}

fn unary(s: &mut Scope<'_>, op: Unary, a: &Args) -> Built {
    Ok(vec![s.unary(op, a.value(0))?])
}

fn binary(s: &mut Scope<'_>, op: Binary, a: &Args) -> Built {
    let Some((first, rest)) = a.0.split_first() else { return Ok(Vec::new()) };
    let mut result = *first;
    for value in rest {
        result = s.binary(op, result, *value)?;
    }
    Ok(vec![result])
}

fn clamp(s: &mut Scope<'_>, a: &Args) -> Built {
    let floored = s.binary(Binary::Max, a.value(0), a.value(1))?;
    Ok(vec![s.binary(Binary::Min, floored, a.value(2))?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        summary: "The value without its sign.",
        formula: "x where x >= 0, else -x",
        example: "abs(close - open)",
        build: |s, a| unary(s, Unary::Abs, a),
        ..TEMPLATE
    },
    Function {
        name: "min",
        summary: "The least of its arguments on each bar.",
        formula: "undefined if one of them is",
        example: "min(open, close)",
        params: PAIR,
        variadic: true,
        build: |s, a| binary(s, Binary::Min, a),
        ..TEMPLATE
    },
    Function {
        name: "max",
        summary: "The greatest of its arguments on each bar.",
        formula: "undefined if one of them is",
        example: "max(open, close)",
        params: PAIR,
        variadic: true,
        build: |s, a| binary(s, Binary::Max, a),
        ..TEMPLATE
    },
    Function {
        name: "sqrt",
        summary: "Square root; undefined below 0.",
        formula: "the y >= 0 with y * y = x",
        example: "sqrt(close)",
        build: |s, a| unary(s, Unary::Sqrt, a),
        ..TEMPLATE
    },
    Function {
        name: "exp",
        summary: "The exponential function; undefined where it overflows.",
        formula: "e^x",
        example: "exp(roc(close, 1) / 100)",
        build: |s, a| unary(s, Unary::Exp, a),
        ..TEMPLATE
    },
    Function {
        name: "log",
        summary: "Natural logarithm; undefined at 0 and below.",
        formula: "the y with e^y = x",
        example: "log(close)",
        build: |s, a| unary(s, Unary::Log, a),
        ..TEMPLATE
    },
    Function {
        name: "log10",
        summary: "Logarithm to base 10; undefined at 0 and below.",
        formula: "the y with 10^y = x",
        example: "log10(volume)",
        build: |s, a| unary(s, Unary::Log10, a),
        ..TEMPLATE
    },
    Function {
        name: "pow",
        summary: "`a` to the power of `b`.",
        formula: "a^b",
        example: "pow(close / open, 2)",
        params: PAIR,
        build: |s, a| binary(s, Binary::Pow, a),
        ..TEMPLATE
    },
    Function {
        name: "floor",
        summary: "The greatest whole number that isn't above the value.",
        formula: "floor(-1.5) is -2",
        example: "floor(close)",
        build: |s, a| unary(s, Unary::Floor, a),
        ..TEMPLATE
    },
    Function {
        name: "ceil",
        summary: "The least whole number that isn't below the value.",
        formula: "ceil(-1.5) is -1",
        example: "ceil(close)",
        build: |s, a| unary(s, Unary::Ceil, a),
        ..TEMPLATE
    },
    Function {
        name: "round",
        summary: "The nearest number with so many decimals, halves away from zero.",
        formula: "round(-2.5) is -3",
        example: "round(close, 1)",
        params: &[
            Param::series("x"),
            Param {
                name: "decimals",
                kind: Kind::Length { min: 0, max: DECIMALS_MAX },
                preset: Preset::Is(0.0),
            },
        ],
        build: |s, a| {
            let decimals = u32::try_from(a.length(1)).unwrap_or(0);
            Ok(vec![s.number(Prim::Round(decimals), &[a.value(0)])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "sign",
        summary: "-1 for values below 0, 0 for 0, 1 for values above.",
        formula: "x / abs(x), 0 for 0",
        example: "sign(close - open)",
        build: |s, a| unary(s, Unary::Sign, a),
        ..TEMPLATE
    },
    Function {
        name: "mod",
        summary: "The rest of a division, with the divisor's sign.",
        formula: "a - b * floor(a / b)",
        example: "mod(bar_index, 5)",
        params: PAIR,
        build: |s, a| binary(s, Binary::Mod, a),
        ..TEMPLATE
    },
    Function {
        name: "clamp",
        summary: "The value, but not below `lo` and not above `hi`.",
        formula: "min(max(x, lo), hi)",
        example: "clamp(rsi(14), 20, 80)",
        params: &[Param::series("x"), Param::series("lo"), Param::series("hi")],
        build: |s, a| clamp(s, a),
        ..TEMPLATE
    },
    Function {
        name: "coalesce",
        summary: "`x` where it is defined, else `y`.",
        formula: "if(defined(x), x, y)",
        source: "this language",
        example: "coalesce(rsi(14), 50)",
        params: &[any("x"), any("y")],
        returns: None,
        build: |s, a| binary(s, Binary::Coalesce, a),
        ..TEMPLATE
    },
    Function {
        name: "defined",
        summary: "True where the value is defined.",
        formula: "never undefined itself",
        source: "this language",
        example: "defined(sma(close, 200))",
        params: &[any("x")],
        returns: Some(Type::Boolean),
        build: |s, a| unary(s, Unary::Defined, a),
        ..TEMPLATE
    },
    Function {
        name: "if",
        summary: "`a` where the condition is true, `b` where it is false.",
        formula: "undefined where the condition is",
        source: "this language",
        example: "if(close > open, high, low)",
        params: &[Param::condition("cond"), any("a"), any("b")],
        returns: None,
        build: |s, a| Ok(vec![s.op(Prim::If, &a.0, a.value(1).ty)?]),
        ..TEMPLATE
    },
];
