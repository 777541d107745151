//! Proves what an entry that adds to a position does to its plan, and what exits may not count
//! twice. The numbers are worked out by hand beside each case.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{Currency, Nanos, Protective, Side, Target, Targets, Trail, TrailBy};
use path::{
    broker::{Capabilities, VenueRejection},
    budget::figure_unknown,
    codes::RefusalCode,
    core::Core,
    journal::LeaseToken,
    market::MarketView,
    policy::LatchKind,
};

fn stop(amount: &str, at: &str) -> (String, String) {
    (amount.to_owned(), at.to_owned())
}

fn levels(desk: &Desk) -> Protective {
    desk.core.state().books[&book("manual")].plans[&id(IBM)].levels
}

#[test]
fn adding_never_loosens_the_stop_of_the_whole_position() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("99").target("120"));
    desk.order(buy("1").stop("50"));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(levels(&desk).stop, Some(px("99")));
    assert_eq!(levels(&desk).target, Some(px("120")), "what the addition does not name stays");
    assert_eq!(desk.stops(IBM), [stop("1", "99"), stop("10", "99")]);
    desk.order(buy("1").target("130"));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(levels(&desk).stop, Some(px("99")), "one without a stop takes none away");
    assert_eq!(levels(&desk).target, Some(px("130")));
    desk.order(buy("1").stop("99.5"));
    desk.pass(Nanos::from_secs(4));
    assert_eq!(levels(&desk).stop, Some(px("99.5")), "a tighter one holds for all");
    desk.assert_folds();
}

#[test]
fn entries_that_fill_by_turns_change_the_plan_once_each() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let first = desk.order(buy("4").limit("99").stop("90").target("120"));
    let second = desk.order(buy("4").limit("99").stop("91").target("130"));
    desk.fill(&first, "1", "99");
    desk.fill(&second, "1", "99");
    assert_eq!((levels(&desk).stop, levels(&desk).target), (Some(px("91")), Some(px("130"))));
    desk.fill(&first, "1", "99");
    assert_eq!(levels(&desk).target, Some(px("130")), "a later fill is no new wish");
    assert_eq!(desk.core.state().books[&book("manual")].plans[&id(IBM)].base, qty("3"));
}

#[test]
fn taken_targets_stay_taken_when_something_is_added() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let list = [Target { price: px("110"), share: pct("50") }];
    let list = Targets::new(&list).unwrap();
    desk.order(buy("10").stop("90").with(|i| i.protective.targets = list));
    desk.price(IBM, "110", "110");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("5"));
    desk.order(buy("1").stop("90"));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("6"), "the target is not taken a second time");
}

#[test]
fn a_new_trail_begins_at_the_price_of_then() {
    let mut desk = Desk::new();
    let trail = |amount: &str| Trail { by: TrailBy::Amount(px(amount)), activation: None };
    desk.price(IBM, "100", "100");
    desk.order(buy("10").with(|i| i.protective.trail = Some(trail("12"))));
    desk.price(IBM, "115", "115");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(levels(&desk).stop, Some(px("103")), "115 - 12");
    desk.price(IBM, "105", "105");
    desk.pass(Nanos::from_secs(2));
    desk.order(buy("1").with(|i| i.protective.trail = Some(trail("3"))));
    desk.price(IBM, "105", "105");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("11"), "115 - 3 would have closed everything");
    desk.price(IBM, "107", "107");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(levels(&desk).stop, Some(px("104")), "107 - 3");
}

#[test]
fn dust_is_offered_once_and_not_with_every_price() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.order(buy("10").stop("95"));
    let held = desk.stop_ids().remove(0);
    desk.fill(&held, "9.5", "95");
    desk.venue.end(&desk.venue.venue_id(&held), path::broker::VenueStatus::Cancelled);
    desk.instrument(domain::Instrument { min_qty: qty("1"), step: qty("1"), ..stock(IBM) });
    desk.pass(Nanos::from_secs(20));
    let reject = || OnPlace::Reject(VenueRejection::Rules);
    desk.venue.on_place.extend(std::iter::repeat_with(reject).take(500));
    for _ in 0..10 {
        desk.price(IBM, "94", "94");
        desk.pass(Nanos::from_secs(30));
    }
    let sent = desk.sent.len();
    for _ in 0..10 {
        desk.price(IBM, "94", "94");
        desk.pass(Nanos::from_secs(30));
    }
    assert_eq!(desk.sent.len(), sent, "half a share that nobody takes is not sold for ever");
}

#[test]
fn a_bracket_of_exits_counts_twice_where_another_book_holds_the_same() {
    let mut desk = Desk::with_capabilities(Capabilities { reduce_only: true, ..capabilities() });
    desk.open_book("other");
    desk.order(buy("10"));
    desk.order(buy("10").with(|i| i.book = book("other")));
    let paired = |intent: domain::Intent| {
        intent.with(|i| i.conditions.group = Some("exit".parse().unwrap())).reduce_only()
    };
    desk.order(paired(sell("10").limit("110")));
    let codes = desk.codes(paired(sell("10").trigger("95")));
    assert_eq!(codes, [RefusalCode::ReservedByExits], "both could fill against the other's shares");
}

#[test]
fn a_stop_covers_what_a_pair_of_exits_leaves() {
    let mut desk = Desk::with_capabilities(Capabilities { reduce_only: true, ..capabilities() });
    desk.order(buy("10"));
    for exit in [sell("5").limit("110"), sell("5").trigger("80")] {
        let exit = exit.with(|i| i.conditions.group = Some("exit".parse().unwrap()));
        desk.order(exit.reduce_only());
    }
    desk.plan(IBM, Protective { stop: Some(px("90")), ..Protective::default() }, anna());
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("5", "90")], "one of the two fills, so 5 are free");
}

#[test]
fn a_transfer_in_kind_is_neither_profit_nor_loss() {
    let mut desk = Desk::new();
    desk.limit(|l| l.daily_loss = cap("1000"));
    desk.session(true, 1);
    desk.price(IBM, "100", "100");
    desk.pass(Nanos::from_secs(40));
    desk.venue.move_position(&id(IBM), signed("100"));
    desk.pass(Nanos::from_secs(40));
    assert_eq!(desk.equity(), "110000");
    desk.price(IBM, "95", "95");
    // 10 000 came, 500 were lost
    assert_eq!(desk.codes(buy("1")), []);
    desk.price(IBM, "89", "89");
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DailyLossLimit], "1 100 were lost");
    assert!(desk.core.state().latches.contains_key(&LatchKind::DailyLoss));
    desk.assert_folds();
}

#[test]
fn the_stop_of_a_short_ties_up_no_second_cover() {
    let mut desk = Desk::with_policy(path::policy::Policy { allow_short: true, ..plain_policy() });
    desk.instrument(domain::Instrument { shortable: true, ..stock(IBM) });
    desk.price(IBM, "100", "100");
    desk.order(wish(IBM, Side::Sell, "500").stop("110"));
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.stops(IBM), [stop("500", "110")]);
    // 150 000 of cash: 50 000 are owed and 50 000 cover; the stop buys back what is owed
    assert_eq!(desk.codes(wish(IBM, Side::Sell, "400").limit("101")), []);
}

#[test]
fn what_an_account_in_another_currency_uses_is_converted_for_the_desk() {
    let mut desk = Desk::new();
    desk.order(buy("10").limit("100"));
    let euro = Currency::new("EUR").unwrap();
    let mut state = desk.core.state().clone();
    state.spec.reporting = euro;
    let mut market = MarketView::default();
    let used = |market: &MarketView| {
        let (token, mono) = (LeaseToken(1), desk.now.mono);
        let core = Core::new(state.clone(), market.clone(), capabilities(), token, mono);
        path::gate::usage(&core.book()).entries_notional
    };
    assert_eq!(used(&market), figure_unknown(), "without a rate nobody knows");
    market.set_rate(euro, Currency::usd(), d("1.1"), desk.now.at);
    assert_eq!(used(&market), d("1100"), "10 at 100, at 1.1");
}
