//! Proves how an account comes to trade on other terms: asked through the gate, recorded, sent once,
//! and in force when the venue says so.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::Nanos;
use path::{
    codes::RefusalCode,
    core::Reply,
    event::Event,
    policy::{KillLevel, Leverage, MarginMode, Policy},
    terms::Terms,
};

/// A venue that keeps the account's terms, which begin as the policy's.
fn desk() -> Desk {
    let mut desk = Desk::with_capabilities(with_terms());
    desk.venue.terms = Some(Terms::of(&desk.core.state().policy));
    desk
}

fn leverage(times: i64) -> Policy {
    let leverage = Leverage::try_from(rust_decimal::Decimal::from(times)).unwrap();
    Policy { leverage, ..plain_policy() }
}

fn in_force(desk: &Desk) -> Leverage {
    desk.core.state().policy.leverage
}

fn asked(reply: &Reply) -> bool {
    matches!(reply, Reply::TermsAsked { .. })
}

#[test]
fn the_policy_holds_once_the_venue_has_agreed_to_its_terms() {
    let mut desk = desk();
    assert!(asked(&desk.set_policy(leverage(5), anna())));
    assert_eq!(in_force(&desk), leverage(5).leverage);
    assert_eq!(desk.terms.len(), 1, "the venue was asked once");
    let kinds: Vec<_> = desk.events().iter().map(Event::kind).collect();
    assert!(kinds.ends_with(&["terms_requested", "policy_set"]), "{kinds:?}");
    desk.assert_folds();
}

#[test]
fn what_the_venue_has_no_part_in_needs_no_request() {
    let mut desk = desk();
    let policy = Policy { hold_secs: 60, ..plain_policy() };
    assert_eq!(desk.set_policy(policy, anna()), Reply::Done);
    assert!(desk.terms.is_empty());
    let mut elsewhere = Desk::new();
    assert_eq!(elsewhere.set_policy(leverage(5), anna()), Reply::Done, "terms are the desk's own");
    assert!(elsewhere.terms.is_empty());
}

#[test]
fn a_venue_that_refuses_leaves_the_old_policy_in_force() {
    let mut desk = desk();
    desk.venue.on_terms.push_back(OnTerms::Reject);
    assert!(asked(&desk.set_policy(leverage(5), anna())));
    assert_eq!(in_force(&desk), leverage(1).leverage);
    let told = desk.events().into_iter().rev().find_map(|e| match e {
        Event::TermsRefused(e) => Some(e.text),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("too much is held"));
    assert!(asked(&desk.set_policy(leverage(5), anna())), "and it can be asked again");
    assert_eq!(in_force(&desk), leverage(5).leverage);
}

#[test]
fn a_lost_answer_is_found_with_the_next_snapshot() {
    let mut desk = desk();
    desk.venue.on_terms.push_back(OnTerms::LoseAnswer);
    desk.set_policy(leverage(5), anna());
    assert_eq!(in_force(&desk), leverage(1).leverage, "nothing is taken for granted");
    let second = desk.set_policy(leverage(3), anna());
    assert_eq!(codes_of(&second), [RefusalCode::TermsPending]);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(in_force(&desk), leverage(5).leverage);
    assert_eq!(desk.terms.len(), 1, "it was never sent again");
}

#[test]
fn a_request_that_never_arrived_is_given_up_after_the_window() {
    let mut desk = desk();
    desk.venue.on_terms.push_back(OnTerms::LoseRequest);
    desk.set_policy(leverage(5), anna());
    desk.pass(Nanos::from_secs(7));
    assert!(desk.core.state().terms_asked.is_some(), "it could still arrive");
    desk.pass(Nanos::from_secs(5));
    assert!(desk.core.state().terms_asked.is_none());
    assert_eq!(in_force(&desk), leverage(1).leverage);
    assert_eq!(desk.terms.len(), 1);
}

#[test]
fn after_a_restart_the_venue_tells_which_terms_hold() {
    for arrived in [true, false] {
        let mut desk = desk();
        let lost = if arrived { OnTerms::LoseAnswer } else { OnTerms::LoseRequest };
        desk.venue.on_terms.push_back(lost);
        desk.set_policy(leverage(5), anna());
        desk.restart();
        desk.open_market();
        desk.connect();
        desk.pass(Nanos::from_secs(20));
        assert!(desk.core.state().terms_asked.is_none());
        let expected = if arrived { leverage(5) } else { leverage(1) };
        assert_eq!(in_force(&desk), expected.leverage);
        assert_eq!(desk.terms.len(), 1, "nothing is sent again");
        desk.assert_folds();
    }
}

#[test]
fn nothing_is_loosened_while_the_switch_is_on_and_everything_tightened() {
    let mut desk = desk();
    desk.set_policy(leverage(5), anna());
    desk.kill(KillLevel::Pause);
    let looser = desk.set_policy(leverage(10), anna());
    assert_eq!(codes_of(&looser), [RefusalCode::KillActive]);
    let other_mode = Policy { margin_mode: MarginMode::Isolated, ..leverage(5) };
    assert_eq!(codes_of(&desk.set_policy(other_mode, anna())), [RefusalCode::KillActive]);
    assert!(asked(&desk.set_policy(leverage(2), anna())));
    assert_eq!(in_force(&desk), leverage(2).leverage);
}

#[test]
fn only_an_operator_sets_a_policy() {
    let mut desk = desk();
    let refused = desk.set_policy(leverage(5), agent());
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    assert!(desk.terms.is_empty());
}

#[test]
fn terms_that_somebody_changed_at_the_venue_are_named_once() {
    let mut desk = desk();
    desk.venue.terms = Some(Terms::of(&leverage(20)));
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.alarms(), ["terms_differ"]);
    assert_eq!(in_force(&desk), leverage(1).leverage, "the policy is what the desk judges by");
}

#[test]
fn setting_the_policy_anew_brings_the_venue_back_to_it() {
    let mut desk = desk();
    desk.venue.terms = Some(Terms::of(&leverage(20)));
    desk.pass(Nanos::from_secs(60));
    assert!(asked(&desk.set_policy(leverage(1), anna())), "although the policy stays as it was");
    assert_eq!(desk.venue.terms, Some(Terms::of(&leverage(1))));
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.alarms(), ["terms_differ"], "and nothing differs any more");
}

#[test]
fn what_loosens_the_venues_own_terms_is_no_tightening() {
    let mut desk = desk();
    desk.set_policy(leverage(5), anna());
    desk.venue.terms = Some(Terms::of(&leverage(1)));
    desk.pass(Nanos::from_secs(60));
    desk.kill(KillLevel::Pause);
    let between = desk.set_policy(leverage(3), anna());
    assert_eq!(codes_of(&between), [RefusalCode::KillActive], "from 1 to 3 at the venue");
}

#[test]
fn a_request_for_terms_never_goes_to_the_emergency_journal() {
    let mut desk = desk();
    desk.set_policy(leverage(5), anna());
    let asked = desk.events().into_iter().find(|e| e.kind() == "terms_requested").unwrap();
    assert!(asked.opens_risk());
}
