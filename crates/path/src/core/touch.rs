//! What an event may have changed, so that what rests on it is looked at again and nothing else.
//!
//! When in doubt, everything. It must not decide.

use std::collections::BTreeSet;

use domain::{ClientOrderId, InstrumentId};

use super::Core;
use crate::{event::Event, gate::Touched};

impl Core {
    /// What a folded event may have changed of an instrument's figures, protection or orders.
    pub(super) fn touched(&self, event: &Event) -> Touched {
        match event {
            Event::OrderRecorded(e) => one(&e.instrument),
            Event::OrderAccepted(e) => self.order_touched(&e.client_order_id),
            Event::OrderUnknown(e) => self.order_touched(&e.client_order_id),
            Event::OrderRejected(e) => self.order_touched(&e.client_order_id),
            Event::OrderEnded(e) => self.order_touched(&e.client_order_id),
            Event::OrderWrittenOff(e) => self.order_touched(&e.client_order_id),
            Event::OrderResurfaced(e) => self.order_touched(&e.client_order_id),
            Event::CancelRecorded(e) => self.order_touched(&e.client_order_id),
            Event::CancelFailed(e) => self.order_touched(&e.client_order_id),
            Event::CloseStarted(e) => one(&e.instrument),
            Event::PlanSet(e) => one(&e.instrument),
            Event::Filled(e) => self.fill_touched(&e.fill),
            Event::Adopted(e) => one(&e.instrument),
            Event::PositionAdjusted(e) => one(&e.instrument),
            Event::ActionApplied(e) => one(&e.action.instrument),
            Event::IntentRefused(_)
            | Event::RefusalsCounted(_)
            | Event::Alarm(_)
            | Event::OrderHeld(_)
            | Event::OrderArmed(_)
            | Event::ArmedEnded(_)
            | Event::HoldResolved(_)
            | Event::Marked(_)
            | Event::DayOpened(_)
            | Event::PeakRaised(_)
            | Event::LatchSet(_)
            | Event::LatchReleased(_)
            | Event::TermsRequested(_)
            | Event::TermsRefused(_)
            | Event::EmergencyMerged(_) => Touched::Nothing,
            Event::AccountOpened(_)
            | Event::IncarnationStarted(_)
            | Event::InstrumentSet(_)
            | Event::BookOpened(_)
            | Event::LimitsSet(_)
            | Event::PolicySet(_)
            | Event::CloseEnded(_)
            | Event::ExternalOrder(_)
            | Event::CashAdjusted(_)
            | Event::CashMoved(_)
            | Event::Reconciled(_)
            | Event::KillPulled(_)
            | Event::KillReleased(_) => Touched::Everything,
        }
    }

    fn order_touched(&self, id: &ClientOrderId) -> Touched {
        self.state.orders.get(id).map_or(Touched::Everything, |o| one(&o.instrument))
    }

    /// A venue may tell of a fill in another instrument than the order's, its own or a foreign
    /// one; then both changed.
    fn fill_touched(&self, fill: &domain::Fill) -> Touched {
        let own = self.state.order_of(fill).and_then(|id| self.state.orders.get(&id));
        let foreign = self.state.external.get(&fill.venue_order_id);
        let elsewhere = own.is_some_and(|o| o.instrument != fill.instrument)
            || foreign.is_some_and(|r| r.instrument != fill.instrument);
        if elsewhere { Touched::Everything } else { one(&fill.instrument) }
    }
}

fn one(instrument: &InstrumentId) -> Touched {
    Touched::Instrument(instrument.clone())
}

/// What a step has touched so far. Duties look there, and once in a tick everywhere, so that
/// nothing rests on a change having been seen.
#[derive(Debug, Default)]
pub(super) struct TouchedSet {
    everything: bool,
    instruments: BTreeSet<InstrumentId>,
}

impl TouchedSet {
    pub(super) fn add(&mut self, touched: Touched) {
        match touched {
            Touched::Nothing => {}
            Touched::Instrument(id) => {
                self.instruments.insert(id);
            }
            Touched::Everything => self.everything(),
        }
    }

    pub(super) fn everything(&mut self) {
        self.everything = true;
    }

    pub(super) fn is_everything(&self) -> bool {
        self.everything
    }

    pub(super) fn has(&self, instrument: &InstrumentId) -> bool {
        self.everything || self.instruments.contains(instrument)
    }

    /// The instruments, or `None` for all of them.
    pub(super) fn instruments(&self) -> Option<&BTreeSet<InstrumentId>> {
        (!self.everything).then_some(&self.instruments)
    }
}
