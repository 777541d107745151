//! Proves the Approvals inbox: what is held, who may decide, that it lapses, and that the gate
//! judges anew when somebody approves.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Nanos, OriginKind, Size};
use path::{
    codes::RefusalCode,
    core::Reply,
    event::{Event, HoldDecision},
    policy::KillLevel,
};

/// Orders of agents above 500 need approval; one of 1 000 waits.
fn inbox() -> Desk {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.limit(|l| l.approval_above = cap("500"));
    let reply = desk.ask(buy("10").limit("100").by(agent()).named("big").key("k"));
    let expires_at = desk.now.wall.plus(Nanos::from_secs(600));
    let intent = "big".parse().unwrap();
    let (notional, limit) = (d("1000"), d("500"));
    assert_eq!(reply, Reply::Held { intent, notional, limit, expires_at });
    assert_eq!(desk.sent.len(), 0);
    desk
}

fn decisions(desk: &Desk) -> Vec<HoldDecision> {
    let decision = |e| if let Event::HoldResolved(h) = e { Some(h.decision) } else { None };
    desk.events().into_iter().filter_map(decision).collect()
}

#[test]
fn exactly_at_the_limit_nothing_waits() {
    let mut desk = inbox();
    desk.order(buy("5").limit("100").by(agent()));
    assert!(matches!(desk.ask(buy("6").limit("100").by(agent())), Reply::Held { .. }));
}

#[test]
fn sources_that_the_policy_does_not_name_never_wait() {
    let mut desk = inbox();
    desk.order(buy("10").limit("100"));
    desk.order(buy("10").limit("100").by(origin(OriginKind::ApiKey, "ci")));
}

#[test]
fn somebody_else_approves_and_the_order_goes_out_in_the_name_of_who_asked() {
    let mut desk = inbox();
    let reply = desk.decide("big", true, anna());
    let Reply::Recorded { order, .. } = reply else { panic!("{reply:?}") };
    assert_eq!(desk.find(&order).origin, agent());
    assert_eq!(decisions(&desk), [HoldDecision::Approved]);
    assert!(desk.core.state().holds.is_empty());
    assert_eq!(codes_of(&desk.decide("big", true, anna())), [RefusalCode::ApprovalUnknown]);
    assert_eq!(desk.sent.len(), 1, "approving twice places once");
}

#[test]
fn who_asked_can_not_approve_and_neither_can_another_program() {
    let mut desk = inbox();
    let as_human = origin(OriginKind::Human, "quant-1");
    assert_eq!(codes_of(&desk.decide("big", true, as_human)), [RefusalCode::ApproverIsOrigin]);
    for kind in OriginKind::ALL.into_iter().filter(|k| *k != OriginKind::Human) {
        let reply = desk.decide("big", true, origin(kind, "somebody-else"));
        assert_eq!(codes_of(&reply), [RefusalCode::OriginNotAllowed], "{kind:?}");
    }
    assert_eq!(desk.core.state().holds.len(), 1, "it still waits");
}

#[test]
fn declining_ends_the_wait() {
    let mut desk = inbox();
    assert_eq!(desk.decide("big", false, anna()), Reply::Done);
    assert_eq!(decisions(&desk), [HoldDecision::Declined]);
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn it_lapses_after_its_time() {
    let mut desk = inbox();
    desk.pass(Nanos(Nanos::from_secs(600).0 - 1));
    assert_eq!(desk.core.state().holds.len(), 1);
    desk.pass(Nanos(1));
    assert_eq!(decisions(&desk), [HoldDecision::Lapsed]);
    assert_eq!(codes_of(&desk.decide("big", true, anna())), [RefusalCode::ApprovalUnknown]);
}

#[test]
fn it_waits_through_a_restart_and_lapses_at_the_same_instant() {
    let mut desk = inbox();
    desk.advance(Nanos::from_secs(590));
    desk.restart_and_connect();
    assert_eq!(desk.core.state().holds.len(), 1);
    desk.advance(Nanos::from_secs(7));
    desk.restart_and_connect();
    assert_eq!(desk.core.state().holds.len(), 0);
}

#[test]
fn the_gate_judges_anew_at_approval() {
    let mut desk = inbox();
    desk.kill(KillLevel::Pause);
    assert_eq!(codes_of(&desk.decide("big", true, anna())), [RefusalCode::KillActive]);
    assert!(desk.core.state().holds.is_empty(), "it was decided");

    let mut desk = inbox();
    desk.limit(|l| l.price_collar_percent = Some(pct("3")));
    desk.price(IBM, "90", "90");
    assert_eq!(codes_of(&desk.decide("big", true, anna())), [RefusalCode::PriceCollar]);
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn a_size_by_value_is_counted_at_the_price_of_the_approval() {
    let mut desk = inbox();
    let value = Size::Notional(qty("1000"));
    desk.ask(buy("1").sized(value).by(agent()).named("value"));
    desk.price(IBM, "50", "50");
    let reply = desk.decide("value", true, anna());
    assert!(matches!(reply, Reply::Recorded { qty: amount, .. } if amount == qty("20")));
}

#[test]
fn exits_never_wait() {
    let mut desk = inbox();
    desk.order(buy("50").limit("100"));
    let entry = desk.sent[0].client_order_id.clone();
    desk.fill(&entry, "50", "100");
    desk.order(sell("50").by(agent()));
    assert_eq!(desk.manual(), signed("0"));
}

#[test]
fn the_same_key_finds_the_same_wait() {
    let mut desk = inbox();
    let again = desk.ask(buy("10").limit("100").by(agent()).named("again").key("k"));
    let (notional, limit) = (d("1000"), d("500"));
    let expires_at = desk.now.wall.plus(Nanos::from_secs(600));
    let intent = "big".parse().unwrap();
    assert_eq!(again, Reply::Held { intent, notional, limit, expires_at });
    let other = desk.codes(buy("11").limit("100").by(agent()).named("other").key("k"));
    assert_eq!(other, [RefusalCode::IdempotencyConflict]);
    let same_id = desk.ask(buy("10").limit("100").by(agent()).named("big").key("k"));
    assert!(matches!(same_id, Reply::Held { .. }));
    assert_eq!(desk.count("order_held"), 1);
    let Reply::Recorded { order, .. } = desk.decide("big", true, anna()) else { panic!() };
    let replay = desk.ask(buy("10").limit("100").by(agent()).named("later").key("k"));
    assert!(matches!(replay, Reply::Recorded { order: o, replayed: true, .. } if o == order));
}

/// Somebody who speaks for a source is behind it as much as the source.
#[test]
fn who_asked_under_the_name_of_a_source_can_not_approve() {
    let mut desk = inbox();
    let wish = buy("10").limit("100").by(agent().asked_by(anna())).named("mine");
    assert!(matches!(desk.ask(wish), Reply::Held { .. }));
    assert_eq!(codes_of(&desk.decide("mine", true, anna())), [RefusalCode::ApproverIsOrigin]);
    let bert = origin(OriginKind::Human, "bert");
    assert!(matches!(desk.decide("mine", true, bert), Reply::Recorded { .. }));
}

#[test]
fn who_asked_takes_it_back() {
    let mut desk = inbox();
    desk.ask(buy("10").limit("100").by(agent().asked_by(anna())).named("mine"));
    assert_eq!(desk.decide("mine", false, anna()), Reply::Done);
    assert_eq!(decisions(&desk), [HoldDecision::Declined]);
}
