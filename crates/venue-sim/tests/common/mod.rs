//! Shared pieces of the integration tests: an instrument, an account, short constructors.

#![allow(dead_code, unreachable_pub, missing_docs)]

use domain::{
    AccountId, AssetClass, CalendarKind, ClientOrderId, Conditions, Currency, Instrument,
    InstrumentId, Money, OrderKind, Price, Qty, Quote, Side, TickSource, TimeInForce, Timestamp,
};
use path::verbs::PlaceOrder;
use rust_decimal::Decimal;

pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

pub fn price(text: &str) -> Price {
    Price::new(dec(text)).unwrap()
}

pub fn cents(units: i64) -> Price {
    Price::new(Decimal::new(units, 2)).unwrap()
}

pub fn qty(text: &str) -> Qty {
    Qty::new(dec(text)).unwrap()
}

pub fn usd(amount: Decimal) -> Money {
    Money::new(amount, Currency::usd())
}

pub fn symbol() -> InstrumentId {
    "sim:XYZ".parse().unwrap()
}

pub fn account() -> AccountId {
    AccountId::new("main").unwrap()
}

pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

pub fn instrument() -> Instrument {
    Instrument {
        id: symbol(),
        asset_class: AssetClass::Synthetic,
        base: Currency::new("XYZ").unwrap(),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: price("0.01"),
        tick_source: TickSource::Specified,
        step: qty("1"),
        min_qty: qty("1"),
        max_qty: Some(qty("1000000")),
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: CalendarKind::AlwaysOpen,
        shortable: true,
        tradable: true,
        contract: None,
    }
}

pub fn quote(bid: Price, ask: Price, last: Price, at: Timestamp) -> Quote {
    Quote { bid, ask, last, at }
}

pub fn order(id: &str, side: Side, units: i64, kind: OrderKind, tif: TimeInForce) -> PlaceOrder {
    PlaceOrder {
        account: account(),
        client_order_id: ClientOrderId::new(id).unwrap(),
        instrument: symbol(),
        side,
        qty: Qty::new(Decimal::from(units)).unwrap(),
        kind,
        tif,
        post_only: false,
        reduce_only: false,
        conditions: Conditions::default(),
    }
}
