//! People at the venue: trades, cancels and transfers that no desk sent.
//!
//! This module must not know what a desk makes of them.

use domain::{ClientOrderId, InstallationId, OrderKind, Qty, Side, TimeInForce};
use path::{broker::OrderReport, verbs::PlaceOrder};
use venue_sim::ExternalOrder;

use crate::{
    faults::Fault,
    world::{Job, World},
};

impl World {
    /// Somebody does something at the venue.
    pub(crate) fn outside(&mut self, a: usize) {
        if self.strikes(Fault::HandTrade) {
            self.hand_trade(a);
        }
        if self.strikes(Fault::HandCancel) {
            self.hand_cancel(a);
        }
        if self.strikes(Fault::Transfer) {
            self.accounts[a].touched = true;
            let dollars = self.dice.between(-4_000, 6_000);
            let account = self.accounts[a].id.clone();
            self.exchange.transfer(&account, if dollars == 0 { 1 } else { dollars });
        }
        if self.strikes(Fault::ForeignDesk) {
            self.foreign_order(a);
        }
    }

    fn some_qty(&mut self, index: usize) -> Qty {
        let step = self.exchange.instruments[index].step;
        let units = self.dice.between(1, 20_000);
        let wanted = crate::exchange::qty(units).to_step(step);
        if wanted.is_zero() { step } else { wanted }
    }

    fn hand_trade(&mut self, a: usize) {
        self.accounts[a].touched = true;
        let index = self.dice.index(self.exchange.instruments.len());
        let side = self.dice.pick(&[Side::Buy, Side::Sell]);
        let limit = self.near(index, -20, 20);
        let order = ExternalOrder {
            account: self.accounts[a].id.clone(),
            instrument: self.exchange.instruments[index].id.clone(),
            side,
            qty: self.some_qty(index),
            kind: if self.dice.chance(600) {
                OrderKind::Market
            } else {
                OrderKind::Limit { limit }
            },
            tif: TimeInForce::Gtc,
            reduce_only: false,
        };
        self.give_by_hand(a, &order);
    }

    /// Somebody gives an order at the venue.
    pub(crate) fn give_by_hand(&mut self, a: usize, order: &ExternalOrder) {
        let events = self.exchange.by_hand(order, self.now);
        self.trace(|| format!("by hand a{a}: {order:?} -> {events:?}"));
        self.publish_all(a, events);
    }

    /// Somebody gives the order by hand that a desk is just sending.
    pub(crate) fn maybe_equal_by_hand(&mut self, a: usize, order: &PlaceOrder) {
        if !self.strikes(Fault::EqualByHand) {
            return;
        }
        self.accounts[a].touched = true;
        let equal = ExternalOrder {
            account: order.account.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            kind: order.kind,
            tif: order.tif,
            reduce_only: order.reduce_only,
        };
        let wait = if self.dice.chance(500) { 0 } else { self.dice.millis(0, 2_000) };
        self.after(wait, Job::ByHand { a, order: Box::new(equal) });
    }

    fn hand_cancel(&mut self, a: usize) {
        let account = self.accounts[a].id.clone();
        let open: Vec<OrderReport> = self.exchange.open_orders(&account);
        if open.is_empty() {
            return;
        }
        let report = open[self.dice.index(open.len())].clone();
        let events = self.exchange.cancel_by_hand(&account, &report, self.now);
        self.publish_all(a, events);
    }

    /// Another Cofferdam trades the same account.
    fn foreign_order(&mut self, a: usize) {
        self.accounts[a].touched = true;
        let other = InstallationId::new("others").expect("a constant");
        self.intents += 1;
        let index = self.dice.index(self.exchange.instruments.len());
        let order = PlaceOrder {
            account: self.accounts[a].id.clone(),
            client_order_id: ClientOrderId::compose(&other, 1, self.intents),
            instrument: self.exchange.instruments[index].id.clone(),
            side: Side::Buy,
            qty: self.some_qty(index),
            kind: OrderKind::Limit { limit: self.near(index, -30, 5) },
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            conditions: domain::Conditions::default(),
        };
        let (outcome, events) = self.exchange.place(&order, None, self.now);
        if let path::broker::PlaceOutcome::Accepted(report) = outcome {
            self.publish_all(a, vec![path::broker::VenueEvent::Order(report)]);
        }
        self.publish_all(a, events);
    }
}
