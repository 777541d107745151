//! Equity at every close, and counts of trades, read from stretches.
//!
//! It must not know how a run decides.

use crate::{
    account::Trade,
    machine::{Sink, Stretch},
    tape::Tape,
};

/// Everything: equity at every close in units of cash, and every trade. It grows with the bars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Curve {
    /// Equity at every close.
    pub equity: Vec<i128>,
    /// Units of cash in one tick × step.
    pub(crate) unit: i128,
    /// Closed round trips in order.
    pub trades: Vec<Trade>,
}

impl Sink for Curve {
    fn stretch(&mut self, tape: &Tape, Stretch { bars, cash, qty }: &Stretch) {
        let unit = i128::from(*qty) * self.unit;
        let closes = &tape.close[bars.clone()];
        self.equity.extend(closes.iter().map(|close| cash + unit * i128::from(*close)));
    }

    fn trade(&mut self, trade: &Trade) {
        self.trades.push(*trade);
    }
}

/// Counts and sums of trades, of the same size whatever the length of history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Closed round trips.
    pub trades: u64,
    /// Those that earned more than their fees.
    pub wins: u64,
    /// Fees of closed round trips, in units of cash.
    pub fees: i128,
    /// What the winning ones earned after fees, in units of cash.
    pub won: i128,
    /// What the losing ones lost after fees, in units of cash, 0 or more.
    pub lost: i128,
}

impl Sink for Tally {
    #[inline]
    fn stretch(&mut self, _: &Tape, _: &Stretch) {}

    #[inline]
    fn trade(&mut self, trade: &Trade) {
        let net = trade.gross - trade.fees;
        self.trades += 1;
        self.wins += u64::from(net > 0);
        self.fees += trade.fees;
        self.won += net.max(0);
        self.lost += (-net).max(0);
    }
}
