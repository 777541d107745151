//! Margin, buying power and liquidation prices, exactly at their bounds.

use path::policy::{MarginMode, MarginRate};

use super::*;

fn funds(limit: &str, value: &str, max: &str) -> (String, String, String) {
    (limit.to_owned(), value.to_owned(), max.to_owned())
}

#[test]
fn without_leverage_a_contract_is_covered_whole() {
    let mut t = Table::new();
    // 2.001 × 50 000
    let over = t.limit(("a", PERP), Side::Buy, "2.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100050", "2"));
    t.buy("a", PERP, "2", "50000");
    assert_eq!(t.margin().available, d("0"));
    t.agrees();
}

#[test]
fn a_short_contract_needs_the_same() {
    let mut t = Table::new();
    let over = t.limit(("a", PERP), Side::Sell, "2.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100050", "2"));
    t.sell("a", PERP, "2", "50000");
    t.agrees();
}

#[test]
fn leverage_divides_the_margin() {
    let mut t = Table::new();
    t.leverage("5");
    // 10.001 × 50 000 ÷ 5
    let over = t.limit(("a", PERP), Side::Buy, "10.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100010", "10"));
    t.buy("a", PERP, "10", "50000");
    t.agrees();
}

#[test]
fn the_contracts_own_leverage_is_the_most() {
    let mut t = Table::new();
    t.leverage("100");
    // 100.001 × 50 000 ÷ 50; the table asks for less: 500 + 4 950 050 × 2 %
    let over = t.limit(("a", PERP), Side::Buy, "100.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100001", "100"));
    t.buy("a", PERP, "100", "50000");
    t.agrees();
}

#[test]
fn a_multiplier_counts_in_margin() {
    let mut t = Table::new();
    t.leverage("10");
    // 4 × 5000 × 50 ÷ 10 = 100 000
    let over = t.limit(("a", ES), Side::Buy, "5", "5000");
    assert_eq!(t.short_of_funds(over), funds("100000", "125000", "4"));
    t.buy("a", ES, "4", "5000");
    t.agrees();
}

#[test]
fn the_worse_side_of_what_rests_counts() {
    let mut t = Table::new();
    t.desk.order(t.limit(("a", PERP), Side::Buy, "1", "50000"));
    // Up 1 × 50 000, down 2 × 50 100 = 100 200: 50 200 more than is tied up, and 50 000 are left.
    // 1.996 × 50 100 = 99 999.6 fits.
    let over = t.limit(("b", PERP), Side::Sell, "2", "50100");
    assert_eq!(t.short_of_funds(over), funds("50000", "50200", "1.996"));
    // Down 0.9 × 50 100 is less than up: nothing more is needed.
    t.desk.order(t.limit(("b", PERP), Side::Sell, "0.9", "50100"));
    assert_eq!(t.margin().used, d("50000"));
    t.agrees();
}

#[test]
fn a_book_that_brings_the_account_toward_zero_needs_nothing() {
    let mut t = Table::new();
    t.buy("a", PERP, "2", "50000");
    assert_eq!(t.margin().available, d("0"));
    t.sell("b", PERP, "2", "50000");
    // Up and down are nothing now
    assert_eq!((t.margin().used, t.margin().available), (d("0"), d("100000")));
    t.agrees();
}

#[test]
fn open_profit_carries_contracts_and_pays_for_nothing() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.mark(PERP, "60000");
    // 100 000 + 10 000 − 60 000
    assert_eq!(t.margin().available, d("50000"));
    // Shares are paid from 100 000 − 60 000
    let over = t.limit(("a", IBM), Side::Buy, "401", "100");
    assert_eq!(t.short_of_funds(over), funds("40000", "40100", "400"));
    t.mark(PERP, "45000");
    // 100 000 − 5000 − 45 000: a loss is gone for both
    assert_eq!(t.margin().available, d("50000"));
    let over = t.limit(("a", IBM), Side::Buy, "501", "100");
    assert_eq!(t.short_of_funds(over), funds("50000", "50100", "500"));
    t.agrees();
}

#[test]
fn a_spot_buy_takes_from_the_margin() {
    let mut t = Table::new();
    t.desk.order(t.limit(("a", IBM), Side::Buy, "100", "100"));
    // 100 000 − 10 000
    let over = t.limit(("a", PERP), Side::Buy, "2", "50000");
    assert_eq!(t.short_of_funds(over), funds("90000", "100000", "1.8"));
    t.agrees();
}

#[test]
fn the_fee_must_be_there_too() {
    let mut t = Table::new();
    t.desk.policy(|p| p.fee_rate = d("0.001"));
    // 50 000 × 2 + 0.1 %; at most 100 000 ÷ 50 050 = 1.998
    let over = t.limit(("a", PERP), Side::Buy, "2", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100100", "1.998"));
    // What rests reserves its fee
    t.desk.order(t.limit(("a", PERP), Side::Buy, "1", "50000"));
    assert_eq!(t.margin().available, d("49950"));
    t.agrees();
}

#[test]
fn the_view_names_what_is_used_kept_and_left() {
    let mut t = Table::new();
    t.leverage("10");
    t.buy("a", PERP, "2", "50000");
    t.mark(PERP, "51000");
    let margin = t.margin();
    assert_eq!((margin.wallet, margin.unrealized), (d("100000"), d("2000")));
    // 102 000 ÷ 10; the table: 50 000 × 1 % + 52 000 × 2 % = 1540 is less
    assert_eq!(margin.used, d("10200"));
    // 50 000 × 0.5 % + 52 000 × 1 %
    assert_eq!(margin.maintenance, d("770"));
    // 100 000 + 2000 − 10 200
    assert_eq!(margin.available, d("91800"));
    t.agrees();
}

#[test]
fn the_liquidation_price_of_a_long() {
    let mut t = Table::new();
    t.leverage("10");
    t.buy("a", PERP, "10", "50000");
    // The second step begins at 50 000 with 250 of maintenance: V = (250 − 0.01 × 50 000
    // − 100 000 + 500 000) ÷ 0.99 = 399 750 ÷ 0.99 = 403 787.8787…
    assert_eq!(t.liquidation(PERP).unwrap(), "40378.787878787879");
    // There, 100 000 − 96 212.12 = 3787.88 is left, and 250 + 1 % × 353 787.88 is to be kept.
    t.agrees();
}

#[test]
fn the_liquidation_price_of_a_short() {
    let mut t = Table::new();
    t.leverage("10");
    t.sell("a", PERP, "10", "50000");
    // V = (250 − 500 − 100 000 − 500 000) ÷ −1.01 = 600 250 ÷ 1.01
    assert_eq!(t.liquidation(PERP).unwrap(), "59430.693069306931");
    t.agrees();
}

#[test]
fn a_small_position_is_liquidated_in_the_first_step() {
    let mut t = Table::new();
    t.leverage("10");
    t.moved(MovementKind::Withdrawal, None, "-90000 USD", true);
    t.buy("a", PERP, "1", "50000");
    // (50 000 − 10 000) ÷ 0.995
    assert_eq!(t.liquidation(PERP).unwrap(), "40201.005025125628");
    t.agrees();
}

#[test]
fn other_contracts_move_the_liquidation_price() {
    let mut t = Table::new();
    t.leverage("10");
    t.buy("a", PERP, "10", "50000");
    t.buy("a", ES, "1", "5000");
    t.mark(ES, "5100");
    // ES earns 5000 and keeps 250 + 1 % × 205 000 = 2300: 2700 more for the other.
    // (250 − 500 − 102 700 + 500 000) ÷ 0.99 = 397 050 ÷ 0.99 = 401 060.6060…
    assert_eq!(t.liquidation(PERP).unwrap(), "40106.060606060606");
    t.agrees();
}

#[test]
fn a_contract_that_is_secured_alone_is_liquidated_when_its_own_margin_is_used_up() {
    let mut t = Table::new();
    t.leverage("10");
    t.desk.policy(|p| p.margin_mode = MarginMode::Isolated);
    t.buy("a", PERP, "1", "50000");
    // 5000 set aside: (50 000 − 5000) ÷ 0.995, whatever else is in the wallet
    assert_eq!(t.liquidation(PERP).unwrap(), "45226.130653266332");
    t.agrees();
}

#[test]
fn what_the_wallet_covers_whole_is_never_liquidated() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    assert_eq!(t.liquidation(PERP), None);
    assert_eq!(t.liquidation(IBM), None, "and what is no contract isn't either");
    t.agrees();
}

#[test]
fn a_short_sale_in_a_cash_account_is_covered_by_equity() {
    let mut t = Table::new();
    t.mark(IBM, "101");
    // 991 × 101; 100 000 ÷ 101 = 990.09
    let over = t.limit(("a", IBM), Side::Sell, "991", "101");
    assert_eq!(t.short_of_funds(over), funds("100000", "100091", "990"));
    t.sell("a", IBM, "990", "101");
    let more = t.limit(("b", IBM), Side::Sell, "1", "101");
    assert_eq!(t.short_of_funds(more), funds("10", "101", "0"));
    t.agrees();
}

#[test]
fn what_is_bought_does_not_cover_a_short_sale() {
    let mut t = Table::new();
    t.buy("a", BTC, "1.5", "50000");
    // 100 000 of equity, 75 000 of it in bitcoin
    let over = t.limit(("a", IBM), Side::Sell, "251", "100");
    assert_eq!(t.short_of_funds(over), funds("25000", "25100", "250"));
    t.sell("a", IBM, "250", "100");
    t.agrees();
}

#[test]
fn the_proceeds_of_a_short_sale_buy_nothing() {
    let mut t = Table::new();
    t.sell("a", IBM, "500", "100");
    // 150 000 of cash: 50 000 are owed, 50 000 cover
    let over = t.limit(("a", BTC), Side::Buy, "1.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("50000", "50050", "1"));
    t.buy("a", BTC, "1", "50000");
    t.agrees();
}

#[test]
fn a_margin_account_buys_for_its_equity_over_the_rate() {
    let mut t = Table::new();
    t.desk.policy(|p| p.spot_margin_rate = Some(MarginRate::try_from(d("0.5")).unwrap()));
    // 4.001 × 50 000 × 0.5
    let over = t.limit(("a", BTC), Side::Buy, "4.001", "50000");
    assert_eq!(t.short_of_funds(over), funds("100000", "100025", "4"));
    t.buy("a", BTC, "4", "50000");
    assert_eq!(t.wallet("USD"), "-100000", "half of it is borrowed");
    let more = t.limit(("a", IBM), Side::Buy, "1", "100");
    assert_eq!(t.short_of_funds(more), funds("0", "50", "0"));
    t.agrees();
}

#[test]
fn a_margin_account_is_short_and_long_at_once() {
    let mut t = Table::new();
    t.desk.policy(|p| p.spot_margin_rate = Some(MarginRate::try_from(d("0.5")).unwrap()));
    t.buy("a", BTC, "2", "50000");
    // 100 000 − 50 000; a short needs half of its value, too
    let over = t.limit(("a", IBM), Side::Sell, "1000", "101");
    t.mark(IBM, "101");
    assert_eq!(t.short_of_funds(over), funds("50000", "50500", "990"));
    t.sell("a", IBM, "990", "101");
    t.agrees();
}
