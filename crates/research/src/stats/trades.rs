//! What closed trades tell: how often, how much, how evenly.
//!
//! This module must not know equity.

use rust_decimal::Decimal;

use super::{
    figure::Figure,
    input::{Direction, TradeRow},
    note::Note,
    number::{self, counted},
    returns::OBSERVATIONS_MIN,
    section::section,
    tally::Tally,
};

/// The number of trades at which the capped system quality number stops growing.
const SQN_CAP: usize = 100;

section! {
    /// Closed trades. A profit p is always after fees and funding.
    pub struct TradeFigures {
        /// Closed trades; n in the formulas.
        trade_count: u32 = Count, "n", "";
        /// Trades that earned something.
        win_count: u32 = Count, "number of p > 0", "";
        /// Trades that lost something.
        loss_count: u32 = Count, "number of p < 0", "";
        /// Trades that did neither; they are left out of the win rate.
        breakeven_count: u32 = Count, "number of p = 0", "";
        /// How many of the trades that won or lost have won; W in the formulas.
        win_rate_percent: Figure = Percent, "win_count ÷ (win_count + loss_count) × 100",
            "No trade won or lost.";
        /// What the winners won.
        gross_profit: Decimal = Money, "Σ p over p > 0", "";
        /// What the losers lost, above zero.
        gross_loss: Decimal = Money, "−Σ p over p < 0", "";
        /// What all closed trades earned.
        closed_profit: Decimal = Money, "Σ p", "";
        /// What was won for each unit that was lost.
        profit_factor: Figure = Ratio, "gross_profit ÷ gross_loss", "No trade lost.";
        /// What a trade earned on average.
        expectancy: Figure<Decimal> = Money, "Σ p ÷ n, 8 decimals", "No trades.";
        /// What a trade earned on average for what it risked.
        expectancy_r: Figure = R, "mean(p ÷ risk) over trades with a stop",
            "No trade with a stop.";
        /// Trades that tell what they risked.
        trades_with_risk: u32 = Count, "number of trades with a stop at entry", "";
        /// The mean of the winners.
        average_win: Figure<Decimal> = Money, "gross_profit ÷ win_count, 8 decimals", "No trade won.";
        /// The mean of the losers, above zero.
        average_loss: Figure<Decimal> = Money, "gross_loss ÷ loss_count, 8 decimals",
            "No trade lost.";
        /// How many times a loss a win is; B in the formulas.
        payoff_ratio: Figure = Ratio, "average win ÷ average loss", "No trade won, or none lost.";
        /// The best trade.
        best_trade: Figure<Decimal> = Money, "max(p)", "No trades.";
        /// The worst trade.
        worst_trade: Figure<Decimal> = Money, "min(p)", "No trades.";
        /// The most winners in a row, by the time of closing; a breakeven trade ends the row.
        longest_winning_streak: u32 = Count, "longest run of p > 0", "";
        /// The most losers in a row, by the time of closing; a breakeven trade ends the row.
        longest_losing_streak: u32 = Count, "longest run of p < 0", "";
        /// How long a trade was held on average.
        average_holding_seconds: Figure<i64> = Seconds, "mean(closed_at − opened_at), rounded down",
            "No trades.";
        /// How long the trade in the middle was held.
        median_holding_seconds: Figure = Seconds, "median(closed_at − opened_at)", "No trades.";
        /// How many bars closed while a trade was held, on average.
        average_bars_held: Figure = Ratio, "mean(bars held)", "No trades.";
        /// How far trades went against the position on average; zero or less.
        average_mae: Figure<Decimal> = Money, "mean of the worst open results, 8 decimals",
            "No trades.";
        /// How far trades went in favour of the position on average; zero or more.
        average_mfe: Figure<Decimal> = Money, "mean of the best open results, 8 decimals",
            "No trades.";
        /// The furthest that a trade went against the position.
        worst_mae: Figure<Decimal> = Money, "min of the worst open results", "No trades.";
        /// The furthest that a trade went in favour of the position.
        best_mfe: Figure<Decimal> = Money, "max of the best open results", "No trades.";
        /// The system quality number: the mean profit against its error. It grows with n.
        sqn: Figure = Ratio, "√n × mean(p) ÷ std₁(p)",
            "Fewer than two trades, or all the same. Doubtful below 30.";
        /// The same with at most 100 trades, so that systems with many trades compare.
        sqn_capped: Figure = Ratio, "√min(n, 100) × mean(p) ÷ std₁(p)",
            "Fewer than two trades, or all the same. Doubtful below 30.";
        /// The share of capital that would have grown fastest at these odds; negative when the odds
        /// were against it.
        kelly_percent: Figure = Percent, "(W − (1 − W) ÷ B) × 100", "No trade won, or none lost.";
        /// Trades that gain when prices rise.
        long_count: u32 = Count, "number of longs", "";
        /// What longs earned.
        long_profit: Decimal = Money, "Σ p over longs", "";
        /// Trades that gain when prices fall.
        short_count: u32 = Count, "number of shorts", "";
        /// What shorts earned.
        short_profit: Decimal = Money, "Σ p over shorts", "";
    }
}

impl TradeFigures {
    /// `trades` are in the order of closing.
    pub(crate) fn of(trades: &[&TradeRow]) -> Self {
        let all = Tally::of(trades.iter().copied());
        let side = |side: Direction| Tally::of(trades.iter().copied().filter(|t| t.side == side));
        let (long, short) = (side(Direction::Long), side(Direction::Short));
        let exact = |field: fn(&TradeRow) -> Decimal| trades.iter().map(move |t| field(t));
        let each = |field| {
            let sum: Decimal = exact(field).sum();
            Figure::from(number::money_each(sum, trades.len(), Note::NoTrades))
        };
        let least = |field| Figure::from(exact(field).min().ok_or(Note::NoTrades));
        let most = |field| Figure::from(exact(field).max().ok_or(Note::NoTrades));
        let held = trades.iter().map(|t| t.held_seconds() as f64).collect();
        let bars = trades.iter().map(|t| f64::from(t.bars_held));
        let bars = if trades.is_empty() {
            Err(Note::NoTrades)
        } else {
            Ok(number::sum(bars) / number::count(trades.len()))
        };
        Self {
            trade_count: counted(all.trades),
            win_count: counted(all.wins),
            loss_count: counted(all.losses),
            breakeven_count: counted(all.breakeven()),
            win_rate_percent: all.win_rate().map(|share| share * 100.0).into(),
            gross_profit: all.won,
            gross_loss: all.lost,
            closed_profit: all.net(),
            profit_factor: all.profit_factor().into(),
            expectancy: all.expectancy().into(),
            expectancy_r: all.expectancy_r().into(),
            trades_with_risk: counted(all.with_risk()),
            average_win: all.average_win().into(),
            average_loss: all.average_loss().into(),
            payoff_ratio: all.payoff().into(),
            best_trade: most(|t| t.net_profit),
            worst_trade: least(|t| t.net_profit),
            longest_winning_streak: streak(trades, |p| p > Decimal::ZERO),
            longest_losing_streak: streak(trades, |p| p < Decimal::ZERO),
            average_holding_seconds: all.average_held().into(),
            median_holding_seconds: number::median(held).ok_or(Note::NoTrades).into(),
            average_bars_held: bars.into(),
            average_mae: each(|t| t.mae),
            average_mfe: each(|t| t.mfe),
            worst_mae: least(|t| t.mae),
            best_mfe: most(|t| t.mfe),
            sqn: quality(trades, trades.len()),
            sqn_capped: quality(trades, trades.len().min(SQN_CAP)),
            kelly_percent: kelly(&all).map(|share| share * 100.0).into(),
            long_count: counted(long.trades),
            long_profit: long.net(),
            short_count: counted(short.trades),
            short_profit: short.net(),
        }
    }
}

/// √n · mean(p) / std₁(p). Profits are summed by size, so that their order doesn't show.
fn quality(trades: &[&TradeRow], n: usize) -> Figure {
    let mut profits: Vec<f64> = trades.iter().map(|t| number::approximate(t.net_profit)).collect();
    profits.sort_by(f64::total_cmp);
    let deviation = number::deviation(&profits, Note::TooFewTrades);
    let quality = deviation.map(|d| number::count(n).sqrt() * number::mean(&profits) / d);
    let few = trades.len() < OBSERVATIONS_MIN;
    Figure::from(quality).doubted(few, Note::FewObservations)
}

/// Kelly's share for two outcomes: W − (1 − W) / B.
fn kelly(all: &Tally) -> Result<f64, Note> {
    let (win_rate, payoff) = (all.win_rate()?, all.payoff()?);
    Ok(win_rate - (1.0 - win_rate) / payoff)
}

fn streak(trades: &[&TradeRow], counts: impl Fn(Decimal) -> bool) -> u32 {
    let (mut longest, mut current) = (0, 0);
    for trade in trades {
        current = if counts(trade.net_profit) { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    longest
}
