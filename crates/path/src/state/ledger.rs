//! The fold of what moves quantity and money: executions, adoption, adjustments.
//!
//! An execution is always posted, whatever state its order is in, and counts once.

use domain::{BookId, ClientOrderId, MoneyError, NumError, SignedQty, Timestamp, num::add_exact};
use rust_decimal::Decimal;

use super::AccountState;
use crate::{
    event::{Adopted, CashAdjusted, Event, Filled},
    journal::Hash,
    verbs::RiskClass,
};

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
    pub(super) fn apply_ledger(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::Filled(e) => self.fill(e, at)?,
            Event::ExternalOrder(e) => self.external_order(&e.report),
            Event::Adopted(e) => self.adopt(e)?,
            Event::PositionAdjusted(e) => {
                self.adjust(&BookId::unmanaged(), &e.instrument, e.qty, e.price)?;
            }
            Event::CashAdjusted(e) => self.adjust_cash(e)?,
            Event::Reconciled(e) => {
                self.reconciled_through = Some(e.through);
                self.trades.forget(e.through);
            }
            _ => {}
        }
        Ok(())
    }

    fn fill(&mut self, body: &Filled, at: Timestamp) -> Result<(), String> {
        let fill = &body.fill;
        let trade = trade_key(fill);
        if self.trades.contains(trade) {
            return Ok(());
        }
        let instrument = self.instrument(&fill.instrument)?;
        let before = self.position(&body.book, &fill.instrument);
        self.book_mut(&body.book)?.fill(fill, &instrument, at).map_err(|e| money(&e))?;
        self.trades.insert(fill.at, trade);
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
            close.attempts = 0;
        }
        let after = self.position(&body.book, &fill.instrument);
        let grown = after.abs().minus(before.abs());
        if class == RiskClass::Entry && !grown.is_zero() && !levels.is_empty() {
            let entry = (&id, levels);
            let sizes = (grown, after.abs());
            self.book_mut(&body.book)?.plan_entry(&fill.instrument, entry, sizes, at);
        }
        self.note_group_fill(&id);
        self.settle(&id, at);
        Ok(())
    }

    /// The desk's order that an execution belongs to.
    #[must_use]
    pub fn order_of(&self, fill: &domain::Fill) -> Option<ClientOrderId> {
        let by_client = fill.client_order_id.as_ref().filter(|id| self.orders.contains_key(*id));
        let by_venue = || self.by_venue_id.get(&fill.venue_order_id);
        by_client.or_else(|| by_venue().filter(|id| self.orders.contains_key(*id))).cloned()
    }

    fn external_order(&mut self, report: &crate::broker::OrderReport) {
        if report.status.is_final() {
            self.external.remove(&report.venue_order_id);
        } else {
            self.external.insert(report.venue_order_id.clone(), report.clone());
        }
    }

    /// Moves a holding from the unmanaged book to another; or fails and changes nothing.
    fn adopt(&mut self, body: &Adopted) -> Result<(), String> {
        let before = self.book_mut(&body.book)?.clone();
        self.adjust(&body.book, &body.instrument, body.qty, body.price)?;
        let away = SignedQty::ZERO.minus(body.qty);
        let moved = self.adjust(&BookId::unmanaged(), &body.instrument, away, body.price);
        if moved.is_err() {
            *self.book_mut(&body.book)? = before;
        }
        moved
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
        let corrected = |equity: Decimal| add_exact("equity", equity, body.reporting);
        let day = self.day.map(|d| corrected(d.equity)).transpose().map_err(|e| overflow(&e))?;
        let peak = self.peak.map(corrected).transpose().map_err(|e| overflow(&e))?;
        let book = self.book_mut(&BookId::unmanaged())?;
        book.cash.add(&body.money).map_err(|e| overflow(&e))?;
        if let (Some(day), Some(equity)) = (&mut self.day, day) {
            day.equity = equity;
        }
        self.peak = peak;
        Ok(())
    }
}
