//! What a set of closed trades adds up to. The figures of all trades and each row of a table are
//! made from the same tally.
//!
//! This module must not know why trades are put together.

use rust_decimal::Decimal;

use super::{input::TradeRow, note::Note, number};

/// Sums and counts of trades.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) trades: usize,
    pub(crate) wins: usize,
    pub(crate) losses: usize,
    /// What winners won, after costs.
    pub(crate) won: Decimal,
    /// What losers lost, after costs, as an amount above zero.
    pub(crate) lost: Decimal,
    pub(crate) fees: Decimal,
    pub(crate) slippage_cost: Decimal,
    pub(crate) funding: Decimal,
    pub(crate) value_traded: Decimal,
    pub(crate) held_seconds: i128,
    /// The profit of every trade that tells its risk, over that risk.
    pub(crate) multiples: Vec<f64>,
}

impl Tally {
    pub(crate) fn of<'a>(trades: impl IntoIterator<Item = &'a TradeRow>) -> Self {
        let mut tally = Self::default();
        for trade in trades {
            tally.add(trade);
        }
        tally.multiples.sort_by(f64::total_cmp);
        tally
    }

    fn add(&mut self, trade: &TradeRow) {
        self.trades += 1;
        let net = trade.net_profit;
        if net > Decimal::ZERO {
            self.wins += 1;
            self.won += net;
        } else if net < Decimal::ZERO {
            self.losses += 1;
            self.lost -= net;
        }
        self.fees += trade.fees;
        self.slippage_cost += trade.slippage_cost;
        self.funding += trade.funding;
        self.value_traded += trade.value_traded;
        self.held_seconds += i128::from(trade.held_seconds());
        if let Some(risk) = trade.risk {
            self.multiples.push(number::approximate(net) / number::approximate(risk));
        }
    }

    pub(crate) const fn breakeven(&self) -> usize {
        self.trades - self.wins - self.losses
    }

    pub(crate) fn net(&self) -> Decimal {
        self.won - self.lost
    }

    /// Trades that tell their risk.
    pub(crate) fn with_risk(&self) -> usize {
        self.multiples.len()
    }

    /// Winners among the trades that won or lost, 0 to 1.
    pub(crate) fn win_rate(&self) -> Result<f64, Note> {
        let decided = self.decided()?;
        Ok(number::count(self.wins) / number::count(decided))
    }

    /// Trades that won or lost.
    fn decided(&self) -> Result<usize, Note> {
        match (self.trades, self.wins + self.losses) {
            (0, _) => Err(Note::NoTrades),
            (_, 0) => Err(Note::NoDecidedTrades),
            (_, decided) => Ok(decided),
        }
    }

    pub(crate) fn profit_factor(&self) -> Result<f64, Note> {
        self.decided()?;
        number::share(self.won, self.lost, Note::NoLosses)
    }

    pub(crate) fn expectancy(&self) -> Result<Decimal, Note> {
        number::money_each(self.net(), self.trades, Note::NoTrades)
    }

    /// The mean profit in units of what was risked.
    pub(crate) fn expectancy_r(&self) -> Result<f64, Note> {
        match (self.trades, self.multiples.len()) {
            (0, _) => Err(Note::NoTrades),
            (_, 0) => Err(Note::NoRisk),
            _ => Ok(number::mean(&self.multiples)),
        }
    }

    pub(crate) fn average_win(&self) -> Result<Decimal, Note> {
        self.decided()?;
        number::money_each(self.won, self.wins, Note::NoWins)
    }

    pub(crate) fn average_loss(&self) -> Result<Decimal, Note> {
        self.decided()?;
        number::money_each(self.lost, self.losses, Note::NoLosses)
    }

    /// The average win over the average loss.
    pub(crate) fn payoff(&self) -> Result<f64, Note> {
        self.decided()?;
        if self.wins == 0 {
            return Err(Note::NoWins);
        }
        let ratio = number::share(self.won, self.lost, Note::NoLosses)?;
        Ok(ratio * number::count(self.losses) / number::count(self.wins))
    }

    /// Mean time held in seconds, rounded down.
    pub(crate) fn average_held(&self) -> Result<i64, Note> {
        let mean = self.held_seconds.checked_div(self.trades as i128).ok_or(Note::NoTrades)?;
        i64::try_from(mean).map_err(|_| Note::OutOfRange)
    }
}

impl TradeRow {
    /// Whole seconds from the first entry to the last exit.
    pub(crate) fn held_seconds(&self) -> i64 {
        super::drawdown::seconds(self.closed_at, self.opened_at)
    }
}
