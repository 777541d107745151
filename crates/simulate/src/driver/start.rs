//! The start of a desk: lease, emergency journal, fold, cores.
//!
//! This module must not know what happens once the desk runs.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, atomic::Ordering},
};

use domain::Currency;
use path::{
    budget::{BudgetTable, DeskBudget},
    core::{Core, Input},
    journal::{Hash, JournalReader, JournalStore, StreamBatch, StreamId},
    market::MarketView,
    state::AccountState,
    wire::{Mono, MonoClock, Wire},
};

use super::{BEAT_EVERY, LEASE, LEASE_MARGIN, Process, RENEW_EVERY};
use crate::{
    check::Invariant,
    disk::Main,
    faults::Fault,
    listing::euro,
    world::{Job, SECOND, World},
};

impl World {
    /// Starts a desk process that takes every account over.
    pub(crate) fn start(&mut self) {
        self.start_due = false;
        let holds = |p: &Process| !p.dead && p.token == self.disk.lease;
        let held = self.procs.last().is_some_and(holds) && self.disk.lease_until > self.now;
        if held {
            return;
        }
        self.disk.reopen();
        if self.disk.full {
            self.start_due = true;
            return self.after(SECOND, Job::Start);
        }
        self.starts += 1;
        let token = self.disk.acquire(self.now + LEASE);
        let p = self.procs.len();
        self.trace(|| format!("p{p} starts under lease {}", token.0));
        let mut merged = Vec::new();
        for a in 0..self.accounts.len() {
            let Some(count) = self.take_emergency_over(a) else {
                self.start_due = true;
                return self.after(SECOND / 2, Job::Start);
            };
            merged.push(count);
        }
        self.absorb();
        let mut process = self.new_process();
        for a in 0..self.accounts.len() {
            let Some(state) = self.read_state(a) else { return };
            if self.durable[a].kill.is_some() != state.kill.is_some() {
                let text = format!("after a start the kill switch is {:?}", state.kill);
                self.violate(Invariant::KillDurable, text);
            }
            let clock = self.clock.clone();
            let clock: MonoClock = Arc::new(move || Mono(clock.load(Ordering::Relaxed)));
            let until = Mono(self.now + LEASE - LEASE_MARGIN);
            process.wires.push(Arc::new(Wire::new(clock, token, until, state.kill_epoch)));
            let market = MarketView::default();
            let (rules, now) = (self.capabilities.clone(), Mono(self.now));
            let core = Core::new(state, market, rules, token, now);
            let used = path::gate::usage(&core.book());
            process.budget.publish(&core.state().spec.id, used);
            process.cores.push(core);
            process.ledgers.push(self.durable[a].clone());
        }
        self.procs.push(process);
        for (a, count) in merged.into_iter().enumerate() {
            self.begin_account(p, a, count);
        }
        self.after(BEAT_EVERY, Job::Beat(p));
        self.after(RENEW_EVERY, Job::Renew(p));
    }

    fn new_process(&self) -> Process {
        let accounts = self.accounts.len();
        Process {
            token: self.disk.lease,
            dead: false,
            paused_until: 0,
            cores: Vec::new(),
            wires: Vec::new(),
            budget: BudgetTable::new(self.desk_limits.clone()),
            pending: Vec::new(),
            actions: VecDeque::new(),
            slow: VecDeque::new(),
            ledgers: Vec::new(),
            journal_down: false,
            links: vec![None; accounts],
            links_made: 0,
            heard_until: vec![0; accounts],
            spoilt: BTreeSet::new(),
            flush_due: false,
            act_due: false,
        }
    }

    fn begin_account(&mut self, p: usize, a: usize, merged: u64) {
        let now = self.clocks();
        let process = &mut self.procs[p];
        let incarnation = process.cores[a].state().incarnation + 1;
        let batch = process.cores[a].start(incarnation, now, &mut process.budget);
        self.decided(p, a, batch);
        if merged > 0 {
            let generation = self.procs[p].cores[a].state().emergency_generation + 1;
            self.tell(p, a, Input::EmergencyMerged { generation, count: merged });
        }
        for (calendar, session) in self.feed.sessions() {
            self.tell(p, a, Input::Session { calendar, session });
        }
        for instrument in self.exchange.instruments.clone() {
            self.tell(p, a, Input::SetInstrument(Box::new(instrument)));
        }
        if self.exchange.wide {
            let (from, to, rate) = (euro(), Currency::usd(), self.feed.rate());
            let at = domain::Timestamp(self.now);
            self.tell(p, a, Input::Rate { from, to, rate, at });
        }
        let wait = self.dice.millis(5, 1_500);
        self.after(wait, Job::Connect { p, a });
    }

    /// Appends the emergency journal's records to the main journal. `None` when the desk crashed
    /// meanwhile.
    fn take_emergency_over(&mut self, a: usize) -> Option<u64> {
        let stream = self.accounts[a].stream.clone();
        let records = self.disk.emergency(&stream).to_vec();
        if records.is_empty() {
            self.disk.clear_emergency(&stream);
            return Some(0);
        }
        let count = records.len() as u64;
        let expected = JournalReader::head(&self.disk, &stream).unwrap_or_default();
        let batch =
            StreamBatch { stream: stream.clone(), expected, token: self.disk.lease, records };
        if let Some(Err(error)) = Main(&mut self.disk).append(&[batch]).first() {
            self.violate(Invariant::JournalFolds, format!("the emergency journal: {error}"));
        }
        if self.strikes(Fault::CrashInMerge) {
            return None;
        }
        self.disk.clear_emergency(&stream);
        Some(count)
    }

    /// The durable state of an account: the newest readable snapshot and the records after it.
    pub(crate) fn read_state(&mut self, a: usize) -> Option<AccountState> {
        let stream = self.accounts[a].stream.clone();
        let snapshot =
            if self.strikes(Fault::SnapshotLost) { None } else { self.snapshot(&stream) };
        let after = snapshot.as_ref().map_or(0, |s| s.head.seq);
        let mut records = self.disk.read(&stream, after, usize::MAX).unwrap_or_default();
        records.extend(self.disk.emergency(&stream).iter().cloned());
        match AccountState::fold(snapshot, &stream, &records) {
            Ok(Some(state)) => Some(state),
            Ok(None) => {
                self.violate(Invariant::JournalFolds, "the journal is empty at a start");
                None
            }
            Err(error) => {
                self.violate(Invariant::JournalFolds, error.to_string());
                None
            }
        }
    }

    fn snapshot(&self, stream: &StreamId) -> Option<AccountState> {
        let record = JournalReader::snapshot(&self.disk, stream).ok().flatten()?;
        let intact = Hash::of(record.body.as_bytes()) == record.body_hash
            && record.state_version == path::state::STATE_VERSION;
        let state: AccountState = serde_json::from_str(&record.body).ok().filter(|_| intact)?;
        (state.head == record.head).then_some(state)
    }
}
