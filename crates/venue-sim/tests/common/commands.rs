//! Random commands, for property tests: small numbers, so that orders meet often.

#![allow(dead_code, unreachable_pub, missing_docs)]

use domain::{
    AccountId, Bar, ClientOrderId, Conditions, Money, OrderKind, Price, Qty, Quote, Side,
    TimeInForce, Timestamp, TriggerBy,
};
use path::{
    broker::{CancelOutcome, PlaceOutcome, VenueEvent},
    verbs::{PlaceOrder, ReplaceOrder},
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use venue_sim::{
    AccountEvent, AccountSettings, Engine, ExternalOrder, FillLimitsOn, Happening, Phase,
    SessionChange, SimConfig, SimError, SimStorage, SimTick, Venue,
};

use crate::common::{account, at, cents, instrument, symbol, usd};

#[derive(Debug, Clone)]
pub enum Command {
    Place(PlaceOrder),
    Replace(ReplaceOrder),
    Mark(Price),
    Hand(ExternalOrder),
    Cancel(AccountId, ClientOrderId),
    Tick(SimTick),
    Bar(Bar),
    Session(SessionChange),
    Deposit(AccountId, Money),
    Withdraw(AccountId, Money),
}

/// All that a command answers.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Placed(PlaceOutcome, Vec<VenueEvent>),
    Cancelled(CancelOutcome, Vec<VenueEvent>),
    Events(Vec<AccountEvent>),
    Money(Result<(), SimError>),
}

pub fn follower() -> AccountId {
    AccountId::new("follower").unwrap()
}

pub fn start(config: &SimConfig) -> Engine {
    let mut engine = Engine::new(config.clone()).unwrap();
    engine.register(instrument());
    engine
        .open_account(
            account(),
            AccountSettings { allow_short: true, ..AccountSettings::default() },
        )
        .unwrap();
    engine.open_account(follower(), AccountSettings::default()).unwrap();
    engine.deposit(&account(), &usd(Decimal::from(3_000))).unwrap();
    engine.deposit(&follower(), &usd(Decimal::from(3_000))).unwrap();
    engine
}

pub fn open<S: SimStorage>(config: &SimConfig, storage: S) -> Venue<S> {
    let mut venue = Venue::open(config.clone(), storage).unwrap();
    venue.register(instrument()).unwrap();
    if venue
        .open_account(
            account(),
            AccountSettings { allow_short: true, ..AccountSettings::default() },
        )
        .is_ok()
    {
        venue.open_account(follower(), AccountSettings::default()).unwrap();
        venue.deposit(&account(), &usd(Decimal::from(3_000))).unwrap();
        venue.deposit(&follower(), &usd(Decimal::from(3_000))).unwrap();
    }
    venue
}

pub fn run(engine: &mut Engine, command: &Command, now: Timestamp) -> Answer {
    match command {
        Command::Place(order) => {
            let (outcome, events) = engine.place(order, now);
            Answer::Placed(outcome, events)
        }
        Command::Replace(request) => {
            let (outcome, events) = engine.replace(request, now);
            Answer::Placed(outcome, events)
        }
        Command::Mark(price) => Answer::Events(engine.on_mark(&symbol(), *price, now)),
        Command::Hand(order) => {
            let (outcome, events) = engine.external_order(order, now);
            Answer::Placed(outcome, events)
        }
        Command::Cancel(account, id) => {
            let (outcome, events) = engine.cancel(account, id, now);
            Answer::Cancelled(outcome, events)
        }
        Command::Tick(tick) => Answer::Events(engine.on_tick(tick, now)),
        Command::Bar(bar) => Answer::Events(engine.on_bar(&symbol(), bar)),
        Command::Session(change) => Answer::Events(engine.on_session(&symbol(), *change, now)),
        Command::Deposit(account, money) => Answer::Money(engine.deposit(account, money)),
        Command::Withdraw(account, money) => Answer::Money(engine.withdraw(account, money)),
    }
}

pub fn run_venue<S: SimStorage>(
    venue: &mut Venue<S>,
    command: &Command,
    now: Timestamp,
) -> Result<Answer, SimError> {
    Ok(match command {
        Command::Place(order) => {
            let (outcome, events) = venue.place(order, now)?;
            Answer::Placed(outcome, events)
        }
        Command::Replace(request) => {
            let (outcome, events) = venue.replace(request, now)?;
            Answer::Placed(outcome, events)
        }
        Command::Mark(price) => {
            let mark = Happening::Mark { instrument: symbol(), price: *price };
            Answer::Events(venue.happen(&mark, now)?)
        }
        Command::Hand(order) => {
            let (outcome, events) = venue.external_order(order, now)?;
            Answer::Placed(outcome, events)
        }
        Command::Cancel(account, id) => {
            let (outcome, events) = venue.cancel(account, id, now)?;
            Answer::Cancelled(outcome, events)
        }
        Command::Tick(tick) => Answer::Events(venue.on_tick(tick, now)?),
        Command::Bar(bar) => Answer::Events(venue.on_bar(&symbol(), bar)?),
        Command::Session(change) => Answer::Events(venue.on_session(&symbol(), *change, now)?),
        Command::Deposit(account, money) => match venue.deposit(account, money) {
            Err(SimError::Storage(error)) => return Err(error.into()),
            other => Answer::Money(other),
        },
        Command::Withdraw(account, money) => match venue.withdraw(account, money) {
            Err(SimError::Storage(error)) => return Err(error.into()),
            other => Answer::Money(other),
        },
    })
}

impl Answer {
    /// Every event with its account, in order.
    pub fn events(&self, by: &AccountId) -> Vec<AccountEvent> {
        match self {
            Self::Placed(_, events) | Self::Cancelled(_, events) => {
                events.iter().map(|event| (by.clone(), event.clone())).collect()
            }
            Self::Events(events) => events.clone(),
            Self::Money(_) => Vec::new(),
        }
    }
}

impl Command {
    pub fn by(&self) -> AccountId {
        match self {
            Self::Place(order) => order.account.clone(),
            Self::Replace(request) => request.order.account.clone(),
            Self::Hand(order) => order.account.clone(),
            Self::Cancel(account, _) => account.clone(),
            _ => account(),
        }
    }
}

fn who() -> impl Strategy<Value = AccountId> {
    prop_oneof![Just(account()), Just(follower())]
}

fn ids() -> impl Strategy<Value = ClientOrderId> {
    (0_u8..40).prop_map(|n| ClientOrderId::new(format!("c{n}")).unwrap())
}

fn kinds() -> impl Strategy<Value = OrderKind> {
    let p = || (95_i64..106).prop_map(|units| cents(units * 100));
    prop_oneof![
        2 => Just(OrderKind::Market),
        4 => p().prop_map(|limit| OrderKind::Limit { limit }),
        2 => p().prop_map(|trigger| OrderKind::Stop { trigger }),
        1 => (p(), p()).prop_map(|(trigger, limit)| OrderKind::StopLimit { trigger, limit }),
    ]
}

fn tifs() -> impl Strategy<Value = TimeInForce> {
    use TimeInForce::{Cls, Day, Fok, Gtc, Ioc, Opg};
    prop_oneof![
        6 => Just(Gtc), 2 => Just(Day), 1 => Just(Ioc), 1 => Just(Fok), 1 => Just(Opg),
        1 => Just(Cls),
    ]
}

fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

pub fn orders() -> impl Strategy<Value = PlaceOrder> {
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.3));
    let flags = (flags, conditions());
    (who(), ids(), sides(), 1_i64..20, kinds(), tifs(), flags).prop_map(
        |(account, client_order_id, side, units, kind, tif, (flags, conditions))| {
            let (post_only, reduce_only) = flags;
            PlaceOrder {
                account,
                client_order_id,
                instrument: symbol(),
                side,
                qty: Qty::new(Decimal::from(units)).unwrap(),
                kind,
                tif,
                post_only,
                reduce_only,
                conditions,
            }
        },
    )
}

fn conditions() -> impl Strategy<Value = Conditions> {
    use TriggerBy::{Last, Mark, Quote};
    let by = prop_oneof![4 => Just(None), 1 => prop_oneof![Just(Last), Just(Quote), Just(Mark)].prop_map(Some)];
    let group =
        proptest::option::weighted(0.2, (0_u8..3).prop_map(|n| format!("g{n}").parse().unwrap()));
    (by, prop::bool::weighted(0.2), group).prop_map(|(trigger_by, extended_hours, group)| {
        Conditions { trigger_by, extended_hours, group, ..Conditions::default() }
    })
}

pub fn bars() -> impl Strategy<Value = Bar> {
    let prices = (9_400_i64..10_600, 9_400_i64..10_600, 0_i64..300, 0_i64..300, 0_i64..200);
    prices.prop_map(|(open, close, up, down, volume)| Bar {
        open_at: at(0),
        close_at: at(60),
        open: cents(open),
        high: cents(open.max(close) + up),
        low: cents(open.min(close) - down),
        close: cents(close),
        volume: Qty::new(Decimal::from(volume)).unwrap(),
    })
}

fn ticks() -> impl Strategy<Value = SimTick> {
    let phase = prop_oneof![
        8 => Just(Phase::Continuous), 1 => Just(Phase::Open), 1 => Just(Phase::Close)
    ];
    (9_400_i64..10_600, 0_i64..50, 0_i64..50, proptest::option::of(0_i64..200), phase).prop_map(
        |(bid, spread, last, volume, phase)| SimTick {
            instrument: symbol(),
            quote: Quote {
                bid: cents(bid),
                ask: cents(bid + spread),
                last: cents(bid + last),
                at: at(0),
            },
            traded_volume: volume.map(|v| Qty::new(Decimal::from(v)).unwrap()),
            phase,
        },
    )
}

pub fn commands(max: usize) -> impl Strategy<Value = Vec<Command>> {
    let money = || (who(), 1_i64..2_000).prop_map(|(who, n)| (who, usd(Decimal::from(n))));
    let hand = orders().prop_map(|order| {
        let PlaceOrder { account, instrument, side, qty, kind, tif, reduce_only, .. } = order;
        Command::Hand(ExternalOrder { account, instrument, side, qty, kind, tif, reduce_only })
    });
    let command = prop_oneof![
        8 => orders().prop_map(Command::Place),
        2 => (orders(), ids()).prop_map(|(order, replaces)| {
            Command::Replace(ReplaceOrder { order, replaces, venue_order_id: None })
        }),
        1 => (9_400_i64..10_600).prop_map(|units| Command::Mark(cents(units))),
        1 => hand,
        1 => (who(), ids()).prop_map(|(who, id)| Command::Cancel(who, id)),
        5 => ticks().prop_map(Command::Tick),
        3 => bars().prop_map(Command::Bar),
        1 => prop_oneof![
            Just(SessionChange::Open), Just(SessionChange::Close), Just(SessionChange::Extended)
        ]
            .prop_map(Command::Session),
        1 => money().prop_map(|(who, money)| Command::Deposit(who, money)),
        1 => money().prop_map(|(who, money)| Command::Withdraw(who, money)),
    ];
    proptest::collection::vec(command, 1..max)
}

pub fn configs() -> impl Strategy<Value = SimConfig> {
    let share = proptest::option::of(1_i64..100);
    (0_i64..50, -2_i64..20, 0_i64..20, share, any::<bool>(), any::<bool>()).prop_map(
        |(slippage, maker, taker, share, touch, queue)| SimConfig {
            slippage_bps: Decimal::from(slippage),
            maker_fee: Decimal::new(maker, 4),
            taker_fee: Decimal::new(taker, 4),
            volume_share: share.map(|share| domain::Percent::new(Decimal::from(share)).unwrap()),
            fill_limits_on: if touch { FillLimitsOn::Touch } else { FillLimitsOn::TradeThrough },
            queue_when_closed: queue,
            keep_done: 2,
            keep_fills: 2,
            ..SimConfig::default()
        },
    )
}
