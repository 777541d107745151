//! Walk-forward and parameter stability, worked out by hand.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::near;
use research::stats::{Fold, GridPoint, Note, Stability, WalkForward, parameter_spread};

fn fold(inside: f64, outside: f64) -> Fold {
    Fold {
        in_sample_percent: inside,
        in_sample_days: 730.5,
        out_of_sample_percent: outside,
        out_of_sample_days: 182.625,
    }
}

#[test]
fn efficiency_is_by_the_year() {
    // 20, 30 and 10 percent in two years each: 60 in 6 years, 10 a year. 4, −1 and 4.5 in half a
    // year each: 7.5 in 1.5 years, 5 a year.
    let w = WalkForward::of(&[fold(20.0, 4.0), fold(30.0, -1.0), fold(10.0, 4.5)]);
    assert_eq!(w.folds, 3);
    near(w.in_sample_percent_per_year.value(), 10.0);
    near(w.out_of_sample_percent_per_year.value(), 5.0);
    near(w.efficiency_percent.value(), 50.0);
    near(w.profitable_folds_percent.value(), 200.0 / 3.0);
    near(w.worst_fold_percent.value(), -1.0);
}

#[test]
fn folds_that_say_nothing() {
    let none = WalkForward::of(&[]);
    assert_eq!(none.efficiency_percent.notes(), [Note::NoFolds]);
    assert_eq!(none.profitable_folds_percent.notes(), [Note::NoFolds]);
    let losing = WalkForward::of(&[fold(-5.0, 3.0)]);
    assert_eq!(losing.efficiency_percent.notes(), [Note::NotProfitableInSample]);
    near(losing.out_of_sample_percent_per_year.value(), 6.0);
    let instant = Fold { in_sample_days: 0.0, ..fold(5.0, 3.0) };
    assert_eq!(WalkForward::of(&[instant]).efficiency_percent.notes(), [Note::NoTime]);
}

/// A grid of 3 by 3 with these objectives, row by row.
fn grid(objectives: [Option<f64>; 9]) -> Vec<GridPoint> {
    let place = |n: u32| vec![n / 3, n % 3];
    (0..).zip(objectives).map(|(n, objective)| GridPoint { place: place(n), objective }).collect()
}

#[test]
fn a_point_beside_its_neighbours() {
    let row = [1.0, 1.0, 0.5, 1.5, 2.0, 1.5, -1.0, 1.0];
    let mut objectives = [None; 9];
    for (cell, value) in objectives.iter_mut().zip(row) {
        *cell = Some(value);
    }
    // The centre is 2. Its neighbours are 1, 1, 0.5, 1.5, 1.5, −1, 1 and one without a value.
    let s = Stability::of(&grid(objectives), 4);
    assert_eq!((s.neighbours, s.undefined_neighbours), (7, 1));
    near(s.plateau_ratio.value(), 0.5);
    near(s.worst_neighbour_ratio.value(), -0.5);
    near(s.positive_neighbours_percent.value(), 600.0 / 7.0);
    // The first corner is 1 with the neighbours 1, 1.5 and 2.
    let corner = Stability::of(&grid(objectives), 0);
    assert_eq!(corner.neighbours, 3);
    near(corner.plateau_ratio.value(), 1.5);
}

#[test]
fn a_point_that_stands_alone_or_on_nothing() {
    let mut objectives = [None; 9];
    objectives[4] = Some(1.0);
    let alone = Stability::of(&grid(objectives), 4);
    assert_eq!(alone.plateau_ratio.notes(), [Note::NoNeighbours]);
    objectives[0] = Some(1.0);
    objectives[4] = Some(-1.0);
    let negative = Stability::of(&grid(objectives), 4);
    assert_eq!(negative.plateau_ratio.notes(), [Note::ChosenNotPositive]);
    near(negative.positive_neighbours_percent.value(), 100.0);
    assert_eq!(Stability::of(&grid(objectives), 99).neighbours, 0);
}

#[test]
fn how_far_a_parameter_moved() {
    // 10, 20, 30: deviation 10, mean 20.
    near(parameter_spread(&[10.0, 20.0, 30.0]).value(), 0.5);
    near(parameter_spread(&[7.0, 7.0, 7.0]).value(), 0.0);
    assert_eq!(parameter_spread(&[7.0]).notes(), [Note::NoFolds]);
    assert_eq!(parameter_spread(&[-1.0, 1.0]).notes(), [Note::OutOfRange]);
}
