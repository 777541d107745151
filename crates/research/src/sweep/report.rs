//! What a search found, with the number of tries that it took.
//!
//! This module must not know how a set is tried.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Better, Objective, Plateau, Refused, Row, Sweep, row::Outcome};
use crate::{
    stats::{Resample, Statistics, Trials},
    trial::{self, Reproducibility, Trial, TrialError},
};

/// Rows that are told, the best first.
pub const TOP: usize = 10;
/// Reasons that are told apart.
const REASONS_MAX: usize = 20;

/// What a search found.
#[derive(Debug, Clone, Serialize)]
pub struct SweepReport {
    /// The strategy's name.
    pub strategy: String,
    /// The figure that was searched for.
    pub objective: &'static str,
    /// Its good end.
    pub better: Better,
    /// Sets of the search.
    pub sets: usize,
    /// Sets that were tried; the number by which the best one's Sharpe ratio is deflated.
    pub trials: usize,
    /// Sets of these whose objective is undefined.
    pub undefined: usize,
    /// Sets that can't be tried, by reason.
    pub refused: Vec<Counted>,
    /// The best sets, the best first.
    pub top: Vec<Top>,
    /// Peak and plateau, for a grid.
    pub plateau: Option<Plateau>,
    /// The best set, tried again with the number of trials.
    pub best: Option<Best>,
}

/// A reason with how often it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The reason; in words as of the first set.
    #[serde(flatten)]
    pub why: Refused,
    /// How many sets.
    pub sets: u64,
}

/// One of the best sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top {
    /// Its parameters.
    pub params: BTreeMap<String, f64>,
    /// Its objective.
    pub objective: f64,
    /// Some figures.
    pub figures: BTreeMap<&'static str, Option<f64>>,
    /// The hash of its result.
    pub result: String,
}

/// The best set with all of its figures.
#[derive(Debug, Clone, Serialize)]
pub struct Best {
    /// Its parameters.
    pub params: BTreeMap<String, f64>,
    /// Every figure; `deflated_sharpe` knows how many sets were tried.
    pub statistics: Statistics,
    /// What the result rests on.
    pub reproducibility: Reproducibility,
}

/// What the trials of a search say of chance. Sets that could not be tried don't count.
fn trials(rows: &[Row]) -> Option<Trials> {
    let tried = rows.iter().filter_map(Row::measured);
    Trials::of(&tried.map(|one| one.figure("sharpe")).collect::<Vec<_>>())
}

fn refused(rows: &[Row]) -> Vec<Counted> {
    let mut by_code: BTreeMap<&str, Counted> = BTreeMap::new();
    for row in rows {
        let Outcome::Refused(why) = &row.outcome else { continue };
        let new = || Counted { why: why.clone(), sets: 0 };
        by_code.entry(&why.code).or_insert_with(new).sets += 1;
    }
    by_code.into_values().take(REASONS_MAX).collect()
}

impl Sweep {
    /// What rows of all sets, in their order, say. The best one is tried again, with resampling as
    /// asked.
    ///
    /// # Errors
    /// [`TrialError`] of the best set's second trial, which its first one did not have.
    pub fn report(
        &self,
        rows: &[Row],
        resample: Option<Resample>,
    ) -> Result<SweepReport, TrialError> {
        let Objective { name, better } = self.objective();
        let tried = rows.iter().filter(|row| row.measured().is_some()).count();
        let defined = rows.iter().filter(|row| row.objective().is_some()).count();
        let best = match self.best(rows) {
            Some(row) => Some(self.again(row.set, trials(rows), resample)?),
            None => None,
        };
        Ok(SweepReport {
            strategy: self.trial.strategy.name.clone(),
            objective: name,
            better,
            sets: rows.len(),
            trials: tried,
            undefined: tried - defined,
            refused: refused(rows),
            top: self.top(rows),
            plateau: self.plateau(rows),
            best,
        })
    }

    fn top(&self, rows: &[Row]) -> Vec<Top> {
        let mut order: Vec<&Row> = rows.iter().filter(|row| row.objective().is_some()).collect();
        order.sort_by(|a, b| self.objective().order(a.objective(), b.objective()));
        let top = order.into_iter().filter_map(|row| {
            let (measured, objective) = (row.measured()?, row.objective()?);
            let (figures, result) = (measured.named(), measured.result.clone());
            Some(Top { params: self.space.params(row.set), objective, figures, result })
        });
        top.take(TOP).collect()
    }

    fn again(
        &self,
        set: usize,
        trials: Option<Trials>,
        resample: Option<Resample>,
    ) -> Result<Best, TrialError> {
        let mut trial: Trial = self.trial(set);
        trial.terms.figures.trials = trials;
        trial.terms.figures.resample = resample;
        let report = trial::run(&trial)?;
        let (params, statistics) = (report.params, report.statistics);
        Ok(Best { params, statistics, reproducibility: report.reproducibility })
    }
}
