//! Closed trades by what they have in common.
//!
//! This module must not know equity.

use std::collections::BTreeMap;

use domain::Timestamp;
use jiff::civil::{DateTime, Weekday};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    calendar::Calendar,
    figure::Figure,
    input::TradeRow,
    number::counted,
    section::{Noted, noted, section},
    tally::Tally,
};

section! {
    /// Trades that have something in common. A profit p is after fees and funding.
    pub struct Group {
        /// What they have in common; empty for trades without a tag.
        key: String = Text, "a symbol, a side, a tag, …", "";
        /// Trades in the group; n in the formulas.
        trade_count: u32 = Count, "n", "";
        /// Trades that earned something.
        win_count: u32 = Count, "number of p > 0", "";
        /// Trades that lost something.
        loss_count: u32 = Count, "number of p < 0", "";
        /// Trades that did neither.
        breakeven_count: u32 = Count, "number of p = 0", "";
        /// How many of the trades that won or lost have won.
        win_rate_percent: Figure = Percent, "win_count ÷ (win_count + loss_count) × 100",
            "No trade won or lost.";
        /// What the winners won.
        gross_profit: Decimal = Money, "Σ p over p > 0", "";
        /// What the losers lost, above zero.
        gross_loss: Decimal = Money, "−Σ p over p < 0", "";
        /// What the group earned.
        closed_profit: Decimal = Money, "Σ p", "";
        /// What was won for each unit that was lost.
        profit_factor: Figure = Ratio, "gross_profit ÷ gross_loss", "No trade lost.";
        /// What a trade earned on average.
        expectancy: Figure<Decimal> = Money, "Σ p ÷ n, 8 decimals", "";
        /// What a trade earned on average for what it risked.
        expectancy_r: Figure = R, "mean(p ÷ risk) over trades with a stop", "No trade with a stop.";
        /// How long a trade was held on average.
        average_holding_seconds: Figure<i64> = Seconds, "mean(closed_at − opened_at), rounded down", "";
        /// Fees; negative for rebates.
        total_fees: Decimal = Money, "Σ fees", "";
        /// About what slippage and spread cost: the value traded times both settings.
        total_slippage_cost: Decimal = Money, "Σ slippage cost", "";
        /// Funding, interest and borrow fees: negative when paid.
        total_funding: Decimal = Money, "Σ funding", "";
    }
}

/// A row of a table. Small numbers are not noted at it: it tells how many trades it is made of.
pub type Row = Noted<Group>;

/// Every table of trades, each in the order of its keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tables {
    /// By instrument.
    pub by_symbol: Vec<Row>,
    /// By side: long, short.
    pub by_side: Vec<Row>,
    /// By the strategy's name for the entry.
    pub by_tag: Vec<Row>,
    /// By what closed the trade.
    pub by_exit_reason: Vec<Row>,
    /// By the weekday of the entry, Monday first, on the calendar's clock.
    pub by_weekday: Vec<Row>,
    /// By the hour of the entry, on the calendar's clock.
    pub by_hour: Vec<Row>,
    /// By the month of the exit, on the calendar's clock.
    pub by_month: Vec<Row>,
}

impl Tables {
    /// `trades` are in the order of closing.
    pub(crate) fn of(trades: &[&TradeRow], calendar: &dyn Calendar) -> Self {
        let local = |at: Timestamp| calendar.local(at);
        Self {
            by_symbol: table(trades, |t| t.symbol.clone(), Clone::clone),
            by_side: table(trades, |t| t.side, |side| side.name().to_owned()),
            by_tag: table(trades, |t| t.tag.clone(), Clone::clone),
            by_exit_reason: table(trades, |t| t.exit_reason.clone(), Clone::clone),
            by_weekday: table(
                trades,
                |t| local(t.opened_at).weekday().to_monday_zero_offset(),
                |day| weekday(*day).to_owned(),
            ),
            by_hour: table(trades, |t| local(t.opened_at).hour(), |hour| format!("{hour:02}")),
            by_month: table(
                trades,
                |t| month(local(t.closed_at)),
                |(year, month)| format!("{year:04}-{month:02}"),
            ),
        }
    }
}

fn table<K: Ord>(
    trades: &[&TradeRow],
    key: impl Fn(&TradeRow) -> K,
    name: impl Fn(&K) -> String,
) -> Vec<Row> {
    let mut groups: BTreeMap<K, Vec<&TradeRow>> = BTreeMap::new();
    for trade in trades {
        groups.entry(key(trade)).or_default().push(trade);
    }
    groups.iter().map(|(key, trades)| noted(Group::of(name(key), trades))).collect()
}

impl Group {
    fn of(key: String, trades: &[&TradeRow]) -> Self {
        let tally = Tally::of(trades.iter().copied());
        Self {
            key,
            trade_count: counted(tally.trades),
            win_count: counted(tally.wins),
            loss_count: counted(tally.losses),
            breakeven_count: counted(tally.breakeven()),
            win_rate_percent: tally.win_rate().map(|share| share * 100.0).into(),
            gross_profit: tally.won,
            gross_loss: tally.lost,
            closed_profit: tally.net(),
            profit_factor: tally.profit_factor().into(),
            expectancy: tally.expectancy().into(),
            expectancy_r: tally.expectancy_r().into(),
            average_holding_seconds: tally.average_held().into(),
            total_fees: tally.fees,
            total_slippage_cost: tally.slippage_cost,
            total_funding: tally.funding,
        }
    }
}

fn month(at: DateTime) -> (i16, i8) {
    (at.year(), at.month())
}

fn weekday(monday_zero: i8) -> &'static str {
    match Weekday::from_monday_zero_offset(monday_zero) {
        Ok(Weekday::Monday) => "monday",
        Ok(Weekday::Tuesday) => "tuesday",
        Ok(Weekday::Wednesday) => "wednesday",
        Ok(Weekday::Thursday) => "thursday",
        Ok(Weekday::Friday) => "friday",
        Ok(Weekday::Saturday) => "saturday",
        _ => "sunday",
    }
}
