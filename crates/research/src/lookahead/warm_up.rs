//! How much rules depend on where history begins.
//!
//! This module must not know what a rule computes.

use serde::Serialize;

use crate::trial::{Trial, TrialError, signals};

/// Multiples of the warm-up after which the last bars are compared.
const MULTIPLES: [usize; 4] = [1, 2, 5, 10];
/// Closes at the end of history that are compared.
const CLOSES: usize = 50;

/// What a rule says after a shorter history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settled {
    /// The rule.
    pub rule: String,
    /// Bars before the compared ones, in multiples of the strategy's warm-up.
    pub multiple: usize,
    /// The largest of |a − b| ÷ max(|a|, |b|) over the compared closes.
    pub largest_relative_difference: f64,
    /// Closes at which the rule is defined with one of the histories only.
    pub undefined: usize,
}

/// What came of later beginnings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WarmUp {
    /// Bars before every rule can have a value.
    pub warm_up_bars: usize,
    /// Closes at the end that were compared.
    pub closes: usize,
    /// Each rule after each beginning for which history is long enough.
    pub rules: Vec<Settled>,
}

impl WarmUp {
    /// The least multiple of the warm-up from which on every rule says the same as with all of
    /// history; `None` when there is none.
    #[must_use]
    pub fn settled_after(&self) -> Option<usize> {
        let same = |s: &&Settled| s.largest_relative_difference == 0.0 && s.undefined == 0;
        let all = |multiple: usize| {
            let mut of = self.rules.iter().filter(|s| s.multiple >= multiple).peekable();
            of.peek().is_some() && of.all(|s| same(&s))
        };
        MULTIPLES.into_iter().find(|multiple| all(*multiple))
    }
}

fn relative(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()) }
}

/// Compares the last values of rules with those after shorter histories.
///
/// # Errors
/// [`TrialError`] of a trial that can't be run.
pub fn warm_up(trial: &Trial, names: &[String]) -> Result<WarmUp, TrialError> {
    let warm_up_bars = trial.compiled()?.warm_up();
    let full = signals(trial)?;
    let closes = CLOSES.min(full.len());
    let mut rules = Vec::new();
    for multiple in MULTIPLES {
        let told = closes + multiple * warm_up_bars;
        let Some(begin) = full.len().checked_sub(told + 1) else { break };
        let mut later = trial.clone();
        for market in &mut later.markets {
            let from = market.bars.partition_point(|bar| bar.close_at <= full[begin].at);
            market.bars = market.bars[from..].into();
        }
        let short = signals(&later)?;
        let pairs = || full.iter().rev().zip(short.iter().rev()).take(closes);
        for (place, rule) in names.iter().enumerate() {
            let (mut largest, mut undefined) = (0.0_f64, 0);
            for (a, b) in pairs().map(|(a, b)| (a.values[place], b.values[place])) {
                if a.is_nan() != b.is_nan() {
                    undefined += 1;
                } else if !a.is_nan() {
                    largest = largest.max(relative(a, b));
                }
            }
            let (rule, largest_relative_difference) = (rule.clone(), largest);
            rules.push(Settled { rule, multiple, largest_relative_difference, undefined });
        }
    }
    Ok(WarmUp { warm_up_bars, closes, rules })
}
