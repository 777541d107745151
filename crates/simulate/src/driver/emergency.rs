//! A desk whose main journal can't be written.
//!
//! Entries stop; exits, cancels and the kill switch go on through the emergency journal, until
//! there is room again or the desk is started anew. This module must not know why the write
//! failed.

use path::{
    core::Input,
    journal::{JournalStore, StreamBatch},
    wire::Mono,
};

use crate::{
    check::Invariant,
    disk::Main,
    world::{Job, SECOND, World},
};

impl World {
    /// The main journal failed: what was decided is thrown away, and every account goes on in the
    /// emergency journal.
    pub(crate) fn journal_fails(&mut self, p: usize) {
        self.trace(|| format!("p{p} goes on without its main journal"));
        let accounts = 0..self.accounts.len();
        let process = &mut self.procs[p];
        process.journal_down = true;
        process.pending.clear();
        process.spoilt.extend(accounts);
        if self.disk.dead {
            let wait = self.dice.millis(1_000, 8_000);
            self.after(wait, Job::Room);
        }
    }

    /// Throws the decided state of spoilt accounts away and reads the durable one.
    pub(crate) fn reload_spoilt(&mut self, p: usize) {
        for a in std::mem::take(&mut self.procs[p].spoilt) {
            let Some(state) = self.read_state(a) else { return };
            let writable = !self.procs[p].journal_down;
            self.trace(|| format!("p{p} a{a} reloads at #{}", state.head.seq));
            let now = self.clocks();
            let durable = self.durable[a].clone();
            let process = &mut self.procs[p];
            process.pending.retain(|(owner, _)| *owner != a);
            process.ledgers[a] = durable;
            process.cores[a].reload(state, writable, Mono(now.mono.0));
            for instrument in self.exchange.instruments.clone() {
                self.tell(p, a, Input::SetInstrument(Box::new(instrument)));
            }
            self.tell(p, a, Input::Tick);
        }
    }

    /// The main journal's disk works again: a desk that only lacked room takes its emergency
    /// journal over and goes on; one whose journal is dead is started anew.
    pub(crate) fn room(&mut self) {
        self.disk.full = false;
        let stands_still = self.active().is_none() && self.procs.last().is_some_and(|p| !p.dead);
        if stands_still {
            return self.after(SECOND, Job::Room);
        }
        let Some(p) = self.active().filter(|p| self.procs[*p].journal_down) else { return };
        if self.disk.dead {
            return self.crash(p);
        }
        self.flush(p);
        if self.procs[p].dead || self.disk.full {
            return;
        }
        self.procs[p].journal_down = false;
        for a in 0..self.accounts.len() {
            let stream = self.accounts[a].stream.clone();
            let records = self.disk.emergency(&stream).to_vec();
            let count = records.len() as u64;
            let expected =
                path::journal::JournalReader::head(&self.disk, &stream).unwrap_or_default();
            let token = self.procs[p].token;
            let batch = StreamBatch { stream: stream.clone(), expected, token, records };
            match Main(&mut self.disk).append(&[batch]).pop() {
                Some(Ok(())) => self.disk.clear_emergency(&stream),
                Some(Err(path::journal::AppendError::Fenced { .. })) => {
                    return self.die(p, "fenced while it took its emergency journal over");
                }
                other => {
                    let text = format!("the emergency journal can't be taken over: {other:?}");
                    self.violate(Invariant::JournalFolds, text);
                }
            }
            let generation = self.procs[p].cores[a].state().emergency_generation + 1;
            if count > 0 {
                self.tell(p, a, Input::EmergencyMerged { generation, count });
            }
            self.tell(p, a, Input::Journal { writable: true });
        }
    }
}
