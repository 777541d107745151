//! What has no value says why, and what deserves doubt says so.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{daily, day, plain, point, run, trades};
use research::stats::{
    Benchmark, EveryDay, Note, PricePoint, Resample, Settings, Statistics, Trials,
};
use rust_decimal::Decimal;

fn reasons(s: &Statistics, undefined: bool) -> String {
    let remarks = s.remarks.iter().filter(|r| r.undefined == undefined);
    remarks.map(|r| format!("{}:{}", r.figure, r.code.name())).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flat_run_without_trades() {
    let s = plain(&daily(&["100", "100", "100"]), &[]);
    let told = reasons(&s, true);
    for reason in [
        "volatility_percent:no_variance",
        "sharpe:no_variance",
        "sortino:no_downside",
        "calmar:no_drawdown",
        "skewness:no_variance",
        "average_drawdown_percent:no_drawdown",
        "max_drawdown_recovery_seconds:no_drawdown",
        "win_rate_percent:no_trades",
        "profit_factor:no_trades",
        "expectancy:no_trades",
        "expectancy_r:no_trades",
        "best_trade:no_trades",
        "sqn:too_few_trades",
        "kelly_percent:no_trades",
        "beta:no_benchmark",
        "probabilistic_sharpe:no_variance",
        "deflated_sharpe:no_trials",
        "monte_carlo:not_resampled",
        "bootstrap:not_resampled",
    ] {
        assert!(told.split(' ').any(|found| found == reason), "{reason} is not in {told}");
    }
    assert_eq!(s.drawdown.max_drawdown_percent.value(), Some(&0.0));
    assert_eq!(s.returns.cagr_percent.value(), Some(&0.0));
    assert_eq!(s.exposure.turnover.value(), Some(&0.0));
}

#[test]
fn a_single_point_is_enough_to_be_told_what_is_missing() {
    let s = plain(&daily(&["100"]), &[]);
    let told = reasons(&s, true);
    for reason in
        ["cagr_percent:no_time", "sharpe:too_few_returns", "time_in_market_percent:no_bars"]
    {
        assert!(told.split(' ').any(|found| found == reason), "{reason} is not in {told}");
    }
    assert_eq!((s.summary.bars, s.summary.daily_returns), (0, 0));
    assert!(s.monthly_returns.is_empty() && s.top_drawdowns.is_empty());
}

#[test]
fn growth_by_the_same_rate_every_day_has_no_spread() {
    // 3 % a day is never exactly the same float; rounding isn't taken for spread.
    let mut equity = vec![point(day(0), "100")];
    for n in 1..40 {
        let next = equity.last().map_or(Decimal::ONE, |p| p.equity * Decimal::new(103, 2));
        equity.push(point(day(n), &next.round_dp(20).to_string()));
    }
    let s = plain(&equity, &[]);
    assert_eq!(s.returns.sharpe.notes(), [Note::NoVariance]);
    assert_eq!(s.returns.sortino.notes(), [Note::NoDownside]);
}

#[test]
fn one_sided_trades() {
    let equity = daily(&["100", "103"]);
    let s = plain(&equity, &trades(&["1", "2"]));
    assert_eq!(s.trades.profit_factor.notes(), [Note::NoLosses]);
    assert_eq!(s.trades.average_loss.notes(), [Note::NoLosses]);
    assert_eq!(s.trades.kelly_percent.notes(), [Note::NoLosses]);
    assert_eq!(s.trades.expectancy_r.notes(), [Note::NoRisk]);
    assert_eq!(s.trades.win_rate_percent.value(), Some(&100.0));
    let s = plain(&equity, &trades(&["-1", "-2"]));
    assert_eq!(s.trades.profit_factor.value(), Some(&0.0));
    assert_eq!(s.trades.payoff_ratio.notes(), [Note::NoWins]);
    let s = plain(&equity, &trades(&["0", "0"]));
    assert_eq!(s.trades.win_rate_percent.notes(), [Note::NoDecidedTrades]);
    assert_eq!(s.trades.profit_factor.notes(), [Note::NoDecidedTrades]);
    assert_eq!(s.trades.sqn.notes(), [Note::NoVariance]);
}

#[test]
fn equity_at_zero_and_below() {
    let s = plain(&daily(&["100", "50", "0"]), &[]);
    assert_eq!(s.returns.cagr_percent.value(), Some(&-100.0));
    assert_eq!(s.drawdown.max_drawdown_percent.value(), Some(&100.0));
    let s = plain(&daily(&["100", "-20", "10"]), &[]);
    assert_eq!(s.returns.sharpe.notes(), [Note::EquityNotPositive]);
    assert_eq!(s.drawdown.max_drawdown_percent.value(), Some(&120.0));
    assert_eq!(s.drawdown.max_drawdown_percent.notes(), [Note::EquityBelowZero]);
    let s = plain(&daily(&["100", "-20"]), &[]);
    assert_eq!(s.returns.cagr_percent.notes(), [Note::EquityNotPositive]);
    let mut equity = daily(&["100", "-20"]);
    equity[1].exposure_gross = Decimal::TEN;
    let s = plain(&equity, &[]);
    assert_eq!(s.exposure.peak_gross_leverage.notes(), [Note::EquityNotPositive]);
}

#[test]
fn a_short_record_is_doubted_and_a_long_one_is_not() {
    let series = |days: i64| {
        let value = |n: i64| if n % 2 == 0 { "100" } else { "101" };
        (0..=days).map(|n| point(day(n), value(n))).collect::<Vec<_>>()
    };
    assert_eq!(plain(&series(29), &[]).returns.sharpe.notes(), [Note::FewObservations]);
    assert!(plain(&series(30), &[]).returns.sharpe.notes().is_empty());
    assert_eq!(plain(&series(365), &[]).returns.cagr_percent.notes(), [Note::Extrapolated]);
    assert!(plain(&series(366), &[]).returns.cagr_percent.notes().is_empty());
}

#[test]
fn a_benchmark_that_says_nothing() {
    let equity = daily(&["100", "101", "99", "102"]);
    let settings = Settings { resample: None, ..Settings::default() };
    let with = |prices: &[PricePoint], from| {
        let mut run = run(&equity, &[]);
        run.benchmark = Some(Benchmark { prices, from });
        Statistics::of(&run, &EveryDay, &settings).unwrap().benchmark
    };
    let flat: Vec<_> = (0..4).map(|n| PricePoint { at: day(n), price: Decimal::TEN }).collect();
    let b = with(&flat, day(0));
    assert_eq!(b.beta.notes(), [Note::NoVariance]);
    assert_eq!(b.correlation.notes(), [Note::NoVariance]);
    assert_eq!(b.buy_and_hold_percent.value(), Some(&0.0));
    assert_eq!(with(&flat, day(2)).beta.notes(), [Note::BenchmarkTooShort]);
    assert_eq!(with(&flat, day(9)).benchmark_from.notes(), [Note::NoBenchmark]);
    assert_eq!(with(&[], day(0)).buy_and_hold_profit.notes(), [Note::NoBenchmark]);
}

#[test]
fn trials_and_resampling() {
    let equity = daily(&["100", "101", "99", "102", "103"]);
    let trials = Some(Trials { count: 1, sharpe_variance: 0.0 });
    let resample = Some(Resample { seed: 1, runs: 100_000, mean_block_days: None });
    let settings = Settings { trials, resample, ..Settings::default() };
    let profits = vec!["1"; 2_001];
    let s = Statistics::of(&run(&equity, &trades(&profits)), &EveryDay, &settings).unwrap();
    assert_eq!(s.inference.deflated_sharpe.value(), s.inference.probabilistic_sharpe.value());
    assert!(s.inference.deflated_sharpe.notes().contains(&Note::SingleTrial));
    assert_eq!(s.monte_carlo.notes(), [Note::TooMuchToResample]);
    let told = reasons(&s, false);
    assert!(told.contains("deflated_sharpe:single_trial"), "{told}");
}
