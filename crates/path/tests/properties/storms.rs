//! An honest venue over a bad line: answers get lost, orders fill in parts, the desk crashes. Once
//! the line is good again, books and venue agree and nothing stands unprotected.

use domain::{Nanos, Side, SignedQty};
use path::{
    broker::{VenueEvent, VenueRejection, VenueStatus},
    core::Input,
};
use proptest::prelude::*;

use super::common::*;

#[derive(Debug, Clone)]
enum Weather {
    Buy(u8, u8),
    Close(u8),
    CancelEntry(usize),
    Fill(usize, u8),
    Script(u8),
    CancelScript(u8),
    Down(bool),
    Drop,
    Disconnect,
    Restart,
    Crash,
    Pass(u8),
    Price(u8),
}

fn weather() -> impl Strategy<Value = Weather> {
    prop_oneof![
        3 => (1_u8..10, 0_u8..2).prop_map(|(n, kind)| Weather::Buy(n, kind)),
        2 => (1_u8..=100).prop_map(Weather::Close),
        1 => any::<usize>().prop_map(Weather::CancelEntry),
        4 => (any::<usize>(), 1_u8..10).prop_map(|(o, n)| Weather::Fill(o, n)),
        3 => (0_u8..6).prop_map(Weather::Script),
        2 => (0_u8..6).prop_map(Weather::CancelScript),
        1 => any::<bool>().prop_map(Weather::Down),
        1 => Just(Weather::Drop),
        1 => Just(Weather::Disconnect),
        1 => Just(Weather::Restart),
        1 => Just(Weather::Crash),
        3 => (1_u8..40).prop_map(Weather::Pass),
        1 => (90_u8..110).prop_map(Weather::Price),
    ]
}

fn fill_one(desk: &mut Desk, nth: usize, amount: u8) {
    let working = |r: &&path::broker::OrderReport| r.status == VenueStatus::Working;
    let open: Vec<_> = desk.venue.orders.values().filter(working).cloned().collect();
    let Some(order) = open.get(nth % open.len().max(1)) else { return };
    let left = order.qty.minus(order.filled);
    let amount = qty(&amount.to_string()).min_of(left);
    let price = desk.venue.price(&order.instrument, order.side);
    let inputs = desk.venue.fill(&order.venue_order_id, amount, price, desk.now.at);
    desk.tell_all(inputs);
}

fn play(desk: &mut Desk, weather: Weather) {
    let on_place = [
        OnPlace::Accept,
        OnPlace::Reject(VenueRejection::Other),
        OnPlace::LoseRequest,
        OnPlace::LoseAnswer,
        OnPlace::Duplicate,
        OnPlace::Silence,
    ];
    let on_cancel = [
        OnCancel::Accept,
        OnCancel::NotFound,
        OnCancel::TooLate,
        OnCancel::Reject,
        OnCancel::LoseAnswer,
        OnCancel::LoseRequest,
    ];
    match weather {
        Weather::Buy(n, 0) => desk.tell(buy(&n.to_string()).stop("80").into()),
        Weather::Buy(n, _) => desk.tell(buy(&n.to_string()).limit("99").stop("80").into()),
        Weather::Close(share) => {
            desk.close(IBM, &share.to_string());
        }
        Weather::CancelEntry(nth) => {
            let live: Vec<_> = desk.core.state().live.iter().cloned().collect();
            if let Some(order) = live.get(nth % live.len().max(1)) {
                desk.cancel(order);
            }
        }
        Weather::Fill(nth, amount) => fill_one(desk, nth, amount),
        Weather::Script(n) => desk.venue.on_place.push_back(on_place[usize::from(n)].clone()),
        Weather::CancelScript(n) => desk.venue.on_cancel.push_back(on_cancel[usize::from(n)]),
        Weather::Down(down) => desk.venue.down = down,
        Weather::Drop => {
            desk.held_line = !desk.held_line;
            desk.line.clear();
        }
        Weather::Disconnect => desk.tell(Input::Venue(VenueEvent::Disconnected)),
        Weather::Restart => desk.restart_and_connect(),
        Weather::Crash => desk.restart(),
        Weather::Pass(quarters) => desk.pass(Nanos::from_millis(250 * i64::from(quarters))),
        Weather::Price(p) => desk.price(IBM, &p.to_string(), &p.to_string()),
    }
}

/// The line is good and the venue does what it is asked.
fn calm(desk: &mut Desk) {
    desk.venue.on_place.clear();
    desk.venue.on_cancel.clear();
    desk.venue.down = false;
    desk.held_line = false;
    desk.session(true, desk.now.at.utc_day());
    desk.price(IBM, "100", "100");
    desk.price(BTC, "50000", "50000");
    desk.tell(Input::Venue(VenueEvent::Connected));
    desk.pass(Nanos::from_secs(120));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_every_storm_the_books_agree(days in proptest::collection::vec(weather(), 1..60)) {
        let mut desk = Desk::new();
        for day in days {
            play(&mut desk, day);
            let net = desk.venue.positions.get(&id(IBM)).copied().unwrap_or(SignedQty::ZERO);
            prop_assert!(!net.is_short(), "an exit turned the position: {net:?}");
        }
        calm(&mut desk);
        desk.assert_folds();
        desk.assert_sent_once();
        desk.assert_agrees_with_venue();
        prop_assert_eq!(desk.uncovered(), qty("0"));
        prop_assert!(desk.core.fitness().reconciled);
        let unknown = desk.core.state().live_orders().any(|o| o.unknown);
        prop_assert!(!unknown, "every fate is known");
        let adjusted = desk.count("position_adjusted") + desk.count("cash_adjusted");
        prop_assert_eq!(adjusted, 1, "only the opening balance: every change is explained");
        let bought = desk.sent.iter().filter(|o| o.side == Side::Buy).count();
        prop_assert!(bought <= desk.core.state().orders.len());
    }
}
