//! Averages of a series.

use super::{
    BLANK, BuildError, Built, Function, Group, Param,
    parts::{self, Part, times},
};
use crate::{
    prim::{Ask, Column, Prim, TimeField, Unary},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function {
    group: Group::Average,
    params: &[Param::SOURCE, Param::length("length", 1)],
    ..BLANK
};

fn weighted(s: &mut Scope<'_>, a: Value, length: usize) -> Part {
    s.number(Prim::Line { length, ask: Ask::Weighted }, &[a])
}

/// The first `N` of an exponential average, its own average, that one's average and so on.
pub(super) fn chain<const N: usize>(
    s: &mut Scope<'_>,
    source: Value,
    length: usize,
) -> Result<[Value; N], BuildError> {
    let mut averages = [source; N];
    let mut latest = source;
    for average in &mut averages {
        latest = s.ema(latest, length)?;
        *average = latest;
    }
    Ok(averages)
}

fn double(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let [once, twice] = chain(s, source, length)?;
    let once = times(s, 2.0, once)?;
    Ok(vec![s.sub(once, twice)?])
}

fn triple(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let [once, twice, thrice] = chain(s, source, length)?;
    let apart = s.sub(once, twice)?;
    let apart = times(s, 3.0, apart)?;
    Ok(vec![s.add(apart, thrice)?])
}

fn triangular(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let half = length / 2;
    let once = s.sma(source, length - half)?;
    Ok(vec![s.sma(once, half + 1)?])
}

fn tillson(s: &mut Scope<'_>, source: Value, length: usize, v: f64) -> Built {
    let averages: [Value; 6] = chain(s, source, length)?;
    let weights = [
        (5, -v * v * v),
        (4, 3.0 * v * v + 3.0 * v * v * v),
        (3, -6.0 * v * v - 3.0 * v - 3.0 * v * v * v),
        (2, 1.0 + 3.0 * v + v * v * v + 3.0 * v * v),
    ];
    let mut sum = Value::number(0.0);
    for (index, weight) in weights {
        let part = times(s, weight, averages[index])?;
        sum = s.add(sum, part)?;
    }
    Ok(vec![sum])
}

fn kaufman(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let distance = parts::change(s, source, length)?;
    let step = parts::change(s, source, 1)?;
    let step = s.unary(Unary::Abs, step)?;
    let way = parts::sum(s, step, length)?;
    Ok(vec![s.number(Prim::Adaptive, &[source, distance, way])?])
}

fn hull(s: &mut Scope<'_>, source: Value, length: usize) -> Built {
    let fast = weighted(s, source, length / 2)?;
    let fast = times(s, 2.0, fast)?;
    let slow = weighted(s, source, length)?;
    let ahead = s.sub(fast, slow)?;
    Ok(vec![weighted(s, ahead, length.isqrt())?])
}

fn session(s: &mut Scope<'_>) -> Built {
    let (price, volume) = (parts::typical_thrice(s)?, s.column(Column::Volume)?);
    let number = s.time(TimeField::SessionNumber)?;
    let mean = s.number(Prim::SessionMean, &[price, volume, number])?;
    Ok(vec![s.div(mean, Value::number(3.0))?])
}

fn rolling(s: &mut Scope<'_>, length: usize) -> Built {
    let (price, volume) = (parts::typical_thrice(s)?, s.column(Column::Volume)?);
    let mean = s.number(Prim::WeightedMean(length), &[price, volume])?;
    Ok(vec![s.div(mean, Value::number(3.0))?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sma",
        summary: "Simple moving average: the mean of the last `length` values.",
        formula: "(x + x[1] + … + x[length-1]) / length",
        source: "TA-Lib SMA",
        example: "sma(close, 20)",
        build: |s, a| Ok(vec![s.sma(a.value(0), a.length(1))?]),
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
    Function {
        name: "wma",
        summary: "Weighted moving average: the latest value counts `length` times, the oldest once.",
        formula: "(length * x + … + 1 * x[length-1]) / (length * (length + 1) / 2)",
        source: "TA-Lib WMA",
        example: "wma(close, 20)",
        build: |s, a| Ok(vec![weighted(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "rma",
        summary: "Wilder's moving average; the first value is the mean of the first `length`.",
        formula: "y = (y[1] * (length - 1) + x) / length",
        source: "Wilder 1978; TA-Lib RMA",
        example: "rma(close, 14)",
        build: |s, a| Ok(vec![parts::rma(s, a.value(0), a.length(1))?]),
        ..TEMPLATE
    },
    Function {
        name: "dema",
        summary: "Double exponential moving average, which lags less.",
        formula: "2 * e1 - e2, with e1 = ema(x, length) and e2 = ema(e1, length)",
        source: "TA-Lib DEMA",
        example: "dema(close, 20)",
        build: |s, a| double(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "tema",
        summary: "Triple exponential moving average, which lags less still.",
        formula: "3 * (e1 - e2) + e3, with e1 = ema(x, length), e2 = ema(e1, length) and so on",
        source: "TA-Lib TEMA",
        example: "tema(close, 20)",
        build: |s, a| triple(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "trima",
        summary: "Triangular moving average: the values in the middle of the window count most.",
        formula: "sma(sma(x, length - h), h + 1), with h = length / 2 without its fraction",
        source: "TA-Lib TRIMA",
        example: "trima(close, 20)",
        build: |s, a| triangular(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "kama",
        summary: "Kaufman's adaptive moving average: fast where prices go straight, slow where they \
                  go to and fro.",
        formula: "y = y[1] + c^2 * (x - y[1]); c = e * (2/3 - 2/31) + 2/31; \
                  e = abs(x - x[length]) / sum(abs(x - x[1]), length), 1 where nothing moved; \
                  the first y[1] is x[1]",
        source: "TA-Lib KAMA",
        example: "kama(close, 10)",
        params: &[Param::SOURCE, Param::length("length", 2).or(10.0)],
        build: |s, a| kaufman(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "t3",
        summary: "Tillson's moving average: six exponential averages in a chain, blended.",
        formula: "c1 * e6 + c2 * e5 + c3 * e4 + c4 * e3; with v = vfactor: c1 = -v^3, \
                  c2 = 3v^2 + 3v^3, c3 = -6v^2 - 3v - 3v^3, c4 = 1 + 3v + v^3 + 3v^2",
        source: "TA-Lib T3",
        example: "t3(close, 5)",
        params: &[
            Param::SOURCE,
            Param::length("length", 1).or(5.0),
            Param::constant("vfactor", 0.0, 1.0).or(0.7),
        ],
        build: |s, a| tillson(s, a.value(0), a.length(1), a.constant(2)),
        ..TEMPLATE
    },
    Function {
        name: "hma",
        summary: "Hull's moving average: weighted averages that hardly lag.",
        formula: "wma(2 * wma(x, length / 2) - wma(x, length), sqrt(length)), \
                  both without their fractions",
        source: "Alan Hull; TA-Lib HMA",
        example: "hma(close, 16)",
        params: &[Param::SOURCE, Param::length("length", 2)],
        build: |s, a| hull(s, a.value(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "vwma",
        summary: "Moving average weighted by volume; undefined without volume.",
        formula: "sum(x * volume, length) / sum(volume, length)",
        source: "TA-Lib VWMA",
        example: "vwma(close, 20)",
        build: |s, a| {
            let volume = s.column(Column::Volume)?;
            Ok(vec![s.number(Prim::WeightedMean(a.length(1)), &[a.value(0), volume])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "vwap",
        summary: "Average price since the session's start, weighted by volume.",
        formula: "sum of hlc3 * volume / sum of volume since the session's first bar",
        source: "the usual definition, anew with each session",
        example: "vwap()",
        params: &[],
        build: |s, _| session(s),
        ..TEMPLATE
    },
    Function {
        name: "rolling_vwap",
        summary: "Average price of the last `length` bars, weighted by volume.",
        formula: "sum(hlc3 * volume, length) / sum(volume, length)",
        source: "the usual definition",
        example: "rolling_vwap(20)",
        params: &[Param::length("length", 1)],
        build: |s, a| rolling(s, a.length(0)),
        ..TEMPLATE
    },
];
