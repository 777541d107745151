//! What is traded.

use super::{
    BLANK, Built, Function, Group, Param,
    parts::{self, Part, percent, skip},
};
use crate::{
    prim::{Binary, Column, Prim},
    scope::Scope,
    value::Value,
};

const TEMPLATE: Function = Function { group: Group::Volume, ..BLANK };

/// The volume, counted by where the close is in the bar: all of it at the high, its negative at
/// the low; nothing for a bar without a range.
fn accumulated(s: &mut Scope<'_>) -> Part {
    let (high, low, close, volume) = (
        s.column(Column::High)?,
        s.column(Column::Low)?,
        s.column(Column::Close)?,
        s.column(Column::Volume)?,
    );
    let (above, below) = (s.sub(close, low)?, s.sub(high, close)?);
    let (net, range) = (s.sub(above, below)?, s.sub(high, low)?);
    let share = s.div(net, range)?;
    let zero = Value::number(0.0);
    let has_range = s.binary(Binary::Greater, range, zero)?;
    let share = s.number(Prim::If, &[has_range, share, zero])?;
    s.mul(share, volume)
}

fn distribution(s: &mut Scope<'_>) -> Part {
    let flow = accumulated(s)?;
    s.number(Prim::Running, &[flow])
}

fn oscillator(s: &mut Scope<'_>, fast: usize, slow: usize) -> Built {
    let line = distribution(s)?;
    let quick = s.number(Prim::EmaFromFirst(fast), &[line])?;
    let calm = s.number(Prim::EmaFromFirst(slow), &[line])?;
    let apart = s.sub(quick, calm)?;
    Ok(vec![skip(s, apart, apart, fast.max(slow) - 1)?])
}

fn chaikin_flow(s: &mut Scope<'_>, length: usize) -> Built {
    let (flow, volume) = (accumulated(s)?, s.column(Column::Volume)?);
    let (flow, volume) = (parts::sum(s, flow, length)?, parts::sum(s, volume, length)?);
    Ok(vec![s.div(flow, volume)?])
}

fn money_flow(s: &mut Scope<'_>, length: usize) -> Built {
    let (price, volume) = (parts::typical_thrice(s)?, s.column(Column::Volume)?);
    let before = s.history(price, 1)?;
    let flow = s.mul(price, volume)?;
    let mut flow_where = |side| {
        let is_so = s.binary(side, price, before)?;
        let flow = s.number(Prim::If, &[is_so, flow, Value::number(0.0)])?;
        parts::sum(s, flow, length)
    };
    let (up, down) = (flow_where(Binary::Greater)?, flow_where(Binary::Less)?);
    let both = s.add(up, down)?;
    Ok(vec![percent(s, up, both)?])
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "obv",
        summary: "On-balance volume: counted up on rising and down on falling closes.",
        formula: "y = y[1] + sign(close - close[1]) * volume; begins with the first volume",
        source: "Joseph Granville; TA-Lib OBV",
        example: "obv()",
        build: |s, _| {
            let (close, volume) = (s.column(Column::Close)?, s.column(Column::Volume)?);
            Ok(vec![s.number(Prim::Balance, &[close, volume])?])
        },
        ..TEMPLATE
    },
    Function {
        name: "ad",
        summary: "Accumulation and distribution: volume counted by where the close is in the bar.",
        formula: "running sum of ((close - low) - (high - close)) / (high - low) * volume; \
                  a bar without a range adds nothing",
        source: "Marc Chaikin; TA-Lib AD",
        example: "ad()",
        build: |s, _| Ok(vec![distribution(s)?]),
        ..TEMPLATE
    },
    Function {
        name: "adosc",
        summary: "Chaikin oscillator: a fast average of `ad` less a slow one.",
        formula: "e(fast) - e(slow); e(n) = e(n)[1] + 2 / (n + 1) * (ad - e(n)[1]), begun with \
                  the first ad",
        source: "TA-Lib ADOSC",
        example: "adosc(3, 10)",
        params: &[Param::length("fast", 2).or(3.0), Param::length("slow", 2).or(10.0)],
        build: |s, a| oscillator(s, a.length(0), a.length(1)),
        ..TEMPLATE
    },
    Function {
        name: "cmf",
        summary: "Chaikin money flow: the accumulated share of the volume, -1 to 1.",
        formula: "sum(((close - low) - (high - close)) / (high - low) * volume, length) / \
                  sum(volume, length); a bar without a range adds nothing",
        source: "Marc Chaikin",
        example: "cmf(20)",
        params: &[Param::length("length", 1).or(20.0)],
        build: |s, a| chaikin_flow(s, a.length(0)),
        ..TEMPLATE
    },
    Function {
        name: "mfi",
        summary: "Money flow index: the share of the money that was traded at rising prices, \
                  0 to 100.",
        formula: "100 * p / (p + n); p and n are the sums of hlc3 * volume over `length` bars \
                  where hlc3 rose and where it fell",
        source: "TA-Lib MFI",
        example: "mfi(14)",
        params: &[Param::length("length", 2).or(14.0)],
        build: |s, a| money_flow(s, a.length(0)),
        ..TEMPLATE
    },
];
