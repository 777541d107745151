//! Strategies tried on past prices, for the doors: one after the other, beside the desk's own work.
//!
//! Runs are rows of the database, and several desks may share it: this one works at its own, which
//! carry its name, and ends no other desk's. Waiting and working runs are also in memory; what a
//! desk that stops leaves behind is noted as interrupted. This module must not know orders or
//! accounts.
//!
//! A request goes `asked` (is it possible?) → `line` (its turn) → `worker` (one thread) → `task`
//! (what is done) → `rows` (what is kept and shown).

mod asked;
mod history;
mod line;
mod rows;
mod task;
mod worker;

use std::{io, sync::Arc};

use api::{ApiError, NewRun, ResearchDesk, RunView};
use bars::BarStore;
use desk::{Clock, clock::wall_time};
use domain::Nanos;
use identity::{Owner, Reach};
use path::broker::BoxFuture;
use store::{Ended, RunRow, RunStatus, Runs, StoreError};

use self::{
    asked::Prepared,
    history::History,
    line::{Job, Line},
    rows::{Outcome, view},
};
use super::{doors::blocking, ids};

/// How long another desk's run is left alone; no run takes longer.
const LEFT_ALONE: Nanos = Nanos::from_secs(24 * 3_600);

/// Tells the name of an owner.
pub(super) type Names = Arc<dyn Fn(&Owner) -> String + Send + Sync>;

/// The runs of one desk. Clones are the same.
#[derive(Clone)]
pub(super) struct Research(Arc<Inner>);

struct Inner {
    runs: Runs,
    history: History,
    /// This desk's name.
    desk: String,
    names: Names,
    line: Line,
}

fn failed(error: &StoreError) -> ApiError {
    tracing::error!(%error, "research failed");
    let detail = "Runs over past prices can't be read or changed now.";
    ApiError::unavailable(error.code(), detail, "See the log of the desk.")
}

fn unknown(id: &str) -> ApiError {
    let id: String = id.chars().take(80).collect();
    let detail = format!("There is no run `{id}`.");
    ApiError::not_found("run_unknown", detail, "GET /api/backtests lists what there is.")
}

impl Research {
    /// Notes what an earlier process left behind, and begins to work.
    pub(super) fn open(
        runs: Runs,
        bars: Arc<BarStore>,
        clock: Arc<dyn Clock>,
        desk: String,
        names: Names,
    ) -> Result<Self, StoreError> {
        let left = runs.fail_left(&desk, wall_time(), &Outcome::interrupted().json())?;
        if left > 0 {
            tracing::warn!(runs = left, "runs were interrupted by the end of the desk");
        }
        let history = History::new(bars, clock);
        Ok(Self(Arc::new(Inner { runs, history, desk, names, line: Line::default() })))
    }

    /// Starts the thread that works.
    pub(super) fn spawn(&self) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        let thread = std::thread::Builder::new().name("research".to_owned());
        thread.spawn(move || worker::work(&inner)).map(drop)
    }

    /// Ends the work: nothing new begins, and what is left is noted as interrupted.
    pub(super) fn close(&self) {
        self.0.line.close();
        let Inner { runs, desk, .. } = &*self.0;
        if let Err(error) = runs.fail_left(desk, wall_time(), &Outcome::interrupted().json()) {
            tracing::warn!(%error, "runs that were interrupted are noted at the next start");
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, ApiError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, ApiError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(blocking(move || work(&inner)))
    }
}

impl Inner {
    /// A run, when it is reached. Whose it is never changes, nor is an id used twice, so what is
    /// done to it afterwards needs no second look.
    fn row(&self, id: &str, reach: &Reach) -> Result<RunRow, ApiError> {
        self.runs.get(id, reach).map_err(|error| failed(&error))?.ok_or_else(|| unknown(id))
    }

    fn shown(&self, row: RunRow) -> Result<RunView, ApiError> {
        let progress = self.line.progress(&row.id);
        let owner = (self.names)(&row.owner);
        view(row, owner, &self.desk, progress).map_err(|error| {
            tracing::error!(%error, "a stored run can't be understood");
            ApiError::internal("run_damaged", "A stored run can't be understood.")
        })
    }

    fn start(&self, new: NewRun) -> Result<RunView, ApiError> {
        let at = wall_time();
        let (by, owner) = (new.by.clone(), new.owner.clone());
        let prepared = Prepared::of(new, &self.history)?;
        let row = RunRow {
            id: ids::fresh(at)?,
            desk: self.desk.clone(),
            status: RunStatus::Queued,
            by,
            owner,
            about: prepared.about.json(),
            request: prepared.request.to_string(),
            created_at: at,
            started_at: None,
            ended_at: None,
            outcome: None,
        };
        let job = Arc::new(Job::new(row.id.clone(), row.owner.clone(), prepared));
        // The row is there before the worker can find the job.
        self.line.join(job, || self.runs.add(&row).map_err(|error| failed(&error)))?;
        self.shown(row)
    }

    fn cancel(&self, id: &str, reach: &Reach) -> Result<RunView, ApiError> {
        let row = self.row(id, reach)?;
        if row.status.is_over() {
            return self.shown(row);
        }
        if row.desk != self.desk {
            let detail = format!("Desk `{}` works at run `{id}`.", row.desk);
            return Err(ApiError::conflict("run_elsewhere", detail, "Cancel it at that desk."));
        }
        if self.line.cancel(id) {
            let outcome = Outcome::default().json();
            let (status, at) = (RunStatus::Cancelled, wall_time());
            let ended = Ended { status, at, outcome: &outcome, result: None };
            self.runs.end(id, &self.desk, &ended).map_err(|error| failed(&error))?;
        }
        self.shown(self.row(id, reach)?)
    }

    fn remove(&self, id: &str, reach: &Reach) -> Result<(), ApiError> {
        let row = self.row(id, reach)?;
        let gone = row.desk != self.desk && row.created_at.plus(LEFT_ALONE) < wall_time();
        if !row.status.is_over() && !gone {
            let detail = format!("Run `{id}` is {}.", row.status.name());
            let remedy = "Cancel it first, or wait for its end.";
            return Err(ApiError::conflict("still_running", detail, remedy));
        }
        match self.runs.remove(id).map_err(|error| failed(&error))? {
            true => Ok(()),
            false => Err(unknown(id)),
        }
    }

    /// What is kept of a run that is done.
    fn kept(
        &self,
        (id, reach): (&str, &Reach),
        read: impl FnOnce(&Runs) -> Result<Option<String>, StoreError>,
        absent: &str,
    ) -> Result<String, ApiError> {
        let row = self.row(id, reach)?;
        if row.status != RunStatus::Done {
            let detail = format!("Run `{id}` is {}.", row.status.name());
            let remedy = "GET /api/backtests/{id} tells how far it is.";
            return Err(ApiError::conflict("not_done", detail, remedy));
        }
        let found = read(&self.runs).map_err(|error| failed(&error))?;
        found.ok_or_else(|| {
            let remedy = "Only backtests have a page, and only up to 8 MiB.";
            ApiError::conflict("no_report", absent, remedy)
        })
    }
}

impl ResearchDesk for Research {
    fn start(&self, run: NewRun) -> BoxFuture<'_, Result<RunView, ApiError>> {
        self.ask(move |inner| inner.start(run))
    }

    fn list(
        &self,
        limit: u32,
        after: Option<String>,
        reach: Reach,
    ) -> BoxFuture<'_, Result<Vec<RunView>, ApiError>> {
        self.ask(move |inner| {
            let rows = inner.runs.list(limit, after.as_deref(), &reach);
            let rows = rows.map_err(|error| failed(&error))?;
            rows.into_iter().map(|row| inner.shown(row)).collect()
        })
    }

    fn get(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>> {
        self.ask(move |inner| inner.shown(inner.row(&id, &reach)?))
    }

    fn result(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>> {
        let absent = "The run has no result.";
        self.ask(move |inner| inner.kept((&id, &reach), |runs| runs.result(&id), absent))
    }

    fn report(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>> {
        let absent = "The run has no page.";
        self.ask(move |inner| inner.kept((&id, &reach), |runs| runs.report(&id), absent))
    }

    fn cancel(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>> {
        self.ask(move |inner| inner.cancel(&id, &reach))
    }

    fn remove(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>> {
        self.ask(move |inner| inner.remove(&id, &reach))
    }
}

#[cfg(test)]
mod tests;
