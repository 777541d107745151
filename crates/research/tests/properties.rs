//! What holds for every run.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{day, run, trade};
use domain::Timestamp;
use proptest::prelude::*;
use research::stats::{
    Benchmark, Direction, EquityPoint, EveryDay, PricePoint, Resample, Settings, Statistics,
    TradeRow,
};
use rust_decimal::Decimal;
use serde_json::Value;

fn cents(n: i64) -> Decimal {
    Decimal::new(n, 2)
}

/// Points some hours to some days apart.
fn equity(values: impl Strategy<Value = i64>) -> impl Strategy<Value = Vec<EquityPoint>> {
    prop::collection::vec((1..60_i64, values, 0..200_000_i64), 0..60).prop_map(|rows| {
        let start = common::point(day(0), "1000");
        let mut points = vec![start];
        let mut hours = 0;
        for (gap, equity, exposure) in rows {
            hours += gap;
            let at = Timestamp(day(0).0 + hours * 3_600_000_000_000);
            let (exposure_gross, exposure_net) = (cents(exposure), cents(-exposure));
            points.push(EquityPoint { at, equity: cents(equity), exposure_gross, exposure_net });
        }
        points
    })
}

fn closed() -> impl Strategy<Value = Vec<TradeRow>> {
    let one = (-50_000..50_000_i64, prop::option::of(1..10_000_i64), any::<bool>(), 0..4_usize);
    prop::collection::vec(one, 0..40).prop_map(|rows| {
        (1..)
            .zip(rows)
            .map(|(id, (profit, risk, long, symbol))| TradeRow {
                // One in four neither wins nor loses.
                net_profit: if symbol == 3 { Decimal::ZERO } else { cents(profit) },
                risk: risk.map(cents),
                side: if long { Direction::Long } else { Direction::Short },
                symbol: ["A", "B", "C", "D"][symbol].into(),
                ..trade(id, "0", None)
            })
            .collect()
    })
}

fn quick() -> Settings {
    let resample = Some(Resample { seed: 4, runs: 10, mean_block_days: None });
    Settings { resample, ..Settings::default() }
}

fn of(equity: &[EquityPoint], trades: &[TradeRow]) -> Statistics {
    Statistics::of(&run(equity, trades), &EveryDay, &quick()).unwrap()
}

fn near(a: Option<&f64>, b: Option<&f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3),
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn scaling_the_capital_leaves_ratios_unchanged(
        points in equity(50_000..200_000_i64),
        trades in closed(),
        factor in 1..5_000_i64,
    ) {
        let factor = Decimal::new(factor, 1);
        let mut larger = points.clone();
        for point in &mut larger {
            point.equity *= factor;
            point.exposure_gross *= factor;
            point.exposure_net *= factor;
        }
        let mut scaled = trades.clone();
        for trade in &mut scaled {
            trade.net_profit *= factor;
            trade.risk = trade.risk.map(|risk| risk * factor);
            trade.value_traded *= factor;
        }
        let (a, b) = (of(&points, &trades), of(&larger, &scaled));
        for name in [
            "total_return_percent", "cagr_percent", "volatility_percent", "sharpe", "sortino",
            "calmar", "skewness", "kurtosis", "max_drawdown_percent", "average_drawdown_percent",
            "current_drawdown_percent", "win_rate_percent", "profit_factor", "payoff_ratio",
            "expectancy_r", "sqn", "kelly_percent", "average_gross_leverage", "peak_net_leverage",
            "turnover", "probabilistic_sharpe", "minimum_track_record",
        ] {
            let (a, b) = (a.number(name).unwrap(), b.number(name).unwrap());
            prop_assert!(near(a.as_ref(), b.as_ref()), "{}: {:?} {:?}", name, a, b);
        }
        prop_assert_eq!(a.drawdown.max_drawdown_cash * factor, b.drawdown.max_drawdown_cash);
        prop_assert_eq!(a.trades.closed_profit * factor, b.trades.closed_profit);
    }

    #[test]
    fn a_drawdown_of_an_account_above_zero_is_a_share(points in equity(0..200_000_i64)) {
        let s = of(&points, &[]);
        let max = *s.drawdown.max_drawdown_percent.value().unwrap();
        prop_assert!((0.0..=100.0).contains(&max), "{}", max);
        // No two points of the series lose more than the deepest fall.
        let lost = points.iter().enumerate().flat_map(|(n, peak)| {
            points[n..].iter().map(move |later| peak.equity - later.equity)
        });
        prop_assert_eq!(lost.max().unwrap().max(Decimal::ZERO), s.drawdown.max_drawdown_cash);
        let longest = s.top_drawdowns.iter().map(|d| d.figures.duration_seconds).max();
        prop_assert!(longest.unwrap_or(0) <= s.drawdown.longest_drawdown_seconds);
    }

    #[test]
    fn the_profit_factor_turns_losses_into_profits(trades in closed()) {
        let s = of(&[common::point(day(0), "1000")], &trades);
        let t = &s.trades;
        prop_assert_eq!(t.gross_profit - t.gross_loss, t.closed_profit);
        if let Some(factor) = t.profit_factor.value() {
            let loss: f64 = t.gross_loss.to_string().parse().unwrap();
            let profit: f64 = t.gross_profit.to_string().parse().unwrap();
            prop_assert!((factor * loss - profit).abs() <= 1e-12 * profit);
        } else {
            prop_assert!(t.gross_loss.is_zero());
        }
        prop_assert_eq!(t.win_count + t.loss_count + t.breakeven_count, t.trade_count);
        for rows in [&s.tables.by_symbol, &s.tables.by_side, &s.tables.by_weekday] {
            let sum: Decimal = rows.iter().map(|row| row.figures.closed_profit).sum();
            let count: u32 = rows.iter().map(|row| row.figures.trade_count).sum();
            prop_assert_eq!((sum, count), (t.closed_profit, t.trade_count));
        }
    }

    /// Listing the trades in another order changes nothing at all. Giving the profits to other
    /// trades changes streaks, but not one bit of what doesn't look at the order.
    #[test]
    fn the_order_of_trades_does_not_matter(
        (trades, shuffled) in closed().prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle())),
    ) {
        let start = [common::point(day(0), "1000")];
        prop_assert_eq!(of(&start, &trades), of(&start, &shuffled));
        let moved: Vec<TradeRow> = trades.iter().zip(&shuffled).map(|(place, from)| TradeRow {
            net_profit: from.net_profit,
            risk: from.risk,
            ..place.clone()
        }).collect();
        let (a, b) = (of(&start, &trades), of(&start, &moved));
        for name in ["expectancy", "profit_factor", "sqn", "sqn_capped", "expectancy_r"] {
            prop_assert_eq!(a.number(name), b.number(name), "{}", name);
        }
        let finals = |s: &Statistics| s.monte_carlo.value().map(|m| m.final_equity);
        prop_assert_eq!(finals(&a), finals(&b));
    }

    #[test]
    fn months_compound_to_the_whole(points in equity(50_000..200_000_i64)) {
        let s = of(&points, &[]);
        let total = 1.0 + s.summary.total_return_percent.value().unwrap() / 100.0;
        let months = s.monthly_returns.iter().flat_map(|y| y.months_percent).flatten();
        let by_month: f64 = months.map(|percent| 1.0 + percent / 100.0).product();
        let years = s.monthly_returns.iter().filter_map(|y| y.year_percent);
        let by_year: f64 = years.map(|percent| 1.0 + percent / 100.0).product();
        prop_assert!((by_month - total).abs() < 1e-9 && (by_year - total).abs() < 1e-9);
    }

    /// However the run went, even below zero: what has no value has a reason.
    #[test]
    fn nothing_is_null_without_a_reason(
        points in equity(-20_000..150_000_i64),
        trades in closed(),
        prices in prop::collection::vec(1..1_000_i64, 0..30),
    ) {
        let prices: Vec<PricePoint> = (0..).zip(prices)
            .map(|(n, price)| PricePoint { at: day(n), price: cents(price) }).collect();
        let mut run = run(&points, &trades);
        run.benchmark = Some(Benchmark { prices: &prices, from: day(1) });
        let s = Statistics::of(&run, &EveryDay, &quick()).unwrap();
        let json = serde_json::to_value(&s).unwrap();
        let remarks = json["remarks"].as_array().unwrap();
        for (name, value) in json.as_object().unwrap() {
            let undefined =
                remarks.iter().any(|r| r["figure"] == **name && r["undefined"] == Value::Bool(true));
            prop_assert_eq!(value.is_null(), undefined, "{}", name);
        }
        for remark in remarks {
            prop_assert!(json.get(remark["figure"].as_str().unwrap()).is_some());
        }
    }
}
