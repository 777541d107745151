//! Many trials of one strategy: which parameters do best, and how much of that is luck.
//!
//! Each set of parameters is a [`crate::trial`] of its own, with resampling left out; what is kept
//! of it is one row. The answer depends on the sets alone, not on the number of threads or on how
//! often the search was interrupted. This module must not know files or where bars come from.
//!
//! `axis` and `space` say what is tried, `driver` tries it on all cores, `row` is what is kept,
//! `log` writes and reads rows, `report` and `plateau` judge them.

mod axis;
mod driver;
mod error;
mod log;
mod objective;
mod plateau;
mod report;
mod row;
mod space;

use std::{num::NonZeroUsize, sync::OnceLock};

pub use axis::Axis;
pub use error::SweepError;
pub use log::{Done, Header, LINE_BYTES_MAX, LogError};
pub use objective::{Better, Objective};
pub use plateau::{Plateau, Spot};
pub use report::{Best, Counted, POINTS_MAX, Point, SweepReport, TOP, Top};
pub use row::{By, FIGURES, Measured, Outcome, Refused, Row};
pub use space::Space;

use crate::{
    screened::{NotScreened, Screened},
    trial::Trial,
};

/// Sets that a search may try.
pub const SETS_MAX: usize = 1_000_000;
/// Parameters that a grid may search.
pub const AXES_MAX: usize = 6;

/// Sets that are screened at once, at most: what they share is computed once.
const BATCH_MAX: usize = 512;

/// How many sets are screened at once, such that every thread has some.
fn batch(sets: usize, threads: NonZeroUsize) -> usize {
    sets.div_ceil(threads.get()).clamp(1, BATCH_MAX)
}

/// A search.
#[derive(Debug, Clone)]
pub struct Sweep {
    trial: Trial,
    space: Space,
    objective: Objective,
    engine: bool,
    kernel: OnceLock<Result<Screened, NotScreened>>,
    /// The first line of the log, made when it is first asked for.
    first: OnceLock<String>,
}

impl Sweep {
    /// A search of these sets. Of the trial the parameters are replaced by each set's, and what
    /// costs time without a word on the objective is left out: resampling and the comparison with
    /// other limits.
    #[must_use]
    pub fn new(mut trial: Trial, space: Space, objective: Objective) -> Self {
        trial.terms.figures.resample = None;
        trial.terms.figures.trials = None;
        trial.terms.compare = None;
        Self {
            trial,
            space,
            objective,
            engine: false,
            kernel: OnceLock::new(),
            first: OnceLock::new(),
        }
    }

    /// The same search with every set tried by the engine, also where the screening kernel could.
    #[must_use]
    pub const fn by_engine(mut self) -> Self {
        self.engine = true;
        self
    }

    /// The kernel, made when it is first asked for; why there is none otherwise.
    fn screened(&self) -> Result<&Screened, &NotScreened> {
        let made = || Screened::of(&self.trial, self.objective.name);
        self.kernel.get_or_init(made).as_ref()
    }

    /// Why every set has to be tried by the engine; `None` when the kernel screens them, or when
    /// the engine was asked for.
    #[must_use]
    pub fn not_screened(&self) -> Option<&NotScreened> {
        if self.engine { None } else { self.screened().err() }
    }

    /// The sets.
    #[must_use]
    pub const fn space(&self) -> &Space {
        &self.space
    }

    /// Bars of history that every set is tried over, all symbols together.
    #[must_use]
    pub fn bars(&self) -> usize {
        self.trial.markets.iter().map(|market| market.bars.len()).sum()
    }

    /// What is searched for.
    #[must_use]
    pub const fn objective(&self) -> Objective {
        self.objective
    }

    /// The trial of a set.
    #[must_use]
    pub fn trial(&self, set: usize) -> Trial {
        Trial { params: self.space.params(set), ..self.trial.clone() }
    }

    /// Tries every set that is not done yet. `each` is told every set as it ends, on this thread.
    /// Gives the rows of all sets in their order.
    ///
    /// # Errors
    /// The first of `each`; no further set is begun then.
    pub fn run<E>(
        &self,
        threads: NonZeroUsize,
        done: Vec<Row>,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<Vec<Row>, E> {
        let mut rows: Vec<Option<Row>> = vec![None; self.space.len()];
        for row in done {
            if let Some(place) = rows.get_mut(row.set) {
                *place = Some(row);
            }
        }
        let missing = rows.iter().enumerate().filter(|(_, row)| row.is_none());
        let todo: Vec<usize> = missing.map(|(set, _)| set).collect();
        let screened = if self.engine { None } else { self.screened().ok() };
        let size = if screened.is_some() { batch(todo.len(), threads) } else { 1 };
        let batches: Vec<usize> = (0..todo.len()).step_by(size).collect();
        let work = |first: usize| self.tried(screened, &todo[first..todo.len().min(first + size)]);
        driver::each(threads, &batches, &work, |batch: Vec<Row>| {
            for row in batch {
                each(&row)?;
                let place = row.set;
                rows[place] = Some(row);
            }
            Ok(())
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Tries sets: all at once by the kernel where it can tell, else by the engine. Where one of
    /// them stops the kernel, halves are tried, so that the engine is left with that one.
    fn tried(&self, screened: Option<&Screened>, sets: &[usize]) -> Vec<Row> {
        let by_engine = |set: usize| Row::of(set, &self.trial(set), self.objective.name);
        let params = || sets.iter().map(|set| self.space.params(*set)).collect::<Vec<_>>();
        let row = |set: usize, found: Result<Measured, NotScreened>| match found {
            Ok(one) => Row { set, outcome: Outcome::Tried(Box::new(one)) },
            Err(_) => by_engine(set),
        };
        match (screened.map(|kernel| kernel.measure(&params(), self.objective.name)), sets) {
            (Some(Ok(found)), _) => {
                sets.iter().zip(found).map(|(set, one)| row(*set, one)).collect()
            }
            (Some(Err(_)), [_, _, ..]) => {
                let (one, other) = sets.split_at(sets.len() / 2);
                let mut rows = self.tried(screened, one);
                rows.extend(self.tried(screened, other));
                rows
            }
            _ => sets.iter().map(|set| by_engine(*set)).collect(),
        }
    }

    /// The best set of rows, the first of equals; `None` where no set has an objective.
    #[must_use]
    pub fn best<'r>(&self, rows: &'r [Row]) -> Option<&'r Row> {
        let told = rows.iter().filter(|row| row.objective().is_some());
        told.min_by(|a, b| self.objective.order(a.objective(), b.objective()))
    }
}
