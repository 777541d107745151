//! Proves that prices are marked once an hour and where a holding begins or ends, and that marks
//! change nothing.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::Nanos;
use path::event::Event;

/// Low and high of what was held.
type Ranges = Vec<(String, String)>;

/// Every mark so far, with its equity.
fn marks(desk: &Desk) -> Vec<(Option<String>, Ranges)> {
    let mark = |e: &Event| {
        let Event::Marked(m) = e else { return None };
        let prices = m.prices.iter().map(|p| (p.low.to_string(), p.high.to_string()));
        Some((m.equity.map(|e| e.to_string()), prices.collect()))
    };
    desk.events().iter().filter_map(mark).collect()
}

fn range(low: &str, high: &str) -> Ranges {
    vec![(low.to_owned(), high.to_owned())]
}

#[test]
fn a_holding_is_told_how_far_its_price_went() {
    let mut desk = Desk::new();
    desk.price(IBM, "90", "90");
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("80"));
    for price in ["97", "108", "103"] {
        desk.price(IBM, price, price);
    }
    desk.close(IBM, "100");
    assert!(desk.manual().is_zero());
    assert_eq!(marks(&desk), [(None, range("97", "108"))], "90 was before the holding");
    desk.price(IBM, "120", "120");
    desk.order(buy("1").stop("80"));
    assert_eq!(marks(&desk).len(), 1, "nobody was interested in 120");
    desk.assert_folds();
}

#[test]
fn equity_and_prices_are_marked_once_an_hour() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("80"));
    desk.price(IBM, "105", "105");
    desk.advance(Nanos::from_secs(3_600));
    desk.pass(Nanos::from_millis(250));
    // 100 000 - 10 x 100 + 10 x 105
    assert_eq!(marks(&desk), [(Some("100050".to_owned()), range("105", "105"))]);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(marks(&desk).len(), 1);
    desk.price(IBM, "101", "101");
    desk.advance(Nanos::from_secs(3_600));
    desk.pass(Nanos::from_millis(250));
    assert_eq!(marks(&desk)[1], (Some("100010".to_owned()), range("101", "105")));
}

#[test]
fn an_account_at_rest_writes_nothing() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        desk.advance(Nanos::from_secs(3_600));
        desk.pass(Nanos::from_millis(250));
    }
    assert_eq!(marks(&desk).len(), 1, "its equity, once");
}
