//! Which sets of parameters a search tries, and in which order they are counted.
//!
//! Sets are numbered from 0, the last parameter of a grid moving fastest, so that a number alone
//! names a set. This module must not know what comes of a set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use strategy::{ParamSpec, Strategy};

use super::{AXES_MAX, SETS_MAX, SweepError, axis::Axis};
use crate::{stats::Draw, trial::fingerprint};

const DRAWN: &[u8; 24] = b"sweep parameters        ";
/// Draws for each set that is wanted before a range counts as exhausted.
const DRAWS_A_SET: usize = 50;

/// The sets of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    names: Vec<String>,
    /// Parameters that stay.
    fixed: BTreeMap<String, f64>,
    sets: Sets,
}

#[derive(Debug, Clone, PartialEq)]
enum Sets {
    /// The values of each axis; every combination of them is a set.
    Grid(Vec<Vec<f64>>),
    Drawn(Vec<Vec<f64>>),
}

fn known(strategy: &Strategy) -> String {
    strategy.params.keys().cloned().collect::<Vec<_>>().join(", ")
}

impl Space {
    /// Every combination of the axes' values. Parameters without an axis are as in `fixed`.
    ///
    /// # Errors
    /// [`SweepError`] for axes that don't fit the strategy, or too many sets.
    pub fn grid(
        strategy: &Strategy,
        axes: &[Axis],
        fixed: &BTreeMap<String, f64>,
    ) -> Result<Self, SweepError> {
        if axes.is_empty() {
            return Err(SweepError::Nothing);
        }
        if axes.len() > AXES_MAX {
            return Err(SweepError::Axes(axes.len()));
        }
        let mut names: Vec<String> = Vec::with_capacity(axes.len());
        let mut values = Vec::with_capacity(axes.len());
        for axis in axes {
            let unknown =
                || SweepError::Unknown { name: axis.name.clone(), known: known(strategy) };
            let spec = strategy.params.get(&axis.name).ok_or_else(unknown)?;
            if names.contains(&axis.name) {
                return Err(SweepError::Twice(axis.name.clone()));
            }
            names.push(axis.name.clone());
            values.push(axis.values(spec)?);
        }
        let sets = values.iter().fold(1_u128, |all, axis| all.saturating_mul(axis.len() as u128));
        if sets > SETS_MAX as u128 {
            return Err(SweepError::Sets(sets));
        }
        Ok(Self { names, fixed: fixed.clone(), sets: Sets::Grid(values) })
    }

    /// So many different sets from the ranges of the strategy's parameters, on their steps, those
    /// in `fixed_names` as they are in `fixed`. There are fewer when the ranges hold fewer.
    ///
    /// # Errors
    /// [`SweepError`] for too many sets, or nothing to draw.
    pub fn random(
        strategy: &Strategy,
        count: usize,
        seed: u64,
        (fixed, fixed_names): (&BTreeMap<String, f64>, &[String]),
    ) -> Result<Self, SweepError> {
        if count > SETS_MAX {
            return Err(SweepError::Sets(count as u128));
        }
        let free = |(name, _): &(&String, &ParamSpec)| !fixed_names.contains(name);
        let mut axes = Vec::new();
        for (name, spec) in strategy.params.iter().filter(free) {
            let axis = Axis::whole(name, spec)?;
            axes.push((axis.count(spec)?, axis, spec));
        }
        if axes.is_empty() || count == 0 {
            return Err(if count == 0 { SweepError::Nothing } else { SweepError::NoParams });
        }
        let mut draw = Draw::new(seed, DRAWN);
        let mut seen = BTreeSet::new();
        let mut sets = Vec::with_capacity(count);
        for _ in 0..count.saturating_mul(DRAWS_A_SET) {
            let numbers: Vec<u64> = axes.iter().map(|(n, ..)| draw.below(*n)).collect();
            if seen.insert(numbers.clone()) {
                let values =
                    axes.iter().zip(numbers).map(|((_, axis, spec), n)| axis.value(n, spec));
                sets.push(values.collect::<Result<Vec<f64>, SweepError>>()?);
            }
            if sets.len() == count {
                break;
            }
        }
        let names = axes.into_iter().map(|(_, axis, _)| axis.name).collect();
        Ok(Self { names, fixed: fixed.clone(), sets: Sets::Drawn(sets) })
    }

    /// How many sets there are; at most [`SETS_MAX`].
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.sets {
            Sets::Grid(axes) => axes.iter().map(Vec::len).product(),
            Sets::Drawn(sets) => sets.len(),
        }
    }

    /// True when there is no set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parameters that are searched.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values of the searched parameters in a set, in the order of [`Self::names`].
    #[must_use]
    pub fn values(&self, set: usize) -> Vec<f64> {
        match &self.sets {
            Sets::Grid(axes) => {
                let place = self.place(set).unwrap_or_default();
                axes.iter().zip(place).map(|(axis, n)| axis[n as usize]).collect()
            }
            Sets::Drawn(sets) => sets.get(set).cloned().unwrap_or_default(),
        }
    }

    /// Every parameter of a set.
    #[must_use]
    pub fn params(&self, set: usize) -> BTreeMap<String, f64> {
        let mut params = self.fixed.clone();
        params.extend(self.names.iter().cloned().zip(self.values(set)));
        params
    }

    /// The place of a set in the grid, a step for each axis; `None` for sets that were drawn.
    #[must_use]
    pub fn place(&self, set: usize) -> Option<Vec<u32>> {
        let Sets::Grid(axes) = &self.sets else { return None };
        let mut rest = set;
        let mut place = vec![0; axes.len()];
        for (step, axis) in place.iter_mut().zip(axes).rev() {
            *step = u32::try_from(rest % axis.len()).unwrap_or(u32::MAX);
            rest /= axis.len();
        }
        Some(place)
    }

    /// The sets that are at most one step away on every axis, without the set itself; none for sets
    /// that were drawn.
    #[must_use]
    pub fn neighbours(&self, set: usize) -> Vec<usize> {
        let (Sets::Grid(axes), Some(place)) = (&self.sets, self.place(set)) else {
            return Vec::new();
        };
        let mut near = vec![0_usize];
        for (axis, step) in axes.iter().zip(place) {
            let step = step as usize;
            let steps = step.saturating_sub(1)..=(step + 1).min(axis.len() - 1);
            near = near
                .iter()
                .flat_map(|set| steps.clone().map(move |step| set * axis.len() + step))
                .collect();
        }
        near.retain(|other| *other != set);
        near
    }

    /// A hash of all sets in their order.
    #[must_use]
    pub fn hash(&self) -> String {
        let (kind, values) = match &self.sets {
            Sets::Grid(axes) => ("grid", axes),
            Sets::Drawn(sets) => ("drawn", sets),
        };
        let all =
            json!({ "kind": kind, "names": self.names, "fixed": self.fixed, "values": values });
        fingerprint::of_text(&all.to_string())
    }
}
