//! How fast an order travels: judgement, a whole step, the commit in memory, and the fold.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::*;
use divan::{Bencher, counter::ItemsCount};
use domain::{ClientOrderId, Intent, Nanos};
use path::{
    budget::{BudgetTable, DeskLimits},
    commit::commit,
    core::{Core, Input},
    event::Event,
    gate,
    journal::{Draft, EventRecord, Head, LeaseToken, StreamId},
    policy::Preset,
    state::AccountState,
};

fn main() {
    divan::main();
}

fn name(n: usize) -> String {
    format!("sim:S{n}")
}

/// An account at work: 20 positions with stops, 50 live orders, the limits of a preset.
fn account_at_work() -> Desk {
    let mut desk = Desk::new();
    desk.policy(|p| p.duplicate_window_ms = 2_000);
    for n in 0..20 {
        desk.instrument(stock(&name(n)));
        desk.price(&name(n), "99.99", "100.01");
        desk.order(buy("10").of(&name(n)).stop("95"));
    }
    for n in 0..30 {
        let limit = format!("{}", 60 + n);
        desk.order(buy("1").of(&name(n % 20)).limit(&limit).stop("50"));
    }
    let clusters = (0..20).map(|n| (name(n).parse().unwrap(), u32::try_from(n / 2).unwrap()));
    desk.tell(path::core::Input::Clusters(clusters.collect()));
    desk.advance(Nanos::from_secs(90));
    for n in 0..20 {
        desk.price(&name(n), "99.99", "100.01");
    }
    desk.limit(|l| {
        *l = Preset::Stocks.limits();
        l.entries_per_second = Some(u32::MAX);
        l.entries_per_minute = Some(u32::MAX);
        l.entries_per_day = Some(u32::MAX);
        l.open_orders = Some(u32::MAX);
        l.daily_entry_notional = cap("1000000000");
    });
    assert_eq!(desk.core.state().live.len(), 50);
    desk
}

fn next(n: u64) -> Intent {
    let instrument = name(usize::try_from(n % 20).unwrap());
    buy("1").of(&instrument).limit("99.5").stop("95").key(&format!("k{n}"))
}

#[divan::bench]
fn gate_resolve_and_judge(bencher: Bencher<'_, '_>) {
    let desk = account_at_work();
    let mut budget = BudgetTable::new(DeskLimits::default());
    let id = ClientOrderId::compose(&installation(), 1, 1_000);
    let intent = next(0);
    let ctx = desk.core.context(desk.now);
    bencher.bench_local(|| {
        let resolved = gate::resolve(&ctx, divan::black_box(&intent)).unwrap();
        let verdict = gate::judge(&ctx, &intent, &resolved, &id, false, &mut budget);
        assert!(matches!(verdict, gate::Verdict::Cleared(_)));
        verdict
    });
}

#[divan::bench]
fn gate_refusal_with_all_reasons(bencher: Bencher<'_, '_>) {
    let desk = account_at_work();
    let mut budget = BudgetTable::new(DeskLimits::default());
    let id = ClientOrderId::compose(&installation(), 1, 1_000);
    let intent = buy("900").of(&name(3)).limit("120");
    let ctx = desk.core.context(desk.now);
    bencher.bench_local(|| {
        let resolved = gate::resolve(&ctx, divan::black_box(&intent)).unwrap();
        gate::judge(&ctx, &intent, &resolved, &id, false, &mut budget)
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn submit_step_100(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(100_u32)).with_inputs(account_at_work).bench_local_values(
        |mut desk| {
            for n in 0..100 {
                let batch = desk.core.step(next(n).into(), desk.now, &mut desk.budget);
                assert!(batch.opens_risk());
            }
            desk
        },
    );
}

fn submit_and_commit(bencher: Bencher<'_, '_>, accounts: usize) {
    let orders = 640 / accounts;
    let setup = move || (0..accounts).map(|_| account_at_work()).collect::<Vec<Desk>>();
    bencher.counter(ItemsCount::new(accounts * orders)).with_inputs(setup).bench_local_values(
        move |mut desks| {
            for n in 0..orders {
                let n = u64::try_from(n).unwrap();
                for desk in &mut desks {
                    let batch = desk.core.step(next(n).into(), desk.now, &mut desk.budget);
                    let results = commit(&mut desk.journal, vec![batch]);
                    assert!(results[0].is_ok());
                }
            }
            desks
        },
    );
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn submit_and_commit_640_from_1_account(bencher: Bencher<'_, '_>) {
    submit_and_commit(bencher, 1);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn submit_and_commit_640_from_64_accounts(bencher: Bencher<'_, '_>) {
    submit_and_commit(bencher, 64);
}

fn seal(records: &mut Vec<EventRecord>, event: &Event) {
    let stream = StreamId::account(&account());
    let head = records.last().map_or_else(Head::default, EventRecord::head);
    let (kind, body) = (event.kind().into(), event.body().unwrap().into());
    let at = START.plus(Nanos::from_millis(i64::try_from(records.len()).unwrap()));
    let draft = Draft { at, wall_at: at, kind, version: event.version(), body };
    records.push(EventRecord::seal(&stream, &head, draft));
}

/// So many records of orders that are placed, taken and filled.
fn history(count: usize) -> Vec<EventRecord> {
    let mut desk = Desk::new();
    desk.order(buy("1"));
    desk.order(sell("1"));
    let events = desk.events();
    let first = events.iter().position(|e| e.kind() == "order_recorded").unwrap();
    let (setup, round) = events.split_at(first);
    let mut records = Vec::with_capacity(count);
    for event in setup {
        seal(&mut records, event);
    }
    let mut lap = 0_u64;
    while records.len() < count {
        for event in round {
            seal(&mut records, &renamed(event, lap));
        }
        lap += 1;
    }
    records.truncate(count);
    records
}

/// The same event about another order.
fn renamed(event: &Event, lap: u64) -> Event {
    let body = event.body().unwrap();
    let body = body
        .replace("cfa1b2c3-1-1", &format!("cfa1b2c3-1-{lap}a"))
        .replace("cfa1b2c3-1-2", &format!("cfa1b2c3-1-{lap}b"))
        .replace("\"v1\"", &format!("\"v{lap}a\""))
        .replace("\"t2\"", &format!("\"t{lap}a\""))
        .replace("\"v3\"", &format!("\"v{lap}b\""))
        .replace("\"t4\"", &format!("\"t{lap}b\""));
    Event::decode(event.kind(), event.version(), &body).unwrap()
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn fold_100k_records_chain_checked(bencher: Bencher<'_, '_>) {
    let records = history(100_000);
    let stream = StreamId::account(&account());
    bencher.counter(ItemsCount::new(records.len())).bench_local(|| {
        let state = AccountState::fold(None, &stream, &records).unwrap().unwrap();
        assert_eq!(state.head.seq, 100_000);
        state
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode_100k_records(bencher: Bencher<'_, '_>) {
    let records = history(100_000);
    bencher.counter(ItemsCount::new(records.len())).bench_local(|| {
        for record in &records {
            divan::black_box(Event::decode(&record.kind, record.version, &record.body).unwrap());
        }
    });
}

#[divan::bench]
fn an_idle_tick(bencher: Bencher<'_, '_>) {
    let mut desk = account_at_work();
    let market = desk.core.market().clone();
    let state = desk.core.state().clone();
    let mut core = Core::new(state, market, capabilities(), LeaseToken(1), desk.now.mono);
    let now = desk.now;
    bencher.bench_local(|| core.step(Input::Tick, now, &mut desk.budget));
}
