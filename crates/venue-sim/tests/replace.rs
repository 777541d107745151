//! An order takes another one's place: in one step, or not at all.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use std::sync::{Arc, Mutex};

use commands::open;
use common::{account, at, cents, order, qty, symbol, usd};
use domain::{ClientOrderId, OrderKind, Side, TimeInForce::Gtc};
use path::{
    broker::{PlaceOutcome, VenueEvent, VenueRejection, VenueStatus},
    verbs::{PlaceOrder, ReplaceOrder},
};
use venue_sim::{
    AccountSettings, Engine, EventSink, MemoryStorage, Phase, SharedVenue, SimConfig, SimTick,
    Venue,
};

fn limit(id: &str, side: Side, units: i64, at_cents: i64) -> PlaceOrder {
    order(id, side, units, OrderKind::Limit { limit: cents(at_cents) }, Gtc)
}

fn instead(old: &str, order: PlaceOrder) -> ReplaceOrder {
    ReplaceOrder { order, replaces: ClientOrderId::new(old).unwrap(), venue_order_id: None }
}

fn tick(units: i64) -> SimTick {
    let p = cents(units);
    let quote = common::quote(p, p, p, at(0));
    SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous }
}

/// No fees, cash for ten at 100.00, the market at 100.00.
fn engine(config: SimConfig) -> Engine {
    let zero = rust_decimal::Decimal::ZERO;
    let config = SimConfig { maker_fee: zero, taker_fee: zero, ..config };
    let mut engine = Engine::new(config).unwrap();
    engine.register(common::instrument());
    engine.open_account(account(), AccountSettings::default()).unwrap();
    engine.deposit(&account(), &usd(1_000.into())).unwrap();
    engine.on_tick(&tick(10_000), at(0));
    engine
}

fn told(events: &[VenueEvent]) -> Vec<String> {
    let text = |event: &VenueEvent| match event {
        VenueEvent::Order(r) => {
            let id = r.client_order_id.as_ref().map_or("-", ClientOrderId::as_str);
            format!("{id} {:?} {} {}", r.status, r.filled, r.reason.as_deref().unwrap_or("-"))
        }
        VenueEvent::Fill(f) => format!("fill {} @ {}", f.qty, f.price),
        other => format!("{other:?}"),
    };
    events.iter().map(text).collect()
}

fn refusal(outcome: PlaceOutcome) -> (VenueRejection, String) {
    match outcome {
        PlaceOutcome::Rejected { code, text } => (code, text),
        other => panic!("{other:?}"),
    }
}

fn live(engine: &Engine) -> Vec<String> {
    let open = engine.snapshot(&account(), at(0), at(0)).unwrap().open_orders;
    open.iter().map(|r| format!("{} {}", r.client_order_id.as_ref().unwrap(), r.qty)).collect()
}

#[test]
fn the_new_order_stands_where_the_old_one_stood() {
    let mut engine = engine(SimConfig::default());
    engine.place(&limit("a", Side::Buy, 10, 9_900), at(1));
    let (outcome, events) = engine.replace(&instead("a", limit("b", Side::Buy, 10, 9_800)), at(2));
    let PlaceOutcome::Accepted(report) = outcome else { panic!("{outcome:?}") };
    assert_eq!((report.status, report.qty), (VenueStatus::Working, qty("10")));
    assert_eq!(told(&events), ["a Cancelled 0 replaced by b"]);
    assert_eq!(live(&engine), ["b 10"]);
}

/// 10 × 99 = 990 of 1000 are set aside; with that free again 10 × 100 = 1000 are just enough and
/// 10 × 100.01 = 1000.10 are not.
#[test]
fn what_the_old_order_set_aside_pays_for_the_new_one() {
    let mut engine = engine(SimConfig::default());
    engine.place(&limit("a", Side::Buy, 10, 9_900), at(1));
    let before = engine.book();
    let (outcome, events) = engine.replace(&instead("a", limit("b", Side::Buy, 10, 10_001)), at(2));
    assert_eq!(refusal(outcome).0, VenueRejection::Funds);
    assert!(events.is_empty());
    assert_eq!(engine.book(), before, "the old order is untouched");
    let (outcome, events) = engine.replace(&instead("a", limit("b", Side::Buy, 10, 10_000)), at(2));
    assert!(matches!(outcome, PlaceOutcome::Accepted(_)), "{outcome:?}");
    let expected = ["a Cancelled 0 replaced by b", "fill 10 @ 100", "b Filled 10 -"];
    assert_eq!(told(&events), expected);
}

#[test]
fn every_refusal_leaves_the_old_order() {
    let mut engine = engine(SimConfig::default());
    engine.place(&limit("a", Side::Buy, 5, 9_900), at(1));
    engine.place(&limit("done", Side::Buy, 1, 10_000), at(1));
    let before = engine.book();
    let mut post = limit("b", Side::Buy, 5, 10_000);
    post.post_only = true;
    let mut reduce = limit("b", Side::Buy, 5, 9_900);
    reduce.reduce_only = true;
    let mut odd = limit("b", Side::Buy, 5, 9_900);
    odd.qty = qty("0.5");
    let cases = [
        ("a", post, VenueRejection::WouldTake),
        ("a", reduce, VenueRejection::WouldIncrease),
        ("a", odd, VenueRejection::Rules),
        ("a", limit("b", Side::Sell, 1, 10_100), VenueRejection::Rules),
        ("done", limit("b", Side::Buy, 1, 9_900), VenueRejection::Other),
        ("never", limit("b", Side::Buy, 1, 9_900), VenueRejection::Other),
    ];
    for (old, new, code) in cases {
        let (outcome, events) = engine.replace(&instead(old, new), at(2));
        assert_eq!(refusal(outcome).0, code, "{old}");
        assert!(events.is_empty());
        assert_eq!(engine.book(), before, "{old}");
    }
    let (outcome, _) = engine.replace(&instead("done", limit("b", Side::Buy, 1, 9_900)), at(2));
    assert_eq!(refusal(outcome).1, "the order to replace has ended");
    let (outcome, _) = engine.replace(&instead("a", limit("done", Side::Buy, 1, 9_900)), at(2));
    assert_eq!(outcome, PlaceOutcome::DuplicateId);
}

/// Of 10 two are sold: the new order may sell 8, not 10, because the old one only reduced. Without
/// the mark the quantity is taken as asked.
#[test]
fn a_reducing_order_never_grows() {
    for (marked, expected) in [(true, "b 8"), (false, "b 9")] {
        let share = domain::Percent::new(10.into()).ok();
        let mut engine = engine(SimConfig { volume_share: share, ..SimConfig::default() });
        let held = qty("11").signed(true);
        engine.transfer_position(&account(), &symbol(), held, cents(10_000)).unwrap();
        let mut old = limit("a", Side::Sell, 10, 10_100);
        old.reduce_only = marked;
        engine.place(&old, at(1));
        // 10 % of 20 is 2.
        engine.on_tick(&SimTick { traded_volume: Some(qty("20")), ..tick(10_200) }, at(2));
        let mut new = limit("b", Side::Sell, 9, 10_300);
        new.reduce_only = marked;
        let (outcome, events) = engine.replace(&instead("a", new), at(3));
        assert!(matches!(outcome, PlaceOutcome::Accepted(_)), "{outcome:?}");
        assert_eq!(told(&events), ["a Cancelled 2 replaced by b"]);
        assert_eq!(live(&engine), [expected]);
    }
}

#[test]
fn a_venue_without_the_verb_refuses() {
    let mut engine = engine(SimConfig { replace: false, ..SimConfig::default() });
    engine.place(&limit("a", Side::Buy, 5, 9_900), at(1));
    let (outcome, _) = engine.replace(&instead("a", limit("b", Side::Buy, 5, 9_800)), at(2));
    assert_eq!(refusal(outcome).0, VenueRejection::Other);
    assert_eq!(live(&engine), ["a 5"]);
}

#[test]
fn a_venue_without_the_mark_does_not_read_it() {
    let mut engine = engine(SimConfig { reduce_only: false, ..SimConfig::default() });
    let mut buy = limit("a", Side::Buy, 5, 9_900);
    buy.reduce_only = true;
    let (outcome, _) = engine.place(&buy, at(1));
    let PlaceOutcome::Accepted(report) = outcome else { panic!("{outcome:?}") };
    assert!(!report.reduce_only);
}

#[test]
fn an_order_that_left_memory_has_ended() {
    let config = SimConfig { keep_done: 0, ..SimConfig::default() };
    let mut venue: Venue<MemoryStorage> = open(&config, MemoryStorage::default());
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    venue.place(&limit("a", Side::Buy, 1, 10_000), at(1)).unwrap();
    let late = instead("a", limit("b", Side::Buy, 1, 9_900));
    let (outcome, _) = venue.replace(&late, at(2)).unwrap();
    assert_eq!(refusal(outcome), (VenueRejection::Other, "the order to replace has ended".into()));
    venue.place(&limit("c", Side::Buy, 1, 9_900), at(3)).unwrap();
    let again = instead("c", limit("a", Side::Buy, 1, 9_800));
    assert_eq!(venue.replace(&again, at(4)).unwrap().0, PlaceOutcome::DuplicateId);
}

#[test]
fn the_new_order_is_told_before_the_end_of_the_old_one() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    let sink: EventSink = Arc::new(move |_, event| {
        listener.lock().unwrap().extend(told(std::slice::from_ref(&event)));
    });
    let venue = SharedVenue::new(open(&SimConfig::default(), MemoryStorage::default()), sink);
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    venue.place(&limit("a", Side::Buy, 1, 9_900), at(1)).unwrap();
    heard.lock().unwrap().clear();
    venue.replace(&instead("a", limit("b", Side::Buy, 1, 9_800)), at(2)).unwrap();
    let expected = ["b Working 0 -", "a Cancelled 0 replaced by b"];
    assert_eq!(*heard.lock().unwrap(), expected);
}
