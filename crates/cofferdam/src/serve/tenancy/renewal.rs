//! Leases are extended on a thread of their own: what else blocks must not cost them.
//!
//! This module must not know how leases are taken.

use std::{
    thread,
    time::{Duration, Instant},
};

use desk::{
    Desk,
    clock::{boot_time, wall_time},
};
use path::{journal::LeaseToken, wire::Mono};
use store::{LeaseError, StoreError};

use super::{NOBODY, ServeError, Tenancy, account_of};

impl Tenancy {
    /// Extends what is held until the process ends.
    pub(super) fn renew_for_ever(&self, every: Duration, desk: &Desk) -> Result<(), ServeError> {
        let (tenancy, desk) = (self.clone(), desk.clone());
        let work = move || {
            loop {
                let began = Instant::now();
                tenancy.renew(&desk);
                thread::sleep(every.saturating_sub(began.elapsed()));
            }
        };
        let started = thread::Builder::new().name("leases".to_owned()).spawn(work);
        started.map(drop).map_err(ServeError::io("start a thread"))
    }

    /// Extends what is held. Blocks.
    fn renew(&self, desk: &Desk) {
        let held: Vec<_> = self.held().iter().map(|(n, h)| (n.clone(), h.token)).collect();
        let (leases, span) = (self.leases(), self.0.span.lease);
        let until = self.until(boot_time());
        let renewed = leases.now(wall_time()).and_then(|now| leases.renew_all(&held, span, now));
        match renewed {
            Ok(answers) => {
                for ((name, token), answer) in held.iter().zip(answers) {
                    match answer {
                        Ok(_) => self.extend(desk, name, *token, until),
                        Err(error) => self.lost(desk, name, *token, &error),
                    }
                }
            }
            Err(error) => self.not_renewed(desk, &held, until, &error),
        }
    }

    fn extend(&self, desk: &Desk, name: &str, token: LeaseToken, until: Mono) {
        if let Some(hold) = self.held().get_mut(name).filter(|hold| hold.token == token) {
            hold.until = until;
        }
        if let Some(account) = account_of(name).and_then(|id| desk.account(&id).ok()) {
            account.wire().renew(until);
        }
    }

    /// Leases that could not be extended in a file, because the disk is full, still hold: the
    /// folder's lock keeps every other desk out, and exits must go on. On a server nothing keeps
    /// others out, so they end when they were to end.
    fn not_renewed(
        &self,
        desk: &Desk,
        held: &[(String, LeaseToken)],
        until: Mono,
        error: &StoreError,
    ) {
        if self.is_shared() {
            tracing::error!(%error, "leases were not renewed: nothing is sent after they end");
            return;
        }
        tracing::warn!(%error, "leases were not renewed; the folder's lock still keeps others out");
        held.iter().for_each(|(name, token)| self.extend(desk, name, *token, until));
    }

    fn lost(&self, desk: &Desk, name: &str, token: LeaseToken, error: &LeaseError) {
        let mut held = self.held();
        if held.get(name).is_none_or(|hold| hold.token != token) {
            // It was taken anew meanwhile.
            return;
        }
        held.remove(name);
        drop(held);
        tracing::error!(%error, %name, "a lease was taken over");
        if let Some(id) = account_of(name) {
            let found = self.leases().held().unwrap_or_default();
            let holder = found.into_iter().find(|lease| lease.name == name);
            desk.give_up(&id, holder.map_or_else(|| NOBODY.to_owned(), |lease| lease.holder));
        }
    }
}
