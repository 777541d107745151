//! The verdict on looking ahead, proved on a trader that does.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::{convert::Infallible, ops::ControlFlow};

use domain::{Bar, Timestamp};
use research::{
    lookahead::{cut, of, warm_up},
    trial::{Signal, rule_names},
};
use rust_decimal::prelude::ToPrimitive;

const NAMES: [&str; 1] = ["mean"];

/// Wishes to buy above the mean of the closes that `window` picks.
fn trader(bars: &[Bar], window: impl Fn(usize, usize) -> std::ops::Range<usize>) -> Vec<Signal> {
    let close = |bar: &Bar| bar.close.get().to_f64().unwrap();
    let one = |n: usize| {
        let picked = &bars[window(n, bars.len())];
        let mean = picked.iter().map(close).sum::<f64>() / picked.len() as f64;
        let wishes = if close(&bars[n]) > mean { vec!["buy".to_owned()] } else { Vec::new() };
        Signal { at: bars[n].close_at, values: vec![mean], wishes }
    };
    (0..bars.len()).map(one).collect()
}

fn verdict(window: impl Fn(usize, usize) -> std::ops::Range<usize> + Copy) -> (usize, usize, bool) {
    let bars = kit::bars(120);
    let names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    let signals = |at: Timestamp| {
        let known = bars.partition_point(|bar| bar.close_at <= at);
        Ok::<_, Infallible>(trader(&bars[..known], window))
    };
    let Ok(told) = cut(&names, (30, 1), signals);
    (told.cuts, told.differences.len(), told.is_blind())
}

#[test]
fn a_trader_that_peeks_is_found_and_an_honest_one_is_not_accused() {
    assert_eq!(verdict(|n, _| n.saturating_sub(5)..n + 1), (30, 0, true));
    let (cuts, found, blind) = verdict(|n, all| n.saturating_sub(5)..(n + 2).min(all));
    assert_eq!((cuts, blind), (30, false));
    assert!(found >= 29, "one bar ahead is seen at every cut but the last bar: {found}");
    let (_, found, blind) = verdict(|_, all| 0..all);
    assert!(!blind && found >= 29, "the mean of all of history: {found}");
}

#[test]
fn the_same_seed_cuts_the_same_history() {
    let bars = kit::bars(60);
    let peek = |n: usize, all: usize| n..(n + 2).min(all);
    let told = |seed| {
        let signals = |at: Timestamp| {
            let known = bars.partition_point(|bar| bar.close_at <= at);
            Ok::<_, Infallible>(trader(&bars[..known], peek))
        };
        let Ok(told) = cut(&["mean".to_owned()], (5, seed), signals);
        told.differences
    };
    assert_eq!(told(1), told(1));
    assert_ne!(told(1), told(2));
    assert!(told(1).iter().all(|difference| difference.what == "mean"));
    assert!(told(1).iter().all(|difference| difference.at == difference.cut_at));
}

#[test]
fn a_strategy_file_can_not_look_ahead() {
    let told = of(&kit::trial(150), (20, 1), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(told.cuts.signals > 5, "{:?}", told.cuts);
    assert_eq!((told.cuts.cuts, told.cuts.is_blind()), (20, true), "{:?}", told.cuts);
}

#[test]
fn windows_settle_at_once_and_exponential_means_do_not() {
    let rules = |mean: &str| {
        format!(
            "name = \"Mean\"\nsymbols = [\"XYZ\"]\ntimeframe = \"1d\"\n[entry]\n\
             long = \"close > {mean}(close, 5)\"\n[exit]\nlong = \"close < {mean}(close, 5)\"\n\
             stop = \"abs(close - {mean}(close, 5)) + 1\"\n[size]\npercent_equity = 50\n"
        )
    };
    let told = |mean| {
        let trial = kit::trial_of(&rules(mean), kit::bars(200));
        warm_up(&trial, &rule_names(&trial)).unwrap()
    };
    let window = told("sma");
    assert_eq!((window.settled_after(), window.rules.len()), (Some(1), 4 * 3), "{window:?}");
    let endless = told("ema");
    let of = |multiple: usize| {
        let found = endless.rules.iter().find(|s| s.rule == "exit.stop" && s.multiple == multiple);
        found.unwrap().largest_relative_difference
    };
    assert!(of(1) > 1e-4 && of(1) > of(5) && of(5) > of(10), "{endless:?}");
    assert!(of(10) < 1e-6);
}
