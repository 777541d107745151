//! What must hold for every sequence of commands.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use std::collections::{BTreeMap, BTreeSet};

use commands::{Answer, Command, bars, configs, follower, orders, run, start};
use common::{account, at, instrument, symbol};
use domain::{
    AccountId, Currency, Fill, Liquidity, OrderKind, Price, Side, SignedQty, VenueOrderId,
};
use path::broker::{OrderReport, PlaceOutcome, VenueEvent};
use proptest::prelude::*;
use rust_decimal::Decimal;
use venue_sim::{Engine, FillLimitsOn, SimConfig};

/// The books that a client keeps from what it is told.
#[derive(Default)]
struct Client {
    paid_in: BTreeMap<AccountId, Decimal>,
    cash: BTreeMap<AccountId, Decimal>,
    fees: BTreeMap<AccountId, Decimal>,
    held: BTreeMap<AccountId, SignedQty>,
    orders: BTreeMap<VenueOrderId, OrderReport>,
    filled: BTreeMap<VenueOrderId, Decimal>,
    trades: BTreeSet<String>,
}

impl Client {
    fn hear(&mut self, command: &Command, answer: &Answer, slipped: bool) {
        match (command, answer) {
            (Command::Deposit(who, money), Answer::Money(Ok(()))) => self.pay(who, money.amount()),
            (Command::Withdraw(who, money), Answer::Money(Ok(()))) => {
                self.pay(who, -money.amount());
            }
            (_, Answer::Placed(PlaceOutcome::Accepted(report), _)) => {
                let before = self.orders.insert(report.venue_order_id.clone(), report.clone());
                assert_eq!(before, None, "venue order ids are given once");
            }
            _ => {}
        }
        for (who, event) in answer.events(&command.by()) {
            match event {
                VenueEvent::Fill(fill) => self.fill(&who, &fill, command, slipped),
                VenueEvent::Order(report) => self.report(report),
                other => panic!("{other:?}"),
            }
        }
    }

    fn pay(&mut self, who: &AccountId, amount: Decimal) {
        *self.paid_in.entry(who.clone()).or_default() += amount;
        *self.cash.entry(who.clone()).or_default() += amount;
    }

    fn report(&mut self, report: OrderReport) {
        let filled = self.filled.get(&report.venue_order_id).copied().unwrap_or_default();
        assert_eq!(report.filled.get(), filled, "a report counts exactly the fills told before");
        assert!(report.filled <= report.qty);
        let before = self.orders.insert(report.venue_order_id.clone(), report);
        assert!(before.is_some_and(|before| !before.status.is_final()), "no order comes back");
    }

    fn fill(&mut self, who: &AccountId, fill: &Fill, command: &Command, slipped: bool) {
        assert!(self.trades.insert(fill.trade_id.to_string()), "trade ids are given once");
        let order = &self.orders[&fill.venue_order_id];
        assert!(!order.status.is_final() && !fill.qty.is_zero());
        if let Some(limit) = order.kind.limit() {
            let kept =
                if fill.side == Side::Buy { fill.price <= limit } else { fill.price >= limit };
            assert!(kept, "never worse than the limit: {fill:?} {order:?}");
        }
        if let (Command::Bar(bar), false) = (command, slipped) {
            assert!(
                bar.low <= fill.price && fill.price <= bar.high,
                "in the bar: {fill:?} {bar:?}"
            );
        }
        let held = self.held.entry(who.clone()).or_insert(SignedQty::ZERO);
        let after = held.plus(fill.side.signed(fill.qty));
        if order.reduce_only {
            assert!(after.abs() < held.abs(), "it reduces");
            assert!(after.is_zero() || after.is_long() == held.is_long(), "it never flips");
        }
        assert!(*who == account() || !after.is_short(), "a cash account is never short");
        *held = after;
        let value = fill.price.get() * fill.qty.get();
        let flow = if fill.side == Side::Buy { -value } else { value };
        *self.cash.entry(who.clone()).or_default() += flow - fill.fee.amount();
        *self.fees.entry(who.clone()).or_default() += fill.fee.amount();
        *self.filled.entry(fill.venue_order_id.clone()).or_default() += fill.qty.get();
    }

    /// The venue's books are those that follow from what it told.
    fn agrees(&self, engine: &Engine) {
        for who in [account(), follower()] {
            let cash = engine.cash(&who).unwrap().get(Currency::usd()).amount();
            assert_eq!(cash, self.cash[&who], "cash is paid in plus fills minus fees");
            assert!(who == account() || cash >= Decimal::ZERO, "a cash account never owes");
            let held = self.held.get(&who).copied().unwrap_or(SignedQty::ZERO);
            let position = engine.position(&who, &symbol());
            assert_eq!(position.map_or(SignedQty::ZERO, |p| p.qty), held);
            let (cost, realized) =
                position.map_or_else(Default::default, |p| (p.cost.amount(), p.realized.amount()));
            let fees = self.fees.get(&who).copied().unwrap_or_default();
            assert_eq!(cash + cost - realized + fees, self.paid_in[&who], "nothing is lost");
            let open = engine.snapshot(&who, at(0), at(0)).unwrap().open_orders;
            for report in open {
                assert_eq!(Some(&report), self.orders.get(&report.venue_order_id));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn books_follow_from_what_is_told(config in configs(), commands in commands::commands(60)) {
        let mut engine = start(&config);
        let mut client = Client::default();
        client.pay(&account(), Decimal::from(3_000));
        client.pay(&follower(), Decimal::from(3_000));
        let slipped = !config.slippage_bps.is_zero();
        for (n, command) in commands.iter().enumerate() {
            let answer = run(&mut engine, command, at(n as i64));
            client.hear(command, &answer, slipped);
            client.agrees(&engine);
        }
    }

    #[test]
    fn bars_without_slippage_fill_inside_their_range(commands in commands::commands(60)) {
        let mut engine = start(&SimConfig::default());
        let mut client = Client::default();
        client.pay(&account(), Decimal::from(3_000));
        client.pay(&follower(), Decimal::from(3_000));
        for (n, command) in commands.iter().enumerate() {
            let answer = run(&mut engine, command, at(n as i64));
            client.hear(command, &answer, false);
        }
    }

    #[test]
    fn the_same_commands_give_the_same_events(config in configs(), commands in commands::commands(50)) {
        let mut engines = [start(&config), start(&config)];
        for (n, command) in commands.iter().enumerate() {
            let now = at(n as i64);
            let answers = engines.each_mut().map(|engine| run(engine, command, now));
            prop_assert_eq!(&answers[0], &answers[1]);
        }
        prop_assert_eq!(engines[0].book(), engines[1].book());
    }

    /// A limit that trade-through fills in a bar, touch fills in that bar or before.
    #[test]
    fn touch_fills_no_later_than_trade_through(
        limit in 9_400_i64..10_600,
        buy in any::<bool>(),
        passing in proptest::collection::vec(bars(), 1..8),
    ) {
        let mut engines = [FillLimitsOn::Touch, FillLimitsOn::TradeThrough].map(|fill_limits_on| {
            let mut engine = start(&SimConfig { fill_limits_on, ..SimConfig::default() });
            let side = if buy { Side::Buy } else { Side::Sell };
            let kind = OrderKind::Limit { limit: common::cents(limit) };
            let gtc = domain::TimeInForce::Gtc;
            engine.on_bar(&symbol(), &flat_bar(10_000));
            engine.place(&common::order("a", side, 1, kind, gtc), at(0));
            engine
        });
        let mut fills: [Option<(usize, Price)>; 2] = [None; 2];
        for (n, bar) in passing.iter().enumerate() {
            for (engine, fill) in engines.iter_mut().zip(&mut fills) {
                for (_, event) in engine.on_bar(&symbol(), bar) {
                    if let VenueEvent::Fill(done) = event {
                        *fill = Some((n, done.price));
                    }
                }
            }
        }
        let [touch, through] = fills;
        if let Some((later, price)) = through {
            let (earlier, touched) = touch.expect("touch fills whatever trade-through fills");
            prop_assert!(earlier <= later);
            prop_assert!(earlier < later || touched == price);
        }
    }

    /// With a stop and a target both inside the bar, the result is the stop's.
    #[test]
    fn the_stop_comes_before_the_target(bar in bars(), stop in 1_i64..300, target in 1_i64..300) {
        let mut engine = start(&SimConfig { slippage_bps: Decimal::ZERO, ..SimConfig::default() });
        engine.on_bar(&symbol(), &flat_bar(10_000));
        let held = domain::Qty::new(Decimal::TEN).unwrap().signed(true);
        let (mut stop_price, mut target_price) = (10_000 - stop, 10_000 + target);
        if stop_price == target_price { stop_price -= 1; target_price += 1; }
        engine.transfer_position(&account(), &symbol(), held, common::cents(10_000)).unwrap();
        let gtc = domain::TimeInForce::Gtc;
        let (trigger, limit) = (common::cents(stop_price), common::cents(target_price));
        let mut s = common::order("s", Side::Sell, 10, OrderKind::Stop { trigger }, gtc);
        let mut t = common::order("t", Side::Sell, 10, OrderKind::Limit { limit }, gtc);
        s.reduce_only = true;
        t.reduce_only = true;
        engine.place(&t, at(0));
        engine.place(&s, at(0));
        let events = engine.on_bar(&symbol(), &bar);
        let fill = events.iter().find_map(|(_, event)| match event {
            VenueEvent::Fill(fill) => Some(fill.clone()),
            _ => None,
        });
        let expected = if bar.open > limit {
            Some((bar.open, Liquidity::Maker))
        } else if bar.low <= trigger {
            Some((bar.open.min(trigger), Liquidity::Taker))
        } else if bar.high > limit {
            Some((limit, Liquidity::Maker))
        } else {
            None
        };
        prop_assert_eq!(fill.map(|fill| (fill.price, fill.liquidity)), expected);
    }

    /// Refused orders leave no trace.
    #[test]
    fn a_refusal_changes_nothing(config in configs(), order in orders(), commands in commands::commands(20)) {
        let mut engine = start(&config);
        for (n, command) in commands.iter().enumerate() {
            run(&mut engine, command, at(n as i64));
        }
        let before = engine.book();
        let (outcome, events) = engine.place(&order, at(100));
        if !matches!(outcome, PlaceOutcome::Accepted(_)) {
            prop_assert!(events.is_empty());
            prop_assert_eq!(engine.book(), before);
        }
    }
}

fn flat_bar(units: i64) -> domain::Bar {
    let price = common::cents(units);
    domain::Bar {
        open_at: at(-60),
        close_at: at(-1),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: domain::Qty::ZERO,
    }
}

/// Extreme numbers are refused or cancelled, never a panic.
#[test]
fn extreme_numbers_do_not_panic() {
    let mut rules = instrument();
    rules.max_qty = None;
    rules.step = common::qty("0.000000000001");
    rules.min_qty = rules.step;
    rules.tick = common::price("0.000000000001");
    let mut engine = Engine::new(SimConfig::default()).unwrap();
    engine.register(rules);
    engine
        .open_account(
            account(),
            venue_sim::AccountSettings {
                allow_short: true,
                ..venue_sim::AccountSettings::default()
            },
        )
        .unwrap();
    let most = Decimal::from(domain::num::MAGNITUDE_MAX);
    engine.deposit(&account(), &common::usd(most)).unwrap();
    assert!(engine.deposit(&account(), &common::usd(Decimal::ONE)).is_err());
    let extremes = ["0.000000000001", "0.123456789012", "1", "999999999999999", "1000000000000000"];
    let mut id = 0;
    for quote in extremes {
        let p = common::price(quote);
        let tick = venue_sim::SimTick {
            instrument: symbol(),
            quote: common::quote(p, p, p, at(0)),
            traded_volume: None,
            phase: venue_sim::Phase::Continuous,
        };
        for size in extremes {
            for side in [Side::Buy, Side::Sell, Side::Sell] {
                for kind in [OrderKind::Market, OrderKind::Limit { limit: p }] {
                    id += 1;
                    let tif = domain::TimeInForce::Gtc;
                    let mut order = common::order(&format!("o{id}"), side, 1, kind, tif);
                    order.qty = common::qty(size);
                    engine.place(&order, at(0));
                    engine.on_tick(&tick, at(0));
                }
            }
        }
    }
}
