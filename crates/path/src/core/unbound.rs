//! Which order is whose at a venue that knows no client ids.
//!
//! The answer to a send binds the venue's id to the order that was sent. Until then an execution
//! or a report under an unknown id may be the desk's own: it waits here, outside the journal, while
//! any order without an answer could be meant, and is an outsider's once none can. An order whose
//! answer was lost is found by content and time in two equal complete lists, or was never placed.
//! This module must not send anything, and must not know why an order was given.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ClientOrderId, Fill, Nanos, Qty, Side, Timestamp, VenueOrderId};

use super::{Step, live::Inquiry};
use crate::{
    broker::{LIQUIDATION, OrderRef, OrderReport, QueryError, RecentOrders, VenueStatus},
    commit::Effect,
    event::{Event, ExternalOrder, OrderUnknown},
    gate::SEND_WITHIN,
    state::{Order, trade_key},
    wire::Mono,
};

/// How far the venue's clock and the desk's may be apart.
const CLOCKS_APART: Nanos = Nanos::from_secs(5);
/// Longer than any driver lets a send go without an outcome.
const ANSWER_OVERDUE: Nanos = Nanos::from_secs(15);
/// Pause between two lists, and how long one may take.
const LIST_EVERY: Nanos = Nanos::from_millis(500);
const LIST_WITHIN: Nanos = Nanos::from_secs(12);
/// An order that is not explained for so long after the acceptance window is named.
const UNANSWERED_FOR: Nanos = Nanos::from_secs(60);
/// Messages that wait at most; the next comparison tells again what finds no room.
const WAITING_MAX: usize = 1_000;

/// What the venue told about an order that may be the desk's.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Order(OrderReport),
    Fill(Fill),
}

impl Told {
    /// True for the same news; an execution is known by the venue's id, whatever else is told of it.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fill(a), Self::Fill(b)) => trade_key(a) == trade_key(b),
            (a, b) => a == b,
        }
    }

    fn venue_order_id(&self) -> &VenueOrderId {
        match self {
            Self::Order(report) => &report.venue_order_id,
            Self::Fill(fill) => &fill.venue_order_id,
        }
    }
}

/// A message that waits, and the number of the next order when it was heard: an order recorded
/// later is not meant. Numbers only grow, whatever a clock does.
#[derive(Debug)]
struct Waiting {
    before: u64,
    told: Told,
}

/// What is known for the moment about orders without the venue's id.
#[derive(Debug, Default)]
pub(super) struct Unbound {
    waiting: Vec<Waiting>,
    /// Something found no room.
    crowded: bool,
    /// When the list under way was asked for.
    asked: Option<Mono>,
    /// When to ask next.
    next: Mono,
    /// What the last complete list showed of each order that may be concluded about.
    proposed: BTreeMap<ClientOrderId, Option<VenueOrderId>>,
}

impl Step<'_> {
    /// True for an order that the venue can't be told about yet: it has no name there.
    pub(super) fn lacks_name(&self, order: &Order) -> bool {
        !self.core.capabilities.client_ids && !order.is_acknowledged()
    }

    /// Orders that may live under an id which the desk doesn't know, oldest first.
    fn unbound(&self) -> Vec<&Order> {
        let unnamed = |o: &&Order| o.end.is_none() && !o.is_acknowledged();
        let mut orders: Vec<_> = self.state().live_orders().filter(unnamed).collect();
        orders.sort_by_key(|o| (o.recorded_at, o.client_order_id.number()));
        orders
    }

    /// The venue has answered that it took an order in. That its report doesn't name the order
    /// makes it nobody else's.
    pub(super) fn accepted(&mut self, id: &ClientOrderId, report: &OrderReport) {
        let acknowledged = self.state().orders.get(id).is_some_and(Order::is_acknowledged);
        if report.client_order_id.is_some() || acknowledged {
            return self.report(report);
        }
        let other = self.state().by_venue_id.get(&report.venue_order_id);
        if other.is_some_and(|other| other != id) {
            let (client_order_id, why) = (id.clone(), "the answer names another order".to_owned());
            self.emit(Event::OrderUnknown(OrderUnknown { client_order_id, why }));
            return self.inquire_now(id);
        }
        self.bind(id, report);
    }

    fn bind(&mut self, id: &ClientOrderId, report: &OrderReport) {
        if let Some(known) = self.state().external.get(&report.venue_order_id) {
            let mut report = known.clone();
            report.status = VenueStatus::Cancelled;
            report.reason = Some(format!("it is the desk's own order {id}"));
            self.emit(Event::ExternalOrder(ExternalOrder { report }));
        }
        self.own_report(id, report);
    }

    /// Keeps a report of no known order while it may be about an own one. False when it can't be.
    pub(super) fn keep_report(&mut self, report: &OrderReport) -> bool {
        !liquidates(report) && self.keep(Told::Order(report.clone()))
    }

    /// Keeps an execution of no known order while it may be an own one's. False when it can't be.
    pub(super) fn keep_fill(&mut self, fill: &Fill) -> bool {
        self.keep(Told::Fill(fill.clone()))
    }

    fn keep(&mut self, told: Told) -> bool {
        let id = told.venue_order_id();
        if self.core.capabilities.client_ids || self.is_outsiders(id) || self.liquidated(id) {
            return false;
        }
        let waiting = &self.core.live.unbound.waiting;
        let news = !waiting.iter().any(|w| w.told.is_same(&told));
        let same = |w: &Waiting| w.told.venue_order_id() == told.venue_order_id();
        let follows = waiting.iter().any(same);
        let before = self.state().next_order.max(self.core.handed.order);
        let fresh = Waiting { before, told };
        if !follows && !self.unbound().into_iter().any(|o| self.fits(o, &fresh)) {
            return false;
        }
        if news {
            self.disturb();
            let unbound = &mut self.core.live.unbound;
            unbound.crowded |= unbound.waiting.len() >= WAITING_MAX;
            if unbound.waiting.len() < WAITING_MAX {
                unbound.waiting.push(fresh);
            }
        }
        true
    }

    fn is_outsiders(&self, id: &VenueOrderId) -> bool {
        self.state().external.contains_key(id) || self.state().strangers.contains(id)
    }

    /// True for an order by which the venue was told to close a position.
    fn liquidated(&self, id: &VenueOrderId) -> bool {
        self.core.live.liquidations.contains(id)
    }

    /// True while something that the venue told is in no book: then books and venue differ.
    pub(super) fn anything_waits(&self) -> bool {
        !self.core.live.unbound.waiting.is_empty()
    }

    /// The venue's time of the earliest execution that waits. What happened after it is booked
    /// after it.
    pub(super) fn waits_since(&self) -> Option<Timestamp> {
        let fills = self.core.live.unbound.waiting.iter().filter_map(|w| match &w.told {
            Told::Fill(fill) => Some(fill.at),
            Told::Order(_) => None,
        });
        fills.min()
    }

    /// Takes in what waited for an id that is bound now, and lets go what can be nobody's.
    pub(super) fn unbound_duty(&mut self) {
        if !self.anything_waits() {
            return;
        }
        let mut seen = BTreeSet::new();
        let ids = self.core.live.unbound.waiting.iter().map(|w| w.told.venue_order_id());
        let ids: Vec<_> = ids.filter(|id| seen.insert((*id).clone())).cloned().collect();
        for id in ids {
            let own = self.state().by_venue_id.contains_key(&id);
            if own || !self.may_be_own(&id) {
                self.take_waiting(&id);
            }
        }
        let unbound = &mut self.core.live.unbound;
        if unbound.waiting.is_empty() && std::mem::take(&mut unbound.crowded) {
            self.compare_soon();
        }
    }

    fn take_waiting(&mut self, id: &VenueOrderId) {
        let waiting = std::mem::take(&mut self.core.live.unbound.waiting);
        let (due, rest) = waiting.into_iter().partition(|w| w.told.venue_order_id() == id);
        self.core.live.unbound.waiting = rest;
        let due: Vec<Waiting> = due;
        for Waiting { told, .. } in due {
            match told {
                Told::Order(report) => self.settled_report(&report),
                Told::Fill(fill) if self.state().has_trade(&fill) => {}
                Told::Fill(fill) => self.book_fill(fill),
            }
        }
    }

    /// True while one order without an answer fits everything that was told under this id.
    fn may_be_own(&self, id: &VenueOrderId) -> bool {
        if self.is_outsiders(id) || self.liquidated(id) {
            return false;
        }
        let waiting = &self.core.live.unbound.waiting;
        let about: Vec<_> = waiting.iter().filter(|w| w.told.venue_order_id() == id).collect();
        let filled = about.iter().fold(Qty::ZERO, |sum, w| match &w.told {
            Told::Fill(fill) => sum.plus(fill.qty),
            Told::Order(_) => sum,
        });
        let fits = |o: &Order| filled <= o.open_qty() && about.iter().all(|w| self.fits(o, w));
        self.unbound().into_iter().any(fits)
    }

    fn fits(&self, order: &Order, waiting: &Waiting) -> bool {
        order.client_order_id.number().is_none_or(|number| number < waiting.before)
            && match &waiting.told {
                Told::Order(report) => self.could_be(order, report),
                Told::Fill(fill) => could_fill(order, fill),
            }
    }

    /// True when the venue's order has this one's content, and was taken in when this one may have
    /// arrived.
    fn could_be(&self, order: &Order, report: &OrderReport) -> bool {
        // A venue may cut a reducing order that takes another one's place to what is left of it.
        let old = order.replaces.as_ref().and_then(|old| self.state().orders.get(old));
        let cut = order.replaces.is_some()
            && (order.reduce_only || old.is_some_and(|old| old.reduce_only))
            && report.qty < order.qty;
        let window = self.window().0.saturating_add(SEND_WITHIN.0);
        let latest = order.recorded_at.plus(Nanos(window.saturating_add(CLOCKS_APART.0)));
        order.instrument == report.instrument
            && order.side == report.side
            && (order.qty == report.qty || cut)
            && order.kind == report.kind
            && order.tif == report.tif
            && (order.reduce_only == report.reduce_only || cut)
            && report.placed_at.unwrap_or(report.at) >= earliest(order)
            && report.placed_at.is_none_or(|at| at <= latest)
            // What takes an order's place ends it: where that one filled whole, nothing took it.
            && old.is_none_or(|old| old.end != Some(VenueStatus::Filled))
    }

    /// True when reports show an order of nobody known that has this one's content.
    pub(super) fn is_shown(&self, order: &Order, reports: &[OrderReport]) -> bool {
        reports.iter().any(|r| self.is_free(r) && self.could_be(order, r))
    }

    /// True for an order of the venue that is neither a known own one nor known as somebody else's.
    fn is_free(&self, report: &OrderReport) -> bool {
        let id = &report.venue_order_id;
        let known = self.state().by_venue_id.contains_key(id) || self.is_outsiders(id);
        !known && !liquidates(report)
    }

    /// Asks about an order by the name that it has at the venue; one without a name is looked for
    /// among all.
    pub(super) fn ask_about(&mut self, id: ClientOrderId) {
        let Some(order) = self.state().orders.get(&id) else { return };
        if self.lacks_name(order) {
            self.note_unanswered(&id);
            return self.ask_for_list();
        }
        let venue_order_id = order.venue_order_id.clone();
        self.effects.push(Effect::LookUp(OrderRef { client_order_id: id, venue_order_id }));
    }

    /// Names an order that no list explains; an operator can write it off then.
    fn note_unanswered(&mut self, id: &ClientOrderId) {
        let (now, window) = (self.now.mono, self.window());
        let long = Nanos(window.0.saturating_add(UNANSWERED_FOR.0));
        let inquiry = self.core.live.inquiries.get_mut(id);
        let Some(inquiry) = inquiry.filter(|i| !i.alarmed && now.since(i.sent) >= long) else {
            return;
        };
        inquiry.alarmed = true;
        let text = format!(
            "Order {id} has no answer and the venue's lists don't tell what became of it; it keeps \
             its risk. If the venue's own list doesn't show it either, write it off: what it filled \
             after all goes to `unmanaged`."
        );
        self.alarm("order_unanswered", text);
    }

    fn ask_for_list(&mut self) {
        let now = self.now.mono;
        let Some(since) = self.unbound().first().map(|o| earliest(o)) else { return };
        let unbound = &mut self.core.live.unbound;
        let idle = unbound.asked.is_none_or(|at| now.since(at) > LIST_WITHIN);
        if idle && unbound.next <= now {
            unbound.asked = Some(now);
            unbound.next = now.plus(LIST_EVERY);
            self.effects.push(Effect::Recent(since));
        }
    }

    /// From where on everything must be told again, so that an order without an answer is found.
    pub(super) fn unbound_since(&self) -> Option<Timestamp> {
        let some = !self.core.capabilities.client_ids;
        self.unbound().first().filter(|_| some).map(|o| earliest(o))
    }

    /// The venue's orders of a while.
    pub(super) fn recent_answer(&mut self, answer: Result<RecentOrders, QueryError>) {
        let Some(asked) = self.core.live.unbound.asked.take() else { return };
        let Ok(list) = answer else { return };
        for report in &list.orders {
            self.report(report);
        }
        if list.complete {
            self.conclude(&list.orders, asked);
        }
    }

    /// Binds what two lists in a row show alike, and gives up what neither shows.
    fn conclude(&mut self, list: &[OrderReport], asked: Mono) {
        let proposed = self.propose(list, asked);
        let before = std::mem::replace(&mut self.core.live.unbound.proposed, proposed.clone());
        for (id, found) in proposed {
            if before.get(&id) != Some(&found) {
                continue;
            }
            let Some(found) = found else {
                // What it may have filled waits: it lived, and a later list will show it.
                if !self.claims(&id) {
                    self.never_placed(&id);
                }
                continue;
            };
            let Some(report) = list.iter().find(|r| r.venue_order_id == found) else { continue };
            let text = format!(
                "The answer to order {id} is lost; the venue's order {found} has its content and \
                 time and is taken for it."
            );
            self.alarm("order_matched", text);
            self.bind(&id, report);
            self.compare_soon();
        }
    }

    /// True while something waits that may be this order's.
    fn claims(&self, id: &ClientOrderId) -> bool {
        let Some(order) = self.state().orders.get(id) else { return false };
        let unknown =
            |w: &&Waiting| !self.state().by_venue_id.contains_key(w.told.venue_order_id());
        self.core.live.unbound.waiting.iter().filter(unknown).any(|w| self.fits(order, w))
    }

    /// Which of the venue's orders is which, of those whose answer can't come any more: the oldest
    /// that nobody else claims, in the order in which they were given. What may be a younger order's
    /// whose answer is still to come stays open.
    fn propose(
        &self,
        list: &[OrderReport],
        asked: Mono,
    ) -> BTreeMap<ClientOrderId, Option<VenueOrderId>> {
        let mut free: Vec<_> = list.iter().filter(|r| self.is_free(r)).collect();
        free.sort_by(|a, b| age(a).cmp(&age(b)));
        let unbound = self.unbound();
        let (ripe, green): (Vec<&Order>, Vec<&Order>) =
            unbound.into_iter().partition(|o| self.is_ripe(o, asked));
        let mut proposed = BTreeMap::new();
        for order in ripe {
            let fits = |r: &&&OrderReport| self.could_be(order, r) && self.heard_after(order, r);
            let found: Vec<_> = free.iter().filter(fits).map(|r| (*r).clone()).collect();
            if found.iter().any(|r| green.iter().any(|o| self.could_be(o, r))) {
                continue;
            }
            let first = found.into_iter().next().map(|r| r.venue_order_id);
            free.retain(|r| Some(&r.venue_order_id) != first.as_ref());
            proposed.insert(order.client_order_id.clone(), first);
        }
        proposed
    }

    /// False when the venue told about its order before this one was given.
    fn heard_after(&self, order: &Order, report: &OrderReport) -> bool {
        let waiting = self.core.live.unbound.waiting.iter();
        let mut about = waiting.filter(|w| w.told.venue_order_id() == &report.venue_order_id);
        about.all(|w| self.fits(order, w))
    }

    /// True once no answer is expected and the venue shows everything that it took in.
    fn is_ripe(&self, order: &Order, asked: Mono) -> bool {
        let waited = |i: &Inquiry| {
            let waited = asked.since(i.sent);
            waited >= self.window() && (order.unknown || waited >= ANSWER_OVERDUE)
        };
        self.core.live.inquiries.get(&order.client_order_id).is_some_and(waited)
    }
}

/// True for an order by which the venue closes a position. One that it cancelled for the same
/// reason may be the desk's.
fn liquidates(report: &OrderReport) -> bool {
    report.reason.as_deref() == Some(LIQUIDATION) && report.status != VenueStatus::Cancelled
}

/// The earliest venue time at which an order can have been taken in.
fn earliest(order: &Order) -> Timestamp {
    order.recorded_at.plus(Nanos(-CLOCKS_APART.0))
}

fn age(report: &OrderReport) -> (Timestamp, &VenueOrderId) {
    (report.placed_at.unwrap_or(report.at), &report.venue_order_id)
}

/// True when an execution can be a part of an order: not more than is open, not worse than asked.
fn could_fill(order: &Order, fill: &Fill) -> bool {
    let within = |limit: domain::Price| match order.side {
        Side::Buy => fill.price <= limit,
        Side::Sell => fill.price >= limit,
    };
    order.instrument == fill.instrument
        && order.side == fill.side
        && fill.qty <= order.open_qty()
        && order.kind.limit().is_none_or(within)
        && fill.at >= earliest(order)
}
