//! Proves that one order in another one's place is counted as two until the venue has told the end
//! of one, is sent once, and never makes the position larger than was asked for.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{ClientOrderId, Nanos, OrderStatus, Protective, Qty};
use path::{
    broker::{Capabilities, VenueEvent, VenueRejection, VenueStatus},
    codes::RefusalCode,
    core::{Changes, Input, Reply},
    verbs::RiskClass,
};

fn desk() -> Desk {
    let mut desk = Desk::with_capabilities(Capabilities { replace: true, ..capabilities() });
    desk.price(IBM, "100", "100");
    desk
}

fn limit(price: &str) -> Changes {
    Changes { limit: Some(px(price)), ..Changes::default() }
}

fn size(total: &str) -> Changes {
    Changes { qty: Some(qty(total)), ..Changes::default() }
}

fn changed(desk: &mut Desk, order: &ClientOrderId, changes: Changes) -> ClientOrderId {
    match desk.change(order, changes) {
        Reply::Recorded { order, .. } => order,
        other => panic!("the change should have been taken: {other:?}"),
    }
}

fn levels(stop: &str) -> Protective {
    Protective { stop: Some(px(stop)), ..Protective::default() }
}

/// What all live orders of a class may still fill.
fn open(desk: &Desk, class: RiskClass) -> Qty {
    let live = desk.core.state().live_orders().filter(|o| o.class == class);
    live.fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()))
}

#[test]
fn a_changed_price_takes_the_old_orders_place() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("90").stop("85"));
    let new = changed(&mut desk, &old, limit("91"));
    assert_eq!(desk.status(&old), OrderStatus::Cancelled);
    assert_eq!(desk.status(&new), OrderStatus::Working);
    assert_eq!(desk.find(&new).kind.limit(), Some(px("91")));
    desk.fill(&new, "10", "91");
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "85".to_owned())], "the plan came along");
    desk.assert_folds();
    desk.assert_sent_once();
}

#[test]
fn both_orders_count_until_the_end_of_one_is_told() {
    let mut desk = desk();
    desk.venue.hides_replaced = true;
    let old = desk.order(buy("10").limit("90"));
    let new = changed(&mut desk, &old, limit("91"));
    assert_eq!(open(&desk, RiskClass::Entry), qty("20"), "10 + 10");
    let text = desk.core.book().gross_exposure().unwrap();
    assert_eq!(text, d("2000"), "20 at the last price of 100, dearer than both limits");
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&old), OrderStatus::Cancelled, "the desk asked");
    assert_eq!(open(&desk, RiskClass::Entry), qty("10"));
    assert_eq!(desk.status(&new), OrderStatus::Working);
}

#[test]
fn the_change_alone_is_judged_not_both_orders() {
    let mut desk = desk();
    desk.limit(|l| l.position_notional = cap("1000"));
    let old = desk.order(buy("10").limit("95"));
    let new = changed(&mut desk, &old, limit("96"));
    let reply = desk.change(&new, size("11"));
    let Reply::Refused(refusals) = reply else { panic!("11 x 100 is above 1000: {reply:?}") };
    assert_eq!(refusals[0].code, RefusalCode::PositionNotional);
    assert_eq!(refusals[0].max_allowed_qty, Some(qty("10")));
    assert_eq!(desk.status(&new), OrderStatus::Working, "the order is as it was");
}

#[test]
fn a_smaller_total_counts_what_is_filled() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("95"));
    desk.fill(&old, "4", "95");
    let new = changed(&mut desk, &old, size("7"));
    assert_eq!(desk.find(&new).qty, qty("3"), "7 - 4");
    let reply = desk.change(&new, size("0.5"));
    assert!(matches!(reply, Reply::Refused(_)), "half a share rounds to nothing: {reply:?}");
    desk.fill(&new, "3", "95");
    assert_eq!(desk.manual(), signed("7"));
}

#[test]
fn less_than_what_is_filled_is_refused() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("95"));
    desk.fill(&old, "4", "95");
    let Reply::Refused(refusals) = desk.change(&old, size("4")) else { panic!() };
    assert_eq!(refusals[0].code, RefusalCode::OrderShape);
    assert!(refusals[0].message.contains("4 of order"), "{}", refusals[0].message);
}

#[test]
fn a_venue_that_refuses_leaves_the_old_order_working() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("90"));
    desk.venue.on_place.push_back(OnPlace::Reject(VenueRejection::RateLimited));
    let new = changed(&mut desk, &old, limit("91"));
    assert_eq!(desk.status(&new), OrderStatus::Rejected);
    assert_eq!(desk.status(&old), OrderStatus::Working);
    assert_eq!(open(&desk, RiskClass::Entry), qty("10"));
    let third = changed(&mut desk, &old, limit("92"));
    assert_eq!(desk.status(&third), OrderStatus::Working, "it can be changed again");
}

#[test]
fn a_lost_answer_is_found_out_and_nothing_is_sent_twice() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("90"));
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    desk.venue.hides_replaced = true;
    let new = changed(&mut desk, &old, limit("91"));
    assert_eq!(desk.status(&new), OrderStatus::Working, "the look-up found it");
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&old), OrderStatus::Cancelled);
    assert_eq!(open(&desk, RiskClass::Entry), qty("10"));
    desk.assert_sent_once();
}

#[test]
fn a_lost_request_leaves_the_old_order_alone() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("90"));
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    let new = changed(&mut desk, &old, limit("91"));
    assert_eq!(desk.status(&new), OrderStatus::Unknown);
    let Reply::Refused(refusals) = desk.change(&old, limit("92")) else { panic!() };
    assert_eq!(refusals[0].code, RefusalCode::ReplacePending);
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&new), OrderStatus::Rejected, "never placed");
    assert_eq!(desk.status(&old), OrderStatus::Working);
}

#[test]
fn a_fill_while_the_order_is_replaced_takes_the_surplus_back() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("95"));
    desk.held_line = true;
    let venue_id = desk.venue.venue_id(&old);
    let late = desk.venue.fill(&venue_id, qty("3"), px("95"), desk.now.at);
    let new = changed(&mut desk, &old, limit("96"));
    desk.held_line = false;
    desk.deliver();
    desk.tell_all(late);
    assert_eq!(desk.manual(), signed("3"));
    assert_eq!(desk.status(&new), OrderStatus::Cancelled, "3 + 10 would be more than 10");
    assert_eq!(desk.alarms(), ["replaced_while_filling"]);
    desk.assert_folds();
}

#[test]
fn a_stop_is_moved_in_one_step() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    assert_eq!(desk.plan(IBM, levels("97"), anna()), Reply::Done);
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "97".to_owned())]);
    assert!(desk.cancels.is_empty());
    assert_eq!(desk.uncovered(), qty("0"));
    desk.assert_folds();
}

#[test]
fn a_stop_that_the_venue_does_not_replace_is_moved_the_long_way() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    desk.venue.on_place.push_back(OnPlace::Reject(VenueRejection::Other));
    desk.plan(IBM, levels("97"), anna());
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "97".to_owned())]);
    assert_eq!(desk.cancels.len(), 1);
    assert_eq!(desk.uncovered(), qty("0"));
}

#[test]
fn a_stop_whose_replacement_is_unknown_is_counted_once_as_cover() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    desk.plan(IBM, levels("97"), anna());
    assert_eq!(open(&desk, RiskClass::Protective), qty("20"), "either may be live");
    assert_eq!(desk.uncovered(), qty("0"), "and one of them is");
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "97".to_owned())]);
    desk.assert_sent_once();
}

#[test]
fn when_the_old_stop_fills_first_nothing_is_left_to_replace() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    let stop = desk.stop_ids().remove(0);
    let venue_id = desk.venue.venue_id(&stop);
    desk.held_line = true;
    let filled = desk.venue.fill(&venue_id, qty("10"), px("95"), desk.now.at);
    desk.plan(IBM, levels("97"), anna());
    desk.held_line = false;
    desk.deliver();
    desk.tell_all(filled);
    desk.pass(Nanos::from_secs(5));
    assert!(desk.manual().is_zero());
    assert_eq!(desk.stops(IBM), []);
    assert_eq!(desk.core.state().live.len(), 0);
}

#[test]
fn a_shrunk_position_shrinks_its_stop_in_place() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    assert!(matches!(desk.close(IBM, "50"), Reply::Closing { .. }));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("5"));
    assert_eq!(desk.stops(IBM), [("5".to_owned(), "95".to_owned())]);
    assert!(desk.cancels.is_empty(), "the rest was covered all the time");
}

#[test]
fn a_crash_between_record_and_answer_resends_nothing() {
    let mut desk = desk();
    let old = desk.order(buy("10").limit("90"));
    desk.venue.on_place.push_back(OnPlace::Silence);
    desk.venue.hides_replaced = true;
    let new = changed(&mut desk, &old, limit("91"));
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&new), OrderStatus::Working);
    assert_eq!(desk.status(&old), OrderStatus::Cancelled);
    desk.assert_sent_once();
    desk.assert_folds();
}

#[test]
fn the_old_stops_end_is_not_taken_for_a_stop_that_was_lost() {
    let mut desk = desk();
    desk.order(buy("10").stop("95"));
    let old = desk.stop_ids().remove(0);
    desk.venue.hides_replaced = true;
    desk.plan(IBM, levels("97"), anna());
    let venue_id = desk.venue.venue_id(&old);
    let ended = desk.venue.end(&venue_id, VenueStatus::Cancelled);
    desk.tell(Input::Venue(VenueEvent::Order(ended)));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "97".to_owned())]);
    assert_eq!(desk.alarms(), [] as [&str; 0]);
}
