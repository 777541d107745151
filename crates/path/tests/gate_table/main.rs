//! Proves the table of refusal codes cell by cell: where a class is marked, the rule refuses it
//! with its numbers; where it is not, the class passes under the very same condition. A code
//! without a case fails the build.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod books;
mod caps;
mod changes;
#[path = "../common/mod.rs"]
mod common;
mod conduct;
mod market;
mod reductions;
mod sizes;
mod standing;

use common::*;
use domain::{Intent, Nanos, OrderStatus, Origin, Protective, Scope, Size};
use path::{
    codes::{Refusal, RefusalCode},
    core::Reply,
    event::Event,
    verbs::RiskClass,
};

/// What is asked under a condition.
#[derive(Clone)]
pub(crate) enum Act {
    Submit(Box<Intent>),
    Close(&'static str, Origin),
    Cancel(domain::ClientOrderId, Origin),
    Policy(path::policy::Policy),
    WriteOff(domain::ClientOrderId),
    Leave(&'static str),
    Plan(&'static str, &'static str, Origin),
    Levels(Protective),
    Change(domain::ClientOrderId, path::core::Changes),
    Decide(&'static str, Origin),
}

/// The numbers of a refusal: limit, value, largest quantity, who set it.
pub(crate) type Numbers = (&'static str, &'static str, Option<&'static str>, Scope);

/// One marked cell: a condition under which the class is refused.
pub(crate) struct Case {
    pub(crate) code: RefusalCode,
    pub(crate) class: RiskClass,
    pub(crate) set: fn(&mut Desk) -> Act,
    pub(crate) numbers: Option<Numbers>,
    /// The same a step nearer, or exactly at the limit: this rule lets it pass.
    pub(crate) fits: Option<fn(&mut Desk) -> Act>,
}

pub(crate) fn entry(code: RefusalCode, set: fn(&mut Desk) -> Act) -> Case {
    Case { code, class: RiskClass::Entry, set, numbers: None, fits: None }
}

impl Case {
    pub(crate) fn numbers(
        mut self,
        limit: &'static str,
        value: &'static str,
        max: Option<&'static str>,
        set_by: Scope,
    ) -> Self {
        self.numbers = Some((limit, value, max, set_by));
        self
    }

    pub(crate) fn fits(mut self, fits: fn(&mut Desk) -> Act) -> Self {
        self.fits = Some(fits);
        self
    }
}

pub(crate) fn submit(intent: Intent) -> Act {
    Act::Submit(Box::new(intent))
}

/// Where every case begins: 10 IBM at 100 with a stop at 95, and an entry that rests at 90.
pub(crate) fn base() -> Desk {
    base_at(capabilities())
}

/// The same at a venue that can do more.
pub(crate) fn base_at(capabilities: path::broker::Capabilities) -> Desk {
    let mut desk = Desk::with_capabilities(capabilities);
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("95"));
    desk.order(buy("5").limit("90").stop("85"));
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk
}

pub(crate) fn working_entry(desk: &Desk) -> domain::ClientOrderId {
    let entry = desk.core.state().live_orders().find(|o| o.class == RiskClass::Entry);
    entry.expect("an entry rests").client_order_id.clone()
}

fn perform(desk: &mut Desk, act: Act) -> Reply {
    match act {
        Act::Submit(intent) => desk.ask(*intent),
        Act::Close(instrument, by) => desk.close_as(instrument, "100", by),
        Act::Cancel(order, by) => desk.cancel_as(&order, by, false),
        Act::Policy(policy) => desk.set_policy(policy, anna()),
        Act::WriteOff(order) => desk.write_off(&order, anna()),
        Act::Leave(instrument) => desk.leave_dust(instrument, anna()),
        Act::Plan(instrument, stop, by) => {
            let protective =
                Protective { stop: Some(px(stop)), target: None, ..Protective::default() };
            desk.plan(instrument, protective, by)
        }
        Act::Levels(protective) => desk.plan(IBM, protective, anna()),
        Act::Change(order, changes) => desk.change(&order, changes),
        Act::Decide(hold, by) => desk.decide(hold, true, by),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = standing::cases();
    cases.extend(market::cases());
    cases.extend(conduct::cases());
    cases.extend(sizes::cases());
    cases.extend(caps::cases());
    cases.extend(books::cases());
    cases.extend(reductions::cases());
    cases.extend(changes::cases());
    cases
}

fn refusal(case: &Case, set: fn(&mut Desk) -> Act) -> (Desk, Act, Option<Refusal>) {
    let mut desk = base();
    let act = set(&mut desk);
    let reply = perform(&mut desk, act.clone());
    let found = match reply {
        Reply::Refused(refusals) => refusals.into_iter().find(|r| r.code == case.code),
        _ => None,
    };
    (desk, act, found)
}

#[test]
fn every_marked_cell_refuses_with_its_code_its_numbers_and_a_remedy() {
    for case in cases() {
        let (code, class) = (case.code, case.class);
        let (desk, _, refusal) = refusal(&case, case.set);
        let refusal = refusal.unwrap_or_else(|| panic!("{code} did not refuse an {class:?}"));
        assert!(code.classes().contains(&class), "{code} is not marked for {class:?}");
        assert!(!refusal.remedy.is_empty() && !refusal.message.is_empty(), "{code}");
        if let Some((limit, value, max, set_by)) = case.numbers {
            assert_eq!(refusal.limit.as_deref(), Some(limit), "{code}: limit");
            assert_eq!(refusal.value.as_deref(), Some(value), "{code}: value");
            let largest = refusal.max_allowed_qty.map(|q| q.to_string());
            assert_eq!(largest.as_deref(), max, "{code}: largest quantity");
            assert_eq!(refusal.set_by, set_by, "{code}: who set it");
        }
        if let Some(Event::IntentRefused(recorded)) = desk.events().last() {
            assert_eq!(recorded.class, class, "{code}: the class on record");
        }
        desk.assert_folds();
    }
}

#[test]
fn the_largest_quantity_that_a_refusal_names_passes_its_rule() {
    let mut named = 0;
    for case in cases() {
        let (_, act, refusal) = refusal(&case, case.set);
        let max = refusal.and_then(|r| r.max_allowed_qty).filter(|q| !q.is_zero());
        let (Some(max), Act::Submit(mut intent)) = (max, act) else { continue };
        intent.size = Size::Quantity(max);
        let mut desk = base();
        let _ = (case.set)(&mut desk);
        let codes = desk.codes(*intent);
        assert!(!codes.contains(&case.code), "{}: {max} was named and is refused", case.code);
        named += 1;
    }
    assert!(named >= 10, "only {named} cases name a quantity");
}

#[test]
fn exactly_at_the_limit_passes() {
    let mut bounds = 0;
    for case in cases() {
        let Some(fits) = case.fits else { continue };
        let (_, _, refusal) = refusal(&case, fits);
        assert_eq!(refusal, None, "{}: at the limit it should pass", case.code);
        bounds += 1;
    }
    assert!(bounds >= 20, "only {bounds} cases have a boundary");
}

#[test]
fn every_marked_cell_has_a_case() {
    let cases = cases();
    for code in RefusalCode::ALL {
        for class in code.classes() {
            let has = cases.iter().any(|c| c.code == *code && c.class == *class);
            assert!(has, "no case shows that {code} refuses an {class:?}");
        }
    }
}

/// A rule that nothing passes would hide behind its refusals.
#[test]
fn every_code_has_a_case_that_just_passes() {
    let cases = cases();
    for code in RefusalCode::ALL {
        let passes = cases.iter().any(|c| c.code == *code && c.fits.is_some());
        assert!(passes, "no case shows what {code} lets pass");
    }
}

/// Every condition that stops an entry, once.
fn conditions() -> Vec<Case> {
    let mut seen = std::collections::BTreeSet::new();
    cases().into_iter().filter(|c| c.class == RiskClass::Entry && seen.insert(c.code)).collect()
}

#[test]
fn an_exit_passes_wherever_the_table_has_no_mark() {
    for case in conditions() {
        if case.code.classes().contains(&RiskClass::Exit) {
            continue;
        }
        let mut desk = base();
        let _ = (case.set)(&mut desk);
        let held = desk.manual().abs();
        assert!(!held.is_zero(), "{}: there is something to close", case.code);
        let reply = desk.ask(sell(&held.to_string()));
        assert!(matches!(reply, Reply::Closing { .. }), "{}: {reply:?}", case.code);
        desk.pass(Nanos::from_secs(5));
        assert!(desk.manual().is_zero(), "{}: {:?} is left", case.code, desk.manual());
    }
}

#[test]
fn a_part_passes_as_an_exit_wherever_the_table_has_no_mark() {
    for case in conditions() {
        if case.code.classes().contains(&RiskClass::Exit) {
            continue;
        }
        let mut desk = base();
        let _ = (case.set)(&mut desk);
        let held = desk.manual().abs();
        let reply = desk.close(IBM, "50");
        assert!(matches!(reply, Reply::Closing { .. }), "{}: {reply:?}", case.code);
        desk.pass(Nanos::from_secs(5));
        assert!(desk.manual().abs() < held, "{}: nothing was closed", case.code);
        assert_eq!(desk.uncovered(), qty("0"), "{}: the rest is covered", case.code);
    }
}

#[test]
fn a_stop_can_be_moved_wherever_the_table_has_no_mark() {
    for case in conditions() {
        if case.code.classes().contains(&RiskClass::Protective) {
            continue;
        }
        let mut desk = base();
        let _ = (case.set)(&mut desk);
        let held = desk.manual().abs().to_string();
        let reply = perform(&mut desk, Act::Plan(IBM, "96", anna()));
        assert_eq!(reply, Reply::Done, "{}", case.code);
        desk.pass(Nanos::from_secs(3));
        let covered: Vec<_> = desk.stops(IBM).into_iter().map(|(_, at)| at).collect();
        assert!(covered.iter().all(|at| at == "96") && !covered.is_empty(), "{}", case.code);
        assert_eq!(desk.uncovered(), qty("0"), "{}: {held} are covered", case.code);
    }
}

#[test]
fn an_entry_can_be_cancelled_wherever_the_table_has_no_mark() {
    for case in conditions() {
        if case.code.classes().contains(&RiskClass::Cancel) {
            continue;
        }
        let mut desk = base();
        let entry = working_entry(&desk);
        let _ = (case.set)(&mut desk);
        assert_eq!(desk.cancel(&entry), Reply::Done, "{}", case.code);
        desk.pass(Nanos::from_secs(1));
        assert_eq!(desk.status(&entry), OrderStatus::Cancelled, "{}", case.code);
    }
}

#[test]
fn an_entry_passes_rules_that_are_for_exits_and_cancels_only() {
    let mut desk = base();
    assert_eq!(desk.codes(buy("1")), [], "covered positions and reserved exits stop no entry");
}
