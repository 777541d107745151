//! Books of the simulator's own, kept from the journal's records by plain sums.
//!
//! They are the second opinion about positions, cash, orders and limits. This module must not
//! use the path's fold.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    BookId, ClientOrderId, Currency, Instrument, InstrumentId, IntentId, Limits, MovementId,
    OriginKind, Principal, Side, Timestamp, TradeId, VenueOrderId,
};
use path::{
    broker::OrderReport,
    event::{Event, OrderRecorded, PlanSet},
    journal::EventRecord,
    policy::{KillLevel, Policy},
    verbs::RiskClass,
};
use rust_decimal::Decimal;

use super::Invariant;

/// An order as the records tell it.
#[derive(Debug, Clone)]
pub(crate) struct Traded {
    pub(crate) body: Box<OrderRecorded>,
    /// Number of its record.
    pub(crate) seq: u64,
    pub(crate) filled: Decimal,
    pub(crate) ended: Option<Decimal>,
    pub(crate) resurfaced: Option<Decimal>,
    pub(crate) cancels: u32,
    /// Which group of its name it belongs to: a name may be used again once all orders are over.
    pub(crate) generation: u32,
    /// It was taken for dead: refused, never sent, or never placed.
    pub(crate) dead: bool,
}

impl Traded {
    /// What may still fill.
    pub(crate) fn open(&self) -> Decimal {
        let open = match (self.resurfaced, self.ended) {
            (Some(open), _) => open,
            (None, Some(counted)) => counted - self.filled,
            (None, None) => self.body.qty.get() - self.filled,
        };
        open.max(Decimal::ZERO)
    }

    /// True while something may still come from it.
    pub(crate) fn is_live(&self) -> bool {
        self.ended.is_none() || !self.open().is_zero()
    }
}

/// One account's own books.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) seq: u64,
    pub(crate) positions: BTreeMap<(BookId, InstrumentId), Decimal>,
    pub(crate) cash: BTreeMap<Currency, Decimal>,
    pub(crate) trades: BTreeSet<TradeId>,
    /// Movements of cash and corporate actions.
    pub(crate) movements: BTreeSet<MovementId>,
    pub(crate) instruments: BTreeMap<InstrumentId, Instrument>,
    /// What was taken from a book because the venue's net position had become smaller.
    taken: BTreeMap<(BookId, InstrumentId), Decimal>,
    pub(crate) orders: BTreeMap<ClientOrderId, Traded>,
    pub(crate) live: BTreeSet<ClientOrderId>,
    pub(super) by_venue: BTreeMap<VenueOrderId, ClientOrderId>,
    pub(crate) external: BTreeMap<VenueOrderId, OrderReport>,
    intents: BTreeSet<IntentId>,
    keys: BTreeSet<String>,
    pub(crate) kill: Option<KillLevel>,
    /// Number of the record of the latest pull.
    pub(crate) pulled: u64,
    pub(crate) policy: Policy,
    /// A request for other terms that is not answered.
    pub(crate) terms_asked: Option<ClientOrderId>,
    /// A request for other terms was refused or given up.
    pub(crate) terms_refused: bool,
    pub(crate) limits: Limits,
    pub(crate) book_limits: BTreeMap<BookId, Limits>,
    pub(crate) origin_limits: BTreeMap<OriginKind, Limits>,
    pub(crate) principal_limits: BTreeMap<Principal, Limits>,
    pub(crate) instrument_limits: BTreeMap<InstrumentId, Limits>,
    pub(crate) day_notional: Decimal,
    /// The day's entries by book.
    pub(crate) book_notional: BTreeMap<BookId, Decimal>,
    /// The day's entries by who asked.
    pub(crate) asked_notional: BTreeMap<Principal, Decimal>,
    pub(crate) closes: BTreeMap<u64, (BookId, InstrumentId, Timestamp)>,
    /// Levels of positions.
    pub(super) plans: BTreeMap<(BookId, InstrumentId), domain::Protective>,
    /// Alarms by code.
    pub(crate) alarms: BTreeMap<String, usize>,
    /// Books and venue were compared at least once.
    pub(crate) reconciled: bool,
    /// What broke an invariant while records were taken in.
    pub(crate) findings: Vec<(Invariant, String)>,
}

impl Ledger {
    /// True for the venue's id of an order that the journal knows by it.
    pub(crate) fn knows(&self, id: &VenueOrderId) -> bool {
        self.by_venue.contains_key(id)
    }

    /// Takes a record in; returns its event.
    pub(crate) fn take(&mut self, record: &EventRecord) -> Option<Event> {
        if record.seq != self.seq + 1 {
            let text = format!("record {} follows {}", record.seq, self.seq);
            self.findings.push((Invariant::JournalFolds, text));
        }
        self.seq = record.seq;
        match Event::decode(&record.kind, record.version, &record.body) {
            Ok(event) => {
                self.apply(&event, record.at);
                Some(event)
            }
            Err(error) => {
                self.findings.push((Invariant::JournalFolds, error.to_string()));
                None
            }
        }
    }

    /// What a book holds.
    pub(crate) fn position(&self, book: &BookId, instrument: &InstrumentId) -> Decimal {
        self.positions.get(&(book.clone(), instrument.clone())).copied().unwrap_or_default()
    }

    /// What all books hold together.
    pub(crate) fn net(&self, instrument: &InstrumentId) -> Decimal {
        let of = self.positions.iter().filter(|((_, id), _)| id == instrument);
        of.map(|(_, qty)| *qty).sum()
    }

    /// Another book or nobody's book holds the other side, so that the venue's net position does
    /// not cover what this book holds.
    pub(crate) fn contested(&self, book: &BookId, instrument: &InstrumentId) -> bool {
        let held = self.position(book, instrument);
        let mut others = self.positions.iter().filter(|((b, i), _)| b != book && i == instrument);
        others.any(|(_, qty)| *qty * held < Decimal::ZERO)
    }

    /// Orders from which something may still come.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&ClientOrderId, &Traded)> {
        self.live.iter().filter_map(|id| self.orders.get(id).map(|order| (id, order)))
    }

    pub(super) fn add(
        &mut self,
        book: &BookId,
        instrument: &InstrumentId,
        qty: Decimal,
    ) -> Decimal {
        let held = self.positions.entry((book.clone(), instrument.clone())).or_default();
        *held += qty;
        *held
    }

    pub(super) fn pay(&mut self, money: &domain::Money, sign: Decimal) {
        *self.cash.entry(money.currency()).or_default() += money.amount() * sign;
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::OrderRecorded(body) => self.recorded(body),
            Event::OrderAccepted(e) => {
                self.by_venue.insert(e.venue_order_id.clone(), e.client_order_id.clone());
            }
            Event::OrderRejected(e) => {
                self.change(&e.client_order_id, |o| {
                    o.ended = o.ended.or(Some(o.filled));
                    o.dead = true;
                });
            }
            Event::OrderEnded(e) => self.change(&e.client_order_id, |o| {
                let counted = o.ended.unwrap_or_default();
                o.ended = Some(counted.max(e.filled.get()));
                o.resurfaced = None;
            }),
            Event::OrderWrittenOff(e) => self.change(&e.client_order_id, |o| {
                o.ended = Some(o.filled);
                o.resurfaced = None;
            }),
            Event::OrderResurfaced(e) => {
                self.by_venue.insert(e.venue_order_id.clone(), e.client_order_id.clone());
                self.change(&e.client_order_id, |o| o.resurfaced = Some(e.open.get()));
            }
            Event::CancelRecorded(e) => self.cancel_recorded(&e.client_order_id, &e.reason),
            Event::Filled(e) => self.filled(&e.book, &e.fill),
            Event::ExternalOrder(e) if e.report.status.is_final() => {
                self.external.remove(&e.report.venue_order_id);
            }
            Event::ExternalOrder(e) => {
                self.external.insert(e.report.venue_order_id.clone(), e.report.clone());
            }
            Event::Adopted(e) => {
                self.add(&BookId::unmanaged(), &e.instrument, -e.qty.get());
                self.add(&e.book, &e.instrument, e.qty.get());
                let key = (e.book.clone(), e.instrument.clone());
                *self.taken.entry(key).or_default() += e.qty.get().abs();
            }
            Event::PositionAdjusted(e) => {
                self.add(&BookId::unmanaged(), &e.instrument, e.qty.get());
                self.pay_for_contract(&e.instrument, e.qty.get() * e.price.get());
            }
            Event::CashAdjusted(e) => self.pay(&e.money, Decimal::ONE),
            Event::CashMoved(e) => self.moved(e),
            Event::ActionApplied(e) => self.converted(&e.action),
            Event::DayOpened(_) => {
                self.day_notional = Decimal::ZERO;
                self.book_notional.clear();
                self.asked_notional.clear();
            }
            Event::CloseStarted(e) => {
                let key = e.idempotency.as_ref();
                self.use_key(key.map(|i| format!("{}|{}", e.origin.principal, i.key)), "a close");
                self.closes.insert(e.id, (e.book.clone(), e.instrument.clone(), at));
            }
            Event::CloseEnded(e) => {
                self.closes.remove(&e.id);
            }
            Event::PlanSet(e) => self.planned(e),
            Event::Alarm(e) => *self.alarms.entry(e.code.clone()).or_default() += 1,
            other => self.set(other),
        }
    }

    fn recorded(&mut self, body: &OrderRecorded) {
        let id = body.client_order_id.clone();
        let key = body.idempotency.as_ref().map(|i| format!("{}|{}", body.origin.principal, i.key));
        self.use_key(key, id.as_str());
        if self.orders.contains_key(&id) || !self.intents.insert(body.intent.clone()) {
            let text = format!("{id} of intent {} was recorded before", body.intent);
            self.findings.push((Invariant::SentOnce, text));
        }
        if body.class == RiskClass::Entry {
            let notional = body.notional.unwrap_or_default();
            self.day_notional += notional;
            *self.book_notional.entry(body.book.clone()).or_default() += notional;
            *self.asked_notional.entry(body.origin.principal.clone()).or_default() += notional;
            if self.kill.is_some() {
                let text = format!("{id} was cleared while the kill switch was on");
                self.findings.push((Invariant::KillHolds, text));
            }
        }
        let generation = self.generation(body);
        let order = Traded {
            generation,
            body: Box::new(body.clone()),
            seq: self.seq,
            filled: Decimal::ZERO,
            ended: None,
            resurfaced: None,
            cancels: 0,
            dead: false,
        };
        self.orders.insert(id.clone(), order);
        self.live.insert(id);
    }

    fn generation(&self, body: &OrderRecorded) -> u32 {
        let Some(group) = &body.conditions.group else { return 0 };
        let mates = self.orders.values().filter(|o| {
            o.body.book == body.book && o.body.conditions.group.as_ref() == Some(group)
        });
        let latest = mates.clone().map(|o| o.generation).max();
        let over = !mates.filter(|o| Some(o.generation) == latest).any(Traded::is_live);
        latest.map_or(0, |latest| latest + u32::from(over))
    }

    /// The desk moves a stop only where the position trails, and only forward.
    fn planned(&mut self, plan: &PlanSet) {
        let key = (plan.book.clone(), plan.instrument.clone());
        let old = self.plans.insert(key, plan.protective);
        let moved = plan.by.kind == OriginKind::System && plan.protective.trail.is_some();
        let Some(old) = old.filter(|o| moved && o.trail == plan.protective.trail) else { return };
        let held = self.position(&plan.book, &plan.instrument);
        let back = match (old.stop, plan.protective.stop) {
            (Some(old), Some(new)) if held > Decimal::ZERO => new <= old,
            (Some(old), Some(new)) => new >= old,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if back {
            let text = format!("the stop of {} went back: {plan:?}", plan.instrument);
            self.findings.push((Invariant::TrailsForward, text));
        }
    }

    /// Notes that a caller's key became something.
    fn use_key(&mut self, key: Option<String>, what: &str) {
        let Some(key) = key else { return };
        if self.keys.contains(&key) {
            let text = format!("the key {key} became {what} and something before");
            self.findings.push((Invariant::SentOnce, text));
        }
        self.keys.insert(key);
    }

    fn change(&mut self, id: &ClientOrderId, change: impl FnOnce(&mut Traded)) {
        let Some(order) = self.orders.get_mut(id) else {
            let text = format!("a record speaks of {id}, which was never recorded");
            return self.findings.push((Invariant::JournalFolds, text));
        };
        change(order);
        if order.is_live() {
            self.live.insert(id.clone());
        } else {
            self.live.remove(id);
        }
    }

    fn cancel_recorded(&mut self, id: &ClientOrderId, reason: &str) {
        self.change(id, |o| o.cancels += 1);
        let protects = self.orders.get(id).is_some_and(|o| o.body.class == RiskClass::Protective);
        if protects && reason == "kill switch" {
            let text = format!("the kill switch cancels the stop {id}");
            self.findings.push((Invariant::Protected, text));
        }
    }

    fn filled(&mut self, book: &BookId, fill: &domain::Fill) {
        if !self.trades.insert(fill.trade_id.clone()) {
            let text = format!("trade {} is in the journal twice", fill.trade_id);
            self.findings.push((Invariant::FillsOnce, text));
        }
        let sign = if fill.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        let before = self.position(book, &fill.instrument);
        let after = self.add(book, &fill.instrument, sign * fill.qty.get());
        let after = match self.charge(book, fill, sign) {
            Ok(kept_back) => after - kept_back,
            Err(finding) => return self.findings.push(finding),
        };
        if let Some(report) = self.external.get_mut(&fill.venue_order_id) {
            report.filled = report.filled.plus(fill.qty);
        }
        let by_client = fill.client_order_id.clone().filter(|id| self.orders.contains_key(id));
        let id = by_client.or_else(|| self.by_venue.get(&fill.venue_order_id).cloned());
        let Some(id) = id else { return };
        self.by_venue.insert(fill.venue_order_id.clone(), id.clone());
        let qty = fill.qty.get();
        self.change(&id, |o| {
            o.filled += qty;
            if let Some(open) = o.resurfaced {
                let left = open - qty;
                o.resurfaced = (left > Decimal::ZERO).then_some(left);
            }
            if o.ended.is_none() && o.filled >= o.body.qty.get() {
                o.ended = Some(o.filled);
            }
        });
        let Some(order) = self.orders.get(&id) else { return };
        if order.body.class == RiskClass::Entry && after.abs() > before.abs() {
            let levels = order.body.protective;
            self.plans.entry((book.clone(), fill.instrument.clone())).or_insert(levels);
        }
        if after.is_zero() {
            self.plans.remove(&(book.clone(), fill.instrument.clone()));
        }
        let reduces = matches!(order.body.class, RiskClass::Exit | RiskClass::Protective);
        let key = (book.clone(), fill.instrument.clone());
        let taken = self.taken.get(&key).copied().unwrap_or_default();
        let turned = before * after < Decimal::ZERO || after.abs() > before.abs();
        if reduces && turned && after.abs() > taken {
            let text =
                format!("{id} took {} of book {book} from {before} to {after}", fill.instrument);
            self.findings.push((Invariant::NoFlip, text));
        }
        if order.body.book != *book {
            let text = format!("trade {} of {id} is in book {book}", fill.trade_id);
            self.findings.push((Invariant::FillsOnce, text));
        }
    }
}
