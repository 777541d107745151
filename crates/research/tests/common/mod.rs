//! Runs for tests, in few words.

#![allow(dead_code, reason = "not every test uses every helper")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeMap;

use domain::Timestamp;
use research::stats::{Direction, EquityPoint, EveryDay, Run, Settings, Statistics, TradeRow};
use rust_decimal::Decimal;

pub(crate) const DAY: i64 = 86_400;
/// 2024-01-01T00:00:00Z, a Monday.
pub(crate) const BEGIN: i64 = 1_704_067_200;

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// So many days after the begin.
pub(crate) fn day(n: i64) -> Timestamp {
    Timestamp::from_secs(BEGIN + n * DAY)
}

pub(crate) fn point(at: Timestamp, equity: &str) -> EquityPoint {
    let (exposure_gross, exposure_net) = (Decimal::ZERO, Decimal::ZERO);
    EquityPoint { at, equity: dec(equity), exposure_gross, exposure_net }
}

/// A point at the end of every day; the first is the starting capital.
pub(crate) fn daily(equity: &[&str]) -> Vec<EquityPoint> {
    (0..).zip(equity).map(|(n, equity)| point(day(n), equity)).collect()
}

/// A trade of so much profit, closed on day `id` after a day.
pub(crate) fn trade(id: u64, profit: &str, risk: Option<&str>) -> TradeRow {
    let n = i64::try_from(id).unwrap();
    TradeRow {
        id,
        symbol: "SYN".into(),
        side: Direction::Long,
        opened_at: day(n - 1),
        closed_at: day(n),
        qty: Decimal::ONE,
        entry_price: Decimal::ONE_HUNDRED,
        exit_price: Decimal::ONE_HUNDRED + dec(profit),
        value_traded: Decimal::from(200),
        gross_profit: dec(profit),
        net_profit: dec(profit),
        fees: Decimal::ZERO,
        slippage_cost: Decimal::ZERO,
        funding: Decimal::ZERO,
        mae: dec(profit).min(Decimal::ZERO),
        mfe: dec(profit).max(Decimal::ZERO),
        risk: risk.map(dec),
        tag: String::new(),
        exit_reason: "signal".into(),
        bars_held: 1,
    }
}

pub(crate) fn trades(profits: &[&str]) -> Vec<TradeRow> {
    (1..).zip(profits).map(|(id, profit)| trade(id, profit, None)).collect()
}

pub(crate) static NO_ORDERS: BTreeMap<String, u64> = BTreeMap::new();

pub(crate) fn run<'a>(equity: &'a [EquityPoint], trades: &'a [TradeRow]) -> Run<'a> {
    Run { equity, trades, benchmark: None, rejected_orders: &NO_ORDERS, data_gaps: &[] }
}

/// Without resampling, on every day of the week.
pub(crate) fn plain(equity: &[EquityPoint], trades: &[TradeRow]) -> Statistics {
    let settings = Settings { resample: None, ..Settings::default() };
    Statistics::of(&run(equity, trades), &EveryDay, &settings).unwrap()
}

pub(crate) fn near(found: Option<&f64>, wanted: f64) {
    let close = found.is_some_and(|f| (f - wanted).abs() <= 1e-12 * wanted.abs().max(1.0));
    assert!(close, "{found:?} is not {wanted}");
}
