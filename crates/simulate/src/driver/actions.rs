//! Carrying out what is durable: sends, questions, answers.
//!
//! Every send is opened by the wire next to the write and happens at most once. This module must
//! not decide anything.

use path::{
    broker::{CancelOutcome, PlaceOutcome, TermsOutcome},
    commit::Action,
    core::Input,
};

use crate::{
    faults::Fault,
    world::{Job, Request, SECOND, World},
};

/// In so many of a thousand cases a send is overtaken by what comes after it, as sends are that
/// wait for a connection.
const SLOW_SENDS: u32 = 100;

impl World {
    /// Carries one effect out; the desk may crash or stand still before and after.
    pub(crate) fn act(&mut self, p: usize) {
        self.procs[p].act_due = false;
        if self.procs[p].actions.is_empty() {
            return;
        }
        if self.strikes(Fault::CrashBeforeEffect) {
            return self.crash(p);
        }
        let sends = matches!(
            self.procs[p].actions.front(),
            Some((_, Action::Place(_) | Action::Replace(_) | Action::Cancel(_)))
        );
        if sends && self.strikes(Fault::PausedBeforeWrite) {
            let long = self.dice.chance(300);
            let (low, high) = if long { (7_000, 14_000) } else { (100, 4_000) };
            let span = self.dice.millis(low, high);
            return self.pause(p, span, true);
        }
        let Some((a, action)) = self.procs[p].actions.pop_front() else { return };
        if sends && self.dice.chance(SLOW_SENDS) {
            let wait = self.dice.millis(1, 2_200);
            self.procs[p].slow.push_back((a, action));
            self.after(wait, Job::SlowSend(p));
        } else {
            self.carry(p, a, action);
        }
        if self.procs[p].dead {
            return;
        }
        if self.strikes(Fault::CrashAfterEffect) {
            return self.crash(p);
        }
        if !self.procs[p].actions.is_empty() {
            self.procs[p].act_due = true;
            let wait = self.dice.between(0, 200_000);
            self.after(wait, Job::Act(p));
        }
    }

    /// A send that waited for its connection goes on.
    pub(crate) fn slow_send(&mut self, p: usize) {
        if let Some((a, action)) = self.procs[p].slow.pop_front() {
            self.carry(p, a, action);
        }
    }

    /// A desk stands still. With `acting` it was about to carry an effect out.
    pub(crate) fn pause(&mut self, p: usize, span: i64, acting: bool) {
        self.trace(|| format!("p{p} stands still for {} ms", span / 1_000_000));
        self.procs[p].paused_until = self.now + span;
        self.after(span, Job::Resume(p));
        if acting {
            self.procs[p].act_due = true;
            self.after(span, Job::Act(p));
        }
        if self.now + span > self.disk.lease_until && !self.start_due {
            self.start_due = true;
            let at = self.disk.lease_until + SECOND / 10;
            self.at(at, Job::Start);
        }
    }

    fn carry(&mut self, p: usize, a: usize, action: Action) {
        let wire = self.procs[p].wires[a].clone();
        match action {
            Action::Place(recorded) => {
                let order = recorded.client_order_id().clone();
                match wire.release(recorded) {
                    Ok((request, _in_flight)) => {
                        self.watch_place(p, a, &request);
                        self.send(p, a, Request::Place(request));
                    }
                    Err(reason) => {
                        let outcome = PlaceOutcome::NotSent(reason);
                        self.tell(p, a, Input::Placed { order, outcome });
                    }
                }
            }
            Action::Replace(recorded) => {
                let order = recorded.client_order_id().clone();
                match wire.release(recorded) {
                    Ok((request, _in_flight)) => {
                        self.watch_place(p, a, &request.order);
                        self.send(p, a, Request::Replace(request));
                    }
                    Err(reason) => {
                        let outcome = PlaceOutcome::NotSent(reason);
                        self.tell(p, a, Input::Placed { order, outcome });
                    }
                }
            }
            Action::Cancel(recorded) => {
                let order = recorded.client_order_id().clone();
                match wire.release(recorded) {
                    Ok((request, _in_flight)) => {
                        self.watch_cancel(p, a, &request);
                        self.send(p, a, Request::Cancel(request));
                    }
                    Err(reason) => {
                        let outcome = CancelOutcome::NotSent(reason);
                        self.tell(p, a, Input::CancelAnswered { order, outcome });
                    }
                }
            }
            Action::SetTerms(recorded) => {
                let request = recorded.client_order_id().clone();
                match wire.release(recorded) {
                    Ok((request, _in_flight)) => {
                        self.watch_terms(p, a, &request);
                        self.send(p, a, Request::SetTerms(request));
                    }
                    Err(reason) => {
                        let outcome = TermsOutcome::NotSent(reason);
                        self.tell(p, a, Input::TermsAnswered { request, outcome });
                    }
                }
            }
            Action::LookUp(order) => self.send(p, a, Request::LookUp(order)),
            Action::Recent(since) => self.send(p, a, Request::Recent(since)),
            Action::Snapshot(since) => self.send(p, a, Request::Snapshot(since)),
            Action::Reply(id, reply) => self.answer(a, id.0, &reply),
        }
    }
}
