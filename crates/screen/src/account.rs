//! What one fill does to an account with one market.
//!
//! It must not know when something is wished.

use crate::{
    levels::{Away, Hit, Levels},
    money::{Deal, Money},
};

/// The direction of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

/// A round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// Its direction.
    pub side: Side,
    /// The bar at whose open it began.
    pub entry_bar: usize,
    /// The bar in which it ended, at the open unless a stop or target was reached.
    pub exit_bar: usize,
    /// In steps.
    pub qty: i64,
    /// In ticks.
    pub entry: i64,
    /// In ticks.
    pub exit: i64,
    /// Of both fills, in units of cash.
    pub fees: i128,
    /// What it earned before fees, in units of cash.
    pub gross: i128,
}

/// What is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) side: Side,
    pub(crate) bar: usize,
    pub(crate) levels: Levels,
    deal: Deal,
}

/// Cash and what is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) cash: i128,
    pub(crate) held: Option<Held>,
}

impl Account {
    /// The quantity with its sign, in steps.
    pub(crate) fn qty(&self) -> i64 {
        self.held.map_or(0, |held| match held.side {
            Side::Long => held.deal.qty,
            Side::Short => -held.deal.qty,
        })
    }

    /// Opens a position at a bar's open. False when it is refused; `None` when an amount does not
    /// fit.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        money: &Money,
        (side, away): (Side, &Away),
        (bar, open): (usize, i64),
    ) -> Option<bool> {
        let Some((deal, levels)) = money.entry(side == Side::Long, self.cash, open, away)? else {
            return Some(false);
        };
        let flow = if side == Side::Long { -deal.value } else { deal.value };
        self.cash += flow - deal.fee;
        self.held = Some(Held { side, bar, levels, deal });
        Some(true)
    }

    /// Closes what is held. `None` when an amount does not fit.
    #[inline]
    pub(crate) fn leave(
        &mut self,
        money: &Money,
        held: Held,
        Hit { bar, price, auction }: Hit,
    ) -> Option<Trade> {
        let long = held.side == Side::Long;
        let out = money.exit(!long, held.deal.qty, (price, auction))?;
        let gross = if long { out.value - held.deal.value } else { held.deal.value - out.value };
        self.cash += if long { out.value } else { -out.value } - out.fee;
        self.held = None;
        Some(Trade {
            side: held.side,
            entry_bar: held.bar,
            exit_bar: bar,
            qty: held.deal.qty,
            entry: held.deal.price,
            exit: out.price,
            fees: held.deal.fee + out.fee,
            gross,
        })
    }
}
