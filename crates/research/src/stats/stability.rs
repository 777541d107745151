//! Whether a chosen point of a parameter grid stands on a plateau or on a needle.
//!
//! This module must not know what the parameters mean.

use serde::{Deserialize, Serialize};

use super::{
    figure::Figure,
    note::Note,
    number::{self, count, counted},
    section::section,
};

/// A point of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridPoint {
    /// Its place: for each parameter the number of the step, from 0.
    pub place: Vec<u32>,
    /// The objective there, larger is better; `None` where it is undefined.
    pub objective: Option<f64>,
}

section! {
    /// The chosen point beside its neighbours: the points that are at most one step away in every
    /// parameter.
    pub struct Stability {
        /// Neighbours with a value.
        neighbours: u32 = Count, "number of neighbours with an objective", "";
        /// Neighbours where the objective is undefined.
        undefined_neighbours: u32 = Count, "number of neighbours without an objective", "";
        /// The neighbour in the middle against the chosen point; 1 is a plateau, 0 a needle.
        plateau_ratio: Figure = Ratio, "median(neighbours' objectives) ÷ chosen objective",
            "No neighbour with a value, or the chosen objective isn't positive.";
        /// The worst neighbour against the chosen point.
        worst_neighbour_ratio: Figure = Ratio, "min(neighbours' objectives) ÷ chosen objective",
            "No neighbour with a value, or the chosen objective isn't positive.";
        /// Neighbours whose objective is positive too.
        positive_neighbours_percent: Figure = Percent,
            "neighbours with an objective > 0 ÷ neighbours × 100", "No neighbour with a value.";
    }
}

impl Stability {
    /// The figures of the point at `chosen` in a grid. Without such a point nothing is defined.
    #[must_use]
    pub fn of(grid: &[GridPoint], chosen: usize) -> Self {
        let centre = grid.get(chosen);
        let near: Vec<&GridPoint> = grid
            .iter()
            .enumerate()
            .filter(|(place, point)| *place != chosen && centre.is_some_and(|c| c.is_near(point)))
            .map(|(_, point)| point)
            .collect();
        let told: Vec<f64> =
            near.iter().filter_map(|p| p.objective).filter(|v| v.is_finite()).collect();
        let height = centre
            .and_then(|centre| centre.objective)
            .filter(|objective| *objective > 0.0)
            .ok_or(Note::ChosenNotPositive);
        let against = |value: Option<f64>| {
            let value = value.ok_or(Note::NoNeighbours)?;
            Ok(value / height?)
        };
        let positive = told.iter().filter(|objective| **objective > 0.0).count();
        let share = if told.is_empty() {
            Err(Note::NoNeighbours)
        } else {
            Ok(count(positive) / count(told.len()) * 100.0)
        };
        Self {
            neighbours: counted(told.len()),
            undefined_neighbours: counted(near.len() - told.len()),
            plateau_ratio: against(number::median(told.clone())).into(),
            worst_neighbour_ratio: against(told.iter().copied().reduce(f64::min)).into(),
            positive_neighbours_percent: share.into(),
        }
    }
}

impl GridPoint {
    /// True when the other is at most one step away in every parameter.
    fn is_near(&self, other: &Self) -> bool {
        self.place.len() == other.place.len()
            && self.place.iter().zip(&other.place).all(|(a, b)| a.abs_diff(*b) <= 1)
    }
}

/// How much a parameter moved between walk-forward folds: the sample deviation of the chosen
/// values over the size of their mean; 0 when all are the same. Undefined for fewer than two
/// values, or a mean of zero.
#[must_use]
pub fn parameter_spread(chosen: &[f64]) -> Figure {
    let spread = match number::deviation(chosen, Note::NoFolds) {
        Err(Note::NoVariance) => Ok(0.0),
        other => other,
    };
    let mean = number::mean(chosen).abs();
    let relative = spread.and_then(|spread| {
        if number::is_rounding(mean, number::largest(chosen)) && spread > 0.0 {
            Err(Note::OutOfRange)
        } else if spread > 0.0 {
            Ok(spread / mean)
        } else {
            Ok(0.0)
        }
    });
    relative.into()
}
