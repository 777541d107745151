//! The fold of what moves quantity and money: executions, adoption, adjustments.
//!
//! An execution is always posted, whatever state its order is in, and counts once.

use domain::{
    BookId, ClientOrderId, Instrument, InstrumentId, MoneyError, NumError, Position, Price, Qty,
    Side, SignedQty, Timestamp, VenueOrderId, num::add_exact,
};
use rust_decimal::Decimal;

use super::{AccountState, Netted, STRANGERS_KEPT, book::PlannedFill};
use crate::{
    event::{Adopted, CashAdjusted, Event, Filled, PositionAdjusted},
    journal::Hash,
    verbs::RiskClass,
};

/// The key under which an execution counts once.
#[must_use]
pub(crate) fn trade_key(fill: &domain::Fill) -> u128 {
    let text = format!("{}|{}", fill.instrument, fill.trade_id);
    Hash::of(text.as_bytes()).half()
}

pub(super) fn overflow(error: &NumError) -> String {
    error.to_string()
}

pub(super) fn money(error: &MoneyError) -> String {
    error.to_string()
}

impl AccountState {
    pub(super) fn apply_ledger(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::Filled(e) => self.fill(e, at)?,
            Event::ExternalOrder(e) => self.external_order(&e.report),
            Event::Adopted(e) => self.adopt(e)?,
            Event::PositionAdjusted(e) => self.adjust_position(e)?,
            Event::CashAdjusted(e) => self.adjust_cash(e)?,
            Event::CashMoved(e) => self.move_cash(e)?,
            Event::ActionApplied(e) => self.convert(&e.action)?,
            Event::Reconciled(e) => {
                self.reconciled_through = Some(e.through);
                self.trades.forget(e.through);
                self.movements.forget(e.through);
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
        let net = self.net_with(&instrument, fill)?;
        self.book_mut(&body.book)?.fill(fill, &instrument, at).map_err(|e| money(&e))?;
        if let Some((netted, net)) = net {
            self.contracts.insert(instrument.id.clone(), net);
            self.netted.insert(instrument.id.clone(), netted);
        }
        self.trades.insert(fill.at, trade);
        if let Some(report) = self.external.get_mut(&fill.venue_order_id) {
            report.filled = report.filled.plus(fill.qty);
        }
        let Some(id) = self.order_of(fill) else {
            self.note_stranger(&fill.venue_order_id);
            return Ok(());
        };
        let order = self.order_mut(&id)?;
        order.accepted(&fill.venue_order_id);
        order.filled(fill.qty, fill.price);
        let (class, levels, close) = (order.class, order.protective, order.close);
        let first = order.filled == fill.qty;
        self.by_venue_id.insert(fill.venue_order_id.clone(), id.clone());
        if let Some(close) = close.and_then(|c| self.closes.get_mut(&c)) {
            close.closed = close.closed.plus(fill.qty);
            close.attempts = 0;
        }
        let after = self.position(&body.book, &fill.instrument);
        let turned = before.is_long() && after.is_short() || before.is_short() && after.is_long();
        if turned {
            self.book_mut(&body.book)?.forget_plan(&fill.instrument);
        }
        let held = after.abs();
        let grown = if turned { held } else { held.minus(before.abs()) };
        if class == RiskClass::Entry && !grown.is_zero() && !levels.is_empty() {
            let entry = PlannedFill { id: id.clone(), levels, grown, held, first, at };
            self.book_mut(&body.book)?.plan_entry(&fill.instrument, &entry);
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

    fn note_stranger(&mut self, id: &VenueOrderId) {
        if !self.strangers.contains(id) {
            self.strangers.push_back(id.clone());
        }
        while self.strangers.len() > STRANGERS_KEPT {
            self.strangers.pop_front();
        }
    }

    fn external_order(&mut self, report: &crate::broker::OrderReport) {
        self.note_stranger(&report.venue_order_id);
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

    /// Books a quantity that came or went at the venue; or fails and changes nothing.
    fn adjust_position(&mut self, body: &PositionAdjusted) -> Result<(), String> {
        let instrument = self.instrument(&body.instrument)?;
        let side = if body.qty.is_long() { Side::Buy } else { Side::Sell };
        let net = self.net_after(&instrument, side, body.qty.abs(), body.price)?;
        let corrected = body.reporting.map(|by| self.corrected(by)).transpose()?;
        self.adjust(&BookId::unmanaged(), &body.instrument, body.qty, body.price)?;
        self.netted.remove(&body.instrument);
        self.contracts.extend(net);
        if let Some(corrected) = corrected {
            self.correct(corrected);
        }
        Ok(())
    }

    fn adjust(
        &mut self,
        book: &BookId,
        instrument: &InstrumentId,
        qty: SignedQty,
        price: Price,
    ) -> Result<(), String> {
        let instrument = self.instrument(instrument)?;
        self.book_mut(book)?.adjust(&instrument, qty, price).map_err(|e| money(&e))
    }

    /// The account's position in a contract after a change, as the venue nets it; nothing for what
    /// is delivered.
    fn net_after(
        &self,
        instrument: &Instrument,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> Result<Option<(InstrumentId, Position)>, String> {
        if !instrument.asset_class.is_contract() {
            return Ok(None);
        }
        let held = self.contracts.get(&instrument.id).copied();
        let mut net = held.unwrap_or_else(|| Position::flat(instrument.quote));
        net.apply(side, qty, price, instrument.multiplier).map_err(|e| money(&e))?;
        SignedQty::new(net.qty.get()).map_err(|e| overflow(&e))?;
        Ok(Some((instrument.id.clone(), net)))
    }

    /// The account's position in a contract with one more execution, in the venue's order; nothing
    /// for what is delivered.
    fn net_with(
        &self,
        instrument: &Instrument,
        fill: &domain::Fill,
    ) -> Result<Option<(Netted, Position)>, String> {
        if !instrument.asset_class.is_contract() {
            return Ok(None);
        }
        let held = self.contracts.get(&instrument.id).copied();
        let held = held.unwrap_or_else(|| Position::flat(instrument.quote));
        let fresh = || Netted::new(held);
        let netted = self.netted.get(&instrument.id).cloned().unwrap_or_else(fresh);
        let (netted, net) =
            netted.with(held, fill, instrument.multiplier).map_err(|e| money(&e))?;
        SignedQty::new(net.qty.get()).map_err(|e| overflow(&e))?;
        Ok(Some((netted, net)))
    }

    fn adjust_cash(&mut self, body: &CashAdjusted) -> Result<(), String> {
        let corrected = self.corrected(body.reporting)?;
        let book = self.book_mut(&BookId::unmanaged())?;
        book.cash.add(&body.money).map_err(|e| overflow(&e))?;
        self.correct(corrected);
        Ok(())
    }

    /// The day's opening equity and the peak as they would have been, had an amount of the
    /// reporting currency been there, or not, all along.
    pub(super) fn corrected(&self, by: Decimal) -> Result<Corrected, String> {
        let more = |equity: Decimal| add_exact("equity", equity, by).map_err(|e| overflow(&e));
        let day = self.day.map(|d| more(d.equity)).transpose()?;
        let peak = self.peak.map(more).transpose()?;
        Ok(Corrected { day, peak })
    }

    pub(super) fn correct(&mut self, to: Corrected) {
        if let (Some(day), Some(equity)) = (&mut self.day, to.day) {
            day.equity = equity;
        }
        self.peak = to.peak;
    }
}

/// Equity at the day's opening and at its peak, corrected by what came or went.
pub(super) struct Corrected {
    day: Option<Decimal>,
    peak: Option<Decimal>,
}
