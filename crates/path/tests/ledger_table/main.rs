//! The ledger by hand: what executions, fees, funding, dividends, splits and deposits do to books,
//! wallet and equity, and what margin they leave. Each case shows its arithmetic, goes through the
//! doors that a venue and a trader use, and ends with books and venue in agreement, where the
//! venue keeps accounts of its own.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod contracts;
mod fees;
mod guards;
mod margin;
mod movements;
mod spot;

use common::*;
use domain::{
    AssetClass, CashMovement, Contract, CorporateAction, Currency, Instrument, MarginTier, Money,
    MovementId, MovementKind, Nanos, Position, Side,
};
use path::{
    broker::VenueEvent,
    codes::Refusal,
    core::Input,
    policy::{Leverage, Policy},
    state::Book,
};
use rust_decimal::Decimal;

/// A perpetual contract on one bitcoin: step 0.001, margin 1 % up to 50 000 and 2 % beyond,
/// maintenance half of that, leverage up to 50.
pub(crate) const PERP: &str = "sim:BTC-PERP";
/// A dated future on 50 times its price.
pub(crate) const ES: &str = "sim:ESZ4";
/// A share in euros.
pub(crate) const SAP: &str = "sim:SAP";

pub(crate) fn terms() -> Contract {
    let tier = |up_to, initial, maintenance| MarginTier {
        up_to,
        initial_rate: d(initial),
        maintenance_rate: d(maintenance),
    };
    let tiers = vec![tier(Some(d("50000")), "0.01", "0.005"), tier(None, "0.02", "0.01")];
    Contract { expires: None, max_leverage: d("50"), tiers }
}

pub(crate) fn perp() -> Instrument {
    Instrument {
        asset_class: AssetClass::Perpetual,
        shortable: true,
        contract: Some(terms()),
        ..crypto(PERP)
    }
}

pub(crate) fn future() -> Instrument {
    Instrument {
        asset_class: AssetClass::Future,
        multiplier: d("50"),
        contract: Some(terms()),
        ..stock(ES)
    }
}

pub(crate) fn share_in_euros() -> Instrument {
    let eur = coin("EUR");
    Instrument { quote: eur, fee_currency: eur, ..stock(SAP) }
}

pub(crate) fn coin(name: &str) -> Currency {
    Currency::new(name).unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    let (amount, currency) = text.split_once(' ').unwrap();
    Money::new(d(amount), coin(currency))
}

/// A desk with 100 000 USD that expects no fees, and the books `a`, `b` and `c`.
pub(crate) struct Table {
    pub(crate) desk: Desk,
    next: u32,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::over(Venue::new())
    }

    /// With 10 000 EUR beside, at 1.1 USD each.
    pub(crate) fn with_euros() -> Self {
        let mut venue = Venue::new();
        venue.cash.add(&money("10000 EUR")).unwrap();
        Self::over(venue)
    }

    pub(crate) fn over(venue: Venue) -> Self {
        let policy = Policy { allow_short: true, fee_rate: Decimal::ZERO, ..plain_policy() };
        let mut desk = Desk::over(venue, policy, capabilities());
        for instrument in [stock(IBM), crypto(BTC), perp(), future(), share_in_euros()] {
            desk.instrument(instrument);
        }
        let mut table = Self { desk, next: 1 };
        table.rate("EUR", "1.1");
        table.desk.open_market();
        table.mark(IBM, "100");
        table.mark(PERP, "50000");
        table.mark(ES, "5000");
        table.mark(SAP, "100");
        table.desk.connect();
        for book in ["a", "b", "c"] {
            table.desk.open_book(book);
        }
        table
    }

    pub(crate) fn mark(&mut self, instrument: &str, price: &str) {
        self.desk.price(instrument, price, price);
    }

    pub(crate) fn rate(&mut self, from: &str, rate: &str) {
        let (from, to, at) = (coin(from), Currency::usd(), self.desk.now.at);
        self.desk.tell(Input::Rate { from, to, rate: d(rate), at });
    }

    pub(crate) fn leverage(&mut self, leverage: &str) {
        self.desk.policy(|p| p.leverage = Leverage::try_from(d(leverage)).unwrap());
    }

    /// Every further execution costs this.
    pub(crate) fn fee(&mut self, fee: &str) {
        self.desk.venue.fee = Some(money(fee));
    }

    pub(crate) fn buy(&mut self, book: &str, instrument: &str, size: &str, price: &str) {
        self.trade((book, instrument), Side::Buy, size, price);
    }

    pub(crate) fn sell(&mut self, book: &str, instrument: &str, size: &str, price: &str) {
        self.trade((book, instrument), Side::Sell, size, price);
    }

    /// A limit order at the market, filled at its price.
    fn trade(&mut self, (book, instrument): (&str, &str), side: Side, size: &str, price: &str) {
        self.mark(instrument, price);
        let order = self.desk.order(self.limit((book, instrument), side, size, price));
        self.desk.fill(&order, size, price);
    }

    pub(crate) fn limit(
        &self,
        (book, instrument): (&str, &str),
        side: Side,
        size: &str,
        price: &str,
    ) -> domain::Intent {
        wish(instrument, side, size).into_book(book).limit(price)
    }

    /// Somebody trades at the broker, past the desk, at the market.
    pub(crate) fn by_hand(&mut self, instrument: &str, side: Side, size: &str, price: &str) {
        self.mark(instrument, price);
        let inputs = self.desk.venue.trade_by_hand(instrument, side, size, self.desk.now.at);
        self.desk.tell_all(inputs);
    }

    /// The refusal for want of funds, as limit, value and largest quantity.
    pub(crate) fn short_of_funds(&mut self, intent: domain::Intent) -> (String, String, String) {
        let refusals = self.desk.refusals(intent);
        let codes: Vec<_> = refusals.iter().map(|r| r.code).collect();
        assert_eq!(codes, [path::codes::RefusalCode::BuyingPower], "{refusals:?}");
        let Refusal { limit, value, max_allowed_qty, .. } = refusals.into_iter().next().unwrap();
        (limit.unwrap(), value.unwrap(), max_allowed_qty.unwrap().to_string())
    }

    /// The venue moves cash and keeps it in its list; whether the stream tells it is up to `told`.
    pub(crate) fn moved(
        &mut self,
        kind: MovementKind,
        instrument: Option<&str>,
        amount: &str,
        told: bool,
    ) {
        let movement = CashMovement {
            id: MovementId::new(format!("m{}", self.number())).unwrap(),
            kind,
            instrument: instrument.map(id),
            money: money(amount),
            at: self.desk.now.at,
        };
        self.desk.venue.cash.add(&movement.money).unwrap();
        self.desk.venue.movements.push(movement.clone());
        if told {
            self.desk.tell(Input::Venue(VenueEvent::Movement(movement)));
        }
    }

    pub(crate) fn funding(&mut self, amount: &str) {
        self.moved(MovementKind::Funding, Some(PERP), amount, true);
    }

    /// The venue pays for a fraction, and holds so much more, or less, afterwards.
    pub(crate) fn paid_in_lieu(&mut self, instrument: &str, change: &str, amount: &str) {
        let held = self.desk.venue.positions.get_mut(&id(instrument)).unwrap();
        *held = held.plus(domain::SignedQty::new(d(change)).unwrap());
        self.moved(MovementKind::CashInLieu, Some(instrument), amount, true);
    }

    /// The venue turns `denominator` units into `numerator`, and ends every order in them.
    pub(crate) fn split(&mut self, instrument: &str, numerator: &str, denominator: &str) {
        let action = self.split_untold(instrument, numerator, denominator);
        self.desk.tell(Input::Venue(VenueEvent::Action(action)));
        let working =
            |r: &&path::broker::OrderReport| r.instrument == id(instrument) && !r.status.is_final();
        let orders: Vec<_> = self.desk.venue.orders.values().filter(working).cloned().collect();
        for order in orders {
            let cancelled = path::broker::VenueStatus::Cancelled;
            let report = self.desk.venue.end(&order.venue_order_id, cancelled);
            self.desk.tell(Input::Venue(VenueEvent::Order(report)));
        }
    }

    pub(crate) fn split_untold(
        &mut self,
        instrument: &str,
        numerator: &str,
        denominator: &str,
    ) -> CorporateAction {
        self.desk.advance(Nanos::from_secs(1));
        let instrument = id(instrument);
        let action = CorporateAction {
            id: MovementId::new(format!("s{}", self.number())).unwrap(),
            instrument: instrument.clone(),
            numerator: d(numerator),
            denominator: d(denominator),
            at: self.desk.now.at,
        };
        if let Some(qty) = self.desk.venue.positions.get_mut(&instrument) {
            *qty = domain::SignedQty::new(qty.get() * d(numerator) / d(denominator)).unwrap();
        }
        self.desk.venue.actions.push(action.clone());
        action
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub(crate) fn book(&self, name: &str) -> &Book {
        &self.desk.core.state().books[&book(name)]
    }

    pub(crate) fn held(&self, book: &str, instrument: &str) -> Position {
        self.book(book).positions[&id(instrument)]
    }

    /// Quantity, cost and realised profit of a position.
    pub(crate) fn position(&self, book: &str, instrument: &str) -> [String; 3] {
        let position = self.held(book, instrument);
        [position.qty.get(), position.cost.amount(), position.realized.amount()]
            .map(|n| n.to_string())
    }

    /// The account's net position in a contract.
    pub(crate) fn net(&self, instrument: &str) -> [String; 3] {
        let position = self.desk.core.state().contracts[&id(instrument)];
        [position.qty.get(), position.cost.amount(), position.realized.amount()]
            .map(|n| n.to_string())
    }

    /// A book's effect on cash in USD.
    pub(crate) fn cash(&self, book: &str) -> String {
        self.cash_in(book, "USD")
    }

    pub(crate) fn cash_in(&self, book: &str, currency: &str) -> String {
        self.book(book).cash.get(coin(currency)).amount().to_string()
    }

    pub(crate) fn fees(&self, book: &str, currency: &str) -> String {
        self.book(book).fees.get(coin(currency)).amount().to_string()
    }

    pub(crate) fn kind(&self, book: &str, kind: MovementKind) -> String {
        let sums = self.book(book).movements.get(&kind).cloned().unwrap_or_default();
        sums.get(Currency::usd()).amount().to_string()
    }

    pub(crate) fn wallet(&self, currency: &str) -> String {
        self.desk.core.state().wallet(coin(currency)).amount().to_string()
    }

    pub(crate) fn margin(&self) -> path::gate::Margin {
        self.desk.core.book().margin(Currency::usd()).unwrap()
    }

    pub(crate) fn liquidation(&self, instrument: &str) -> Option<String> {
        let price = self.desk.core.book().liquidation_price(&id(instrument));
        price.map(|p| p.to_string())
    }

    /// Books and venue are compared, and nothing is left to explain.
    pub(crate) fn agrees(mut self) {
        self.desk.tell(Input::Venue(VenueEvent::Connected));
        self.desk.pass(Nanos::from_secs(4));
        assert!(self.desk.core.fitness().reconciled, "{:?}", self.desk.alarms());
        let state = self.desk.core.state();
        assert_eq!(state.wallets(), self.desk.venue.cash, "the venue shows another balance");
        let opening = self.desk.venue.cash.iter().count().max(1);
        assert!(self.desk.count("cash_adjusted") <= opening, "a balance was not explained");
        self.desk.assert_agrees_with_venue();
        self.desk.assert_folds();
    }
}
