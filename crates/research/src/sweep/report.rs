//! What a search found, with the number of tries that it took.
//!
//! This module must not know how a set is tried.

use std::{collections::BTreeMap, num::NonZeroUsize};

use serde::Serialize;

use super::{
    Better, Objective, Plateau, Refused, Row, Sweep, driver,
    row::{By, Measured, Outcome},
};
use crate::{
    stats::{Resample, Statistics, Trials},
    trial::{self, Reproducibility, Trial, TrialError},
};

/// Rows that are told, the best first.
pub const TOP: usize = 10;
/// The engine tries the best sets again while these are no more bars together; the best of all it
/// tries in any case.
const AGAIN_BARS: usize = 5_000_000;
/// Searches of up to so many sets tell every one of them, for a map.
pub const POINTS_MAX: usize = 2_500;
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
    /// Every set that was tried, for a map; empty in a search of more than [`POINTS_MAX`] sets.
    pub points: Vec<Point>,
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
    /// Who found it among all sets.
    pub found_by: By,
    /// The hash of its result, as the engine tells it; `None` where so long a history was screened
    /// that the engine did not try this set again.
    pub result: Option<String>,
}

/// One set of a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Its parameters.
    pub params: BTreeMap<String, f64>,
    /// Its objective; `None` where it is undefined.
    pub objective: Option<f64>,
    /// Some figures.
    pub figures: BTreeMap<&'static str, Option<f64>>,
    /// Who tried it.
    pub by: By,
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

/// What the engine says of a set, when the one who found it said the same.
fn agreed(set: usize, found: &Measured, engine: Measured) -> Result<Measured, TrialError> {
    match found.differs(&engine) {
        None => Ok(engine),
        Some((figure, [kernel, engine])) if found.by() == By::Screen => {
            Err(TrialError::Screen { set, figure, kernel, engine })
        }
        Some((figure, [kept, now])) => Err(TrialError::Kept { set, figure, kept, now }),
    }
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
    /// What rows of all sets, in their order, say. The best ones are tried again where they were
    /// screened, and the best of all with resampling as asked.
    ///
    /// # Errors
    /// [`TrialError`] of the best set's second trial, which its first one did not have.
    pub fn report(
        &self,
        rows: &[Row],
        threads: NonZeroUsize,
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
            top: self.top(rows, threads, best.as_ref())?,
            points: self.points(rows),
            plateau: self.plateau(rows),
            best,
        })
    }

    fn points(&self, rows: &[Row]) -> Vec<Point> {
        if rows.len() > POINTS_MAX {
            return Vec::new();
        }
        let point = |row: &Row| {
            let found = row.measured()?;
            Some(Point {
                params: self.space.params(row.set),
                objective: found.objective,
                figures: found.named(),
                by: found.by(),
            })
        };
        rows.iter().filter_map(point).collect()
    }

    /// How many of the best sets the engine tries again where they were screened; 1 to [`TOP`].
    #[must_use]
    pub fn tried_again(&self) -> usize {
        (AGAIN_BARS / self.bars().max(1)).clamp(1, TOP)
    }

    /// The best rows. Those that were screened are tried again by the engine.
    fn top(
        &self,
        rows: &[Row],
        threads: NonZeroUsize,
        best: Option<&Best>,
    ) -> Result<Vec<Top>, TrialError> {
        let mut order: Vec<&Row> = rows.iter().filter(|row| row.objective().is_some()).collect();
        order.sort_by(|a, b| self.objective().order(a.objective(), b.objective()));
        order.truncate(TOP);
        let places: Vec<usize> = (0..order.len()).collect();
        let told = |place: usize| (place, self.told((place, order[place]), best));
        let mut top = BTreeMap::new();
        driver::each(threads, &places, &told, |(place, told)| {
            if let Some(told) = told? {
                top.insert(place, told);
            }
            Ok::<(), TrialError>(())
        })?;
        Ok(top.into_values().collect())
    }

    /// A row as it is told; `None` without an objective.
    fn told(
        &self,
        (place, row): (usize, &Row),
        best: Option<&Best>,
    ) -> Result<Option<Top>, TrialError> {
        let Some(found) = row.measured() else { return Ok(None) };
        let measured = match best {
            Some(best) if place == 0 => {
                let result = best.reproducibility.result.clone();
                let engine = Measured::of(&best.statistics, self.objective().name, result);
                agreed(row.set, found, engine)?
            }
            _ if place < self.tried_again() => self.confirmed(row.set, found)?,
            _ => found.clone(),
        };
        let Some(objective) = measured.objective else { return Ok(None) };
        let (params, found_by) = (self.space.params(row.set), found.by());
        let (figures, result) = (measured.named(), measured.result);
        Ok(Some(Top { params, objective, figures, found_by, result }))
    }

    /// What the engine says of a set; an error when the kernel said something else.
    pub(crate) fn confirmed(&self, set: usize, found: &Measured) -> Result<Measured, TrialError> {
        if found.by() == By::Engine {
            return Ok(found.clone());
        }
        let (statistics, result) = trial::measure(&self.trial(set))?;
        agreed(set, found, Measured::of(&statistics, self.objective().name, result))
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
