//! Part of history: bars before it warm the rules up, bars behind it are not there.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::{ops::ControlFlow, sync::Arc};

use domain::{Edge, Timestamp};
use research::{
    lookahead,
    sweep::Space,
    trial::{Market, Trial, TrialError, run, signals},
    walk::{Plan, Walk, WalkReport},
    wanted::Wanted,
};

const BARS: usize = 200;

fn edge(text: &str) -> Edge {
    text.parse().unwrap()
}

/// The trial of 200 daily bars, the first of 2023-11-15, all in UTC.
fn wanted(from: Option<&str>, until: Option<&str>) -> Wanted {
    Wanted {
        from: from.map(|text| edge(text).first()),
        until: until.map(|text| edge(text).last()),
        compare: Some("none".to_owned()),
        ..Wanted::new(Arc::clone(&kit::trial(BARS).strategy))
    }
}

fn markets() -> Vec<Market> {
    kit::trial(BARS).markets
}

fn tried(from: Option<&str>, until: Option<&str>) -> Trial {
    wanted(from, until).trial(markets()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn figures_begin_with_the_first_day_and_end_with_the_last_one() {
    let report = run(&tried(Some("2024-01-10"), Some("2024-03-31"))).unwrap();
    assert_eq!(report.from, at("2024-01-10T00:00:00Z"));
    assert_eq!(report.until, at("2024-04-01T00:00:00Z"), "the last day counts whole");
    // 22 days of January, 29 of February, 31 of March, and the start.
    assert_eq!(report.equity.len(), 22 + 29 + 31 + 1);
    let inside = |at: Timestamp| report.from < at && at <= report.until;
    assert!(!report.trades.is_empty());
    assert!(report.trades.iter().all(|t| inside(t.opened_at) && inside(t.closed_at)));

    let words = report.assumptions.join("\n");
    let before = "bars that close from 2024-01-10 on. The 56 bars before only warm the rules up.";
    assert!(words.contains(before), "{words}");
    assert!(words.contains("Bars that close after 2024-03-31 are left out"), "{words}");
    let whole = run(&tried(None, None)).unwrap();
    assert!(!whole.assumptions.join("\n").contains("warm the rules up"));
}

#[test]
fn an_instant_is_no_day() {
    let report = run(&tried(Some("2024-01-10T12:00:00Z"), Some("2024-03-31T12:00:00Z"))).unwrap();
    assert_eq!(report.from, at("2024-01-10T00:00:00Z"), "that bar closes after noon");
    assert_eq!(report.until, at("2024-03-31T00:00:00Z"), "the next bar closes too late");
    let words = report.assumptions.join("\n");
    assert!(words.contains("bars that close from 2024-01-10T12:00:00Z on."), "{words}");
}

#[test]
fn rules_are_warm_at_the_first_bar_and_say_what_they_say_in_all_of_history() {
    let (all, part) = (tried(None, None), tried(Some("2024-01-10"), None));
    let (all, part) = (signals(&all).unwrap(), signals(&part).unwrap());
    assert_eq!(part.len(), BARS - 56);
    for (early, late) in all[56..].iter().zip(&part) {
        assert_eq!(early.at, late.at);
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&early.values), bits(&late.values));
    }
    // The same stretch without the bars before is cold.
    let mut cold = tried(Some("2024-01-10"), None);
    let bars = cold.markets[0].bars[56..].to_vec();
    cold.markets[0].bars = bars.into();
    assert!(signals(&cold).unwrap()[0].values.iter().any(|value| value.is_nan()));
    assert!(part[0].values.iter().all(|value| !value.is_nan()));
}

#[test]
fn the_stretch_is_part_of_what_a_result_rests_on() {
    let config = |from, until| run(&tried(from, until)).unwrap().reproducibility.config;
    let hashes = [
        config(None, None),
        config(Some("2024-01-10"), None),
        config(Some("2024-01-11"), None),
        config(None, Some("2024-03-31")),
        config(None, Some("2024-04-01")),
    ];
    for (n, one) in hashes.iter().enumerate() {
        assert!(!hashes[n + 1..].contains(one), "{n}");
    }
    assert_eq!(config(Some("2024-01-10"), None), hashes[1]);
}

#[test]
fn a_stretch_without_bars_is_refused_with_what_there_is() {
    let refused = |from, until, field: &str, code: &str| {
        let wanted = wanted(from, until);
        let error = match wanted.check() {
            Ok(()) => wanted.trial(markets()).map(drop).unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.field().as_deref(), error.code()), (Some(field), code), "{error}");
        error.to_string()
    };
    let late = refused(Some("2030-01-01"), None, "from", "trial_stretch");
    let covered = "no bar of XYZ closes from 2030-01-01 on: its bars go from 2023-11-15T00:00:00Z to \
                   2024-06-02T00:00:00Z; choose a stretch in there, or add bars";
    assert_eq!(late, covered);
    let early = refused(None, Some("2001-01-01"), "until", "trial_stretch");
    assert!(early.starts_with("no bar of XYZ closes until 2001-01-01: its bars"), "{early}");
    let between = refused(
        Some("2024-01-10T01:00:00Z"),
        Some("2024-01-10T23:00:00Z"),
        "until",
        "trial_stretch",
    );
    assert!(between.contains("from 2024-01-10T01:00:00Z until 2024-01-10T23:00:00Z"), "{between}");
    let turned = refused(Some("2024-02-01"), Some("2024-01-10"), "until", "trial_edges");
    assert!(turned.starts_with("until 2024-01-10 is before from 2024-02-01"), "{turned}");
    // One day, and one bar, are a stretch.
    let day = run(&tried(Some("2024-01-10"), Some("2024-01-10"))).unwrap();
    assert_eq!(day.equity.len(), 2);
    let empty = Market { bars: Vec::new().into(), ..markets().remove(0) };
    let error = wanted(None, None).trial(vec![empty]).map(drop).unwrap_err();
    assert!(matches!(error, TrialError::NoBars(_)), "{error}");
}

#[test]
fn a_walk_begins_in_the_stretch_and_is_warm_there() {
    let walked = |trial: Trial| -> WalkReport {
        let axes = ["fast=2..4:1".parse().unwrap()];
        let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
        let plan = Plan { train: 60, test: 20, anchored: true };
        let objective = "total_return_percent".parse().unwrap();
        let walk = Walk { trial, space, objective, plan };
        walk.run(kit::threads(1), |_, _| ControlFlow::Continue(())).unwrap()
    };
    let part = walked(tried(Some("2024-01-10"), Some("2024-04-30")));
    assert_eq!(part.folds.len(), (112 - 60) / 20);
    assert!(part.folds.iter().all(|fold| fold.train_from == at("2024-01-10T00:00:00Z")));
    assert_eq!(part.folds[0].test_from, at("2024-03-10T00:00:00Z"));
    // Begun at the same bar without any before, the first window is cold: other figures.
    let mut cold = tried(None, Some("2024-04-30"));
    let bars = cold.markets[0].bars[56..].to_vec();
    cold.markets[0].bars = bars.into();
    let cold = walked(cold);
    assert_eq!(cold.folds[0].train_from, part.folds[0].train_from);
    assert_ne!(cold.folds[0].in_sample_objective, part.folds[0].in_sample_objective);
}

#[test]
fn a_look_ahead_check_cuts_only_in_the_stretch() {
    let trial = tried(Some("2024-05-01"), Some("2024-05-31"));
    let told = lookahead::of(&trial, (1_000, 1), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(told.cuts.cuts, 31);
    assert!(told.cuts.is_blind());
}
