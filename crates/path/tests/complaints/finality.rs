//! Late, repeated and reordered messages: a fill counts once, an end is an end.

use domain::{Nanos, OrderStatus, Side};
use path::{
    broker::{PlaceOutcome, VenueEvent, VenueStatus},
    core::Input,
};

use super::common::*;

fn filled() -> (Desk, domain::ClientOrderId) {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    desk.fill(&entry, "10", "100");
    (desk, entry)
}

#[test]
fn a_late_report_does_not_revive_a_filled_order() {
    let (mut desk, entry) = filled();
    let mut late = desk.venue.report(&entry);
    late.status = VenueStatus::Working;
    late.filled = qty("0");
    desk.tell(Input::Venue(VenueEvent::Order(late.clone())));
    desk.tell(Input::Placed {
        order: entry.clone(),
        outcome: PlaceOutcome::Accepted(late.clone()),
    });
    desk.tell(Input::LookedUp { order: entry.clone(), answer: Ok(Some(late)) });
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.core.state().live.len(), 0);
}

#[test]
fn a_late_timeout_or_rejection_changes_nothing() {
    let (mut desk, entry) = filled();
    for outcome in [
        PlaceOutcome::Unknown { why: "late".to_owned() },
        PlaceOutcome::DuplicateId,
        PlaceOutcome::Rejected {
            code: path::broker::VenueRejection::Funds,
            text: "late".to_owned(),
        },
    ] {
        desk.tell(Input::Placed { order: entry.clone(), outcome });
    }
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("10"));
}

#[test]
fn the_same_fill_twice_counts_once() {
    let (mut desk, _) = filled();
    let fill = desk.venue.fills[0].clone();
    for _ in 0..3 {
        desk.tell(Input::Venue(VenueEvent::Fill(fill.clone())));
    }
    desk.connect();
    desk.restart_and_connect();
    desk.tell(Input::Venue(VenueEvent::Fill(fill)));
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.count("filled"), 1);
    desk.assert_agrees_with_venue();
}

#[test]
fn filled_and_reported_cancelled_is_placed_once_and_booked_once() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100").key("dca-3"));
    let venue_id = desk.venue.venue_id(&entry);
    let inputs = desk.venue.fill(&venue_id, qty("10"), px("100"), desk.now.at);
    let report = desk.venue.end(&venue_id, VenueStatus::Cancelled);
    desk.tell(Input::Venue(VenueEvent::Order(report)));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert_eq!(desk.find(&entry).open_qty(), qty("10"), "the venue counts fills to come");
    desk.tell_all(inputs);
    assert_eq!(desk.manual(), signed("10"));
    let replay = desk.ask(buy("10").limit("100").key("dca-3"));
    assert!(matches!(replay, path::core::Reply::Recorded { replayed: true, .. }));
    assert_eq!(desk.sent.len(), 1);
}

#[test]
fn a_fill_after_the_cancel_is_booked_flagged_and_protected() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100").stop("95"));
    desk.cancel(&entry);
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    desk.fill(&entry, "4", "100");
    assert_eq!(desk.manual(), signed("4"));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled, "its end stands");
    assert!(desk.find(&entry).fill_after_final);
    assert_eq!(desk.alarms(), ["fill_after_terminal"]);
    assert_eq!(desk.stops(IBM), [("4".to_owned(), "95".to_owned())]);
    desk.assert_folds();
}

#[test]
fn a_fill_before_its_acknowledgement_is_booked() {
    let mut desk = Desk::new();
    desk.held_line = true;
    let entry = desk.order(buy("10").stop("95"));
    let mut inputs: Vec<_> = desk.line.drain(..).collect();
    inputs.reverse();
    desk.held_line = false;
    desk.tell_all(inputs);
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM).len(), 1);
    desk.assert_agrees_with_venue();
}

#[test]
fn the_final_report_before_the_fills_waits_for_the_fills() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    let venue_id = desk.venue.venue_id(&entry);
    let mut inputs = desk.venue.fill(&venue_id, qty("10"), px("100"), desk.now.at);
    inputs.reverse();
    desk.tell(inputs.remove(0));
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.find(&entry).open_qty(), qty("10"), "what is not booked still counts");
    desk.pass(Nanos::from_secs(1));
    assert_eq!(desk.manual(), signed("10"), "the desk fetched them by itself");
    desk.tell_all(inputs);
    assert_eq!(desk.manual(), signed("10"));
}

#[test]
fn a_cancel_that_comes_too_late_finds_the_fill() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    let venue_id = desk.venue.venue_id(&entry);
    let _not_heard = desk.venue.fill(&venue_id, qty("10"), px("100"), desk.now.at);
    desk.venue.on_cancel.push_back(OnCancel::TooLate);
    desk.cancel(&entry);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("10"));
}

#[test]
fn a_fill_that_names_only_the_venues_order_is_the_desks_own() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    let venue_id = desk.venue.venue_id(&entry);
    let inputs = desk.venue.fill(&venue_id, qty("10"), px("100"), desk.now.at);
    for input in inputs {
        match input {
            Input::Venue(VenueEvent::Fill(mut fill)) => {
                fill.client_order_id = None;
                desk.tell(Input::Venue(VenueEvent::Fill(fill)));
            }
            other => desk.tell(other),
        }
    }
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.position("unmanaged", IBM), signed("0"));
}

#[test]
fn an_order_that_fills_beyond_its_quantity_is_booked_and_named() {
    let (mut desk, entry) = filled();
    desk.fill(&entry, "3", "100");
    assert_eq!(desk.manual(), signed("13"), "the venue's word moves the books");
    assert_eq!(desk.alarms(), ["fill_after_terminal"]);
    assert_eq!(desk.sent.iter().filter(|o| o.side == Side::Buy).count(), 1);
    desk.assert_agrees_with_venue();
}
