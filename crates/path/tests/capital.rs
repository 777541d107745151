//! Trading capital: what percentages are taken of when an account may not use all its equity.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::*;
use domain::Size;
use path::policy::LatchKind;

fn desk(capital: &str) -> Desk {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    desk.policy(|p| {
        p.trading_capital = Some(d(capital));
        p.fee_rate = d("0");
    });
    desk
}

#[test]
fn sizes_by_equity_and_by_risk_are_of_the_trading_capital() {
    let mut desk = desk("20000");
    let by_equity = desk.order(buy("1").limit("99").sized(Size::PercentEquity(pct("9.9"))));
    assert_eq!(desk.find(&by_equity).qty, qty("20"), "9.9 % of 20 000 at 99");
    let risk = Size::RiskPercent(pct("1"));
    let by_risk = desk.order(buy("1").limit("99").stop("95").sized(risk));
    assert_eq!(desk.find(&by_risk).qty, qty("50"), "1 % of 20 000 at 4 a share");
}

#[test]
fn a_trading_capital_above_the_equity_changes_nothing() {
    let mut desk = desk("500000");
    let order = desk.order(buy("1").limit("100").sized(Size::PercentEquity(pct("10"))));
    assert_eq!(desk.find(&order).qty, qty("100"), "10 % of 100 000 at 100");
}

#[test]
fn a_percentage_of_daily_loss_is_of_the_capital_and_the_loss_is_of_equity() {
    let mut desk = desk("10000");
    desk.limit(|l| l.daily_loss = cap("1%"));
    desk.order(buy("10"));
    desk.price(IBM, "90.01", "90.01");
    assert!(!desk.core.state().latches.contains_key(&LatchKind::DailyLoss), "99.90 of 100");
    desk.price(IBM, "90", "90");
    assert!(desk.core.state().latches.contains_key(&LatchKind::DailyLoss), "100 of 100");
}

#[test]
fn a_drawdown_is_of_the_equitys_peak() {
    let mut desk = desk("10000");
    desk.limit(|l| l.drawdown_percent = Some(pct("0.1")));
    desk.order(buy("10"));
    desk.price(IBM, "90.01", "90.01");
    assert!(!desk.core.state().latches.contains_key(&LatchKind::Drawdown), "99.90 of 100 000");
    desk.price(IBM, "90", "90");
    assert!(desk.core.state().latches.contains_key(&LatchKind::Drawdown), "100 are 0.1 %");
}
