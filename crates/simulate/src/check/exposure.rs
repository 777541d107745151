//! What an account risks, computed a second time and by another hand than the gate's.
//!
//! Only plain sums over the simulator's own ledger. This module must not know when it is asked.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cap, InstrumentId, Limits, OrderKind, Side};
use path::event::OrderRecorded;
use rust_decimal::Decimal;

use super::Ledger;

/// Latest prices by instrument, as one core knows them.
pub(crate) type Marks = BTreeMap<InstrumentId, Decimal>;

/// Reads one cap of a scope's limits.
type CapOf = fn(&Limits) -> Option<Cap>;

/// The price at which a live order counts.
fn counted(kind: &OrderKind, mark: Option<Decimal>, reference: Option<Decimal>) -> Option<Decimal> {
    let asked = kind.limit().or(kind.trigger()).map(|p| p.get());
    match (mark, asked) {
        (Some(mark), Some(asked)) => Some(if mark > asked { mark } else { asked }),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => reference,
    }
}

/// The price at which an order was judged.
fn judged(order: &OrderRecorded) -> Option<Decimal> {
    order.kind.limit().or(order.kind.trigger()).or(order.reference).map(|p| p.get())
}

impl Ledger {
    /// Cash and holdings at the latest prices.
    pub(crate) fn equity(&self, marks: &Marks) -> Option<Decimal> {
        let mut total: Decimal = self.cash.values().sum();
        for ((_, instrument), qty) in self.positions.iter().filter(|(_, q)| !q.is_zero()) {
            total += *qty * *marks.get(instrument)?;
        }
        Some(total)
    }

    /// The worst value of one instrument; `fresh` is the order under judgement, which counts at
    /// the price at which it was judged.
    pub(crate) fn worst(
        &self,
        instrument: &InstrumentId,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
    ) -> Option<Decimal> {
        let mark = marks.get(instrument).copied();
        let net = self.net(instrument);
        let held = if net.is_zero() { Decimal::ZERO } else { net * mark? };
        let (mut buys, mut sells) = (Decimal::ZERO, Decimal::ZERO);
        // The venue keeps one of an order and the one that takes its place.
        let replaced = fresh.and_then(|f| f.replaces.as_ref());
        let live = self.live().filter(|(id, _)| Some(*id) != replaced);
        for (id, order) in live.filter(|(_, o)| o.body.instrument == *instrument) {
            let open = order.open();
            if open.is_zero() {
                continue;
            }
            let price = match fresh.filter(|f| f.client_order_id == *id) {
                Some(fresh) => judged(fresh)?,
                None => counted(&order.body.kind, mark, order.body.reference.map(|p| p.get()))?,
            };
            let side = if order.body.side == Side::Buy { &mut buys } else { &mut sells };
            *side += price * open;
        }
        for report in self.external.values().filter(|r| r.instrument == *instrument) {
            let open = (report.qty.get() - report.filled.get()).max(Decimal::ZERO);
            if open.is_zero() {
                continue;
            }
            let side = if report.side == Side::Buy { &mut buys } else { &mut sells };
            *side += counted(&report.kind, mark, None)? * open;
        }
        let (up, down) = ((held + buys).abs(), (held - sells).abs());
        Some(if up > down { up } else { down })
    }

    /// The sum of the worst values of all instruments.
    pub(crate) fn gross(&self, marks: &Marks, fresh: Option<&OrderRecorded>) -> Option<Decimal> {
        let held = self.positions.iter().filter(|(_, q)| !q.is_zero()).map(|((_, id), _)| id);
        let live = self.live().map(|(_, o)| &o.body.instrument);
        let foreign = self.external.values().map(|r| &r.instrument);
        let instruments: BTreeSet<_> = held.chain(live).chain(foreign).collect();
        instruments
            .into_iter()
            .try_fold(Decimal::ZERO, |sum, id| Some(sum + self.worst(id, marks, fresh)?))
    }

    /// Every limit that an entry breaks which was just recorded.
    pub(crate) fn broken_limits(&self, order: &OrderRecorded, marks: &Marks) -> Vec<String> {
        let mut out = Vec::new();
        let Some(equity) = self.equity(marks) else {
            return vec!["an entry was cleared although the equity can't be told".to_owned()];
        };
        let Some(price) = judged(order) else {
            return vec!["an entry was cleared without a price".to_owned()];
        };
        let value = price * order.qty.get();
        let worst = self.worst(&order.instrument, marks, Some(order));
        let gross = self.gross(marks, Some(order));
        let caps: [(&str, CapOf, Option<Decimal>); 4] = [
            ("order_notional", |l| l.order_notional, Some(value)),
            ("position_notional", |l| l.position_notional, worst),
            ("gross_exposure", |l| l.gross_exposure, gross),
            ("daily_entry_notional", |l| l.daily_entry_notional, Some(self.day_notional)),
        ];
        for (name, cap, would) in caps {
            for limit in self.scopes(order).into_iter().filter_map(cap) {
                let limit = limit.resolve(equity);
                if would.is_none_or(|would| would > limit) {
                    out.push(format!("{name} {would:?} is beyond {limit}"));
                }
            }
        }
        let replaced = usize::from(order.replaces.is_some());
        let live = self.live().count() - replaced;
        for limit in self.scopes(order) {
            if limit.order_qty.is_some_and(|most| order.qty > most) {
                out.push(format!("order_qty {} is beyond {:?}", order.qty, limit.order_qty));
            }
            if limit.open_orders.is_some_and(|most| live > most as usize) {
                out.push(format!("open_orders {live} are beyond {:?}", limit.open_orders));
            }
        }
        out
    }

    fn scopes(&self, order: &OrderRecorded) -> Vec<&Limits> {
        let of_book = self.book_limits.get(&order.book);
        let of_origin = self.origin_limits.get(&order.origin.kind);
        let of_instrument = self.instrument_limits.get(&order.instrument);
        let others = of_book.into_iter().chain(of_origin).chain(of_instrument);
        std::iter::once(&self.limits).chain(others).collect()
    }
}
