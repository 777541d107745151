//! Proves the kill switch: pause, halt and flatten, what is in flight while it is pulled, what
//! never happens to a stop, and who may release it.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::collections::BTreeSet;

use common::*;
use domain::{Nanos, OrderStatus, OriginKind, Side};
use path::{
    broker::VenueRejection,
    codes::RefusalCode,
    commit::{Action, commit},
    core::{Input, Reply},
    journal::LeaseToken,
    policy::KillLevel,
    verbs::{PlaceOrder, Recorded},
    wire::{Mono, NotSent, Wire},
};

/// 10 IBM with a stop, and an entry that rests at 90.
fn trading() -> (Desk, domain::ClientOrderId) {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let entry = desk.order(buy("5").limit("90").stop("85"));
    (desk, entry)
}

#[test]
fn pause_stops_entries_and_touches_nothing() {
    let (mut desk, entry) = trading();
    assert_eq!(desk.kill(KillLevel::Pause), Reply::Killed { level: KillLevel::Pause, epoch: 1 });
    assert_eq!(desk.codes(buy("1").limit("99")), [RefusalCode::KillActive]);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Working);
    assert_eq!(desk.stops(IBM).len(), 1);
    assert_eq!(desk.cancels.len(), 0);
}

#[test]
fn halt_cancels_entries_until_each_is_final_and_keeps_stops() {
    let (mut desk, entry) = trading();
    desk.venue.on_cancel.extend([OnCancel::LoseRequest, OnCancel::Reject, OnCancel::LoseRequest]);
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(1));
    assert!(!desk.status(&entry).is_final());
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert!(desk.cancels.iter().all(|c| c.client_order_id == entry), "only the entry");
    assert_eq!(desk.cancels.len(), 4, "as often as it took, and no more");
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
}

#[test]
fn halt_keeps_resting_exits() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let exit = desk.order(sell("10").limit("110"));
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&exit), OrderStatus::Working);
}

#[test]
fn an_entry_whose_fate_is_unknown_is_found_and_cancelled_under_halt() {
    let mut desk = Desk::new();
    desk.venue.down = true;
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    let entry = desk.order(buy("5").limit("90"));
    desk.kill(KillLevel::Halt);
    desk.venue.on_cancel.push_back(OnCancel::NotFound);
    desk.pass(Nanos::from_secs(2));
    desk.venue.down = false;
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert!(desk.venue.report(&entry).status.is_final());
}

#[test]
fn flatten_closes_every_managed_position() {
    let (mut desk, _) = trading();
    desk.policy(|p| p.allow_short = true);
    desk.open_book("trend");
    let short = desk.order(sell("4").into_book("trend").limit("99").stop("105"));
    desk.fill(&short, "4", "99");
    desk.order(wish(BTC, Side::Buy, "0.5").stop("45000"));
    desk.kill(KillLevel::Flatten);
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.core.state().held_instruments(), BTreeSet::new());
    assert!(desk.core.state().live.is_empty(), "and nothing rests");
    desk.assert_agrees_with_venue();
    desk.assert_sent_once();
}

#[test]
fn flatten_leaves_unmanaged_holdings_alone() {
    let mut desk = Desk::new();
    let inputs = desk.venue.trade_by_hand(IBM, Side::Buy, "7", desk.now.at);
    desk.tell_all(inputs);
    desk.kill(KillLevel::Flatten);
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.position("unmanaged", IBM), signed("7"));
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn a_flatten_that_fails_puts_the_stop_back_and_tries_again() {
    let (mut desk, _) = trading();
    desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Other); 5]);
    desk.kill(KillLevel::Flatten);
    desk.pass(Nanos::from_millis(4_500));
    assert!(desk.alarms().contains(&"close_failed".to_owned()));
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())], "never less protected");
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.manual(), signed("0"), "and closed in the end");
}

#[test]
fn a_second_pull_may_raise_the_level_and_never_lowers_it() {
    let (mut desk, entry) = trading();
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(1));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert_eq!(desk.kill(KillLevel::Pause), Reply::Killed { level: KillLevel::Halt, epoch: 2 });
    assert_eq!(
        desk.kill(KillLevel::Flatten),
        Reply::Killed { level: KillLevel::Flatten, epoch: 3 }
    );
}

#[test]
fn it_stays_pulled_over_a_restart_and_keeps_its_epoch() {
    let (mut desk, _) = trading();
    desk.kill(KillLevel::Pause);
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::KillActive]);
    assert_eq!(desk.wire.epoch(), 1);
}

#[test]
fn only_a_person_releases_it() {
    let (mut desk, _) = trading();
    desk.kill(KillLevel::Pause);
    for kind in OriginKind::ALL.into_iter().filter(|k| *k != OriginKind::Human) {
        let refused = desk.release_kill(origin(kind, "somebody"));
        assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed], "{kind:?}");
    }
    assert_eq!(desk.release_kill(anna()), Reply::Done);
    desk.order(buy("1").limit("99"));
}

#[test]
fn it_can_be_pulled_while_the_journal_is_out_of_order() {
    let (mut desk, entry) = trading();
    desk.tell(Input::Journal { writable: false });
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
}

/// A recorded order, as it waits for its write.
fn recorded(desk: &mut Desk, intent: domain::Intent) -> Recorded<PlaceOrder> {
    let batch = desk.core.step(intent.into(), desk.now, &mut desk.budget);
    let committed = commit(&mut desk.journal, vec![batch]).remove(0).unwrap();
    let place = |a| if let Action::Place(recorded) = a { Some(recorded) } else { None };
    committed.actions.into_iter().find_map(place).expect("an order to send")
}

#[test]
fn an_entry_that_was_judged_before_the_pull_does_not_leave_after_it() {
    let mut desk = Desk::new();
    let order = recorded(&mut desk, buy("1").limit("99"));
    desk.wire.raise_epoch(1);
    assert_eq!(desk.wire.release(order).unwrap_err(), NotSent::Killed);
}

#[test]
fn an_exit_that_was_judged_before_the_pull_still_leaves() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let order = recorded(&mut desk, sell("10"));
    desk.wire.raise_epoch(1);
    assert!(desk.wire.release(order).is_ok());
}

#[test]
fn the_pull_names_what_is_on_its_way() {
    let mut desk = Desk::new();
    let order = recorded(&mut desk, buy("1").limit("99"));
    let id = order.client_order_id().clone();
    let (_, in_flight) = desk.wire.release(order).unwrap();
    assert_eq!(desk.wire.raise_epoch(1), [id]);
    drop(in_flight);
    assert_eq!(desk.wire.raise_epoch(2), []);
}

#[test]
fn nothing_leaves_two_seconds_after_the_verdict() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let in_time = recorded(&mut desk, sell("1"));
    let late = recorded(&mut desk, sell("1"));
    desk.advance(Nanos(Nanos::from_secs(2).0 - 1));
    assert!(desk.wire.release(in_time).is_ok());
    desk.advance(Nanos(1));
    assert_eq!(desk.wire.release(late).unwrap_err(), NotSent::TooLate);
}

#[test]
fn nothing_leaves_without_the_lease() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let order = recorded(&mut desk, sell("1"));
    let clock = std::sync::Arc::new(|| Mono(0));
    let other = Wire::new(clock.clone(), LeaseToken(9), Mono(i64::MAX), 0);
    assert_eq!(other.release(order).unwrap_err(), NotSent::LeaseLost);
    let order = recorded(&mut desk, sell("1"));
    let ended = Wire::new(clock, LeaseToken(1), Mono(0), 0);
    assert_eq!(ended.release(order).unwrap_err(), NotSent::LeaseLost);
}

#[test]
fn an_order_that_was_not_sent_is_rejected_by_name_and_frees_its_risk() {
    let mut desk = Desk::new();
    desk.held_line = true;
    desk.wire.raise_epoch(7);
    let entry = desk.order(buy("1").limit("99"));
    desk.held_line = false;
    desk.deliver();
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
    assert_eq!(desk.sent.len(), 0);
    assert!(desk.core.state().live.is_empty());
}
