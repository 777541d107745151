//! From decisions to durable records: the group commit, and what a failed one costs.
//!
//! This module must not carry effects out.

use std::collections::BTreeSet;

use path::{
    commit::{Batch, Committed, Failed, commit},
    event::Event,
    journal::AppendError,
};

use crate::{
    disk::{Emergency, Main, Mishap},
    faults::Fault,
    world::{Job, World},
};

/// A snapshot is taken when a stream has so many records more than the last one covers.
const SNAPSHOT_EVERY: u64 = 60;

impl World {
    /// Writes everything that is decided, in one commit, and queues what follows from it.
    pub(crate) fn flush(&mut self, p: usize) {
        self.procs[p].flush_due = false;
        if self.procs[p].pending.is_empty() {
            return;
        }
        if self.strikes(Fault::CrashBeforeAppend) {
            return self.crash(p);
        }
        self.disk.mishap = self.draw_mishap();
        let pending = std::mem::take(&mut self.procs[p].pending);
        let results = if self.procs[p].journal_down {
            self.disk.mishap = Mishap::None;
            self.commit_emergency(p, pending)
        } else {
            let (owners, batches): (Vec<_>, Vec<_>) = pending.into_iter().unzip();
            let results = commit(&mut Main(&mut self.disk), batches);
            owners.into_iter().zip(results).collect()
        };
        self.disk.mishap = Mishap::None;
        self.absorb();
        if self.disk.died {
            self.disk.died = false;
            return self.crash(p);
        }
        self.settle_commit(p, results);
        if !self.procs[p].dead && self.strikes(Fault::CrashAfterAppend) {
            self.crash(p);
        }
    }

    fn draw_mishap(&mut self) -> Mishap {
        if self.strikes(Fault::SyncFailed) {
            Mishap::SyncFails
        } else if self.strikes(Fault::CrashUnsynced) {
            if self.dice.chance(500) { Mishap::DiesUnsynced } else { Mishap::DiesSynced }
        } else if !self.disk.full && self.strikes(Fault::DiskFull) {
            self.disk.full = true;
            let wait = self.dice.millis(500, 8_000);
            self.after(wait, Job::Room);
            Mishap::None
        } else {
            Mishap::None
        }
    }

    /// Only what opens no risk goes to the emergency journal; what was decided on top of anything
    /// else is thrown away.
    fn commit_emergency(
        &mut self,
        p: usize,
        pending: Vec<(usize, Batch)>,
    ) -> Vec<(usize, Result<Committed, Failed>)> {
        let mut results = Vec::new();
        let mut spoilt: BTreeSet<usize> = BTreeSet::new();
        for (a, batch) in pending {
            if spoilt.contains(&a) || batch.opens_risk() {
                spoilt.insert(a);
                continue;
            }
            let committed = commit(&mut Emergency(&mut self.disk), vec![batch]);
            results.extend(committed.into_iter().map(|result| (a, result)));
        }
        self.procs[p].spoilt.extend(spoilt);
        results
    }

    fn settle_commit(&mut self, p: usize, results: Vec<(usize, Result<Committed, Failed>)>) {
        let mut down = None;
        for (a, result) in results {
            match result {
                Ok(committed) => {
                    let process = &mut self.procs[p];
                    process.actions.extend(committed.actions.into_iter().map(|act| (a, act)));
                }
                Err(failed) => {
                    self.trace(|| format!("p{p} a{a} commit failed: {}", failed.error));
                    match failed.error {
                        AppendError::Fenced { .. } => return self.die(p, "fenced"),
                        AppendError::Conflict { .. } => {}
                        error => down = Some(error),
                    }
                    self.procs[p].spoilt.insert(a);
                }
            }
        }
        if down.is_some() && !self.procs[p].journal_down {
            self.journal_fails(p);
        }
        self.reload_spoilt(p);
        self.maybe_snapshot(p);
        if !self.procs[p].actions.is_empty() && !self.procs[p].act_due {
            self.procs[p].act_due = true;
            self.after(0, Job::Act(p));
        }
    }

    /// Takes what became durable into the simulator's own books.
    pub(crate) fn absorb(&mut self) {
        for a in 0..self.accounts.len() {
            let ledger = &mut self.durable[a];
            let stream = &self.accounts[a].stream;
            let known = ledger.seq;
            if self.disk.durable_head(stream).seq == known {
                continue;
            }
            let mut released = false;
            let skip = usize::try_from(known).unwrap_or(usize::MAX);
            let main = self.disk.main(stream).iter().skip(skip);
            let emergency = self.disk.emergency(stream).iter().filter(|r| r.seq > known);
            for record in main.chain(emergency) {
                if let Some(Event::KillReleased(_)) = ledger.take(record) {
                    released = true;
                }
            }
            let findings = std::mem::take(&mut ledger.findings);
            if released {
                self.watch.acknowledged.remove(&a);
            }
            self.found(a, findings);
        }
    }

    /// Stores the state of accounts whose journal has grown enough.
    fn maybe_snapshot(&mut self, p: usize) {
        if self.procs[p].journal_down || !self.procs[p].pending.is_empty() {
            return;
        }
        for a in 0..self.accounts.len() {
            let stream = self.accounts[a].stream.clone();
            let covered = self.disk.snapshots(&stream).last().map_or(0, |s| s.head.seq);
            let head = self.disk.durable_head(&stream);
            let state = self.procs[p].cores[a].state();
            if head.seq < covered + SNAPSHOT_EVERY || state.head != head {
                continue;
            }
            if let Ok(body) = state.to_json() {
                self.disk.save(&stream, head, body);
            }
        }
    }
}
