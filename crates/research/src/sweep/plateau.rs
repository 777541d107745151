//! The best neighbourhood of a grid beside its best point.
//!
//! A needle is luck; on a plateau the neighbours are as good. This module must not know what the
//! parameters mean.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Sweep, row::Row};
use crate::stats::{GridPoint, Stability};

/// A point of the grid with its neighbours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spot {
    /// Its parameters.
    pub params: BTreeMap<String, f64>,
    /// The objective there.
    pub objective: f64,
    /// The mean of the objective over the point and its neighbours, the points at most one step
    /// away on every axis, where it is defined.
    pub neighbourhood_mean: f64,
    /// The neighbours beside it. For an objective of which less is better, values are negated.
    pub stability: Stability,
}

/// Peak and plateau of a grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plateau {
    /// The best point.
    pub peak: Spot,
    /// The point with the best mean over itself and its neighbours, at least half of which have a
    /// value.
    pub centre: Spot,
}

/// The mean around a set, where the set and at least half of its neighbours have a value.
fn mean_around(values: &[Option<f64>], set: usize, near: &[usize]) -> Option<f64> {
    let own = values[set]?;
    let told: Vec<f64> = near.iter().filter_map(|near| values[*near]).collect();
    let enough = told.len() * 2 >= near.len();
    let sum = told.iter().fold(own, |sum, value| sum + value);
    enough.then(|| sum / (told.len() + 1) as f64)
}

impl Sweep {
    /// Peak and plateau; `None` for sets that were drawn, and where no point has a value. Rows are
    /// those of all sets, in order.
    pub(super) fn plateau(&self, rows: &[Row]) -> Option<Plateau> {
        self.space.place(0)?;
        let values: Vec<Option<f64>> = rows.iter().map(Row::objective).collect();
        let best = |of: &dyn Fn(usize) -> Option<f64>| {
            let told = (0..values.len()).filter_map(|set| Some((set, of(set)?)));
            told.reduce(|best, other| {
                let better = self.objective.order(Some(other.1), Some(best.1)).is_lt();
                if better { other } else { best }
            })
        };
        let around = |set: usize| mean_around(&values, set, &self.space.neighbours(set));
        let (peak, _) = best(&|set| values[set])?;
        let centre = best(&around).map_or(peak, |(centre, _)| centre);
        Some(Plateau { peak: self.spot(&values, peak)?, centre: self.spot(&values, centre)? })
    }

    fn spot(&self, values: &[Option<f64>], set: usize) -> Option<Spot> {
        let near = self.space.neighbours(set);
        let point = |set: usize| {
            let objective = values[set].map(|value| self.objective.score(value));
            Some(GridPoint { place: self.space.place(set)?, objective })
        };
        let all = std::iter::once(set).chain(near.iter().copied());
        let points = all.map(point).collect::<Option<Vec<_>>>()?;
        let told: Vec<usize> = near.into_iter().filter(|near| values[*near].is_some()).collect();
        Some(Spot {
            params: self.space.params(set),
            objective: values[set]?,
            neighbourhood_mean: mean_around(values, set, &told)?,
            stability: Stability::of(&points, 0),
        })
    }
}
