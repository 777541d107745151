//! Work that is watched: it tells how far it is, and ends when it is asked to.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::ops::ControlFlow;

use backtest::BacktestError;
use kit::{threads, trial};
use research::{
    lookahead,
    sweep::Space,
    trial::{TrialError, run, watched},
    walk::{Plan, Walk, WalkError},
};

fn is_stop(error: &TrialError) -> bool {
    matches!(error, TrialError::Run(BacktestError::Stopped))
}

#[test]
fn a_watched_trial_counts_every_bar_and_changes_nothing() {
    let trial = trial(150);
    let mut told = Vec::new();
    let report = watched(&trial, &mut |done, all| {
        told.push((done, all));
        ControlFlow::Continue(())
    })
    .unwrap();
    let expected: Vec<(u64, u64)> = (1..=150).map(|bar| (bar, 150)).collect();
    assert_eq!(told, expected);
    assert_eq!(report.reproducibility.result, run(&trial).unwrap().reproducibility.result);
}

#[test]
fn a_trial_ends_at_the_close_at_which_it_is_asked_to() {
    let mut heard = 0;
    let error = watched(&trial(150), &mut |done, _| {
        heard = done;
        if done == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap_err();
    assert!(is_stop(&error) && heard == 20, "{heard}: {error}");
}

#[test]
fn a_walk_ends_between_two_sets() {
    let trial = trial(300);
    let axes = ["fast=2..4:1".parse().unwrap(), "slow=6..10:2".parse().unwrap()];
    let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
    let plan = Plan { train: 120, test: 40, anchored: false };
    let walk = Walk { trial, space, objective: "total_return_percent".parse().unwrap(), plan };
    let mut told = Vec::new();
    let error = walk
        .run(threads(1), |fold, all| {
            told.push((fold, all));
            if told.len() == 12 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap_err();
    assert!(matches!(&error, WalkError::Trial(error) if is_stop(error)), "{error}");
    // Nine sets and the end of the first fold, then two sets of the second one.
    assert_eq!(told[..9], [(0, 4); 9]);
    assert_eq!(told[9..], [(1, 4); 3]);
}

#[test]
fn a_look_ahead_check_counts_histories_and_ends_between_two() {
    let mut told = Vec::new();
    let mut watch = |done, all| {
        told.push((done, all));
        if done == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = lookahead::of(&trial(150), (20, 1), &mut watch).unwrap_err();
    assert!(is_stop(&error), "{error}");
    assert_eq!(told, [(1, 21), (2, 21), (3, 21)]);
}
