//! Once a holding is flat, lots and the books' average cost have earned the same to the last digit.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::Journal;
use domain::{Currency, Position, Side};
use proptest::prelude::*;
use rust_decimal::Decimal;

proptest! {
    #[test]
    fn flat_holdings_earned_what_the_books_say(
        fills in prop::collection::vec((any::<bool>(), 1_u32..40, 1_u32..50_000), 1..40),
    ) {
        let mut journal = Journal::new();
        let mut position = Position::flat(Currency::usd());
        let mut take = |journal: &mut Journal, side: Side, qty: &str, price: &str| {
            journal.fill(side, qty, price, "0.01");
            let (qty, price) = (qty.parse().unwrap(), price.parse().unwrap());
            position.apply(side, qty, price, Decimal::ONE).unwrap();
            position
        };
        let mut now = None;
        for (buy, qty, cents) in fills {
            let side = if buy { Side::Buy } else { Side::Sell };
            let price = Decimal::new(i64::from(cents), 2).to_string();
            now = Some(take(&mut journal, side, &qty.to_string(), &price));
        }
        let held = now.unwrap();
        if let Some(side) = Side::reducing(held.qty) {
            let qty = held.qty.abs().to_string();
            now = Some(take(&mut journal, side, &qty, "77.77"));
        }
        let earned: Decimal = journal.statement.lots().map(|l| l.gross.amount()).sum();
        prop_assert_eq!(earned, now.unwrap().realized.amount());
        let trips: Decimal = journal.statement.trips().map(|t| t.gross.amount()).sum();
        prop_assert_eq!(trips, earned);
        let net: Decimal = journal.statement.trips().map(|t| t.net().unwrap().amount()).sum();
        let net_of_lots: Decimal = journal.statement.lots().map(|l| l.net().unwrap().amount()).sum();
        prop_assert_eq!(net, net_of_lots);
    }
}
