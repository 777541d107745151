//! Proves the compound close: what blocks the way is taken away first, the position is closed and
//! never turned, and the protection comes back when that fails.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Nanos, OrderStatus, Side};
use path::{
    broker::VenueRejection,
    codes::RefusalCode,
    core::{Input, Reply},
    event::Event,
};

fn holding() -> Desk {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    desk
}

fn stop(amount: &str) -> [(String, String); 1] {
    [(amount.to_owned(), "95".to_owned())]
}

#[test]
fn a_close_takes_the_stop_away_closes_and_ends() {
    let mut desk = holding();
    let before = desk.events().len();
    assert_eq!(desk.close(IBM, "100"), Reply::Closing { close: 1, qty: qty("10") });
    desk.pass(Nanos::from_secs(2));
    let kinds: Vec<_> = desk.events()[before..].iter().map(Event::kind).collect();
    let story = [
        "close_started",
        "cancel_recorded",
        "order_ended",
        "order_recorded",
        "order_accepted",
        "filled",
        "close_ended",
    ];
    assert_eq!(kinds, story);
    assert_eq!(desk.manual(), signed("0"));
    desk.assert_agrees_with_venue();
}

#[test]
fn the_close_waits_until_the_stop_is_confirmed_gone() {
    let mut desk = holding();
    desk.venue.on_cancel.extend([OnCancel::LoseRequest, OnCancel::LoseRequest]);
    desk.close(IBM, "100");
    desk.pass(Nanos::from_millis(750));
    assert_eq!(desk.sent.len(), 2, "entry and stop: the close is not sent beside a live stop");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn half_a_close_puts_a_stop_back_for_the_rest() {
    let mut desk = holding();
    desk.close(IBM, "50");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("5"));
    assert_eq!(desk.stops(IBM), stop("5"));
    assert_eq!(desk.uncovered(), qty("0"));
}

#[test]
fn a_close_that_fails_is_bounded_says_so_and_restores_the_stop() {
    let mut desk = holding();
    desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Closed); 5]);
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(30));
    let tried = desk.sent.iter().filter(|o| o.side == Side::Sell && o.kind.trigger().is_none());
    assert_eq!(tried.count(), 5);
    assert_eq!(desk.alarms(), ["close_failed"]);
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), stop("10"));
    assert!(desk.core.state().closes.is_empty());
}

#[test]
fn a_stop_that_fills_while_it_is_cancelled_closes_the_position_and_nothing_more_is_sold() {
    let mut desk = holding();
    let stop = desk.stop_ids().remove(0);
    desk.venue.on_cancel.push_back(OnCancel::TooLate);
    desk.close(IBM, "100");
    desk.fill(&stop, "10", "94.9");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.sent.len(), 2, "no second sale");
    assert!(desk.core.state().closes.is_empty());
}

#[test]
fn a_stop_that_fills_in_part_leaves_only_the_rest_to_close() {
    let mut desk = holding();
    let stop = desk.stop_ids().remove(0);
    desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
    desk.close(IBM, "100");
    desk.fill(&stop, "4", "94.9");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.sent.last().map(|o| o.qty), Some(qty("6")));
    desk.assert_agrees_with_venue();
}

#[test]
fn a_close_joins_one_that_does_as_much() {
    let mut desk = holding();
    desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
    desk.close(IBM, "50");
    let joined = Reply::Closing { close: 1, qty: qty("5") };
    assert_eq!(desk.close(IBM, "50"), joined);
    assert_eq!(desk.ask(sell("3")), joined, "the answer is what happens");
}

#[test]
fn a_larger_close_takes_the_place_of_a_smaller_one() {
    let mut desk = holding();
    desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
    desk.close(IBM, "50");
    assert_eq!(desk.close(IBM, "100"), Reply::Closing { close: 2, qty: qty("10") });
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.manual(), signed("0"), "nothing was left open");
    assert!(desk.core.state().closes.is_empty());
    desk.assert_agrees_with_venue();
}

#[test]
fn a_larger_close_counts_what_the_smaller_one_has_sent() {
    let mut desk = holding();
    desk.plan(IBM, domain::Protective::default(), anna());
    desk.pass(Nanos::from_secs(2));
    desk.venue.fills_market = false;
    desk.close(IBM, "50");
    let half = desk.sent.last().map(|o| (o.client_order_id.clone(), o.qty)).unwrap();
    assert_eq!(half.1, qty("5"));
    desk.venue.on_cancel.push_back(OnCancel::TooLate);
    desk.close(IBM, "100");
    desk.venue.fills_market = true;
    desk.fill(&half.0, "5", "100");
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.manual(), signed("0"));
    desk.assert_agrees_with_venue();
}

#[test]
fn an_exit_at_a_limit_is_refused_while_the_stop_holds_everything() {
    let mut desk = holding();
    assert_eq!(desk.codes(sell("10").limit("110")), [RefusalCode::ReservedByExits]);
    let without = desk.plan(IBM, domain::Protective::default(), anna());
    assert_eq!(without, Reply::Done);
    desk.pass(Nanos::from_secs(2));
    desk.order(sell("10").limit("110"));
}

#[test]
fn an_exit_with_room_goes_out_directly() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let exit = desk.order(sell("4"));
    assert_eq!(desk.status(&exit), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("6"));
}

#[test]
fn reduce_only_is_clamped_to_the_position() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let exit = desk.order(sell("25").reduce_only());
    assert_eq!(desk.find(&exit).qty, qty("10"));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn a_position_larger_than_one_order_is_closed_in_several() {
    let mut desk = Desk::new();
    for _ in 0..10 {
        desk.order(buy("4"));
    }
    desk.instrument(domain::Instrument { max_qty: Some(qty("4")), ..stock(IBM) });
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(14));
    assert_eq!(desk.manual(), signed("0"));
    assert!(desk.sent[10..].iter().all(|o| o.qty == qty("4")));
    assert_eq!(desk.alarms(), Vec::<String>::new());
}

#[test]
fn a_part_is_rounded_down_to_the_step_and_never_to_nothing() {
    let mut desk = Desk::new();
    desk.order(buy("3"));
    assert_eq!(desk.close(IBM, "50"), Reply::Closing { close: 1, qty: qty("1") });
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.close(IBM, "10"), Reply::Closing { close: 2, qty: qty("1") });
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("1"));
    assert_eq!(desk.close(IBM, "50"), Reply::Closing { close: 3, qty: qty("1") });
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn a_share_of_nothing_is_refused() {
    let mut desk = holding();
    assert_eq!(codes_of(&desk.close(IBM, "0")), [RefusalCode::OrderShape]);
    assert_eq!(codes_of(&desk.close(BTC, "100")), [RefusalCode::NothingToReduce]);
}

#[test]
fn a_close_goes_on_after_a_restart() {
    let mut desk = holding();
    desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
    desk.close(IBM, "100");
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.manual(), signed("0"));
    desk.assert_sent_once();
    desk.assert_agrees_with_venue();
}

#[test]
fn a_short_position_is_bought_back() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    desk.order(sell("10").stop("105"));
    assert_eq!(desk.manual(), signed("-10"));
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.sent.last().map(|o| o.side), Some(Side::Buy));
}

#[test]
fn a_close_whose_fate_is_unknown_is_not_sent_again() {
    let mut desk = holding();
    desk.venue.fills_market = false;
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    desk.venue.down = true;
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(5));
    let sold = desk.sent.iter().filter(|o| o.side == Side::Sell && o.kind.trigger().is_none());
    assert_eq!(sold.count(), 1, "its worst case is reserved until the venue tells");
    desk.venue.down = false;
    let close = desk.sent.last().map(|o| o.client_order_id.clone()).unwrap();
    desk.fill(&close, "10", "99");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn the_same_key_closes_once() {
    let mut desk = holding();
    let half = || sell("5").key("half");
    assert_eq!(desk.ask(half()), Reply::Closing { close: 1, qty: qty("5") });
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.ask(half()), Reply::Closing { close: 1, qty: qty("5") });
    desk.restart_and_connect();
    assert_eq!(desk.ask(half()), Reply::Closing { close: 1, qty: qty("5") });
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("5"));
    desk.tell(Input::Tick);
}

#[test]
fn the_same_key_closes_a_share_once_and_across_a_restart() {
    let mut desk = holding();
    let manual = domain::BookId::manual();
    let half = |desk: &mut Desk| desk.close_with_key(&manual, IBM, "50", Some("half"));
    assert_eq!(half(&mut desk), Reply::Closing { close: 1, qty: qty("5") });
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("5"));
    assert_eq!(half(&mut desk), Reply::Closing { close: 1, qty: qty("5") });
    desk.restart_and_connect();
    assert_eq!(half(&mut desk), Reply::Closing { close: 1, qty: qty("5") });
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("5"));

    let other = desk.close_with_key(&manual, IBM, "25", Some("half"));
    assert_eq!(codes_of(&other), [RefusalCode::IdempotencyConflict]);
}

#[test]
fn a_number_of_a_lost_decision_is_never_used_again() {
    let mut desk = holding();
    let before = desk.core.state().clone();
    let lost = desk.core.step(buy("1").into(), desk.now, &mut desk.budget);
    let lost = lost.records().iter().find_map(|r| {
        match Event::decode(&r.kind, r.version, &r.body).unwrap() {
            Event::OrderRecorded(order) => Some(order.client_order_id),
            _ => None,
        }
    });
    desk.core.reload(before, true, desk.now.mono);
    desk.tell(Input::Venue(path::broker::VenueEvent::Connected));
    let used = desk.order(buy("1"));
    assert_eq!(used.number(), lost.unwrap().number().map(|n| n + 1));
    desk.assert_folds();
}

#[test]
fn the_order_of_a_close_that_made_way_is_taken_back() {
    let mut desk = holding();
    desk.plan(IBM, domain::Protective::default(), anna());
    desk.pass(Nanos::from_secs(2));
    desk.venue.fills_market = false;
    desk.close(IBM, "10");
    let silent = desk.sent.last().map(|o| o.client_order_id.clone()).unwrap();
    desk.close(IBM, "50");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.status(&silent), OrderStatus::Cancelled, "it reserves nothing any more");
    desk.venue.fills_market = true;
    desk.pass(Nanos::from_secs(40));
    assert!(desk.core.state().closes.is_empty());
    desk.assert_agrees_with_venue();
}
