//! A venue that knows no client ids: its own ids name orders, in memory, in the storage and after
//! a restart.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use commands::open;
use common::{account, at, cents, order, symbol};
use domain::{OrderKind, Side, TimeInForce::Gtc, VenueOrderId};
use path::{
    broker::{CancelOutcome, OrderReport, PlaceOutcome, VenueStatus},
    verbs::{CancelOrder, PlaceOrder, ReplaceOrder},
};
use venue_sim::{MemoryStorage, Phase, SimConfig, SimTick, Venue};

type Sim = Venue<MemoryStorage>;

/// Ended orders stay in memory or leave it at once.
fn configs() -> [SimConfig; 2] {
    [1_024, 0].map(|keep_done| SimConfig { client_ids: false, keep_done, ..SimConfig::default() })
}

fn limit(id: &str, units: i64, at_cents: i64) -> PlaceOrder {
    order(id, Side::Buy, units, OrderKind::Limit { limit: cents(at_cents) }, Gtc)
}

fn venue(config: &SimConfig) -> Sim {
    let mut venue = open(config, MemoryStorage::default());
    let p = cents(10_000);
    let quote = common::quote(p, p, p, at(0));
    let (instrument, phase) = (symbol(), Phase::Continuous);
    let tick = SimTick { instrument, quote, traded_volume: None, phase };
    venue.on_tick(&tick, at(0)).unwrap();
    venue
}

fn place(venue: &mut Sim, order: &PlaceOrder, secs: i64) -> OrderReport {
    match venue.place(order, at(secs)).unwrap().0 {
        PlaceOutcome::Accepted(report) => report,
        other => panic!("{other:?}"),
    }
}

fn cancel(venue: &mut Sim, id: Option<&VenueOrderId>, secs: i64) -> CancelOutcome {
    let cancel = CancelOrder {
        account: account(),
        client_order_id: "mine".parse().unwrap(),
        venue_order_id: id.cloned(),
        instrument: symbol(),
    };
    venue.cancel_asked(&cancel, at(secs)).unwrap().0
}

#[test]
fn a_recent_order_is_listed_open_or_ended_from_memory_storage_and_after_a_restart() {
    for config in configs() {
        let mut venue = venue(&config);
        let old = place(&mut venue, &limit("a", 1, 10_000), 1).venue_order_id;
        let rests = place(&mut venue, &limit("b", 1, 9_000), 5);
        assert_eq!((rests.client_order_id, rests.placed_at), (None, Some(at(5))));
        let rests = rests.venue_order_id;
        let ended = place(&mut venue, &limit("c", 2, 9_100), 6).venue_order_id;
        assert!(matches!(cancel(&mut venue, Some(&ended), 7), CancelOutcome::Accepted(Some(_))));
        let check = |venue: &mut Sim| {
            let list = venue.recent_orders(&account(), at(4)).unwrap();
            let mut found: Vec<_> =
                list.orders.iter().map(|r| (&r.venue_order_id, r.status)).collect();
            found.sort_by_key(|(id, _)| (*id).clone());
            let expected = [(&rests, VenueStatus::Working), (&ended, VenueStatus::Cancelled)];
            assert_eq!((found, list.complete), (expected.to_vec(), true));
            assert_eq!(
                list.orders.iter().find(|r| r.venue_order_id == ended).unwrap().placed_at,
                Some(at(6))
            );
            assert_eq!(venue.recent_orders(&account(), at(0)).unwrap().orders.len(), 3);
            let filled = venue.order_named(&account(), &old).unwrap().unwrap();
            assert_eq!(filled.status, VenueStatus::Filled);
            assert!(venue.order_named(&account(), &"v-99".parse().unwrap()).unwrap().is_none());
        };
        check(&mut venue);
        let mut venue = Venue::open(config, venue.into_storage()).unwrap();
        check(&mut venue);
        assert_eq!(cancel(&mut venue, Some(&old), 9), CancelOutcome::TooLate);
    }
}

#[test]
fn the_client_can_not_name_an_order_there() {
    let mut venue = venue(&configs()[0]);
    place(&mut venue, &limit("mine", 1, 9_000), 1);
    assert!(matches!(cancel(&mut venue, None, 2), CancelOutcome::Rejected { .. }));
    assert!(venue.order(&account(), &"mine".parse().unwrap()).unwrap().is_none());
    let again = place(&mut venue, &limit("mine", 1, 9_000), 3);
    assert_eq!(again.venue_order_id.as_str(), "v-2", "the same id is not recognised");
}

#[test]
fn an_order_takes_the_place_of_the_one_that_the_venues_id_names() {
    let mut venue = venue(&configs()[0]);
    let old = place(&mut venue, &limit("a", 1, 9_000), 1).venue_order_id;
    let replaces = "a".parse().unwrap();
    let mut request = ReplaceOrder { order: limit("b", 1, 9_100), replaces, venue_order_id: None };
    let (outcome, _) = venue.replace(&request, at(2)).unwrap();
    assert!(matches!(outcome, PlaceOutcome::Rejected { .. }), "{outcome:?}");
    request.venue_order_id = Some(old.clone());
    let (outcome, _) = venue.replace(&request, at(3)).unwrap();
    assert!(matches!(outcome, PlaceOutcome::Accepted(_)), "{outcome:?}");
    let old = venue.order_named(&account(), &old).unwrap().unwrap();
    assert_eq!(old.status, VenueStatus::Cancelled);
    assert_eq!(old.reason.as_deref(), Some("replaced by another order"));
}
