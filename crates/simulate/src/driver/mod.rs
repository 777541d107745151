//! The simulator as a driver of cores: what a desk process is and does.
//!
//! It follows the rules of every driver: one writer under a lease, effects only after durability,
//! a failed write throws the decided state away, a start folds the journal. These modules must
//! not know what people want or what is checked.

mod actions;
mod commit;
mod emergency;
mod start;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use path::{
    broker::VenueEvent,
    budget::BudgetTable,
    commit::{Action, Batch},
    core::{Core, Input},
    journal::LeaseToken,
    wire::{Mono, Wire},
};

use crate::{
    check::{Invariant, Ledger},
    world::{Job, SECOND, World},
};

/// How long a lease lasts without renewal.
pub(crate) const LEASE: i64 = 6 * SECOND;
/// How much earlier than its lease a desk stops sending.
const LEASE_MARGIN: i64 = SECOND / 2;
/// Pause between renewals.
const RENEW_EVERY: i64 = SECOND;
/// Pause between beats.
const BEAT_EVERY: i64 = SECOND / 2;

/// One desk process with all its accounts.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) token: LeaseToken,
    pub(crate) dead: bool,
    pub(crate) paused_until: i64,
    pub(crate) cores: Vec<Core>,
    pub(crate) wires: Vec<Arc<Wire>>,
    pub(crate) budget: BudgetTable,
    /// Decided and not yet written.
    pub(crate) pending: Vec<(usize, Batch)>,
    /// Durable and not yet carried out.
    pub(crate) actions: VecDeque<(usize, Action)>,
    /// Sends that wait for their connection.
    pub(crate) slow: VecDeque<(usize, Action)>,
    /// The simulator's own books of what is decided.
    pub(crate) ledgers: Vec<Ledger>,
    /// The main journal can't be written.
    pub(crate) journal_down: bool,
    /// Number of the connection of each account, when it stands.
    pub(crate) links: Vec<Option<u32>>,
    pub(crate) links_made: u32,
    /// When the last message of each connection arrives.
    pub(crate) heard_until: Vec<i64>,
    /// Accounts whose decided state must be thrown away.
    pub(crate) spoilt: BTreeSet<usize>,
    pub(crate) flush_due: bool,
    pub(crate) act_due: bool,
}

impl World {
    /// Tells a core something and queues what it decides.
    pub(crate) fn tell(&mut self, p: usize, a: usize, input: Input) {
        if self.procs[p].dead {
            return;
        }
        self.events += 1;
        self.trace(|| {
            let text = format!("{input:?}");
            format!("p{p} a{a} <- {}", text.chars().take(300).collect::<String>())
        });
        let now = self.clocks();
        let process = &mut self.procs[p];
        let batch = process.cores[a].step(input, now, &mut process.budget);
        self.checked(Invariant::FiguresAgree);
        if !self.procs[p].cores[a].figures_agree() {
            self.violate(Invariant::FiguresAgree, format!("p{p} a{a}: after an input"));
        }
        self.decided(p, a, batch);
    }

    /// Queues a decision for the next write.
    pub(crate) fn decided(&mut self, p: usize, a: usize, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        self.watch_batch(p, a, &batch);
        self.procs[p].pending.push((a, batch));
        if !self.procs[p].flush_due {
            self.procs[p].flush_due = true;
            let wait = if self.dice.chance(500) { 0 } else { self.dice.millis(0, 8) };
            self.after(wait, Job::Flush(p));
        }
    }

    /// A message of the venue's stream arrives.
    pub(crate) fn hear(&mut self, p: usize, a: usize, link: u32, event: VenueEvent) {
        if self.procs[p].links[a] == Some(link) {
            self.tell(p, a, Input::Venue(event));
        }
    }

    /// The venue's stream stands again.
    pub(crate) fn connect(&mut self, p: usize, a: usize) {
        let process = &mut self.procs[p];
        if process.links[a].is_some() {
            return;
        }
        process.links_made += 1;
        process.links[a] = Some(process.links_made);
        self.tell(p, a, Input::Venue(VenueEvent::Connected));
    }

    /// The venue's stream breaks; messages on their way are lost.
    pub(crate) fn disconnect(&mut self, p: usize, a: usize, span: i64) {
        if self.procs[p].links[a].take().is_some() {
            self.tell(p, a, Input::Venue(VenueEvent::Disconnected));
            self.after(span, Job::Connect { p, a });
        }
    }

    /// Time passes: every core looks after what it owes.
    pub(crate) fn beat(&mut self, p: usize) {
        for a in 0..self.accounts.len() {
            self.tell(p, a, Input::Tick);
        }
        let pause = if self.settling { BEAT_EVERY * 2 } else { BEAT_EVERY };
        self.after(pause, Job::Beat(p));
    }

    /// Extends the lease, or ends when somebody else has it.
    pub(crate) fn renew(&mut self, p: usize) {
        let token = self.procs[p].token;
        if !self.disk.renew(token, self.now + LEASE) {
            return self.die(p, "lost its lease");
        }
        for wire in &self.procs[p].wires {
            wire.renew(Mono(self.now + LEASE - LEASE_MARGIN));
        }
        self.after(RENEW_EVERY, Job::Renew(p));
    }

    /// A desk ends. What it had not written is gone.
    pub(crate) fn die(&mut self, p: usize, why: &str) {
        self.trace(|| format!("p{p} ends: {why}"));
        let process = &mut self.procs[p];
        process.dead = true;
        process.pending.clear();
        process.actions.clear();
        process.slow.clear();
    }

    /// A desk crashes and is started again after a while.
    pub(crate) fn crash(&mut self, p: usize) {
        self.die(p, "crashed");
        let holds = self.procs[p].token == self.disk.lease;
        if holds && !self.start_due {
            self.start_due = true;
            let wait = self.dice.millis(50, 4_000);
            self.after(wait, Job::Start);
        }
    }
}
