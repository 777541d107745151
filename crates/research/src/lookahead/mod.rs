//! Whether rules know the future, and whether they depend on where history begins.
//!
//! A rule that looks ahead says something else once the bars behind are cut off. A rule that has
//! not warmed up says something else when history begins later. Both are asked of what is run, not
//! of its text. This module must not know what makes the signals.

mod warm_up;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    ops::ControlFlow,
};

use backtest::BacktestError;
use domain::Timestamp;
use serde::Serialize;
pub use warm_up::{Settled, WarmUp, warm_up};

use crate::{
    stats::Draw,
    trial::{Signal, Trial, TrialError, Watch, rule_names, signals},
};

/// Cuts that may be asked for.
pub const CUTS_MAX: usize = 10_000;
const CUTS: &[u8; 24] = b"lookahead cuts          ";

/// Something that was said otherwise once the future was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The last close that was told.
    pub cut_at: Timestamp,
    /// The close at which the answers differ.
    pub at: Timestamp,
    /// The rule, or `wishes`.
    pub what: String,
}

/// What came of cutting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cuts {
    /// Closes with a wish in the whole history.
    pub signals: usize,
    /// Histories that were cut.
    pub cuts: usize,
    /// The first difference of each cut that has one.
    pub differences: Vec<Difference>,
}

impl Cuts {
    /// True when nothing that was asked knows the future.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.differences.is_empty()
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The first difference between what was said with and without a future.
fn difference(
    cut_at: Timestamp,
    full: &[Signal],
    cut: &[Signal],
    names: &[String],
) -> Option<Difference> {
    let known = full.partition_point(|signal| signal.at <= cut_at);
    let told = |at, what: &str| Some(Difference { cut_at, at, what: what.to_owned() });
    for (a, b) in full[..known].iter().zip(cut) {
        if a.at != b.at {
            return told(a.at.min(b.at), "closes");
        }
        let other = (0..a.values.len().max(b.values.len())).find(|n| {
            let value = |signal: &Signal| signal.values.get(*n).copied().unwrap_or(f64::NAN);
            !same(value(a), value(b))
        });
        if let Some(rule) = other {
            return told(a.at, names.get(rule).map_or("a rule", String::as_str));
        }
        if a.wishes != b.wishes {
            return told(a.at, "wishes");
        }
    }
    if known == cut.len() { None } else { told(cut_at, "closes") }
}

/// Asks with the whole history and with history cut off behind some closes: those at which
/// something was wished, or, where there are fewer than `cuts`, any others besides. `signals` is
/// told the last close that it may know.
///
/// # Errors
/// The first of `signals`.
pub fn cut<E>(
    names: &[String],
    (cuts, seed): (usize, u64),
    signals: impl Fn(Timestamp) -> Result<Vec<Signal>, E>,
) -> Result<Cuts, E> {
    let full = signals(Timestamp(i64::MAX))?;
    let mut draw = Draw::new(seed, CUTS);
    let (mut wished, mut rest): (Vec<&Signal>, Vec<&Signal>) =
        full.iter().partition(|signal| !signal.wishes.is_empty());
    let signals_found = wished.len();
    draw.shuffle(&mut wished);
    draw.shuffle(&mut rest);
    let chosen: BTreeSet<Timestamp> =
        wished.iter().chain(&rest).take(cuts.min(CUTS_MAX)).map(|signal| signal.at).collect();
    let mut differences = Vec::new();
    for at in &chosen {
        let cut = signals(*at)?;
        differences.extend(difference(*at, &full, &cut, names));
    }
    Ok(Cuts { signals: signals_found, cuts: chosen.len(), differences })
}

/// Both verdicts on a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookaheadReport {
    /// The strategy's name.
    pub strategy: String,
    /// What came of cutting.
    #[serde(flatten)]
    pub cuts: Cuts,
    /// What came of later beginnings.
    pub warm_up: WarmUp,
}

/// Asks both of a trial. `watch` is told how many histories of how many were played, and ends the
/// work by its answer.
///
/// # Errors
/// [`TrialError`] of a trial that can't be run, or that the work was ended.
pub fn of(
    trial: &Trial,
    (cuts, seed): (usize, u64),
    watch: &mut Watch<'_>,
) -> Result<LookaheadReport, TrialError> {
    let names = rule_names(trial);
    // The whole history is played first.
    let all = cuts.min(CUTS_MAX) as u64 + 1;
    let played = Cell::new(0);
    let watch = RefCell::new(watch);
    let told = cut(&names, (cuts, seed), |at| {
        let said = signals(&until(trial, at))?;
        played.set(played.get() + 1);
        match (*watch.borrow_mut())(played.get(), all) {
            ControlFlow::Continue(()) => Ok(said),
            ControlFlow::Break(()) => Err(TrialError::from(BacktestError::Stopped)),
        }
    })?;
    let warm_up = warm_up(trial, &names)?;
    Ok(LookaheadReport { strategy: trial.strategy.name.clone(), cuts: told, warm_up })
}

/// A trial that ends with the last bars that have closed at an instant. What is known of a symbol
/// before its first bar, such as its tick, stays.
fn until(trial: &Trial, at: Timestamp) -> Trial {
    let mut trial = trial.clone();
    for market in &mut trial.markets {
        let known = market.bars.partition_point(|bar| bar.close_at <= at);
        if known < market.bars.len() {
            market.bars = market.bars[..known].into();
        }
    }
    trial
}
