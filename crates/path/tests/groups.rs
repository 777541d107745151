//! Proves that of a group of orders one fills, and that a second fill is never unnoticed; that
//! orders wait for an opening and are judged then; that a reversal is two requests.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Activate, AssetClass, CalendarKind, Instrument, Intent, Nanos, OrderStatus, Side};
use path::{
    broker::{Capabilities, VenueEvent},
    codes::RefusalCode,
    core::{Input, Reply},
    event::{ArmedEnd, Event},
    market::Session,
    policy::{KillLevel, Policy},
};

fn paired(intent: Intent) -> Intent {
    intent.with(|i| i.conditions.group = Some("breakout".parse().unwrap()))
}

#[test]
fn the_first_fill_cancels_the_others() {
    let mut desk = Desk::new();
    let below = desk.order(paired(buy("10").limit("95").stop("90")));
    let above = desk.order(paired(buy("10").trigger("105").stop("100")));
    desk.fill(&above, "4", "105");
    assert_eq!(desk.status(&below), OrderStatus::Cancelled);
    assert_eq!(desk.status(&above), OrderStatus::PartlyFilled, "the winner goes on");
    desk.fill(&above, "6", "105");
    assert_eq!(desk.manual(), signed("10"));
    let kept: Vec<_> = desk.core.state().groups.values().collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].members.is_empty(), "who won is kept for the day, and nothing else");
    desk.assert_folds();
}

#[test]
fn two_that_fill_at_once_are_both_booked_and_named() {
    let mut desk = Desk::new();
    let below = desk.order(paired(buy("10").limit("95").stop("90")));
    let above = desk.order(paired(buy("10").trigger("105").stop("100")));
    let (first, second) = (desk.venue.venue_id(&below), desk.venue.venue_id(&above));
    let mut told = desk.venue.fill(&first, qty("10"), px("95"), desk.now.at);
    told.extend(desk.venue.fill(&second, qty("10"), px("105"), desk.now.at));
    desk.tell_all(told);
    assert_eq!(desk.manual(), signed("20"));
    assert_eq!(desk.alarms(), ["group_filled_twice"]);
    assert_eq!(desk.uncovered(), qty("0"), "and all of it is covered");
}

#[test]
fn what_comes_after_one_has_filled_comes_too_late() {
    let mut desk = Desk::new();
    desk.order(paired(buy("10")));
    assert_eq!(desk.manual(), signed("10"), "it filled and is over");
    let late = desk.codes(paired(buy("10").trigger("105")));
    assert_eq!(late, [RefusalCode::GroupFilled]);
    desk.restart_and_connect();
    assert_eq!(desk.codes(paired(buy("10").trigger("105"))), [RefusalCode::GroupFilled]);
    desk.session(true, START.utc_day() + 1);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.codes(paired(buy("10").trigger("105"))), [], "a new day, a new group");
    desk.assert_folds();
}

#[test]
fn a_group_is_kept_over_a_restart() {
    let mut desk = Desk::new();
    let below = desk.order(paired(buy("10").limit("95")));
    let above = desk.order(paired(buy("10").trigger("105")));
    desk.held_line = true;
    let venue_id = desk.venue.venue_id(&above);
    let lost = desk.venue.fill(&venue_id, qty("10"), px("105"), desk.now.at);
    drop(lost);
    desk.held_line = false;
    desk.restart_and_connect();
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.status(&below), OrderStatus::Cancelled);
    assert_eq!(desk.manual(), signed("10"));
}

#[test]
fn orders_of_other_books_are_no_members() {
    let mut desk = Desk::new();
    desk.open_book("swing");
    let mine = desk.order(paired(buy("10").limit("95")));
    let theirs = desk.order(paired(buy("10").limit("94").into_book("swing")));
    desk.fill(&mine, "10", "95");
    assert_eq!(desk.status(&theirs), OrderStatus::Working);
}

#[test]
fn a_bracket_of_exits_counts_once_where_the_venue_only_reduces() {
    let mut desk = Desk::with_capabilities(Capabilities { reduce_only: true, ..capabilities() });
    desk.order(buy("10"));
    let target = desk.order(paired(sell("10").limit("110").reduce_only()));
    let stop = desk.ask(paired(sell("10").trigger("95").reduce_only()));
    let Reply::Recorded { order: stop, .. } = stop else { panic!("{stop:?}") };
    desk.fill(&target, "10", "110");
    assert_eq!(desk.status(&stop), OrderStatus::Cancelled);
    assert!(desk.manual().is_zero());
}

#[test]
fn a_bracket_of_exits_is_refused_where_both_could_fill() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    desk.order(paired(sell("10").limit("110").reduce_only()));
    let codes = desk.codes(paired(sell("10").trigger("95").reduce_only()));
    assert_eq!(codes, [RefusalCode::ReservedByExits]);
}

const XYZ: &str = "sim:XYZ";

fn listed() -> Instrument {
    Instrument { calendar: CalendarKind::UsEquities, asset_class: AssetClass::Equity, ..stock(XYZ) }
}

fn session(desk: &mut Desk, open: bool, day: i64) {
    let calendar = CalendarKind::UsEquities;
    desk.tell(Input::Session { calendar, session: Session { open, day } });
}

/// A desk before the opening of day 100.
fn before_the_opening() -> Desk {
    let mut desk = Desk::new();
    desk.instrument(listed());
    session(&mut desk, false, 99);
    desk.price(XYZ, "50", "50");
    desk
}

fn at_the_opening(size: &str) -> Intent {
    buy(size).of(XYZ).stop("40").with(|i| i.conditions.activate = Activate::NextOpen)
}

fn ends(desk: &Desk) -> Vec<ArmedEnd> {
    let end = |e: &Event| if let Event::ArmedEnded(e) = e { Some(e.end) } else { None };
    desk.events().iter().filter_map(end).collect()
}

#[test]
fn an_order_waits_for_the_opening_and_meets_the_price_of_then() {
    let mut desk = before_the_opening();
    assert!(matches!(desk.ask(at_the_opening("10")), Reply::Armed { .. }));
    desk.pass(Nanos::from_secs(60));
    assert!(desk.sent.is_empty());
    desk.price(XYZ, "52", "52");
    session(&mut desk, true, 100);
    assert_eq!(desk.position("manual", XYZ), signed("10"));
    assert_eq!(desk.sent[0].qty, qty("10"));
    assert_eq!(ends(&desk), [ArmedEnd::Opened]);
    desk.assert_folds();
}

#[test]
fn what_waits_during_a_session_waits_for_the_next_one() {
    let mut desk = before_the_opening();
    session(&mut desk, true, 100);
    desk.ask(at_the_opening("10"));
    desk.pass(Nanos::from_secs(5));
    assert!(desk.sent.is_empty());
    session(&mut desk, false, 100);
    desk.pass(Nanos::from_secs(5));
    session(&mut desk, true, 101);
    assert!(desk.sent.is_empty(), "the last price is of before the opening");
    desk.price(XYZ, "50", "50");
    assert_eq!(desk.position("manual", XYZ), signed("10"));
}

#[test]
fn a_split_ends_what_waits_in_old_units() {
    let mut desk = before_the_opening();
    desk.ask(at_the_opening("10"));
    desk.tell(Input::Venue(VenueEvent::Action(domain::CorporateAction {
        id: domain::MovementId::new("split-1").unwrap(),
        instrument: id(XYZ),
        numerator: d("1"),
        denominator: d("10"),
        at: desk.now.at,
    })));
    assert_eq!(ends(&desk), [ArmedEnd::UnitsChanged]);
    session(&mut desk, true, 100);
    desk.price(XYZ, "500", "500");
    assert!(desk.sent.is_empty());
    assert!(desk.alarms().contains(&"units_changed".to_owned()));
    desk.assert_folds();
}

#[test]
fn a_halt_leaves_an_exit_waiting() {
    let mut desk = before_the_opening();
    session(&mut desk, true, 100);
    desk.ask(buy("10").of(XYZ).stop("40"));
    session(&mut desk, false, 100);
    desk.ask(sell("10").of(XYZ).with(|i| i.conditions.activate = Activate::NextOpen));
    desk.kill(KillLevel::Halt);
    desk.pass(Nanos::from_secs(2));
    assert!(ends(&desk).is_empty(), "what takes out of a position is not stopped");
    session(&mut desk, true, 101);
    desk.price(XYZ, "50", "50");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.position("manual", XYZ), signed("0"));
}

#[test]
fn what_waits_is_judged_at_the_opening() {
    let mut desk = before_the_opening();
    desk.ask(at_the_opening("10"));
    desk.limit(|l| l.order_notional = cap("500"));
    desk.price(XYZ, "50.01", "50.01");
    session(&mut desk, true, 100);
    let refused = desk.events().iter().rev().find_map(|e| match e {
        Event::IntentRefused(r) => Some(r.refusals[0].code),
        _ => None,
    });
    assert_eq!(refused, Some(RefusalCode::OrderNotional), "10 x 50.01 is above 500");
    assert!(desk.sent.is_empty());
}

#[test]
fn what_waits_survives_a_restart_and_ends_with_a_halt() {
    let mut desk = before_the_opening();
    desk.ask(at_the_opening("10"));
    desk.ask(at_the_opening("11").named("second"));
    desk.restart();
    assert_eq!(desk.core.state().armed.len(), 2);
    let id = "second".parse().unwrap();
    let reply = desk.answer_disarm(&id);
    assert_eq!(reply, Reply::Done);
    desk.kill(KillLevel::Halt);
    assert_eq!(ends(&desk), [ArmedEnd::Withdrawn, ArmedEnd::Killed]);
    session(&mut desk, true, 100);
    assert!(desk.sent.is_empty());
}

#[test]
fn a_key_asks_once_for_what_waits() {
    let mut desk = before_the_opening();
    let keyed = || at_the_opening("10").key("k1");
    let first = desk.ask(keyed());
    assert_eq!(desk.ask(keyed()), first);
    assert_eq!(desk.core.state().armed.len(), 1);
    let codes = desk.codes(at_the_opening("11").key("k1"));
    assert_eq!(codes, [RefusalCode::IdempotencyConflict]);
}

#[test]
fn an_opening_that_nobody_saw_is_missed_not_made_up_for() {
    let mut desk = before_the_opening();
    desk.ask(at_the_opening("10"));
    desk.advance(Nanos::from_secs(7 * 86_400));
    session(&mut desk, true, 105);
    assert_eq!(ends(&desk), [ArmedEnd::Missed]);
    assert_eq!(desk.alarms(), ["armed_missed"]);
    assert!(desk.sent.is_empty());
}

#[test]
fn a_market_that_never_closes_has_no_opening() {
    let mut desk = Desk::new();
    let codes = desk.codes(buy("1").with(|i| i.conditions.activate = Activate::NextOpen));
    assert_eq!(codes, [RefusalCode::OrderShape]);
}

fn reverse(desk: &mut Desk, intent: Intent) -> Reply {
    desk.answer_reverse(intent)
}

#[test]
fn a_reversal_closes_first_and_is_judged_anew() {
    let mut desk = Desk::with_policy(Policy { allow_short: true, ..plain_policy() });
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("95"));
    let reply = reverse(&mut desk, sell("4").stop("105"));
    assert!(matches!(reply, Reply::Closing { .. }), "{reply:?}");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-4"), "10 were closed, then 4 were sold short");
    assert_eq!(desk.stops(IBM), [("4".to_owned(), "105".to_owned())]);
    desk.assert_folds();
}

#[test]
fn a_reversal_whose_second_half_is_refused_is_a_close() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("95"));
    reverse(&mut desk, sell("4"));
    desk.pass(Nanos::from_secs(2));
    assert!(desk.manual().is_zero(), "the account may not sell short");
}

#[test]
fn a_reversal_with_a_key_happens_once() {
    let mut desk = Desk::with_policy(Policy { allow_short: true, ..plain_policy() });
    desk.price(IBM, "100", "100");
    desk.order(buy("10"));
    let first = reverse(&mut desk, sell("4").key("flip"));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(reverse(&mut desk, sell("4").key("flip")), first);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-4"));
}

#[test]
fn nothing_is_reversed_where_nothing_is_held() {
    let mut desk = Desk::new();
    let Reply::Refused(refusals) = reverse(&mut desk, sell("4")) else { panic!() };
    assert_eq!(refusals[0].code, RefusalCode::NothingToReduce);
}

#[test]
fn everything_is_closed_book_by_book() {
    let mut desk = Desk::with_policy(Policy { allow_short: true, ..plain_policy() });
    desk.price(IBM, "100", "100");
    desk.open_book("swing");
    desk.order(buy("10").stop("95"));
    desk.order(wish(IBM, Side::Sell, "4").stop("105").into_book("swing"));
    desk.order(wish(BTC, Side::Buy, "0.5"));
    let Reply::ClosingAll(begun) = desk.answer_close_all(Some(IBM), "50") else { panic!() };
    assert_eq!(begun.len(), 2);
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.manual(), signed("5"));
    assert_eq!(desk.position("swing", IBM), signed("-2"));
    assert_eq!(desk.position("manual", BTC), signed("0.5"));
    let Reply::ClosingAll(begun) = desk.answer_close_all(None, "100") else { panic!() };
    assert_eq!(begun.len(), 3);
    desk.pass(Nanos::from_secs(3));
    assert!(desk.core.state().held_instruments().is_empty());
    desk.tell(Input::Venue(VenueEvent::Connected));
    assert!(matches!(desk.answer_close_all(None, "100"), Reply::Refused(_)));
}
