//! Splits: quantities, levels and prices in new units.

use domain::{MovementKind, Percent, Protective, Target, Targets, Trail, TrailBy};

use super::*;

fn with_stop(t: &mut Table, side: Side, size: &str, stop: &str) {
    let entry = t.limit(("a", IBM), side, size, "100").stop(stop);
    let order = t.desk.order(entry);
    t.desk.fill(&order, size, "100");
}

#[test]
fn two_for_one() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Buy, "10", "95");
    t.split(IBM, "2", "1");
    assert_eq!(t.position("a", IBM), ["20", "1000", "0"]);
    assert_eq!(t.desk.core.book().equity(), None, "the old price is of other units");
    t.mark(IBM, "50");
    assert_eq!(t.desk.equity(), "100000");
    t.desk.pass(Nanos::from_secs(3));
    // 95 ÷ 2
    assert_eq!(t.desk.stops(IBM), [("20".to_owned(), "47.5".to_owned())]);
    assert_eq!(t.desk.core.state().peak, Some(d("100000")), "nothing was earned");
    t.agrees();
}

#[test]
fn three_for_two_leaves_a_fraction() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Buy, "7", "95");
    t.split(IBM, "3", "2");
    // 7 × 3 ÷ 2
    assert_eq!(t.position("a", IBM), ["10.5", "700", "0"]);
    let stop = t.book("a").plans[&id(IBM)].levels.stop;
    // 95 × 2 ÷ 3 = 63.3333…, up to the tick: no more loss than was asked for
    assert_eq!(stop, Some(px("63.34")));
    t.mark(IBM, "66");
    t.agrees();
}

#[test]
fn one_for_ten() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Buy, "25", "95");
    t.split(IBM, "1", "10");
    assert_eq!(t.position("a", IBM), ["2.5", "2500", "0"]);
    assert_eq!(t.book("a").plans[&id(IBM)].levels.stop, Some(px("950")));
    t.mark(IBM, "1000");
    assert_eq!(t.desk.equity(), "100000");
    t.agrees();
}

#[test]
fn a_short_is_split_toward_less_loss() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Sell, "10", "105.01");
    t.split(IBM, "2", "1");
    assert_eq!(t.position("a", IBM), ["-20", "-1000", "0"]);
    // 105.01 ÷ 2 = 52.505, down to the tick
    assert_eq!(t.book("a").plans[&id(IBM)].levels.stop, Some(px("52.5")));
    t.mark(IBM, "50");
    t.agrees();
}

#[test]
fn every_level_of_a_plan_is_turned() {
    let mut t = Table::new();
    t.buy("manual", IBM, "10", "100");
    let by = TrailBy::Amount(px("3.01"));
    let half = Percent::basis_points(5_000);
    let levels = Protective {
        stop: Some(px("95.01")),
        target: Some(px("130.01")),
        trail: Some(Trail { by, activation: Some(px("110.01")) }),
        targets: Targets::new(&[Target { price: px("120.01"), share: half }]).unwrap(),
        time_stop: None,
    };
    assert_eq!(t.desk.plan(IBM, levels, anna()), path::core::Reply::Done);
    t.split(IBM, "2", "1");
    let plan = &t.book("manual").plans[&id(IBM)];
    // 95.01 ÷ 2 = 47.505 goes up, all others go down: toward the price, and nearer behind it
    assert_eq!(plan.levels.stop, Some(px("47.51")));
    assert_eq!(plan.levels.target, Some(px("65")));
    let trail = plan.levels.trail.unwrap();
    assert_eq!((trail.by, trail.activation), (TrailBy::Amount(px("1.5")), Some(px("55"))));
    assert_eq!(plan.levels.targets.iter().next().unwrap().price, px("60"));
    // Half of what the position is in new units
    assert_eq!(plan.levels.share_of(0, plan.base), Some(qty("10")));
    t.mark(IBM, "50");
    t.agrees();
}

#[test]
fn every_book_is_split_once() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.sell("b", IBM, "4", "100");
    t.by_hand(IBM, Side::Buy, "1", "100");
    t.split(IBM, "2", "1");
    let again = t.desk.venue.actions[0].clone();
    t.desk.tell(Input::Venue(VenueEvent::Action(again)));
    t.mark(IBM, "50");
    t.desk.pass(Nanos::from_secs(60));
    let held = ["a", "b", "unmanaged"].map(|b| t.held(b, IBM).qty);
    assert_eq!(held, [signed("20"), signed("-8"), signed("2")]);
    assert_eq!(t.desk.count("action_applied"), 1);
    assert_eq!(t.desk.equity(), "100000");
    t.agrees();
}

#[test]
fn a_split_while_nobody_listened_comes_between_the_executions() {
    let mut t = Table::new();
    t.desk.tell(Input::Venue(VenueEvent::Disconnected));
    t.desk.advance(Nanos::from_secs(1));
    let _missed = t.desk.venue.trade_by_hand(IBM, Side::Buy, "10", t.desk.now.at);
    t.split_untold(IBM, "2", "1");
    t.mark(IBM, "50");
    t.desk.advance(Nanos::from_secs(1));
    let _missed = t.desk.venue.trade_by_hand(IBM, Side::Sell, "5", t.desk.now.at);
    t.desk.connect();
    // 10 × 2 − 5; 5 × (50 − 50) was earned
    assert_eq!(t.position("unmanaged", IBM), ["15", "750", "0"]);
    assert_eq!(t.desk.count("position_adjusted"), 0);
    t.agrees();
}

#[test]
fn a_trail_forgets_the_best_price_of_old_units() {
    let mut t = Table::new();
    t.buy("manual", IBM, "10", "100");
    let trail = Some(Trail { by: TrailBy::Amount(px("5")), activation: None });
    t.desk.plan(IBM, Protective { trail, ..Protective::default() }, anna());
    t.mark(IBM, "110");
    t.split(IBM, "2", "1");
    t.mark(IBM, "55");
    t.desk.pass(Nanos::from_secs(3));
    assert_eq!(t.desk.manual(), signed("20"), "110 is not the best price of the new shares");
    assert_eq!(t.desk.stops(IBM), [("20".to_owned(), "52.5".to_owned())]);
    t.agrees();
}

#[test]
fn a_split_that_makes_no_sense_is_named_once() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    let mut action = t.split_untold(IBM, "1", "1");
    t.desk.venue.actions.clear();
    action.denominator = d("0");
    for _ in 0..3 {
        t.desk.tell(Input::Venue(VenueEvent::Action(action.clone())));
    }
    assert_eq!(t.desk.alarms(), ["action_invalid"]);
    assert_eq!(t.position("a", IBM), ["10", "1000", "0"]);
    t.agrees();
}

#[test]
fn a_fraction_that_is_paid_in_cash_is_sold_by_its_book() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Buy, "11", "95");
    t.split(IBM, "1", "10");
    assert_eq!(t.position("a", IBM), ["1.1", "1100", "0"]);
    t.mark(IBM, "1020");
    t.paid_in_lieu(IBM, "-0.1", "102 USD");
    // 102 less a share of 0.1 ÷ 1.1 in the cost of 1100
    assert_eq!(t.position("a", IBM), ["1", "1000", "2"]);
    assert_eq!((t.cash("a"), t.kind("a", MovementKind::CashInLieu)), ("-998".into(), "0".into()));
    assert_eq!(t.desk.equity(), "100022");
    t.desk.pass(Nanos::from_secs(60));
    assert_eq!(t.desk.stops(IBM), [("1".to_owned(), "950".to_owned())]);
    assert_eq!(t.desk.count("position_adjusted"), 0, "the venue holds one too");
    t.agrees();
}

#[test]
fn what_leaves_nothing_but_a_fraction_is_over() {
    let mut t = Table::new();
    with_stop(&mut t, Side::Sell, "4", "105");
    t.split(IBM, "1", "10");
    t.paid_in_lieu(IBM, "0.4", "-380 USD");
    // sold at 400 in all, bought back for 380
    assert_eq!(t.position("a", IBM), ["0", "0", "20"]);
    assert!(t.book("a").plans.is_empty());
    t.desk.pass(Nanos::from_secs(60));
    assert!(t.desk.stops(IBM).is_empty());
    assert_eq!((t.desk.count("position_adjusted"), t.desk.equity()), (0, "100020".into()));
    t.agrees();
}

#[test]
fn each_book_sells_its_own_fraction_first() {
    let mut t = Table::new();
    t.buy("a", IBM, "20", "100");
    t.buy("b", IBM, "13", "100");
    t.buy("c", IBM, "18", "100");
    t.split(IBM, "1", "10");
    t.mark(IBM, "1000");
    t.paid_in_lieu(IBM, "-0.1", "100 USD");
    // 2 + 1.3 + 1.8 = 5.1: of the fractions 0.8 is the largest
    let held = ["a", "b", "c"].map(|book| t.held(book, IBM).qty);
    assert_eq!(held, [signed("2"), signed("1.3"), signed("1.7")]);
    assert_eq!((t.cash("b"), t.cash("c")), ("-1300".into(), "-1700".into()));
    t.agrees();
}

#[test]
fn a_fraction_of_the_net_is_sold_by_the_side_that_is_left() {
    let mut t = Table::new();
    t.buy("a", IBM, "12", "100");
    t.sell("b", IBM, "5", "100");
    t.split(IBM, "1", "10");
    t.mark(IBM, "1000");
    t.paid_in_lieu(IBM, "-0.7", "700 USD");
    // 1.2 − 0.5 = 0.7 and nothing whole: 0.2 of a's fraction, then 0.5 of what else it holds
    assert_eq!((t.held("a", IBM).qty, t.held("b", IBM).qty), (signed("0.5"), signed("-0.5")));
    t.agrees();
}

#[test]
fn cash_for_a_fraction_that_nobody_holds_is_shared_as_before() {
    let mut t = Table::new();
    t.buy("a", IBM, "10", "100");
    t.moved(MovementKind::CashInLieu, Some(IBM), "5 USD", true);
    assert_eq!(t.position("a", IBM), ["10", "1000", "0"]);
    assert_eq!(t.kind("a", MovementKind::CashInLieu), "5");
    // Money of the wrong sign sells nothing.
    t.split(IBM, "21", "20");
    t.moved(MovementKind::CashInLieu, Some(IBM), "-5 USD", true);
    assert_eq!(t.held("a", IBM).qty, signed("10.5"));
    t.agrees();
}
