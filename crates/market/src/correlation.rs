//! Which instruments move together: clusters by the correlation of daily returns.
//!
//! Returns are simple, close over close less one, between days on which both instruments have a
//! close. They need nothing but the four operations, whose results are the same to the bit on
//! every machine, as logarithms are not; at a day's distance the two agree. Two instruments whose
//! returns correlate (Pearson) by the threshold or more belong together, and so does whatever
//! belongs together with one of them (single linkage). What runs against each other is not taken
//! to move together. This module must not know limits or where closes come from.

use std::collections::BTreeMap;

use domain::{InstrumentId, Price};
use rust_decimal::prelude::ToPrimitive;

/// Daily closes in the order of their days; a day is a number that grows by one.
pub type Closes = Vec<(i64, Price)>;

/// How clusters are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSpec {
    /// Daily returns that are compared, the latest ones; at least 2.
    pub window: usize,
    /// The correlation from which on two instruments move together, −1 to 1.
    pub threshold: f64,
}

impl Default for ClusterSpec {
    /// 60 daily returns, 0.7.
    fn default() -> Self {
        Self { window: 60, threshold: 0.7 }
    }
}

/// The cluster of each instrument, numbered from 0 in the order of each cluster's first id.
///
/// An instrument is left out, so that nothing is known about it, when its days are not in order,
/// when it has too few closes for the window, or when none of its closes in the window differ. Two
/// instruments that are each known, but share too few days, are taken to move together.
#[must_use]
pub fn clusters(
    daily_closes: &BTreeMap<InstrumentId, Closes>,
    spec: ClusterSpec,
) -> BTreeMap<InstrumentId, u32> {
    let known: Vec<_> = daily_closes.iter().filter(|(_, c)| usable(c, spec.window)).collect();
    let mut leaders: Vec<usize> = (0..known.len()).collect();
    for (b, (_, closes)) in known.iter().enumerate() {
        for (a, (_, before)) in known.iter().enumerate().take(b) {
            let together = correlation(before, closes, spec.window);
            if together.is_none_or(|rho| rho >= spec.threshold) {
                join(&mut leaders, a, b);
            }
        }
    }
    let mut numbers = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (n, (id, _)) in known.into_iter().enumerate() {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let number = *numbers.entry(leader(&leaders, n)).or_insert(next);
        found.insert(id.clone(), number);
    }
    found
}

fn usable(closes: &Closes, window: usize) -> bool {
    let ordered = closes.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0));
    let Some(from) = closes.len().checked_sub(window + 1) else { return false };
    let latest = closes.get(from..).unwrap_or_default();
    let moves = latest.windows(2).any(|pair| matches!(pair, [a, b] if a.1 != b.1));
    ordered && window >= 2 && moves
}

/// The first instrument of a cluster.
fn leader(leaders: &[usize], mut n: usize) -> usize {
    while let Some(next) = leaders.get(n).copied().filter(|next| *next != n) {
        n = next;
    }
    n
}

/// Puts two clusters together; the smaller number leads, so that no order of joining shows.
fn join(leaders: &mut [usize], a: usize, b: usize) {
    let (a, b) = (leader(leaders, a), leader(leaders, b));
    if let Some(follower) = leaders.get_mut(a.max(b)) {
        *follower = a.min(b);
    }
}

/// Pearson's correlation of the latest `window` returns over common days, −1 to 1. `None` when
/// there are fewer, or one of the two did not move on them.
#[must_use]
pub fn correlation(a: &Closes, b: &Closes, window: usize) -> Option<f64> {
    let pairs = common(a, b, window.checked_add(1)?)?;
    let returns = pairs.windows(2).filter_map(|pair| match pair {
        [new, old] => Some((new.0 / old.0 - 1.0, new.1 / old.1 - 1.0)),
        _ => None,
    });
    let returns: Vec<(f64, f64)> = returns.collect();
    let count = f64::from(u32::try_from(returns.len()).ok()?);
    let (sum_a, sum_b) = returns.iter().fold((0.0, 0.0), |s, r| (s.0 + r.0, s.1 + r.1));
    let (mean_a, mean_b) = (sum_a / count, sum_b / count);
    let (mut with, mut alone_a, mut alone_b) = (0.0, 0.0, 0.0);
    for (a, b) in returns {
        let (a, b) = (a - mean_a, b - mean_b);
        with += a * b;
        alone_a += a * a;
        alone_b += b * b;
    }
    let spread = alone_a.sqrt() * alone_b.sqrt();
    (spread > 0.0).then(|| (with / spread).clamp(-1.0, 1.0)).filter(|rho| rho.is_finite())
}

/// The closes of the latest so many days that both have, the latest first.
fn common(a: &Closes, b: &Closes, count: usize) -> Option<Vec<(f64, f64)>> {
    let (mut a, mut b) = (a.iter().rev().peekable(), b.iter().rev().peekable());
    let mut pairs = Vec::with_capacity(count);
    while pairs.len() < count {
        let (new_a, new_b) = (*a.peek()?, *b.peek()?);
        if new_a.0 >= new_b.0 {
            a.next();
        }
        if new_b.0 >= new_a.0 {
            b.next();
        }
        if new_a.0 == new_b.0 {
            pairs.push((new_a.1.get().to_f64()?, new_b.1.get().to_f64()?));
        }
    }
    Some(pairs)
}
