//! Candles and what they must have filled, computed by hand: a line of arithmetic for each number
//! that is not plain. Every case is run bar by bar and jumping.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use kit::script::table;

#[test]
fn entries_and_exits_meet_the_next_open() {
    assert_eq!(table(include_str!("cases/orders.txt")), 16);
}

#[test]
fn limits_rest_and_fill() {
    assert_eq!(table(include_str!("cases/limits.txt")), 10);
}

#[test]
fn stops_are_met_at_their_trigger_or_at_the_gap() {
    assert_eq!(table(include_str!("cases/stops.txt")), 17);
}

#[test]
fn targets_and_trails_are_met_at_their_level() {
    assert_eq!(table(include_str!("cases/targets.txt")), 13);
}

#[test]
fn volume_makes_partial_fills() {
    assert_eq!(table(include_str!("cases/volume.txt")), 6);
}

#[test]
fn fees_are_exact() {
    assert_eq!(table(include_str!("cases/fees.txt")), 8);
}

#[test]
fn holding_costs_and_earns() {
    assert_eq!(table(include_str!("cases/holding.txt")), 15);
}

#[test]
fn the_gate_judges_at_the_open() {
    assert_eq!(table(include_str!("cases/judged.txt")), 8);
}

#[test]
fn sessions_are_kept() {
    assert_eq!(table(include_str!("cases/stocks.txt")), 5);
}
