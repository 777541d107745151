//! What goes wrong by itself: crashes, standstills, broken connections, clocks.
//!
//! This module must not know orders.

use crate::{
    driver::LEASE,
    faults::Fault,
    world::{Job, SECOND, World},
};

impl World {
    /// Something may go wrong now.
    pub(crate) fn mishap(&mut self) {
        if self.settling {
            return;
        }
        let wait = self.dice.millis(500, 3_000);
        self.after(wait, Job::Mishap);
        self.replay_old();
        if self.dice.chance(if self.exchange.wide { 150 } else { 50 }) {
            self.break_session();
        }
        if self.strikes(Fault::ClockUntrusted) {
            self.untrusted_until = self.now + self.dice.millis(500, 5_000);
        }
        let Some(p) = self.active() else { return };
        if self.strikes(Fault::CrashIdle) {
            return self.crash(p);
        }
        if self.strikes(Fault::TakenOver) {
            let span = LEASE + self.dice.millis(1_000, 12_000);
            return self.pause(p, span, false);
        }
        if self.strikes(Fault::Paused) {
            let span = self.dice.between(SECOND / 10, LEASE - SECOND);
            return self.pause(p, span, false);
        }
        if self.strikes(Fault::Disconnected) {
            let a = self.dice.index(self.accounts.len());
            let span = self.dice.millis(200, 12_000);
            self.disconnect(p, a, span);
        }
    }
}
