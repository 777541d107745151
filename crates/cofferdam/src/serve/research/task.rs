//! What is done for a run, and what is kept of it.
//!
//! Results are those of the commands, record by record. This module must not know queues or
//! databases.

use std::{num::NonZeroUsize, ops::ControlFlow};

use api::RunError;
use research::{
    curve::{CurvePoint, curve},
    html, lookahead,
    stats::Statistics,
    sweep::{Objective, Row, Space, Sweep},
    trial::{self, Report, Trial},
    walk::{Plan, Walk},
};
use serde::Serialize;

use super::{
    asked::{Prepared, Todo},
    history::History,
    rows::Outcome,
};

/// Bytes of a result that are kept.
const RESULT_MAX: usize = 16 * 1_024 * 1_024;
/// Bytes of a page that are kept.
const REPORT_MAX: usize = 8 * 1_024 * 1_024;

/// What came of a run.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    /// JSON.
    pub(super) result: String,
    /// A page, or nothing.
    pub(super) report: String,
}

/// What a run is told and asked while it works: how much of how much is done, and whether to go on.
pub(super) type Watch<'w> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'w;

/// A backtest with its curve.
#[derive(Serialize)]
struct WithCurve<'r> {
    #[serde(flatten)]
    report: &'r Report,
    curve: Vec<CurvePoint>,
}

fn error(code: &str, message: impl ToString) -> RunError {
    RunError { code: code.to_owned(), message: message.to_string() }
}

fn unwritable(why: serde_json::Error) -> RunError {
    error("result_unwritable", why)
}

fn written(result: &impl Serialize) -> Result<String, RunError> {
    let text = serde_json::to_string(result).map_err(unwritable)?;
    if text.len() > RESULT_MAX {
        let message = format!(
            "the result has {} bytes, and {RESULT_MAX} are kept; take a shorter stretch, or use the \
             command line",
            text.len()
        );
        return Err(error("result_too_large", message));
    }
    Ok(text)
}

fn key(statistics: Option<&Statistics>, hash: Option<String>) -> Result<Outcome, RunError> {
    let figures = statistics.map(Statistics::key).transpose().map_err(unwritable)?;
    Ok(Outcome { figures, result_hash: hash, ..Outcome::default() })
}

/// Threads of a search: the desk keeps a core for itself.
fn threads() -> NonZeroUsize {
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(all - 1).unwrap_or(NonZeroUsize::MIN)
}

/// Does it.
pub(super) fn done(
    prepared: &Prepared,
    history: &History,
    watch: &mut Watch<'_>,
) -> Result<Done, RunError> {
    let Prepared { about, wanted, until, todo, .. } = prepared;
    let markets = history.markets(&about.symbols, wanted.strategy.timeframe, *until)?;
    let trial = wanted.trial(markets).map_err(|e| error(e.code(), e))?;
    match todo {
        Todo::Backtest => backtest(&trial, watch),
        Todo::Sweep(space, objective) => sweep(trial, space.clone(), *objective, watch),
        Todo::WalkForward(space, objective, plan) => {
            walk(trial, (space.clone(), *objective), *plan, watch)
        }
        Todo::Lookahead(cuts) => {
            let told = lookahead::of(&trial, (*cuts, wanted.seed), watch);
            let report = told.map_err(|e| error(e.code(), e))?;
            let result = written(&report)?;
            Ok(Done { outcome: Outcome::default(), result, report: String::new() })
        }
    }
}

fn backtest(trial: &Trial, watch: &mut Watch<'_>) -> Result<Done, RunError> {
    let report = trial::watched(trial, watch).map_err(|e| error(e.code(), e))?;
    let outcome = key(Some(&report.statistics), Some(report.reproducibility.result.clone()))?;
    let result = written(&WithCurve { report: &report, curve: curve(trial, &report) })?;
    let mut page = html::html(trial, &report);
    if page.len() > REPORT_MAX {
        page.clear();
    }
    Ok(Done { outcome, result, report: page })
}

fn sweep(
    trial: Trial,
    space: Space,
    objective: Objective,
    watch: &mut Watch<'_>,
) -> Result<Done, RunError> {
    let resample = trial.terms.figures.resample;
    let sweep = Sweep::new(trial, space, objective);
    let (mut count, all) = (0, sweep.space().len() as u64);
    let tried = sweep.run(threads(), Vec::new(), |_: &Row| {
        count += 1;
        match watch(count, all) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(error("stopped", "the search was stopped")),
        }
    })?;
    let report = sweep.report(&tried, threads(), resample).map_err(|e| error(e.code(), e))?;
    let best = report.best.as_ref();
    let hash = best.map(|best| best.reproducibility.result.clone());
    let outcome = key(best.map(|best| &best.statistics), hash)?;
    Ok(Done { outcome, result: written(&report)?, report: String::new() })
}

fn walk(
    trial: Trial,
    (space, objective): (Space, Objective),
    plan: Plan,
    watch: &mut Watch<'_>,
) -> Result<Done, RunError> {
    let walk = Walk { trial, space, objective, plan };
    let told = walk.run(threads(), |fold, all| watch(fold as u64, all as u64));
    let report = told.map_err(|e| error(e.code(), e))?;
    let outcome = key(Some(&report.statistics), None)?;
    Ok(Done { outcome, result: written(&report)?, report: String::new() })
}
