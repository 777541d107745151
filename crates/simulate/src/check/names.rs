//! Whose order is whose at a venue that knows no client ids.
//!
//! There equal orders can't be told apart, so they are counted: every order of the venue that the
//! books take for an own one has its content, no two are one, and of each content the books know
//! at least as many as the venue took in. This module must not know how the desk found out.

use std::collections::{BTreeMap, BTreeSet};

use domain::ClientOrderId;
use path::{broker::OrderReport, event::OrderRecorded, state::AccountState};

use super::Invariant;
use crate::world::World;

/// What two orders have in common that can't be told apart.
fn content(order: &OrderRecorded) -> String {
    let OrderRecorded { instrument, side, qty, kind, tif, reduce_only, .. } = order;
    format!("{instrument} {side} {qty} {kind:?} {tif:?} {reduce_only}")
}

/// A venue may cut a reducing order that takes another one's place to what is left of it.
fn is_same(order: &OrderRecorded, report: &OrderReport) -> bool {
    let cut = order.replaces.is_some() && order.reduce_only && report.qty < order.qty;
    order.instrument == report.instrument
        && order.side == report.side
        && (order.qty == report.qty || cut)
        && order.kind == report.kind
        && order.tif == report.tif
        && order.reduce_only == report.reduce_only
}

/// The desk's order that a report is about, as the desk knows it.
pub(super) fn desks<'a>(
    state: &'a AccountState,
    report: &OrderReport,
) -> Option<&'a ClientOrderId> {
    let by_client = report.client_order_id.as_ref().and_then(|id| state.orders.get(id));
    let by_venue = || state.by_venue_id.get(&report.venue_order_id);
    by_client.map(|order| &order.client_order_id).or_else(by_venue)
}

impl World {
    /// Checks what the desk made of orders without names.
    pub(super) fn check_names(&mut self, a: usize) {
        if self.capabilities.client_ids {
            return;
        }
        let account = self.accounts[a].id.clone();
        let ledger = &self.durable[a];
        let (mut wrong, mut bound) = (Vec::new(), BTreeMap::new());
        let mut owners = BTreeSet::new();
        for report in self.exchange.orders(&account) {
            let id = ledger.by_venue.get(&report.venue_order_id);
            let Some((id, order)) = id.and_then(|id| ledger.orders.get_key_value(id)) else {
                continue;
            };
            *bound.entry(content(&order.body)).or_insert(0_usize) += 1;
            if !is_same(&order.body, &report) {
                wrong.push(format!("{id} is taken for {report:?}"));
            }
            if !owners.insert(id.clone()) {
                wrong.push(format!("{id} is taken for two orders of the venue"));
            }
        }
        let mut taken = BTreeMap::new();
        for (key, times) in &self.exchange.accepted {
            let own = ledger.orders.get(&key.1).filter(|_| key.0 == account && *times > 0);
            if let Some(order) = own.filter(|_| !self.too_late.contains(key)) {
                *taken.entry(content(&order.body)).or_insert(0_usize) += 1;
            }
        }
        for (content, count) in taken {
            let known = bound.get(&content).copied().unwrap_or(0);
            if known < count {
                wrong.push(format!("of {count} orders {content} the books know {known}"));
            }
        }
        self.checked(Invariant::DeadNeverLived);
        for text in wrong {
            self.violate(Invariant::DeadNeverLived, format!("account {a}: {text}"));
        }
    }
}
