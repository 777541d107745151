//! What is drawn by chance: bounds that hold for every draw, and the same numbers for a seed.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{daily, day, dec, near, point, run, trades};
use research::stats::{
    EquityPoint, EveryDay, Note, Resample, Settings, Statistics, TradeRow, Trials,
};

fn drawn(equity: &[EquityPoint], trades: &[TradeRow], seed: u64, block: Option<u32>) -> Statistics {
    let resample = Some(Resample { seed, runs: 500, mean_block_days: block });
    let settings = Settings { resample, ..Settings::default() };
    Statistics::of(&run(equity, trades), &EveryDay, &settings).unwrap()
}

/// Days that gain 2 % and lose 1 % in turn, for two years.
fn in_turn() -> Vec<EquityPoint> {
    let mut points = vec![point(day(0), "1000")];
    for n in 1..=731 {
        let factor = if n % 2 == 1 { dec("1.02") } else { dec("0.99") };
        let equity = points.last().map(|p| (p.equity * factor).round_dp(12)).unwrap();
        points.push(EquityPoint { equity, ..point(day(n), "0") });
    }
    points
}

#[test]
fn two_trades_have_two_orders() {
    // From 100: −50 then +50 falls to 50 (50 %); +50 then −50 falls from 150 to 100 (33.3 %).
    let s = drawn(&daily(&["100", "100"]), &trades(&["-50", "50"]), 1, None);
    let m = s.monte_carlo.value().unwrap();
    near(Some(&m.drawdown_percent.p5), 100.0 / 3.0);
    near(Some(&m.drawdown_percent.max), 50.0);
    near(Some(&m.observed_drawdown_percent), 50.0);
    let cash = &m.drawdown_cash;
    assert_eq!((cash.p5, cash.max, m.final_equity), (dec("50"), dec("50"), dec("100")));
    assert_eq!(s.monte_carlo.notes(), [Note::FewObservations]);
}

#[test]
fn only_losses_fall_by_their_sum_in_any_order() {
    let s = drawn(&daily(&["100", "40"]), &trades(&["-10", "-20", "-30"]), 9, None);
    let m = s.monte_carlo.value().unwrap();
    near(Some(&m.drawdown_percent.p5), 60.0);
    near(Some(&m.drawdown_percent.max), 60.0);
    assert_eq!(m.drawdown_cash.p50, dec("60"));
}

#[test]
fn a_seed_draws_the_same_and_another_draws_others() {
    let (equity, closed) = (in_turn(), trades(&["5", "-3", "2", "-7", "4", "1"]));
    let a = drawn(&equity, &closed, 1, None);
    assert_eq!(a, drawn(&equity, &closed, 1, None));
    let b = drawn(&equity, &closed, 2, None);
    assert_ne!(a.bootstrap, b.bootstrap);
    assert_eq!(a.returns, b.returns);
}

#[test]
fn an_interval_holds_its_median_and_widens_with_confidence() {
    let (equity, resample) = (in_turn(), Resample { seed: 1, runs: 500, mean_block_days: Some(1) });
    let at = |confidence_percent| {
        let settings =
            Settings { confidence_percent, resample: Some(resample), ..Settings::default() };
        let s = Statistics::of(&run(&equity, &[]), &EveryDay, &settings).unwrap();
        s.bootstrap.value().unwrap().figures.sharpe.value().unwrap().clone()
    };
    let (narrow, wide) = (at(50.0), at(99.0));
    assert!(wide.low < narrow.low && narrow.low < narrow.median);
    assert!(narrow.median < narrow.high && narrow.high < wide.high);
    near(Some(&narrow.median), wide.median);
}

/// Drawn one by one, 731 such days have a Sharpe ratio with a standard error of about
/// √(365 × (1 + SR²/2) / 731) = 0.73 around 6.4. In blocks that keep the turns it hardly moves.
#[test]
fn blocks_keep_what_neighbours_have_to_do_with_each_other() {
    let width = |block| {
        let s = drawn(&in_turn(), &[], 3, Some(block));
        let interval = s.bootstrap.value().unwrap().figures.sharpe.value().unwrap().clone();
        assert!((interval.median - s.returns.sharpe.value().unwrap()).abs() < 0.2);
        interval.high - interval.low
    };
    let (single, long) = (width(1), width(200));
    assert!((2.5..3.3).contains(&single), "{single}");
    assert!(long < single / 5.0, "{long} beside {single}");
}

#[test]
fn the_block_is_the_cube_root_unless_set() {
    let block = |days: i64| {
        let points: Vec<_> =
            (0..=days).map(|n| point(day(n), if n % 2 == 0 { "9" } else { "10" })).collect();
        drawn(&points, &[], 1, None).bootstrap.value().unwrap().figures.mean_block_days
    };
    assert_eq!([8, 27, 28, 64].map(block), [2, 3, 4, 4]);
}

#[test]
fn a_drawn_series_without_a_ratio_leaves_it_undefined() {
    // One of three returns is not zero: a series may well be drawn without it.
    let s = drawn(&daily(&["100", "100", "110", "110"]), &[], 1, Some(1));
    let bootstrap = s.bootstrap.value().unwrap();
    assert_eq!(bootstrap.figures.sharpe.notes(), [Note::NoVariance]);
    assert!(bootstrap.remarks.iter().any(|r| r.figure == "sharpe" && r.undefined));
    assert_eq!(bootstrap.figures.max_drawdown_percent.value().unwrap().high, 0.0);
}

#[test]
fn trials_by_their_ratios() {
    // 1, 2, 3: variance 1. The fourth has no ratio but was looked at.
    let trials = Trials::of(&[Some(1.0), Some(2.0), None, Some(3.0)]).unwrap();
    assert_eq!((trials.count, trials.sharpe_variance), (4, 1.0));
    assert_eq!(Trials::of(&[Some(1.0), None]), None);
}

/// Powers, error functions and draws to the last bit, so that a machine or a library that rounds
/// otherwise is found out.
#[test]
fn every_bit_is_pinned() {
    let resample = Some(Resample { seed: 1, runs: 500, mean_block_days: None });
    let trials = Some(Trials { count: 20, sharpe_variance: 8.0 });
    let settings = Settings { sharpe_to_beat: 6.0, resample, trials, ..Settings::default() };
    let s = Statistics::of(&run(&in_turn(), &[]), &EveryDay, &settings).unwrap();
    let bootstrap = &s.bootstrap.value().unwrap().figures;
    let interval = bootstrap.cagr_percent.value().unwrap();
    let found = [
        *s.returns.cagr_percent.value().unwrap(),
        *s.returns.sharpe.value().unwrap(),
        *s.inference.probabilistic_sharpe.value().unwrap(),
        *s.inference.minimum_track_record.value().unwrap(),
        *s.inference.deflated_sharpe.value().unwrap(),
        interval.low,
        interval.high,
    ];
    assert_eq!(found.map(f64::to_bits), PINNED.map(f64::to_bits), "{found:?}");
}

const PINNED: [f64; 7] = [
    498.02977679275494,
    6.390090492578894,
    0.7093267469878667,
    6496.5208823500825,
    0.9241374950339086,
    455.05054793703346,
    554.020161090464,
];
