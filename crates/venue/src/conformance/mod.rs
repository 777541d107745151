//! The suite that every adapter must pass.
//!
//! Orders come from a real core and a real gate: nothing else can make what a broker takes. Each
//! check gets a venue of its own, in which one account holds cash and nothing else.

mod asking;
mod belief;
mod checks;
mod naming;
mod probe;
mod replacing;
mod terms;

use domain::{AccountId, Instrument, Nanos, Price};
use path::{
    broker::{BoxFuture, Broker, VenueEvent},
    market::Now,
};
pub use probe::Probe;
use std::sync::Arc;

/// A venue under test, and the hand that moves it.
pub trait Rig: Send {
    /// The account; it holds at least 100 000 of the instrument's quote currency.
    fn account(&self) -> AccountId;

    /// The door under test.
    fn broker(&self) -> Arc<dyn Broker>;

    /// A spot instrument with tick 0.01, step 1, multiplier 1, whose market is open.
    fn instrument(&self) -> Instrument;

    /// Moves bid, ask and last trade to a price, with volume for everything that rests there.
    fn price(&mut self, price: Price) -> BoxFuture<'_, ()>;

    /// Lets time pass, for the venue as well.
    fn wait(&mut self, span: Nanos) -> BoxFuture<'_, ()>;

    /// The clocks; the monotonic one never stands still between two waits.
    fn now(&self) -> Now;

    /// What the stream told since it was last asked.
    fn told(&mut self) -> Vec<VenueEvent>;

    /// The venue takes the next order in and its answer is lost on the way. False when the rig
    /// can't do that; then the check is skipped.
    fn lose_next_answer(&mut self) -> bool;
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The adapter keeps the promise.
    Kept,
    /// It does not.
    Broken(String),
    /// It doesn't apply to this venue or this rig.
    Skipped(&'static str),
}

/// What the suite found, check by check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report(pub Vec<(&'static str, Verdict)>);

impl Report {
    /// The broken promises, with what was seen.
    #[must_use]
    pub fn broken(&self) -> Vec<(&'static str, &str)> {
        let broken = self.0.iter().filter_map(|(name, verdict)| match verdict {
            Verdict::Broken(text) => Some((*name, text.as_str())),
            Verdict::Kept | Verdict::Skipped(_) => None,
        });
        broken.collect()
    }

    /// How many checks were kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.0.iter().filter(|(_, verdict)| *verdict == Verdict::Kept).count()
    }
}

/// Runs every check against a rig of its own.
pub async fn run<R: Rig>(make: impl Fn() -> R) -> Report {
    let mut found = Vec::new();
    macro_rules! check {
        ($module:ident: $($name:ident),* $(,)?) => {$(
            let mut rig = make();
            let verdict = match Probe::new(&mut rig).await {
                Ok(mut probe) => {
                    $module::$name(&mut probe).await.unwrap_or_else(Verdict::Broken)
                }
                Err(text) => Verdict::Broken(text),
            };
            found.push((stringify!($name), verdict));
        )*};
    }
    check!(checks:
        a_market_order_fills_and_is_told_once,
        cash_is_what_the_fills_say,
        a_resting_order_is_listed_until_it_is_cancelled,
        a_cancelled_order_never_fills,
        a_limit_fills_at_its_price_or_better,
        a_stop_rests_and_triggers,
        an_immediate_order_does_not_rest,
        a_post_only_order_does_not_take,
        the_same_id_is_one_order,
        a_broken_rule_is_a_refusal_and_nothing_lives,
        a_reduce_only_order_never_opens,
        a_cancel_that_comes_too_late_changes_nothing,
        an_unknown_id_is_unknown,
        a_lost_answer_is_found_by_the_clients_id,
        nothing_leaves_after_the_kill_switch,
        nothing_leaves_without_the_lease,
        an_order_of_another_account_is_refused,
        executions_are_told_from_the_time_asked_for,
    );
    check!(replacing:
        a_replacement_takes_the_place_of_the_old_order,
        a_refused_replacement_leaves_the_old_order,
        a_lost_replacement_is_found_by_its_id,
        an_ended_order_is_not_replaced,
    );
    check!(terms:
        terms_are_told_as_they_were_agreed,
        no_looser_terms_leave_after_the_kill_switch,
    );
    check!(naming:
        orders_are_told_by_the_clients_id,
        nothing_is_told_by_the_clients_id,
        recent_orders_are_listed_open_or_ended,
        a_lost_answer_is_found_by_content,
        a_lost_answer_to_what_filled_is_found_by_content,
    );
    Report(found)
}
