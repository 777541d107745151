//! Settings of an account that change while something is held.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{account, at, cents, dec, order, quote, symbol, usd};
use domain::{AssetClass, Contract, MarginTier, OrderKind, Side, TimeInForce};
use venue_sim::{
    AccountSettings, Engine, MarginMode, MarginPlan, Phase, SimConfig, SimError, SimTick,
};

fn engine(contract: bool) -> Engine {
    let tiers =
        vec![MarginTier { up_to: None, initial_rate: dec("0.05"), maintenance_rate: dec("0.02") }];
    let terms = Contract { expires: None, max_leverage: dec("20"), tiers };
    let instrument = domain::Instrument {
        asset_class: if contract { AssetClass::Perpetual } else { AssetClass::Synthetic },
        contract: contract.then_some(terms),
        ..common::instrument()
    };
    let zero = dec("0");
    let config = SimConfig { maker_fee: zero, taker_fee: zero, ..SimConfig::default() };
    let mut engine = Engine::new(config).unwrap();
    engine.register(instrument);
    engine.open_account(account(), AccountSettings::default()).unwrap();
    engine.deposit(&account(), &usd(dec("1000"))).unwrap();
    let price = cents(10_000);
    let quote = quote(price, price, price, at(0));
    let (traded_volume, phase) = (None, Phase::Continuous);
    engine.on_tick(&SimTick { instrument: symbol(), quote, traded_volume, phase }, at(0));
    engine
}

fn buy(engine: &mut Engine, id: &str, units: i64) {
    let order = order(id, Side::Buy, units, OrderKind::Market, TimeInForce::Gtc);
    engine.place(&order, at(1));
}

fn held(engine: &Engine) -> rust_decimal::Decimal {
    engine.position(&account(), &symbol()).map_or(dec("0"), |p| p.qty.get())
}

fn leverage(times: &str) -> AccountSettings {
    AccountSettings { default_leverage: dec(times), ..AccountSettings::default() }
}

#[test]
fn other_leverage_holds_at_once_and_not_below_what_is_held() {
    let mut engine = engine(true);
    buy(&mut engine, "a", 20);
    assert_eq!(held(&engine), dec("0"), "2000 at leverage 1 need more than 1000");
    engine.set_settings(&account(), leverage("5")).unwrap();
    buy(&mut engine, "b", 40);
    assert_eq!(held(&engine), dec("40"), "4000 at leverage 5 need 800");
    let refused = engine.set_settings(&account(), leverage("2")).unwrap_err();
    assert!(matches!(&refused, SimError::Funds { asked, .. } if asked.amount() == dec("1000")));
    assert_eq!(engine.settings(&account()), Some(&leverage("5")), "the old ones stay");
}

#[test]
fn the_margin_mode_changes_only_without_contracts() {
    let mut engine = engine(true);
    let isolated =
        AccountSettings { margin_mode: MarginMode::Isolated, ..AccountSettings::default() };
    engine.set_settings(&account(), isolated.clone()).unwrap();
    buy(&mut engine, "a", 5);
    let refused = engine.set_settings(&account(), AccountSettings::default()).unwrap_err();
    assert!(refused.to_string().contains("no contract is held"), "{refused}");
    assert_eq!(engine.settings(&account()), Some(&isolated));
}

#[test]
fn a_loan_must_be_paid_back_before_an_account_is_a_cash_account() {
    let mut engine = engine(false);
    let (initial_rate, maintenance_rate) = (dec("0.5"), dec("0.25"));
    let margin = MarginPlan::Margin { initial_rate, maintenance_rate };
    let on_margin = AccountSettings { margin, ..AccountSettings::default() };
    engine.set_settings(&account(), on_margin).unwrap();
    buy(&mut engine, "a", 15);
    assert_eq!(held(&engine), dec("15"), "1500 for 1000, of which 750 are needed");
    let refused = engine.set_settings(&account(), AccountSettings::default()).unwrap_err();
    assert!(matches!(refused, SimError::Funds { .. }), "{refused}");
    let wrong = MarginPlan::Margin { initial_rate: dec("0.2"), maintenance_rate: dec("0.3") };
    let wrong = AccountSettings { margin: wrong, ..AccountSettings::default() };
    let refused = engine.set_settings(&account(), wrong).unwrap_err();
    assert!(refused.to_string().starts_with("maintenance_rate is 0.3"), "{refused}");
}
