//! An account's way through a run in few points, for a page that draws it.
//!
//! Time is divided into columns; of each the first and last point are kept, the lowest and highest
//! equity, the deepest fall and the largest exposure, so no extreme is lost. This module must not
//! compute a figure.

use std::{collections::BTreeSet, sync::Arc};

use domain::{Bar, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    stats::{EquityPoint, number::approximate},
    trial::{Report, Trial},
};

/// The most points of a curve.
pub const POINTS_MAX: usize = 2_000;
/// Points of a column that may be kept.
const KEPT: usize = 6;
/// Columns; the end of the last one has one of its own.
const COLUMNS: usize = POINTS_MAX / KEPT - 1;
/// Decimals of what holding would be worth.
const DECIMALS: u32 = 8;

/// The account at one close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The close.
    pub at: Timestamp,
    /// Cash and holdings.
    pub equity: Decimal,
    /// The distance from the last peak, 0 or below.
    pub drawdown_percent: f64,
    /// The value of all positions relative to equity; absent when equity is not above 0.
    pub exposure_percent: Option<f64>,
    /// What holding the first symbol since the end of the warm-up would be worth; absent before.
    pub benchmark: Option<Decimal>,
}

/// The curve of a report: at most [`POINTS_MAX`] points, the first and the last among them.
#[must_use]
pub fn curve(trial: &Trial, report: &Report) -> Vec<CurvePoint> {
    let falls = falls(&report.equity);
    let held = Held::of(trial, report);
    let kept = kept(&report.equity, &falls);
    kept.into_iter()
        .map(|n| {
            let point = &report.equity[n];
            CurvePoint {
                at: point.at,
                equity: point.equity,
                drawdown_percent: falls[n],
                exposure_percent: exposure(point),
                benchmark: held.as_ref().and_then(|held| held.worth(point.at)),
            }
        })
        .collect()
}

fn falls(equity: &[EquityPoint]) -> Vec<f64> {
    let mut peak = f64::MIN;
    let fall = |point: &EquityPoint| {
        let equity = approximate(point.equity);
        peak = peak.max(equity);
        if peak > 0.0 { (equity / peak - 1.0) * 100.0 } else { 0.0 }
    };
    equity.iter().map(fall).collect()
}

fn exposure(point: &EquityPoint) -> Option<f64> {
    let equity = approximate(point.equity);
    (equity > 0.0).then(|| approximate(point.exposure_gross) / equity * 100.0)
}

/// The numbers of the points that are kept.
fn kept(equity: &[EquityPoint], falls: &[f64]) -> BTreeSet<usize> {
    let (Some(first), Some(last)) = (equity.first(), equity.last()) else {
        return BTreeSet::new();
    };
    if equity.len() <= POINTS_MAX {
        return (0..equity.len()).collect();
    }
    let span = last.at.since(first.at).0.max(1) as f64;
    let column = |point: &EquityPoint| {
        let share = point.at.since(first.at).0 as f64 / span;
        (share * COLUMNS as f64) as usize
    };
    let mut kept = BTreeSet::new();
    let mut begin = 0;
    for part in equity.chunk_by(|a, b| column(a) == column(b)) {
        let numbers = || begin..begin + part.len();
        let exposed = |n: &usize| exposure(&equity[*n]).unwrap_or(f64::MAX);
        kept.extend([begin, begin + part.len() - 1]);
        kept.extend(numbers().min_by_key(|n| equity[*n].equity));
        kept.extend(numbers().max_by_key(|n| equity[*n].equity));
        kept.extend(numbers().min_by(|a, b| falls[*a].total_cmp(&falls[*b])));
        kept.extend(numbers().max_by(|a, b| exposed(a).total_cmp(&exposed(b))));
        begin += part.len();
    }
    kept
}

/// Holding the first symbol from the end of the warm-up, with the starting capital.
struct Held {
    bars: Arc<[Bar]>,
    from: Timestamp,
    capital: Decimal,
    first: Decimal,
}

impl Held {
    fn of(trial: &Trial, report: &Report) -> Option<Self> {
        let from = *report.statistics.benchmark.benchmark_from.value()?;
        let symbol = trial.strategy.symbols.first()?;
        let market = trial.markets.iter().find(|market| market.symbol == *symbol)?;
        let bars = market.scaled(Timestamp(i64::MAX)).ok()?;
        let begin = bars.partition_point(|bar| bar.close_at < from);
        let first = bars.get(begin)?.close.get();
        let capital = report.statistics.summary.starting_equity;
        Some(Self { bars, from, capital, first })
    }

    fn worth(&self, at: Timestamp) -> Option<Decimal> {
        if at < self.from {
            return None;
        }
        let known = self.bars.partition_point(|bar| bar.close_at <= at);
        let close = self.bars.get(known.checked_sub(1)?)?.close.get();
        let worth = self.capital.checked_mul(close)?.checked_div(self.first)?;
        Some(worth.round_dp(DECIMALS).normalize())
    }
}
