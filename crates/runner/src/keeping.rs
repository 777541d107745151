//! Pausing, resuming and stopping runs, and keeping them.
//!
//! What somebody asks for is kept before it counts, and it counts at once: a run that is deciding
//! asks for nothing that its new state forbids. It must not know bars.

use std::{sync::Arc, time::Duration};

use domain::Origin;
use tokio::time::Instant;

use crate::{
    error::RunError,
    ports::{Change, Store},
    record::{RunId, RunRecord, RunState, Stop},
    runs::{Runs, STOPPED_KEPT},
    turn::{Entry, Turn},
    wind_up::{left, wind_up},
};

/// How long somebody waits for a run to be wound up.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long a run is left alone whose account gave no answer.
pub(crate) const LEFT_ALONE: Duration = Duration::from_secs(30);

/// Does what takes as long as a disk or a database does, away from the threads that answer.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, RunError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| RunError::Store(error.to_string()))?
}

impl Runs {
    /// Lets a run open nothing more; what it holds it closes as its rules say.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Impossible`], [`RunError::Store`].
    pub async fn pause(&self, id: &RunId, by: &Origin) -> Result<RunRecord, RunError> {
        let reason = format!("paused by {}", by.principal);
        self.set(id, Change::Pause, by, (Some(reason), None)).await.map(|entry| entry.record())
    }

    /// Lets a paused run go on.
    ///
    /// # Errors
    /// As [`Runs::pause`].
    pub async fn resume(&self, id: &RunId, by: &Origin) -> Result<RunRecord, RunError> {
        self.set(id, Change::Resume, by, (None, None)).await.map(|entry| entry.record())
    }

    /// Ends a run: what waits or works to open a position is taken back. It is `stopping` until
    /// nothing is left of that, and of what is to be closed; it can be asked to stop again.
    ///
    /// # Errors
    /// As [`Runs::pause`]; [`RunError::Refused`], [`RunError::Desk`] and [`RunError::StopLate`]
    /// when the run could not be wound up: it is still being stopped then.
    pub async fn stop(
        &self,
        id: &RunId,
        positions: Stop,
        by: &Origin,
    ) -> Result<RunRecord, RunError> {
        if let Some(stopped) = self.stopped(id)? {
            return Ok(stopped);
        }
        let reason = format!("stopped by {}", by.principal);
        let entry = self.set(id, Change::Stop, by, (Some(reason), Some(positions))).await?;
        let wound_up = async {
            let mut turn = entry.turn.lock().await;
            self.wind_up(&entry, &mut turn).await
        };
        let late = || RunError::StopLate(id.clone());
        let done = tokio::time::timeout(STOP_WITHIN, wound_up).await.map_err(|_| late());
        if let Err(error) = done.and_then(|done| done) {
            entry.trouble(Some(error.to_string()));
            self.save(&entry).await;
            return Err(error);
        }
        Ok(entry.record())
    }

    /// Changes a run's state, where that can be, with why and with what becomes of positions.
    async fn set(
        &self,
        id: &RunId,
        change: Change,
        by: &Origin,
        (reason, at_stop): (Option<String>, Option<Stop>),
    ) -> Result<Arc<Entry>, RunError> {
        let impossible = |state| RunError::Impossible { run: id.clone(), state, change };
        if let Some(stopped) = self.stopped(id)? {
            return Err(impossible(stopped.state));
        }
        let entry = self.entry(id)?;
        let keeping = entry.keeping.lock().await;
        let before = entry.record();
        let state = before.state.after(change).ok_or_else(|| impossible(before.state))?;
        if state == before.state && at_stop == before.at_stop {
            drop(keeping);
            return Ok(entry);
        }
        let kept = RunRecord { state, reason: reason.clone(), at_stop, trouble: None, ..before };
        let (store, by) = (Arc::clone(&self.store), by.clone());
        blocking(move || store.change(change, &kept, &by).map_err(RunError::Store)).await?;
        entry.change(|shown| {
            (shown.record.state, shown.record.reason) = (state, reason);
            (shown.record.at_stop, shown.record.trouble) = (at_stop, None);
        });
        drop(keeping);
        Ok(entry)
    }

    /// Winds a run up that is being stopped: asks for what is needed the first time and when
    /// somebody asks again.
    pub(crate) async fn wind_up(
        &self,
        entry: &Arc<Entry>,
        turn: &mut Turn,
    ) -> Result<(), RunError> {
        turn.asked_to_stop = true;
        entry.change(|shown| shown.record.trouble = None);
        let positions = entry.record().at_stop.unwrap_or(Stop::Keep);
        let left = wind_up(&self.desk, &entry.plan, positions).await?;
        self.settle(entry, left).await;
        Ok(())
    }

    /// Looks whether a run that is being stopped has ended.
    pub(crate) async fn look_after(&self, entry: &Arc<Entry>, turn: &mut Turn) {
        let positions = entry.record().at_stop.unwrap_or(Stop::Keep);
        let done = async {
            if !turn.asked_to_stop {
                return self.wind_up(entry, turn).await;
            }
            let left = left(&self.desk, &entry.plan, positions).await?;
            self.settle(entry, left).await;
            Ok(())
        };
        let done = tokio::time::timeout(STOP_WITHIN, done).await;
        let late = || RunError::StopLate(entry.plan.run.clone());
        if let Err(error) = done.map_err(|_| late()).and_then(|done| done) {
            entry.trouble(Some(error.to_string()));
            turn.left_alone_until = Some(Instant::now() + LEFT_ALONE);
        }
    }

    async fn settle(&self, entry: &Arc<Entry>, left: Option<String>) {
        if entry.state() != RunState::Stopping {
            return;
        }
        match left {
            Some(left) => {
                let known = entry.record().trouble;
                // Why something was refused says more than that it is left.
                if known.is_none() {
                    entry.change(|shown| shown.record.trouble = Some(left));
                    self.save(entry).await;
                }
            }
            None => {
                entry.change(|shown| {
                    (shown.record.state, shown.record.trouble) = (RunState::Stopped, None);
                });
                self.save(entry).await;
                self.forget(entry).await;
            }
        }
    }

    /// Moves a run that has ended to the others that have.
    async fn forget(&self, entry: &Entry) {
        let dropped = {
            let mut known = self.known();
            known.at_work.remove(&entry.number);
            known.stopped.insert(entry.number, entry.record());
            let mut dropped = Vec::new();
            while known.stopped.len() > STOPPED_KEPT {
                dropped.extend(known.stopped.pop_first());
            }
            dropped
        };
        for (_, record) in dropped {
            let (store, run) = (Arc::clone(&self.store), record.id.clone());
            let gone = blocking(move || store.drop_run(&run).map_err(RunError::Store)).await;
            if let Err(error) = gone {
                tracing::warn!(run = %record.id, %error, "an old run was not dropped");
            }
        }
    }

    /// Keeps how far a run has come. Where its account is not here, another desk may have it and
    /// keep the run.
    pub(crate) async fn save(&self, entry: &Entry) {
        if self.desk.account(&entry.plan.account).is_err() {
            return;
        }
        let keeping = entry.keeping.lock().await;
        let (store, record): (Arc<dyn Store>, _) = (Arc::clone(&self.store), entry.record());
        let saved = blocking(move || store.save(&record).map_err(RunError::Store)).await;
        drop(keeping);
        if let Err(error) = saved {
            tracing::warn!(run = %entry.plan.run, %error, "what a strategy did was not kept");
        }
    }

    /// A run that was stopped.
    fn stopped(&self, id: &RunId) -> Result<Option<RunRecord>, RunError> {
        Ok(self.known().stopped.get(&id.number()?).cloned())
    }

    fn entry(&self, id: &RunId) -> Result<Arc<Entry>, RunError> {
        let entry = self.known().at_work.get(&id.number()?).cloned();
        entry.ok_or_else(|| RunError::Unknown(id.clone()))
    }
}
