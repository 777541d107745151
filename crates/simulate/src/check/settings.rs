//! What is set for an account, as the simulator's own ledger takes it: policy, terms, limits.
//!
//! It must not know positions or orders.

use domain::Limits;
use path::event::{Event, LimitTarget};

use super::Ledger;

impl Ledger {
    /// Takes what was set.
    pub(super) fn set(&mut self, event: &Event) {
        match event {
            Event::InstrumentSet(e) => {
                self.instruments.insert(e.instrument.id.clone(), e.instrument.clone());
            }
            Event::Reconciled(_) => self.reconciled = true,
            Event::KillPulled(e) => {
                self.kill = self.kill.max(Some(e.level));
                self.pulled = self.seq;
            }
            Event::KillReleased(_) => self.kill = None,
            Event::AccountOpened(e) => self.policy = e.policy.clone(),
            Event::PolicySet(e) => {
                self.policy = e.policy.clone();
                self.terms_asked = None;
            }
            Event::TermsRequested(e) => self.terms_asked = Some(e.client_order_id.clone()),
            Event::TermsRefused(_) => {
                self.terms_asked = None;
                self.terms_refused = true;
            }
            Event::LimitsSet(e) => self.set_limits(e.target.clone(), (*e.limits).clone()),
            _ => {}
        }
    }

    fn set_limits(&mut self, target: LimitTarget, limits: Limits) {
        match target {
            LimitTarget::Account => self.limits = limits,
            LimitTarget::Book(id) => drop(self.book_limits.insert(id, limits)),
            LimitTarget::Origin(kind) => drop(self.origin_limits.insert(kind, limits)),
            LimitTarget::Principal(who) => drop(self.principal_limits.insert(who, limits)),
            LimitTarget::Instrument(id) => drop(self.instrument_limits.insert(id, limits)),
        }
    }
}
