//! The venue goes on from its storage as if nothing had happened.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use commands::{Command, configs, follower, open, run_venue};
use common::{account, at, order, symbol};
use domain::{AccountId, ClientOrderId, Fill, OrderKind, Side, TimeInForce, Timestamp};
use path::broker::{CancelOutcome, PlaceOutcome, VenueStatus};
use proptest::prelude::*;
use venue_sim::{
    MemoryStorage, Phase, SimBook, SimChanges, SimConfig, SimError, SimOrder, SimStorage,
    SimStorageError, SimTick, Venue,
};

fn same_queries<S: SimStorage>(a: &mut Venue<S>, b: &mut Venue<S>, now: Timestamp) {
    for who in [account(), follower()] {
        for since in [at(-100), at(5), now] {
            let (left, right) = (a.snapshot(&who, since, now), b.snapshot(&who, since, now));
            assert_eq!(left, right);
        }
        for n in 0..40 {
            let id = ClientOrderId::new(format!("c{n}")).unwrap();
            assert_eq!(a.order(&who, &id).unwrap(), b.order(&who, &id).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_restart_at_any_point_changes_nothing(config in configs(), commands in commands::commands(25)) {
        for cut in 0..commands.len() {
            let mut whole = open(&config, MemoryStorage::default());
            let mut cut_here = open(&config, MemoryStorage::default());
            for (n, command) in commands.iter().enumerate() {
                let now = at(n as i64);
                if n == cut {
                    cut_here = open(&config, cut_here.into_storage());
                    prop_assert_eq!(whole.engine().book(), cut_here.engine().book());
                    same_queries(&mut whole, &mut cut_here, now);
                }
                let answers =
                    [&mut whole, &mut cut_here].map(|venue| run_venue(venue, command, now));
                prop_assert_eq!(&answers[0], &answers[1]);
            }
            prop_assert_eq!(whole.storage().rows(), cut_here.storage().rows());
        }
    }

    #[test]
    fn changes_are_the_same_after_a_way_through_rows(config in configs(), commands in commands::commands(25)) {
        let mut engine = commands::start(&config);
        engine.track_changes();
        for (n, command) in commands.iter().enumerate() {
            commands::run(&mut engine, command, at(n as i64));
            let changes = engine.take_changes();
            let rows = changes.to_rows().unwrap();
            prop_assert_eq!(SimChanges::from_rows(&rows).unwrap(), changes);
        }
    }
}

/// Fails a commit before or after it is written.
#[derive(Default)]
struct Faulty {
    inner: MemoryStorage,
    fault: Arc<AtomicU8>,
}

const BEFORE: u8 = 1;
const AFTER: u8 = 2;

impl SimStorage for Faulty {
    fn load(&mut self) -> Result<SimBook, SimStorageError> {
        self.inner.load()
    }
    fn commit(&mut self, changes: &SimChanges) -> Result<(), SimStorageError> {
        let fault = self.fault.swap(0, Ordering::SeqCst);
        let broken = || Err(SimStorageError::Io("no room".to_owned()));
        if fault == BEFORE {
            return broken();
        }
        self.inner.commit(changes)?;
        if fault == AFTER { broken() } else { Ok(()) }
    }
    fn order(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError> {
        self.inner.order(account, id)
    }
    fn fills(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<Fill>, SimStorageError> {
        self.inner.fills(account, since)
    }
}

fn tick(units: i64) -> SimTick {
    let p = common::cents(units);
    let quote = common::quote(p, p, p, at(0));
    SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous }
}

fn failing(fault: u8) -> (Venue<Faulty>, Arc<AtomicU8>) {
    let switch = Arc::new(AtomicU8::new(0));
    let storage = Faulty { inner: MemoryStorage::default(), fault: switch.clone() };
    let mut venue = open(&SimConfig::default(), storage);
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    switch.store(fault, Ordering::SeqCst);
    (venue, switch)
}

#[test]
fn a_commit_that_was_lost_never_happened() {
    let (mut venue, _) = failing(BEFORE);
    let buy = order("c1", Side::Buy, 1, OrderKind::Market, TimeInForce::Gtc);
    let error = venue.place(&buy, at(1)).unwrap_err();
    assert_eq!((error.code(), matches!(error, SimError::Storage(_))), ("sim_storage_io", true));
    assert_eq!(venue.order(&account(), &buy.client_order_id).unwrap(), None);
    assert!(venue.snapshot(&account(), at(0), at(1)).unwrap().positions.is_empty());
    assert!(matches!(venue.place(&buy, at(2)).unwrap().0, PlaceOutcome::Accepted(_)));
}

#[test]
fn a_commit_whose_answer_was_lost_did_happen() {
    let (mut venue, _) = failing(AFTER);
    let buy = order("c1", Side::Buy, 1, OrderKind::Market, TimeInForce::Gtc);
    venue.place(&buy, at(1)).unwrap_err();
    let report = venue.order(&account(), &buy.client_order_id).unwrap().unwrap();
    assert_eq!(report.status, VenueStatus::Filled);
    assert_eq!(venue.snapshot(&account(), at(0), at(1)).unwrap().fills.len(), 1);
    assert_eq!(venue.place(&buy, at(2)).unwrap().0, PlaceOutcome::DuplicateId);
}

#[test]
fn ended_orders_leave_memory_but_not_the_venue() {
    let config = SimConfig { keep_done: 2, keep_fills: 2, ..SimConfig::default() };
    let mut venue = open(&config, MemoryStorage::default());
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    for n in 0..10 {
        let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
        let id = format!("c{n}");
        venue.place(&order(&id, side, 1, OrderKind::Market, TimeInForce::Gtc), at(n)).unwrap();
    }
    let first = ClientOrderId::new("c0").unwrap();
    assert_eq!(venue.engine().order(&account(), &first), None, "memory is bounded");
    let report = venue.order(&account(), &first).unwrap().unwrap();
    assert_eq!((report.status, report.filled), (VenueStatus::Filled, common::qty("1")));
    assert_eq!(venue.cancel(&account(), &first, at(20)).unwrap().0, CancelOutcome::TooLate);
    let again = order("c0", Side::Buy, 1, OrderKind::Market, TimeInForce::Gtc);
    assert_eq!(venue.place(&again, at(20)).unwrap().0, PlaceOutcome::DuplicateId);
    for since in 0..10 {
        let snapshot = venue.snapshot(&account(), at(since), at(20)).unwrap();
        assert!(snapshot.complete);
        assert_eq!(snapshot.fills.len() as i64, 10 - since);
        assert!(snapshot.fills.is_sorted_by_key(|fill| fill.at));
    }
}

#[test]
fn deferred_quotes_are_stored_with_the_next_change() {
    let storage = MemoryStorage::default();
    let mut venue = open(&SimConfig::default(), storage).with_deferred_quotes(true);
    let stored = venue.storage().clone();
    venue.on_tick(&tick(10_000), at(0)).unwrap();
    assert_eq!(venue.storage().rows(), stored.rows());
    run_venue(
        &mut venue,
        &Command::Place(order("c1", Side::Buy, 1, OrderKind::Market, TimeInForce::Gtc)),
        at(1),
    )
    .unwrap();
    let reopened = Venue::open(SimConfig::default(), venue.storage().clone()).unwrap();
    assert_eq!(reopened.engine().book(), venue.engine().book());
}
