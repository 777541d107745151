//! Speed of typical functions: bars per second, as in a backtest, over exact and floating sums.

use std::sync::Arc;

use divan::{Bencher, counter::ItemsCount};
use domain::{Timeframe, Timestamp};
use formula::{Columns, Compiler, Decimals, Env, Run};

const BARS: u32 = 100_000;
/// As many bars as a backtest takes at once.
const BLOCK: usize = 1_024;
const HOUR: i64 = 3_600_000_000_000;
const FORMULAS: &[&str] = &[
    "close[1]",
    "close + open",
    "sma(close, 20)",
    "sma(hl2, 20)",
    "ema(close, 20)",
    "wma(close, 20)",
    "wma(hl2, 20)",
    "highest(high, 50)",
    "median(close, 50)",
    "percentile_rank(close, 2000)",
    "stddev(close, 20)",
    "stddev(hl2, 20)",
    "correlation(close, volume, 20)",
    "linreg(close, 14).slope",
    "rsi(14)",
    "macd().hist",
    "stoch().k",
    "bbands().upper",
    "adx(14)",
    "cci(20)",
    "mfi(14)",
    "rolling_vwap(20)",
    "vwap()",
    "supertrend()",
    "psar()",
    "kama(10)",
    "crosses_above(sma(10), sma(30))",
];

fn main() {
    divan::main();
}

/// Bars whose prices go to and fro by a fixed rule.
fn blocks() -> Vec<Columns> {
    let mut blocks = vec![Columns::default()];
    let mut state = 1_u32;
    let mut close = 10_000_i32;
    for hour in 0..i64::from(BARS) {
        let mut next = |most: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i32::try_from(state >> 16).unwrap_or(0) % most
        };
        let open = close + next(41) - 20;
        close = (open + next(301) - 150).max(500);
        let (high, low) = (open.max(close) + next(90) + 1, open.min(close) - next(90) - 1);
        let volume = next(30_000) + 1;
        if blocks.last().is_some_and(|block| block.len() == BLOCK) {
            blocks.push(Columns::default());
        }
        let Some(block) = blocks.last_mut() else { continue };
        block.open_at.push(Timestamp(hour * HOUR));
        block.close_at.push(Timestamp((hour + 1) * HOUR));
        block.open.push(f64::from(open) / 100.0);
        block.high.push(f64::from(high) / 100.0);
        block.low.push(f64::from(low) / 100.0);
        block.close.push(f64::from(close) / 100.0);
        block.volume.push(f64::from(volume));
    }
    blocks
}

fn run(bencher: Bencher<'_, '_>, text: &str, decimals: Decimals) {
    let mut compiler =
        Compiler::new(Env { timeframe: Some(Timeframe::Hours(1)), ..Env::default() });
    let root = compiler.add(text).expect("a sound formula");
    let plan = Arc::new(compiler.finish());
    let blocks = blocks();
    bencher.counter(ItemsCount::new(BARS)).bench(|| {
        let mut run = Run::new(Arc::clone(&plan), decimals);
        let mut last = 0.0;
        for block in &blocks {
            run.block(block);
            last = run.values(root).at(block.len() - 1);
        }
        last
    });
}

#[divan::bench(args = FORMULAS)]
fn exact(bencher: Bencher<'_, '_>, text: &str) {
    run(bencher, text, Decimals { price: Some(2), volume: Some(0) });
}

#[divan::bench(args = FORMULAS)]
fn floating(bencher: Bencher<'_, '_>, text: &str) {
    run(bencher, text, Decimals::UNKNOWN);
}
