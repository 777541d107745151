//! What goes wrong by itself: crashes, standstills, broken connections, clocks.
//!
//! This module must not know orders.

use path::broker::OrderReport;

use crate::{
    driver::LEASE,
    faults::Fault,
    world::{Job, SECOND, World},
};

/// How long the venue doesn't find an order that it forgot, in seconds.
const FORGOTTEN: (i64, i64) = (20, 60);

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
        if self.strikes(Fault::OrderForgotten) {
            self.forget_order();
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

    /// The venue loses sight of an order that it has answered for: of one that it has not, it would
    /// break its word, because after the acceptance window "not known" means never placed.
    fn forget_order(&mut self) {
        let a = self.dice.index(self.accounts.len());
        let account = self.accounts[a].id.clone();
        let open = self.exchange.open_orders(&account);
        let answered = |report: &OrderReport| self.durable[a].knows(&report.venue_order_id);
        let own = open.into_iter().filter(answered).filter_map(|r| r.client_order_id);
        let own: Vec<_> = own.collect();
        if own.is_empty() {
            return;
        }
        let id = own[self.dice.index(own.len())].clone();
        let until = self.now + self.dice.between(FORGOTTEN.0 * SECOND, FORGOTTEN.1 * SECOND);
        self.trace(|| format!("venue a{a} forgets {id}"));
        self.exchange.forget(&account, &id, until);
    }
}
