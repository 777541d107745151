//! Crashes, restarts, reconnects: nothing is lost, nothing is invented.

use domain::{Nanos, OrderStatus, Side};
use path::{
    broker::{VenueEvent, VenueStatus},
    codes::RefusalCode,
    core::Input,
    event::Event,
    journal::AppendError,
    policy::KillLevel,
};

use super::common::*;

#[test]
fn n_restarts_add_no_orders() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    desk.order(buy("5").limit("90"));
    let sent = desk.sent.len();
    for _ in 0..20 {
        desk.restart_and_connect();
        desk.pass(Nanos::from_secs(20));
    }
    assert_eq!(desk.sent.len(), sent);
    assert_eq!(desk.cancels.len(), 0);
    assert_eq!(desk.core.state().orders.len(), sent);
    desk.assert_agrees_with_venue();
}

#[test]
fn replaying_the_journal_twice_gives_the_same_books() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    desk.close(IBM, "50");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(fold(&desk.journal), fold(&desk.journal));
    desk.assert_folds();
}

#[test]
fn restart_while_flipping_through_zero_keeps_the_position() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    desk.order(buy("10").stop("95"));
    assert_eq!(desk.codes(sell("15")), [RefusalCode::WouldFlip], "a flip is two orders");
    desk.venue.fills_market = false;
    desk.close(IBM, "100");
    let close = desk.sent.last().unwrap().client_order_id.clone();
    desk.fill(&close, "6", "100");
    desk.restart_and_connect();
    assert_eq!(desk.manual(), signed("4"));
    desk.fill(&close, "4", "100");
    desk.restart_and_connect();
    assert_eq!(desk.manual(), signed("0"));
    let short = desk.order(sell("5").stop("105"));
    desk.restart_and_connect();
    desk.fill(&short, "5", "100");
    desk.restart_and_connect();
    assert_eq!(desk.manual(), signed("-5"));
    assert_eq!(desk.stops(IBM), [("5".to_owned(), "105".to_owned())]);
    desk.assert_agrees_with_venue();
}

#[test]
fn fills_that_happened_while_the_desk_was_down_are_found() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99").stop("95"));
    let venue_id = desk.venue.venue_id(&entry);
    desk.advance(Nanos::from_secs(30));
    let _nobody_listens = desk.venue.fill(&venue_id, qty("10"), px("99"), desk.now.at);
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.assert_agrees_with_venue();
}

#[test]
fn a_reconnect_fetches_what_was_missed_before_entries_resume() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99").stop("95"));
    desk.tell(Input::Venue(VenueEvent::Disconnected));
    assert_eq!(desk.codes(buy("1").limit("98")), [RefusalCode::NotReconciled]);
    let venue_id = desk.venue.venue_id(&entry);
    let _missed = desk.venue.fill(&venue_id, qty("4"), px("99"), desk.now.at);
    desk.tell(Input::Venue(VenueEvent::Connected));
    assert_eq!(desk.codes(buy("1").limit("98")), [RefusalCode::NotReconciled]);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("4"));
    assert_eq!(desk.stops(IBM), [("4".to_owned(), "95".to_owned())]);
    desk.order(buy("1").limit("98"));
}

#[test]
fn stop_is_latched_over_reconnect_and_restart() {
    let mut desk = Desk::new();
    desk.kill(KillLevel::Pause);
    desk.tell(Input::Venue(VenueEvent::Disconnected));
    desk.connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::KillActive]);
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::KillActive]);
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn a_cancel_that_fails_at_shutdown_is_not_forgotten() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.on_cancel.push_back(OnCancel::LoseRequest);
    desk.cancel(&entry);
    assert_eq!(fold(&desk.journal).orders[&entry].status(), OrderStatus::PendingCancel);
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
}

#[test]
fn a_journal_restored_without_its_last_records_is_noticed() {
    let mut desk = Desk::new();
    let old = desk.journal.clone();
    desk.order(buy("10").limit("99"));
    desk.journal = old;
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::Rewound]);
}

#[test]
fn nothing_is_sent_that_is_not_on_disk() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    for error in [AppendError::Full, AppendError::Io("sync failed".to_owned()), AppendError::Dead] {
        let sent = desk.sent.len();
        desk.journal.fails = Some(error);
        let batch = desk.core.step(buy("1").limit("99").into(), desk.now, &mut desk.budget);
        assert!(batch.opens_risk());
        let results = path::commit::commit(&mut desk.journal, vec![batch]);
        assert!(results[0].is_err());
        assert_eq!(desk.sent.len(), sent);
        desk.journal.fails = None;
        desk.restart_and_connect();
        desk.assert_folds();
    }
}

#[test]
fn a_desk_that_was_taken_over_can_not_write_or_send() {
    let mut desk = Desk::new();
    let stream = path::journal::StreamId::account(&account());
    desk.journal.take_over(&stream, path::journal::LeaseToken(9));
    desk.tell(buy("1").limit("99").into());
    assert_eq!(desk.sent.len(), 0);
    assert!(matches!(desk.failed[0].error, AppendError::Fenced { held: 1, current: 9 }));
}

#[test]
fn a_working_order_at_the_venue_is_always_reported() {
    let mut desk = Desk::new();
    let mut by_hand = desk.venue.order_by_hand(id(IBM), Side::Sell, "3", desk.now.at);
    by_hand.status = VenueStatus::Working;
    desk.restart_and_connect();
    assert_eq!(desk.core.state().external.len(), 1);
    let seen = desk.events().iter().any(|e| matches!(e, Event::ExternalOrder(_)));
    assert!(seen, "it is on record");
}
