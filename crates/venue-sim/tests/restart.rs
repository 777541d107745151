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
use domain::{
    AccountId, AssetClass, CashMovement, ClientOrderId, Contract, CorporateAction, Fill,
    Instrument, InstrumentId, MarginTier, MovementId, OrderKind, Side, TimeInForce, Timestamp,
    VenueOrderId,
};
use path::broker::{CancelOutcome, PlaceOutcome, VenueStatus};
use proptest::prelude::*;
use rust_decimal::Decimal;
use venue_sim::{
    AccountSettings, Happening, JsonRows, MarginMode, MarginPlan, MemoryRows, MemoryStorage, Phase,
    RowBatch, RowPut, RowStorage, SimBook, SimChanges, SimConfig, SimError, SimOrder, SimStorage,
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
    fn order_named(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError> {
        self.inner.order_named(account, id)
    }
    fn ended(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<SimOrder>, SimStorageError> {
        self.inner.ended(account, since)
    }
    fn fills(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<Fill>, SimStorageError> {
        self.inner.fills(account, since)
    }
    fn movements(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CashMovement>, SimStorageError> {
        self.inner.movements(account, since)
    }
    fn actions(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CorporateAction>, SimStorageError> {
        self.inner.actions(account, since)
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

fn perpetual() -> Instrument {
    let tier = |up_to, initial: &str, maintenance: &str| MarginTier {
        up_to,
        initial_rate: common::dec(initial),
        maintenance_rate: common::dec(maintenance),
    };
    let tiers = vec![tier(Some(Decimal::from(5_000)), "0.05", "0.02"), tier(None, "0.1", "0.05")];
    Instrument {
        id: "sim:PERP".parse().unwrap(),
        asset_class: AssetClass::Perpetual,
        contract: Some(Contract { expires: None, max_leverage: Decimal::TEN, tiers }),
        ..common::instrument()
    }
}

/// Something that happens at a venue.
type Step = Box<dyn Fn(&mut Venue<MemoryStorage>)>;

/// Contracts, marks, funding, loans and splits: everything that an account can have.
fn busy_steps() -> Vec<Step> {
    let perp = || perpetual().id;
    let contract = move |id: &str, side, units, kind| {
        let mut order = order(id, side, units, kind, TimeInForce::Gtc);
        order.instrument = perpetual().id;
        order
    };
    let quote = move |units: i64, instrument: InstrumentId| SimTick { instrument, ..tick(units) };
    let happen = |what: Happening| -> Step {
        Box::new(move |venue| drop(venue.happen(&what, at(20)).unwrap()))
    };
    let id = |text: &str| text.parse::<MovementId>().unwrap();
    vec![
        Box::new(|venue| venue.register(perpetual()).unwrap()),
        Box::new(|venue| {
            let plan = MarginPlan::Margin {
                initial_rate: common::dec("0.5"),
                maintenance_rate: common::dec("0.25"),
            };
            let settings = AccountSettings {
                margin: plan,
                margin_mode: MarginMode::Isolated,
                ..AccountSettings::default()
            };
            venue.open_account(AccountId::new("busy").unwrap(), settings).unwrap();
        }),
        Box::new(|venue| {
            let (busy, money) = (AccountId::new("busy").unwrap(), common::usd(5_000.into()));
            drop(venue.transfer(&busy, &money, at(1)).unwrap());
        }),
        Box::new(move |venue| {
            venue.set_leverage(&AccountId::new("busy").unwrap(), &perp(), Decimal::TWO).unwrap();
        }),
        Box::new(move |venue| drop(venue.on_tick(&quote(10_000, perp()), at(2)).unwrap())),
        Box::new(|venue| drop(venue.on_tick(&tick(10_000), at(2)).unwrap())),
        Box::new(move |venue| {
            let mut buy = contract("p1", Side::Buy, 40, OrderKind::Market);
            buy.account = AccountId::new("busy").unwrap();
            assert!(matches!(venue.place(&buy, at(3)).unwrap().0, PlaceOutcome::Accepted(_)));
        }),
        Box::new(|venue| {
            let mut short = order("s1", Side::Sell, 21, OrderKind::Market, TimeInForce::Gtc);
            short.account = AccountId::new("busy").unwrap();
            assert!(matches!(venue.place(&short, at(4)).unwrap().0, PlaceOutcome::Accepted(_)));
        }),
        happen(Happening::Mark { instrument: perp(), price: common::cents(9_900) }),
        happen(Happening::Funding { instrument: perp(), rate: common::dec("0.001"), id: id("e1") }),
        happen(Happening::Dividend {
            instrument: symbol(),
            per_share: common::usd(1.into()),
            id: id("d1"),
        }),
        happen(Happening::Split {
            instrument: symbol(),
            numerator: 3.into(),
            denominator: 2.into(),
            id: id("s1"),
        }),
        happen(Happening::Split {
            instrument: symbol(),
            numerator: 3.into(),
            denominator: 2.into(),
            id: id("s1"),
        }),
        happen(Happening::Day),
        happen(Happening::Day),
        happen(Happening::Mark { instrument: perp(), price: common::cents(5_000) }),
    ]
}

#[test]
fn contracts_and_loans_survive_a_restart_at_any_point() {
    let config = SimConfig {
        keep_fills: 1,
        borrow_rate: common::dec("0.0365"),
        interest_rate: common::dec("0.0365"),
        ..SimConfig::default()
    };
    let busy = AccountId::new("busy").unwrap();
    let steps = busy_steps();
    for cut in 0..=steps.len() {
        let [mut whole, mut cut_here] = [(); 2].map(|()| open(&config, MemoryStorage::default()));
        for (n, step) in steps.iter().enumerate() {
            if n == cut {
                cut_here = open(&config, cut_here.into_storage());
            }
            step(&mut whole);
            step(&mut cut_here);
        }
        assert_eq!(whole.engine().book(), cut_here.engine().book(), "cut at {cut}");
        assert_eq!(whole.storage().rows(), cut_here.storage().rows(), "cut at {cut}");
        let snapshot = whole.snapshot(&busy, at(-100), at(30)).unwrap();
        assert_eq!(snapshot, cut_here.snapshot(&busy, at(-100), at(30)).unwrap());
        let kinds: Vec<&str> = snapshot.movements.iter().map(|m| m.kind.name()).collect();
        let expected = ["deposit", "funding", "dividend", "cash_in_lieu", "borrow_fee"];
        assert_eq!(kinds, expected, "each once, although only one is kept in memory");
        assert_eq!(snapshot.actions.len(), 1);
        let reasons = snapshot.fills.iter().filter(|fill| fill.client_order_id.is_none());
        assert_eq!(reasons.count(), 1, "the mark liquidated the contract");
    }
}

/// Rows as earlier versions wrote them.
#[test]
fn rows_of_earlier_versions_are_read() {
    let rows = [
        ("sim_meta", "counters", r#"{"orders":1,"trades":0,"clock":"2023-11-14T22:13:20Z"}"#),
        (
            "sim_account",
            "main",
            r#"{"id":"main","settings":{"allow_short":true},"cash":{"USD":"3000"},"positions":{}}"#,
        ),
        (
            "sim_market",
            "sim:XYZ",
            r#"{"instrument":{"id":"sim:XYZ","asset_class":"synthetic","base":"XYZ","quote":"USD","fee_currency":"USD","tick":"0.01","tick_source":"specified","step":"1","min_qty":"1","max_qty":"1000000","min_notional":"0","multiplier":"1","calendar":"24/7","shortable":true,"tradable":true},"session":"open","quote":null,"budget":null}"#,
        ),
        (
            "sim_working",
            "main/c1",
            r#"{"number":1,"venue_order_id":"v-1","account":"main","client_order_id":"c1","instrument":"sim:XYZ","side":"buy","qty":"1","kind":{"type":"limit","limit":"95"},"tif":"gtc","post_only":false,"reduce_only":false,"status":"working","filled":"0","triggered":false,"taking":false,"reserve_price":"95","reason":null,"at":"2023-11-14T22:13:20Z"}"#,
        ),
    ];
    let puts = rows.map(|(table, key, json)| RowPut { table, key: key.into(), json: json.into() });
    let mut old = MemoryRows::default();
    old.apply(&RowBatch { puts: puts.into(), deletes: Vec::new() }).unwrap();
    let venue = Venue::open(SimConfig::default(), RowStorage::new(old)).unwrap();
    let book = venue.engine().book();
    assert!(book.working[0].conditions.is_plain());
    let settings = AccountSettings { allow_short: true, ..AccountSettings::default() };
    assert_eq!(book.accounts[0].settings, settings);
    // Written again, what is as before looks as before.
    let whole =
        SimChanges { accounts: book.accounts, working: book.working, ..SimChanges::default() };
    for put in whole.to_rows().unwrap().puts {
        let before = rows.iter().find(|(table, ..)| *table == put.table).unwrap();
        assert_eq!(put.json, before.2);
    }
}
