//! Fees in the quote currency, in the base asset and in a third one.

use super::*;

/// What a book is worth more than it began with, both ways: cash and value, profit and fees.
fn conserved(t: &Table, instrument: &str, mark: &str) {
    let (book, position) = (t.book("a"), t.held("a", instrument));
    let usd = Currency::usd();
    let value = position.value(px(mark), Decimal::ONE).unwrap().amount();
    let unrealized = position.unrealized(px(mark), Decimal::ONE).unwrap().amount();
    let profit = position.realized.amount() + unrealized - book.fees.get(usd).amount();
    assert_eq!(book.cash.get(usd).amount() + value, profit);
}

#[test]
fn a_fee_in_the_quote_currency_is_paid_in_cash() {
    let mut t = Table::new();
    t.fee("1 USD");
    t.buy("a", IBM, "10", "100");
    assert_eq!((t.cash("a"), t.fees("a", "USD")), ("-1001".into(), "1".into()));
    assert_eq!(t.position("a", IBM), ["10", "1000", "0"]);
    conserved(&t, IBM, "103");
    t.agrees();
}

#[test]
fn a_rebate_is_a_fee_below_zero() {
    let mut t = Table::new();
    t.fee("-0.5 USD");
    t.buy("a", IBM, "10", "100");
    assert_eq!((t.cash("a"), t.fees("a", "USD")), ("-999.5".into(), "-0.5".into()));
    conserved(&t, IBM, "97");
    t.agrees();
}

#[test]
fn a_fee_in_a_third_asset_is_cash_of_that_asset() {
    let mut t = Table::new();
    t.rate("BNB", "300");
    t.fee("0.01 BNB");
    t.buy("a", IBM, "10", "100");
    assert_eq!((t.cash("a"), t.cash_in("a", "BNB")), ("-1000".into(), "-0.01".into()));
    // 100 000 − 0.01 × 300
    assert_eq!(t.desk.equity(), "99997");
    t.agrees();
}

#[test]
fn a_buys_fee_in_the_base_asset_takes_quantity() {
    let mut t = Table::new();
    t.fee("0.001 BTC");
    t.buy("a", BTC, "1", "50000");
    // 0.999 are held; the fee is worth 0.001 × 50 000
    assert_eq!(t.position("a", BTC), ["0.999", "49950", "0"]);
    assert_eq!((t.cash("a"), t.fees("a", "USD")), ("-50000".into(), "50".into()));
    assert_eq!((t.cash_in("a", "BTC"), t.fees("a", "BTC")), ("0".into(), "0".into()));
    // 100 000 − 50 000 + 0.999 × 50 000
    assert_eq!(t.desk.equity(), "99950");
    conserved(&t, BTC, "51000");
    t.agrees();
}

#[test]
fn a_second_fee_in_the_base_asset_goes_at_the_average() {
    let mut t = Table::new();
    t.fee("0.001 BTC");
    t.buy("a", BTC, "1", "50000");
    t.buy("a", BTC, "1", "40000");
    // 0.999 for 49 950 and 1 for 40 000: 89 950 for 1.999. The fee of 0.001 cost
    // 89 950 ÷ 1999 = 44.997498749375 and is worth 40.
    assert_eq!(t.position("a", BTC), ["1.998", "89905.002501250625", "-4.997498749375"]);
    assert_eq!(t.fees("a", "USD"), "90");
    assert!(t.book("a").last_loss.is_empty(), "a fee is no losing exit");
    conserved(&t, BTC, "45000");
    t.agrees();
}

#[test]
fn a_sales_fee_in_the_base_asset_takes_from_the_holdings() {
    let mut t = Table::new();
    t.buy("a", BTC, "1", "50000");
    t.fee("0.001 BTC");
    t.sell("a", BTC, "0.5", "52000");
    // 0.5 × 2000 = 1000 by the sale, 0.001 × 2000 = 2 by the fee's quantity
    assert_eq!(t.position("a", BTC), ["0.499", "24950", "1002"]);
    // −50 000 + 26 000; the fee is worth 0.001 × 52 000
    assert_eq!((t.cash("a"), t.fees("a", "USD")), ("-24000".into(), "52".into()));
    conserved(&t, BTC, "52000");
    t.agrees();
}

#[test]
fn a_rebate_in_the_base_asset_adds_quantity() {
    let mut t = Table::new();
    t.fee("-0.001 BTC");
    t.buy("a", BTC, "1", "50000");
    assert_eq!(t.position("a", BTC), ["1.001", "50050", "0"]);
    assert_eq!(t.fees("a", "USD"), "-50");
    conserved(&t, BTC, "50000");
    t.agrees();
}

#[test]
fn a_contracts_fee_in_its_base_asset_is_cash() {
    let mut t = Table::new();
    t.rate("BTC", "50000");
    t.fee("0.001 BTC");
    t.buy("a", PERP, "1", "50000");
    assert_eq!(t.position("a", PERP), ["1", "50000", "0"]);
    assert_eq!((t.wallet("USD"), t.wallet("BTC")), ("100000".into(), "-0.001".into()));
    t.agrees();
}

#[test]
fn the_stop_covers_what_a_fee_in_the_base_asset_leaves() {
    let mut t = Table::new();
    t.fee("0.001 BTC");
    let entry = t.limit(("a", BTC), Side::Buy, "0.01", "50000").stop("45000");
    let order = t.desk.order(entry);
    t.desk.fill(&order, "0.01", "50000");
    assert_eq!(t.desk.find(&order).filled, qty("0.01"), "the order filled whole");
    assert_eq!(t.desk.stops(BTC), [("0.009".to_owned(), "45000".to_owned())]);
    assert_eq!(t.desk.uncovered(), qty("0"));
    t.agrees();
}

#[test]
fn what_a_fee_leaves_beside_the_steps_is_not_asked_to_rest() {
    let mut t = Table::new();
    t.fee("0.0005 BTC");
    let entry = t.limit(("a", BTC), Side::Buy, "0.01", "50000").stop("45000");
    let order = t.desk.order(entry);
    t.desk.fill(&order, "0.01", "50000");
    t.desk.pass(Nanos::from_secs(60));
    // 0.0095 are held, 0.009 can be traded
    assert_eq!(t.desk.stops(BTC), [("0.009".to_owned(), "45000".to_owned())]);
    assert_eq!(t.desk.uncovered(), qty("0.0005"), "and the rest is shown");
    assert_eq!(t.desk.alarms(), [] as [String; 0]);
    t.agrees();
}
