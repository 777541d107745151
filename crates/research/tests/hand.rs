//! Figures that were worked out by hand; the arithmetic stands beside each.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{BEGIN, DAY, daily, day, dec, near, plain, point, run, trade, trades};
use domain::Timestamp;
use research::stats::{
    Benchmark, Direction, EquityPoint, EveryDay, Note, PricePoint, Settings, Statistics,
};
use rust_decimal::Decimal;

#[test]
fn returns_and_ratios() {
    // Returns 0.1, −0.1, 0.1, 0: mean 0.025; deviations 0.075 −0.125 0.075 −0.025, their squares
    // 0.005625 + 0.015625 + 0.005625 + 0.000625 = 0.0275, over 3.
    let s = plain(&daily(&["100", "110", "99", "108.9", "108.9"]), &[]);
    let (deviation, root) = ((0.0275_f64 / 3.0).sqrt(), 365.0_f64.sqrt());
    near(s.returns.volatility_percent.value(), deviation * root * 100.0);
    near(s.returns.sharpe.value(), 0.025 / deviation * root);
    // Shortfalls 0, −0.1, 0, 0: √(0.01 / 4) = 0.05.
    near(s.returns.sortino.value(), 0.025 / 0.05 * root);
    near(s.returns.average_day_percent.value(), 2.5);
    near(s.returns.best_day_percent.value(), 10.0);
    near(s.returns.worst_day_percent.value(), -10.0);
    // Σd³ = 0.000421875 − 0.001953125 + 0.000421875 − 0.000015625 = −0.001125.
    let m2 = 0.0275_f64 / 4.0;
    near(s.returns.skewness.value(), -0.001_125 / 4.0 / (m2 * m2.sqrt()));
    // Σd⁴ = 2 × 0.000031640625 + 0.000244140625 + 0.000000390625 = 0.0003078125.
    near(s.returns.kurtosis.value(), 0.000_307_812_5 / 4.0 / (m2 * m2));
    // 4 days are 4 / 365.25 years: 1.089^91.3125 − 1.
    let cagr = libm::exp(365.25 / 4.0 * libm::log(1.089)) - 1.0;
    near(s.returns.cagr_percent.value(), cagr * 100.0);
    near(s.returns.calmar.value(), cagr / 0.1);
    assert_eq!(s.returns.sharpe.notes(), [Note::FewObservations]);
    assert_eq!(s.returns.cagr_percent.notes(), [Note::Extrapolated]);
}

#[test]
fn rates_are_by_period() {
    // A risk-free 36.5 % a year is 0.001 a day; a target of 73 % is 0.002.
    let settings = Settings {
        risk_free_percent: 36.5,
        sortino_target_percent: 73.0,
        resample: None,
        ..Settings::default()
    };
    let equity = daily(&["100", "110", "99", "108.9", "108.9"]);
    let s = Statistics::of(&run(&equity, &[]), &EveryDay, &settings).unwrap();
    let (deviation, root) = ((0.0275_f64 / 3.0).sqrt(), 365.0_f64.sqrt());
    near(s.returns.sharpe.value(), 0.024 / deviation * root);
    // Shortfalls 0, −0.102, 0, −0.002.
    let downside = ((0.102_f64 * 0.102 + 0.002 * 0.002) / 4.0).sqrt();
    near(s.returns.sortino.value(), 0.023 / downside * root);
    assert_eq!(s.summary.periods_per_year, 365);
    near(Some(&s.summary.risk_free_percent), 36.5);
}

#[test]
fn growth_over_whole_years() {
    // 1 461 days are exactly 4 years of 365.25: 1.4641 is 1.1 to the fourth.
    let equity = [point(day(0), "10000"), point(day(1_461), "14641")];
    let s = plain(&equity, &[]);
    near(s.returns.cagr_percent.value(), 10.0);
    near(Some(&s.summary.years), 4.0);
    assert!(s.returns.cagr_percent.notes().is_empty());
    // All but the last of 1 461 daily returns are zero.
    assert_eq!(s.summary.daily_returns, 1_461);
    near(s.returns.average_day_percent.value(), 46.41 / 1_461.0);
}

#[test]
fn drawdowns_by_bar() {
    // 100, 120, 90 (−25 %), 120 back; 150, 120 (−20 %), 135 (−10 %) at the end.
    let s = plain(&daily(&["100", "120", "90", "120", "150", "120", "135"]), &[]);
    let d = &s.drawdown;
    near(d.max_drawdown_percent.value(), 25.0);
    assert_eq!(d.max_drawdown_cash, dec("30"));
    near(d.average_drawdown_percent.value(), 22.5);
    assert_eq!(d.drawdown_count, 2);
    // Both take two days: from day 1 to day 3, and from day 4 to the end on day 6.
    assert_eq!((d.longest_drawdown_seconds, d.current_drawdown_seconds), (2 * DAY, 2 * DAY));
    assert_eq!(d.average_drawdown_seconds.value(), Some(&(2 * DAY)));
    near(Some(&d.current_drawdown_percent), 10.0);
    assert_eq!(d.max_drawdown_recovery_seconds.value(), Some(&DAY));
    assert_eq!(d.longest_recovery_seconds.value(), Some(&DAY));
    let [first, second] = &s.top_drawdowns[..] else { panic!("two episodes") };
    let episode = &first.figures;
    assert_eq!((episode.peak_at, episode.bottom_at), (day(1), day(2)));
    assert_eq!(episode.recovered_at.value(), Some(&day(3)));
    assert_eq!((second.figures.peak_at, second.figures.bottom_at), (day(4), day(5)));
    assert_eq!(second.figures.recovered_at.notes(), [Note::NotRecovered]);
    assert_eq!(second.remarks.len(), 2);
}

#[test]
fn the_five_deepest_drawdowns_in_order() {
    // Seven falls of 3, 1, 7, 5, 7, 2 and 6 percent from 100, each recovered.
    let equity =
        ["100", "97", "100", "99", "100", "93", "100", "95", "100", "93", "100", "98", "100", "94"];
    let s = plain(&daily(&equity), &[]);
    let top: Vec<_> =
        s.top_drawdowns.iter().map(|d| (d.figures.depth_cash, d.figures.bottom_at)).collect();
    let wanted = [("7", 5), ("7", 9), ("6", 13), ("5", 7), ("3", 1)];
    assert_eq!(top, wanted.map(|(cash, n)| (dec(cash), day(n))));
    assert_eq!(s.drawdown.drawdown_count, 7);
}

#[test]
fn trades_in_cash_and_in_risk() {
    let equity = daily(&["1000", "1200"]);
    let closed = [
        trade(1, "100", Some("50")),
        trade(2, "200", Some("50")),
        trade(3, "0", Some("50")),
        trade(4, "-50", Some("50")),
        trade(5, "-50", None),
    ];
    let s = plain(&equity, &closed);
    let t = &s.trades;
    assert_eq!((t.win_count, t.loss_count, t.breakeven_count), (2, 2, 1));
    near(t.win_rate_percent.value(), 50.0);
    assert_eq!(
        (t.gross_profit, t.gross_loss, t.closed_profit),
        (dec("300"), dec("100"), dec("200"))
    );
    near(t.profit_factor.value(), 3.0);
    assert_eq!(t.expectancy.value(), Some(&dec("40")));
    // 2, 4, 0 and −1 times the risk.
    near(t.expectancy_r.value(), 1.25);
    assert_eq!(t.trades_with_risk, 4);
    assert_eq!(t.average_win.value(), Some(&dec("150")));
    assert_eq!(t.average_loss.value(), Some(&dec("50")));
    near(t.payoff_ratio.value(), 3.0);
    // 0.5 − 0.5 / 3
    near(t.kelly_percent.value(), 100.0 / 3.0);
    assert_eq!((t.longest_winning_streak, t.longest_losing_streak), (2, 2));
    // Mean 40; deviations 60 160 −40 −90 −90: 3 600 + 25 600 + 1 600 + 8 100 + 8 100 = 47 000.
    near(t.sqn.value(), 5.0_f64.sqrt() * 40.0 / (47_000.0_f64 / 4.0).sqrt());
    assert_eq!(t.sqn.notes(), [Note::FewObservations]);
    assert_eq!(t.best_trade.value(), Some(&dec("200")));
    assert_eq!(t.worst_trade.value(), Some(&dec("-50")));
    assert_eq!(t.average_mae.value(), Some(&dec("-20")));
    assert_eq!(t.best_mfe.value(), Some(&dec("200")));
}

#[test]
fn a_breakeven_trade_ends_a_streak_and_the_cap_ends_growth() {
    let s = plain(&daily(&["1000", "1000"]), &trades(&["1", "1", "0", "1", "-1", "1"]));
    assert_eq!((s.trades.longest_winning_streak, s.trades.longest_losing_streak), (2, 1));
    // 400 trades, +3 and −1 in turn: mean 1, deviation √(400 × 4 / 399).
    let profits: Vec<&str> = (0..400).map(|n| if n % 2 == 0 { "3" } else { "-1" }).collect();
    let s = plain(&daily(&["1000", "1400"]), &trades(&profits));
    let deviation = (1_600.0_f64 / 399.0).sqrt();
    near(s.trades.sqn.value(), 20.0 / deviation);
    near(s.trades.sqn_capped.value(), 10.0 / deviation);
    assert!(s.trades.sqn.notes().is_empty());
}

#[test]
fn holding_times() {
    let mut closed = trades(&["1", "1", "1", "1"]);
    for (row, hours) in closed.iter_mut().zip([1, 2, 4, 24]) {
        row.opened_at = Timestamp::from_secs(row.closed_at.0 / 1_000_000_000 - hours * 3_600);
        row.bars_held = u32::try_from(hours).unwrap();
    }
    let s = plain(&daily(&["1000", "1004"]), &closed);
    // 31 hours over 4; between 2 and 4.
    assert_eq!(s.trades.average_holding_seconds.value(), Some(&27_900));
    near(s.trades.median_holding_seconds.value(), 10_800.0);
    near(s.trades.average_bars_held.value(), 7.75);
}

#[test]
fn exposure_and_costs() {
    let exposed = |n: i64, equity: &str, gross: &str, net: &str| EquityPoint {
        exposure_gross: dec(gross),
        exposure_net: dec(net),
        ..point(day(n), equity)
    };
    // Leverage 0, 1, 2 (short), 0.5 gross with a net of zero.
    let equity = [
        exposed(0, "100", "0", "0"),
        exposed(1, "100", "0", "0"),
        exposed(2, "110", "110", "110"),
        exposed(3, "90", "180", "-180"),
        exposed(4, "100", "50", "0"),
    ];
    let mut closed = trades(&["5", "-5"]);
    closed[0].fees = dec("1.5");
    closed[1].fees = dec("-0.5");
    closed[0].slippage_cost = dec("0.25");
    closed[1].funding = dec("-0.125");
    let s = plain(&equity, &closed);
    let e = &s.exposure;
    near(e.time_in_market_percent.value(), 75.0);
    near(e.average_gross_leverage.value(), 3.5 / 4.0);
    near(e.peak_gross_leverage.value(), 2.0);
    near(e.average_net_leverage.value(), -0.25);
    near(e.peak_net_leverage.value(), -2.0);
    // 400 traded over a mean of (100 + 100 + 110 + 90 + 100) / 5 = 100, in 4 / 365.25 years.
    assert_eq!(e.value_traded, dec("400"));
    near(e.turnover.value(), 4.0);
    near(e.turnover_per_year.value(), 365.25);
    let costs = [e.total_fees, e.total_slippage_cost, e.total_funding];
    assert_eq!(costs, ["1", "0.25", "-0.125"].map(dec));
}

#[test]
fn a_run_that_doubles_its_benchmark() {
    // The benchmark returns 0.1, −0.1, 0.05 after the purchase on day 1, the run twice that.
    let price = |n: i64, price: &str| PricePoint { at: day(n), price: dec(price) };
    let prices = [
        price(0, "70"),
        price(1, "100"),
        price(2, "110"),
        price(3, "99"),
        price(4, "103.95"),
        price(9, "500"),
    ];
    let equity = daily(&["1000", "1000", "1200", "960", "1056"]);
    let mut run = run(&equity, &[]);
    run.benchmark = Some(Benchmark { prices: &prices, from: Timestamp(day(0).0 + 1) });
    let settings = Settings { resample: None, ..Settings::default() };
    let s = Statistics::of(&run, &EveryDay, &settings).unwrap();
    let b = &s.benchmark;
    assert_eq!(b.benchmark_from.value(), Some(&day(1)));
    near(b.buy_and_hold_percent.value(), 3.95);
    assert_eq!(b.buy_and_hold_profit.value(), Some(&dec("39.5")));
    near(b.excess_return_percent.value(), 5.6 - 3.95);
    assert_eq!(b.benchmark_returns, 3);
    near(b.beta.value(), 2.0);
    near(b.correlation.value(), 1.0);
    near(b.alpha_percent.value(), 0.0);
    assert!(b.excess_return_percent.notes().is_empty());
    // With rf = 36.5 % a year, 0.001 a day: (mean − 0.001) − 2 × (mean/2 − 0.001) = 0.001 a day.
    let settings = Settings { risk_free_percent: 36.5, ..settings };
    let s = Statistics::of(&run, &EveryDay, &settings).unwrap();
    near(s.benchmark.alpha_percent.value(), 36.5);
}

#[test]
fn a_benchmark_that_begins_late_is_remarked() {
    let price = |n, price: &str| PricePoint { at: day(n), price: dec(price) };
    let equity = daily(&["1000", "1000", "1200", "960", "1056"]);
    let mut run = run(&equity, &[]);
    let prices = [price(3, "100"), price(4, "110")];
    let settings = Settings { resample: None, ..Settings::default() };
    for (from, expected) in [(0, vec![Note::BenchmarkLate]), (3, vec![])] {
        run.benchmark = Some(Benchmark { prices: &prices, from: Timestamp(day(from).0) });
        let figures = Statistics::of(&run, &EveryDay, &settings).unwrap().benchmark;
        near(figures.excess_return_percent.value(), 5.6 - 10.0);
        assert_eq!(figures.excess_return_percent.notes(), expected);
    }
}

#[test]
fn months_and_years_compound() {
    // 2023-12-30 to 2024-02-01 in UTC; a close at midnight belongs to the day before.
    let at = |n: i64| Timestamp::from_secs(BEGIN + n * DAY);
    let equity = [
        point(at(-2), "100"),
        point(at(0), "110"),
        point(at(10), "121"),
        point(at(31), "99"),
        point(at(32), "198"),
    ];
    let s = plain(&equity, &[]);
    let [first, second] = &s.monthly_returns[..] else { panic!("two years") };
    assert_eq!((first.year, second.year), (2023, 2024));
    near(first.months_percent[11].as_ref(), 10.0);
    near(first.year_percent.as_ref(), 10.0);
    // January from 110 to 99, February from 99 to 198, the year from 110 to 198.
    near(second.months_percent[0].as_ref(), -10.0);
    near(second.months_percent[1].as_ref(), 100.0);
    near(second.year_percent.as_ref(), 80.0);
    assert!(
        first.months_percent[..11].iter().chain(&second.months_percent[2..]).all(Option::is_none)
    );
}

#[test]
fn trades_by_what_they_share() {
    // Day 0 is a Monday: the trades open on Monday, Tuesday and Wednesday at midnight.
    let mut closed = trades(&["10", "-5", "20"]);
    closed[1].symbol = "ABC".into();
    closed[1].side = Direction::Short;
    closed[2].tag = "breakout".into();
    closed[2].exit_reason = "stop".into();
    closed[2].opened_at = Timestamp::from_secs(BEGIN + 2 * DAY + 15 * 3_600);
    closed[2].closed_at = day(31);
    let s = plain(&daily(&["1000", "1025"]), &closed);
    let shown = |rows: &[research::stats::Row]| {
        let rows = rows.iter().map(|r| format!("{}={}", r.figures.key, r.figures.closed_profit));
        rows.collect::<Vec<_>>().join(" ")
    };
    let t = &s.tables;
    assert_eq!(shown(&t.by_symbol), "ABC=-5 SYN=30");
    assert_eq!(shown(&t.by_side), "long=30 short=-5");
    assert_eq!(shown(&t.by_tag), "=5 breakout=20");
    assert_eq!(shown(&t.by_exit_reason), "signal=5 stop=20");
    assert_eq!(shown(&t.by_weekday), "monday=10 tuesday=-5 wednesday=20");
    assert_eq!(shown(&t.by_hour), "00=5 15=20");
    assert_eq!(shown(&t.by_month), "2024-01=5 2024-02=20");
    let without_loss = &t.by_symbol[1];
    assert_eq!(without_loss.figures.profit_factor.notes(), [Note::NoLosses]);
    assert!(without_loss.remarks.iter().any(|r| r.figure == "profit_factor" && r.undefined));
    assert_eq!(s.trades.long_profit + s.trades.short_profit, Decimal::from(25));
}
