//! Speed of the matching engine: ticks past resting orders, and orders that fill at once.

use divan::{Bencher, counter::ItemsCount};
use domain::{
    AccountId, AssetClass, Bar, CalendarKind, ClientOrderId, Conditions, Currency, Instrument,
    InstrumentId, Money, OrderKind, Price, Qty, Quote, Side, TickSource, TimeInForce, Timestamp,
};
use path::verbs::PlaceOrder;
use rust_decimal::Decimal;
use venue_sim::{AccountSettings, Engine, MemoryStorage, Phase, SimConfig, SimTick, Venue};

const BATCH: usize = 1_000;

fn main() {
    divan::main();
}

fn cents(units: i64) -> Price {
    Price::new(Decimal::new(units, 2)).expect("a positive price")
}

fn units(n: i64) -> Qty {
    Qty::new(Decimal::from(n)).expect("a quantity")
}

fn symbol() -> InstrumentId {
    "sim:XYZ".parse().expect("a symbol")
}

fn account() -> AccountId {
    AccountId::new("main").expect("an account")
}

fn instrument() -> Instrument {
    Instrument {
        id: symbol(),
        asset_class: AssetClass::Synthetic,
        base: Currency::new("XYZ").expect("a currency"),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: cents(1),
        tick_source: TickSource::Specified,
        step: units(1),
        min_qty: units(1),
        max_qty: None,
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: CalendarKind::AlwaysOpen,
        shortable: true,
        tradable: true,
        contract: None,
    }
}

fn set_up(engine: &mut Engine) {
    engine.register(instrument());
    engine.open_account(account(), AccountSettings::default()).expect("a new account");
    let cash = Money::new(Decimal::from(1_000_000_000), Currency::usd());
    engine.deposit(&account(), &cash).expect("a deposit");
    engine.on_tick(&tick(10_000), Timestamp(0));
}

fn engine() -> Engine {
    let mut engine = Engine::new(SimConfig::default()).expect("a valid configuration");
    set_up(&mut engine);
    engine
}

fn tick(last: i64) -> SimTick {
    let (bid, ask) = (cents(last - 1), cents(last + 1));
    let quote = Quote { bid, ask, last: cents(last), at: Timestamp(0) };
    SimTick {
        instrument: symbol(),
        quote,
        traded_volume: Some(units(10)),
        phase: Phase::Continuous,
    }
}

fn order(n: usize, side: Side, kind: OrderKind) -> PlaceOrder {
    PlaceOrder {
        account: account(),
        client_order_id: ClientOrderId::new(format!("cfa1b2c3-1-{n}")).expect("an id"),
        instrument: symbol(),
        side,
        qty: units(10),
        kind,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        conditions: Conditions::default(),
    }
}

fn with_resting_orders() -> Engine {
    let mut engine = engine();
    for n in 0..10 {
        let limit = cents(9_000 - n as i64);
        engine.place(&order(n, Side::Buy, OrderKind::Limit { limit }), Timestamp(0));
    }
    engine
}

#[divan::bench]
fn ticks_past_10_resting_orders(bencher: Bencher<'_, '_>) {
    let ticks: Vec<SimTick> = (0..BATCH).map(|n| tick(10_000 + (n % 50) as i64)).collect();
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(with_resting_orders).bench_refs(|engine| {
        for tick in &ticks {
            divan::black_box(engine.on_tick(tick, Timestamp(1)));
        }
    });
}

#[divan::bench]
fn bars_past_10_resting_orders(bencher: Bencher<'_, '_>) {
    let bar = Bar {
        open_at: Timestamp(0),
        close_at: Timestamp(1),
        open: cents(10_000),
        high: cents(10_050),
        low: cents(9_950),
        close: cents(10_010),
        volume: units(1_000),
    };
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(with_resting_orders).bench_refs(|engine| {
        for _ in 0..BATCH {
            divan::black_box(engine.on_bar(&symbol(), &bar));
        }
    });
}

fn orders() -> Vec<PlaceOrder> {
    let side = |n| if n % 2 == 0 { Side::Buy } else { Side::Sell };
    (0..BATCH).map(|n| order(n, side(n), OrderKind::Market)).collect()
}

#[divan::bench]
fn place_and_fill(bencher: Bencher<'_, '_>) {
    let orders = orders();
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(engine).bench_refs(|engine| {
        for order in &orders {
            divan::black_box(engine.place(order, Timestamp(1)));
        }
    });
}

#[divan::bench]
fn place_and_fill_stored_in_memory(bencher: Bencher<'_, '_>) {
    let orders = orders();
    let venue = || {
        let storage = MemoryStorage::default();
        let mut venue = Venue::open(SimConfig::default(), storage).expect("a valid configuration");
        venue.together(set_up).expect("memory does not fail");
        venue
    };
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(venue).bench_refs(|venue| {
        for order in &orders {
            divan::black_box(venue.place(order, Timestamp(1)).expect("memory does not fail"));
        }
    });
}
