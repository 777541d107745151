//! Input that can't be right is refused with its place, its value and the rule.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{daily, day, dec, run, trades};
use domain::Timestamp;
use jiff::civil::DateTime;
use research::stats::{
    Benchmark, EquityPoint, EveryDay, PricePoint, Resample, Sessions, Settings, Statistics,
    StatisticsError, TradeRow, Trials,
};

type Change = (&'static str, fn(&mut TradeRow));

fn refused(equity: &[EquityPoint], trades: &[TradeRow], settings: &Settings) -> (String, String) {
    let error = Statistics::of(&run(equity, trades), &EveryDay, settings).unwrap_err();
    (error.code().to_owned(), error.to_string())
}

#[test]
fn equity_that_can_not_be() {
    let settings = Settings::default();
    let (code, _) = refused(&[], &[], &settings);
    assert_eq!(code, "statistics_no_equity");
    let (code, text) = refused(&daily(&["0", "1"]), &[], &settings);
    assert_eq!(code, "statistics_start_not_positive");
    assert_eq!(text, "equity begins with 0; start with a capital above zero");
    let mut equity = daily(&["100", "101", "102"]);
    equity[2].at = day(0);
    let (code, text) = refused(&equity, &[], &settings);
    assert_eq!(code, "statistics_not_in_order");
    assert!(text.starts_with("equity[2] is at 2024-01-01T00:00:00Z, before"), "{text}");
    let mut equity = daily(&["100", "101"]);
    equity[1].exposure_gross = dec("-1");
    let (code, text) = refused(&equity, &[], &settings);
    assert_eq!(code, "statistics_value");
    assert!(text.contains("exposure_gross is -1, but must be zero or more"), "{text}");
    let (_, text) = refused(&daily(&["100", "1000000000000001"]), &[], &settings);
    assert!(text.contains("equity is 1000000000000001, but must be at most 10^15"), "{text}");
}

#[test]
fn trades_that_can_not_be() {
    let changes: [Change; 7] = [
        ("qty", |t| t.qty = dec("0")),
        ("value_traded", |t| t.value_traded = dec("-1")),
        ("mae", |t| t.mae = dec("1")),
        ("mfe", |t| t.mfe = dec("-1")),
        ("risk", |t| t.risk = Some(dec("0"))),
        ("closed_at", |t| t.closed_at = Timestamp(t.opened_at.0 - 1)),
        ("net_profit", |t| t.net_profit = dec("-2000000000000000")),
    ];
    for (field, change) in changes {
        let mut closed = trades(&["1"]);
        change(&mut closed[0]);
        let (code, text) = refused(&daily(&["100", "101"]), &closed, &Settings::default());
        assert_eq!(code, "statistics_value", "{field}");
        assert!(text.starts_with(&format!("trade 1: {field} is ")), "{text}");
    }
    let mut closed = trades(&["1", "2", "3"]);
    closed[2].id = 1;
    let (code, text) = refused(&daily(&["100", "101"]), &closed, &Settings::default());
    assert_eq!((code.as_str(), text.contains("trade 1 ")), ("statistics_trade_twice", true));
}

#[test]
fn settings_out_of_range() {
    let base = Settings::default();
    let resample = |runs, block| Some(Resample { seed: 1, runs, mean_block_days: block });
    let trials = |count, sharpe_variance| Some(Trials { count, sharpe_variance });
    let wrong = [
        ("risk_free_percent", Settings { risk_free_percent: f64::NAN, ..base }),
        ("sortino_target_percent", Settings { sortino_target_percent: 101.0, ..base }),
        ("sharpe_to_beat", Settings { sharpe_to_beat: f64::INFINITY, ..base }),
        ("confidence_percent", Settings { confidence_percent: 100.0, ..base }),
        ("runs", Settings { resample: resample(0, None), ..base }),
        ("mean_block_days", Settings { resample: resample(1, Some(0)), ..base }),
        ("trials.count", Settings { trials: trials(0, 1.0), ..base }),
        ("trials.sharpe_variance", Settings { trials: trials(2, -1.0), ..base }),
    ];
    for (field, settings) in wrong {
        let (code, text) = refused(&daily(&["100", "101"]), &[], &settings);
        assert_eq!(code, "statistics_setting", "{field}");
        assert!(text.starts_with(&format!("the setting {field} is ")), "{text}");
    }
}

/// Ratios of a search over two days differ by whatever they like.
#[test]
fn trials_may_differ_widely() {
    let trials = Some(Trials { count: 1_024, sharpe_variance: 3.5e10 });
    let settings = Settings { trials, ..Settings::default() };
    let equity = daily(&["100", "101", "100.5", "103"]);
    let told = Statistics::of(&run(&equity, &[]), &EveryDay, &settings).unwrap();
    let lucky = told.number("lucky_sharpe").flatten().unwrap();
    assert!((5e5..1e6).contains(&lucky), "{lucky}");
}

#[test]
fn a_benchmark_without_a_price() {
    let equity = daily(&["100", "101"]);
    let prices = [PricePoint { at: day(0), price: dec("0") }];
    let mut run = run(&equity, &[]);
    run.benchmark = Some(Benchmark { prices: &prices, from: day(0) });
    let error = Statistics::of(&run, &EveryDay, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("price is 0, but must be above zero"), "{error}");
}

#[test]
fn calendars_that_do_not_fit() {
    let equity = daily(&["100", "101", "102"]);
    let local = |at: Timestamp| -> DateTime { jiff::tz::TimeZone::UTC.to_datetime(at.to_jiff()) };
    let first = day(0).utc_day();
    let judged = |days: &[i64], day_of: &dyn Fn(Timestamp) -> i64| {
        let calendar = Sessions { days, day_of, local, periods_per_year: 252 };
        Statistics::of(&run(&equity, &[]), &calendar, &Settings::default()).map(|_| ())
    };
    let fits = [first, first + 1, first + 2];
    assert_eq!(judged(&fits, &Timestamp::utc_day), Ok(()));
    let ends = judged(&fits[..2], &Timestamp::utc_day);
    assert_eq!(ends, Err(StatisticsError::SessionsEnd { day: first + 2, last: Some(first + 1) }));
    let twice = judged(&[first, first], &Timestamp::utc_day);
    assert_eq!(twice, Err(StatisticsError::SessionsNotInOrder { day: first, before: first }));
    let back = |at: Timestamp| 2 * first - at.utc_day();
    let days = [first - 2, first - 1, first];
    let backward = judged(&days, &back);
    assert!(matches!(backward, Err(StatisticsError::CalendarDay { .. })), "{backward:?}");
}
