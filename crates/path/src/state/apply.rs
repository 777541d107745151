//! The fold: what each event does to the state.
//!
//! Every rule here holds for live, restart, replay and simulation alike. It must not refuse what
//! a venue reports: a fill is always posted, whatever state its order is in.

use std::collections::BTreeMap;

use domain::{BookId, ClientOrderId, Instrument, MoneyError, NumError, Qty, Side, Timestamp};
use rust_decimal::Decimal;

use super::{
    AccountState, Book, Close, Day, FoldError, Hold, KEYS_KEPT_FOR_SECS, KeyUse, Kill, Latch,
    Order, Plan, SETTLED_KEPT_FOR_SECS, SETTLED_ORDERS_KEPT,
};
use crate::{
    event::{
        AccountOpened, CashAdjusted, Event, Filled, HoldDecision, LimitTarget, LimitsSet,
        OrderRecorded,
    },
    journal::{EventRecord, Hash, Head, StreamId},
    policy::LatchKind,
    verbs::RiskClass,
};

/// At most so many times of entries are kept per source.
const RECENT_ENTRIES_KEPT: usize = 1_024;

/// The key under which an execution counts once.
#[must_use]
pub(crate) fn trade_key(fill: &domain::Fill) -> u128 {
    let text = format!("{}|{}", fill.instrument, fill.trade_id);
    let hash = Hash::of(text.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&hash.0[..16]);
    u128::from_be_bytes(half)
}

fn overflow(error: &NumError) -> String {
    error.to_string()
}

fn money(error: &MoneyError) -> String {
    error.to_string()
}

impl AccountState {
    /// The state after the first event of an account's stream.
    #[must_use]
    pub fn opened(body: &AccountOpened) -> Self {
        let mut books = BTreeMap::new();
        for (id, name) in [(BookId::manual(), "Manual"), (BookId::unmanaged(), "Unmanaged")] {
            books.insert(id.clone(), Book::new(id, name.to_owned(), None));
        }
        Self {
            head: Head::default(),
            spec: body.spec.clone(),
            policy: body.policy.clone(),
            installation: body.installation.clone(),
            incarnation: 0,
            instruments: BTreeMap::new(),
            books,
            limits: domain::Limits::default(),
            origin_limits: BTreeMap::new(),
            instrument_limits: BTreeMap::new(),
            orders: BTreeMap::new(),
            live: std::collections::BTreeSet::new(),
            settled: std::collections::VecDeque::new(),
            by_venue_id: BTreeMap::new(),
            external: BTreeMap::new(),
            trades: std::collections::BTreeSet::new(),
            next_order: 1,
            next_close: 1,
            keys: BTreeMap::new(),
            holds: BTreeMap::new(),
            closes: BTreeMap::new(),
            kill: None,
            kill_epoch: 0,
            latches: BTreeMap::new(),
            day: None,
            peak: None,
            origins: BTreeMap::new(),
            entries_notional: Decimal::ZERO,
            reconciled_through: None,
            emergency_generation: 0,
        }
    }

    /// Folds stored records, from the first or onto a snapshot, checking the chain.
    ///
    /// # Errors
    /// [`FoldError`] names the first record that is altered, unreadable or contradictory.
    pub fn fold(
        mut state: Option<Self>,
        stream: &StreamId,
        records: &[EventRecord],
    ) -> Result<Option<Self>, FoldError> {
        for record in records {
            let head = state.as_ref().map_or_else(Head::default, |s| s.head);
            record.verify(stream, &head)?;
            let event = Event::decode(&record.kind, record.version, &record.body)
                .map_err(|source| FoldError::Decode { seq: record.seq, source })?;
            let seq = record.seq;
            let contradiction = |kind, text| FoldError::Contradiction { seq, kind, text };
            let next = match (&mut state, &event) {
                (None, Event::AccountOpened(body)) => state.insert(Self::opened(body)),
                (None, _) | (Some(_), Event::AccountOpened(_)) => {
                    let text = "an account is opened once, first".to_owned();
                    return Err(contradiction(event.kind(), text));
                }
                (Some(state), _) => {
                    state
                        .apply(&event, record.at)
                        .map_err(|text| contradiction(event.kind(), text))?;
                    state
                }
            };
            next.head = record.head();
        }
        Ok(state)
    }

    /// Folds one event.
    ///
    /// # Errors
    /// What contradicts the state. An event that the core itself made never does.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::AccountOpened(_) => return Err("an account is opened once".to_owned()),
            Event::IncarnationStarted(e) => self.incarnation = e.incarnation,
            Event::InstrumentSet(e) => {
                self.instruments.insert(e.instrument.id.clone(), e.instrument.clone());
            }
            Event::BookOpened(e) => {
                let book = Book::new(e.book.clone(), e.name.clone(), e.capital);
                self.books.entry(e.book.clone()).or_insert(book);
            }
            Event::LimitsSet(e) => self.set_limits(e)?,
            Event::PolicySet(e) => self.policy = e.policy.clone(),
            Event::IntentRefused(_) | Event::RefusalsCounted(_) | Event::Alarm(_) => {}
            Event::OrderHeld(e) => {
                let hold = Hold {
                    intent: (*e.intent).clone(),
                    notional: e.notional,
                    since: at,
                    expires_at: e.expires_at,
                };
                self.holds.insert(e.intent.id.clone(), hold);
            }
            Event::HoldResolved(e) => {
                debug_assert!(matches!(
                    e.decision,
                    HoldDecision::Approved | HoldDecision::Declined | HoldDecision::Lapsed
                ));
                self.holds.remove(&e.intent);
            }
            Event::Filled(e) => self.fill(e, at)?,
            Event::ExternalOrder(e) => self.external_order(&e.report),
            Event::Adopted(e) => {
                let away = domain::SignedQty::ZERO.minus(e.qty);
                self.adjust(&BookId::unmanaged(), &e.instrument, away, e.price)?;
                self.adjust(&e.book, &e.instrument, e.qty, e.price)?;
            }
            Event::PositionAdjusted(e) => {
                self.adjust(&BookId::unmanaged(), &e.instrument, e.qty, e.price)?;
            }
            Event::CashAdjusted(e) => self.adjust_cash(e)?,
            Event::Reconciled(e) => self.reconciled_through = Some(e.through),
            Event::DayOpened(e) => {
                self.day = Some(Day { number: e.day, equity: e.equity });
                self.entries_notional = Decimal::ZERO;
                self.latches.remove(&LatchKind::DailyLoss);
            }
            Event::PeakRaised(e) => self.peak = Some(e.equity),
            Event::LatchSet(e) => {
                let latch = Latch { text: e.text.clone(), since: at };
                self.latches.entry(e.latch).or_insert(latch);
            }
            Event::LatchReleased(e) => {
                self.latches.remove(&e.latch);
                if let Some(peak) = e.peak {
                    self.peak = Some(peak);
                }
            }
            Event::KillPulled(e) => {
                self.kill_epoch = self.kill_epoch.max(e.epoch);
                let level = self.kill.as_ref().map_or(e.level, |k| k.level.max(e.level));
                let (by, reason) = (e.by.clone(), e.reason.clone());
                self.kill = Some(Kill { level, by, reason, since: at });
            }
            Event::KillReleased(_) => self.kill = None,
            Event::EmergencyMerged(e) => self.emergency_generation = e.generation,
            Event::CloseStarted(e) => {
                let close = Close {
                    id: e.id,
                    book: e.book.clone(),
                    instrument: e.instrument.clone(),
                    qty: e.qty,
                    closed: Qty::ZERO,
                    attempts: 0,
                    origin: e.origin.clone(),
                    purpose: e.purpose,
                };
                self.closes.insert(e.id, close);
                self.next_close = self.next_close.max(e.id + 1);
            }
            Event::CloseEnded(e) => {
                self.closes.remove(&e.id);
            }
            Event::PlanSet(e) => {
                let book = self.book_mut(&e.book)?;
                if book.positions.get(&e.instrument).is_some_and(|p| !p.qty.is_zero()) {
                    let plan = Plan { levels: e.protective, since: at };
                    book.plans.insert(e.instrument.clone(), plan);
                }
            }
            Event::OrderRecorded(_)
            | Event::OrderAccepted(_)
            | Event::OrderUnknown(_)
            | Event::OrderRejected(_)
            | Event::OrderEnded(_)
            | Event::OrderResurfaced(_)
            | Event::CancelRecorded(_)
            | Event::CancelFailed(_) => self.apply_order(event, at)?,
        }
        Ok(())
    }

    fn apply_order(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::OrderRecorded(e) => self.record(e, at)?,
            Event::OrderAccepted(e) => {
                self.order_mut(&e.client_order_id)?.accepted(&e.venue_order_id);
                let (venue_id, id) = (e.venue_order_id.clone(), e.client_order_id.clone());
                self.by_venue_id.insert(venue_id, id);
            }
            Event::OrderUnknown(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.unknown = order.end.is_none();
                order.text = Some(e.why.clone());
            }
            Event::OrderRejected(e) => {
                self.order_mut(&e.client_order_id)?.rejected(e.reason, &e.text);
                self.settle(&e.client_order_id, at);
            }
            Event::OrderEnded(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.ended(e.status, e.filled, e.reason.as_ref());
                if !order.is_settled() {
                    let id = e.client_order_id.clone();
                    self.settled.retain(|(_, settled)| *settled != id);
                    self.live.insert(id);
                }
                self.settle(&e.client_order_id, at);
            }
            Event::OrderResurfaced(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.resurfaced = Some(e.open);
                order.accepted(&e.venue_order_id);
                let (venue_id, id) = (e.venue_order_id.clone(), e.client_order_id.clone());
                self.by_venue_id.insert(venue_id, id.clone());
                self.settled.retain(|(_, settled)| *settled != id);
                self.live.insert(id);
            }
            Event::CancelRecorded(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.cancel_requested = order.end.is_none() || order.resurfaced.is_some();
            }
            Event::CancelFailed(e) => {
                self.order_mut(&e.client_order_id)?.cancel_requested = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn order_mut(&mut self, id: &ClientOrderId) -> Result<&mut Order, String> {
        self.orders.get_mut(id).ok_or_else(|| format!("no order {id}"))
    }

    fn book_mut(&mut self, id: &BookId) -> Result<&mut Book, String> {
        self.books.get_mut(id).ok_or_else(|| format!("no book {id}"))
    }

    fn instrument(&self, id: &domain::InstrumentId) -> Result<Instrument, String> {
        self.instruments.get(id).cloned().ok_or_else(|| format!("no instrument {id}"))
    }

    fn set_limits(&mut self, body: &LimitsSet) -> Result<(), String> {
        let limits = (*body.limits).clone();
        match &body.target {
            LimitTarget::Account => self.limits = limits,
            LimitTarget::Book(id) => self.book_mut(id)?.limits = limits,
            LimitTarget::Origin(kind) => {
                self.origin_limits.insert(*kind, limits);
            }
            LimitTarget::Instrument(id) => {
                self.instrument_limits.insert(id.clone(), limits);
            }
        }
        Ok(())
    }

    fn record(&mut self, body: &OrderRecorded, at: Timestamp) -> Result<(), String> {
        if self.orders.contains_key(&body.client_order_id) {
            return Err(format!("order {} was recorded before", body.client_order_id));
        }
        let id = body.client_order_id.clone();
        self.orders.insert(id.clone(), Order::new(body, at));
        self.live.insert(id.clone());
        self.next_order += 1;
        if let Some(close) = body.close.and_then(|c| self.closes.get_mut(&c)) {
            close.attempts += 1;
        }
        if let Some(idempotency) = &body.idempotency {
            let key = Self::key_of(&body.origin.principal, &idempotency.key);
            let key_use = KeyUse { content: idempotency.content, order: id, at };
            self.keys.insert(key, key_use);
            self.prune_keys(at);
        }
        if body.class == RiskClass::Entry {
            self.count_entry(body, at);
        }
        Ok(())
    }

    fn count_entry(&mut self, body: &OrderRecorded, at: Timestamp) {
        let day = self.day.map_or_else(|| at.utc_day(), |d| d.number);
        let notional = body.notional.unwrap_or_default();
        self.entries_notional += notional;
        let usage = self.origins.entry(body.origin.principal.clone()).or_default();
        if usage.day != day {
            usage.day = day;
            usage.entries = 0;
            usage.notional = Decimal::ZERO;
        }
        usage.entries += 1;
        usage.notional += notional;
        usage.recent.push_back(at);
        while usage.recent.len() > RECENT_ENTRIES_KEPT
            || usage.recent.front().is_some_and(|t| at.since(*t).0 > 60_000_000_000)
        {
            usage.recent.pop_front();
        }
        usage.last = Some((body.content_hash(), at));
    }

    fn prune_keys(&mut self, at: Timestamp) {
        const KEYS_KEPT_MIN: usize = 10_000;
        if self.keys.len() > KEYS_KEPT_MIN && self.keys.len().is_multiple_of(1_024) {
            let limit = KEYS_KEPT_FOR_SECS * 1_000_000_000;
            self.keys.retain(|_, k| at.since(k.at).0 <= limit);
        }
    }

    fn fill(&mut self, body: &Filled, at: Timestamp) -> Result<(), String> {
        let fill = &body.fill;
        if !self.trades.insert(trade_key(fill)) {
            return Ok(());
        }
        let instrument = self.instrument(&fill.instrument)?;
        let before = self.position(&body.book, &fill.instrument);
        self.book_mut(&body.book)?.fill(fill, &instrument, at).map_err(|e| money(&e))?;
        if let Some(report) = self.external.get_mut(&fill.venue_order_id) {
            report.filled = report.filled.plus(fill.qty);
        }
        let Some(id) = self.order_of(fill) else { return Ok(()) };
        let order = self.order_mut(&id)?;
        order.accepted(&fill.venue_order_id);
        order.filled(fill.qty, fill.price);
        let (class, levels, close) = (order.class, order.protective, order.close);
        self.by_venue_id.insert(fill.venue_order_id.clone(), id.clone());
        if let Some(close) = close.and_then(|c| self.closes.get_mut(&c)) {
            close.closed = close.closed.plus(fill.qty);
        }
        let after = self.position(&body.book, &fill.instrument);
        let grew = after.abs() > before.abs();
        if class == RiskClass::Entry && grew && (levels.stop.is_some() || levels.target.is_some()) {
            let plan = Plan { levels, since: at };
            self.book_mut(&body.book)?.plans.insert(fill.instrument.clone(), plan);
        }
        self.settle(&id, at);
        Ok(())
    }

    /// The desk's order that an execution belongs to.
    #[must_use]
    pub fn order_of(&self, fill: &domain::Fill) -> Option<ClientOrderId> {
        let by_client = fill.client_order_id.as_ref().filter(|id| self.orders.contains_key(*id));
        by_client.or_else(|| self.by_venue_id.get(&fill.venue_order_id)).cloned()
    }

    fn settle(&mut self, id: &ClientOrderId, at: Timestamp) {
        if !self.orders.get(id).is_some_and(Order::is_settled) {
            return;
        }
        if self.live.remove(id) {
            self.settled.push_back((at, id.clone()));
        }
        while self.settled.len() > SETTLED_ORDERS_KEPT {
            let old = self
                .settled
                .front()
                .is_some_and(|(t, _)| at.since(*t).0 > SETTLED_KEPT_FOR_SECS * 1_000_000_000);
            let Some((_, id)) = self.settled.pop_front_if(|_| old) else { break };
            if let Some(order) = self.orders.remove(&id)
                && let Some(venue_id) = order.venue_order_id
            {
                self.by_venue_id.remove(&venue_id);
            }
        }
    }

    fn external_order(&mut self, report: &crate::broker::OrderReport) {
        if report.status.is_final() {
            self.external.remove(&report.venue_order_id);
        } else {
            self.external.insert(report.venue_order_id.clone(), report.clone());
        }
    }

    fn adjust(
        &mut self,
        book: &BookId,
        instrument: &domain::InstrumentId,
        qty: domain::SignedQty,
        price: domain::Price,
    ) -> Result<(), String> {
        let instrument = self.instrument(instrument)?;
        self.book_mut(book)?.adjust(&instrument, qty, price).map_err(|e| money(&e))?;
        Ok(())
    }

    fn adjust_cash(&mut self, body: &CashAdjusted) -> Result<(), String> {
        let book = self.book_mut(&BookId::unmanaged())?;
        book.cash.add(&body.money).map_err(|e| overflow(&e))?;
        if let Some(day) = &mut self.day {
            day.equity += body.reporting;
        }
        if let Some(peak) = &mut self.peak {
            *peak += body.reporting;
        }
        Ok(())
    }
}

/// The content by which two orders are the same order sent twice.
fn content(
    book: &BookId,
    instrument: &domain::InstrumentId,
    side: Side,
    qty: Qty,
    kind: &domain::OrderKind,
) -> Hash {
    let (limit, trigger) = (kind.limit(), kind.trigger());
    let text = format!("{book}|{instrument}|{side}|{qty}|{}|{limit:?}|{trigger:?}", kind.name());
    Hash::of(text.as_bytes())
}

impl OrderRecorded {
    /// The content by which a wish is the same as an order recorded before.
    pub(crate) fn content_of(intent: &domain::Intent, resolved: &crate::gate::Resolved) -> Hash {
        content(&intent.book, &intent.instrument, intent.side, resolved.qty, &resolved.kind)
    }

    fn content_hash(&self) -> Hash {
        content(&self.book, &self.instrument, self.side, self.qty, &self.kind)
    }
}
