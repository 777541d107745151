//! Strategies at work in the database.
//!
//! It must not know strategies.

use desk::clock::wall_time;
use domain::{AccountId, Origin};
use runner::{Change, Damaged, Kept, RunId, RunRecord, Store};
use serde::Deserialize;
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

    fn all(&self) -> Result<Kept, String> {
        let bodies = self.0.all().map_err(words)?;
        let mut kept = Kept::default();
        for body in &bodies {
            match serde_json::from_str(body) {
                Ok(run) => kept.runs.push(run),
                Err(error) => kept.damaged.push(damaged(body, &error)),
            }
        }
        Ok(kept)
    }
}

/// What can be read of a run that can't be read as a whole.
fn damaged(body: &str, error: &serde_json::Error) -> Damaged {
    #[derive(Deserialize)]
    struct Part {
        id: Option<RunId>,
    }
    #[derive(Deserialize)]
    struct Place {
        account: Option<AccountId>,
    }
    let run = serde_json::from_str::<Part>(body).ok().and_then(|part| part.id);
    let account = serde_json::from_str::<Place>(body).ok().and_then(|place| place.account);
    Damaged { run, account, why: format!("what is kept of the run can't be read: {error}") }
}

#[cfg(test)]
mod tests {
    use domain::{OriginKind, Principal};

    use super::*;

    fn record(id: &str) -> serde_json::Value {
        let by = Origin::new(OriginKind::Human, Principal::new("operator").unwrap());
        serde_json::json!({
            "id": id, "source": "", "name": "Cross", "hash": "", "params": {}, "account": "main",
            "book": "trend", "state": "running", "started_at": wall_time(), "started_seq": 0,
            "by": by,
        })
    }

    fn rows(folder: &std::path::Path, bodies: &[(&str, String)]) -> RunRows {
        let lock = store::DataDirLock::acquire(folder).unwrap();
        let rows = store::Database::open(&lock, None).unwrap().strategy_runs();
        for (id, body) in bodies {
            rows.change(RunChange::Started, (id, body), "operator", wall_time()).unwrap();
        }
        RunRows::new(rows)
    }

    #[test]
    fn a_run_that_cannot_be_read_keeps_no_other_from_work() {
        let (mut future, mut place) = (record("run-2"), record("run-3"));
        future["state"] = "dreaming".into();
        place["account"] = 7.into();
        let folder = tempfile::tempdir().unwrap();
        let rows = rows(
            folder.path(),
            &[
                ("run-1", record("run-1").to_string()),
                ("run-2", future.to_string()),
                ("run-3", place.to_string()),
                ("run-4", "{".to_owned()),
                ("run-5", record("run-5").to_string()),
            ],
        );
        let kept = rows.all().unwrap();
        let read: Vec<&str> = kept.runs.iter().map(|run| run.id.0.as_str()).collect();
        assert_eq!(read, ["run-1", "run-5"]);
        let known = |one: &Damaged| {
            let account = one.account.as_ref().map(ToString::to_string);
            (one.run.as_ref().map(ToString::to_string), account)
        };
        let damaged: Vec<_> = kept.damaged.iter().map(known).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(damaged, [(some("run-2"), some("main")), (some("run-3"), None), (None, None)]);
        assert!(kept.damaged[0].why.contains("dreaming"), "{}", kept.damaged[0].why);
    }
}
