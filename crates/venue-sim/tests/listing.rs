//! Contracts that follow another instrument, and their funding on the venue's clock.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{account, cents, dec, order, qty, quote, symbol, usd};
use domain::{
    AssetClass, Contract, Instrument, InstrumentId, MarginTier, MovementKind, OrderKind, Side,
    TimeInForce, Timestamp,
};
use path::broker::VenueEvent;
use venue_sim::{
    AccountSettings, Engine, FUNDING_EVERY, Happening, MemoryStorage, Phase, SimConfig, SimError,
    SimTick, Venue, funding_time,
};

/// A Monday, 00:00 UTC.
const DAY: i64 = 1_212_364_800;

fn hour(hours: i64) -> Timestamp {
    Timestamp::from_secs(DAY + hours * 3_600)
}

fn perpetual() -> InstrumentId {
    "sim:XYZ-PERP".parse().unwrap()
}

fn contract() -> Instrument {
    let tiers =
        vec![MarginTier { up_to: None, initial_rate: dec("0.05"), maintenance_rate: dec("0.02") }];
    Instrument {
        id: perpetual(),
        asset_class: AssetClass::Perpetual,
        multiplier: dec("10"),
        contract: Some(Contract { expires: None, max_leverage: dec("20"), tiers }),
        ..common::instrument()
    }
}

fn engine() -> Engine {
    let zero = dec("0");
    let config = SimConfig { maker_fee: zero, taker_fee: zero, ..SimConfig::default() };
    let mut engine = Engine::new(config).unwrap();
    engine.register(common::instrument());
    let settings = AccountSettings { default_leverage: dec("10"), ..AccountSettings::default() };
    engine.open_account(account(), settings).unwrap();
    engine.deposit(&account(), &usd(dec("10000"))).unwrap();
    engine
}

fn price(engine: &mut Engine, units: i64, at: Timestamp) {
    let (price, instrument) = (cents(units * 100), perpetual());
    let (traded_volume, phase) = (None, Phase::Continuous);
    let quote = quote(price, price, price, at);
    engine.on_tick(&SimTick { instrument, quote, traded_volume, phase }, at);
}

fn trade(engine: &mut Engine, id: &str, side: Side, units: i64, at: Timestamp) {
    let plain = order(id, side, units, OrderKind::Market, TimeInForce::Gtc);
    engine.place(&path::verbs::PlaceOrder { instrument: perpetual(), ..plain }, at);
}

/// Time and amount of every funding that is told.
fn funding(engine: &mut Engine, at: Timestamp) -> Vec<(Timestamp, String)> {
    let told = engine.happen(&Happening::Time, at);
    let row = |(_, event): (_, VenueEvent)| match event {
        VenueEvent::Movement(m) if m.kind == MovementKind::Funding => {
            Some((m.at, m.money.amount().normalize().to_string()))
        }
        _ => None,
    };
    told.into_iter().filter_map(row).collect()
}

#[test]
fn funding_is_charged_once_at_each_funding_time() {
    let mut engine = engine();
    engine.list(contract(), symbol(), dec("0.0001"), hour(1)).unwrap();
    price(&mut engine, 100, hour(2));
    trade(&mut engine, "a", Side::Buy, 5, hour(2));
    assert_eq!(funding(&mut engine, hour(7)), []);
    // 5 contracts × 10 × 100 = 5000, of which longs pay 0.01 %
    assert_eq!(funding(&mut engine, hour(9)), [(hour(8), "-0.5".to_owned())]);
    assert_eq!(funding(&mut engine, hour(10)), []);
    price(&mut engine, 120, hour(11));
    assert_eq!(funding(&mut engine, hour(16)), [(hour(16), "-0.6".to_owned())]);
    trade(&mut engine, "b", Side::Sell, 10, hour(17));
    assert_eq!(funding(&mut engine, hour(24)), [(hour(24), "0.6".to_owned())], "shorts are paid");
}

#[test]
fn a_leap_of_the_clock_charges_what_it_leapt_over_up_to_a_week() {
    let mut engine = engine();
    engine.list(contract(), symbol(), dec("-0.0001"), hour(0)).unwrap();
    price(&mut engine, 100, hour(1));
    trade(&mut engine, "a", Side::Buy, 1, hour(1));
    let weekend = funding(&mut engine, hour(65));
    assert_eq!(weekend.len(), 8);
    assert!(weekend.iter().all(|(_, amount)| amount == "0.1"), "shorts pay at a negative rate");
    assert_eq!(weekend[7].0, hour(64));
    assert_eq!(funding(&mut engine, hour(64 + 8 * 40)).len(), 21);
    assert_eq!(funding(&mut engine, hour(64 + 8 * 40 + 7)), [], "the rest is not made up for");
}

#[test]
fn a_restart_neither_forgets_nor_repeats_a_funding_time() {
    let zero = dec("0");
    let config = SimConfig { maker_fee: zero, taker_fee: zero, ..SimConfig::default() };
    let open = |storage| Venue::open(config.clone(), storage).unwrap();
    let mut venue = open(MemoryStorage::default());
    venue.register(common::instrument()).unwrap();
    venue.open_account(account(), AccountSettings::default()).unwrap();
    venue.deposit(&account(), &usd(dec("10000"))).unwrap();
    venue.list(contract(), symbol(), dec("0.0001"), hour(1)).unwrap();
    venue
        .together(|engine| {
            price(engine, 100, hour(2));
            trade(engine, "a", Side::Buy, 1, hour(2));
        })
        .unwrap();
    assert_eq!(venue.happen(&Happening::Time, hour(8)).unwrap().len(), 1);
    let mut venue = open(venue.into_storage());
    assert_eq!(venue.engine().listed().count(), 1, "what it follows is stored");
    assert_eq!(venue.happen(&Happening::Time, hour(9)).unwrap().len(), 0);
    let mut venue = open(venue.into_storage());
    assert_eq!(venue.happen(&Happening::Time, hour(25)).unwrap().len(), 2);
}

#[test]
fn what_can_not_be_listed_is_named() {
    let mut engine = engine();
    let mut list = |contract: Instrument, follows: &str, rate: &str| {
        let follows = follows.parse().unwrap();
        engine.list(contract, follows, dec(rate), hour(10)).unwrap_err()
    };
    let unknown = list(contract(), "sim:NOPE", "0");
    assert_eq!(unknown, SimError::UnknownInstrument("sim:NOPE".parse().unwrap()));
    let rate = list(contract(), "sim:XYZ", "0.06").to_string();
    assert!(rate.starts_with("funding_rate is 0.06: -0.05 to 0.05"), "{rate}");
    let spot = Instrument { id: perpetual(), ..common::instrument() };
    assert!(list(spot, "sim:XYZ", "0").to_string().contains("only a contract"));
    let mut future = Instrument { asset_class: AssetClass::Future, ..contract() };
    assert!(list(future.clone(), "sim:XYZ", "0.01").to_string().contains("has no funding"));
    future.contract.as_mut().unwrap().expires = Some(hour(10));
    assert!(list(future, "sim:XYZ", "0").to_string().contains("venue's future"));
    let own = Instrument { id: symbol(), ..contract() };
    assert!(list(own, "sim:XYZ", "0").to_string().contains("choose another symbol"));
    engine.list(contract(), symbol(), dec("0"), hour(10)).unwrap();
    let other = Instrument { multiplier: dec("1"), step: qty("0.1"), ..contract() };
    let error = engine.list(other, symbol(), dec("0"), hour(10)).unwrap_err();
    assert!(error.to_string().contains("multiplier"), "{error}");
    let finer = Instrument { step: qty("0.1"), ..contract() };
    engine.list(finer, symbol(), dec("0.0003"), hour(10)).unwrap();
}

#[test]
fn the_assumptions_tell_the_funding() {
    let mut engine = engine();
    engine.list(contract(), symbol(), dec("0.0001"), hour(1)).unwrap();
    let words = engine.describe().join("\n");
    assert!(words.contains("sim:XYZ-PERP has the prices of sim:XYZ"), "{words}");
    assert!(words.contains("longs pay shorts 0.01 % of the value"), "{words}");
    assert_eq!(funding_time(hour(17)), hour(16));
    assert_eq!(FUNDING_EVERY.0, 8 * 3_600 * 1_000_000_000);
}

#[test]
fn a_dated_contract_is_settled_and_traded_no_more() {
    let mut engine = engine();
    let mut future = Instrument { asset_class: AssetClass::Future, ..contract() };
    future.contract.as_mut().unwrap().expires = Some(hour(20));
    engine.list(future.clone(), symbol(), dec("0"), hour(1)).unwrap();
    price(&mut engine, 100, hour(2));
    trade(&mut engine, "a", Side::Buy, 5, hour(2));
    price(&mut engine, 103, hour(19));
    engine.happen(&Happening::Time, hour(21));
    // 5 × 10 × (103 − 100)
    assert_eq!(engine.cash(&account()).unwrap().get(domain::Currency::usd()), usd(dec("10150")));
    assert!(!engine.instrument(&perpetual()).unwrap().tradable);
    future.contract.as_mut().unwrap().expires = Some(hour(200));
    engine.list(future, symbol(), dec("0"), hour(22)).unwrap();
    assert!(engine.instrument(&perpetual()).unwrap().tradable, "it goes on with another end");
}
