//! Proves that a position is covered by resting stops from its first fill to its end, and what
//! happens when the venue does not play along.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Nanos, OrderStatus, OriginKind, Protective};
use path::{
    broker::{VenueEvent, VenueRejection, VenueStatus},
    codes::RefusalCode,
    core::{Input, Reply},
    policy::{KillLevel, Policy, ProtectionFailure},
};

fn levels(stop: &str) -> Protective {
    Protective { stop: Some(px(stop)), target: None, ..Protective::default() }
}

fn stop(amount: &str, at: &str) -> (String, String) {
    (amount.to_owned(), at.to_owned())
}

#[test]
fn an_attached_stop_follows_every_partial_fill() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100").stop("95"));
    assert_eq!(desk.stops(IBM), []);
    desk.fill(&entry, "3", "100");
    assert_eq!(desk.stops(IBM), [stop("3", "95")]);
    desk.fill(&entry, "4", "100");
    assert_eq!(desk.stops(IBM), [stop("3", "95"), stop("4", "95")]);
    desk.fill(&entry, "3", "99.98");
    assert_eq!(desk.uncovered(), qty("0"));
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    desk.assert_folds();
}

#[test]
fn an_entry_without_a_stop_gets_the_one_that_the_policy_attaches() {
    let mut desk = Desk::with_policy(Policy::default());
    desk.price(IBM, "100", "100");
    desk.order(buy("1"));
    assert_eq!(desk.stops(IBM), [stop("1", "95")], "five per cent while no range is known");

    let mut desk = Desk::with_policy(Policy::default());
    desk.price(IBM, "100", "100");
    desk.tell(Input::Range { instrument: id(IBM), range: d("1.255") });
    desk.order(buy("1"));
    assert_eq!(desk.stops(IBM), [stop("1", "97.49")], "twice the range, away from the price");
}

#[test]
fn a_stop_that_was_never_sent_is_armed_again_after_a_restart() {
    let mut desk = Desk::new();
    desk.venue.on_place.extend([OnPlace::Accept, OnPlace::LoseRequest]);
    desk.order(buy("10").stop("95"));
    let lost = desk.stop_ids().remove(0);
    desk.restart_and_connect();
    assert_eq!(desk.status(&lost), OrderStatus::Unknown);
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&lost), OrderStatus::Rejected);
    assert_eq!(desk.stops(IBM), [stop("10", "95")]);
    assert_ne!(desk.stop_ids(), [lost], "the same id is never sent again");
    desk.assert_sent_once();
}

#[test]
fn a_stop_that_ended_while_the_desk_was_down_is_armed_again() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let old = desk.stop_ids().remove(0);
    let venue_id = desk.venue.venue_id(&old);
    desk.venue.end(&venue_id, VenueStatus::Expired);
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&old), OrderStatus::Expired);
    assert_eq!(desk.stops(IBM), [stop("10", "95")]);
}

#[test]
fn a_restart_leaves_a_resting_stop_alone() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let before = desk.stop_ids();
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.stop_ids(), before);
}

#[test]
fn a_stop_that_the_venue_cancels_is_placed_again() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let old = desk.stop_ids().remove(0);
    let venue_id = desk.venue.venue_id(&old);
    let report = desk.venue.end(&venue_id, VenueStatus::Cancelled);
    desk.tell(Input::Venue(VenueEvent::Order(report)));
    assert_eq!(desk.stops(IBM), [stop("10", "95")]);
    assert_ne!(desk.stop_ids(), [old]);
}

#[test]
fn a_venue_that_cancels_every_stop_is_not_chased() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    for _ in 0..12 {
        let Some(stop) = desk.stop_ids().pop() else {
            desk.pass(Nanos::from_millis(250));
            continue;
        };
        let venue_id = desk.venue.venue_id(&stop);
        let report = desk.venue.end(&venue_id, VenueStatus::Cancelled);
        desk.tell(Input::Venue(VenueEvent::Order(report)));
    }
    assert!(desk.sent.len() <= 5, "{} orders in three seconds", desk.sent.len());
    assert_eq!(desk.alarms(), ["unprotected"]);
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.stops(IBM), [stop("10", "95")], "the desk keeps trying");
}

#[test]
fn a_refused_stop_is_tried_again_with_growing_pauses_and_named_once() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::Accept);
    desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Rules); 4]);
    desk.order(buy("10").stop("95"));
    assert_eq!(desk.uncovered(), qty("10"));
    assert_eq!(desk.sent.len(), 2, "one entry, one stop");
    desk.pass(Nanos::from_secs(1));
    assert_eq!(desk.sent.len(), 3);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.sent.len(), 4);
    assert_eq!(desk.alarms(), ["unprotected"]);
    desk.pass(Nanos::from_secs(30));
    assert_eq!(desk.stops(IBM), [stop("10", "95")], "the desk keeps trying");
    assert_eq!(desk.uncovered(), qty("0"));
    assert_eq!(desk.alarms(), ["unprotected"]);
    assert_eq!(desk.manual(), signed("10"), "nothing was dumped");
}

#[test]
fn the_policy_may_ask_to_close_what_can_not_be_protected() {
    let mut desk = Desk::new();
    desk.policy(|p| p.protection_failure = ProtectionFailure::Flatten);
    desk.venue.on_place.push_back(OnPlace::Accept);
    desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Rules); 3]);
    desk.order(buy("10").stop("95"));
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.stops(IBM), []);
    desk.assert_agrees_with_venue();
}

#[test]
fn a_stop_that_fills_ends_the_position_and_leaves_nothing_behind() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100").stop("95"));
    desk.fill(&entry, "4", "100");
    let stop = desk.stop_ids().remove(0);
    desk.fill(&stop, "4", "95");
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.stops(IBM), []);
    assert_eq!(desk.status(&entry), OrderStatus::PartlyFilled, "the entry was not asked to end");
    desk.fill(&entry, "6", "94");
    assert_eq!(desk.stops(IBM), [("6".to_owned(), "95".to_owned())]);
}

#[test]
fn a_target_is_watched_here_and_closes_the_position() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95").target("110"));
    desk.price(IBM, "109.99", "110.01");
    assert_eq!(desk.manual(), signed("10"));
    desk.price(IBM, "110", "110.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"));
    assert_eq!(desk.stops(IBM), []);
}

#[test]
fn a_stop_that_does_not_rest_is_watched_here() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::Accept);
    desk.venue.on_place.push_back(OnPlace::Reject(VenueRejection::Rules));
    desk.order(buy("10").stop("95"));
    assert_eq!(desk.stops(IBM), []);
    desk.price(IBM, "95", "95.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("0"), "the price reached the level while no stop rested");
}

#[test]
fn a_stop_can_be_tightened_by_anybody_and_loosened_by_operators() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let strategy = origin(OriginKind::Strategy, "trend");
    assert_eq!(desk.plan(IBM, levels("96"), strategy.clone()), Reply::Done);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("10", "96")]);
    let refused = desk.plan(IBM, levels("94"), strategy.clone());
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    let refused = desk.plan(IBM, Protective::default(), strategy);
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    assert_eq!(desk.plan(IBM, levels("94"), anna()), Reply::Done);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("10", "94")]);
}

#[test]
fn cancelling_a_stop_needs_an_operator_who_says_so() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    let id = desk.stop_ids().remove(0);
    let unprotects = [RefusalCode::CancelUnprotects];
    assert_eq!(codes_of(&desk.cancel_as(&id, anna(), false)), unprotects);
    assert_eq!(codes_of(&desk.cancel_as(&id, agent(), true)), unprotects);
    desk.kill(KillLevel::Pause);
    assert_eq!(codes_of(&desk.cancel_as(&id, anna(), true)), unprotects, "stops stay");
    desk.release_kill(anna());
    assert_eq!(desk.cancel_as(&id, anna(), true), Reply::Done);
    desk.pass(Nanos::from_secs(10));
    assert_eq!(desk.stops(IBM), [], "it is not put back against the operator's will");
}

#[test]
fn two_books_on_opposite_sides_keep_their_own_stops() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    desk.open_book("trend");
    desk.order(buy("10").stop("95"));
    desk.order(sell("4").into_book("trend").stop("105"));
    assert_eq!(desk.core.state().net_position(&id(IBM)), signed("6"));
    assert_eq!(desk.stops(IBM), [stop("10", "95"), stop("4", "105")]);
    assert_eq!(desk.uncovered(), qty("0"));
    let sides: Vec<_> = desk.sent.iter().map(|o| (o.side.to_string(), o.qty)).collect();
    assert_eq!(sides[3], ("buy".to_owned(), qty("4")), "the short's stop buys");
}

#[test]
fn a_level_between_ticks_moves_toward_the_price() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("94.991"));
    assert_eq!(desk.stops(IBM), [stop("10", "95")]);
    assert_eq!(desk.plan(IBM, levels("95.991"), anna()), Reply::Done);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("10", "96")], "the venue refuses what is off the tick");
}

#[test]
fn a_new_position_counts_its_own_refused_stops() {
    let mut desk = Desk::new();
    for round in 1..=2 {
        desk.venue.on_place.push_back(OnPlace::Accept);
        desk.venue.on_place.extend(vec![OnPlace::Reject(VenueRejection::Rules); 3]);
        desk.order(buy("10").stop("95"));
        desk.pass(Nanos::from_secs(10));
        assert_eq!(desk.alarms().len(), round, "every position's alarm is raised");
        let stop = desk.stop_ids().remove(0);
        desk.fill(&stop, "10", "95");
        assert_eq!(desk.manual(), signed("0"));
    }
}
