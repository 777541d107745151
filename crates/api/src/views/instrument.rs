//! Instruments and the terms of contracts as people and programs see them.
//!
//! It must not know where prices come from.

use domain::{Contract, Instrument, MarginTier};
use path::core::Core;
use serde::Serialize;
use utoipa::ToSchema;

use super::{decimal, name_of};
use crate::ports::ListedContract;

/// One step of a margin table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TierView {
    /// The value up to which the step reaches, in the quote currency; null for the last one.
    pub(crate) up_to: Option<String>,
    /// Share of the value that must be set aside to open.
    pub(crate) initial_rate: String,
    /// Share of the value below which the venue liquidates.
    pub(crate) maintenance_rate: String,
}

impl From<&MarginTier> for TierView {
    fn from(tier: &MarginTier) -> Self {
        Self {
            up_to: tier.up_to.map(decimal),
            initial_rate: decimal(tier.initial_rate),
            maintenance_rate: decimal(tier.maintenance_rate),
        }
    }
}

/// The terms of a contract.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ContractView {
    /// When it is settled; null for a perpetual one.
    pub(crate) expires: Option<String>,
    /// The largest leverage that the venue gives.
    #[schema(example = "20")]
    pub(crate) max_leverage: String,
    /// The margin table, steps in rising order.
    pub(crate) tiers: Vec<TierView>,
    /// The instrument whose prices are the contract's too; its last price is the mark price.
    pub(crate) follows: Option<String>,
    /// The share of the value that longs pay to shorts at each funding time, every eight hours.
    pub(crate) funding_rate: Option<String>,
    /// The next funding time.
    pub(crate) next_funding: Option<String>,
}

impl From<&Contract> for ContractView {
    fn from(terms: &Contract) -> Self {
        Self {
            expires: terms.expires.map(|at| at.to_string()),
            max_leverage: decimal(terms.max_leverage),
            tiers: terms.tiers.iter().map(TierView::from).collect(),
            follows: None,
            funding_rate: None,
            next_funding: None,
        }
    }
}

impl ContractView {
    /// Adds what the venue says beside the rules.
    pub(crate) fn complete(&mut self, listed: &ListedContract) {
        self.follows = Some(listed.follows.to_string());
        self.funding_rate = Some(decimal(listed.funding_rate));
        self.next_funding = listed.next_funding.map(|at| at.to_string());
    }
}

/// An instrument and its venue's rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct InstrumentView {
    /// Venue and symbol.
    #[schema(example = "sim:IBM")]
    pub(crate) symbol: String,
    /// equity, crypto_spot, synthetic, perpetual or future.
    pub(crate) asset_class: String,
    /// The asset that is bought.
    pub(crate) base: String,
    /// The currency of prices, costs and proceeds.
    pub(crate) quote: String,
    /// Prices are multiples of this.
    pub(crate) tick: String,
    /// specified or inferred.
    pub(crate) tick_source: String,
    /// Quantities are multiples of this.
    pub(crate) step: String,
    /// Smallest order.
    pub(crate) min_qty: String,
    /// Largest order.
    pub(crate) max_qty: Option<String>,
    /// Smallest value of an order.
    pub(crate) min_notional: String,
    /// Units of the base per unit of quantity.
    pub(crate) multiplier: String,
    /// When the market is open.
    pub(crate) calendar: String,
    /// True while orders match; absent until the session is known.
    pub(crate) open: Option<bool>,
    /// True when the venue lends it for short sales.
    pub(crate) shortable: bool,
    /// False when the venue has suspended it.
    pub(crate) tradable: bool,
    /// The terms of a contract; null for what is delivered at once.
    pub(crate) contract: Option<ContractView>,
    /// Accounts that trade it.
    pub(crate) accounts: Vec<String>,
}

impl InstrumentView {
    /// The view of an instrument of an account.
    pub(crate) fn new(core: &Core, instrument: &Instrument) -> Self {
        Self {
            symbol: instrument.id.to_string(),
            asset_class: name_of(&instrument.asset_class),
            base: instrument.base.to_string(),
            quote: instrument.quote.to_string(),
            tick: instrument.tick.to_string(),
            tick_source: name_of(&instrument.tick_source),
            step: instrument.step.to_string(),
            min_qty: instrument.min_qty.to_string(),
            max_qty: instrument.max_qty.map(|q| q.to_string()),
            min_notional: decimal(instrument.min_notional),
            multiplier: decimal(instrument.multiplier),
            calendar: name_of(&instrument.calendar),
            open: core.market().session(instrument.calendar).map(|s| s.open),
            shortable: instrument.shortable,
            tradable: instrument.tradable,
            contract: instrument.contract.as_ref().map(ContractView::from),
            accounts: vec![core.state().spec.id.to_string()],
        }
    }
}

/// Instruments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct InstrumentList {
    /// The instruments in order of symbol.
    pub(crate) instruments: Vec<InstrumentView>,
    /// What the simulated venue assumes, funding included, one sentence each.
    pub(crate) assumptions: Vec<String>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<super::Unavailable>,
}
