//! Who waits and who is worked at.
//!
//! One run is worked at and few wait, so that research takes a bounded share of the desk's machine.
//! This module must not know what a run does.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use api::{ApiError, ProgressUnit, RunProgress};

use super::asked::Prepared;

/// Runs that may wait.
const WAITING_MAX: usize = 16;

/// A run in memory.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) prepared: Prepared,
    ended: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Job {
    pub(super) fn new(id: String, prepared: Prepared) -> Self {
        let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { id, prepared, ended: AtomicBool::new(false), done, total }
    }

    /// True once somebody wants its end.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Notes how much is done.
    pub(super) fn reached(&self, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// How much is done.
    pub(super) fn progress(&self) -> RunProgress {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        RunProgress { done, total, unit: self.unit() }
    }

    fn unit(&self) -> ProgressUnit {
        super::rows::unit(self.prepared.about.kind)
    }
}

/// Waiting runs and the one that is worked at.
#[derive(Default)]
pub(super) struct Line {
    places: Mutex<Places>,
    changed: Condvar,
}

#[derive(Default)]
struct Places {
    waiting: VecDeque<Arc<Job>>,
    working: Option<Arc<Job>>,
    closed: bool,
}

impl Line {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a run, once `note` has noted it.
    pub(super) fn join(
        &self,
        job: Arc<Job>,
        note: impl FnOnce() -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mut places = self.places();
        if places.closed {
            return Err(ApiError::unavailable("desk_stops", "The desk stops.", "Start it again."));
        }
        if places.waiting.len() >= WAITING_MAX {
            let detail = format!("{WAITING_MAX} runs wait, which is the most.");
            return Err(ApiError::too_many(
                "too_many_runs",
                detail,
                "Wait for one, or cancel one.",
            ));
        }
        note()?;
        places.waiting.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// The next run, when there is one; none once the line is closed.
    pub(super) fn next(&self) -> Option<Arc<Job>> {
        let mut places = self.places();
        places.working = None;
        loop {
            if places.closed {
                return None;
            }
            if let Some(job) = places.waiting.pop_front() {
                places.working = Some(Arc::clone(&job));
                return Some(job);
            }
            places = self.changed.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Asks a run to end. True when it only waited, so that nobody else will note its end.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let mut places = self.places();
        if let Some(job) = places.working.as_ref().filter(|job| job.id == id) {
            job.ended.store(true, Ordering::Relaxed);
            return false;
        }
        let before = places.waiting.len();
        places.waiting.retain(|job| job.id != id);
        places.waiting.len() < before
    }

    /// How much of a run is done, when it is in the line.
    pub(super) fn progress(&self, id: &str) -> Option<RunProgress> {
        let places = self.places();
        let mut all = places.working.iter().chain(&places.waiting);
        all.find(|job| job.id == id).map(|job| job.progress())
    }

    /// True once the desk stops.
    pub(super) fn is_closed(&self) -> bool {
        self.places().closed
    }

    /// Ends the run that is worked at, and lets nobody in.
    pub(super) fn close(&self) {
        let mut places = self.places();
        places.closed = true;
        places.waiting.clear();
        if let Some(job) = &places.working {
            job.ended.store(true, Ordering::Relaxed);
        }
        self.changed.notify_all();
    }
}
