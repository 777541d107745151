//! A venue that says anything: reports and executions in any order, repeated, of unknown orders,
//! with absurd numbers; and people who ask for anything.

use std::collections::BTreeMap;

use domain::{
    Cash, CashMovement, ClientOrderId, CorporateAction, Fill, Liquidity, MovementKind, Nanos,
    OrderKind, OrderStatus, Protective, Qty, Side, Size, TimeInForce,
};
use path::{
    broker::{
        CancelOutcome, OrderReport, PlaceOutcome, RecentOrders, VenueEvent, VenueRejection,
        VenueSnapshot, VenueStatus,
    },
    core::Input,
    event::Event,
    journal::{JournalReader, StreamId},
    policy::KillLevel,
    state::AccountState,
    verbs::RiskClass,
};
use proptest::prelude::*;

use super::common::*;

const NUMBERS: [&str; 10] = [
    "0.000000000001",
    "0.001",
    "0.01",
    "1",
    "7",
    "10",
    "99.99",
    "100000",
    "123456789012345.123",
    "1000000000000000",
];

/// A contract on fifty of something.
const PERP: &str = "sim:PERP";

/// Ten small draws, from which one message is made.
type Draw = [u8; 10];

fn number(draw: u8) -> &'static str {
    NUMBERS[usize::from(draw) % NUMBERS.len()]
}

fn amount(draw: u8) -> Qty {
    if draw == 255 { Qty::ZERO } else { qty(number(draw)) }
}

fn side(draw: u8) -> Side {
    if draw.is_multiple_of(2) { Side::Buy } else { Side::Sell }
}

fn instrument(draw: u8) -> domain::InstrumentId {
    id([IBM, IBM, IBM, BTC, PERP, "sim:NOPE"][usize::from(draw) % 6])
}

fn kind(draw: u8, price: u8) -> OrderKind {
    let price = px(number(price));
    match draw % 4 {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: price },
        2 => OrderKind::Stop { trigger: price },
        _ => OrderKind::StopLimit { trigger: price, limit: price },
    }
}

/// An order of the desk, of another desk, or of nobody.
fn somebody(desk: &Desk, draw: u8) -> Option<ClientOrderId> {
    let orders = &desk.core.state().orders;
    match draw {
        0..8 => None,
        8..12 => Some(order_id("cfzzzzzz-1-1")),
        12..16 => Some(order_id("somebody-else")),
        _ => orders.keys().nth(usize::from(draw) % orders.len().max(1)).cloned(),
    }
}

fn report(desk: &Desk, d: &Draw) -> OrderReport {
    use VenueStatus::*;
    OrderReport {
        client_order_id: somebody(desk, d[0]),
        venue_order_id: format!("v{}", d[1] % 12).parse().unwrap(),
        instrument: instrument(d[2]),
        side: side(d[3]),
        qty: amount(d[4]),
        kind: kind(d[5], d[6]),
        tif: TimeInForce::Gtc,
        reduce_only: false,
        status: [Working, Working, Filled, Cancelled, Rejected, Expired][usize::from(d[7]) % 6],
        filled: amount(d[8]),
        reason: None,
        at: desk.now.at.plus(Nanos(i64::from(d[9]) * 1_000_000_000_000 - 99_000_000_000_000)),
        placed_at: None,
    }
}

fn execution(desk: &Desk, d: &Draw) -> Fill {
    let base = domain::Currency::new("BTC").unwrap();
    let currency = if d[8] < 100 { domain::Currency::usd() } else { base };
    let fee = domain::Money::new(qty(number(d[9])).get(), currency);
    Fill {
        trade_id: format!("t{}", d[7] % 24).parse().unwrap(),
        venue_order_id: format!("v{}", d[1] % 12).parse().unwrap(),
        client_order_id: somebody(desk, d[0]),
        instrument: instrument(d[2]),
        side: side(d[3]),
        qty: amount(d[4]),
        price: px(number(d[6])),
        fee: if d[8].is_multiple_of(2) { fee } else { fee.negated() },
        liquidity: Liquidity::Maker,
        at: desk.now.at,
    }
}

fn movement(desk: &Desk, d: &Draw) -> CashMovement {
    let currency = domain::Currency::new(["USD", "USD", "CHF"][usize::from(d[1]) % 3]).unwrap();
    let money = domain::Money::new(qty(number(d[4])).get(), currency);
    CashMovement {
        id: format!("m{}", d[7] % 12).parse().unwrap(),
        kind: MovementKind::ALL[usize::from(d[5]) % 7],
        instrument: (!d[6].is_multiple_of(4)).then(|| instrument(d[2])),
        money: if d[8].is_multiple_of(2) { money } else { money.negated() },
        at: desk.now.at.plus(Nanos(i64::from(d[9]) * 1_000_000_000 - 99_000_000_000)),
    }
}

fn action(desk: &Desk, d: &Draw) -> CorporateAction {
    CorporateAction {
        id: format!("m{}", d[7] % 12).parse().unwrap(),
        instrument: instrument(d[2]),
        numerator: amount(d[4]).get(),
        denominator: amount(d[6]).get(),
        at: desk.now.at.plus(Nanos(i64::from(d[9]) * 1_000_000_000 - 99_000_000_000)),
    }
}

fn perp() -> domain::Instrument {
    let (initial_rate, maintenance_rate) = (d("0.02"), d("0.01"));
    let tier = domain::MarginTier { up_to: None, initial_rate, maintenance_rate };
    let contract = domain::Contract { expires: None, max_leverage: d("50"), tiers: vec![tier] };
    domain::Instrument {
        asset_class: domain::AssetClass::Perpetual,
        multiplier: d("50"),
        contract: Some(contract),
        ..stock(PERP)
    }
}

fn snapshot(desk: &Desk, d: &Draw) -> VenueSnapshot {
    let mut cash = Cash::default();
    cash.add(&domain::Money::new(qty(number(d[4])).get(), domain::Currency::usd())).unwrap();
    let held = side(d[3]).signed(amount(d[8]));
    VenueSnapshot {
        open_orders: if d[5].is_multiple_of(2) { vec![report(desk, d)] } else { Vec::new() },
        fills: if d[6].is_multiple_of(2) { vec![execution(desk, d)] } else { Vec::new() },
        movements: if d[0].is_multiple_of(3) { vec![movement(desk, d)] } else { Vec::new() },
        actions: if d[1].is_multiple_of(5) { vec![action(desk, d)] } else { Vec::new() },
        positions: [(instrument(d[2]), held)].into(),
        cash,
        terms: None,
        complete: !d[7].is_multiple_of(3),
        at: desk.now.at,
    }
}

fn answer(desk: &Desk, d: &Draw) -> PlaceOutcome {
    match d[9] % 5 {
        0 => PlaceOutcome::Accepted(report(desk, d)),
        1 => PlaceOutcome::Rejected { code: VenueRejection::Other, text: String::new() },
        2 => PlaceOutcome::DuplicateId,
        3 => PlaceOutcome::NotSent(path::wire::NotSent::TooLate),
        _ => PlaceOutcome::Unknown { why: String::new() },
    }
}

fn cancel_answer(desk: &Desk, d: &Draw) -> CancelOutcome {
    match d[9] % 6 {
        0 => CancelOutcome::Accepted(Some(report(desk, d))),
        1 => CancelOutcome::Accepted(None),
        2 => CancelOutcome::NotFound,
        3 => CancelOutcome::TooLate,
        4 => CancelOutcome::Rejected { text: String::new() },
        _ => CancelOutcome::Unknown { why: String::new() },
    }
}

fn intent(d: &Draw) -> domain::Intent {
    let size = match d[4] % 5 {
        0 | 1 => Size::Quantity(amount(d[8])),
        2 => Size::Notional(amount(d[8])),
        3 => Size::PercentEquity(pct(number(d[8]))),
        _ => Size::RiskPercent(pct(number(d[8]))),
    };
    wish(IBM, side(d[3]), "1").sized(size).with(|i| {
        i.instrument = instrument(d[2]);
        i.kind = kind(d[5], d[6]);
        i.protective.stop = (!d[1].is_multiple_of(3)).then(|| px(number(d[1])));
        i.protective.target = d[7].is_multiple_of(3).then(|| px(number(d[9])));
        i.reduce_only = d[9].is_multiple_of(4);
    })
}

fn sensible(d: &Draw) -> domain::Intent {
    let amount = (d[4] % 20 + 1).to_string();
    match d[5] % 3 {
        0 => buy(&amount).stop("95"),
        1 => buy(&amount).limit("99").stop("90").target("120"),
        _ => sell(&amount),
    }
}

fn operator(desk: &mut Desk, d: &Draw) {
    match d[1] % 6 {
        0 => {
            desk.kill(KillLevel::Halt);
        }
        1 => {
            desk.release_kill(anna());
        }
        2 => {
            let stop = Some(px(number(d[6])));
            desk.plan(IBM, Protective { stop, target: None, ..Protective::default() }, anna());
        }
        3 => {
            desk.adopt(IBM, "manual");
        }
        4 => {
            desk.close(IBM, ["50", "100", "0.001"][usize::from(d[2]) % 3]);
        }
        _ => desk.tell(Input::Journal { writable: d[2].is_multiple_of(2) }),
    }
}

fn play(desk: &mut Desk, what: u8, d: &Draw) {
    let order = somebody(desk, d[0]).unwrap_or_else(|| order_id("nobody"));
    match what {
        0..24 => desk.tell(intent(d).into()),
        24..64 => desk.tell(sensible(d).into()),
        64..90 => desk.tell(Input::Venue(VenueEvent::Order(report(desk, d)))),
        90..120 => desk.tell(Input::Venue(VenueEvent::Fill(execution(desk, d)))),
        120..130 => desk.tell(Input::Placed { order, outcome: answer(desk, d) }),
        130..140 => desk.tell(Input::CancelAnswered { order, outcome: cancel_answer(desk, d) }),
        140..150 => {
            let report = (!d[9].is_multiple_of(3)).then(|| report(desk, d));
            desk.tell(Input::LookedUp { order, answer: Ok(report) });
            let (orders, complete) = (vec![self::report(desk, d)], d[7].is_multiple_of(2));
            desk.tell(Input::Recent(Ok(RecentOrders { orders, complete })));
        }
        150..170 => {
            desk.held_line = true;
            desk.pass(Nanos::from_secs(16));
            desk.line.retain(|i| !matches!(i, Input::Snapshot(_)));
            let answer = snapshot(desk, d);
            desk.tell(Input::Snapshot(Ok(answer)));
            desk.held_line = false;
        }
        170..185 => desk.price(IBM, number(d[6]), number(d[8])),
        185..200 => desk.price(IBM, "99", "101"),
        200..215 => operator(desk, d),
        215..225 => {
            desk.cancel_as(&order, anna(), d[1].is_multiple_of(2));
        }
        225..232 => desk.restart_and_connect(),
        232..236 => desk.tell(Input::Venue(VenueEvent::Disconnected)),
        236..240 => desk.session(!d[1].is_multiple_of(5), desk.now.at.utc_day() + 1),
        240..245 => desk.tell(Input::Venue(VenueEvent::Movement(movement(desk, d)))),
        245..248 => desk.tell(Input::Venue(VenueEvent::Action(action(desk, d)))),
        _ => desk.pass(Nanos::from_millis(i64::from(d[1]) * 100)),
    }
}

/// Follows the journal record by record beside the desk.
struct Shadow {
    state: Option<AccountState>,
    ended: BTreeMap<ClientOrderId, OrderStatus>,
}

impl Shadow {
    fn follow(&mut self, desk: &Desk) {
        let stream = StreamId::account(&account());
        let seq = self.state.as_ref().map_or(0, |s| s.head.seq);
        for record in desk.journal.read(&stream, seq, usize::MAX).unwrap() {
            let before = self.state.take();
            let event = Event::decode(&record.kind, record.version, &record.body).unwrap();
            let one = std::slice::from_ref(&record);
            let state = AccountState::fold(before, &stream, one).unwrap().unwrap();
            if let Event::OrderRecorded(order) = &event
                && order.class != RiskClass::Entry
            {
                exits_fit(&state, order);
            }
            self.state = Some(state);
        }
        let state = self.state.as_ref().unwrap();
        assert_eq!(state, desk.core.state(), "the fold is the state");
        for (id, end) in &self.ended {
            assert_eq!(state.orders[id].status(), *end, "{id} came back to life");
        }
        let ended = state.orders.iter().filter(|(_, o)| o.status().is_final());
        self.ended.extend(ended.map(|(id, o)| (id.clone(), o.status())));
    }
}

/// At the moment at which an exit is recorded, all exits together fit the position.
fn exits_fit(state: &AccountState, order: &path::event::OrderRecorded) {
    let position = state.position(&order.book, &order.instrument);
    assert_eq!(Side::reducing(position), Some(order.side), "an exit reduces");
    let exits = state
        .live_in(&order.book, &order.instrument)
        .filter(|o| o.side == order.side)
        .fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()));
    assert!(exits <= position.abs(), "{exits} of exits over a position of {position:?}");
}

fn snapshots_round_trip(state: &AccountState) {
    let json = state.to_json().unwrap();
    let read: AccountState = serde_json::from_str(&json).unwrap();
    assert_eq!(&read, state, "a snapshot is read as it was written");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_message_breaks_the_desk_or_revives_an_order(
        messages in proptest::collection::vec(any::<(u8, Draw)>(), 1..70),
        nameless in any::<bool>(),
    ) {
        let mut desk = if nameless { Desk::without_client_ids() } else { Desk::new() };
        desk.policy(|p| p.allow_short = true);
        desk.instrument(perp());
        desk.price(PERP, "100", "100");
        desk.venue.fills_market = false;
        let mut shadow = Shadow { state: None, ended: BTreeMap::new() };
        for (what, draw) in messages {
            play(&mut desk, what, &draw);
            shadow.follow(&desk);
        }
        desk.assert_sent_once();
        snapshots_round_trip(desk.core.state());
        desk.restart();
        desk.assert_folds();
    }
}
