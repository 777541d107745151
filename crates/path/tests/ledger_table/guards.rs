//! What stops entries: liquidations, old rates, and rules that contradict themselves.

use domain::{CalendarKind, Price};
use path::{
    broker::{LIQUIDATION, VenueStatus},
    codes::RefusalCode as Code,
    core::Reply,
    policy::LatchKind,
};

use super::*;

/// The venue closes so much of the contract by force, at a price.
fn liquidated(t: &mut Table, size: &str, price: &str) {
    let at = t.desk.now.at;
    let mut order = t.desk.venue.order_by_hand(id(PERP), Side::Sell, size, at);
    let inputs = t.desk.venue.fill(&order.venue_order_id, qty(size), px(price), at);
    t.desk.tell_all(inputs);
    (order.status, order.filled) = (VenueStatus::Filled, qty(size));
    order.reason = Some(LIQUIDATION.to_owned());
    t.desk.venue.orders.insert(order.venue_order_id.clone(), order.clone());
    t.desk.tell(Input::Venue(VenueEvent::Order(order.clone())));
    t.desk.tell(Input::Venue(VenueEvent::Order(order)));
}

#[test]
fn a_liquidation_stops_entries_and_leaves_no_exit_beyond_what_is_held() {
    let mut t = Table::new();
    let entry = t.limit(("a", PERP), Side::Buy, "1", "50000").stop("45000");
    let order = t.desk.order(entry);
    t.desk.fill(&order, "1", "50000");
    t.mark(PERP, "46000");
    liquidated(&mut t, "0.4", "46000");
    assert_eq!(t.desk.alarms(), ["liquidated"]);
    assert!(t.desk.core.state().latches.contains_key(&LatchKind::Liquidated));
    let more = t.limit(("a", IBM), Side::Buy, "1", "100");
    assert_eq!(t.desk.codes(more.clone()), [Code::Liquidated]);
    // What the venue took is taken from the book at the venue's price: 0.4 × (46 000 − 50 000)
    let held = t.held("a", PERP);
    assert_eq!((held.qty, held.realized.amount()), (signed("0.6"), d("-1600")));
    assert_eq!(t.held("unmanaged", PERP).qty, signed("0"));
    assert_eq!(t.desk.core.state().backed(&book("a"), &id(PERP)), qty("0.6"));
    t.desk.pass(Nanos::from_secs(3));
    assert_eq!(t.desk.stops(PERP), [("0.6".to_owned(), "45000".to_owned())]);
    t.desk.close_book(&book("a"), PERP, "100");
    t.desk.pass(Nanos::from_secs(5));
    assert_eq!(t.desk.venue.positions.get(&id(PERP)), None, "an exit went beyond");
    assert_eq!(t.desk.release_latch(LatchKind::Liquidated, false, anna()), Reply::Done);
    assert!(matches!(t.desk.ask(more), Reply::Recorded { .. }));
    t.agrees();
}

#[test]
fn a_liquidation_is_shared_by_who_holds_that_side() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    t.buy("b", PERP, "0.6", "50000");
    t.sell("c", PERP, "0.4", "50000");
    liquidated(&mut t, "0.8", "46000");
    // Of 1.6 long, 0.8 went: 0.3 of b's 0.6, the rest from the larger holder; c is on the other side
    let held = |t: &Table, book| t.held(book, PERP).qty;
    assert_eq!(held(&t, "a"), signed("0.5"));
    assert_eq!(held(&t, "b"), signed("0.3"));
    assert_eq!((held(&t, "c"), held(&t, "unmanaged")), (signed("-0.4"), signed("0")));
    t.agrees();
}

#[test]
fn what_an_outside_trade_opens_is_nobodys() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.5", "50000");
    liquidated(&mut t, "0.8", "46000");
    // 0.5 close what the account held, 0.3 are a new short
    assert_eq!(t.held("a", PERP).qty, signed("0"));
    assert_eq!(t.held("unmanaged", PERP).qty, signed("-0.3"));
    liquidated(&mut t, "0.1", "46000");
    assert_eq!(t.held("unmanaged", PERP).qty, signed("-0.4"));
    t.agrees();
}

#[test]
fn after_a_liquidation_of_everything_nothing_is_left_to_close() {
    let mut t = Table::new();
    t.buy("a", PERP, "1", "50000");
    liquidated(&mut t, "1", "46000");
    assert_eq!(codes_of(&t.desk.close_book(&book("a"), PERP, "100")), [Code::NothingToReduce]);
    // 100 000 + 1 × (46 000 − 50 000)
    assert_eq!((t.wallet("USD"), t.net(PERP)[0].as_str()), ("96000".into(), "0"));
    assert_eq!(t.desk.alarms(), ["liquidated"], "once, however often it is told");
    t.agrees();
}

#[test]
fn a_rate_that_is_too_old_stops_entries_and_no_exit() {
    let mut t = Table::with_euros();
    t.buy("a", SAP, "10", "100");
    t.rate("EUR", "1.1");
    t.desk.advance(Nanos::from_secs(86_400));
    assert_eq!(t.desk.codes(t.limit(("a", SAP), Side::Buy, "1", "100")), []);
    t.desk.advance(Nanos::from_millis(1));
    assert_eq!(t.desk.codes(t.limit(("a", SAP), Side::Buy, "2", "100")), [Code::RateMissing]);
    // All limits rest on the value of the euros
    assert_eq!(t.desk.codes(t.limit(("a", IBM), Side::Buy, "1", "100")), [Code::RateMissing]);
    let exit = t.limit(("a", SAP), Side::Sell, "4", "100");
    assert!(matches!(t.desk.ask(exit), Reply::Recorded { .. }));
    t.rate("EUR", "1.1");
    assert_eq!(t.desk.codes(t.limit(("a", SAP), Side::Buy, "2", "90")), []);
}

#[test]
fn the_age_of_rates_is_a_matter_of_policy() {
    let mut t = Table::with_euros();
    t.desk.policy(|p| p.rate_max_age_secs = 60);
    t.desk.advance(Nanos::from_secs(61));
    assert_eq!(t.desk.codes(t.limit(("a", SAP), Side::Buy, "1", "100")), [Code::RateMissing]);
}

#[test]
fn an_older_rate_does_not_replace_a_newer_one() {
    let mut t = Table::with_euros();
    let (from, to) = (coin("EUR"), Currency::usd());
    let at = t.desk.now.at.plus(Nanos::from_secs(-10));
    t.desk.tell(Input::Rate { from, to, rate: d("2"), at });
    assert_eq!(t.desk.equity(), "111000");
}

#[test]
fn contradicting_rules_are_not_taken_over_and_said_once() {
    let mut t = Table::new();
    let no_terms = Instrument { contract: None, ..perp() };
    let terms_of_a_share = Instrument { contract: Some(terms()), ..stock(IBM) };
    let no_step = Instrument { step: qty("0"), ..crypto(BTC) };
    for bad in [no_terms, terms_of_a_share, no_step] {
        let before = t.desk.core.state().instruments[&bad.id].clone();
        t.desk.instrument(bad.clone());
        t.desk.instrument(bad.clone());
        assert_eq!(t.desk.core.state().instruments[&bad.id], before, "the old rules stay");
        t.desk.venue.rules.insert(before.id.clone(), before);
    }
    assert_eq!(t.desk.alarms(), ["instrument_invalid"; 3]);
    t.desk.instrument(Instrument { tick: Price::new(d("0.1")).unwrap(), ..perp() });
    t.desk.instrument(Instrument { contract: None, ..perp() });
    assert_eq!(t.desk.alarms().len(), 4, "after good rules, bad ones are news");
    t.desk.venue.rules.insert(id(PERP), perp());
    t.agrees();
}

#[test]
fn what_is_in_the_books_keeps_its_terms() {
    let mut t = Table::new();
    t.leverage("10");
    t.buy("a", ES, "1", "5000");
    t.desk.instrument(Instrument { multiplier: d("5"), ..future() });
    assert_eq!(t.desk.alarms(), ["instrument_invalid"]);
    assert_eq!(t.desk.core.state().instruments[&id(ES)].multiplier, d("50"));
    t.desk.instrument(Instrument { calendar: CalendarKind::UsEquities, ..future() });
    assert_eq!(t.desk.alarms().len(), 1, "what changes no value is taken over");
    t.desk.venue.rules.insert(id(ES), future());
    t.agrees();
}
