//! What is checked while a run goes on: at every decision, write, acceptance and answer.
//!
//! This module must not change what happens.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, ClientOrderId, Currency, Side, Timestamp};
use path::{
    commit::Batch,
    core::Reply,
    event::{Event, OrderRecorded},
    policy::KillLevel,
    verbs::{CancelOrder, PlaceOrder, RiskClass, SetTerms},
};
use rust_decimal::Decimal;

use super::{Invariant, exposure::Marks};
use crate::{listing::euro, report::Violation, world::World};

/// Violations of one run that are kept.
const KEPT_MAX: usize = 8;

/// What the checks remember of a run.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Writes to the wire by account and client order id.
    pub(crate) writes: BTreeMap<(usize, ClientOrderId), u32>,
    /// Requests for other terms that were written.
    pub(crate) terms: BTreeSet<(AccountId, ClientOrderId)>,
    /// Per account: the level of the kill that was acknowledged last and not released.
    pub(crate) acknowledged: BTreeMap<usize, KillLevel>,
    /// Per account: the record of the pull that was acknowledged last.
    pub(crate) pulled: BTreeMap<usize, u64>,
    /// What did not hold.
    pub(crate) violations: Vec<Violation>,
    /// How often each invariant had something to check.
    pub(crate) checks: BTreeMap<Invariant, u64>,
    seen: BTreeSet<(Invariant, String)>,
}

impl World {
    /// Notes that an invariant was checked.
    pub(crate) fn checked(&mut self, invariant: Invariant) {
        *self.watch.checks.entry(invariant).or_default() += 1;
    }

    /// Notes what did not hold.
    pub(crate) fn violate(&mut self, invariant: Invariant, detail: impl Into<String>) {
        let detail = detail.into();
        self.trace(|| format!("VIOLATION {}: {detail}", invariant.name()));
        let first = self.watch.seen.insert((invariant, detail.clone()));
        if first && self.watch.violations.len() < KEPT_MAX {
            let (seed, invariant) = (self.seed, invariant.name().to_owned());
            self.watch.violations.push(Violation { seed, invariant, detail });
        }
    }

    /// Notes what an account's books found. An exit can turn a position when the venue has told
    /// that an order was over and it was not.
    pub(crate) fn found(&mut self, a: usize, findings: Vec<(Invariant, String)>) {
        for (invariant, text) in findings {
            if invariant != Invariant::NoFlip || !self.accounts[a].misled {
                self.violate(invariant, text);
            }
        }
    }

    /// Takes a decision into the pending books and checks every entry that it clears.
    pub(crate) fn watch_batch(&mut self, p: usize, a: usize, batch: &Batch) {
        for record in batch.records() {
            let ledger = &mut self.procs[p].ledgers[a];
            let event = ledger.take(record);
            let findings = std::mem::take(&mut ledger.findings);
            self.found(a, findings);
            if let Some(event) = &event {
                self.trace(|| {
                    format!("  p{p} a{a} #{} {} {}", record.seq, record.kind, record.body)
                });
                if let Event::OrderRecorded(order) = event
                    && order.class == RiskClass::Entry
                {
                    self.watch_entry(p, a, order);
                }
            }
        }
        self.watch_equity(p, a);
    }

    /// What a core knows of prices and rates.
    pub(super) fn marks(&self, p: usize, a: usize) -> Marks {
        let market = self.procs[p].cores[a].market();
        let instruments = self.exchange.instruments.iter();
        let prices =
            instruments.filter_map(|i| Some((i.id.clone(), market.mark(&i.id)?.get()))).collect();
        let dollar = Currency::usd();
        let rates = [dollar, euro()].into_iter();
        let rates = rates.filter_map(|c| Some((c, market.rate(c, dollar)?))).collect();
        Marks { prices, rates }
    }

    /// What the account is worth, summed a second time.
    fn watch_equity(&mut self, p: usize, a: usize) {
        let own = self.procs[p].ledgers[a].equity(&self.marks(p, a));
        let told = self.procs[p].cores[a].book().equity();
        self.checked(Invariant::EquityAgrees);
        if own.map(|e| e.normalize()) != told.map(|e| e.normalize()) {
            self.violate(Invariant::EquityAgrees, format!("a{a}: {told:?}, own sum {own:?}"));
        }
    }

    fn watch_entry(&mut self, p: usize, a: usize, order: &OrderRecorded) {
        self.checked(Invariant::Limits);
        let marks = self.marks(p, a);
        for broken in self.procs[p].ledgers[a].broken_limits(order, &marks) {
            self.violate(Invariant::Limits, format!("{}: {broken}", order.client_order_id));
        }
        let (mut gross, mut net) = (Some(Decimal::ZERO), Some(Decimal::ZERO));
        let mut orders = 0;
        for other in 0..self.accounts.len() {
            let marks = self.marks(p, other);
            let ledger = &self.procs[p].ledgers[other];
            let fresh = (other == a).then_some(order);
            gross = gross.zip(ledger.gross(&marks, fresh, None)).map(|(sum, one)| sum + one);
            let replaced = fresh.is_some_and(|f| f.replaces.is_some());
            let one = ledger.net_toward(order.side, &marks, fresh, None);
            net = net.zip(one).map(|(sum, one)| sum + one);
            orders += ledger.live().count() - usize::from(replaced);
        }
        self.checked(Invariant::DeskLimits);
        let limits = self.desk_limits.clone();
        if limits.gross_exposure.is_some_and(|most| gross.is_some_and(|gross| gross > most)) {
            let text = format!("{}: the desk's gross is {gross:?}", order.client_order_id);
            self.violate(Invariant::DeskLimits, text);
        }
        // What takes the place of a larger order is not refused for what the others hold.
        let beyond = |most| order.replaces.is_none() && net.is_some_and(|net| net > most);
        if limits.net_exposure.is_some_and(beyond) {
            let text = format!("{}: the desk's net is {net:?}", order.client_order_id);
            self.violate(Invariant::DeskLimits, text);
        }
        if limits.open_orders.is_some_and(|most| orders > most as usize) {
            let text = format!("{}: the desk has {orders} live orders", order.client_order_id);
            self.violate(Invariant::DeskLimits, text);
        }
    }

    /// An order's bytes leave.
    pub(crate) fn watch_place(&mut self, p: usize, a: usize, order: &PlaceOrder) {
        let id = &order.client_order_id;
        self.checked(Invariant::SentOnce);
        let writes = self.watch.writes.entry((a, id.clone())).or_default();
        *writes += 1;
        if *writes > 1 {
            let text = format!("{id} was written {writes} times");
            self.violate(Invariant::SentOnce, text);
        }
        self.watch_tenure(p, id);
        self.checked(Invariant::JournalFirst);
        let Some(recorded) = self.durable[a].orders.get(id) else {
            let text = format!("{id} was written before its record was durable");
            return self.violate(Invariant::JournalFirst, text);
        };
        let body = &recorded.body;
        let same = body.instrument == order.instrument
            && body.side == order.side
            && body.qty == order.qty
            && body.kind == order.kind
            && body.tif == order.tif
            && body.reduce_only == order.reduce_only;
        let entry = body.class == RiskClass::Entry;
        let before_pull = self.watch.pulled.get(&a).is_some_and(|seq| recorded.seq < *seq);
        let level = self.watch.acknowledged.get(&a).copied();
        if !same {
            let text = format!("{id} was written otherwise than recorded");
            self.violate(Invariant::JournalFirst, text);
        }
        if entry {
            self.checked(Invariant::KillHolds);
        }
        if entry && (level.is_some() || before_pull) {
            let text = format!("{id} was written after a kill was acknowledged ({level:?})");
            self.violate(Invariant::KillHolds, text);
        }
    }

    /// A cancel's bytes leave.
    pub(crate) fn watch_cancel(&mut self, p: usize, a: usize, cancel: &CancelOrder) {
        let id = &cancel.client_order_id;
        self.watch_tenure(p, id);
        if self.durable[a].orders.get(id).is_none_or(|o| o.cancels == 0) {
            let text = format!("a cancel of {id} was written before its record was durable");
            self.violate(Invariant::JournalFirst, text);
        }
    }

    /// A request for other terms is written.
    pub(crate) fn watch_terms(&mut self, p: usize, a: usize, request: &SetTerms) {
        let id = &request.client_order_id;
        self.watch_tenure(p, id);
        self.checked(Invariant::JournalFirst);
        self.checked(Invariant::SentOnce);
        if self.durable[a].terms_asked.as_ref() != Some(id) {
            let text = format!("terms {id} were written before their record was durable");
            self.violate(Invariant::JournalFirst, text);
        }
        if !self.watch.terms.insert((self.accounts[a].id.clone(), id.clone())) {
            self.violate(Invariant::SentOnce, format!("terms {id} were written twice"));
        }
    }

    fn watch_tenure(&mut self, p: usize, id: &ClientOrderId) {
        self.checked(Invariant::Fenced);
        let (held, current) = (self.procs[p].token, self.disk.lease);
        if held != current {
            let text = format!("{id} was written under lease {}, not {}", held.0, current.0);
            self.violate(Invariant::Fenced, text);
        }
    }

    /// The venue took an entry in: what really lives there must be within the account's limits.
    /// Judged only while nobody else touched the account and no message lied, with a tenth for
    /// moves of the price.
    pub(crate) fn watch_accepted(&mut self, a: usize, order: &PlaceOrder) {
        let account = self.accounts[a].id.clone();
        let Some(recorded) = self.durable[a].orders.get(&order.client_order_id) else { return };
        let body = recorded.body.clone();
        if body.class != RiskClass::Entry || self.accounts[a].touched {
            return;
        }
        let truth = self.exchange.truth(&account, Timestamp(i64::MAX), self.now);
        let price = |kind: &domain::OrderKind| {
            kind.limit().or(kind.trigger()).or(body.reference).map_or(Decimal::ZERO, |p| p.get())
        };
        let net = truth.positions.get(&order.instrument).map_or(Decimal::ZERO, |q| q.get());
        let mark = body.reference.map_or(Decimal::ZERO, |p| p.get());
        let rules = &self.exchange.instruments[self.index_of(&order.instrument)];
        let rate = if rules.quote == euro() { self.feed.rate() } else { Decimal::ONE };
        let unit = rules.multiplier * rate;
        let mut long = net * mark * unit;
        for report in truth.open_orders.iter().filter(|r| r.instrument == order.instrument) {
            let own = self.exchange.owner(&report.venue_order_id);
            let entry = own
                .and_then(|id| self.durable[a].orders.get(id))
                .is_some_and(|o| o.body.class == RiskClass::Entry);
            if entry && report.side == Side::Buy {
                long += price(&report.kind) * report.qty.minus(report.filled).get() * unit;
            }
        }
        let limit = loosest(&self.accounts[a].position_limits);
        self.checked(Invariant::Limits);
        if let Some(limit) = limit
            && long > limit * Decimal::new(11, 1)
        {
            let text = format!("{} lets {long} long live at the venue", order.client_order_id);
            self.violate(Invariant::Limits, text);
        }
    }

    /// Somebody gets an answer.
    pub(crate) fn watch_reply(&mut self, a: usize, must_pass: bool, reply: &Reply) {
        match reply {
            Reply::Killed { level, .. } => {
                self.checked(Invariant::KillDurable);
                let durable = self.durable[a].kill;
                if durable.is_none_or(|kill| kill < *level) {
                    let text = format!("{level} was acknowledged, the journal says {durable:?}");
                    self.violate(Invariant::KillDurable, text);
                }
                if durable.is_some() {
                    self.watch.acknowledged.insert(a, *level);
                    self.watch.pulled.insert(a, self.durable[a].pulled);
                }
            }
            Reply::Refused(refusals) if must_pass => {
                let codes: Vec<_> = refusals.iter().map(|r| r.code.name()).collect();
                let text = format!("an exit was refused: {}", codes.join(", "));
                self.violate(Invariant::ExitsPass, text);
            }
            _ => {}
        }
        if must_pass {
            self.checked(Invariant::ExitsPass);
        }
    }
}

/// The loosest limit that was in force during the run: what an order in flight was judged by.
fn loosest(limits: &[Option<Decimal>]) -> Option<Decimal> {
    let mut most = Decimal::ZERO;
    for limit in limits {
        most = most.max((*limit)?);
    }
    (!limits.is_empty()).then_some(most)
}
