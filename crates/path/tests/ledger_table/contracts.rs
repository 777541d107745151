//! Contracts: books keep price and value, the wallet keeps profit.

use super::*;

#[test]
fn opening_a_contract_leaves_the_wallet_alone() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    assert_eq!(t.cash("a"), "-50000");
    assert_eq!(t.net(PERP), ["1", "50000", "0"]);
    // 100 000 − 50 000 of cash, 50 000 of cost
    assert_eq!(t.wallet("USD"), "100000");
    t.mark(PERP, "51000");
    assert_eq!((t.wallet("USD"), t.desk.equity()), ("100000".into(), "101000".into()));
    t.agrees();
}

#[test]
fn closing_a_part_realises_its_profit() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.sell("a", PERP, "0.4", "52000");
    // −50 000 + 20 800
    assert_eq!(t.cash("a"), "-29200");
    // 0.4 × 2000 = 800
    assert_eq!(t.net(PERP), ["0.6", "30000", "800"]);
    assert_eq!(t.wallet("USD"), "100800");
    // + 0.6 × 2000
    assert_eq!(t.desk.equity(), "102000");
    t.agrees();
}

#[test]
fn a_fee_goes_out_of_the_wallet() {
    let mut t = Table::new();
    t.fee("25 USD");
    t.buy("a", PERP, "1", "50000");
    t.sell("a", PERP, "1", "50010");
    // + 10 − 2 × 25
    assert_eq!((t.wallet("USD"), t.cash("a")), ("99960".into(), "-40".into()));
    t.agrees();
}

#[test]
fn a_short_contract_that_gains() {
    let mut t = Table::new();
    t.sell("a", PERP, "1", "50000");
    assert_eq!((t.cash("a"), t.wallet("USD")), ("50000".into(), "100000".into()));
    assert_eq!(t.net(PERP), ["-1", "-50000", "0"]);
    t.mark(PERP, "49000");
    assert_eq!(t.desk.equity(), "101000");
    t.buy("a", PERP, "1", "49000");
    assert_eq!((t.cash("a"), t.wallet("USD")), ("1000".into(), "101000".into()));
    t.agrees();
}

#[test]
fn a_multiplier_counts_in_cash_cost_and_profit() {
    let mut t = Table::new();
    t.leverage("10");
    t.buy("a", ES, "2", "5000");
    // 2 × 5000 × 50
    assert_eq!(t.cash("a"), "-500000");
    t.sell("a", ES, "1", "5010");
    // 1 × 10 × 50
    assert_eq!(t.net(ES), ["1", "250000", "500"]);
    // −500 000 + 250 500
    assert_eq!((t.cash("a"), t.wallet("USD")), ("-249500".into(), "100500".into()));
    t.agrees();
}

#[test]
fn books_on_opposite_sides_are_flat_at_the_venue() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.sell("b", PERP, "1", "50100");
    // For the venue, b closed what a opened: 100 is earned
    assert_eq!(t.net(PERP), ["0", "0", "100"]);
    assert_eq!(t.wallet("USD"), "100100");
    // For the books nothing is closed: a −50 000 + mark, b 50 100 − mark
    assert_eq!((t.cash("a"), t.cash("b")), ("-50000".into(), "50100".into()));
    for mark in ["50000", "40000", "60000"] {
        t.mark(PERP, mark);
        assert_eq!(t.desk.equity(), "100100");
    }
    t.agrees();
}

#[test]
fn the_venues_average_is_not_that_of_the_books() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.sell("b", PERP, "0.4", "51000");
    // The venue closed 0.4 of a's: 0.4 × 1000 = 400
    assert_eq!(t.net(PERP), ["0.6", "30000", "400"]);
    t.buy("b", PERP, "0.4", "50500");
    // b earned 0.4 × 500 = 200; the venue bought 0.4 at 50 500 = 20 200
    assert_eq!(t.position("b", PERP), ["0", "0", "200"]);
    assert_eq!(t.net(PERP), ["1", "50200", "400"]);
    // 100 000 − 50 000 + 200 of cash, 50 200 of cost
    assert_eq!(t.wallet("USD"), "100400");
    // a: 500, b: 200; the venue: 400 + (50 500 − 50 200)
    assert_eq!(t.desk.equity(), "100700");
    t.agrees();
}

#[test]
fn the_account_flips_while_no_book_does() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.sell("b", PERP, "1.5", "51000");
    // 1 closed: + 1000; 0.5 short at 51 000
    assert_eq!(t.net(PERP), ["-0.5", "-25500", "1000"]);
    assert_eq!(t.wallet("USD"), "101000");
    assert_eq!(t.desk.equity(), "101000");
    t.agrees();
}

#[test]
fn a_contract_from_before_the_desk_is_taken_over_at_the_price_of_now() {
    let mut venue = Venue::new();
    venue.holds(PERP, "1");
    let mut t = Table::over(venue);
    // 100 000 − 50 000: its value moves against cash, so nothing is earned by finding it
    assert_eq!(t.cash("unmanaged"), "50000");
    assert_eq!((t.wallet("USD"), t.desk.equity()), ("100000".into(), "100000".into()));
    t.mark(PERP, "51000");
    assert_eq!((t.wallet("USD"), t.desk.equity()), ("100000".into(), "101000".into()));
    t.agrees();
}

#[test]
fn an_adopted_contract_moves_cash_between_books_and_not_the_wallet() {
    let mut venue = Venue::new();
    venue.holds(PERP, "1");
    let mut t = Table::over(venue);
    t.mark(PERP, "51000");
    t.desk.adopt(PERP, "a");
    assert_eq!(t.position("a", PERP), ["1", "51000", "0"]);
    assert_eq!(t.position("unmanaged", PERP), ["0", "0", "1000"]);
    // unmanaged: 50 000 + 51 000
    assert_eq!((t.cash("a"), t.cash("unmanaged")), ("-51000".into(), "101000".into()));
    assert_eq!(t.net(PERP), ["1", "50000", "0"], "the venue has seen nothing");
    assert_eq!((t.wallet("USD"), t.desk.equity()), ("100000".into(), "101000".into()));
    t.agrees();
}

#[test]
fn each_currency_has_its_wallet() {
    let mut t = Table::with_euros();
    let euro = domain::Instrument { quote: coin("EUR"), fee_currency: coin("EUR"), ..perp() };
    let euro = domain::Instrument { id: id("sim:BTC-EUR"), ..euro };
    t.desk.instrument(euro);
    t.fee("2 EUR");
    t.buy("a", "sim:BTC-EUR", "0.1", "40000");
    t.sell("a", "sim:BTC-EUR", "0.1", "41000");
    // 0.1 × 1000 − 2 × 2
    assert_eq!((t.wallet("EUR"), t.wallet("USD")), ("10096".into(), "100000".into()));
    t.agrees();
}

#[test]
fn an_execution_told_late_takes_its_place_among_the_others() {
    // The venue: buy 1 at 50 000, sell 1 at 51 000, buy 1 at 52 000. Told: the sale last.
    let mut t = Table::new();
    let told = |t: &mut Table, side: Side, price: &str| {
        let at = t.desk.now.at;
        let order = t.desk.venue.order_by_hand(id(PERP), side, "1", at);
        let inputs = t.desk.venue.fill(&order.venue_order_id, qty("1"), px(price), at);
        t.desk.now.at = at.plus(domain::Nanos::from_millis(10));
        inputs
    };
    let first = told(&mut t, Side::Buy, "50000");
    let sale = told(&mut t, Side::Sell, "51000");
    let last = told(&mut t, Side::Buy, "52000");
    t.desk.tell_all(first);
    t.desk.tell_all(last);
    t.desk.tell_all(sale);
    // In the order of telling the average would be 51 000 and nothing earned: 51 000 − 51 000
    assert_eq!(t.net(PERP), ["1", "52000", "1000"]);
    assert_eq!(t.wallet("USD"), "101000");
    t.agrees();
}
