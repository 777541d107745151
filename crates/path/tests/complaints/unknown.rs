//! Time-outs and silence: unknown is an outcome of its own.

use domain::{Nanos, OrderStatus};
use path::{codes::RefusalCode, core::Input};

use super::common::*;

#[test]
fn a_timeout_is_not_a_rejection() {
    let mut desk = Desk::new();
    desk.venue.down = true;
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    let entry = desk.order(buy("10").limit("99").stop("95"));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    assert!(!desk.status(&entry).is_final());
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    desk.venue.down = false;
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Working);
}

#[test]
fn an_unknown_order_is_asked_about_and_never_sent_again() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    let entry = desk.order(buy("10").limit("99"));
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.venue.placed[&entry], 1);
    assert_eq!(desk.sent.len(), 1);
}

#[test]
fn accepted_on_the_stream_before_the_answer_timed_out() {
    let mut desk = Desk::new();
    desk.held_line = true;
    let entry = desk.order(buy("10").limit("99"));
    desk.held_line = false;
    desk.line.clear();
    let report = desk.venue.report(&entry);
    desk.tell(Input::Venue(path::broker::VenueEvent::Order(report)));
    let outcome = path::broker::PlaceOutcome::Unknown { why: "-1007".to_owned() };
    desk.tell(Input::Placed { order: entry.clone(), outcome });
    assert_eq!(desk.status(&entry), OrderStatus::Working, "the later word is the poorer one");
    desk.pass(Nanos::from_secs(10));
    desk.assert_sent_once();
}

#[test]
fn an_unknown_order_holds_its_risk() {
    let mut desk = Desk::new();
    desk.limit(|l| l.position_notional = cap("1500"));
    desk.venue.down = true;
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    desk.order(buy("10").limit("100"));
    assert_eq!(desk.codes(buy("6").limit("99")), [RefusalCode::PositionNotional]);
    desk.venue.down = false;
    desk.pass(Nanos::from_secs(20));
    desk.order(buy("6").limit("99"));
}

#[test]
fn a_recent_unknown_order_does_not_become_cancelled_at_start() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.advance(Nanos::from_secs(3_600));
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(4));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown, "the window begins anew with the start");
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
}

#[test]
fn order_not_found_right_after_its_creation_ends_nothing() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99"));
    desk.tell(Input::LookedUp { order: entry.clone(), answer: Ok(None) });
    desk.tell(Input::LookedUp { order: entry.clone(), answer: Ok(None) });
    desk.tell(Input::LookedUp { order: entry.clone(), answer: Ok(None) });
    assert_eq!(desk.status(&entry), OrderStatus::Working);
    assert_eq!(desk.core.state().live.len(), 1, "its funds stay reserved");
}

#[test]
fn an_empty_list_ends_nothing() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let entry = desk.order(buy("5").limit("90"));
    desk.venue.forgetful = true;
    desk.pass(Nanos::from_secs(120));
    assert_eq!(desk.status(&entry), OrderStatus::Working);
    assert_eq!(desk.stops(IBM).len(), 1, "no second stop beside the one that rests");
    assert_eq!(desk.manual(), signed("10"));
    desk.venue.forgetful = false;
    desk.pass(Nanos::from_secs(20));
    desk.assert_agrees_with_venue();
}

#[test]
fn orders_that_were_taken_for_dead_do_not_fill_together_hours_later() {
    let mut desk = Desk::new();
    desk.venue.down = true;
    desk.venue.on_place.extend(vec![OnPlace::LoseAnswer; 6]);
    desk.limit(|l| l.position_notional = cap("2500"));
    let mut taken = 0;
    for n in 0..6 {
        let refused = desk.codes(buy("10").limit("99").named(&format!("try-{n}")));
        taken += usize::from(refused.is_empty());
        desk.pass(Nanos::from_secs(600));
    }
    assert_eq!(taken, 2, "each unknown one counts against the limit");
}

#[test]
fn a_late_status_is_found_without_a_restart() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let stop = desk.stop_ids().remove(0);
    let venue_id = desk.venue.venue_id(&stop);
    let _lost_messages = desk.venue.fill(&venue_id, qty("10"), px("94"), desk.now.at);
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&stop), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.core.state().live.len(), 0, "the slot is free");
    desk.assert_agrees_with_venue();
}

#[test]
fn cancel_of_an_unknown_id_is_a_handled_outcome() {
    let mut desk = Desk::new();
    let reply = desk.cancel(&order_id("never-seen"));
    assert_eq!(codes_of(&reply), [RefusalCode::OrderUnknown]);
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.on_cancel.push_back(OnCancel::NotFound);
    desk.cancel(&entry);
    assert_eq!(desk.status(&entry), OrderStatus::PendingCancel, "that alone ends nothing");
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled, "and a restart repeats no crash");
}
