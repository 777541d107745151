//! What an account owes after every input, whatever it was.
//!
//! Each duty looks at the state and does what is missing, so nothing depends on a message that
//! may never come. The order matters: limits before kill, kill before closes, closes before
//! protection. It must not loop.

use domain::{Nanos, Scope};

use super::Step;
use crate::{
    event::{DayOpened, Event, LatchSet, PeakRaised},
    gate,
    policy::LatchKind,
    state::Order,
};

/// Pause before a cancel without effect is sent again; it doubles.
pub(super) const CANCEL_RETRY: Nanos = Nanos::from_secs(1);

impl Step<'_> {
    pub(super) fn duties(&mut self) {
        if std::mem::take(&mut self.core.live.unseen) {
            self.touched.everything();
            self.triggers_again(false);
        }
        self.unbound_duty();
        self.lapse_holds();
        self.flush_refusals();
        self.day_and_latches();
        self.armed_duty();
        if self.touched.is_everything() {
            self.triggers_again(true);
            self.time_stop_duty();
            self.mark_duty();
        }
        self.kill_duty();
        self.group_duty();
        self.cancel_duty();
        self.advance_closes();
        // What waited for one of them goes on at the price of now.
        self.armed_duty();
        self.protect_duty();
        self.inquiry_duty();
    }

    /// Live orders in the instruments that this step looks at.
    pub(super) fn touched_orders(&self) -> impl Iterator<Item = &Order> {
        let state = self.state();
        let (all, some) = match self.touched.instruments() {
            None => (Some(state.live_orders()), None),
            Some(ids) => (None, Some(ids.iter().flat_map(|id| state.live_of(id)))),
        };
        all.into_iter().flatten().chain(some.into_iter().flatten())
    }

    /// Cancels that were asked for and have not ended their order are sent again; so are those
    /// of orders that were taken for dead. One that waited for its order's id is sent now.
    fn cancel_duty(&mut self) {
        let now = self.now.mono;
        let pending: Vec<_> = self
            .touched_orders()
            .filter(|o| (o.cancel_requested && o.end.is_none()) || o.resurfaced.is_some())
            .filter(|o| !self.lacks_name(o))
            .map(|o| (o.client_order_id.clone(), o.is_acknowledged()))
            .collect();
        for (id, acknowledged) in pending {
            let due = self.core.live.cancels.get(&id).is_none_or(|r| r.next <= now);
            if !due {
                continue;
            }
            if acknowledged {
                self.inquire_now(&id);
            }
            self.cancel_by_desk(&id, "not yet confirmed");
        }
    }

    fn day_and_latches(&mut self) {
        let state = self.state();
        let session = self.core.market.session(state.spec.calendar);
        let opens = session.filter(|s| state.day.is_none_or(|d| s.day > d.number));
        if state.reconciled_through.is_none() {
            return;
        }
        let Some(equity) = self.core.book().equity() else { return };
        if let Some(session) = opens.filter(|_| self.now.trusted) {
            self.emit(Event::DayOpened(DayOpened { day: session.day, equity }));
        }
        let step = rust_decimal::Decimal::new(1_001, 3);
        if self.state().peak.is_none_or(|peak| equity > peak * step) {
            self.emit(Event::PeakRaised(PeakRaised { equity }));
        }
        let scopes = || std::iter::once((Scope::Account, &self.core.state.limits));
        let loss = gate::daily_loss(self.state(), equity, scopes());
        let fall = gate::drawdown(self.state(), equity, scopes());
        if let Some((loss, limit, _)) = loss
            && !self.state().latches.contains_key(&LatchKind::DailyLoss)
        {
            let text = format!("lost {loss} of {limit} allowed");
            self.emit(Event::LatchSet(LatchSet { latch: LatchKind::DailyLoss, text }));
        }
        if let Some((fall, limit, _)) = fall
            && !self.state().latches.contains_key(&LatchKind::Drawdown)
        {
            let text = format!("fell {fall} % from the peak, {limit} % allowed");
            self.emit(Event::LatchSet(LatchSet { latch: LatchKind::Drawdown, text }));
        }
    }
}
