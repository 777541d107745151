//! Runs that are noted and never worked at.

use std::sync::Mutex;

use api::{
    ApiError, NewRun, ProgressUnit, ResearchDesk, RunProgress, RunState, RunStrategy, RunView,
};
use desk::clock::wall_time;
use identity::Reach;
use path::broker::BoxFuture;

/// Runs in the order in which they were asked for.
#[derive(Default)]
pub struct Bench(pub Mutex<Vec<(NewRun, RunView)>>);

fn unknown(id: &str) -> ApiError {
    ApiError::not_found("run_unknown", format!("No run `{id}`."), "List them.")
}

fn ready<'a, T: Send + 'a>(value: Result<T, ApiError>) -> BoxFuture<'a, Result<T, ApiError>> {
    Box::pin(std::future::ready(value))
}

fn view(id: String, run: &NewRun) -> RunView {
    let strategy = &run.text.strategy;
    RunView {
        id,
        kind: run.task.kind(),
        strategy: RunStrategy {
            id: run.strategy_id.clone(),
            name: strategy.name.clone(),
            hash: strategy.hash.clone(),
        },
        symbols: strategy.symbols.clone(),
        timeframe: strategy.timeframe.to_string(),
        params: run.params.clone(),
        status: RunState::Queued,
        progress: Some(RunProgress { done: 0, total: 0, unit: ProgressUnit::Bars }),
        request: serde_json::Value::Null,
        by: run.by.clone(),
        owner: run.owner.to_string(),
        desk: "here".to_owned(),
        created_at: wall_time(),
        started_at: None,
        ended_at: None,
        error: None,
        figures: None,
        result_hash: None,
    }
}

impl Bench {
    fn with<T: Send + 'static>(
        &self,
        (id, reach): (&str, &Reach),
        work: impl FnOnce(&mut RunView) -> T,
    ) -> BoxFuture<'_, Result<T, ApiError>> {
        let mut runs = self.0.lock().unwrap();
        let found = runs.iter_mut().find(|(new, run)| run.id == id && reach.has(&new.owner));
        ready(found.map(|(_, run)| work(run)).ok_or_else(|| unknown(id)))
    }
}

impl ResearchDesk for Bench {
    fn start(&self, run: NewRun) -> BoxFuture<'_, Result<RunView, ApiError>> {
        let mut runs = self.0.lock().unwrap();
        let view = view(format!("r{}", runs.len() + 1), &run);
        runs.push((run, view.clone()));
        ready(Ok(view))
    }

    fn list(
        &self,
        limit: u32,
        after: Option<String>,
        reach: Reach,
    ) -> BoxFuture<'_, Result<Vec<RunView>, ApiError>> {
        let runs = self.0.lock().unwrap();
        let older = |run: &RunView| after.as_ref().is_none_or(|after| run.id < *after);
        let newest = runs
            .iter()
            .rev()
            .filter(|(new, _)| reach.has(&new.owner))
            .map(|(_, run)| run.clone())
            .filter(older);
        ready(Ok(newest.take(limit as usize).collect()))
    }

    fn get(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>> {
        self.with((&id, &reach), |run| run.clone())
    }

    fn result(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>> {
        self.with((&id, &reach), |_| "{\"trades\":[]}".to_owned())
    }

    fn report(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>> {
        self.with((&id, &reach), |_| "<!doctype html>".to_owned())
    }

    fn cancel(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>> {
        self.with((&id, &reach), |run| {
            run.status = RunState::Cancelled;
            run.clone()
        })
    }

    fn remove(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>> {
        self.with((&id, &reach), |run| run.status = RunState::Done)
    }
}
