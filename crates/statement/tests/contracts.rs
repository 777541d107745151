//! Contracts, funding, splits and fees in the base asset: every figure was worked out on paper.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{Journal, instrument, lots, trip};
use domain::{
    AssetClass, Contract, Currency, Instrument, MarginTier, MovementKind, OriginKind, Position,
    Side,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use statement::{TotalsLine, movements_csv, totals_csv};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn perpetual(multiplier: &str) -> Instrument {
    let tiers =
        vec![MarginTier { up_to: None, initial_rate: d("0.1"), maintenance_rate: d("0.05") }];
    Instrument {
        asset_class: AssetClass::Perpetual,
        multiplier: d(multiplier),
        contract: Some(Contract { expires: None, max_leverage: d("10"), tiers }),
        ..instrument()
    }
}

/// A coin whose fees may be charged in it.
fn coin() -> Instrument {
    let base = Currency::new("BTC").unwrap();
    let step = "0.001".parse().unwrap();
    Instrument { asset_class: AssetClass::CryptoSpot, base, step, min_qty: step, ..instrument() }
}

fn total(journal: &Journal, book: &str) -> TotalsLine {
    let lines = journal.statement.totals().flat_map(|t| t.lines());
    lines.into_iter().find(|line| line.book.as_str() == book).unwrap()
}

#[test]
fn a_contract_earns_the_difference_times_its_multiplier() {
    let mut journal = Journal::of(perpetual("50"));
    journal.fill(Side::Sell, "2", "4000", "5");
    journal.fill(Side::Sell, "1", "4030", "2.5");
    journal.fill(Side::Buy, "3", "3990", "7.5");
    // short: 2 × 50 × (4000 − 3990) and 1 × 50 × (4030 − 3990)
    assert_eq!(
        lots(&journal),
        [("2", "4000", "3990", "1000", "10", "990"), ("1", "4030", "3990", "2000", "5", "1995"),]
    );
    let trip = trip(&journal);
    assert_eq!((trip.entry.get(), trip.gross.amount()), (d("4010"), d("3000")));
    assert_eq!(trip.net().unwrap().amount(), d("2985"));
}

#[test]
fn funding_and_fees_stand_apart_and_in_the_totals_of_each_book() {
    let mut journal = Journal::of(perpetual("10"));
    journal.fill(Side::Buy, "5", "100", "2");
    journal.moved(MovementKind::Funding, &[("manual", "-0.5"), ("trend", "0.2")]);
    journal.moved(MovementKind::Funding, &[("manual", "-0.6")]);
    journal.moved(MovementKind::Deposit, &[("unmanaged", "1000")]);
    journal.fill(Side::Sell, "4", "103", "1.5");
    let line = total(&journal, "manual");
    // 4 × 10 × 3; all fees, of the contract that is still held too
    assert_eq!((line.gross, line.fees, line.movements[0]), (d("120"), d("3.5"), d("-1.1")));
    assert_eq!(line.net, Some(d("115.4")));
    assert_eq!(total(&journal, "trend").net, Some(d("0.2")));
    let unmanaged = total(&journal, "unmanaged");
    assert_eq!((unmanaged.movements[5], unmanaged.net), (d("1000"), Some(d("0"))), "no profit");
    let rows: Vec<_> = journal.statement.movements().collect();
    assert_eq!(rows.len(), 4);
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    journal.repeat();
    assert_eq!(journal.statement.movements().len(), 4, "an execution is no movement");
}

#[test]
fn a_movement_that_is_told_twice_counts_once() {
    let mut journal = Journal::of(perpetual("1"));
    journal.moved(MovementKind::Funding, &[("manual", "-3")]);
    journal.repeat();
    assert_eq!(total(&journal, "manual").net, Some(d("-3")));
    assert_eq!(journal.statement.movements().len(), 1);
}

#[test]
fn borrow_fees_interest_and_dividends_are_part_of_what_was_earned() {
    let mut journal = Journal::new();
    journal.fill(Side::Sell, "10", "50", "0");
    journal.moved(MovementKind::BorrowFee, &[("manual", "-0.04")]);
    journal.moved(MovementKind::Dividend, &[("manual", "-5")]);
    journal.moved(MovementKind::Interest, &[("unmanaged", "-0.3")]);
    journal.fill(Side::Buy, "10", "48", "0");
    assert_eq!(total(&journal, "manual").net, Some(d("14.96")), "20 − 0.04 − 5");
    assert_eq!(total(&journal, "unmanaged").net, Some(d("-0.3")));
}

#[test]
fn a_split_changes_quantities_and_prices_and_earns_nothing() {
    let mut journal = Journal::new();
    let entry = journal.order(Side::Buy, OriginKind::Human, Some("270"));
    journal.fill_of(&entry, "10", "300", "1");
    journal.fill(Side::Buy, "5", "330", "0");
    journal.split("3", "1");
    // 30 at 100 and 15 at 110
    journal.fill(Side::Sell, "40", "120", "4");
    assert_eq!(
        lots(&journal),
        [("30", "100", "120", "600", "4", "596"), ("10", "110", "120", "100", "1", "99")]
    );
    journal.fill(Side::Sell, "5", "90", "0");
    let trip = trip(&journal);
    assert_eq!((trip.qty.get(), trip.gross.amount()), (d("45"), d("600")), "600 + 100 − 100");
    // (3000 + 1650) / 45, rounded; the first stop was 270, which is 90 in new units
    assert_eq!(trip.entry.get(), d("103.333333333333"));
    assert_eq!(trip.risk.unwrap().amount().round_dp(6), d("600"), "45 × (103.3… − 90)");
    assert_eq!(total(&journal, "manual").gross, d("600"));
}

#[test]
fn a_split_that_does_not_divide_keeps_the_cost_to_the_last_digit() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "10", "10", "0");
    journal.fill(Side::Buy, "1", "20", "0");
    journal.split("1", "3");
    // 11 ÷ 3 = 3.666666666666 units that cost 120
    journal.fill(Side::Sell, "1", "36", "0");
    journal.fill(Side::Sell, "2.666666666666", "36", "0");
    let earned: Decimal = journal.statement.lots().map(|l| l.gross.amount()).sum();
    assert_eq!(earned, d("3.666666666666") * d("36") - d("120"));
}

#[test]
fn a_fraction_paid_in_cash_is_a_sale_for_exactly_that() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "11", "100", "1.1");
    journal.split("1", "10");
    journal.fraction("0.1", "102.01", "1020.1");
    // A share of 0.1 ÷ 1.1 in the cost of 1100 and in the fee of 1.1.
    assert_eq!(lots(&journal), [("0.1", "1000", "1020.1", "2.01", "0.1", "1.91")]);
    journal.fill(Side::Sell, "1", "1020.1", "0");
    let trip = trip(&journal);
    assert_eq!((trip.qty.get(), trip.exit.get()), (d("1.1"), d("1020.1")));
    assert_eq!(trip.net().unwrap().amount(), d("21.01"), "102.01 + 1020.1 − 1100 − 1.1");
    assert_eq!(total(&journal, "manual").net, Some(d("21.01")), "counted once");
    let row = journal.statement.movements().last().unwrap();
    assert_eq!((row.reason.name(), row.sold.unwrap().get()), ("cash_in_lieu", d("0.1")));
    assert_eq!(row.money.unwrap().amount(), d("102.01"));
}

#[test]
fn a_short_pays_for_its_fraction() {
    let mut journal = Journal::new();
    journal.fill(Side::Sell, "4", "100", "0");
    journal.split("1", "10");
    journal.fraction("-0.4", "-380", "950");
    let trip = trip(&journal);
    assert_eq!((trip.side, trip.gross.amount()), (Side::Sell, d("20")), "400 − 380");
    assert_eq!(trip.reason.name(), "transfer");
}

#[test]
fn a_split_is_a_row_for_each_book_that_holds() {
    let mut journal = Journal::new();
    journal.split("2", "1");
    journal.fill(Side::Buy, "10", "10", "0");
    journal.split("2", "1");
    let rows: Vec<_> = journal.statement.movements().collect();
    assert_eq!(rows[0].book, None, "nobody held it");
    assert_eq!(rows[1].book.as_ref().unwrap().as_str(), "manual");
    assert_eq!(rows[1].ratio, Some((d("2"), d("1"))));
}

#[test]
fn a_fee_in_the_base_asset_makes_the_lot_smaller() {
    let mut journal = Journal::of(coin());
    journal.fill_paying(Side::Buy, "1", "20000", "0.001", "BTC");
    journal.fill(Side::Sell, "0.999", "21000", "20.979");
    // 0.999 × 1000; the fees are 0.001 × 20000 and 20.979
    assert_eq!(lots(&journal), [("0.999", "20000", "21000", "999", "40.979", "958.021")]);
    let trip = trip(&journal);
    assert_eq!((trip.qty.get(), trip.entry.get()), (d("0.999"), d("20000")));
    assert_eq!(trip.net().unwrap().amount(), d("958.021"));
    let line = total(&journal, "manual");
    // paid 20000, received 20979 − 20.979
    assert_eq!(line.net, Some(d("958.021")));
}

#[test]
fn the_tables_of_movements_and_totals() {
    let mut journal = Journal::of(perpetual("10"));
    journal.fill(Side::Buy, "5", "100", "2");
    journal.moved(MovementKind::Funding, &[("manual", "-0.5")]);
    journal.split("3", "2");
    let movements = movements_csv(journal.statement.movements()).unwrap();
    assert_eq!(
        movements,
        "number,at,kind,book,instrument,amount,currency,ratio,id,fraction\n\
         1,1970-01-01T00:00:03Z,funding,manual,sim:IBM,-0.5,USD,,m-2,\n\
         2,1970-01-01T00:00:04Z,split,manual,sim:IBM,,,3 for 2,s-3,\n"
    );
    let lines: Vec<TotalsLine> = journal.statement.totals().flat_map(|t| t.lines()).collect();
    assert_eq!(
        totals_csv(lines.iter()).unwrap(),
        "book,currency,gross,fees,funding,borrow_fee,interest,dividend,cash_in_lieu,deposit,\
         withdrawal,adjustments,net\n\
         manual,USD,0,2,-0.5,0,0,0,0,0,0,0,-2.5\n"
    );
}

proptest! {
    /// The books apply the same events: once everything is sold both have earned the same.
    #[test]
    fn splits_and_base_fees_agree_with_the_books(
        steps in prop::collection::vec((0_u8..4, 1_u32..2_000, 100_u32..50_000), 1..30),
    ) {
        let mut journal = Journal::of(coin());
        let mut position = Position::flat(Currency::usd());
        let mut fees = Decimal::ZERO;
        for (step, milli, cents) in steps {
            let (qty, price) = (Decimal::new(i64::from(milli), 3), Decimal::new(i64::from(cents), 2));
            if step == 3 {
                let new = Decimal::from(milli % 5 + 1);
                journal.split(&new.to_string(), "2");
                position.convert(new, Decimal::TWO).unwrap();
                continue;
            }
            let fee = qty * Decimal::new(1, 3);
            journal.fill_paying(Side::Buy, &qty.to_string(), &price.to_string(), &fee.to_string(), "BTC");
            let price = price.to_string().parse().unwrap();
            position.apply(Side::Buy, qty.to_string().parse().unwrap(), price, Decimal::ONE).unwrap();
            position.apply(Side::Sell, fee.to_string().parse().unwrap(), price, Decimal::ONE).unwrap();
            fees += fee * price.get();
        }
        if !position.qty.is_zero() {
            let qty = position.qty.abs();
            journal.fill(Side::Sell, &qty.to_string(), "77.77", "0");
            position.apply(Side::Sell, qty, "77.77".parse().unwrap(), Decimal::ONE).unwrap();
        }
        let line = journal.statement.totals().flat_map(|t| t.lines()).next();
        let line = line.map(|line| (line.gross, line.fees)).unwrap_or_default();
        prop_assert_eq!(line, (position.realized.amount(), fees.normalize()));
    }
}
