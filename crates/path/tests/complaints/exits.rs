//! The way out: what truly reduces is never refused, never turned, never forgotten.

use domain::{Nanos, OrderStatus, Protective, Side};
use path::{
    broker::{VenueEvent, VenueRejection, VenueStatus},
    codes::RefusalCode,
    core::{Input, Reply},
    policy::{KillLevel, ProtectionFailure},
};

use super::common::*;

#[test]
fn closing_is_never_refused_for_min_notional() {
    let mut desk = Desk::new();
    desk.order(buy("2").stop("95"));
    desk.instrument(domain::Instrument { min_notional: d("100000"), ..stock(IBM) });
    assert_eq!(desk.codes(buy("2").limit("100")), [RefusalCode::MinNotional]);
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn closing_is_never_refused_for_free_balance() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    desk.order(sell("10"));
    desk.order(buy("900").limit("99").of("sim:BTC").with(|i| i.size = size("1")));
    desk.venue.cash.add(&usd("-100900")).unwrap();
    desk.pass(Nanos::from_secs(40));
    assert_eq!(desk.codes(buy("11")), [RefusalCode::WouldFlip]);
    desk.order(buy("10"));
    assert_eq!(desk.manual(), signed("0"), "a short is bought back without a free cent");
}

fn size(amount: &str) -> domain::Size {
    domain::Size::Quantity(qty(amount))
}

#[test]
fn a_manual_close_at_the_venue_is_booked() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let stop = desk.stop_ids().remove(0);
    let inputs = desk.venue.trade_by_hand(IBM, Side::Sell, "10", desk.now.at);
    desk.tell_all(inputs);
    assert_eq!(desk.core.state().net_position(&id(IBM)), signed("0"));
    assert_eq!(desk.position("unmanaged", IBM), signed("-10"));
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.status(&stop), OrderStatus::Cancelled, "a stop of nothing would open a short");
    assert_eq!(desk.sent.len(), 2, "and no stop is placed again and again");
    assert_eq!(desk.uncovered(), qty("0"));
    assert_eq!(codes_of(&desk.close(IBM, "100")), [RefusalCode::NothingToReduce]);
    assert_eq!(codes_of(&desk.ask(sell("10"))), [RefusalCode::NothingToReduce]);
    desk.kill(KillLevel::Flatten);
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.sent.len(), 2, "flatten sells nothing that is not there");
    assert_eq!(desk.adopt(IBM, "manual"), Reply::Done);
    assert_eq!(desk.manual(), signed("0"), "adopting it settles the book");
    desk.assert_agrees_with_venue();
}

#[test]
fn a_manual_sale_of_a_part_leaves_the_rest_protected() {
    let mut desk = Desk::new();
    desk.open_book("trend");
    desk.order(buy("10").stop("95"));
    desk.order(buy("8").into_book("trend").stop("94"));
    let inputs = desk.venue.trade_by_hand(IBM, Side::Sell, "12", desk.now.at);
    desk.tell_all(inputs);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.stops(IBM), [("6".to_owned(), "94".to_owned())], "18 less 12 are held");
    desk.close_book(&book("trend"), IBM, "100");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.core.state().net_position(&id(IBM)), signed("0"));
    desk.assert_agrees_with_venue();
}

#[test]
fn dust_is_named_and_can_be_closed() {
    let mut desk = Desk::new();
    desk.instrument(domain::Instrument { step: qty("1"), ..crypto(BTC) });
    desk.order(wish(BTC, Side::Buy, "1"));
    // The fee was taken in the base: what is left is less than the venue trades.
    let fee = desk.venue.order_by_hand(id(BTC), Side::Sell, "0.999", desk.now.at);
    let inputs = desk.venue.fill(&fee.venue_order_id, qty("0.999"), px("50000"), desk.now.at);
    desk.tell_all(inputs);
    desk.adopt(BTC, "manual");
    desk.instrument(domain::Instrument { step: qty("0.01"), min_qty: qty("0.01"), ..crypto(BTC) });
    assert_eq!(desk.position("manual", BTC), signed("0.001"));
    desk.venue.on_place.push_back(OnPlace::Reject(VenueRejection::Rules));
    let reply = desk.close(BTC, "100");
    assert_eq!(
        reply,
        Reply::Closing { close: 1, qty: qty("0.001") },
        "the desk never refuses dust"
    );
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.alarms(), ["dust_unsellable"], "the venue's refusal is named, once");
    assert_eq!(desk.position("manual", BTC), signed("0"), "and it is tried again");
}

#[test]
fn dust_that_the_venue_never_takes_is_named_once_per_close() {
    let mut desk = Desk::new();
    desk.order(buy("1"));
    desk.instrument(domain::Instrument { step: qty("10"), min_qty: qty("10"), ..stock(IBM) });
    desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Rules); 50]);
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(30));
    let named = desk.alarms().iter().filter(|a| *a == "dust_unsellable").count();
    assert_eq!(named, 1, "{:?}", desk.alarms());
    assert!(desk.core.state().closes.is_empty(), "the slot is free");
    assert_eq!(desk.manual(), signed("1"), "and the dust is shown for what it is");
}

#[test]
fn dust_can_be_left_alone_and_then_nothing_tries_to_sell_it() {
    let mut desk = Desk::new();
    desk.order(buy("1").stop("95"));
    desk.instrument(domain::Instrument { min_qty: qty("10"), ..stock(IBM) });
    let refused = desk.leave_dust(IBM, agent());
    assert!(matches!(refused, Reply::Refused(_)), "{refused:?}");
    assert_eq!(desk.leave_dust(IBM, anna()), Reply::Done);
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.position("unmanaged", IBM), signed("1"), "it is shown for what it is");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.stops(IBM), [], "and nothing rests for it");
    desk.kill(KillLevel::Flatten);
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.position("unmanaged", IBM), signed("1"));
    desk.assert_agrees_with_venue();
    desk.assert_folds();
}

#[test]
fn what_is_worth_less_than_the_venues_smallest_order_is_dust_too() {
    let mut desk = Desk::new();
    desk.order(buy("2"));
    desk.price(IBM, "100", "100");
    desk.instrument(domain::Instrument { min_notional: d("200.01"), ..stock(IBM) });
    assert_eq!(desk.leave_dust(IBM, anna()), Reply::Done);
    desk.adopt(IBM, "manual");
    desk.instrument(domain::Instrument { min_notional: d("200"), ..stock(IBM) });
    let refused = desk.leave_dust(IBM, anna());
    assert!(matches!(refused, Reply::Refused(_)), "exactly the smallest order is none");
}

#[test]
fn a_close_that_filled_without_a_word_is_not_sold_again() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    desk.venue.fills_market = false;
    desk.held_line = true;
    desk.close(IBM, "100");
    let close = desk.sent.last().unwrap().client_order_id.clone();
    let venue_id = desk.venue.venue_id(&close);
    let _not_heard = desk.venue.fill(&venue_id, qty("10"), px("99"), desk.now.at);
    desk.held_line = false;
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.sent.len(), 2, "one entry, one sale");
    desk.assert_agrees_with_venue();
}

#[test]
fn a_stop_that_can_not_be_placed_does_not_dump_the_position_unless_asked_to() {
    for (policy, left) in [(ProtectionFailure::Alert, "10"), (ProtectionFailure::Flatten, "0")] {
        let mut desk = Desk::new();
        desk.policy(|p| p.protection_failure = policy);
        desk.venue.on_place.push_back(OnPlace::Accept);
        desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Rules); 3]);
        desk.order(buy("10").stop("95"));
        desk.pass(Nanos::from_secs(10));
        assert_eq!(desk.manual(), signed(left), "{policy:?}");
        assert!(desk.alarms().contains(&"unprotected".to_owned()));
    }
}

#[test]
fn a_stop_is_a_market_order_once_it_triggers() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let stop = desk.sent.last().unwrap();
    assert_eq!(stop.kind.name(), "stop");
    assert_eq!(stop.kind.limit(), None, "no limit that the market can run through");
}

#[test]
fn a_kill_can_not_be_swallowed_by_a_rejected_cancel() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.on_cancel.extend(vec![OnCancel::Reject; 8]);
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(600));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
}

#[test]
fn an_exit_never_meets_another_exit_of_the_same_position() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    desk.order(sell("6").limit("110"));
    let second = desk.order(sell("10").limit("111"));
    assert_eq!(desk.find(&second).qty, qty("4"), "what the first has not reserved");
    assert_eq!(desk.codes(sell("1").limit("112")), [RefusalCode::ReservedByExits]);
    desk.plan(
        IBM,
        Protective { stop: Some(px("95")), target: None, ..Protective::default() },
        anna(),
    );
    desk.pass(Nanos::from_secs(5));
    let reserved: rust_decimal::Decimal =
        desk.core.state().live_orders().map(|o| o.open_qty().get()).sum();
    assert!(reserved <= d("10"));
}

#[test]
fn an_exit_that_outlives_its_position_is_taken_away() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let limit = desk.order(sell("10").limit("110"));
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.status(&limit), OrderStatus::Cancelled);
    let report = desk.venue.report(&limit);
    assert_eq!(report.status, VenueStatus::Cancelled);
    desk.tell(Input::Venue(VenueEvent::Order(report)));
}
