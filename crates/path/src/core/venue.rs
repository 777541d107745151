//! What the venue says: answers to sends, order reports, executions.
//!
//! Messages may be late, repeated or out of order. A final state stays final, a fill counts once,
//! and what is missing is asked for. It must not send orders.

use domain::{BookId, ClientOrderId, Fill};

use super::Step;
use crate::{
    broker::{
        CancelOutcome, LIQUIDATION, OrderReport, PlaceOutcome, QueryError, VenueEvent, VenueStatus,
    },
    event::{
        CancelFailed, Event, ExternalOrder, Filled, LatchSet, OrderAccepted, OrderEnded,
        OrderRejected, OrderResurfaced, OrderUnknown, RejectReason,
    },
    policy::LatchKind,
    state::AccountState,
    verbs::RiskClass,
};

/// So many executions that can't be booked are named one by one.
pub(super) const UNBOOKED_MAX: usize = 1_000;

impl Step<'_> {
    pub(super) fn venue_event(&mut self, event: VenueEvent) {
        match event {
            VenueEvent::Order(report) => self.report(&report),
            VenueEvent::Fill(fill) => self.fill(fill),
            VenueEvent::Movement(movement) => self.movement_told(&movement),
            VenueEvent::Action(action) => self.action_told(&action),
            VenueEvent::Connected => {
                self.core.live.connected = true;
                self.compare_soon();
            }
            VenueEvent::Disconnected => {
                self.core.live.connected = false;
                self.core.live.reconciled = false;
            }
        }
    }

    /// The answer to an order that was sent.
    pub(super) fn placed(&mut self, id: &ClientOrderId, outcome: PlaceOutcome) {
        let Some(order) = self.state().orders.get(id) else { return };
        if order.end.is_some() && !matches!(outcome, PlaceOutcome::Accepted(_)) {
            return;
        }
        let known = order.is_acknowledged();
        let client_order_id = id.clone();
        match outcome {
            PlaceOutcome::Accepted(report) => self.accepted(id, &report),
            PlaceOutcome::Rejected { code, text } if !known => {
                let reason = RejectReason::Venue(code);
                self.emit(Event::OrderRejected(OrderRejected { client_order_id, reason, text }));
                self.after_rejection(id);
            }
            PlaceOutcome::NotSent(reason) if !known => {
                let text = reason.to_string();
                let reason = RejectReason::NotSent;
                self.emit(Event::OrderRejected(OrderRejected { client_order_id, reason, text }));
            }
            PlaceOutcome::Unknown { why } if !known => {
                self.emit(Event::OrderUnknown(OrderUnknown { client_order_id, why }));
                self.inquire_now(id);
            }
            PlaceOutcome::DuplicateId if !known => {
                let why = "the venue knows this id already".to_owned();
                self.emit(Event::OrderUnknown(OrderUnknown { client_order_id, why }));
                self.inquire_now(id);
            }
            _ => {}
        }
        if self.state().orders.get(id).is_some_and(|o| o.is_settled()) {
            self.core.live.inquiries.remove(id);
        }
    }

    /// A rejected exit of less than the venue trades is dust: say so once, by name.
    fn after_rejection(&mut self, id: &ClientOrderId) {
        let Some(order) = self.state().orders.get(id).cloned() else { return };
        if let Some(old) = &order.replaces {
            self.inquire_now(old);
        }
        let Some(instrument) = self.state().instruments.get(&order.instrument) else { return };
        let dust = self.core.is_dust(instrument, order.qty);
        let holding = (order.book.clone(), order.instrument.clone());
        let known = dust && self.core.live.dust.insert(holding, order.qty) == Some(order.qty);
        if order.is_reducing_class() && dust && !known {
            let text = format!(
                "The venue does not take {} {} in book {}: less than it trades. Buy up to one \
                 unit more and close both, or leave it alone (`position leave`).",
                order.qty, order.instrument, order.book
            );
            self.alarm("dust_unsellable", text);
        }
        if order.class == RiskClass::Protective {
            self.protection_rejected(&order);
        }
    }

    /// The answer to a cancel that was sent.
    pub(super) fn cancel_answered(&mut self, id: &ClientOrderId, outcome: CancelOutcome) {
        let client_order_id = id.clone();
        match outcome {
            CancelOutcome::Accepted(Some(report)) => self.report(&report),
            CancelOutcome::Accepted(None) => {}
            CancelOutcome::NotFound | CancelOutcome::TooLate | CancelOutcome::Unknown { .. } => {
                self.inquire_now(id);
            }
            CancelOutcome::Rejected { text: why } => {
                self.cancel_failed(CancelFailed { client_order_id, why });
            }
            CancelOutcome::NotSent(reason) => {
                let why = reason.to_string();
                self.cancel_failed(CancelFailed { client_order_id, why });
            }
        }
    }

    fn cancel_failed(&mut self, body: CancelFailed) {
        let pending =
            self.state().orders.get(&body.client_order_id).is_some_and(|o| o.cancel_requested);
        if pending {
            self.emit(Event::CancelFailed(body));
        }
    }

    /// The answer about one order.
    pub(super) fn looked_up(
        &mut self,
        id: &ClientOrderId,
        answer: Result<Option<OrderReport>, QueryError>,
    ) {
        match answer {
            Ok(Some(report)) => self.report(&report),
            Ok(None) => self.absent(id),
            Err(_) => {}
        }
    }

    /// An order's state as the venue tells it.
    pub(super) fn report(&mut self, report: &OrderReport) {
        if self.own_order(report).is_some() || !self.keep_report(report) {
            self.settled_report(report);
        }
    }

    /// The desk's order that a report is about, as far as its ids tell.
    fn own_order(&self, report: &OrderReport) -> Option<ClientOrderId> {
        let own = report
            .client_order_id
            .as_ref()
            .filter(|id| self.state().orders.contains_key(*id))
            .or_else(|| self.state().by_venue_id.get(&report.venue_order_id));
        own.cloned()
    }

    /// As [`Step::report`], where its ids say all there is to know about whose it is.
    pub(super) fn settled_report(&mut self, report: &OrderReport) {
        match self.own_order(report) {
            Some(id) => self.own_report(&id, report),
            None => self.foreign_report(report),
        }
    }

    pub(super) fn own_report(&mut self, id: &ClientOrderId, report: &OrderReport) {
        let Some(order) = self.state().orders.get(id).cloned() else { return };
        let client_order_id = id.clone();
        if report.status.is_final() {
            let news = order.end.is_none()
                || order.resurfaced.is_some()
                || order.written_off
                || order.ended_filled.is_some_and(|counted| counted < report.filled);
            if news {
                self.disturb();
                if !order.is_acknowledged() {
                    let venue_order_id = report.venue_order_id.clone();
                    let client_order_id = client_order_id.clone();
                    self.emit(Event::OrderAccepted(OrderAccepted {
                        client_order_id,
                        venue_order_id,
                    }));
                }
                let (status, filled) = (report.status, report.filled);
                let reason = report.reason.clone();
                let ended = OrderEnded { client_order_id, status, filled, reason };
                self.emit(Event::OrderEnded(ended));
                let protects = order.class == RiskClass::Protective;
                let wanted = order.cancel_requested || order.replaced_by.is_some();
                if protects && status != VenueStatus::Filled && !wanted {
                    self.protection_ended(&order);
                }
            }
            self.core.live.cancels.remove(id);
            self.core.live.inquiries.remove(id);
            let missing = self.state().orders.get(id).is_some_and(|o| !o.is_settled());
            if news && missing {
                self.compare_soon();
            }
            return;
        }
        if order.end.is_some() {
            // A late report about an order that the venue had ended is old news.
            if order.presumed_dead() && order.resurfaced.is_none() {
                self.disturb();
                let open = report.qty.minus(order.filled);
                let venue_order_id = report.venue_order_id.clone();
                let body = OrderResurfaced { client_order_id, venue_order_id, open };
                self.emit(Event::OrderResurfaced(body));
                let text = format!("Order {id} was taken for dead and lives at the venue.");
                self.alarm("order_resurfaced", text);
            }
            self.core.live.inquiries.remove(id);
            return;
        }
        if order.unknown || !order.is_acknowledged() {
            self.disturb();
            let venue_order_id = report.venue_order_id.clone();
            self.emit(Event::OrderAccepted(OrderAccepted { client_order_id, venue_order_id }));
        }
        self.core.live.inquiries.remove(id);
        if report.filled > order.filled {
            self.compare_soon();
        }
    }

    fn foreign_report(&mut self, report: &OrderReport) {
        if let Some(id) = &report.client_order_id {
            self.check_stranger(id);
        }
        self.check_liquidation(report);
        let known = self.state().external.get(&report.venue_order_id);
        let news = match known {
            None => !report.status.is_final(),
            Some(known) => {
                report.status.is_final() || known.qty != report.qty || known.filled < report.filled
            }
        };
        if news && self.state().instruments.contains_key(&report.instrument) {
            self.disturb();
            self.emit(Event::ExternalOrder(ExternalOrder { report: report.clone() }));
        }
    }

    /// The venue closes a position because its margin ran out: no entries until a person has
    /// looked.
    fn check_liquidation(&mut self, report: &OrderReport) {
        if report.reason.as_deref() != Some(LIQUIDATION) {
            return;
        }
        let named = &mut self.core.live.liquidations;
        let new = named.len() >= UNBOOKED_MAX || named.insert(report.venue_order_id.clone());
        let latch = LatchKind::Liquidated;
        if new && !self.state().latches.contains_key(&latch) {
            let OrderReport { side, qty, instrument, .. } = report;
            let text = format!("The venue liquidates: {side} {qty} {instrument}.");
            self.emit(Event::LatchSet(LatchSet { latch, text: text.clone() }));
            self.alarm("liquidated", text);
        }
    }

    /// An order id of a Cofferdam that the journal doesn't know: another desk, or an older
    /// journal.
    fn check_stranger(&mut self, id: &ClientOrderId) {
        let Some(installation) = id.installation() else { return };
        let own = installation == self.state().installation.as_str();
        let (latch, text) = if own {
            (LatchKind::Rewound, format!("The venue knows order {id}, the journal does not."))
        } else {
            (LatchKind::ForeignDesk, format!("Order {id} is of another Cofferdam."))
        };
        if !self.state().latches.contains_key(&latch) {
            self.emit(Event::LatchSet(LatchSet { latch, text: text.clone() }));
            self.alarm("stranger", text);
        }
    }

    /// An execution in an instrument whose rules are missing: entries stop until it is booked.
    fn unbookable(&mut self, fill: &Fill) {
        self.core.live.reconciled = false;
        let unbooked = &mut self.core.live.unbooked;
        if unbooked.len() < UNBOOKED_MAX && unbooked.insert(crate::state::trade_key(fill)) {
            let name = &fill.instrument;
            let text = format!("An execution in {name} can't be booked: no such instrument.");
            self.alarm("instrument_missing", text);
        }
    }

    /// An execution. One with an unseen id is always posted.
    pub(super) fn fill(&mut self, fill: Fill) {
        if self.state().has_trade(&fill) {
            return;
        }
        if !self.state().instruments.contains_key(&fill.instrument) {
            return self.unbookable(&fill);
        }
        if self.state().order_of(&fill).is_some() || !self.keep_fill(&fill) {
            self.book_fill(fill);
        }
    }

    /// Posts an execution to the book of its order, or to `unmanaged`.
    pub(super) fn book_fill(&mut self, fill: Fill) {
        self.disturb();
        let order = self.state().order_of(&fill);
        if order.is_none()
            && let Some(id) = &fill.client_order_id
        {
            self.check_stranger(&id.clone());
        }
        let book = order
            .as_ref()
            .and_then(|id| self.state().orders.get(id))
            .map_or_else(BookId::unmanaged, |o| o.book.clone());
        let trade = fill.trade_id.clone();
        self.mark_before(&book, &fill);
        let doubles = order.as_ref().is_some_and(|id| self.doubles(id));
        self.emit(Event::Filled(Filled { book, fill: fill.clone() }));
        let Some(id) = order else { return self.hand_out(&fill) };
        if doubles {
            self.note_double_fill(&id);
        }
        let late = self.state().orders.get(&id).is_some_and(|o| o.fill_after_final);
        if late {
            let text =
                format!("Order {id} filled after its end (trade {trade}); it is in the books.");
            self.alarm("fill_after_terminal", text);
        }
        self.rest_counts_again(&id);
        if self.state().orders.get(&id).is_some_and(|o| o.is_settled()) {
            self.core.live.inquiries.remove(&id);
            self.core.live.cancels.remove(&id);
        }
        self.filled_while_replaced(&id);
    }
}

impl AccountState {
    /// True when the execution is in the books.
    #[must_use]
    pub fn has_trade(&self, fill: &Fill) -> bool {
        self.trades.contains(super::super::state::trade_key(fill))
    }
}
