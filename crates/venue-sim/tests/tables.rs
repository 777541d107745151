//! Order types, bars, partial fills, lifetimes, funds: contracts, loans: one account.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;
#[path = "common/script/mod.rs"]
mod script;

use script::table;

#[test]
fn order_types_on_quotes() {
    assert_eq!(table(include_str!("tables/kinds.txt")), 27);
}

#[test]
fn orders_meet_bars() {
    assert_eq!(table(include_str!("tables/bars.txt")), 31);
}

#[test]
fn volume_makes_partial_fills() {
    assert_eq!(table(include_str!("tables/partial.txt")), 12);
}

#[test]
fn orders_live_and_expire() {
    assert_eq!(table(include_str!("tables/lifetimes.txt")), 27);
}

#[test]
fn rules_funds_and_fees() {
    assert_eq!(table(include_str!("tables/funds.txt")), 21);
}

#[test]
fn reduce_only_only_reduces() {
    assert_eq!(table(include_str!("tables/reduce.txt")), 10);
}

#[test]
fn groups_triggers_and_extended_hours() {
    assert_eq!(table(include_str!("tables/conditions.txt")), 18);
}

#[test]
fn contracts_margin_funding_and_expiry() {
    assert_eq!(table(include_str!("tables/contracts.txt")), 20);
}

#[test]
fn positions_are_liquidated() {
    assert_eq!(table(include_str!("tables/liquidation.txt")), 16);
}

#[test]
fn loans_dividends_splits_and_currencies() {
    assert_eq!(table(include_str!("tables/stocks.txt")), 20);
}

#[test]
fn large_orders_fill_over_bars() {
    assert_eq!(table(include_str!("tables/large.txt")), 6);
}
