//! What is delivered: longs, shorts, flips, averages, books on opposite sides.

use super::*;

#[test]
fn a_long_that_gains() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.sell("a", IBM, "4", "110");
    // −10 × 100 + 4 × 110
    assert_eq!(t.cash("a"), "-560");
    // 6 are left at 100 each; 4 × (110 − 100) was earned
    assert_eq!(t.position("a", IBM), ["6", "600", "40"]);
    // 100 000 − 560 + 6 × 110
    assert_eq!(t.desk.equity(), "100100");
    t.agrees();
}

#[test]
fn a_long_that_loses_is_remembered() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.sell("a", IBM, "10", "95");
    assert_eq!(t.cash("a"), "-50");
    assert_eq!(t.position("a", IBM), ["0", "0", "-50"]);
    assert!(t.book("a").last_loss.contains_key(&id(IBM)));
    assert_eq!(t.desk.equity(), "99950");
    t.agrees();
}

#[test]
fn what_is_sold_goes_at_the_average() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.buy("a", IBM, "30", "104");
    // 1000 + 3120 = 4120 for 40: 103 each
    assert_eq!(t.position("a", IBM), ["40", "4120", "0"]);
    t.sell("a", IBM, "20", "105");
    // 20 × (105 − 103) = 40; 20 × 103 are left
    assert_eq!(t.position("a", IBM), ["20", "2060", "40"]);
    t.agrees();
}

#[test]
fn a_short_that_gains() {
    let mut t = Table::new();
    t.sell("a", IBM, "10", "100");
    assert_eq!(t.position("a", IBM), ["-10", "-1000", "0"]);
    assert_eq!(t.cash("a"), "1000");
    t.buy("a", IBM, "10", "90");
    // 1000 − 900
    assert_eq!(t.cash("a"), "100");
    assert_eq!(t.position("a", IBM), ["0", "0", "100"]);
    t.agrees();
}

#[test]
fn a_short_that_loses_in_part() {
    let mut t = Table::new();
    t.sell("a", IBM, "10", "100");
    t.buy("a", IBM, "4", "103");
    // 1000 − 412
    assert_eq!(t.cash("a"), "588");
    // 4 × (100 − 103)
    assert_eq!(t.position("a", IBM), ["-6", "-600", "-12"]);
    // 100 000 + 588 − 6 × 103
    assert_eq!(t.desk.equity(), "99970");
    t.agrees();
}

#[test]
fn an_order_that_fills_in_parts() {
    let mut t = Table::new();
    let order = t.desk.order(t.limit(("a", IBM), Side::Buy, "10", "100"));
    t.desk.fill(&order, "3", "100");
    t.desk.fill(&order, "7", "99");
    // 300 + 693
    assert_eq!(t.position("a", IBM), ["10", "993", "0"]);
    assert_eq!(t.desk.find(&order).filled, qty("10"));
    t.agrees();
}

#[test]
fn a_flip_from_long_to_short() {
    let mut t = Table::new();
    t.by_hand(IBM, Side::Buy, "10", "100");
    t.by_hand(IBM, Side::Sell, "15", "110");
    // 10 × (110 − 100) is earned, 5 are short at 110
    assert_eq!(t.position("unmanaged", IBM), ["-5", "-550", "100"]);
    // 100 000 − 1000 + 1650
    assert_eq!(t.cash("unmanaged"), "100650");
    t.agrees();
}

#[test]
fn a_flip_from_short_to_long() {
    let mut t = Table::new();
    t.by_hand(IBM, Side::Sell, "5", "100");
    t.by_hand(IBM, Side::Buy, "8", "98");
    // 5 × (100 − 98) is earned, 3 are long at 98
    assert_eq!(t.position("unmanaged", IBM), ["3", "294", "10"]);
    t.agrees();
}

#[test]
fn an_average_that_does_not_end_leaves_nothing_behind() {
    let mut t = Table::new();
    t.buy("a", IBM, "2", "100");
    t.buy("a", IBM, "1", "101");
    t.sell("a", IBM, "1", "101");
    // 301 ÷ 3 = 100.333333333333…, rounded at 12 decimals
    assert_eq!(t.position("a", IBM), ["2", "200.666666666667", "0.666666666667"]);
    t.sell("a", IBM, "2", "101");
    // 303 − 301, to the last digit
    assert_eq!(t.position("a", IBM), ["0", "0", "2"]);
    t.agrees();
}

#[test]
fn books_on_opposite_sides_keep_their_own_truth() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.sell("b", IBM, "10", "101");
    assert_eq!((t.cash("a"), t.cash("b")), ("-1000".into(), "1010".into()));
    assert_eq!(t.desk.core.state().net_position(&id(IBM)), signed("0"));
    t.mark(IBM, "100");
    // a: −1000 + 1000; b: 1010 − 1000
    assert_eq!(t.desk.equity(), "100010");
    t.agrees();
}

#[test]
fn a_share_in_another_currency_is_valued_at_its_rate() {
    let mut t = Table::with_euros();
    t.buy("a", SAP, "10", "100");
    assert_eq!((t.cash_in("a", "EUR"), t.cash("a")), ("-1000".into(), "0".into()));
    // 100 000 + 1.1 × (10 000 − 1000 + 1000)
    assert_eq!(t.desk.equity(), "111000");
    t.mark(SAP, "110");
    // + 1.1 × 100
    assert_eq!(t.desk.equity(), "111110");
    t.rate("EUR", "1.2");
    // 100 000 + 1.2 × (9000 + 1100)
    assert_eq!(t.desk.equity(), "112120");
    t.agrees();
}

#[test]
fn an_adopted_share_takes_no_cash_along() {
    let mut venue = Venue::new();
    venue.holds(IBM, "7");
    let mut t = Table::over(venue);
    // It came for nothing: 100 000 + 7 × 100
    assert_eq!(t.desk.equity(), "100700");
    t.mark(IBM, "110");
    t.desk.adopt(IBM, "a");
    assert_eq!(t.position("a", IBM), ["7", "770", "0"]);
    assert_eq!(t.cash("a"), "0");
    assert_eq!(t.desk.equity(), "100770");
    t.agrees();
}
