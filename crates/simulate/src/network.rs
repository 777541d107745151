//! Everything between a desk and the venue: requests, answers, messages, and how they fail.
//!
//! A request may be lost, late, or answered into the void; a message may be late, repeated, out
//! of order or lost. This module must not know what requests mean to a desk.

use domain::ClientOrderId;
use path::{
    broker::{
        CancelOutcome, PlaceOutcome, QueryError, RecentOrders, TermsOutcome, VenueEvent,
        VenueRejection, VenueSnapshot,
    },
    core::Input,
    verbs::{PlaceOrder, RiskClass},
};
use venue_sim::AccountEvent;

use crate::{
    exchange::Exchange,
    faults::Fault,
    world::{Job, Request, SECOND, World},
};

/// How long a sender waits for an answer.
const PATIENCE: i64 = SECOND;
/// Messages that may come again much later.
const OLD_KEPT_MAX: usize = 40;

impl World {
    /// A request leaves a desk.
    pub(crate) fn send(&mut self, p: usize, a: usize, request: Request) {
        self.trace(|| format!("p{p} a{a} -> {request:?}"));
        let deadline = self.now + PATIENCE;
        let question =
            matches!(request, Request::LookUp(_) | Request::Recent(_) | Request::Snapshot(_));
        if let Request::Place(order) = &request {
            self.maybe_equal_by_hand(a, order);
        }
        let lost = if question { Fault::QueryLost } else { Fault::RequestLost };
        if self.strikes(lost) {
            return self.in_vain(p, a, &request, deadline);
        }
        let answered = question || !self.strikes(Fault::AnswerLost);
        let mut travel = self.dice.millis(1, 40);
        if !question && self.strikes(Fault::RequestLate) {
            travel =
                self.dice.between(PATIENCE, self.capabilities.acceptance_window.0 - SECOND / 5);
        } else if let Request::Place(order) = &request
            && self.is_entry(a, &order.client_order_id)
            && self.strikes(Fault::RequestTooLate)
        {
            travel = self.capabilities.acceptance_window.0 + self.dice.millis(2_000, 20_000);
            self.accounts[a].touched = true;
            self.accounts[a].misled = true;
            let account = self.accounts[a].id.clone();
            self.too_late.insert((account, order.client_order_id.clone()));
        }
        let answered = answered && travel < PATIENCE;
        if !answered {
            self.in_vain(p, a, &request, deadline);
        }
        let request = Box::new(request);
        self.after(travel, Job::Arrive { p, a, request, answered, deadline });
    }

    fn is_entry(&self, a: usize, id: &ClientOrderId) -> bool {
        self.durable[a].orders.get(id).is_some_and(|o| o.body.class == RiskClass::Entry)
    }

    /// The sender gives up waiting.
    fn in_vain(&mut self, p: usize, a: usize, request: &Request, deadline: i64) {
        let why = || "no answer in time".to_owned();
        let input = match request {
            Request::Place(order) => {
                let order = order.client_order_id.clone();
                Input::Placed { order, outcome: PlaceOutcome::Unknown { why: why() } }
            }
            Request::Replace(replace) => {
                let order = replace.order.client_order_id.clone();
                Input::Placed { order, outcome: PlaceOutcome::Unknown { why: why() } }
            }
            Request::Cancel(cancel) => {
                let order = cancel.client_order_id.clone();
                Input::CancelAnswered { order, outcome: CancelOutcome::Unknown { why: why() } }
            }
            Request::SetTerms(terms) => {
                let request = terms.client_order_id.clone();
                Input::TermsAnswered { request, outcome: TermsOutcome::Unknown { why: why() } }
            }
            Request::LookUp(order) => {
                let order = order.client_order_id.clone();
                Input::LookedUp { order, answer: Err(QueryError(why())) }
            }
            Request::Recent(_) => Input::Recent(Err(QueryError(why()))),
            Request::Snapshot(_) => Input::Snapshot(Err(QueryError(why()))),
        };
        self.at(deadline, Job::Tell { p, a, input: Box::new(input) });
    }

    /// A request reaches the venue.
    pub(crate) fn arrive(
        &mut self,
        p: usize,
        a: usize,
        request: Request,
        answered: bool,
        deadline: i64,
    ) {
        let input = match request {
            Request::Place(order) => {
                let send =
                    |exchange: &mut Exchange, hidden, now| exchange.place(&order, hidden, now);
                self.arrive_place(a, &order, deadline, send)
            }
            Request::Replace(replace) => {
                let send =
                    |exchange: &mut Exchange, hidden, now| exchange.replace(&replace, hidden, now);
                self.arrive_place(a, &replace.order, deadline, send)
            }
            Request::Cancel(cancel) => {
                let order = cancel.client_order_id.clone();
                let outcome = if self.strikes(Fault::CancelRefused) {
                    CancelOutcome::Rejected { text: "try again".to_owned() }
                } else {
                    let (outcome, events) = self.exchange.cancel(&cancel, self.now);
                    self.publish_all(a, events);
                    outcome
                };
                Input::CancelAnswered { order, outcome }
            }
            Request::SetTerms(terms) => {
                let request = terms.client_order_id.clone();
                let outcome = self.exchange.set_terms(&terms);
                self.trace(|| format!("venue a{a} {:?}: {outcome:?}", terms.terms));
                Input::TermsAnswered { request, outcome }
            }
            Request::LookUp(order) => {
                let report = self.exchange.order(&self.accounts[a].id, &order, self.now);
                Input::LookedUp { order: order.client_order_id, answer: Ok(report) }
            }
            Request::Recent(since) => {
                let list = self.exchange.recent(&self.accounts[a].id, since, self.now);
                Input::Recent(Ok(self.cut(list)))
            }
            Request::Snapshot(since) => {
                let account = self.accounts[a].id.clone();
                let snapshot = self.exchange.snapshot(&account, since, self.now);
                Input::Snapshot(Ok(self.garble(snapshot)))
            }
        };
        if answered {
            let back = self.now + self.dice.millis(1, 40);
            self.at(back, Job::Tell { p, a, input: Box::new(input) });
        }
    }

    fn arrive_place(
        &mut self,
        a: usize,
        order: &PlaceOrder,
        deadline: i64,
        send: impl FnOnce(&mut Exchange, Option<i64>, i64) -> (PlaceOutcome, Vec<VenueEvent>),
    ) -> Input {
        let id = order.client_order_id.clone();
        if self.strikes(Fault::VenueRefuses) {
            let code = self.dice.pick(&[VenueRejection::RateLimited, VenueRejection::Other]);
            let outcome = PlaceOutcome::Rejected { code, text: "not now".to_owned() };
            return Input::Placed { order: id, outcome };
        }
        let written = deadline - PATIENCE;
        let visible = written + self.capabilities.acceptance_window.0;
        let hidden = visible > self.now && self.strikes(Fault::LookUpLags);
        let hidden = hidden.then(|| self.dice.between(self.now, visible));
        let (outcome, events) = send(&mut self.exchange, hidden, self.now);
        if matches!(outcome, PlaceOutcome::Accepted(_)) {
            self.watch_accepted(a, order);
        }
        self.trace(|| format!("venue a{a} {id}: {outcome:?} {events:?}"));
        self.publish_all(a, events);
        Input::Placed { order: id, outcome }
    }

    /// A list may be cut, and say so.
    fn cut(&mut self, mut list: RecentOrders) -> RecentOrders {
        if self.strikes(Fault::ListCut) {
            list.complete = false;
            list.orders.truncate(list.orders.len() / 2);
        }
        list
    }

    /// A list may be cut, and say so, or be empty, and not say so.
    fn garble(&mut self, mut snapshot: VenueSnapshot) -> VenueSnapshot {
        if self.strikes(Fault::ListCut) {
            snapshot.complete = false;
            snapshot.open_orders.truncate(snapshot.open_orders.len() / 2);
            snapshot.fills.truncate(snapshot.fills.len() / 2);
            snapshot.positions.clear();
        } else if !snapshot.open_orders.is_empty() && self.strikes(Fault::ListEmpty) {
            snapshot.open_orders.clear();
        }
        snapshot
    }

    /// Messages of the venue for one account.
    pub(crate) fn publish_all(&mut self, a: usize, events: Vec<VenueEvent>) {
        for event in self.end_first(a, events) {
            self.publish(a, event);
        }
    }

    /// Messages of the venue for several accounts.
    pub(crate) fn publish_each(&mut self, events: Vec<AccountEvent>) {
        let mut of: Vec<Vec<VenueEvent>> = self.accounts.iter().map(|_| Vec::new()).collect();
        for (id, event) in events {
            if let Some(a) = self.accounts.iter().position(|account| account.id == id) {
                self.trace(|| format!("venue a{a} {event:?}"));
                of[a].push(event);
            }
        }
        for (a, events) in of.into_iter().enumerate() {
            self.publish_all(a, events);
        }
    }

    /// A venue may report the end of an order with too low a count, and its fills much later.
    fn end_first(&mut self, a: usize, events: Vec<VenueEvent>) -> Vec<VenueEvent> {
        let mut out = Vec::with_capacity(events.len());
        let mut late: Vec<ClientOrderId> = Vec::new();
        for event in events {
            let VenueEvent::Order(report) = &event else {
                out.push(event);
                continue;
            };
            let own = self.exchange.owner(&report.venue_order_id).cloned();
            let own = own.filter(|id| self.is_entry(a, id));
            let lies = own.is_some() && report.status.is_final() && !report.filled.is_zero();
            if !lies || !self.strikes(Fault::EndBeforeFills) {
                out.push(event);
                continue;
            }
            let mut report = report.clone();
            report.filled = domain::Qty::ZERO;
            report.status = path::broker::VenueStatus::Cancelled;
            self.accounts[a].touched = true;
            self.accounts[a].misled = true;
            late.extend(own);
            out.push(VenueEvent::Order(report));
        }
        let is_late = |event: &VenueEvent| match event {
            VenueEvent::Fill(fill) => {
                let owner = self.exchange.owner(&fill.venue_order_id);
                owner.is_some_and(|id| late.contains(id))
            }
            _ => false,
        };
        let (fills, rest): (Vec<_>, Vec<_>) = out.into_iter().partition(is_late);
        for fill in fills {
            let wait = self.dice.millis(200, 6_000);
            self.deliver(a, fill, wait, false);
        }
        rest
    }

    fn publish(&mut self, a: usize, event: VenueEvent) {
        if self.strikes(Fault::EventLost) {
            return;
        }
        let late = self.strikes(Fault::EventLate);
        let wait = if late { self.dice.millis(50, 4_000) } else { self.dice.millis(1, 20) };
        let in_order = !self.strikes(Fault::EventReordered);
        if self.strikes(Fault::EventTwice) {
            let again = wait + self.dice.millis(0, 2_000);
            self.deliver(a, event.clone(), again, false);
        }
        if self.profile.rate(Fault::EventReplayed) > 0 {
            self.old_events.push_back((a, event.clone()));
            if self.old_events.len() > OLD_KEPT_MAX {
                self.old_events.pop_front();
            }
        }
        self.deliver(a, event, wait, in_order);
    }

    /// Sends a message to every desk that listens.
    fn deliver(&mut self, a: usize, event: VenueEvent, wait: i64, in_order: bool) {
        for p in 0..self.procs.len() {
            let process = &mut self.procs[p];
            let Some(link) = process.links[a].filter(|_| !process.dead) else { continue };
            let mut at = self.now + wait;
            if in_order {
                at = at.max(process.heard_until[a]);
                process.heard_until[a] = at;
            }
            self.at(at, Job::Hear { p, a, link, event: Box::new(event.clone()) });
        }
    }

    /// A message that was told long ago comes again.
    pub(crate) fn replay_old(&mut self) {
        if self.old_events.is_empty() || !self.strikes(Fault::EventReplayed) {
            return;
        }
        let index = self.dice.index(self.old_events.len());
        let (a, event) = self.old_events[index].clone();
        self.deliver(a, event, 0, false);
    }
}
