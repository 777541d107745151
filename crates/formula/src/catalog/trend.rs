//! Trends and their strength.

use super::{
    BLANK, BuildError, Built, Function, Group, Output, Param, output,
    parts::{self, Part, percent, skip, times},
};
use crate::{
    graph::Exactly,
    prim::{Binary, Column, End, Prim, Unary},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Trend, ..BLANK };
const LENGTH: &[Param] = &[Param::length("length", 2).or(14.0)];

/// How far a bar reaches beyond the one before, upwards and downwards; the lesser counts as zero.
fn moves(s: &mut Scope<'_>) -> Result<(Value, Value), BuildError> {
    let (high, low) = (s.column(Column::High)?, s.column(Column::Low)?);
    let up = parts::change(s, high, 1)?;
    let before = s.history(low, 1)?;
    let down = s.sub(before, low)?;
    Ok((greater(s, up, down)?, greater(s, down, up)?))
}

/// `a` where it is above `b` and above zero, else zero.
fn greater(s: &mut Scope<'_>, a: Value, b: Value) -> Part {
    let zero = Value::number(0.0);
    let is_greater = s.binary(Binary::Greater, a, b)?;
    let positive = s.binary(Binary::Max, a, zero)?;
    s.number(Prim::If, &[is_greater, positive, zero])
}

/// Wilder's running sums of the moves upwards and downwards.
fn summed_moves(s: &mut Scope<'_>, length: usize) -> Result<(Value, Value), BuildError> {
    let (up, down) = moves(s)?;
    let sum = Prim::RunningSum(length);
    Ok((s.number(sum, &[up])?, s.number(sum, &[down])?))
}

/// The share of a running sum of moves in that of the true range, in percent.
fn indicator(s: &mut Scope<'_>, sum: Value, length: usize) -> Built {
    let range = parts::true_range(s)?;
    let range = s.number(Prim::RunningSum(length), &[range])?;
    let share = percent(s, sum, range)?;
    Ok(vec![skip(s, share, range, 1)?])
}

/// How much the moves of one direction outweigh the others, in percent of both.
fn directional(s: &mut Scope<'_>, length: usize) -> Result<Value, BuildError> {
    let (up, down) = summed_moves(s, length)?;
    let (net, both) = (s.sub(up, down)?, s.add(up, down)?);
    let net = s.unary(Unary::Abs, net)?;
    let index = percent(s, net, both)?;
    Ok(skip(s, index, both, 1)?)
}

fn average_directional(s: &mut Scope<'_>, length: usize) -> Result<Value, BuildError> {
    let index = directional(s, length)?;
    Ok(parts::rma(s, index, length)?)
}

fn rated(s: &mut Scope<'_>, length: usize) -> Built {
    let now = average_directional(s, length)?;
    let before = s.history(now, length - 1)?;
    Ok(vec![parts::middle(s, now, before)?])
}

fn aroon(s: &mut Scope<'_>, length: usize) -> Built {
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let bars = Value::number(length as f64);
    let (high, low) = (s.column(Column::High)?, s.column(Column::Low)?);
    let mut fresh = |column, end| {
        let ago = parts::extreme_ago(s, column, length + 1, end)?;
        let left = s.sub(bars, ago)?;
        percent(s, left, bars)
    };
    let (up, down) = (fresh(high, End::Top)?, fresh(low, End::Bottom)?);
    Ok(vec![up, down, s.sub(up, down)?])
}

fn supertrend(s: &mut Scope<'_>, length: usize, mult: f64) -> Built {
    let (high, low, close) =
        (s.column(Column::High)?, s.column(Column::Low)?, s.column(Column::Close)?);
    let middle = parts::middle(s, high, low)?;
    let distance = parts::average_true_range(s, length)?;
    let distance = times(s, mult, distance)?;
    let [_, upper, lower] = parts::band(s, middle, distance)?;
    let upper = s.number(Prim::Ratchet { above: true }, &[upper, close])?;
    let lower = s.number(Prim::Ratchet { above: false }, &[lower, close])?;
    let side = s.number(Prim::Side, &[close, upper, lower])?;
    let is_up = s.binary(Binary::Greater, side, Value::number(0.0))?;
    Ok(vec![s.number(Prim::If, &[is_up, lower, upper])?, side])
}

fn ichimoku(s: &mut Scope<'_>, conversion: usize, base: usize, span_b: usize) -> Built {
    let mut middle = |length| {
        let (highest, lowest) = parts::range(s, length)?;
        parts::middle(s, highest, lowest)
    };
    let (short, long, longest) = (middle(conversion)?, middle(base)?, middle(span_b)?);
    let span = parts::middle(s, short, long)?;
    Ok(vec![short, long, s.history(span, base)?, s.history(longest, base)?])
}

const LINE_AND_DIRECTION: &[Output] = &[
    output("line", "The band on the other side of the price."),
    output("direction", "1 in a rise, -1 in a fall."),
];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "plus_dm",
        summary: "Wilder's running sum of the moves upwards.",
        formula: "y = y[1] - y[1] / length + m; m = high - high[1] where it is above 0 and above \
                  low[1] - low, else 0; the first value is the sum of the first length - 1",
        source: "Wilder 1978; TA-Lib PLUS_DM",
        example: "plus_dm(14)",
        params: &[Param::length("length", 1).or(14.0)],
        build: |s, a| Ok(vec![summed_moves(s, a.length(0))?.0]),
        ..TEMPLATE
    },
    Function {
        name: "minus_dm",
        summary: "Wilder's running sum of the moves downwards.",
        formula: "as plus_dm, with m = low[1] - low where it is above 0 and above \
                  high - high[1], else 0",
        source: "Wilder 1978; TA-Lib MINUS_DM",
        example: "minus_dm(14)",
        params: &[Param::length("length", 1).or(14.0)],
        build: |s, a| Ok(vec![summed_moves(s, a.length(0))?.1]),
        ..TEMPLATE
    },
    Function {
        name: "plus_di",
        summary: "Directional indicator of the moves upwards, 0 to 100.",
        formula: "100 * plus_dm(length) / Wilder's running sum of tr()",
        source: "Wilder 1978; TA-Lib PLUS_DI",
        example: "plus_di(14)",
        params: LENGTH,
        build: |s, a| {
            let (up, _) = summed_moves(s, a.length(0))?;
            indicator(s, up, a.length(0))
        },
        ..TEMPLATE
    },
    Function {
        name: "minus_di",
        summary: "Directional indicator of the moves downwards, 0 to 100.",
        formula: "100 * minus_dm(length) / Wilder's running sum of tr()",
        source: "Wilder 1978; TA-Lib MINUS_DI",
        example: "minus_di(14)",
        params: LENGTH,
        build: |s, a| {
            let (_, down) = summed_moves(s, a.length(0))?;
            indicator(s, down, a.length(0))
        },
        ..TEMPLATE
    },
    Function {
        name: "dx",
        summary: "Directional movement index: how much one direction outweighs the other, 0 to 100.",
        formula: "100 * abs(plus_di - minus_di) / (plus_di + minus_di)",
        source: "Wilder 1978; TA-Lib DX",
        example: "dx(14)",
        params: LENGTH,
        build: |s, a| Ok(vec![directional(s, a.length(0))?]),
        ..TEMPLATE
    },
    Function {
        name: "adx",
        summary: "Average directional index: the strength of a trend of either direction, 0 to 100.",
        formula: "rma(dx(length), length)",
        source: "Wilder 1978; TA-Lib ADX",
        example: "adx(14)",
        params: LENGTH,
        build: |s, a| Ok(vec![average_directional(s, a.length(0))?]),
        ..TEMPLATE
    },
    Function {
        name: "adxr",
        summary: "Average directional index rating: the mean of the index now and before.",
        formula: "(adx(length) + adx(length)[length - 1]) / 2",
        source: "Wilder 1978; TA-Lib ADXR",
        example: "adxr(14)",
        params: LENGTH,
        build: |s, a| rated(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "aroon",
        summary: "Aroon: how fresh the highest high and the lowest low are, 0 to 100.",
        formula: "up = 100 * (length - highest_bars(high, length + 1)) / length; down with \
                  lowest_bars(low, length + 1); oscillator = up - down",
        source: "TA-Lib AROON and AROONOSC",
        example: "aroon(14).oscillator",
        params: LENGTH,
        outputs: &[
            output("up", "Freshness of the highest high."),
            output("down", "Freshness of the lowest low."),
            output("oscillator", "`up` less `down`, -100 to 100."),
        ],
        build: |s, a| aroon(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "supertrend",
        summary: "A band that follows the price and changes sides when a close breaks it.",
        formula: "bands hl2 ± mult * atr(length); each comes nearer only, until the close before \
                  was beyond it; a close beyond the band on the other side turns the direction, \
                  which begins with 1",
        source: "Olivier Seban; TA-Lib SUPERTREND",
        example: "supertrend(10, 3).direction",
        params: &[Param::length("length", 1).or(10.0), Param::constant("mult", 0.0, 100.0).or(3.0)],
        outputs: LINE_AND_DIRECTION,
        build: |s, a| supertrend(s, a.length(0), a.constant(1)),
        ..TEMPLATE
    },
    Function {
        name: "psar",
        summary: "Parabolic stop and reverse: a stop that follows the price ever faster.",
        formula: "y = y[1] + speed * (extreme - y[1]), not beyond the last two bars; the speed \
                  grows by `step` with each new extreme up to `max`; it turns when touched",
        source: "Wilder 1978; TA-Lib SAR",
        example: "psar(0.02, 0.2)",
        params: &[
            Param::constant("step", 0.0, 1.0).or(0.02),
            Param::constant("max", 0.0, 1.0).or(0.2),
        ],
        build: |s, a| {
            let (high, low) = (s.column(Column::High)?, s.column(Column::Low)?);
            let (step, most) = (Exactly(a.constant(0)), Exactly(a.constant(1)));
            Ok(vec![s.number(Prim::Parabolic { step, most }, &[high, low])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "ichimoku",
        summary: "Ichimoku's lines, the spans as they lie over this bar. The lagging span isn't \
                  offered, because it is the future.",
        formula: "m(n) = (highest(high, n) + lowest(low, n)) / 2; conversion = m(conversion); \
                  base = m(base); span_a = ((conversion + base) / 2)[base]; \
                  span_b = m(span_b)[base]",
        source: "Goichi Hosoda",
        example: "ichimoku(9, 26, 52).span_a",
        params: &[
            Param::length("conversion", 1).or(9.0),
            Param::length("base", 1).or(26.0),
            Param::length("span_b", 1).or(52.0),
        ],
        outputs: &[
            output("conversion", "The middle of the short range."),
            output("base", "The middle of the longer range."),
            output("span_a", "The mean of both, `base` bars ago."),
            output("span_b", "The middle of the longest range, `base` bars ago."),
        ],
        build: |s, a| ichimoku(s, a.length(0), a.length(1), a.length(2)),
        ..TEMPLATE
    },
];
