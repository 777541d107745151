//! The fold of what happens to orders: recorded, accepted, ended, settled.
//!
//! Final states stay final; an order leaves memory only long after nothing more can come of it.
//! It must not know positions or money.

use domain::{BookId, ClientOrderId, Principal, Qty, Side, Timestamp};
use rust_decimal::Decimal;

use super::{
    AccountState, Became, Close, KEYS_KEPT_FOR_SECS, KeyUse, Order, SETTLED_KEPT_FOR_SECS,
    SETTLED_ORDERS_KEPT,
};
use crate::{
    event::{Event, Idempotency, OrderRecorded},
    journal::Hash,
    verbs::RiskClass,
};

/// At most so many times of entries are kept per source.
pub(super) const RECENT_ENTRIES_KEPT: usize = 2_048;

impl AccountState {
    pub(super) fn apply_order(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
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
                let order = self.order_mut(&e.client_order_id)?;
                order.rejected(e.reason, &e.text);
                let replaces = order.replaces.clone();
                if let Some(old) = replaces.and_then(|old| self.orders.get_mut(&old)) {
                    old.replaced_by = None;
                }
                self.settle(&e.client_order_id, at);
            }
            Event::OrderEnded(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.ended(e.status, e.filled, e.reason.as_ref());
                let (open, instrument) = (!order.is_settled(), order.instrument.clone());
                if open && self.live.insert(&instrument, &e.client_order_id) {
                    self.settled.retain(|(_, settled)| *settled != e.client_order_id);
                }
                self.settle(&e.client_order_id, at);
            }
            Event::OrderWrittenOff(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.written_off(&e.by);
                let replaces = order.replaces.clone().filter(|_| order.filled.is_zero());
                if let Some(old) = replaces.and_then(|old| self.orders.get_mut(&old)) {
                    old.replaced_by = None;
                }
                self.settle(&e.client_order_id, at);
            }
            Event::OrderResurfaced(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.resurfaced = Some(e.open);
                order.accepted(&e.venue_order_id);
                let instrument = order.instrument.clone();
                let (venue_id, id) = (e.venue_order_id.clone(), e.client_order_id.clone());
                self.by_venue_id.insert(venue_id, id.clone());
                self.settled.retain(|(_, settled)| *settled != id);
                self.live.insert(&instrument, &id);
            }
            Event::CancelRecorded(e) => {
                let order = self.order_mut(&e.client_order_id)?;
                order.cancel_requested = order.end.is_none() || order.resurfaced.is_some();
            }
            Event::CancelFailed(e) => {
                self.order_mut(&e.client_order_id)?.cancel_requested = false;
            }
            Event::CloseStarted(_) | Event::CloseEnded(_) => self.apply_close(event, at),
            _ => {}
        }
        Ok(())
    }

    fn apply_close(&mut self, event: &Event, at: Timestamp) {
        match event {
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
                    target: e.target,
                    then: e.then.clone(),
                };
                if let (Some(index), Some(book)) = (e.target, self.books.get_mut(&e.book)) {
                    book.note_target(&e.instrument, index, true);
                }
                self.closes.insert(e.id, close);
                self.next_close = self.next_close.max(e.id + 1);
                if let Some(idempotency) = &e.idempotency {
                    let became = Became::Close { id: e.id, qty: e.qty };
                    self.use_key(&e.origin.principal, idempotency, became, at);
                }
            }
            Event::CloseEnded(e) => {
                let ended = self.closes.remove(&e.id);
                let in_vain = ended.filter(|c| !e.done && c.closed.is_zero());
                if let Some(Close { book, instrument, target: Some(index), .. }) = in_vain
                    && let Some(book) = self.books.get_mut(&book)
                {
                    book.note_target(&instrument, index, false);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, body: &OrderRecorded, at: Timestamp) -> Result<(), String> {
        if self.orders.contains_key(&body.client_order_id) {
            return Err(format!("order {} was recorded before", body.client_order_id));
        }
        let id = body.client_order_id.clone();
        if let Some(old) = body.replaces.as_ref().and_then(|old| self.orders.get_mut(old)) {
            old.replaced_by = Some(id.clone());
        }
        self.orders.insert(id.clone(), Order::new(body, at));
        self.live.insert(&body.instrument, &id);
        self.join_group(&id);
        let number = id.number().unwrap_or(self.next_order);
        self.next_order = self.next_order.max(number.saturating_add(1));
        if let Some(close) = body.close.and_then(|c| self.closes.get_mut(&c)) {
            close.attempts += 1;
        }
        if let Some(idempotency) = &body.idempotency {
            self.use_key(&body.origin.principal, idempotency, Became::Order(id), at);
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
        if let Some(book) = self.books.get_mut(&body.book) {
            book.entries_notional += notional;
        }
        let content = body.content_hash();
        for (_, name) in body.origin.names() {
            let usage = self.origins.entry(name.clone()).or_default();
            if usage.day != day {
                usage.day = day;
                usage.entries = 0;
                usage.notional = Decimal::ZERO;
            }
            usage.entries += 1;
            usage.notional += notional;
            // A clock that steps back counts as standing still.
            usage.recent.push_back(usage.recent.back().map_or(at, |last| at.max(*last)));
            while usage.recent.len() > RECENT_ENTRIES_KEPT
                || usage.recent.front().is_some_and(|t| at.since(*t).0 > 60_000_000_000)
            {
                usage.recent.pop_front();
            }
            usage.last = Some((content, at));
        }
    }

    fn use_key(&mut self, by: &Principal, key: &Idempotency, became: Became, at: Timestamp) {
        let name = Self::key_of(by, &key.key);
        self.keys.insert(name, KeyUse { content: key.content, became, at });
        self.prune_keys(at);
    }

    fn prune_keys(&mut self, at: Timestamp) {
        const KEYS_KEPT_MIN: usize = 10_000;
        if self.keys.len() > KEYS_KEPT_MIN && self.keys.len().is_multiple_of(1_024) {
            let limit = KEYS_KEPT_FOR_SECS * 1_000_000_000;
            self.keys.retain(|_, k| at.since(k.at).0 <= limit);
        }
    }

    /// Takes a live order out of every figure and returns what puts it back, so that the order
    /// which takes its place can be judged: of the two, the venue keeps one.
    pub(crate) fn set_aside(&mut self, id: &ClientOrderId) -> bool {
        let instrument = self.orders.get(id).map(|o| o.instrument.clone());
        instrument.is_some_and(|instrument| self.live.remove(&instrument, id))
    }

    /// Puts an order back that was set aside.
    pub(crate) fn put_back(&mut self, id: &ClientOrderId) {
        if let Some(instrument) = self.orders.get(id).map(|o| o.instrument.clone()) {
            self.live.insert(&instrument, id);
        }
    }

    pub(super) fn settle(&mut self, id: &ClientOrderId, at: Timestamp) {
        let Some(order) = self.orders.get(id).filter(|o| o.is_settled()) else { return };
        let instrument = order.instrument.clone();
        if self.live.remove(&instrument, id) {
            self.settled.push_back((at, id.clone()));
            self.leave_group(id);
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
