//! The state of one instrument's market: session, prices, and the volume that may still fill.
//!
//! This module must not know accounts or how orders fill.

use std::collections::{BTreeSet, VecDeque};

use domain::{Instrument, InstrumentId, MovementId, Price, Qty, Quote, TimeInForce, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{config::SimConfig, listing::Follows, order::SimOrder};

/// Where a tick stands in the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The print of the opening auction. It opens the market.
    Open,
    /// Continuous trading. The first such tick of a session that was opened without a print is
    /// taken as its opening print.
    #[default]
    Continuous,
    /// The print of the closing auction. It closes the market.
    Close,
}

/// One step of an instrument's price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimTick {
    /// What it is about.
    pub instrument: InstrumentId,
    /// The prices after the step. A tick whose bid is above its ask is ignored.
    pub quote: Quote,
    /// What was traded since the tick before; `None` when the feed doesn't tell. Only with some
    /// volume is `last` taken as a trade that can fill resting limits.
    pub traded_volume: Option<Qty>,
    /// Where it stands in the session.
    pub phase: Phase,
}

/// A change of the session that is told without a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionChange {
    /// The market opens; the next tick is the opening print.
    Open,
    /// The market closes; the last trade is the closing print.
    Close,
    /// Trading outside regular hours begins, before the opening or after the close. From regular
    /// trading the day ends as with a close, but orders for extended hours stay.
    Extended,
}

/// Whether the market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// No trading.
    Closed,
    /// Open, the opening print has not come.
    Opening,
    /// Continuous trading.
    Open,
    /// Trading outside regular hours: only orders that are marked for it take part.
    Extended,
}

impl Session {
    /// True when a live order meets the prices of this session's continuous trading.
    pub(crate) fn takes(self, order: &SimOrder) -> bool {
        match self {
            Self::Closed | Self::Opening => false,
            Self::Open => !matches!(order.tif, TimeInForce::Cls | TimeInForce::Opg),
            Self::Extended => order.conditions.extended_hours,
        }
    }
}

/// A part of a bar, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarStep {
    /// The open, which may have jumped. It happens at the bar's `open_at`.
    Open,
    /// Everything between low and high, in unknown order. It happens at `close_at`.
    Path,
    /// The close, at `close_at`.
    Close,
}

/// One instrument as the venue stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketState {
    /// The rules.
    pub instrument: Instrument,
    /// Whether it trades.
    pub session: Session,
    /// The latest prices.
    pub quote: Option<Quote>,
    /// What may still fill before the next tick; `None` for no cap.
    pub budget: Option<Qty>,
    /// The venue's mark price, by which contracts are valued; the last price until one is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Price>,
    /// The latest ids of what happened to it from outside, by which a repetition is recognised.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub told: VecDeque<MovementId>,
    /// What it follows, when it is listed as a contract on another instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Follows>,
}

impl MarketState {
    /// Sets the volume that may fill until the next tick.
    pub(crate) fn refill(&mut self, config: &SimConfig, traded: Option<Qty>) {
        self.budget = config.volume_share.zip(traded).map(|(share, volume)| volume.percent(share));
    }

    /// What may still fill, or `wanted` when there is no cap.
    pub(crate) fn available(&self, wanted: Qty) -> Qty {
        self.budget.map_or(wanted, |left| left.min_of(wanted)).to_step(self.instrument.step)
    }

    pub(crate) fn consume(&mut self, filled: Qty) {
        self.budget = self.budget.map(|left| left.minus(filled));
    }

    /// True for a dated contract from its expiry on.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let dated = self.instrument.contract.as_ref().and_then(|terms| terms.expires);
        self.instrument.asset_class.is_contract() && dated.is_some_and(|expires| expires <= now)
    }

    /// The price by which holdings are valued: the mark, else the last trade.
    #[must_use]
    pub fn value_price(&self) -> Option<Price> {
        self.mark.or(self.quote.map(|quote| quote.last))
    }
}

/// A market with the index of its live orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Market {
    pub(crate) state: MarketState,
    pub(crate) working: BTreeSet<u64>,
    /// Prices strictly between which no live order acts; `None` when that must be found out.
    pub(crate) quiet: Option<Quiet>,
}

impl Market {
    pub(crate) fn new(state: MarketState) -> Self {
        Self { state, working: BTreeSet::new(), quiet: None }
    }
}

/// A band of prices; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) above: Option<Price>,
    pub(crate) below: Option<Price>,
}

impl Quiet {
    /// True when the whole range of prices lies strictly inside.
    pub(crate) fn covers(&self, low: Price, high: Price) -> bool {
        self.above.is_none_or(|above| low > above) && self.below.is_none_or(|below| high < below)
    }
}
