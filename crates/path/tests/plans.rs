//! Proves what the desk watches for a position: trailing stops, partial targets, time stops. The
//! numbers are worked out by hand beside each case.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Intent, Nanos, OrderStatus, Protective, Target, Targets, TimeStop, Trail, TrailBy};
use path::{
    broker::Capabilities,
    core::Reply,
    event::{ClosePurpose, Event},
    policy::Policy,
};

fn stop(amount: &str, at: &str) -> (String, String) {
    (amount.to_owned(), at.to_owned())
}

fn by_amount(amount: &str) -> Trail {
    Trail { by: TrailBy::Amount(px(amount)), activation: None }
}

fn trailing(intent: Intent, trail: Trail) -> Intent {
    intent.with(|i| i.protective.trail = Some(trail))
}

fn targets(list: &[(&str, &str)]) -> Targets {
    let list: Vec<_> =
        list.iter().map(|(at, share)| Target { price: px(at), share: pct(share) }).collect();
    Targets::new(&list).unwrap()
}

/// A price, and the second that a trailing stop waits between two moves.
fn moves(desk: &mut Desk, bid: &str, ask: &str) {
    desk.price(IBM, bid, ask);
    desk.pass(Nanos::from_secs(2));
}

fn replacing() -> Desk {
    Desk::with_capabilities(Capabilities { replace: true, ..capabilities() })
}

fn closes(desk: &Desk) -> Vec<(ClosePurpose, String)> {
    let started = |e: &Event| match e {
        Event::CloseStarted(c) => Some((c.purpose, c.qty.to_string())),
        _ => None,
    };
    desk.events().iter().filter_map(started).collect()
}

#[test]
fn a_trail_gives_the_entry_its_first_stop() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    assert_eq!(desk.stops(IBM), [stop("10", "95")], "100 - 5");

    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let percent = Trail { by: TrailBy::Percent(pct("2.5")), activation: None };
    desk.order(trailing(buy("10"), percent));
    assert_eq!(desk.stops(IBM), [stop("10", "97.5")], "100 x (1 - 0.025)");
}

#[test]
fn a_trailing_stop_follows_the_bid_up_and_never_back() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    moves(&mut desk, "104", "104.02");
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "104 - 5");
    moves(&mut desk, "101", "101.02");
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "it stays");
    moves(&mut desk, "104.1", "104.12");
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "0.1 is less than a twentieth of 5");
    moves(&mut desk, "110", "110.02");
    assert_eq!(desk.stops(IBM), [stop("10", "105")]);
    assert_eq!(desk.uncovered(), qty("0"));
    desk.assert_folds();
    desk.assert_sent_once();
}

#[test]
fn a_trail_that_is_set_later_moves_the_stop_at_once() {
    let mut desk = replacing();
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("90"));
    desk.price(IBM, "104", "104.02");
    let plan = Protective { trail: Some(by_amount("5")), ..Protective::default() };
    assert_eq!(desk.plan(IBM, plan, anna()), Reply::Done);
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "104 - 5, without a price in between");
    assert!(desk.cancels.is_empty());
    let later = Trail { activation: Some(px("108")), ..by_amount("3") };
    let plan = Protective { trail: Some(later), ..Protective::default() };
    assert_eq!(desk.plan(IBM, plan, anna()), Reply::Done);
    assert_eq!(desk.stops(IBM), [], "nothing trails before 108, and no stop was given");
}

#[test]
fn a_short_trails_above_the_ask() {
    let mut desk = Desk::with_policy(Policy { allow_short: true, ..plain_policy() });
    desk.price(IBM, "100", "100");
    desk.order(trailing(sell("10"), by_amount("5")));
    assert_eq!(desk.stops(IBM), [stop("10", "105")]);
    moves(&mut desk, "89.98", "90");
    assert_eq!(desk.stops(IBM), [stop("10", "95")], "90 + 5");
    moves(&mut desk, "93.98", "94");
    assert_eq!(desk.stops(IBM), [stop("10", "95")]);
}

#[test]
fn a_trail_waits_for_its_activation() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let trail = Trail { activation: Some(px("108")), ..by_amount("3") };
    desk.order(trailing(buy("10"), trail).stop("92"));
    moves(&mut desk, "107.99", "108");
    assert_eq!(desk.stops(IBM), [stop("10", "92")]);
    moves(&mut desk, "108", "108.02");
    assert_eq!(desk.stops(IBM), [stop("10", "105")], "108 - 3");
}

#[test]
fn where_the_venue_can_replace_a_moved_stop_leaves_no_gap() {
    let mut desk = replacing();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    desk.price(IBM, "104", "104.02");
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "at once, within one step");
    assert!(desk.cancels.is_empty(), "nothing was cancelled");
    assert_eq!(desk.replaces.len(), 1);
    assert_eq!(desk.uncovered(), qty("0"));
    moves(&mut desk, "104.03", "104.05");
    assert_eq!(desk.stops(IBM), [stop("10", "99.03")], "a two-hundredth of 5 is enough here");
    desk.assert_folds();
}

#[test]
fn a_peak_between_two_moves_is_not_lost() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    desk.price(IBM, "102", "102.02");
    desk.price(IBM, "104", "104.02");
    desk.price(IBM, "103", "103.02");
    assert_eq!(desk.stops(IBM), [stop("10", "97")], "102 - 5; the next move has to wait");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("10", "99")], "104 - 5, although the price is lower again");
}

#[test]
fn a_price_that_falls_through_the_new_stop_before_it_rests_closes() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    desk.price(IBM, "102", "102.02");
    desk.price(IBM, "110", "110.02");
    desk.price(IBM, "104", "104.02");
    desk.pass(Nanos::from_secs(3));
    assert!(desk.manual().is_zero(), "110 - 5 = 105 is above 104");
    assert_eq!(closes(&desk), [(ClosePurpose::Stop, "10".to_owned())]);
}

#[test]
fn a_trailing_stop_survives_a_restart_where_it_stands() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    moves(&mut desk, "110", "110.02");
    desk.price(IBM, "106", "106.02");
    desk.restart_and_connect();
    assert_eq!(desk.stops(IBM), [stop("10", "105")]);
    moves(&mut desk, "112", "112.02");
    assert_eq!(desk.stops(IBM), [stop("10", "107")], "and follows on");
}

#[test]
fn partial_targets_close_their_shares_and_the_stop_covers_the_rest() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let plan = targets(&[("110", "33"), ("120", "33")]);
    let wish = buy("10").stop("95").target("130").with(|i| i.protective.targets = plan);
    desk.order(wish);
    desk.price(IBM, "110", "110.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("7"), "33 % of 10 is 3.3, rounded down to 3");
    assert_eq!(desk.stops(IBM), [stop("7", "95")]);
    desk.price(IBM, "111", "111.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("7"), "each target is taken once");
    desk.price(IBM, "121", "121.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("4"), "33 % of the 10 that were there at first");
    assert_eq!(desk.stops(IBM), [stop("4", "95")]);
    desk.price(IBM, "130", "130.02");
    desk.pass(Nanos::from_secs(2));
    assert!(desk.manual().is_zero());
    assert_eq!(desk.stops(IBM), []);
    desk.assert_folds();
}

#[test]
fn a_gap_over_two_targets_takes_both() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let plan = targets(&[("110", "50"), ("120", "20")]);
    desk.order(buy("10").stop("95").with(|i| i.protective.targets = plan));
    desk.price(IBM, "125", "125.02");
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("3"), "10 - 5 - 2");
}

#[test]
fn a_partial_target_with_replace_shrinks_the_stop_and_never_bares_the_rest() {
    let mut desk = replacing();
    desk.price(IBM, "100", "100");
    let plan = targets(&[("110", "40")]);
    desk.order(buy("10").stop("95").with(|i| i.protective.targets = plan));
    desk.price(IBM, "110", "110.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("6"));
    assert_eq!(desk.stops(IBM), [stop("6", "95")]);
    assert!(desk.cancels.is_empty(), "the stop shrank where it rested: {:?}", desk.cancels);
}

#[test]
fn a_target_whose_close_the_venue_refuses_is_tried_again() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let plan = targets(&[("110", "50")]);
    desk.order(buy("10").with(|i| i.protective.targets = plan));
    let no = OnPlace::Reject(path::broker::VenueRejection::RateLimited);
    desk.venue.on_place.extend(vec![no; 5]);
    desk.price(IBM, "110", "110.02");
    desk.pass(Nanos::from_secs(8));
    assert_eq!(desk.alarms(), ["close_failed"]);
    desk.price(IBM, "111", "111.02");
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("5"));
}

#[test]
fn later_fills_of_the_entry_leave_a_moved_stop_where_it_is() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100").stop("95"));
    desk.fill(&entry, "4", "100");
    let moved = Protective { stop: Some(px("97")), ..Protective::default() };
    assert_eq!(desk.plan(IBM, moved, anna()), Reply::Done);
    desk.pass(Nanos::from_secs(2));
    desk.fill(&entry, "6", "100");
    desk.pass(Nanos::from_secs(2));
    let at: Vec<_> = desk.stops(IBM).into_iter().map(|(_, at)| at).collect();
    assert!(at.iter().all(|at| at == "97"), "{at:?}");
    assert_eq!(desk.uncovered(), qty("0"));
}

#[test]
fn partial_targets_count_from_everything_that_the_entry_filled() {
    let mut desk = Desk::new();
    let plan = targets(&[("110", "50")]);
    let wish = buy("10").limit("100").stop("95").with(|i| i.protective.targets = plan);
    let entry = desk.order(wish);
    desk.fill(&entry, "4", "100");
    desk.fill(&entry, "6", "100");
    desk.price(IBM, "110", "110.02");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("5"), "half of 10, not of the first 4");
}

#[test]
fn a_time_stop_closes_when_it_is_due_and_the_market_is_open() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let hour = TimeStop::AfterSecs(60);
    desk.order(buy("10").stop("95").with(|i| i.protective.time_stop = Some(hour)));
    desk.pass(Nanos::from_secs(59));
    assert_eq!(desk.manual(), signed("10"));
    let day = desk.now.at.utc_day();
    desk.session(false, day);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.manual(), signed("10"), "a closed market is waited for");
    desk.session(true, day);
    desk.pass(Nanos::from_secs(3));
    assert!(desk.manual().is_zero());
    assert_eq!(closes(&desk), [(ClosePurpose::TimeStop, "10".to_owned())]);
}

#[test]
fn a_time_stop_counts_on_while_the_stop_trails() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let wish = trailing(buy("10"), by_amount("5"));
    desk.order(wish.with(|i| i.protective.time_stop = Some(TimeStop::AfterSecs(30))));
    desk.pass(Nanos::from_secs(20));
    moves(&mut desk, "105", "105.02");
    assert_eq!(desk.stops(IBM), [stop("10", "100")]);
    desk.pass(Nanos::from_secs(9));
    assert!(desk.manual().is_zero(), "30 s after the fill, not after the last move");
}

#[test]
fn a_stop_that_has_begun_to_fill_is_not_moved() {
    let mut desk = replacing();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    let resting = desk.stop_ids().remove(0);
    desk.fill(&resting, "4", "95");
    moves(&mut desk, "110", "110");
    assert!(desk.replaces.is_empty(), "it is taking the position out");
    desk.fill(&resting, "6", "95");
    desk.pass(Nanos::from_secs(5));
    assert!(desk.manual().is_zero());
    desk.assert_agrees_with_venue();
}

#[test]
fn a_stop_that_fills_while_it_is_moved_takes_its_successor_back() {
    let mut desk = replacing();
    desk.price(IBM, "100", "100");
    desk.order(trailing(buy("10"), by_amount("5")));
    let resting = desk.stop_ids().remove(0);
    desk.venue.hides_replaced = true;
    moves(&mut desk, "110", "110");
    let successor = desk.find(&resting).replaced_by.clone().unwrap();
    desk.fill(&resting, "4", "95");
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&successor), OrderStatus::Cancelled, "it was for 10");
    assert_eq!(desk.stops(IBM), [stop("6", "105")], "and 6 are covered anew");
}
