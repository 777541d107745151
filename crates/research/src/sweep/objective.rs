//! What a search looks for: a figure, and whether more or less of it is better.
//!
//! This module must not know how a figure is made.

use std::{cmp::Ordering, str::FromStr};

use serde::Serialize;

use super::SweepError;

/// Figures of which more is better.
const HIGHER: &[&str] = &[
    "sharpe",
    "sortino",
    "calmar",
    "cagr_percent",
    "total_return_percent",
    "net_profit",
    "final_equity",
    "excess_return_percent",
    "alpha_percent",
    "profit_factor",
    "expectancy",
    "expectancy_r",
    "payoff_ratio",
    "win_rate_percent",
    "sqn",
    "sqn_capped",
    "probabilistic_sharpe",
    "average_day_percent",
    "worst_day_percent",
    "worst_trade",
    "closed_profit",
];

/// Figures of which less is better.
const LOWER: &[&str] = &[
    "max_drawdown_percent",
    "max_drawdown_cash",
    "average_drawdown_percent",
    "longest_drawdown_seconds",
    "average_drawdown_seconds",
    "longest_recovery_seconds",
    "volatility_percent",
    "total_fees",
    "total_slippage_cost",
    "turnover",
    "longest_losing_streak",
    "minimum_track_record",
];

/// Which end of a figure is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// A figure that a search makes as good as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Objective {
    /// The figure's name in JSON.
    pub name: &'static str,
    /// Its good end.
    pub better: Better,
}

impl FromStr for Objective {
    type Err = SweepError;

    fn from_str(name: &str) -> Result<Self, SweepError> {
        let one = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
        if let Some(name) = one(HIGHER) {
            return Ok(Self { name, better: Better::Higher });
        }
        if let Some(name) = one(LOWER) {
            return Ok(Self { name, better: Better::Lower });
        }
        let why = "it is no figure of which more, or less, is always better";
        let known = HIGHER.iter().chain(LOWER).copied().collect::<Vec<_>>().join(", ");
        Err(SweepError::Objective { name: name.to_owned(), why, known })
    }
}

impl Objective {
    /// The value such that more is better.
    pub(crate) fn score(self, value: f64) -> f64 {
        match self.better {
            Better::Higher => value,
            Better::Lower => -value,
        }
    }

    /// The better value first, an undefined one last.
    #[must_use]
    pub fn order(self, a: Option<f64>, b: Option<f64>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.score(b).total_cmp(&self.score(a)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::stats::describe;

    #[test]
    fn every_objective_is_a_figure_and_stands_in_one_list() {
        let figures: BTreeSet<&str> =
            describe().iter().flat_map(|group| group.figures).map(|figure| figure.name).collect();
        let mut seen = BTreeSet::new();
        for name in HIGHER.iter().chain(LOWER) {
            assert!(figures.contains(name), "{name} is no figure");
            assert!(seen.insert(name), "{name} is there twice");
        }
        let refused = "skewness".parse::<Objective>().unwrap_err();
        assert!(refused.to_string().contains("take one of: sharpe, "), "{refused}");
    }

    #[test]
    fn the_better_value_comes_first_and_an_undefined_one_last() {
        for (name, sorted) in [
            ("sharpe", [Some(2.0), Some(1.0), Some(-1.0), None]),
            ("max_drawdown_percent", [Some(0.0), Some(5.0), Some(50.0), None]),
        ] {
            let objective: Objective = name.parse().unwrap();
            let mut values = sorted;
            values.reverse();
            values.sort_by(|a, b| objective.order(*a, *b));
            assert_eq!(values, sorted, "{name}");
        }
    }
}
