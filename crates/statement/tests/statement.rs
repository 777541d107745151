//! Hand-computed statements: every figure below was worked out on paper.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{Journal, lots, trip};
use domain::{OriginKind, Side};
use rust_decimal::Decimal;
use statement::{Basis, ExitReason, Summary, days_csv, lots_csv, trips_csv};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn the_oldest_lot_is_closed_first_and_fees_are_shared_to_the_last_digit() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "10", "100", "1");
    journal.fill(Side::Buy, "10", "110", "1");
    journal.fill(Side::Sell, "15", "120", "1.5");
    // 10 × (120 − 100) and 5 × (120 − 110); fees 1 + 10/15 × 1.5 and 5/10 × 1 + 5/15 × 1.5
    assert_eq!(
        lots(&journal),
        [("10", "100", "120", "200", "2", "198"), ("5", "110", "120", "50", "1", "49")]
    );
    assert_eq!(journal.statement.trips().len(), 0, "5 are still held");
    journal.fill(Side::Sell, "5", "90", "0.3");
    let last = lots(&journal).pop().unwrap();
    assert_eq!(last, ("5", "110", "90", "-100", "0.8", "-100.8"), "the rest of the fee: 0.5 + 0.3");
    let trip = trip(&journal);
    assert_eq!((trip.entry.get(), trip.exit.get()), (d("105"), d("112.5")));
    assert_eq!(trip.gross.amount(), d("150"));
    assert_eq!(trip.net().unwrap().amount(), d("146.2"));
}

#[test]
fn a_fee_that_does_not_divide_leaves_nothing_over() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "3", "10", "1");
    for _ in 0..3 {
        journal.fill(Side::Sell, "1", "10", "0");
    }
    let fees: Decimal = journal.statement.lots().map(|l| -l.net().unwrap().amount()).sum();
    assert_eq!(fees, d("1"), "thirds of 1 add up to 1");
}

#[test]
fn a_sale_beyond_the_holding_ends_one_trip_and_begins_a_short_one() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "10", "50", "0");
    journal.fill(Side::Sell, "16", "55", "0.8");
    let long = trip(&journal);
    assert_eq!((long.side, long.qty.get(), long.gross.amount()), (Side::Buy, d("10"), d("50")));
    assert_eq!(long.net().unwrap().amount(), d("49.5"), "10/16 of the fee");
    journal.fill(Side::Buy, "6", "45", "0");
    let short = trip(&journal);
    assert_eq!((short.side, short.qty.get()), (Side::Sell, d("6")));
    assert_eq!((short.entry.get(), short.exit.get()), (d("55"), d("45")));
    assert_eq!(short.net().unwrap().amount(), d("59.7"), "6 × 10 less 6/16 of 0.8");
}

#[test]
fn what_was_risked_is_the_first_stop_and_r_counts_in_it() {
    let mut journal = Journal::new();
    let entry = journal.order(Side::Buy, OriginKind::Strategy, Some("95"));
    journal.fill_of(&entry, "10", "100", "0.5");
    journal.plan("98");
    let stop = journal.stop_order();
    journal.fill_of(&stop, "10", "97.5", "0.5");
    let trip = trip(&journal);
    assert_eq!(trip.risk.unwrap().amount(), d("50"), "10 × (100 − 95), not the stop moved later");
    assert_eq!(trip.net().unwrap().amount(), d("-26"));
    assert_eq!(trip.r(), Some(d("-0.52")));
    assert_eq!((trip.origin, trip.reason), (Some(OriginKind::Strategy), ExitReason::Stop));
}

#[test]
fn a_stop_that_is_set_after_the_entry_counts_when_there_was_none() {
    let mut journal = Journal::new();
    let entry = journal.order(Side::Buy, OriginKind::Human, None);
    journal.fill_of(&entry, "4", "25", "0");
    journal.plan("24");
    journal.fill(Side::Sell, "4", "28", "0");
    let trip = trip(&journal);
    assert_eq!((trip.risk.unwrap().amount(), trip.r()), (d("4"), Some(d("3"))));
    assert_eq!(trip.reason, ExitReason::External, "the sale was not the desk's");
}

#[test]
fn a_target_is_named() {
    let mut journal = Journal::new();
    let entry = journal.order(Side::Buy, OriginKind::ApiKey, None);
    journal.fill_of(&entry, "1", "10", "0");
    let exit = journal.target_close();
    journal.fill_of(&exit, "1", "12", "0");
    assert_eq!(trip(&journal).reason, ExitReason::Target);
    assert_eq!(trip(&journal).r(), None, "nothing says what was risked");
}

#[test]
fn an_execution_that_is_told_twice_counts_once() {
    let mut journal = Journal::new();
    journal.fill(Side::Buy, "2", "10", "0");
    journal.repeat();
    journal.fill(Side::Sell, "2", "11", "0");
    assert_eq!(journal.statement.trips().len(), 1);
    assert_eq!(trip(&journal).gross.amount(), d("2"));
}

#[test]
fn a_holding_that_was_adopted_begins_at_the_price_of_that_moment() {
    let mut journal = Journal::new();
    journal.arrived("8", "40");
    journal.adopt("8", "44");
    let moved = journal.statement.lots().next_back().unwrap().clone();
    assert_eq!((moved.basis, moved.gross.amount()), (Basis::Transfer, d("32")), "in `unmanaged`");
    journal.fill(Side::Sell, "8", "45", "0");
    let sold = journal.statement.lots().next_back().unwrap();
    assert_eq!((sold.basis, sold.gross.amount()), (Basis::Adoption, d("8")));
}

#[test]
fn a_fee_in_another_currency_is_kept_and_leaves_the_net_open() {
    let mut journal = Journal::new();
    journal.fill_paying(Side::Buy, "1", "100", "0.001", "BNB");
    journal.fill(Side::Sell, "1", "105", "0.1");
    let trip = trip(&journal);
    assert_eq!(trip.gross.amount(), d("5"));
    assert_eq!(trip.fees.get(domain::Currency::new("BNB").unwrap()).amount(), d("0.001"));
    assert_eq!((trip.net(), trip.r()), (None, None));
}

#[test]
fn a_days_result_leaves_deposits_out() {
    let mut journal = Journal::new();
    journal.day(1, "1000");
    journal.deposit("500");
    journal.deposit("-200");
    journal.day(2, "1325");
    let days: Vec<_> = journal.statement.days().copied().collect();
    assert_eq!((days[0].deposits, days[0].result), (d("300"), Some(d("25"))));
    assert_eq!(days[1].result, None, "it is not over");
}

#[test]
fn the_tables_are_what_a_spreadsheet_reads() {
    let mut journal = Journal::new();
    let entry = journal.order(Side::Buy, OriginKind::Human, Some("95"));
    journal.fill_of(&entry, "10", "100", "0.5");
    journal.fill(Side::Sell, "10", "104", "0.5");
    journal.day(1, "1000");
    let lots = lots_csv(journal.statement.lots()).unwrap();
    assert_eq!(
        lots,
        "book,instrument,direction,quantity,opened,entry_price,basis,closed,exit_price,gross,fees,\
         net,currency\n\
         manual,sim:IBM,long,10,1970-01-01T00:00:02Z,100,execution,1970-01-01T00:00:03Z,104,40,\
         1 USD,39,USD\n"
    );
    let trips = trips_csv(journal.statement.trips()).unwrap();
    assert_eq!(
        trips.lines().nth(1).unwrap(),
        "manual,sim:IBM,long,10,1970-01-01T00:00:02Z,100,1970-01-01T00:00:03Z,104,40,1 USD,39,\
         USD,50,0.78,human,external"
    );
    let days = days_csv(journal.statement.days()).unwrap();
    assert_eq!(days, "opened,equity,deposits,result\n1970-01-01T00:00:04Z,1000,0,\n");
}

#[test]
fn a_summary_of_three_trips() {
    let mut journal = Journal::new();
    for (exit, stop) in [("110", Some("95")), ("94", Some("95")), ("103", None)] {
        let entry = journal.order(Side::Buy, OriginKind::Human, stop);
        journal.fill_of(&entry, "10", "100", "0");
        journal.fill(Side::Sell, "10", exit, "0");
    }
    let summary = Summary::of(journal.statement.trips());
    assert_eq!((summary.trips, summary.won, summary.lost, summary.untold), (3, 2, 1, 0));
    assert_eq!(summary.net.get(domain::Currency::usd()).amount(), d("70"));
    assert_eq!(summary.profit_factor, Some(d("2.1667")), "130 / 60");
    assert_eq!(summary.mean_r, Some(d("0.4")), "(2 − 1.2) / 2; the third risked nothing known");
}

#[test]
fn excursions_are_of_the_whole_quantity_at_the_average_entry() {
    let mut journal = Journal::new();
    journal.mark("90", "130", None);
    journal.fill(Side::Buy, "10", "100", "0");
    journal.mark("96", "104", None);
    journal.fill(Side::Buy, "10", "104", "0");
    journal.mark("99", "112.5", None);
    journal.fill(Side::Sell, "20", "110", "0");
    let trip = trip(&journal);
    assert_eq!(
        (trip.best.get(), trip.worst.get()),
        (d("112.5"), d("96")),
        "90 and 130 were before"
    );
    // average entry 102: 20 × (112.5 − 102) and 20 × (102 − 96)
    assert_eq!(trip.mfe().unwrap().amount(), d("210"));
    assert_eq!(trip.mae().unwrap().amount(), d("120"));
}

#[test]
fn a_shorts_excursions_run_the_other_way_and_are_never_negative() {
    let mut journal = Journal::new();
    journal.fill(Side::Sell, "4", "50", "0");
    journal.mark("44", "49", None);
    journal.fill(Side::Buy, "4", "46", "0");
    let trip = trip(&journal);
    // 4 × (50 − 44); the price was never above the entry
    assert_eq!(trip.mfe().unwrap().amount(), d("24"));
    assert_eq!(trip.mae().unwrap().amount(), d("0"));
}

#[test]
fn equity_is_marked_between_the_days() {
    let mut journal = Journal::new();
    journal.day(1, "1000");
    journal.mark("1", "2", Some("1012.5"));
    journal.mark("1", "2", None);
    let marks: Vec<_> = journal.statement.equity().map(|m| m.equity).collect();
    assert_eq!(marks, [d("1000"), d("1012.5")]);
}
