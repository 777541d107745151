//! Who waits and who is worked at.
//!
//! One run is worked at and few wait, so that research takes a bounded share of the desk's machine.
//! Owners take turns: who asks for many waits behind who asks for one, by however many keys. This
//! module must not know what a run does.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use api::{ApiError, ProgressUnit, RunProgress};
use identity::Owner;

use super::asked::Prepared;

/// Runs that may wait while their owner has one that waits already.
const WAITING_MAX: usize = 16;
/// Runs that may wait at all: beyond [`WAITING_MAX`] the first of each owner only, so that nobody is
/// kept out by others.
const WAITING_AT_ALL: usize = 64;
/// Runs of one owner that may wait, so that nobody alone keeps all others out.
const WAITING_OF_ONE_MAX: usize = 12;

/// A run in memory.
pub(super) struct Job {
    pub(super) id: String,
    owner: Owner,
    pub(super) prepared: Prepared,
    ended: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Job {
    pub(super) fn new(id: String, owner: Owner, prepared: Prepared) -> Self {
        let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { id, owner, prepared, ended: AtomicBool::new(false), done, total }
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
    /// The turn that owners had last, counted from 1 on; forgotten once all who wait had a later one.
    turns: BTreeMap<Owner, u64>,
    turn: u64,
    closed: bool,
}

impl Places {
    /// Takes the run whose owner had no turn for the longest time; of several the first.
    fn take(&mut self) -> Option<Arc<Job>> {
        let had = |job: &Arc<Job>| self.turns.get(&job.owner).copied().unwrap_or_default();
        let (at, _) = self.waiting.iter().enumerate().min_by_key(|(at, job)| (had(job), *at))?;
        let job = self.waiting.remove(at)?;
        self.turn += 1;
        self.turns.insert(job.owner.clone(), self.turn);
        let had = |job: &Arc<Job>| self.turns.get(&job.owner).copied().unwrap_or_default();
        let longest_ago = self.waiting.iter().map(had).min().unwrap_or(self.turn);
        self.turns.retain(|_, turn| *turn >= longest_ago);
        Some(job)
    }

    /// Refuses a run for which there is no place.
    fn check(&self, owner: &Owner) -> Result<(), ApiError> {
        let refused =
            |detail: String, remedy: &str| Err(ApiError::too_many("too_many_runs", detail, remedy));
        let (all, own) =
            (self.waiting.len(), self.waiting.iter().filter(|job| job.owner == *owner).count());
        if own >= WAITING_OF_ONE_MAX {
            let detail = format!("{WAITING_OF_ONE_MAX} of your runs wait, which is the most.");
            return refused(detail, "Wait for one, or cancel one.");
        }
        if all >= WAITING_MAX && own > 0 {
            let detail = format!("{all} runs wait, of others too; then one of yours is the most.");
            return refused(detail, "Wait for yours, or cancel it.");
        }
        if all >= WAITING_AT_ALL {
            let detail = format!("{all} runs of others wait, which is the most.");
            return refused(detail, "Ask again later.");
        }
        Ok(())
    }
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
        places.check(&job.owner)?;
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
            if let Some(job) = places.take() {
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
