//! A run as it is kept and as it is shown.
//!
//! This module must not know how a run is worked at.

use std::collections::BTreeMap;

use api::{ProgressUnit, RunError, RunKind, RunProgress, RunState, RunStrategy, RunView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{RunRow, RunStatus};

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) kind: RunKind,
    pub(super) strategy: RunStrategy,
    pub(super) symbols: Vec<String>,
    pub(super) timeframe: String,
    pub(super) params: BTreeMap<String, f64>,
}

impl About {
    pub(super) fn json(&self) -> String {
        json(self)
    }
}

/// What came of a run in short.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) error: Option<RunError>,
    pub(super) figures: Option<Map<String, Value>>,
    pub(super) result_hash: Option<String>,
    pub(super) progress: Option<RunProgress>,
}

impl Outcome {
    /// Of a run whose desk has stopped.
    pub(super) fn interrupted() -> Self {
        let message = "the desk stopped before the run had ended; start it again".to_owned();
        let error = RunError { code: "interrupted".to_owned(), message };
        Self { error: Some(error), ..Self::default() }
    }

    pub(super) fn json(&self) -> String {
        json(self)
    }
}

/// Plain data with texts as keys always has a JSON text.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What progress of a kind is counted in.
pub(super) const fn unit(kind: RunKind) -> ProgressUnit {
    match kind {
        RunKind::Backtest => ProgressUnit::Bars,
        RunKind::Sweep => ProgressUnit::Sets,
        RunKind::WalkForward => ProgressUnit::Folds,
        RunKind::Lookahead => ProgressUnit::Cuts,
    }
}

const fn state(status: RunStatus) -> RunState {
    match status {
        RunStatus::Queued => RunState::Queued,
        RunStatus::Running => RunState::Running,
        RunStatus::Done => RunState::Done,
        RunStatus::Failed => RunState::Failed,
        RunStatus::Cancelled => RunState::Cancelled,
    }
}

/// A row as `desk` shows it, with the owner's name and what it knows of the progress.
pub(super) fn view(
    row: RunRow,
    owner: String,
    desk: &str,
    known: Option<RunProgress>,
) -> Result<RunView, serde_json::Error> {
    let About { kind, strategy, symbols, timeframe, params } = serde_json::from_str(&row.about)?;
    let outcome: Outcome = match &row.outcome {
        Some(outcome) => serde_json::from_str(outcome)?,
        None => Outcome::default(),
    };
    let here = row.desk == desk || row.status.is_over();
    let none = RunProgress { done: 0, total: 0, unit: unit(kind) };
    let progress = here.then(|| known.or(outcome.progress).unwrap_or(none));
    Ok(RunView {
        id: row.id,
        kind,
        strategy,
        symbols,
        timeframe,
        params,
        status: state(row.status),
        progress,
        request: serde_json::from_str(&row.request)?,
        by: row.by,
        owner,
        desk: row.desk,
        created_at: row.created_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
        error: outcome.error,
        figures: outcome.figures,
        result_hash: outcome.result_hash,
    })
}
