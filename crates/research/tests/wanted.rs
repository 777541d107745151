//! What is wanted before there are bars: defaults, and refusals by name.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::sync::Arc;

use domain::CalendarKind;
use research::{
    curve::{POINTS_MAX, curve},
    trial::{Market, run},
    wanted::Wanted,
};
use rust_decimal::Decimal;

fn wanted() -> Wanted {
    Wanted::new(Arc::clone(&kit::trial(10).strategy))
}

#[test]
fn what_is_left_out_is_as_on_the_command_line() {
    let trial = wanted().trial(kit::trial(50).markets).unwrap();
    let terms = &trial.terms;
    assert_eq!((terms.cash, terms.fee), (Decimal::from(10_000), Decimal::new(1, 3)));
    assert!(terms.slippage_bps.is_zero() && terms.borrow_rate.is_zero());
    assert_eq!(terms.limits_name, "research (venue rules and buying power only)");
    assert_eq!(trial.params, trial.strategy.defaults());
    assert_eq!(terms.figures.resample.unwrap().seed, 1);
}

#[test]
fn limits_to_compare_with_fit_what_is_traded() {
    let markets = |kinds: &[CalendarKind]| -> Vec<Market> {
        let market = kit::trial(10).markets.remove(0);
        kinds.iter().map(|kind| Market { calendar: *kind, ..market.clone() }).collect()
    };
    let compared = |compare: Option<&str>, kinds: &[CalendarKind]| {
        let wanted = Wanted { compare: compare.map(str::to_owned), ..wanted() };
        wanted.trial(markets(kinds)).unwrap().terms.compare.map(|(name, _)| name)
    };
    let (stock, coin) = (CalendarKind::UsEquities, CalendarKind::AlwaysOpen);
    assert_eq!(compared(None, &[stock]).as_deref(), Some("single-instrument"));
    assert_eq!(compared(None, &[stock, stock]).as_deref(), Some("stocks"));
    assert_eq!(compared(None, &[stock, coin]).as_deref(), Some("crypto-spot"));
    assert_eq!(compared(Some("stocks"), &[coin]).as_deref(), Some("stocks"));
    assert_eq!(compared(Some("none"), &[coin]), None);
}

#[test]
fn what_can_not_be_tried_is_refused_by_name() {
    let with = |name: &str, value| Wanted { params: [(name.to_owned(), value)].into(), ..wanted() };
    let refused = [
        (with("slower", 5.0), "params.slower", "trial_unknown_param"),
        (with("slow", 1e9), "params.slow", "trial_param_range"),
        (with("slow", f64::NAN), "params.slow", "trial_param_range"),
        (Wanted { cash: Decimal::ZERO, ..wanted() }, "cash", "trial_cash"),
        (Wanted { limits: "lax".to_owned(), ..wanted() }, "limits", "trial_limits"),
        (Wanted { compare: Some("lax".to_owned()), ..wanted() }, "compare", "trial_limits"),
    ];
    for (wanted, field, code) in refused {
        let error = wanted.check().unwrap_err();
        assert_eq!((error.field().as_deref(), error.code()), (Some(field), code), "{error}");
    }
    wanted().check().unwrap();
}

#[test]
fn a_curve_has_few_points_and_every_extreme() {
    for bars in [40, 1_999, 9_000] {
        let trial = kit::trial(bars);
        let report = run(&trial).unwrap();
        let points = curve(&trial, &report);
        assert!(points.len() <= POINTS_MAX && points.len() >= bars.min(900), "{}", points.len());
        assert!(points.is_sorted_by(|a, b| a.at < b.at));
        let ends = |mut of: Vec<Decimal>| {
            of.sort();
            (of.first().copied(), of.last().copied())
        };
        let all = ends(report.equity.iter().map(|point| point.equity).collect());
        assert_eq!(ends(points.iter().map(|point| point.equity).collect()), all);
        let deepest = points.iter().map(|point| point.drawdown_percent).fold(0.0, f64::min);
        let told = report.statistics.number("max_drawdown_percent").unwrap().unwrap();
        assert!((deepest.abs() - told.abs()).abs() < 1e-9, "{deepest} and {told}");
        assert_eq!(points.last().map(|point| point.at), report.equity.last().map(|p| p.at));
        let held = points.last().unwrap().benchmark.unwrap();
        let percent = report.statistics.number("buy_and_hold_percent").unwrap().unwrap();
        let expected = 10_000.0 * (1.0 + percent / 100.0);
        let held: f64 = held.to_string().parse().unwrap();
        assert!((held - expected).abs() < 0.01, "{held} and {expected}");
    }
}
