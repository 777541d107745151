//! Bars and values for the tests of the language.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::sync::Arc;

use domain::{Bar, Nanos, Timestamp};
use formula::{Columns, Compiler, Decimals, Env, Plan, PositionFacts, Run};
use rust_decimal::Decimal;

/// A bar of a minute; prices in hundredths, volume in units.
pub(crate) fn bar(minute: i64, [open, high, low, close]: [i64; 4], volume: i64) -> Bar {
    let price = |cents| domain::Price::new(Decimal::new(cents, 2)).unwrap();
    let open_at = Timestamp::from_secs(minute * 60);
    Bar {
        open_at,
        close_at: open_at.plus(Nanos::from_secs(60)),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: domain::Qty::new(Decimal::from(volume)).unwrap(),
    }
}

/// Bars of a minute that close at these prices in hundredths.
pub(crate) fn closes(cents: &[i64]) -> Vec<Bar> {
    let minutes = 0_i64..;
    let one = |(minute, c): (i64, &i64)| bar(minute, [*c, c + 10, c - 10, *c], 100 + minute);
    minutes.zip(cents).map(one).collect()
}

/// The plan of one formula.
pub(crate) fn plan(text: &str) -> Arc<Plan> {
    let timeframe = Some("1m".parse().unwrap());
    let mut compiler = Compiler::new(Env { timeframe, ..Env::default() });
    if let Err(error) = compiler.add(text) {
        panic!("{}", error.pointing_at(text));
    }
    Arc::new(compiler.finish())
}

/// The values of a plan's first formula over bars that are told in blocks of these lengths, over
/// and over.
pub(crate) fn values(plan: &Arc<Plan>, bars: &[Bar], blocks: &[usize]) -> Vec<f64> {
    let mut run = Run::new(Arc::clone(plan), Decimals::of(bars));
    let root = plan.roots().next().unwrap();
    let (mut out, mut rest) = (Vec::new(), bars);
    for length in blocks.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, after) = rest.split_at((*length).clamp(1, rest.len()));
        run.block(&Columns::of(block));
        let flat = PositionFacts::default();
        out.extend((0..block.len()).map(|at| run.value(root, at, &flat)));
        rest = after;
    }
    out
}

/// The values of a formula over bars.
pub(crate) fn eval(text: &str, bars: &[Bar]) -> Vec<f64> {
    values(&plan(text), bars, &[1_024])
}

/// The same to the bit; undefined equals undefined.
pub(crate) fn same(a: &[f64], b: &[f64]) -> bool {
    let equal = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

/// Asserts values, where undefined is NaN.
#[track_caller]
pub(crate) fn assert_values(text: &str, bars: &[Bar], expected: &[f64]) {
    let found = eval(text, bars);
    assert!(same(&found, expected), "{text}\n found {found:?}\nwanted {expected:?}");
}

/// Undefined.
pub(crate) const U: f64 = f64::NAN;
