//! What an account decides again when a write has failed.
//!
//! The decided state is thrown away and the journal folded anew; then the core is told, in order,
//! every fact and every wish whose decision was lost. A pull of the kill switch is never forgotten,
//! also when who pulled has been told that it could not be written. This module must not judge.

use path::{
    broker::VenueEvent,
    commit::Failed,
    core::{Input, ReplyId},
    journal::AppendError,
    policy::KillLevel,
};

use super::{Actor, FAILURES_MAX, Undecided};
use crate::{error::DeskError, load};

/// What has to be told again when its decision is lost. Prices, sessions and the state of the
/// connection outlive a lost decision, questions are asked anew, and wishes that somebody waits
/// for are kept with who waits.
pub(super) fn fact(input: &Input) -> Option<Input> {
    match input {
        Input::Tick
        | Input::Quote { .. }
        | Input::Session { .. }
        | Input::Rate { .. }
        | Input::Range { .. }
        | Input::Clusters(_)
        | Input::Journal { .. }
        | Input::LookedUp { .. }
        | Input::Recent(_)
        | Input::Snapshot(_)
        | Input::Venue(VenueEvent::Connected | VenueEvent::Disconnected) => None,
        other => Some(other.clone()),
    }
}

impl Actor {
    /// True when a pull of at least this level waits to be decided or to be durable.
    pub(super) fn kill_waits(&self, level: KillLevel) -> bool {
        let is = |input: &Input| matches!(input, Input::Kill { level: l, .. } if *l >= level);
        self.outstanding.values().flatten().any(is)
            || self.undecided.iter().any(|u| matches!(u, Undecided::Fact(input) if is(input)))
    }

    /// Whoever pulled the kill switch is told that it was not written, and it is written all the
    /// same once that is possible.
    fn keep_kill(&mut self, id: ReplyId) {
        let Some(input) = self.waiting.get(&id).map(|waiting| (waiting.make)(None)) else { return };
        if let Input::Kill { level, .. } = &input
            && !self.kill_waits(*level)
        {
            self.undecided.push_back(Undecided::Fact(Box::new(input)));
        }
    }

    pub(super) fn on_failed(&mut self, failed: Failed, fact: Option<Input>) -> bool {
        tracing::warn!(stream = %self.stream, error = %failed.error, "a decision was not written");
        if let AppendError::Fenced { .. } = failed.error {
            for id in failed.replies {
                self.answer(id, Err(DeskError::Journal(failed.error.clone())));
            }
            tracing::error!(stream = %self.stream, "another desk holds the account: stopping");
            self.taken_over = true;
            return false;
        }
        if !self.failed {
            self.failures = self.failures.saturating_add(1);
        }
        self.failed = true;
        self.undecided.extend(fact.map(|fact| Undecided::Fact(Box::new(fact))));
        for id in failed.replies {
            if self.failures > FAILURES_MAX {
                self.keep_kill(id);
                self.answer(id, Err(DeskError::Journal(failed.error.clone())));
            } else if let Some(waiting) = self.waiting.remove(&id) {
                self.undecided.push_back(Undecided::Wish(waiting));
            }
        }
        true
    }

    /// Folds what is durable and decides again what was asked and not answered. A journal that
    /// can't be read now, because its server is away, is read again soon. False ends the task.
    pub(super) fn rebuild(&mut self) -> bool {
        self.writable = self.parts.writer.is_writable();
        let more = self.parts.writer.emergency_records(&self.stream);
        let state = match load::load(self.parts.reader.as_ref(), &self.stream, &more) {
            Ok(Some(state)) => state,
            Ok(None) => return false,
            Err(DeskError::Read(error)) => {
                tracing::warn!(stream = %self.stream, %error, "the journal is read again soon");
                return true;
            }
            Err(error) => {
                tracing::error!(stream = %self.stream, %error, "the journal can't be folded: stopping");
                return false;
            }
        };
        self.failed = false;
        let now = self.parts.clock.now();
        self.parts.standing.load(&state);
        self.parts.core.reload(state, self.writable, now.mono);
        self.parts.wire.raise_epoch(self.parts.core.state().kill_epoch);
        if self.failures <= FAILURES_MAX {
            self.decide_again();
        }
        true
    }

    /// Tells the core what was lost with a failed write. While neither journal can be written,
    /// this waits for the next tick, and nobody else is kept waiting.
    pub(super) fn decide_again(&mut self) {
        for undecided in std::mem::take(&mut self.undecided) {
            match undecided {
                Undecided::Fact(input) => self.step(*input),
                Undecided::Wish(waiting) => self.decide(waiting),
            }
        }
    }
}
