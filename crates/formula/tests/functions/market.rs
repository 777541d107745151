//! Bars for the tests, and formulas over them.

use std::sync::Arc;

use domain::{Timeframe, Timestamp};
use formula::{Columns, Compiler, Decimals, Env, Plan, Run};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Prices in cents and whole volumes.
pub(crate) const CENTS: Decimals = Decimals { price: Some(2), volume: Some(0) };
const HOUR: i64 = 3_600_000_000_000;

/// Hourly bars from midnight, from rows of open, high, low, close and volume.
pub(crate) fn bars(rows: &[[f64; 5]]) -> Columns {
    let mut columns = Columns::default();
    for (hour, [open, high, low, close, volume]) in (0_i64..).zip(rows) {
        columns.open_at.push(Timestamp(hour * HOUR));
        columns.close_at.push(Timestamp((hour + 1) * HOUR));
        columns.open.push(*open);
        columns.high.push(*high);
        columns.low.push(*low);
        columns.close.push(*close);
        columns.volume.push(*volume);
    }
    columns
}

/// The bars of the rows that are computed by hand.
pub(crate) fn eight_bars() -> Columns {
    bars(&[
        [10.0, 12.0, 9.0, 11.0, 100.0],
        [11.0, 13.0, 10.0, 12.0, 200.0],
        [12.0, 13.0, 11.0, 11.0, 150.0],
        [11.0, 14.0, 10.0, 13.0, 100.0],
        [13.0, 15.0, 12.0, 14.0, 300.0],
        [12.0, 14.0, 11.0, 12.0, 200.0],
        [14.0, 16.0, 13.0, 15.0, 100.0],
        [15.0, 16.0, 13.0, 14.0, 400.0],
    ])
}

/// A random walk in cents without degenerate bars.
pub(crate) fn walk(seed: u64, length: usize) -> Columns {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut cents = |from: i32, to: i32| f64::from(random.random_range(from..to));
    let mut close = 10_000.0;
    let mut rows = Vec::with_capacity(length);
    for _ in 0..length {
        let open: f64 = close + cents(-20, 21);
        close = (open + cents(-150, 151)).max(500.0);
        let (high, low) = (open.max(close) + cents(1, 90), open.min(close) - cents(1, 90));
        let volume = cents(1, 100_000);
        rows.push([open / 100.0, high / 100.0, low / 100.0, close / 100.0, volume]);
    }
    bars(&rows)
}

/// One formula, checked.
pub(crate) fn plan(text: &str) -> Arc<Plan> {
    let env = Env { timeframe: Some(Timeframe::Hours(1)), ..Env::default() };
    let mut compiler = Compiler::new(env);
    compiler.add(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    Arc::new(compiler.finish())
}

/// The bars from one to another.
fn slice(bars: &Columns, from: usize, to: usize) -> Columns {
    Columns {
        open_at: bars.open_at[from..to].to_vec(),
        close_at: bars.close_at[from..to].to_vec(),
        open: bars.open[from..to].to_vec(),
        high: bars.high[from..to].to_vec(),
        low: bars.low[from..to].to_vec(),
        close: bars.close[from..to].to_vec(),
        volume: bars.volume[from..to].to_vec(),
    }
}

/// A plan's values over bars that come in blocks of these sizes, and the rest at once.
pub(crate) fn in_blocks(
    plan: &Arc<Plan>,
    bars: &Columns,
    decimals: Decimals,
    sizes: &[usize],
) -> Vec<f64> {
    let root = plan.roots().next().expect("one formula");
    let mut run = Run::new(Arc::clone(plan), decimals);
    let (mut values, mut from) = (Vec::new(), 0);
    for size in sizes.iter().copied().chain([bars.len()]) {
        let to = (from + size).min(bars.len());
        run.block(&slice(bars, from, to));
        let block = run.values(root);
        values.extend((0..to - from).map(|bar| block.at(bar)));
        from = to;
    }
    values
}

/// A formula's values over bars that come at once.
pub(crate) fn values(text: &str, bars: &Columns, decimals: Decimals) -> Vec<f64> {
    in_blocks(&plan(text), bars, decimals, &[])
}
