//! What a run remembers: its rules with their averages, its positions, and closes that it could not
//! take in yet.
//!
//! A close that can't be decided on, because the journal can't be read or the account has no
//! answer, is kept and taken in before the next one, so that averages have no hole. It must not
//! know how wishes are told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use backtest::trader::{ClosedBar, Trader, View};
use domain::Timestamp;
use path::{
    core::Core,
    journal::{JournalReader, ReadError},
};
use strategy::{Rules, Skipped};

use crate::{player::Closed, recall::Recall, record::RunId, reduce::Wanted};

/// Closes that are kept to be taken in later. With more the run is built anew, as by a restart.
const WAITING_MAX: usize = 1_024;

/// Rules and what they remember.
pub(crate) struct Brain {
    pub(crate) rules: Rules,
    pub(crate) recall: Recall,
}

/// A close that the rules have not taken in.
#[derive(Debug, Clone)]
struct Waiting {
    at: Timestamp,
    closed: Vec<Closed>,
    /// The journal was read up to it.
    recalled: bool,
}

/// What the rules want of a close.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) wanted: Vec<Wanted>,
    /// The kill switch stood over the account.
    pub(crate) killed: bool,
    pub(crate) refused: u64,
    pub(crate) skipped: Skipped,
}

/// A brain that goes into the account's task and to the threads that read the journal. Clones are
/// of the same one.
#[derive(Clone)]
pub(crate) struct Mind {
    brain: Arc<Mutex<Brain>>,
    /// Never locked for long.
    waiting: Arc<Mutex<VecDeque<Waiting>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bars(closed: &[Closed]) -> Vec<ClosedBar<'_>> {
    let one = closed.iter();
    one.map(|c| ClosedBar { instrument: &c.instrument, bar: &c.bar, index: 0 }).collect()
}

impl Brain {
    /// Takes in bars of the past, those of one instant at a time, without deciding. Positions are
    /// remembered from `started_at` on.
    pub(crate) fn remember(
        &mut self,
        journal: &(dyn JournalReader + Send + Sync),
        at: Timestamp,
        closed: &[Closed],
        started_at: Timestamp,
    ) -> Result<(), ReadError> {
        self.rules.remember(&bars(closed));
        if at >= started_at {
            self.recall.bars_closed(journal, at, closed.iter().map(|c| &c.instrument))?;
        }
        Ok(())
    }
}

impl Mind {
    pub(crate) fn new(brain: Brain) -> Self {
        Self { brain: Arc::new(Mutex::new(brain)), waiting: Arc::default() }
    }

    /// Bars have closed. False when too many wait to be taken in.
    pub(crate) fn bars_closed(&self, at: Timestamp, closed: Vec<Closed>) -> bool {
        let mut waiting = lock(&self.waiting);
        waiting.push_back(Waiting { at, closed, recalled: false });
        waiting.len() <= WAITING_MAX
    }

    /// Reads the journal up to the latest close, and takes in those before it. It reads for as long
    /// as the disk takes.
    pub(crate) fn recall(
        &self,
        journal: &(dyn JournalReader + Send + Sync),
    ) -> Result<(), ReadError> {
        let mut brain = lock(&self.brain);
        loop {
            let next = lock(&self.waiting).front().cloned();
            let Some(next) = next else { return Ok(()) };
            if !next.recalled {
                let instruments = next.closed.iter().map(|c| &c.instrument);
                brain.recall.bars_closed(journal, next.at, instruments)?;
            }
            let mut waiting = lock(&self.waiting);
            if waiting.len() == 1 {
                waiting.iter_mut().for_each(|one| one.recalled = true);
                return Ok(());
            }
            waiting.pop_front();
            drop(waiting);
            brain.rules.remember(&bars(&next.closed));
        }
    }

    /// The rules decide on the latest close. `None` when that is not their turn any more: an answer
    /// that comes too late must not count.
    pub(crate) fn decide(&self, run: &RunId, at: Timestamp, core: &Core) -> Option<Decided> {
        let mut brain = match self.brain.try_lock() {
            Ok(brain) => brain,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let closed = {
            let mut waiting = lock(&self.waiting);
            let due = waiting.front().is_some_and(|one| one.at == at && one.recalled);
            if !due || waiting.len() > 1 {
                return None;
            }
            waiting.pop_front()?.closed
        };
        let Brain { rules, recall } = &mut *brain;
        let state = core.state();
        recall.held.keep_to(state);
        let (mut wishes, bars) = (Vec::new(), bars(&closed));
        rules.on_close(&View::new(at, core, &recall.held, &bars), &mut wishes);
        let wanted = wishes.into_iter().map(|wish| Wanted::new(wish, state, run, at)).collect();
        let killed = state.kill.is_some();
        Some(Decided { wanted, killed, refused: recall.refused, skipped: rules.skipped() })
    }
}
