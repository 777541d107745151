//! The suite is itself proven: every promise that is broken on purpose is found.

mod common;

use common::{Fault, SimRig};
use venue::conformance;
use venue_sim::SimConfig;

async fn found(fault: Fault, client_ids: bool, expected: &str) {
    let config = SimConfig { client_ids, ..SimConfig::default() };
    let report = conformance::run(|| SimRig::with(fault, config.clone())).await;
    let broken = report.broken();
    let named = broken.iter().any(|(name, _)| *name == expected);
    assert!(named, "{fault:?} should break {expected}; broken: {broken:#?}");
}

macro_rules! faults {
    ($client_ids:literal: $($name:ident: $fault:ident => $expected:literal,)*) => {$(
        #[tokio::test]
        async fn $name() {
            found(Fault::$fault, $client_ids, $expected).await;
        }
    )*};
}

faults! { true:
    an_execution_told_twice: FillTwice => "a_market_order_fills_and_is_told_once",
    executions_that_are_not_told: FillsSilent => "a_market_order_fills_and_is_told_once",
    a_lost_answer_told_as_a_refusal: LostIsRejected => "a_lost_answer_is_found_by_the_clients_id",
    a_look_up_that_forgets: LookUpForgets => "a_market_order_fills_and_is_told_once",
    an_empty_list: ListEmpty => "a_resting_order_is_listed_until_it_is_cancelled",
    positions_of_yesterday: PositionsOld => "a_market_order_fills_and_is_told_once",
    a_wire_that_is_not_asked_for_the_kill_switch: WireIgnored => "nothing_leaves_after_the_kill_switch",
    a_wire_that_is_not_asked_for_the_lease: WireIgnored => "nothing_leaves_without_the_lease",
    a_cancel_that_does_nothing: CancelIgnored => "a_cancelled_order_never_fills",
    executions_missing_in_the_list: FillsLate => "executions_are_told_from_the_time_asked_for",
    lists_cut_short: Incomplete => "a_market_order_fills_and_is_told_once",
    a_replacement_that_does_nothing: ReplaceIgnored => "a_replacement_takes_the_place_of_the_old_order",
    a_replaced_order_whose_end_is_not_told: ReplacedSilent => "a_replacement_takes_the_place_of_the_old_order",
    a_lost_replacement_told_as_a_refusal: LostIsRejected => "a_lost_replacement_is_found_by_its_id",
    a_refused_replacement_told_as_accepted: RefusedIsAccepted => "an_ended_order_is_not_replaced",
    a_replacement_that_cancels_first: ReplaceCancelsFirst => "a_refused_replacement_leaves_the_old_order",
    a_refusal_told_as_unknown: RulesUnknown => "a_broken_rule_is_a_refusal_and_nothing_lives",
}

faults! { false:
    an_order_that_is_not_looked_up: LookUpForgets => "nothing_is_told_by_the_clients_id",
    recent_orders_without_those_that_ended: RecentOpenOnly => "recent_orders_are_listed_open_or_ended",
    recent_orders_without_filled_ones: RecentOpenOnly => "a_lost_answer_to_what_filled_is_found_by_content",
    recent_orders_without_their_time: RecentUndated => "recent_orders_are_listed_open_or_ended",
    no_recent_orders: ListEmpty => "a_lost_answer_is_found_by_content",
    a_lost_answer_as_a_refusal: LostIsRejected => "a_lost_answer_is_found_by_content",
}
