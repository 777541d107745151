//! When an account has come to rest.
//!
//! Who plays history to a desk waits until everything that a price set off has happened before it
//! tells the next one, so that a replay does not depend on how fast the machine is. This module
//! must not decide anything.

use super::Actor;

impl Actor {
    /// Answers who waits for rest, once nothing is under way: nothing that was told is undecided,
    /// nothing that was decided is not durable, and the venue has answered everything.
    pub(super) fn tell_rest(&mut self, queues_are_empty: bool) {
        if self.resting.is_empty() {
            return;
        }
        let under_way = !queues_are_empty
            || !self.outcomes.is_empty()
            || !self.outstanding.is_empty()
            || !self.undecided.is_empty()
            || self.failed
            || self.outside > 0
            || self.parts.quotes.are_new();
        if !under_way {
            for answer in self.resting.drain(..) {
                // Who waited may have given up.
                let _ = answer.send(());
            }
        }
    }
}
