//! Walk-forward: what is chosen knows nothing of what it is tested on.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::ops::ControlFlow;

use domain::Bar;
use kit::{threads, trial};
use research::{
    sweep::Space,
    walk::{Plan, Walk, WalkReport},
};

const PLAN: Plan = Plan { train: 120, test: 40, anchored: false };

fn walk(plan: Plan, change: impl Fn(usize, &mut Bar)) -> Walk {
    let mut trial = trial(300);
    let mut bars = trial.markets[0].bars.to_vec();
    for (n, bar) in bars.iter_mut().enumerate() {
        change(n, bar);
    }
    trial.markets[0].bars = bars.into();
    let axes = ["fast=2..4:1".parse().unwrap(), "slow=6..10:2".parse().unwrap()];
    let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
    Walk { trial, space, objective: "total_return_percent".parse().unwrap(), plan }
}

fn walked(walk: &Walk, count: usize) -> WalkReport {
    walk.run(threads(count), |_, _| ControlFlow::Continue(())).unwrap()
}

#[test]
fn later_bars_change_no_earlier_fold() {
    for plan in [PLAN, Plan { anchored: true, ..PLAN }] {
        let here = walked(&walk(plan, |_, _| ()), 2);
        assert_eq!(here.folds.len(), 4);
        // The second test ends before bar 200.
        let other = walked(
            &walk(plan, |n, bar| {
                if n >= 200 {
                    bar.close = bar.low
                }
            }),
            2,
        );
        assert_eq!(here.folds[..2], other.folds[..2]);
        assert_ne!(here.folds[2..], other.folds[2..]);
    }
}

#[test]
fn a_test_trades_its_own_bars_and_no_bar_of_the_warm_up() {
    let walk = walk(PLAN, |_, _| ());
    let windows = PLAN.windows(300).unwrap();
    for window in windows {
        let mut test = walk.window(&window.test, 10);
        test.params = walk.space.params(0);
        let all = &walk.trial.markets[0].bars;
        let told = &test.markets[0].bars;
        assert_eq!(told[..], all[window.test.start - 10..window.test.end]);
        let report = research::trial::run(&test).unwrap();
        let begin = all[window.test.start].open_at;
        assert_eq!((report.from, report.until), (begin, told[told.len() - 1].close_at));
        assert_eq!(report.equity.len(), window.test.len() + 1);
        assert!(report.trades.iter().all(|trade| trade.opened_at > begin));
    }
}

#[test]
fn warm_bars_make_rules_ready_at_the_first_bar_of_a_window() {
    let walk = walk(PLAN, |_, _| ());
    let window = PLAN.windows(300).unwrap().remove(1);
    let trades = |warm_up| {
        let test = walk.window(&window.test, warm_up);
        let report = research::trial::run(&test).unwrap();
        report.equity.iter().position(|p| !p.exposure_gross.is_zero())
    };
    let cold = trades(0).unwrap();
    let warm = trades(60).unwrap();
    assert!(warm <= cold && cold >= 8, "{warm} {cold}");
}

#[test]
fn the_tests_are_one_account_and_threads_change_no_byte() {
    let walk = walk(PLAN, |_, _| ());
    let one = walked(&walk, 1);
    let text = |report: &WalkReport| serde_json::to_string(report).unwrap();
    assert_eq!(text(&walked(&walk, 3)), text(&one));
    assert_eq!(one.equity.len(), 4 * 40 + 1);
    assert!(one.equity.windows(2).all(|pair| pair[0].at < pair[1].at));
    let grown = one
        .folds
        .iter()
        .fold(1.0, |all, fold| all * (1.0 + fold.returns.out_of_sample_percent / 100.0));
    let total = one.statistics.number("total_return_percent").flatten().unwrap();
    assert!(((grown - 1.0) * 100.0 - total).abs() < 1e-6, "{grown} {total}");
    assert_eq!(one.walk_forward.folds, 4);
    let trades: usize = one.folds.iter().map(|fold| fold.trades).sum();
    assert_eq!(one.statistics.number("trade_count"), Some(Some(trades as f64)));
}
