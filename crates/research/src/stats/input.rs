//! What statistics are made from: equity, trades, a benchmark's prices. Plain values, checked once.
//!
//! This module must not know any figure.

use std::collections::BTreeMap;

use domain::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::error::StatisticsError;

/// Points of equity, or of a benchmark, that are taken.
pub const POINTS_MAX: usize = 20_000_000;
/// Trades that are taken.
pub const TRADES_MAX: usize = 2_000_000;
/// Data gaps that are taken.
pub const GAPS_MAX: usize = 100_000;
/// The largest amount, price or quantity; sums of all trades stay below Decimal's range.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// The account at the close of a bar, marked to market, in the reporting currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPoint {
    /// The close of the bar; for the first point the moment at which the run begins.
    pub at: Timestamp,
    /// Cash and open positions, after fees and funding. The first point's is the starting capital.
    pub equity: Decimal,
    /// The value of all positions, shorts counted as positive; zero or more.
    pub exposure_gross: Decimal,
    /// The value of longs less that of shorts.
    pub exposure_net: Decimal,
}

/// Which way a trade gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It gains when the price rises.
    Long,
    /// It gains when the price falls.
    Short,
}

impl Direction {
    /// The direction in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// A closed round trip, from flat to flat. All money is in the reporting currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeRow {
    /// A number of its own.
    pub id: u64,
    /// The instrument.
    pub symbol: String,
    /// Which way it gains.
    pub side: Direction,
    /// The first entry.
    pub opened_at: Timestamp,
    /// The last exit.
    pub closed_at: Timestamp,
    /// The largest size held, in units of the instrument; above zero.
    pub qty: Decimal,
    /// The average entry.
    pub entry_price: Decimal,
    /// The average exit.
    pub exit_price: Decimal,
    /// What was bought and what was sold, both sides added, in money; zero or more.
    pub value_traded: Decimal,
    /// What the difference of the prices earned.
    pub gross_profit: Decimal,
    /// What it earned after fees and funding. Every figure of a trade is made from this.
    pub net_profit: Decimal,
    /// Fees; negative for rebates.
    pub fees: Decimal,
    /// About what slippage and spread cost; within the gross profit already.
    pub slippage_cost: Decimal,
    /// Funding, interest and borrow fees: negative when paid.
    pub funding: Decimal,
    /// The worst open result on the way, zero or less.
    pub mae: Decimal,
    /// The best open result on the way, zero or more.
    pub mfe: Decimal,
    /// What was at stake at entry: the money between entry and first stop, above zero. `None`
    /// without a stop.
    pub risk: Option<Decimal>,
    /// The strategy's name for the entry; empty when it gave none.
    pub tag: String,
    /// What closed it.
    pub exit_reason: String,
    /// Bars that closed while it was held.
    pub bars_held: u32,
}

/// A price of the benchmark at the close of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePoint {
    /// The close of the bar.
    pub at: Timestamp,
    /// The price; above zero.
    pub price: Decimal,
}

/// What the run is compared with: buy and hold of something with prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benchmark<'a> {
    /// Its prices in the order of time.
    pub prices: &'a [PricePoint],
    /// The end of the warm-up: the first price at or after it is what is paid.
    pub from: Timestamp,
}

/// Bars that are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataGap {
    /// The instrument.
    pub symbol: String,
    /// The close of the last bar before the gap.
    pub after: Timestamp,
    /// The open of the first bar behind it.
    pub before: Timestamp,
    /// Bars that should have been there.
    pub bars: u32,
}

/// One run of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The account at every bar, in the order of time; the first point is the starting capital.
    pub equity: &'a [EquityPoint],
    /// Closed trades, in any order.
    pub trades: &'a [TradeRow],
    /// What to compare with.
    pub benchmark: Option<Benchmark<'a>>,
    /// Orders that were refused, by the refusal's code.
    pub rejected_orders: &'a BTreeMap<String, u64>,
    /// What is missing in the prices.
    pub data_gaps: &'a [DataGap],
}

impl Run<'_> {
    /// Checks everything but the calendar.
    pub(crate) fn check(&self) -> Result<(), StatisticsError> {
        let Some(first) = self.equity.first() else { return Err(StatisticsError::NoEquity) };
        if first.equity <= Decimal::ZERO {
            return Err(StatisticsError::StartNotPositive(first.equity));
        }
        at_most("equity", self.equity.len(), POINTS_MAX)?;
        at_most("trades", self.trades.len(), TRADES_MAX)?;
        at_most("data_gaps", self.data_gaps.len(), GAPS_MAX)?;
        in_order("equity", self.equity.iter().map(|point| point.at))?;
        for point in self.equity {
            point.check()?;
        }
        for trade in self.trades {
            trade.check()?;
        }
        ids_differ(self.trades)?;
        let prices = self.benchmark.map(|b| b.prices).unwrap_or_default();
        at_most("benchmark", prices.len(), POINTS_MAX)?;
        in_order("benchmark", prices.iter().map(|point| point.at))?;
        prices.iter().try_for_each(PricePoint::check)
    }
}

impl EquityPoint {
    fn check(&self) -> Result<(), StatisticsError> {
        let what = || format!("the equity point at {}", self.at);
        bounded(what, "equity", self.equity)?;
        bounded(what, "exposure_gross", self.exposure_gross)?;
        bounded(what, "exposure_net", self.exposure_net)?;
        must(what, "exposure_gross", self.exposure_gross, "zero or more", |v| v >= Decimal::ZERO)
    }
}

impl PricePoint {
    fn check(&self) -> Result<(), StatisticsError> {
        let what = || format!("the benchmark's price at {}", self.at);
        bounded(what, "price", self.price)?;
        must(what, "price", self.price, "above zero", |v| v > Decimal::ZERO)
    }
}

impl TradeRow {
    fn check(&self) -> Result<(), StatisticsError> {
        let what = || format!("trade {}", self.id);
        let fields = [
            ("qty", self.qty),
            ("entry_price", self.entry_price),
            ("exit_price", self.exit_price),
            ("value_traded", self.value_traded),
            ("gross_profit", self.gross_profit),
            ("net_profit", self.net_profit),
            ("fees", self.fees),
            ("slippage_cost", self.slippage_cost),
            ("funding", self.funding),
            ("mae", self.mae),
            ("mfe", self.mfe),
            ("risk", self.risk.unwrap_or_default()),
        ];
        for (field, value) in fields {
            bounded(what, field, value)?;
        }
        must(what, "qty", self.qty, "above zero", |v| v > Decimal::ZERO)?;
        must(what, "value_traded", self.value_traded, "zero or more", |v| v >= Decimal::ZERO)?;
        must(what, "mae", self.mae, "zero or less", |v| v <= Decimal::ZERO)?;
        must(what, "mfe", self.mfe, "zero or more", |v| v >= Decimal::ZERO)?;
        if let Some(risk) = self.risk {
            must(what, "risk", risk, "above zero, or left out", |v| v > Decimal::ZERO)?;
        }
        if self.closed_at < self.opened_at {
            let (field, value) = ("closed_at", self.closed_at.to_string());
            let rule = "at or after opened_at";
            return Err(StatisticsError::Value { what: what(), field, value, rule });
        }
        Ok(())
    }
}

fn at_most(list: &'static str, count: usize, max: usize) -> Result<(), StatisticsError> {
    if count > max { Err(StatisticsError::TooMany { list, count, max }) } else { Ok(()) }
}

fn in_order(
    list: &'static str,
    times: impl Iterator<Item = Timestamp>,
) -> Result<(), StatisticsError> {
    let mut before = Timestamp(i64::MIN);
    for (index, at) in times.enumerate() {
        if at < before {
            return Err(StatisticsError::NotInOrder { list, index, at, before });
        }
        before = at;
    }
    Ok(())
}

fn ids_differ(trades: &[TradeRow]) -> Result<(), StatisticsError> {
    let mut ids: Vec<u64> = trades.iter().map(|trade| trade.id).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| matches!(pair, [a, b] if a == b)) {
        Some(pair) => Err(StatisticsError::TradeTwice(pair[0])),
        None => Ok(()),
    }
}

fn bounded(
    what: impl Fn() -> String,
    field: &'static str,
    value: Decimal,
) -> Result<(), StatisticsError> {
    must(what, field, value, "at most 10^15 in size", |v| v.abs() <= Decimal::from(AMOUNT_MAX))
}

fn must(
    what: impl Fn() -> String,
    field: &'static str,
    value: Decimal,
    rule: &'static str,
    holds: impl Fn(Decimal) -> bool,
) -> Result<(), StatisticsError> {
    if holds(value) {
        return Ok(());
    }
    Err(StatisticsError::Value { what: what(), field, value: value.to_string(), rule })
}
