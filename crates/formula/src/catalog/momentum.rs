//! Speed and direction of a series.

use super::{
    BLANK, Built, Function, Group, Param,
    averages::chain,
    output,
    parts::{self, Part, percent, skip, times},
};
use crate::{
    prim::{Prim, Weigh},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Momentum, ..BLANK };
const FAST_AND_SLOW: &[Param] =
    &[Param::SOURCE, Param::length("fast", 2).or(12.0), Param::length("slow", 2).or(26.0)];

/// The averages whose difference is looked at, the shorter one first.
fn fast_and_slow(
    s: &mut Scope<'_>,
    source: Value,
    lengths: (usize, usize),
) -> Result<(Value, Value), super::BuildError> {
    let (fast, slow) = (lengths.0.min(lengths.1), lengths.0.max(lengths.1));
    Ok((s.ema(source, fast)?, s.ema(source, slow)?))
}

fn absolute(s: &mut Scope<'_>, source: Value, lengths: (usize, usize)) -> Built {
    let (fast, slow) = fast_and_slow(s, source, lengths)?;
    Ok(vec![s.sub(fast, slow)?])
}

fn relative(s: &mut Scope<'_>, source: Value, lengths: (usize, usize)) -> Built {
    let (fast, slow) = fast_and_slow(s, source, lengths)?;
    let apart = s.sub(fast, slow)?;
    Ok(vec![percent(s, apart, slow)?])
}

fn convergence(s: &mut Scope<'_>, source: Value, lengths: (usize, usize), signal: usize) -> Built {
    let (fast, slow) = (lengths.0.min(lengths.1), lengths.0.max(lengths.1));
    let late = s.number(Prim::Ema { length: fast, skip: slow - fast }, &[source])?;
    let slow = s.ema(source, slow)?;
    let line = s.sub(late, slow)?;
    let average = s.ema(line, signal)?;
    let line = skip(s, line, line, signal - 1)?;
    Ok(vec![line, average, s.sub(line, average)?])
}

fn triple_rate(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let [_, _, thrice] = chain(s, source, length)?;
    let returns = parts::returns(s, thrice, 1)?;
    Ok(vec![times(s, 100.0, returns)?])
}

fn rate(s: &mut Scope<'_>, source: Value, length: usize) -> Part {
    let returns = parts::returns(s, source, length)?;
    times(s, 100.0, returns)
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "roc",
        summary: "Rate of change over `length` bars, in percent.",
        formula: "100 * (x / x[length] - 1)",
        source: "TA-Lib ROC",
        example: "roc(close, 10)",
        params: &[Param::SOURCE, Param::length("length", 1).or(10.0)],
        build: |s, a| Ok(vec![rate(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "momentum",
        summary: "Change over `length` bars.",
        formula: "x - x[length]",
        source: "TA-Lib MOM",
        example: "momentum(close, 10)",
        params: &[Param::SOURCE, Param::length("length", 1).or(10.0)],
        build: |s, a| Ok(vec![parts::change(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "rsi",
        summary: "Relative strength index: the gains' share of all moves, 0 to 100.",
        formula: "100 * g / (g + l), with g = rma(max(x - x[1], 0), length) and \
                  l = rma(max(x[1] - x, 0), length)",
        source: "Wilder 1978; TA-Lib RSI",
        example: "rsi(close, 14)",
        params: &[Param::SOURCE, Param::length("length", 2).or(14.0)],
        build: |s, a| Ok(vec![parts::strength(s, a.value(0), a.length(1), Weigh::Gains)?]),
        ..TEMPLATE
    },
    Function {
        name: "macd",
        summary: "Moving average convergence and divergence: line, signal and their difference. \
                  All three begin together.",
        formula: "line = ema(x, fast) - ema(x, slow), the fast one seeded with the last `fast` of \
                  the first `slow` values; signal = ema(line, signal); hist = line - signal",
        source: "TA-Lib MACD",
        example: "macd(close, 12, 26, 9).hist",
        params: &[
            Param::SOURCE,
            Param::length("fast", 2).or(12.0),
            Param::length("slow", 2).or(26.0),
            Param::length("signal", 1).or(9.0),
        ],
        outputs: &[
            output("line", "The difference of the averages."),
            output("signal", "The line's average."),
            output("hist", "The line less its signal."),
        ],
        build: |s, a| convergence(s, a.value(0), (a.length(1), a.length(2)), a.length(3)),
        ..TEMPLATE
    },
    Function {
        name: "apo",
        summary: "Absolute price oscillator: a fast average less a slow one.",
        formula: "ema(x, fast) - ema(x, slow)",
        source: "TA-Lib APO with EMA",
        example: "apo(close, 12, 26)",
        params: FAST_AND_SLOW,
        build: |s, a| absolute(s, a.value(0), (a.length(1), a.length(2))),
        ..TEMPLATE
    },
    Function {
        name: "ppo",
        summary: "Percentage price oscillator: a fast average less a slow one, in percent of it.",
        formula: "100 * (ema(x, fast) - ema(x, slow)) / ema(x, slow)",
        source: "TA-Lib PPO with EMA",
        example: "ppo(close, 12, 26)",
        params: FAST_AND_SLOW,
        build: |s, a| relative(s, a.value(0), (a.length(1), a.length(2))),
        ..TEMPLATE
    },
    Function {
        name: "trix",
        summary: "One-bar rate of change of an average of an average of an average, in percent.",
        formula: "100 * (e3 / e3[1] - 1), with e3 the ema of the ema of ema(x, length)",
        source: "TA-Lib TRIX",
        example: "trix(close, 15)",
        params: &[Param::SOURCE, Param::length("length", 1).or(15.0)],
        build: |s, a| triple_rate(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "cmo",
        summary: "Chande's momentum oscillator: gains less losses of all moves, -100 to 100.",
        formula: "100 * (g - l) / (g + l), with g and l as in rsi",
        source: "TA-Lib CMO (smoothed as Wilder did)",
        example: "cmo(close, 14)",
        params: &[Param::SOURCE, Param::length("length", 2).or(14.0)],
        build: |s, a| Ok(vec![parts::strength(s, a.value(0), a.length(1), Weigh::Net)?]),
        ..TEMPLATE
    },
];
