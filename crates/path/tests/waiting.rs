//! Proves that a request with `next_price` meets the first price after it was asked and no other,
//! whatever happens in between; that closes and reversals can wait as orders do; and that what was
//! asked for one position happens in the order in which it was asked.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{
    Activate, AssetClass, BookId, CalendarKind, Instrument, Intent, Nanos, Origin, OriginKind,
    Principal,
};
use path::{
    broker::VenueEvent,
    codes::RefusalCode,
    core::{Input, Reply},
    event::{ArmedEnd, Event},
    market::Session,
    policy::{KillLevel, Policy},
};

const XYZ: &str = "sim:XYZ";
const SECOND: Nanos = Nanos::from_secs(1);

fn next(intent: Intent) -> Intent {
    intent.with(|i| i.conditions.activate = Activate::NextPrice)
}

#[test]
fn levels_by_distance_count_from_the_price_that_an_entry_is_judged_at() {
    let mut desk = shorting();
    let distances =
        |stop, target| domain::Distances { stop: Some(px(stop)), target: Some(px(target)) };
    let wish = next(buy("10")).with(|i| i.conditions.distances = distances("4", "8"));
    assert!(matches!(desk.ask(wish), Reply::Armed { .. }));
    tick(&mut desk, "110");
    let plan = |desk: &Desk| desk.core.state().books[&BookId::manual()].plans[&id(IBM)].levels;
    assert_eq!((plan(&desk).stop, plan(&desk).target), (Some(px("106")), Some(px("118"))));

    let mut desk = shorting();
    let wish = next(sell("10")).with(|i| i.conditions.distances = distances("4", "8"));
    desk.ask(wish);
    tick(&mut desk, "110");
    assert_eq!((plan(&desk).stop, plan(&desk).target), (Some(px("114")), Some(px("102"))));
}

#[test]
fn a_size_by_risk_takes_the_distance_of_the_stop() {
    let mut desk = Desk::new();
    let distances = domain::Distances { stop: Some(px("5")), target: None };
    let risk = domain::Size::RiskPercent(pct("1"));
    desk.ask(next(buy("1")).with(|i| {
        i.conditions.distances = distances;
        i.size = risk;
    }));
    tick(&mut desk, "100");
    // 1 % of 100 000 is 1 000; a unit loses 5 and costs 0.1 % of 100 and of 95: 1 000 / 5.195.
    assert_eq!(desk.manual(), signed("192"));
}

#[test]
fn a_distance_beyond_zero_is_refused() {
    let mut desk = Desk::new();
    let distances = domain::Distances { stop: Some(px("200")), target: None };
    desk.ask(next(buy("1")).with(|i| i.conditions.distances = distances));
    tick(&mut desk, "100");
    assert_eq!(refused(&desk), [RefusalCode::PriceInvalid]);
}

fn shorting() -> Desk {
    Desk::with_policy(Policy { allow_short: true, ..plain_policy() })
}

/// A later price.
fn tick(desk: &mut Desk, price: &str) {
    desk.advance(SECOND);
    desk.price(IBM, price, price);
}

fn ends(desk: &Desk) -> Vec<ArmedEnd> {
    let end = |e: &Event| if let Event::ArmedEnded(e) = e { Some(e.end) } else { None };
    desk.events().iter().filter_map(end).collect()
}

fn refused(desk: &Desk) -> Vec<RefusalCode> {
    let code =
        |e: &Event| if let Event::IntentRefused(e) = e { Some(e.refusals[0].code) } else { None };
    desk.events().iter().filter_map(code).collect()
}

fn close_next(desk: &mut Desk, share: &str, key: Option<&str>) -> Reply {
    let what = (BookId::manual(), id(IBM), pct(share));
    desk.close_at(Activate::NextPrice, what, key.map(str::to_owned), anna())
}

fn listed() -> Instrument {
    Instrument { calendar: CalendarKind::UsEquities, asset_class: AssetClass::Equity, ..stock(XYZ) }
}

fn session(desk: &mut Desk, open: bool, day: i64) {
    let calendar = CalendarKind::UsEquities;
    desk.tell(Input::Session { calendar, session: Session { open, day } });
}

#[test]
fn the_next_price_of_a_market_that_never_closes_is_the_next_tick() {
    let mut desk = Desk::new();
    assert!(matches!(desk.ask(next(buy("10"))), Reply::Armed { .. }));
    desk.pass(SECOND);
    assert!(desk.sent.is_empty(), "time passes and no price comes");
    desk.price(BTC, "50001", "50001");
    assert!(desk.sent.is_empty(), "the price of something else");
    tick(&mut desk, "101");
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(ends(&desk), [ArmedEnd::Opened]);
    let order = desk.core.state().orders.values().next().unwrap();
    assert_eq!(order.reference, Some(px("101")), "judged at the price of then");
    desk.assert_folds();
}

#[test]
fn a_price_of_the_same_instant_is_no_next_one() {
    let mut desk = Desk::new();
    desk.ask(next(buy("10")));
    desk.price(IBM, "98", "98");
    assert!(desk.sent.is_empty(), "it may be the price that was decided on");
    tick(&mut desk, "99");
    assert_eq!(desk.manual(), signed("10"));
}

#[test]
fn a_closed_market_has_no_next_price_before_it_opens() {
    let mut desk = Desk::new();
    desk.instrument(listed());
    session(&mut desk, true, 99);
    desk.price(XYZ, "50", "50");
    session(&mut desk, false, 99);
    desk.ask(next(buy("10").of(XYZ).stop("40")));
    desk.advance(SECOND);
    desk.price(XYZ, "51", "51");
    assert!(desk.sent.is_empty(), "a price while it is closed");
    desk.advance(SECOND);
    session(&mut desk, true, 100);
    assert!(desk.sent.is_empty(), "open, and no price since");
    desk.price(XYZ, "52", "52");
    assert_eq!(desk.position("manual", XYZ), signed("10"));
    desk.assert_folds();
}

#[test]
fn a_size_in_percent_is_taken_at_the_price_of_then() {
    let mut desk = Desk::new();
    desk.ask(next(buy("1").with(|i| i.size = domain::Size::Notional(qty("1000")))));
    tick(&mut desk, "50");
    assert_eq!(desk.manual(), signed("20"), "1000 at 50, not at 100");
}

#[test]
fn what_waits_for_a_price_is_judged_with_it() {
    let mut desk = Desk::new();
    desk.limit(|l| l.order_notional = cap("1000"));
    desk.ask(next(buy("10")));
    tick(&mut desk, "100.01");
    assert_eq!(refused(&desk), [RefusalCode::OrderNotional]);
    assert!(desk.sent.is_empty());
}

#[test]
fn it_survives_a_restart_in_its_order() {
    let mut desk = shorting();
    desk.order(buy("10").stop("90"));
    close_next(&mut desk, "100", None);
    desk.ask(next(sell("4").stop("110").named("a-later-name-sorts-first")));
    desk.restart();
    assert_eq!(desk.core.state().armed.len(), 2);
    desk.open_market();
    desk.connect();
    tick(&mut desk, "100");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-4"), "closed first, then sold short");
    desk.assert_folds();
}

#[test]
fn an_entry_waits_for_the_close_that_was_asked_before_it() {
    let mut desk = shorting();
    desk.order(buy("10").stop("90"));
    assert!(matches!(close_next(&mut desk, "100", None), Reply::Armed { .. }));
    desk.ask(next(sell("7").stop("110")));
    assert_eq!(desk.manual(), signed("10"));
    tick(&mut desk, "101");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-7"));
    assert_eq!(desk.stops(IBM), [("7".to_owned(), "110".to_owned())]);
    assert_eq!(ends(&desk), [ArmedEnd::Opened, ArmedEnd::Opened]);
}

#[test]
fn a_close_that_waits_takes_the_share_of_what_is_held_then() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("90"));
    close_next(&mut desk, "50", None);
    desk.order(buy("10").named("more").key("more"));
    tick(&mut desk, "101");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("10"), "half of twenty");
}

#[test]
fn two_closes_that_wait_are_taken_one_after_the_other() {
    let mut desk = Desk::new();
    desk.order(buy("20").stop("90"));
    close_next(&mut desk, "50", None);
    close_next(&mut desk, "50", None);
    tick(&mut desk, "101");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("5"), "half of twenty, then half of ten");
}

#[test]
fn a_close_finds_nothing_when_the_stop_was_faster() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("95"));
    close_next(&mut desk, "100", None);
    let stop = desk.core.state().live_orders().next().unwrap().client_order_id.clone();
    desk.fill(&stop, "10", "94");
    tick(&mut desk, "94");
    assert_eq!(refused(&desk), [RefusalCode::NothingToReduce]);
    assert!(desk.manual().is_zero());
    desk.assert_folds();
}

#[test]
fn a_reversal_waits_and_turns_the_position_around() {
    let mut desk = shorting();
    desk.order(buy("10").stop("90"));
    let reply = desk.answer_reverse(next(sell("4").stop("105")));
    assert!(matches!(reply, Reply::Armed { .. }), "{reply:?}");
    tick(&mut desk, "99");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-4"));
    desk.assert_folds();
}

#[test]
fn a_reversal_of_what_is_gone_by_then_is_the_entry_alone() {
    let mut desk = shorting();
    desk.order(buy("10").stop("95"));
    desk.answer_reverse(next(sell("4").stop("105")));
    let stop = desk.core.state().live_orders().next().unwrap().client_order_id.clone();
    desk.fill(&stop, "10", "94");
    tick(&mut desk, "94");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("-4"));
}

#[test]
fn a_key_asks_once_before_and_after_its_time() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("90"));
    let waiting = close_next(&mut desk, "50", Some("exit-1"));
    assert_eq!(close_next(&mut desk, "50", Some("exit-1")), waiting);
    let other = close_next(&mut desk, "25", Some("exit-1"));
    assert_eq!(codes_of(&other), [RefusalCode::IdempotencyConflict]);
    let order = || next(buy("3").named("entry").key("entry-1"));
    let armed = desk.ask(order());
    assert_eq!(desk.ask(order()), armed);
    tick(&mut desk, "100");
    desk.pass(Nanos::from_secs(2));
    let held = desk.manual();
    assert!(matches!(close_next(&mut desk, "50", Some("exit-1")), Reply::Closing { .. }));
    assert!(matches!(desk.ask(order()), Reply::Recorded { replayed: true, .. }));
    tick(&mut desk, "100");
    assert_eq!(desk.manual(), held, "neither happens twice");
}

#[test]
fn a_halt_ends_entries_that_wait_and_leaves_closes_waiting() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("90"));
    close_next(&mut desk, "100", None);
    desk.ask(next(buy("5").of(BTC)));
    desk.kill(KillLevel::Halt);
    assert_eq!(ends(&desk), [ArmedEnd::Killed]);
    tick(&mut desk, "100");
    desk.pass(Nanos::from_secs(2));
    assert!(desk.manual().is_zero());
}

#[test]
fn a_split_ends_it_and_so_do_six_days() {
    let mut desk = Desk::new();
    desk.ask(next(buy("10")));
    desk.tell(Input::Venue(VenueEvent::Action(domain::CorporateAction {
        id: domain::MovementId::new("split-1").unwrap(),
        instrument: id(IBM),
        numerator: d("2"),
        denominator: d("1"),
        at: desk.now.at,
    })));
    desk.ask(next(buy("5").of(BTC)));
    desk.advance(Nanos::from_secs(6 * 86_400 + 1));
    desk.price(BTC, "50000", "50000");
    assert_eq!(ends(&desk), [ArmedEnd::UnitsChanged, ArmedEnd::Missed]);
    assert!(desk.sent.is_empty());
}

#[test]
fn it_can_be_taken_back() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("90"));
    let Reply::Armed { intent } = close_next(&mut desk, "100", None) else { panic!("it waits") };
    assert_eq!(desk.answer_disarm(&intent), Reply::Done);
    tick(&mut desk, "100");
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(ends(&desk), [ArmedEnd::Withdrawn]);
}

#[test]
fn nothing_waits_for_who_may_not_ask() {
    let mut desk = Desk::new();
    desk.order(buy("10").stop("90"));
    let stranger = Origin::new(OriginKind::External, Principal::new("somebody").unwrap());
    let what = (BookId::manual(), id(IBM), pct("100"));
    let reply = desk.close_at(Activate::NextPrice, what, None, stranger);
    assert_eq!(codes_of(&reply), [RefusalCode::OriginNotAllowed]);
    let what = (BookId::manual(), id(BTC), pct("100"));
    let reply = desk.close_at(Activate::NextPrice, what, None, anna());
    assert_eq!(codes_of(&reply), [RefusalCode::NothingToReduce]);
    assert!(desk.core.state().armed.is_empty());
}
