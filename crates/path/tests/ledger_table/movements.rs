//! Cash without an execution: funding, dividends, interest, deposits.

use super::*;
use domain::MovementKind as Kind;
use path::policy::LatchKind;

#[test]
fn funding_is_paid_by_holding() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.3", "50000");
    t.buy("b", PERP, "0.1", "50000");
    t.funding("-4 USD");
    // −4 × 0.3 ÷ 0.4 and −4 × 0.1 ÷ 0.4
    assert_eq!(
        (t.kind("a", Kind::Funding), t.kind("b", Kind::Funding)),
        ("-3".into(), "-1".into())
    );
    assert_eq!((t.cash("a"), t.wallet("USD")), ("-15003".into(), "99996".into()));
    assert_eq!(t.desk.equity(), "99996");
    t.agrees();
}

#[test]
fn funding_between_books_on_opposite_sides() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.3", "50000");
    t.sell("b", PERP, "0.1", "50000");
    t.funding("-2 USD");
    // net 0.2: −2 × 0.3 ÷ 0.2 = −3, and −2 × −0.1 ÷ 0.2 = +1
    assert_eq!((t.kind("a", Kind::Funding), t.kind("b", Kind::Funding)), ("-3".into(), "1".into()));
    t.agrees();
}

#[test]
fn a_short_receives_funding() {
    let mut t = Table::new();
    t.sell("a", PERP, "0.2", "50000");
    t.funding("5 USD");
    assert_eq!((t.cash("a"), t.wallet("USD")), ("10005".into(), "100005".into()));
    t.agrees();
}

#[test]
fn shares_that_do_not_end_add_up_all_the_same() {
    let mut t = Table::new();
    for book in ["a", "b", "c"] {
        t.buy(book, IBM, "1", "100");
    }
    t.moved(Kind::Dividend, Some(IBM), "1 USD", true);
    // 1 ÷ 3 at 12 decimals; the last of the largest takes the remainder
    assert_eq!(t.kind("a", Kind::Dividend), "0.333333333333");
    assert_eq!(t.kind("b", Kind::Dividend), "0.333333333333");
    assert_eq!(t.kind("c", Kind::Dividend), "0.333333333334");
    t.agrees();
}

#[test]
fn what_is_unmanaged_takes_its_part() {
    let mut t = Table::new();
    t.buy("a", IBM, "3", "100");
    t.by_hand(IBM, Side::Buy, "1", "100");
    t.moved(Kind::Dividend, Some(IBM), "4 USD", true);
    let kinds = (t.kind("a", Kind::Dividend), t.kind("unmanaged", Kind::Dividend));
    assert_eq!(kinds, ("3".into(), "1".into()));
    t.agrees();
}

#[test]
fn a_dividend_on_what_is_short_is_owed() {
    let mut t = Table::new();
    t.sell("a", IBM, "10", "100");
    t.moved(Kind::Dividend, Some(IBM), "-8.5 USD", true);
    t.moved(Kind::BorrowFee, Some(IBM), "-0.25 USD", true);
    // 1000 − 8.5 − 0.25
    assert_eq!(t.cash("a"), "991.25");
    let kinds = (t.kind("a", Kind::Dividend), t.kind("a", Kind::BorrowFee));
    assert_eq!(kinds, ("-8.5".into(), "-0.25".into()));
    t.agrees();
}

#[test]
fn what_nobody_holds_is_unmanaged() {
    let mut t = Table::new();
    t.moved(Kind::Dividend, Some(IBM), "7 USD", true);
    t.moved(Kind::Interest, None, "-2 USD", true);
    t.moved(Kind::CashInLieu, Some("sim:UNKNOWN"), "0.5 USD", true);
    assert_eq!(t.cash("unmanaged"), "100005.5");
    t.agrees();
}

#[test]
fn books_that_cancel_each_other_out_hold_nothing_at_the_venue() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.1", "50000");
    t.sell("b", PERP, "0.1", "50000");
    t.funding("-1 USD");
    let kinds = (t.kind("a", Kind::Funding), t.kind("unmanaged", Kind::Funding));
    assert_eq!(kinds, ("0".into(), "-1".into()));
    t.agrees();
}

#[test]
fn a_net_too_small_to_split_by_is_unmanaged() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.3", "50000");
    t.sell("b", PERP, "0.299", "50000");
    t.funding("-1 USD");
    // 0.599 held on both sides for a net of 0.001: shares of −300 and +299 would be made up
    assert_eq!(t.kind("unmanaged", Kind::Funding), "-1");
    t.agrees();
}

#[test]
fn what_is_told_again_counts_once() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.1", "50000");
    t.funding("-1 USD");
    let again = t.desk.venue.movements[0].clone();
    t.desk.tell(Input::Venue(VenueEvent::Movement(again)));
    t.desk.pass(Nanos::from_secs(60));
    t.desk.restart_and_connect();
    assert_eq!((t.desk.count("cash_moved"), t.kind("a", Kind::Funding)), (1, "-1".into()));
    t.agrees();
}

#[test]
fn what_the_stream_missed_is_found_in_the_list() {
    let mut t = Table::new();
    t.buy("a", PERP, "0.1", "50000");
    t.moved(Kind::Funding, Some(PERP), "-1 USD", false);
    t.desk.pass(Nanos::from_secs(30));
    assert_eq!((t.desk.count("cash_moved"), t.kind("a", Kind::Funding)), (1, "-1".into()));
    assert_eq!(t.desk.count("cash_adjusted"), 1, "only the opening balance");
    t.agrees();
}

#[test]
fn funding_while_nobody_listened_is_paid_by_who_held_then() {
    let mut t = Table::new();
    t.desk.tell(Input::Venue(VenueEvent::Disconnected));
    let second = Nanos::from_secs(1);
    t.desk.advance(second);
    let _missed = t.desk.venue.trade_by_hand(PERP, Side::Buy, "0.1", t.desk.now.at);
    t.desk.advance(second);
    t.moved(Kind::Funding, Some(PERP), "-1 USD", false);
    t.desk.advance(second);
    let _missed = t.desk.venue.trade_by_hand(PERP, Side::Sell, "0.1", t.desk.now.at);
    t.desk.connect();
    let moved = t.desk.events().into_iter().find_map(|e| match e {
        path::event::Event::CashMoved(e) => Some(e.shares),
        _ => None,
    });
    assert_eq!(moved.unwrap().len(), 1);
    let order: Vec<_> = t.desk.events().iter().map(path::event::Event::kind).collect();
    let last: Vec<_> = order.iter().filter(|k| ["filled", "cash_moved"].contains(k)).collect();
    assert_eq!(last, [&"filled", &"cash_moved", &"filled"]);
    t.agrees();
}

#[test]
fn a_deposit_is_no_profit() {
    let mut t = Table::new();
    t.moved(Kind::Deposit, None, "5000 USD", true);
    let state = t.desk.core.state();
    assert_eq!(state.day.map(|d| d.equity), Some(d("105000")));
    assert_eq!(state.peak, Some(d("105000")));
    assert_eq!((t.desk.equity(), t.cash("unmanaged")), ("105000".into(), "105000".into()));
    t.agrees();
}

#[test]
fn a_withdrawal_is_no_loss() {
    let mut t = Table::new();
    t.desk.limit(|l| {
        l.daily_loss = cap("2%");
        l.drawdown_percent = Some(pct("10"));
    });
    t.moved(Kind::Withdrawal, None, "-50000 USD", true);
    assert!(t.desk.core.state().latches.is_empty());
    t.buy("a", IBM, "100", "100");
    // 2 % of 50 000 is 1000: 100 × 9.99 is less …
    t.mark(IBM, "90.01");
    assert!(t.desk.core.state().latches.is_empty());
    // … and 100 × 10 is not
    t.mark(IBM, "90");
    assert!(t.desk.core.state().latches.contains_key(&LatchKind::DailyLoss));
    t.agrees();
}

#[test]
fn a_deposit_in_another_currency_is_corrected_at_its_rate() {
    let mut t = Table::with_euros();
    t.moved(Kind::Deposit, None, "1000 EUR", true);
    // 100 000 + 1.1 × 10 000 + 1.1 × 1000
    assert_eq!(t.desk.core.state().day.map(|d| d.equity), Some(d("112100")));
    assert_eq!(t.desk.equity(), "112100");
    t.agrees();
}

#[test]
fn a_deposit_without_a_rate_waits_for_it() {
    let mut t = Table::new();
    t.moved(Kind::Deposit, None, "1000 CHF", true);
    t.desk.pass(Nanos::from_secs(3));
    assert_eq!(t.desk.count("cash_moved"), 0);
    assert!(!t.desk.core.fitness().reconciled, "no entries meanwhile");
    t.rate("CHF", "1.2");
    t.desk.pass(Nanos::from_secs(3));
    assert_eq!(t.desk.count("cash_moved"), 1);
    assert_eq!(t.desk.core.state().day.map(|d| d.equity), Some(d("101200")));
    t.agrees();
}
