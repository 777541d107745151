//! What is kept of one set: some figures, or why it could not be tried.
//!
//! It is a few hundred bytes whatever the length of history, so that a search may be wide. This
//! module must not know how a set is tried.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    stats::Statistics,
    trial::{Trial, TrialError, measure},
};

/// The figures that are kept of every set.
pub const FIGURES: [&str; 14] = [
    "sharpe",
    "sortino",
    "calmar",
    "final_equity",
    "total_return_percent",
    "cagr_percent",
    "volatility_percent",
    "max_drawdown_percent",
    "trade_count",
    "win_rate_percent",
    "profit_factor",
    "expectancy",
    "time_in_market_percent",
    "total_fees",
];
/// By this share two values of a ratio may differ that were summed in another order.
const ALIKE: f64 = 1e-9;
/// Characters of a reason that are kept.
const REASON_MAX: usize = 300;

/// Who tried a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The screening kernel.
    Screen,
    /// The desk's own core, gate, ledger and paper venue.
    Engine,
}

/// What came of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The set's number in its space.
    pub set: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one set.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was tried.
    Tried(Box<Measured>),
    /// It can't be tried.
    Refused(Refused),
}

/// Why a set can't be tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refused {
    /// The reason's stable name.
    pub code: String,
    /// The reason in words.
    pub reason: String,
}

/// The figures of a set that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The objective; `None` where it is undefined.
    pub objective: Option<f64>,
    /// The values of [`FIGURES`].
    pub figures: [Option<f64>; FIGURES.len()],
    /// The hash of the result, as a backtest of the set prints it; `None` when the set was screened,
    /// because the kernel writes no journal that could be hashed.
    pub result: Option<String>,
}

impl Measured {
    pub(super) fn of(statistics: &Statistics, objective: &str, result: String) -> Self {
        let figure = |name: &str| statistics.number(name).flatten().filter(|v| v.is_finite());
        let (objective, figures) = (figure(objective), FIGURES.map(figure));
        Self { objective, figures, result: Some(result) }
    }

    /// Who tried the set.
    #[must_use]
    pub const fn by(&self) -> By {
        if self.result.is_some() { By::Engine } else { By::Screen }
    }

    /// The figure that is told differently by another trial of the same set, with both values;
    /// money has to be equal, a ratio to nine digits.
    #[must_use]
    pub(super) fn differs(&self, other: &Self) -> Option<(&'static str, [Option<f64>; 2])> {
        let alike = |name: &str, a: f64, b: f64| {
            let exact = matches!(name, "final_equity" | "trade_count" | "total_fees");
            a == b || !exact && (a - b).abs() <= ALIKE * a.abs().max(b.abs())
        };
        let pairs = self.figures.into_iter().zip(other.figures).map(|(a, b)| [a, b]);
        let figures = FIGURES.into_iter().zip(pairs);
        let objective = ("objective", [self.objective, other.objective]);
        figures.chain([objective]).find(|(name, pair)| match pair {
            [Some(a), Some(b)] => !alike(name, *a, *b),
            [a, b] => a.is_some() != b.is_some(),
        })
    }

    /// A figure by its name, when it is kept and has a value.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<f64> {
        FIGURES.iter().position(|known| *known == name).and_then(|place| self.figures[place])
    }

    /// The figures by their names.
    #[must_use]
    pub fn named(&self) -> BTreeMap<&'static str, Option<f64>> {
        FIGURES.into_iter().zip(self.figures).collect()
    }
}

impl From<&TrialError> for Refused {
    fn from(error: &TrialError) -> Self {
        let reason = error.to_string().chars().take(REASON_MAX).collect();
        Self { code: error.code().to_owned(), reason }
    }
}

impl Row {
    /// Tries a set.
    pub(super) fn of(set: usize, trial: &Trial, objective: &str) -> Self {
        let outcome = match measure(trial) {
            Ok((statistics, result)) => {
                Outcome::Tried(Box::new(Measured::of(&statistics, objective, result)))
            }
            Err(error) => Outcome::Refused(Refused::from(&error)),
        };
        Self { set, outcome }
    }

    /// The figures, when the set was tried.
    #[must_use]
    pub fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Tried(measured) => Some(measured),
            Outcome::Refused(_) => None,
        }
    }

    /// The objective, when the set was tried and it has a value.
    #[must_use]
    pub fn objective(&self) -> Option<f64> {
        self.measured().and_then(|measured| measured.objective)
    }
}
