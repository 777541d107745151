//! What must hold for contracts, whatever is ordered and wherever prices go.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "common/commands.rs"]
mod commands;
mod common;

use commands::run;
use common::{account, at, dec, symbol, usd};
use domain::{AssetClass, Contract, Currency, MarginTier, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use venue_sim::{AccountSettings, Engine, MarginMode, SimConfig};

fn engine(config: &SimConfig, mode: MarginMode, leverage: i64) -> Engine {
    let tier = |up_to: Option<i64>, initial: &str, maintenance: &str| MarginTier {
        up_to: up_to.map(Decimal::from),
        initial_rate: dec(initial),
        maintenance_rate: dec(maintenance),
    };
    let tiers = vec![
        tier(Some(1_000), "0.02", "0.01"),
        tier(Some(10_000), "0.05", "0.025"),
        tier(None, "0.1", "0.05"),
    ];
    let contract = Some(Contract { expires: None, max_leverage: 50.into(), tiers });
    let instrument =
        domain::Instrument { asset_class: AssetClass::Perpetual, contract, ..common::instrument() };
    let settings = AccountSettings {
        margin_mode: mode,
        default_leverage: leverage.into(),
        ..AccountSettings::default()
    };
    let mut engine = Engine::new(config.clone()).unwrap();
    engine.register(instrument);
    engine.open_account(account(), settings).unwrap();
    engine.deposit(&account(), &usd(3_000.into())).unwrap();
    engine
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Cash is every movement and every profit or loss that was taken, less the fees; what is held
    /// is the sum of the fills; nothing is set aside for nothing.
    #[test]
    fn only_profit_fees_and_movements_change_cash(
        config in commands::configs(),
        isolated in any::<bool>(),
        leverage in 1_i64..50,
        commands in commands::commands(40),
        funding in proptest::collection::vec(-20_i64..20, 40),
    ) {
        let mode = if isolated { MarginMode::Isolated } else { MarginMode::Cross };
        let mut engine = engine(&config, mode, leverage);
        for (n, command) in commands.iter().enumerate() {
            if command.by() == account() {
                run(&mut engine, command, at(n as i64));
            }
            let id = format!("e{n}").parse().unwrap();
            engine.on_funding(&symbol(), Decimal::new(funding[n], 4), &id, at(n as i64));
            agrees(&engine);
        }
    }
}

fn agrees(engine: &Engine) {
    let all = engine.snapshot(&account(), Timestamp::default(), at(0)).unwrap();
    assert!(all.complete);
    let moved: Decimal = all.movements.iter().map(|movement| movement.money.amount()).sum();
    let fees: Decimal = all.fills.iter().map(|fill| fill.fee.amount()).sum();
    let held: Decimal = all.fills.iter().map(|fill| fill.side.signed(fill.qty).get()).sum();
    let position = engine.position(&account(), &symbol());
    let realized = position.map_or(Decimal::ZERO, |position| position.realized.amount());
    assert_eq!(all.cash.get(Currency::usd()).amount(), moved + realized - fees);
    assert_eq!(position.map_or(Decimal::ZERO, |position| position.qty.get()), held);
    let state = &engine.book().accounts[0];
    assert!(!held.is_zero() || state.isolated.is_empty(), "nothing is set aside for nothing");
}
