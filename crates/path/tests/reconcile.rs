//! Proves how books and venue are kept the same: orders whose fate is unknown, holdings and cash
//! from before, trades past the desk, and other desks on the same account.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::{ClientOrderId, Fill, Nanos, OrderStatus, OriginKind, Side};
use path::{
    broker::{OrderReport, VenueEvent, VenueStatus},
    codes::RefusalCode,
    core::{Input, Reply},
    event::{Event, RejectReason},
    market::Session,
    policy::LatchKind,
};

#[test]
fn an_order_is_taken_for_never_placed_only_after_window_two_answers_and_a_list() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    // It may leave for 2 s, the venue may take it in for 5 s more, and 1 s of slack.
    desk.pass(Nanos::from_millis(8_000));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown, "the window is not over");
    assert!(desk.look_ups >= 2, "although the venue has said twice that it does not know it");
    desk.pass(Nanos::from_secs(4));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
    assert_eq!(desk.find(&entry).rejected, Some(RejectReason::NeverPlaced));
    assert_eq!(desk.venue.placed[&entry], 1, "and it is not sent again");
}

#[test]
fn an_incomplete_list_proves_nothing() {
    let mut desk = Desk::new();
    desk.venue.half = true;
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    desk.venue.half = false;
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
}

#[test]
fn a_venue_that_does_not_answer_proves_nothing() {
    let mut desk = Desk::new();
    desk.venue.down = true;
    desk.venue.on_place.push_back(OnPlace::LoseRequest);
    let entry = desk.order(buy("10").limit("99"));
    desk.pass(Nanos::from_secs(120));
    assert_eq!(desk.status(&entry), OrderStatus::Unknown);
    assert!(desk.look_ups < 130 && desk.snapshots < 260, "and is not asked without end");
}

#[test]
fn an_unknown_order_that_lives_is_found() {
    for lost in [OnPlace::LoseAnswer, OnPlace::Duplicate, OnPlace::Silence] {
        let mut desk = Desk::new();
        desk.venue.on_place.push_back(lost);
        let entry = desk.order(buy("10").limit("99").stop("95"));
        desk.pass(Nanos::from_secs(5));
        assert_eq!(desk.status(&entry), OrderStatus::Working);
        desk.fill(&entry, "10", "99");
        assert_eq!(desk.stops(IBM).len(), 1);
        desk.assert_sent_once();
    }
}

#[test]
fn an_unknown_order_that_filled_meanwhile_is_booked_and_protected() {
    let mut desk = Desk::new();
    desk.venue.down = true;
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    let entry = desk.order(buy("10").limit("99").stop("95"));
    let venue_id = desk.venue.venue_id(&entry);
    desk.pass(Nanos::from_secs(1));
    desk.venue.down = false;
    let _lost = desk.venue.fill(&venue_id, qty("10"), px("99"), desk.now.at);
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.status(&entry), OrderStatus::Filled);
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.assert_agrees_with_venue();
}

#[test]
fn an_order_that_the_venue_took_and_forgot_is_named_and_keeps_its_risk() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99"));
    desk.venue.forgetful = true;
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.alarms(), ["order_lost"]);
    assert_eq!(desk.status(&entry), OrderStatus::Working);
    desk.venue.forgetful = false;
    desk.fill(&entry, "10", "99");
    assert_eq!(desk.manual(), signed("10"), "and it fills after all");
}

/// An entry that the venue took and, asked for a minute, doesn't know.
fn lost() -> (Desk, ClientOrderId) {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("99").stop("95"));
    desk.venue.forgetful = true;
    desk.pass(Nanos::from_secs(60));
    (desk, entry)
}

#[test]
fn only_an_operator_writes_off_what_the_venue_lost_and_its_risk_is_gone() {
    let (mut desk, entry) = lost();
    let refused = desk.write_off(&entry, agent());
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    assert!(!desk.core.book().gross_exposure().unwrap().is_zero());
    assert_eq!(desk.write_off(&entry, anna()), Reply::Done);
    assert_eq!(desk.status(&entry), OrderStatus::Cancelled);
    assert!(desk.find(&entry).text.as_ref().unwrap().contains("written off by anna"));
    assert!(desk.core.book().gross_exposure().unwrap().is_zero());
    let again = desk.write_off(&entry, anna());
    assert_eq!(codes_of(&again), [RefusalCode::OrderUnknown]);
}

#[test]
fn an_order_that_was_written_off_and_fills_is_in_the_books_and_protected() {
    let (mut desk, entry) = lost();
    desk.write_off(&entry, anna());
    desk.venue.forgetful = false;
    desk.fill(&entry, "10", "99");
    assert_eq!(desk.manual(), signed("10"));
    assert!(desk.alarms().contains(&"fill_after_terminal".to_owned()));
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.assert_agrees_with_venue();
}

#[test]
fn what_is_left_of_an_order_that_was_written_off_and_fills_counts_and_is_cancelled() {
    let (mut desk, entry) = lost();
    desk.write_off(&entry, anna());
    desk.venue.forgetful = false;
    desk.fill(&entry, "4", "99");
    assert_eq!(desk.manual(), signed("4"));
    assert!(desk.alarms().contains(&"order_resurfaced".to_owned()), "the rest may fill");
    assert_eq!(desk.venue.report(&entry).status, VenueStatus::Cancelled, "and is taken back");
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.find(&entry).open_qty(), qty("0"));
    assert_eq!(desk.stops(IBM), [("4".to_owned(), "95".to_owned())]);
    desk.assert_agrees_with_venue();
    desk.assert_folds();
}

#[test]
fn the_end_of_an_order_that_was_written_off_is_its_end_for_good() {
    let (mut desk, entry) = lost();
    desk.write_off(&entry, anna());
    let live = desk.venue.report(&entry);
    let ended = OrderReport { status: VenueStatus::Cancelled, ..live.clone() };
    desk.tell(Input::Venue(VenueEvent::Order(ended)));
    desk.tell(Input::Venue(VenueEvent::Order(live)));
    assert!(!desk.alarms().contains(&"order_resurfaced".to_owned()), "a late report is old news");
    assert_eq!(desk.find(&entry).open_qty(), qty("0"));
}

#[test]
fn an_order_that_was_written_off_and_lives_is_found_and_cancelled_also_after_a_restart() {
    let (mut desk, entry) = lost();
    desk.write_off(&entry, anna());
    desk.restart();
    desk.open_market();
    desk.price(IBM, "100", "100");
    desk.venue.forgetful = false;
    desk.connect();
    desk.pass(Nanos::from_secs(20));
    assert!(desk.alarms().contains(&"order_resurfaced".to_owned()));
    assert_eq!(
        desk.venue.report(&entry).status,
        VenueStatus::Cancelled,
        "and the desk takes it back"
    );
    desk.assert_agrees_with_venue();
}

#[test]
fn holdings_from_before_the_desk_are_shown_and_left_alone_until_adopted() {
    let mut venue = Venue::new();
    venue.holds(IBM, "7");
    let mut desk = Desk::over(venue, plain_policy(), capabilities());
    desk.open_market();
    desk.connect();
    assert_eq!(desk.position("unmanaged", IBM), signed("7"));
    assert_eq!(desk.core.state().day.map(|d| d.equity), Some(d("100699.93")));
    assert_eq!(codes_of(&desk.close(IBM, "100")), [RefusalCode::NothingToReduce]);
    assert_eq!(codes_of(&desk.adopt(IBM, "nobody")), [RefusalCode::BookUnknown]);
    assert_eq!(desk.adopt(IBM, "manual"), Reply::Done);
    assert_eq!(desk.manual(), signed("7"));
    assert_eq!(desk.position("unmanaged", IBM), signed("0"));
    desk.close(IBM, "100");
    desk.pass(Nanos::from_secs(2));
    desk.assert_agrees_with_venue();
}

#[test]
fn an_adoption_that_does_not_fit_changes_nothing() {
    let mut desk = Desk::new();
    desk.order(buy("10"));
    let inputs = desk.venue.trade_by_hand(IBM, Side::Buy, "1000000000000000", desk.now.at);
    desk.tell_all(inputs);
    desk.adopt(IBM, "manual");
    assert_eq!(desk.manual(), signed("10"), "the sum would be more than can be counted");
    desk.assert_folds();
}

#[test]
fn a_difference_is_booked_only_when_two_quiet_comparisons_agree() {
    let mut desk = Desk::new();
    desk.venue.holds(IBM, "3");
    let before = desk.count("position_adjusted");
    desk.tell(Input::Venue(VenueEvent::Connected));
    desk.pass(Nanos::from_millis(250));
    assert_eq!(desk.count("position_adjusted"), before, "one comparison is not enough");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.count("position_adjusted"), before + 1);
    assert_eq!(desk.position("unmanaged", IBM), signed("3"));
    assert_eq!(desk.alarms(), ["position_adjusted"]);
}

#[test]
fn nothing_is_adjusted_while_fills_are_on_their_way() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    desk.held_line = true;
    desk.tell(Input::Venue(VenueEvent::Connected));
    desk.advance(Nanos::from_millis(250));
    desk.tell(Input::Tick);
    let answer = desk.line.pop_front().expect("a comparison is under way");
    desk.fill(&entry, "10", "100");
    desk.held_line = false;
    desk.tell(answer);
    desk.pass(Nanos::from_secs(3));
    assert_eq!(desk.count("position_adjusted"), 0, "an answer from before the fill");
    desk.assert_agrees_with_venue();
}

#[test]
fn a_fill_that_the_venue_counts_but_does_not_list_raises_no_storm_of_questions() {
    let mut desk = Desk::new();
    let entry = desk.order(buy("10").limit("100"));
    let venue_id = desk.venue.venue_id(&entry);
    desk.venue.fill(&venue_id, qty("10"), px("100"), desk.now.at);
    let hidden = desk.venue.fills.pop().unwrap();
    desk.tell(Input::Venue(VenueEvent::Order(desk.venue.report(&entry))));
    assert_eq!(desk.find(&entry).open_qty(), qty("10"), "it counts as open until it is booked");
    let before = desk.snapshots;
    for _ in 0..400 {
        desk.advance(Nanos::from_millis(25));
        desk.tell(Input::Tick);
    }
    assert!(desk.snapshots - before <= 25, "{} in 10 s", desk.snapshots - before);
    desk.venue.fills.push(hidden);
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("10"));
    desk.assert_agrees_with_venue();
}

#[test]
fn trades_past_the_desk_are_booked_as_unmanaged_and_count() {
    let mut desk = Desk::new();
    desk.limit(|l| l.gross_exposure = cap("2000"));
    let resting = desk.venue.order_by_hand(id(IBM), Side::Buy, "5", desk.now.at);
    desk.tell(Input::Venue(VenueEvent::Order(resting)));
    assert_eq!(desk.core.state().external.len(), 1);
    let inputs = desk.venue.trade_by_hand(IBM, Side::Buy, "10", desk.now.at);
    desk.tell_all(inputs);
    assert_eq!(desk.position("unmanaged", IBM), signed("10"));
    assert_eq!(desk.codes(buy("6").limit("99")), [RefusalCode::GrossExposure]);
    desk.order(buy("4").limit("99"));
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.count("position_adjusted"), 0, "the trade explains the position");
}

#[test]
fn the_orders_of_another_desk_stop_entries_until_a_person_looks() {
    let mut desk = Desk::new();
    let mut report = desk.venue.order_by_hand(id(IBM), Side::Buy, "5", desk.now.at);
    report.client_order_id = Some(order_id("cfq9w8e7-1-5"));
    desk.tell(Input::Venue(VenueEvent::Order(report)));
    assert_eq!(desk.codes(buy("1")), [RefusalCode::ForeignDesk]);
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::ForeignDesk], "a restart releases nothing");
    let key = origin(OriginKind::ApiKey, "ci");
    let refused = desk.release_latch(LatchKind::ForeignDesk, false, key);
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    assert_eq!(desk.release_latch(LatchKind::ForeignDesk, false, anna()), Reply::Done);
    assert_eq!(desk.codes(buy("1")), []);
}

#[test]
fn own_orders_that_the_journal_does_not_know_mean_that_it_was_rewound() {
    let mut desk = Desk::new();
    let backup = desk.journal.clone();
    desk.order(buy("10").limit("99"));
    desk.journal = backup;
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::Rewound]);
    assert_eq!(desk.core.state().external.len(), 1, "the order is shown");
    assert_eq!(desk.release_latch(LatchKind::Rewound, false, anna()), Reply::Done);
    let next = desk.order(buy("1").limit("98"));
    assert_eq!(desk.venue.placed[&next], 1, "a new run has ids of its own");
}

#[test]
fn an_order_that_was_taken_for_dead_and_lives_is_cancelled() {
    let mut desk = Desk::new();
    desk.venue.on_place.push_back(OnPlace::LoseAnswer);
    desk.venue.forgetful = true;
    let entry = desk.order(buy("10").limit("99").stop("95"));
    desk.pass(Nanos::from_secs(20));
    assert_eq!(desk.status(&entry), OrderStatus::Rejected);
    desk.venue.forgetful = false;
    desk.pass(Nanos::from_secs(30));
    assert!(desk.alarms().contains(&"order_resurfaced".to_owned()));
    assert!(desk.venue.report(&entry).status.is_final(), "it is taken away");
    assert_eq!(desk.status(&entry), OrderStatus::Rejected, "and its end stands");
    assert_eq!(desk.find(&entry).open_qty(), qty("0"));
}

#[test]
fn an_execution_without_its_instrument_is_named_once_and_booked_later() {
    let mut desk = Desk::new();
    desk.venue.quotes.insert(id("sim:XYZ"), quote("10", "10", desk.now.at));
    let inputs = desk.venue.trade_by_hand("sim:XYZ", Side::Buy, "5", desk.now.at);
    desk.tell_all(inputs);
    desk.pass(Nanos::from_secs(60));
    assert_eq!(desk.alarms(), ["instrument_missing"], "once, however often it is listed");
    assert!(!desk.core.fitness().reconciled);
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "10", "10");
    desk.pass(Nanos::from_secs(5));
    assert_eq!(desk.position("unmanaged", "sim:XYZ"), signed("5"));
    assert!(desk.core.fitness().reconciled);
}

/// 100 IBM at 100, and a daily limit of 500.
fn day_trader() -> Desk {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.limit(|l| l.daily_loss = cap("500"));
    desk.order(buy("100"));
    desk
}

#[test]
fn the_daily_loss_latch_is_released_by_the_next_day_and_not_by_a_restart() {
    let mut desk = day_trader();
    desk.price(IBM, "95.01", "95.01");
    assert_eq!(desk.codes(buy("1").limit("95")), []);
    desk.price(IBM, "95", "95");
    desk.price(IBM, "100", "100");
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DailyLossLimit], "recovery releases nothing");
    desk.restart_and_connect();
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DailyLossLimit]);
    let calendar = domain::CalendarKind::AlwaysOpen;
    let day = START.utc_day();
    desk.tell(Input::Session { calendar, session: Session { open: true, day: day - 1 } });
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DailyLossLimit], "days never go back");
    desk.session(true, day + 1);
    assert_eq!(desk.codes(buy("1")), []);
    assert_eq!(desk.core.state().day.map(|d| d.equity), Some(d("100000")));
}

#[test]
fn deposits_and_withdrawals_are_neither_profit_nor_loss() {
    let mut desk = day_trader();
    desk.venue.cash.add(&usd("-50000")).unwrap();
    desk.pass(Nanos::from_secs(40));
    assert_eq!(desk.equity(), "50000");
    assert_eq!(desk.codes(buy("1").limit("99")), [], "a withdrawal is no loss");
    desk.venue.cash.add(&usd("70000")).unwrap();
    desk.pass(Nanos::from_secs(40));
    assert_eq!(desk.equity(), "120000");
    desk.price(IBM, "95", "95");
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DailyLossLimit], "a deposit hides no loss");
    let booked: Vec<_> = desk
        .events()
        .into_iter()
        .filter_map(|e| if let Event::CashAdjusted(c) = e { Some(c.reason) } else { None })
        .collect();
    assert_eq!(booked, ["opening balance", "deposit or withdrawal", "deposit or withdrawal"]);
}

#[test]
fn the_drawdown_latch_waits_for_an_operator_who_may_rebase_the_peak() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.limit(|l| l.drawdown_percent = Some(pct("1")));
    desk.order(buy("100"));
    desk.price(IBM, "90", "90");
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DrawdownLimit]);
    desk.session(true, START.utc_day() + 1);
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DrawdownLimit], "no day releases it");
    let refused = desk.release_latch(LatchKind::Drawdown, true, agent());
    assert_eq!(codes_of(&refused), [RefusalCode::OriginNotAllowed]);
    desk.release_latch(LatchKind::Drawdown, false, anna());
    assert_eq!(desk.codes(buy("1")), [RefusalCode::DrawdownLimit], "the fall is still there");
    desk.release_latch(LatchKind::Drawdown, true, anna());
    assert_eq!(desk.codes(buy("1")), []);
    assert_eq!(desk.core.state().peak, Some(d("99000")), "on the record");
    desk.assert_folds();
}

#[test]
fn an_order_of_others_ends_when_two_lists_in_a_row_do_not_show_it() {
    let mut desk = Desk::new();
    let resting = desk.venue.order_by_hand(id(IBM), Side::Buy, "5", desk.now.at);
    let venue_id = resting.venue_order_id.clone();
    desk.tell(Input::Venue(VenueEvent::Order(resting)));
    desk.venue.end(&venue_id, VenueStatus::Cancelled);
    let before = desk.snapshots;
    while desk.snapshots == before {
        desk.advance(Nanos::from_millis(100));
        desk.tell(Input::Tick);
    }
    assert_eq!(desk.core.state().external.len(), 1, "one list may be wrong");
    desk.pass(Nanos::from_secs(60));
    assert!(desk.core.state().external.is_empty());
}

#[test]
fn before_the_day_has_opened_its_loss_is_not_known() {
    let mut desk = Desk::unconnected(plain_policy(), capabilities());
    desk.price(IBM, "99.99", "100.01");
    desk.connect();
    desk.limit(|l| l.daily_loss = cap("100"));
    assert!(desk.codes(buy("1")).contains(&RefusalCode::EquityUnknown));
    desk.session(true, START.utc_day());
    assert_eq!(desk.codes(buy("1")), []);
}

#[test]
fn a_fill_in_another_instrument_than_the_foreign_order_it_names_moves_both_figures() {
    let mut desk = Desk::new();
    let resting = desk.venue.order_by_hand(id(IBM), Side::Buy, "5", desk.now.at);
    let venue_id = resting.venue_order_id.clone();
    desk.tell(Input::Venue(VenueEvent::Order(resting)));
    let before = desk.core.book().gross_exposure().unwrap();
    for input in desk.venue.trade_by_hand(BTC, Side::Buy, "0.01", desk.now.at) {
        match input {
            Input::Venue(VenueEvent::Fill(fill)) => {
                let venue_order_id = venue_id.clone();
                desk.tell(Input::Venue(VenueEvent::Fill(Fill { venue_order_id, ..fill })));
            }
            other => desk.tell(other),
        }
    }
    let after = desk.core.book().gross_exposure().unwrap();
    assert_ne!(before, after);
}
