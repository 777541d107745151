//! The desk's door and the shared venue: what is told, to whom, in which order.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use commands::{follower, open};
use common::{account, at, cents, order, symbol};
use domain::{OrderKind, Side, TimeInForce};
use path::broker::{Broker, CancelOutcome, OrderRef, PlaceOutcome, VenueEvent, VenueStatus};
use venue_sim::{EventSink, MemoryStorage, Phase, SharedVenue, SimBroker, SimConfig, SimTick};

type Heard = Arc<Mutex<Vec<String>>>;

fn shared() -> (SharedVenue<MemoryStorage>, Heard) {
    let heard = Heard::default();
    let listener = heard.clone();
    let sink: EventSink = Arc::new(move |account, event| {
        let text = match event {
            VenueEvent::Order(report) => format!("{account} {:?} {}", report.status, report.filled),
            VenueEvent::Fill(fill) => format!("{account} fill {} {}", fill.trade_id, fill.qty),
            other => format!("{account} {other:?}"),
        };
        listener.lock().unwrap().push(text);
    });
    let venue = SharedVenue::new(open(&SimConfig::default(), MemoryStorage::default()), sink);
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    (venue, heard)
}

fn tick(units: i64) -> SimTick {
    let p = cents(units);
    let quote = common::quote(p, p, p, at(0));
    SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the simulated venue answers at once"),
    }
}

#[test]
fn the_acknowledgement_is_told_before_the_fill() {
    let (venue, heard) = shared();
    let buy = order("c1", Side::Buy, 2, OrderKind::Market, TimeInForce::Gtc);
    let outcome = venue.place(&buy, at(1)).unwrap();
    let PlaceOutcome::Accepted(report) = outcome else { panic!("{outcome:?}") };
    assert_eq!((report.status, report.filled.is_zero()), (VenueStatus::Working, true));
    let expected = ["main Working 0", "main fill t-1 2", "main Filled 2"];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[test]
fn every_account_hears_its_own_events() {
    let (venue, heard) = shared();
    let limit = OrderKind::Limit { limit: cents(9_900) };
    let mine = order("c1", Side::Buy, 1, limit, TimeInForce::Gtc);
    let mut theirs = mine.clone();
    theirs.account = follower();
    venue.place(&mine, at(1)).unwrap();
    venue.place(&theirs, at(1)).unwrap();
    heard.lock().unwrap().clear();
    venue.on_tick(&tick(9_800), at(2)).unwrap();
    let expected = ["main fill t-1 1", "main Filled 1", "follower fill t-2 1", "follower Filled 1"];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[test]
fn a_cancel_is_told_and_answered() {
    let (venue, heard) = shared();
    let limit = OrderKind::Limit { limit: cents(9_900) };
    let buy = order("c1", Side::Buy, 1, limit, TimeInForce::Gtc);
    venue.place(&buy, at(1)).unwrap();
    let outcome = venue.cancel(&account(), &buy.client_order_id, at(2)).unwrap();
    let CancelOutcome::Accepted(Some(report)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(report.status, VenueStatus::Cancelled);
    assert_eq!(*heard.lock().unwrap(), ["main Working 0", "main Cancelled 0"]);
}

#[test]
fn the_door_answers_questions_at_once_after_the_hooked_latency() {
    let (venue, _) = shared();
    let buy = order("c1", Side::Buy, 2, OrderKind::Market, TimeInForce::Gtc);
    venue.place(&buy, at(1)).unwrap();
    let waits = Arc::new(AtomicUsize::new(0));
    let counter = waits.clone();
    let broker =
        SimBroker::new(venue, account(), Arc::new(|| at(7))).with_latency(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Box::pin(std::future::ready(()))
        }));
    let named = OrderRef { client_order_id: buy.client_order_id, venue_order_id: None };
    let report = ready(broker.order(&named)).unwrap().unwrap();
    assert_eq!(report.status, VenueStatus::Filled);
    let snapshot = ready(broker.snapshot(at(0))).unwrap();
    assert_eq!((snapshot.fills.len(), snapshot.complete, snapshot.at), (1, true, at(7)));
    assert_eq!(waits.load(Ordering::SeqCst), 2);
    assert!(broker.capabilities().reduce_only);
}

#[test]
fn a_door_to_a_missing_account_gives_no_snapshot() {
    let (venue, _) = shared();
    let nobody = domain::AccountId::new("nobody").unwrap();
    let broker = SimBroker::new(venue, nobody, Arc::new(|| at(7)));
    let error = ready(broker.snapshot(at(0))).unwrap_err();
    assert!(error.to_string().contains("no account `nobody`"), "{error}");
}
