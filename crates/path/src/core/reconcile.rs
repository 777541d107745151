//! Finding out: orders whose fate is unknown, and books against venue.
//!
//! An order is taken for never placed only after the venue's acceptance window, two answers that
//! it is not known and a complete list without it. Differences become events, and only when
//! nothing was under way while the question was asked. It must not send anything twice.

use std::collections::BTreeMap;

use domain::{
    Cash, ClientOrderId, InstrumentId, Money, Nanos, Price, SignedQty, Timestamp, num::SCALE_MAX,
};
use rust_decimal::Decimal;

use super::{Step, live::Inquiry};
use crate::{
    broker::{QueryError, VenueSnapshot},
    commit::Effect,
    event::{CashAdjusted, Event, OrderRejected, PositionAdjusted, Reconciled, RejectReason},
    gate::SEND_WITHIN,
    wire::Mono,
};

/// Pause between comparisons while all is well.
const COMPARE_EVERY: Nanos = Nanos::from_secs(15);
/// Pause after a comparison without an answer or with a difference.
const COMPARE_AGAIN: Nanos = Nanos::from_millis(500);
/// A question without an answer is asked anew after this span.
const ANSWER_WITHIN: Nanos = Nanos::from_secs(10);
/// Pause between questions about one order.
const LOOK_UP_EVERY: Nanos = Nanos::from_secs(1);
/// How far before the last comparison executions are asked for again.
const OVERLAP: Nanos = Nanos::from_secs(120);
/// How often a comparison without differences is recorded.
const RECORD_EVERY: Nanos = Nanos::from_secs(3_600);
/// Slack added to the venue's acceptance window.
const WINDOW_SLACK: Nanos = Nanos::from_secs(1);

impl Step<'_> {
    /// Notes that an order is on its way, so that silence is noticed.
    pub(super) fn inquire_later(&mut self, id: &ClientOrderId) {
        let sent = self.now.mono.plus(SEND_WITHIN);
        let next = sent.plus(LOOK_UP_EVERY);
        self.inquire(id, sent, next);
    }

    /// Asks about an order in this step.
    pub(super) fn inquire_now(&mut self, id: &ClientOrderId) {
        let now = self.now.mono;
        let sent = self.core.live.inquiries.get(id).map_or(now, |i| i.sent);
        self.inquire(id, sent, now);
    }

    fn inquire(&mut self, id: &ClientOrderId, sent: Mono, next: Mono) {
        let entry = self.core.live.inquiries.entry(id.clone()).or_insert(Inquiry {
            sent,
            next,
            absent_answers: 0,
            absent_snapshots: 0,
            alarmed: false,
        });
        entry.next = entry.next.min(next);
    }

    /// Asks what is due.
    pub(super) fn inquiry_duty(&mut self) {
        let now = self.now.mono;
        let due: Vec<_> = self
            .core
            .live
            .inquiries
            .iter()
            .filter(|(_, i)| i.next <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            let settled = self.state().orders.get(&id).is_none_or(|o| o.is_settled());
            if settled {
                self.core.live.inquiries.remove(&id);
                continue;
            }
            if let Some(inquiry) = self.core.live.inquiries.get_mut(&id) {
                inquiry.next = now.plus(LOOK_UP_EVERY);
            }
            self.ask_about(id);
        }
        let comparison = &self.core.live.comparison;
        let unanswered = comparison.asked.is_some_and(|at| now.since(at) > ANSWER_WITHIN);
        let idle = comparison.asked.is_none() && comparison.next <= now;
        if unanswered || idle {
            self.ask_for_everything();
        }
    }

    fn ask_for_everything(&mut self) {
        let since = self.compared_since();
        let comparison = &mut self.core.live.comparison;
        comparison.asked = Some(self.now.mono);
        comparison.disturbed = false;
        self.effects.push(Effect::Snapshot(since));
    }

    /// The venue's time from which on everything is told again.
    pub(super) fn compared_since(&self) -> Timestamp {
        let through = self.state().reconciled_through;
        let since = through.map_or(Timestamp::default(), |t| t.plus(Nanos(-OVERLAP.0)));
        self.unbound_since().map_or(since, |unbound| unbound.min(since))
    }

    /// Notes that orders or fills moved, so that an answer under way may be older than the books.
    pub(super) fn disturb(&mut self) {
        self.core.live.comparison.disturbed = true;
    }

    pub(super) fn compare_soon(&mut self) {
        let soon = self.now.mono.plus(Nanos::from_millis(50));
        let comparison = &mut self.core.live.comparison;
        comparison.next = comparison.next.min(soon);
    }

    /// The venue doesn't know an order.
    pub(super) fn absent(&mut self, id: &ClientOrderId) {
        let now = self.now.mono;
        let window = self.window();
        let Some(order) = self.state().orders.get(id) else { return };
        if order.is_settled() {
            self.core.live.inquiries.remove(id);
            return;
        }
        let acknowledged = order.is_acknowledged();
        let Some(inquiry) = self.core.live.inquiries.get_mut(id) else { return };
        if now.since(inquiry.sent) < window {
            return;
        }
        inquiry.absent_answers = inquiry.absent_answers.saturating_add(1);
        let concluded = inquiry.absent_answers >= 2 && inquiry.absent_snapshots >= 1;
        if !concluded {
            return self.compare_soon();
        }
        if acknowledged {
            let first = !std::mem::replace(&mut inquiry.alarmed, true);
            if first {
                let text = format!(
                    "The venue took order {id} and no longer knows it; it keeps its risk. If the \
                     venue's own list doesn't show it either, write it off."
                );
                self.alarm("order_lost", text);
            }
            return;
        }
        self.give_up(id);
    }

    /// No list shows an order that never had an answer. It was never placed once a complete
    /// comparison doesn't show it either.
    pub(super) fn never_placed(&mut self, id: &ClientOrderId) {
        let absent = self.core.live.inquiries.get(id).is_some_and(|i| i.absent_snapshots >= 1);
        if absent { self.give_up(id) } else { self.compare_soon() }
    }

    fn give_up(&mut self, id: &ClientOrderId) {
        let client_order_id = id.clone();
        let text = "the venue never got it".to_owned();
        let reason = RejectReason::NeverPlaced;
        self.emit(Event::OrderRejected(OrderRejected { client_order_id, reason, text }));
        self.core.live.inquiries.remove(id);
    }

    /// From the latest possible send on, how long an order may still appear at the venue.
    pub(super) fn window(&self) -> Nanos {
        Nanos(self.core.capabilities.acceptance_window.0 + WINDOW_SLACK.0)
    }

    /// The answer about everything.
    pub(super) fn snapshot_answer(&mut self, answer: Result<VenueSnapshot, QueryError>) {
        let now = self.now.mono;
        let comparison = &mut self.core.live.comparison;
        let Some(asked) = comparison.asked.take() else { return };
        let disturbed = comparison.disturbed;
        comparison.next = now.plus(COMPARE_AGAIN);
        let Ok(snapshot) = answer else { return };
        self.take_snapshot(&snapshot, asked, disturbed);
    }

    fn take_snapshot(&mut self, snapshot: &VenueSnapshot, asked: Mono, disturbed: bool) {
        let now = self.now.mono;
        self.facts(snapshot);
        self.compare_terms(snapshot, asked);
        for report in &snapshot.open_orders {
            self.report(report);
        }
        // What this answer left open is asked again, but not at the pace of the answers.
        self.core.live.comparison.next = now.plus(COMPARE_AGAIN);
        if !snapshot.complete {
            return;
        }
        self.note_absences(snapshot, asked);
        self.forget_ended_strangers(snapshot, disturbed);
        let news = self.core.live.comparison.disturbed;
        if disturbed || news || self.fills_outstanding() || self.anything_waits() {
            return;
        }
        let equal = self.compare_positions(snapshot) & self.compare_cash(snapshot);
        if equal {
            self.core.live.reconciled = self.core.live.connected;
            let open = self.state().terms_asked.is_some();
            let pause = if open { COMPARE_AGAIN } else { COMPARE_EVERY };
            self.core.live.comparison.next = now.plus(pause);
            self.record_comparison(snapshot, now);
        }
    }

    fn fills_outstanding(&self) -> bool {
        self.state().live_orders().any(|o| o.end.is_some() && o.resurfaced.is_none())
    }

    /// Orders that a complete list doesn't show: those in flight count an absence, those that
    /// were acknowledged are asked about. Absence alone ends nothing; nor does a fill show that an
    /// order still lives: the report of its end may be lost.
    fn note_absences(&mut self, snapshot: &VenueSnapshot, asked: Mono) {
        let window = self.window();
        let open: std::collections::BTreeSet<_> =
            snapshot.open_orders.iter().map(|r| r.venue_order_id.clone()).collect();
        let shown: std::collections::BTreeSet<_> =
            snapshot.open_orders.iter().filter_map(|r| r.client_order_id.clone()).collect();
        let absent: Vec<_> = self
            .state()
            .live_orders()
            .filter(|o| o.end.is_none() || o.resurfaced.is_some())
            .filter(|o| o.venue_order_id.as_ref().is_none_or(|id| !open.contains(id)))
            .filter(|o| !shown.contains(&o.client_order_id))
            .filter(|o| !self.lacks_name(o) || !self.is_shown(o, &snapshot.open_orders))
            .map(|o| (o.client_order_id.clone(), o.is_acknowledged()))
            .collect();
        for (id, acknowledged) in absent {
            if acknowledged {
                self.inquire_now(&id);
            }
            if let Some(inquiry) = self.core.live.inquiries.get_mut(&id)
                && asked.since(inquiry.sent) >= window
            {
                inquiry.absent_snapshots = inquiry.absent_snapshots.saturating_add(1);
            }
        }
    }

    /// Orders of others that ended while nobody listened: two complete lists in a row don't show
    /// them. They can't be looked up by an id of the desk.
    fn forget_ended_strangers(&mut self, snapshot: &VenueSnapshot, disturbed: bool) {
        if disturbed {
            return;
        }
        let open: std::collections::BTreeSet<_> =
            snapshot.open_orders.iter().map(|r| &r.venue_order_id).collect();
        let gone: Vec<_> = self
            .state()
            .external
            .values()
            .filter(|r| !open.contains(&r.venue_order_id))
            .cloned()
            .collect();
        let missed = gone.iter().map(|r| r.venue_order_id.clone()).collect();
        let before = std::mem::replace(&mut self.core.live.comparison.strangers, missed);
        for mut report in gone {
            if !before.contains(&report.venue_order_id) {
                self.core.live.comparison.next = self.now.mono.plus(COMPARE_AGAIN);
                continue;
            }
            report.status = crate::broker::VenueStatus::Cancelled;
            report.reason = Some("no longer listed by the venue".to_owned());
            self.emit(Event::ExternalOrder(crate::event::ExternalOrder { report }));
        }
    }

    /// Books the difference of a quantity when two undisturbed comparisons agree on it.
    fn compare_positions(&mut self, snapshot: &VenueSnapshot) -> bool {
        let mut ids = self.state().held_instruments();
        ids.extend(snapshot.positions.keys().cloned());
        let mut differences: BTreeMap<InstrumentId, SignedQty> = BTreeMap::new();
        for id in ids {
            let venue = snapshot.positions.get(&id).copied().unwrap_or(SignedQty::ZERO);
            let difference = venue.minus(self.state().net_position(&id));
            if SignedQty::new(difference.get()).is_err() {
                return false;
            }
            if !difference.is_zero() {
                differences.insert(id, difference);
            }
        }
        let confirmed = differences == self.core.live.comparison.positions;
        self.core.live.comparison.positions.clone_from(&differences);
        if differences.is_empty() {
            return true;
        }
        if !confirmed {
            return false;
        }
        let mut all = true;
        for (instrument, qty) in differences {
            let known = self.state().instruments.contains_key(&instrument);
            let Some(price) = self.core.market.mark(&instrument).filter(|_| known) else {
                all = false;
                continue;
            };
            let first = self.state().reconciled_through.is_none();
            let reason = if first {
                "held before the desk"
            } else {
                "changed at the venue without an execution"
            };
            let reporting = match self.worth(&instrument, qty, price) {
                Worth::Nothing => None,
                Worth::Told(value) => Some(value),
                Worth::Unknown => {
                    all = false;
                    continue;
                }
            };
            if !first {
                let text = format!(
                    "{instrument} changed by {} at the venue without an execution.",
                    qty.get()
                );
                self.alarm("position_adjusted", text);
            }
            let reason = reason.to_owned();
            let body = PositionAdjusted { instrument, qty, price, reporting, reason };
            self.emit(Event::PositionAdjusted(body));
        }
        self.core.live.comparison.positions.clear();
        all
    }

    /// What a quantity that came without an execution adds to the account's equity.
    fn worth(&self, instrument: &InstrumentId, qty: SignedQty, price: Price) -> Worth {
        let state = self.state();
        let Some(rules) = state.instruments.get(instrument) else { return Worth::Unknown };
        if rules.asset_class.is_contract() {
            return Worth::Nothing;
        }
        let value = rules.notional(price, qty.abs()).ok();
        let rate = self.core.market.rate(rules.quote, state.spec.reporting);
        let value = value.zip(rate).and_then(|(v, rate)| v.amount().checked_mul(rate));
        let Some(value) = value else { return Worth::Unknown };
        let value = value.round_dp(SCALE_MAX).normalize();
        Worth::Told(if qty.is_long() { value } else { -value })
    }

    /// Books the difference of a balance when two undisturbed comparisons agree on it.
    fn compare_cash(&mut self, snapshot: &VenueSnapshot) -> bool {
        let mut difference = Cash::default();
        let parts = snapshot
            .cash
            .iter()
            .chain(self.state().wallets().iter().map(|m| m.negated()).collect::<Vec<_>>());
        for money in parts {
            if difference.add(&money).is_err() {
                return false;
            }
        }
        let confirmed = difference == self.core.live.comparison.cash;
        self.core.live.comparison.cash.clone_from(&difference);
        if difference.is_empty() {
            return true;
        }
        let first = self.state().reconciled_through.is_none();
        if !confirmed && !first {
            return false;
        }
        let amounts: Vec<Money> = difference.iter().collect();
        for money in amounts {
            let rate = self.core.market.rate(money.currency(), self.state().spec.reporting);
            let Some(reporting) = rate.and_then(|r| money.amount().checked_mul(r)) else {
                return false;
            };
            let reason = if first { "opening balance" } else { "deposit or withdrawal" };
            let reason = reason.to_owned();
            self.emit(Event::CashAdjusted(CashAdjusted { money, reporting, reason }));
        }
        self.core.live.comparison.cash = Cash::default();
        true
    }

    fn record_comparison(&mut self, snapshot: &VenueSnapshot, now: Mono) {
        let recorded = self.core.live.comparison.recorded;
        let due = recorded.is_none_or(|at| now.since(at) >= RECORD_EVERY);
        if due {
            let body = Reconciled { through: snapshot.at, cash: snapshot.cash.clone() };
            self.emit(Event::Reconciled(body));
            self.core.live.comparison.recorded = Some(now);
        }
    }
}

/// What something that came without an execution is worth.
enum Worth {
    Nothing,
    Told(Decimal),
    Unknown,
}
