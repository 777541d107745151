//! Strategies at work in the database.
//!
//! It must not know strategies.

use desk::clock::wall_time;
use domain::Origin;
use runner::{Change, RunId, RunRecord, Store};
use store::{RunChange, StrategyRuns};

/// The rows of one database.
pub(super) struct RunRows(StrategyRuns);

impl RunRows {
    pub(super) fn new(rows: StrategyRuns) -> Self {
        Self(rows)
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Store for RunRows {
    fn change(&self, change: Change, run: &RunRecord, by: &Origin) -> Result<(), String> {
        let change = match change {
            Change::Start => RunChange::Started,
            Change::Pause => RunChange::Paused,
            Change::Resume => RunChange::Resumed,
            Change::Stop => RunChange::Stopped,
        };
        let body = serde_json::to_string(run).map_err(words)?;
        let by = by.principal.to_string();
        self.0.change(change, (&run.id.0, &body), &by, wall_time()).map_err(words)
    }

    fn save(&self, run: &RunRecord) -> Result<(), String> {
        let body = serde_json::to_string(run).map_err(words)?;
        self.0.save(&run.id.0, &body).map_err(words)
    }

    fn drop_run(&self, run: &RunId) -> Result<(), String> {
        self.0.remove(&run.0).map_err(words)
    }

    fn all(&self) -> Result<Vec<RunRecord>, String> {
        let bodies = self.0.all().map_err(words)?;
        bodies.iter().map(|body| serde_json::from_str(body).map_err(words)).collect()
    }
}
