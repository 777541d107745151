//! Proves how a desk trades at a venue that neither keeps nor tells its order ids: the answer to a
//! send names the order, what comes before the answer waits for it, and an order whose answer is
//! lost is found by content and time.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{ClientOrderId, Nanos, OrderStatus, Side};
use path::{
    broker::{Capabilities, OrderReport, PlaceOutcome, VenueEvent, VenueRejection, VenueStatus},
    core::{Changes, Input, Reply},
    event::RejectReason,
    state::Order,
};

/// Longer than sending, the acceptance window, its slack and two lists take together.
const CONCLUDED: Nanos = Nanos::from_secs(12);

fn desk() -> Desk {
    Desk::without_client_ids()
}

fn lost(desk: &mut Desk, how: OnPlace) {
    desk.venue.on_place.push_back(how);
}

/// Somebody gives the same order at the venue's own screen.
fn equal_by_hand(desk: &mut Desk, order: &ClientOrderId) -> OrderReport {
    let Order { instrument, side, qty, kind, .. } = desk.find(order).clone();
    let at = desk.now.at;
    let hand = desk.venue.order_by_hand(instrument, side, &qty.to_string(), at);
    let report = desk.venue.orders.get_mut(&hand.venue_order_id).unwrap();
    report.kind = kind;
    report.clone()
}

#[test]
fn the_answer_says_which_order_it_is() {
    let mut desk = desk();
    let entry = desk.order(buy("10").limit("99").stop("95"));
    assert_eq!(desk.status(&entry), OrderStatus::Working);
    assert!(desk.core.state().external.is_empty(), "it is nobody else's");
    desk.fill(&entry, "4", "99");
    assert_eq!(desk.manual(), signed("4"));
    assert_eq!(desk.stops(IBM), [("4".to_owned(), "95".to_owned())]);
    desk.cancel(&entry);
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert!(desk.cancels[0].venue_order_id.is_some(), "a cancel names the venue's id");
    assert_eq!(desk.lists, 0, "nothing had to be looked for");
    desk.assert_agrees_with_venue();
    desk.assert_folds();
}

#[test]
fn a_fill_before_the_answer_waits_for_it() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").stop("95"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    desk.deliver();
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.position("unmanaged", IBM), signed("0"), "nor is it anybody else's");
    desk.pass(Nanos::from_secs(1));
    assert_eq!(desk.count("position_adjusted"), 0, "books and venue are not compared meanwhile");
    desk.tell(answer);
    assert_eq!(desk.status(&entry), OrderStatus::Filled, "and its end came in its turn");
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.pass(Nanos::from_secs(2));
    desk.assert_agrees_with_venue();
}

#[test]
fn an_execution_that_no_open_order_can_have_is_an_outsiders_at_once() {
    let mut desk = desk();
    desk.held_line = true;
    desk.order(buy("10").limit("99"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    let too_much = desk.venue.trade_by_hand(IBM, Side::Buy, "11", desk.now.at);
    desk.tell_all(too_much);
    let too_dear = desk.venue.trade_by_hand(IBM, Side::Buy, "1", desk.now.at);
    desk.tell_all(too_dear);
    let other_side = desk.venue.trade_by_hand(IBM, Side::Sell, "2", desk.now.at);
    desk.tell_all(other_side);
    assert_eq!(desk.position("unmanaged", IBM), signed("10"), "11 + 1 − 2");
    desk.tell(answer);
    desk.pass(Nanos::from_secs(2));
    desk.assert_agrees_with_venue();
}

#[test]
fn what_waited_is_an_outsiders_once_a_report_or_the_answer_says_so() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").limit("100.01"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    let mut told = desk.venue.trade_by_hand(IBM, Side::Buy, "3", desk.now.at);
    let report = told.pop().unwrap();
    desk.tell_all(told);
    assert_eq!(desk.position("unmanaged", IBM), signed("0"), "it may be a part of the order's");
    desk.tell(report);
    assert_eq!(desk.position("unmanaged", IBM), signed("3"), "the report is of 3, not of 10");
    let mut told = desk.venue.trade_by_hand(IBM, Side::Buy, "2", desk.now.at);
    told.pop();
    desk.tell_all(told);
    assert_eq!(desk.position("unmanaged", IBM), signed("3"));
    desk.tell(answer);
    assert_eq!(desk.position("unmanaged", IBM), signed("5"), "the answer names another id");
    assert_eq!(desk.find(&entry).filled, qty("0"));
    desk.pass(Nanos::from_secs(2));
    desk.assert_agrees_with_venue();
}

#[test]
fn what_waited_is_an_outsiders_once_the_order_is_refused() {
    let mut desk = desk();
    desk.held_line = true;
    lost(&mut desk, OnPlace::Reject(VenueRejection::Funds));
    desk.order(buy("10").limit("100.01"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    let by_hand = desk.venue.trade_by_hand(IBM, Side::Buy, "10", desk.now.at);
    desk.tell_all(by_hand);
    desk.tell(answer);
    assert_eq!(desk.position("unmanaged", IBM), signed("10"));
}

#[test]
fn an_order_without_an_answer_is_found_by_its_content() {
    for how in [OnPlace::LoseAnswer, OnPlace::Silence] {
        let mut desk = desk();
        lost(&mut desk, how.clone());
        let entry = desk.order(buy("10").limit("99").stop("95"));
        desk.pass(Nanos::from_secs(7));
        assert_ne!(desk.status(&entry), OrderStatus::Working, "the window is not over");
        desk.pass(CONCLUDED);
        assert_eq!(desk.status(&entry), OrderStatus::Working, "{how:?}");
        assert_eq!(desk.alarms(), ["order_matched"]);
        desk.fill(&entry, "10", "99");
        assert_eq!(desk.stops(IBM).len(), 1);
        desk.pass(Nanos::from_secs(2));
        desk.assert_sent_once();
        desk.assert_agrees_with_venue();
        desk.assert_folds();
    }
}

#[test]
fn an_order_that_ended_meanwhile_is_found_too() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseAnswer);
    let filled = desk.order(buy("10").limit("99").stop("95"));
    lost(&mut desk, OnPlace::LoseAnswer);
    let cancelled = desk.order(buy("7").limit("98"));
    let id = desk.venue.venue_id(&filled);
    let _unheard = desk.venue.fill(&id, qty("10"), px("99"), desk.now.at);
    let id = desk.venue.venue_id(&cancelled);
    desk.venue.end(&id, VenueStatus::Cancelled);
    desk.pass(CONCLUDED);
    assert_eq!(desk.status(&filled), OrderStatus::Filled);
    assert_eq!(desk.status(&cancelled), OrderStatus::Cancelled);
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.position("unmanaged", IBM), signed("0"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.assert_agrees_with_venue();
}

#[test]
fn an_order_that_no_list_shows_was_never_placed() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.pass(Nanos::from_secs(7));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown, "the window is not over");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
    assert_eq!(desk.find(&entry).rejected, Some(RejectReason::NeverPlaced));
    assert_eq!(desk.venue.placed[&entry], 1, "and it is not sent again");
}

#[test]
fn half_a_list_and_no_answer_prove_nothing() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.half = true;
    desk.pass(Nanos::from_secs(30));
    (desk.venue.half, desk.venue.down) = (false, true);
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    assert!(desk.lists <= 100, "and is not asked without end: {}", desk.lists);
    desk.venue.down = false;
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
}

#[test]
fn two_equal_orders_in_two_books_are_told_apart_by_their_answers() {
    let mut desk = desk();
    desk.open_book("trend");
    desk.held_line = true;
    let first = desk.order(buy("10").limit("99"));
    let second = desk.order(buy("10").limit("99").into_book("trend").named("second"));
    let fills = {
        let id = desk.venue.venue_id(&second);
        desk.venue.fill(&id, qty("10"), px("99"), desk.now.at)
    };
    let answers: Vec<_> = desk.line.drain(..).collect();
    desk.held_line = false;
    desk.tell_all(fills);
    assert_eq!(desk.position("trend", IBM), signed("0"), "it may be either one's");
    desk.tell_all(answers);
    assert_eq!(desk.position("trend", IBM), signed("10"));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.status(&first), OrderStatus::Working);
    assert_eq!(desk.status(&second), OrderStatus::Filled);
}

#[test]
fn of_two_equal_orders_without_answers_the_older_takes_what_there_is() {
    let mut desk = desk();
    desk.open_book("trend");
    lost(&mut desk, OnPlace::LoseRequest);
    let first = desk.order(buy("10").limit("99"));
    lost(&mut desk, OnPlace::LoseAnswer);
    let second = desk.order(buy("10").limit("99").into_book("trend").named("second"));
    let id = desk.venue.venue_id(&second);
    let fills = desk.venue.fill(&id, qty("4"), px("99"), desk.now.at);
    desk.tell_all(fills);
    desk.pass(CONCLUDED);
    assert_eq!(
        desk.status(&first),
        OrderStatus::PartlyFilled,
        "which of the two lives, nobody knows"
    );
    assert_eq!(desk.status(&second), OrderStatus::Rejected);
    assert_eq!(desk.manual(), signed("4"), "one of them does, with all that it filled");
    desk.pass(Nanos::from_secs(2));
    desk.assert_agrees_with_venue();
    desk.assert_folds();
}

#[test]
fn an_order_is_not_given_what_a_younger_one_may_yet_be_answered_with() {
    let mut desk = desk();
    desk.open_book("trend");
    lost(&mut desk, OnPlace::LoseRequest);
    let first = desk.order(buy("10").limit("99"));
    desk.pass(Nanos::from_secs(4));
    desk.held_line = true;
    let second = desk.order(buy("10").limit("99").into_book("trend").named("second"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    desk.pass(Nanos::from_secs(9));
    assert_eq!(desk.status(&first), OrderStatus::Unknown, "the second's answer is on its way");
    desk.tell(answer);
    desk.pass(Nanos::from_secs(4));
    assert_eq!(desk.status(&second), OrderStatus::Working);
    assert_eq!(desk.status(&first), OrderStatus::Rejected);
}

#[test]
fn an_outsiders_equal_order_from_before_is_not_taken() {
    let mut desk = desk();
    let template = desk.order(buy("10").limit("99"));
    desk.cancel(&template);
    let before = equal_by_hand(&mut desk, &template);
    desk.tell(Input::Venue(VenueEvent::Order(before.clone())));
    assert_eq!(desk.core.state().external.len(), 1);
    desk.pass(Nanos::from_secs(2));
    lost(&mut desk, OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99").named("again"));
    let fills = desk.venue.fill(&before.venue_order_id, qty("10"), px("99"), desk.now.at);
    desk.tell_all(fills);
    assert_eq!(desk.position("unmanaged", IBM), signed("10"), "it was known as somebody else's");
    desk.restart_and_connect();
    desk.pass(CONCLUDED);
    assert_eq!(desk.status(&entry), OrderStatus::Rejected, "though it ended after the order");
    assert_eq!(desk.manual(), signed("0"));
    desk.assert_agrees_with_venue();
}

#[test]
fn an_outsiders_equal_order_of_the_same_moment_is_told_apart_by_the_answer() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").limit("99"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    let hand = equal_by_hand(&mut desk, &entry);
    desk.tell(Input::Venue(VenueEvent::Order(hand)));
    assert!(desk.core.state().external.is_empty(), "it may be the desk's");
    desk.tell(answer);
    assert_eq!(desk.core.state().external.len(), 1);
    assert_eq!(desk.status(&entry), OrderStatus::Working);
}

#[test]
fn an_equal_order_from_long_after_is_not_taken() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.down = true;
    desk.pass(Nanos::from_secs(60));
    equal_by_hand(&mut desk, &entry);
    desk.venue.down = false;
    desk.pass(CONCLUDED);
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
    assert_eq!(desk.core.state().external.len(), 1);
}

#[test]
fn a_restart_loses_nothing_of_it() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").stop("95"));
    let fill = desk.line.pop_back().unwrap();
    desk.line.clear();
    desk.held_line = false;
    desk.tell(fill);
    desk.restart();
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    desk.restart_and_connect();
    assert_eq!(desk.position("unmanaged", IBM), signed("0"), "the list's execution waits as well");
    desk.pass(CONCLUDED);
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    assert_eq!(desk.count("position_adjusted"), 0);
    desk.assert_sent_once();
    desk.assert_agrees_with_venue();
}

#[test]
fn a_cancel_waits_for_the_venues_id_also_over_a_restart() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseAnswer);
    let entry = desk.order(buy("10").limit("99"));
    assert_eq!(desk.cancel(&entry), Reply::Done);
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.cancels.len(), 0, "the venue could not be told which");
    assert_eq!(desk.count("cancel_recorded"), 1);
    desk.restart_and_connect();
    desk.pass(CONCLUDED);
    assert_eq!(desk.cancels.len(), 1);
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
}

#[test]
fn a_cancel_before_the_answer_is_sent_with_it() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").limit("99"));
    desk.cancel(&entry);
    assert_eq!(desk.cancels.len(), 0);
    desk.held_line = false;
    desk.deliver();
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
}

#[test]
fn a_replacement_is_named_by_its_answer_or_found() {
    for how in [OnPlace::Accept, OnPlace::LoseAnswer] {
        let can = Capabilities { client_ids: false, replace: true, ..capabilities() };
        let mut desk = Desk::nameless(can);
        let old = desk.order(buy("10").limit("99"));
        lost(&mut desk, how);
        let changes = Changes { limit: Some(px("98")), ..Changes::default() };
        let Reply::Recorded { order: new, .. } = desk.change(&old, changes) else { panic!() };
        desk.pass(CONCLUDED);
        assert_eq!(desk.status(&old), OrderStatus::Cancelled);
        assert_eq!(desk.status(&new), OrderStatus::Working);
        desk.fill(&new, "10", "98");
        assert_eq!(desk.manual(), signed("10"));
        desk.pass(Nanos::from_secs(2));
        desk.assert_agrees_with_venue();
    }
}

#[test]
fn an_answer_that_names_another_orders_id_is_no_answer() {
    let mut desk = desk();
    let first = desk.order(buy("10").limit("99"));
    let taken = desk.venue.told(desk.venue.report(&first));
    desk.held_line = true;
    let second = desk.order(buy("10").limit("99").named("second"));
    desk.line.clear();
    desk.held_line = false;
    let outcome = PlaceOutcome::Accepted(taken);
    desk.tell(Input::Placed { order: second.clone(), outcome });
    assert_eq!(desk.status(&second), OrderStatus::Unknown);
    desk.pass(CONCLUDED);
    assert_eq!(desk.status(&second), OrderStatus::Working, "it is found like any other");
    let ids = [&first, &second].map(|id| desk.find(id).venue_order_id.clone());
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn what_finds_no_room_to_wait_is_told_again() {
    let mut desk = desk();
    desk.held_line = true;
    desk.order(buy("500").limit("100.01"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    for _ in 0..1_100 {
        let told = desk.venue.trade_by_hand(IBM, Side::Buy, "1", desk.now.at);
        desk.tell(told[0].clone());
    }
    desk.tell(answer);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.position("unmanaged", IBM), signed("1100"));
    desk.assert_agrees_with_venue();
}

#[test]
fn an_execution_that_is_told_again_with_its_fee_counts_once() {
    let mut desk = desk();
    desk.held_line = true;
    let entry = desk.order(buy("10").stop("95"));
    let answer = desk.line.pop_front().unwrap();
    desk.held_line = false;
    desk.deliver();
    let told = desk.venue.fills.last().unwrap().clone();
    let again = domain::Fill { client_order_id: None, fee: usd("1"), ..told };
    desk.tell(Input::Venue(VenueEvent::Fill(again)));
    assert_eq!(desk.position("unmanaged", IBM), signed("0"), "it is still waited for");
    desk.tell(answer);
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!((desk.manual(), desk.position("unmanaged", IBM)), (signed("10"), signed("0")));
}

#[test]
fn an_order_that_no_list_ever_explains_is_named_and_can_be_written_off() {
    let mut desk = desk();
    lost(&mut desk, OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.half = true;
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    assert!(desk.alarms().is_empty());
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.alarms(), ["order_unanswered"]);
    assert_eq!(desk.write_off(&entry, anna()), Reply::Done);
    assert!(desk.core.book().gross_exposure().unwrap().is_zero());
    desk.assert_folds();
}
